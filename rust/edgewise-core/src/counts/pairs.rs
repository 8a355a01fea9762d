//! How often pairs of numbered labels meet: a table with a row for every reference label as long as it stays small, hashed beyond.

use super::table::Table;

/// Cells of the table at most.
const CELLS: usize = 1 << 21;

/// Counts of pairs of small numbers.
#[derive(Default)]
pub(super) struct Pairs {
    /// Row by row, each of `1 << shift` cells.
    cells: Vec<u32>,
    shift: u32,
    /// What has no cell, or did not fit into it: the reference's number high, the prediction's low.
    rest: Table,
}

impl Pairs {
    /// Count some voxels of a pair.
    #[inline(always)]
    pub(super) fn add(&mut self, i: usize, j: usize, voxels: u32) {
        if j >> self.shift == 0
            && let Some(cell) = self.cells.get_mut(i << self.shift | j)
            && let Some(sum) = cell.checked_add(voxels)
        {
            *cell = sum;
        } else {
            self.add_elsewhere(i, j, voxels);
        }
    }

    #[inline(never)]
    fn add_elsewhere(&mut self, i: usize, j: usize, voxels: u32) {
        let rows = (self.cells.len() >> self.shift).max((i + 1).next_power_of_two());
        let columns = (1 << self.shift).max((j + 1).next_power_of_two());
        let missing = rows << self.shift > self.cells.len() || columns >> self.shift > 1;
        if missing && rows.saturating_mul(columns) <= CELLS {
            self.grow(rows, columns);
            return self.add(i, j, voxels);
        }
        *self.rest.value((i as u64) << 32 | j as u64) += u64::from(voxels);
    }

    #[cold]
    fn grow(&mut self, rows: usize, columns: usize) {
        let mut cells = vec![0; rows * columns];
        let old = self.cells.chunks(1 << self.shift);
        for (row, old) in cells.chunks_mut(columns).zip(old) {
            row[..old.len()].copy_from_slice(old);
        }
        self.cells = cells;
        self.shift = columns.trailing_zeros();
    }

    /// Pairs and their counts, in any order; a pair may come twice.
    pub(super) fn entries(&self) -> impl Iterator<Item = ([usize; 2], u64)> {
        let cells = self.cells.iter().enumerate().filter(|(_, count)| **count != 0);
        let columns = 1 << self.shift;
        let cells = cells.map(move |(k, &count)| ([k / columns, k % columns], u64::from(count)));
        let split = |pair: u64| [(pair >> 32) as usize, (pair & 0xffff_ffff) as usize];
        cells.chain(self.rest.entries().map(move |(pair, count)| (split(pair), count)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_counts_what_a_map_counts(
            pairs in prop::collection::vec(
                (prop_oneof![0..9_usize, 0..5000_usize], prop_oneof![0..9_usize, 0..5000_usize], prop_oneof![1..9_u32, Just(u32::MAX)]),
                0..300,
            ),
        ) {
            let (mut counted, mut expected) = (Pairs::default(), HashMap::new());
            for (i, j, voxels) in pairs {
                counted.add(i, j, voxels);
                *expected.entry([i, j]).or_insert(0) += u64::from(voxels);
            }
            let mut found = HashMap::new();
            for (pair, count) in counted.entries() {
                *found.entry(pair).or_insert(0) += count;
            }
            prop_assert_eq!(found, expected);
        }
    }
}
