use std::collections::BTreeMap;

use super::*;
use crate::labels::Label;
use crate::simd::tests::at_every_level;
use proptest::prelude::*;

/// Both sides (label: count, box) and the pairs (labels: count), voxel by voxel.
type Naive =
    (BTreeMap<i128, (u64, Bounds)>, BTreeMap<i128, (u64, Bounds)>, BTreeMap<[i128; 2], u64>);

fn naive(shape: [usize; 3], maps: [&[i128]; 2], ignored: &[u8]) -> Naive {
    let mut found = Naive::default();
    for i in (0..ignored.len()).filter(|&i| ignored[i] == 0) {
        let start = [i / (shape[1] * shape[2]), i / shape[2] % shape[1], i % shape[2]];
        let here = Bounds { start, stop: start.map(|k| k + 1) };
        let labels = maps.map(|map| map[i]);
        for (side, label) in [&mut found.0, &mut found.1].into_iter().zip(labels) {
            let entry = side.entry(label).or_insert((0, here));
            *entry = (entry.0 + 1, entry.1.union(&here));
        }
        *found.2.entry(labels).or_default() += 1;
    }
    found
}

fn as_naive(found: &JointHistogram) -> Naive {
    let side = |side: &[LabelCount]| -> BTreeMap<_, _> {
        assert!(side.is_sorted_by(|a, b| a.label < b.label));
        side.iter().map(|s| (s.label, (s.count, s.bounds))).collect()
    };
    let key = |pair: &PairCount| {
        [found.reference[pair.reference].label, found.prediction[pair.prediction].label]
    };
    assert!(
        found.pairs.is_sorted_by(|a, b| (a.reference, a.prediction) < (b.reference, b.prediction))
    );
    let pairs = found.pairs.iter().map(|pair| (key(pair), pair.count)).collect();
    (side(&found.reference), side(&found.prediction), pairs)
}

fn check<A: Label, B: Label>(shape: [usize; 3], reference: &[A], prediction: &[B], ignored: &[u8]) {
    let wide: Vec<i128> = reference.iter().map(|&v| v.into()).collect();
    let other: Vec<i128> = prediction.iter().map(|&v| v.into()).collect();
    let expected = naive(shape, [&wide, &other], ignored);
    let views = (View::new(reference, &shape).unwrap(), View::new(prediction, &shape).unwrap());
    let hidden = View::new(ignored, &shape).unwrap();
    let found = joint_histogram(&views.0, &views.1, Some(&hidden), 1).unwrap();
    assert_eq!(as_naive(&found), expected);
    if ignored.iter().all(|&v| v == 0) {
        assert_eq!(joint_histogram(&views.0, &views.1, None, 1).unwrap(), found);
    }
    // whatever the parts, the place of the origin, the size of the tables, the instructions
    at_every_level(|_| {
        let maps: [&dyn LabelMap; 2] = [&views.0, &views.1];
        let pair = Pair { maps, ignored: Some(&hidden), blocks: Blocks::of(shape) };
        for (bits, few, binary) in [(3, false, true), (30, false, false), (5, true, false)] {
            let mut parts = vec![];
            for k in 0..3 {
                let mut counter = Counter::with(&pair, bits, few, binary);
                counter.add(k * pair.blocks.count() / 3..(k + 1) * pair.blocks.count() / 3);
                parts.extend(counter.finish().parts);
            }
            assert_eq!(merge::merge(maps, &parts), found);
        }
    });
}

fn arrays() -> impl Strategy<Value = ([usize; 3], Vec<[i8; 2]>, Vec<u8>)> {
    let columns = prop::sample::select(vec![1_usize, 2, 63, 64, 65, 130, 300]);
    (1..4_usize, 1..4_usize, columns, 1..9_usize, 1..100_i8).prop_flat_map(|(z, y, x, run, top)| {
        let n = z * y * x;
        let labels = prop::collection::vec([-top..top, -top..top], n.div_ceil(run));
        let labels = labels.prop_map(move |few| (0..n).map(|i| few[i / run]).collect());
        (
            Just([z, y, x]),
            labels,
            prop::collection::vec(prop::sample::select(vec![0, 0, 0, 1, 2]), n),
        )
    })
}

proptest! {
    #[test]
    fn every_voxel_is_counted((shape, labels, ignored) in arrays()) {
        let [a, b] = [0, 1].map(|k| labels.iter().map(|pair| pair[k]).collect::<Vec<i8>>());
        check(shape, &a, &b, &ignored);
        check(shape, &a, &b, &vec![0; a.len()]);
        let wide: Vec<u64> = a.iter().map(|&v| (i64::from(v) << 32) as u64).collect();
        let other: Vec<i32> = b.iter().map(|&v| i32::from(v) * 1000).collect();
        check(shape, &wide, &other, &ignored);
    }
}

/// Pseudo-random numbers of 32 bits.
fn random(seed: u32, i: usize) -> u32 {
    let mixed = (u64::from(seed) << 32 | i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32) as u32
}

/// A map whose runs are long here and one voxel there, in blocks of several kinds.
fn patchwork(seed: u32, n: usize, labels: u32, large: bool) -> Vec<u32> {
    let label = |i: usize| {
        let kind = random(seed, i / 5000) % 4;
        let run = [1, 3, 40, 700][kind as usize];
        let label = random(!seed, i / run) % labels;
        if large && random(seed.rotate_left(9), i / 9000) < u32::MAX / 3 {
            label * 1000
        } else {
            label
        }
    };
    (0..n).map(label).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn blocks_of_every_kind_are_counted(
        shape in prop::sample::select(vec![
            [2, 150, 100], [400, 9, 11], [3, 1, 9000], [1, 2, 17_000], [30_000, 1, 1], [5, 5000, 1], [40, 64, 9],
        ]),
        labels in prop::sample::select(vec![2_u32, 5, 117, 256]),
        large: bool,
        seeds: [u32; 3],
    ) {
        let n = shape.iter().product();
        let reference = patchwork(seeds[0], n, labels, large);
        let prediction = patchwork(seeds[1], n, labels, false);
        let bytes: Vec<u8> = prediction.iter().map(|&label| label as u8).collect();
        check(shape, &reference, &bytes, &vec![0; n]);
        let small: Vec<u16> = reference.iter().map(|&label| label as u16).collect();
        let ignored: Vec<u8> = patchwork(seeds[2], n, 3, false).iter().map(|&k| u8::from(k == 0)).collect();
        check(shape, &bytes, &small, &ignored);
    }
}

#[test]
fn rows_longer_than_a_piece_and_many_labels() {
    let labels: Vec<u32> = (0..20_000_u32).map(|i| i.wrapping_mul(2_654_435_761) >> 12).collect();
    let steps: Vec<i16> = (0..20_000).map(|i| (i / 50) as i16).collect();
    check([1, 1, 20_000], &labels, &steps, &vec![0; 20_000]);
    check([2, 1, 10_000], &steps, &labels, &vec![0; 20_000]);
}

#[test]
fn threads_do_not_change_the_result() {
    let labels: Vec<u16> = (0..900_000_u32).map(|i| (i / 7 % 1000) as u16).collect();
    let others: Vec<u8> = (0..900_000_u32).map(|i| (i / 100 % 200) as u8).collect();
    let (a, b) = (
        View::new(&labels, &[90, 100, 100]).unwrap(),
        View::new(&others, &[90, 100, 100]).unwrap(),
    );
    let alone = joint_histogram(&a, &b, None, 1).unwrap();
    for threads in [2, 3, 7] {
        assert_eq!(joint_histogram(&a, &b, None, threads).unwrap(), alone);
    }
}

#[test]
fn different_shapes_are_refused() {
    let (a, b) = (View::new(&[1_u8, 2], &[2]).unwrap(), View::new(&[1_u8, 2], &[2, 1]).unwrap());
    assert!(joint_histogram(&a, &b, None, 1).is_err());
    assert!(joint_histogram(&a, &a, Some(&b), 1).is_err());
}
