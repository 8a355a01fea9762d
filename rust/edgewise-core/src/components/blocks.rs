//! Components of a mask, by blocks of rows.
//!
//! With full connectivity any two voxels of a block of 2 x 2 rows that are at most one step of x apart touch, so the runs of the block's rows laid
//! over each other are whole pieces: a quarter of the rows, and fewer and longer runs. With less connectivity a block is one row.
#![allow(clippy::inline_always, reason = "see `simd`")]

use std::ops::Range;

use super::forest::{Forest, Grove};
use super::join_in_parts;
use super::stretches::{Places, ends, next_bits};
use super::tracks::{Tracks, starts_of};
use crate::error::Result;
use crate::mask::Mask;
use crate::simd::{self, Isa, Kernel};

/// Up to two rows laid over each other.
type Face<'a> = [&'a [u64]; 2];

/// The blocks of a mask and their runs.
#[derive(Debug)]
pub(crate) struct Blocks<'a> {
    mask: &'a Mask,
    connectivity: usize,
    side: [usize; 2],  // rows of a block along z and y
    grid: [usize; 2],  // blocks along z and y
    nothing: Vec<u64>, // the row outside
    pub(crate) tracks: Tracks,
}

impl<'a> Blocks<'a> {
    /// `connectivity` is 1 to the number of axes of the mask.
    pub(crate) fn new(mask: &'a Mask, connectivity: usize) -> Result<Self> {
        let axes = mask.axes();
        let side = if connectivity == axes {
            [1 + usize::from(axes > 2), 1 + usize::from(axes > 1)]
        } else {
            [1, 1]
        };
        let [depth, height, _] = mask.shape();
        let grid = [depth.div_ceil(side[0]), height.div_ceil(side[1])];
        let words = mask.words_per_row();
        let mut starts = vec![0; grid[0] * grid[1] * words];
        simd::dispatch(FirstBits { mask, side, grid, starts: &mut starts });
        let tracks = Tracks::new(starts, words)?;
        Ok(Self { mask, connectivity, side, grid, nothing: vec![0; words], tracks })
    }

    /// The block of a row of the mask.
    #[inline(always)]
    pub(crate) fn block(&self, z: usize, y: usize) -> usize {
        z / self.side[0] * self.grid[1] + y / self.side[1]
    }

    /// Whether every block is one row.
    pub(crate) fn are_rows(&self) -> bool {
        self.side == [1, 1]
    }

    /// The run that holds a voxel of the mask.
    #[inline(always)]
    pub(crate) fn run(&self, z: usize, y: usize, x: usize) -> u32 {
        self.tracks.at(self.tracks.word(self.block(z, y)) + x / 64, (x % 64) as u32)
    }

    /// Join the runs that touch; `parallel`: in that many parts, with rayon.
    pub(crate) fn join(&self, parts: usize) -> Forest {
        let reach = self.grid[1] + 1; // a block reaches back one plane and one block
        join_in_parts(
            &self.tracks,
            self.grid[0] * self.grid[1],
            reach,
            parts,
            |rows, among, grove| {
                simd::dispatch(Join { blocks: self, rows, among, grove, lists: self.lists() });
            },
        )
    }

    fn lists(&self) -> [Places; 3] {
        [(); 3].map(|()| Places::new(self.mask.words_per_row()))
    }

    /// Call `visit` with the first bits of the runs of each block and its rows, each with its z and y; rows may come twice.
    #[inline(always)]
    pub(crate) fn each_block(&self, mut visit: impl FnMut(&[u64], &[((usize, usize), &[u64])])) {
        let [depth, height, _] = self.mask.shape();
        for block in 0..self.grid[0] * self.grid[1] {
            let word = self.tracks.word(block);
            let starts = self.tracks.starts(word..word + self.mask.words_per_row());
            let (z, y) = (block / self.grid[1] * self.side[0], block % self.grid[1] * self.side[1]);
            let (far_z, far_y) =
                ((z + self.side[0]).min(depth) - 1, (y + self.side[1]).min(height) - 1);
            let row = |z, y| ((z, y), self.mask.row(z, y));
            let rows = [row(z, y), row(z, far_y), row(far_z, y), row(far_z, far_y)];
            visit(starts, if self.are_rows() { &rows[..1] } else { &rows });
        }
    }

    /// A row of the mask; outside and beyond its block, nothing.
    #[inline(always)]
    fn row(&self, z: Option<usize>, y: Option<usize>) -> &[u64] {
        let [depth, height, _] = self.mask.shape();
        match (z, y) {
            (Some(z), Some(y)) if z < depth && y < height => self.mask.row(z, y),
            _ => &self.nothing,
        }
    }
}

struct FirstBits<'a> {
    mask: &'a Mask,
    side: [usize; 2],
    grid: [usize; 2],
    starts: &'a mut [u64],
}

impl Kernel for FirstBits<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let words = self.mask.words_per_row();
        let [depth, height, _] = self.mask.shape();
        for (block, starts) in self.starts.chunks_exact_mut(words).enumerate() {
            let (z, y) = (block / self.grid[1] * self.side[0], block % self.grid[1] * self.side[1]);
            if self.side == [1, 1] {
                starts_of(self.mask.row(z, y).iter().copied(), starts);
                continue;
            }
            let (far_z, far_y) =
                ((z + self.side[0]).min(depth) - 1, (y + self.side[1]).min(height) - 1);
            let (a, b) = (self.mask.row(z, y), self.mask.row(z, far_y));
            let (c, d) = (self.mask.row(far_z, y), self.mask.row(far_z, far_y));
            let laid = a.iter().zip(b).zip(c).zip(d).map(|(((a, b), c), d)| a | b | c | d);
            starts_of(laid, starts);
        }
    }
}

/// Which voxels of a word are known to hang together with the voxel straight on, or one step ahead; `behind`: which of the other row with the voxel
/// one step ahead of them.
#[derive(Clone, Copy, Default)]
struct Known {
    straight: u64,
    ahead: u64,
    behind: u64,
}

impl Known {
    fn straight(straight: u64) -> Self {
        Self { straight, ..Self::default() }
    }
}

/// Word k of the voxels after those of a row.
#[inline(always)]
fn next(row: &[u64], k: usize) -> u64 {
    next_bits(row[k], row.get(k + 1).copied().unwrap_or(0))
}

/// Word k of the voxels before those of a row.
#[inline(always)]
fn previous(row: &[u64], k: usize) -> u64 {
    row[k] << 1 | k.checked_sub(1).map_or(0, |k| row[k] >> 63)
}

/// Word k of the voxels that are in a row or beside one that is.
#[inline(always)]
fn around(row: &[u64], k: usize) -> u64 {
    row[k] | next(row, k) | previous(row, k)
}

/// Join the runs of the blocks `rows` with those of earlier blocks that lie in `among`.
struct Join<'a> {
    blocks: &'a Blocks<'a>,
    rows: Range<usize>,
    among: Range<usize>,
    grove: Grove<'a>,
    lists: [Places; 3], // where two blocks touch straight on, one step ahead, one step behind
}

impl Kernel for Join<'_> {
    type Output = ();

    /// Of two ways to go round a square only one is taken: with the runs that touch along y joined, those along z need joining only where the
    /// voxels before both, which would have joined them, are missing; and those across an edge only where both voxels between are missing.
    ///
    /// With edge neighbours in 3D, where a block is one row, a third voxel that touches both is enough: the pairs with it come earlier (rows in
    /// their order; for each the row above, then of the plane behind the same row, the one above, the one below) or go by a third one in turn.
    #[inline(always)]
    fn run<I: Isa>(mut self, _: I) {
        let blocks = self.blocks;
        let [side_z, side_y] = blocks.side;
        let axes = blocks.mask.axes();
        for block in self.rows.clone() {
            let (z, y) = (block / blocks.grid[1], block % blocks.grid[1]);
            let (z0, y0) = (z * side_z, y * side_y);
            let (z1, y1) = (z0 + side_z - 1, y0 + side_y - 1);
            // of the block, of the one before it, of the one in the plane before
            let row = |z: usize, y: usize| blocks.row(Some(z), Some(y));
            let above = |z: usize| blocks.row(Some(z), y0.checked_sub(1));
            let behind = |y: usize| blocks.row(z0.checked_sub(1), Some(y));
            let over = blocks.row(z0.checked_sub(1), y0.checked_sub(1));
            let none = &blocks.nothing[..];
            let pick = |two: bool, row| if two { row } else { none };
            let (two_z, two_y) = (side_z > 1, side_y > 1);
            let face = blocks.connectivity > 1;
            let edges = face && axes > blocks.connectivity;
            if y > 0 && self.among.contains(&(block - 1)) {
                let ours = [row(z0, y0), pick(two_z, row(z1, y0))];
                let theirs = [above(z0), pick(two_z, above(z1))];
                if edges && let Some(two_above) = y0.checked_sub(2) {
                    // to the right by way of the voxel to the left and the one two rows above
                    let (c, e) = (above(z0), row(z0, two_above));
                    let known = |k| Known { ahead: previous(c, k) & e[k], ..Known::default() };
                    self.touch(ours, theirs, known, face, [block, block - 1]);
                } else {
                    self.touch(ours, theirs, |_| Known::default(), face, [block, block - 1]);
                }
            }
            if z == 0 || axes < 3 {
                continue;
            }
            let back = block - blocks.grid[1];
            if self.among.contains(&back) {
                let ours = [row(z0, y0), pick(two_y, row(z0, y1))];
                let theirs = [behind(y0), pick(two_y, behind(y1))];
                let (a, b, c, d) = (row(z0, y0), behind(y0), above(z0), over);
                if edges {
                    let known =
                        |k| Known { straight: a[k] & c[k], ahead: next(c, k), behind: c[k] };
                    self.touch(ours, theirs, known, face, [block, back]);
                } else {
                    let known = |k| Known::straight(a[k] & b[k] & c[k] & d[k]);
                    self.touch(ours, theirs, known, face, [block, back]);
                }
            }
            if blocks.connectivity < 2 {
                continue;
            }
            let corner = blocks.connectivity > 2;
            if y > 0 && self.among.contains(&(back - 1)) {
                let (a, b) = (above(z0), behind(y0));
                let (ours, theirs) = ([row(z0, y0), none], [over, none]);
                if edges {
                    let known = |k| Known::straight(around(a, k) | around(b, k));
                    self.touch(ours, theirs, known, corner, [block, back - 1]);
                } else {
                    let known = |k| Known::straight(a[k] | b[k]);
                    self.touch(ours, theirs, known, corner, [block, back - 1]);
                }
            }
            if y + 1 < blocks.grid[1] && self.among.contains(&(back + 1)) {
                let (a, b) = (row(z0, y1 + 1), behind(y1));
                let (ours, theirs) = ([row(z0, y1), none], [behind(y1 + 1), none]);
                if edges {
                    let known = |k| Known::straight(around(b, k));
                    self.touch(ours, theirs, known, corner, [block, back + 1]);
                } else {
                    let known = |k| Known::straight(a[k] | b[k]);
                    self.touch(ours, theirs, known, corner, [block, back + 1]);
                }
            }
        }
    }
}

impl Join<'_> {
    /// Join the runs of two blocks that touch on two faces, `diagonal`: also one step of x apart; not where they are `known` to hang together.
    #[inline(always)]
    fn touch(
        &mut self,
        ours: Face,
        theirs: Face,
        known: impl Fn(usize) -> Known,
        diagonal: bool,
        blocks: [usize; 2],
    ) {
        let tracks = &self.blocks.tracks;
        let bases = blocks.map(|block| tracks.word(block));
        let words = ours[0].len();
        let laid = |face: Face, k: usize| face[0][k] | face[1][k];
        let (mut a, mut b) = (laid(ours, 0), laid(theirs, 0));
        for k in 0..words {
            let (mut next_a, mut next_b) = (0, 0);
            if k + 1 < words {
                (next_a, next_b) = (laid(ours, k + 1), laid(theirs, k + 1));
            }
            let both = a & b;
            let known = known(k);
            self.lists[0].add(k, ends(both, known.straight, 0, next_a & next_b & 1 == 1));
            if diagonal {
                let (after_a, after_b) = (next_bits(a, next_a), next_bits(b, next_b));
                self.lists[1].add(k, a & after_b & !b & !after_a & !known.ahead);
                self.lists[2].add(k, b & after_a & !a & !after_b & !known.behind);
            }
            (a, b) = (next_a, next_b);
        }
        let [straight, ahead, behind] = &mut self.lists;
        let (grove, [ours, theirs]) = (&mut self.grove, bases);
        straight.take(|k, bit| grove.join(tracks.at(ours + k, bit), tracks.at(theirs + k, bit)));
        if diagonal {
            let up = |k: usize, bit: u32| (k + (bit as usize + 1) / 64, (bit + 1) % 64);
            ahead.take(|k, bit| {
                let (next, place) = up(k, bit);
                grove.join(tracks.at(ours + k, bit), tracks.at(theirs + next, place));
            });
            behind.take(|k, bit| {
                let (next, place) = up(k, bit);
                grove.join(tracks.at(ours + next, place), tracks.at(theirs + k, bit));
            });
        }
    }
}
