//! The first pass: distances within a row along the fastest axis, from the bits of the row.

use super::lanes::{Lane, Source};

/// Squares of 0, 1, 2, ... steps, upwards and downwards so that either half of a run is one copy.
pub(super) struct Ramp<L> {
    up: Vec<L>,
    down: Vec<L>,
    never: L,
}

impl<L: Lane> Ramp<L> {
    pub(super) fn new(n: usize, step: f64, never: L) -> Self {
        let up: Vec<L> = (0..=n).map(|i| L::of((i as f64 * step).powi(2))).collect();
        let down = up.iter().rev().copied().collect();
        Self { up, down, never }
    }

    /// The voxels from `first` on of a row, as many as `values` holds, none of the set ones outside. `numbers` are that of the first one and the
    /// step to the next.
    #[inline(always)]
    pub(super) fn scan<I: Source>(
        &self,
        row: &[u64],
        first: usize,
        values: &mut [L],
        sources: &mut [I],
        numbers: (usize, usize),
    ) {
        values.fill(L::ZERO);
        if I::KEPT {
            for (i, source) in sources.iter_mut().enumerate() {
                *source = I::at(numbers.0 + i * numbers.1);
            }
        }
        let mut carry = 0; // the last bit of the word before
        let mut open = None;
        for (k, word) in row.iter().enumerate() {
            let mut changes = word ^ (word << 1 | carry);
            carry = word >> 63;
            while changes != 0 {
                let x = (64 * k + changes.trailing_zeros() as usize).wrapping_sub(first);
                changes &= changes - 1;
                match open.take() {
                    None => open = Some(x),
                    Some(begin) => self.run(begin, x, values, sources, numbers),
                }
            }
        }
        if let Some(begin) = open {
            self.run(begin, values.len(), values, sources, numbers);
        }
    }

    /// A run of foreground.
    #[inline(always)]
    pub(super) fn run<I: Source>(
        &self,
        begin: usize,
        stop: usize,
        values: &mut [L],
        sources: &mut [I],
        (start, step): (usize, usize),
    ) {
        let n = values.len();
        if begin == 0 && stop == n {
            values.fill(self.never);
            return;
        }
        // how many voxels are nearest to the background on the left
        let left = match (begin > 0, stop < n) {
            (true, true) => (stop - begin).div_ceil(2),
            (true, false) => stop - begin,
            (false, _) => 0,
        };
        let right = stop - begin - left;
        let (rise, fall) = values[begin..stop].split_at_mut(left);
        if left + right <= 8 {
            // shorter than a call of memcpy
            for (value, &up) in rise.iter_mut().zip(&self.up[1..]) {
                *value = up;
            }
            for (i, value) in fall.iter_mut().enumerate() {
                *value = self.up[right - i];
            }
        } else {
            rise.copy_from_slice(&self.up[1..=left]);
            let end = self.down.len() - 1;
            fall.copy_from_slice(&self.down[end - right..end]);
        }
        if I::KEPT {
            let half = begin + left;
            sources[begin..half].fill(I::at((start + begin * step).wrapping_sub(step)));
            sources[half..stop].fill(I::at(start + stop * step));
        }
    }
}
