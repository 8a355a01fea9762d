//! Which simplex of the permutohedral lattice each feature vector lies in, and where in it.
//!
//! Adams, Baek, Davis, "Fast high-dimensional filtering using the permutohedral lattice", Eurographics 2010, sections 3 and 4. A vector of d features
//! is lifted into the plane of d + 1 coordinates whose sum is 0; the lattice's points there have coordinates that are all equal modulo d + 1. Rounding
//! is half to even, and all is done in single precision in one fixed order, because which points exist depends on it.
#![allow(
    clippy::inline_always,
    reason = "what is not inlined into the dispatching function is compiled for the baseline"
)]

use crate::error::{Error, Result};

use super::features::{Features, LANES, Lanes};
use super::keys::{Key, Layout, minus, plus, times, whole_range};

/// A corner of the simplex around a point: the row of its value, and its barycentric coordinate.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Corner {
    pub(super) row: u32,
    pub(super) weight: f32,
}

/// Adding and subtracting it rounds to whole numbers, half to even, what is below 2^22.
const ROUND: f32 = 12_582_912.0; // 1.5 * 2^23

/// How features are lifted.
pub(super) struct Lift {
    /// By feature; a blur of one step per axis then has about the variance 1 in feature space.
    scales: Vec<f32>,
}

impl Lift {
    pub(super) fn new(features: usize) -> Self {
        let spread = f64::from(((2.0_f64 / 3.0).sqrt() * (features + 1) as f64) as f32);
        let scale = |i: usize| (spread / (((i + 2) * (i + 1)) as f64).sqrt()) as f32;
        Self { scales: (0..features).map(scale).collect() }
    }

    /// Room for the first d coordinates of every corner of every point, and of their neighbours (the last coordinate follows from the others).
    pub(super) fn layout(&self, features: &Features) -> Result<Layout> {
        let d = self.scales.len();
        let ranges = features
            .ranges()
            .ok_or_else(|| Error::Argument("the image must be finite".to_owned()))?;
        let scaled = |i: usize| {
            let (low, high) = ranges[i];
            let scale = f64::from(self.scales[i]);
            (low * scale, high * scale)
        };
        let lifted = |j: usize| {
            let above = (j..d).map(scaled).fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
            let (low, high) = if j > 0 { scaled(j - 1) } else { (0.0, 0.0) };
            (above.0 - j as f64 * high, above.1 - j as f64 * low)
        };
        // rounding moves a coordinate by at most d + 1, so do wrapping around, corners and neighbours
        let margin = 4 * (d as i32 + 1) + 2;
        let ranges: Result<Vec<_>> = (0..d).map(|j| whole_range(lifted(j), margin)).collect();
        Ok(Layout::new(&ranges?))
    }
}

/// Steps of keys.
pub(super) struct Steps<const W: usize> {
    units: Vec<Key<W>>,
    origin: Key<W>,
    /// 1 in every coordinate.
    all: Key<W>,
}

impl<const W: usize> Steps<W> {
    pub(super) fn new(layout: &Layout) -> Self {
        let mut units = layout.units();
        let all = units.iter().fold([0; W], |sum, &unit| plus(sum, unit));
        units.push([0; W]); // the last coordinate is not in the key
        Self { units, origin: layout.origin(), all }
    }

    /// From a point of the lattice to the next one along an axis of the blur.
    pub(super) fn to_next(&self, axis: usize) -> Key<W> {
        let d = self.units.len() - 1;
        minus(times(self.units[axis], d as i32 + 1), self.all)
    }
}

/// Working memory: some points side by side.
pub(super) struct Places {
    features: Vec<Lanes>,
    /// The coordinates, then what they exceed the nearest remainder-0 point by, as a part of d + 1.
    lifted: Vec<Lanes>,
    /// The nearest point whose coordinates are multiples of d + 1.
    nearest: Vec<Lanes>,
    ranks: Vec<Lanes>,
    /// The part and the axis by rank.
    ordered: Vec<(f32, u32)>,
}

impl Places {
    pub(super) fn new(features: usize) -> Self {
        let lanes = || vec![[0.0; LANES]; features + 1];
        Self {
            features: vec![[0.0; LANES]; features],
            lifted: lanes(),
            nearest: lanes(),
            ranks: lanes(),
            ordered: vec![(0.0, 0); features + 1],
        }
    }

    /// Find the simplices of the points from `first` on.
    #[inline(always)]
    pub(super) fn locate(&mut self, lift: &Lift, features: &Features, first: usize) {
        features.fill(first, &mut self.features);
        let d = lift.scales.len();
        let size = (d + 1) as f32;
        let part = 1.0 / size;
        let mut sum = [0.0; LANES];
        for j in (1..=d).rev() {
            let (scale, feature, up) = (lift.scales[j - 1], &self.features[j - 1], j as f32);
            let lifted = &mut self.lifted[j];
            for lane in 0..LANES {
                let scaled = feature[lane] * scale;
                lifted[lane] = sum[lane] - up * scaled;
                sum[lane] += scaled;
            }
        }
        self.lifted[0] = sum;
        let mut excess = [0.0; LANES];
        for (lifted, nearest) in self.lifted.iter_mut().zip(&mut self.nearest) {
            for lane in 0..LANES {
                let whole = (lifted[lane] * part + ROUND) - ROUND;
                nearest[lane] = whole * size;
                excess[lane] += whole;
            }
        }
        self.rank();
        for ((lifted, nearest), rank) in
            self.lifted.iter_mut().zip(&mut self.nearest).zip(&mut self.ranks)
        {
            for lane in 0..LANES {
                // a point beyond the plane is brought back along the axes that were rounded most
                let mut moved = rank[lane] + excess[lane];
                let shift = if moved < 0.0 {
                    size
                } else if moved > size - 1.0 {
                    -size
                } else {
                    0.0
                };
                moved += shift;
                rank[lane] = moved;
                nearest[lane] += shift;
                lifted[lane] = (lifted[lane] - nearest[lane]) * part;
            }
        }
    }

    /// The rank of each coordinate by how far it was rounded, the most rounded down first.
    #[inline(always)]
    fn rank(&mut self) {
        let count = self.lifted.len();
        for rank in &mut self.ranks {
            *rank = [0.0; LANES];
        }
        for i in 0..count {
            let mut own = self.ranks[i];
            let mut rest = [0.0; LANES];
            for lane in 0..LANES {
                rest[lane] = self.lifted[i][lane] - self.nearest[i][lane];
            }
            for j in i + 1..count {
                let (lifted, nearest) = (&self.lifted[j], &self.nearest[j]);
                let other = &mut self.ranks[j];
                for lane in 0..LANES {
                    let less =
                        if rest[lane] < lifted[lane] - nearest[lane] { 1.0 } else { 0.0 };
                    own[lane] += less;
                    other[lane] += 1.0 - less;
                }
            }
            self.ranks[i] = own;
        }
    }

    /// The keys of a point's corners, by remainder, and its barycentric coordinates.
    #[inline(always)]
    pub(super) fn corners<const W: usize>(
        &mut self,
        lane: usize,
        steps: &Steps<W>,
        keys: &mut [Key<W>],
        corners: &mut [Corner],
    ) {
        let d = self.lifted.len() - 1;
        let mut key = steps.origin;
        for i in 0..=d {
            key = plus(key, times(steps.units[i], self.nearest[i][lane] as i32));
            self.ordered[self.ranks[i][lane] as usize] = (self.lifted[i][lane], i as u32);
        }
        keys[0] = key;
        corners[0].weight = self.ordered[d].0 + (1.0 - self.ordered[0].0);
        for remainder in 1..=d {
            let (above, axis) = self.ordered[d + 1 - remainder];
            let wrapped = times(steps.units[axis as usize], d as i32 + 1);
            key = plus(key, minus(steps.all, wrapped));
            keys[remainder] = key;
            corners[remainder].weight = self.ordered[d - remainder].0 - above;
        }
    }
}
