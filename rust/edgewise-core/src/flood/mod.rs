//! Region growing: the voxels that hang together with a seed and whose values lie in an interval.
//!
//! The interval is first rounded inwards to the element type, so integers of 64 bits are compared as they are; the image is read at most once,
//! into one bit a voxel. A small region costs what it touches (`local`); one that grows beyond a share of the image is found among the
//! components of all voxels inside the interval.

mod limit;
mod local;
#[cfg(test)]
mod tests;

use crate::{
    components::{Selection, check},
    error::{Error, Result},
    grid::View,
    mask::Mask,
};

pub use limit::{Intensity, Limit};
use local::{Grown, Local};

/// The voxels connected to any seed through voxels `v` with `lower <= v <= upper`.
///
/// `None` is no limit; NaN is never inside; a seed outside the interval contributes nothing. `connectivity` as in
/// [`connected_components`](crate::components::connected_components). A region of few runs (stretches along a row) costs the rows it touches;
/// otherwise O(voxels). Memory beyond the result: at most 7/16 byte a voxel and 4 bytes a run of the voxels inside the interval.
///
/// # Errors
/// [`Error::Shape`] if a seed lies outside the array; [`Error::Argument`] if a limit is NaN, or unless `connectivity` is 1 to the
/// number of axes.
///
/// ```
/// # use edgewise_core::{View, flood::{Limit, region_grow}};
/// let image = [1.0, 2.0, 2.5, 9.0, 2.0_f32];
/// let grown = region_grow(View::new(&image, &[5])?, &[vec![1]], None, Some(Limit::Integer(3)), 1)?;
/// assert_eq!(grown.to_bytes(), [1, 1, 1, 0, 0]);
/// # Ok::<(), edgewise_core::Error>(())
/// ```
pub fn region_grow<T: Intensity>(
    image: View<'_, T>,
    seeds: &[Vec<i64>],
    lower: Option<Limit>,
    upper: Option<Limit>,
    connectivity: usize,
) -> Result<Mask> {
    let region = Region::of_interval(image, seeds, lower, upper, connectivity)?;
    region.grow(image).map(|grown| grown.mask.reshaped(image.shape(), image.axes()))
}

/// The same into an array of zeros in the order of the image: 1 in the region. Elsewhere little is written, so that pages of a fresh array stay untouched.
///
/// # Errors
/// As [`region_grow`]; and [`Error::Shape`] unless `grown` has as many elements as the image.
pub fn region_grow_into<T: Intensity>(
    image: View<'_, T>,
    seeds: &[Vec<i64>],
    lower: Option<Limit>,
    upper: Option<Limit>,
    connectivity: usize,
    grown: &mut [u8],
) -> Result<()> {
    Region::of_interval(image, seeds, lower, upper, connectivity)?.grow(image)?.write(grown)
}

/// The voxels connected to `seed` through voxels that differ from the seed's value by at most `tolerance`; `None` is 0.
///
/// Integers do not wrap around. For floating values the ends of the interval are taken in double precision. A seed that is NaN is alone.
/// Cost and memory as [`region_grow`].
///
/// # Errors
/// [`Error::Shape`] if the seed lies outside the array; [`Error::Argument`] if the tolerance is negative or NaN, or unless
/// `connectivity` is 1 to the number of axes.
///
/// ```
/// # use edgewise_core::{View, flood::{Limit, flood}};
/// let image = [250, 255, 3, 254_u8];
/// let flooded = flood(View::new(&image, &[4])?, &[1], Some(Limit::Real(5.5)), 1)?;
/// assert_eq!(flooded.to_bytes(), [1, 1, 0, 0]);
/// # Ok::<(), edgewise_core::Error>(())
/// ```
pub fn flood<T: Intensity>(
    image: View<'_, T>,
    seed: &[i64],
    tolerance: Option<Limit>,
    connectivity: usize,
) -> Result<Mask> {
    let region = Region::around(image, seed, tolerance, connectivity)?;
    region.grow(image).map(|grown| grown.mask.reshaped(image.shape(), image.axes()))
}

/// The same into an array of zeros, as [`region_grow_into`].
///
/// # Errors
/// As [`flood`]; and [`Error::Shape`] unless `flooded` has as many elements as the image.
pub fn flood_into<T: Intensity>(
    image: View<'_, T>,
    seed: &[i64],
    tolerance: Option<Limit>,
    connectivity: usize,
    flooded: &mut [u8],
) -> Result<()> {
    Region::around(image, seed, tolerance, connectivity)?.grow(image)?.write(flooded)
}

/// A region is small while it has taken less than one run for so many voxels of the image (and a few): then growing it run by run has cost a few
/// hundredths of the other way.
const VOXELS_PER_RUN: usize = 2048;
const A_FEW_RUNS: usize = 64;

/// What to grow: from which elements, and within which values.
struct Region<T> {
    seeds: Vec<usize>,
    interval: Option<(T, T)>,
    alone: bool, // whether the seeds are the region, without an interval
    connectivity: usize,
}

impl<T: Intensity> Region<T> {
    fn of_interval(
        image: View<'_, T>,
        seeds: &[Vec<i64>],
        lower: Option<Limit>,
        upper: Option<Limit>,
        connectivity: usize,
    ) -> Result<Self> {
        check(image.axes(), connectivity)?;
        let seeds = seeds.iter().map(|seed| locate(image, seed)).collect::<Result<Vec<_>>>()?;
        let (lower, upper) = (checked(lower, f64::NEG_INFINITY)?, checked(upper, f64::INFINITY)?);
        let interval = T::at_least(lower).zip(T::at_most(upper));
        Ok(Self { seeds, interval, alone: false, connectivity })
    }

    fn around(
        image: View<'_, T>,
        seed: &[i64],
        tolerance: Option<Limit>,
        connectivity: usize,
    ) -> Result<Self> {
        let tolerance = checked(tolerance, 0.0)?;
        if matches!(tolerance, Limit::Integer(..0))
            || matches!(tolerance, Limit::Real(t) if t < 0.0)
        {
            let text = format!("tolerance must not be negative, got {tolerance:?}");
            return Err(Error::Argument(text));
        }
        check(image.axes(), connectivity)?;
        let place = locate(image, seed)?;
        let value = image.data()[place];
        if value.partial_cmp(&value).is_none() {
            return Ok(Self { seeds: vec![place], interval: None, alone: true, connectivity });
        }
        let (lower, upper) = value.around(tolerance);
        Self::of_interval(image, &[seed.to_vec()], Some(lower), Some(upper), connectivity)
    }

    /// The region, on the grid of the squeezed image.
    fn grow(&self, image: View<'_, T>) -> Result<Grown> {
        self.grow_locally(image, image.data().len() / VOXELS_PER_RUN + A_FEW_RUNS)
    }

    /// The same, run by run until it has `enough` of them.
    fn grow_locally(&self, image: View<'_, T>, enough: usize) -> Result<Grown> {
        let image = image.squeezed();
        let [_, height, width] = image.shape();
        let place = |at: &usize| [at / (height * width), at / width % height, at % width];
        let seeds: Vec<_> = self.seeds.iter().map(place).collect();
        let connectivity = self.connectivity.min(image.axes());
        let Some((lower, upper)) = self.interval else {
            return Ok(Grown::only(&image, if self.alone { &seeds } else { &[] }));
        };
        #[allow(clippy::needless_bitwise_bool, reason = "a branch makes AVX2 code 8 times slower")]
        let is_inside = |value| (lower <= value) & (value <= upper);
        match Local::new(image, is_inside, connectivity)?.grow(&seeds, enough) {
            Ok(grown) => Ok(grown),
            Err(inside) => {
                let mut pieces = Selection::new(&inside, connectivity)?;
                for seed in seeds {
                    pieces.mark(seed);
                }
                Ok(Grown::all(pieces.voxels(true)))
            }
        }
    }
}

fn checked(limit: Option<Limit>, default: f64) -> Result<Limit> {
    match limit {
        Some(Limit::Real(limit)) if limit.is_nan() => {
            Err(Error::Argument("a limit or tolerance must not be NaN".into()))
        }
        other => Ok(other.unwrap_or(Limit::Real(default))),
    }
}

/// The element of a seed given along the axes that the array has.
fn locate<T: Copy>(image: View<'_, T>, seed: &[i64]) -> Result<usize> {
    let shape = &image.shape()[3 - image.axes()..];
    let outside =
        || Error::Shape(format!("seed {seed:?} lies outside an array of shape {shape:?}"));
    if seed.len() != shape.len() {
        return Err(outside());
    }
    seed.iter().zip(shape).try_fold(0, |at, (index, length)| {
        let index = usize::try_from(*index).map_err(|_| outside())?;
        if index < *length { Ok(at * length + index) } else { Err(outside()) }
    })
}
