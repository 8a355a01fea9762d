//! Distances between sets of points in any number of dimensions.
//!
//! The directed Hausdorff distance asks for the point that is farthest from the other set, so a point is done with as soon as anything nearer than the
//! greatest distance so far is found (Taha and Hanbury, "An efficient algorithm for calculating the exact Hausdorff distance", IEEE TPAMI 37, 2015). Often
//! the first few do; where they do not, a tree over the other set finds it at once. Only the points that are farther than all before them, a few of many in
//! random order, need their nearest one.
#![allow(clippy::inline_always, reason = "see `simd`")]

mod blocks;
mod tree;

use crate::error::{Error, Result};
use crate::simd::{self, Isa, Kernel};

use blocks::{Blocks, LEAF, square};
use tree::Tree;

/// With more axes than these a tree leaves nothing out.
const PLAIN: usize = 16;
/// Blocks looked at for every other point before there is a tree: about what making it costs.
const BUDGET: usize = 16;

/// The point of one set that is farthest from the other set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Farthest {
    /// How far it is from the nearest point of the other set.
    pub distance: f64,
    /// Its number.
    pub point: usize,
    /// The number of the nearest point of the other set.
    pub other: usize,
}

/// The greatest of the distances of `points` to the nearest of `others`; both hold `axes` coordinates a point, one point after the other.
///
/// Of several farthest points the first one, of several points nearest to it the first one. Squares are summed in the order of the coordinates, then one
/// root. Pairs whose distance is not a number are left out, and so are points of which all pairs are. Without points (or if all are left out) the
/// distance is 0, without others infinite.
///
/// Cost: `(points + others) * log(others)` for few axes; every pair in the worst case, and where coordinates are infinite or not numbers. Memory: the others
/// four times.
///
/// # Errors
/// [`Error::Shape`] if there are no axes, coordinates are left over, or there are 2^32 points or more.
///
/// # Examples
/// ```
/// use edgewise_core::point_sets::directed_hausdorff;
///
/// let found = directed_hausdorff(&[0.0, 0.0, 3.0, 4.0], &[1.0, 0.0, 0.0, 0.0], 2)?;
/// assert_eq!((found.distance, found.point, found.other), (f64::sqrt(20.0), 1, 0));
/// # Ok::<(), edgewise_core::Error>(())
/// ```
pub fn directed_hausdorff(points: &[f64], others: &[f64], axes: usize) -> Result<Farthest> {
    let whole =
        |set: &[f64]| set.len().is_multiple_of(axes) && set.len() / axes < u32::MAX as usize;
    if axes == 0 || !whole(points) || !whole(others) {
        let (a, b) = (points.len(), others.len());
        return Err(Error::Shape(format!("{a} and {b} coordinates are no points of {axes} axes")));
    }
    if points.is_empty() {
        return Ok(Farthest { distance: 0.0, point: 0, other: 0 });
    }
    if others.is_empty() {
        return Ok(Farthest { distance: f64::INFINITY, point: 0, other: 0 });
    }
    if !points.iter().chain(others).all(|value| value.is_finite()) {
        return Ok(of_all_pairs(points, others, axes));
    }
    let budget = if axes > PLAIN { usize::MAX } else { BUDGET * (others.len() / axes) };
    Ok(search(points, others, axes, budget))
}

fn search(points: &[f64], others: &[f64], axes: usize, budget: usize) -> Farthest {
    let (square, point) = simd::dispatch(Search { points, others, axes, budget });
    let own = &points[point * axes..][..axes];
    let nearest = |other: &[f64]| self::square(own, other).total_cmp(&square).is_eq();
    let other = others.chunks_exact(axes).position(nearest).unwrap_or(0);
    Farthest { distance: square.sqrt(), point, other }
}

/// The same by looking at all pairs.
fn of_all_pairs(points: &[f64], others: &[f64], axes: usize) -> Farthest {
    let mut found = Farthest { distance: -1.0, point: 0, other: 0 };
    for (point, own) in points.chunks_exact(axes).enumerate() {
        let squares = others.chunks_exact(axes).map(|other| square(own, other)).enumerate();
        let least =
            squares.filter(|pair| !pair.1.is_nan()).reduce(|a, b| if b.1 < a.1 { b } else { a });
        if let Some((other, square)) = least.filter(|least| least.1 > found.distance) {
            found = Farthest { distance: square, point, other };
        }
    }
    found.distance = found.distance.max(0.0).sqrt();
    found
}

struct Search<'a> {
    points: &'a [f64],
    others: &'a [f64],
    axes: usize,
    /// How many blocks may be looked at before there is a tree.
    budget: usize,
}

impl Kernel for Search<'_> {
    /// The greatest squared distance and the first point that has it.
    type Output = (f64, usize);

    #[inline(always)]
    fn run<S: Isa>(self, _: S) -> (f64, usize) {
        let Self { points, others, axes, mut budget } = self;
        let count = points.len() / axes;
        let mut random = random();
        // a tree over the others pays where more than a few of them must be looked at for a point
        let mut shuffled: Vec<u32> = (0..(others.len() / axes) as u32).collect();
        for k in (1..shuffled.len()).rev() {
            shuffled.swap(k, random(k + 1));
        }
        let mut blocks = Blocks::new(axes);
        shuffled.chunks(LEAF).for_each(|numbers| blocks.push(others, numbers));
        let (mut tree, mut stack) = (None::<Tree>, Vec::new());
        let (mut greatest, mut farthest) = (-1.0, 0);
        // some at random before all in order: neighbours in the array ask for the same part of the tree, but of sorted ones each would be farther than
        // all before
        let sample = if count > 64 { 4 * count.isqrt() } else { 0 };
        for point in (0..sample).map(|_| random(count)).chain(0..count) {
            let own = &points[point * axes..][..axes];
            let less = |square| square < greatest || square <= greatest && point >= farthest;
            let found = if budget == 0 {
                let tree = tree.get_or_insert_with(|| Tree::new(others, axes));
                tree.nearest(own, &mut stack, less)
            } else {
                let (found, looked) = blocks.nearest(own, less);
                budget = budget.saturating_sub(looked);
                found
            };
            if let Some(square) = found {
                (greatest, farthest) = (square, point);
            }
        }
        (greatest, farthest)
    }
}

/// Numbers below a bound, the same ones every time.
fn random() -> impl FnMut(usize) -> usize {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    move |bound| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (((state >> 32) * bound as u64) >> 32) as usize
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::simd::tests::at_every_level;

    /// Few distinct coordinates, so that there are ties; or many; far away; shifted a little.
    fn sets() -> impl Strategy<Value = (usize, Vec<f64>, Vec<f64>)> {
        (1..6_usize, 1..300_usize, 1..300_usize, 0..4_u8).prop_flat_map(|(axes, m, n, kind)| {
            let value = match kind {
                0 => (0..6_i32).prop_map(f64::from).boxed(),
                _ => (-1.0..1.0_f64).boxed(),
            };
            let set = |count: usize| prop::collection::vec(value.clone(), axes * count);
            (Just(axes), set(m), set(n), Just(kind)).prop_map(|(axes, points, others, kind)| {
                match kind {
                    2 => (axes, points.iter().map(|v| v + 100.0).collect(), others),
                    3 => (axes, points.iter().map(|v| v + 0.01).collect(), points),
                    _ => (axes, points, others),
                }
            })
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn the_farthest_of_all_is_found((axes, points, others) in sets()) {
            let expected = of_all_pairs(&points, &others, axes);
            at_every_level(|_| {
                assert_eq!(directed_hausdorff(&points, &others, axes).unwrap(), expected);
                for budget in [0, 40, usize::MAX] {
                    assert_eq!(search(&points, &others, axes, budget), expected);
                }
            });
        }
    }

    const NAN: f64 = f64::NAN;
    const INF: f64 = f64::INFINITY;

    #[test]
    fn sets_without_points_and_without_numbers() {
        let found = |points: &[f64], others: &[f64], axes| {
            let found = directed_hausdorff(points, others, axes).unwrap();
            (found.distance, found.point, found.other)
        };
        assert_eq!(found(&[], &[1.0], 1), (0.0, 0, 0));
        assert_eq!(found(&[1.0], &[], 1), (INF, 0, 0));
        assert_eq!(found(&[NAN, 3.0], &[1.0], 1), (2.0, 1, 0));
        assert_eq!(found(&[3.0], &[NAN, 1.0], 1), (2.0, 0, 1));
        assert_eq!(found(&[3.0], &[NAN], 1), (0.0, 0, 0));
        assert_eq!(found(&[3.0, INF], &[INF, 1.0], 1), (INF, 1, 1));
        assert_eq!(found(&[0.0, 1e200], &[-1e200, 1e200], 1), (INF, 0, 0));
        assert!(directed_hausdorff(&[1.0], &[1.0], 2).is_err());
        assert!(directed_hausdorff(&[], &[], 0).is_err());
    }
}
