//! Which simplex of the permutohedral lattice each feature vector lies in, and where in it.
//!
//! Adams, Baek, Davis, "Fast high-dimensional filtering using the permutohedral lattice", Eurographics 2010, sections 3 and 4. A vector of d features
//! is lifted into the plane of d + 1 coordinates whose sum is 0; the lattice's points there have coordinates that are all equal modulo d + 1. Rounding
//! is half to even, and all is done in single precision in one fixed order, because which points exist depends on it.
use crate::error::{Error, Result};

use super::features::{Features, LANES, Lanes};
use super::keys::{Key, LARGEST, Layout, minus, plus, times};

/// A corner of the simplex around a point: the row of its value, and the bits of its barycentric coordinate.
pub(super) type Corner = [u32; 2];

/// The row of a corner's value.
#[inline(always)]
pub(super) fn row_of(corner: Corner) -> usize {
    corner[0] as usize
}

/// The barycentric coordinate that belongs to a corner.
#[inline(always)]
pub(super) fn weight_of(corner: Corner) -> f32 {
    f32::from_bits(corner[1])
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
        let whole = |(low, high): (f64, f64)| {
            let fits = low > -LARGEST && high < LARGEST;
            fits.then(|| (low.floor() as i32 - margin, high.ceil() as i32 + margin))
        };
        let whole: Option<Vec<_>> = (0..d).map(|j| whole(lifted(j))).collect();
        whole.map(|ranges| Layout::new(&ranges)).ok_or_else(|| features.too_far(&ranges))
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
}

/// A simplex: the key of its remainder-0 corner, and the axes by rank, four bits each (with more than 16 of them not all).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Simplex<const W: usize> {
    pub(super) key: Key<W>,
    pub(super) axes: u64,
}

impl<const W: usize> Simplex<W> {
    /// Not to be found anywhere: no axis comes twice.
    pub(super) const NOWHERE: Self = Self { key: [0; W], axes: u64::MAX };
}

/// By rank: what a coordinate exceeds the nearest point by, as a part of d + 1, and which one it is.
type Ordered = [(f32, u32)];

impl Places {
    pub(super) fn new(features: usize) -> Self {
        let lanes = || vec![[0.0; LANES]; features + 1];
        Self {
            features: vec![[0.0; LANES]; features],
            lifted: lanes(),
            nearest: lanes(),
            ranks: lanes(),
        }
    }

    /// Find the simplices of the points from `first` on. `N`: the number of coordinates if it is known to the compiler, else 0.
    #[inline(always)]
    pub(super) fn locate<const N: usize>(
        &mut self,
        lift: &Lift,
        features: &Features,
        first: usize,
    ) {
        features.fill(first, &mut self.features);
        let count = if N > 0 { N } else { self.lifted.len() };
        let d = count - 1;
        let (values, scales) = (&self.features[..d], &lift.scales[..d]);
        let lifted = &mut self.lifted[..count];
        let nearest = &mut self.nearest[..count];
        let ranks = &mut self.ranks[..count];
        let size = count as f32;
        let part = 1.0 / size;
        let mut sum = [0.0; LANES];
        for j in (1..=d).rev() {
            for lane in 0..LANES {
                let scaled = values[j - 1][lane] * scales[j - 1];
                lifted[j][lane] = sum[lane] - j as f32 * scaled;
                sum[lane] += scaled;
            }
        }
        lifted[0] = sum;
        let mut excess = [0.0; LANES];
        for (lifted, nearest) in lifted.iter().zip(nearest.iter_mut()) {
            for lane in 0..LANES {
                let whole = (lifted[lane] * part + ROUND) - ROUND;
                nearest[lane] = whole * size;
                excess[lane] += whole;
            }
        }
        rank(lifted, nearest, ranks);
        for i in 0..count {
            for lane in 0..LANES {
                // a point beyond the plane is brought back along the axes that were rounded most
                let moved = ranks[i][lane] + excess[lane];
                let down = if moved < 0.0 { size } else { 0.0 };
                let up = if moved > size - 1.0 { size } else { 0.0 };
                ranks[i][lane] = moved + (down - up);
                nearest[i][lane] += down - up;
                lifted[i][lane] = (lifted[i][lane] - nearest[i][lane]) * part;
            }
        }
    }

    /// The simplex of a point, and the barycentric coordinates of the point, by remainder.
    #[inline(always)]
    pub(super) fn simplex<const N: usize, const W: usize>(
        &self,
        lane: usize,
        steps: &Steps<W>,
        ordered: &mut Ordered,
        corners: &mut [Corner],
    ) -> Simplex<W> {
        let count = if N > 0 { N } else { self.lifted.len() };
        let d = count - 1;
        let (nearest, ranks) = (&self.nearest[..count], &self.ranks[..count]);
        let (ordered, corners) = (&mut ordered[..count], &mut corners[..count]);
        let mut key = steps.origin;
        let mut axes = 0;
        for i in 0..count {
            key = plus(key, times(steps.units[i], nearest[i][lane] as i32));
            let rank = ranks[i][lane] as usize;
            ordered[rank] = (self.lifted[i][lane], i as u32);
            axes |= (i as u64) << ((4 * rank) & 63);
        }
        corners[0][1] = (ordered[d].0 + (1.0 - ordered[0].0)).to_bits();
        for remainder in 1..count {
            let weight = ordered[d - remainder].0 - ordered[d + 1 - remainder].0;
            corners[remainder][1] = weight.to_bits();
        }
        Simplex { key, axes }
    }
}

/// The rank of each coordinate by how far it was rounded, the most rounded down first.
#[inline(always)]
fn rank(lifted: &[Lanes], nearest: &[Lanes], ranks: &mut [Lanes]) {
    let count = lifted.len();
    for rank in ranks.iter_mut() {
        *rank = [0.0; LANES];
    }
    for i in 0..count {
        for j in i + 1..count {
            for lane in 0..LANES {
                let (a, b) =
                    (lifted[i][lane] - nearest[i][lane], lifted[j][lane] - nearest[j][lane]);
                let less = if a < b { 1.0 } else { 0.0 };
                ranks[i][lane] += less;
                ranks[j][lane] += 1.0 - less;
            }
        }
    }
}

/// The keys of a simplex's corners, by remainder.
#[inline(always)]
pub(super) fn corner_keys<const W: usize>(
    simplex: &Simplex<W>,
    ordered: &Ordered,
    steps: &Steps<W>,
) -> impl Iterator<Item = Key<W>> {
    let count = ordered.len();
    let mut key = simplex.key;
    (0..count).map(move |remainder| {
        if remainder > 0 {
            let axis = ordered[count - remainder].1;
            let wrapped = times(steps.units[axis as usize], count as i32);
            key = plus(key, minus(steps.all, wrapped));
        }
        key
    })
}
