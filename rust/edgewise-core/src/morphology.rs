//! Dilation, erosion and holes of masks, 64 voxels at a time.
#![allow(clippy::inline_always, reason = "see `simd`")]

use crate::{
    components::{NeighbourRow, Selection, check, rows_around},
    error::Result,
    mask::Mask,
    simd::{self, Isa, Kernel},
};

/// The voxels that have a voxel of the mask in their neighbourhood, `iterations` times over; nothing enters from outside.
///
/// The neighbourhood is the voxel itself and its neighbours of `connectivity` (1 = by faces up to the number of axes). O(voxels / 64) per
/// iteration. Memory beyond the result: two masks, 1/4 byte a voxel.
///
/// # Errors
/// [`Error::Argument`](crate::Error::Argument) unless `connectivity` is 1 to the number of axes.
///
/// ```
/// # use edgewise_core::{Mask, morphology::dilate};
/// let mask = Mask::from_bytes(&[0, 0, 1, 0, 0, 0], [1, 1, 6], 1)?;
/// assert_eq!(dilate(&mask, 1, 2)?.to_bytes(), [1, 1, 1, 1, 1, 0]);
/// # Ok::<(), edgewise_core::Error>(())
/// ```
pub fn dilate(mask: &Mask, connectivity: usize, iterations: usize) -> Result<Mask> {
    spread(mask, connectivity, iterations, false)
}

/// The voxels whose whole neighbourhood belongs to the mask, `iterations` times over.
///
/// Outside the array everything belongs to the mask if `outside` is true, otherwise nothing. Neighbourhood, cost and errors as
/// [`dilate`].
///
/// ```
/// # use edgewise_core::{Mask, morphology::erode};
/// let mask = Mask::from_bytes(&[1, 1, 1, 1, 0], [1, 1, 5], 1)?;
/// assert_eq!(erode(&mask, 1, 1, false)?.to_bytes(), [0, 1, 1, 0, 0]);
/// assert_eq!(erode(&mask, 1, 1, true)?.to_bytes(), [1, 1, 1, 0, 0]);
/// # Ok::<(), edgewise_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Argument`](crate::Error::Argument) unless `connectivity` is 1 to the number of axes.
pub fn erode(mask: &Mask, connectivity: usize, iterations: usize, outside: bool) -> Result<Mask> {
    let mut others = mask.clone();
    others.not();
    let mut eroded = spread(&others, connectivity, iterations, !outside)?;
    eroded.not();
    Ok(eroded)
}

/// The mask and its holes: the pieces of the background that do not reach the edge of the array.
///
/// Pieces hang together by `connectivity`, that of the *background*. O(voxels / 64 + runs). Memory beyond the result: at most 5/16 byte a voxel
/// and 4 bytes a run of the background. An axis of length 1 is all edge, so nothing is filled then.
///
/// # Errors
/// [`Error::Argument`](crate::Error::Argument) unless `connectivity` is 1 to the number of axes.
///
/// ```
/// # use edgewise_core::{Mask, morphology::fill_holes};
/// let ring = Mask::from_bytes(&[1, 1, 1, 1, 0, 1, 1, 1, 1], [1, 3, 3], 2)?;
/// assert_eq!(fill_holes(&ring, 1)?.count(), 9);
/// # Ok::<(), edgewise_core::Error>(())
/// ```
pub fn fill_holes(mask: &Mask, connectivity: usize) -> Result<Mask> {
    check(mask.axes(), connectivity)?;
    let [depth, height, width] = mask.shape();
    let axes = mask.axes();
    if mask.shape()[3 - axes..].contains(&1) {
        return Ok(mask.clone());
    }
    let mut background = mask.clone();
    background.not();
    let mut pieces = Selection::new(&background, connectivity)?;
    for z in 0..depth {
        for y in 0..height {
            let at_edge = (axes > 2 && (z == 0 || z == depth - 1))
                || (axes > 1 && (y == 0 || y == height - 1));
            if at_edge {
                pieces.mark_row(z, y);
            } else {
                pieces.mark([z, y, 0]);
                pieces.mark([z, y, width - 1]);
            }
        }
    }
    let mut filled = pieces.voxels(false);
    filled.or(mask);
    Ok(filled)
}

/// Dilation where everything outside the array is set if `outside` is true.
fn spread(mask: &Mask, connectivity: usize, iterations: usize, outside: bool) -> Result<Mask> {
    let neighbours = rows_around(mask.axes(), connectivity)?;
    let mut current = mask.clone();
    for _ in 0..iterations {
        let next = spread_once(&current, &neighbours, outside);
        if next == current {
            break;
        }
        current = next;
    }
    Ok(current)
}

fn spread_once(mask: &Mask, neighbours: &[NeighbourRow], outside: bool) -> Mask {
    let mut along = Mask::zeros(mask.shape(), mask.axes());
    simd::dispatch(AlongRows { mask, outside, along: &mut along });
    let mut result = along.clone();
    simd::dispatch(AcrossRows { mask, along: &along, neighbours, outside, result: &mut result });
    result
}

/// Each voxel of a row and the two beside it.
struct AlongRows<'a> {
    mask: &'a Mask,
    outside: bool,
    along: &'a mut Mask,
}

impl Kernel for AlongRows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let words = self.mask.words_per_row();
        let (last, end) = (self.mask.last_word_bits(), (self.mask.shape()[2] - 1) % 64);
        let outside = u64::from(self.outside);
        let rows = self.mask.words().chunks_exact(words);
        for (from, to) in rows.zip(self.along.words_mut().chunks_exact_mut(words)) {
            let mut below = outside; // the voxel before the word, in bit 0
            for k in 0..words {
                let above = if k + 1 < words { from[k + 1] << 63 } else { 0 };
                to[k] = from[k] | from[k] << 1 | below | from[k] >> 1 | above;
                below = from[k] >> 63;
            }
            to[words - 1] = (to[words - 1] | outside << end) & last;
        }
    }
}

/// The rows around each row, added to it: those that touch it only straight on as they are, the others spread along.
struct AcrossRows<'a> {
    mask: &'a Mask,
    along: &'a Mask,
    neighbours: &'a [NeighbourRow],
    outside: bool,
    result: &'a mut Mask,
}

impl Kernel for AcrossRows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let [depth, height, _] = self.mask.shape();
        let last = self.mask.last_word_bits();
        for z in 0..depth {
            for y in 0..height {
                let row = self.result.row_mut(z, y);
                for step in self.neighbours {
                    let z = z.checked_add_signed(step.dz).filter(|z| *z < depth);
                    let y = y.checked_add_signed(step.dy).filter(|y| *y < height);
                    if let (Some(z), Some(y)) = (z, y) {
                        let from = if step.diagonal { self.along } else { self.mask };
                        for (word, other) in row.iter_mut().zip(from.row(z, y)) {
                            *word |= other;
                        }
                    } else if self.outside {
                        row.fill(u64::MAX);
                        row[row.len() - 1] = last;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        Error,
        components::tests::{arrays, naive, neighbours},
    };

    fn packed(shape: &[usize], cells: &[u8]) -> Mask {
        let view = crate::View::new(cells, shape).unwrap();
        Mask::from_bytes(cells, view.shape(), view.axes()).unwrap()
    }

    /// Whether a voxel has a neighbour outside the array.
    fn at_edge(shape: &[usize], mut at: usize) -> bool {
        shape.iter().rev().any(|length| {
            let index = at % length;
            at /= length;
            index == 0 || index == length - 1
        })
    }

    proptest! {
        #[test]
        fn dilation_and_erosion_equal_their_twins((shape, cells) in arrays(), iterations in 0_usize..4) {
            let cells: Vec<u8> = cells.iter().map(|v| u8::from(*v != 0)).collect();
            let mask = packed(&shape, &cells);
            for connectivity in 1..=shape.len() {
                let around = |at| neighbours(mask.shape(), connectivity, at);
                let (mut larger, mut smaller, mut inner) = (cells.clone(), cells.clone(), cells.clone());
                for _ in 0..iterations {
                    let grow = |cells: &[u8], at| u8::from(cells[at] != 0 || around(at).any(|n| cells[n] != 0));
                    let keep = |cells: &[u8], at| u8::from(cells[at] != 0 && around(at).all(|n| cells[n] != 0));
                    larger = (0..cells.len()).map(|at| grow(&larger, at)).collect();
                    smaller = (0..cells.len()).map(|at| keep(&smaller, at)).collect();
                    inner = (0..cells.len())
                        .map(|at| keep(&inner, at) * u8::from(!at_edge(&shape, at)))
                        .collect();
                }
                prop_assert_eq!(dilate(&mask, connectivity, iterations).unwrap().to_bytes(), larger);
                prop_assert_eq!(erode(&mask, connectivity, iterations, true).unwrap().to_bytes(), smaller);
                prop_assert_eq!(erode(&mask, connectivity, iterations, false).unwrap().to_bytes(), inner);
            }
        }

        #[test]
        fn holes_equal_their_twin((shape, cells) in arrays()) {
            let cells: Vec<u8> = cells.iter().map(|v| u8::from(*v == 0)).collect(); // dense
            let mask = packed(&shape, &cells);
            let background: Vec<u8> = cells.iter().map(|v| 1 - v).collect();
            for connectivity in 1..=shape.len() {
                let (pieces, count) = naive(&background, mask.shape(), connectivity);
                let mut open = vec![false; count as usize + 1];
                for at in (0..cells.len()).filter(|at| at_edge(&shape, *at)) {
                    open[pieces[at] as usize] = true;
                }
                let filled: Vec<u8> = pieces.iter().zip(&cells)
                    .map(|(piece, cell)| u8::from(*cell != 0 || !open[*piece as usize]))
                    .collect();
                prop_assert_eq!(fill_holes(&mask, connectivity).unwrap().to_bytes(), filled);
            }
        }
    }

    #[test]
    fn connectivity_is_checked() {
        let mask = packed(&[2, 2], &[1; 4]);
        assert!(matches!(dilate(&mask, 3, 1), Err(Error::Argument(_))));
        assert!(matches!(erode(&mask, 0, 1, true), Err(Error::Argument(_))));
        assert!(matches!(fill_holes(&mask, 3), Err(Error::Argument(_))));
    }
}
