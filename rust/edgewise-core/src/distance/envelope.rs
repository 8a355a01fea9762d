//! The further passes: min-plus with a parabola along one axis, sixteen columns at a time.

use rayon::prelude::*;

use super::lanes::{Lane, Slot, Source};

/// Columns swept together: one 64-byte line of `f32`.
const LANES: usize = 16;
/// Columns fetched together: planes lie far apart, and 16 columns of one would waste most of a page walk.
const PANEL: usize = 8 * LANES;

type Row<T> = [T; LANES];

/// Rows of some columns of a block: `rows[y]` is a piece of row `y`.
pub(super) struct Columns<'a, O, I> {
    rows: Vec<(&'a mut [O], &'a mut [I])>,
}

impl<'a, O: Send, I: Send> Columns<'a, O, I> {
    /// A whole block of rows of length `inner`.
    pub(super) fn whole(values: &'a mut [O], sources: &'a mut [I], inner: usize) -> Self {
        Self { rows: values.chunks_mut(inner).zip(sources.chunks_mut(inner)).collect() }
    }

    /// The block cut into pieces of `width` columns.
    pub(super) fn pieces(
        values: &'a mut [O],
        sources: &'a mut [I],
        inner: usize,
        width: usize,
    ) -> Vec<Self> {
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
pub(super) struct Panel<L, I> {
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
pub(super) struct Envelope<L> {
    n: usize,
    /// `squares[n - 1 + d]` is the squared length of `d` steps, for `d` from `1 - n` to `n - 1`.
    squares: Vec<L>,
    inverse: f32,
    never: L,
}

impl<L: Lane> Envelope<L> {
    pub(super) fn new(n: usize, step: f64, never: L) -> Self {
        let span = n as i64 - 1;
        let squares = (-span..=span).map(|d| L::of((d as f64 * step).powi(2))).collect();
        Self { n, squares, inverse: (1.0 / step) as f32, never }
    }

    /// Sweep the whole array along this axis; `inner` elements lie between its neighbours.
    pub(super) fn pass<O: Slot<L>, I: Source>(
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
    pub(super) fn columns<O: Slot<L>, I: Source>(
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
