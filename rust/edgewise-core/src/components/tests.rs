use proptest::prelude::*;

use super::stretches::ends;
use super::*;
use crate::simd::tests::at_every_level;

/// Neighbours of a voxel within the array, straight from the definition.
pub(crate) fn neighbours(
    [depth, height, width]: [usize; 3],
    connectivity: usize,
    at: usize,
) -> impl Iterator<Item = usize> {
    let place = [at / (height * width), at / width % height, at % width];
    (0..27_usize).filter_map(move |k| {
        let step = [k / 9, k / 3 % 3, k % 3].map(|s| s as i64 - 1);
        let moved = step.iter().filter(|s| **s != 0).count();
        let [z, y, x] = [0, 1, 2].map(|k| place[k] as i64 + step[k]);
        let inside = (0..depth as i64).contains(&z)
            && (0..height as i64).contains(&y)
            && (0..width as i64).contains(&x);
        ((1..=connectivity).contains(&moved) && inside)
            .then(|| ((z as usize * height) + y as usize) * width + x as usize)
    })
}

/// Components voxel by voxel.
pub(crate) fn naive(labels: &[u8], shape: [usize; 3], connectivity: usize) -> (Vec<u32>, u32) {
    let (mut found, mut count) = (vec![0; labels.len()], 0);
    for seed in 0..labels.len() {
        if labels[seed] == 0 || found[seed] != 0 {
            continue;
        }
        count += 1;
        found[seed] = count;
        let mut stack = vec![seed];
        while let Some(at) = stack.pop() {
            for near in neighbours(shape, connectivity, at) {
                if labels[near] == labels[seed] && found[near] == 0 {
                    found[near] = count;
                    stack.push(near);
                }
            }
        }
    }
    (found, count)
}

/// Arrays of few values, of all numbers of axes, with rows around the length of a word.
pub(crate) fn arrays() -> impl Strategy<Value = (Vec<usize>, Vec<u8>)> {
    let length = prop_oneof![1_usize..9, Just(63), Just(64), Just(65), Just(130)];
    (proptest::collection::vec(1_usize..6, 0..3), length, 1_u8..8).prop_flat_map(
        |(mut shape, length, density)| {
            shape.push(length);
            let size = shape.iter().product::<usize>();
            let value = (0_u8..16).prop_map(move |v| if v < density { 1 + v % 3 } else { 0 });
            let mask = (0_u8..8).prop_map(move |v| u8::from(v < density));
            let whole = View::new(&vec![0_u8; size], &shape).unwrap().shape();
            let steps =
                (prop::array::uniform3(1_usize..4), proptest::collection::vec(0_u8..20, size));
            let board = steps.prop_map(move |(steps, holes)| {
                let value = |i: usize| {
                    let place = [i / (whole[1] * whole[2]), i / whole[2] % whole[1], i % whole[2]];
                    let step = |k: usize| place[k] / steps[k];
                    let value = (step(0) + step(1) + step(2)) as u8 % (1 + density.min(2));
                    if holes[i] == 0 { 0 } else { value + density % 2 }
                };
                (0..size).map(value).collect::<Vec<u8>>()
            });
            let cells = prop_oneof![
                proptest::collection::vec(value, size),
                proptest::collection::vec(mask, size),
                board
            ];
            (Just(shape), cells)
        },
    )
}

fn transposed(cells: &[u8], shape: [usize; 3]) -> Vec<u8> {
    let mut out = Vec::new();
    for x in 0..shape[2] {
        for y in 0..shape[1] {
            for z in 0..shape[0] {
                out.push(cells[(z * shape[1] + y) * shape[2] + x]);
            }
        }
    }
    out
}

proptest! {
    #[test]
    fn components_equal_their_twin((shape, cells) in arrays(), threads in 1_usize..4) {
        let view = View::new(&cells, &shape).unwrap();
        for connectivity in 1..=shape.len() {
            let mut found = Vec::new();
            at_every_level(|_| {
                found.push(connected_components(view, connectivity, false, threads).unwrap());
            });
            let expected = naive(&cells, view.shape(), connectivity);
            prop_assert!(found.iter().all(|one| *one == expected));
            let mut narrow = vec![0_u16; cells.len()];
            let count = connected_components_into(view, connectivity, false, threads, &mut narrow);
            let wide = narrow.iter().map(|&number| u32::from(number)).collect();
            prop_assert_eq!((wide, count.unwrap().unwrap()), expected);
        }
    }

    #[test]
    fn numbers_do_not_depend_on_the_memory_order((shape, cells) in arrays(), threads in 1_usize..3) {
        let view = View::new(&cells, &shape).unwrap();
        let [z, y, x] = view.shape();
        let turned = transposed(&cells, view.shape());
        let turned_shape: Vec<usize> = shape.iter().rev().copied().collect();
        let turned = View::new(&turned, &turned_shape).unwrap();
        for connectivity in 1..=shape.len() {
            let (labels, count) = connected_components(turned, connectivity, true, threads).unwrap();
            let mut back = vec![0; labels.len()];
            for (at, label) in labels.iter().enumerate() {
                let (x_at, y_at, z_at) = (at / (y * z), at / z % y, at % z);
                back[(z_at * y + y_at) * x + x_at] = *label;
            }
            prop_assert_eq!((back, count), naive(&cells, [z, y, x], connectivity));
        }
    }

    #[test]
    fn selections_equal_their_twin((shape, cells) in arrays(), at in 0_usize..5000, row in 0_usize..50) {
        let cells: Vec<u8> = cells.iter().map(|v| u8::from(*v != 0)).collect();
        let view = View::new(&cells, &shape).unwrap();
        let mask = Mask::from_bytes(&cells, view.shape(), view.axes()).unwrap();
        let [depth, height, width] = view.shape();
        let place = |at: usize| [at / (height * width), at / width % height, at % width];
        let (at, row) = (at % cells.len(), row % (depth * height));
        for connectivity in 1..=shape.len() {
            let (pieces, _) = naive(&cells, view.shape(), connectivity);
            let marked: Vec<u32> = (row * width..(row + 1) * width).chain([at])
                .map(|at| pieces[at]).filter(|piece| *piece != 0).collect();
            let mut selection = Selection::new(&mask, connectivity).unwrap();
            selection.mark(place(at));
            selection.mark_row(row / height, row % height);
            let chosen: Vec<u8> = pieces.iter().map(|p| u8::from(marked.contains(p))).collect();
            prop_assert_eq!(selection.voxels(true).to_bytes(), &chosen[..]);
            let others = pieces.iter().map(|p| u8::from(*p != 0 && !marked.contains(p)));
            let selection = {
                let mut again = Selection::new(&mask, connectivity).unwrap();
                again.mark(place(at));
                again.mark_row(row / height, row % height);
                again
            };
            prop_assert_eq!(selection.voxels(false).to_bytes(), others.collect::<Vec<_>>());
        }
    }

    #[test]
    fn stretches_are_found_bit_by_bit(
        touch in any::<u64>(), more in any::<u64>(), known in any::<u64>(), rare in any::<u64>(),
        starts in any::<u64>(), goes_on in any::<bool>(), gaps in any::<bool>(),
    ) {
        let (touch, known) = (touch | more, known & rare & more);
        // masks: no stretch follows another one directly
        let starts = if gaps { touch & !(touch << 1) } else { starts };
        let mut expected = 0;
        let mut first = 0;
        for bit in 0..64 {
            let begins = touch >> bit & 1 == 1 && (bit == 0 || touch >> (bit - 1) & 1 == 0 || starts >> bit & 1 == 1);
            if begins {
                first = bit;
            }
            let in_word = bit < 63 && touch >> (bit + 1) & 1 == 1 && starts >> (bit + 1) & 1 == 0;
            if touch >> bit & 1 == 0 || in_word || (bit == 63 && goes_on) {
                continue;
            }
            let all = (first..=bit).fold(0, |all, bit| all | 1_u64 << bit);
            if known & all == 0 {
                expected |= all;
            }
        }
        let found = ends(touch, known, starts, goes_on);
        prop_assert_eq!(found & !touch, 0);
        // each stretch without a known bit is named; where one follows directly, a known last bit may go unseen
        for bit in 0..64 {
            let named = found >> bit & 1 == 1;
            prop_assert!(!named || gaps || known >> bit & 1 == 0);
            prop_assert!(!named || !gaps || expected >> bit & 1 == 1);
        }
        let mut left = expected;
        while left != 0 {
            let low = left.trailing_zeros();
            let mut high = low;
            while high < 63 && touch >> (high + 1) & 1 == 1 && starts >> (high + 1) & 1 == 0 {
                high += 1;
            }
            let all = (low..=high).fold(0, |all, bit| all | 1_u64 << bit);
            prop_assert_eq!((found & all).count_ones(), 1);
            left &= !all;
        }
    }
}

#[test]
fn connectivity_is_checked() {
    let view = View::new(&[1_u8; 4], &[2, 2]).unwrap();
    for connectivity in [0, 3] {
        let result = connected_components(view, connectivity, false, 1);
        assert!(matches!(result, Err(Error::Argument(_))));
    }
}

#[test]
fn numbers_of_16_bits_are_refused_where_they_may_be_too_small() {
    for values in [[1_u8, 1], [1, 2]] {
        for (runs, fits) in [(65_534, true), (65_535, false)] {
            let cells: Vec<u8> = (0..runs).flat_map(|run| [values[run % 2], 0]).collect();
            let view = View::new(&cells, &[1, cells.len()]).unwrap();
            let mut narrow = vec![0_u16; cells.len()];
            let count = connected_components_into(view, 1, false, 1, &mut narrow).unwrap();
            assert_eq!(count, fits.then_some(runs as u32));
            assert_eq!(narrow.iter().any(|number| *number != 0), fits);
        }
    }
}
