//! The passes over an array: rows, then min-plus along every further axis.
//!
//! The results' memory also holds what lies between the passes: columns are taken 128 at a time (a panel), and the intermediate values of a panel lie
//! at the beginning of the memory of its results. A panel is read as a whole before it is written, so narrow numbers may share memory with
//! wider ones, and panels do not depend on each other.

use rayon::prelude::*;

use crate::parallel;
use crate::simd::{self, Isa, Kernel};

use super::envelope::{Block, Envelope, padded};
use super::field::Field;
use super::lanes::{Lane, Output, Source};
use super::rows::Ramp;

/// Columns that share memory; planes lie far apart, and fewer columns of one would waste most of a page walk.
pub(super) const PANEL: usize = 128;
/// Tasks a thread, so that none waits long for the last one.
const SHARE: usize = 8;

/// A piece of a row of results: values and sources.
type Piece<'a, O, I> = (&'a mut [O], &'a mut [I]);

/// What is the same for all passes of a transform; `N` columns go side by side.
pub(super) struct Passes<'a, L, O, const N: usize> {
    field: &'a Field,
    ramp: Ramp<L>,
    /// By axis, the fastest one left out.
    envelopes: Vec<Envelope<L>>,
    factor: O,
    root: bool,
    threads: usize,
}

/// Working memory of a thread.
struct Scratch<L, I, const N: usize> {
    block: Block<L, I, N>,
    slab: Vec<L>,
    slab_sources: Vec<I>,
    panel: Vec<[L; N]>,
    panel_sources: Vec<[I; N]>,
}

impl<L: Lane, I: Source, const N: usize> Default for Scratch<L, I, N> {
    fn default() -> Self {
        Self {
            block: Block::default(),
            slab: Vec::new(),
            slab_sources: Vec::new(),
            panel: Vec::new(),
            panel_sources: Vec::new(),
        }
    }
}

impl<'a, L: Lane, O: Output, const N: usize> Passes<'a, L, O, N> {
    /// `steps` are the spacings in units, `never` is beyond any squared distance in squared units; squares are multiplied by `factor`, or their
    /// roots where `root` is set.
    pub(super) fn new(
        field: &'a Field,
        steps: &[f64],
        never: L,
        (factor, root): (O, bool),
        threads: usize,
    ) -> Self {
        let last = steps.len() - 1;
        let envelopes =
            (0..last).map(|axis| Envelope::new(field.length(axis), steps[axis], never)).collect();
        let ramp = Ramp::new(field.length(last), steps[last], never);
        Self { field, ramp, envelopes, factor, root, threads }
    }

    /// Run all passes. `values` holds zeros; `sources` hold every voxel's own number, unless they are not kept.
    pub(super) fn run<I: Source>(&self, values: &mut [O], sources: &mut [I]) {
        parallel::install(self.threads, |parallel| {
            let axes = self.field.shape.len();
            self.first(values, sources, parallel);
            for axis in (0..axes - if axes > 2 { 2 } else { 1 }).rev() {
                self.further(axis, values, sources, parallel);
            }
        });
    }

    /// The rows of the box.
    fn pieces<'v, I: Source>(
        &self,
        values: &'v mut [O],
        sources: &'v mut [I],
    ) -> Vec<Piece<'v, O, I>> {
        let field = self.field;
        let last = field.shape.len() - 1;
        let n = field.shape[last];
        let (mut values, mut sources) = (values.chunks_exact_mut(n), sources.chunks_exact_mut(n));
        let mut next = 0;
        let mut pieces = Vec::with_capacity(field.rows());
        for k in 0..field.rows() {
            let row = field.row_of_box(k);
            let (Some(v), Some(s)) = (values.nth(row - next), sources.nth(row - next)) else {
                break;
            };
            next = row + 1;
            let columns = field.start[last]..field.stop[last];
            pieces.push((&mut v[columns.clone()], &mut s[columns]));
        }
        pieces
    }

    /// Rows and, where there are slices, the second axis while its slice is in the cache.
    fn first<I: Source>(&self, values: &mut [O], sources: &mut [I], parallel: bool) {
        let field = self.field;
        let axes = field.shape.len();
        let height = if axes > 2 { field.length(axes - 2) } else { 1 };
        let mut pieces = self.pieces(values, sources);
        let work = |scratch: &mut Scratch<L, I, N>, (k, rows): (usize, &mut [Piece<O, I>])| {
            simd::dispatch(Slab { passes: self, scratch, first: k * height, rows });
        };
        if parallel {
            let slabs = pieces.par_chunks_mut(height).enumerate();
            slabs.for_each_init(Scratch::default, work);
        } else {
            let mut scratch = Scratch::default();
            pieces.chunks_mut(height).enumerate().for_each(|slab| work(&mut scratch, slab));
        }
    }

    /// A further axis.
    fn further<I: Source>(&self, axis: usize, values: &mut [O], sources: &mut [I], parallel: bool) {
        let field = self.field;
        let last = field.shape.len() - 1;
        let n = field.length(axis);
        let inner: usize = (axis + 1..last).map(|k| field.length(k)).product();
        let groups = field.rows() / n;
        // few long rows are cut, so that all threads have columns
        let wanted = if parallel { (SHARE * self.threads).div_ceil(groups) } else { 1 };
        let width = field.length(last).div_ceil(wanted).next_multiple_of(PANEL);
        let cuts = field.length(last).div_ceil(width);
        let mut columns: Vec<Vec<Piece<O, I>>> =
            (0..groups * cuts).map(|_| Vec::with_capacity(n)).collect();
        for (k, (values, sources)) in self.pieces(values, sources).into_iter().enumerate() {
            let group = k / (n * inner) * inner + k % inner;
            let parts = values.chunks_mut(width).zip(sources.chunks_mut(width));
            for (cut, part) in parts.enumerate() {
                columns[group * cuts + cut].push(part);
            }
        }
        let work = |scratch: &mut Scratch<L, I, N>, rows: &mut Vec<Piece<O, I>>| {
            simd::dispatch(Columns { passes: self, scratch, axis, rows });
        };
        if parallel {
            columns.par_iter_mut().for_each_init(Scratch::default, work);
        } else {
            let mut scratch = Scratch::default();
            for rows in &mut columns {
                work(&mut scratch, rows);
            }
        }
    }

    /// Write rows of values to where the next pass looks for them, or as results after the last one.
    #[inline(always)]
    fn store(&self, from: &[L], into: &mut [O], is_last: bool) {
        if is_last {
            for (value, &lane) in into.iter_mut().zip(from) {
                *value = O::finish(lane, self.factor, self.root);
            }
        } else {
            for (panel, from) in into.chunks_mut(PANEL).zip(from.chunks(PANEL)) {
                between(panel)[..from.len()].copy_from_slice(from);
            }
        }
    }
}

/// The memory of a panel's results as that of intermediate values.
#[inline(always)]
fn between<L: Lane, O: Output>(panel: &mut [O]) -> &mut [L] {
    bytemuck::cast_slice_mut(panel)
}

/// The rows of one slice: [`Passes::first`].
struct Slab<'p, 's, 'r, 'v, L, O, I, const N: usize> {
    passes: &'p Passes<'p, L, O, N>,
    scratch: &'s mut Scratch<L, I, N>,
    /// Number of the first row in the box.
    first: usize,
    rows: &'r mut [Piece<'v, O, I>],
}

impl<L: Lane, O: Output, I: Source, const N: usize> Kernel for Slab<'_, '_, '_, '_, L, O, I, N> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, _: S) {
        let Self { passes, scratch, first, rows } = self;
        let field = passes.field;
        let axes = field.shape.len();
        let width = rows[0].0.len();
        let stride = width.next_multiple_of(N);
        scratch.slab.resize(rows.len() * stride, L::ZERO);
        scratch.slab_sources.resize(if I::KEPT { rows.len() * stride } else { 0 }, I::default());
        let mut any = false;
        for y in 0..rows.len() {
            let row = field.row_of_box(first + y);
            let bits = field.row(row);
            any |= bits.iter().any(|&word| word != 0);
            let begin = field.start[axes - 1];
            let values = &mut scratch.slab[y * stride..(y + 1) * stride];
            let sources: &mut [I] = if I::KEPT {
                &mut scratch.slab_sources[y * stride..(y + 1) * stride]
            } else {
                &mut []
            };
            let kept = if I::KEPT { width } else { 0 };
            let step = field.numbering.step();
            let numbers = (field.numbering.of_row(row) + begin * step, step);
            passes.ramp.scan(bits, begin, &mut values[..width], &mut sources[..kept], numbers);
            // lanes beyond the end repeat the last one, which leaves the brackets alone
            let end = values[width - 1];
            values[width..].fill(end);
        }
        if !any {
            return; // all background: zeros are there already
        }
        if axes <= 2 {
            for ((values, sources), (y, from)) in
                rows.iter_mut().zip(scratch.slab.chunks_exact(stride).enumerate())
            {
                passes.store(&from[..width], values, axes == 1);
                if I::KEPT {
                    sources.copy_from_slice(&scratch.slab_sources[y * stride..][..width]);
                }
            }
            return;
        }
        let envelope = &passes.envelopes[axes - 2];
        for start in (0..width).step_by(N) {
            let block = &mut scratch.block;
            block.clear();
            for y in 0..rows.len() {
                let row = full::<L, N>(&scratch.slab[y * stride + start..]);
                let sources = if I::KEPT {
                    full::<I, N>(&scratch.slab_sources[y * stride + start..])
                } else {
                    [I::default(); N]
                };
                block.push(envelope, &row, &sources);
            }
            if !block.is_settled() {
                envelope.solve(block, 0, rows.len());
                for (y, found) in block.found.iter().enumerate() {
                    scratch.slab[y * stride + start..][..N].copy_from_slice(found);
                }
                for (y, sources) in block.chosen.iter().enumerate() {
                    scratch.slab_sources[y * stride + start..][..N].copy_from_slice(sources);
                }
            }
        }
        for (y, (values, sources)) in rows.iter_mut().enumerate() {
            passes.store(&scratch.slab[y * stride..][..width], values, false);
            if I::KEPT {
                sources.copy_from_slice(&scratch.slab_sources[y * stride..][..width]);
            }
        }
    }
}

/// `N` elements of a slice that has as many.
#[inline(always)]
fn full<T: Copy + Default, const N: usize>(from: &[T]) -> [T; N] {
    from.first_chunk().copied().unwrap_or([T::default(); N])
}

/// Some columns along an axis: [`Passes::further`].
struct Columns<'p, 's, 'r, 'v, L, O, I, const N: usize> {
    passes: &'p Passes<'p, L, O, N>,
    scratch: &'s mut Scratch<L, I, N>,
    axis: usize,
    rows: &'r mut Vec<Piece<'v, O, I>>,
}

impl<L: Lane, O: Output, I: Source, const N: usize> Kernel for Columns<'_, '_, '_, '_, L, O, I, N> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, _: S) {
        let Self { passes, scratch, axis, rows } = self;
        let envelope = &passes.envelopes[axis];
        let n = rows.len();
        let width = rows[0].0.len();
        let Scratch { block, panel, panel_sources, .. } = scratch;
        let blocks = PANEL / N;
        panel.resize(blocks * n, [L::ZERO; N]);
        panel_sources.resize(if I::KEPT { blocks * n } else { 0 }, [I::default(); N]);
        for start in (0..width).step_by(PANEL) {
            let stop = width.min(start + PANEL);
            for (y, (values, sources)) in rows.iter_mut().enumerate() {
                let lanes = &between::<L, O>(&mut values[start..stop])[..stop - start];
                for (j, lanes) in lanes.chunks(N).enumerate() {
                    panel[j * n + y] = padded(lanes);
                }
                if I::KEPT {
                    for (j, lanes) in sources[start..stop].chunks(N).enumerate() {
                        panel_sources[j * n + y] = padded(lanes);
                    }
                }
            }
            for (j, begin) in (start..stop).step_by(N).enumerate() {
                let end = stop.min(begin + N);
                block.clear();
                for y in 0..n {
                    let sources =
                        if I::KEPT { panel_sources[j * n + y] } else { [I::default(); N] };
                    block.push(envelope, &panel[j * n + y], &sources);
                }
                let settled = block.is_settled();
                if !settled {
                    envelope.solve(block, 0, n);
                }
                for (y, (values, sources)) in rows.iter_mut().enumerate() {
                    let found = if settled { &panel[j * n + y] } else { &block.found[y] };
                    if axis == 0 {
                        passes.store(&found[..end - begin], &mut values[begin..end], true);
                    } else {
                        let lanes = between::<L, O>(&mut values[start..stop]);
                        lanes[begin - start..end - start].copy_from_slice(&found[..end - begin]);
                    }
                    if I::KEPT && !settled {
                        sources[begin..end].copy_from_slice(&block.chosen[y][..end - begin]);
                    }
                }
            }
        }
    }
}
