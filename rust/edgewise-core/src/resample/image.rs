//! Images on another grid: values interpolated along z, then y, then x in single precision, or taken from the nearest element.

use std::ops::Range;

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::parallel;
use crate::simd::{self, Isa, Kernel};

use super::element::{Elements, LANES, Lanes};
use super::evaluate::ends;
use super::grid::Stretches;
use super::strided::Layout;
use super::taps::{Interpolation, Tap, taps};

/// Planes that a task makes.
const PLANES: usize = 4;

fn check(layout: &Layout, length: usize, to: [usize; 3], room: usize) -> Result<()> {
    layout.check(length)?;
    let voxels = to.iter().try_fold(1, |all: usize, &n| all.checked_mul(n));
    if layout.shape[0] != 1 || room == 0 || voxels != Some(room) {
        return Err(Error::Shape(format!(
            "an image of shape {:?} does not give {to:?} in {room} elements",
            layout.shape
        )));
    }
    Ok(())
}

fn all_taps(layout: &Layout, to: [usize; 3], interpolation: [Interpolation; 3]) -> [Vec<Tap>; 3] {
    [0, 1, 2].map(|k| taps(layout.shape[k + 1], to[k], interpolation[k]))
}

/// The image on a grid of shape `to`, in row-major order. The first axis of the layout has length 1.
///
/// # Errors
/// [`Error::Shape`] if shapes, layout and lengths do not belong together.
pub fn linear_into(
    image: Elements<'_>,
    layout: &Layout,
    to: [usize; 3],
    interpolation: [Interpolation; 3],
    threads: usize,
    out: &mut [f32],
) -> Result<()> {
    check(layout, image.len(), to, out.len())?;
    let job = &Job::new(image, layout, to, interpolation);
    let plane = job.y.len() * job.x.width;
    let threads = parallel::worthwhile(threads, out.len());
    parallel::install(threads, |parallel| {
        let task = |(k, out): (usize, &mut [f32])| {
            let first = k * PLANES;
            simd::dispatch(Slab { job, planes: first..first + out.len() / plane, out });
        };
        if parallel {
            out.par_chunks_mut(PLANES * plane).enumerate().for_each(task);
        } else {
            out.chunks_mut(PLANES * plane).enumerate().for_each(task);
        }
    });
    Ok(())
}

struct Job<'a> {
    image: Elements<'a>,
    layout: Layout,
    z: Vec<Tap>,
    y: Vec<Tap>,
    x: Stretches,
}

impl<'a> Job<'a> {
    fn new(
        image: Elements<'a>,
        layout: &Layout,
        to: [usize; 3],
        interpolation: [Interpolation; 3],
    ) -> Self {
        let [z, y, x] = all_taps(layout, to, interpolation);
        Self { image, layout: *layout, z, y, x: Stretches::new(&x) }
    }

    /// A row of the image.
    fn read(&self, (z, y): (usize, usize), values: &mut [f32]) {
        let [_, along_z, along_y, along_x] = self.layout.strides;
        let start = self.layout.start as isize + z as isize * along_z + y as isize * along_y;
        self.image.round(start as usize, along_x, &mut values[..self.layout.shape[3]]);
    }
}

/// Some planes of the target.
struct Slab<'a> {
    job: &'a Job<'a>,
    planes: Range<usize>,
    out: &'a mut [f32],
}

/// A source row interpolated along z, and which one it is.
#[derive(Default)]
struct Line {
    row: Option<usize>,
    values: Vec<f32>,
}

impl Kernel for Slab<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let (job, width) = (self.job, self.job.layout.shape[3]);
        let room = width.next_multiple_of(LANES) + 2 * LANES;
        let mut lines = [0, 1].map(|_| Line { row: None, values: vec![0.0; room] });
        let mut next = vec![0.0; room];
        let mut mixed = vec![0.0; room];
        let mut rows = self.out.chunks_exact_mut(job.x.width);
        for plane in self.planes {
            for line in &mut lines {
                line.row = None;
            }
            for tap in &job.y {
                let Some(out) = rows.next() else { return };
                if lines[0].row != Some(tap.low) {
                    lines.swap(0, 1);
                }
                for (line, y) in lines.iter_mut().zip([tap.low, tap.high]) {
                    if line.row != Some(y) && (y == tap.low || tap.high != tap.low) {
                        along_z(isa, job, (job.z[plane], y), line, &mut next);
                    }
                }
                let low = lines[0].values.as_chunks().0;
                let high = lines[usize::from(tap.high != tap.low)].values.as_chunks().0;
                let mixing = mixed.as_chunks_mut().0.iter_mut().zip(low).zip(high);
                for ((mixed, a), b) in mixing {
                    *mixed = if tap.weight == 0.0 {
                        *a
                    } else {
                        between(isa, (a, b), &[tap.weight; LANES])
                    };
                }
                for (stretch, out) in out.chunks_mut(job.x.each * LANES).enumerate() {
                    let start = job.x.read[stretch].start;
                    for (out, sixteen) in out.chunks_mut(LANES).zip(job.x.of(stretch)) {
                        let (a, b) = ends(&mixed[start..], sixteen);
                        let values = between(isa, (&a, &b), &sixteen.weight);
                        out.copy_from_slice(&values[..out.len()]);
                    }
                }
            }
        }
    }
}

/// Read row `y` between two planes.
#[inline(always)]
fn along_z<I: Isa>(isa: I, job: &Job<'_>, (z, y): (Tap, usize), line: &mut Line, next: &mut [f32]) {
    line.row = Some(y);
    job.read((z.low, y), &mut line.values);
    if z.weight == 0.0 {
        return;
    }
    job.read((z.high, y), next);
    let values = line.values.as_chunks_mut().0;
    for (a, b) in values.iter_mut().zip(next.as_chunks().0) {
        *a = between(isa, (a, b), &[z.weight; LANES]);
    }
}

/// Values between others, which may be infinite or so large that their difference is.
#[inline(always)]
fn between<I: Isa>(isa: I, (a, b): (&Lanes, &Lanes), weights: &Lanes) -> Lanes {
    let values = isa.mix(isa.load(a), isa.load(b), isa.load(weights));
    let mut found = [0.0; LANES];
    isa.store(values, &mut found);
    // of a finite number the difference from itself is 0, of others no number
    if isa.at_least(isa.sub(values, values), isa.all(0.0)) != u16::MAX {
        mend((a, b), weights, &mut found);
    }
    found
}

/// Equal values stay what they are, and infinity is only lost beside its opposite.
#[cold]
#[inline(never)]
fn mend((a, b): (&Lanes, &Lanes), weights: &Lanes, found: &mut Lanes) {
    for (i, found) in found.iter_mut().enumerate().filter(|(_, found)| !found.is_finite()) {
        let (a, b, weight) = (a[i], b[i], weights[i]);
        *found = if a.to_bits() == b.to_bits() { a } else { a * (1.0 - weight) + b * weight };
    }
}

/// The nearest element for every element of a grid of shape `to`, in row-major order; elements are copied whatever they mean.
///
/// # Errors
/// [`Error::Shape`] if shapes, layout and lengths do not belong together.
pub fn nearest_into<W: Copy + Send + Sync>(
    image: &[W],
    layout: &Layout,
    to: [usize; 3],
    threads: usize,
    out: &mut [W],
) -> Result<()> {
    check(layout, image.len(), to, out.len())?;
    let [z, y, x] = all_taps(layout, to, [Interpolation::Nearest; 3]);
    let [_, along_z, along_y, along_x] = layout.strides;
    let columns: Vec<isize> = x.iter().map(|tap| tap.low as isize * along_x).collect();
    let (height, width) = (y.len(), x.len());
    let fill = |(plane, out): (usize, &mut [W])| {
        let start = layout.start as isize + z[plane].low as isize * along_z;
        for k in 0..height {
            let (before, rest) = out.split_at_mut(k * width);
            let row = &mut rest[..width];
            if k > 0 && y[k] == y[k - 1] {
                row.copy_from_slice(&before[(k - 1) * width..]);
                continue;
            }
            let start = start + y[k].low as isize * along_y;
            for (element, &column) in row.iter_mut().zip(&columns) {
                *element = image[(start + column) as usize];
            }
        }
    };
    parallel::install(parallel::worthwhile(threads, out.len()), |parallel| {
        if parallel {
            out.par_chunks_mut(height * width).enumerate().for_each(fill);
        } else {
            out.chunks_mut(height * width).enumerate().for_each(fill);
        }
    });
    Ok(())
}
