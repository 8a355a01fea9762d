use proptest::prelude::*;

use super::*;
use crate::distance::{Request, transform};
use crate::simd::tests::at_every_level;

fn maps() -> impl Strategy<Value = (Vec<usize>, Vec<u32>)> {
    let shape = prop_oneof![
        (1..300_usize).prop_map(|n| vec![n]),
        (1..200_usize, 1..250_usize).prop_map(|(a, b)| vec![a, b]),
        (1..25_usize, 1..40_usize, 1..70_usize).prop_map(|(a, b, c)| vec![a, b, c]),
    ];
    (shape, 1..5_u32, 1..120_usize, any::<u32>()).prop_map(|(shape, labels, grain, seed)| {
        // blocks of some size with labels at random, so that regions are thin or deep
        let voxels: usize = shape.iter().product();
        let map = (0..voxels).map(|i| {
            let (mut rest, mut block) = (i, seed);
            for &n in shape.iter().rev() {
                let part = (rest % n / grain) as u32;
                block = (block ^ part).wrapping_mul(0x9e37_79b1).rotate_left(13);
                rest /= n;
            }
            block % (labels + 1)
        });
        (shape.clone(), map.collect())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn each_label_is_transformed_as_if_alone(
        (shape, map) in maps(),
        spacing in prop::sample::select(vec![[1.0; 3], [3.0, 1.0, 1.0], [40.0, 1.0, 20.0], [3.1, 0.7, 0.7123]]),
        threads in 1..3_usize,
    ) {
        let spacing = &spacing[3 - shape.len()..];
        let mut expected = vec![0_f32; map.len()];
        for label in 1..=4 {
            let mask: Vec<u8> = map.iter().map(|&other| u8::from(other == label)).collect();
            let request = Request {
                shape: &shape, spacing, reversed: false, squared: false, indices: false, threads: 1,
            };
            let own = transform::<f32>(&mask, &request).unwrap().distances;
            for ((expected, &other), own) in expected.iter_mut().zip(&map).zip(own) {
                if other == label {
                    *expected = own;
                }
            }
        }
        let wide: Vec<i64> = map.iter().map(|&v| if v == 0 { 0 } else { -(1 << 40) - i64::from(v) }).collect();
        let narrow: Vec<u8> = map.iter().map(|&v| v as u8).collect();
        at_every_level(|_| {
            let mut found = vec![0.0; map.len()];
            label_transform_into(&View::new(&narrow, &shape).unwrap(), spacing, false, threads, &mut found).unwrap();
            let close = |(a, b): (&f32, &f32)| a.to_bits() == b.to_bits() || (a - b).abs() <= 1e-6 * b;
            assert!(found.iter().zip(&expected).all(close), "{found:?} {expected:?}");
            let mut again = vec![0.0; map.len()];
            label_transform_into(&View::new(&wide, &shape).unwrap(), spacing, false, threads, &mut again).unwrap();
            assert!(again.iter().zip(&found).all(|(a, b)| a.to_bits() == b.to_bits()));
            label_transform_into(&View::new(&narrow, &shape).unwrap(), spacing, true, threads, &mut again).unwrap();
            let squared = |(a, b): (&f32, &f32)| a.to_bits() == (b * b).to_bits() || (a - b * b).abs() <= 1e-6 * a;
            assert!(again.iter().zip(&expected).all(squared), "{again:?} {expected:?}");
        });
    }
}

#[test]
fn more_labels_than_16_bits_hold() {
    let map: Vec<u32> = (0..200_000).map(|i| i / 2).collect();
    let mut found = vec![0.0; map.len()];
    label_transform_into(&View::new(&map, &[400, 500]).unwrap(), &[1.0, 1.0], false, 2, &mut found)
        .unwrap();
    assert!(found[2..].iter().all(|&distance| distance.to_bits() == 1_f32.to_bits()));
}

#[test]
fn a_single_voxel_has_no_other() {
    let mut found = [0.0];
    label_transform_into(&View::new(&[0_u8], &[1, 1]).unwrap(), &[2.0; 2], false, 1, &mut found)
        .unwrap();
    assert_eq!(found.map(f32::to_bits), [0]);
    label_transform_into(&View::new(&[3_u8], &[1]).unwrap(), &[2.0], false, 1, &mut found).unwrap();
    assert!(found[0].is_infinite());
}

#[test]
fn bad_requests_are_refused() {
    let view = View::new(&[1_u8, 2], &[2]).unwrap();
    assert!(label_transform_into(&view, &[1.0], false, 1, &mut [0.0; 3]).is_err());
    assert!(label_transform_into(&view, &[1.0, 1.0], false, 1, &mut [0.0; 2]).is_err());
    assert!(label_transform_into(&view, &[f64::NAN], false, 1, &mut [0.0; 2]).is_err());
}
