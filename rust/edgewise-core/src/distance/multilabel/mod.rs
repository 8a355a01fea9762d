//! Distance of every labelled voxel to the nearest voxel of another label, for all labels at once.
//!
//! For a voxel of label `a` the passes are those of the binary transform with all other labels as background: a column's value at `p` counts where
//! `p` has label `a` and is 0 where it has not. So each row is first compared with its neighbours a few steps up and down, whatever their labels;
//! that settles thin and ragged labels. What lies deeper is settled label by label by the search of the binary transform. The cost grows neither
//! with the number of labels nor with the depth of the regions.
#![allow(clippy::inline_always, reason = "see `simd`")]

mod numbers;
mod search;

use rayon::prelude::*;

use super::envelope::{Block, padded};
use super::lanes::Output;
use super::passes::PANEL;
use super::rows::Ramp;
use super::steps::Steps;
use super::{NARROW, WIDE};
use crate::error::{Error, Result};
use crate::grid::{Bounds, View};
use crate::labels::Label;
use crate::parallel;
use crate::simd::{self, Isa, Kernel};

use numbers::{Labelled, Number, Numbers};
use search::{Column, Search};

/// Distance of every voxel with a label other than 0 to the nearest voxel with another label (0 is one), into memory that **holds zeros**.
///
/// `squared`: its square. The outside of the array has no label. Infinite where there is no other label. Single precision, relative error below 1e-6; `spacing` is given
/// along the axes of the view. The result does not depend on `threads`. Memory: 2 bytes a voxel (4 for more than 65 536 labels), 16 bytes a
/// row, and a slice of 2 or 4 bytes a voxel a thread.
///
/// # Errors
/// [`Error::Shape`] if `distances` does not have as many elements as the map; [`Error::Spacing`] unless there is one finite, positive spacing per axis.
///
/// # Examples
/// ```
/// use edgewise_core::{View, distance::label_transform_into};
///
/// let labels = View::new(&[7, 7, 7, 0, 2, 2, 2_u8], &[7])?;
/// let mut distances = [0.0; 7];
/// label_transform_into(&labels, &[0.5], false, 1, &mut distances)?;
/// assert_eq!(distances, [1.5, 1.0, 0.5, 0.0, 0.5, 1.0, 1.5]);
/// # Ok::<(), edgewise_core::Error>(())
/// ```
pub fn label_transform_into<T: Label>(
    labels: &View<T>,
    spacing: &[f64],
    squared: bool,
    threads: usize,
    distances: &mut [f32],
) -> Result<()> {
    if distances.len() != labels.data().len() {
        let (have, room) = (labels.data().len(), distances.len());
        return Err(Error::Shape(format!("{have} voxels do not fit into {room} results")));
    }
    let metric = crate::grid::Metric::new(spacing, false)?;
    if spacing.len() != labels.axes() {
        let (axes, values) = (labels.axes(), spacing.len());
        return Err(Error::Spacing(format!("{axes} axes need {axes} spacings, got {values}")));
    }
    // axes of length 1 go to the front, so that a slice is a plane and a line a row
    let mut axes: Vec<(usize, f64)> = labels.shape().into_iter().zip(metric.spacing()).collect();
    axes.retain(|&(n, _)| n > 1);
    if axes.is_empty() {
        axes.push((1, 1.0));
    }
    let steps = Steps::new(&axes.iter().map(|&(_, s)| s).collect::<Vec<_>>());
    let mut shape = [1; 3];
    let mut counts = [1.0; 3];
    for (k, &(n, _)) in axes.iter().enumerate() {
        shape[3 - axes.len() + k] = n;
        counts[3 - axes.len() + k] = steps.counts[k];
    }
    if axes.len() == 2 {
        // slices of one row: the columns of a plane are shared between threads
        (shape, counts) = ([shape[1], 1, shape[2]], [counts[1], 1.0, counts[2]]);
    }
    let unit = if squared { steps.unit * steps.unit } else { steps.unit };
    let finish = (unit as f32, !squared);
    match Numbers::of(labels) {
        Numbers::Bytes(numbers) => {
            Plan::new(numbers, shape, counts, finish, threads).run(steps.whole, distances);
        }
        Numbers::Few(numbers) => {
            Plan::new(&numbers, shape, counts, finish, threads).run(steps.whole, distances);
        }
        Numbers::Many(numbers) => {
            Plan::new(&numbers, shape, counts, finish, threads).run_wide(steps.whole, distances);
        }
    }
    Ok(())
}

/// What is to be done: planes of rows, none of them empty.
struct Plan<'a, K> {
    numbers: &'a [K],
    /// Lengths of the axes of the array.
    whole: [usize; 3],
    /// The labels and one layer around them, where the array has one, and its lengths.
    bounds: Bounds,
    shape: [usize; 3],
    /// Spacing in units.
    counts: [f64; 3],
    /// What squares are multiplied by, or their roots where that is set.
    finish: (f32, bool),
    threads: usize,
}

impl<'a, K: Number> Plan<'a, K> {
    fn new(
        numbers: &'a [K],
        whole: [usize; 3],
        counts: [f64; 3],
        finish: (f32, bool),
        threads: usize,
    ) -> Self {
        let bounds = simd::dispatch(Around { numbers, shape: whole }).grown(whole, 3);
        let shape = bounds.shape();
        Self { numbers, whole, bounds, shape, counts, finish, threads }
    }

    /// A row of the box.
    #[inline(always)]
    fn row(&self, z: usize, y: usize) -> &'a [K] {
        let [_, height, width] = self.whole;
        let start = self.bounds.start;
        let row = (start[0] + z) * height + start[1] + y;
        &self.numbers[row * width + start[2]..][..self.shape[2]]
    }

    fn diagonal(&self) -> f64 {
        self.shape.iter().zip(self.counts).map(|(&n, s)| (s * n as f64).powi(2)).sum()
    }

    /// An upper bound of all squared distances: every voxel of a cell with two labels has another one in that cell.
    fn farthest(&self) -> f64 {
        const PARTS: usize = 16;
        let [depth, height, _] = self.shape;
        let size = self.shape.map(|n| n.div_ceil(PARTS));
        let cells = [0, 1, 2].map(|k| self.shape[k].div_ceil(size[k]));
        let mut first: Vec<Option<K>> = vec![None; cells.iter().product()];
        let mut squares = vec![f64::INFINITY; first.len()];
        for z in 0..depth {
            for y in 0..height {
                let cell = (z / size[0] * cells[1] + y / size[1]) * cells[2];
                for (x, part) in self.row(z, y).chunks(size[2]).enumerate() {
                    if squares[cell + x].is_infinite() {
                        let own = *first[cell + x].get_or_insert(part[0]);
                        if part.iter().any(|&number| number != own) {
                            squares[cell + x] = 0.0;
                        }
                    }
                }
            }
        }
        let lengths = [0, 1, 2].map(|k| size[k] as f64 * self.counts[k]);
        super::field::spread(&mut squares, &cells, &lengths)
    }

    /// With numbers of 16 bits where distances allow it.
    fn run(&self, whole: bool, distances: &mut [f32]) {
        let short = self.shape.iter().all(|&n| (n as f64) < NARROW);
        if whole && short && self.farthest() <= NARROW {
            Passes::<u16, K, 32>::new(self, u16::MAX).run(distances);
        } else {
            self.run_wide(whole, distances);
        }
    }

    fn run_wide(&self, whole: bool, distances: &mut [f32]) {
        let never = 2.0 * self.diagonal();
        if whole && self.diagonal() < WIDE {
            Passes::<i32, K, 16>::new(self, never as i32).run(distances);
        } else {
            Passes::<f32, K, 16>::new(self, never as f32).run(distances);
        }
    }
}

/// The box around all numbers but 0; empty if there are none.
struct Around<'a, K> {
    numbers: &'a [K],
    shape: [usize; 3],
}

impl<K: Number> Kernel for Around<'_, K> {
    type Output = Bounds;

    #[inline(always)]
    fn run<S: Isa>(self, _: S) -> Bounds {
        let [_, height, width] = self.shape;
        let mut columns = vec![K::default(); width];
        let mut bounds = Bounds { start: self.shape, stop: [0; 3] };
        for (k, row) in self.numbers.chunks_exact(width).enumerate() {
            let mut any = K::default();
            for (column, &number) in columns.iter_mut().zip(row) {
                *column = column.or(number);
                any = any.or(number);
            }
            if any != K::default() {
                let place = [k / height, k % height];
                for (axis, &at) in place.iter().enumerate() {
                    bounds.start[axis] = bounds.start[axis].min(at);
                    bounds.stop[axis] = bounds.stop[axis].max(at + 1);
                }
            }
        }
        let set = |&column: &K| column != K::default();
        let Some(first) = columns.iter().position(set) else {
            return Bounds { start: [0; 3], stop: [0; 3] };
        };
        bounds.start[2] = first;
        bounds.stop[2] = columns.iter().rposition(set).map_or(width, |last| last + 1);
        bounds
    }
}

struct Passes<'a, L, K, const N: usize> {
    plan: &'a Plan<'a, K>,
    ramp: Ramp<L>,
    rows: Column<L>,
    planes: Column<L>,
}

/// Working memory of a thread.
struct Scratch<L: Labelled, const N: usize> {
    slab: Vec<L>,
    /// Where the runs of a row begin.
    edges: Vec<u32>,
    given: Vec<[L; N]>,
    numbers: Vec<[L::Number; N]>,
    search: Search<L, N>,
}

impl<L: Labelled, const N: usize> Default for Scratch<L, N> {
    fn default() -> Self {
        Self {
            slab: Vec::new(),
            edges: Vec::new(),
            given: Vec::new(),
            numbers: Vec::new(),
            search: Search { found: Vec::new(), deep: Vec::new(), block: Block::default() },
        }
    }
}

impl<'a, L: Labelled, K: Number, const N: usize> Passes<'a, L, K, N> {
    fn new(plan: &'a Plan<'a, K>, never: L) -> Self {
        let column = |axis: usize| Column::new(plan.shape[axis], plan.counts[axis], never);
        Self {
            plan,
            ramp: Ramp::new(plan.shape[2], plan.counts[2], never),
            rows: column(1),
            planes: column(0),
        }
    }

    fn run(&self, distances: &mut [f32]) {
        let [depth, height, width] = self.plan.shape;
        let start = self.plan.bounds.start;
        if depth == 0 {
            return;
        }
        let plane = self.plan.whole[1] * self.plan.whole[2];
        let slab = |scratch: &mut Scratch<L, N>, (z, out): (usize, &mut [f32])| {
            simd::dispatch(Slab { passes: self, scratch, z, out });
        };
        let columns = |scratch: &mut Scratch<L, N>, task: &mut Task| {
            simd::dispatch(Along { passes: self, scratch, task });
        };
        let distances = &mut distances[start[0] * plane..][..depth * plane];
        parallel::install(self.plan.threads, |parallel| {
            let mut scratch = Scratch::default();
            if parallel {
                let planes = distances.par_chunks_mut(plane).enumerate();
                planes.for_each_init(Scratch::default, slab);
            } else {
                distances.chunks_mut(plane).enumerate().for_each(|one| slab(&mut scratch, one));
            }
            if depth == 1 {
                return;
            }
            // one task for each row of a plane, or for a panel of it where planes are single rows
            let cut = if height == 1 { PANEL } else { width };
            let parts = width.div_ceil(cut);
            let mut tasks: Vec<Task> = (0..height * parts)
                .map(|k| Task { y: k / parts, x: k % parts * cut, rows: Vec::with_capacity(depth) })
                .collect();
            for plane in distances.chunks_mut(plane) {
                let rows = plane.chunks_mut(self.plan.whole[2]).skip(start[1]).take(height);
                for (y, row) in rows.enumerate() {
                    let row = &mut row[start[2]..][..width];
                    for (part, piece) in row.chunks_mut(cut).enumerate() {
                        tasks[y * parts + part].rows.push(piece);
                    }
                }
            }
            if parallel {
                tasks.par_iter_mut().for_each_init(Scratch::default, columns);
            } else {
                for task in &mut tasks {
                    columns(&mut scratch, task);
                }
            }
        });
    }

    #[inline(always)]
    fn finish(&self, from: &[L], into: &mut [f32]) {
        let (factor, root) = self.plan.finish;
        for (value, &lane) in into.iter_mut().zip(from) {
            *value = if lane < self.planes.envelope.never {
                f32::finish(lane, factor, root)
            } else {
                f32::NOWHERE
            };
        }
    }
}

/// Columns of one row of all planes of the box.
struct Task<'v> {
    y: usize,
    x: usize,
    rows: Vec<&'v mut [f32]>,
}

/// The rows of one plane, and the second axis.
struct Slab<'p, 's, 'o, L: Labelled, K, const N: usize> {
    passes: &'p Passes<'p, L, K, N>,
    scratch: &'s mut Scratch<L, N>,
    z: usize,
    out: &'o mut [f32],
}

impl<L: Labelled, K: Number, const N: usize> Kernel for Slab<'_, '_, '_, L, K, N> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, isa: S) {
        let Self { passes, scratch, z, out } = self;
        let Scratch { slab, edges, given, numbers, search } = scratch;
        let plan = passes.plan;
        let [depth, height, width] = plan.shape;
        slab.resize(height * width, L::ZERO);
        for (y, values) in slab.chunks_exact_mut(width).enumerate() {
            let row = plan.row(z, y);
            find_edges(isa, row, edges);
            for (k, &begin) in edges.iter().enumerate() {
                let begin = begin as usize;
                let stop = edges.get(k + 1).map_or(width, |&next| next as usize);
                if row[begin] == K::default() {
                    values[begin..stop].fill(L::ZERO);
                } else {
                    passes.ramp.run::<()>(begin, stop, values, &mut [], (0, 0));
                }
            }
        }
        if height > 1 {
            for start in (0..width).step_by(N) {
                let stop = width.min(start + N);
                given.clear();
                numbers.clear();
                for (y, values) in slab.chunks_exact(width).enumerate() {
                    given.push(padded(&values[start..stop]));
                    numbers.push(padded(&plan.row(z, y)[start..stop]).map(L::number));
                }
                passes.rows.solve(search, given, numbers);
                for (values, found) in slab.chunks_exact_mut(width).zip(&search.found) {
                    values[start..stop].copy_from_slice(&found[..stop - start]);
                }
            }
        }
        let rows = out.chunks_exact_mut(plan.whole[2]).skip(plan.bounds.start[1]);
        for (out, values) in rows.zip(slab.chunks_exact(width)) {
            let out = &mut out[plan.bounds.start[2]..][..width];
            if depth == 1 {
                passes.finish(values, out);
                continue;
            }
            for (panel, values) in out.chunks_mut(PANEL).zip(values.chunks(PANEL)) {
                bytemuck::cast_slice_mut::<f32, L>(panel)[..values.len()].copy_from_slice(values);
            }
        }
    }
}

/// Where the runs of equal numbers begin.
#[inline(always)]
fn find_edges<S: Isa, K: Number>(isa: S, row: &[K], edges: &mut Vec<u32>) {
    edges.clear();
    edges.push(0);
    let (pieces, rest) = row[1..].as_chunks::<64>();
    let (before, _) = row.as_chunks::<64>();
    for (k, (piece, before)) in pieces.iter().zip(before).enumerate() {
        let mut differs = [0; 64];
        for ((differs, a), b) in differs.iter_mut().zip(piece).zip(before) {
            *differs = u8::from(a != b);
        }
        let mut changes = isa.nonzero(&differs);
        while changes != 0 {
            edges.push(64 * k as u32 + 1 + changes.trailing_zeros());
            changes &= changes - 1;
        }
    }
    for x in row.len() - rest.len()..row.len() {
        if row[x] != row[x - 1] {
            edges.push(x as u32);
        }
    }
}

/// The first axis, for some columns of one row of the planes.
struct Along<'p, 's, 't, 'v, L: Labelled, K, const N: usize> {
    passes: &'p Passes<'p, L, K, N>,
    scratch: &'s mut Scratch<L, N>,
    task: &'t mut Task<'v>,
}

impl<L: Labelled, K: Number, const N: usize> Kernel for Along<'_, '_, '_, '_, L, K, N> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, _: S) {
        let Self { passes, scratch, task: Task { y, x, rows } } = self;
        let Scratch { slab, given, numbers, search, .. } = scratch;
        let columns = rows[0].len();
        for first in (0..columns).step_by(PANEL) {
            let last = columns.min(first + PANEL);
            // the panel is read as a whole before it is written
            slab.clear();
            for row in rows.iter_mut() {
                let values: &[L] = bytemuck::cast_slice(&row[first..last]);
                slab.extend_from_slice(&values[..last - first]);
            }
            for start in (first..last).step_by(N) {
                let stop = last.min(start + N);
                given.clear();
                numbers.clear();
                for (z, values) in slab.chunks_exact(last - first).enumerate() {
                    given.push(padded(&values[start - first..stop - first]));
                    let own = &passes.plan.row(z, *y)[*x + start..*x + stop];
                    numbers.push(padded(own).map(L::number));
                }
                passes.planes.solve(search, given, numbers);
                for (row, found) in rows.iter_mut().zip(&search.found) {
                    passes.finish(&found[..stop - start], &mut row[start..stop]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
