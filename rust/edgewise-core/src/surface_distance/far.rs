//! Elements far from the other boundary: one search each, or a distance transform for all.
//!
//! How many boxes a search opens hangs on the shapes: one or two dozen for most, all of them from the middle of a sphere. A few searches spread over the
//! elements tell; if all of them would cost more than a distance transform of the crop, the transform is taken. So no input costs much more than its
//! transform. The decision depends on counts alone, never on a clock or the number of threads.

use rayon::prelude::*;

use super::pyramid::{Pyramid, Walk};
use crate::distance;
use crate::grid::Metric;
use crate::mask::{Mask, each_bit};
use crate::parallel;

/// Cost of opening one box, and of transforming one voxel: ns on the machine where these were measured; only their ratio matters.
const BOX: u64 = 40;
const VOXEL: u64 = 4;
/// Rows, and elements of each, that are searched to learn what a search costs.
const SAMPLE: [usize; 2] = [32, 8];
/// Rows searched by one task.
const GRAIN: usize = 64;

/// Squared distances from elements, in raster order, to their nearest ones of `source`.
pub(super) fn squares(elements: &Mask, source: &Mask, metric: &Metric, threads: usize) -> Vec<f64> {
    if elements.is_empty() {
        return Vec::new(); // the usual case of a good segmentation: no pyramid for nothing
    }
    let pyramid = Pyramid::new(source, metric);
    let voxels = source.shape().iter().product::<usize>();
    if expected_boxes(elements, &pyramid) * BOX > voxels as u64 * VOXEL {
        by_transform(elements, source, metric, threads)
    } else {
        searched(elements, &pyramid, threads)
    }
}

/// How many boxes the searches of all elements will open, judged by some.
fn expected_boxes(elements: &Mask, pyramid: &Pyramid) -> u64 {
    let width = elements.words_per_row();
    let rows = elements.words().chunks_exact(width).enumerate();
    let filled: Vec<usize> =
        rows.filter(|(_, row)| row.iter().any(|&word| word != 0)).map(|(row, _)| row).collect();
    let mut walk = Walk::default();
    let mut searched = 0;
    for row in filled.iter().step_by(filled.len().div_ceil(SAMPLE[0])) {
        let (z, y) = (row / elements.shape()[1], row % elements.shape()[1]);
        let mut places = Vec::new();
        each_bit(elements.row(z, y), |x| places.push(x));
        for &x in places.iter().step_by(places.len().div_ceil(SAMPLE[1])) {
            pyramid.nearest([z, y, x], &mut walk);
            searched += 1;
        }
    }
    walk.opened * elements.count() / searched
}

#[cfg(test)]
pub(super) fn by_searches(
    elements: &Mask,
    source: &Mask,
    metric: &Metric,
    threads: usize,
) -> Vec<f64> {
    searched(elements, &Pyramid::new(source, metric), threads)
}

fn searched(elements: &Mask, pyramid: &Pyramid, threads: usize) -> Vec<f64> {
    let [planes, rows, _] = elements.shape();
    let threads = threads.min(planes * rows / GRAIN + 1);
    let all: Vec<usize> = (0..planes * rows).collect();
    let search = |part: &[usize]| {
        let mut walk = Walk::default();
        let mut found = Vec::new();
        for row in part {
            let (z, y) = (row / rows, row % rows);
            each_bit(elements.row(z, y), |x| found.push(pyramid.nearest([z, y, x], &mut walk)));
        }
        found
    };
    parallel::install(threads, |parallel| {
        if parallel { all.par_chunks(GRAIN).flat_map_iter(search).collect() } else { search(&all) }
    })
}

/// By a distance transform from the box of the sources to the box of the elements.
pub(super) fn by_transform(
    elements: &Mask,
    source: &Mask,
    metric: &Metric,
    threads: usize,
) -> Vec<f64> {
    distance::squares_between(source, elements, metric, threads)
}
