//! Connected components, by runs: stretches of equal voxels along a row, joined across rows with union-find.
//!
//! Runs are never listed: their first bits and a count per word number them (`tracks`), and what touches is found a word at a time
//! (`stretches`). Masks go by `blocks` of rows, label maps by `labels`.
#![allow(clippy::inline_always, reason = "see `simd`")]

mod blocks;
mod forest;
mod labels;
mod neighbours;
mod paint;
mod select;
mod stretches;
#[cfg(test)]
pub(crate) mod tests;
mod tracks;

use std::ops::Range;

use rayon::prelude::*;

use crate::{
    error::{Error, Result},
    grid::{Bounds, View},
    mask::Mask,
    parallel,
    simd::{self, Isa, Kernel},
};

use blocks::Blocks;
use forest::{Forest, Grove};
use labels::{LabelRuns, Value, is_mask};
pub(crate) use neighbours::{NeighbourRow, check, rows_around};
pub use paint::Number;
use paint::paint;
pub(crate) use select::Selection;
use stretches::Bits;
use tracks::{Tracks, starts_of};

/// Components of the equal non-zero values of a label map, numbered 1 to n; the labels (0 = background) and n.
///
/// Voxels of one value belong together if they touch: `connectivity` 1 = by faces, 2 = also by edges (the 18 in 3D), 3 = also by corners.
/// Nothing touches across the end of the array. The numbers follow the raster order of the array; `reversed` says that the view is a
/// column-major array seen through its reversed axes, and then gives the numbers of the row-major array. The result does not depend
/// on `threads`. O(voxels). Memory beyond the result: at most 5/16 byte a voxel (rows rounded up to 64 voxels), 4 bytes a run (stretch of
/// one value along a row) and 16 bytes a component.
/// Source: He, Chao and Suzuki 2008, "A run-based two-scan labeling algorithm"; blocks after Grana, Borghesani and Cucchiara 2010, "Optimized
/// block-based connected components labeling with decision trees".
///
/// # Errors
/// [`Error::Argument`] unless `connectivity` is 1 to the number of axes; [`Error::Shape`] if the array has 2^32 - 1 runs or more.
///
/// ```
/// # use edgewise_core::{View, components::connected_components};
/// let labels = [5, 5, 0, 7, 2, 0, 2, 2_u8];
/// let (components, count) = connected_components(View::new(&labels, &[8])?, 1, false, 1)?;
/// assert_eq!((components, count), (vec![1, 1, 0, 2, 3, 0, 4, 4], 4));
/// # Ok::<(), edgewise_core::Error>(())
/// ```
pub fn connected_components<T: Copy + Default + PartialEq + Sync>(
    view: View<'_, T>,
    connectivity: usize,
    reversed: bool,
    threads: usize,
) -> Result<(Vec<u32>, u32)> {
    let mut components = vec![0; view.data().len()];
    let count = connected_components_into(view, connectivity, reversed, threads, &mut components)?;
    Ok((components, count.unwrap_or(0))) // 32 bits hold every number
}

/// The same into an array of zeros, in the order of the view; n. Where the view is 0 nothing is written, so that pages of a fresh array stay untouched.
///
/// None, and nothing is written, if numbers of 16 bits may be too small: if there are 65 535 or more runs (stretches of one value along the last axis
/// that is longer than 1).
///
/// # Errors
/// As [`connected_components`]; and [`Error::Shape`] unless `components` has as many elements as the view.
pub fn connected_components_into<T: Copy + Default + PartialEq + Sync, N: Number>(
    view: View<'_, T>,
    connectivity: usize,
    reversed: bool,
    threads: usize,
    components: &mut [N],
) -> Result<Option<u32>> {
    check(view.axes(), connectivity)?;
    if components.len() != view.data().len() {
        let (found, wanted) = (components.len(), view.data().len());
        return Err(Error::Shape(format!("{found} elements for the components of {wanted}")));
    }
    let view = view.squeezed();
    let connectivity = connectivity.min(view.axes());
    parallel::install(threads, |parallel| {
        let parts = if parallel { threads } else { 1 };
        if is_mask(view.data()) {
            of_mask(view, connectivity, reversed, parts, components)
        } else {
            of_labels(view, connectivity, reversed, parts, components)
        }
    })
}

fn of_mask<T: Value, N: Number>(
    view: View<'_, T>,
    connectivity: usize,
    reversed: bool,
    parts: usize,
    components: &mut [N],
) -> Result<Option<u32>> {
    let zero = T::default();
    let mask = Mask::pack(&view, &Bounds::whole(view.shape()), |value| value != zero);
    if N::LARGEST < u32::MAX && runs_of(&mask) >= u64::from(N::LARGEST) {
        return Ok(None);
    }
    let blocks = Blocks::new(&mask, connectivity)?;
    if blocks.tracks.len() == 0 {
        return Ok(Some(0));
    }
    let (mut numbers, count) = blocks.join(parts).number();
    let rows = MaskRows { mask: &mask, blocks: &blocks };
    if reversed || !blocks.are_rows() {
        renumber(&mut numbers, count, &rows, &blocks.tracks, view.shape(), reversed);
    }
    paint_all(&rows, &blocks.tracks, &numbers, view.shape(), parts, components);
    Ok(Some(count))
}

fn of_labels<T: Value, N: Number>(
    view: View<'_, T>,
    connectivity: usize,
    reversed: bool,
    parts: usize,
    components: &mut [N],
) -> Result<Option<u32>> {
    let runs = LabelRuns::new(view, parts > 1)?;
    if N::LARGEST < u32::MAX && runs.tracks.len() >= N::LARGEST {
        return Ok(None);
    }
    let (mut numbers, count) = runs.join(connectivity, parts).number();
    if reversed {
        renumber(&mut numbers, count, &runs, &runs.tracks, view.shape(), reversed);
    }
    paint_all(&runs, &runs.tracks, &numbers, view.shape(), parts, components);
    Ok(Some(count))
}

/// The number of runs of a mask, row by row.
fn runs_of(mask: &Mask) -> u64 {
    let [depth, height, width] = mask.shape();
    let mut starts = vec![0; width.div_ceil(64)];
    let mut runs = 0;
    for row in 0..depth * height {
        starts_of(mask.row(row / height, row % height).iter().copied(), &mut starts);
        runs += starts.iter().map(|word: &u64| u64::from(word.count_ones())).sum::<u64>();
    }
    runs
}

/// Rows of voxels in raster order, with their runs.
trait Rows: Sync {
    /// One row; `starts` is room for the first bits of its runs.
    fn row<'a>(&'a self, row: usize, starts: &'a mut [u64]) -> paint::Row<'a>;
}

struct MaskRows<'a> {
    mask: &'a Mask,
    blocks: &'a Blocks<'a>,
}

impl Rows for MaskRows<'_> {
    #[inline(always)]
    fn row<'a>(&'a self, row: usize, starts: &'a mut [u64]) -> paint::Row<'a> {
        let height = self.mask.shape()[1];
        let (z, y) = (row / height, row % height);
        let bits = self.mask.row(z, y);
        starts_of(bits.iter().copied(), starts);
        paint::Row { bits, starts, track: self.blocks.tracks.word(self.blocks.block(z, y)) }
    }
}

impl<T: Value> Rows for LabelRuns<'_, T> {
    #[inline(always)]
    fn row<'a>(&'a self, row: usize, _: &'a mut [u64]) -> paint::Row<'a> {
        let (bits, starts) = self.row(row);
        paint::Row { bits, starts, track: self.tracks.word(row) }
    }
}

/// `count` rows in at most `parts` ranges of about equal length.
fn slabs(count: usize, parts: usize) -> Vec<Range<usize>> {
    let length = count.div_ceil(parts);
    (0..count).step_by(length).map(|start| start..(start + length).min(count)).collect()
}

/// Join the runs of `count` rows that touch; `parts` above 1: in that many parts, with rayon.
///
/// `join` joins the runs of some rows with those of earlier rows, as far as these lie among others; a row touches none of more than `reach` rows before.
fn join_in_parts(
    tracks: &Tracks,
    count: usize,
    reach: usize,
    parts: usize,
    join: impl Fn(Range<usize>, Range<usize>, Grove) + Sync,
) -> Forest {
    let mut forest = Forest::new(tracks.len());
    if parts <= 1 {
        join(0..count, 0..count, forest.all());
        return forest;
    }
    let slabs = slabs(count, parts);
    let runs: Vec<_> = slabs.iter().map(|slab| tracks.runs(slab.clone())).collect();
    slabs.par_iter().zip(forest.split(&runs)).for_each(|(slab, grove)| {
        join(slab.clone(), slab.clone(), grove);
    });
    for slab in &slabs[1..] {
        // rows that reach back over the border
        join(slab.start..slab.end.min(slab.start + reach), 0..slab.start, forest.all());
    }
    forest
}

/// Number the components again, by their first voxels in raster order, or, if `reversed`, in raster order of the reversed axes.
fn renumber(
    numbers: &mut [u32],
    count: u32,
    rows: &impl Rows,
    tracks: &Tracks,
    shape: [usize; 3],
    reversed: bool,
) {
    let [depth, height, _] = shape;
    let mut renamed = vec![0; count as usize + 1];
    let known = &*numbers;
    if reversed {
        let mut first = vec![u64::MAX; count as usize];
        let visit = |[z, y, x]: [usize; 3], number: u32| {
            let first = &mut first[number as usize - 1];
            *first = (*first).min(((x * height + y) * depth + z) as u64);
            true
        };
        simd::dispatch(EachRun { rows, tracks, shape, numbers: known, visit });
        let mut order: Vec<u32> = (0..count).collect();
        order.sort_unstable_by_key(|component| first[*component as usize]);
        for (rank, component) in (1..).zip(order) {
            renamed[component as usize + 1] = rank;
        }
    } else {
        let mut found = 0;
        let visit = |_: [usize; 3], number: u32| {
            let renamed = &mut renamed[number as usize];
            if *renamed == 0 {
                found += 1;
                *renamed = found;
            }
            found < count
        };
        simd::dispatch(EachRun { rows, tracks, shape, numbers: known, visit });
    }
    for number in numbers {
        *number = renamed[*number as usize];
    }
}

/// Visit the first voxel of every run in raster order, with the number of its component, until `visit` says that it has seen enough.
struct EachRun<'a, R, V> {
    rows: &'a R,
    tracks: &'a Tracks,
    shape: [usize; 3],
    numbers: &'a [u32],
    visit: V,
}

impl<R: Rows, V: FnMut([usize; 3], u32) -> bool> Kernel for EachRun<'_, R, V> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(mut self, _: I) {
        let [depth, height, width] = self.shape;
        let mut room = vec![0; width.div_ceil(64)];
        for index in 0..depth * height {
            let row = self.rows.row(index, &mut room);
            for (k, starts) in row.starts.iter().enumerate() {
                for bit in Bits(*starts) {
                    let number = self.numbers[self.tracks.at(row.track + k, bit) as usize];
                    let place = [index / height, index % height, 64 * k + bit as usize];
                    if !(self.visit)(place, number) {
                        return;
                    }
                }
            }
        }
    }
}

/// Write the number of every run over its voxels.
fn paint_all<N: Number>(
    rows: &impl Rows,
    tracks: &Tracks,
    numbers: &[u32],
    [_, _, width]: [usize; 3],
    parts: usize,
    components: &mut [N],
) {
    let some = width * (1_usize << 16).div_ceil(width); // voxels of whole rows
    let fill = |(k, labels): (usize, &mut [N])| {
        simd::dispatch(Paint { rows, tracks, numbers, width, first: k * some / width, labels });
    };
    if parts > 1 {
        components.par_chunks_mut(some).enumerate().for_each(fill);
    } else {
        components.chunks_mut(some).enumerate().for_each(fill);
    }
}

struct Paint<'a, R, N> {
    rows: &'a R,
    tracks: &'a Tracks,
    numbers: &'a [u32],
    width: usize,
    first: usize,
    labels: &'a mut [N],
}

impl<R: Rows, N: Number> Kernel for Paint<'_, R, N> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let mut room = vec![0; self.width.div_ceil(64)];
        for k in 0..self.labels.len() / self.width {
            let row = self.rows.row(self.first + k, &mut room);
            paint(row, self.tracks, self.numbers, &mut self.labels[k * self.width..]);
        }
    }
}
