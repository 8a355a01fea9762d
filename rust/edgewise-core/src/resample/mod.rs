//! Resampling: class scores on one grid to labels on another, without the scores on that other grid; and images.
//!
//! The value of a class at an element of the target is interpolated linearly between the elements around it (`taps` says where it lies), along z, then y, then
//! x; the element gets the label of the class with the greatest value. Written as that sentence says, every class of every element of the target is computed, and mostly
//! in vain: a class that is nowhere between two planes as great as another one is everywhere cannot win there. So a group of rows is followed from plane to
//! plane; bounds of all classes are taken column by column (`bounds`), and only classes that may win are computed (`evaluate`). Where just one may, nothing is.
//!
//! Working memory does not depend on the number of planes: a thread has two pairs of bounds for every class and column.
//! Results do not depend on threads, vector instructions, the order in memory, or the slabs that planes come in.
#![allow(clippy::inline_always, reason = "see `simd`")]

use std::marker::PhantomData;
use std::ops::Range;

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::parallel;
use crate::simd::{self, Isa, Kernel};

mod bounds;
mod element;
mod evaluate;
mod grid;
mod image;
mod labels;
mod strided;
mod taps;
#[cfg(test)]
mod tests;

use bounds::{Bounds, Candidates, padded};
use element::Element;
use evaluate::{Best, Contender};
use grid::{Group, Run, Stretches, groups, runs, table};
use strided::{Reader, Rows};
use taps::{Tap, taps};

pub use element::Elements;
pub use image::{linear_into, nearest_into};
pub use labels::{Choice, Labels};
pub use strided::Layout;
pub use taps::Interpolation;

/// What is wanted. Axes are z, y, x; arrays of fewer axes have length 1 along the others.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Of the whole source; the logits that are given may be some of its planes.
    pub from: [usize; 3],
    /// Of the whole target.
    pub to: [usize; 3],
    /// Along each axis.
    pub interpolation: [Interpolation; 3],
    /// The plane of the source that the logits begin with.
    pub first: usize,
    /// The planes of the target to be made, between planes that are there.
    pub planes: (usize, usize),
    /// By class.
    pub labels: &'a [u16],
    /// Where no class wins.
    pub background: u16,
    /// Which one wins.
    pub choice: Choice,
    /// How many threads; the result does not depend on it.
    pub threads: usize,
}

/// The planes of the target that lie between planes `first` to `stop` (exclusive) of the source and not between earlier ones.
pub fn complete(from: usize, to: usize, interpolation: Interpolation, stop: usize) -> usize {
    taps(from, to, interpolation).partition_point(|tap| tap.high < stop)
}

/// The label of the winning class for every element of `request.planes` of the target, in row-major order.
///
/// `logits` are half, single or double precision or bfloat16, computed with in single precision; `layout` says where class, z, y, x lie in them.
///
/// # Errors
/// [`Error::Shape`] if shapes, planes, layout and lengths do not belong together; [`Error::Argument`] if the type is none of those; [`Error::Label`] if a label does not
/// fit into a byte where bytes are wanted.
pub fn argmax_into(
    logits: Elements<'_>,
    layout: &Layout,
    request: &Request<'_>,
    out: Labels<'_>,
) -> Result<()> {
    layout.check(logits.len())?;
    let axes = Axes::new(layout, request, &out)?;
    match logits {
        Elements::Float16(_) => in_tasks::<u16>(logits, &axes, out),
        Elements::Float32(_) | Elements::Bfloat16(_) | Elements::Float64(_) => {
            in_tasks::<f32>(logits, &axes, out);
        }
        _ => return Err(Error::Argument("logits must be of a floating type".to_owned())),
    }
    Ok(())
}

/// What is the same for all tasks.
struct Axes<'a> {
    layout: Layout,
    request: &'a Request<'a>,
    z: Vec<Tap>,
    y: Vec<Tap>,
    x: Stretches,
    /// Whether values between columns occur.
    pairs: bool,
}

impl<'a> Axes<'a> {
    fn new(layout: &Layout, request: &'a Request<'a>, out: &Labels<'_>) -> Result<Self> {
        let [classes, depth, height, width] = layout.shape;
        let (from, to, planes) = (request.from, request.to, request.planes);
        let room = out.len();
        let wrong = || {
            Error::Shape(format!(
                "logits of shape {:?} from plane {} of {from:?} do not give planes {planes:?} of {to:?} in {room} elements",
                layout.shape, request.first
            ))
        };
        if to.contains(&0)
            || from.contains(&0)
            || [height, width] != from[1..]
            || planes.0 > planes.1
            || planes.1 > to[0]
            || (planes.1 - planes.0).checked_mul(to[1] * to[2]) != Some(room)
            || request.labels.len() != classes
        {
            return Err(wrong());
        }
        let [z, y, x] = [0, 1, 2].map(|k| taps(from[k], to[k], request.interpolation[k]));
        let there = request.first..request.first + depth;
        let read = z[planes.0..planes.1].iter().flat_map(|tap| [tap.low, tap.high]);
        if !read.into_iter().all(|plane| there.contains(&plane)) {
            return Err(wrong());
        }
        let greatest = request.labels.iter().copied().max().unwrap_or(0).max(request.background);
        if matches!(out, Labels::Bytes(_)) && greatest > u16::from(u8::MAX) {
            return Err(Error::Label(format!("label {greatest} does not fit into 8 bits")));
        }
        let pairs = x.iter().any(|tap| tap.high != tap.low);
        let x = Stretches::new(&x);
        Ok(Self { layout: *layout, request, z, y, x, pairs })
    }
}

/// Slabs of the target, or parts of planes where there are few planes.
fn in_tasks<T: Element>(logits: Elements<'_>, axes: &Axes<'_>, out: Labels<'_>) {
    const SHARE: usize = 4; // tasks a thread, so that none waits long for the last one
    let (start, stop) = axes.request.planes;
    let [_, height, width] = axes.request.to;
    let work = out.len() * axes.layout.shape[0] / 8; // of a class little is computed
    let threads = parallel::worthwhile(axes.request.threads, work);
    let tasks = if threads > 1 { threads * SHARE } else { 1 };
    let depth = (stop - start).div_ceil(tasks).max(1);
    let split = if stop - start < tasks { tasks.div_ceil((stop - start).max(1)) } else { 1 };
    let rows = height.div_ceil(split);
    let mut parts: Vec<Task<'_, T>> = Vec::new();
    let mut add = |planes, rows, out| {
        parts.push(Task { logits, axes, planes, rows, out, kind: PhantomData });
    };
    if split == 1 {
        for (k, out) in out.pieces(depth * height * width).into_iter().enumerate() {
            let first = start + k * depth;
            add(first..(first + depth).min(stop), 0..height, out);
        }
    } else {
        for (z, plane) in out.pieces(height * width).into_iter().enumerate() {
            for (k, out) in plane.pieces(rows * width).into_iter().enumerate() {
                let rows = k * rows..((k + 1) * rows).min(height);
                add(start + z..start + z + 1, rows, out);
            }
        }
    }
    parallel::install(threads, |parallel| {
        if parallel {
            parts.into_par_iter().for_each(simd::dispatch);
        } else {
            parts.into_iter().for_each(simd::dispatch);
        }
    });
}

/// Some rows of some planes of the target.
struct Task<'a, T> {
    logits: Elements<'a>,
    axes: &'a Axes<'a>,
    planes: Range<usize>,
    rows: Range<usize>,
    out: Labels<'a>,
    /// What the kernel reads.
    kind: PhantomData<T>,
}

/// Working memory of a task.
struct Scratch {
    bounds: [Bounds; 2],
    candidates: Candidates,
    classes: Vec<(usize, bool)>,
    best: Best,
}

impl<T: Element> Kernel for Task<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(mut self, isa: I) {
        let axes = self.axes;
        let request = axes.request;
        let runs = runs(&axes.z[self.planes.clone()], self.planes.start, request.first);
        let mut scratch = Scratch {
            bounds: Default::default(),
            candidates: Candidates::default(),
            classes: Vec::new(),
            best: Best::sized(axes.x.longest()),
        };
        for group in &groups(&axes.y[self.rows.clone()], self.rows.start) {
            let room = padded(axes.layout.shape[3]);
            let mut reader = Reader::new(self.logits, axes.layout, &group.sources, room);
            for bounds in &mut scratch.bounds {
                bounds.plane = None;
            }
            for run in &runs {
                let rows = reader.rows(run.low, run.high);
                self.run_of_planes(isa, &rows, (group, run), &mut scratch);
            }
        }
    }
}

impl<T: Element> Task<'_, T> {
    /// A group of rows between two planes.
    #[inline(always)]
    fn run_of_planes<I: Isa>(
        &mut self,
        isa: I,
        rows: &Rows<'_, T>,
        (group, run): (&Group, &Run),
        scratch: &mut Scratch,
    ) {
        let (axes, size) = (self.axes, table(&self.axes.layout));
        let request = axes.request;
        if scratch.bounds[0].plane != Some(run.low) {
            scratch.bounds.swap(0, 1);
        }
        for (k, plane) in [run.low, run.high].into_iter().enumerate() {
            if scratch.bounds[k].plane != Some(plane) && (k == 0 || run.high != run.low) {
                scratch.bounds[k].fill::<T, I>(isa, rows, k, size, axes.pairs);
                scratch.bounds[k].plane = Some(plane);
            }
        }
        let upper = usize::from(run.high != run.low);
        let bounds = (&scratch.bounds[0], &scratch.bounds[upper]);
        let windows = &axes.x.lower;
        scratch.candidates.find(isa, request.choice, bounds, size, windows);
        for stretch in 0..windows.len() {
            list(scratch.candidates.of(stretch), &mut scratch.classes);
            self.stretch(isa, rows, (group, run), stretch, scratch);
        }
        self.repeat(group, run);
    }

    /// A stretch of a group's rows in all planes of a run, but for those that repeat others.
    #[inline(always)]
    fn stretch<I: Isa>(
        &mut self,
        isa: I,
        rows: &Rows<'_, T>,
        (group, run): (&Group, &Run),
        stretch: usize,
        scratch: &mut Scratch,
    ) {
        let (axes, request) = (self.axes, self.axes.request);
        let columns = axes.x.columns(stretch);
        let alone = match (request.choice, scratch.classes.as_slice()) {
            (Choice::Greatest, &[(class, true)]) => Some(request.labels[class]),
            (_, []) => Some(request.background),
            _ => None,
        };
        for (k, &weight) in run.weights.iter().enumerate() {
            if run.repeats(k) {
                continue;
            }
            if let Some(label) = alone {
                for row in &group.rows {
                    let start = self.place(run.first + k, row.index);
                    self.out.fill(start + columns.start..start + columns.end, label);
                }
                continue;
            }
            let best = &mut scratch.best;
            best.clear(group.rows.len(), u32::from(request.background), request.choice);
            for &(class, proper) in &scratch.classes {
                let label = u32::from(request.labels[class]);
                let one = Contender { class, label, proper };
                let to = (axes.x.read[stretch], axes.x.of(stretch));
                best.offer::<T, I>(isa, (rows, group), one, to, (weight, request.choice));
            }
            for (row, labels) in group.rows.iter().zip(&scratch.best.labels) {
                let start = self.place(run.first + k, row.index);
                let range = start + columns.start..start + columns.end;
                self.out.write(range, labels.as_flattened());
            }
        }
    }

    /// Copy rows and planes with the same taps as the one before.
    #[inline(always)]
    fn repeat(&mut self, group: &Group, run: &Run) {
        let width = self.axes.x.width;
        for k in 0..run.weights.len() {
            let copied = run.repeats(k);
            for row in &group.rows {
                let own = self.place(run.first + k, row.index);
                if copied {
                    let before = self.place(run.first + k - 1, row.index);
                    self.out.repeat(before, own, width);
                }
                for copy in 1..row.count {
                    self.out.repeat(own, own + copy * width, width);
                }
            }
        }
    }

    /// Where a row begins in what the task writes.
    #[inline(always)]
    fn place(&self, plane: usize, row: usize) -> usize {
        let rows = self.rows.len();
        ((plane - self.planes.start) * rows + row - self.rows.start) * self.axes.x.width
    }
}

/// The classes whose bits are set, and whether all their elements are proper numbers.
#[inline(always)]
fn list((open, improper): (&[u64], &[u64]), classes: &mut Vec<(usize, bool)>) {
    classes.clear();
    for (word, (&open, &improper)) in open.iter().zip(improper).enumerate() {
        let mut left = open;
        while left != 0 {
            let bit = left.trailing_zeros() as usize;
            classes.push((word * 64 + bit, improper >> bit & 1 == 0));
            left &= left - 1;
        }
    }
}
