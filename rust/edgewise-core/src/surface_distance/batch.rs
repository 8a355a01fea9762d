//! Many pairs of masks at once, each read where it lies.

use super::lists::List;
use super::pair::Setting;
use super::{Convention, DistanceList, ElementList};
use crate::error::{Error, Result};
use crate::grid::{Bounds, View};
use crate::labels;
use crate::mask::Mask;
use crate::parallel;

/// The lists of every pair of reference and prediction, as [`super::between`] gives them; whatever is not 0 belongs to a mask.
///
/// Threads take one pair after the other; those of a large one share its work. Results do not depend on their number. Memory beyond the lists: that of the
/// pair that each thread works on, two bits a voxel and 8 bits a voxel of the box around both masks where few elements are far.
///
/// # Errors
/// [`Error::Shape`] if shapes or numbers of axes differ.
///
/// # Examples
/// ```
/// use edgewise_core::surface::{Boundary, Edge};
/// use edgewise_core::surface_distance::{Convention, Elements, between_pairs};
/// use edgewise_core::{Metric, View};
///
/// let references = View::stacked(&[0, 1, 0, 0, 0, 0, 0, 0], &[2, 4])?;
/// let predictions = View::stacked(&[0, 0, 0, 1, 1, 0, 0, 0], &[2, 4])?;
/// let pairs: Vec<_> = references.into_iter().zip(predictions).map(<[_; 2]>::from).collect();
/// let convention = Convention {
///     metric: Metric::new(&[2.0], false)?,
///     elements: Elements::Voxels(Boundary::Face),
///     edge: Edge::Background,
/// };
/// let lists = between_pairs(&pairs, &convention, 1)?;
/// assert_eq!(lists[0][0].distances, [4.0]);
/// assert_eq!(lists[1][1].distances, [f64::INFINITY]); // the second reference is empty
/// # Ok::<(), edgewise_core::Error>(())
/// ```
pub fn between_pairs(
    pairs: &[[View<u8>; 2]],
    convention: &Convention,
    threads: usize,
) -> Result<Vec<[DistanceList; 2]>> {
    each_pair(pairs, convention, threads)
}

/// The same with every element on its own: 16 bytes each.
///
/// # Errors
/// [`Error::Shape`] if shapes or numbers of axes differ.
pub fn elements_between(
    pairs: &[[View<u8>; 2]],
    convention: &Convention,
    threads: usize,
) -> Result<Vec<[ElementList; 2]>> {
    each_pair(pairs, convention, threads)
}

fn each_pair<L: List>(
    pairs: &[[View<u8>; 2]],
    convention: &Convention,
    threads: usize,
) -> Result<Vec<[L; 2]>> {
    let Some([first, _]) = pairs.first() else { return Ok(Vec::new()) };
    let grid = |view: &View<u8>| (view.shape(), view.axes());
    if pairs.as_flattened().iter().any(|view| grid(view) != grid(first)) {
        return Err(Error::Shape("the masks must have the same shape".into()));
    }
    let (shape, axes) = grid(first);
    let threads = parallel::worthwhile(threads, first.data().len() * pairs.len());
    Ok(parallel::install(threads, |parallel| {
        let setting = Setting::new(convention, shape, axes, threads, parallel);
        parallel::in_turn(pairs.len(), parallel, |n| match cropped(&pairs[n], threads) {
            Some([reference, prediction]) => setting.lists([&reference, &prediction], None),
            None => [L::default(), L::default()],
        })
    }))
}

/// The masks within the box around both, with a layer more wherever the arrays have one; `None` if both are empty.
fn cropped(pair: &[View<u8>; 2], threads: usize) -> Option<[Mask; 2]> {
    let (shape, axes) = (pair[0].shape(), pair[0].axes());
    let whole = pair.map(|view| Mask::from_bytes_in(view.data(), shape, axes, threads));
    let boxes = whole.iter().filter_map(Mask::bounds);
    let bounds = boxes.reduce(|one, other| one.union(&other))?.grown(shape, axes);
    if bounds == Bounds::whole(shape) {
        return Some(whole);
    }
    // reading the box again costs less than moving bits
    Some(pair.map(|view| labels::members(&view, &bounds, None)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::grid::Metric;
    use crate::surface::{Boundary, Edge};
    use crate::surface_distance::tests::{cases, naive, packed, points, rows, same, weight};
    use crate::surface_distance::{Elements, between};

    proptest! {
        #[test]
        fn lists_of_pairs_are_those_of_their_masks(
            (shape, axes, ours, theirs, spacing) in cases(),
            copies in prop::sample::select(vec![1_usize, 20]),
            threads in 1..4_usize,
        ) {
            let metric = Metric::new(&spacing[3 - axes..], false).unwrap();
            let exact = spacing.iter().all(|s| s.to_bits().trailing_zeros() >= 52);
            let of = |data: &[u8], value: u8| {
                data.iter().map(|&v| u8::from(v == value) * 255).collect::<Vec<_>>()
            };
            let (empty, full) = (vec![0; ours.len()], vec![9; ours.len()]);
            let pairs = [
                [of(&ours, 1), of(&theirs, 1)],
                [of(&ours, 2), of(&theirs, 2)], // few: boxes differ from the array
                [of(&ours, 2), of(&ours, 2)],
                [of(&ours, 1), full.clone()],
                [full, of(&theirs, 2)],
                [of(&ours, 2), empty.clone()],
                [empty.clone(), of(&theirs, 1)],
                [empty.clone(), empty],
            ];
            let views = pairs.each_ref().map(|pair| {
                pair.each_ref().map(|data| View::new(data, &shape[3 - axes..]).unwrap())
            });
            let masks = pairs.each_ref().map(|pair| {
                pair.each_ref().map(|data| packed(data, shape, axes, |v| v != 0))
            });
            for elements in [Elements::Voxels(Boundary::Full), Elements::Surfels, Elements::Whole] {
                for edge in [Edge::Background, Edge::Foreground] {
                    let convention = Convention { metric, elements, edge };
                    let found = between_pairs(&views.repeat(copies), &convention, threads).unwrap();
                    let alone = between_pairs(&views, &convention, 1).unwrap();
                    for again in found.chunks(alone.len()) {
                        prop_assert_eq!(again, &alone[..]);
                    }
                    for (found, [reference, prediction]) in alone.iter().zip(&masks) {
                        // a crop may find another of two elements that tie but for rounding
                        let expected = between(reference, prediction, None, &convention, 1).unwrap();
                        for (found, expected) in found.iter().zip(&expected) {
                            prop_assert!(same(found, &rows(expected), exact), "{found:?} {expected:?}");
                        }
                    }
                }
            }
        }

        #[test]
        fn elements_are_those_of_all_pairs(
            (shape, axes, ours, theirs, spacing) in cases(), flip: bool, threads in 1..4_usize
        ) {
            let metric = Metric::new(&spacing[3 - axes..], flip).unwrap();
            let exact = spacing.iter().all(|s| s.to_bits().trailing_zeros() >= 52);
            let masks = [&ours, &theirs].map(|data| packed(data, shape, axes, |v| v == 1));
            let bytes = masks.each_ref().map(Mask::to_bytes);
            let pair = bytes.each_ref().map(|data| View::new(data, &shape[3 - axes..]).unwrap());
            for elements in [Elements::Surfels, Elements::Voxels(Boundary::Face)] {
                let convention = Convention { metric, elements, edge: Edge::Background };
                let found = elements_between(&[pair], &convention, threads).unwrap();
                let setting = Setting::new(&convention, [9; 3], axes, 1, false);
                let [a, b] = masks.each_ref().map(|mask| setting.surface(mask, None));
                for (list, from, to) in [(&found[0][0], &a, &b), (&found[0][1], &b, &a)] {
                    let at = points(&from.elements);
                    let squares = naive(&from.elements, &to.elements, &metric);
                    let mut expected: Vec<_> = squares.iter().map(|square| square.sqrt())
                        .zip(at.iter().map(|&at| weight(from, at))).collect();
                    expected.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
                    let (distances, mut weights): (Vec<_>, Vec<_>) = expected.into_iter().unzip();
                    if exact {
                        prop_assert_eq!(&list.distances, &distances);
                        prop_assert_eq!(&list.weights, &weights);
                        continue;
                    }
                    // a transform may take either of two elements that tie but for rounding
                    prop_assert_eq!(list.distances.len(), distances.len());
                    for (found, expected) in list.distances.iter().zip(distances) {
                        let gap = (found - expected).abs(); // NaN where both are infinite
                        prop_assert!(gap.is_nan() || gap <= 4.0 * f64::EPSILON * expected);
                    }
                    let mut own = list.weights.clone();
                    own.sort_by(f64::total_cmp);
                    weights.sort_by(f64::total_cmp);
                    prop_assert_eq!(own, weights);
                }
            }
        }
    }

    #[test]
    fn masks_of_different_shapes_are_refused() {
        let convention = Convention {
            metric: Metric::new(&[1.0], false).unwrap(),
            elements: Elements::Whole,
            edge: Edge::Background,
        };
        let [long, short] =
            [&[1_u8, 0, 1][..], &[1, 0]].map(|data| View::new(data, &[data.len()]).unwrap());
        assert!(between_pairs(&[[long, long], [long, short]], &convention, 1).is_err());
        assert!(between_pairs(&[[long, long], [short, short]], &convention, 1).is_err());
        assert_eq!(between_pairs(&[], &convention, 1), Ok(vec![]));
    }
}
