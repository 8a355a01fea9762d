//! Moments of the indices of a mask's voxels: size, centroid and covariance follow from them.

use crate::mask::Mask;

/// Exact moments of the indices of a mask's voxels along z, y, x.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moments {
    /// Number of voxels.
    pub count: u64,
    /// Sum of the indices along each axis.
    pub sums: [u128; 3],
    /// Sum of the products of the indices along each two axes.
    pub products: [[u128; 3]; 3],
}

/// The moments of a mask whose first voxel has the index `offset` in the array.
///
/// Whole numbers throughout: exact for every array that fits into memory.
pub fn moments(mask: &Mask, offset: [usize; 3]) -> Moments {
    let mut total = Moments::default();
    for z in 0..mask.shape()[0] {
        for y in 0..mask.shape()[1] {
            let [count, sum, square] = row_moments(mask.row(z, y), offset[2]);
            if count != 0 {
                let (z, y) = ((z + offset[0]) as u128, (y + offset[1]) as u128);
                total.count += count as u64;
                for (axis, value) in [z * count, y * count, sum].into_iter().enumerate() {
                    total.sums[axis] += value;
                }
                let [zz, yy, zy] = [z * z * count, y * y * count, z * y * count];
                let products = [[zz, zy, z * sum], [zy, yy, y * sum], [z * sum, y * sum, square]];
                for (row, products) in total.products.iter_mut().zip(products) {
                    row.iter_mut().zip(products).for_each(|(sum, product)| *sum += product);
                }
            }
        }
    }
    total
}

/// Number, sum and sum of squares of the indices of the bits of a row.
fn row_moments(row: &[u64], offset: usize) -> [u128; 3] {
    let mut found = [0; 3];
    for (k, &word) in row.iter().enumerate().filter(|(_, word)| **word != 0) {
        let (sum, square) = word_moments(word);
        let base = (offset + 64 * k) as u128;
        let count = u128::from(word.count_ones());
        found[0] += count;
        found[1] += base * count + sum;
        found[2] += base * base * count + 2 * base * sum + square;
    }
    found
}

/// Sum and sum of squares of the positions of the bits of a word.
fn word_moments(word: u64) -> (u128, u128) {
    if word == u64::MAX {
        return (63 * 64 / 2, 63 * 64 * 127 / 6);
    }
    let (mut sum, mut square) = (0, 0);
    let mut left = word;
    while left != 0 {
        let bit = u128::from(left.trailing_zeros());
        sum += bit;
        square += bit * bit;
        left &= left - 1;
    }
    (sum, square)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn moments_are_sums_over_voxels(
            z in 1..4_usize,
            y in 1..4_usize,
            x in prop::sample::select(vec![1_usize, 7, 63, 64, 65, 130]),
            density in prop::sample::select(vec![1_u32, 50, 127]),
            offset in [0..9_usize, 0..9_usize, 0..9_usize],
            seed: u32,
        ) {
            let shape = [z, y, x];
            let set = |i: u32| u8::from((seed ^ i).wrapping_mul(2_654_435_761) >> 8 & 127 <= density);
            let bytes: Vec<u8> = (0..(z * y * x) as u32).map(set).collect();
            let mask = Mask::from_bytes(&bytes, shape, 3).unwrap();
            let mut expected = Moments::default();
            mask.for_each_set(|z, y, x| {
                let index = [z + offset[0], y + offset[1], x + offset[2]].map(|i| i as u128);
                expected.count += 1;
                for a in 0..3 {
                    expected.sums[a] += index[a];
                    for b in 0..3 {
                        expected.products[a][b] += index[a] * index[b];
                    }
                }
            });
            prop_assert_eq!(moments(&mask, offset), expected);
        }
    }

    #[test]
    fn a_full_word_has_the_closed_sums() {
        let mask = Mask::from_bytes(&[1; 64], [1, 1, 64], 1).unwrap();
        let found = moments(&mask, [0; 3]);
        assert_eq!(
            (found.sums[2], found.products[2][2]),
            ((0..64).sum(), (0..64).map(|i| i * i).sum())
        );
    }
}
