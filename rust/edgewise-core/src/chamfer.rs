//! Distance of every foreground voxel to the nearest background voxel in steps between neighbours, for any number of axes.
//!
//! Two passes over the rows in raster order, forwards and backwards (Rosenfeld and Pfaltz, "Distance functions on digital pictures", Pattern Recognition 1,
//! 1968): a row takes what the neighbouring rows before it hold plus one step, then passes it on from voxel to voxel. A shortest way is a set of steps in any
//! order, and all ways between two voxels that do not turn back stay in the array: so it may take the forward steps first, and two passes find it.
#![allow(clippy::inline_always, reason = "see `simd`")]

use crate::error::{Error, Result};
use crate::simd::{self, Isa, Kernel};

/// What a step may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Steps {
    /// To a neighbour along one axis: the sum of the offsets ("taxicab", L1).
    Taxicab,
    /// To any of the 3^n - 1 neighbours: the greatest of the offsets ("chessboard", L-infinity).
    Chessboard,
}

/// Not reached yet; so many steps may be added without overflow.
const FAR: i32 = i32::MAX / 2;

/// Distance of every foreground voxel (non-zero byte) to the nearest background voxel in steps, 0 in the background; -1 everywhere if there is no background.
/// The outside of the array is not background.
///
/// Memory: a row, and a byte for each. Cost: about 2 ns a voxel.
///
/// # Errors
/// [`Error::Shape`] unless mask, shape and distances belong together, or if the sum of the lengths of the axes exceeds 2^30.
///
/// # Examples
/// ```
/// use edgewise_core::chamfer::{Steps, transform_into};
///
/// let mut distances = [0; 6];
/// transform_into(&[0, 1, 1, 1, 1, 1], &[2, 3], Steps::Taxicab, &mut distances)?;
/// assert_eq!(distances, [0, 1, 2, 1, 2, 3]);
/// transform_into(&[0, 1, 1, 1, 1, 1], &[2, 3], Steps::Chessboard, &mut distances)?;
/// assert_eq!(distances, [0, 1, 2, 1, 1, 2]);
/// # Ok::<(), edgewise_core::Error>(())
/// ```
pub fn transform_into(
    mask: &[u8],
    shape: &[usize],
    steps: Steps,
    distances: &mut [i32],
) -> Result<()> {
    let voxels = shape.iter().try_fold(1, |all: usize, &n| all.checked_mul(n));
    let longest = shape.iter().try_fold(0, |all: usize, &n| all.checked_add(n));
    if shape.is_empty()
        || mask.is_empty()
        || voxels != Some(mask.len())
        || mask.len() != distances.len()
        || longest.is_none_or(|sum| sum > FAR as usize)
    {
        let (have, room) = (mask.len(), distances.len());
        return Err(Error::Shape(format!(
            "shape {shape:?} does not describe {have} voxels and {room} results"
        )));
    }
    if !mask.contains(&0) {
        distances.fill(-1);
        return Ok(());
    }
    // axes of length 1 have no neighbours
    let mut kept: Vec<usize> = shape.iter().copied().filter(|&n| n > 1).collect();
    if kept.is_empty() {
        kept.push(1);
    }
    simd::dispatch(Passes { mask, neighbours: Neighbours::new(&kept, steps), distances });
    Ok(())
}

/// Neighbouring rows, those before a row; mirrored, those after it.
struct Neighbours {
    /// Lengths of all axes but the fastest, and of that one.
    rows: Vec<usize>,
    width: usize,
    /// Offsets along the axes, and how many rows before they lie.
    offsets: Vec<(Vec<isize>, usize)>,
    /// Whether a step may also go along the row.
    oblique: bool,
}

impl Neighbours {
    fn new(shape: &[usize], steps: Steps) -> Self {
        let (&width, rows) = shape.split_last().unwrap_or((&1, &[]));
        let axes = rows.len();
        let oblique = steps == Steps::Chessboard;
        let mut offsets = Vec::new();
        for code in 0..3_usize.pow(axes as u32) {
            let offset: Vec<isize> =
                (0..axes).map(|k| (code / 3_usize.pow(k as u32) % 3) as isize - 1).collect();
            let moved = offset.iter().filter(|&&o| o != 0).count();
            let before = offset.iter().find(|&&o| o != 0).is_some_and(|&o| o < 0);
            if before && (oblique || moved == 1) {
                let distance =
                    offset.iter().zip(rows).fold(0, |all, (&o, &n)| all * n as isize + o);
                offsets.push((offset, distance.unsigned_abs()));
            }
        }
        Self { rows: rows.to_vec(), width, offsets, oblique }
    }

    /// How many rows before a row its neighbours lie, those that the array has.
    #[inline(always)]
    fn of(&self, index: &[usize]) -> impl Iterator<Item = usize> {
        let inside = |offset: &[isize]| {
            let mut places = index.iter().zip(offset).zip(&self.rows);
            places.all(|((&i, &o), &n)| i.checked_add_signed(o).is_some_and(|i| i < n))
        };
        self.offsets.iter().filter(move |near| inside(&near.0)).map(|near| near.1)
    }
}

struct Passes<'a> {
    mask: &'a [u8],
    neighbours: Neighbours,
    distances: &'a mut [i32],
}

impl Kernel for Passes<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, _: S) {
        let Self { mask, neighbours, distances } = self;
        let width = neighbours.width;
        // one voxel more at either end
        let mut least = vec![FAR; width + 2];
        let mut index = vec![0; neighbours.rows.len()];
        let rows = mask.len() / width;
        let mut filled = vec![false; rows];
        for (row, filled) in filled.iter_mut().enumerate() {
            let (before, rest) = distances.split_at_mut(row * width);
            let own = &mut rest[..width];
            let mask = &mask[row * width..][..width];
            let mut any = 0;
            for (value, &byte) in own.iter_mut().zip(mask) {
                *value = if byte == 0 { 0 } else { FAR };
                any |= byte;
            }
            if any != 0 {
                *filled = true;
                let near = neighbours.of(&index);
                let near = near.map(|distance| &before[(row - distance) * width..][..width]);
                take(own, near, neighbours.oblique, &mut least);
                along(own.iter_mut());
            }
            step(&mut index, &neighbours.rows);
        }
        index.fill(0);
        for (row, &filled) in filled.iter().enumerate().rev() {
            if filled {
                let (rest, after) = distances.split_at_mut((row + 1) * width);
                let own = &mut rest[row * width..];
                // seen from the other end the array is the same
                let near = neighbours.of(&index);
                let near = near.map(|distance| &after[(distance - 1) * width..][..width]);
                take(own, near, neighbours.oblique, &mut least);
                along(own.iter_mut().rev());
            }
            step(&mut index, &neighbours.rows);
        }
    }
}

/// Steps along a row.
#[inline(always)]
fn along<'r>(row: impl Iterator<Item = &'r mut i32>) {
    let mut last = FAR;
    for value in row {
        last = (*value).min(last + 1);
        *value = last;
    }
}

/// The next row in raster order.
#[inline(always)]
fn step(index: &mut [usize], rows: &[usize]) {
    for (i, &n) in index.iter_mut().zip(rows).rev() {
        *i += 1;
        if *i < n {
            break;
        }
        *i = 0;
    }
}

/// A step from the nearest of the neighbouring rows, `oblique` steps too; `least` has one voxel more at either end.
#[inline(always)]
fn take<'r>(
    own: &mut [i32],
    mut near: impl Iterator<Item = &'r [i32]>,
    oblique: bool,
    least: &mut [i32],
) {
    let width = own.len();
    let Some(first) = near.next() else { return };
    least[1..=width].copy_from_slice(first);
    for row in near {
        for (value, &other) in least[1..=width].iter_mut().zip(row) {
            *value = other.min(*value);
        }
    }
    if oblique {
        let (left, here, right) = (&least[..width], &least[1..=width], &least[2..]);
        for (((value, &a), &b), &c) in own.iter_mut().zip(left).zip(here).zip(right) {
            *value = (*value).min(a.min(b).min(c) + 1);
        }
    } else {
        for (value, &other) in own.iter_mut().zip(&least[1..=width]) {
            *value = (*value).min(other + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::simd::tests::at_every_level;

    fn naive(mask: &[u8], shape: &[usize], steps: Steps) -> Vec<i32> {
        let index = |mut at: usize| {
            let mut index = vec![0_i32; shape.len()];
            for axis in (0..index.len()).rev() {
                index[axis] = (at % shape[axis]) as i32;
                at /= shape[axis];
            }
            index
        };
        let background: Vec<_> = (0..mask.len()).filter(|&i| mask[i] == 0).map(index).collect();
        let nearest = |i: usize| {
            let here = index(i);
            let all = background.iter().map(|there| {
                let offsets = here.iter().zip(there).map(|(a, b)| (a - b).abs());
                match steps {
                    Steps::Taxicab => offsets.sum(),
                    Steps::Chessboard => offsets.max().unwrap_or(0),
                }
            });
            all.min().unwrap_or(-1)
        };
        (0..mask.len()).map(nearest).collect()
    }

    fn shapes() -> impl Strategy<Value = Vec<usize>> {
        let edge = prop::sample::select(vec![1, 2, 63, 64, 65]);
        prop_oneof![
            edge.clone().prop_map(|n| vec![n]),
            (edge.clone(), 1..8_usize).prop_map(|(n, m)| vec![n, m]),
            (1..8_usize, edge.clone()).prop_map(|(n, m)| vec![n, m]),
            (1..9_usize, 1..9_usize, 1..20_usize).prop_map(|(a, b, c)| vec![a, b, c]),
            prop::collection::vec(1..5_usize, 4..=5),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn the_least_of_all_numbers_of_steps_is_found(
            (shape, mask) in (shapes(), prop::sample::select(vec![0.0, 0.5, 0.95, 0.997, 1.0]))
                .prop_flat_map(|(shape, fraction)| {
                    let byte = prop::bool::weighted(fraction).prop_map(u8::from);
                    let voxels = shape.iter().product::<usize>();
                    (Just(shape), prop::collection::vec(byte, voxels))
                }),
        ) {
            for steps in [Steps::Taxicab, Steps::Chessboard] {
                let expected = naive(&mask, &shape, steps);
                at_every_level(|_| {
                    let mut found = vec![7; mask.len()];
                    transform_into(&mask, &shape, steps, &mut found).unwrap();
                    assert_eq!(found, expected);
                });
            }
        }
    }

    #[test]
    fn what_does_not_belong_together_is_refused() {
        for (shape, room) in [(&[2, 2][..], 4), (&[3], 2), (&[], 3)] {
            assert!(transform_into(&[0, 1, 1], shape, Steps::Taxicab, &mut vec![0; room]).is_err());
        }
    }
}
