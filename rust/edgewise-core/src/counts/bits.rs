//! Two-valued label maps as bits, kept while they are counted, so that the masks measured afterwards need not be read again.

use std::ops::Range;

use crate::grid::Bounds;
use crate::mask::{Mask, low_bits};
use crate::simd::{self, Isa, Kernel};

use super::blocks::{Block, Blocks};
use super::label_map::Members;

/// A label map of zeros and ones, a bit a voxel: rows are padded to whole words, blocks of zeros are left out.
#[derive(Debug)]
pub struct BitMap {
    shape: [usize; 3],
    axes: usize,
    blocks: Blocks,
    parts: Vec<Kept>,
}

/// The blocks that one thread kept.
#[derive(Debug, Default)]
pub(super) struct Kept {
    places: Vec<Place>,
    words: Vec<u64>,
}

/// Where the words of a block are kept.
#[derive(Debug)]
struct Place {
    /// Number of the block.
    block: usize,
    /// The first word.
    start: usize,
    /// Which words of every row there are.
    columns: Range<usize>,
}

impl Kept {
    /// Keep some columns of words of a block, `width` words a row.
    pub(super) fn push(
        &mut self,
        block: usize,
        words: &[u64],
        width: usize,
        columns: Range<usize>,
    ) {
        self.places.push(Place { block, start: self.words.len(), columns: columns.clone() });
        for row in words.chunks_exact(width) {
            self.words.extend_from_slice(&row[columns.clone()]);
        }
    }
}

impl BitMap {
    pub(super) fn new(shape: [usize; 3], axes: usize, parts: Vec<Kept>) -> Self {
        Self { shape, axes, blocks: Blocks::of(shape), parts }
    }

    /// The ones of a box.
    fn crop(&self, bounds: &Bounds) -> Mask {
        let mut mask = Mask::zeros(bounds.shape(), self.axes);
        for kept in &self.parts {
            for place in &kept.places {
                let block = self.blocks.get(place.block);
                if (0..3).all(|k| {
                    block.start[k] < bounds.stop[k]
                        && bounds.start[k] < block.start[k] + block.shape[k]
                }) {
                    let words = &kept.words[place.start..];
                    let columns = place.columns.clone();
                    simd::dispatch(Crop { block: &block, words, columns, bounds, mask: &mut mask });
                }
            }
        }
        mask
    }
}

impl Members for BitMap {
    fn shape(&self) -> [usize; 3] {
        self.shape
    }

    fn axes(&self) -> usize {
        self.axes
    }

    fn members(&self, bounds: &Bounds, members: Option<&[i128]>) -> Mask {
        let wanted = |label| members.map_or(label != 0, |members| members.contains(&label));
        let mut mask = if wanted(0) == wanted(1) {
            Mask::zeros(bounds.shape(), self.axes)
        } else {
            self.crop(bounds)
        };
        if wanted(0) {
            mask.not();
        }
        mask
    }
}

/// Enter the rows of a block into a mask of zeros, the elements of a box.
struct Crop<'a> {
    block: &'a Block,
    words: &'a [u64],
    columns: Range<usize>,
    bounds: &'a Bounds,
    mask: &'a mut Mask,
}

impl Kernel for Crop<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let Self { block, words, columns, bounds, mask } = self;
        let (rows, width) = (block.shape[1], columns.len());
        let common = |k: usize| {
            block.start[k].max(bounds.start[k])
                ..(block.start[k] + block.shape[k]).min(bounds.stop[k])
        };
        // where the first element of the box lies in the rows of words
        let first = bounds.start[2] as isize - (block.start[2] + 64 * columns.start) as isize;
        let (skipped, shift) = (first.div_euclid(64), first.rem_euclid(64) as u32);
        let last = low_bits(bounds.shape()[2]);
        // the words of a row of the box that get anything
        let from = usize::try_from(-1 - skipped).unwrap_or(0);
        let to = usize::try_from(width as isize - skipped).unwrap_or(0);
        for z in common(0) {
            for y in common(1) {
                let start = ((z - block.start[0]) * rows + (y - block.start[1])) * width;
                let row = &words[start..start + width];
                let at = |k: isize| {
                    usize::try_from(k).ok().and_then(|k| row.get(k)).copied().unwrap_or(0)
                };
                let cropped = mask.row_mut(z - bounds.start[0], y - bounds.start[1]);
                let reached = from.min(cropped.len())..to.min(cropped.len());
                for (word, k) in cropped[reached].iter_mut().zip(skipped + from as isize..) {
                    *word |= at(k) >> shift | at(k + 1) << (63 - shift) << 1;
                }
                if let Some(word) = cropped.last_mut() {
                    *word &= last;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::joint_histogram_and_bits;
    use super::*;
    use crate::grid::View;
    use crate::simd::tests::at_every_level;
    use proptest::prelude::*;

    /// Pieces of ones, of a length, in a map with so many zeros before and after.
    fn map(shape: [usize; 3], run: usize, seed: u64, zeros: [usize; 2]) -> Vec<i16> {
        let n = shape.iter().product::<usize>();
        let bit = |i: usize| seed.rotate_left((i / run % 64) as u32) ^ (i / run / 64) as u64 & 1;
        (0..n).map(|i| i16::from(i >= zeros[0] && i + zeros[1] < n && bit(i) & 1 == 1)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn bits_say_what_labels_say(
            shape in prop::sample::select(vec![
                [1, 1, 1], [3, 5, 63], [2, 7, 65], [40, 30, 70], [3, 200, 128], [2, 3, 9000], [1, 1, 20_000],
            ]),
            (run, seed, zeros) in (1..300_usize, any::<u64>(), [0..20_000_usize, 0..20_000]),
            (ends, threads) in (prop::array::uniform3([0.0..1.0_f64, 0.0..1.0]), 1..4_usize),
        ) {
            let labels = [map(shape, run, seed, zeros), map(shape, 3, !seed, [0; 2])];
            let bytes: Vec<u8> = labels[1].iter().map(|&label| label as u8).collect();
            let (a, b) = (View::new(&labels[0], &shape).unwrap(), View::new(&bytes, &shape).unwrap());
            let place = |k: usize, part: f64| (part * shape[k] as f64) as usize;
            let start = [0, 1, 2].map(|k| place(k, ends[k][0].min(ends[k][1])));
            let stop = [0, 1, 2].map(|k| place(k, ends[k][0].max(ends[k][1])) + 1);
            at_every_level(|_| {
                let (_, bits) = joint_histogram_and_bits(&a, &b, None, threads).unwrap();
                let bits = bits.unwrap();
                for bounds in [Bounds { start, stop }, Bounds::whole(shape)] {
                    for members in [None, Some(&[1][..]), Some(&[0]), Some(&[1, 0]), Some(&[7])] {
                        assert_eq!(bits[0].members(&bounds, members), a.members(&bounds, members));
                        assert_eq!(bits[1].members(&bounds, members), b.members(&bounds, members));
                    }
                }
            });
        }
    }

    #[test]
    fn other_labels_are_not_kept() {
        for (last, kept) in [(1_i32, true), (2, false), (-1, false)] {
            let mut labels = vec![0; 40_000];
            labels[39_999] = last;
            let (map, other) = (View::new(&labels, &[4, 100, 100]), vec![1_u8; 40_000]);
            let other = View::new(&other, &[4, 100, 100]).unwrap();
            let (_, bits) = joint_histogram_and_bits(&map.unwrap(), &other, None, 1).unwrap();
            assert_eq!(bits.is_some(), kept);
        }
    }
}
