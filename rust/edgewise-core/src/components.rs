//! Connected components, by runs: stretches of equal voxels along a row, joined across rows with union-find.

use std::ops::Range;

use rayon::prelude::*;

use crate::{
    error::{Error, Result},
    grid::View,
    mask::Mask,
    parallel,
    simd::{Baseline, Isa},
};

/// Components of the equal non-zero values of a label map, numbered 1 to n; the labels (0 = background) and n.
///
/// Voxels of one value belong together if they touch: `connectivity` 1 = by faces, 2 = also by edges (the 18 in 3D), 3 = also by corners.
/// Nothing touches across the end of the array. The numbers follow the raster order of the array; `reversed` says that the view is a
/// column-major array seen through its reversed axes, and then gives the numbers of the row-major array. The result does not depend
/// on `threads`. O(voxels); 4 bytes per voxel and about 12 per run. Source: He, Chao and Suzuki 2008, "A run-based two-scan labeling
/// algorithm".
///
/// # Errors
/// [`Error::Argument`] unless `connectivity` is 1 to the number of axes; [`Error::Shape`] if the array has 2^32 runs or more.
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
    let neighbours = rows_before(view.axes(), connectivity)?;
    let [depth, height, _] = view.shape();
    parallel::install(threads, |parallel| {
        let slabs =
            if parallel { slabs(depth * height, threads) } else { slabs(depth * height, 1) };
        let runs = Runs::of_labels(view, &slabs)?;
        let data = view.data();
        let same = |a: usize, b: usize| data[a] == data[b];
        let mut forest = runs.join(&neighbours, &slabs, same);
        let mut count = forest.number();
        if reversed {
            count = renumber(&mut forest, &runs, count);
        }
        Ok((runs.paint(&forest, &slabs), count))
    })
}

/// A row that a row may touch: steps in z and y, and whether also diagonally along x.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NeighbourRow {
    pub(crate) dz: isize,
    pub(crate) dy: isize,
    pub(crate) diagonal: bool,
}

/// The rows around a row, itself left out.
///
/// # Errors
/// [`Error::Argument`] unless `connectivity` is 1 to `axes`.
pub(crate) fn rows_around(axes: usize, connectivity: usize) -> Result<Vec<NeighbourRow>> {
    if connectivity < 1 || connectivity > axes {
        return Err(Error::Argument(format!(
            "connectivity must be 1 to {axes} for an array of {axes} axes, got {connectivity}"
        )));
    }
    let steps = |exists: bool| if exists { -1..=1 } else { 0..=0 };
    let mut rows = Vec::new();
    for dz in steps(axes > 2) {
        for dy in steps(axes > 1) {
            let away = usize::from(dz != 0) + usize::from(dy != 0);
            if away != 0 && away <= connectivity {
                rows.push(NeighbourRow { dz, dy, diagonal: away < connectivity });
            }
        }
    }
    Ok(rows)
}

/// Those of [`rows_around`] that come earlier in memory.
fn rows_before(axes: usize, connectivity: usize) -> Result<Vec<NeighbourRow>> {
    let mut rows = rows_around(axes, connectivity)?;
    rows.retain(|row| (row.dz, row.dy) < (0, 0));
    Ok(rows)
}

/// `count` rows in at most `parts` ranges of about equal length.
fn slabs(count: usize, parts: usize) -> Vec<Range<usize>> {
    let length = count.div_ceil(parts);
    (0..count).step_by(length).map(|start| start..(start + length).min(count)).collect()
}

/// A stretch of a row: x from `start` to before `stop`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) stop: u32,
}

/// All runs of an array in raster order.
#[derive(Debug)]
pub(crate) struct Runs {
    spans: Vec<Span>,
    rows: Vec<usize>, // where the runs of each row begin, and the number of all
    shape: [usize; 3],
}

impl Runs {
    /// Runs of equal non-zero values.
    fn of_labels<T: Copy + Default + PartialEq + Sync>(
        view: View<'_, T>,
        slabs: &[Range<usize>],
    ) -> Result<Self> {
        let shape = view.shape();
        Self::collect(shape, slabs, |row, spans| {
            let row = view.row(row / shape[1], row % shape[1]);
            spans_of_labels(row, spans);
        })
    }

    /// Runs of the voxels of a mask.
    pub(crate) fn of_mask(mask: &Mask) -> Result<Self> {
        let shape = mask.shape();
        let slabs = slabs(shape[0] * shape[1], 1);
        Self::collect(shape, &slabs, |row, spans| {
            spans_of_words(mask.row(row / shape[1], row % shape[1]), shape[2], spans);
        })
    }

    fn collect(
        shape: [usize; 3],
        slabs: &[Range<usize>],
        find: impl Fn(usize, &mut Vec<Span>) + Sync,
    ) -> Result<Self> {
        if u32::try_from(shape[2]).is_err() {
            let text = format!("an axis of length {} is too long for components", shape[2]);
            return Err(Error::Shape(text));
        }
        let of_slab = |slab: &Range<usize>| {
            let (mut spans, mut rows) = (Vec::new(), Vec::with_capacity(slab.len()));
            for row in slab.clone() {
                rows.push(spans.len());
                find(row, &mut spans);
            }
            (spans, rows)
        };
        let mut parts: Vec<_> = match slabs {
            [one] => vec![of_slab(one)],
            many => many.par_iter().map(of_slab).collect(),
        };
        let (mut spans, mut rows) = parts.swap_remove(0);
        // swap_remove put the last part in front
        if !parts.is_empty() {
            parts.rotate_left(1);
        }
        for (more_spans, more_rows) in parts {
            let before = spans.len();
            spans.extend(more_spans);
            rows.extend(more_rows.iter().map(|begin| begin + before));
        }
        if u32::try_from(spans.len()).is_err() {
            let text = format!("the array falls into {} runs, at most 2^32 - 1", spans.len());
            return Err(Error::Shape(text));
        }
        rows.push(spans.len());
        Ok(Self { spans, rows, shape })
    }

    /// The numbers of a row's runs.
    fn of_row(&self, row: usize) -> Range<usize> {
        self.rows[row]..self.rows[row + 1]
    }

    /// The number of the run that holds the voxel.
    pub(crate) fn at(&self, [z, y, x]: [usize; 3]) -> Option<usize> {
        let range = self.of_row(z * self.shape[1] + y);
        let spans = &self.spans[range.clone()];
        let next = spans.partition_point(|span| span.start as usize <= x);
        let found = next.checked_sub(1)?;
        (x < spans[found].stop as usize).then_some(range.start + found)
    }

    /// Call `visit(run, z, y, span)` for every run.
    pub(crate) fn for_each(&self, mut visit: impl FnMut(usize, usize, usize, Span)) {
        for row in 0..self.rows.len() - 1 {
            for run in self.of_row(row) {
                visit(run, row / self.shape[1], row % self.shape[1], self.spans[run]);
            }
        }
    }

    /// The runs of `mask`, whose runs these are, that `wanted` accepts.
    pub(crate) fn keep(&self, mask: &Mask, wanted: impl Fn(usize) -> bool) -> Mask {
        let mut kept = Mask::zeros(mask.shape(), mask.axes());
        for z in 0..self.shape[0] {
            for y in 0..self.shape[1] {
                let row = kept.row_mut(z, y);
                for run in self.of_row(z * self.shape[1] + y) {
                    if wanted(run) {
                        set_bits(row, self.spans[run]);
                    }
                }
            }
        }
        kept
    }

    /// Join all runs that touch.
    pub(crate) fn join_all(&self, axes: usize, connectivity: usize) -> Result<Forest> {
        let slabs = slabs(self.shape[0] * self.shape[1], 1);
        Ok(self.join(&rows_before(axes, connectivity)?, &slabs, |_, _| true))
    }

    /// Join the runs that touch and whose first elements (by index in memory) `same` accepts.
    fn join(
        &self,
        neighbours: &[NeighbourRow],
        slabs: &[Range<usize>],
        same: impl Fn(usize, usize) -> bool + Sync,
    ) -> Forest {
        let mut forest = Forest { first: 0, parents: (0..self.spans.len() as u32).collect() };
        if let [one] = slabs {
            self.join_rows(one.clone(), one.clone(), neighbours, &same, &mut forest);
            return forest;
        }
        let mut rest = std::mem::take(&mut forest.parents);
        let mut trees = Vec::new();
        for slab in slabs {
            let (first, last) = (self.rows[slab.start], self.rows[slab.end]);
            let after = rest.split_off(last - first);
            trees.push((slab.clone(), Forest { first, parents: rest }));
            rest = after;
        }
        trees.par_iter_mut().for_each(|(slab, tree)| {
            self.join_rows(slab.clone(), slab.clone(), neighbours, &same, tree);
        });
        forest.parents = trees.into_iter().flat_map(|(_, tree)| tree.parents).collect();
        for slab in &slabs[1..] {
            // rows that reach back over the border: one plane and one row
            let near = slab.start..slab.end.min(slab.start + self.shape[1] + 1);
            self.join_rows(near, 0..slab.start, neighbours, &same, &mut forest);
        }
        forest
    }

    /// Join the runs of `rows` with those of their neighbour rows that lie in `among`.
    fn join_rows(
        &self,
        rows: Range<usize>,
        among: Range<usize>,
        neighbours: &[NeighbourRow],
        same: &impl Fn(usize, usize) -> bool,
        forest: &mut Forest,
    ) {
        let [depth, height, width] = self.shape;
        for row in rows {
            let (z, y) = (row / height, row % height);
            for step in neighbours {
                let (Some(z), Some(y)) =
                    (z.checked_add_signed(step.dz), y.checked_add_signed(step.dy))
                else {
                    continue;
                };
                let other = z * height + y;
                if z < depth && y < height && among.contains(&other) {
                    let offsets = (row * width, other * width);
                    let pairs = (self.of_row(row), self.of_row(other));
                    self.join_pair(pairs, u32::from(step.diagonal), |a, b| {
                        if same(offsets.0 + a.1 as usize, offsets.1 + b.1 as usize) {
                            forest.union(a.0, b.0);
                        }
                    });
                }
            }
        }
    }

    /// Call `touch` with the number and start of each two runs of two rows that touch; `reach` 1: also diagonally.
    fn join_pair(
        &self,
        (ours, theirs): (Range<usize>, Range<usize>),
        reach: u32,
        mut touch: impl FnMut((usize, u32), (usize, u32)),
    ) {
        let (mut a, mut b) = (ours.start, theirs.start);
        while a < ours.end && b < theirs.end {
            let (our, their) = (self.spans[a], self.spans[b]);
            if our.start < their.stop + reach && their.start < our.stop + reach {
                touch((a, our.start), (b, their.start));
            }
            // runs of other values may follow without a gap, so two that end together both have one more to meet
            if our.stop == their.stop && reach == 1 && b + 1 < theirs.end {
                let next = self.spans[b + 1];
                if next.start == our.stop {
                    touch((a, our.start), (b + 1, next.start));
                }
            }
            // the one that ends first is done
            let ours_ends = our.stop <= their.stop;
            a += usize::from(ours_ends);
            b += usize::from(!ours_ends);
        }
    }

    /// An array with the number of every run's tree.
    fn paint(&self, forest: &Forest, slabs: &[Range<usize>]) -> Vec<u32> {
        let [depth, height, width] = self.shape;
        let mut labels = vec![0; depth * height * width];
        let fill = |(row, labels): (usize, &mut [u32])| {
            for run in self.of_row(row) {
                let Span { start, stop } = self.spans[run];
                for label in &mut labels[start as usize..stop as usize] {
                    *label = forest.parents[run];
                }
            }
        };
        if slabs.len() == 1 {
            labels.chunks_exact_mut(width).enumerate().for_each(fill);
        } else {
            labels.par_chunks_exact_mut(width).enumerate().for_each(fill);
        }
        labels
    }
}

/// Runs of equal non-zero values of one row.
fn spans_of_labels<T: Copy + Default + PartialEq>(row: &[T], spans: &mut Vec<Span>) {
    let background = T::default();
    let mut start = 0;
    let mut close = |stop: usize| {
        if row[start] != background {
            spans.push(Span { start: start as u32, stop: stop as u32 });
        }
        start = stop;
    };
    let (here, before) = (&row[1..], &row[..row.len() - 1]);
    let (words, rest) = here.as_chunks::<64>();
    let (words_before, _) = before.as_chunks::<64>();
    for (k, (word, word_before)) in words.iter().zip(words_before).enumerate() {
        let mut differs = [0; 64];
        for ((differs, a), b) in differs.iter_mut().zip(word).zip(word_before) {
            *differs = u8::from(a != b);
        }
        let mut changes = Baseline.nonzero(&differs);
        while changes != 0 {
            close(64 * k + 1 + changes.trailing_zeros() as usize);
            changes &= changes - 1;
        }
    }
    for x in row.len() - rest.len()..row.len() {
        if row[x] != row[x - 1] {
            close(x);
        }
    }
    close(row.len());
}

/// Runs of set bits of one row of `length` voxels.
fn spans_of_words(row: &[u64], length: usize, spans: &mut Vec<Span>) {
    let mut carry = 0; // the last bit of the word before
    let mut start = None;
    for (k, word) in row.iter().enumerate() {
        let mut changes = word ^ (word << 1 | carry);
        carry = word >> 63;
        while changes != 0 {
            let x = 64 * k as u32 + changes.trailing_zeros();
            changes &= changes - 1;
            match start.take() {
                None => start = Some(x),
                Some(start) => spans.push(Span { start, stop: x }),
            }
        }
    }
    if let Some(start) = start {
        spans.push(Span { start, stop: length as u32 });
    }
}

/// Set the bits of a span.
fn set_bits(row: &mut [u64], Span { start, stop }: Span) {
    let (first, last) = (start as usize / 64, (stop as usize - 1) / 64);
    let (from, to) = (u64::MAX << (start % 64), u64::MAX >> (63 - (stop - 1) % 64));
    if first == last {
        row[first] |= from & to;
        return;
    }
    row[first] |= from;
    row[first + 1..last].fill(u64::MAX);
    row[last] |= to;
}

/// Trees of joined runs; the root of a tree is its first run.
#[derive(Debug)]
pub(crate) struct Forest {
    first: usize, // number of the run that `parents` begins with
    parents: Vec<u32>,
}

impl Forest {
    fn parent(&mut self, run: u32) -> &mut u32 {
        &mut self.parents[run as usize - self.first]
    }

    /// The root of the tree, halving the path to it.
    fn find(&mut self, mut run: u32) -> u32 {
        loop {
            let parent = *self.parent(run);
            if parent == run {
                return run;
            }
            let above = *self.parent(parent);
            *self.parent(run) = above;
            run = above;
        }
    }

    fn union(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a as u32), self.find(b as u32));
        *self.parent(a.max(b)) = a.min(b);
    }

    /// Number the trees 1 to n in the order of their roots; every run's entry becomes the number of its tree.
    pub(crate) fn number(&mut self) -> u32 {
        let mut count = 0;
        for run in 0..self.parents.len() {
            let parent = self.parents[run] as usize;
            self.parents[run] = if parent == run {
                count += 1;
                count
            } else {
                self.parents[parent] // an earlier run, numbered already
            };
        }
        count
    }

    /// The number of a run's tree, after [`Forest::number`].
    pub(crate) fn of(&self, run: usize) -> u32 {
        self.parents[run]
    }
}

/// Number the trees again, by their first voxel in raster order of the reversed axes.
fn renumber(forest: &mut Forest, runs: &Runs, count: u32) -> u32 {
    let mut first = vec![(u32::MAX, usize::MAX, usize::MAX); count as usize];
    runs.for_each(|run, z, y, span| {
        let tree = &mut first[forest.of(run) as usize - 1];
        *tree = (*tree).min((span.start, y, z));
    });
    let mut order: Vec<u32> = (0..count).collect();
    order.sort_unstable_by_key(|tree| first[*tree as usize]);
    let mut number = vec![0; count as usize];
    for (rank, tree) in (1..).zip(order) {
        number[tree as usize] = rank;
    }
    for tree in &mut forest.parents {
        *tree = number[*tree as usize - 1];
    }
    count
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Neighbours of a voxel within the array, straight from the definition.
    pub(crate) fn neighbours(
        [depth, height, width]: [usize; 3],
        connectivity: usize,
        at: usize,
    ) -> impl Iterator<Item = usize> {
        let place = [at / (height * width), at / width % height, at % width];
        (0..27_usize).filter_map(move |k| {
            let step = [k / 9, k / 3 % 3, k % 3].map(|s| s as i64 - 1);
            let moved = step.iter().filter(|s| **s != 0).count();
            let [z, y, x] = [0, 1, 2].map(|k| place[k] as i64 + step[k]);
            let inside = (0..depth as i64).contains(&z)
                && (0..height as i64).contains(&y)
                && (0..width as i64).contains(&x);
            ((1..=connectivity).contains(&moved) && inside)
                .then(|| ((z as usize * height) + y as usize) * width + x as usize)
        })
    }

    /// Components voxel by voxel.
    pub(crate) fn naive(labels: &[u8], shape: [usize; 3], connectivity: usize) -> (Vec<u32>, u32) {
        let (mut found, mut count) = (vec![0; labels.len()], 0);
        for seed in 0..labels.len() {
            if labels[seed] == 0 || found[seed] != 0 {
                continue;
            }
            count += 1;
            found[seed] = count;
            let mut stack = vec![seed];
            while let Some(at) = stack.pop() {
                for near in neighbours(shape, connectivity, at) {
                    if labels[near] == labels[seed] && found[near] == 0 {
                        found[near] = count;
                        stack.push(near);
                    }
                }
            }
        }
        (found, count)
    }

    /// Arrays of few values, of all numbers of axes, with rows around the length of a word.
    pub(crate) fn arrays() -> impl Strategy<Value = (Vec<usize>, Vec<u8>)> {
        let length = prop_oneof![1_usize..9, Just(63), Just(64), Just(65), Just(130)];
        (proptest::collection::vec(1_usize..6, 0..3), length, 1_u8..8).prop_flat_map(
            |(mut shape, length, density)| {
                shape.push(length);
                let size = shape.iter().product::<usize>();
                let value = (0_u8..16).prop_map(move |v| if v < density { 1 + v % 3 } else { 0 });
                let mask = (0_u8..8).prop_map(move |v| u8::from(v < density));
                let cells = prop_oneof![
                    proptest::collection::vec(value, size),
                    proptest::collection::vec(mask, size)
                ];
                (Just(shape), cells)
            },
        )
    }

    fn transposed(cells: &[u8], shape: [usize; 3]) -> Vec<u8> {
        let mut out = Vec::new();
        for x in 0..shape[2] {
            for y in 0..shape[1] {
                for z in 0..shape[0] {
                    out.push(cells[(z * shape[1] + y) * shape[2] + x]);
                }
            }
        }
        out
    }

    proptest! {
        #[test]
        fn components_equal_their_twin((shape, cells) in arrays(), threads in 1_usize..4) {
            let view = View::new(&cells, &shape).unwrap();
            for connectivity in 1..=shape.len() {
                let found = connected_components(view, connectivity, false, threads).unwrap();
                prop_assert_eq!(found, naive(&cells, view.shape(), connectivity));
            }
        }

        #[test]
        fn numbers_do_not_depend_on_the_memory_order((shape, cells) in arrays(), threads in 1_usize..3) {
            let view = View::new(&cells, &shape).unwrap();
            let [z, y, x] = view.shape();
            let turned = transposed(&cells, view.shape());
            let turned_shape: Vec<usize> = shape.iter().rev().copied().collect();
            let turned = View::new(&turned, &turned_shape).unwrap();
            for connectivity in 1..=shape.len() {
                let (labels, count) = connected_components(turned, connectivity, true, threads).unwrap();
                let mut back = vec![0; labels.len()];
                for (at, label) in labels.iter().enumerate() {
                    let (x_at, y_at, z_at) = (at / (y * z), at / z % y, at % z);
                    back[(z_at * y + y_at) * x + x_at] = *label;
                }
                prop_assert_eq!((back, count), naive(&cells, [z, y, x], connectivity));
            }
        }

        #[test]
        fn runs_of_a_mask_are_those_of_its_bytes((shape, cells) in arrays()) {
            let cells: Vec<u8> = cells.iter().map(|v| u8::from(*v != 0)).collect();
            let view = View::new(&cells, &shape).unwrap();
            let mask = Mask::from_bytes(&cells, view.shape(), view.axes()).unwrap();
            let runs = Runs::of_mask(&mask).unwrap();
            let slabs = slabs(view.shape()[0] * view.shape()[1], 1);
            let twin = Runs::of_labels(view, &slabs).unwrap();
            prop_assert_eq!((&runs.spans, &runs.rows), (&twin.spans, &twin.rows));
            let [_, height, width] = view.shape();
            for (at, cell) in cells.iter().enumerate() {
                let place = [at / (height * width), at / width % height, at % width];
                prop_assert_eq!(runs.at(place).is_some(), *cell != 0);
            }
        }
    }

    #[test]
    fn connectivity_is_checked() {
        let view = View::new(&[1_u8; 4], &[2, 2]).unwrap();
        for connectivity in [0, 3] {
            let result = connected_components(view, connectivity, false, 1);
            assert!(matches!(result, Err(Error::Argument(_))));
        }
    }
}
