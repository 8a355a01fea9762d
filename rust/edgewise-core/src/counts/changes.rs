//! Where a label map changes along its rows, and the runs between.

use crate::labels::Label;
use crate::simd::{self, Isa, Kernel};

use super::blocks::{BLOCK, Block};

/// Words of a block, one bit a voxel.
pub(super) const WORDS: usize = BLOCK / 64;

/// Bytes between what is compared and what is fetched meanwhile: about two blocks of bytes. Reading stops while runs are counted, so the
/// processor does not guess what comes next.
pub(super) const AHEAD: usize = 1 << 14;

/// The runs of a block: pieces of one row in which nothing changes.
pub(super) struct Runs {
    /// Bit `i`: whether voxel `i` begins a run.
    changes: [u64; WORDS],
    /// First voxel of each run, then the length of the block; what follows has no meaning.
    places: Vec<u16>,
    found: usize,
}

impl Runs {
    pub(super) fn new() -> Self {
        Self { changes: [0; WORDS], places: vec![], found: 0 }
    }

    /// Begin a block: its rows begin runs.
    pub(super) fn begin(&mut self, block: &Block) {
        self.places.resize(BLOCK + 64, 0); // once
        self.changes.fill(0);
        for first in (0..block.piece.len()).step_by(block.shape[2]) {
            self.changes[first / 64] |= 1 << (first % 64);
        }
    }

    /// The beginnings of runs in a block of `length` voxels, to add to.
    #[inline(always)]
    pub(super) fn changes(&mut self, length: usize) -> &mut [u64] {
        &mut self.changes[..length.div_ceil(64)]
    }

    /// Number of runs.
    #[inline(always)]
    pub(super) fn count(&self) -> usize {
        self.changes.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Find the places of the runs in a block of `length` voxels.
    #[inline(always)]
    pub(super) fn collect<I: Isa>(&mut self, isa: I, length: usize) {
        let mut count = 0;
        for (k, &word) in self.changes[..length.div_ceil(64)].iter().enumerate() {
            if word == 0 {
                continue;
            }
            if let Some(room) = self.places[count..].first_chunk_mut::<64>() {
                count += isa.places(word, (64 * k) as u16, room);
            }
        }
        self.places[count] = length as u16;
        self.found = count;
    }

    /// Find the places of the runs in a block; a change of what is ignored begins one, too.
    pub(super) fn find(&mut self, length: usize, ignored: &[u8]) {
        simd::dispatch(Find { runs: self, length, ignored });
    }

    /// First voxel of each run.
    #[inline(always)]
    pub(super) fn places(&self) -> &[u16] {
        &self.places[..self.found]
    }

    /// First voxel of each run, and where it ends.
    #[inline(always)]
    pub(super) fn runs(&self) -> impl Iterator<Item = (usize, usize)> {
        self.places[..=self.found].windows(2).map(|ends| (ends[0] as usize, ends[1] as usize))
    }
}

/// [`Runs::find`].
struct Find<'a> {
    runs: &'a mut Runs,
    length: usize,
    ignored: &'a [u8],
}

impl Kernel for Find<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        mark(isa, self.ignored, self.runs.changes(self.length));
        self.runs.collect(isa, self.length);
    }
}

/// Set bit `i` of `changes` where element `i` of a piece of memory differs from element `i - 1`.
pub(super) struct Mark<'a, T> {
    pub(super) piece: &'a [T],
    pub(super) changes: &'a mut [u64],
}

impl<T: Label> Kernel for Mark<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        mark(isa, self.piece, self.changes);
    }
}

/// [`Mark`], within a kernel.
#[inline(always)]
pub(super) fn mark<I: Isa, T: Label>(isa: I, piece: &[T], changes: &mut [u64]) {
    let Some(&first) = piece.first() else { return };
    let (whole, rest) = piece.as_chunks::<64>();
    let mut before = [first; 64];
    if let Some(chunk) = whole.first() {
        before[1..].copy_from_slice(&chunk[..63]);
        changes[0] |= differences(isa, &before, chunk);
    }
    for (k, chunk) in whole.iter().enumerate().skip(1) {
        if let Some(before) = piece[64 * k - 1..].first_chunk::<64>() {
            simd::prefetch(chunk, AHEAD);
            changes[k] |= differences(isa, before, chunk);
        }
    }
    if !rest.is_empty() {
        let done = 64 * whole.len();
        let mut chunk = [first; 64];
        chunk[..rest.len()].copy_from_slice(rest);
        before = [first; 64];
        if done == 0 {
            before[1..rest.len()].copy_from_slice(&rest[..rest.len() - 1]);
        } else {
            before[..rest.len()].copy_from_slice(&piece[done - 1..piece.len() - 1]);
        }
        changes[whole.len()] |= differences(isa, &before, &chunk);
    }
}

/// Bit `i`: whether element `i` of both differs.
#[inline(always)]
fn differences<I: Isa, T: Label>(isa: I, first: &[T; 64], second: &[T; 64]) -> u64 {
    let mut bytes = [0_u8; 64];
    for ((byte, a), b) in bytes.iter_mut().zip(first).zip(second) {
        *byte = u8::from(a != b);
    }
    isa.nonzero(&bytes)
}
