//! Elements near the other boundary: 64 at a time against ever longer offsets.
//!
//! Offsets are sorted by length, so the first one that leads from an element to one of the other boundary is its distance. All offsets up to the
//! reach are tried; elements left over are farther away than that.

use rayon::prelude::*;

use super::{Surface, Tally};
use crate::grid::Metric;
use crate::mask::{Mask, each_bit};
use crate::parallel;

/// Words of a mask that are worth a thread: fewer are searched sooner than a thread wakes up.
const GRAIN: usize = 1 << 12;
/// How far to look, in smallest spacings: 123 offsets in three axes of equal spacing.
const REACH: f64 = 3.0;

/// All index offsets up to the reach, shortest first.
pub(super) struct Offsets {
    /// Squared length, and the offset along z, y, x.
    sorted: Vec<(f64, [i64; 3])>,
}

impl Offsets {
    pub(super) fn new(metric: &Metric, axes: usize) -> Self {
        let spacing = metric.spacing();
        let real = &spacing[3 - axes..];
        let reach = REACH * real.iter().copied().fold(f64::INFINITY, f64::min);
        let extent =
            [0, 1, 2].map(|k| if k < 3 - axes { 0 } else { (reach / spacing[k]) as i64 + 1 });
        let limit = reach * reach;
        let mut sorted = Vec::new();
        for z in -extent[0]..=extent[0] {
            for y in -extent[1]..=extent[1] {
                for x in -extent[2]..=extent[2] {
                    let square = metric.squared([z, y, x]);
                    if square <= limit {
                        sorted.push((square, [z, y, x]));
                    }
                }
            }
        }
        sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        Self { sorted }
    }
}

/// What is near, counted, and the elements that are not.
pub(super) fn search(
    query: &Surface,
    source: &Mask,
    offsets: &Offsets,
    threads: usize,
) -> (Tally, Mask) {
    let elements = query.elements();
    let planes = elements.shape()[0];
    let threads = threads.min(elements.words().len().div_ceil(GRAIN)).max(1);
    let per_task = planes.div_ceil(4 * threads).max(1);
    let tasks: Vec<_> = (0..planes).step_by(per_task).collect();
    let work = |&first: &usize| {
        let mut found = Found::new(query, offsets);
        for z in first..planes.min(first + per_task) {
            found.plane(z, source);
        }
        found
    };
    let parts: Vec<Found> = parallel::install(threads, |parallel| {
        if parallel {
            tasks.par_iter().map(work).collect()
        } else {
            tasks.iter().map(work).collect()
        }
    });
    let mut tally = Tally::default();
    let mut left = Mask::zeros(elements.shape(), elements.axes());
    let mut words = left.words_mut();
    for part in parts {
        part.count(&mut tally);
        let (own, others) = words.split_at_mut(part.left.len());
        own.copy_from_slice(&part.left);
        words = others;
    }
    (tally, left)
}

/// Results of some planes.
struct Found<'a> {
    query: &'a Surface,
    offsets: &'a Offsets,
    /// Elements by offset and, where weights differ, code of the surface element.
    counts: Vec<u64>,
    codes: usize,
    /// Words of the planes, without the elements that are near.
    left: Vec<u64>,
}

impl<'a> Found<'a> {
    fn new(query: &'a Surface, offsets: &'a Offsets) -> Self {
        let codes = match query {
            Surface::Voxels(_) => 1,
            Surface::Surfels(..) => 256,
        };
        let counts = vec![0; codes * offsets.sorted.len()];
        Self { query, offsets, counts, codes, left: Vec::new() }
    }

    fn plane(&mut self, z: usize, source: &Mask) {
        let elements = self.query.elements();
        let mut open: Vec<(usize, u64)> = Vec::new();
        for y in 0..elements.shape()[1] {
            let words = elements.row(z, y).iter().copied().enumerate();
            open.clear();
            open.extend(words.filter(|&(_, word)| word != 0));
            self.row(z, y, &mut open, source);
            let start = self.left.len();
            self.left.resize(start + elements.words_per_row(), 0);
            for &(k, word) in &open {
                self.left[start + k] = word;
            }
        }
    }

    /// Try the open words of a row against all offsets; what stays in `open` is not near.
    fn row(&mut self, z: usize, y: usize, open: &mut Vec<(usize, u64)>, source: &Mask) {
        let [planes, rows, _] = source.shape();
        let offsets = self.offsets;
        for (n, &(_, [dz, dy, dx])) in offsets.sorted.iter().enumerate() {
            if open.is_empty() {
                return;
            }
            let (other_z, other_y) = (z as i64 + dz, y as i64 + dy);
            if !(0..planes as i64).contains(&other_z) || !(0..rows as i64).contains(&other_y) {
                continue;
            }
            let row = source.row(other_z as usize, other_y as usize);
            let mut resolved = false;
            for (k, word) in open.iter_mut() {
                let hit = *word & window(row, *k, dx);
                if hit != 0 {
                    *word &= !hit;
                    resolved |= *word == 0;
                    self.hit(n, [z, y, *k], hit);
                }
            }
            if resolved {
                open.retain(|&(_, word)| word != 0);
            }
        }
    }

    fn hit(&mut self, offset: usize, [z, y, k]: [usize; 3], hit: u64) {
        match self.query {
            Surface::Voxels(_) => self.counts[offset] += u64::from(hit.count_ones()),
            Surface::Surfels(surfels, _) => {
                let counts = &mut self.counts[offset * self.codes..];
                each_bit(&[hit], |bit| {
                    counts[usize::from(surfels.code_at(z, y, 64 * k + bit))] += 1;
                });
            }
        }
    }

    fn count(&self, tally: &mut Tally) {
        for (n, &count) in self.counts.iter().enumerate().filter(|(_, count)| **count != 0) {
            let weight = match self.query {
                Surface::Voxels(_) => 1.0,
                Surface::Surfels(_, table) => table.table()[n % self.codes],
            };
            tally.add(self.offsets.sorted[n / self.codes].0, weight, count);
        }
    }
}

/// The 64 voxels of a row that lie `dx` (less than 64 either way) beyond those of word `k`; beyond the row there is nothing.
#[inline]
fn window(row: &[u64], k: usize, dx: i64) -> u64 {
    let shift = dx.unsigned_abs() as u32;
    let word = row[k];
    match dx.signum() {
        1 => word >> shift | row.get(k + 1).map_or(0, |next| next << (64 - shift)),
        -1 => word << shift | if k > 0 { row[k - 1] >> (64 - shift) } else { 0 },
        _ => word,
    }
}
