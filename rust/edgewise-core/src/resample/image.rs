//! Images on another grid: values interpolated along z, then y, then x in single precision, or taken from the nearest element.

use std::ops::Range;

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::parallel;
use crate::simd::{self, Isa, Kernel};

use super::element::{Brain, Element, Elements, Half, LANES, sixteen};
use super::evaluate::spread;
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
    let job = &Job::new(layout, to, interpolation);
    match image {
        Elements::Float16(data) => linear::<Half>(data, job, threads, out),
        Elements::Bfloat16(data) => linear::<Brain>(data, job, threads, out),
        Elements::Float32(data) => linear::<f32>(data, job, threads, out),
        Elements::Float64(data) => linear::<f64>(data, job, threads, out),
        Elements::Uint8(data) => linear::<u8>(data, job, threads, out),
        Elements::Uint16(data) => linear::<u16>(data, job, threads, out),
        Elements::Uint32(data) => linear::<u32>(data, job, threads, out),
        Elements::Uint64(data) => linear::<u64>(data, job, threads, out),
        Elements::Int8(data) => linear::<i8>(data, job, threads, out),
        Elements::Int16(data) => linear::<i16>(data, job, threads, out),
        Elements::Int32(data) => linear::<i32>(data, job, threads, out),
        Elements::Int64(data) => linear::<i64>(data, job, threads, out),
    }
    Ok(())
}

struct Job {
    layout: Layout,
    z: Vec<Tap>,
    y: Vec<Tap>,
    x: Stretches,
}

impl Job {
    fn new(layout: &Layout, to: [usize; 3], interpolation: [Interpolation; 3]) -> Self {
        let [z, y, x] = all_taps(layout, to, interpolation);
        Self { layout: *layout, z, y, x: Stretches::new(&x) }
    }
}

fn linear<T: Element>(data: &[T::Bits], job: &Job, threads: usize, out: &mut [f32]) {
    let plane = job.y.len() * job.x.width;
    let threads = parallel::worthwhile(threads, out.len());
    parallel::install(threads, |parallel| {
        let task = |(k, out): (usize, &mut [f32])| {
            let first = k * PLANES;
            simd::dispatch(Slab::<T> { data, job, planes: first..first + out.len() / plane, out });
        };
        if parallel {
            out.par_chunks_mut(PLANES * plane).enumerate().for_each(task);
        } else {
            out.chunks_mut(PLANES * plane).enumerate().for_each(task);
        }
    });
}

/// Some planes of the target.
struct Slab<'a, T: Element> {
    data: &'a [T::Bits],
    job: &'a Job,
    planes: Range<usize>,
    out: &'a mut [f32],
}

/// A source row interpolated along z, and which one it is.
#[derive(Default)]
struct Line {
    row: Option<usize>,
    values: Vec<f32>,
}

impl<T: Element> Kernel for Slab<'_, T> {
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
                        along_z::<T, I>(
                            isa,
                            (self.data, &job.layout),
                            (job.z[plane], y),
                            line,
                            &mut next,
                        );
                    }
                }
                let low = lines[0].values.as_chunks().0;
                let high = lines[usize::from(tap.high != tap.low)].values.as_chunks().0;
                let mixing = mixed.as_chunks_mut().0.iter_mut().zip(low).zip(high);
                for ((mixed, a), b) in mixing {
                    if tap.weight == 0.0 {
                        *mixed = *a;
                    } else {
                        isa.store(isa.mix(isa.load(a), isa.load(b), isa.all(tap.weight)), mixed);
                    }
                }
                for (stretch, out) in out.chunks_mut(job.x.each * LANES).enumerate() {
                    let start = job.x.read[stretch].start;
                    for (out, sixteen) in out.chunks_mut(LANES).zip(job.x.of(stretch)) {
                        let mut values = [0.0; LANES];
                        isa.store(spread(isa, &mixed[start..], sixteen), &mut values);
                        out.copy_from_slice(&values[..out.len()]);
                    }
                }
            }
        }
    }
}

/// Read row `y` between two planes.
#[inline(always)]
fn along_z<T: Element, I: Isa>(
    isa: I,
    (data, layout): (&[T::Bits], &Layout),
    (z, y): (Tap, usize),
    line: &mut Line,
    next: &mut [f32],
) {
    line.row = Some(y);
    read::<T, I>(isa, data, layout, (z.low, y), &mut line.values);
    if z.weight == 0.0 {
        return;
    }
    read::<T, I>(isa, data, layout, (z.high, y), next);
    let values = line.values.as_chunks_mut().0;
    for (a, b) in values.iter_mut().zip(next.as_chunks().0) {
        isa.store(isa.mix(isa.load(a), isa.load(b), isa.all(z.weight)), a);
    }
}

#[inline(always)]
fn read<T: Element, I: Isa>(
    isa: I,
    data: &[T::Bits],
    layout: &Layout,
    (z, y): (usize, usize),
    values: &mut [f32],
) {
    let [_, along_z, along_y, along_x] = layout.strides;
    let start = layout.start as isize + z as isize * along_z + y as isize * along_y;
    for (k, chunk) in values.as_chunks_mut().0.iter_mut().enumerate() {
        let x = k * LANES;
        if x >= layout.shape[3] {
            break;
        }
        let there = LANES.min(layout.shape[3] - x);
        if along_x == 1 && there == LANES {
            isa.store(sixteen::<T, I>(isa, data, start as usize + x), chunk);
            continue;
        }
        let mut some = [T::Bits::default(); LANES];
        for (i, one) in some[..there].iter_mut().enumerate() {
            *one = data[(start + (x + i) as isize * along_x) as usize];
        }
        isa.store(T::wide(isa, &some), chunk);
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
