//! Distances from the voxels of one mask to those of another, from box to box.
//!
//! The passes are those of the transform, but only sources make rows and planes, only the queries' columns are swept, and only where there are queries
//! is the last axis swept at all. So two blobs far apart cost what their boxes cost, not what lies between them.

use rayon::prelude::*;

use super::envelope::{Block, Envelope};
use super::lanes::Lane;
use super::rows::Ramp;
use super::steps::Steps;
use super::{NARROW, WIDE};
use crate::grid::{Bounds, Metric};
use crate::mask::{Mask, each_bit};
use crate::parallel;
use crate::simd::{self, Isa, Kernel};

/// Squared distance of every voxel of `queries`, in raster order, to the nearest voxel of `sources`; infinite if there is none.
///
/// Whole numbers of squared units where all spacings are multiples of one unit: exact where the squares of the spacings are, within four
/// roundings elsewhere. The result does not depend on `threads`. Memory: 2, 4 or 8 bytes for every plane of the sources'
/// box and every row and column of the queries'.
///
/// # Panics
/// If the shapes differ.
pub(crate) fn squares_between(
    sources: &Mask,
    queries: &Mask,
    metric: &Metric,
    threads: usize,
) -> Vec<f64> {
    assert_eq!(sources.shape(), queries.shape(), "masks of different shapes");
    let Some(to) = queries.bounds() else { return Vec::new() };
    let Some(from) = sources.bounds() else {
        return vec![f64::INFINITY; queries.count() as usize];
    };
    let steps = Steps::new(&metric.spacing()[3 - sources.axes()..]);
    let mut counts = [1.0; 3]; // an axis that the array does not have is one voxel long
    counts[3 - sources.axes()..].copy_from_slice(&steps.counts);
    let around = from.union(&to);
    let diagonal: f64 =
        (around.shape().iter().zip(counts)).map(|(&n, s)| (n as f64 * s).powi(2)).sum();
    let task = Task { sources, queries, from, to, around, counts, threads };
    if steps.whole && diagonal <= NARROW {
        task.run::<u16, 32>(u16::MAX, &steps)
    } else if steps.whole && diagonal < WIDE {
        task.run::<i32, 16>((2.0 * diagonal) as i32, &steps)
    } else {
        task.run::<f64, 16>(2.0 * diagonal, &steps)
    }
}

struct Task<'a> {
    sources: &'a Mask,
    queries: &'a Mask,
    /// The boxes of the sources, of the queries, of both.
    from: Bounds,
    to: Bounds,
    around: Bounds,
    /// Spacing in units.
    counts: [f64; 3],
    threads: usize,
}

impl Task<'_> {
    fn run<L: Lane, const N: usize>(&self, never: L, steps: &Steps) -> Vec<f64> {
        let along = self.around.shape();
        let envelope = |axis: usize| Envelope::new(along[axis], self.counts[axis], never);
        let sweep = Sweep::<L, N> {
            task: self,
            ramp: Ramp::new(along[2], self.counts[2], never),
            rows: envelope(1),
            planes: envelope(0),
            stride: self.to.shape()[2].next_multiple_of(N),
            steps,
        };
        let [_, height, _] = self.to.shape();
        let plane = height * sweep.stride;
        let mut squares = vec![never; self.from.shape()[0] * plane];
        let mut found = vec![0.0; self.queries.count() as usize];
        let mut rows = self.rows_of(&mut found);
        parallel::install(self.threads, |parallel| {
            let first = |(k, squares): (usize, &mut [L])| {
                simd::dispatch(Plane { sweep: &sweep, z: self.from.start[0] + k, squares });
            };
            if parallel {
                squares.par_chunks_mut(plane).enumerate().for_each(first);
            } else {
                squares.chunks_mut(plane).enumerate().for_each(first);
            }
            let squares = &squares;
            let second = |(k, rows): (usize, &mut Vec<&mut [f64]>)| {
                simd::dispatch(Column { sweep: &sweep, k, squares, rows });
            };
            if parallel {
                rows.par_iter_mut().enumerate().for_each(second);
            } else {
                rows.iter_mut().enumerate().for_each(second);
            }
        });
        found
    }

    /// The results of each row of the queries' box: by y, then z.
    fn rows_of<'f>(&self, mut found: &'f mut [f64]) -> Vec<Vec<&'f mut [f64]>> {
        let [depth, height, _] = self.to.shape();
        let mut rows: Vec<Vec<&mut [f64]>> =
            (0..height).map(|_| Vec::with_capacity(depth)).collect();
        for z in 0..depth {
            for (y, own) in rows.iter_mut().enumerate() {
                let row = self.queries.row(self.to.start[0] + z, self.to.start[1] + y);
                let count: u32 = row.iter().map(|word| word.count_ones()).sum();
                let (first, rest) = std::mem::take(&mut found).split_at_mut(count as usize);
                own.push(first);
                found = rest;
            }
        }
        rows
    }
}

/// What both passes need.
struct Sweep<'a, L, const N: usize> {
    task: &'a Task<'a>,
    ramp: Ramp<L>,
    rows: Envelope<L>,
    planes: Envelope<L>,
    /// Columns of the queries' box, filled up.
    stride: usize,
    steps: &'a Steps,
}

/// Rows of one plane of sources, then the second axis: values for the queries' rows and columns.
struct Plane<'a, L, const N: usize> {
    sweep: &'a Sweep<'a, L, N>,
    z: usize,
    squares: &'a mut [L],
}

impl<L: Lane, const N: usize> Kernel for Plane<'_, L, N> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, _: S) {
        let Self { sweep, z, squares } = self;
        let Task { sources, from, to, around, .. } = sweep.task;
        let [_, height, width] = around.shape();
        let skip = to.start[2] - around.start[2];
        let columns = to.shape()[2];
        let mut filled = vec![false; height];
        let mut lines = vec![L::ZERO; from.shape()[1] * sweep.stride];
        let mut line = vec![L::ZERO; width];
        let mut clear = vec![0; sources.words_per_row()];
        for (k, own) in lines.chunks_exact_mut(sweep.stride).enumerate() {
            let y = from.start[1] + k;
            let row = sources.row(z, y);
            if row.iter().all(|&word| word == 0) {
                continue;
            }
            filled[y - around.start[1]] = true;
            outside(row, around.start[2], around.stop[2], &mut clear);
            sweep.ramp.scan::<()>(&clear, around.start[2], &mut line, &mut [], (0, 0));
            own[..columns].copy_from_slice(&line[skip..skip + columns]);
            let end = own[columns - 1];
            own[columns..].fill(end);
        }
        if !filled.contains(&true) {
            return;
        }
        let mut block = Block::<L, (), N>::default();
        let first = to.start[1] - around.start[1];
        for start in (0..columns).step_by(N) {
            block.clear();
            for (y, &filled) in filled.iter().enumerate() {
                if !filled {
                    block.push_nothing();
                    continue;
                }
                let own = (y + around.start[1] - from.start[1]) * sweep.stride + start;
                let Some(row) = lines[own..].first_chunk() else { continue };
                block.push(&sweep.rows, row, &[(); N]);
            }
            sweep.rows.solve(&mut block, first, to.shape()[1]);
            for (y, found) in block.found.iter().enumerate() {
                squares[y * sweep.stride + start..][..N].copy_from_slice(found);
            }
        }
    }
}

/// The bits between two columns that are not set; all others are 0.
#[inline(always)]
fn outside(row: &[u64], start: usize, stop: usize, clear: &mut [u64]) {
    for (k, (clear, &word)) in clear.iter_mut().zip(row).enumerate() {
        let low = start.saturating_sub(64 * k).min(64) as u32;
        let high = (64 * (k + 1)).saturating_sub(stop).min(64) as u32;
        let from = u64::MAX.checked_shl(low).unwrap_or(0);
        let to = u64::MAX.checked_shr(high).unwrap_or(0);
        *clear = !word & from & to;
    }
}

/// The last axis for one row of the queries' planes.
struct Column<'a, 'f, L, const N: usize> {
    sweep: &'a Sweep<'a, L, N>,
    /// The row in the queries' box.
    k: usize,
    squares: &'a [L],
    /// Results by plane.
    rows: &'a mut [&'f mut [f64]],
}

impl<L: Lane, const N: usize> Kernel for Column<'_, '_, L, N> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, _: S) {
        let Self { sweep, k, squares, rows } = self;
        let Task { queries, from, to, around, .. } = sweep.task;
        if rows.iter().all(|row| row.is_empty()) {
            return;
        }
        let [_, height, columns] = to.shape();
        let y = to.start[1] + k;
        let first = to.start[0] - around.start[0];
        let mut done = vec![0; rows.len()];
        let mut block = Block::<L, (), N>::default();
        for start in (0..columns).step_by(N) {
            let lanes = start..columns.min(start + N);
            let asked =
                |z: usize| window(queries.row(z, y), to.start[2] + lanes.start, lanes.len());
            if (to.start[0]..to.stop[0]).all(|z| asked(z) == 0) {
                continue;
            }
            block.clear();
            for z in around.start[0]..around.stop[0] {
                if !(from.start[0]..from.stop[0]).contains(&z) {
                    block.push_nothing();
                    continue;
                }
                let own = ((z - from.start[0]) * height + k) * sweep.stride + start;
                let Some(row) = squares[own..].first_chunk() else { continue };
                block.push(&sweep.planes, row, &[(); N]);
            }
            sweep.planes.solve(&mut block, first, to.shape()[0]);
            for (z, (row, done)) in rows.iter_mut().zip(&mut done).enumerate() {
                each_bit(&[asked(to.start[0] + z)], |lane| {
                    row[*done] = sweep.steps.square(block.found[z][lane].double());
                    *done += 1;
                });
            }
        }
    }
}

/// Up to 64 bits of a row.
#[inline(always)]
fn window(row: &[u64], start: usize, length: usize) -> u64 {
    let (k, shift) = (start / 64, start % 64);
    let high = if shift == 0 { 0 } else { row.get(k + 1).map_or(0, |next| next << (64 - shift)) };
    (row[k] >> shift | high) & (u64::MAX >> (64 - length))
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "exact where it must be")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::simd::tests::at_every_level;

    fn masks() -> impl Strategy<Value = ([usize; 3], [Vec<[usize; 3]>; 2])> {
        let shape = prop_oneof![
            (1..20_usize, 1..30_usize, 1..140_usize),
            (1..3_usize, 1..200_usize, 1..200_usize),
            (Just(1_usize), Just(1_usize), 1..300_usize),
        ];
        shape.prop_flat_map(|(z, y, x)| {
            // points of a box, few or many
            let points = move || {
                let place = (0..z, 0..y, 0..x).prop_map(|(a, b, c)| [a, b, c]);
                prop::collection::vec(place, 0..60)
            };
            (Just([z, y, x]), [points(), points()])
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn the_nearest_is_the_nearest(
            (shape, points) in masks(),
            spacing in prop::sample::select(vec![[1.0; 3], [3.0, 1.0, 1.0], [3.0, 0.8, 0.8], [5.0, 7.0, 3.0], [3.1, 0.7, 0.7123]]),
            threads in 1..3_usize,
        ) {
            let [from, to] = points.map(|points| {
                let mut mask = Mask::zeros(shape, 3);
                for [z, y, x] in points {
                    mask.set(z, y, x);
                }
                mask
            });
            let metric = Metric::new(&spacing, false).unwrap();
            let mut expected = Vec::new();
            to.for_each_set(|z, y, x| {
                let mut least = f64::INFINITY;
                from.for_each_set(|a, b, c| {
                    let delta = [[z, a], [y, b], [x, c]].map(|[p, q]| p as i64 - q as i64);
                    least = least.min(metric.squared(delta));
                });
                expected.push(least);
            });
            let exact = spacing[2].fract() == 0.0;
            at_every_level(|_| {
                let found = squares_between(&from, &to, &metric, threads);
                assert_eq!(found.len(), expected.len());
                for (&a, &b) in found.iter().zip(&expected) {
                    assert!(a == b || !exact && (a - b).abs() <= 1e-15 * b, "{a} {b}");
                }
            });
        }
    }
}
