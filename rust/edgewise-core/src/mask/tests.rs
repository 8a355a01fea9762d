use super::*;
use proptest::prelude::*;

/// Shapes whose rows end before, at and after a word, with values 0 to 3.
fn arrays() -> impl Strategy<Value = ([usize; 3], Vec<u8>)> {
    let columns = prop::sample::select(vec![1_usize, 7, 63, 64, 65, 130]);
    (1..4_usize, 1..4_usize, columns)
        .prop_flat_map(|(z, y, x)| (Just([z, y, x]), prop::collection::vec(0..4_u8, z * y * x)))
}

fn members(mask: &Mask) -> Vec<[usize; 3]> {
    let mut found = vec![];
    mask.for_each_set(|z, y, x| found.push([z, y, x]));
    found
}

/// Indices of the array's elements that satisfy a rule, in raster order.
fn naive(shape: [usize; 3], data: &[u8], rule: impl Fn(u8) -> bool) -> Vec<[usize; 3]> {
    let [_, rows, columns] = shape;
    let place = |i: usize| [i / (rows * columns), i / columns % rows, i % columns];
    (0..data.len()).filter(|&i| rule(data[i])).map(place).collect()
}

proptest! {
    #[test]
    fn packing_keeps_every_element((shape, data) in arrays()) {
        let view = View::new(&data, &shape).unwrap();
        let mask = Mask::pack(&view, &Bounds::whole(shape), |v| v == 2);
        let expected = naive(shape, &data, |v| v == 2);
        prop_assert_eq!(&members(&mask), &expected);
        prop_assert_eq!(mask.count() as usize, expected.len());
        prop_assert_eq!(mask.is_empty(), expected.is_empty());
        let bytes: Vec<u8> = data.iter().map(|&v| u8::from(v == 2)).collect();
        prop_assert_eq!(mask.to_bytes(), &bytes[..]);
        let mut fresh = vec![0; bytes.len()];
        mask.write_into_zeros(&mut fresh);
        prop_assert_eq!(&fresh, &bytes);
        prop_assert_eq!(Mask::from_bytes(&bytes, shape, 3).unwrap(), mask);
    }

    #[test]
    fn a_crop_is_the_box_of_the_whole((shape, data) in arrays(), seed in any::<[u8; 6]>()) {
        let mut bounds = Bounds::whole(shape);
        for k in 0..3 {
            bounds.start[k] = seed[k] as usize % shape[k];
            bounds.stop[k] =
                bounds.start[k] + 1 + seed[k + 3] as usize % (shape[k] - bounds.start[k]);
        }
        let view = View::new(&data, &shape).unwrap();
        let mask = Mask::pack(&view, &bounds, |v| v != 0);
        let inside = naive(shape, &data, |v| v != 0)
            .into_iter()
            .filter(|i| (0..3).all(|k| bounds.start[k] <= i[k] && i[k] < bounds.stop[k]))
            .map(|i| [0, 1, 2].map(|k| i[k] - bounds.start[k]));
        prop_assert_eq!(members(&mask), inside.collect::<Vec<_>>());
    }

    #[test]
    fn bounds_are_the_extremes((shape, data) in arrays()) {
        let view = View::new(&data, &shape).unwrap();
        let mask = Mask::pack(&view, &Bounds::whole(shape), |v| v == 1);
        let found = naive(shape, &data, |v| v == 1);
        let expected = (!found.is_empty()).then(|| Bounds {
            start: [0, 1, 2].map(|k| found.iter().map(|i| i[k]).min().unwrap()),
            stop: [0, 1, 2].map(|k| found.iter().map(|i| i[k]).max().unwrap() + 1),
        });
        prop_assert_eq!(mask.bounds(), expected);
    }

    #[test]
    fn set_operations_act_element_by_element((shape, data) in arrays()) {
        let view = View::new(&data, &shape).unwrap();
        let packed = |rule: fn(u8) -> bool| Mask::pack(&view, &Bounds::whole(shape), rule);
        let (odd, high) = (packed(|v| v % 2 == 1), packed(|v| v >= 2));
        let mut both = odd.clone();
        both.and(&high);
        prop_assert_eq!(both, packed(|v| v == 3));
        let mut either = odd.clone();
        either.or(&high);
        prop_assert_eq!(either, packed(|v| v != 0));
        let mut only = odd.clone();
        only.and_not(&high);
        prop_assert_eq!(only, packed(|v| v == 1));
        let mut others = odd;
        others.not();
        prop_assert_eq!(others, packed(|v| v % 2 == 0));
    }
}

#[test]
fn a_turned_mask_holds_the_same_elements_in_the_same_order() {
    let data: Vec<u8> = (0..3 * 70).map(|i| u8::from(i % 3 == 0 || i % 7 == 1)).collect();
    for (shape, axes, turned) in
        [([3, 70, 1], 3, [1, 3, 70]), ([70, 3, 1], 3, [1, 70, 3]), ([1, 210, 1], 2, [1, 1, 210])]
    {
        let mask = Mask::from_bytes(&data, shape, axes).unwrap().turned();
        assert_eq!(mask, Mask::from_bytes(&data, turned, axes).unwrap());
    }
}

#[test]
fn setting_a_voxel_sets_that_voxel() {
    let mut mask = Mask::zeros([2, 3, 65], 3);
    mask.set(1, 2, 64);
    assert!(mask.get(1, 2, 64) && !mask.get(1, 2, 63));
    assert_eq!(members(&mask), [[1, 2, 64]]);
}

#[test]
fn bytes_that_do_not_fill_the_shape_are_refused() {
    assert!(Mask::from_bytes(&[0; 5], [1, 2, 3], 2).is_err());
}

#[test]
fn wide_elements_are_compared_as_they_are() {
    let data: Vec<i64> = (0..70).map(|i| i64::from(i % 3 == 0) << 40).collect();
    let view = View::new(&data, &[70]).unwrap();
    let mask = Mask::pack(&view, &Bounds::whole(view.shape()), |v| v != 0);
    assert_eq!((mask.count(), mask.axes()), (24, 1));
}
