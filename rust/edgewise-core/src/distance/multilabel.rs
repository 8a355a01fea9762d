//! Distance of every labelled voxel to the nearest voxel of another label, for all labels at once.
//!
//! For a voxel of label `a` the passes are those of the binary transform with all other labels as background: a column's value at `p` counts where
//! `p` has label `a` and is 0 where it has not. So each row is first compared with its neighbours a few steps up and down, whatever their labels;
//! that settles thin and ragged labels. What lies deeper is settled label by label by the search of the binary transform. The cost grows neither
//! with the number of labels nor with the depth of the regions.
#![allow(clippy::inline_always, reason = "see `simd`")]

use std::collections::HashMap;

use rayon::prelude::*;

use super::envelope::{Block, Envelope};
use super::lanes::{Lane, Output};
use super::rows::Ramp;
use super::steps::Steps;
use super::{NARROW, WIDE};
use crate::error::{Error, Result};
use crate::grid::View;
use crate::labels::Label;
use crate::parallel;
use crate::simd::{self, Isa, Kernel};

/// Steps up and down that are tried for all labels at once.
const STEPS: usize = 12;
/// Columns that share memory, as in the binary transform.
const PANEL: usize = 128;

/// Distance of every voxel with a label other than 0 to the nearest voxel with another label (0 is one), into memory that **holds zeros**.
///
/// The outside of the array has no label. Infinite where there is no other label. Single precision, relative error below 1e-6; `spacing` is given
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
/// label_transform_into(&labels, &[0.5], 1, &mut distances)?;
/// assert_eq!(distances, [1.5, 1.0, 0.5, 0.0, 0.5, 1.0, 1.5]);
/// # Ok::<(), edgewise_core::Error>(())
/// ```
pub fn label_transform_into<T: Label>(
    labels: &View<T>,
    spacing: &[f64],
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
    let (unit, whole) = (steps.unit, steps.whole);
    match Numbers::of(labels) {
        Numbers::Few(numbers) => {
            Plan { numbers: &numbers, shape, counts, unit, threads }.run(whole, distances);
        }
        Numbers::Many(numbers) => {
            Plan { numbers: &numbers, shape, counts, unit, threads }.run_wide(whole, distances);
        }
    }
    Ok(())
}

/// Labels as small numbers; 0 stays 0.
enum Numbers {
    Few(Vec<u16>),
    Many(Vec<u32>),
}

impl Numbers {
    fn of<T: Label>(labels: &View<T>) -> Self {
        let zero = T::default();
        let mut known: HashMap<T, u32> = HashMap::from([(zero, 0)]);
        let mut latest = (zero, 0);
        let mut number = |label: T| {
            if label != latest.0 {
                let next = known.len() as u32;
                latest = (label, *known.entry(label).or_insert(next));
            }
            latest.1
        };
        let data = labels.data();
        if size_of::<T>() <= 2 {
            return Self::Few(data.iter().map(|label| label.key() as u16).collect());
        }
        let mut few = Vec::with_capacity(data.len());
        for &label in data {
            let Ok(small) = u16::try_from(number(label)) else { break };
            few.push(small);
        }
        if few.len() == data.len() {
            return Self::Few(few);
        }
        drop(few);
        Self::Many(data.iter().map(|&label| number(label)).collect())
    }
}

/// A number that stands for a label.
trait Number: Copy + Default + PartialEq + Ord + Send + Sync {
    fn wide(self) -> u32;
}

impl Number for u16 {
    #[inline(always)]
    fn wide(self) -> u32 {
        self.into()
    }
}

impl Number for u32 {
    #[inline(always)]
    fn wide(self) -> u32 {
        self
    }
}

/// A lane with numbers of its own width beside it: they are compared and selected together.
trait Labelled: Lane {
    type Number: Copy + Default + PartialEq + Send + Sync;
    fn number<K: Number>(number: K) -> Self::Number;
}

impl Labelled for u16 {
    type Number = Self;

    #[inline(always)]
    fn number<K: Number>(number: K) -> Self {
        number.wide() as Self
    }
}

impl Labelled for i32 {
    type Number = u32;

    #[inline(always)]
    fn number<K: Number>(number: K) -> u32 {
        number.wide()
    }
}

impl Labelled for f32 {
    type Number = u32;

    #[inline(always)]
    fn number<K: Number>(number: K) -> u32 {
        number.wide()
    }
}

/// What is to be done: planes of rows, neither of them empty.
struct Plan<'a, K> {
    numbers: &'a [K],
    shape: [usize; 3],
    /// Spacing in units.
    counts: [f64; 3],
    unit: f64,
    threads: usize,
}

impl<K: Number> Plan<'_, K> {
    fn diagonal(&self) -> f64 {
        self.shape.iter().zip(self.counts).map(|(&n, s)| (s * n as f64).powi(2)).sum()
    }

    /// An upper bound of all squared distances: every voxel of a cell with two labels has another one in that cell.
    fn farthest(&self) -> f64 {
        const PARTS: usize = 16;
        let [depth, height, width] = self.shape;
        let size = self.shape.map(|n| n.div_ceil(PARTS));
        let cells = [0, 1, 2].map(|k| self.shape[k].div_ceil(size[k]));
        let mut first: Vec<Option<K>> = vec![None; cells.iter().product()];
        let mut squares = vec![f64::INFINITY; first.len()];
        for z in 0..depth {
            for y in 0..height {
                let row = &self.numbers[(z * height + y) * width..][..width];
                let cell = (z / size[0] * cells[1] + y / size[1]) * cells[2];
                for (x, part) in row.chunks(size[2]).enumerate() {
                    if squares[cell + x].is_infinite() {
                        let own = *first[cell + x].get_or_insert(part[0]);
                        if part.iter().any(|&number| number != own) {
                            squares[cell + x] = 0.0;
                        }
                    }
                }
            }
        }
        super::field::spread(
            &mut squares,
            &cells,
            &[0, 1, 2].map(|k| size[k] as f64 * self.counts[k]),
        )
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

struct Passes<'a, L, K, const N: usize> {
    plan: &'a Plan<'a, K>,
    ramp: Ramp<L>,
    rows: Column<L>,
    planes: Column<L>,
}

/// Working memory of a thread.
struct Scratch<L: Labelled, const N: usize> {
    slab: Vec<L>,
    given: Vec<[L; N]>,
    numbers: Vec<[L::Number; N]>,
    search: Search<L, N>,
}

impl<L: Labelled, const N: usize> Default for Scratch<L, N> {
    fn default() -> Self {
        Self {
            slab: Vec::new(),
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
        let plane = height * width;
        let slab = |scratch: &mut Scratch<L, N>, (z, out): (usize, &mut [f32])| {
            simd::dispatch(Slab { passes: self, scratch, z, out });
        };
        let columns = |scratch: &mut Scratch<L, N>, (at, rows): &mut (usize, Vec<&mut [f32]>)| {
            simd::dispatch(Along { passes: self, scratch, at: *at, rows });
        };
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
            let mut tasks: Vec<(usize, Vec<&mut [f32]>)> = (0..height * parts)
                .map(|k| (k / parts * width + k % parts * cut, Vec::with_capacity(depth)))
                .collect();
            for (k, row) in distances.chunks_mut(width).enumerate() {
                for (part, piece) in row.chunks_mut(cut).enumerate() {
                    tasks[k % height * parts + part].1.push(piece);
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
        let unit = self.plan.unit as f32;
        for (value, &lane) in into.iter_mut().zip(from) {
            *value = if lane < self.planes.envelope.never {
                f32::finish(lane, unit, true)
            } else {
                f32::NOWHERE
            };
        }
    }
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
    fn run<S: Isa>(self, _: S) {
        let Self { passes, scratch, z, out } = self;
        let Scratch { slab, given, numbers, search } = scratch;
        let [depth, height, width] = passes.plan.shape;
        let own = &passes.plan.numbers[z * height * width..][..height * width];
        slab.resize(height * width, L::ZERO);
        for (values, row) in slab.chunks_exact_mut(width).zip(own.chunks_exact(width)) {
            let mut start = 0;
            for run in row.chunk_by(|a, b| a == b) {
                if run[0] == K::default() {
                    values[start..start + run.len()].fill(L::ZERO);
                } else {
                    passes.ramp.run::<()>(start, start + run.len(), values, &mut [], 0);
                }
                start += run.len();
            }
        }
        if height > 1 {
            for start in (0..width).step_by(N) {
                let stop = width.min(start + N);
                given.clear();
                numbers.clear();
                for (values, row) in slab.chunks_exact(width).zip(own.chunks_exact(width)) {
                    given.push(padded(&values[start..stop]));
                    numbers.push(padded(&row[start..stop]).map(L::number));
                }
                passes.rows.solve(search, given, numbers);
                for (values, found) in slab.chunks_exact_mut(width).zip(&search.found) {
                    values[start..stop].copy_from_slice(&found[..stop - start]);
                }
            }
        }
        for (out, values) in out.chunks_exact_mut(width).zip(slab.chunks_exact(width)) {
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

/// The first axis, for some columns of one row of the planes.
struct Along<'p, 's, 'r, 'v, L: Labelled, K, const N: usize> {
    passes: &'p Passes<'p, L, K, N>,
    scratch: &'s mut Scratch<L, N>,
    /// Position of the first column in the first plane.
    at: usize,
    rows: &'r mut [&'v mut [f32]],
}

impl<L: Labelled, K: Number, const N: usize> Kernel for Along<'_, '_, '_, '_, L, K, N> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, _: S) {
        let Self { passes, scratch, at, rows } = self;
        let Scratch { slab, given, numbers, search } = scratch;
        let [_, height, width] = passes.plan.shape;
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
                    let own = z * height * width + at;
                    let own = &passes.plan.numbers[own + start..own + stop];
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

/// Up to `N` elements, the last one repeated.
#[inline(always)]
fn padded<T: Copy, const N: usize>(from: &[T]) -> [T; N] {
    if let Some(full) = from.first_chunk() {
        return *full;
    }
    let mut row = [from[from.len() - 1]; N];
    row[..from.len()].copy_from_slice(from);
    row
}

/// Results of a block, and what they are found with.
struct Search<L: Labelled, const N: usize> {
    found: Vec<[L; N]>,
    /// Labels that reach deeper than the neighbours that were tried.
    deep: Vec<L::Number>,
    block: Block<L, (), N>,
}

/// One axis.
struct Column<L> {
    envelope: Envelope<L>,
    /// Squares of 1, 2, ... steps, as many as are tried.
    squares: Vec<L>,
}

impl<L: Labelled> Column<L> {
    fn new(n: usize, step: f64, never: L) -> Self {
        let tried = STEPS.min(n - 1);
        let squares = (1..=tried).map(|r| L::of((r as f64 * step).powi(2))).collect();
        Self { envelope: Envelope::new(n, step, never), squares }
    }

    #[inline(always)]
    fn solve<const N: usize>(
        &self,
        search: &mut Search<L, N>,
        given: &[[L; N]],
        numbers: &[[L::Number; N]],
    ) {
        search.found.clear();
        search.deep.clear();
        if let Some(both) = only_two(numbers) {
            search.found.extend_from_slice(given);
            search.deep.extend(both);
        } else {
            for y in 0..given.len() {
                self.try_neighbours(search, given, numbers, y);
            }
        }
        for k in 0..search.deep.len() {
            if search.deep[k] != L::Number::default() {
                self.solve_label(search, given, numbers, search.deep[k]);
            }
        }
    }

    /// One row against its neighbours, whatever their labels.
    #[inline(always)]
    fn try_neighbours<const N: usize>(
        &self,
        search: &mut Search<L, N>,
        given: &[[L; N]],
        numbers: &[[L::Number; N]],
        y: usize,
    ) {
        let mut best = given[y];
        let mut settled = L::greatest(&best) == L::ZERO;
        for (k, &square) in self.squares.iter().enumerate() {
            settled = settled || L::greatest(&best) <= square;
            if settled {
                break;
            }
            // beyond the end there is nothing: the other side once more
            let (up, down) = (y.checked_sub(k + 1), Some(y + k + 1).filter(|&p| p < given.len()));
            let Some(first) = up.or(down) else { break };
            let second = down.unwrap_or(first);
            let rows = [(&given[first], &numbers[first]), (&given[second], &numbers[second])];
            lower(&mut best, &numbers[y], rows, square);
        }
        if !settled {
            let beyond = self.squares.last().copied().unwrap_or(L::ZERO);
            for lane in 0..N {
                if best[lane] > beyond && !search.deep.contains(&numbers[y][lane]) {
                    search.deep.push(numbers[y][lane]);
                }
            }
        }
        search.found.push(best);
    }

    /// All voxels of one label, by the search of the binary transform.
    #[inline(always)]
    fn solve_label<const N: usize>(
        &self,
        search: &mut Search<L, N>,
        given: &[[L; N]],
        numbers: &[[L::Number; N]],
        label: L::Number,
    ) {
        let Search { found, block, .. } = search;
        block.clear();
        for (row, own) in given.iter().zip(numbers) {
            let mut values = [L::ZERO; N];
            for lane in 0..N {
                values[lane] = if own[lane] == label { row[lane] } else { L::ZERO };
            }
            block.push(&self.envelope, &values, &[(); N]);
        }
        if block.is_settled() {
            return;
        }
        self.envelope.solve(block, 0, given.len());
        for ((found, solved), own) in found.iter_mut().zip(&block.found).zip(numbers) {
            for lane in 0..N {
                found[lane] = if own[lane] == label { solved[lane] } else { found[lane] };
            }
        }
    }
}

/// The labels of a block if there are no more than two; one may be named twice.
#[inline(always)]
fn only_two<K: Copy + PartialEq, const N: usize>(numbers: &[[K; N]]) -> Option<[K; 2]> {
    let first = numbers[0][0];
    let mut second = first;
    for row in numbers {
        let mut others = 0_u32;
        for &number in row {
            others |= u32::from(number != first && number != second);
        }
        if others == 0 {
            continue;
        }
        if second != first {
            return None;
        }
        second = row.iter().copied().find(|&number| number != first).unwrap_or(first);
        if row.iter().any(|&number| number != first && number != second) {
            return None;
        }
    }
    Some([first, second])
}

/// Take the sums with two other rows where they are less.
#[inline(always)]
fn lower<L: Labelled, const N: usize>(
    best: &mut [L; N],
    own: &[L::Number; N],
    rows: [(&[L; N], &[L::Number; N]); 2],
    square: L,
) {
    for lane in 0..N {
        let mut least = best[lane];
        for (row, numbers) in rows {
            let value = if own[lane] == numbers[lane] { row[lane] } else { L::ZERO };
            let sum = value.plus(square);
            least = if sum < least { sum } else { least };
        }
        best[lane] = least;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::distance::{Request, transform};
    use crate::simd::tests::at_every_level;

    fn maps() -> impl Strategy<Value = (Vec<usize>, Vec<u32>)> {
        let shape = prop_oneof![
            (1..300_usize).prop_map(|n| vec![n]),
            (1..80_usize, 1..150_usize).prop_map(|(a, b)| vec![a, b]),
            (1..25_usize, 1..40_usize, 1..70_usize).prop_map(|(a, b, c)| vec![a, b, c]),
        ];
        (shape, 1..5_u32, 1..40_usize, any::<u32>()).prop_map(|(shape, labels, grain, seed)| {
            // blocks of some size with labels at random, so that regions are thin or deep
            let voxels: usize = shape.iter().product();
            let map = (0..voxels).map(|i| {
                let (mut rest, mut block) = (i, seed);
                for &n in shape.iter().rev() {
                    let part = (rest % n / grain) as u32;
                    block = (block ^ part).wrapping_mul(0x9e37_79b1).rotate_left(13);
                    rest /= n;
                }
                block % (labels + 1)
            });
            (shape.clone(), map.collect())
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(150))]
        #[test]
        fn each_label_is_transformed_as_if_alone(
            (shape, map) in maps(),
            spacing in prop::sample::select(vec![[1.0; 3], [3.0, 1.0, 1.0], [40.0, 1.0, 20.0], [3.1, 0.7, 0.7123]]),
            threads in 1..3_usize,
        ) {
            let spacing = &spacing[3 - shape.len()..];
            let mut expected = vec![0_f32; map.len()];
            for label in 1..=4 {
                let mask: Vec<u8> = map.iter().map(|&other| u8::from(other == label)).collect();
                let request = Request {
                    shape: &shape, spacing, reversed: false, squared: false, indices: false, threads: 1,
                };
                let own = transform::<f32>(&mask, &request).unwrap().distances;
                for ((expected, &other), own) in expected.iter_mut().zip(&map).zip(own) {
                    if other == label {
                        *expected = own;
                    }
                }
            }
            let wide: Vec<i64> = map.iter().map(|&v| if v == 0 { 0 } else { -(1 << 40) - i64::from(v) }).collect();
            let narrow: Vec<u8> = map.iter().map(|&v| v as u8).collect();
            at_every_level(|_| {
                let mut found = vec![0.0; map.len()];
                label_transform_into(&View::new(&narrow, &shape).unwrap(), spacing, threads, &mut found).unwrap();
                let close = |(a, b): (&f32, &f32)| a.to_bits() == b.to_bits() || (a - b).abs() <= 1e-6 * b;
                assert!(found.iter().zip(&expected).all(close), "{found:?} {expected:?}");
                let mut again = vec![0.0; map.len()];
                label_transform_into(&View::new(&wide, &shape).unwrap(), spacing, threads, &mut again).unwrap();
                assert!(again.iter().zip(&found).all(|(a, b)| a.to_bits() == b.to_bits()));
            });
        }
    }

    #[test]
    fn more_labels_than_16_bits_hold() {
        let map: Vec<u32> = (0..200_000).map(|i| i / 2).collect();
        let mut found = vec![0.0; map.len()];
        label_transform_into(&View::new(&map, &[400, 500]).unwrap(), &[1.0, 1.0], 2, &mut found)
            .unwrap();
        assert!(found[2..].iter().all(|&distance| distance.to_bits() == 1_f32.to_bits()));
    }

    #[test]
    fn a_single_voxel_has_no_other() {
        let mut found = [0.0];
        label_transform_into(&View::new(&[0_u8], &[1, 1]).unwrap(), &[2.0; 2], 1, &mut found)
            .unwrap();
        assert_eq!(found.map(f32::to_bits), [0]);
        label_transform_into(&View::new(&[3_u8], &[1]).unwrap(), &[2.0], 1, &mut found).unwrap();
        assert!(found[0].is_infinite());
    }

    #[test]
    fn bad_requests_are_refused() {
        let view = View::new(&[1_u8, 2], &[2]).unwrap();
        assert!(label_transform_into(&view, &[1.0], 1, &mut [0.0; 3]).is_err());
        assert!(label_transform_into(&view, &[1.0, 1.0], 1, &mut [0.0; 2]).is_err());
        assert!(label_transform_into(&view, &[f64::NAN], 1, &mut [0.0; 2]).is_err());
    }
}
