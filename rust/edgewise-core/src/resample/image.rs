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
struct Line {
    row: Option<usize>,
    values: Vec<Lanes>,
}

impl Kernel for Slab<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let job = self.job;
        let room = vec![[0.0; LANES]; job.layout.shape[3].div_ceil(LANES)];
        let mut lines = [0, 1].map(|_| Line { row: None, values: room.clone() });
        let (mut next, mut mixed) = (room.clone(), room);
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
                        line.row = Some(y);
                        let z = job.z[plane];
                        job.read((z.low, y), line.values.as_flattened_mut());
                        if z.weight != 0.0 {
                            job.read((z.high, y), next.as_flattened_mut());
                            between(isa, (&line.values, &next), z.weight, &mut mixed);
                            std::mem::swap(&mut line.values, &mut mixed);
                        }
                    }
                }
                let row = if tap.weight == 0.0 {
                    &lines[0].values
                } else {
                    let [low, high] = &lines;
                    between(isa, (&low.values, &high.values), tap.weight, &mut mixed);
                    &mixed
                };
                along_x(isa, row.as_flattened(), &job.x, out);
            }
        }
    }
}

/// Values between those of two rows.
#[inline(always)]
fn between<I: Isa>(isa: I, (a, b): (&[Lanes], &[Lanes]), weight: f32, to: &mut [Lanes]) {
    let weights = isa.all(weight);
    let mut check = isa.all(0.0);
    for ((to, a), b) in to.iter_mut().zip(a).zip(b) {
        let values = isa.mix(isa.load(a), isa.load(b), weights);
        check = isa.add(check, isa.sub(values, values));
        isa.store(values, to);
    }
    if not_finite(isa, check) {
        let ends = a.as_flattened().iter().zip(b.as_flattened());
        for (to, (&a, &b)) in to.as_flattened_mut().iter_mut().zip(ends) {
            mend(to, (a, b), weight);
        }
    }
}

/// Values between those of a row.
#[inline(always)]
fn along_x<I: Isa>(isa: I, row: &[f32], x: &Stretches, to: &mut [f32]) {
    let mut check = isa.all(0.0);
    for (stretch, to) in to.chunks_mut(x.each * LANES).enumerate() {
        let row = &row[x.read[stretch].start..];
        for (to, sixteen) in to.chunks_mut(LANES).zip(x.of(stretch)) {
            let (a, b) = ends(row, sixteen);
            let found = isa.mix(isa.load(&a), isa.load(&b), isa.load(&sixteen.weight));
            check = isa.add(check, isa.sub(found, found));
            let mut values = [0.0; LANES];
            isa.store(found, &mut values);
            to.copy_from_slice(&values[..to.len()]);
        }
    }
    if not_finite(isa, check) {
        for (stretch, to) in to.chunks_mut(x.each * LANES).enumerate() {
            let row = &row[x.read[stretch].start..];
            for (to, sixteen) in to.chunks_mut(LANES).zip(x.of(stretch)) {
                let (a, b) = ends(row, sixteen);
                for (i, to) in to.iter_mut().enumerate() {
                    mend(to, (a[i], b[i]), sixteen.weight[i]);
                }
            }
        }
    }
}

/// Whether a sum of differences of values from themselves says that one of them is not finite: those are no numbers, others 0.
#[inline(always)]
fn not_finite<I: Isa>(isa: I, check: I::Floats) -> bool {
    isa.at_least(check, isa.all(0.0)) != u16::MAX
}

/// Where a difference was not finite: equal values stay what they are, and infinity is only lost beside its opposite.
#[inline(always)]
fn mend(value: &mut f32, (a, b): (f32, f32), weight: f32) {
    if !value.is_finite() {
        *value = if a.to_bits() == b.to_bits() { a } else { a * (1.0 - weight) + b * weight };
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
