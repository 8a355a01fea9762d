//! A label map of any integer type, as counting and measuring see it.

use std::ops::Range;

use crate::grid::{Bounds, View};
use crate::labels::{self, Label};
use crate::mask::{Mask, Rule};
use crate::simd::{self, Isa, Kernel};

use super::changes::{AHEAD, Mark};

/// A label map, seen as masks of some of its labels.
pub trait Members: Sync {
    /// Lengths along z, y, x.
    fn shape(&self) -> [usize; 3];

    /// How many of z, y, x are axes of the array.
    fn axes(&self) -> usize;

    /// The elements of a box whose label is one of `members`, or is not 0 without members: [`labels::members`].
    fn members(&self, bounds: &Bounds, members: Option<&[i128]>) -> Mask;
}

/// A label map of any integer type, read piece by piece of memory.
pub trait LabelMap: Members {
    /// Some rows of `columns` labels as bits, each row padded to whole words, if all labels are 0 and 1; returns whether there is a 1.
    fn bits(&self, piece: Range<usize>, columns: usize, words: &mut [u64]) -> Option<bool>;

    /// A piece of the labels as bytes, if all of them are 0 to 255; may use the buffer.
    fn bytes<'a>(&'a self, piece: Range<usize>, buffer: &'a mut Vec<u8>) -> Option<&'a [u8]>;

    /// Set bit `i` of `changes` where element `i` of a piece differs from element `i - 1`.
    fn mark(&self, piece: Range<usize>, changes: &mut [u64]);

    /// The labels at some places of a piece, as 64-bit keys.
    fn keys(&self, piece: Range<usize>, places: &[u16], keys: &mut Vec<u64>);

    /// The label of a key.
    fn label(&self, key: u64) -> i128;
}

impl<T: Label> Members for View<'_, T> {
    fn shape(&self) -> [usize; 3] {
        View::shape(self)
    }

    fn axes(&self) -> usize {
        View::axes(self)
    }

    fn members(&self, bounds: &Bounds, members: Option<&[i128]>) -> Mask {
        labels::members(self, bounds, members)
    }
}

impl<T: Label> LabelMap for View<'_, T> {
    fn bits(&self, piece: Range<usize>, columns: usize, words: &mut [u64]) -> Option<bool> {
        simd::dispatch(Binary { piece: &self.data()[piece], columns, words })
    }

    fn bytes<'a>(&'a self, piece: Range<usize>, buffer: &'a mut Vec<u8>) -> Option<&'a [u8]> {
        let piece = &self.data()[piece];
        if let Some(bytes) = T::as_bytes(piece) {
            return Some(bytes);
        }
        buffer.resize(piece.len(), 0);
        simd::dispatch(Narrow { piece, bytes: buffer }).then_some(buffer)
    }

    fn mark(&self, piece: Range<usize>, changes: &mut [u64]) {
        simd::dispatch(Mark { piece: &self.data()[piece], changes });
    }

    fn keys(&self, piece: Range<usize>, places: &[u16], keys: &mut Vec<u64>) {
        let piece = &self.data()[piece];
        keys.clear();
        keys.extend(places.iter().map(|&place| piece[place as usize].key()));
    }

    fn label(&self, key: u64) -> i128 {
        T::from_key(key).into()
    }
}

/// [`LabelMap::bits`].
struct Binary<'a, T> {
    piece: &'a [T],
    columns: usize,
    words: &'a mut [u64],
}

impl<T: Label> Kernel for Binary<'_, T> {
    type Output = Option<bool>;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> Option<bool> {
        let is_one = |label: T| label != T::default();
        // rows of whole words are like one long row
        let columns = if self.columns.is_multiple_of(64) { self.piece.len() } else { self.columns };
        let width = columns.div_ceil(64);
        let rows = self.piece.chunks_exact(columns);
        for (row, words) in rows.zip(self.words.chunks_exact_mut(width)) {
            let (wholes, rest) = row.as_chunks::<64>();
            for (word, labels) in words.iter_mut().zip(wholes) {
                simd::prefetch(labels, AHEAD);
                *word = is_one.word(isa, labels);
            }
            if let Some(word) = words.get_mut(wholes.len()) {
                let mut last = [T::default(); 64];
                last[..rest.len()].copy_from_slice(rest);
                *word = is_one.word(isa, &last);
            }
        }
        // a loop of its own: compilers do not make vectors of both at once
        let seen = self.piece.iter().fold(T::default(), |seen, &label| seen | label).key();
        (seen <= 1).then_some(seen == 1)
    }
}

/// The low bytes of some labels; false if that is not all of them.
struct Narrow<'a, T> {
    piece: &'a [T],
    bytes: &'a mut [u8],
}

impl<T: Label> Kernel for Narrow<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn run<I: Isa>(self, _: I) -> bool {
        let (wholes, rest) = self.piece.as_chunks::<64>();
        let (whole_bytes, rest_bytes) = self.bytes.as_chunks_mut::<64>();
        // in parts, so that a map of large labels is not read for nothing
        for (wholes, bytes) in wholes.chunks(16).zip(whole_bytes.chunks_mut(16)) {
            let mut high = T::default();
            for (labels, bytes) in wholes.iter().zip(bytes) {
                simd::prefetch(labels, AHEAD);
                high = high | narrow(labels, bytes);
            }
            if high.key() > 255 {
                return false;
            }
        }
        narrow(rest, rest_bytes).key() <= 255
    }
}

/// The low bytes of some labels; returns a label that is no byte if any is not.
#[inline(always)]
fn narrow<T: Label>(labels: &[T], bytes: &mut [u8]) -> T {
    let mut high = T::default();
    for (byte, &label) in bytes.iter_mut().zip(labels) {
        *byte = label.low();
        high = high | label;
    }
    high
}
