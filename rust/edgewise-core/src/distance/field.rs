//! The part of an array that a transform has to look at, in bits.

use super::numbers::Numbering;
use crate::mask::Mask;

/// The foreground in bits, one row along the fastest axis after the other, and the box around it.
pub(super) struct Field {
    /// All rows, as an array of one row a line.
    bits: Mask,
    /// Lengths of the axes, none of them 1 unless it is the only one.
    pub(super) shape: Vec<usize>,
    /// The box: the foreground and one layer around it, where the array has one.
    pub(super) start: Vec<usize>,
    pub(super) stop: Vec<usize>,
    /// Numbers of the voxels of the array.
    pub(super) numbering: Numbering,
}

impl Field {
    /// `None` if there is no foreground.
    pub(super) fn new(bits: Mask, numbering: Numbering) -> Option<Self> {
        let shape = numbering.shape().to_vec();
        let (start, stop) = (shape.clone(), vec![0; shape.len()]);
        let mut field = Self { bits, shape, start, stop, numbering };
        field.fit();
        (field.start[0] < field.stop[0]).then_some(field)
    }

    fn fit(&mut self) {
        let last = self.shape.len() - 1;
        let mut columns = vec![0; self.bits.words_per_row()];
        let mut index = vec![0; last];
        for row in 0..self.bits.shape()[1] {
            let mut any = 0;
            for (column, &word) in columns.iter_mut().zip(self.bits.row(0, row)) {
                *column |= word;
                any |= word;
            }
            if any != 0 {
                for (k, &i) in index.iter().enumerate() {
                    self.start[k] = self.start[k].min(i);
                    self.stop[k] = self.stop[k].max(i + 1);
                }
            }
            for k in (0..last).rev() {
                index[k] += 1;
                if index[k] < self.shape[k] {
                    break;
                }
                index[k] = 0;
            }
        }
        let Some(first) = columns.iter().position(|&word| word != 0) else { return };
        let end = columns.iter().rposition(|&word| word != 0).unwrap_or(first);
        self.start[last] = 64 * first + columns[first].trailing_zeros() as usize;
        self.stop[last] = 64 * (end + 1) - columns[end].leading_zeros() as usize;
        // a nearest background voxel lies in the box or in the layer around it: the straight way to any other one passes through the layer
        for k in 0..=last {
            self.start[k] = self.start[k].saturating_sub(1);
            self.stop[k] = self.shape[k].min(self.stop[k] + 1);
        }
    }

    /// Length of the box along an axis.
    pub(super) fn length(&self, axis: usize) -> usize {
        self.stop[axis] - self.start[axis]
    }

    /// Rows of the box along all but the fastest axis.
    pub(super) fn rows(&self) -> usize {
        (0..self.shape.len() - 1).map(|axis| self.length(axis)).product()
    }

    /// The bits of a row of the array.
    pub(super) fn row(&self, row: usize) -> &[u64] {
        self.bits.row(0, row)
    }

    /// The number in the array of the `k`-th row of the box.
    pub(super) fn row_of_box(&self, mut k: usize) -> usize {
        let last = self.shape.len() - 1;
        let (mut row, mut stride) = (0, 1);
        for axis in (0..last).rev() {
            row += (self.start[axis] + k % self.length(axis)) * stride;
            k /= self.length(axis);
            stride *= self.shape[axis];
        }
        row
    }

    /// An upper bound of all squared distances in squared steps: cells of the box know whether they hold background.
    pub(super) fn farthest(&self, steps: &[f64]) -> f64 {
        const PARTS: usize = 16;
        let axes = self.shape.len();
        let size: Vec<usize> = (0..axes).map(|k| self.length(k).div_ceil(PARTS)).collect();
        let cells: Vec<usize> = (0..axes).map(|k| self.length(k).div_ceil(size[k])).collect();
        // squared distance in cells' lengths; a cell with background is within one cell of itself
        let mut squares = vec![f64::INFINITY; cells.iter().product()];
        let last = axes - 1;
        for k in 0..self.rows() {
            let (mut rest, mut cell, mut stride) = (k, 0, cells[last]);
            for axis in (0..last).rev() {
                cell += rest % self.length(axis) / size[axis] * stride;
                rest /= self.length(axis);
                stride *= cells[axis];
            }
            let row = self.row(self.row_of_box(k));
            for (x, square) in squares[cell..cell + cells[last]].iter_mut().enumerate() {
                let from = self.start[last] + x * size[last];
                if square.is_infinite()
                    && has_clear(row, from, self.stop[last].min(from + size[last]))
                {
                    *square = 0.0;
                }
            }
        }
        let lengths: Vec<f64> = size.iter().zip(steps).map(|(&n, step)| n as f64 * step).collect();
        spread(&mut squares, &cells, &lengths)
    }
}

/// The greatest squared distance between a voxel of any cell and some voxel of the nearest cell that holds 0; `lengths` are those of a cell.
pub(super) fn spread(squares: &mut [f64], cells: &[usize], lengths: &[f64]) -> f64 {
    let mut stride = 1;
    for (&n, length) in cells.iter().zip(lengths).rev() {
        let given = squares.to_vec();
        for (i, square) in squares.iter_mut().enumerate() {
            let at = i / stride % n;
            let column = i - at * stride;
            // any voxel of a cell to any voxel of another
            let reach = |p: usize| ((at.abs_diff(p) + 1) as f64 * length).powi(2);
            let sums = (0..n).map(|p| given[column + p * stride] + reach(p));
            *square = sums.fold(f64::INFINITY, f64::min);
        }
        stride *= n;
    }
    squares.iter().copied().fold(0.0, f64::max)
}

/// Whether one of the bits is 0.
fn has_clear(row: &[u64], from: usize, to: usize) -> bool {
    let mut at = from;
    while at < to {
        let here = 64.min(at % 64 + to - at) - at % 64;
        let bits = u64::MAX >> (64 - here) << (at % 64);
        if row[at / 64] & bits != bits {
            return true;
        }
        at += here;
    }
    false
}
