//! Components of a label map: voxels hang together only within one value.
#![allow(clippy::inline_always, reason = "see `simd`")]

use std::ops::Range;

use rayon::prelude::*;

use super::forest::{Forest, Grove};
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
        let mut forest = Forest::new(self.tracks.len());
        let [depth, height, _] = self.view.shape();
        let rows = depth * height;
        if parts <= 1 {
            let (rows, among) = (0..rows, 0..rows);
            simd::dispatch(Join { runs: self, connectivity, rows, among, grove: forest.all() });
            return forest;
        }
        let slabs = super::slabs(rows, parts);
        let runs: Vec<_> = slabs.iter().map(|slab| self.tracks.runs(slab.clone())).collect();
        slabs.par_iter().zip(forest.split(&runs)).for_each(|(slab, grove)| {
            let (rows, among) = (slab.clone(), slab.clone());
            simd::dispatch(Join { runs: self, connectivity, rows, among, grove });
        });
        for slab in &slabs[1..] {
            let rows = slab.start..slab.end.min(slab.start + height + 1);
            let among = 0..slab.start;
            simd::dispatch(Join { runs: self, connectivity, rows, among, grove: forest.all() });
        }
        forest
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

    /// As for masks, runs along z are joined only where the voxels before both, touching along y and z, have not joined them already.
    #[inline(always)]
    fn run<I: Isa>(mut self, isa: I) {
        let [_, height, _] = self.runs.view.shape();
        let (axes, words) = (self.runs.view.axes(), self.runs.words_per_row);
        let (face, corner) = (self.connectivity > 1, self.connectivity > 2);
        let unknown = vec![0; words];
        let (mut along_y, mut along, mut other) = (vec![], vec![0; words], vec![0; words]);
        // where each row of the plane before is as the row before it, as far as these rows go
        along_y.resize(if axes > 2 { height * words } else { 0 }, 0);
        for row in self.rows.clone() {
            let (z, y) = (row / height, row % height);
            along.fill(0);
            if y > 0 && self.among.contains(&(row - 1)) {
                self.touch(isa, [row, row - 1], &unknown, &mut along, face);
            }
            if z == 0 || axes < 3 {
                continue;
            }
            let back = row - height;
            let before = &mut along_y[y * words..(y + 1) * words];
            if self.among.contains(&back) {
                before.iter_mut().zip(&along).for_each(|(before, along)| *before &= along);
                self.touch(isa, [row, back], before, &mut other, face);
            }
            before.copy_from_slice(&along);
            if face && y > 0 && self.among.contains(&(back - 1)) {
                self.touch(isa, [row, back - 1], &unknown, &mut other, corner);
            }
            if face && y + 1 < height && self.among.contains(&(back + 1)) {
                self.touch(isa, [row, back + 1], &unknown, &mut other, corner);
            }
        }
    }
}

impl<T: Value> Join<'_, T> {
    /// Join the runs of two rows that touch, `diagonal`: also one step of x apart; not where they are `known` to hang together.
    ///
    /// `equal_bits` becomes where the rows are equal and not 0.
    #[inline(always)]
    fn touch<I: Isa>(
        &mut self,
        isa: I,
        rows: [usize; 2],
        known: &[u64],
        equal_bits: &mut [u64],
        diagonal: bool,
    ) {
        let (runs, words) = (self.runs, self.runs.words_per_row);
        let tracks = &runs.tracks;
        let [ours, theirs] = rows.map(|row| runs.values(row));
        let ((a, starts), (b, _)) = (runs.row(rows[0]), runs.row(rows[1]));
        let bases = rows.map(|row| tracks.word(row));
        let mut here = agree(isa, (ours, a), (theirs, b), 0);
        for k in 0..words {
            let next = if k + 1 < words { agree(isa, (ours, a), (theirs, b), k + 1) } else { 0 };
            equal_bits[k] = here;
            let goes_on = next & 1 == 1 && starts[k + 1] & 1 == 0;
            for bit in Bits(ends(here, known[k], starts[k], goes_on)) {
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
                let up = |bit: u32| (k + (bit as usize + 1) / 64, (bit + 1) % 64);
                for bit in Bits(right) {
                    let (next, place) = up(bit);
                    self.grove
                        .join(tracks.at(bases[0] + k, bit), tracks.at(bases[1] + next, place));
                }
                for bit in Bits(left) {
                    let (next, place) = up(bit);
                    self.grove
                        .join(tracks.at(bases[0] + next, place), tracks.at(bases[1] + k, bit));
                }
            }
            here = next;
        }
    }
}
