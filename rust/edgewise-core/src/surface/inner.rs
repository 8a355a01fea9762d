//! The voxels of a set that have a neighbour outside of it.
//!
//! Rows lie end to end in memory, so a neighbour in another row is the same word of a slice that starts elsewhere; only the first and the last
//! row of a plane, and the first and the last word of a row, have an outside. Rows are taken in pieces that stay in the first-level cache.

use rayon::prelude::*;

use super::{Boundary, Edge};
use crate::mask::Mask;
use crate::padded::Layout;
use crate::simd::{self, Isa, Kernel};

/// Words that are worked on together.
const PIECE: usize = 1 << 10;
/// Words worth a task of their own when there are threads.
const GRAIN: usize = 1 << 14;

/// Write the voxels of `own` that have a neighbour which is not in `solid` (which holds `own`) to words that lie as the layout says and are 0.
pub(super) fn outline(
    own: &Mask,
    solid: &Mask,
    (rule, edge): (Boundary, Edge),
    words: &mut [u64],
    layout: &Layout,
    parallel: bool,
) {
    let rows = Rows::new(solid, rule, edge);
    let per_task = GRAIN.div_ceil(layout.stride);
    if parallel {
        let tasks = words.par_chunks_mut(per_task * layout.stride).enumerate();
        tasks.for_each(|(k, words)| {
            simd::dispatch(Outline { own, rows: &rows, layout, first: k * per_task, words });
        });
    } else {
        simd::dispatch(Outline { own, rows: &rows, layout, first: 0, words });
    }
}

/// The outline of some rows.
struct Outline<'a> {
    own: &'a Mask,
    rows: &'a Rows<'a>,
    layout: &'a Layout,
    /// Number of the first row of `words` in the layout.
    first: usize,
    words: &'a mut [u64],
}

impl Kernel for Outline<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let (width, stride) = (self.layout.width, self.layout.stride);
        let mut inner = vec![0; self.rows.per_piece * width];
        let count = self.words.len() / stride;
        let mut place = 0;
        while place < count {
            let Some(([z, y], _)) = self.layout.index(self.first + place) else {
                place += 1;
                continue;
            };
            let row = z * self.layout.shape[1] + y;
            let alike = self.rows.alike(row).min(count - place).min(self.rows.per_piece);
            let inner = &mut inner[..alike * width];
            if !self.rows.inner(row, inner) {
                inner.fill(0);
            }
            let own = self.own.words()[row * width..].chunks_exact(width);
            let out = self.words[place * stride..].chunks_mut(stride);
            for ((out, own), inner) in out.zip(own).zip(inner.chunks_exact(width)) {
                for ((out, &own), &inner) in out.iter_mut().zip(own).zip(inner) {
                    *out = own & !inner;
                }
            }
            place += alike;
        }
    }
}

/// The rows of a set one after the other, with what is beyond them.
struct Rows<'a> {
    words: &'a [u64],
    width: usize,
    /// Planes, and rows of each.
    shape: [usize; 2],
    axes: usize,
    edge: Edge,
    /// Neighbouring rows (dz, dy), and whether their voxels at dx = -1 and 1 are neighbours too.
    neighbours: Vec<([i64; 2], bool)>,
    per_piece: usize,
    ends: Ends,
}

/// What the ends of rows do to the words of a piece.
struct Ends {
    /// All bits but in the first word of a row: the word before is of the same row.
    from_before: Vec<u64>,
    /// All bits but in the last word of a row.
    from_after: Vec<u64>,
    /// Bits that foreground outside puts into a word shifted up, into one shifted down, and beyond the last voxel.
    outside: [Vec<u64>; 3],
}

impl Ends {
    fn new(words: usize, width: usize, last_word: u64, edge: Edge) -> Self {
        let full = if edge == Edge::Foreground { u64::MAX } else { 0 };
        let per_word = |at: fn(usize, usize) -> bool, there: u64, elsewhere: u64| -> Vec<u64> {
            (0..words).map(|i| if at(i, width) { there } else { elsewhere }).collect()
        };
        let (first, last) = (|i, width| i % width == 0, |i, width| i % width == width - 1);
        Self {
            from_before: per_word(first, 0, u64::MAX),
            from_after: per_word(last, 0, u64::MAX),
            outside: [
                per_word(first, full & 1, 0),
                per_word(last, full & 1 << 63, 0),
                per_word(last, full & !last_word, 0),
            ],
        }
    }

    /// The voxels of word `i` of a piece both of whose neighbours along x are set, given that word and those beside it.
    #[inline(always)]
    fn along_row(&self, i: usize, before: u64, word: u64, after: u64) -> u64 {
        let word = word | self.outside[2][i];
        let from_before = before >> 63 & self.from_before[i] | self.outside[0][i];
        let from_after = after << 63 & self.from_after[i] | self.outside[1][i];
        word & (word << 1 | from_before) & (word >> 1 | from_after)
    }
}

impl<'a> Rows<'a> {
    fn new(solid: &'a Mask, rule: Boundary, edge: Edge) -> Self {
        let (width, axes) = (solid.words_per_row(), solid.axes());
        let shape = [solid.shape()[0], solid.shape()[1]];
        let per_piece = (PIECE / width).clamp(1, shape[1].max(1)); // pieces end with their plane
        let mut neighbours = vec![([0, 0], true)];
        for dz in -1..=1_i64 {
            for dy in -1..=1_i64 {
                let steps = dz.abs() + dy.abs();
                let real = (dz == 0 || axes == 3) && (dy == 0 || axes >= 2);
                let (reached, with_ends) = match rule {
                    Boundary::Face => (steps == 1, false),
                    Boundary::Edge18 => (steps >= 1, steps == 1),
                    Boundary::Full => (steps >= 1, true),
                };
                if real && reached {
                    neighbours.push(([dz, dy], with_ends));
                }
            }
        }
        let ends = Ends::new(per_piece * width, width, solid.last_word_bits(), edge);
        Self { words: solid.words(), width, shape, axes, edge, neighbours, per_piece, ends }
    }

    /// How many rows from this one on, of one plane, have the same neighbours outside.
    fn alike(&self, row: usize) -> usize {
        let (y, rows) = (row % self.shape[1], self.shape[1]);
        if self.axes < 2 || y == 0 || y == rows - 1 { 1 } else { rows - 1 - y }
    }

    /// Find the voxels of some rows that are alike all of whose neighbours are set; `false` if the outside leaves none.
    #[inline(always)]
    fn inner(&self, row: usize, inner: &mut [u64]) -> bool {
        inner.fill(u64::MAX);
        let (z, y) = ((row / self.shape[1]) as i64, (row % self.shape[1]) as i64);
        for &([dz, dy], with_ends) in &self.neighbours {
            let inside = (0..self.shape[0] as i64).contains(&(z + dz))
                && (0..self.shape[1] as i64).contains(&(y + dy));
            if !inside {
                if self.edge == Edge::Background {
                    return false;
                }
                continue;
            }
            let start = ((z + dz) as usize * self.shape[1] + (y + dy) as usize) * self.width;
            if with_ends {
                self.and_along_rows(start, inner);
            } else {
                for (inner, &word) in inner.iter_mut().zip(&self.words[start..]) {
                    *inner &= word;
                }
            }
        }
        true
    }

    /// Keep what has both neighbours along x in the rows that start at a word.
    #[inline(always)]
    fn and_along_rows(&self, start: usize, inner: &mut [u64]) {
        let count = inner.len();
        let at = |i: usize| self.words.get(i).copied().unwrap_or(0);
        let single = |i: usize| {
            let before = (start + i).checked_sub(1).map_or(0, at);
            self.ends.along_row(i, before, at(start + i), at(start + i + 1))
        };
        inner[0] &= single(0);
        if count == 1 {
            return;
        }
        inner[count - 1] &= single(count - 1);
        let middle = &self.words[start..start + count];
        for i in 1..count - 1 {
            inner[i] &= self.ends.along_row(i, middle[i - 1], middle[i], middle[i + 1]);
        }
    }
}
