//! Masks of one bit a voxel: 64 voxels a word, so that set operations, counting and neighbourhoods take 64 voxels at a time.
#![allow(clippy::inline_always, reason = "see `simd`")]

use std::ops::Range;

use crate::error::{Error, Result};
use rayon::prelude::*;

use crate::grid::{Bounds, View};
use crate::parallel;
use crate::simd::{self, Isa, Kernel};

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
        let pack =
            |(words, data): (&mut [u64], &[u8])| simd::dispatch(PackRows { words, data, columns });
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
        let first = columns.iter().position(|&word| word != 0)?;
        let last = columns.iter().rposition(|&word| word != 0)?;
        bounds.start[2] = 64 * first + columns[first].trailing_zeros() as usize;
        bounds.stop[2] = 64 * (last + 1) - columns[last].leading_zeros() as usize;
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

/// The low bits of a word that the last word of `length` voxels uses.
fn low_bits(length: usize) -> u64 {
    match length % 64 {
        0 => u64::MAX,
        rest => (1 << rest) - 1,
    }
}

/// Which elements are in a set. Any function of one element is such a rule.
pub(crate) trait Rule<T> {
    /// Whether one is.
    fn holds(&self, element: T) -> bool;

    /// Bit `i`: whether element `i` is.
    fn word<I: Isa>(&self, isa: I, elements: &[T; 64]) -> u64;
}

impl<T: Copy, F: Fn(T) -> bool> Rule<T> for F {
    #[inline(always)]
    fn holds(&self, element: T) -> bool {
        self(element)
    }

    #[inline(always)]
    fn word<I: Isa>(&self, isa: I, elements: &[T; 64]) -> u64 {
        let mut bytes = [0_u8; 64];
        for (byte, &element) in bytes.iter_mut().zip(elements) {
            *byte = u8::from(self(element));
        }
        isa.nonzero(&bytes)
    }
}

/// [`Mask::pack`], into a mask of zeros.
struct Pack<'a, T, R> {
    view: &'a View<'a, T>,
    bounds: &'a Bounds,
    rule: &'a R,
    mask: &'a mut Mask,
}

impl<T: Copy, R: Rule<T>> Kernel for Pack<'_, T, R> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let [_, rows, columns] = self.mask.shape;
        let start = self.bounds.start;
        let [_, all_rows, all_columns] = self.view.shape();
        for (r, packed) in self.mask.words.chunks_exact_mut(self.mask.words_per_row).enumerate() {
            let (z, y) = (start[0] + r / rows, start[1] + r % rows);
            let first = (z * all_rows + y) * all_columns + start[2];
            pack_row(isa, &self.view.data()[first..], columns, packed, self.rule);
        }
    }
}

/// Rows of bytes to rows of bits.
struct PackRows<'a> {
    words: &'a mut [u64],
    data: &'a [u8],
    columns: usize,
}

impl Kernel for PackRows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let columns = self.columns;
        for (r, packed) in self.words.chunks_exact_mut(columns.div_ceil(64)).enumerate() {
            pack_row(isa, &self.data[r * columns..], columns, packed, &|byte| byte != 0);
        }
    }
}

/// Pack the first `columns` elements; what follows them is read along where that fills a word, and dropped.
#[inline(always)]
fn pack_row<I: Isa, T: Copy>(
    isa: I,
    data: &[T],
    columns: usize,
    packed: &mut [u64],
    rule: &impl Rule<T>,
) {
    let whole = data.as_chunks::<64>().0;
    for (word, elements) in packed.iter_mut().zip(whole) {
        *word = rule.word(isa, elements);
    }
    if let Some(word) = packed.get_mut(whole.len()) {
        let rest = &data[64 * whole.len()..columns]; // the end of the data
        *word =
            rest.iter().rev().fold(0, |bits, &element| bits << 1 | u64::from(rule.holds(element)));
    }
    if let Some(word) = packed.last_mut() {
        *word &= low_bits(columns);
    }
}

/// [`Mask::pack_row`].
struct PackRow<'a, T, F> {
    row: &'a [T],
    packed: &'a mut [u64],
    is_set: F,
}

impl<T: Copy, F: Fn(T) -> bool> Kernel for PackRow<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        pack_row(isa, self.row, self.row.len(), self.packed, &self.is_set);
    }
}

/// Number of set bits.
struct Count<'a>(&'a [u64]);

impl Kernel for Count<'_> {
    type Output = u64;

    #[inline(always)]
    fn run<I: Isa>(self, _: I) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }
}

/// [`Mask::write_bytes`] and [`Mask::write_rows`].
struct Unpack<'a> {
    mask: &'a Mask,
    rows: Range<usize>,
    bytes: &'a mut [u8],
    zeros: bool, // whether to write words without voxels
}

impl Kernel for Unpack<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let words = self.mask.words_per_row;
        let rows = &self.mask.words[self.rows.start * words..self.rows.end * words];
        let bytes = self.bytes.chunks_exact_mut(self.mask.shape[2]);
        for (row, bytes) in rows.chunks_exact(words).zip(bytes) {
            let (whole, rest) = bytes.as_chunks_mut::<64>();
            for (bytes, word) in whole.iter_mut().zip(row) {
                if self.zeros || *word != 0 {
                    *bytes = isa.bytes(*word);
                }
            }
            if let Some(word) = row.get(whole.len()).filter(|word| self.zeros || **word != 0) {
                rest.copy_from_slice(&isa.bytes(*word)[..rest.len()]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Shapes whose rows end before, at and after a word, with values 0 to 3.
    fn arrays() -> impl Strategy<Value = ([usize; 3], Vec<u8>)> {
        let columns = prop::sample::select(vec![1_usize, 7, 63, 64, 65, 130]);
        (1..4_usize, 1..4_usize, columns)
            .prop_flat_map(|(z, y, x)| (Just([z, y, x]), prop::collection::vec(0..4_u8, z * y * x)))
    }

    fn members(mask: &Mask) -> Vec<[usize; 3]> {
        let mut found = vec![];
        mask.for_each_set(|z, y, x| found.push([z, y, x]));
        found
    }

    /// Indices of the array's elements that satisfy a rule, in raster order.
    fn naive(shape: [usize; 3], data: &[u8], rule: impl Fn(u8) -> bool) -> Vec<[usize; 3]> {
        let [_, rows, columns] = shape;
        let place = |i: usize| [i / (rows * columns), i / columns % rows, i % columns];
        (0..data.len()).filter(|&i| rule(data[i])).map(place).collect()
    }

    proptest! {
        #[test]
        fn packing_keeps_every_element((shape, data) in arrays()) {
            let view = View::new(&data, &shape).unwrap();
            let mask = Mask::pack(&view, &Bounds::whole(shape), |v| v == 2);
            let expected = naive(shape, &data, |v| v == 2);
            prop_assert_eq!(&members(&mask), &expected);
            prop_assert_eq!(mask.count() as usize, expected.len());
            prop_assert_eq!(mask.is_empty(), expected.is_empty());
            let bytes: Vec<u8> = data.iter().map(|&v| u8::from(v == 2)).collect();
            prop_assert_eq!(mask.to_bytes(), &bytes[..]);
            prop_assert_eq!(Mask::from_bytes(&bytes, shape, 3).unwrap(), mask);
        }

        #[test]
        fn a_crop_is_the_box_of_the_whole((shape, data) in arrays(), seed in any::<[u8; 6]>()) {
            let mut bounds = Bounds::whole(shape);
            for k in 0..3 {
                bounds.start[k] = seed[k] as usize % shape[k];
                bounds.stop[k] =
                    bounds.start[k] + 1 + seed[k + 3] as usize % (shape[k] - bounds.start[k]);
            }
            let view = View::new(&data, &shape).unwrap();
            let mask = Mask::pack(&view, &bounds, |v| v != 0);
            let inside = naive(shape, &data, |v| v != 0)
                .into_iter()
                .filter(|i| (0..3).all(|k| bounds.start[k] <= i[k] && i[k] < bounds.stop[k]))
                .map(|i| [0, 1, 2].map(|k| i[k] - bounds.start[k]));
            prop_assert_eq!(members(&mask), inside.collect::<Vec<_>>());
        }

        #[test]
        fn bounds_are_the_extremes((shape, data) in arrays()) {
            let view = View::new(&data, &shape).unwrap();
            let mask = Mask::pack(&view, &Bounds::whole(shape), |v| v == 1);
            let found = naive(shape, &data, |v| v == 1);
            let expected = (!found.is_empty()).then(|| Bounds {
                start: [0, 1, 2].map(|k| found.iter().map(|i| i[k]).min().unwrap()),
                stop: [0, 1, 2].map(|k| found.iter().map(|i| i[k]).max().unwrap() + 1),
            });
            prop_assert_eq!(mask.bounds(), expected);
        }

        #[test]
        fn set_operations_act_element_by_element((shape, data) in arrays()) {
            let view = View::new(&data, &shape).unwrap();
            let packed = |rule: fn(u8) -> bool| Mask::pack(&view, &Bounds::whole(shape), rule);
            let (odd, high) = (packed(|v| v % 2 == 1), packed(|v| v >= 2));
            let mut both = odd.clone();
            both.and(&high);
            prop_assert_eq!(both, packed(|v| v == 3));
            let mut either = odd.clone();
            either.or(&high);
            prop_assert_eq!(either, packed(|v| v != 0));
            let mut only = odd.clone();
            only.and_not(&high);
            prop_assert_eq!(only, packed(|v| v == 1));
            let mut others = odd;
            others.not();
            prop_assert_eq!(others, packed(|v| v % 2 == 0));
        }
    }

    #[test]
    fn a_turned_mask_holds_the_same_elements_in_the_same_order() {
        let data: Vec<u8> = (0..3 * 70).map(|i| u8::from(i % 3 == 0 || i % 7 == 1)).collect();
        for (shape, axes, turned) in [
            ([3, 70, 1], 3, [1, 3, 70]),
            ([70, 3, 1], 3, [1, 70, 3]),
            ([1, 210, 1], 2, [1, 1, 210]),
        ] {
            let mask = Mask::from_bytes(&data, shape, axes).unwrap().turned();
            assert_eq!(mask, Mask::from_bytes(&data, turned, axes).unwrap());
        }
    }

    #[test]
    fn setting_a_voxel_sets_that_voxel() {
        let mut mask = Mask::zeros([2, 3, 65], 3);
        mask.set(1, 2, 64);
        assert!(mask.get(1, 2, 64) && !mask.get(1, 2, 63));
        assert_eq!(members(&mask), [[1, 2, 64]]);
    }

    #[test]
    fn bytes_that_do_not_fill_the_shape_are_refused() {
        assert!(Mask::from_bytes(&[0; 5], [1, 2, 3], 2).is_err());
    }

    #[test]
    fn wide_elements_are_compared_as_they_are() {
        let data: Vec<i64> = (0..70).map(|i| i64::from(i % 3 == 0) << 40).collect();
        let view = View::new(&data, &[70]).unwrap();
        let mask = Mask::pack(&view, &Bounds::whole(view.shape()), |v| v != 0);
        assert_eq!((mask.count(), mask.axes()), (24, 1));
    }
}
