//! Writing a number per run into the voxels of a row.
#![allow(clippy::inline_always, reason = "see `simd`")]

use super::stretches::each;
use super::tracks::Tracks;

/// Voxels written at once; a run is overrun by less than this and what follows it written after.
const LANES: usize = 16;

/// A row of runs: its bits, the first bits of its runs, and the word of the tracks that it begins with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a> {
    pub(crate) bits: &'a [u64],
    pub(crate) starts: &'a [u64],
    pub(crate) track: usize,
}

/// Write the number of each run of a row over its voxels; `labels` is 0 before.
#[inline(always)]
pub(crate) fn paint(row: Row, tracks: &Tracks, numbers: &[u32], labels: &mut [u32]) {
    let words = row.bits.iter().zip(row.starts).zip(labels.chunks_mut(64));
    for (k, ((&bits, &starts), labels)) in words.enumerate() {
        if bits == 0 {
            continue;
        }
        let number = |bit: u32| numbers[tracks.at(row.track + k, bit) as usize];
        if bits == u64::MAX && starts & !1 == 0 {
            labels.fill(number(0));
            continue;
        }
        let mut voxels = [0; 64 + LANES];
        let breaks = !bits | starts;
        each(starts | bits & 1, |bit| {
            let length = (breaks >> bit >> 1).trailing_zeros() + 1;
            let (mut at, stop) = (bit as usize, (bit + length).min(64) as usize);
            let number = [number(bit); LANES];
            while at < stop {
                voxels[at..at + LANES].copy_from_slice(&number);
                at += LANES;
            }
            voxels[stop..stop + LANES].fill(0);
        });
        labels.copy_from_slice(&voxels[..labels.len()]);
    }
}
