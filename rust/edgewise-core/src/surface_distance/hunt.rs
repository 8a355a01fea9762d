//! Nearest elements for many far ones together.
//!
//! The elements are halved again and again, along the longest side of the box around them; with every halving the other set is narrowed to
//! what can be nearest to some element of the box ([`narrow`]). First blocks of it are kept or dropped, then their points. When few of
//! either are left, all pairs are measured. Elements side by side share nearly all of the work, whether they are ten voxels away or a thousand.

use std::sync::atomic::{AtomicU64, Ordering};

use super::frame::Frame;
use super::points::{Boxes, Points, Query, Region, narrow, scan};
use super::tiles::Tiles;

/// Blocks few enough to look at their points.
const FEW_BOXES: usize = 64;
/// Elements too few to narrow blocks any more.
const FEW_QUERIES: usize = 8;
/// Points, and pairs of elements and points, that are measured without narrowing further.
const FEW_POINTS: usize = 32;
const FEW_PAIRS: usize = 1024;
/// Elements that are worth a thread.
const GRAIN: usize = 512;

/// Work in units of one comparison of an element or region with a point or box: one halving, and finding one point of a block.
const HALVING: u64 = 256;
const POINT: u64 = 8;

/// The search for the nearest of `tiles`, until it has cost too much.
pub(super) struct Hunt<'a> {
    pub(super) frame: &'a Frame,
    pub(super) tiles: &'a Tiles<'a>,
    /// Most work that may be spent, and what was spent.
    pub(super) budget: u64,
    pub(super) spent: AtomicU64,
    pub(super) parallel: bool,
}

/// Lists that a thread uses again and again.
#[derive(Default)]
struct Scratch {
    values: Vec<f32>,
    boxes: Vec<Boxes>,
    points: Vec<Points>,
}

impl Hunt<'_> {
    /// Find the squared distance of every element, whose order changes; `false` if that would cost more than the budget. The answer does not
    /// depend on threads: all work is counted, in whatever order it is done.
    pub(super) fn run(&self, queries: &mut [Query], found: &mut [f64]) -> bool {
        self.among_boxes(queries, found, &self.tiles.boxes, &mut Scratch::default());
        self.affordable(0)
    }

    fn affordable(&self, work: u64) -> bool {
        self.spent.fetch_add(work, Ordering::Relaxed) + work <= self.budget
    }

    fn among_boxes(
        &self,
        queries: &mut [Query],
        found: &mut [f64],
        from: &Boxes,
        scratch: &mut Scratch,
    ) {
        if !self.affordable(HALVING + from.len() as u64) {
            return;
        }
        let bounds = Ends::of(queries);
        let region = bounds.region();
        let mut kept = scratch.boxes.pop().unwrap_or_default();
        narrow(self.frame, &region, from, &mut scratch.values, &mut kept);
        if kept.len() <= FEW_BOXES || queries.len() <= FEW_QUERIES {
            let mut all = scratch.points.pop().unwrap_or_default();
            all.clear();
            for &number in kept.numbers() {
                self.tiles.points(number, self.frame, &mut all);
            }
            all.complete();
            if self.affordable(all.len() as u64 * POINT) {
                self.among_points(queries, found, &all, scratch);
            }
            scratch.points.push(all);
        } else {
            let middle = bounds.halve(queries, self.frame);
            let ((first, second), (a, b)) =
                (queries.split_at_mut(middle), found.split_at_mut(middle));
            if self.parallel && first.len() + second.len() > GRAIN {
                rayon::join(
                    || self.among_boxes(first, a, &kept, scratch),
                    || self.among_boxes(second, b, &kept, &mut Scratch::default()),
                );
            } else {
                self.among_boxes(first, a, &kept, scratch);
                self.among_boxes(second, b, &kept, scratch);
            }
        }
        scratch.boxes.push(kept);
    }

    fn among_points(
        &self,
        queries: &mut [Query],
        found: &mut [f64],
        from: &Points,
        scratch: &mut Scratch,
    ) {
        let pairs = queries.len() * from.len();
        if from.len() <= FEW_POINTS || pairs <= FEW_PAIRS {
            if self.affordable(pairs as u64) {
                scan(self.frame, queries, from, found);
            }
            return;
        }
        if !self.affordable(HALVING + 2 * from.len() as u64) {
            return;
        }
        let bounds = Ends::of(queries);
        let mut kept = scratch.points.pop().unwrap_or_default();
        narrow(self.frame, &bounds.region(), from, &mut scratch.values, &mut kept);
        let pairs = queries.len() * kept.len();
        if kept.len() <= FEW_POINTS || pairs <= FEW_PAIRS || bounds.low == bounds.high {
            if self.affordable(pairs as u64) {
                scan(self.frame, queries, &kept, found);
            }
        } else {
            let middle = bounds.halve(queries, self.frame);
            let ((first, second), (a, b)) =
                (queries.split_at_mut(middle), found.split_at_mut(middle));
            self.among_points(first, a, &kept, scratch);
            self.among_points(second, b, &kept, scratch);
        }
        scratch.points.push(kept);
    }
}

/// The box around some elements.
struct Ends {
    low: [i32; 3],
    high: [i32; 3],
}

impl Ends {
    fn of(queries: &[Query]) -> Self {
        let mut ends = Self { low: [i32::MAX; 3], high: [i32::MIN; 3] };
        for query in queries {
            for k in 0..3 {
                ends.low[k] = ends.low[k].min(query.at[k]);
                ends.high[k] = ends.high[k].max(query.at[k]);
            }
        }
        ends
    }

    fn middle(&self) -> [i32; 3] {
        [0, 1, 2].map(|k| self.low[k] + (self.high[k] - self.low[k]) / 2)
    }

    fn region(&self) -> Region {
        let middle = self.middle();
        Region { middle, half: [0, 1, 2].map(|k| self.high[k] - middle[k]) }
    }

    /// Put the elements of the lower half of the longest side first; how many there are.
    fn halve(&self, queries: &mut [Query], frame: &Frame) -> usize {
        let side = |k: usize| (self.high[k] - self.low[k]) as f32 * frame.steps[k];
        let mut axis = 2;
        for k in [1, 0] {
            if side(k) > side(axis) {
                axis = k;
            }
        }
        let middle = self.middle()[axis];
        let mut first = 0;
        for i in 0..queries.len() {
            if queries[i].at[axis] <= middle {
                queries.swap(first, i);
                first += 1;
            }
        }
        first
    }
}
