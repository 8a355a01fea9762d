//! Exact Euclidean distance of every foreground voxel to the nearest background voxel, for any number of axes.
//!
//! The squared distance is separable: a scan along the fastest axis gives the distance within each row, and every further axis takes, column
//! by column, `min over p of g[p] + step² (y - p)²` of what the axes before it left (Saito and Toriwaki, "New algorithms for Euclidean distance
//! transformation of an n-dimensional digitized picture with applications", Pattern Recognition 27, 1994). Sixteen neighbouring columns are
//! swept together. Rows are visited by divide and conquer: the leftmost `p` that attains the minimum never decreases with `y` (the matrix is totally
//! monotone; Aggarwal et al., "Geometric applications of a matrix-searching algorithm", Algorithmica 2, 1987), so the rows already answered
//! above and below bracket the search, and the value at `y` itself bounds how far `p` may be. Cost: 2 to 8 ns a voxel on one thread for blobs, points
//! and noise alike; memory beyond the result: two panels of 128 columns a thread, and 4 bytes a voxel where nearest voxels are needed.
//!
//! Exactness: where all spacings are whole multiples of one unit and the squared diagonal allows it, squared distances are whole numbers throughout
//! and ties are exact. Where the result is double precision and the unit is not a power of two, or where indices are asked for, the passes carry the
//! nearest voxel and the distance is computed from its index offset as [`crate::Metric`] does, summed in the order of the array's axes.

use std::ops::{Add, Mul};

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::parallel;

/// Columns swept together: one 64-byte line of `f32`.
const LANES: usize = 16;
/// Columns fetched together: planes lie far apart, and 16 columns of one would waste most of a page walk.
const PANEL: usize = 8 * LANES;
/// Voxels whose offsets are measured together.
const GRAIN: usize = 1 << 14;
/// No nearest voxel: there is no background.
const NOWHERE: u32 = u32::MAX;

/// What to compute.
#[derive(Debug, Clone, PartialEq)]
pub struct Request<'a> {
    /// Lengths of the axes, slowest first; any number of axes.
    pub shape: &'a [usize],
    /// Spacing along those axes, in mm or any other unit.
    pub spacing: &'a [f64],
    /// Whether those axes are the array's axes reversed (column-major array); decides the order of sums.
    pub reversed: bool,
    /// Squared distances (in squared units) instead of distances.
    pub squared: bool,
    /// Also return the nearest background voxel of each voxel.
    pub indices: bool,
    /// Number of threads; results do not depend on it.
    pub threads: usize,
}

/// Distances in memory order and, where asked for, the nearest background voxels.
#[derive(Debug, Clone, PartialEq)]
pub struct Transform<O> {
    /// Distance of each voxel to the nearest background voxel: 0 in the background, infinite if there is no background.
    pub distances: Vec<O>,
    /// Index of that voxel along each axis of the request, one block of all voxels per axis; -1 if there is no background.
    pub indices: Option<Vec<i32>>,
}

/// A number that min-plus runs on; whole numbers must be exact in it as far as [`Lane::WHOLE`].
trait Lane:
    Copy + Default + PartialOrd + Add<Output = Self> + Mul<Output = Self> + Send + Sync + 'static
{
    const ZERO: Self;
    /// Every sum of two squared distances must stay below this for whole-number arithmetic.
    const WHOLE: f64;
    fn of(value: f64) -> Self;
    fn get(self) -> f64;
    fn root(self) -> Self;
}

impl Lane for f32 {
    const ZERO: Self = 0.0;
    const WHOLE: f64 = 16_777_216.0;
    fn of(value: f64) -> Self {
        value as Self
    }
    fn get(self) -> f64 {
        Self::into(self)
    }
    fn root(self) -> Self {
        self.sqrt()
    }
}

impl Lane for f64 {
    const ZERO: Self = 0.0;
    const WHOLE: f64 = 9_007_199_254_740_992.0;
    fn of(value: f64) -> Self {
        value
    }
    fn get(self) -> f64 {
        self
    }
    fn root(self) -> Self {
        self.sqrt()
    }
}

/// An element of the result that also holds the intermediate squared distances of lanes `L`.
trait Slot<L>: Copy + Default + Send + Sync + 'static {
    fn store(lane: L) -> Self;
    fn load(self) -> L;
}

impl Slot<Self> for f32 {
    fn store(lane: Self) -> Self {
        lane
    }
    fn load(self) -> Self {
        self
    }
}

impl Slot<Self> for f64 {
    fn store(lane: Self) -> Self {
        lane
    }
    fn load(self) -> Self {
        self
    }
}

impl Slot<f32> for f64 {
    fn store(lane: f32) -> Self {
        lane.into()
    }
    fn load(self) -> f32 {
        self as f32
    }
}

/// The nearest voxel so far: a position in memory, or nothing at all where only distances are wanted.
trait Source: Copy + Default + Send + Sync + 'static {
    const KEPT: bool;
    fn at(position: usize) -> Self;
}

impl Source for () {
    const KEPT: bool = false;
    fn at(_: usize) -> Self {}
}

impl Source for u32 {
    const KEPT: bool = true;
    fn at(position: usize) -> Self {
        position as Self
    }
}

/// Spacing as whole steps of one unit where that is possible, as it is otherwise.
#[derive(Debug, Clone, PartialEq)]
struct Steps {
    unit: f64,
    steps: Vec<f64>,
    whole: bool,
}

impl Steps {
    /// The largest unit of which all spacings are multiples, among whole fractions of the smallest spacing.
    fn new(spacing: &[f64]) -> Self {
        let least = spacing.iter().copied().fold(f64::INFINITY, f64::min);
        for parts in 1..=32 {
            let unit = least / f64::from(parts);
            let steps: Vec<f64> = spacing.iter().map(|s| (s / unit).round()).collect();
            let fits = |(step, s): (&f64, &f64)| (step * unit - s).abs() <= 1e-13 * s;
            if steps.iter().zip(spacing).all(fits) {
                return Self { unit, steps, whole: true };
            }
        }
        // relative to the smallest: neither overflow nor denormal numbers, whatever the unit of length
        Self { unit: least, steps: spacing.iter().map(|s| s / least).collect(), whole: false }
    }

    /// Squared length of the diagonal in units, an upper bound of every squared distance.
    fn diagonal(&self, shape: &[usize]) -> f64 {
        self.steps.iter().zip(shape).map(|(s, &n)| (s * n as f64).powi(2)).sum()
    }

    /// Whether lanes `L` hold every intermediate value as an exact whole number.
    fn exact<L: Lane>(&self, shape: &[usize]) -> bool {
        self.whole && 4.0 * self.diagonal(shape) < L::WHOLE
    }

    /// Whether a whole squared distance times the squared unit is the value that the arithmetic rule gives.
    fn binary(&self) -> bool {
        self.unit.is_normal() && self.unit.to_bits().trailing_zeros() >= 52
    }
}

/// Distance of every foreground voxel (non-zero byte) to the nearest background voxel, single precision.
///
/// Relative error below 1e-6; with spacings that are multiples of one unit the square is exact before the unit and the root are applied.
/// The outside of the array is not background. Axes of length 1 cost nothing.
///
/// # Errors
/// [`Error::Shape`] unless shape, spacing and mask belong together, or for more than 2^32 - 1 voxels where indices are asked for;
/// [`Error::Spacing`] unless every spacing is finite and positive.
///
/// # Examples
/// ```
/// use edgewise_core::distance::{Request, transform_f32};
///
/// let request = Request {
///     shape: &[5], spacing: &[2.0], reversed: false, squared: false, indices: true, threads: 1,
/// };
/// let found = transform_f32(&[0, 1, 1, 1, 1], &request)?;
/// assert_eq!(found.distances, [0.0, 2.0, 4.0, 6.0, 8.0]);
/// assert_eq!(found.indices, Some(vec![0; 5]));
/// # Ok::<(), edgewise_core::Error>(())
/// ```
pub fn transform_f32(mask: &[u8], request: &Request<'_>) -> Result<Transform<f32>> {
    let Some(task) = Task::new(mask, request)? else { return Ok(nowhere(request, f32::INFINITY)) };
    Ok(if request.indices { task.located::<f32, f32>() } else { task.plain::<f32, f32>() })
}

/// The same in double precision: bit-equal to the arithmetic rule (`t_k = offset_k * spacing_k`, squares summed in the order of the array's
/// axes, one root) for the nearest voxel.
///
/// # Errors
/// As [`transform_f32`]; the limit of 2^32 - 1 voxels also holds without indices if the spacings are not multiples of one power of two.
pub fn transform_f64(mask: &[u8], request: &Request<'_>) -> Result<Transform<f64>> {
    let Some(task) = Task::new(mask, request)? else { return Ok(nowhere(request, f64::INFINITY)) };
    let narrow = task.steps.exact::<f32>(&task.shape);
    let direct = task.steps.binary() && task.steps.exact::<f64>(&task.shape);
    if !(request.indices || direct) {
        fits_positions(mask.len())?;
    }
    Ok(match (request.indices || !direct, narrow) {
        (false, true) => task.plain::<f32, f64>(),
        (false, false) => task.plain::<f64, f64>(),
        (true, true) => task.located::<f32, f64>(),
        (true, false) => task.located::<f64, f64>(),
    })
}

fn nowhere<O: Copy>(request: &Request<'_>, infinity: O) -> Transform<O> {
    let voxels = request.shape.iter().product::<usize>();
    let indices = request.indices.then(|| vec![-1; voxels * request.shape.len()]);
    Transform { distances: vec![infinity; voxels], indices }
}

fn fits_positions(voxels: usize) -> Result<()> {
    if voxels >= NOWHERE as usize {
        return Err(Error::Shape(format!(
            "{voxels} voxels are too many to keep nearest voxels for"
        )));
    }
    Ok(())
}

/// A checked request with background somewhere, its axes of length 1 left out.
struct Task<'a> {
    mask: &'a [u8],
    request: &'a Request<'a>,
    shape: Vec<usize>,
    steps: Steps,
}

impl<'a> Task<'a> {
    fn new(mask: &'a [u8], request: &'a Request<'a>) -> Result<Option<Self>> {
        let Request { shape, spacing, .. } = *request;
        let voxels = shape.iter().try_fold(1, |all: usize, &n| all.checked_mul(n));
        if shape.is_empty() || mask.is_empty() || voxels != Some(mask.len()) {
            let have = mask.len();
            return Err(Error::Shape(format!("shape {shape:?} does not describe {have} voxels")));
        }
        if spacing.len() != shape.len() {
            let (axes, values) = (shape.len(), spacing.len());
            return Err(Error::Spacing(format!("{axes} axes need {axes} spacings, got {values}")));
        }
        if let Some(bad) = spacing.iter().find(|s| !(s.is_finite() && **s > 0.0)) {
            return Err(Error::Spacing(format!("spacing must be finite and positive, got {bad}")));
        }
        if request.indices {
            fits_positions(mask.len())?;
        }
        if !mask.contains(&0) {
            return Ok(None);
        }
        let real = || shape.iter().zip(spacing).filter(|&(&n, _)| n > 1);
        let mut kept: Vec<usize> = real().map(|(&n, _)| n).collect();
        let mut apart: Vec<f64> = real().map(|(_, &s)| s).collect();
        if kept.is_empty() {
            (kept, apart) = (vec![1], vec![1.0]);
        }
        Ok(Some(Self { mask, request, shape: kept, steps: Steps::new(&apart) }))
    }

    /// Distances only: the result holds the intermediate values.
    fn plain<L: Lane, O: Slot<L> + Lane>(&self) -> Transform<O> {
        let mut distances = vec![O::default(); self.mask.len()];
        let mut nothing = vec![(); self.mask.len()];
        let unit = O::of(self.steps.unit);
        let square = O::of(self.steps.unit.powi(2));
        if self.request.squared {
            self.sweep(&mut distances, &mut nothing, |lane: L| O::store(lane) * square);
        } else {
            self.sweep(&mut distances, &mut nothing, |lane: L| O::store(lane).root() * unit);
        }
        Transform { distances, indices: None }
    }

    /// Distances from the index offsets of the nearest voxels.
    fn located<L: Lane + Slot<L>, O: Lane + Slot<O>>(&self) -> Transform<O> {
        let mut lanes = vec![L::default(); self.mask.len()];
        let mut sources = vec![NOWHERE; self.mask.len()];
        self.sweep(&mut lanes, &mut sources, |lane: L| lane);
        drop(lanes);
        let offsets = Offsets::new(self.request);
        let mut distances = vec![O::default(); sources.len()];
        let measure = |(k, (out, from)): (usize, (&mut [O], &[u32]))| {
            offsets.measure(k * GRAIN, from, out);
        };
        parallel::install(self.request.threads, |parallel| {
            if parallel {
                let parts = distances.par_chunks_mut(GRAIN).zip(sources.par_chunks(GRAIN));
                parts.enumerate().for_each(measure);
            } else {
                let parts = distances.chunks_mut(GRAIN).zip(sources.chunks(GRAIN));
                parts.enumerate().for_each(measure);
            }
        });
        let indices = self.request.indices.then(|| offsets.indices(&sources));
        Transform { distances, indices }
    }

    /// All passes; `finish` is applied to the squared distances (in squared units of the steps) as the last one writes them.
    fn sweep<L, O, I>(&self, values: &mut [O], sources: &mut [I], finish: impl Fn(L) -> O + Sync)
    where
        L: Lane,
        O: Slot<L>,
        I: Source,
    {
        let axes = self.shape.len();
        let row = self.shape[axes - 1];
        let never = L::of(2.0 * self.steps.diagonal(&self.shape)); // beyond any distance, yet finite
        let ramp = Ramp::<L, O>::new(row, self.steps.steps[axes - 1], never);
        let envelope = |axis| Envelope::new(self.shape[axis], self.steps.steps[axis], never);
        // the second axis is swept while its slice is in the cache, if there are slices
        let within = (axes > 2).then(|| envelope(axes - 2));
        let slab: usize =
            self.shape[axes.saturating_sub(if axes > 2 { 2 } else { 1 })..].iter().product();
        let prepare = |panel: &mut Panel<L, I>, k: usize, mask: &[u8], v: &mut [O], s: &mut [I]| {
            let rows = mask.chunks(row).zip(v.chunks_mut(row)).zip(s.chunks_mut(row));
            for (y, ((mask, v), s)) in rows.enumerate() {
                ramp.scan(mask, v, s, k * slab + y * row);
            }
            if let Some(within) = &within {
                within.columns(panel, Columns::whole(v, s, row), &O::store);
            }
        };
        let threads = self.request.threads;
        parallel::install(threads, |parallel| {
            if parallel {
                let slabs = self.mask.par_chunks(slab).zip(values.par_chunks_mut(slab));
                slabs
                    .zip(sources.par_chunks_mut(slab))
                    .enumerate()
                    .for_each_init(Panel::default, |panel, (k, ((m, v), s))| {
                        prepare(panel, k, m, v, s)
                    });
            } else {
                let mut panel = Panel::default();
                let slabs = self.mask.chunks(slab).zip(values.chunks_mut(slab));
                for (k, ((m, v), s)) in slabs.zip(sources.chunks_mut(slab)).enumerate() {
                    prepare(&mut panel, k, m, v, s);
                }
            }
            if axes == 1 {
                values.iter_mut().for_each(|v| *v = finish(v.load()));
            }
            let threads = if parallel { threads } else { 1 };
            let mut inner = slab;
            for axis in (0..axes - if axes > 2 { 2 } else { 1 }).rev() {
                if axis == 0 {
                    envelope(axis).pass(values, sources, inner, threads, &finish);
                } else {
                    envelope(axis).pass(values, sources, inner, threads, &O::store);
                }
                inner *= self.shape[axis];
            }
        });
    }
}

/// Distances within a row: squares of 0, 1, 2, ... steps, upwards and downwards so that either half of a run is one copy.
struct Ramp<L, O> {
    up: Vec<O>,
    down: Vec<O>,
    never: O,
    lanes: std::marker::PhantomData<L>,
}

impl<L: Lane, O: Slot<L>> Ramp<L, O> {
    fn new(n: usize, step: f64, never: L) -> Self {
        let up: Vec<O> = (0..=n).map(|i| O::store(L::of((i as f64 * step).powi(2)))).collect();
        let down = up.iter().rev().copied().collect();
        Self { up, down, never: O::store(never), lanes: std::marker::PhantomData }
    }

    /// One row of the mask, the first voxel of which is at `start` in memory.
    fn scan<I: Source>(&self, mask: &[u8], values: &mut [O], sources: &mut [I], start: usize) {
        let n = mask.len();
        let mut at = 0;
        while at < n {
            let first = run_end(mask, at, false);
            values[at..first].fill(self.up[0]);
            if I::KEPT {
                for (i, source) in sources[at..first].iter_mut().enumerate() {
                    *source = I::at(start + at + i);
                }
            }
            if first == n {
                return;
            }
            let stop = run_end(mask, first, true);
            self.run(first, stop, &mut values[..]);
            if I::KEPT && (first > 0 || stop < n) {
                let half = first + self.left(first, stop, n);
                sources[first..half].fill(I::at((start + first).wrapping_sub(1)));
                sources[half..stop].fill(I::at(start + stop));
            }
            at = stop;
        }
    }

    /// How many voxels of the foreground run `first..stop` are nearest to the background on the left.
    fn left(&self, first: usize, stop: usize, n: usize) -> usize {
        match (first > 0, stop < n) {
            (true, true) => (stop - first).div_ceil(2),
            (true, false) => stop - first,
            (false, _) => 0,
        }
    }

    fn run(&self, first: usize, stop: usize, values: &mut [O]) {
        let n = values.len();
        if first == 0 && stop == n {
            values.fill(self.never);
            return;
        }
        let left = self.left(first, stop, n);
        let right = stop - first - left;
        let (rise, fall) = values[first..stop].split_at_mut(left);
        if left + right <= 8 {
            // shorter than a call of memcpy
            for (i, value) in rise.iter_mut().enumerate() {
                *value = self.up[i + 1];
            }
            for (i, value) in fall.iter_mut().enumerate() {
                *value = self.up[right - i];
            }
        } else {
            rise.copy_from_slice(&self.up[1..=left]);
            let end = self.down.len() - 1;
            fall.copy_from_slice(&self.down[end - right..end]);
        }
    }
}

/// First position from `at` on where the row is background (or foreground if `inside` is false); the length of the row if there is none.
fn run_end(row: &[u8], at: usize, inside: bool) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let words = row[at..].chunks_exact(8);
    let tail = row.len() - words.remainder().len();
    for (k, chunk) in words.enumerate() {
        let word = chunk.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
        let found = if inside { word.wrapping_sub(ONES) & !word & (ONES << 7) } else { word };
        if found != 0 {
            return at + 8 * k + found.trailing_zeros() as usize / 8;
        }
    }
    let rest = row[tail..].iter().position(|&byte| (byte == 0) == inside);
    rest.map_or(row.len(), |i| tail + i)
}

type Row<T> = [T; LANES];

/// Rows of some columns of a block: `rows[y]` is a piece of row `y`.
struct Columns<'a, O, I> {
    rows: Vec<(&'a mut [O], &'a mut [I])>,
}

impl<'a, O: Send, I: Send> Columns<'a, O, I> {
    /// A whole block of rows of length `inner`.
    fn whole(values: &'a mut [O], sources: &'a mut [I], inner: usize) -> Self {
        Self { rows: values.chunks_mut(inner).zip(sources.chunks_mut(inner)).collect() }
    }

    /// The block cut into pieces of `width` columns.
    fn pieces(values: &'a mut [O], sources: &'a mut [I], inner: usize, width: usize) -> Vec<Self> {
        let mut pieces: Vec<Self> =
            (0..inner.div_ceil(width)).map(|_| Self { rows: Vec::new() }).collect();
        for (v, s) in values.chunks_mut(inner).zip(sources.chunks_mut(inner)) {
            let parts = v.chunks_mut(width).zip(s.chunks_mut(width));
            for (piece, part) in pieces.iter_mut().zip(parts) {
                piece.rows.push(part);
            }
        }
        pieces
    }
}

/// Working memory of one thread, one entry per row and block of lanes.
struct Panel<L, I> {
    given: Vec<Row<L>>,
    found: Vec<Row<L>>,
    sources: Vec<Row<I>>,
    /// The row that attains the minimum, kept where sources are.
    chosen: Vec<Row<L>>,
    /// Least and greatest of it over the lanes.
    brackets: Vec<(usize, usize)>,
}

impl<L, I> Default for Panel<L, I> {
    fn default() -> Self {
        Self {
            given: Vec::new(),
            found: Vec::new(),
            sources: Vec::new(),
            chosen: Vec::new(),
            brackets: Vec::new(),
        }
    }
}

impl<L: Lane, I: Source> Panel<L, I> {
    fn reserve(&mut self, n: usize) {
        let blocks = PANEL / LANES;
        if self.brackets.len() != n {
            self.given = vec![[L::ZERO; LANES]; blocks * n];
            self.found = vec![[L::ZERO; LANES]; blocks * n];
            self.sources = vec![[I::default(); LANES]; if I::KEPT { blocks * n } else { 0 }];
            self.chosen = vec![[L::ZERO; LANES]; if I::KEPT { n } else { 0 }];
            self.brackets = vec![(0, 0); n];
        }
    }
}

/// Min-plus with a parabola along one axis.
struct Envelope<L> {
    n: usize,
    /// `squares[n - 1 + d]` is the squared length of `d` steps, for `d` from `1 - n` to `n - 1`.
    squares: Vec<L>,
    inverse: f32,
    never: L,
}

impl<L: Lane> Envelope<L> {
    fn new(n: usize, step: f64, never: L) -> Self {
        let span = n as i64 - 1;
        let squares = (-span..=span).map(|d| L::of((d as f64 * step).powi(2))).collect();
        Self { n, squares, inverse: (1.0 / step) as f32, never }
    }

    /// Sweep the whole array along this axis; `inner` elements lie between its neighbours.
    fn pass<O: Slot<L>, I: Source>(
        &self,
        values: &mut [O],
        sources: &mut [I],
        inner: usize,
        threads: usize,
        finish: &(impl Fn(L) -> O + Sync),
    ) {
        let block = self.n * inner;
        let blocks = values.chunks_mut(block).zip(sources.chunks_mut(block));
        if threads == 1 {
            let mut panel = Panel::default();
            for (v, s) in blocks {
                self.columns(&mut panel, Columns::whole(v, s, inner), finish);
            }
            return;
        }
        let wanted = (8 * threads).div_ceil(blocks.len());
        let width = inner.div_ceil(wanted).next_multiple_of(PANEL);
        let tasks: Vec<_> = blocks.flat_map(|(v, s)| Columns::pieces(v, s, inner, width)).collect();
        tasks
            .into_par_iter()
            .for_each_init(Panel::default, |panel, columns| self.columns(panel, columns, finish));
    }

    /// Sweep some columns, a panel at a time.
    fn columns<O: Slot<L>, I: Source>(
        &self,
        panel: &mut Panel<L, I>,
        mut columns: Columns<'_, O, I>,
        finish: &impl Fn(L) -> O,
    ) {
        let n = self.n;
        panel.reserve(n);
        let width = columns.rows[0].0.len();
        for start in (0..width).step_by(PANEL) {
            let stop = width.min(start + PANEL);
            for (y, (values, sources)) in columns.rows.iter().enumerate() {
                for (j, lanes) in values[start..stop].chunks(LANES).enumerate() {
                    fetch(lanes, |v: O| v.load(), &mut panel.given[j * n + y]);
                }
                if I::KEPT {
                    for (j, lanes) in sources[start..stop].chunks(LANES).enumerate() {
                        fetch(lanes, |s| s, &mut panel.sources[j * n + y]);
                    }
                }
            }
            for j in 0..(stop - start).div_ceil(LANES) {
                let rows = j * n..(j + 1) * n;
                self.block(&mut Block {
                    given: &panel.given[rows.clone()],
                    found: &mut panel.found[rows],
                    chosen: &mut panel.chosen,
                    brackets: &mut panel.brackets,
                });
                if I::KEPT {
                    let from = start + j * LANES;
                    for (y, (_, sources)) in columns.rows.iter_mut().enumerate() {
                        let lanes = sources[from..].iter_mut().take(LANES).enumerate();
                        for (lane, source) in lanes {
                            let row = panel.chosen[y][lane].get() as usize;
                            *source = panel.sources[j * n + row][lane];
                        }
                    }
                }
            }
            for (y, (values, _)) in columns.rows.iter_mut().enumerate() {
                for (j, lanes) in values[start..stop].chunks_mut(LANES).enumerate() {
                    for (value, &lane) in lanes.iter_mut().zip(&panel.found[j * n + y]) {
                        *value = finish(lane);
                    }
                }
            }
        }
    }

    /// `found[y] = min over p of given[p] + squares[y - p]` for each lane, and the leftmost `p` where that is kept.
    fn block(&self, block: &mut Block<'_, L>) {
        let n = self.n;
        if self.settled(block.given) {
            block.found.copy_from_slice(block.given);
            for (y, row) in block.chosen.iter_mut().enumerate() {
                *row = [L::of(y as f64); LANES];
            }
            return;
        }
        self.row(block, 0, 0, n - 1, true);
        let mut step = n.next_power_of_two() / 2;
        while step > 0 {
            for y in (step..n).step_by(2 * step) {
                let low = block.brackets[y - step].0;
                let high = block.brackets.get(y + step).map_or(n - 1, |b| b.1);
                self.row(block, y, low, high, step > 1);
            }
            step /= 2;
        }
    }

    /// One row, its minimum bracketed by `low..=high`; `inner` rows bracket others later.
    fn row(&self, block: &mut Block<'_, L>, y: usize, low: usize, high: usize, inner: bool) {
        let keep = !block.chosen.is_empty();
        let (mut low, mut high) = (low, high);
        let furthest = across(block.given[y], greater);
        if furthest == L::ZERO {
            (low, high) = (y, y);
        } else if high - low > 4 {
            let reach = ((furthest.get() as f32).sqrt() * self.inverse) as usize + 1;
            low = low.max(y.saturating_sub(reach));
            high = high.min(y + reach);
        }
        let given = &block.given[low..=high];
        let squares = &self.squares[self.n - 1 + low - y..self.n + high - y];
        if !(inner || keep) {
            block.found[y] = least(given, squares);
            return;
        }
        let (best, at) = leftmost(given, squares, low);
        block.found[y] = best;
        block.brackets[y] =
            (across(at, smaller).get() as usize, across(at, greater).get() as usize);
        if keep {
            block.chosen[y] = at;
        }
    }

    /// Whether no row can change another: all zero, or no lane has a source.
    fn settled(&self, given: &[Row<L>]) -> bool {
        let mut low = given[0];
        let mut high = given[0];
        for row in given {
            for lane in 0..LANES {
                low[lane] = smaller(low[lane], row[lane]);
                high[lane] = greater(high[lane], row[lane]);
            }
        }
        across(high, greater) == L::ZERO || across(low, smaller) >= self.never
    }
}

/// Sixteen columns on their way through [`Envelope::block`].
struct Block<'a, L> {
    given: &'a [Row<L>],
    found: &'a mut [Row<L>],
    chosen: &'a mut [Row<L>],
    brackets: &'a mut [(usize, usize)],
}

/// Copy up to sixteen elements; missing lanes repeat the last one, which leaves the brackets alone.
fn fetch<T: Copy, O: Copy>(from: &[T], load: impl Fn(T) -> O, into: &mut Row<O>) {
    if let Ok(full) = <&Row<T>>::try_from(from) {
        *into = full.map(load);
        return;
    }
    for (lane, slot) in into.iter_mut().enumerate() {
        *slot = load(from[lane.min(from.len() - 1)]);
    }
}

fn smaller<L: Lane>(a: L, b: L) -> L {
    if a < b { a } else { b }
}

fn greater<L: Lane>(a: L, b: L) -> L {
    if a > b { a } else { b }
}

/// Reduce over the lanes, halves against halves.
fn across<L: Lane>(mut row: Row<L>, pick: impl Fn(L, L) -> L) -> L {
    for half in [8, 4, 2, 1] {
        for lane in 0..half {
            row[lane] = pick(row[lane], row[lane + half]);
        }
    }
    row[0]
}

/// Least sum in each lane.
fn least<L: Lane>(given: &[Row<L>], squares: &[L]) -> Row<L> {
    let mut best = given[0].map(|v| v + squares[0]);
    for (row, &square) in given.iter().zip(squares).skip(1) {
        for lane in 0..LANES {
            best[lane] = smaller(row[lane] + square, best[lane]);
        }
    }
    best
}

/// Least sum in each lane and the first row that has it; row 0 of `given` counts as row `first`.
fn leftmost<L: Lane>(given: &[Row<L>], squares: &[L], first: usize) -> (Row<L>, Row<L>) {
    let mut at = [L::of(first as f64); LANES];
    let mut best = given[0].map(|v| v + squares[0]);
    let mut number = at[0];
    for (row, &square) in given.iter().zip(squares).skip(1) {
        number = number + L::of(1.0);
        for lane in 0..LANES {
            let sum = row[lane] + square;
            let better = sum < best[lane];
            best[lane] = if better { sum } else { best[lane] };
            at[lane] = if better { number } else { at[lane] };
        }
    }
    (best, at)
}

/// Positions in memory as indices, and distances between them by the arithmetic rule.
struct Offsets<'a> {
    request: &'a Request<'a>,
    strides: Vec<u32>,
}

impl<'a> Offsets<'a> {
    fn new(request: &'a Request<'a>) -> Self {
        let mut strides = vec![1; request.shape.len()];
        for axis in (1..request.shape.len()).rev() {
            strides[axis - 1] = strides[axis] * request.shape[axis] as u32;
        }
        Self { request, strides }
    }

    /// Distance from each voxel at `start` and on to its nearest one.
    fn measure<O: Lane>(&self, start: usize, from: &[u32], out: &mut [O]) {
        let Request { shape, spacing, reversed, squared, .. } = *self.request;
        let axes = shape.len();
        let mut here: Vec<u32> = Vec::with_capacity(axes);
        let mut rest = start as u32;
        for stride in &self.strides {
            here.push(rest / stride);
            rest %= stride;
        }
        let mut terms = vec![0.0; axes];
        for (i, (&source, slot)) in from.iter().zip(out).enumerate() {
            if source as usize != start + i {
                let mut rest = source;
                for axis in 0..axes {
                    let index = rest / self.strides[axis];
                    rest -= index * self.strides[axis];
                    let t = (f64::from(here[axis]) - f64::from(index)) * spacing[axis];
                    terms[if reversed { axes - 1 - axis } else { axis }] = t * t;
                }
                let sum = terms.iter().fold(0.0, |sum, term| sum + term);
                *slot = O::of(if squared { sum } else { sum.sqrt() });
            }
            for axis in (0..axes).rev() {
                here[axis] += 1;
                if (here[axis] as usize) < shape[axis] {
                    break;
                }
                here[axis] = 0;
            }
        }
    }

    /// Index along each axis, a block of all voxels per axis.
    fn indices(&self, sources: &[u32]) -> Vec<i32> {
        let mut indices = Vec::with_capacity(sources.len() * self.strides.len());
        for (&stride, &n) in self.strides.iter().zip(self.request.shape) {
            indices.extend(sources.iter().map(|source| (source / stride % n as u32) as i32));
        }
        indices
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Squared distance to every background voxel, the least of them.
    fn naive(mask: &[u8], request: &Request<'_>) -> Vec<f64> {
        let index = |mut at: usize| {
            let mut index = vec![0_i64; request.shape.len()];
            for axis in (0..index.len()).rev() {
                index[axis] = (at % request.shape[axis]) as i64;
                at /= request.shape[axis];
            }
            index
        };
        let all: Vec<_> = (0..mask.len()).map(index).collect();
        let length = |a: &[i64], b: &[i64]| {
            let mut terms: Vec<f64> = (a.iter().zip(b).zip(request.spacing))
                .map(|((a, b), s)| ((a - b) as f64 * s).powi(2))
                .collect();
            if request.reversed {
                terms.reverse();
            }
            let sum: f64 = terms.iter().fold(0.0, |sum, t| sum + t);
            if request.squared { sum } else { sum.sqrt() }
        };
        let background: Vec<_> = (0..mask.len()).filter(|&i| mask[i] == 0).collect();
        let nearest = |(i, &m): (usize, &u8)| {
            let all = background.iter().map(|&b| length(&all[i], &all[b]));
            if m == 0 { 0.0 } else { all.fold(f64::INFINITY, f64::min) }
        };
        mask.iter().enumerate().map(nearest).collect()
    }

    fn close(a: f64, b: f64, relative: f64) -> bool {
        a == b || (a - b).abs() <= relative * b.abs()
    }

    fn shapes() -> impl Strategy<Value = Vec<usize>> {
        let edge = prop::sample::select(vec![1, 2, 63, 64, 65]);
        prop_oneof![
            edge.clone().prop_map(|n| vec![n]),
            (edge.clone(), 1..6_usize).prop_map(|(n, m)| vec![n, m]),
            (1..6_usize, edge.clone()).prop_map(|(n, m)| vec![n, m]),
            (1..4_usize, 1..30_usize, 1..20_usize).prop_map(|(a, b, c)| vec![a, b, c]),
            (edge, 1..4_usize, 1..5_usize).prop_map(|(a, b, c)| vec![a, b, c]),
            prop::collection::vec(1..6_usize, 4..=5),
        ]
    }

    fn cases() -> impl Strategy<Value = (Vec<usize>, Vec<f64>, Vec<u8>, bool, bool)> {
        let spacings = prop::sample::select(vec![1.0, 1.0, 2.0, 0.5, 0.7, 1.3, 3.0, 0.7421875]);
        let fractions = prop::sample::select(vec![0.0, 0.003, 0.05, 0.5, 0.95, 0.997, 1.0]);
        (shapes(), fractions, any::<bool>(), any::<bool>(), any::<bool>()).prop_flat_map(
            move |(shape, fraction, equal, reversed, squared)| {
                let voxels = shape.iter().product::<usize>();
                let byte = prop::bool::weighted(fraction).prop_map(u8::from);
                let spacing = prop::collection::vec(spacings.clone(), shape.len())
                    .prop_map(move |all| if equal { vec![all[0]; all.len()] } else { all });
                let mask = prop::collection::vec(byte, voxels);
                (Just(shape), spacing, mask, Just(reversed), Just(squared))
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn every_path_finds_the_least_of_all_distances(
            (shape, spacing, mask, reversed, squared) in cases(), indices in any::<bool>()
        ) {
            let mut request = Request {
                shape: &shape, spacing: &spacing, reversed, squared, indices, threads: 1,
            };
            let expected = naive(&mask, &request);
            let double = transform_f64(&mask, &request).unwrap();
            let single = transform_f32(&mask, &request).unwrap();
            let exact = spacing.iter().all(|s| s.to_bits().trailing_zeros() >= 52);
            for (i, &e) in expected.iter().enumerate() {
                let d = double.distances[i];
                prop_assert!(if exact { d == e } else { close(d, e, 1e-15) }, "{i}: {d} {e}");
                prop_assert!(close(single.distances[i].into(), e, 1e-6));
            }
            if let Some(found) = &double.indices {
                let voxels = mask.len();
                for i in 0..voxels {
                    let mut position = 0;
                    for axis in 0..shape.len() {
                        let index = found[axis * voxels + i];
                        position = position * shape[axis] as i32 + index;
                    }
                    let infinite = expected[i].is_infinite();
                    let right = if infinite { position < 0 } else { mask[position as usize] == 0 };
                    prop_assert!(right);
                }
            }
            request.threads = 2;
            prop_assert_eq!(&transform_f64(&mask, &request).unwrap(), &double);
            prop_assert_eq!(&transform_f32(&mask, &request).unwrap(), &single);
        }
    }

    #[test]
    fn spacings_become_whole_steps() {
        let steps = Steps::new(&[3.0, 0.8, 0.8]);
        assert_eq!((steps.steps, steps.whole), (vec![15.0, 4.0, 4.0], true));
        assert!(Steps::new(&[1.0, 1.5]).binary());
        assert!(!Steps::new(&[0.7]).binary());
        assert!(!Steps::new(&[1.0, std::f64::consts::PI]).whole);
    }

    #[test]
    fn bad_requests_are_refused() {
        let good = Request {
            shape: &[2, 2],
            spacing: &[1.0, 1.0],
            reversed: false,
            squared: false,
            indices: false,
            threads: 1,
        };
        assert!(transform_f32(&[1; 3], &good).is_err());
        assert!(
            transform_f32(&[], &Request { shape: &[0], spacing: &[1.0], ..good.clone() }).is_err()
        );
        assert!(transform_f64(&[1; 4], &Request { spacing: &[1.0], ..good.clone() }).is_err());
        assert!(transform_f64(&[1; 4], &Request { spacing: &[1.0, 0.0], ..good.clone() }).is_err());
    }

    #[test]
    fn long_axes_leave_whole_numbers_in_single_precision() {
        let mut mask = vec![1; 9000];
        mask[0] = 0;
        let request = Request {
            shape: &[9000],
            spacing: &[1.0],
            reversed: false,
            squared: true,
            indices: false,
            threads: 1,
        };
        let found = transform_f64(&mask, &request).unwrap();
        assert_eq!(found.distances[8999], 8999.0 * 8999.0);
    }
}
