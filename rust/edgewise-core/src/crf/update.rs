//! The update of the mean field: probabilities times the exponential of the messages, divided by their sum.
//!
//! exp(-unary energy) is the clipped probability itself, so no logarithm is taken anywhere.
use crate::simd::{self, Isa, Kernel};

use super::lattice::strip_length;
use super::tasks::each;
use super::transpose::{BLOCK, block_of, put};

/// What is the same in every iteration.
pub(super) struct Update<'a> {
    /// Labels x points.
    pub(super) probabilities: &'a [f32],
    /// Labels x labels; `None`: equal labels attract each other.
    pub(super) compatibility: Option<&'a [f32]>,
    /// Probabilities below this count as this.
    pub(super) clip: f32,
    pub(super) points: usize,
}

impl Update<'_> {
    /// Replace messages (labels x points) by the distribution of each point; no messages at first.
    pub(super) fn run(&self, planes: &mut [f32], parallel: bool) {
        let length = strip_length(self.points);
        let mut pieces: Vec<Vec<&mut [f32]>> = Vec::new();
        pieces.resize_with(self.points.div_ceil(length), Vec::new);
        for plane in planes.chunks_exact_mut(self.points) {
            for (piece, part) in pieces.iter_mut().zip(plane.chunks_mut(length)) {
                piece.push(part);
            }
        }
        let tasks = pieces.into_iter().enumerate().collect();
        each(tasks, parallel, |(k, planes): (usize, Vec<&mut [f32]>)| {
            simd::dispatch(Piece { update: self, first: k * length, planes });
        });
    }
}

/// Some points.
struct Piece<'a, 'p> {
    update: &'a Update<'a>,
    first: usize,
    planes: Vec<&'p mut [f32]>,
}

impl Kernel for Piece<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let Self { update, first, mut planes } = self;
        let labels = planes.len();
        let here = planes[0].len();
        let mut messages = vec![[0.0; BLOCK]; labels];
        let mut mixed = vec![[0.0; BLOCK]; labels];
        for start in (0..here).step_by(BLOCK) {
            for (message, plane) in messages.iter_mut().zip(&planes) {
                *message = block_of(&plane[start..]);
            }
            if let Some(compatibility) = update.compatibility {
                mix(compatibility, &messages, &mut mixed);
                std::mem::swap(&mut messages, &mut mixed);
            }
            let stop = here.min(start + BLOCK);
            let own = |label: usize| {
                let at = label * update.points + first;
                block_of(&update.probabilities[at + start..at + stop])
            };
            let sum = weigh(&mut messages, own, update.clip);
            for (value, plane) in messages.iter().zip(&mut planes) {
                let mut share = [0.0; BLOCK];
                for lane in 0..BLOCK {
                    share[lane] = value[lane] / sum[lane];
                }
                put(&share, &mut plane[start..]);
            }
        }
    }
}

/// What labels say to each other.
#[inline(always)]
fn mix(compatibility: &[f32], messages: &[[f32; BLOCK]], mixed: &mut [[f32; BLOCK]]) {
    for (row, mixed) in compatibility.chunks_exact(messages.len()).zip(mixed) {
        let mut sum = [0.0; BLOCK];
        for (&cost, message) in row.iter().zip(messages) {
            for lane in 0..BLOCK {
                sum[lane] -= cost * message[lane];
            }
        }
        *mixed = sum;
    }
}

/// Messages to weights of the labels; returns their sums.
#[inline(always)]
fn weigh(
    messages: &mut [[f32; BLOCK]],
    own: impl Fn(usize) -> [f32; BLOCK],
    clip: f32,
) -> [f32; BLOCK] {
    let mut most = messages[0];
    for message in messages.iter() {
        for lane in 0..BLOCK {
            most[lane] = if message[lane] > most[lane] { message[lane] } else { most[lane] };
        }
    }
    let mut sum = [0.0; BLOCK];
    for (label, message) in messages.iter_mut().enumerate() {
        let own = own(label);
        for lane in 0..BLOCK {
            let raised = if own[lane] > clip { own[lane] } else { clip };
            let kept = if raised < 1.0 { raised } else { 1.0 };
            message[lane] = kept * exp(message[lane] - most[lane]);
            sum[lane] += message[lane];
        }
    }
    sum
}

/// The exponential of a number that is not positive, to about 1e-7 of it.
///
/// 2^n times a polynomial (Taylor) of what is left, at most half of ln 2.
#[inline(always)]
fn exp(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0; // 1.5 * 2^23: adding it leaves whole numbers in the lowest bits
    let x = if x > -87.0 { x } else { -87.0 };
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    // ln 2 in two parts, the first with few bits: the product with n is exact
    let rest = (x - n * 0.693_359_4) + n * 2.121_944_4e-4;
    let mut value = 1.0 / 720.0;
    for factor in [1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        value = value * rest + factor;
    }
    value * f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23))
}

#[cfg(test)]
mod tests {
    use super::exp;

    #[test]
    fn the_exponential_is_one() {
        assert_eq!(exp(0.0).to_bits(), 1.0_f32.to_bits());
        for k in 0..870_000 {
            let x = -1e-4 * k as f32;
            let exact = f64::from(x).exp();
            assert!((f64::from(exp(x)) - exact).abs() <= 3e-7 * exact, "{x}");
        }
        assert!(exp(f32::NEG_INFINITY) < 1e-37);
    }
}
