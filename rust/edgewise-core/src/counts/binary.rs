//! Counting blocks whose labels are 0 and 1: four counters, and words of 64 voxels.

use crate::mask::{ends, low_bits, occupied};
use crate::simd::{self, Isa, Kernel};

use super::bits::Kept;
use super::blocks::Block;
use super::boxes::{Boxes, Lanes, NOTHING, Rows, around};
use super::masks::MaskCounts;
use super::merge::Part;

/// Counts and boxes of zeros and ones.
#[derive(Default)]
pub(super) struct BinaryTally {
    counts: MaskCounts,
    boxes: [Boxes; 2],
    /// The columns of a block in which each side has a one, a zero.
    columns: [[Vec<u64>; 2]; 2],
    pub(super) kept: [Kept; 2],
}

/// A block of two maps as bits, rows padded to whole words.
pub(super) struct BinaryBlock<'a> {
    pub(super) block: &'a Block,
    pub(super) rows: &'a Rows,
    pub(super) maps: [&'a [u64]; 2],
    /// Whether either map has a one.
    pub(super) ones: [bool; 2],
    /// The bits that count; empty if all do.
    pub(super) kept: &'a [u64],
}

impl BinaryTally {
    /// Count a block, and keep its bits where they are asked for, by its number.
    pub(super) fn add(&mut self, block: &BinaryBlock, number: Option<usize>) {
        self.boxes.iter_mut().for_each(|boxes| {
            boxes.move_to(block.rows.origin());
            boxes.reserve(2);
        });
        if block.ones == [false; 2] && block.kept.is_empty() {
            self.counts.all += block.block.piece.len() as u64;
            for boxes in &mut self.boxes {
                boxes.lanes()[0] = around(boxes.lanes()[0], &block.rows.block());
            }
            return;
        }
        let width = block.block.shape[2].div_ceil(64);
        for column in self.columns.as_flattened_mut() {
            column.clear();
            column.resize(width, 0);
        }
        simd::dispatch(Add { tally: self, block });
        for (side, ones) in block.ones.into_iter().enumerate() {
            if let Some((number, columns)) =
                number.filter(|_| ones).zip(occupied(&self.columns[side][1]))
            {
                self.kept[side].push(number, block.maps[side], width, columns);
            }
        }
    }

    /// All counts; labels are their own numbers.
    pub(super) fn finish(&mut self) -> Part {
        let labels = [0, 1].map(|side| {
            let boxes = self.boxes[side].finish().into_iter().zip(0..);
            boxes.map(|(bounds, label)| bounds.map(|bounds| (label, bounds))).collect()
        });
        let MaskCounts { both, reference, prediction, all } = self.counts;
        let pairs = [
            ([0, 0], all + both - reference - prediction),
            ([0, 1], prediction - both),
            ([1, 0], reference - both),
            ([1, 1], both),
        ];
        Part { labels, pairs: pairs.into_iter().filter(|(_, count)| *count > 0).collect() }
    }
}

struct Add<'a> {
    tally: &'a mut BinaryTally,
    block: &'a BinaryBlock<'a>,
}

impl Kernel for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let BinaryTally { counts, boxes, columns, .. } = self.tally;
        let &BinaryBlock { block, rows, maps, kept, .. } = self.block;
        let length = block.shape[2];
        let last = low_bits(length);
        let width = length.div_ceil(64);
        let mut found = [[NOTHING; 2]; 2];
        for row in 0..block.piece.len() / length {
            let words = row * width..(row + 1) * width;
            let [a, b] = maps.map(|map| &map[words.clone()]);
            let mut any = [[0; 2]; 2];
            for k in 0..width {
                let inside = if k + 1 == width { last } else { u64::MAX };
                let kept = kept.get(words.start + k).map_or(inside, |kept| kept & inside);
                counts.add(a[k], b[k], kept);
                for (side, word) in [a[k], b[k]].into_iter().enumerate() {
                    for (value, bits) in [!word & kept, word & kept].into_iter().enumerate() {
                        any[side][value] |= bits;
                        columns[side][value][k] |= bits;
                    }
                }
            }
            let lanes = rows.row(row);
            for (found, any) in found.as_flattened_mut().iter_mut().zip(any.as_flattened()) {
                if *any != 0 {
                    *found = around(*found, &lanes);
                }
            }
        }
        for (side, boxes) in boxes.iter_mut().enumerate() {
            for (value, lanes) in boxes.lanes().iter_mut().enumerate().take(2) {
                if let Some(ends) = ends(&columns[side][value]) {
                    let found = narrowed(found[side][value], rows, ends);
                    *lanes = around(*lanes, &found);
                }
            }
        }
    }
}

/// The lanes of whole rows, in some columns only.
#[inline(always)]
fn narrowed(rows: Lanes, all: &Rows, [first, stop]: [usize; 2]) -> Lanes {
    let [_, _, _, _, y, end_y, z, end_z] = rows;
    let [x, end_x, ..] = all.run(first, stop);
    [x, end_x, 0, 0, y, end_y, z, end_z]
}
