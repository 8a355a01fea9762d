//! Nearest voxels as positions in memory: their indices, and distances to them by the arithmetic rule.

use super::Request;
use super::lanes::Output;

/// Positions in memory as indices, and distances between them by the arithmetic rule.
pub(super) struct Offsets<'a> {
    request: &'a Request<'a>,
    strides: Vec<u32>,
}

impl<'a> Offsets<'a> {
    pub(super) fn new(request: &'a Request<'a>) -> Self {
        let mut strides = vec![1; request.shape.len()];
        for axis in (1..request.shape.len()).rev() {
            strides[axis - 1] = strides[axis] * request.shape[axis] as u32;
        }
        Self { request, strides }
    }

    /// Distance from each voxel at `start` and on to its nearest one.
    pub(super) fn measure<O: Output>(&self, start: usize, from: &[u32], out: &mut [O]) {
        let Request { shape, spacing, reversed, squared, .. } = *self.request;
        let axes = shape.len();
        let mut here: Vec<u32> = Vec::with_capacity(axes);
        let mut rest = start as u32;
        for stride in &self.strides {
            here.push(rest / stride);
            rest %= stride;
        }
        let mut terms = vec![0.0; axes];
        for (i, (&source, slot)) in from.iter().zip(out).enumerate() {
            if source as usize != start + i {
                let mut rest = source;
                for axis in 0..axes {
                    let index = rest / self.strides[axis];
                    rest -= index * self.strides[axis];
                    let t = (f64::from(here[axis]) - f64::from(index)) * spacing[axis];
                    terms[if reversed { axes - 1 - axis } else { axis }] = t * t;
                }
                let sum = terms.iter().fold(0.0, |sum, term| sum + term);
                *slot = O::of(if squared { sum } else { sum.sqrt() });
            }
            for axis in (0..axes).rev() {
                here[axis] += 1;
                if (here[axis] as usize) < shape[axis] {
                    break;
                }
                here[axis] = 0;
            }
        }
    }

    /// Index along each axis, a block of all voxels per axis.
    pub(super) fn indices(&self, sources: &[u32]) -> Vec<i32> {
        let mut indices = Vec::with_capacity(sources.len() * self.strides.len());
        for (&stride, &n) in self.strides.iter().zip(self.request.shape) {
            indices.extend(sources.iter().map(|source| (source / stride % n as u32) as i32));
        }
        indices
    }
}
