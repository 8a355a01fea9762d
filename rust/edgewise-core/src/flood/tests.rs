use proptest::prelude::*;

use super::*;
use crate::components::tests::{arrays, neighbours};
use crate::simd::tests::at_every_level;

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
    fn small_and_large_regions_are_the_same(
        (shape, cells) in arrays(),
        places in proptest::collection::vec(0_usize..5000, 0..4),
        enough in 0_usize..40,
    ) {
        let view = View::new(&cells, &shape).unwrap();
        let places: Vec<usize> = places.iter().map(|at| at % cells.len()).collect();
        for connectivity in 1..=shape.len() {
            let interval = Some((1, 3));
            let region = Region { seeds: places.clone(), interval, alone: false, connectivity };
            let twin = naive(&cells, view.shape(), &places, connectivity, |v| v > 0);
            at_every_level(|_| {
                for enough in [0, enough, usize::MAX] {
                    let mut grown = vec![0; cells.len()];
                    region.grow_locally(view, enough).unwrap().write(&mut grown).unwrap();
                    assert_eq!(grown, twin);
                }
            });
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

#[test]
fn regions_keep_the_shape_of_the_image() {
    let view = View::new(&[1_u8, 1, 0, 1], &[2, 2, 1]).unwrap();
    let grown = region_grow(view, &[vec![0, 0, 0]], Some(Limit::Integer(1)), None, 3).unwrap();
    assert_eq!((grown.shape(), grown.axes(), grown.to_bytes()), ([2, 2, 1], 3, vec![1, 1, 0, 1]));
}
