//! The first pass: distances within rows along the fastest axis.

use super::lanes::{Lane, Slot, Source};

/// Distances within a row: squares of 0, 1, 2, ... steps, upwards and downwards so that either half of a run is one copy.
pub(super) struct Ramp<L, O> {
    up: Vec<O>,
    down: Vec<O>,
    never: O,
    lanes: std::marker::PhantomData<L>,
}

impl<L: Lane, O: Slot<L>> Ramp<L, O> {
    pub(super) fn new(n: usize, step: f64, never: L) -> Self {
        let up: Vec<O> = (0..=n).map(|i| O::store(L::of((i as f64 * step).powi(2)))).collect();
        let down = up.iter().rev().copied().collect();
        Self { up, down, never: O::store(never), lanes: std::marker::PhantomData }
    }

    /// One row of the mask, the first voxel of which is at `start` in memory.
    pub(super) fn scan<I: Source>(
        &self,
        mask: &[u8],
        values: &mut [O],
        sources: &mut [I],
        start: usize,
    ) {
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
                let half = first + Self::left(first, stop, n);
                sources[first..half].fill(I::at((start + first).wrapping_sub(1)));
                sources[half..stop].fill(I::at(start + stop));
            }
            at = stop;
        }
    }

    /// How many voxels of the foreground run `first..stop` are nearest to the background on the left.
    fn left(first: usize, stop: usize, n: usize) -> usize {
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
        let left = Self::left(first, stop, n);
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
