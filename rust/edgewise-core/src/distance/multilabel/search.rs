//! One axis of one block of columns: neighbours first, then the labels that are deeper.

use super::numbers::Labelled;
use crate::distance::envelope::{Block, Envelope};

/// Steps up and down that are tried for all labels at once.
const STEPS: usize = 32;

/// Results of a block, and what they are found with.
pub(super) struct Search<L: Labelled, const N: usize> {
    pub(super) found: Vec<[L; N]>,
    /// Labels that reach deeper than the neighbours that were tried.
    pub(super) deep: Vec<L::Number>,
    pub(super) block: Block<L, (), N>,
}

/// One axis.
pub(super) struct Column<L> {
    pub(super) envelope: Envelope<L>,
    /// Squares of 1, 2, ... steps, as many as are tried.
    squares: Vec<L>,
}

impl<L: Labelled> Column<L> {
    pub(super) fn new(n: usize, step: f64, never: L) -> Self {
        let tried = STEPS.min(n - 1);
        let squares = (1..=tried).map(|r| L::of((r as f64 * step).powi(2))).collect();
        Self { envelope: Envelope::new(n, step, never), squares }
    }

    #[inline(always)]
    pub(super) fn solve<const N: usize>(
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
            // every other step: the greatest of a row costs as much as a step
            settled = settled || k % 2 == 0 && L::greatest(&best) <= square;
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
        let beyond = self.squares.last().copied().unwrap_or(L::ZERO);
        if !settled && L::greatest(&best) > beyond {
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
        let has = |own: &[L::Number; N]| own.contains(&label);
        // one row more on either side is all background, and nearer than any beyond it
        let Some(first) = numbers.iter().position(has) else { return };
        let first = first.saturating_sub(1);
        let last = numbers.iter().rposition(has).unwrap_or(first);
        let rows = first..numbers.len().min(last + 2);
        let (given, numbers) = (&given[rows.clone()], &numbers[rows.clone()]);
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
        for ((found, solved), own) in found[rows].iter_mut().zip(&block.found).zip(numbers) {
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
