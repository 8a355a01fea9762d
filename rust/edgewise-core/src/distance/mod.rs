//! Exact Euclidean distance of every foreground voxel to the nearest background voxel, for any number of axes.
//!
//! The squared distance is separable: a scan along the fastest axis gives the distance within each row, and every further axis takes, column
//! by column, `min over p of g[p] + step² (y - p)²` of what the axes before it left (Saito and Toriwaki, "New algorithms for Euclidean distance
//! transformation of an n-dimensional digitized picture with applications", Pattern Recognition 27, 1994). Sixteen neighbouring columns are
//! swept together. Rows are visited by divide and conquer: the leftmost `p` that attains the minimum never decreases with `y` (the matrix is totally
//! monotone; Aggarwal et al., "Geometric applications of a matrix-searching algorithm", Algorithmica 2, 1987), so the rows already answered
//! above and below bracket the search, and the value at `y` itself bounds how far `p` may be. Cost: 2 to 8 ns a voxel on one thread for blobs, points
//! and noise alike; memory beyond the result: two panels of 128 columns a thread, and 4 bytes a voxel where nearest voxels are needed.
//!
//! Exactness: where all spacings are whole multiples of one unit and the squared diagonal allows it, squared distances are whole numbers throughout
//! and ties are exact. Where the result is double precision and the unit is not a power of two, or where indices are asked for, the passes carry the
//! nearest voxel and the distance is computed from its index offset as [`crate::Metric`] does, summed in the order of the array's axes.

mod envelope;
mod lanes;
mod offsets;
mod scan;
mod steps;

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::parallel;

use envelope::{Columns, Envelope, Panel};
use lanes::{Lane, Slot, Source};
use offsets::Offsets;
use scan::Ramp;
use steps::Steps;

/// Voxels whose offsets are measured together.
const GRAIN: usize = 1 << 14;
/// No nearest voxel: there is no background.
const NOWHERE: u32 = u32::MAX;

/// What to compute.
#[derive(Debug, Clone, PartialEq)]
pub struct Request<'a> {
    /// Lengths of the axes, slowest first; any number of axes.
    pub shape: &'a [usize],
    /// Spacing along those axes, in mm or any other unit.
    pub spacing: &'a [f64],
    /// Whether those axes are the array's axes reversed (column-major array); decides the order of sums.
    pub reversed: bool,
    /// Squared distances (in squared units) instead of distances.
    pub squared: bool,
    /// Also return the nearest background voxel of each voxel.
    pub indices: bool,
    /// Number of threads; results do not depend on it.
    pub threads: usize,
}

/// Distances in memory order and, where asked for, the nearest background voxels.
#[derive(Debug, Clone, PartialEq)]
pub struct Transform<O> {
    /// Distance of each voxel to the nearest background voxel: 0 in the background, infinite if there is no background.
    pub distances: Vec<O>,
    /// Index of that voxel along each axis of the request, one block of all voxels per axis; -1 if there is no background.
    pub indices: Option<Vec<i32>>,
}

/// Distance of every foreground voxel (non-zero byte) to the nearest background voxel, single precision.
///
/// Relative error below 1e-6; with spacings that are multiples of one unit the square is exact before the unit and the root are applied.
/// The outside of the array is not background. Axes of length 1 cost nothing.
///
/// # Errors
/// [`Error::Shape`] unless shape, spacing and mask belong together, or for more than 2^32 - 1 voxels where indices are asked for;
/// [`Error::Spacing`] unless every spacing is finite and positive.
///
/// # Examples
/// ```
/// use edgewise_core::distance::{Request, transform_f32};
///
/// let request = Request {
///     shape: &[5], spacing: &[2.0], reversed: false, squared: false, indices: true, threads: 1,
/// };
/// let found = transform_f32(&[0, 1, 1, 1, 1], &request)?;
/// assert_eq!(found.distances, [0.0, 2.0, 4.0, 6.0, 8.0]);
/// assert_eq!(found.indices, Some(vec![0; 5]));
/// # Ok::<(), edgewise_core::Error>(())
/// ```
pub fn transform_f32(mask: &[u8], request: &Request<'_>) -> Result<Transform<f32>> {
    let Some(task) = Task::new(mask, request)? else { return Ok(nowhere(request, f32::INFINITY)) };
    Ok(if request.indices { task.located::<f32, f32>() } else { task.plain::<f32, f32>() })
}

/// The same in double precision: bit-equal to the arithmetic rule (`t_k = offset_k * spacing_k`, squares summed in the order of the array's
/// axes, one root) for the nearest voxel.
///
/// # Errors
/// As [`transform_f32`]; the limit of 2^32 - 1 voxels also holds without indices if the spacings are not multiples of one power of two.
pub fn transform_f64(mask: &[u8], request: &Request<'_>) -> Result<Transform<f64>> {
    let Some(task) = Task::new(mask, request)? else { return Ok(nowhere(request, f64::INFINITY)) };
    let narrow = task.steps.exact::<f32>(&task.shape);
    let direct = task.steps.binary() && task.steps.exact::<f64>(&task.shape);
    if !(request.indices || direct) {
        fits_positions(mask.len())?;
    }
    Ok(match (request.indices || !direct, narrow) {
        (false, true) => task.plain::<f32, f64>(),
        (false, false) => task.plain::<f64, f64>(),
        (true, true) => task.located::<f32, f64>(),
        (true, false) => task.located::<f64, f64>(),
    })
}

/// Position in memory of the nearest background voxel of every voxel; `None` if there is no background. `squared` and `indices` of the
/// request do not matter.
///
/// Among voxels whose distances are equal but for rounding any one is the nearest. Memory: 8 bytes a voxel (12 where single precision cannot
/// hold the squared distances), half of which are returned.
///
/// # Errors
/// As [`transform_f32`] with indices.
pub fn nearest(mask: &[u8], request: &Request<'_>) -> Result<Option<Vec<u32>>> {
    let request = Request { indices: true, ..*request };
    let Some(task) = Task::new(mask, &request)? else { return Ok(None) };
    let narrow = task.steps.exact::<f32>(&task.shape);
    Ok(Some(if narrow { task.nearest::<f32>() } else { task.nearest::<f64>() }))
}

fn nowhere<O: Copy>(request: &Request<'_>, infinity: O) -> Transform<O> {
    let voxels = request.shape.iter().product::<usize>();
    let indices = request.indices.then(|| vec![-1; voxels * request.shape.len()]);
    Transform { distances: vec![infinity; voxels], indices }
}

fn fits_positions(voxels: usize) -> Result<()> {
    if voxels >= NOWHERE as usize {
        return Err(Error::Shape(format!(
            "{voxels} voxels are too many to keep nearest voxels for"
        )));
    }
    Ok(())
}

/// A checked request with background somewhere, its axes of length 1 left out.
struct Task<'a> {
    mask: &'a [u8],
    request: &'a Request<'a>,
    shape: Vec<usize>,
    steps: Steps,
}

impl<'a> Task<'a> {
    fn new(mask: &'a [u8], request: &'a Request<'a>) -> Result<Option<Self>> {
        let Request { shape, spacing, .. } = *request;
        let voxels = shape.iter().try_fold(1, |all: usize, &n| all.checked_mul(n));
        if shape.is_empty() || mask.is_empty() || voxels != Some(mask.len()) {
            let have = mask.len();
            return Err(Error::Shape(format!("shape {shape:?} does not describe {have} voxels")));
        }
        if spacing.len() != shape.len() {
            let (axes, values) = (shape.len(), spacing.len());
            return Err(Error::Spacing(format!("{axes} axes need {axes} spacings, got {values}")));
        }
        if let Some(bad) = spacing.iter().find(|s| !(s.is_finite() && **s > 0.0)) {
            return Err(Error::Spacing(format!("spacing must be finite and positive, got {bad}")));
        }
        if request.indices {
            fits_positions(mask.len())?;
        }
        if !mask.contains(&0) {
            return Ok(None);
        }
        let real = || shape.iter().zip(spacing).filter(|&(&n, _)| n > 1);
        let mut kept: Vec<usize> = real().map(|(&n, _)| n).collect();
        let mut apart: Vec<f64> = real().map(|(_, &s)| s).collect();
        if kept.is_empty() {
            (kept, apart) = (vec![1], vec![1.0]);
        }
        Ok(Some(Self { mask, request, shape: kept, steps: Steps::new(&apart) }))
    }

    /// Distances only: the result holds the intermediate values.
    fn plain<L: Lane, O: Slot<L> + Lane>(&self) -> Transform<O> {
        let mut distances = vec![O::default(); self.mask.len()];
        let mut nothing = vec![(); self.mask.len()];
        let unit = O::of(self.steps.unit);
        let square = O::of(self.steps.unit.powi(2));
        if self.request.squared {
            self.sweep(&mut distances, &mut nothing, |lane: L| O::store(lane) * square);
        } else {
            self.sweep(&mut distances, &mut nothing, |lane: L| O::store(lane).root() * unit);
        }
        Transform { distances, indices: None }
    }

    /// Positions of the nearest voxels.
    fn nearest<L: Lane + Slot<L>>(&self) -> Vec<u32> {
        let mut lanes = vec![L::default(); self.mask.len()];
        let mut sources = vec![NOWHERE; self.mask.len()];
        self.sweep(&mut lanes, &mut sources, |lane: L| lane);
        sources
    }

    /// Distances from the index offsets of the nearest voxels.
    fn located<L: Lane + Slot<L>, O: Lane + Slot<O>>(&self) -> Transform<O> {
        let sources = self.nearest::<L>();
        let offsets = Offsets::new(self.request);
        let mut distances = vec![O::default(); sources.len()];
        let measure = |(k, (out, from)): (usize, (&mut [O], &[u32]))| {
            offsets.measure(k * GRAIN, from, out);
        };
        parallel::install(self.request.threads, |parallel| {
            if parallel {
                let parts = distances.par_chunks_mut(GRAIN).zip(sources.par_chunks(GRAIN));
                parts.enumerate().for_each(measure);
            } else {
                let parts = distances.chunks_mut(GRAIN).zip(sources.chunks(GRAIN));
                parts.enumerate().for_each(measure);
            }
        });
        let indices = self.request.indices.then(|| offsets.indices(&sources));
        Transform { distances, indices }
    }

    /// All passes; `finish` is applied to the squared distances (in squared units of the steps) as the last one writes them.
    fn sweep<L, O, I>(&self, values: &mut [O], sources: &mut [I], finish: impl Fn(L) -> O + Sync)
    where
        L: Lane,
        O: Slot<L>,
        I: Source,
    {
        let axes = self.shape.len();
        let row = self.shape[axes - 1];
        let never = L::of(2.0 * self.steps.diagonal(&self.shape)); // beyond any distance, yet finite
        let ramp = Ramp::<L, O>::new(row, self.steps.counts[axes - 1], never);
        let envelope = |axis| Envelope::new(self.shape[axis], self.steps.counts[axis], never);
        // the second axis is swept while its slice is in the cache, if there are slices
        let within = (axes > 2).then(|| envelope(axes - 2));
        let slab: usize =
            self.shape[axes.saturating_sub(if axes > 2 { 2 } else { 1 })..].iter().product();
        let prepare = |panel: &mut Panel<L, I>, k: usize, mask: &[u8], v: &mut [O], s: &mut [I]| {
            let rows = mask.chunks(row).zip(v.chunks_mut(row)).zip(s.chunks_mut(row));
            for (y, ((mask, v), s)) in rows.enumerate() {
                ramp.scan(mask, v, s, k * slab + y * row);
            }
            if let Some(within) = &within {
                within.columns(panel, Columns::whole(v, s, row), &O::store);
            }
        };
        let threads = self.request.threads;
        parallel::install(threads, |parallel| {
            if parallel {
                let slabs = self.mask.par_chunks(slab).zip(values.par_chunks_mut(slab));
                slabs.zip(sources.par_chunks_mut(slab)).enumerate().for_each_init(
                    Panel::default,
                    |panel, (k, ((m, v), s))| {
                        prepare(panel, k, m, v, s);
                    },
                );
            } else {
                let mut panel = Panel::default();
                let slabs = self.mask.chunks(slab).zip(values.chunks_mut(slab));
                for (k, ((m, v), s)) in slabs.zip(sources.chunks_mut(slab)).enumerate() {
                    prepare(&mut panel, k, m, v, s);
                }
            }
            if axes == 1 {
                for value in values.iter_mut() {
                    *value = finish(value.load());
                }
            }
            let threads = if parallel { threads } else { 1 };
            let mut inner = slab;
            for axis in (0..axes - if axes > 2 { 2 } else { 1 }).rev() {
                if axis == 0 {
                    envelope(axis).pass(values, sources, inner, threads, &finish);
                } else {
                    envelope(axis).pass(values, sources, inner, threads, &O::store);
                }
                inner *= self.shape[axis];
            }
        });
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "whole numbers are exact")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Squared distance to every background voxel, the least of them.
    fn naive(mask: &[u8], request: &Request<'_>) -> Vec<f64> {
        let index = |mut at: usize| {
            let mut index = vec![0_i64; request.shape.len()];
            for axis in (0..index.len()).rev() {
                index[axis] = (at % request.shape[axis]) as i64;
                at /= request.shape[axis];
            }
            index
        };
        let all: Vec<_> = (0..mask.len()).map(index).collect();
        let length = |a: &[i64], b: &[i64]| {
            let mut terms: Vec<f64> = (a.iter().zip(b).zip(request.spacing))
                .map(|((a, b), s)| ((a - b) as f64 * s).powi(2))
                .collect();
            if request.reversed {
                terms.reverse();
            }
            let sum: f64 = terms.iter().fold(0.0, |sum, t| sum + t);
            if request.squared { sum } else { sum.sqrt() }
        };
        let background: Vec<_> = (0..mask.len()).filter(|&i| mask[i] == 0).collect();
        let nearest = |(i, &m): (usize, &u8)| {
            let all = background.iter().map(|&b| length(&all[i], &all[b]));
            if m == 0 { 0.0 } else { all.fold(f64::INFINITY, f64::min) }
        };
        mask.iter().enumerate().map(nearest).collect()
    }

    fn close(a: f64, b: f64, relative: f64) -> bool {
        a == b || (a - b).abs() <= relative * b.abs()
    }

    fn shapes() -> impl Strategy<Value = Vec<usize>> {
        let edge = prop::sample::select(vec![1, 2, 63, 64, 65]);
        prop_oneof![
            edge.clone().prop_map(|n| vec![n]),
            (edge.clone(), 1..6_usize).prop_map(|(n, m)| vec![n, m]),
            (1..6_usize, edge.clone()).prop_map(|(n, m)| vec![n, m]),
            (1..4_usize, 1..30_usize, 1..20_usize).prop_map(|(a, b, c)| vec![a, b, c]),
            (edge, 1..4_usize, 1..5_usize).prop_map(|(a, b, c)| vec![a, b, c]),
            prop::collection::vec(1..6_usize, 4..=5),
        ]
    }

    fn cases() -> impl Strategy<Value = (Vec<usize>, Vec<f64>, Vec<u8>, bool, bool)> {
        let spacings = prop::sample::select(vec![1.0, 1.0, 2.0, 0.5, 0.7, 1.3, 3.0, 0.742_187_5]);
        let fractions = prop::sample::select(vec![0.0, 0.003, 0.05, 0.5, 0.95, 0.997, 1.0]);
        (shapes(), fractions, any::<bool>(), any::<bool>(), any::<bool>()).prop_flat_map(
            move |(shape, fraction, equal, reversed, squared)| {
                let voxels = shape.iter().product::<usize>();
                let byte = prop::bool::weighted(fraction).prop_map(u8::from);
                let spacing = prop::collection::vec(spacings.clone(), shape.len())
                    .prop_map(move |all| if equal { vec![all[0]; all.len()] } else { all });
                let mask = prop::collection::vec(byte, voxels);
                (Just(shape), spacing, mask, Just(reversed), Just(squared))
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn every_path_finds_the_least_of_all_distances(
            (shape, spacing, mask, reversed, squared) in cases(), indices in any::<bool>()
        ) {
            let mut request = Request {
                shape: &shape, spacing: &spacing, reversed, squared, indices, threads: 1,
            };
            let expected = naive(&mask, &request);
            let double = transform_f64(&mask, &request).unwrap();
            let single = transform_f32(&mask, &request).unwrap();
            let exact = spacing.iter().all(|s| s.to_bits().trailing_zeros() >= 52);
            for (i, &e) in expected.iter().enumerate() {
                let d = double.distances[i];
                prop_assert!(if exact { d == e } else { close(d, e, 1e-15) }, "{i}: {d} {e}");
                prop_assert!(close(single.distances[i].into(), e, 1e-6));
            }
            if let Some(found) = &double.indices {
                let voxels = mask.len();
                for i in 0..voxels {
                    let mut position = 0;
                    for axis in 0..shape.len() {
                        let index = found[axis * voxels + i];
                        position = position * shape[axis] as i32 + index;
                    }
                    let infinite = expected[i].is_infinite();
                    let right = if infinite { position < 0 } else { mask[position as usize] == 0 };
                    prop_assert!(right);
                }
            }
            request.threads = 2;
            prop_assert_eq!(&transform_f64(&mask, &request).unwrap(), &double);
            prop_assert_eq!(&transform_f32(&mask, &request).unwrap(), &single);
        }
    }

    #[test]
    fn spacings_become_whole_steps() {
        let steps = Steps::new(&[3.0, 0.8, 0.8]);
        assert_eq!((steps.counts, steps.whole), (vec![15.0, 4.0, 4.0], true));
        assert!(Steps::new(&[1.0, 1.5]).binary());
        assert!(!Steps::new(&[0.7]).binary());
        assert!(!Steps::new(&[1.0, std::f64::consts::PI]).whole);
    }

    #[test]
    fn bad_requests_are_refused() {
        let good = Request {
            shape: &[2, 2],
            spacing: &[1.0, 1.0],
            reversed: false,
            squared: false,
            indices: false,
            threads: 1,
        };
        assert!(transform_f32(&[1; 3], &good).is_err());
        assert!(
            transform_f32(&[], &Request { shape: &[0], spacing: &[1.0], ..good.clone() }).is_err()
        );
        assert!(transform_f64(&[1; 4], &Request { spacing: &[1.0], ..good.clone() }).is_err());
        assert!(transform_f64(&[1; 4], &Request { spacing: &[1.0, 0.0], ..good.clone() }).is_err());
    }

    #[test]
    fn long_axes_leave_whole_numbers_in_single_precision() {
        let mut mask = vec![1; 9000];
        mask[0] = 0;
        let request = Request {
            shape: &[9000],
            spacing: &[1.0],
            reversed: false,
            squared: true,
            indices: false,
            threads: 1,
        };
        let found = transform_f64(&mask, &request).unwrap();
        assert_eq!(found.distances[8999], 8999.0 * 8999.0);
    }
}
