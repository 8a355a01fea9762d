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

/// Call `visit(bit)` for every set bit.
#[inline(always)]
pub(crate) fn each(mut bits: u64, mut visit: impl FnMut(u32)) {
    while bits != 0 {
        visit(bits.trailing_zeros());
        bits &= bits - 1;
    }
}
