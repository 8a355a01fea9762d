//! Where anything of a set is near, roughly: what is far from all of it need not be searched for near it.

use crate::padded::Padded;

/// For blocks of rows and words: whether the set has anything in them or in the blocks around.
pub(super) struct Nearby {
    near: Vec<bool>,
    /// Blocks along each axis: of 2^shift planes and rows, and of one word.
    shape: [usize; 3],
    shifts: [u32; 2],
}

impl Nearby {
    /// Whatever has anything of the set as near as its room is wide, or in a word beside it, is in a block that says so.
    pub(super) fn new(set: &Padded) -> Self {
        let [planes, rows, _] = set.shape();
        let room = set.layout().room;
        let shifts = room.map(|room| room.max(4).next_power_of_two().ilog2());
        let blocks = |length: usize, shift: u32| length.div_ceil(1 << shift);
        let shape = [blocks(planes, shifts[0]), blocks(rows, shifts[1]), set.words_per_row()];
        let near = vec![false; shape.iter().product()];
        let mut nearby = Self { near, shape, shifts };
        for z in 0..planes {
            for y in 0..rows {
                let block = nearby.block(z, y);
                for (near, &word) in nearby.near[block..].iter_mut().zip(set.row(z, y)) {
                    *near |= word != 0;
                }
            }
        }
        for axis in 0..3 {
            nearby.widen(axis);
        }
        nearby
    }

    /// Extend what is near by one block along an axis.
    fn widen(&mut self, axis: usize) {
        let step: usize = self.shape[axis + 1..].iter().product();
        for line in self.near.chunks_mut(step * self.shape[axis]) {
            let own = line.to_vec();
            let after = own.get(step..).unwrap_or_default();
            line.iter_mut().zip(after).for_each(|(near, &after)| *near |= after);
            let behind = line[step..].iter_mut();
            behind.zip(&own).for_each(|(near, &before)| *near |= before);
        }
    }

    fn block(&self, z: usize, y: usize) -> usize {
        ((z >> self.shifts[0]) * self.shape[1] + (y >> self.shifts[1])) * self.shape[2]
    }

    /// For every word of a row: whether anything is near.
    #[inline]
    pub(super) fn row(&self, z: usize, y: usize) -> &[bool] {
        let block = self.block(z, y);
        &self.near[block..block + self.shape[2]]
    }
}
