//! Against the definition written out in double precision, and laws: threads, slabs, memory order and instructions change nothing.

use proptest::prelude::*;

use super::*;
use crate::simd::tests::at_every_level;

const LINEAR: [Interpolation; 3] = [Interpolation::Linear; 3];

/// The elements that a position lies between, and how far it is from the first one.
fn position(i: usize, from: usize, to: usize, how: Interpolation) -> (usize, usize, f64) {
    let cells = (i as f64 + 0.5) * from as f64 / to as f64;
    if how == Interpolation::Nearest {
        let nearest = ((2 * i + 1) * from / (2 * to)).min(from - 1);
        return (nearest, nearest, 0.0);
    }
    let place = (cells - 0.5).clamp(0.0, (from - 1) as f64);
    // places that are whole numbers come out a little beside them
    let place = if (place - place.round()).abs() < 1e-9 { place.round() } else { place };
    let low = place.floor() as usize;
    (low, (low + 1).min(from - 1), place - low as f64)
}

/// Value of one class: the mean of eight elements; those that do not count are not read.
fn value(class: &[f32], from: [usize; 3], at: [(usize, usize, f64); 3]) -> f64 {
    let mut sum = 0.0;
    for corner in 0..8 {
        let (mut weight, mut index) = (1.0, 0);
        for axis in 0..3 {
            let (low, high, t) = at[axis];
            let upper = corner >> axis & 1 == 1;
            weight *= if upper { t } else { 1.0 - t };
            index = index * from[axis] + if upper { high } else { low };
        }
        if weight > 0.0 {
            sum += weight * f64::from(class[index]);
        }
    }
    sum
}

/// The best class of every element of the target, and by how much it is better than the next one.
fn slow(
    logits: &[f32],
    from: [usize; 3],
    to: [usize; 3],
    how: [Interpolation; 3],
) -> Vec<(usize, f64)> {
    let voxels: usize = from.iter().product();
    let mut found = Vec::new();
    for z in 0..to[0] {
        for y in 0..to[1] {
            for x in 0..to[2] {
                let at = [z, y, x];
                let at = [0, 1, 2].map(|k| position(at[k], from[k], to[k], how[k]));
                let values: Vec<f64> =
                    logits.chunks(voxels).map(|class| value(class, from, at)).collect();
                let mut best = 0;
                for (class, &value) in values.iter().enumerate() {
                    if value > values[best] {
                        best = class;
                    }
                }
                let others = values.iter().enumerate().filter(|(class, _)| *class != best);
                let next = others.fold(f64::NEG_INFINITY, |next, (_, &value)| next.max(value));
                found.push((best, values[best] - next));
            }
        }
    }
    found
}

fn contiguous(classes: usize, from: [usize; 3]) -> Layout {
    let [z, y, x] = from;
    let strides = [z * y * x, y * x, x, 1].map(|stride| stride as isize);
    Layout { start: 0, shape: [classes, z, y, x], strides }
}

struct Case<'a> {
    data: Elements<'a>,
    layout: Layout,
    from: [usize; 3],
    to: [usize; 3],
    how: [Interpolation; 3],
    choice: Choice,
}

impl Case<'_> {
    fn labels(&self, threads: usize) -> Vec<u16> {
        let labels: Vec<u16> = (1..=self.layout.shape[0] as u16).collect();
        let mut out = vec![99; self.to.iter().product()];
        let request = Request {
            from: self.from,
            to: self.to,
            interpolation: self.how,
            first: 0,
            planes: (0, self.to[0]),
            labels: &labels,
            background: 0,
            choice: self.choice,
            threads,
        };
        argmax_into(self.data, &self.layout, &request, Labels::Words(&mut out)).unwrap();
        out
    }
}

fn side() -> impl Strategy<Value = usize> {
    prop_oneof![1_usize..8, Just(15), Just(16), Just(17), Just(33)]
}

fn shape() -> impl Strategy<Value = [usize; 3]> {
    (1_usize..7, 1_usize..21, side()).prop_map(|(z, y, x)| [z, y, x])
}

fn interpolation() -> impl Strategy<Value = [Interpolation; 3]> {
    let linear = Just(Interpolation::Linear);
    prop::array::uniform3(prop_oneof![3 => linear, 1 => Just(Interpolation::Nearest)])
}

fn numbers(count: usize, seed: u64, rough: bool) -> Vec<f32> {
    let mut state = seed | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 24) as f32
    };
    // smooth ones, too: where one class is far above the others
    (0..count)
        .map(|i| if rough { next() } else { (i as f32 * 0.37).sin() * 8.0 + next() })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn the_greatest_class_wins(
        classes in 1_usize..6,
        from in shape(),
        to in shape(),
        how in interpolation(),
        seed: u64,
        rough: bool,
    ) {
        let data = numbers(classes * from.iter().product::<usize>(), seed, rough);
        let layout = contiguous(classes, from);
        let choice = Choice::Greatest;
        let case = Case { data: Elements::Float32(&data), layout, from, to, how, choice };
        let found = case.labels(1);
        for (i, (best, margin)) in slow(&data, from, to, how).into_iter().enumerate() {
            prop_assert!(usize::from(found[i]) == best + 1 || margin < 1e-5, "{i} {margin}");
        }
        at_every_level(|_| assert_eq!(case.labels(1), found));
        prop_assert_eq!(case.labels(3), found);
    }

    #[test]
    fn the_order_in_memory_changes_nothing(
        classes in 1_usize..6,
        from in shape(),
        to in shape(),
        order in Just([0_usize, 1, 2, 3]).prop_shuffle(),
        backwards: [bool; 4],
        seed: u64,
    ) {
        let count = classes * from.iter().product::<usize>();
        let data = numbers(count, seed, true);
        let plain = contiguous(classes, from);
        let case = |data, layout| Case { data, layout, from, to, how: LINEAR, choice: Choice::Greatest };
        let expected = case(Elements::Float32(&data), plain).labels(1);
        // the same elements, axes in another order, some of them backwards, with gaps
        let mut layout = Layout { start: 3, shape: plain.shape, strides: [0; 4] };
        let mut step = 2;
        for axis in order {
            let length = plain.shape[axis] as isize;
            layout.strides[axis] = if backwards[axis] { -step } else { step };
            if backwards[axis] {
                layout.start += ((length - 1) * step) as usize;
            }
            step *= length;
        }
        let mut turned = vec![f32::NAN; 3 + 2 * count];
        for (i, &number) in data.iter().enumerate() {
            let mut rest = i;
            let mut at = layout.start as isize;
            for axis in (0..4).rev() {
                at += (rest % plain.shape[axis]) as isize * layout.strides[axis];
                rest /= plain.shape[axis];
            }
            turned[at as usize] = number;
        }
        prop_assert_eq!(case(Elements::Float32(&turned), layout).labels(2), expected);
    }

    #[test]
    fn slabs_change_nothing(from in shape(), to in shape(), how in interpolation(), seed: u64, cut in 1_usize..7) {
        let classes = 3;
        let data = numbers(classes * from.iter().product::<usize>(), seed, true);
        let whole = contiguous(classes, from);
        let case = Case { data: Elements::Float32(&data), layout: whole, from, to, how, choice: Choice::Greatest };
        let expected = case.labels(1);
        let stop = cut.min(from[0]);
        let first = complete(from[0], to[0], how[0], stop);
        let plane = to[1] * to[2];
        let mut out = vec![0_u8; to[0] * plane];
        let (head, tail) = out.split_at_mut(first * plane);
        for (planes, out, there) in [((0, first), head, 0..stop), ((first, to[0]), tail, stop - 1..from[0])] {
            let mut layout = whole;
            layout.start = there.start * from[1] * from[2];
            layout.shape[1] = there.len();
            let request = Request {
                from, to, interpolation: how, first: there.start, planes, labels: &[1, 2, 3],
                background: 0, choice: Choice::Greatest, threads: 1,
            };
            if planes.0 < planes.1 {
                argmax_into(Elements::Float32(&data), &layout, &request, Labels::Bytes(out)).unwrap();
            }
        }
        prop_assert!(out.iter().zip(&expected).all(|(&a, &b)| u16::from(a) == b));
    }

    #[test]
    fn the_last_positive_class_wins(from in shape(), to in shape(), seed: u64) {
        let classes = 4;
        let voxels = from.iter().product::<usize>();
        let data: Vec<f32> = numbers(classes * voxels, seed, true).iter().map(|n| n - 0.6).collect();
        let (layout, choice) = (contiguous(classes, from), Choice::LastPositive);
        let case = Case { data: Elements::Float32(&data), layout, from, to, how: LINEAR, choice };
        let found = case.labels(1);
        let mut expected = vec![0; found.len()];
        let mut close = vec![false; found.len()];
        for (k, class) in data.chunks(voxels).enumerate() {
            // against a class that is 0 everywhere
            let pair: Vec<f32> = [vec![0.0; voxels], class.to_vec()].concat();
            for (i, (best, margin)) in slow(&pair, from, to, LINEAR).into_iter().enumerate() {
                close[i] |= margin < 1e-5;
                if best == 1 {
                    expected[i] = k as u16 + 1;
                }
            }
        }
        prop_assert!((0..found.len()).all(|i| close[i] || found[i] == expected[i]));
    }

    #[test]
    fn images_are_interpolated(from in shape(), to in shape(), how in interpolation(), seed: u64, reversed: bool) {
        let voxels = from.iter().product::<usize>();
        let mut data = numbers(voxels, seed, true);
        let mut layout = contiguous(1, from);
        let mut out = vec![0.0; to.iter().product()];
        let expected: Vec<f64> = {
            let mut values = Vec::new();
            for i in 0..out.len() {
                let at = [i / (to[1] * to[2]), i / to[2] % to[1], i % to[2]];
                let at = [0, 1, 2].map(|k| position(at[k], from[k], to[k], how[k]));
                values.push(value(&data, from, at));
            }
            values
        };
        if reversed {
            data.reverse();
            layout.start = voxels - 1;
            layout.strides = layout.strides.map(|stride| -stride);
        }
        for threads in [1, 2] {
            linear_into(Elements::Float32(&data), &layout, to, how, threads, &mut out).unwrap();
            for (&found, &expected) in out.iter().zip(&expected) {
                prop_assert!((f64::from(found) - expected).abs() < 1e-6);
            }
        }
    }
}

#[test]
fn what_is_no_number_never_wins() {
    let nan = f32::NAN;
    let infinity = f32::INFINITY;
    // three classes of four elements, on the same grid: an element that does not count is not read
    let data = [1.0, nan, nan, -infinity, nan, 2.0, nan, -infinity, 0.0, infinity, nan, -infinity];
    let (from, to) = ([1, 1, 4], [1, 1, 4]);
    let case = |to| Case {
        data: Elements::Float32(&data),
        layout: contiguous(3, from),
        from,
        to,
        how: LINEAR,
        choice: Choice::Greatest,
    };
    assert_eq!(case(to).labels(1), [1, 3, 0, 1]);
    // between elements those that are no numbers spread
    assert_eq!(case([1, 1, 8]).labels(1), [1, 3, 3, 0, 0, 0, 0, 1]);
}

#[test]
fn classes_backwards_at_the_beginning_of_the_memory() {
    // the class that is fetched ahead would lie before the first element
    let data = numbers(3 * 8 + 40, 5, true); // more than is read behind the last row: nothing is copied
    let layout = Layout { start: 16, shape: [3, 1, 1, 8], strides: [-8, 8, 8, 1] };
    let case = |data, layout| {
        let (from, to, choice) = ([1, 1, 8], [1, 1, 20], Choice::Greatest);
        Case { data, layout, from, to, how: LINEAR, choice }.labels(1)
    };
    let turned: Vec<f32> = data[..24].chunks(8).rev().flatten().copied().collect();
    let expected = case(Elements::Float32(&turned), contiguous(3, [1, 1, 8]));
    assert_eq!(case(Elements::Float32(&data), layout), expected);
}

#[test]
fn infinite_values_of_images_stay_where_they_are() {
    let (infinity, huge) = (f32::INFINITY, 3e38);
    let data = [infinity, infinity, -infinity, 1.0, huge, -huge];
    let to = |width| {
        let mut out = vec![0.0; width];
        let (image, layout) = (Elements::Float32(&data), contiguous(1, [1, 1, 6]));
        linear_into(image, &layout, [1, 1, width], LINEAR, 1, &mut out).unwrap();
        out
    };
    assert_eq!(to(6), data);
    let twice = to(12);
    assert_eq!(twice[..3], [infinity; 3]);
    assert!(twice[3].is_nan() && twice[4].is_nan());
    assert_eq!(twice[5..7], [-infinity; 2]);
    assert!((twice[9] / 1.5e38 - 1.0).abs() < 1e-6 && (twice[10] / -1.5e38 - 1.0).abs() < 1e-6);
}

#[test]
fn other_types_are_read_as_single_precision() {
    let numbers = numbers(4 * 5 * 6 * 7, 3, true);
    let (from, to) = ([5, 6, 7], [7, 9, 20]);
    let run = |data| {
        let layout = contiguous(4, from);
        Case { data, layout, from, to, how: LINEAR, choice: Choice::Greatest }.labels(1)
    };
    let brain: Vec<u16> = numbers.iter().map(|n| (n.to_bits() >> 16) as u16).collect();
    let coarse: Vec<f32> = brain.iter().map(|&b| f32::from_bits(u32::from(b) << 16)).collect();
    assert_eq!(run(Elements::Bfloat16(&brain)), run(Elements::Float32(&coarse)));
    let double: Vec<f64> = numbers.iter().map(|&n| f64::from(n)).collect();
    assert_eq!(run(Elements::Float64(&double)), run(Elements::Float32(&numbers)));
    // halves of 1 + k / 1024
    let half: Vec<u16> = (0..840).map(|i| 0x3c00 + (i * 37 % 1024) as u16).collect();
    let wide: Vec<f32> = half.iter().map(|&b| 1.0 + f32::from(b - 0x3c00) / 1024.0).collect();
    assert_eq!(run(Elements::Float16(&half)), run(Elements::Float32(&wide)));
}

#[test]
fn nearest_elements_are_copied_whatever_they_mean() {
    let mut out = [0; 20];
    nearest_into(&[7_u64, 8, 9], &contiguous(1, [1, 1, 3]), [2, 2, 5], 1, &mut out).unwrap();
    assert_eq!(out, [7, 7, 8, 9, 9].repeat(4)[..]);
}

#[test]
fn what_does_not_fit_is_refused() {
    let data = [0.0; 24];
    let layout = contiguous(2, [2, 2, 3]);
    let good = Request {
        from: [2, 2, 3],
        to: [4, 2, 3],
        interpolation: LINEAR,
        first: 0,
        planes: (0, 4),
        labels: &[1, 2],
        background: 0,
        choice: Choice::Greatest,
        threads: 1,
    };
    let run = |layout: &Layout, request: &Request<'_>, room: usize| {
        let mut out = vec![0; room];
        argmax_into(Elements::Float32(&data), layout, request, Labels::Bytes(&mut out))
    };
    assert_eq!(run(&layout, &good, 24), Ok(()));
    let refused = [
        run(&layout, &good, 23),
        run(&Layout { start: 1, ..layout }, &good, 24),
        run(&Layout { strides: [12, 6, -3, 1], ..layout }, &good, 24),
        run(&layout, &Request { labels: &[1], ..good }, 24),
        run(&layout, &Request { first: 1, ..good }, 24),
        run(&layout, &Request { from: [3, 2, 3], ..good }, 24),
        run(&layout, &Request { planes: (0, 5), ..good }, 30),
    ];
    assert!(refused.iter().all(|result| matches!(result, Err(Error::Shape(_)))), "{refused:?}");
    let large = run(&layout, &Request { labels: &[1, 256], ..good }, 24);
    assert!(matches!(large, Err(Error::Label(_))));
    let mut out = [0; 24];
    let whole = [0_u8; 24];
    let found = argmax_into(Elements::Uint8(&whole), &layout, &good, Labels::Bytes(&mut out));
    assert!(matches!(found, Err(Error::Argument(_))));
}
