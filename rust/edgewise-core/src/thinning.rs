//! Skeletons: thinning until nothing more can go.
//!
//! Both methods give what `skimage.morphology.skeletonize` (0.26) gives, voxel for voxel. They depend on the order of the axes, so a
//! column-major array must be transposed before it comes here. Only voxels whose neighbourhood has changed are looked at again.

use std::ops::Range;

use crate::{
    error::{Error, Result},
    grid::View,
};

const OBJECT: u8 = 1;
const WAITING: u8 = 2; // in the list of voxels still to be looked at

/// A mask with one layer of background around it, along z only if it is more than one voxel deep, and the voxels to look at in raster order.
struct Work {
    cells: Vec<u8>,
    waiting: Vec<usize>,
    woken: Vec<usize>,
    stride: [usize; 2], // of z and y
    deep: bool,
}

impl Work {
    fn new(mask: View<'_, u8>) -> Self {
        let [depth, height, width] = mask.shape();
        let stride = [(height + 2) * (width + 2), width + 2];
        let deep = depth > 1;
        let layer = usize::from(deep);
        let mut cells = vec![0; (depth + 2 * layer) * stride[0]];
        let mut waiting = Vec::new();
        for z in 0..depth {
            for y in 0..height {
                let start = (z + layer) * stride[0] + (y + 1) * stride[1] + 1;
                for (x, value) in mask.row(z, y).iter().enumerate() {
                    if *value != 0 {
                        cells[start + x] = OBJECT | WAITING;
                        waiting.push(start + x);
                    }
                }
            }
        }
        Self { cells, waiting, woken: Vec::new(), stride, deep }
    }

    /// The layers around a voxel that hold anything: 0 before, 1 its own, 2 after.
    fn layers(&self) -> Range<usize> {
        if self.deep { 0..3 } else { 1..2 }
    }

    /// The 27 voxels around `at`: bit `9 (dz + 1) + 3 (dy + 1) + dx + 1`.
    fn around(&self, at: usize) -> u32 {
        let mut bits = 0;
        for dz in self.layers() {
            for dy in 0..3 {
                let row = at + dz * self.stride[0] + dy * self.stride[1];
                let row = &self.cells[row - self.stride[0] - self.stride[1] - 1..][..3];
                let three = (row[0] & 1) | (row[1] & 1) << 1 | (row[2] & 1) << 2;
                bits |= u32::from(three) << (9 * dz + 3 * dy);
            }
        }
        bits
    }

    /// Keep the waiting voxels that `wanted` wants; the others rest until a neighbour goes.
    fn sift(&mut self, mut wanted: impl FnMut(&Self, usize) -> bool) {
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.retain(|at| {
            let keep = self.cells[*at] & OBJECT != 0 && wanted(self, *at);
            if !keep {
                self.cells[*at] &= !WAITING;
            }
            keep
        });
        self.waiting = waiting;
    }

    /// Take a voxel away and look at its neighbours again.
    fn remove(&mut self, at: usize) {
        self.cells[at] &= !OBJECT;
        for dz in self.layers() {
            for dy in 0..3 {
                let row = at + dz * self.stride[0] + dy * self.stride[1];
                let row = row - self.stride[0] - self.stride[1] - 1;
                for near in row..row + 3 {
                    if self.cells[near] == OBJECT {
                        self.cells[near] |= WAITING;
                        self.woken.push(near);
                    }
                }
            }
        }
    }

    /// Put the woken voxels among the waiting ones, in raster order.
    fn wake(&mut self) {
        if self.woken.is_empty() {
            return;
        }
        self.woken.sort_unstable();
        let old = std::mem::take(&mut self.waiting);
        self.waiting.reserve(old.len() + self.woken.len());
        let mut woken = self.woken.drain(..).peekable();
        for at in old {
            while let Some(earlier) = woken.next_if(|near| *near < at) {
                self.waiting.push(earlier);
            }
            self.waiting.push(at);
        }
        self.waiting.extend(woken);
    }

    fn into_mask(self, [depth, height, width]: [usize; 3]) -> Vec<u8> {
        let mut mask = Vec::with_capacity(depth * height * width);
        let layer = usize::from(self.deep);
        for z in layer..depth + layer {
            for y in 1..=height {
                let start = z * self.stride[0] + y * self.stride[1] + 1;
                mask.extend(self.cells[start..start + width].iter().map(|cell| cell & OBJECT));
            }
        }
        mask
    }
}

/// Skeleton of a mask of one or two axes by Zhang and Suen's parallel thinning; 0 and 1, in the order of the view.
///
/// Non-zero is object, outside is background. O(voxels + removed voxels). Memory beyond the result: 1 byte a voxel and at most about
/// 32 bytes a voxel of the object. Source: Zhang and Suen 1984, "A fast parallel algorithm for thinning digital patterns", with scikit-image's changes
/// of the deletion table (see `DIFFERS`).
///
/// # Errors
/// [`Error::Argument`] for three axes.
///
/// ```
/// # use edgewise_core::{View, thinning::zhang};
/// let bar = [1; 15]; // 3 rows of 5
/// let skeleton = zhang(View::new(&bar, &[3, 5])?)?;
/// assert_eq!(skeleton, [0, 0, 0, 1, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]);
/// # Ok::<(), edgewise_core::Error>(())
/// ```
pub fn zhang(mask: View<'_, u8>) -> Result<Vec<u8>> {
    if mask.axes() > 2 {
        let text = "thinning \"zhang\" takes one or two axes, got 3; use \"lee\"";
        return Err(Error::Argument(text.into()));
    }
    let mut work = Work::new(mask);
    let mut changed = true;
    while changed {
        changed = false;
        for pass in [1, 2] {
            let mut removed = Vec::new();
            work.sift(|work, at| {
                let passes = ZHANG_PLANE[(work.around(at) >> 9 & 511) as usize];
                if passes & pass != 0 {
                    removed.push(at);
                }
                passes != 0
            });
            changed |= !removed.is_empty();
            for at in removed {
                work.remove(at);
            }
            work.wake();
        }
    }
    Ok(work.into_mask(mask.shape()))
}

/// [`ZHANG`] for the nine voxels of a plane as [`Work::around`] gives them, row after row.
const ZHANG_PLANE: [u8; 512] = {
    const CLOCKWISE: [usize; 8] = [0, 1, 2, 5, 8, 7, 6, 3]; // from the upper left
    let mut table = [0; 512];
    let mut plane = 0;
    while plane < 512 {
        let (mut ring, mut k) = (0, 0);
        while k < 8 {
            ring |= (plane >> CLOCKWISE[k] & 1) << k;
            k += 1;
        }
        table[plane] = ZHANG[ring];
        plane += 1;
    }
    table
};

/// In which passes (1, 2, 3 = both) a voxel with these neighbours goes.
const ZHANG: [u8; 256] = zhang_table();

/// Neighbourhoods that scikit-image treats unlike the paper: corners of staircases go, ends of lines two voxels wide stay longer.
const DIFFERS: [(u8, u8); 25] = [
    (0b0000_0011, 1),
    (0b0000_0110, 1),
    (0b0000_1010, 3),
    (0b0000_1011, 1),
    (0b0000_1100, 1),
    (0b0000_1110, 1),
    (0b0001_1000, 2),
    (0b0001_1010, 2),
    (0b0010_1000, 3),
    (0b0011_0000, 0),
    (0b0011_1000, 2),
    (0b0110_0000, 2),
    (0b0110_1000, 2),
    (0b0110_1100, 2),
    (0b1000_0001, 0),
    (0b1000_0010, 3),
    (0b1000_0011, 1),
    (0b1000_0110, 1),
    (0b1010_0000, 3),
    (0b1010_0001, 1),
    (0b1011_0000, 2),
    (0b1100_0000, 2),
    (0b1100_0010, 1),
    (0b1100_0110, 1),
    (0b1110_0000, 2),
];

const fn zhang_table() -> [u8; 256] {
    const NORTH: u8 = 1 << 1;
    const EAST: u8 = 1 << 3;
    const SOUTH: u8 = 1 << 5;
    const WEST: u8 = 1 << 7;
    const fn holds(ring: u8, all: u8) -> bool {
        ring & all == all
    }
    let mut table = [0; 256];
    let mut ring = 0_u8;
    loop {
        let begins = (!ring & ring.rotate_right(1)).count_ones(); // 0 to 1 going round: A(P) = 1
        if begins == 1 && ring.count_ones() >= 2 && ring.count_ones() <= 6 {
            if !holds(ring, NORTH | EAST | SOUTH) && !holds(ring, EAST | SOUTH | WEST) {
                table[ring as usize] |= 1;
            }
            if !holds(ring, NORTH | EAST | WEST) && !holds(ring, NORTH | SOUTH | WEST) {
                table[ring as usize] |= 2;
            }
        }
        if ring == u8::MAX {
            break;
        }
        ring += 1;
    }
    let mut k = 0;
    while k < DIFFERS.len() {
        table[DIFFERS[k].0 as usize] = DIFFERS[k].1;
        k += 1;
    }
    table
}

/// Skeleton of a mask by the method of Lee, Kashyap and Chu; 0 and 1, in the order of the view.
///
/// Non-zero is object, outside is background. Removes border voxels direction by direction as long as they are simple, keep the Euler
/// characteristic and end no line. Some objects of three voxels vanish altogether (as in scikit-image). O(voxels + removed voxels).
/// Memory beyond the result: 1 byte a voxel and at most about 32 bytes a voxel of the object. An array one voxel deep is thinned along four of the six directions, as scikit-image does.
/// Source: Lee, Kashyap and Chu 1994, "Building skeleton models via 3-D medial surface/axis thinning algorithms".
///
/// ```
/// # use edgewise_core::{View, thinning::lee};
/// let bar = [1; 15]; // 3 rows of 5
/// let skeleton = lee(View::new(&bar, &[3, 5])?);
/// assert_eq!(skeleton, [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0]);
/// # Ok::<(), edgewise_core::Error>(())
/// ```
pub fn lee(mask: View<'_, u8>) -> Vec<u8> {
    // the neighbours before and after along y, after and before along x, after and before along z (as bits of the 27)
    const DIRECTIONS: [u32; 6] = [10, 16, 14, 12, 22, 4];
    let directions = &DIRECTIONS[..if mask.shape()[0] == 1 { 4 } else { 6 }];
    let mut work = Work::new(mask);
    let mut changed = true;
    while changed {
        changed = false;
        for direction in directions {
            let mut candidates = Vec::new();
            work.sift(|work, at| {
                let around = work.around(at);
                let deletable = deletable(around);
                if deletable && around >> direction & 1 == 0 {
                    candidates.push(at);
                }
                deletable
            });
            // one after the other: the first to go may make the next one indispensable; scikit-image 0.26 asks only for one piece
            for at in candidates {
                if in_one_piece(work.around(at) & !CENTRE) {
                    work.remove(at);
                    changed = true;
                }
            }
            work.wake();
        }
    }
    work.into_mask(mask.shape())
}

const CENTRE: u32 = 1 << 13;

/// Whether the middle voxel can go without changing the topology or shortening a line.
fn deletable(around: u32) -> bool {
    let neighbours = around & !CENTRE;
    neighbours.count_ones() != 1 && keeps_euler(neighbours) && in_one_piece(neighbours)
}

/// Whether the Euler characteristic (closed voxels, 26 neighbours) is the same without the middle voxel.
///
/// The middle voxel takes along the corners, edges and faces that it shares with no other, and itself.
fn keeps_euler(neighbours: u32) -> bool {
    let own = |(cell, sign): &(u32, i32)| if neighbours & cell == 0 { *sign } else { 0 };
    CELLS.iter().map(own).sum::<i32>() == 1
}

/// For each face, edge and corner of a voxel, the other voxels it belongs to, and its sign in the Euler characteristic.
const CELLS: [(u32, i32); 26] = cells();

const fn cells() -> [(u32, i32); 26] {
    let mut cells = [(0, 0); 26];
    let mut count = 0;
    let mut cell = 0;
    while cell < 27 {
        let way = [cell / 9, cell / 3 % 3, cell % 3]; // per axis: 0 below, 1 middle, 2 above
        if cell != 13 {
            let (mut others, mut sign, mut k) = (0, -1, 0);
            while k < 3 {
                if way[k] != 1 {
                    sign = -sign;
                }
                k += 1;
            }
            let mut voxel = 0;
            while voxel < 27 {
                let place = [voxel / 9, voxel / 3 % 3, voxel % 3];
                let touches = (place[0] == 1 || place[0] == way[0])
                    && (place[1] == 1 || place[1] == way[1])
                    && (place[2] == 1 || place[2] == way[2]);
                if touches && voxel != 13 {
                    others |= 1 << voxel;
                }
                voxel += 1;
            }
            cells[count] = (others, sign);
            count += 1;
        }
        cell += 1;
    }
    cells
}

/// Whether all neighbours are connected with each other (26 neighbours, without the middle voxel).
fn in_one_piece(neighbours: u32) -> bool {
    const LOW_X: u32 = 0o111_111_111; // voxels with dx = -1, and likewise
    const HIGH_X: u32 = LOW_X << 2;
    const LOW_Y: u32 = 0o007_007_007;
    const HIGH_Y: u32 = LOW_Y << 6;
    let mut piece = neighbours & neighbours.wrapping_neg();
    loop {
        let x = piece | (piece & !HIGH_X) << 1 | (piece & !LOW_X) >> 1;
        let y = x | (x & !HIGH_Y) << 3 | (x & !LOW_Y) >> 3;
        let grown = (y | y << 9 | y >> 9) & neighbours;
        if grown == piece {
            return piece == neighbours;
        }
        piece = grown;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Cells<'a> = &'a [u8];

    fn value(cells: Cells, shape: [usize; 3], z: i64, y: i64, x: i64) -> u8 {
        let inside = |index: i64, length: usize| (0..length as i64).contains(&index);
        if inside(z, shape[0]) && inside(y, shape[1]) && inside(x, shape[2]) {
            cells[((z as usize * shape[1]) + y as usize) * shape[2] + x as usize]
        } else {
            0
        }
    }

    fn cube(cells: Cells, shape: [usize; 3], at: usize) -> Vec<u8> {
        let (z, y, x) = (at / (shape[1] * shape[2]), at / shape[2] % shape[1], at % shape[2]);
        let (z, y, x) = (z as i64, y as i64, x as i64);
        (0..27)
            .map(|k| value(cells, shape, z + k / 9 - 1, y + k / 3 % 3 - 1, x + k % 3 - 1))
            .collect()
    }

    /// Number of pieces of the 26 neighbours, by labelling.
    fn naive_pieces(without: Cells) -> usize {
        let mut label: Vec<usize> = (0..27).collect();
        for _ in 0..27 {
            for (a, b) in (0..27).flat_map(|a| (0..27).map(move |b| (a, b))) {
                let near = |step: usize| (a / step % 3).abs_diff(b / step % 3) <= 1;
                if without[a] * without[b] != 0 && near(9) && near(3) && near(1) {
                    label[a] = label[a].min(label[b]);
                }
            }
        }
        (0..27).filter(|k| without[*k] != 0 && label[*k] == *k).count()
    }

    /// The Euler characteristic by counting cells with and without the voxel; pieces; line ends.
    fn naive_deletable(cube: Cells) -> bool {
        let mut without = cube.to_vec();
        without[13] = 0;
        let euler = |cube: Cells| -> i32 {
            let mut corners = std::collections::HashSet::new();
            for voxel in (0..27).filter(|k| cube[*k] != 0) {
                for cell in 0..27 {
                    // doubled coordinates: odd = inside the voxel along that axis
                    let at = |step: usize| 2 * (voxel / step % 3) + cell / step % 3;
                    corners.insert((at(9), at(3), at(1)));
                }
            }
            let sign = |n: usize| if n.is_multiple_of(2) { 1 } else { -1 };
            corners.iter().map(|(a, b, c)| sign(a % 2 + b % 2 + c % 2)).sum()
        };
        let neighbours = without.iter().sum::<u8>();
        neighbours != 1 && naive_pieces(&without) <= 1 && euler(cube) == euler(&without)
    }

    fn naive_lee(cells: Cells, shape: [usize; 3]) -> Vec<u8> {
        let mut cells = cells.to_vec();
        loop {
            let before = cells.clone();
            for direction in
                [10, 16, 14, 12, 22, 4].into_iter().take(if shape[0] == 1 { 4 } else { 6 })
            {
                let candidates: Vec<usize> = (0..cells.len())
                    .filter(|at| cells[*at] != 0)
                    .filter(|at| cube(&cells, shape, *at)[direction] == 0)
                    .filter(|at| naive_deletable(&cube(&cells, shape, *at)))
                    .collect();
                for at in candidates {
                    let mut without = cube(&cells, shape, at);
                    without[13] = 0;
                    if naive_pieces(&without) <= 1 {
                        cells[at] = 0;
                    }
                }
            }
            if cells == before {
                return cells;
            }
        }
    }

    fn naive_zhang(cells: Cells, shape: [usize; 3]) -> Vec<u8> {
        let mut cells = cells.to_vec();
        loop {
            let start = cells.clone();
            for pass in [1, 2] {
                let before = cells.clone();
                for at in (0..cells.len()).filter(|at| before[*at] != 0) {
                    let c = cube(&before, shape, at);
                    let around = [c[9], c[10], c[11], c[14], c[17], c[16], c[15], c[12]];
                    let index = around.iter().rev().fold(0, |sum, v| 2 * sum + *v as usize);
                    if ZHANG[index] & pass != 0 {
                        cells[at] = 0;
                    }
                }
            }
            if cells == start {
                return cells;
            }
        }
    }

    fn mask(shape: Vec<usize>) -> impl Strategy<Value = (Vec<usize>, Vec<u8>)> {
        let size = shape.iter().product::<usize>();
        (1_u8..10).prop_flat_map(move |density| {
            let cell = (0_u8..10).prop_map(move |v| u8::from(v < density));
            (Just(shape.clone()), proptest::collection::vec(cell, size))
        })
    }

    #[test]
    fn scikit_images_table_in_numbers() {
        let count = |kind| (0..256).filter(|ring| ZHANG[*ring] == kind).count();
        assert_eq!([count(1), count(2), count(3)], [16, 15, 20]);
    }

    #[test]
    fn zhang_takes_no_volumes() {
        assert!(matches!(zhang(View::new(&[1; 8], &[2, 2, 2]).unwrap()), Err(Error::Argument(_))));
    }

    #[test]
    fn lines_and_single_voxels_stay() {
        let line = [0, 1, 1, 1, 1, 0];
        assert_eq!(zhang(View::new(&line, &[6]).unwrap()).unwrap(), line);
        assert_eq!(lee(View::new(&line, &[6]).unwrap()), line);
        assert_eq!(lee(View::new(&[1], &[1, 1, 1]).unwrap()), [1]);
    }

    proptest! {
        #[test]
        fn deletable_is_what_the_definition_says(around in 0_u32..1 << 27) {
            let cube: Vec<u8> = (0..27).map(|k| (around >> k & 1) as u8 | u8::from(k == 13)).collect();
            prop_assert_eq!(deletable(around), naive_deletable(&cube));
        }

        #[test]
        fn lee_equals_its_twin((shape, cells) in (1_usize..6, 1_usize..6, 1_usize..7)
            .prop_flat_map(|(z, y, x)| mask(vec![z, y, x])))
        {
            let view = View::new(&cells, &shape).unwrap();
            prop_assert_eq!(lee(view), naive_lee(&cells, view.shape()));
        }

        #[test]
        fn zhang_equals_its_twin((shape, cells) in (1_usize..12, 1_usize..12)
            .prop_flat_map(|(y, x)| mask(vec![y, x])))
        {
            let view = View::new(&cells, &shape).unwrap();
            prop_assert_eq!(zhang(view).unwrap(), naive_zhang(&cells, view.shape()));
        }
    }
}
