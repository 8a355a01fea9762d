//! Dilation, erosion and holes of masks, 64 voxels at a time.

use crate::{
    components::{NeighbourRow, Selection, check, rows_around},
    error::Result,
    mask::Mask,
};

/// The voxels that have a voxel of the mask in their neighbourhood, `iterations` times over; nothing enters from outside.
///
/// The neighbourhood is the voxel itself and its neighbours of `connectivity` (1 = by faces up to the number of axes). O(voxels / 64) per
/// iteration; two masks of memory.
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
/// Pieces hang together by `connectivity`, that of the *background*. O(voxels / 64 + runs). An axis of length 1 is all edge, so nothing
/// is filled then.
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
    let along = spread_along_rows(mask, outside);
    let mut result = along.clone();
    let [depth, height, _] = mask.shape();
    let last = mask.last_word_bits();
    for z in 0..depth {
        for y in 0..height {
            let row = result.row_mut(z, y);
            for step in neighbours {
                let z = z.checked_add_signed(step.dz).filter(|z| *z < depth);
                let y = y.checked_add_signed(step.dy).filter(|y| *y < height);
                match (z, y) {
                    (Some(z), Some(y)) => {
                        let other = if step.diagonal { along.row(z, y) } else { mask.row(z, y) };
                        row.iter_mut().zip(other).for_each(|(word, other)| *word |= other);
                    }
                    _ if outside => {
                        row.fill(u64::MAX);
                        if let Some(word) = row.last_mut() {
                            *word = last;
                        }
                    }
                    _ => {}
                }
            }
        }
    }
    result
}

fn spread_along_rows(mask: &Mask, outside: bool) -> Mask {
    let mut along = Mask::zeros(mask.shape(), mask.axes());
    let [depth, height, width] = mask.shape();
    let (last, end) = (mask.last_word_bits(), (width - 1) % 64);
    let outside = u64::from(outside);
    for z in 0..depth {
        for y in 0..height {
            let (from, to) = (mask.row(z, y), along.row_mut(z, y));
            let mut below = outside; // the voxel before the word, in bit 0
            for (k, word) in to.iter_mut().enumerate() {
                let above = from.get(k + 1).map_or(0, |next| next << 63);
                *word = from[k] | from[k] << 1 | below | from[k] >> 1 | above;
                below = from[k] >> 63;
            }
            if let Some(word) = to.last_mut() {
                *word = (*word | outside << end) & last;
            }
        }
    }
    along
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
