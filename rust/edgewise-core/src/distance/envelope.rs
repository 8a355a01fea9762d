//! Min-plus with a parabola along one axis, for a block of neighbouring columns at once.

use super::lanes::{Lane, Source};

/// A window of so few rows is looked through without asking which of them was the nearest.
const NARROW: usize = 6;
/// No bound.
const UNBOUNDED: u32 = u32::MAX;

/// Rows of one block of `N` columns on their way through [`Envelope::solve`].
pub(super) struct Block<L, I, const N: usize> {
    /// Rows in which some lane has a source: the others cannot be nearest.
    live: Vec<[L; N]>,
    positions: Vec<u32>,
    sources: Vec<[I; N]>,
    /// How many live rows lie before a row; one entry more than rows.
    rank: Vec<u32>,
    /// How many rows away the nearest source of a row may be; 0: all lanes are sources.
    reach: Vec<u32>,
    /// Live rows that hold the nearest ones of a row.
    brackets: Vec<(u32, u32)>,
    /// The results and, where they are kept, their sources.
    pub(super) found: Vec<[L; N]>,
    pub(super) chosen: Vec<[I; N]>,
    /// Greatest of all values pushed.
    highest: L,
}

impl<L: Lane, I: Source, const N: usize> Default for Block<L, I, N> {
    fn default() -> Self {
        Self {
            live: Vec::new(),
            positions: Vec::new(),
            sources: Vec::new(),
            rank: Vec::new(),
            reach: Vec::new(),
            brackets: Vec::new(),
            found: Vec::new(),
            chosen: Vec::new(),
            highest: L::ZERO,
        }
    }
}

impl<L: Lane, I: Source, const N: usize> Block<L, I, N> {
    /// Forget the rows of the block before.
    #[inline(always)]
    pub(super) fn clear(&mut self) {
        self.live.clear();
        self.positions.clear();
        self.sources.clear();
        self.rank.clear();
        self.reach.clear();
        self.highest = L::ZERO;
    }

    /// The next row.
    #[inline(always)]
    pub(super) fn push(&mut self, envelope: &Envelope<L>, row: &[L; N], sources: &[I; N]) {
        let highest = L::greatest(row);
        self.rank.push(self.live.len() as u32);
        self.highest = greater(self.highest, highest);
        if highest == L::ZERO {
            self.reach.push(0);
        } else if highest < envelope.never {
            self.reach.push((highest.single().sqrt() * envelope.inverse) as u32 + 1);
        } else {
            self.reach.push(UNBOUNDED);
            if L::least(row) >= envelope.never {
                return;
            }
        }
        self.positions.push(self.rank.len() as u32 - 1);
        self.live.push(*row);
        if I::KEPT {
            self.sources.push(*sources);
        }
    }

    /// The next row, in which no lane has a source.
    #[inline(always)]
    pub(super) fn push_nothing(&mut self) {
        self.rank.push(self.live.len() as u32);
        self.reach.push(UNBOUNDED);
    }

    /// Whether no row can change another: all are sources, or none has any.
    #[inline(always)]
    pub(super) fn is_settled(&self) -> bool {
        self.highest == L::ZERO || self.live.is_empty()
    }
}

/// The parabola along one axis.
pub(super) struct Envelope<L> {
    /// Length of the axis.
    pub(super) n: usize,
    /// `squares[n - 1 + d]` is the squared length of `d` steps, for `d` from `1 - n` to `n - 1`.
    squares: Vec<L>,
    inverse: f32,
    pub(super) never: L,
}

impl<L: Lane> Envelope<L> {
    pub(super) fn new(n: usize, step: f64, never: L) -> Self {
        let span = n as i64 - 1;
        let squares = (-span..=span).map(|d| L::of((d as f64 * step).powi(2))).collect();
        Self { n, squares, inverse: (1.0 / step) as f32, never }
    }

    /// `found[i] = min over p of row[p] + squares[first + i - p]` for each lane, for `count` rows from `first` on; at most `n` rows have
    /// been pushed, these among them, and the block is not settled. Of several rows with the least sum that with the least source is chosen.
    ///
    /// Rows are visited by divide and conquer: those answered above and below bracket the search.
    #[inline(always)]
    pub(super) fn solve<I: Source, const N: usize>(
        &self,
        block: &mut Block<L, I, N>,
        first: usize,
        count: usize,
    ) {
        block.rank.push(block.live.len() as u32);
        block.found.resize(count, [L::ZERO; N]);
        block.brackets.resize(count, (0, 0));
        if I::KEPT {
            block.chosen.resize(count, [I::default(); N]);
        }
        let last = block.live.len() as u32 - 1;
        self.row(block, first, 0, (0, last), true);
        let mut step = count.next_power_of_two() / 2;
        while step > 0 {
            for i in (step..count).step_by(2 * step) {
                let low = block.brackets[i - step].0;
                let high = block.brackets.get(i + step).map_or(last, |b| b.1);
                self.row(block, first, i, (low, high), step > 1);
            }
            step /= 2;
        }
    }

    /// One row of results, its nearest rows bracketed; `inner` rows bracket others later.
    #[inline(always)]
    fn row<I: Source, const N: usize>(
        &self,
        block: &mut Block<L, I, N>,
        first: usize,
        i: usize,
        (mut low, mut high): (u32, u32),
        inner: bool,
    ) {
        let y = first + i;
        let reach = block.reach[y];
        if reach == 0 {
            let own = block.rank[y];
            block.found[i] = [L::ZERO; N];
            block.brackets[i] = (own, own);
            if I::KEPT {
                block.chosen[i] = block.sources[own as usize];
            }
            return;
        }
        if reach != UNBOUNDED {
            low = low.max(block.rank[y.saturating_sub(reach as usize)]);
            let rows = block.rank.len() - 1;
            high = high.min(block.rank[rows.min(y + reach as usize + 1)] - 1);
        }
        let window = low as usize..=high as usize;
        let (live, positions) = (&block.live[window.clone()], &block.positions[window.clone()]);
        let squares = &self.squares[self.n - 1 - y..];
        if !inner || live.len() <= NARROW {
            block.brackets[i] = (low, high);
            if I::KEPT {
                let mut best = Best::new(0);
                best.take::<false>(live, &block.sources[window], positions, squares);
                (block.found[i], block.chosen[i]) = (best.sums, best.sources);
            } else {
                block.found[i] = least(live, positions, squares);
            }
            return;
        }
        let mut best = Best::new(low);
        if I::KEPT {
            best.take::<true>(live, &block.sources[window], positions, squares);
            block.chosen[i] = best.sources;
        } else {
            best.take_first(live, positions, squares);
        }
        let (best, at) = (best.sums, best.at);
        block.found[i] = best;
        let left = L::least(&at).double() as u32;
        // where sums are too large to be told apart, any row may be the nearest; `at` is the first of the window there
        let told = L::greatest(&best) < L::MAX_SUM;
        let right = if told { L::greatest(&at).double() as u32 } else { high };
        block.brackets[i] = (left, right);
    }
}

/// Up to `N` elements, at least one; the last one is repeated, which leaves the brackets alone.
#[inline(always)]
pub(super) fn padded<T: Copy, const N: usize>(from: &[T]) -> [T; N] {
    if let Some(full) = from.first_chunk() {
        return *full;
    }
    let mut row = [from[from.len() - 1]; N];
    row[..from.len()].copy_from_slice(from);
    row
}

#[inline(always)]
fn smaller<L: Lane>(a: L, b: L) -> L {
    if a < b { a } else { b }
}

#[inline(always)]
fn greater<L: Lane>(a: L, b: L) -> L {
    if a > b { a } else { b }
}

/// Least sum in each lane.
#[inline(always)]
fn least<L: Lane, const N: usize>(live: &[[L; N]], positions: &[u32], squares: &[L]) -> [L; N] {
    let mut best = [L::MAX_SUM; N];
    let (fours, rest) = live.as_chunks::<4>();
    let (at_fours, at_rest) = positions.as_chunks::<4>();
    for (rows, at) in fours.iter().zip(at_fours) {
        lower(&mut best, rows, at, squares);
    }
    // the lanes of a few rows are compared in registers, so every number of them has its own code
    if let (Ok(rows), Ok(at)) = (<&[_; 1]>::try_from(rest), at_rest.try_into()) {
        lower(&mut best, rows, at, squares);
    } else if let (Ok(rows), Ok(at)) = (<&[_; 2]>::try_from(rest), at_rest.try_into()) {
        lower(&mut best, rows, at, squares);
    } else if let (Ok(rows), Ok(at)) = (<&[_; 3]>::try_from(rest), at_rest.try_into()) {
        lower(&mut best, rows, at, squares);
    }
    best
}

/// Take the sums of `K` rows where they are less.
#[inline(always)]
fn lower<L: Lane, const N: usize, const K: usize>(
    best: &mut [L; N],
    rows: &[[L; N]; K],
    positions: &[u32; K],
    squares: &[L],
) {
    let squares = positions.map(|position| squares[position as usize]);
    for lane in 0..N {
        let mut least = best[lane];
        for k in 0..K {
            least = smaller(rows[k][lane].plus(squares[k]), least);
        }
        best[lane] = least;
    }
}

/// Least sum in each lane, and which live row has it: the first one, or that with the least source where sources are kept.
struct Best<L, I, const N: usize> {
    sums: [L; N],
    sources: [I; N],
    at: [L; N],
    /// Number of the next live row.
    next: L,
}

impl<L: Lane, I: Source, const N: usize> Best<L, I, N> {
    /// `low` is the number of the first live row.
    #[inline(always)]
    fn new(low: u32) -> Self {
        let next = L::of(low.into());
        Self { sums: [L::MAX_SUM; N], sources: [I::LAST; N], at: [next; N], next }
    }

    /// The first row with the least sum.
    #[inline(always)]
    fn take_first(&mut self, live: &[[L; N]], positions: &[u32], squares: &[L]) {
        let (fours, rest) = live.as_chunks::<4>();
        let (at_fours, at_rest) = positions.as_chunks::<4>();
        for (rows, positions) in fours.iter().zip(at_fours) {
            self.lower(rows, positions, squares);
        }
        if let (Ok(rows), Ok(at)) = (<&[_; 1]>::try_from(rest), at_rest.try_into()) {
            self.lower(rows, at, squares);
        } else if let (Ok(rows), Ok(at)) = (<&[_; 2]>::try_from(rest), at_rest.try_into()) {
            self.lower(rows, at, squares);
        } else if let (Ok(rows), Ok(at)) = (<&[_; 3]>::try_from(rest), at_rest.try_into()) {
            self.lower(rows, at, squares);
        }
    }

    /// Take the sums of `K` rows where they are less.
    #[inline(always)]
    fn lower<const K: usize>(&mut self, rows: &[[L; N]; K], positions: &[u32; K], squares: &[L]) {
        let squares = positions.map(|position| squares[position as usize]);
        let numbers = self.numbers::<K>();
        for (lane, (best, at)) in self.sums.iter_mut().zip(&mut self.at).enumerate() {
            let (mut least, mut from) = (*best, *at);
            for k in 0..K {
                let sum = rows[k][lane].plus(squares[k]);
                let better = sum < least;
                least = if better { sum } else { least };
                from = if better { numbers[k] } else { from };
            }
            (*best, *at) = (least, from);
        }
    }

    /// The row with the least source among those with the least sum; `AT`: its number as well.
    #[inline(always)]
    fn take<const AT: bool>(
        &mut self,
        live: &[[L; N]],
        sources: &[[I; N]],
        positions: &[u32],
        squares: &[L],
    ) {
        let (fours, rest) = live.as_chunks::<4>();
        let (from_fours, from_rest) = sources.as_chunks::<4>();
        let (at_fours, at_rest) = positions.as_chunks::<4>();
        for ((rows, from), at) in fours.iter().zip(from_fours).zip(at_fours) {
            self.lower_from::<AT, 4>(rows, from, at, squares);
        }
        for ((row, from), at) in rest.iter().zip(from_rest).zip(at_rest) {
            self.lower_from::<AT, 1>(&[*row], &[*from], &[*at], squares);
        }
    }

    #[inline(always)]
    #[allow(clippy::needless_bitwise_bool, reason = "a branch would end the vector code")]
    fn lower_from<const AT: bool, const K: usize>(
        &mut self,
        rows: &[[L; N]; K],
        sources: &[[I; N]; K],
        positions: &[u32; K],
        squares: &[L],
    ) {
        let squares = positions.map(|position| squares[position as usize]);
        let numbers = self.numbers::<K>();
        for lane in 0..N {
            let (mut least, mut from, mut at) =
                (self.sums[lane], self.sources[lane], self.at[lane]);
            for k in 0..K {
                let sum = rows[k][lane].plus(squares[k]);
                let source = sources[k][lane];
                let better = (sum < least) | ((sum == least) & (source < from));
                least = if better { sum } else { least };
                from = if better { source } else { from };
                if AT {
                    at = if better { numbers[k] } else { at };
                }
            }
            self.sums[lane] = least;
            self.sources[lane] = from;
            self.at[lane] = at;
        }
    }

    #[inline(always)]
    fn numbers<const K: usize>(&mut self) -> [L; K] {
        [(); K].map(|()| {
            let own = self.next;
            self.next = own.plus(L::of(1.0));
            own
        })
    }
}
