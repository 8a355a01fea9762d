//! Labels of the target: which class gives them, and in which of two widths; what is hot is compiled for both at once.
#![allow(clippy::inline_always, reason = "see `simd`")]

use std::ops::Range;

/// Which class an element gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// That of the greatest value, of several the first one. What is no number never wins.
    Greatest,
    /// The last one whose value is above 0 (whose probability is above one half).
    LastPositive,
}

/// Labels of the target.
#[derive(Debug)]
pub enum Labels<'a> {
    /// In bytes.
    Bytes(&'a mut [u8]),
    /// In 16 bits.
    Words(&'a mut [u16]),
}

impl<'a> Labels<'a> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Bytes(out) => out.len(),
            Self::Words(out) => out.len(),
        }
    }

    /// Pieces of a length, the last one maybe shorter.
    pub(super) fn pieces(self, length: usize) -> Vec<Labels<'a>> {
        match self {
            Self::Bytes(out) => out.chunks_mut(length).map(Labels::Bytes).collect(),
            Self::Words(out) => out.chunks_mut(length).map(Labels::Words).collect(),
        }
    }

    /// The same label everywhere.
    #[inline(always)]
    pub(super) fn fill(&mut self, range: Range<usize>, label: u16) {
        match self {
            Self::Bytes(out) => out[range].fill(label as u8),
            Self::Words(out) => out[range].fill(label),
        }
    }

    /// The first ones of these labels.
    #[inline(always)]
    pub(super) fn write(&mut self, range: Range<usize>, labels: &[u32]) {
        match self {
            Self::Bytes(out) => {
                for (out, &label) in out[range].iter_mut().zip(labels) {
                    *out = label as u8;
                }
            }
            Self::Words(out) => {
                for (out, &label) in out[range].iter_mut().zip(labels) {
                    *out = label as u16;
                }
            }
        }
    }

    /// `length` labels from one place to another.
    pub(super) fn repeat(&mut self, from: usize, to: usize, length: usize) {
        match self {
            Self::Bytes(out) => out.copy_within(from..from + length, to),
            Self::Words(out) => out.copy_within(from..from + length, to),
        }
    }
}
