//! Kernels between elements and bits: packing, unpacking, counting.

use std::ops::Range;

use super::{Mask, low_bits};
use crate::grid::{Bounds, View};
use crate::simd::{Isa, Kernel};

/// Which elements are in a set. Any function of one element is such a rule.
pub(crate) trait Rule<T> {
    /// Whether one is.
    fn holds(&self, element: T) -> bool;

    /// Bit `i`: whether element `i` is.
    fn word<I: Isa>(&self, isa: I, elements: &[T; 64]) -> u64;
}

impl<T: Copy, F: Fn(T) -> bool> Rule<T> for F {
    #[inline(always)]
    fn holds(&self, element: T) -> bool {
        self(element)
    }

    #[inline(always)]
    fn word<I: Isa>(&self, isa: I, elements: &[T; 64]) -> u64 {
        let mut bytes = [0_u8; 64];
        for (byte, &element) in bytes.iter_mut().zip(elements) {
            *byte = u8::from(self(element));
        }
        isa.nonzero(&bytes)
    }
}

/// [`Mask::pack`], into a mask of zeros.
pub(super) struct Pack<'a, T, R> {
    pub(super) view: &'a View<'a, T>,
    pub(super) bounds: &'a Bounds,
    pub(super) rule: &'a R,
    pub(super) mask: &'a mut Mask,
}

impl<T: Copy, R: Rule<T>> Kernel for Pack<'_, T, R> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let [_, rows, columns] = self.mask.shape;
        let start = self.bounds.start;
        let [_, all_rows, all_columns] = self.view.shape();
        for (r, packed) in self.mask.words.chunks_exact_mut(self.mask.words_per_row).enumerate() {
            let (z, y) = (start[0] + r / rows, start[1] + r % rows);
            let first = (z * all_rows + y) * all_columns + start[2];
            pack_row(isa, &self.view.data()[first..], columns, packed, self.rule);
        }
    }
}

/// Rows of bytes to rows of bits.
pub(super) struct PackRows<'a> {
    pub(super) words: &'a mut [u64],
    pub(super) data: &'a [u8],
    pub(super) columns: usize,
}

impl Kernel for PackRows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let columns = self.columns;
        for (r, packed) in self.words.chunks_exact_mut(columns.div_ceil(64)).enumerate() {
            pack_row(isa, &self.data[r * columns..], columns, packed, &|byte| byte != 0);
        }
    }
}

/// Pack the first `columns` elements; what follows them is read along where that fills a word, and dropped.
#[inline(always)]
fn pack_row<I: Isa, T: Copy>(
    isa: I,
    data: &[T],
    columns: usize,
    packed: &mut [u64],
    rule: &impl Rule<T>,
) {
    let whole = data.as_chunks::<64>().0;
    for (word, elements) in packed.iter_mut().zip(whole) {
        *word = rule.word(isa, elements);
    }
    if let Some(word) = packed.get_mut(whole.len()) {
        let rest = &data[64 * whole.len()..columns]; // the end of the data
        *word =
            rest.iter().rev().fold(0, |bits, &element| bits << 1 | u64::from(rule.holds(element)));
    }
    if let Some(word) = packed.last_mut() {
        *word &= low_bits(columns);
    }
}

/// [`Mask::pack_row`].
pub(super) struct PackRow<'a, T, F> {
    pub(super) row: &'a [T],
    pub(super) packed: &'a mut [u64],
    pub(super) is_set: F,
}

impl<T: Copy, F: Fn(T) -> bool> Kernel for PackRow<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        pack_row(isa, self.row, self.row.len(), self.packed, &self.is_set);
    }
}

/// Number of set bits.
pub(super) struct Count<'a>(pub(super) &'a [u64]);

impl Kernel for Count<'_> {
    type Output = u64;

    #[inline(always)]
    fn run<I: Isa>(self, _: I) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }
}

/// [`Mask::write_bytes`] and [`Mask::write_rows`].
pub(super) struct Unpack<'a> {
    pub(super) mask: &'a Mask,
    pub(super) rows: Range<usize>,
    pub(super) bytes: &'a mut [u8],
    pub(super) zeros: bool, // whether to write words without voxels
}

impl Kernel for Unpack<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let words = self.mask.words_per_row;
        let rows = &self.mask.words[self.rows.start * words..self.rows.end * words];
        let bytes = self.bytes.chunks_exact_mut(self.mask.shape[2]);
        for (row, bytes) in rows.chunks_exact(words).zip(bytes) {
            let (whole, rest) = bytes.as_chunks_mut::<64>();
            for (bytes, word) in whole.iter_mut().zip(row) {
                if self.zeros || *word != 0 {
                    *bytes = isa.bytes(*word);
                }
            }
            if let Some(word) = row.get(whole.len()).filter(|word| self.zeros || **word != 0) {
                rest.copy_from_slice(&isa.bytes(*word)[..rest.len()]);
            }
        }
    }
}
