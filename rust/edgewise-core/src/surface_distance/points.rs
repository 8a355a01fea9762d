//! Points and boxes in columns, so that many are compared with one at once.
#![allow(clippy::inline_always, reason = "see `simd`")]

use super::frame::Frame;
use crate::mask::each_bit;
use crate::simd::{self, Isa, Kernel};

/// Points compared at once.
const LANES: usize = 16;
/// A bound in single precision is off by less than this part of its largest term.
const SLACK: f32 = 2e-6;

/// Boxes `low..=high` along z, y, x, each with a number; points are boxes of which only the low ends are kept.
#[derive(Debug, Clone)]
pub(super) struct Columns<const N: usize> {
    /// Low ends along z, y, x; then, for boxes, high ends, and the numbers.
    columns: [Vec<i32>; N],
    /// Number of entries; the columns go on with copies of the last one up to whole groups of lanes.
    len: usize,
}

/// Points: z, y, x.
pub(super) type Points = Columns<3>;
/// Boxes: low z, y, x; high z, y, x; number.
pub(super) type Boxes = Columns<7>;

/// Elements with one box around them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Region {
    /// Its middle, rounded down.
    pub(super) middle: [i32; 3],
    /// How far it reaches from there at most.
    pub(super) half: [i32; 3],
}

impl<const N: usize> Default for Columns<N> {
    fn default() -> Self {
        Self { columns: [const { Vec::new() }; N], len: 0 }
    }
}

impl<const N: usize> Columns<N> {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn clear(&mut self) {
        self.columns.iter_mut().for_each(Vec::clear);
        self.len = 0;
    }

    /// Add an entry, until all are there.
    #[inline(always)]
    pub(super) fn push(&mut self, values: [i32; N]) {
        for (column, value) in self.columns.iter_mut().zip(values) {
            column.push(value);
        }
    }

    /// All are there: fill up the last group of lanes.
    pub(super) fn complete(&mut self) {
        self.len = self.columns[0].len();
        let filled = self.len.next_multiple_of(LANES);
        for column in &mut self.columns {
            if let Some(&last) = column.last() {
                column.resize(filled, last);
            }
        }
    }
}

impl Boxes {
    pub(super) fn numbers(&self) -> &[i32] {
        &self.columns[6][..self.len]
    }
}

/// What can be nearest to elements of a region, kept.
///
/// Let t be a point of the other set near the middle m. For an element q = m + d and another point s, `|q - s|² - |q - t|²` is linear in d, so that
/// s is farther than t from every element if `|m - s|² - |m - t|² >= 2 * sum of half_k |s_k - t_k|`. Of a box the least of the left side and
/// the most of the right one are taken.
pub(super) fn narrow<const N: usize>(
    frame: &Frame,
    region: &Region,
    from: &Columns<N>,
    scratch: &mut Vec<f32>,
    to: &mut Columns<N>,
) {
    to.clear();
    simd::dispatch(Narrow { frame, region, from, scratch, to });
    to.complete();
}

struct Narrow<'a, const N: usize> {
    frame: &'a Frame,
    region: &'a Region,
    from: &'a Columns<N>,
    /// Least squared distances from the middle.
    scratch: &'a mut Vec<f32>,
    to: &'a mut Columns<N>,
}

/// Low and high ends of 16 boxes along an axis.
#[inline(always)]
fn ends<const N: usize>(groups: &[&[[i32; LANES]]; N], i: usize, k: usize) -> [[i32; LANES]; 2] {
    [groups[k][i], groups[if N == 3 { k } else { k + 3 }][i]]
}

impl<const N: usize> Kernel for Narrow<'_, N> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Region { middle, half } = *self.region;
        let steps = self.frame.steps;
        let groups: [&[[i32; LANES]]; N] =
            self.from.columns.each_ref().map(|column| column.as_chunks().0);
        let count = groups[0].len();
        self.scratch.clear();
        self.scratch.resize(count * LANES, 0.0);
        let values = self.scratch.as_chunks_mut::<LANES>().0;
        // the nearest one, judged by farthest ends
        let mut best = [f32::INFINITY; LANES];
        let mut place = [0_u32; LANES];
        for (i, values) in values.iter_mut().enumerate().take(count) {
            let mut least = [0.0_f32; LANES];
            let mut most = [0.0_f32; LANES];
            for k in 0..3 {
                let [low, high] = ends(&groups, i, k);
                for l in 0..LANES {
                    let below = (low[l] - middle[k]) as f32 * steps[k];
                    if N == 3 {
                        least[l] += below * below;
                    } else {
                        let above = (middle[k] - high[l]) as f32 * steps[k];
                        let gap = below.max(above).max(0.0);
                        let end = below.min(above);
                        least[l] += gap * gap;
                        most[l] += end * end;
                    }
                }
            }
            if N == 3 {
                most = least;
            }
            *values = least;
            for l in 0..LANES {
                let better = most[l] < best[l];
                best[l] = if better { most[l] } else { best[l] };
                place[l] = if better { i as u32 } else { place[l] };
            }
        }
        let mut lane = 0;
        for l in 1..LANES {
            if best[l] < best[lane] {
                lane = l;
            }
        }
        let at = place[lane] as usize;
        // any point t of the chosen box: not beyond its farthest end, and within its ends
        let chosen = [0, 1, 2].map(|k| {
            let [low, high] = ends(&groups, at, k);
            [low[lane], high[lane]]
        });
        let limit = best[lane] * (1.0 + SLACK);
        let reach = [0, 1, 2].map(|k| 2.0 * half[k] as f32 * steps[k] * steps[k] * (1.0 + SLACK));
        for first in (0..count).step_by(4) {
            let mut keep = [0_u8; 64];
            for i in first..count.min(first + 4) {
                let mut bound = [limit; LANES];
                for k in 0..3 {
                    let [low, high] = ends(&groups, i, k);
                    for l in 0..LANES {
                        let span = (chosen[k][1] - low[l]).max(high[l] - chosen[k][0]);
                        let span = if N == 3 { (low[l] - chosen[k][0]).abs() } else { span };
                        bound[l] += span as f32 * reach[k];
                    }
                }
                for l in 0..LANES {
                    keep[(i - first) * LANES + l] =
                        u8::from(values[i][l] * (1.0 - SLACK) <= bound[l]);
                }
            }
            let all = self.from.len - first * LANES;
            let bits = isa.nonzero(&keep) & if all < 64 { (1 << all) - 1 } else { u64::MAX };
            each_bit(&[bits], |bit| {
                let at = first * LANES + bit;
                self.to.push(self.from.columns.each_ref().map(|column| column[at]));
            });
        }
    }
}

/// An element whose nearest point is sought.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Query {
    pub(super) at: [i32; 3],
    /// Code of the surface element; 0 of a voxel.
    pub(super) code: u32,
}

/// Squared distance from every query to the nearest of the points (at least one).
pub(super) fn scan(frame: &Frame, queries: &[Query], points: &Points, found: &mut [f64]) {
    simd::dispatch(Scan { frame, queries, points, found });
}

struct Scan<'a> {
    frame: &'a Frame,
    queries: &'a [Query],
    points: &'a Points,
    found: &'a mut [f64],
}

impl Kernel for Scan<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let [z, y, x] = self.points.columns.each_ref().map(|column| column.as_chunks::<LANES>().0);
        for (query, found) in self.queries.iter().zip(self.found) {
            let points = z.iter().zip(y).zip(x).map(|((&z, &y), &x)| [z, y, x]);
            *found = match (self.frame.unit, self.frame.metric.reversed()) {
                (Some(unit), _) => f64::from(whole(query.at, points)) * unit,
                (None, false) => real::<false>(query.at, self.frame.metric.spacing(), points),
                (None, true) => real::<true>(query.at, self.frame.metric.spacing(), points),
            };
        }
    }
}

/// The least squared distance in whole numbers.
#[inline(always)]
fn whole(at: [i32; 3], points: impl Iterator<Item = [[i32; LANES]; 3]>) -> i32 {
    let mut best = [i32::MAX; LANES];
    for group in points {
        for l in 0..LANES {
            let [dz, dy, dx] = [0, 1, 2].map(|k| group[k][l] - at[k]);
            best[l] = best[l].min(dz * dz + dy * dy + dx * dx);
        }
    }
    best.into_iter().min().unwrap_or(i32::MAX)
}

/// The least squared distance, each rounded as [`crate::Metric::squared`] does.
#[inline(always)]
fn real<const REVERSED: bool>(
    at: [i32; 3],
    spacing: [f64; 3],
    points: impl Iterator<Item = [[i32; LANES]; 3]>,
) -> f64 {
    let mut best = [f64::INFINITY; LANES];
    for group in points {
        for l in 0..LANES {
            let [z, y, x] = [0, 1, 2].map(|k| {
                let t = f64::from(group[k][l] - at[k]) * spacing[k];
                t * t
            });
            let square = if REVERSED { (x + y) + z } else { (z + y) + x };
            best[l] = if square < best[l] { square } else { best[l] };
        }
    }
    best.into_iter().fold(f64::INFINITY, f64::min)
}
