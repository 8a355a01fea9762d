//! Components of a label map: voxels hang together only within one value.
#![allow(clippy::inline_always, reason = "see `simd`")]

use std::ops::Range;

use rayon::prelude::*;

use super::forest::{Forest, Grove};
use super::join_in_parts;
use super::stretches::{Bits, ends, next_bits};
use super::tracks::Tracks;
use crate::error::Result;
use crate::grid::View;
use crate::simd::{self, Isa, Kernel};

/// What elements of label maps must do: be compared, and be 0.
pub(crate) trait Value: Copy + Default + PartialEq + Sync {}
impl<T: Copy + Default + PartialEq + Sync> Value for T {}

/// A label map and its runs of equal non-zero values, row by row.
#[derive(Debug)]
pub(crate) struct LabelRuns<'a, T> {
    view: View<'a, T>,
    bits: Vec<u64>, // which voxels are not 0
    pub(crate) tracks: Tracks,
    words_per_row: usize,
}

impl<'a, T: Value> LabelRuns<'a, T> {
    pub(crate) fn new(view: View<'a, T>, parallel: bool) -> Result<Self> {
        let [depth, height, width] = view.shape();
        let words = width.div_ceil(64);
        let mut bits = vec![0; depth * height * words];
        let mut starts = bits.clone();
        let row = |r: usize| view.row(r / height, r % height);
        if parallel {
            let (bits, starts) = (bits.par_chunks_mut(words), starts.par_chunks_mut(words));
            bits.zip(starts).enumerate().with_min_len(64).for_each(|(r, (bits, starts))| {
                simd::dispatch(Split { row: row(r), bits, starts });
            });
        } else {
            let (bits, starts) = (bits.chunks_mut(words), starts.chunks_mut(words));
            bits.zip(starts).enumerate().for_each(|(r, (bits, starts))| {
                simd::dispatch(Split { row: row(r), bits, starts });
            });
        }
        let tracks = Tracks::new(starts, words)?;
        Ok(Self { view, bits, tracks, words_per_row: words })
    }

    /// The bits of a row and the first bits of its runs.
    #[inline(always)]
    pub(crate) fn row(&self, row: usize) -> (&[u64], &[u64]) {
        let words = row * self.words_per_row..(row + 1) * self.words_per_row;
        (&self.bits[words.clone()], self.tracks.starts(words))
    }

    #[inline(always)]
    fn values(&self, row: usize) -> &'a [T] {
        let height = self.view.shape()[1];
        self.view.row(row / height, row % height)
    }

    /// Join the runs that touch; `parts` above 1: in that many parts, with rayon.
    pub(crate) fn join(&self, connectivity: usize, parts: usize) -> Forest {
        let [depth, height, _] = self.view.shape();
        join_in_parts(&self.tracks, depth * height, height + 1, parts, |rows, among, grove| {
            simd::dispatch(Join { runs: self, connectivity, rows, among, grove });
        })
    }
}

/// Whether an array holds only 0 and one other value.
pub(crate) fn is_mask<T: Value>(data: &[T]) -> bool {
    let zero = T::default();
    let Some(&value) = data.iter().find(|&&value| value != zero) else { return true };
    simd::dispatch(OneValue { data, value })
}

struct OneValue<'a, T> {
    data: &'a [T],
    value: T,
}

impl<T: Value> Kernel for OneValue<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn run<I: Isa>(self, _: I) -> bool {
        let zero = T::default();
        let other = |&value: &T| u8::from(value != zero) & u8::from(value != self.value);
        self.data.chunks(4096).all(|chunk| chunk.iter().map(other).fold(0, |a, b| a | b) == 0)
    }
}

/// Bit `i`: whether elements `i` of two slices of at most 64 are equal.
#[inline(always)]
fn equal<I: Isa, T: Value>(isa: I, a: &[T], b: &[T]) -> u64 {
    let mut bytes = [0; 64];
    if let (Some(a), Some(b)) = (a.first_chunk::<64>(), b.first_chunk::<64>()) {
        for ((byte, a), b) in bytes.iter_mut().zip(a).zip(b) {
            *byte = u8::from(a == b);
        }
    } else {
        for ((byte, a), b) in bytes.iter_mut().zip(a).zip(b) {
            *byte = u8::from(a == b);
        }
    }
    isa.nonzero(&bytes)
}

/// The elements of word `k` of a row, `ahead` elements further on.
#[inline(always)]
fn part<T>(row: &[T], k: usize, ahead: usize) -> &[T] {
    &row[(64 * k + ahead).min(row.len())..(64 * (k + 1) + ahead).min(row.len())]
}

/// Word `k` of where two rows, each with its bits, are equal and not 0.
#[inline(always)]
fn agree<I: Isa, T: Value>(
    isa: I,
    (ours, a): (&[T], &[u64]),
    (theirs, b): (&[T], &[u64]),
    k: usize,
) -> u64 {
    let both = a[k] & b[k];
    if both == 0 { 0 } else { both & equal(isa, part(ours, k, 0), part(theirs, k, 0)) }
}

/// The bits of a row and the first bits of its runs.
struct Split<'a, T> {
    row: &'a [T],
    bits: &'a mut [u64],
    starts: &'a mut [u64],
}

impl<T: Value> Kernel for Split<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let zeros = [T::default(); 64];
        let mut carry = 0; // whether the first voxel of the word is as the last one before
        for (k, (bits, starts)) in self.bits.iter_mut().zip(self.starts).enumerate() {
            let here = part(self.row, k, 0);
            let voxels = u64::MAX >> (64 - here.len());
            *bits = !equal(isa, here, &zeros) & voxels;
            let as_next = equal(isa, here, part(self.row, k, 1));
            *starts = *bits & !(as_next << 1 | carry);
            carry = as_next >> 63;
        }
    }
}

/// Which voxels of a row are as those of another row, and not 0: straight on at the same x, `right` one further, `left` one before.
///
/// Bit x of `left` stands for voxel x + 1 of the row, so that both voxels of a pair are looked for at the same word. `right` and `left` may lack
/// pairs that `straight` joins.
struct Links {
    straight: Vec<u64>,
    right: Vec<u64>,
    left: Vec<u64>,
}

impl Links {
    fn none(words: usize) -> Self {
        let none = vec![0; words];
        Self { straight: none.clone(), right: none.clone(), left: none }
    }

    fn clear(&mut self) {
        self.straight.fill(0);
        self.right.fill(0);
        self.left.fill(0);
    }

    /// Pairs that a third voxel joins which is linked to the first one and lies, seen from the second, at the same x.
    #[inline(always)]
    fn own(&self, k: usize) -> Known {
        let (right, left) = (self.right[k], self.left[k]);
        Known { straight: self.straight[k], right, left, between: 0 }
    }

    /// Pairs that a third voxel joins which is linked to the first one and lies, seen from the second, at most one step of x away.
    #[inline(always)]
    fn beside(&self, k: usize) -> Known {
        let (straight, right, left) = (self.straight[k], self.right[k], self.left[k]);
        let before = k.checked_sub(1).map_or(0, |k| self.left[k] >> 63);
        let next = next_bits(straight, self.straight.get(k + 1).copied().unwrap_or(0));
        Known {
            straight: straight | right | left << 1 | before,
            right: straight | right,
            left: next | left,
            between: 0,
        }
    }

    /// Word k of the voxels of the other row that are as both voxels beside them in this one.
    #[inline(always)]
    fn between(&self, k: usize) -> u64 {
        let before = k.checked_sub(1).map_or(0, |k| self.right[k] >> 63);
        (self.right[k] << 1 | before) & self.left[k]
    }
}

/// A word of the links that need not be joined, as in [`Links`].
#[derive(Clone, Copy, Default)]
struct Known {
    straight: u64,
    right: u64,
    left: u64,
    /// Voxels of the other row's far side that hang together with both voxels beside them.
    between: u64,
}

impl Known {
    fn straight(straight: u64) -> Self {
        Self { straight, ..Self::default() }
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        Self {
            straight: self.straight | other.straight,
            right: self.right | other.right,
            left: self.left | other.left,
            between: self.between | other.between,
        }
    }
}

/// Join the runs of `rows` with those of earlier rows that lie in `among`.
struct Join<'a, T> {
    runs: &'a LabelRuns<'a, T>,
    connectivity: usize,
    rows: Range<usize>,
    among: Range<usize>,
    grove: Grove<'a>,
}

impl<T: Value> Kernel for Join<'_, T> {
    type Output = ();

    /// A pair of voxels need not be joined where a third one, of the same value, touches both: the pairs with it come earlier (rows in their order; for
    /// each the row before, then of the plane before the same row, the one before, the one after) or go by a third one in turn. With
    /// face neighbours, runs along z are joined only where the voxels before both, touching along y and z, have not joined them already.
    #[inline(always)]
    fn run<I: Isa>(mut self, isa: I) {
        let [_, height, _] = self.runs.view.shape();
        let (axes, words) = (self.runs.view.axes(), self.runs.words_per_row);
        let (edges, corners) = (self.connectivity > 1, self.connectivity > 2);
        let [mut along_y, mut along_z, mut other] = [(); 3].map(|()| Links::none(words));
        let mut between = vec![0; words]; // of the row before and the one before that
        // where each row of the plane before is as the row before it, as far as these rows go
        let mut before = vec![0; if axes > 2 && !edges { height * words } else { 0 }];
        for row in self.rows.clone() {
            let (z, y) = (row / height, row % height);
            if edges {
                between.iter_mut().enumerate().for_each(|(k, word)| *word = along_y.between(k));
            }
            along_y.clear();
            if y > 0 && self.among.contains(&(row - 1)) {
                let known = |k: usize| Known { between: between[k], ..Known::default() };
                self.touch(isa, [row, row - 1], known, &mut along_y, edges);
            }
            if z == 0 || axes < 3 {
                continue;
            }
            let back = row - height;
            along_z.clear();
            if !edges {
                let before = &mut before[y * words..(y + 1) * words];
                if self.among.contains(&back) {
                    let known = |k: usize| Known::straight(before[k] & along_y.straight[k]);
                    self.touch(isa, [row, back], known, &mut along_z, false);
                }
                before.copy_from_slice(&along_y.straight);
                continue;
            }
            if self.among.contains(&back) {
                let known = |k| if corners { along_y.beside(k) } else { along_y.own(k) };
                self.touch(isa, [row, back], known, &mut along_z, true);
            }
            if y > 0 && self.among.contains(&(back - 1)) {
                let known = |k| along_z.beside(k).or(along_y.beside(k));
                self.touch(isa, [row, back - 1], known, &mut other, corners);
            }
            if y + 1 < height && self.among.contains(&(back + 1)) {
                self.touch(isa, [row, back + 1], |k| along_z.beside(k), &mut other, corners);
            }
        }
    }
}

impl<T: Value> Join<'_, T> {
    /// Join the runs of two rows that touch, `diagonal`: also one step of x apart; not where they are `known` to hang together. All links are
    /// found, the known ones too.
    #[inline(always)]
    fn touch<I: Isa>(
        &mut self,
        isa: I,
        rows: [usize; 2],
        known: impl Fn(usize) -> Known,
        found: &mut Links,
        diagonal: bool,
    ) {
        let (runs, words) = (self.runs, self.runs.words_per_row);
        let tracks = &runs.tracks;
        let [ours, theirs] = rows.map(|row| runs.values(row));
        let ((a, starts), (b, _)) = (runs.row(rows[0]), runs.row(rows[1]));
        let bases = rows.map(|row| tracks.word(row));
        let mut carry = 0; // whether the first voxel of the word is as the one to the left
        let mut here = agree(isa, (ours, a), (theirs, b), 0);
        for k in 0..words {
            let next = if k + 1 < words { agree(isa, (ours, a), (theirs, b), k + 1) } else { 0 };
            found.straight[k] = here;
            let known = known(k);
            let goes_on = next & 1 == 1 && starts[k + 1] & 1 == 0;
            for bit in Bits(ends(here, known.straight, starts[k], goes_on)) {
                self.grove.join(tracks.at(bases[0] + k, bit), tracks.at(bases[1] + k, bit));
            }
            if diagonal {
                let after = |row: &[u64]| next_bits(row[k], row.get(k + 1).map_or(0, |next| *next));
                let apart = !(here | next_bits(here, next)); // the others are joined already
                let (mut right, mut left) = (a[k] & after(b) & apart, b[k] & after(a) & apart);
                if right != 0 {
                    right &= equal(isa, part(ours, k, 0), part(theirs, k, 1));
                }
                if left != 0 {
                    left &= equal(isa, part(theirs, k, 0), part(ours, k, 1));
                }
                (found.right[k], found.left[k]) = (right, left);
                let up = |bit: u32| (k + (bit as usize + 1) / 64, (bit + 1) % 64);
                let to_left = left << 1 | carry;
                carry = left >> 63;
                for bit in Bits(right & !known.right & !(to_left & known.between)) {
                    let (next, place) = up(bit);
                    self.grove
                        .join(tracks.at(bases[0] + k, bit), tracks.at(bases[1] + next, place));
                }
                for bit in Bits(left & !known.left) {
                    let (next, place) = up(bit);
                    self.grove
                        .join(tracks.at(bases[0] + next, place), tracks.at(bases[1] + k, bit));
                }
            }
            here = next;
        }
    }
}
