//! Elements far from the other boundary: hunted together, or left to a distance transform.
//!
//! What a hunt costs hangs on the shapes: little for elements side by side, much for scattered ones in the middle of a dense shell. Its work is counted
//! as it goes; once it has cost half of what a distance transform of the crop would, the transform is taken. So no input costs much more than its
//! transform. The decision depends on counts alone, never on a clock or the number of threads.

use std::sync::atomic::AtomicU64;

use super::elements::{Kind, Surface};
use super::frame::Frame;
use super::hunt::Hunt;
use super::near::Left;
use super::points::Query;
use super::tiles::Tiles;
use crate::distance;
use crate::grid::Metric;
use crate::mask::{Mask, each_bit};
use crate::padded::Padded;
use crate::parallel;

/// Cost of transforming one voxel, and the least that one element costs a hunt, in units of its comparisons (about 0.4 ns).
const VOXEL: u64 = 10;
const ELEMENT: u64 = 100;

/// What is known of far elements, in any order.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Far {
    pub(super) squares: Vec<f64>,
    /// Codes of the surface elements; nothing for voxels.
    pub(super) codes: Vec<u8>,
}

/// The squared distance of every element that is left.
pub(super) fn squares(
    left: &[Left],
    query: &Surface,
    source: &Padded,
    metric: &Metric,
    threads: usize,
) -> Far {
    let count: u64 = left.iter().map(|left| u64::from(left.bits.count_ones())).sum();
    if count == 0 {
        return Far::default(); // the usual case of a good segmentation: nothing is prepared for nothing
    }
    if source.shape()[0] * source.shape()[1] == 1 {
        return on_a_line(left, query, source, metric);
    }
    let transform = source.shape().iter().product::<usize>() as u64 * VOXEL;
    let long = source.shape().iter().any(|&length| length > i32::MAX as usize);
    if !long
        && count * ELEMENT <= transform
        && let Some(found) = by_hunt(left, query, source, metric, transform / 2, threads)
    {
        return found;
    }
    by_transform(left, query, source, metric, threads)
}

/// The same in a single row: the nearest ones before and after each word, and those in the word.
pub(super) fn on_a_line(left: &[Left], query: &Surface, source: &Padded, metric: &Metric) -> Far {
    let row = source.row(0, 0);
    let last = |(k, word): (usize, &u64)| word.checked_ilog2().map(|bit| 64 * k + bit as usize);
    let first =
        |(k, word): (usize, &u64)| (*word != 0).then(|| 64 * k + word.trailing_zeros() as usize);
    let mut after = vec![None; left.len()];
    let mut words = row.iter().enumerate().rev().peekable();
    let mut nearest = None;
    for (one, after) in left.iter().zip(&mut after).rev() {
        while let Some(next) = words.next_if(|(k, _)| *k > one.word as usize) {
            nearest = first(next).or(nearest);
        }
        *after = nearest;
    }
    let mut words = row.iter().enumerate().peekable();
    let mut far = Far::default();
    let mut before = None;
    let mut ends = Vec::with_capacity(left.len());
    for one in left {
        while let Some(next) = words.next_if(|(k, _)| *k < one.word as usize) {
            before = last(next).or(before);
        }
        ends.push(before);
    }
    for ((one, before), after) in left.iter().zip(ends).zip(after) {
        let k = one.word as usize;
        let codes = query.codes([0, 0, k], one.bits);
        each_bit(&[one.bits], |bit| {
            let at = 64 * k + bit;
            let below = last((k, &(row[k] & !(u64::MAX << bit)))).or(before);
            let above = first((k, &(row[k] & (u64::MAX << bit)))).or(after);
            let gaps = [below, above].into_iter().flatten().map(|other| other.abs_diff(at));
            let gap = gaps.min().map_or(f64::INFINITY, |gap| metric.squared([0, 0, gap as i64]));
            far.squares.push(gap);
            if let Kind::Surfel(..) = query.kind {
                far.codes.push(codes[bit]);
            }
        });
    }
    far
}

/// The same by a hunt that may cost so much.
pub(super) fn by_hunt(
    left: &[Left],
    query: &Surface,
    source: &Padded,
    metric: &Metric,
    budget: u64,
    threads: usize,
) -> Option<Far> {
    let frame = Frame::new(metric, source.shape());
    let tiles = Tiles::new(source, &frame);
    let mut queries = Vec::new();
    each_left(left, query, |index, code| {
        queries.push(Query { at: frame.coordinates(index), code: code.into() });
    });
    let mut found = vec![0.0; queries.len()];
    let affordable = parallel::install(threads, |parallel| {
        let spent = AtomicU64::new(0);
        let hunt = Hunt { frame: &frame, tiles: &tiles, budget, spent, parallel };
        hunt.run(&mut queries, &mut found)
    });
    affordable.then(|| match query.kind {
        Kind::Voxel => Far { squares: found, codes: Vec::new() },
        Kind::Surfel(..) => {
            Far { squares: found, codes: queries.iter().map(|query| query.code as u8).collect() }
        }
    })
}

/// The same by a distance transform from the box of the source to the box of the elements.
pub(super) fn by_transform(
    left: &[Left],
    query: &Surface,
    source: &Padded,
    metric: &Metric,
    threads: usize,
) -> Far {
    let shape = source.shape();
    let mut elements = Mask::zeros(shape, 3);
    for one in left {
        let row = one.row as usize;
        elements.row_mut(row / shape[1], row % shape[1])[one.word as usize] = one.bits;
    }
    let squares = distance::squares_between(&source.dense(), &elements, metric, threads);
    let mut codes = Vec::new();
    if let Kind::Surfel(..) = query.kind {
        each_left(left, query, |_, code| codes.push(code)); // both in raster order
    }
    Far { squares, codes }
}

/// Call `visit(index, code)` for every element.
fn each_left(left: &[Left], query: &Surface, mut visit: impl FnMut([usize; 3], u8)) {
    let rows = query.elements.shape()[1];
    for one in left {
        let (z, y, k) = (one.row as usize / rows, one.row as usize % rows, one.word as usize);
        let codes = query.codes([z, y, k], one.bits);
        each_bit(&[one.bits], |bit| visit([z, y, 64 * k + bit], codes[bit]));
    }
}
