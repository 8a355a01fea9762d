//! The lattice beside a slow twin with coordinates as vectors, and beside all pairs.

use std::collections::HashMap;

use proptest::prelude::*;

use crate::simd::tests::at_every_level;

use super::*;

/// The corners of a point's simplex and their parts, as the paper has it.
fn corners(features: &[f32]) -> Vec<(Vec<i32>, f32)> {
    let d = features.len();
    let spread = f64::from(((2.0_f64 / 3.0).sqrt() * (d + 1) as f64) as f32);
    let mut lifted = vec![0.0_f32; d + 1];
    let mut sum = 0.0;
    for j in (1..=d).rev() {
        let scaled = features[j - 1] * (spread / ((j * (j + 1)) as f64).sqrt()) as f32;
        lifted[j] = sum - j as f32 * scaled;
        sum += scaled;
    }
    lifted[0] = sum;
    let part = 1.0 / (d + 1) as f32;
    let whole: Vec<i32> = lifted.iter().map(|x| (x * part).round_ties_even() as i32).collect();
    let size = d as i32 + 1;
    let rest = |i: usize| lifted[i] - (whole[i] * size) as f32;
    let mut nearest: Vec<i32> = whole.iter().map(|w| w * size).collect();
    let mut rank = vec![0_i32; d + 1];
    for i in 0..=d {
        for j in i + 1..=d {
            rank[if rest(i) < rest(j) { i } else { j }] += 1;
        }
    }
    let excess: i32 = whole.iter().sum();
    for i in 0..=d {
        rank[i] += excess;
        let shift = size * (i32::from(rank[i] < 0) - i32::from(rank[i] > d as i32));
        rank[i] += shift;
        nearest[i] += shift;
    }
    let mut parts = vec![0.0_f32; d + 2];
    for i in 0..=d {
        let value = (lifted[i] - nearest[i] as f32) * part;
        parts[d - rank[i] as usize] += value;
        parts[d + 1 - rank[i] as usize] -= value;
    }
    parts[0] += 1.0 + parts[d + 1];
    let corner = |k: i32| {
        let wrap = |i: usize| if rank[i] > d as i32 - k { k - size } else { k };
        (0..=d).map(|i| nearest[i] + wrap(i)).collect()
    };
    (0..=d).map(|k| (corner(k as i32), parts[k])).collect()
}

/// What the lattice of some points makes of values.
fn filtered(points: &[Vec<f32>], values: &[f64]) -> Vec<f64> {
    let d = points[0].len();
    let mut lattice = HashMap::<Vec<i32>, f64>::new();
    for (point, value) in points.iter().zip(values) {
        for (corner, part) in corners(point) {
            *lattice.entry(corner).or_default() += f64::from(part) * value;
        }
    }
    for axis in 0..=d {
        let at = |corner: &[i32], step: i32| {
            let mut other: Vec<i32> = corner.iter().map(|x| x - step).collect();
            other[axis] += step * (d as i32 + 1);
            lattice.get(&other).copied().unwrap_or(0.0)
        };
        let blurred = |(corner, value): (&Vec<i32>, &f64)| {
            (corner.clone(), value + 0.5 * (at(corner, 1) + at(corner, -1)))
        };
        lattice = lattice.iter().map(blurred).collect();
    }
    let factor = 1.0 / (1.0 + 0.5_f64.powi(d as i32));
    let gather = |point: &Vec<f32>| -> f64 {
        corners(point).iter().map(|(corner, part)| f64::from(*part) * lattice[corner]).sum()
    };
    points.iter().map(|point| factor * gather(point)).collect()
}

/// The features of all points of a grid.
fn features(shape: &[usize], term: &Term) -> Vec<Vec<f32>> {
    let points: usize = shape.iter().product();
    let feature = |point: usize| {
        let mut left = point;
        let mut found = Vec::new();
        for axis in (0..shape.len()).rev() {
            found.push((left % shape[axis]) as f32 / term.sigma[axis]);
            left /= shape[axis];
        }
        if shape.len() != 2 {
            found.reverse(); // planes have x first
        }
        let channels = term.sigma_intensity.iter().enumerate();
        found.extend(channels.map(|(c, sigma)| term.image[c * points + point] / sigma));
        found
    };
    (0..points).map(feature).collect()
}

/// One or more updates, label by label.
fn expected(probabilities: &[f32], request: &Request) -> Vec<f64> {
    let n: usize = request.shape.iter().product();
    let k = request.labels;
    let own: Vec<f64> =
        probabilities.iter().map(|&p| f64::from(p.clamp(request.clip, 1.0))).collect();
    let softmax = |messages: &[f64]| -> Vec<f64> {
        let weight = |i: usize| own[i] * messages[i].exp();
        let sum = |i: usize| -> f64 { (0..k).map(|b| weight(b * n + i % n)).sum() };
        (0..k * n).map(|i| weight(i) / sum(i)).collect()
    };
    let mut q = softmax(&vec![0.0; k * n]);
    for _ in 0..request.iterations {
        let mut messages = vec![0.0; k * n];
        for term in request.terms {
            let points = features(request.shape, term);
            let sums = filtered(&points, &vec![1.0; n]);
            let (before, after): (f64, f64) = match request.normalization {
                Normalization::Symmetric => (0.5, 0.5),
                Normalization::Before => (1.0, 0.0),
                Normalization::After => (0.0, 1.0),
                Normalization::Off => (0.0, 0.0),
            };
            for (q, messages) in q.chunks(n).zip(messages.chunks_mut(n)) {
                let given: Vec<f64> =
                    q.iter().zip(&sums).map(|(q, sum)| q * sum.powf(-before)).collect();
                for (i, found) in filtered(&points, &given).into_iter().enumerate() {
                    messages[i] += f64::from(term.weight) * found * sums[i].powf(-after);
                }
            }
        }
        if let Some(costs) = request.compatibility {
            let old = messages.clone();
            for (at, message) in messages.iter_mut().enumerate() {
                let (a, i) = (at / n, at % n);
                *message = (0..k).map(|b| -f64::from(costs[a * k + b]) * old[b * n + i]).sum();
            }
        }
        q = softmax(&messages);
    }
    q
}

fn found(probabilities: &[f32], request: &Request) -> Vec<f32> {
    let mut room = vec![[7, 7]; request.room()];
    let mut out = vec![7.0; probabilities.len()];
    mean_field_into(probabilities, request, &mut room, &mut out, || true).unwrap();
    out
}

/// Numbers between 0 and 1 from a seed.
fn random(seed: u32, count: usize) -> Vec<f32> {
    let mut state = seed;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32
    };
    std::iter::repeat_with(next).take(count).collect()
}

fn request<'a>(shape: &'a [usize], labels: usize, terms: &'a [Term<'a>]) -> Request<'a> {
    Request {
        shape,
        labels,
        terms,
        compatibility: None,
        iterations: 2,
        normalization: Normalization::Symmetric,
        include_self: true,
        clip: 1e-5,
        threads: 1,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_lattice_is_that_of_the_paper(
        shape in prop::collection::vec(1_usize..7, 1..4),
        labels in prop_oneof![1_usize..4, Just(9), Just(21)],
        channels in prop_oneof![0_usize..4, Just(7), Just(18)],
        sigma in 0.3_f32..5.0,
        seed: u32,
        normalization in prop::sample::select(vec![Normalization::Symmetric, Normalization::Before, Normalization::After]),
    ) {
        let n: usize = shape.iter().product();
        let image: Vec<f32> = random(seed, n * channels).iter().map(|x| 60.0 * x - 9.0).collect();
        let probabilities = random(!seed, n * labels);
        let costs: Vec<f32> = (0..labels * labels).map(|i| (i / labels).abs_diff(i % labels) as f32).collect();
        let terms = [
            Term { sigma: vec![sigma; shape.len()], image: &[], sigma_intensity: vec![], weight: 1.5, convolve: false },
            Term { sigma: vec![3.0; shape.len()], image: &image, sigma_intensity: vec![30.0; channels], weight: 2.0, convolve: false },
        ];
        let mut request = request(&shape, labels, &terms);
        request.normalization = normalization;
        request.compatibility = (labels == 3).then_some(&costs);
        let (ours, theirs) = (found(&probabilities, &request), expected(&probabilities, &request));
        for (a, b) in ours.iter().zip(&theirs) {
            prop_assert!((f64::from(*a) - b).abs() < 2e-5, "{a} {b}");
        }
    }
}

#[test]
fn results_depend_on_neither_threads_nor_instructions() {
    for (shape, labels) in [(vec![210, 400], 3), (vec![21, 60, 70], 10), (vec![90_000], 2)] {
        let n: usize = shape.iter().product();
        let image: Vec<f32> = random(1, n)
            .iter()
            .enumerate()
            .map(|(i, noise)| ((i / 97) % 50) as f32 + noise * 9.0)
            .collect();
        let probabilities = random(5, n * labels);
        let axes = shape.len();
        let mut first: Option<Vec<f32>> = None;
        for convolve in [false, true] {
            let terms = [
                Term {
                    sigma: vec![2.0; axes],
                    image: &[],
                    sigma_intensity: vec![],
                    weight: 1.5,
                    convolve,
                },
                Term {
                    sigma: vec![6.0; axes],
                    image: &image,
                    sigma_intensity: vec![12.0],
                    weight: 2.0,
                    convolve: false,
                },
            ];
            let mut request = request(&shape, labels, &terms);
            let one = found(&probabilities, &request);
            assert_ne!(first.as_ref(), Some(&one));
            request.threads = 3;
            at_every_level(|_| assert!(found(&probabilities, &request) == one));
            first = Some(one);
        }
    }
}

#[test]
fn convolution_is_the_sum_of_all_pairs() {
    let (shape, sigma) = ([3, 1, 21, 17], [1.5_f32, 1.0, 2.5, 0.7]);
    let n = 3 * 21 * 17;
    let probabilities = random(3, 2 * n);
    let terms = [Term {
        sigma: sigma.to_vec(),
        image: &[],
        sigma_intensity: vec![],
        weight: 2.0,
        convolve: true,
    }];
    let place = features(&shape, &terms[0]);
    let kernel = |i: usize, j: usize| {
        let square: f32 = place[i].iter().zip(&place[j]).map(|(a, b)| (a - b).powi(2)).sum();
        f64::from(-0.5 * square).exp()
    };
    let sums: Vec<f64> = (0..n).map(|i| (0..n).map(|j| kernel(i, j)).sum()).collect();
    for include_self in [true, false] {
        let mut request = request(&shape, 2, &terms);
        request.iterations = 1;
        request.include_self = include_self;
        let ours = found(&probabilities, &request);
        let p = |label: usize, i: usize| f64::from(probabilities[label * n + i].max(1e-5));
        let q = |label: usize, i: usize| p(label, i) / (p(0, i) + p(1, i));
        for i in 0..n {
            let message = |label: usize| -> f64 {
                let told = (0..n).filter(|&j| include_self || j != i);
                told.map(|j| 2.0 * kernel(i, j) * q(label, j) / (sums[i] * sums[j]).sqrt()).sum()
            };
            let weights = [0, 1].map(|label| p(label, i) * message(label).exp());
            let exact = weights[0] / (weights[0] + weights[1]);
            assert!((f64::from(ours[i]) - exact).abs() < 1e-5, "{i}: {} {exact}", ours[i]);
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let probabilities = [0.5; 8];
    let mut out = [0.0; 8];
    let term = |sigma: f32, convolve| Term {
        sigma: vec![sigma],
        image: &[],
        sigma_intensity: vec![],
        weight: 1.0,
        convolve,
    };
    let mut attempt = |terms: &[Term], labels: usize, room: usize| {
        let request = request(&[4], labels, terms);
        mean_field_into(&probabilities, &request, &mut vec![[0; 2]; room], &mut out, || true)
    };
    assert!(attempt(&[term(1.0, false)], 2, 8).is_ok());
    assert!(matches!(attempt(&[term(1.0, false)], 2, 7), Err(Error::Shape(_))));
    assert!(matches!(attempt(&[term(1.0, false)], 3, 8), Err(Error::Shape(_))));
    assert!(matches!(attempt(&[term(0.0, false)], 2, 8), Err(Error::Argument(_))));
    assert!(matches!(attempt(&[term(1e-7, false)], 2, 8), Err(Error::Argument(_))));
    assert!(matches!(attempt(&[term(1.0, true), term(2.0, true)], 2, 8), Err(Error::Argument(_))));
    let image = [0.0, f32::NAN, 0.0, 0.0];
    let wild = Term { image: &image, sigma_intensity: vec![1.0], ..term(1.0, false) };
    assert!(matches!(attempt(&[wild], 2, 12), Err(Error::Argument(_))));
}

#[test]
fn what_is_asked_for_no_more_ends_before_the_next_step() {
    let (shape, probabilities) = ([4, 5], vec![0.1; 9 * 20]);
    let near = |convolve| Term {
        sigma: vec![1.0; 2],
        image: &[],
        sigma_intensity: vec![],
        weight: 1.0,
        convolve,
    };
    let terms = [near(false), near(true)];
    let request = request(&shape, 9, &terms);
    let mut room = vec![[0; 2]; request.room()];
    let mut out = vec![0.0; probabilities.len()];
    let mut run = |most: usize| {
        let mut asked = 0;
        let go_on = || {
            asked += 1;
            asked <= most
        };
        let found = mean_field_into(&probabilities, &request, &mut room, &mut out, go_on);
        (found, asked)
    };
    // two terms, then two updates of two groups of labels
    assert_eq!(run(usize::MAX), (Ok(()), 6));
    for most in 0..6 {
        assert_eq!(run(most), (Err(Error::Interrupted), most + 1));
    }
}
