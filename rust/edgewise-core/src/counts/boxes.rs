//! The smallest boxes of many labels at once: eight numbers a label, so that a run of voxels enters by one vector minimum.

use crate::grid::Bounds;

use super::blocks::Block;

/// A box as numbers of which the box around several has the least each: starts, and ends with their sign turned.
///
/// In this order: start and end along x, two numbers without meaning, start and end along y, along z. All relative to an origin.
pub(super) type Lanes = [i32; 8];

/// The box of nothing.
pub(super) const NOTHING: Lanes = [i32::MAX; 8];

/// Bits of an index that go into a lane: with the length of a block added, they still fit.
pub(super) const BITS: u32 = 30;

/// The boxes of some labels, by their numbers.
#[derive(Default)]
pub(super) struct Boxes {
    lanes: Vec<Lanes>,
    origin: [usize; 3],
    /// Boxes in terms of earlier origins.
    whole: Vec<Option<Bounds>>,
}

impl Boxes {
    /// Room for the labels with numbers below `count`.
    #[inline(always)]
    pub(super) fn reserve(&mut self, count: usize) {
        if self.lanes.len() < count {
            self.lanes.resize(count, NOTHING);
        }
    }

    /// Go on with lanes relative to an origin.
    pub(super) fn move_to(&mut self, origin: [usize; 3]) {
        if origin != self.origin {
            self.settle();
            self.origin = origin;
        }
    }

    /// The lanes of all labels there is room for.
    #[inline(always)]
    pub(super) fn lanes(&mut self) -> &mut [Lanes] {
        &mut self.lanes
    }

    /// All boxes by the number of the label.
    pub(super) fn finish(&mut self) -> Vec<Option<Bounds>> {
        self.settle();
        std::mem::take(&mut self.whole)
    }

    fn settle(&mut self) {
        self.whole.resize(self.lanes.len(), None);
        for (lanes, whole) in self.lanes.iter_mut().zip(&mut self.whole) {
            if *lanes == NOTHING {
                continue;
            }
            let [x, end_x, _, _, y, end_y, z, end_z] = *lanes;
            let [start, stop] = [[z, y, x], [-end_z, -end_y, -end_x]]
                .map(|place| [0, 1, 2].map(|k| self.origin[k] + place[k] as usize));
            let bounds = Bounds { start, stop };
            *whole = Some(whole.map_or(bounds, |earlier| earlier.union(&bounds)));
            *lanes = NOTHING;
        }
    }
}

/// The rows of a block: what their index says about y and z, in lanes.
pub(super) struct Rows {
    lanes: Vec<[i32; 4]>,
    columns: usize,
    reciprocal: u64,
    x: i32,
    origin: [usize; 3],
    bits: u32,
}

impl Rows {
    /// Of no block yet. Indices are told from an origin that moves every `1 << bits` voxels along an axis.
    pub(super) fn new(bits: u32) -> Self {
        Self { lanes: vec![], columns: 1, reciprocal: 1 << 32, x: 0, origin: [0; 3], bits }
    }

    /// Go on with a block.
    pub(super) fn move_to(&mut self, block: &Block) {
        self.origin = block.start.map(|index| index >> self.bits << self.bits);
        let [z, y, x] = [0, 1, 2].map(|k| (block.start[k] - self.origin[k]) as i32);
        let [planes, rows, columns] = block.shape;
        self.lanes.clear();
        for z in z..z + planes as i32 {
            self.lanes.extend((y..y + rows as i32).map(|y| [y, -1 - y, z, -1 - z]));
        }
        self.columns = columns;
        self.reciprocal = (1_u64 << 32).div_ceil(columns as u64);
        self.x = x;
    }

    /// What the lanes are relative to.
    pub(super) fn origin(&self) -> [usize; 3] {
        self.origin
    }

    /// The lanes of the voxels `first` to `stop` of a block, which lie in one row.
    #[inline(always)]
    pub(super) fn run(&self, first: usize, stop: usize) -> Lanes {
        // exact: the error of the product is below first * columns, and both fit into 16 bits
        let row = ((first as u64 * self.reciprocal) >> 32) as usize;
        let x = self.x + (first - row * self.columns) as i32;
        let [y, end_y, z, end_z] = self.lanes[row];
        [x, -x - (stop - first) as i32, 0, 0, y, end_y, z, end_z]
    }

    /// The lanes of a whole row of a block, by its number.
    #[inline(always)]
    pub(super) fn row(&self, row: usize) -> Lanes {
        let [y, end_y, z, end_z] = self.lanes[row];
        [self.x, -self.x - self.columns as i32, 0, 0, y, end_y, z, end_z]
    }

    /// The lanes of the whole block.
    #[inline(always)]
    pub(super) fn block(&self) -> Lanes {
        let first = self.run(0, self.columns);
        let last = (self.lanes.len() - 1) * self.columns;
        around(first, &self.run(last, last + self.columns))
    }
}

/// The box around both.
#[inline(always)]
pub(super) fn around(mut one: Lanes, other: &Lanes) -> Lanes {
    for (lane, &other) in one.iter_mut().zip(other) {
        *lane = (*lane).min(other);
    }
    one
}
