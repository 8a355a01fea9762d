//! Gaussians of the position alone, by convolution along each axis in turn: no lattice, and no error but the cut tails.
use crate::simd::{self, Isa, Kernel};

use super::features::{LANES, Lanes};
use super::filter::Normalization;
use super::tasks::each;
use super::transpose::some;

/// Sigmas after which a Gaussian ends: 4e-6 of its height.
const REACH: f32 = 5.0;
/// Rows of one task.
const ROWS: usize = 64;
/// Elements of one task along another axis, if it has so many.
const LEAST: usize = 1 << 12;

/// A Gaussian of positions with its normalisation and its weight.
pub(super) struct Convolution {
    shape: Vec<usize>,
    /// By axis: its values at 0, 1, ... steps.
    taps: Vec<Vec<f32>>,
    /// By point: what values are multiplied with before, and after.
    before: Option<Vec<f32>>,
    after: Option<Vec<f32>>,
    weight: f32,
}

impl Convolution {
    /// `sigma` counts elements; `own` gets what a point's own value counts.
    pub(super) fn new(
        shape: &[usize],
        sigma: &[f32],
        normalization: Normalization,
        weight: f32,
        own: Option<&mut [f32]>,
        parallel: bool,
    ) -> Self {
        let taps = |(&n, &sigma): (&usize, &f32)| {
            let reach = ((REACH * sigma).ceil() as usize).min(n - 1);
            (0..=reach).map(|step| (-0.5 * (step as f32 / sigma).powi(2)).exp()).collect()
        };
        let taps: Vec<_> = shape.iter().zip(sigma).map(taps).collect();
        let mut made = Self { shape: shape.to_vec(), taps, before: None, after: None, weight: 1.0 };
        let mut factors = vec![1.0; shape.iter().product()];
        if normalization != Normalization::Off {
            made.replace(&mut factors, None, &mut <[Vec<f32>; 2]>::default(), parallel);
            normalization.of(&mut factors);
        }
        if let Some(own) = own {
            for (own, &factor) in own.iter_mut().zip(&factors) {
                *own += weight * normalization.own(factor);
            }
        }
        made.weight = weight;
        match normalization {
            Normalization::Symmetric => {
                made.after = Some(factors.clone());
                made.before = Some(factors);
            }
            Normalization::Before => made.before = Some(factors),
            Normalization::After => made.after = Some(factors),
            Normalization::Off => {}
        }
        made
    }

    /// Replace a plane by what it gives, less `own` times itself.
    pub(super) fn replace(
        &self,
        plane: &mut [f32],
        own: Option<&[f32]>,
        scratch: &mut [Vec<f32>; 2],
        parallel: bool,
    ) {
        let [a, b] = scratch;
        a.resize(plane.len(), 0.0);
        b.resize(plane.len(), 0.0);
        let last = self.shape.len() - 1;
        self.rows(plane, a, parallel);
        for axis in (0..last).rev() {
            self.columns(axis, a, b, parallel);
            std::mem::swap(a, b);
        }
        for (i, (value, sum)) in plane.iter_mut().zip(a).enumerate() {
            let after = self.after.as_ref().map_or(1.0, |after| after[i]);
            let self_part = own.map_or(0.0, |own| own[i] * *value);
            *value = self.weight * after * *sum - self_part;
        }
    }

    /// Along the last axis.
    fn rows(&self, from: &[f32], to: &mut [f32], parallel: bool) {
        let width = self.shape[self.shape.len() - 1];
        let taps = &self.taps[self.shape.len() - 1];
        let piece = width * ROWS;
        let tasks = to.chunks_mut(piece).enumerate().map(|(k, to)| Rows {
            from: &from[k * piece..k * piece + to.len()],
            before: self.before.as_ref().map(|before| &before[k * piece..k * piece + to.len()]),
            to,
            width,
            taps,
        });
        each(tasks.collect(), parallel, simd::dispatch);
    }

    /// Along another axis.
    fn columns(&self, axis: usize, from: &[f32], to: &mut [f32], parallel: bool) {
        let inner: usize = self.shape[axis + 1..].iter().product();
        let n = self.shape[axis];
        let rows = (LEAST / inner).max(1);
        let tasks = to.chunks_mut(n * inner).zip(from.chunks(n * inner)).flat_map(|(to, from)| {
            to.chunks_mut(rows * inner).enumerate().map(move |(k, to)| Columns {
                from,
                to,
                first: k * rows,
                inner,
                taps: &self.taps[axis],
            })
        });
        each(tasks.collect(), parallel, simd::dispatch);
    }
}

/// Some rows along the last axis.
struct Rows<'a> {
    from: &'a [f32],
    before: Option<&'a [f32]>,
    to: &'a mut [f32],
    width: usize,
    taps: &'a [f32],
}

impl Kernel for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let reach = self.taps.len() - 1;
        let mut padded = vec![0.0; self.width + 2 * reach + LANES];
        for (row, (from, to)) in
            self.from.chunks_exact(self.width).zip(self.to.chunks_exact_mut(self.width)).enumerate()
        {
            let middle = &mut padded[reach..reach + self.width];
            middle.copy_from_slice(from);
            if let Some(before) = self.before {
                for (value, before) in middle.iter_mut().zip(&before[row * self.width..]) {
                    *value *= before;
                }
            }
            for (k, to) in to.chunks_mut(LANES).enumerate() {
                let x = reach + k * LANES;
                let mut sum = [0.0; LANES];
                let middle: Lanes = some(&padded[x..]);
                for lane in 0..LANES {
                    sum[lane] = self.taps[0] * middle[lane];
                }
                for (step, &tap) in self.taps.iter().enumerate().skip(1) {
                    let left: Lanes = some(&padded[x - step..]);
                    let right: Lanes = some(&padded[x + step..]);
                    for lane in 0..LANES {
                        sum[lane] += tap * (left[lane] + right[lane]);
                    }
                }
                to.copy_from_slice(&sum[..to.len()]);
            }
        }
    }
}

/// The elements of some indices along another axis than the last.
struct Columns<'a> {
    /// All indices.
    from: &'a [f32],
    to: &'a mut [f32],
    /// The first index.
    first: usize,
    /// Elements of one index.
    inner: usize,
    taps: &'a [f32],
}

impl Kernel for Columns<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let Self { from, to, first, inner, taps } = self;
        let last = from.len() / inner - 1;
        for (k, to) in to.chunks_mut(inner).enumerate() {
            convolve(from, to, first + k, last, taps);
        }
    }
}

/// The elements of index `y`.
#[inline(always)]
fn convolve(from: &[f32], to: &mut [f32], y: usize, last: usize, taps: &[f32]) {
    let inner = to.len();
    for (k, to) in to.chunks_mut(LANES).enumerate() {
        let x = k * LANES;
        let here = to.len();
        let at = |y: usize| -> Lanes { some(&from[y * inner + x..y * inner + x + here]) };
        let mut sum = at(y);
        for (step, &tap) in taps.iter().enumerate().skip(1) {
            if step <= y {
                let above = at(y - step);
                for lane in 0..LANES {
                    sum[lane] += tap * above[lane];
                }
            }
            if y + step <= last {
                let below = at(y + step);
                for lane in 0..LANES {
                    sum[lane] += tap * below[lane];
                }
            }
        }
        to.copy_from_slice(&sum[..here]);
    }
}
