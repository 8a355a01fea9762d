//! Where two rows touch, a word at a time: one bit for each stretch of neighbouring voxels.
#![allow(clippy::inline_always, reason = "see `simd`")]

/// One bit of each stretch of `touch` that holds no bit of `known`: the last one in this word.
///
/// `starts` are the first bits of the runs of one of the rows: a stretch ends before it. A stretch that goes on in the next word (its first bit
/// is `goes_on`) is left to that one.
///
/// Adding to a stretch any of its own bits carries into the bit after it, and into no other; a stretch directly followed by another one is cut
/// short to make room for the carry.
#[inline(always)]
pub(crate) fn ends(touch: u64, known: u64, starts: u64, goes_on: bool) -> u64 {
    let crowded = touch & (touch & starts) >> 1;
    let room = touch & !crowded;
    let (sum, over) = room.overflowing_add(room & known);
    let done = (sum & !room) >> 1 | u64::from(over) << 63;
    let last = room & !(room >> 1) & !done & !(u64::from(goes_on) << 63);
    let single = crowded & (starts | !(touch << 1)) & !known;
    last | single
}

/// The bits of a row of words one place down: bit `p` of the result is bit `p + 1` of the row.
#[inline(always)]
pub(crate) fn next_bits(word: u64, after: u64) -> u64 {
    word >> 1 | after << 63
}

/// The places of the set bits of a word, ascending.
///
/// An iterator, because the body of a loop is compiled for the instructions of the function around it, and a closure only if it is inlined.
#[derive(Debug, Clone)]
pub(crate) struct Bits(pub(crate) u64);

impl Iterator for Bits {
    type Item = u32;

    #[inline(always)]
    fn next(&mut self) -> Option<u32> {
        if self.0 == 0 {
            return None;
        }
        let bit = self.0.trailing_zeros();
        self.0 &= self.0 - 1;
        Some(bit)
    }
}

/// Places of bits in a row, in a list that keeps its room.
///
/// Listing bits before acting on them keeps the number of a word's bits, which no processor can predict, out of the loop that acts.
#[derive(Debug)]
pub(crate) struct Places {
    list: Vec<u32>,
    len: usize,
}

impl Places {
    /// Room for rows of so many words.
    pub(crate) fn new(words: usize) -> Self {
        Self { list: vec![0; 64 * (words + 1)], len: 0 }
    }

    /// Add the bits of word `k`.
    #[inline(always)]
    pub(crate) fn add(&mut self, k: usize, mut bits: u64) {
        const FEW: usize = 4;
        let count = bits.count_ones() as usize;
        let Some(room) = self.list[self.len..].first_chunk_mut::<64>() else { return };
        let (few, more) = room.split_at_mut(FEW);
        let mut next = || {
            let place = (64 * k) as u32 + bits.trailing_zeros();
            bits &= bits.wrapping_sub(1);
            place
        };
        few.fill_with(&mut next);
        if count > FEW {
            more[..count - FEW].fill_with(next);
        }
        self.len += count;
    }

    /// Call `visit` with the word and the bit of every place; the list is empty then.
    #[inline(always)]
    pub(crate) fn take(&mut self, mut visit: impl FnMut(usize, u32)) {
        for place in &self.list[..self.len] {
            visit(*place as usize / 64, place % 64);
        }
        self.len = 0;
    }
}
