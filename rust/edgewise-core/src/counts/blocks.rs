//! The blocks that a map is read in: whole planes, whole rows of a plane, or a piece of a row, always one piece of memory.

use std::ops::Range;

/// Voxels of a block at most; places in a block fit into 16 bits.
pub(super) const BLOCK: usize = 1 << 13;

/// How an array is cut.
#[derive(Debug)]
pub(super) struct Blocks {
    shape: [usize; 3],
    /// Lengths of a block that does not lie at an end.
    side: [usize; 3],
    /// Blocks along each axis.
    counts: [usize; 3],
}

/// One block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    /// Where it lies in memory.
    pub(super) piece: Range<usize>,
    /// Its first voxel.
    pub(super) start: [usize; 3],
    /// Its lengths.
    pub(super) shape: [usize; 3],
}

impl Blocks {
    pub(super) fn of(shape: [usize; 3]) -> Self {
        let [planes, rows, columns] = shape;
        let fits = |size: usize, length: usize| (BLOCK / size).clamp(1, length);
        let side = if columns > BLOCK {
            [1, 1, BLOCK]
        } else if rows * columns > BLOCK {
            [1, fits(columns, rows), columns]
        } else {
            [fits(rows * columns, planes), rows, columns]
        };
        Self { shape, side, counts: [0, 1, 2].map(|k| shape[k].div_ceil(side[k])) }
    }

    /// Voxels of the whole array.
    pub(super) fn voxels(&self) -> usize {
        self.shape.iter().product()
    }

    /// Number of blocks.
    pub(super) fn count(&self) -> usize {
        self.counts.iter().product()
    }

    /// The blocks in the order of memory.
    pub(super) fn get(&self, index: usize) -> Block {
        let [_, along_y, along_x] = self.counts;
        let place = [index / (along_y * along_x), index / along_x % along_y, index % along_x];
        let start = [0, 1, 2].map(|k| place[k] * self.side[k]);
        let shape = [0, 1, 2].map(|k| self.side[k].min(self.shape[k] - start[k]));
        let first = (start[0] * self.shape[1] + start[1]) * self.shape[2] + start[2];
        Block { piece: first..first + shape.iter().product::<usize>(), start, shape }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_follow_one_another_in_memory() {
        let shapes = [
            [1, 1, 1],
            [3, 5, 7],
            [200, 9, 11],
            [2, 300, 100],
            [2, 3, 20_000],
            [1, 9000, 1],
            [9000, 1, 1],
            [3, 1, BLOCK],
            [3, 2, BLOCK + 1],
        ];
        for shape in shapes {
            let blocks = Blocks::of(shape);
            let mut end = 0;
            for block in (0..blocks.count()).map(|index| blocks.get(index)) {
                assert_eq!(block.piece.start, end);
                end = block.piece.end;
                assert!((1..=BLOCK).contains(&block.piece.len()));
                let [z, y, x] = block.start;
                assert_eq!((z * shape[1] + y) * shape[2] + x, block.piece.start);
            }
            assert_eq!(end, shape.iter().product::<usize>());
        }
    }
}
