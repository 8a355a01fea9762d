//! Counting blocks of any labels: numbered as they come, pairs in a table or, where there are many, hashed.

use crate::grid::Bounds;
use crate::simd::{self, Isa, Kernel};

use super::boxes::{Boxes, Rows, around};
use super::changes::Runs;
use super::merge::Part;
use super::pairs::Pairs;
use super::table::Table;

/// Labels below this are numbered by table.
const LOW: usize = 1 << 16;

/// Counts and boxes of any labels.
pub(super) struct WideTally {
    /// Whether there are too few voxels for large tables.
    few: bool,
    sides: [Side; 2],
    pairs: Pairs,
}

/// A block of two maps.
pub(super) struct WideBlock<'a> {
    pub(super) runs: &'a Runs,
    pub(super) rows: &'a Rows,
    /// The labels of both maps in every run.
    pub(super) keys: [&'a [u64]; 2],
    /// Not 0 where nothing counts; empty if everything does.
    pub(super) ignored: &'a [u8],
}

/// The labels of one map, numbered as they come.
#[derive(Default)]
struct Side {
    /// Number + 1 of low labels.
    low: Vec<u32>,
    /// Number + 1 of the others.
    high: Table,
    /// Labels by number.
    keys: Vec<u64>,
    boxes: Boxes,
    latest: usize,
}

impl WideTally {
    pub(super) fn new(few: bool) -> Self {
        Self { few, sides: Default::default(), pairs: Pairs::default() }
    }

    /// Count a block whose runs were found.
    pub(super) fn add(&mut self, block: WideBlock) {
        if self.sides[0].low.is_empty() && !self.few {
            self.sides.iter_mut().for_each(|side| side.low = vec![0; LOW]);
        }
        self.sides.iter_mut().for_each(|side| side.boxes.move_to(block.rows.origin()));
        simd::dispatch(Add { tally: self, block });
    }

    /// All counts.
    pub(super) fn finish(self) -> Part {
        Part { pairs: self.pairs.entries().collect(), labels: self.sides.map(Side::finish) }
    }
}

struct Add<'a> {
    tally: &'a mut WideTally,
    block: WideBlock<'a>,
}

impl Kernel for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let WideTally { sides: [reference, prediction], pairs, .. } = self.tally;
        let WideBlock { runs, rows, keys, ignored } = self.block;
        for ((first, stop), (&key, &other)) in runs.runs().zip(keys[0].iter().zip(keys[1])) {
            if ignored.get(first).is_some_and(|&hidden| hidden != 0) {
                continue;
            }
            let (i, j) = (reference.number(key), prediction.number(other));
            let run = rows.run(first, stop);
            let (lanes, others) = (reference.boxes.lanes(), prediction.boxes.lanes());
            lanes[i] = around(lanes[i], &run);
            others[j] = around(others[j], &run);
            pairs.add(i, j, (stop - first) as u32);
        }
    }
}

impl Side {
    /// The number of a label.
    #[inline(always)]
    fn number(&mut self, key: u64) -> usize {
        if self.keys.get(self.latest) != Some(&key) {
            self.latest = self.look_up(key);
        }
        self.latest
    }

    #[inline(always)]
    fn look_up(&mut self, key: u64) -> usize {
        let new = self.keys.len();
        let one_more = if let Some(low) = self.low.get_mut(key as usize) {
            if *low == 0 {
                *low = new as u32 + 1;
            }
            *low as usize
        } else {
            let high = self.high.value(key);
            if *high == 0 {
                *high = new as u64 + 1;
            }
            *high as usize
        };
        if one_more > new {
            self.keys.push(key);
            self.boxes.reserve(one_more);
        }
        one_more - 1
    }

    fn finish(mut self) -> Vec<Option<(u64, Bounds)>> {
        let boxes = self.boxes.finish();
        self.keys
            .iter()
            .zip(boxes)
            .map(|(&key, bounds)| bounds.map(|bounds| (key, bounds)))
            .collect()
    }
}
