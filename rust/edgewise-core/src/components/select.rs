//! The pieces of a mask that hold a mark.
#![allow(clippy::inline_always, reason = "see `simd`")]

use super::blocks::Blocks;
use super::forest::Forest;
use super::stretches::Bits;
use crate::error::Result;
use crate::mask::Mask;
use crate::simd::{self, Isa, Kernel};

/// The pieces of a mask, of which some get marked.
#[derive(Debug)]
pub(crate) struct Selection<'a> {
    mask: &'a Mask,
    blocks: Blocks<'a>,
    forest: Forest,
}

impl<'a> Selection<'a> {
    /// Pieces hang together by `connectivity`, which is 1 to the number of axes.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) if there are 2^32 - 1 runs or more.
    pub(crate) fn new(mask: &'a Mask, connectivity: usize) -> Result<Self> {
        let blocks = Blocks::new(mask, connectivity)?;
        let forest = blocks.join(1);
        Ok(Self { mask, blocks, forest })
    }

    /// Mark the piece that holds the voxel, if one does.
    pub(crate) fn mark(&mut self, [z, y, x]: [usize; 3]) {
        if self.mask.get(z, y, x) {
            self.forest.all().join(self.blocks.run(z, y, x), 0);
        }
    }

    /// Mark all pieces that hold a voxel of the row.
    pub(crate) fn mark_row(&mut self, z: usize, y: usize) {
        let mut before = 0;
        for (k, word) in self.mask.row(z, y).iter().enumerate() {
            for bit in Bits(word & !(word << 1 | before)) {
                self.forest.all().join(self.blocks.run(z, y, 64 * k + bit as usize), 0);
            }
            before = word >> 63;
        }
    }

    /// The voxels of the pieces that are marked, or of the others.
    pub(crate) fn voxels(self, marked: bool) -> Mask {
        let mut kept = Mask::zeros(self.mask.shape(), self.mask.axes());
        let roots = self.forest.roots();
        simd::dispatch(Keep { blocks: &self.blocks, roots: &roots, marked, kept: &mut kept });
        kept
    }
}

struct Keep<'a> {
    blocks: &'a Blocks<'a>,
    roots: &'a [u32],
    marked: bool,
    kept: &'a mut Mask,
}

impl Kernel for Keep<'_> {
    type Output = ();

    /// Adding its first bit to a run clears it; what is cleared is kept.
    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let mut roots = self.roots[1..].iter();
        self.blocks.each_block(|starts, rows| {
            let mut carry = 0; // whether the last bit of the word before is kept
            for (k, starts) in starts.iter().enumerate() {
                let bits = rows.iter().fold(0, |bits, row| bits | row.1[k]);
                let mut first = carry & bits & !starts;
                for bit in Bits(*starts) {
                    let root = roots.next().copied().unwrap_or_default();
                    first |= u64::from((root == 0) == self.marked) << bit;
                }
                let chosen = bits & !bits.wrapping_add(first);
                carry = chosen >> 63;
                for ((z, y), row) in rows {
                    self.kept.row_mut(*z, *y)[k] = row[k] & chosen;
                }
            }
        });
    }
}
