//! Growing run by run, for regions that are small in their image.

use std::ops::Range;

use crate::{
    components::{NeighbourRow, rows_around},
    error::{Error, Result},
    grid::View,
    mask::Mask,
};

/// A region, and the rows (counted over the image) that hold it.
#[derive(Debug)]
pub(super) struct Grown {
    pub(super) mask: Mask,
    rows: Range<usize>,
}

impl Grown {
    /// The voxels of any mask.
    pub(super) fn all(mask: Mask) -> Self {
        let [depth, height, _] = mask.shape();
        Self { mask, rows: 0..depth * height }
    }

    /// Some voxels of an image.
    pub(super) fn only<T>(image: &View<'_, T>, voxels: &[[usize; 3]]) -> Self {
        let mut mask = Mask::zeros(image.shape(), image.axes());
        for &[z, y, x] in voxels {
            mask.set(z, y, x);
        }
        Self::all(mask)
    }

    /// Write 1 for each voxel into an array of zeros.
    pub(super) fn write(&self, bytes: &mut [u8]) -> Result<()> {
        let voxels = self.mask.shape().iter().product::<usize>();
        if bytes.len() != voxels {
            let text = format!("{} elements for a region in {voxels} voxels", bytes.len());
            return Err(Error::Shape(text));
        }
        self.mask.write_rows(self.rows.clone(), bytes);
        Ok(())
    }
}

/// A stretch of a row.
#[derive(Debug, Clone, Copy)]
struct Run {
    z: usize,
    y: usize,
    start: usize,
    stop: usize,
}

/// A region that grows; rows of the image are compared with the interval when first touched.
pub(super) struct Local<'a, T, F> {
    image: View<'a, T>,
    is_inside: F,
    neighbours: Vec<NeighbourRow>,
    inside: Mask,
    known: Vec<bool>, // rows of `inside`
    region: Mask,
    rows: Range<usize>,
    waiting: Vec<Run>, // whose neighbours have not been looked at
    taken: usize,
}

impl<'a, T: Copy, F: Fn(T) -> bool + Copy> Local<'a, T, F> {
    pub(super) fn new(image: View<'a, T>, is_inside: F, connectivity: usize) -> Result<Self> {
        let ([depth, height, _], axes) = (image.shape(), image.axes());
        Ok(Self {
            image,
            is_inside,
            neighbours: rows_around(axes, connectivity)?,
            inside: Mask::zeros(image.shape(), axes),
            known: vec![false; depth * height],
            region: Mask::zeros(image.shape(), axes),
            rows: depth * height..0,
            waiting: Vec::new(),
            taken: 0,
        })
    }

    /// The region of the seeds; or, once it has taken more than `enough` runs, all voxels inside the interval.
    pub(super) fn grow(
        mut self,
        seeds: &[[usize; 3]],
        enough: usize,
    ) -> std::result::Result<Grown, Mask> {
        let [depth, height, width] = self.image.shape();
        for &[z, y, x] in seeds {
            self.take(z, y, x, x + 1);
        }
        while let Some(run) = self.waiting.pop() {
            if self.taken > enough {
                return Err(self.whole());
            }
            for k in 0..self.neighbours.len() {
                let step = self.neighbours[k];
                let z = run.z.checked_add_signed(step.dz).filter(|z| *z < depth);
                let y = run.y.checked_add_signed(step.dy).filter(|y| *y < height);
                let reach = usize::from(step.diagonal);
                if let (Some(z), Some(y)) = (z, y) {
                    let stop = width.min(run.stop + reach);
                    self.take(z, y, run.start.saturating_sub(reach), stop);
                }
            }
        }
        let rows = self.rows.start.min(self.rows.end)..self.rows.end;
        Ok(Grown { mask: self.region, rows })
    }

    /// Take the runs that have a voxel from `start` to before `stop` of a row.
    fn take(&mut self, z: usize, y: usize, start: usize, stop: usize) {
        self.know(z, y);
        let (inside, region) = (self.inside.row(z, y), self.region.row_mut(z, y));
        let (first, last) = (start / 64, (stop - 1) / 64);
        for k in first..=last {
            let mut wanted = inside[k] & !region[k];
            wanted &= if k == first { u64::MAX << (start % 64) } else { u64::MAX };
            wanted &= if k == last { u64::MAX >> (63 - (stop - 1) % 64) } else { u64::MAX };
            while wanted != 0 {
                let run = run_at(inside, 64 * k + wanted.trailing_zeros() as usize);
                set(region, &run);
                wanted &= !region[k];
                self.waiting.push(Run { z, y, start: run.start, stop: run.end });
                self.taken += 1;
                let row = z * self.image.shape()[1] + y;
                self.rows = self.rows.start.min(row)..self.rows.end.max(row + 1);
            }
        }
    }

    /// Compare a row with the interval, unless that has been done.
    fn know(&mut self, z: usize, y: usize) {
        let known = &mut self.known[z * self.image.shape()[1] + y];
        if !*known {
            *known = true;
            self.inside.pack_row(z, y, self.image.row(z, y), self.is_inside);
        }
    }

    /// All voxels inside the interval.
    fn whole(mut self) -> Mask {
        let [depth, height, _] = self.image.shape();
        for z in 0..depth {
            for y in 0..height {
                self.know(z, y);
            }
        }
        self.inside
    }
}

/// The run of set bits that holds bit `x`.
fn run_at(row: &[u64], x: usize) -> Range<usize> {
    let (mut k, bit) = (x / 64, x % 64);
    let mut clear = !row[k] & !(u64::MAX << bit); // those before
    while clear == 0 && k > 0 {
        k -= 1;
        clear = !row[k];
    }
    let start = 64 * (k + 1) - clear.leading_zeros() as usize;
    let start = if clear == 0 { 0 } else { start };
    k = x / 64;
    clear = !row[k] & u64::MAX << bit;
    while clear == 0 && k + 1 < row.len() {
        k += 1;
        clear = !row[k];
    }
    start..64 * k + clear.trailing_zeros() as usize
}

/// Set the bits of a run.
fn set(row: &mut [u64], run: &Range<usize>) {
    let (first, last) = (run.start / 64, (run.end - 1) / 64);
    let (from, to) = (u64::MAX << (run.start % 64), u64::MAX >> (63 - (run.end - 1) % 64));
    if first == last {
        row[first] |= from & to;
        return;
    }
    row[first] |= from;
    row[first + 1..last].fill(u64::MAX);
    row[last] |= to;
}
