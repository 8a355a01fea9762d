//! Surface elements between voxels, and their weights.

use rayon::prelude::*;

use crate::grid::Metric;
use crate::mask::{Mask, each_bit};
use crate::padded::{Layout, Padded};
use crate::simd::{self, Isa, Kernel};
use crate::surfel_table;

/// Words worth a task of their own when there are threads.
const GRAIN: usize = 1 << 14;

/// The surface elements of a mask: the blocks of 2 (x 2 (x 2)) voxels that hold both foreground and background.
///
/// The blocks form the half-shifted grid, one longer than the mask along each real axis: block `p` covers the voxels `p - 1` and `p` along each,
/// and outside of the array is always background. A block that holds an ignored voxel is no surface element. The code of a block has one bit a
/// voxel, the first voxel along every axis highest (128 in three axes, 8 in two, 2 in one), along the axes z, y, x of the mask.
#[derive(Debug, Clone)]
pub struct Surfels {
    positions: Mask,
    inside: Mask,
}

/// The surface elements of a mask; in a crop a layer around the mask's box keeps ignored voxels just outside of it in sight.
///
/// # Panics
/// If `ignored` has another shape.
pub fn surfels(mask: &Mask, ignored: Option<&Mask>) -> Surfels {
    let mut positions = Mask::zeros(grid(mask), mask.axes());
    let layout = Layout::dense(&positions);
    mixed(mask, ignored, positions.words_mut(), &layout, false);
    Surfels { positions, inside: mask.clone() }
}

/// Their positions, with room around; in rayon's current pool if `parallel`.
pub(crate) fn padded_surfels(
    mask: &Mask,
    ignored: Option<&Mask>,
    room: [usize; 2],
    parallel: bool,
) -> Padded {
    let mut positions = Padded::zeros(grid(mask), room);
    let layout = *positions.layout();
    mixed(mask, ignored, positions.rows_mut(), &layout, parallel);
    positions
}

/// Shape of the half-shifted grid.
fn grid(mask: &Mask) -> [usize; 3] {
    let mut shape = mask.shape();
    shape[3 - mask.axes()..].iter_mut().for_each(|length| *length += 1);
    shape
}

/// Write the blocks that hold both foreground and background to words that lie as the layout says and are 0.
fn mixed(mask: &Mask, ignored: Option<&Mask>, words: &mut [u64], layout: &Layout, parallel: bool) {
    if let Some(ignored) = ignored {
        assert_eq!(mask.shape(), ignored.shape(), "masks of different shapes");
    }
    let per_task = GRAIN.div_ceil(layout.stride);
    if parallel {
        let tasks = words.par_chunks_mut(per_task * layout.stride).enumerate();
        tasks.for_each(|(k, words)| {
            simd::dispatch(Mixed { mask, ignored, layout, first: k * per_task, words });
        });
    } else {
        simd::dispatch(Mixed { mask, ignored, layout, first: 0, words });
    }
}

/// The mixed blocks of some rows.
struct Mixed<'a> {
    mask: &'a Mask,
    ignored: Option<&'a Mask>,
    layout: &'a Layout,
    /// Number of the first row of `words` in the layout.
    first: usize,
    words: &'a mut [u64],
}

impl Kernel for Mixed<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let outside = vec![0; self.mask.words_per_row()];
        for (place, words) in self.words.chunks_mut(self.layout.stride).enumerate() {
            let Some(([z, y], _)) = self.layout.index(self.first + place) else { continue };
            let words = &mut words[..self.layout.width];
            let rows = four_rows(self.mask, z, y, &outside);
            each_word(rows, words, |word, any, all| *word = any & !all);
            if let Some(ignored) = self.ignored {
                let rows = four_rows(ignored, z, y, &outside);
                each_word(rows, words, |word, any, _| *word &= !any);
            }
        }
    }
}

/// The rows of a row of blocks, each of the full length; where an axis is missing the others come again.
fn four_rows<'a>(mask: &'a Mask, z: usize, y: usize, outside: &'a [u64]) -> BlockRows<'a> {
    let rows = block_rows(mask, z, y).map(|row| if row.is_empty() { outside } else { row });
    match mask.axes() {
        3 => rows,
        2 => [rows[2], rows[3], rows[2], rows[3]],
        _ => [rows[3]; 4],
    }
}

/// Call `visit(word, any, all)` for every word of a row of blocks: which blocks hold a set voxel, which hold nothing else.
#[inline(always)]
fn each_word(rows: BlockRows, words: &mut [u64], visit: impl Fn(&mut u64, u64, u64)) {
    let (mut any_before, mut all_before) = (0, 0);
    let [a, b, c, d] = rows;
    let count = a.len();
    let voxels = a.iter().zip(b).zip(c).zip(d);
    for (word, (((&a, &b), &c), &d)) in words.iter_mut().zip(voxels) {
        let (any, all) = (a | b | c | d, a & b & c & d);
        visit(word, any | any << 1 | any_before >> 63, all & (all << 1 | all_before >> 63));
        (any_before, all_before) = (any, all);
    }
    if let Some(word) = words.get_mut(count) {
        visit(word, any_before >> 63, 0);
    }
}

impl Surfels {
    /// Which blocks are surface elements; the index of a block is its position in voxels, shifted by half a voxel.
    pub fn positions(&self) -> &Mask {
        &self.positions
    }

    /// The code of the block at a position.
    pub fn code_at(&self, z: usize, y: usize, x: usize) -> u8 {
        Codes(&self.inside).of_word(z, y, x / 64, 1 << (x % 64))[x % 64]
    }

    /// Call `visit(z, y, x, code)` for every surface element in raster order.
    pub fn for_each(&self, mut visit: impl FnMut(usize, usize, usize, u8)) {
        let [planes, rows, _] = self.positions.shape();
        for z in 0..planes {
            for y in 0..rows {
                for (k, &word) in self.positions.row(z, y).iter().enumerate() {
                    if word != 0 {
                        let codes = Codes(&self.inside).of_word(z, y, k, word);
                        each_bit(&[word], |bit| visit(z, y, 64 * k + bit, codes[bit]));
                    }
                }
            }
        }
    }

    /// The weight of every block of the half-shifted grid, row-major; 0 where there is no surface element.
    pub fn weights(&self, weights: &SurfelWeights) -> Vec<f64> {
        let [planes, rows, columns] = self.positions.shape();
        let mut found = vec![0.0; planes * rows * columns];
        self.for_each(|z, y, x, code| {
            found[(z * rows + y) * columns + x] = weights.weight(code);
        });
        found
    }
}

/// The codes of the blocks of a mask.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Codes<'a>(pub(crate) &'a Mask);

impl Codes<'_> {
    /// Those of the wanted ones (set bits) of the 64 blocks from 64 k on; those of others are anything.
    #[inline]
    pub(crate) fn of_word(self, z: usize, y: usize, k: usize, wanted: u64) -> [u8; 64] {
        let rows = block_rows(self.0, z, y);
        let mut planes = [0; 8]; // bit j of all codes
        for (j, row) in real_rows(&rows, self.0.axes()).iter().rev().enumerate() {
            let [first, second] = pair_of_words(row, k);
            planes[2 * j] = second;
            planes[2 * j + 1] = first;
        }
        let mut codes = [0; 64];
        for (b, eight) in codes.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            if wanted >> (8 * b) & 0xff != 0 {
                *eight = transposed(planes.map(|plane| (plane >> (8 * b)) as u8));
            }
        }
        codes
    }
}

/// Rows of voxels in the blocks of one row: (z-1, y-1), (z-1, y), (z, y-1), (z, y), the last ones where axes are missing; empty outside.
type BlockRows<'a> = [&'a [u64]; 4];

fn block_rows(mask: &Mask, z: usize, y: usize) -> BlockRows<'_> {
    let axes = mask.axes();
    let row = |z: Option<usize>, y: Option<usize>| match (z, y) {
        (Some(z), Some(y)) if z < mask.shape()[0] && y < mask.shape()[1] => mask.row(z, y),
        _ => &[],
    };
    let before = |index: usize, real: bool| if real { index.checked_sub(1) } else { None };
    let (upper, left) = (before(z, axes == 3), before(y, axes >= 2));
    [row(upper, left), row(upper, Some(y)), row(Some(z), left), row(Some(z), Some(y))]
}

/// Word `k` of a row, and the same row moved up by one voxel.
fn pair_of_words(row: &[u64], k: usize) -> [u64; 2] {
    let word = row.get(k).copied().unwrap_or(0);
    let before = if k == 0 { 0 } else { row.get(k - 1).copied().unwrap_or(0) };
    [word << 1 | before >> 63, word]
}

/// How many of the block rows lie within the real axes: the last 1, 2 or 4.
fn real_rows<'a, 'b>(rows: &'b BlockRows<'a>, axes: usize) -> &'b [&'a [u64]] {
    &rows[4 - (1 << (axes - 1))..]
}

/// Eight rows of eight bits as eight columns: bit i of byte j becomes bit j of byte i (Warren, "Hacker's Delight", section 7-3).
#[inline]
fn transposed(rows: [u8; 8]) -> [u8; 8] {
    let mut square = u64::from_le_bytes(rows);
    for (distance, mask) in
        [(7, 0x00aa_00aa_00aa_00aa), (14, 0x0000_cccc_0000_cccc), (28, 0x0000_0000_f0f0_f0f0)]
    {
        let swapped = (square ^ square >> distance) & mask;
        square ^= swapped ^ swapped << distance;
    }
    square.to_le_bytes()
}

/// Size of a surface element by the code of its block: 1 for an end point in one axis, a length in two, an area in three.
///
/// In two axes, with spacings s0 and s1 and `h = sqrt(s0² + s1²) / 2`: h where one corner differs from the others, s1 or s0 where the contour
/// runs along axis 1 or 0, 2 h for two diagonal corners. In three axes the marching-cubes area of [`surfel_table`].
#[derive(Debug, Clone, PartialEq)]
pub struct SurfelWeights {
    table: [f64; 256],
}

impl SurfelWeights {
    /// Weights for the codes of a mask with that many axes; the same whether the array was row-major or column-major.
    pub fn new(metric: &Metric, axes: usize) -> Self {
        let spacing = metric.spacing();
        let mut table = [0.0; 256];
        for code in 0..=255_u8 {
            let mut own = code; // in the order of the array's axes
            let mut steps = spacing;
            if metric.reversed() {
                own = reversed(code, axes);
                steps[3 - axes..].reverse();
            }
            table[usize::from(code)] = match axes {
                1 => f64::from(u8::from(own == 1 || own == 2)),
                2 => contour_length(own, [steps[1], steps[2]]),
                _ => surfel_table::area(own, steps),
            };
        }
        Self { table }
    }

    /// Weight of a code: 0 for blocks that are all background or all foreground.
    #[inline]
    pub fn weight(&self, code: u8) -> f64 {
        self.table[usize::from(code)]
    }

    /// Weights of all codes.
    pub fn table(&self) -> &[f64; 256] {
        &self.table
    }
}

/// The code of the same block with the order of its axes reversed.
fn reversed(code: u8, axes: usize) -> u8 {
    (0..1_usize << axes)
        .filter(|corner| code >> corner & 1 == 1)
        .map(|corner| (0..axes).fold(0, |turned, axis| turned << 1 | (corner >> axis & 1)))
        .fold(0, |turned, corner| turned | 1 << corner)
}

fn contour_length(code: u8, [s0, s1]: [f64; 2]) -> f64 {
    let half = 0.5 * (s0 * s0 + s1 * s1).sqrt();
    match code {
        0b0011 | 0b1100 => s1,
        0b0101 | 0b1010 => s0,
        0b0110 | 0b1001 => 2.0 * half,
        1..=14 => half,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_do_not_depend_on_the_memory_order() {
        let spacing = [0.7, 1.3, 5.0];
        for axes in 1..=3 {
            let given = &spacing[..axes];
            let mut turned = given.to_vec();
            turned.reverse();
            let forward = SurfelWeights::new(&Metric::new(given, false).unwrap(), axes);
            let backward = SurfelWeights::new(&Metric::new(&turned, true).unwrap(), axes);
            for code in 0..1_usize << (1 << axes) {
                let turned = usize::from(reversed(code as u8, axes));
                assert_eq!(forward.table[code].to_bits(), backward.table[turned].to_bits());
            }
        }
    }

    #[test]
    fn contours_have_the_length_of_their_pattern() {
        let weights = SurfelWeights::new(&Metric::new(&[3.0, 4.0], false).unwrap(), 2);
        let expected =
            [0.0, 2.5, 2.5, 4.0, 2.5, 3.0, 5.0, 2.5, 2.5, 5.0, 3.0, 2.5, 4.0, 2.5, 2.5, 0.0];
        assert_eq!(weights.table()[..16], expected);
    }

    #[test]
    fn a_line_ends_twice() {
        let weights = SurfelWeights::new(&Metric::new(&[3.0], false).unwrap(), 1);
        assert_eq!(weights.table()[..4], [0.0, 1.0, 1.0, 0.0]);
    }
}
