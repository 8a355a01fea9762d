//! Boundaries of masks: their outermost voxels, or the pieces of surface between voxels (surfels).
//!
//! Everything works on 64 voxels at a time; cost is a few nanoseconds per 64 voxels, whatever the mask. Only real axes ([`Mask::axes`]) have
//! neighbours and an outside; an axis of length 1 that the array has is real, so every voxel of it touches the outside.

#![allow(clippy::inline_always, reason = "see `simd`")]

mod inner;
mod surfels;

use std::str::FromStr;

use crate::error::{Error, Result};
use crate::mask::Mask;
use crate::padded::{Layout, Padded};

pub(crate) use surfels::{Codes, padded_surfels};
pub use surfels::{SurfelWeights, Surfels, surfels};

/// Which voxels of a set are its boundary: those with a neighbour outside of the set, by kind of neighbour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Boundary {
    /// Neighbours across a face: 2, 4, 6 in one, two, three axes.
    Face,
    /// Neighbours that differ along at most two axes: 2, 8, 18.
    Edge18,
    /// All neighbours: 2, 8, 26.
    Full,
}

impl FromStr for Boundary {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self> {
        match word {
            "face" => Ok(Self::Face),
            "edge18" => Ok(Self::Edge18),
            "full" => Ok(Self::Full),
            _ => Err(Error::Argument(format!(
                "boundary must be 'face', 'edge18' or 'full', got '{word}'"
            ))),
        }
    }
}

/// What lies outside of the array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Edge {
    /// Background: voxels at the edge of the array are boundary.
    Background,
    /// Foreground: the edge of the array makes no boundary.
    Foreground,
}

impl FromStr for Edge {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self> {
        match word {
            "background" => Ok(Self::Background),
            "foreground" => Ok(Self::Foreground),
            _ => Err(Error::Argument(format!(
                "edge must be 'background' or 'foreground', got '{word}'"
            ))),
        }
    }
}
/// The voxels of a mask that have a neighbour which is neither in the mask nor ignored.
///
/// Ignored voxels are neither foreground nor background: they are not in the result and create no boundary next to them. What is outside of the
/// array counts as `edge` says. In a crop, a layer of voxels around the mask's box stands in for the array outside of the crop, wherever the
/// array has one.
///
/// # Panics
/// If `ignored` has another shape.
pub fn boundary(mask: &Mask, rule: Boundary, edge: Edge, ignored: Option<&Mask>) -> Mask {
    let mut result = Mask::zeros(mask.shape(), mask.axes());
    let layout = Layout::dense(mask);
    outline(mask, (rule, edge), ignored, result.words_mut(), &layout, false);
    result
}

/// The same, with room around it; in rayon's current pool if `parallel`.
pub(crate) fn padded_boundary(
    mask: &Mask,
    (rule, edge): (Boundary, Edge),
    ignored: Option<&Mask>,
    room: [usize; 2],
    parallel: bool,
) -> Padded {
    let mut result = Padded::zeros(mask.shape(), room);
    let layout = *result.layout();
    outline(mask, (rule, edge), ignored, result.rows_mut(), &layout, parallel);
    result
}

fn outline(
    mask: &Mask,
    rules: (Boundary, Edge),
    ignored: Option<&Mask>,
    words: &mut [u64],
    layout: &Layout,
    parallel: bool,
) {
    if mask.words().is_empty() {
        return;
    }
    let Some(ignored) = ignored else {
        inner::outline(mask, mask, rules, words, layout, parallel);
        return;
    };
    let (mut own, mut solid) = (mask.clone(), mask.clone());
    own.and_not(ignored);
    solid.or(ignored);
    inner::outline(&own, &solid, rules, words, layout, parallel);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parallel;
    use crate::simd::tests::at_every_level;
    use proptest::prelude::*;

    /// Shape, number of axes, and values: 0 background, 1 foreground, 2 ignored (in the set or not: 3).
    fn arrays() -> impl Strategy<Value = ([usize; 3], usize, Vec<u8>)> {
        let columns = prop::sample::select(vec![1_usize, 2, 63, 64, 65, 130]);
        let values =
            prop::sample::select(vec![vec![0_u8, 1], vec![1, 1, 1, 1, 0], vec![0, 1, 1, 1, 2, 3]]);
        (1..4_usize, 1..5_usize, 1..7_usize, columns, values).prop_flat_map(
            |(axes, z, y, x, values)| {
                let shape = [if axes == 3 { z } else { 1 }, if axes >= 2 { y } else { 1 }, x];
                let data = prop::collection::vec(
                    prop::sample::select(values),
                    shape.iter().product::<usize>(),
                );
                (Just(shape), Just(axes), data)
            },
        )
    }

    fn packed(shape: [usize; 3], axes: usize, data: &[u8], rule: impl Fn(u8) -> bool) -> Mask {
        let bytes: Vec<u8> = data.iter().map(|&v| u8::from(rule(v))).collect();
        Mask::from_bytes(&bytes, shape, axes).unwrap()
    }

    /// The set without the room around it, in which nothing may be.
    fn dense(padded: &Padded, axes: usize) -> Mask {
        let mut mask = Mask::zeros(padded.shape(), axes);
        for z in 0..mask.shape()[0] {
            for y in 0..mask.shape()[1] {
                mask.row_mut(z, y).copy_from_slice(padded.row(z, y));
            }
        }
        let members = padded.words().iter().map(|word| u64::from(word.count_ones()));
        assert_eq!(members.sum::<u64>(), mask.count());
        mask
    }

    /// The value at an index that may lie outside.
    fn at(shape: [usize; 3], data: &[u8], index: [i64; 3]) -> Option<u8> {
        let inside = (0..3).all(|k| (0..shape[k] as i64).contains(&index[k]));
        let [z, y, x] = index.map(|i| i as usize);
        inside.then(|| data[(z * shape[1] + y) * shape[2] + x])
    }

    fn steps(axes: usize) -> Vec<[i64; 3]> {
        let range = |real: bool| if real { -1..=1 } else { 0..=0 };
        let mut all = vec![];
        for dz in range(axes == 3) {
            for dy in range(axes >= 2) {
                for dx in -1..=1 {
                    all.push([dz, dy, dx]);
                }
            }
        }
        all
    }

    fn naive_boundary(shape: [usize; 3], axes: usize, data: &[u8], reach: i64, edge: Edge) -> Mask {
        let mut result = Mask::zeros(shape, axes);
        for (i, &value) in data.iter().enumerate() {
            let here = [i / (shape[1] * shape[2]), i / shape[2] % shape[1], i % shape[2]];
            let open = steps(axes).into_iter().any(|step| {
                let far = step.iter().map(|d| d.abs()).sum::<i64>();
                let place = [0, 1, 2].map(|k| here[k] as i64 + step[k]);
                far <= reach
                    && match at(shape, data, place) {
                        Some(neighbour) => neighbour == 0,
                        None => edge == Edge::Background,
                    }
            });
            if value == 1 && open {
                result.set(here[0], here[1], here[2]);
            }
        }
        result
    }

    proptest! {
        #[test]
        fn boundary_is_what_its_definition_says((shape, axes, data) in arrays()) {
            let mask = packed(shape, axes, &data, |v| v % 2 == 1);
            let ignored = packed(shape, axes, &data, |v| v >= 2);
            for (rule, reach) in [(Boundary::Face, 1), (Boundary::Edge18, 2), (Boundary::Full, 3)] {
                for edge in [Edge::Background, Edge::Foreground] {
                    let expected = naive_boundary(shape, axes, &data, reach, edge);
                    let ignored = (!ignored.is_empty()).then_some(&ignored);
                    let mut found = vec![];
                    at_every_level(|_| found.push(boundary(&mask, rule, edge, ignored)));
                    for room in [[0, 0], [2, 1]] {
                        let padded = |p| padded_boundary(&mask, (rule, edge), ignored, room, p);
                        found.extend([1, 2].map(|threads| dense(&parallel::install(threads, padded), axes)));
                    }
                    for found in found {
                        prop_assert_eq!(&found, &expected, "{:?} {:?}", rule, edge);
                    }
                }
            }
        }

        #[test]
        fn surfels_are_the_mixed_blocks((shape, axes, data) in arrays()) {
            let mask = packed(shape, axes, &data, |v| v % 2 == 1);
            let ignored = packed(shape, axes, &data, |v| v >= 2);
            let found = surfels(&mask, Some(&ignored));
            let mut again = vec![];
            at_every_level(|_| again.push(surfels(&mask, Some(&ignored))));
            let mut again: Vec<_> = again.iter().map(|one| one.positions().clone()).collect();
            let padded = |p| padded_surfels(&mask, Some(&ignored), [1, 2], p);
            again.extend([1, 2].map(|threads| dense(&parallel::install(threads, padded), axes)));
            for again in again {
                prop_assert_eq!(&again, found.positions());
            }
            let mut visited = vec![];
            found.for_each(|z, y, x, code| visited.push((z, y, x, code)));
            let real = |k: usize| usize::from(k >= 3 - axes);
            let mut expected = vec![];
            for z in 0..shape[0] + real(0) {
                for y in 0..shape[1] + real(1) {
                    for x in 0..=shape[2] {
                        let corners: Vec<u8> = steps(axes)
                            .into_iter()
                            .filter(|step| step.iter().all(|&d| d <= 0))
                            .map(|[dz, dy, dx]| [z as i64 + dz, y as i64 + dy, x as i64 + dx])
                            .map(|index| at(shape, &data, index).unwrap_or(0))
                            .collect();
                        let code = corners.iter().fold(0_u8, |code, v| code << 1 | (v & 1));
                        let mixed = corners.contains(&0) && corners.contains(&1);
                        if mixed && corners.iter().all(|&v| v < 2) {
                            expected.push((z, y, x, code));
                            prop_assert_eq!(found.code_at(z, y, x), code);
                        }
                    }
                }
            }
            prop_assert_eq!(found.positions().count() as usize, expected.len());
            prop_assert_eq!(visited, expected);
        }
    }

    #[test]
    fn words_name_the_rules() {
        assert_eq!("edge18".parse(), Ok(Boundary::Edge18));
        assert_eq!("foreground".parse(), Ok(Edge::Foreground));
        assert!("surfel".parse::<Boundary>().is_err() && "none".parse::<Edge>().is_err());
    }
}
