//! The feature vectors of a grid's points: where a point lies and what the image holds there, each divided by its sigma.

use crate::error::Error;

/// Points that are computed side by side.
pub(super) const LANES: usize = 16;

/// One number for each of them.
pub(super) type Lanes = [f32; LANES];

/// Feature vectors, made as they are needed.
pub(super) struct Features<'a> {
    shape: Vec<usize>,
    /// By axis: index / sigma.
    positions: Vec<Vec<f32>>,
    /// Which feature each axis is.
    place: Vec<usize>,
    /// Channels of the image, one after the other.
    image: &'a [f32],
    /// One value per channel.
    sigmas: Vec<f32>,
}

impl<'a> Features<'a> {
    /// `sigma` counts elements of the grid, `image` holds as many channels as `sigmas` has values.
    ///
    /// The axes of a plane come last first (x, y), those of other grids as they are; channels follow. The lattice does not treat all features
    /// alike, and this is the order that gives the numbers of the authors' program.
    pub(super) fn new(
        shape: &[usize],
        sigma: &[f32],
        (image, sigmas): (&'a [f32], &[f32]),
    ) -> Self {
        let axes = shape.len();
        let table = |(&n, &sigma): (&usize, &f32)| (0..n).map(|i| i as f32 / sigma).collect();
        let place = if axes == 2 { vec![1, 0] } else { (0..axes).collect() };
        Self {
            shape: shape.to_vec(),
            positions: shape.iter().zip(sigma).map(table).collect(),
            place,
            image,
            sigmas: sigmas.to_vec(),
        }
    }

    /// How many features a point has.
    pub(super) fn count(&self) -> usize {
        self.shape.len() + self.sigmas.len()
    }

    /// How many points there are.
    pub(super) fn points(&self) -> usize {
        self.shape.iter().product()
    }

    /// The least and the greatest value of each feature; `None` if one is not finite.
    pub(super) fn ranges(&self) -> Option<Vec<(f64, f64)>> {
        let mut ranges = vec![(0.0, 0.0); self.count()];
        for (positions, &place) in self.positions.iter().zip(&self.place) {
            ranges[place].1 = positions.last().copied().unwrap_or(0.0).into();
        }
        for (channel, &sigma) in self.sigmas.iter().enumerate() {
            let values = &self.image[channel * self.points()..][..self.points()];
            let (low, high) = finite_range(values)?;
            ranges[self.shape.len() + channel] = ((low / sigma).into(), (high / sigma).into());
        }
        Some(ranges)
    }

    /// What to say if the lattice cannot hold these ranges: which feature reaches farthest.
    pub(super) fn too_far(&self, ranges: &[(f64, f64)]) -> Error {
        let reach = |&(low, high): &(f64, f64)| high.max(-low);
        let far =
            (0..ranges.len()).max_by(|&a, &b| reach(&ranges[a]).total_cmp(&reach(&ranges[b])));
        let far = far.unwrap_or(0);
        let what = match self.place.iter().position(|&place| place == far) {
            Some(axis) => format!("positions along axis {axis}"),
            None => format!("values of channel {} of the image", far - self.shape.len()),
        };
        Error::Argument(format!(
            "{what} are up to {:.3e} times their sigma, single precision places about a million: the sigma must be larger",
            ranges.get(far).map_or(0.0, reach)
        ))
    }

    /// The features of the points from `first` on; those beyond the last point are 0 or repeat it.
    #[inline(always)]
    pub(super) fn fill(&self, first: usize, block: &mut [Lanes]) {
        let axes = self.shape.len();
        let points = self.points();
        let width = self.shape[axes - 1];
        let here = LANES.min(points - first);
        let mut left = first;
        let x = left % width;
        left /= width;
        if x + LANES <= width {
            block[self.place[axes - 1]].copy_from_slice(&self.positions[axes - 1][x..x + LANES]);
            for axis in (0..axes - 1).rev() {
                block[self.place[axis]] = [self.positions[axis][left % self.shape[axis]]; LANES];
                left /= self.shape[axis];
            }
        } else {
            // a block that crosses the end of a row, or of the grid
            let mut stride = 1;
            for axis in (0..axes).rev() {
                let (n, positions) = (self.shape[axis], &self.positions[axis]);
                for (lane, value) in block[self.place[axis]].iter_mut().enumerate() {
                    *value = positions[(first + lane).min(points - 1) / stride % n];
                }
                stride *= n;
            }
        }
        for (channel, &sigma) in self.sigmas.iter().enumerate() {
            let values = &self.image[channel * points + first..][..here];
            let feature = &mut block[axes + channel];
            if let Some(values) = values.first_chunk::<LANES>() {
                for lane in 0..LANES {
                    feature[lane] = values[lane] / sigma;
                }
            } else {
                *feature = [0.0; LANES];
                for (feature, value) in feature.iter_mut().zip(values) {
                    *feature = value / sigma;
                }
            }
        }
    }
}

/// Least and greatest of some numbers, if all are finite.
fn finite_range(values: &[f32]) -> Option<(f32, f32)> {
    let (blocks, rest) = values.as_chunks::<LANES>();
    let (mut low, mut high, mut sum) = ([f32::MAX; LANES], [f32::MIN; LANES], [0.0; LANES]);
    let mut take = |lane: usize, value: f32| {
        low[lane] = if value < low[lane] { value } else { low[lane] };
        high[lane] = if value > high[lane] { value } else { high[lane] };
        sum[lane] += value * 0.0; // NaN if the value is not finite
    };
    for block in blocks {
        for (lane, &value) in block.iter().enumerate() {
            take(lane, value);
        }
    }
    for &value in rest {
        take(0, value);
    }
    let fine = sum.iter().all(|&zero| zero == 0.0);
    let low = low.into_iter().fold(f32::MAX, f32::min);
    let high = high.into_iter().fold(f32::MIN, f32::max);
    fine.then_some((low, high))
}
