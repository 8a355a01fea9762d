//! Writing a number per run into the voxels of a row.
#![allow(clippy::inline_always, reason = "see `simd`")]

use super::stretches::Bits;
use super::tracks::Tracks;

/// Voxels written at once; a run is overrun by less than this and what follows it written after.
const LANES: usize = 16;

/// What components are numbered with.
pub trait Number: Copy + Default + Send + Sync {
    /// The largest number.
    const LARGEST: u32;

    /// A number that is known to be no larger.
    #[must_use]
    fn of(number: u32) -> Self;
}

impl Number for u16 {
    const LARGEST: u32 = Self::MAX as u32;

    #[inline(always)]
    fn of(number: u32) -> Self {
        number as Self
    }
}

impl Number for u32 {
    const LARGEST: u32 = Self::MAX;

    #[inline(always)]
    fn of(number: u32) -> Self {
        number
    }
}

/// A row of runs: its bits, the first bits of its runs, and the word of the tracks that it begins with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a> {
    pub(crate) bits: &'a [u64],
    pub(crate) starts: &'a [u64],
    pub(crate) track: usize,
}

/// Write the number of each run of a row over its voxels, the first of `labels`; all of these are 0 before, and those after the row also behind it.
#[inline(always)]
pub(crate) fn paint<N: Number>(row: Row, tracks: &Tracks, numbers: &[u32], labels: &mut [N]) {
    for (k, (&bits, &starts)) in row.bits.iter().zip(row.starts).enumerate() {
        let number = |bit: u32| N::of(numbers[tracks.at(row.track + k, bit) as usize]);
        let labels = &mut labels[64 * k..];
        if let Some(labels) = labels.first_chunk_mut::<{ 64 + LANES }>() {
            if bits == u64::MAX && starts & !1 == 0 {
                labels[..64].fill(number(0));
                continue;
            }
            for (bit, stop) in pieces(bits, starts) {
                let number = [number(bit); LANES];
                let mut at = bit as usize;
                while at < stop {
                    labels[at..at + LANES].copy_from_slice(&number);
                    at += LANES;
                }
                labels[stop..stop + LANES].fill(N::default());
            }
        } else {
            for (bit, stop) in pieces(bits, starts) {
                labels[bit as usize..stop].fill(number(bit));
            }
        }
    }
}

/// The first bit and the end of each run's part of a word.
#[inline(always)]
fn pieces(bits: u64, starts: u64) -> impl Iterator<Item = (u32, usize)> {
    let breaks = !bits | starts;
    Bits(starts | bits & 1).map(move |bit| {
        let length = (breaks >> bit >> 1).trailing_zeros() + 1;
        (bit, (bit + length).min(64) as usize)
    })
}
