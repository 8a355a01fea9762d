//! Times of the kernels that a pair goes through, and of the CRF, to find regressions: `cargo bench -p edgewise-core`.
//!
//! Two balls of 128^3 voxels, one with a satellite, so that near and far elements both occur. Ratios to other libraries are in `benches/` at the top.

use criterion::{Criterion, criterion_group, criterion_main};
use edgewise_core::counts::joint_histogram;
use edgewise_core::crf::{self, mean_field_into};
use edgewise_core::distance::{Request, transform};
use edgewise_core::grid::Bounds;
use edgewise_core::surface::{Boundary, Edge};
use edgewise_core::surface_distance::{Convention, Elements, between};
use edgewise_core::{Mask, Metric, View};

const SIDE: usize = 128;

fn ball(labels: &mut [u8], center: [i64; 3], radius: i64) {
    for (i, voxel) in labels.iter_mut().enumerate() {
        let place = [i / (SIDE * SIDE), i / SIDE % SIDE, i % SIDE];
        let square: i64 = (0..3).map(|k| (place[k] as i64 - center[k]).pow(2)).sum();
        if square <= radius * radius {
            *voxel = 1;
        }
    }
}

fn pair() -> [Vec<u8>; 2] {
    let mut maps = [vec![0; SIDE.pow(3)], vec![0; SIDE.pow(3)]];
    ball(&mut maps[0], [64, 60, 64], 44);
    ball(&mut maps[1], [64, 61, 63], 43);
    ball(&mut maps[1], [12, 110, 110], 4);
    maps
}

fn kernels(bench: &mut Criterion) {
    let maps = pair();
    let views = maps.each_ref().map(|map| View::new(map, &[SIDE; 3]).expect("the shape fits"));
    let pack = |view: &View<u8>| Mask::pack(view, &Bounds::whole([SIDE; 3]), |voxel| voxel != 0);
    let masks = views.each_ref().map(pack);
    bench.bench_function("mask: pack", |b| b.iter(|| pack(&views[0])));
    bench.bench_function("counts: joint histogram", |b| {
        b.iter(|| joint_histogram(&views[0], &views[1], None, 1));
    });
    let request = Request {
        shape: &[SIDE; 3],
        spacing: &[1.0; 3],
        reversed: false,
        squared: false,
        indices: false,
        threads: 1,
    };
    bench.bench_function("distance: inside a ball", |b| {
        b.iter(|| transform::<f32>(&maps[0], &request));
    });
    for (name, spacing) in [("equal", [1.0; 3]), ("thick slices", [3.0, 0.8, 0.8])] {
        for (kind, elements) in
            [("face", Elements::Voxels(Boundary::Face)), ("surfel", Elements::Surfels)]
        {
            let metric = Metric::new(&spacing, false).expect("spacings are positive");
            let convention = Convention { metric, elements, edge: Edge::Background };
            bench.bench_function(&format!("surface distance: {kind}, {name}"), |b| {
                b.iter(|| between(&masks[0], &masks[1], None, &convention, 1));
            });
        }
    }
}

/// Two labels of a ball with uncertain probabilities, and an image of it with noise.
fn field(bench: &mut Criterion) {
    const SHAPE: [usize; 3] = [SIDE / 2; 3];
    const VOXELS: usize = SIDE.pow(3) / 8;
    let mut ball_map = vec![0; SIDE.pow(3)];
    ball(&mut ball_map, [32, 64, 64], 25);
    let noise = |i: usize| (i.wrapping_mul(2_654_435_761) >> 7) as u8;
    let image: Vec<f32> =
        (0..VOXELS).map(|i| 90.0 * f32::from(ball_map[i]) + f32::from(noise(i)) / 20.0).collect();
    let inside: Vec<f32> = (0..VOXELS)
        .map(|i| 0.3 + 0.3 * f32::from(ball_map[i]) + f32::from(noise(i + 7)) / 800.0)
        .collect();
    let probabilities: Vec<f32> =
        inside.iter().map(|p| 1.0 - p).chain(inside.iter().copied()).collect();
    let positions = |sigma: f32, convolve| crf::Term {
        sigma: vec![sigma; 3],
        image: &[],
        sigma_intensity: vec![],
        weight: 3.0,
        convolve,
    };
    let alike = crf::Term { image: &image, sigma_intensity: vec![20.0], ..positions(10.0, false) };
    for (name, terms) in [
        ("positions", vec![positions(3.0, false)]),
        ("positions, convolved", vec![positions(3.0, true)]),
        ("positions and image", vec![positions(3.0, false), alike]),
    ] {
        let request = crf::Request {
            shape: &SHAPE,
            labels: 2,
            terms: &terms,
            compatibility: None,
            iterations: 5,
            normalization: crf::Normalization::Symmetric,
            include_self: true,
            clip: 1e-5,
            threads: 1,
        };
        let mut room = vec![[0; 2]; request.room()];
        let mut out = vec![0.0; 2 * VOXELS];
        bench.bench_function(&format!("crf: {name}"), |b| {
            b.iter(|| mean_field_into(&probabilities, &request, &mut room, &mut out, || true));
        });
    }
}

criterion_group!(benches, kernels, field);
criterion_main!(benches);
