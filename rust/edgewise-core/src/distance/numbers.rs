//! Nearest voxels as numbers: which of several is taken, their indices, and distances to them by the arithmetic rule.

use rayon::prelude::*;

use super::Request;
use super::lanes::Output;
use crate::parallel;
use crate::simd::{Isa, Kernel};

/// Voxels whose numbers are taken apart together.
const CHUNK: usize = 64;

/// Numbers of the voxels: of several nearest ones the least number is taken, whatever the memory order. The last of the array's axes counts most, as
/// in a transform that goes through the axes from the first to the last and keeps what it found first.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Numbering {
    shape: Vec<usize>,
    strides: Vec<usize>,
    reversed: bool,
}

impl Numbering {
    /// `reversed`: the axes are the array's axes reversed.
    pub(super) fn new(shape: &[usize], reversed: bool) -> Self {
        let mut next = 1;
        let mut count = |&n: &usize| {
            let stride = next;
            next *= n;
            stride
        };
        let strides: Vec<usize> = if reversed {
            let mut strides: Vec<usize> = shape.iter().rev().map(count).collect();
            strides.reverse();
            strides
        } else {
            shape.iter().map(&mut count).collect()
        };
        Self { shape: shape.to_vec(), strides, reversed }
    }

    /// Lengths of the axes.
    pub(super) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// By how much the numbers of neighbours in a row differ.
    pub(super) fn step(&self) -> usize {
        self.strides[self.strides.len() - 1]
    }

    /// The number of the first voxel of a row.
    pub(super) fn of_row(&self, mut row: usize) -> usize {
        let mut number = 0;
        for axis in (0..self.shape.len() - 1).rev() {
            number += row % self.shape[axis] * self.strides[axis];
            row /= self.shape[axis];
        }
        number
    }

    /// Every voxel's own number.
    pub(super) fn fill(&self, numbers: &mut [u32], threads: usize) {
        let n = self.shape[self.shape.len() - 1];
        let step = self.step() as u32;
        let fill = |(row, numbers): (usize, &mut [u32])| {
            let mut number = self.of_row(row) as u32;
            for slot in numbers {
                *slot = number;
                number = number.wrapping_add(step);
            }
        };
        parallel::install(threads, |parallel| {
            if parallel {
                numbers.par_chunks_mut(n).enumerate().for_each(fill);
            } else {
                numbers.chunks_mut(n).enumerate().for_each(fill);
            }
        });
    }

    /// Numbers as indices, in floating numbers that hold them exactly: one row of `indices` an axis.
    #[inline(always)]
    fn split(&self, numbers: [u32; CHUNK], indices: &mut [[f64; CHUNK]]) {
        let mut rest = numbers.map(f64::from);
        for k in 0..self.shape.len() {
            let axis = if self.reversed { k } else { self.shape.len() - 1 - k };
            let stride = self.strides[axis] as f64;
            let inverse = 1.0 / stride;
            for (index, rest) in indices[axis].iter_mut().zip(&mut rest) {
                // below 2^32 the product misses the quotient by less than 1/2 part of the stride: no whole number lies between
                *index = floor((*rest + 0.5) * inverse);
                *rest -= *index * stride;
            }
        }
    }
}

/// The whole part of a number from 0 to 2^32 that is not whole.
#[inline(always)]
fn floor(value: f64) -> f64 {
    const ROUND: f64 = 6_755_399_441_055_744.0; // 3 * 2^51: sums with it, and a little less, have no places after the point
    (value - 0.5 + ROUND) - ROUND
}

/// What is made of the numbers of the nearest voxels.
pub(super) struct Finish<'a> {
    request: &'a Request<'a>,
    numbering: Numbering,
    memory: Numbering,
}

impl<'a> Finish<'a> {
    pub(super) fn new(request: &'a Request<'a>) -> Self {
        let numbering = Numbering::new(request.shape, request.reversed);
        Self { request, numbering, memory: Numbering::new(request.shape, true) }
    }

    /// Distance from each voxel at `start` and on to the one whose number it has.
    #[inline(always)]
    fn measure<O: Output>(
        &self,
        start: usize,
        (here, there): (&mut [[f64; CHUNK]], &[[f64; CHUNK]]),
        out: &mut [O],
    ) {
        let Request { spacing, reversed, squared, .. } = *self.request;
        let axes = spacing.len();
        let mut positions = [0; CHUNK];
        for (k, position) in positions.iter_mut().enumerate() {
            *position = (start + k) as u32;
        }
        self.memory.split(positions, here);
        let mut sums = [0.0; CHUNK];
        for k in 0..axes {
            let axis = if reversed { axes - 1 - k } else { k };
            for (lane, sum) in sums.iter_mut().enumerate() {
                let t = (here[axis][lane] - there[axis][lane]) * spacing[axis];
                *sum += t * t;
            }
        }
        for (slot, sum) in out.iter_mut().zip(sums) {
            *slot = O::of(if squared { sum } else { sum.sqrt() });
        }
    }
}

/// Distances and indices of the voxels at `start` and on.
pub(super) struct Part<'a, 'v, O> {
    pub(super) finish: &'a Finish<'a>,
    pub(super) start: usize,
    /// Numbers of the nearest voxels; of these `indices`, if there are any, hold the index along the last axis afterwards.
    pub(super) numbers: &'v mut [u32],
    /// Index along each other axis, empty if they are not asked for.
    pub(super) indices: Vec<&'v mut [i32]>,
    pub(super) wanted: bool,
    /// Empty where distances are there already.
    pub(super) distances: &'v mut [O],
}

impl<O: Output> Kernel for Part<'_, '_, O> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(mut self, _: S) {
        let axes = self.finish.request.shape.len();
        let mut there = vec![[0.0; CHUNK]; axes];
        let mut here = vec![[0.0; CHUNK]; axes];
        for begin in (0..self.numbers.len()).step_by(CHUNK) {
            let end = self.numbers.len().min(begin + CHUNK);
            let mut numbers = [0; CHUNK];
            numbers[..end - begin].copy_from_slice(&self.numbers[begin..end]);
            self.finish.numbering.split(numbers, &mut there);
            if !self.distances.is_empty() {
                let own = (&mut here[..], &there[..]);
                self.finish.measure(self.start + begin, own, &mut self.distances[begin..end]);
            }
            if self.wanted {
                for (indices, there) in self.indices.iter_mut().zip(&there) {
                    for (index, &value) in indices[begin..end].iter_mut().zip(there) {
                        *index = value as i32;
                    }
                }
                for (index, &value) in self.numbers[begin..end].iter_mut().zip(&there[axes - 1]) {
                    *index = value as u32;
                }
            }
        }
    }
}
