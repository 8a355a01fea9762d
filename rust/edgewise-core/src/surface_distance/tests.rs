use proptest::prelude::*;

use super::elements::{Kind, Surface};
use super::far::Far;
use super::near::Left;
use super::*;
use crate::View;
use crate::grid::Bounds;
use crate::mask::each_bit;
use crate::padded::Padded;
use crate::simd::tests::at_every_level;
use crate::simd::{self, Level};

/// A grid, its number of axes, and two arrays of 0 background, 1 foreground, 2 ignored.
pub(super) type Case = ([usize; 3], usize, Vec<u8>, Vec<u8>, [f64; 3]);

pub(super) fn cases() -> impl Strategy<Value = Case> {
    let columns = prop::sample::select(vec![1_usize, 1, 5, 63, 64, 65, 130]);
    let share = || prop::sample::select(vec![1_u32, 8, 40, 95]);
    let spacing = prop::sample::select(vec![
        [1.0; 3],
        [2.0, 1.0, 0.5],
        [3.0, 0.8, 0.8],
        [0.7, 1.3, 5.0],
        [3.1, 0.7, 0.7123],
        [10.0, 0.1, 0.3],
    ]);
    (1..4_usize, 1..5_usize, 1..6_usize, columns, share(), share(), spacing).prop_flat_map(
        |(axes, z, y, x, ours, theirs, spacing)| {
            let shape = [if axes == 3 { z } else { 1 }, if axes >= 2 { y } else { 1 }, x];
            let voxels = shape.iter().product::<usize>();
            let array = |share: u32| {
                let voxel = prop_oneof![
                    2 => Just(2_u8),
                    share => Just(1_u8),
                    (98 - share) => Just(0_u8),
                ];
                prop::collection::vec(voxel, voxels)
            };
            (Just(shape), Just(axes), array(ours), array(theirs), Just(spacing))
        },
    )
}

pub(super) fn packed(
    data: &[u8],
    shape: [usize; 3],
    axes: usize,
    rule: impl Fn(u8) -> bool,
) -> Mask {
    let bytes: Vec<u8> = data.iter().map(|&v| u8::from(rule(v))).collect();
    Mask::from_bytes(&bytes, shape, axes).unwrap()
}

pub(super) fn points(set: &Padded) -> Vec<[usize; 3]> {
    let mut found = vec![];
    for z in 0..set.shape()[0] {
        for y in 0..set.shape()[1] {
            each_bit(set.row(z, y), |x| found.push([z, y, x]));
        }
    }
    found
}

/// All elements, as if none were near.
fn all_left(surface: &Surface) -> Vec<Left> {
    let mut left = vec![];
    for z in 0..surface.elements.shape()[0] {
        for y in 0..surface.elements.shape()[1] {
            let row = (z * surface.elements.shape()[1] + y) as u32;
            let words = surface.elements.row(z, y).iter().enumerate();
            left.extend(words.filter(|(_, bits)| **bits != 0).map(|(k, &bits)| Left {
                row,
                word: k as u32,
                bits,
            }));
        }
    }
    left
}

/// All voxels of a mask.
fn whole(mask: &Mask) -> Surface<'_> {
    Surface { elements: Padded::new(mask, None, [0; 2]), kind: Kind::Voxel }
}

fn ascending(far: Far) -> Vec<(f64, u8)> {
    let codes = far.codes.into_iter().chain(std::iter::repeat(0)); // none for voxels
    sorted(far.squares.into_iter().zip(codes).collect())
}

fn sorted(mut found: Vec<(f64, u8)>) -> Vec<(f64, u8)> {
    found.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    found
}

pub(super) fn weight(surface: &Surface, [z, y, x]: [usize; 3]) -> f64 {
    surface.weight(surface.codes([z, y, x / 64], 1 << (x % 64))[x % 64])
}

fn offset(from: [usize; 3], to: [usize; 3]) -> [i64; 3] {
    [0, 1, 2].map(|k| to[k] as i64 - from[k] as i64)
}

/// All pairs.
pub(super) fn naive(from: &Padded, to: &Padded, metric: &Metric) -> Vec<f64> {
    let others = points(to);
    let nearest = |at: &[usize; 3]| {
        let squares = others.iter().map(|&other| metric.squared(offset(*at, other)));
        squares.fold(f64::INFINITY, f64::min)
    };
    points(from).iter().map(nearest).collect()
}

/// The list of distances and weights that were not sorted, joined or summed in any clever way.
fn listed(squares: &[f64], weights: &[f64]) -> Vec<(f64, u64, f64)> {
    let mut all: Vec<_> = squares.iter().map(|s| s.sqrt()).zip(weights.iter().copied()).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut joined: Vec<(f64, u64, f64)> = vec![];
    for (distance, weight) in all {
        match joined.last_mut() {
            Some(last) if last.0.total_cmp(&distance).is_eq() => {
                last.1 += 1;
                last.2 += weight;
            }
            _ => joined.push((distance, 1, weight)),
        }
    }
    joined
}

/// Distance, count, weight.
pub(super) fn rows(list: &DistanceList) -> Vec<(f64, u64, f64)> {
    let rows = list.distances.iter().zip(&list.counts).zip(&list.weights);
    rows.map(|((&distance, &count), &weight)| (distance, count, weight)).collect()
}

/// Whether the lists are the same. With spacings whose squares are exact not a bit may differ. With others, elements of the other boundary may tie but
/// for rounding, and a transform may choose any of them: at most 4 units in the last place, which may part or join neighbours in the list.
pub(super) fn same(list: &DistanceList, expected: &[(f64, u64, f64)], exact: bool) -> bool {
    let ulps = if exact { 0.0 } else { 4.0 };
    let (found, expected) = (joined(&rows(list), ulps), joined(expected, ulps));
    found.len() == expected.len()
        && found.iter().zip(&expected).all(|(f, e)| {
            (f.0.to_bits() == e.0.to_bits() || (f.0 - e.0).abs() <= ulps * f64::EPSILON * e.0)
                && f.1 == e.1
                && (f.2 - e.2).abs() <= 1e-12 * e.2
        })
}

/// Neighbours that are equal but for rounding made one.
fn joined(list: &[(f64, u64, f64)], ulps: f64) -> Vec<(f64, u64, f64)> {
    let mut joined: Vec<(f64, u64, f64)> = vec![];
    for &(distance, count, weight) in list {
        match joined.last_mut() {
            Some(last) if distance - last.0 <= ulps * f64::EPSILON * last.0 => {
                last.1 += count;
                last.2 += weight;
            }
            _ => joined.push((distance, count, weight)),
        }
    }
    joined
}

proptest! {
    #[test]
    fn lists_are_those_of_all_pairs(
        (shape, axes, ours, theirs, spacing) in cases(), flip: bool, level in prop::sample::select(&Level::ALL)
    ) {
        simd::limit(level);
        let metric = Metric::new(&spacing[3 - axes..], flip).unwrap();
        let exact = spacing.iter().all(|s| s.to_bits().trailing_zeros() >= 52);
        let hidden = packed(&ours, shape, axes, |v| v == 2);
        let (a, b) = (packed(&ours, shape, axes, |v| v == 1), packed(&theirs, shape, axes, |v| v == 1));
        for elements in [
            Elements::Voxels(Boundary::Face),
            Elements::Voxels(Boundary::Edge18),
            Elements::Voxels(Boundary::Full),
            Elements::Surfels,
            Elements::Whole,
        ] {
            for edge in [Edge::Background, Edge::Foreground] {
                let convention = Convention { metric, elements, edge };
                let found = between(&a, &b, Some(&hidden), &convention, 1).unwrap();
                let setting = Setting::new(&convention, [9; 3], axes, 1, false);
                let [r, p] = [&a, &b].map(|mask| setting.surface(mask, Some(&hidden)));
                for (list, from, to) in [(&found[0], &r, &p), (&found[1], &p, &r)] {
                    let weights: Vec<f64> =
                        points(&from.elements).iter().map(|&at| weight(from, at)).collect();
                    let expected = listed(&naive(&from.elements, &to.elements, &metric), &weights);
                    prop_assert!(same(list, &expected, exact), "{list:?} {expected:?}");
                }
                prop_assert_eq!(&between(&a, &b, Some(&hidden), &convention, 3).unwrap(), &found);
                let [back, there] = between(&b, &a, Some(&hidden), &convention, 1).unwrap();
                prop_assert_eq!([there, back], found);
                // equal masks are not searched
                let same = between(&a, &a, Some(&hidden), &convention, 1).unwrap();
                let searched: DistanceList = setting.list(&r, &r, 1);
                prop_assert_eq!(same, [searched.clone(), searched]);
            }
        }
    }

    #[test]
    fn hunt_and_transform_agree_with_all_pairs(
        (shape, axes, ours, theirs, spacing) in cases(), flip: bool, surfels: bool
    ) {
        let metric = Metric::new(&spacing[3 - axes..], flip).unwrap();
        let (a, b) = (packed(&ours, shape, axes, |v| v == 1), packed(&theirs, shape, axes, |v| v == 1));
        let elements = if surfels { Elements::Surfels } else { Elements::Whole };
        let convention = Convention { metric, elements, edge: Edge::Background };
        let setting = Setting::new(&convention, [9; 3], axes, 1, false);
        let [from, to] = [&a, &b].map(|mask| setting.surface(mask, None));
        let source = &to.elements;
        if source.is_empty() || from.elements.is_empty() {
            return Ok(());
        }
        let code = |&[z, y, x]: &[usize; 3]| from.codes([z, y, x / 64], 1 << (x % 64))[x % 64];
        let codes = points(&from.elements).iter().map(code).collect::<Vec<_>>();
        let expected = sorted(naive(&from.elements, source, &metric).into_iter().zip(codes).collect());
        let left = all_left(&from);
        let mut hunted = vec![];
        at_every_level(|_| hunted.push(far::by_hunt(&left, &from, source, &metric, u64::MAX, 1)));
        hunted.push(far::by_hunt(&left, &from, source, &metric, u64::MAX, 2));
        for hunted in hunted {
            prop_assert_eq!(&ascending(hunted.unwrap()), &expected);
        }
        if shape[0] * shape[1] == 1 && source.shape()[0] * source.shape()[1] == 1 {
            let lined = far::on_a_line(&left, &from, source, &metric);
            prop_assert_eq!(&ascending(lined), &expected);
        }
        let transformed = far::by_transform(&left, &from, source, &metric, 1);
        for (found, expected) in ascending(transformed).iter().zip(&expected) {
            prop_assert!((found.0 - expected.0).abs() <= 4.0 * f64::EPSILON * expected.0);
        }
    }
}

/// A mask of the voxels of a cube for which a rule holds of the squared distance to its middle.
fn round(side: usize, rule: impl Fn(usize) -> bool) -> Mask {
    let mut mask = Mask::zeros([side; 3], 3);
    for z in 0..side {
        for y in 0..side {
            for x in 0..side {
                if rule([z, y, x].iter().map(|i| i.abs_diff(side / 2).pow(2)).sum()) {
                    mask.set(z, y, x);
                }
            }
        }
    }
    mask
}

#[test]
fn a_hunt_in_a_sphere_finds_what_the_transform_finds() {
    let (core, shell) = (round(48, |s| s < 30), round(48, |s| (22 * 22..23 * 23).contains(&s)));
    let (core, shell) = (whole(&core), whole(&shell));
    let left = all_left(&core);
    for spacing in [[1.0, 0.5, 1.5], [1.0; 3], [3.0, 0.75, 0.5]] {
        let metric = Metric::new(&spacing, false).unwrap();
        let transformed = ascending(far::by_transform(&left, &core, &shell.elements, &metric, 1));
        for threads in [1, 2] {
            let hunted =
                far::by_hunt(&left, &core, &shell.elements, &metric, u64::MAX, threads).unwrap();
            assert_eq!(ascending(hunted), transformed);
        }
        let chosen = far::squares(&left, &core, &shell.elements, &metric, 2);
        assert_eq!(ascending(chosen), transformed);
    }
}

#[test]
fn a_hunt_ends_where_its_budget_does() {
    let (core, shell) = (round(48, |s| s < 300), round(48, |s| s > 23 * 23));
    let (core, shell) = (whole(&core), whole(&shell));
    let left = all_left(&core);
    let metric = Metric::new(&[1.0; 3], false).unwrap();
    let affordable = |budget, threads| {
        far::by_hunt(&left, &core, &shell.elements, &metric, budget, threads).is_some()
    };
    let (mut least, mut most) = (0, 1 << 40); // the cost, to the unit, by halving
    while most - least > 1 {
        let middle = u64::midpoint(least, most);
        if affordable(middle, 1) { most = middle } else { least = middle }
    }
    assert!(!affordable(least, 2) && affordable(most, 2));
    assert!(!affordable(0, 1) && !affordable(0, 2));
}

#[test]
fn scattered_elements_in_a_dense_shell_are_left_to_the_transform() {
    let (core, shell) = (round(40, |s| s < 300), round(40, |s| s > 18 * 18));
    let (core, shell) = (whole(&core), whole(&shell));
    let left = all_left(&core);
    let metric = Metric::new(&[1.0; 3], false).unwrap();
    let found = far::squares(&left, &core, &shell.elements, &metric, 1);
    let transformed = far::by_transform(&left, &core, &shell.elements, &metric, 1);
    assert_eq!(ascending(found), ascending(transformed));
}

#[test]
fn one_moved_voxel_changes_the_list() {
    let convention = Convention {
        metric: Metric::new(&[1.0, 1.0], false).unwrap(),
        elements: Elements::Voxels(Boundary::Face),
        edge: Edge::Background,
    };
    let square = |dx: usize| {
        let mut mask = Mask::zeros([1, 9, 70], 2);
        for y in 2..6 {
            for x in 60..66 {
                mask.set(0, y, x + usize::from(y == 5) * dx);
            }
        }
        mask
    };
    let same = between(&square(0), &square(0), None, &convention, 1).unwrap();
    assert_eq!(same.map(|list| list.distances), [[0.0], [0.0]]);
    let moved = between(&square(0), &square(1), None, &convention, 1).unwrap();
    assert!(moved.iter().all(|list| list.distances == [0.0, 1.0]));
}

#[test]
fn a_mask_without_boundary_is_infinitely_far() {
    let full = Mask::from_bytes(&[1; 12], [1, 3, 4], 2).unwrap();
    let hole = Mask::from_bytes(&[1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1], [1, 3, 4], 2).unwrap();
    let convention = Convention {
        metric: Metric::new(&[1.0, 1.0], false).unwrap(),
        elements: Elements::Voxels(Boundary::Face),
        edge: Edge::Foreground,
    };
    let [there, back] = between(&full, &hole, None, &convention, 1).unwrap();
    assert_eq!(there, DistanceList::default());
    assert_eq!((back.distances, back.counts), (vec![f64::INFINITY], vec![4]));
}

proptest! {
    #[test]
    fn lists_of_labels_are_those_of_their_masks(
        (shape, axes, ours, theirs, spacing) in cases(), hide: bool, threads in 1..4_usize
    ) {
        let ours: Vec<u8> = ours.iter().enumerate().map(|(i, v)| v + (i % 2) as u8).collect();
        let convention = Convention {
            metric: Metric::new(&spacing[3 - axes..], false).unwrap(),
            elements: if hide { Elements::Voxels(Boundary::Face) } else { Elements::Surfels },
            edge: Edge::Background,
        };
        let ignored: Vec<u8> = theirs.iter().map(|&v| u8::from(v == 2)).collect();
        let maps = [&ours, &theirs, &ignored].map(|data| View::new(data, &shape[3 - axes..]).unwrap());
        let hidden = packed(&ignored, shape, axes, |v| v == 1);
        let wanted = [Some(vec![1]), Some(vec![2, 3]), None, Some(vec![7])];
        let target = |members: &Option<Vec<i128>>| Target {
            reference: members.clone(),
            prediction: members.clone(),
            bounds: Bounds::whole(shape),
        };
        let targets: Vec<_> = wanted.iter().map(target).collect();
        let found = between_labels(
            &maps[0], &maps[1], hide.then_some(&maps[2]), &targets, &convention, threads,
        ).unwrap();
        for (members, found) in wanted.iter().zip(&found) {
            let has = |v: u8| members.as_ref().map_or(v != 0, |all| all.contains(&v.into()));
            let (a, b) = (packed(&ours, shape, axes, has), packed(&theirs, shape, axes, has));
            let expected = between(&a, &b, hide.then_some(&hidden), &convention, 1).unwrap();
            prop_assert_eq!(found, &expected);
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
    let (a, b) = (Mask::zeros([1, 1, 5], 1), Mask::zeros([1, 1, 6], 1));
    assert!(between(&a, &b, None, &convention, 1).is_err());
    assert!("sphere".parse::<Elements>().is_err());
    assert_eq!("surfel".parse::<Elements>(), Ok(Elements::Surfels));
}

#[test]
fn threads_share_large_masks_without_changing_a_bit() {
    let shape = [64, 70, 130]; // enough words for several threads
    let mut state = 1_u64;
    let mut scattered = |rare: u64| {
        let mut mask = Mask::zeros(shape, 3);
        for z in 0..shape[0] {
            for y in 0..shape[1] {
                for x in 0..shape[2] {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    if (state >> 33).is_multiple_of(rare) {
                        mask.set(z, y, x);
                    }
                }
            }
        }
        mask
    };
    let (a, b) = (scattered(300), scattered(3000));
    for elements in [Elements::Voxels(Boundary::Face), Elements::Surfels] {
        let convention = Convention {
            metric: Metric::new(&[3.0, 0.8, 0.8], false).unwrap(),
            elements,
            edge: Edge::Background,
        };
        let [one, three] = [1, 3].map(|threads| between(&a, &b, None, &convention, threads));
        let one = one.unwrap();
        assert!(one.iter().all(|list| list.distances.len() > 60));
        assert_eq!(one, three.unwrap());
    }
}

#[test]
fn elements_of_a_line_look_both_ways() {
    let line = |places: &[usize]| {
        let mut mask = Mask::zeros([1, 1, 700], 1);
        for &x in places {
            mask.set(0, 0, x);
        }
        mask
    };
    let convention = Convention {
        metric: Metric::new(&[0.5], false).unwrap(),
        elements: Elements::Whole,
        edge: Edge::Background,
    };
    let (a, b) = (line(&[0, 40, 100, 300, 390, 699]), line(&[60, 130, 448, 450]));
    let [there, back] = between(&a, &b, None, &convention, 1).unwrap();
    assert_eq!(there.distances, [10.0, 15.0, 29.0, 30.0, 74.0, 124.5].map(f64::from));
    assert_eq!(there.counts, [1, 1, 1, 1, 1, 1]);
    assert_eq!(back.distances, [10.0, 15.0, 29.0, 30.0]);
}
