//! Runs as bits: the first bit of each, and how many begin before each word.
#![allow(clippy::inline_always, reason = "see `simd`")]

use std::ops::Range;

use crate::error::{Error, Result};
use crate::simd::{self, Isa, Kernel};

/// The runs of rows of words, numbered from 1 in the order of the rows.
#[derive(Debug)]
pub(crate) struct Tracks {
    starts: Vec<u64>,
    before: Vec<u32>, // runs that begin before each word, and the number of all
    words_per_row: usize,
}

impl Tracks {
    /// The runs that begin at the bits of `starts`.
    ///
    /// # Errors
    /// [`Error::Shape`] if there are 2^32 - 1 runs or more.
    pub(crate) fn new(starts: Vec<u64>, words_per_row: usize) -> Result<Self> {
        let mut before = vec![0; starts.len() + 1];
        let runs = simd::dispatch(Number { starts: &starts, before: &mut before });
        if runs >= u64::from(u32::MAX) {
            let text = format!("the array falls into {runs} runs, at most 2^32 - 2");
            return Err(Error::Shape(text));
        }
        Ok(Self { starts, before, words_per_row })
    }

    /// The number of runs.
    pub(crate) fn len(&self) -> u32 {
        self.before[self.starts.len()]
    }

    /// The word that a row begins with.
    #[inline(always)]
    pub(crate) fn word(&self, row: usize) -> usize {
        row * self.words_per_row
    }

    /// The first bits of the runs of some words.
    #[inline(always)]
    pub(crate) fn starts(&self, words: Range<usize>) -> &[u64] {
        &self.starts[words]
    }

    /// The runs that begin in some rows.
    pub(crate) fn runs(&self, rows: Range<usize>) -> Range<u32> {
        self.before[self.word(rows.start)] + 1..self.before[self.word(rows.end)] + 1
    }

    /// The run that holds bit `bit` of a word.
    #[inline(always)]
    pub(crate) fn at(&self, word: usize, bit: u32) -> u32 {
        let up_to = u64::MAX >> (63 - bit);
        self.before[word] + (self.starts[word] & up_to).count_ones()
    }
}

/// First bits of the runs of a row of bits.
#[inline(always)]
pub(crate) fn starts_of(row: impl Iterator<Item = u64>, starts: &mut [u64]) {
    let mut carry = 0; // the last bit of the word before
    for (start, word) in starts.iter_mut().zip(row) {
        *start = word & !(word << 1 | carry);
        carry = word >> 63;
    }
}

struct Number<'a> {
    starts: &'a [u64],
    before: &'a mut [u32],
}

impl Kernel for Number<'_> {
    type Output = u64;

    #[inline(always)]
    fn run<I: Isa>(self, _: I) -> u64 {
        let mut runs = 0_u64;
        for (start, before) in self.starts.iter().zip(&mut *self.before) {
            *before = runs as u32;
            runs += u64::from(start.count_ones());
        }
        if let Some(last) = self.before.last_mut() {
            *last = runs as u32;
        }
        runs
    }
}
