//! Masks of one bit a voxel: 64 voxels a word, so that set operations, counting and neighbourhoods take 64 voxels at a time.
#![allow(clippy::inline_always, reason = "see `simd`")]

mod pack;

use std::ops::Range;

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::grid::{Bounds, View};
use crate::parallel;
use crate::simd;

pub(crate) use pack::Rule;
use pack::{Count, Pack, PackRow, PackRows, Unpack};

/// A set of voxels, one bit each.
///
/// The rows along x are padded to whole 64-bit words: bit `i` of word `k` of a row is voxel `64 k + i`. The bits beyond the end of a row are
/// always 0. Memory: an eighth of a byte mask, or less than 64 bits a row more.
///
/// ```
/// use edgewise_core::{Mask, View, grid::Bounds};
/// let labels = View::new(&[0, 7, 7, 0, 7, 3], &[2, 3])?;
/// let mask = Mask::pack(&labels, &Bounds::whole(labels.shape()), |label| label == 7);
/// assert_eq!(mask.count(), 3);
/// assert_eq!(mask.to_bytes(), [0, 1, 1, 0, 1, 0]);
/// # Ok::<(), edgewise_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    words: Vec<u64>,
    shape: [usize; 3],
    axes: usize,
    words_per_row: usize,
}

impl Mask {
    /// An empty set on a grid of `shape` (z, y, x), of which the last `axes` are axes of the array (see [`View::axes`]).
    pub fn zeros(shape: [usize; 3], axes: usize) -> Self {
        let words_per_row = shape[2].div_ceil(64);
        let words = vec![0; shape[0] * shape[1] * words_per_row];
        Self { words, shape, axes, words_per_row }
    }

    /// The elements of a box for which `is_set` holds; the result has the shape of the box.
    ///
    /// Reads only the box, about 0.05 ns an element of one byte.
    ///
    /// # Panics
    /// If the box does not lie within the view.
    pub fn pack<T: Copy>(view: &View<T>, bounds: &Bounds, is_set: impl Fn(T) -> bool) -> Self {
        Self::pack_by(view, bounds, &is_set)
    }

    /// [`Mask::pack`] by a rule for 64 elements at once.
    pub(crate) fn pack_by<T: Copy>(view: &View<T>, bounds: &Bounds, rule: &impl Rule<T>) -> Self {
        let mut mask = Self::zeros(bounds.shape(), view.axes());
        if !mask.words.is_empty() {
            simd::dispatch(Pack { view, bounds, rule, mask: &mut mask });
        }
        mask
    }

    /// The non-zero elements of a row-major array of `shape` (z, y, x), of which the last `axes` are real.
    ///
    /// # Errors
    /// [`Error::Shape`] if `data` does not have as many elements as `shape` says.
    pub fn from_bytes(data: &[u8], shape: [usize; 3], axes: usize) -> Result<Self> {
        if shape.iter().product::<usize>() != data.len() {
            let text =
                format!("shape {shape:?} does not describe an array of {} elements", data.len());
            return Err(Error::Shape(text));
        }
        if data.is_empty() {
            return Ok(Self::zeros(shape, axes));
        }
        Ok(Self::from_bytes_in(data, shape, axes, 1))
    }

    /// The non-zero elements of an array that has as many as `shape` says, none of its axes 0, packed by some threads.
    pub(crate) fn from_bytes_in(
        data: &[u8],
        shape: [usize; 3],
        axes: usize,
        threads: usize,
    ) -> Self {
        /// Bytes worth a task.
        const GRAIN: usize = 1 << 18;
        let mut mask = Self::zeros(shape, axes);
        let columns = shape[2];
        let rows = GRAIN.div_ceil(columns);
        let width = mask.words_per_row;
        let pack = |(words, data): (&mut [u64], &[u8])| pack_rows(data, columns, words);
        parallel::install(threads.min(data.len().div_ceil(GRAIN)), |parallel| {
            if parallel {
                let parts = mask.words.par_chunks_mut(rows * width);
                parts.zip(data.par_chunks(rows * columns)).for_each(pack);
            } else {
                pack((&mut mask.words, data));
            }
        });
        mask
    }

    /// Lengths along z, y, x.
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// How many of z, y, x are axes of the array: 1 = x, 2 = y and x, 3 = all.
    pub fn axes(&self) -> usize {
        self.axes
    }

    /// Words of one row along x.
    pub fn words_per_row(&self) -> usize {
        self.words_per_row
    }

    /// The bits of the last word of a row that are voxels.
    pub fn last_word_bits(&self) -> u64 {
        low_bits(self.shape[2])
    }

    /// The row at (z, y).
    #[inline]
    pub fn row(&self, z: usize, y: usize) -> &[u64] {
        let start = (z * self.shape[1] + y) * self.words_per_row;
        &self.words[start..start + self.words_per_row]
    }

    /// The row at (z, y) for writing; bits beyond [`Mask::last_word_bits`] of its last word must stay 0.
    #[inline]
    pub fn row_mut(&mut self, z: usize, y: usize) -> &mut [u64] {
        let start = (z * self.shape[1] + y) * self.words_per_row;
        &mut self.words[start..start + self.words_per_row]
    }

    /// All words, row after row.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// All words for writing; bits beyond [`Mask::last_word_bits`] of the last word of each row must stay 0.
    pub fn words_mut(&mut self) -> &mut [u64] {
        &mut self.words
    }

    /// Whether a voxel is in the set.
    #[inline]
    pub fn get(&self, z: usize, y: usize, x: usize) -> bool {
        self.row(z, y)[x / 64] >> (x % 64) & 1 == 1
    }

    /// Put a voxel into the set; `x` must be less than the length of a row.
    #[inline]
    pub fn set(&mut self, z: usize, y: usize, x: usize) {
        debug_assert!(x < self.shape[2]);
        self.row_mut(z, y)[x / 64] |= 1 << (x % 64);
    }

    /// Number of voxels in the set.
    pub fn count(&self) -> u64 {
        simd::dispatch(Count(&self.words))
    }

    /// Whether no voxel is in the set.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|&word| word == 0)
    }

    /// The smallest box that holds the set; `None` if it is empty.
    pub fn bounds(&self) -> Option<Bounds> {
        let mut columns = vec![0; self.words_per_row];
        let mut found: Option<Bounds> = None;
        for z in 0..self.shape[0] {
            for y in 0..self.shape[1] {
                let mut any = 0;
                for (column, &word) in columns.iter_mut().zip(self.row(z, y)) {
                    *column |= word;
                    any |= word;
                }
                if any != 0 {
                    let row = Bounds { start: [z, y, 0], stop: [z + 1, y + 1, self.shape[2]] };
                    found = Some(found.map_or(row, |bounds| bounds.union(&row)));
                }
            }
        }
        let mut bounds = found?;
        [bounds.start[2], bounds.stop[2]] = ends(&columns)?;
        Some(bounds)
    }

    /// Keep the voxels that are also in `other`.
    ///
    /// # Panics
    /// If the shapes differ.
    pub fn and(&mut self, other: &Self) {
        self.combine(other, |a, b| a & b);
    }

    /// Add the voxels of `other`.
    ///
    /// # Panics
    /// If the shapes differ.
    pub fn or(&mut self, other: &Self) {
        self.combine(other, |a, b| a | b);
    }

    /// Remove the voxels of `other`.
    ///
    /// # Panics
    /// If the shapes differ.
    pub fn and_not(&mut self, other: &Self) {
        self.combine(other, |a, b| a & !b);
    }

    fn combine(&mut self, other: &Self, operation: impl Fn(u64, u64) -> u64) {
        assert_eq!(self.shape, other.shape, "masks of different shapes");
        for (a, &b) in self.words.iter_mut().zip(&other.words) {
            *a = operation(*a, b);
        }
    }

    /// Replace the set by the other voxels of the grid.
    pub fn not(&mut self) {
        let last = self.last_word_bits();
        if self.words.is_empty() {
            return;
        }
        for row in self.words.chunks_exact_mut(self.words_per_row) {
            for word in row.iter_mut() {
                *word = !*word;
            }
            if let Some(word) = row.last_mut() {
                *word &= last;
            }
        }
    }

    /// The same set on the grid whose last axis, of length 1, has moved in front of its other real axes: the elements lie in memory as before.
    pub(crate) fn turned(&self) -> Self {
        debug_assert_eq!(self.shape[2], 1);
        let mut shape = self.shape;
        shape[3 - self.axes..].rotate_right(1);
        let mut turned = Self::zeros(shape, self.axes);
        let rows = turned.words.chunks_exact_mut(turned.words_per_row);
        for (row, bits) in rows.zip(self.words.chunks_exact(shape[2])) {
            for (word, bits) in row.iter_mut().zip(bits.chunks(64)) {
                *word = bits.iter().rev().fold(0, |word, bit| word << 1 | bit);
            }
        }
        turned
    }

    /// The set as a row-major array of 0 and 1.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.shape.iter().product()];
        self.write_bytes(&mut bytes);
        bytes
    }

    /// The same into an array, whatever it holds.
    ///
    /// # Panics
    /// If `bytes` does not have one element per voxel.
    pub fn write_bytes(&self, bytes: &mut [u8]) {
        assert_eq!(bytes.len(), self.shape.iter().product::<usize>(), "one byte per voxel");
        if !bytes.is_empty() {
            let rows = 0..self.shape[0] * self.shape[1];
            simd::dispatch(Unpack { mask: self, rows, bytes, zeros: true });
        }
    }

    /// The same into an array of zeros: where there is no voxel nothing is written, so fresh memory is not even touched.
    ///
    /// # Panics
    /// If `bytes` does not have one element per voxel.
    pub fn write_into_zeros(&self, bytes: &mut [u8]) {
        assert_eq!(bytes.len(), self.shape.iter().product::<usize>(), "one byte per voxel");
        if !bytes.is_empty() {
            self.write_rows(0..self.shape[0] * self.shape[1], bytes);
        }
    }

    /// The same, as far as the set lies in some rows (counted over the grid), into an array of zeros: the rest is not written.
    pub(crate) fn write_rows(&self, rows: Range<usize>, bytes: &mut [u8]) {
        let (from, to) = (rows.start * self.shape[2], rows.end * self.shape[2]);
        let bytes = &mut bytes[from..to];
        simd::dispatch(Unpack { mask: self, rows, bytes, zeros: false });
    }

    /// Set the row at (z, y) to the elements of `row` for which `is_set` holds.
    pub(crate) fn pack_row<T: Copy>(
        &mut self,
        z: usize,
        y: usize,
        row: &[T],
        is_set: impl Fn(T) -> bool,
    ) {
        simd::dispatch(PackRow { row, packed: self.row_mut(z, y), is_set });
    }

    /// The same elements on another grid of as many.
    pub(crate) fn reshaped(self, shape: [usize; 3], axes: usize) -> Self {
        if self.shape[2] == shape[2] {
            return Self { shape, axes, ..self };
        }
        let bytes = self.to_bytes();
        Self::from_bytes(&bytes, shape, axes).unwrap_or(self)
    }

    /// Call `visit(z, y, x)` for every voxel of the set in raster order; cost by words and members, not by voxels.
    pub fn for_each_set(&self, mut visit: impl FnMut(usize, usize, usize)) {
        for z in 0..self.shape[0] {
            for y in 0..self.shape[1] {
                each_bit(self.row(z, y), |x| visit(z, y, x));
            }
        }
    }
}

/// Pack rows of `columns` bytes that follow one another, each into words of its own: which are not 0.
pub(crate) fn pack_rows(data: &[u8], columns: usize, words: &mut [u64]) {
    simd::dispatch(PackRows { words, data, columns });
}

/// Call `visit(x)` for every set bit of a row, ascending.
#[inline]
pub(crate) fn each_bit(row: &[u64], mut visit: impl FnMut(usize)) {
    for (k, &word) in row.iter().enumerate() {
        let mut left = word;
        while left != 0 {
            visit(64 * k + left.trailing_zeros() as usize);
            left &= left - 1;
        }
    }
}

/// The words of a row from the first that is not 0 to the last.
#[inline(always)]
pub(crate) fn occupied(row: &[u64]) -> Option<Range<usize>> {
    let first = row.iter().position(|&word| word != 0)?;
    let last = row.iter().rposition(|&word| word != 0)?;
    Some(first..last + 1)
}

/// The first set bit of a row, and one past the last.
#[inline(always)]
pub(crate) fn ends(row: &[u64]) -> Option<[usize; 2]> {
    let occupied = occupied(row)?;
    let (first, last) = (row[occupied.start], row[occupied.end - 1]);
    Some([
        64 * occupied.start + first.trailing_zeros() as usize,
        64 * occupied.end - last.leading_zeros() as usize,
    ])
}

/// The low bits of a word that the last word of `length` voxels uses.
pub(crate) fn low_bits(length: usize) -> u64 {
    match length % 64 {
        0 => u64::MAX,
        rest => (1 << rest) - 1,
    }
}

#[cfg(test)]
mod tests;
