//! A label map of any integer type, as counting and measuring see it.

use std::ops::Range;

use crate::grid::{Bounds, View};
use crate::labels::{self, Label};
use crate::mask::Mask;
use crate::simd::{self, Isa, Kernel};

use super::changes::{AHEAD, Mark};

/// A label map of any integer type: read piece by piece of memory, or as the mask of some labels.
pub trait LabelMap: Sync {
    /// Lengths along z, y, x.
    fn shape(&self) -> [usize; 3];

    /// How many of z, y, x are axes of the array.
    fn axes(&self) -> usize;

    /// A piece of the labels as bytes, if all of them are 0 to 255; may use the buffer.
    fn bytes<'a>(&'a self, piece: Range<usize>, buffer: &'a mut Vec<u8>) -> Option<&'a [u8]>;

    /// Set bit `i` of `changes` where element `i` of a piece differs from element `i - 1`.
    fn mark(&self, piece: Range<usize>, changes: &mut [u64]);

    /// The labels at some places of a piece, as 64-bit keys.
    fn keys(&self, piece: Range<usize>, places: &[u16], keys: &mut Vec<u64>);

    /// The label of a key.
    fn label(&self, key: u64) -> i128;

    /// The elements of a box whose label is one of `members`: [`labels::members`].
    fn members(&self, bounds: &Bounds, members: Option<&[i128]>) -> Mask;
}

impl<T: Label> LabelMap for View<'_, T> {
    fn shape(&self) -> [usize; 3] {
        View::shape(self)
    }

    fn axes(&self) -> usize {
        View::axes(self)
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

    fn members(&self, bounds: &Bounds, members: Option<&[i128]>) -> Mask {
        labels::members(self, bounds, members)
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
