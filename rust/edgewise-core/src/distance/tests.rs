#![allow(clippy::float_cmp, reason = "whole numbers are exact")]

use proptest::prelude::*;

use super::*;
use crate::simd::tests::at_every_level;

/// Squared distance to every background voxel, the least of them.
fn naive(mask: &[u8], request: &Request<'_>) -> Vec<f64> {
    let index = |mut at: usize| {
        let mut index = vec![0_i64; request.shape.len()];
        for axis in (0..index.len()).rev() {
            index[axis] = (at % request.shape[axis]) as i64;
            at /= request.shape[axis];
        }
        index
    };
    let all: Vec<_> = (0..mask.len()).map(index).collect();
    let length = |a: &[i64], b: &[i64]| {
        let mut terms: Vec<f64> = (a.iter().zip(b).zip(request.spacing))
            .map(|((a, b), s)| ((a - b) as f64 * s).powi(2))
            .collect();
        if request.reversed {
            terms.reverse();
        }
        let sum: f64 = terms.iter().fold(0.0, |sum, t| sum + t);
        if request.squared { sum } else { sum.sqrt() }
    };
    let background: Vec<_> = (0..mask.len()).filter(|&i| mask[i] == 0).collect();
    let nearest = |(i, &m): (usize, &u8)| {
        let all = background.iter().map(|&b| length(&all[i], &all[b]));
        if m == 0 { 0.0 } else { all.fold(f64::INFINITY, f64::min) }
    };
    mask.iter().enumerate().map(nearest).collect()
}

/// Position of the nearest background voxel, of several the first one where the last of the array's axes counts most; squares must be exact.
fn first_nearest(mask: &[u8], request: &Request<'_>) -> Vec<usize> {
    let axes = request.shape.len();
    let index = |mut at: usize| {
        let mut index = vec![0_i64; axes];
        for axis in (0..axes).rev() {
            index[axis] = (at % request.shape[axis]) as i64;
            at /= request.shape[axis];
        }
        if !request.reversed {
            index.reverse();
        }
        index
    };
    let spacing: Vec<f64> = if request.reversed {
        request.spacing.to_vec()
    } else {
        request.spacing.iter().rev().copied().collect()
    };
    let mut background: Vec<_> =
        (0..mask.len()).filter(|&i| mask[i] == 0).map(|i| (index(i), i)).collect();
    background.sort();
    let nearest = |i: usize| {
        let here = index(i);
        let square = |there: &[i64]| -> f64 {
            (0..axes).map(|k| ((here[k] - there[k]) as f64 * spacing[k]).powi(2)).sum()
        };
        let least = background.iter().min_by(|a, b| square(&a.0).total_cmp(&square(&b.0)));
        least.map_or(0, |&(_, position)| position)
    };
    (0..mask.len()).map(nearest).collect()
}

fn close(a: f64, b: f64, relative: f64) -> bool {
    a == b || (a - b).abs() <= relative * b.abs()
}

fn shapes() -> impl Strategy<Value = Vec<usize>> {
    let edge = prop::sample::select(vec![1, 2, 63, 64, 65]);
    prop_oneof![
        edge.clone().prop_map(|n| vec![n]),
        (edge.clone(), 1..6_usize).prop_map(|(n, m)| vec![n, m]),
        (1..6_usize, edge.clone()).prop_map(|(n, m)| vec![n, m]),
        (1..4_usize, 1..30_usize, 1..20_usize).prop_map(|(a, b, c)| vec![a, b, c]),
        (edge, 1..4_usize, 1..5_usize).prop_map(|(a, b, c)| vec![a, b, c]),
        prop::collection::vec(1..6_usize, 4..=5),
    ]
}

fn cases() -> impl Strategy<Value = (Vec<usize>, Vec<f64>, Vec<u8>, bool, bool)> {
    let spacings = prop::sample::select(vec![1.0, 1.0, 2.0, 0.5, 0.7, 1.3, 3.0, 0.742_187_5]);
    let fractions = prop::sample::select(vec![0.0, 0.003, 0.05, 0.5, 0.95, 0.997, 1.0]);
    (shapes(), fractions, any::<bool>(), any::<bool>(), any::<bool>()).prop_flat_map(
        move |(shape, fraction, equal, reversed, squared)| {
            let voxels = shape.iter().product::<usize>();
            let byte = prop::bool::weighted(fraction).prop_map(u8::from);
            let spacing = prop::collection::vec(spacings.clone(), shape.len())
                .prop_map(move |all| if equal { vec![all[0]; all.len()] } else { all });
            let mask = prop::collection::vec(byte, voxels);
            (Just(shape), spacing, mask, Just(reversed), Just(squared))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn every_path_finds_the_least_of_all_distances(
        (shape, spacing, mask, reversed, squared) in cases(), indices in any::<bool>()
    ) {
        let mut request = Request {
            shape: &shape, spacing: &spacing, reversed, squared, indices, threads: 1,
        };
        let expected = naive(&mask, &request);
        let double = transform::<f64>(&mask, &request).unwrap();
        let single = transform::<f32>(&mask, &request).unwrap();
        let exact = spacing.iter().all(|s| s.to_bits().trailing_zeros() >= 52);
        for (i, &e) in expected.iter().enumerate() {
            let d = double.distances[i];
            prop_assert!(if exact { d == e } else { close(d, e, 1e-15) }, "{i}: {d} {e}");
            prop_assert!(close(single.distances[i].into(), e, 1e-6));
        }
        if let Some(found) = &double.indices {
            prop_assert_eq!(single.indices.as_ref(), Some(found));
            let voxels = mask.len();
            let (ties, whole) = (first_nearest(&mask, &request), spacing.iter().all(|s| s * 2.0 % 1.0 == 0.0));
            for i in 0..voxels {
                let position = |found: &[i32]| {
                    let add = |all, axis| all * shape[axis] as i32 + found[axis * voxels + i];
                    (0..shape.len()).fold(0, add)
                };
                let infinite = expected[i].is_infinite();
                let position = position(found);
                let right = if infinite { position < 0 } else { mask[position as usize] == 0 };
                prop_assert!(right);
                if whole && !infinite {
                    prop_assert_eq!(position as usize, ties[i]);
                }
            }
        }
        request.threads = 2;
        prop_assert_eq!(&transform::<f64>(&mask, &request).unwrap(), &double);
        prop_assert_eq!(&transform::<f32>(&mask, &request).unwrap(), &single);
    }
}

/// Masks with structure, too large for the naive twin: blobs, planes, lines, few points, noise.
fn scenes() -> impl Strategy<Value = (Vec<usize>, Vec<u8>)> {
    let shape = prop_oneof![
        (1..40_usize, 1..80_usize, 1..140_usize).prop_map(|(a, b, c)| vec![a, b, c]),
        (1..300_usize, 1..300_usize).prop_map(|(a, b)| vec![a, b]),
        (2..5_usize, 1..20_usize, 1..30_usize, 1..40_usize)
            .prop_map(|(a, b, c, d)| vec![a, b, c, d]),
    ];
    (shape, 0..6_u8, any::<u64>()).prop_map(|(shape, kind, seed)| {
        let mut state = seed | 1;
        let mut random = move |n: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 20) as usize % n
        };
        let voxels: usize = shape.iter().product();
        let centers: Vec<Vec<usize>> =
            (0..3).map(|_| shape.iter().map(|&n| random(n)).collect()).collect();
        let radius = 2 + random(30);
        let mut mask = vec![1; voxels];
        for (i, voxel) in mask.iter_mut().enumerate() {
            let mut rest = i;
            let mut index = vec![0; shape.len()];
            for axis in (0..shape.len()).rev() {
                index[axis] = rest % shape[axis];
                rest /= shape[axis];
            }
            let far = |c: &Vec<usize>| -> usize {
                c.iter().zip(&index).map(|(a, b)| a.abs_diff(*b).pow(2)).sum()
            };
            let foreground = match kind {
                0 => centers.iter().any(|c| far(c) <= radius * radius),
                1 => !centers.iter().any(|c| far(c) <= radius * radius),
                2 => index[0] != centers[0][0],
                3 => !centers.iter().any(|c| far(c) == 0),
                4 => random(2) == 0,
                _ => random(500) != 0,
            };
            *voxel = u8::from(foreground);
        }
        (shape, mask)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn all_lanes_and_levels_give_the_same_bits(
        (shape, mask) in scenes(), steps in prop::sample::select(vec![1.0, 2.0, 3.0]), threads in 1..3_usize,
    ) {
        let mut spacing = vec![1.0; shape.len()];
        spacing[0] = steps;
        prop_assume!(mask.contains(&0));
        let request = Request {
            shape: &shape, spacing: &spacing, reversed: false, squared: true, indices: false, threads,
        };
        let expected = transform::<f64>(&mask, &request).unwrap().distances;
        let (kept, steps) = checked(&mask, &request).unwrap();
        let Some(field) = packed(&mask, &Numbering::new(&kept, false), 1) else { return Ok(()) };
        let bound = field.farthest(&steps.counts);
        let most = expected.iter().copied().fold(0.0, f64::max);
        prop_assert!(most <= bound * steps.unit.powi(2));
        let mut results = Vec::new();
        at_every_level(|_| {
            for lanes in [Lanes::Narrow, Lanes::Whole, Lanes::Floating] {
                if lanes == Lanes::Narrow && most > NARROW {
                    continue;
                }
                let mut found = vec![0_f64; mask.len()];
                let nothing = &mut vec![(); mask.len()];
                sweep(&field, &steps, lanes, (steps.unit.powi(2), false), threads, &mut found, nothing);
                results.push(found);
                let mut sources = vec![0; mask.len()];
                Numbering::new(&kept, false).fill(&mut sources, 1);
                let mut squares = vec![0_f64; mask.len()];
                sweep(&field, &steps, lanes, (1.0, false), threads, &mut squares, &mut sources);
                let mut offsets = vec![0_f64; mask.len()];
                finish(&request, &mut sources, &mut [], &mut offsets, 1);
                results.push(offsets);
            }
        });
        for found in results {
            prop_assert_eq!(&found, &expected);
        }
        let whole = transform::<u32>(&mask, &request).unwrap().distances;
        prop_assert!(whole.iter().zip(&expected).all(|(&w, &e)| f64::from(w) == e));
    }
}

#[test]
fn whole_numbers_need_whole_spacings() {
    let request = |spacing| Request {
        shape: &[3],
        spacing,
        reversed: false,
        squared: true,
        indices: false,
        threads: 1,
    };
    assert_eq!(transform::<u32>(&[0, 1, 1], &request(&[3.0])).unwrap().distances, [0, 9, 36]);
    assert_eq!(transform::<u32>(&[1; 3], &request(&[3.0])).unwrap().distances, [u32::MAX; 3]);
    assert!(transform::<u32>(&[0, 1, 1], &request(&[0.5])).is_err());
    assert!(transform::<u32>(&[0, 1, 1], &request(&[70_000.0])).is_err());
}

#[test]
fn results_need_room() {
    let request = Request {
        shape: &[3],
        spacing: &[1.0],
        reversed: false,
        squared: false,
        indices: false,
        threads: 1,
    };
    assert!(transform_into(&[0, 1, 1], &request, &mut [0_f32; 2], &mut []).is_err());
}

#[test]
fn spacings_become_whole_steps() {
    let steps = Steps::new(&[3.0, 0.8, 0.8]);
    assert_eq!((steps.counts, steps.whole), (vec![15.0, 4.0, 4.0], true));
    assert!(Steps::new(&[1.0, 1.5]).binary());
    assert!(!Steps::new(&[0.7]).binary());
    assert!(!Steps::new(&[1.0, std::f64::consts::PI]).whole);
}

#[test]
fn bad_requests_are_refused() {
    let good = Request {
        shape: &[2, 2],
        spacing: &[1.0, 1.0],
        reversed: false,
        squared: false,
        indices: false,
        threads: 1,
    };
    assert!(transform::<f32>(&[1; 3], &good).is_err());
    assert!(
        transform::<f32>(&[], &Request { shape: &[0], spacing: &[1.0], ..good.clone() }).is_err()
    );
    assert!(transform::<f64>(&[1; 4], &Request { spacing: &[1.0], ..good.clone() }).is_err());
    assert!(transform::<f64>(&[1; 4], &Request { spacing: &[1.0, 0.0], ..good.clone() }).is_err());
}

#[test]
fn long_axes_leave_whole_numbers_in_single_precision() {
    let mut mask = vec![1; 9000];
    mask[0] = 0;
    let request = Request {
        shape: &[9000],
        spacing: &[1.0],
        reversed: false,
        squared: true,
        indices: false,
        threads: 1,
    };
    let found = transform::<f64>(&mask, &request).unwrap();
    assert_eq!(found.distances[8999], 8999.0 * 8999.0);
}
