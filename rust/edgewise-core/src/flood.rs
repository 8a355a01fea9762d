//! Region growing: the voxels that hang together with a seed and whose values lie in an interval.
//!
//! The interval is first rounded inwards to the element type, so integers of 64 bits are compared as they are; the image is read once,
//! into one bit a voxel.

use crate::{
    components::{Selection, check},
    error::{Error, Result},
    grid::{Bounds, View},
    mask::Mask,
};

/// One end of an interval of values: exact for every integer type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// A whole number.
    Integer(i128),
    /// Any number but NaN; infinite = no limit.
    Real(f64),
}

/// An element type of images.
pub trait Intensity: Copy + PartialOrd + Sync {
    /// The smallest value that is not below the limit; `None` if there is none.
    fn at_least(limit: Limit) -> Option<Self>;
    /// The largest value that is not above the limit; `None` if there is none.
    fn at_most(limit: Limit) -> Option<Self>;
    /// The ends of the interval of all `v` with `|v - self| <= tolerance`, where `tolerance` is not negative.
    fn around(self, tolerance: Limit) -> (Limit, Limit);
}

macro_rules! integers {
    ($($kind:ty)*) => {$(
        impl Intensity for $kind {
            fn at_least(limit: Limit) -> Option<Self> {
                let limit = match limit {
                    Limit::Integer(limit) => limit,
                    Limit::Real(limit) => limit.ceil() as i128, // saturates
                };
                Self::try_from(limit.max(Self::MIN.into())).ok()
            }

            fn at_most(limit: Limit) -> Option<Self> {
                let limit = match limit {
                    Limit::Integer(limit) => limit,
                    Limit::Real(limit) => limit.floor() as i128,
                };
                Self::try_from(limit.min(Self::MAX.into())).ok()
            }

            fn around(self, tolerance: Limit) -> (Limit, Limit) {
                let tolerance = match tolerance {
                    Limit::Integer(tolerance) => tolerance,
                    Limit::Real(tolerance) => tolerance.floor() as i128,
                };
                let middle = i128::from(self);
                let (lower, upper) =
                    (middle.saturating_sub(tolerance), middle.saturating_add(tolerance));
                (Limit::Integer(lower), Limit::Integer(upper))
            }
        }
    )*};
}
integers!(u8 u16 u32 u64 i8 i16 i32 i64);

macro_rules! reals {
    ($($kind:ty)*) => {$(
        impl Intensity for $kind {
            fn at_least(limit: Limit) -> Option<Self> {
                let (near, below) = match limit {
                    Limit::Integer(limit) => {
                        let near = limit as Self;
                        (near, (near as i128) < limit)
                    }
                    Limit::Real(limit) => {
                        let near = limit as Self;
                        (near, f64::from(near) < limit)
                    }
                };
                Some(if below { near.next_up() } else { near })
            }

            fn at_most(limit: Limit) -> Option<Self> {
                let (near, above) = match limit {
                    Limit::Integer(limit) => {
                        let near = limit as Self;
                        (near, (near as i128) > limit)
                    }
                    Limit::Real(limit) => {
                        let near = limit as Self;
                        (near, f64::from(near) > limit)
                    }
                };
                Some(if above { near.next_down() } else { near })
            }

            fn around(self, tolerance: Limit) -> (Limit, Limit) {
                let middle = f64::from(self);
                let tolerance = match tolerance {
                    Limit::Integer(tolerance) => tolerance as f64,
                    Limit::Real(tolerance) => tolerance,
                };
                if middle.is_infinite() && tolerance.is_infinite() {
                    return (Limit::Real(middle), Limit::Real(middle)); // inf - inf is no distance
                }
                (Limit::Real(middle - tolerance), Limit::Real(middle + tolerance))
            }
        }
    )*};
}
reals!(f32 f64);

/// The voxels connected to any seed through voxels `v` with `lower <= v <= upper`.
///
/// `None` is no limit; NaN is never inside; a seed outside the interval contributes nothing. `connectivity` as in
/// [`connected_components`](crate::components::connected_components). O(voxels); one bit per voxel and about 12 bytes per run.
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
    let seeds = seeds.iter().map(|seed| locate(image, seed)).collect::<Result<Vec<_>>>()?;
    let bounds = Bounds::whole(image.shape());
    let (lower, upper) = (checked(lower, f64::NEG_INFINITY)?, checked(upper, f64::INFINITY)?);
    let inside = match (T::at_least(lower), T::at_most(upper)) {
        (Some(lower), Some(upper)) => {
            Mask::pack(&image, &bounds, |value| lower <= value && value <= upper)
        }
        _ => Mask::zeros(image.shape(), image.axes()),
    };
    connected_to(&inside, &seeds, connectivity)
}

/// The voxels connected to `seed` through voxels that differ from the seed's value by at most `tolerance`; `None` is 0.
///
/// Integers do not wrap around. For floating values the ends of the interval are taken in double precision. A seed that is NaN is alone.
/// Cost as [`region_grow`].
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
    let tolerance = checked(tolerance, 0.0)?;
    if matches!(tolerance, Limit::Integer(..0)) || matches!(tolerance, Limit::Real(t) if t < 0.0) {
        return Err(Error::Argument(format!("tolerance must not be negative, got {tolerance:?}")));
    }
    let place = locate(image, seed)?;
    let [z, y, x] = place;
    let value = image.row(z, y)[x];
    if value.partial_cmp(&value).is_none() {
        let mut alone = Mask::zeros(image.shape(), image.axes());
        alone.set(z, y, x);
        return connected_to(&alone, &[place], connectivity);
    }
    let (lower, upper) = value.around(tolerance);
    region_grow(image, &[seed.to_vec()], Some(lower), Some(upper), connectivity)
}

fn checked(limit: Option<Limit>, default: f64) -> Result<Limit> {
    match limit {
        Some(Limit::Real(limit)) if limit.is_nan() => {
            Err(Error::Argument("a limit or tolerance must not be NaN".into()))
        }
        other => Ok(other.unwrap_or(Limit::Real(default))),
    }
}

/// The place of a seed given along the axes that the array has.
fn locate<T: Copy>(image: View<'_, T>, seed: &[i64]) -> Result<[usize; 3]> {
    let shape = &image.shape()[3 - image.axes()..];
    let mut place = [0; 3];
    let outside =
        || Error::Shape(format!("seed {seed:?} lies outside an array of shape {shape:?}"));
    if seed.len() != shape.len() {
        return Err(outside());
    }
    for (k, (index, length)) in seed.iter().zip(shape).enumerate() {
        let index = usize::try_from(*index).map_err(|_| outside())?;
        if index >= *length {
            return Err(outside());
        }
        place[3 - shape.len() + k] = index;
    }
    Ok(place)
}

/// The components of a mask that hold a seed.
fn connected_to(inside: &Mask, seeds: &[[usize; 3]], connectivity: usize) -> Result<Mask> {
    check(inside.axes(), connectivity)?;
    let mut pieces = Selection::new(inside, connectivity)?;
    for seed in seeds {
        pieces.mark(*seed);
    }
    Ok(pieces.voxels(true))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::components::tests::{arrays, neighbours};

    /// Region growing voxel by voxel.
    fn naive<T: Copy>(
        image: &[T],
        shape: [usize; 3],
        seeds: &[usize],
        connectivity: usize,
        inside: impl Fn(T) -> bool,
    ) -> Vec<u8> {
        let mut grown = vec![0; image.len()];
        let mut stack: Vec<usize> = seeds.to_vec();
        while let Some(at) = stack.pop() {
            if grown[at] == 0 && inside(image[at]) {
                grown[at] = 1;
                stack.extend(neighbours(shape, connectivity, at));
            }
        }
        grown
    }

    fn index(shape: &[usize], mut at: usize) -> Vec<i64> {
        let mut seed = Vec::new();
        for length in shape.iter().rev() {
            seed.insert(0, (at % length) as i64);
            at /= length;
        }
        seed
    }

    proptest! {
        #[test]
        fn regions_equal_their_twin(
            (shape, cells) in arrays(),
            places in proptest::collection::vec(0_usize..5000, 0..4),
            lower in -1_i8..3,
            upper in 0_i8..4,
        ) {
            let places: Vec<usize> = places.iter().map(|at| at % cells.len()).collect();
            let seeds: Vec<Vec<i64>> = places.iter().map(|at| index(&shape, *at)).collect();
            let view = View::new(&cells, &shape).unwrap();
            let floats: Vec<f64> =
                cells.iter().map(|v| if *v == 3 { f64::NAN } else { f64::from(*v) }).collect();
            let float_view = View::new(&floats, &shape).unwrap();
            for connectivity in 1..=shape.len() {
                let ends = [lower, upper].map(|v| Some(Limit::Integer(v.into())));
                let grown = region_grow(view, &seeds, ends[0], ends[1], connectivity).unwrap();
                let inside = |v: u8| i32::from(lower) <= i32::from(v) && i32::from(v) <= i32::from(upper);
                let twin = naive(&cells, view.shape(), &places, connectivity, inside);
                prop_assert_eq!(grown.to_bytes(), twin);

                let ends = [lower, upper].map(|v| Some(Limit::Real(f64::from(v) - 0.5)));
                let grown = region_grow(float_view, &seeds, ends[0], ends[1], connectivity).unwrap();
                let inside = |v: f64| f64::from(lower) - 0.5 <= v && v <= f64::from(upper) - 0.5;
                let twin = naive(&floats, view.shape(), &places, connectivity, inside);
                prop_assert_eq!(grown.to_bytes(), twin);
            }
        }

        #[test]
        fn floods_equal_their_twin((shape, cells) in arrays(), at in 0_usize..5000, tolerance in 0.0..2.5) {
            let at = at % cells.len();
            let cells: Vec<u8> = cells.iter().map(|v| v.wrapping_sub(2)).collect(); // 254, 255, 0, 1
            let view = View::new(&cells, &shape).unwrap();
            for connectivity in 1..=shape.len() {
                let tolerance = Some(Limit::Real(tolerance));
                let flooded = flood(view, &index(&shape, at), tolerance, connectivity).unwrap();
                let inside = |v: u8| {
                    let Some(Limit::Real(tolerance)) = tolerance else { return false };
                    (f64::from(v) - f64::from(cells[at])).abs() <= tolerance
                };
                let twin = naive(&cells, view.shape(), &[at], connectivity, inside);
                prop_assert_eq!(flooded.to_bytes(), twin);
            }
        }

        #[test]
        fn limits_are_rounded_inwards_to_f32(limit in any::<f64>(), value in any::<f32>()) {
            prop_assume!(!limit.is_nan() && !value.is_nan());
            let real = Limit::Real(limit);
            prop_assert_eq!(f32::at_least(real).unwrap() <= value, limit <= f64::from(value));
            prop_assert_eq!(f32::at_most(real).unwrap() >= value, limit >= f64::from(value));
        }

        #[test]
        fn limits_are_rounded_inwards_to_integers(limit in -300.0..300.0, value in any::<i8>()) {
            let real = Limit::Real(limit);
            let least = i8::at_least(real).is_some_and(|least| least <= value);
            let most = i8::at_most(real).is_some_and(|most| most >= value);
            prop_assert_eq!((least, most), (limit <= f64::from(value), limit >= f64::from(value)));
        }

        #[test]
        fn whole_limits_are_exact_in_f64(limit in any::<i64>(), step in -3_i64..4) {
            let value = limit.saturating_add(step) as f64;
            let whole = Limit::Integer(limit.into());
            prop_assert_eq!(f64::at_least(whole).unwrap() <= value, i128::from(limit) <= value as i128);
            prop_assert_eq!(f64::at_most(whole).unwrap() >= value, i128::from(limit) >= value as i128);
        }
    }

    #[test]
    fn large_integers_are_compared_exactly() {
        let image = [i64::MAX, i64::MAX - 1, i64::MIN, i64::MAX];
        let view = View::new(&image, &[4]).unwrap();
        let lower = Some(Limit::Integer(i64::MAX.into()));
        assert_eq!(region_grow(view, &[vec![0]], lower, None, 1).unwrap().to_bytes(), [1, 0, 0, 0]);
        let tolerance = Some(Limit::Integer(1));
        assert_eq!(flood(view, &[0], tolerance, 1).unwrap().to_bytes(), [1, 1, 0, 0]);
        let tolerance = Some(Limit::Real(f64::INFINITY));
        assert_eq!(flood(view, &[0], tolerance, 1).unwrap().to_bytes(), [1; 4]);
    }

    #[test]
    fn special_values() {
        let image = [f32::NAN, f32::NAN, f32::INFINITY, f32::INFINITY, 1.0, f32::NEG_INFINITY];
        let view = View::new(&image, &[6]).unwrap();
        let flooded = |seed, tolerance: f64| {
            flood(view, &[seed], Some(Limit::Real(tolerance)), 1).unwrap().to_bytes()
        };
        assert_eq!(flooded(0, 9.0), [1, 0, 0, 0, 0, 0]);
        assert_eq!(flooded(2, 9.0), [0, 0, 1, 1, 0, 0]);
        assert_eq!(flooded(2, f64::INFINITY), [0, 0, 1, 1, 0, 0]);
        assert_eq!(flooded(4, f64::INFINITY), [0, 0, 1, 1, 1, 1]);
        assert_eq!(
            region_grow(view, &[vec![2]], None, None, 1).unwrap().to_bytes(),
            [0, 0, 1, 1, 1, 1]
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let view = View::new(&[1_u8, 2, 3, 4], &[2, 2]).unwrap();
        for seed in [vec![0, 2], vec![-1, 0], vec![0]] {
            let result = region_grow(view, std::slice::from_ref(&seed), None, None, 1);
            let Err(Error::Shape(text)) = result else { panic!("accepted {seed:?}") };
            assert!(text.contains(&format!("{seed:?}")) && text.contains("[2, 2]"));
        }
        let nan = Some(Limit::Real(f64::NAN));
        assert!(matches!(region_grow(view, &[], nan, None, 1), Err(Error::Argument(_))));
        assert!(matches!(region_grow(view, &[], None, None, 3), Err(Error::Argument(_))));
        for negative in [Limit::Integer(-1), Limit::Real(-0.5)] {
            assert!(matches!(flood(view, &[0, 0], Some(negative), 1), Err(Error::Argument(_))));
        }
    }
}
