//! Euler characteristic of masks, counted in words.

use crate::{
    error::{Error, Result},
    mask::Mask,
};

/// Number of objects minus tunnels plus cavities (3D), or objects minus holes (2D).
///
/// `connectivity` is that of the mask's voxels and must be 1 (they hang together by faces, the background fully) or the number of axes (the
/// reverse). Outside is background. O(voxels / 64). Definition: the alternating sum of the cells of a complex: for full
/// connectivity the closed voxels with their faces, edges and corners; for connectivity 1 voxels as points, neighbouring pairs as edges,
/// squares of four as faces, cubes of eight as bodies.
///
/// # Errors
/// [`Error::Argument`] for connectivity 2 in 3D, which has no complement, or outside 1 to the number of axes.
///
/// ```
/// # use edgewise_core::{Mask, topology::euler_characteristic};
/// let ring = Mask::from_bytes(&[1, 1, 1, 1, 0, 1, 1, 1, 1], [1, 3, 3], 2)?;
/// assert_eq!(euler_characteristic(&ring, 2)?, 0); // one object, one hole
/// let diagonal = Mask::from_bytes(&[1, 0, 0, 1], [1, 2, 2], 2)?;
/// assert_eq!((euler_characteristic(&diagonal, 2)?, euler_characteristic(&diagonal, 1)?), (1, 2));
/// # Ok::<(), edgewise_core::Error>(())
/// ```
pub fn euler_characteristic(mask: &Mask, connectivity: usize) -> Result<i64> {
    let axes = mask.axes();
    if connectivity != 1 && connectivity != axes {
        return Err(Error::Argument(format!(
            "connectivity must be 1 or {axes} for the Euler characteristic, got {connectivity}"
        )));
    }
    let mut sum = 0;
    for bits in 0..1_usize << axes {
        let spans = [axes > 2 && bits >> 2 & 1 == 1, axes > 1 && bits >> 1 & 1 == 1, bits & 1 == 1];
        let directions = spans.iter().filter(|spans| **spans).count();
        // points and pairs: cells of as many dimensions as directions; closed voxels: of the remaining ones
        let (cells, dimensions) = if connectivity == 1 {
            (count_blocks(mask, spans, u64::MAX, |a, b| a & b), directions)
        } else {
            (count_blocks(mask, spans, 0, |a, b| a | b), axes - directions)
        };
        sum += if dimensions.is_multiple_of(2) { cells } else { -cells };
    }
    Ok(sum)
}

/// Number of places of a block of voxels, 2 long along the axes it `spans`, where joining its voxels gives 1.
///
/// Blocks may reach out of the array by one voxel at either end.
fn count_blocks(
    mask: &Mask,
    [deep, high, wide]: [bool; 3],
    neutral: u64,
    join: impl Fn(u64, u64) -> u64,
) -> i64 {
    let [depth, height, width] = mask.shape();
    let outside = vec![0; mask.words_per_row()];
    let row = |z: Option<usize>, y: Option<usize>| match (z, y) {
        (Some(z), Some(y)) if z < depth && y < height => mask.row(z, y),
        _ => &outside,
    };
    // at most two planes and two rows end where the block ends: at z and z - 1, y and y - 1
    let before = |index: usize, spans: bool| if spans { index.checked_sub(1) } else { Some(index) };
    let mut joined = vec![neutral; width / 64 + 1]; // one voxel more than a row
    let mut count = 0;
    for z in 0..depth + usize::from(deep) {
        for y in 0..height + usize::from(high) {
            joined.fill(neutral);
            for z in [Some(z), before(z, deep)] {
                for y in [Some(y), before(y, high)] {
                    let words = row(z, y).iter().chain(std::iter::repeat(&0));
                    for (joined, word) in joined.iter_mut().zip(words) {
                        *joined = join(*joined, *word);
                    }
                }
            }
            let mut carry = 0;
            for word in &joined {
                let ends = if wide { join(*word, word << 1 | carry) } else { *word };
                carry = word >> 63;
                count += i64::from(ends.count_ones());
            }
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;
    use crate::{View, components::tests::arrays};

    /// The closed cells of all voxels, in doubled coordinates (odd = inside a voxel along that axis).
    fn naive(cells: &[u8], shape: [usize; 3], axes: usize) -> i64 {
        let mut complex = HashSet::new();
        for at in (0..cells.len()).filter(|at| cells[*at] != 0) {
            let place = [at / (shape[1] * shape[2]), at / shape[2] % shape[1], at % shape[2]];
            for cell in 0..27_usize {
                let side = [cell / 9, cell / 3 % 3, cell % 3];
                if (0..3 - axes).all(|k| side[k] == 1) {
                    complex.insert([0, 1, 2].map(|k| 2 * place[k] + side[k]));
                }
            }
        }
        let inside = |cell: &[usize; 3]| cell[3 - axes..].iter().filter(|c| *c % 2 == 1).count();
        complex.iter().map(|cell| if inside(cell).is_multiple_of(2) { 1 } else { -1 }).sum()
    }

    proptest! {
        #[test]
        fn full_connectivity_equals_its_twin((shape, cells) in arrays()) {
            let view = View::new(&cells, &shape).unwrap();
            let mask = Mask::from_bytes(&cells, view.shape(), view.axes()).unwrap();
            let found = euler_characteristic(&mask, shape.len()).unwrap();
            if shape.len() > 1 {
                prop_assert_eq!(found, naive(&cells, view.shape(), shape.len()));
            }
        }

        /// Points, pairs, squares and cubes, looked at one by one.
        #[test]
        fn face_connectivity_equals_its_twin((shape, cells) in arrays()) {
            let view = View::new(&cells, &shape).unwrap();
            let mask = Mask::from_bytes(&cells, view.shape(), view.axes()).unwrap();
            let [depth, height, width] = view.shape();
            let set = |z: usize, y: usize, x: usize| {
                z < depth && y < height && x < width && cells[(z * height + y) * width + x] != 0
            };
            let mut sum = 0;
            for (z, y, x) in (0..cells.len()).map(|at| (at / (height * width), at / width % height, at % width)) {
                for spans in 0..8_usize {
                    let ranges = [spans >> 2, spans >> 1 & 1, spans & 1];
                    let whole = (0..=ranges[0]).all(|a| (0..=ranges[1]).all(|b| (0..=ranges[2]).all(|c| set(z + a, y + b, x + c))));
                    if whole {
                        sum += if spans.count_ones() % 2 == 0 { 1 } else { -1 };
                    }
                }
            }
            prop_assert_eq!(euler_characteristic(&mask, 1).unwrap(), sum);
        }
    }

    #[test]
    fn known_shapes() {
        let shell: Vec<u8> = (0..27).map(|k| u8::from(k != 13)).collect();
        let tube: Vec<u8> = (0..27).map(|k| u8::from(k % 9 != 4)).collect();
        for (cells, expected) in [(shell, 2), (tube, 0), (vec![1; 27], 1), (vec![0; 27], 0)] {
            let mask = Mask::from_bytes(&cells, [3, 3, 3], 3).unwrap();
            assert_eq!(euler_characteristic(&mask, 1), Ok(expected));
            assert_eq!(euler_characteristic(&mask, 3), Ok(expected));
            assert!(matches!(euler_characteristic(&mask, 2), Err(Error::Argument(_))));
        }
    }
}
