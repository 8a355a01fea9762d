//! Counting blocks whose labels are 0 to 255: tables by label, no look-up.

use crate::simd::{self, Isa, Kernel};

use super::boxes::{Boxes, Rows, around};
use super::changes::{Runs, mark};
use super::merge::Part;

/// Labels of a byte.
pub(super) const LABELS: usize = 1 << 8;
/// Pairs of them.
const PAIRS: usize = LABELS * LABELS;
/// Blocks with fewer voxels a run than this are counted voxel by voxel.
const SHORT: usize = 3;
/// Voxels that are counted one by one before the boxes are looked at again.
const SEGMENT: usize = 1 << 10;
/// After this many voxels 32 bits might not hold the next block's.
const FULL: usize = 1 << 31;

/// Counts and boxes of labels that fit into a byte.
#[derive(Default)]
pub(super) struct ByteTally {
    /// Voxels of each pair: the reference's label high, the prediction's low. Twice, because the same counter must not be needed again too
    /// soon; empty until there is a block to count.
    counters: Vec<u32>,
    /// What was in the counters when they were full.
    spilled: Vec<u64>,
    counted: usize,
    boxes: [Boxes; 2],
}

/// A block of two maps.
pub(super) struct ByteBlock<'a> {
    pub(super) runs: &'a mut Runs,
    pub(super) rows: &'a Rows,
    pub(super) maps: [&'a [u8]; 2],
    /// Not 0 where nothing counts; empty if everything does.
    pub(super) ignored: &'a [u8],
}

impl ByteTally {
    /// Count a block whose runs were begun.
    pub(super) fn add(&mut self, block: ByteBlock) {
        if self.counters.is_empty() {
            self.counters = vec![0; 2 * PAIRS];
            self.boxes.iter_mut().for_each(|boxes| boxes.reserve(LABELS));
        }
        self.boxes.iter_mut().for_each(|boxes| boxes.move_to(block.rows.origin()));
        if self.counted >= FULL {
            self.spill();
        }
        self.counted += block.maps[0].len();
        simd::dispatch(Add { tally: self, block });
    }

    fn spill(&mut self) {
        self.counted = 0;
        self.spilled.resize(PAIRS, 0);
        for half in self.counters.chunks_exact_mut(PAIRS) {
            for (total, counter) in self.spilled.iter_mut().zip(half) {
                *total += u64::from(std::mem::take(counter));
            }
        }
    }

    /// All counts; labels are their own numbers.
    pub(super) fn finish(mut self) -> Part {
        let labels = [0, 1].map(|side| {
            let boxes = self.boxes[side].finish().into_iter().enumerate();
            boxes.map(|(label, bounds)| bounds.map(|bounds| (label as u64, bounds))).collect()
        });
        Part { labels, pairs: self.pairs() }
    }

    /// The pairs of labels that occur and how often, ascending.
    fn pairs(&self) -> Vec<([usize; 2], u64)> {
        let Some((first, second)) = self.counters.split_at_checked(PAIRS) else { return vec![] };
        let mut pairs = vec![];
        for (k, (&a, &b)) in first.iter().zip(second).enumerate() {
            let earlier = self.spilled.get(k).copied().unwrap_or(0);
            let count = u64::from(a) + u64::from(b) + earlier;
            if count != 0 {
                pairs.push(([k / LABELS, k % LABELS], count));
            }
        }
        pairs
    }
}

struct Add<'a> {
    tally: &'a mut ByteTally,
    block: ByteBlock<'a>,
}

impl Kernel for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(mut self, isa: I) {
        let length = self.block.maps[0].len();
        let changes = self.block.runs.changes(length);
        mark(isa, self.block.maps[0], changes);
        mark(isa, self.block.maps[1], changes);
        if !self.block.ignored.is_empty() {
            mark(isa, self.block.ignored, changes);
        }
        if self.block.ignored.is_empty() && self.block.runs.count() * SHORT > length {
            self.by_voxel(isa);
        } else {
            self.block.runs.collect(isa, length);
            self.by_run();
        }
    }
}

impl Add<'_> {
    #[inline(always)]
    fn by_run(&mut self) {
        let [reference, prediction] = self.block.maps;
        let counters = &mut self.tally.counters[..PAIRS];
        let [ref_boxes, pred_boxes] = &mut self.tally.boxes;
        let (Some(ref_boxes), Some(pred_boxes)) = (
            ref_boxes.lanes().first_chunk_mut::<LABELS>(),
            pred_boxes.lanes().first_chunk_mut::<LABELS>(),
        ) else {
            return;
        };
        for (first, stop) in self.block.runs.runs() {
            if self.block.ignored.get(first).is_some_and(|&hidden| hidden != 0) {
                continue;
            }
            let (i, j) = (reference[first] as usize, prediction[first] as usize);
            counters[i * LABELS + j] += (stop - first) as u32;
            let run = self.block.rows.run(first, stop);
            ref_boxes[i] = around(ref_boxes[i], &run);
            pred_boxes[j] = around(pred_boxes[j], &run);
        }
    }

    /// Boxes of noise are soon as large as they can be: voxels are looked at only where a label occurs whose box might still grow.
    #[inline(always)]
    fn by_voxel<I: Isa>(&mut self, isa: I) {
        let [reference, prediction] = self.block.maps;
        let mut open = [0, 1].map(|side| self.open(side));
        for first in (0..reference.len()).step_by(SEGMENT) {
            let segment = first..reference.len().min(first + SEGMENT);
            let (reference, prediction) = (&reference[segment.clone()], &prediction[segment]);
            self.count(reference, prediction);
            let mut growing = false;
            let ((wholes, rest), (others, other)) =
                (reference.as_chunks::<64>(), prediction.as_chunks::<64>());
            for (k, (a, b)) in wholes.iter().zip(others).enumerate() {
                if isa.within(a, open[0]) | isa.within(b, open[1]) != 0 {
                    growing = true;
                    self.grow(first + 64 * k, a, b);
                }
            }
            self.grow(first + reference.len() - rest.len(), rest, other);
            if growing {
                open = [0, 1].map(|side| self.open(side));
            }
        }
    }

    /// Count voxels one by one.
    #[inline(always)]
    fn count(&mut self, reference: &[u8], prediction: &[u8]) {
        let (even, odd) = self.tally.counters.split_at_mut(PAIRS);
        let (Some(even), Some(odd)) =
            (even.first_chunk_mut::<PAIRS>(), odd.first_chunk_mut::<PAIRS>())
        else {
            return;
        };
        let mut pairs = [0_u16; SEGMENT];
        for ((pair, &a), &b) in pairs.iter_mut().zip(reference).zip(prediction) {
            *pair = u16::from(a) << 8 | u16::from(b);
        }
        let (twos, last) = pairs[..reference.len()].as_chunks::<2>();
        for &[first, second] in twos {
            even[usize::from(first)] += 1;
            odd[usize::from(second)] += 1;
        }
        for &pair in last {
            even[usize::from(pair)] += 1;
        }
    }

    /// The labels whose box does not yet hold the whole block, as a set of bits.
    #[inline(always)]
    fn open(&mut self, side: usize) -> [u64; LABELS / 64] {
        let block = self.block.rows.block();
        let mut open = [0; LABELS / 64];
        for (open, lanes) in open.iter_mut().zip(self.tally.boxes[side].lanes().chunks(64)) {
            for (bit, lanes) in lanes.iter().enumerate() {
                *open |= u64::from(around(*lanes, &block) != *lanes) << bit;
            }
        }
        open
    }

    /// Put the voxels from `first` on into the boxes.
    #[inline(always)]
    fn grow(&mut self, first: usize, reference: &[u8], prediction: &[u8]) {
        let [ref_boxes, pred_boxes] = &mut self.tally.boxes;
        let (Some(ref_boxes), Some(pred_boxes)) = (
            ref_boxes.lanes().first_chunk_mut::<LABELS>(),
            pred_boxes.lanes().first_chunk_mut::<LABELS>(),
        ) else {
            return;
        };
        for (voxel, (&a, &b)) in (first..).zip(reference.iter().zip(prediction)) {
            let lanes = self.block.rows.run(voxel, voxel + 1);
            let (i, j) = (usize::from(a), usize::from(b));
            ref_boxes[i] = around(ref_boxes[i], &lanes);
            pred_boxes[j] = around(pred_boxes[j], &lanes);
        }
    }
}
