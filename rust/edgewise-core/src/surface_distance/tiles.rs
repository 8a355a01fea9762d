//! The set voxels of a mask in small blocks, each with the box around what is set.

use super::frame::Frame;
use super::points::{Boxes, Points};
use crate::mask::each_bit;
use crate::padded::Padded;

/// Rows along z and y, and voxels along x, of a block.
const BLOCK: [usize; 3] = [4, 4, 16];
/// Blocks of a word.
const PARTS: usize = 64 / BLOCK[2];

/// The set voxels of a mask by blocks.
pub(super) struct Tiles<'a> {
    source: &'a Padded,
    /// Blocks along each axis.
    shape: [usize; 3],
    /// Box and number of every block where something is set.
    pub(super) boxes: Boxes,
}

impl<'a> Tiles<'a> {
    /// One pass over the words; memory: 24 bytes a block, 28 more where something is set.
    pub(super) fn new(source: &'a Padded, frame: &Frame) -> Self {
        const NOTHING: [[u32; 3]; 2] = [[u32::MAX; 3], [0; 3]];
        let [planes, rows, _] = source.shape();
        let shape =
            [planes.div_ceil(BLOCK[0]), rows.div_ceil(BLOCK[1]), source.words_per_row() * PARTS];
        let mut boxes = Boxes::default();
        let mut slab = vec![NOTHING; shape[1] * shape[2]];
        for bz in 0..shape[0] {
            for z in bz * BLOCK[0]..planes.min((bz + 1) * BLOCK[0]) {
                for y in 0..rows {
                    let extents = &mut slab[y / BLOCK[1] * shape[2]..][..shape[2]];
                    join_row(extents, source.row(z, y), [z as u32, y as u32]);
                }
            }
            for (n, extent) in slab.iter_mut().enumerate().filter(|(_, extent)| **extent != NOTHING)
            {
                let [low, high] = extent.map(|end| frame.coordinates(end.map(|end| end as usize)));
                let number = (bz * shape[1] * shape[2] + n) as i32;
                boxes.push([low[0], low[1], low[2], high[0], high[1], high[2], number]);
                *extent = NOTHING;
            }
        }
        boxes.complete();
        Self { source, shape, boxes }
    }

    /// Add the points of a block; how many there are.
    pub(super) fn points(&self, number: i32, frame: &Frame, points: &mut Points) -> usize {
        let number = number as u32 as usize;
        let (bz, by, part) = (
            number / (self.shape[1] * self.shape[2]),
            number / self.shape[2] % self.shape[1],
            number % self.shape[2],
        );
        let [planes, rows, _] = self.source.shape();
        let shift = part % PARTS * BLOCK[2];
        let mut count = 0;
        for z in bz * BLOCK[0]..planes.min((bz + 1) * BLOCK[0]) {
            for y in by * BLOCK[1]..rows.min((by + 1) * BLOCK[1]) {
                let bits = self.source.row(z, y)[part / PARTS] >> shift & ((1 << BLOCK[2]) - 1);
                count += bits.count_ones() as usize;
                each_bit(&[bits], |bit| {
                    points.push(frame.coordinates([z, y, part * BLOCK[2] + bit]));
                });
            }
        }
        count
    }
}

/// Extend the boxes of a row of blocks by a row of voxels.
fn join_row(extents: &mut [[[u32; 3]; 2]], row: &[u64], [z, y]: [u32; 2]) {
    for (k, &word) in row.iter().enumerate().filter(|(_, word)| **word != 0) {
        for part in 0..PARTS {
            let bits = (word >> (part * BLOCK[2])) as u16;
            if bits != 0 {
                let x = ((k * PARTS + part) * BLOCK[2]) as u32;
                let [low, high] = &mut extents[k * PARTS + part];
                let (first, last) = (bits.trailing_zeros(), bits.ilog2());
                *low = [low[0].min(z), low[1].min(y), low[2].min(x + first)];
                *high = [high[0].max(z), high[1].max(y), high[2].max(x + last)];
            }
        }
    }
}
