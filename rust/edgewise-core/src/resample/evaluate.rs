//! The classes that may win between two planes, computed in full: along z, then y, then x, and the best one kept.
#![allow(clippy::inline_always, reason = "see `simd`")]

use crate::simd::Isa;

use super::bounds::{LARGEST, Window};
use super::element::{Element, LANES, Lanes, sixteen};
use super::grid::{Group, MOST_ROWS, STRETCH, Sixteen};
use super::labels::Choice;
use super::strided::Rows;

/// The best value so far of the elements of a stretch of the rows of a group, and its label.
#[derive(Default)]
pub(super) struct Best {
    values: Vec<[Lanes; STRETCH]>,
    pub(super) labels: Vec<[[u32; LANES]; STRETCH]>,
    /// Long windows: the source rows, interpolated along z.
    between: Vec<Lanes>,
    /// Long windows: one row, interpolated along z and y.
    row: Vec<f32>,
}

/// A class that takes part.
#[derive(Clone, Copy)]
pub(super) struct Contender {
    pub(super) class: usize,
    pub(super) label: u32,
    /// Whether all its elements in the window are numbers of moderate size.
    pub(super) proper: bool,
}

/// Infinite and huge values as the largest ones that can be computed with.
#[inline(always)]
fn tamed<I: Isa>(isa: I, values: I::Floats) -> I::Floats {
    // what is no number stays: of two numbers the second one is taken then
    isa.max(isa.all(-LARGEST), isa.min(isa.all(LARGEST), values))
}

impl Best {
    /// Room for rows of a group and windows of this length.
    pub(super) fn sized(longest: usize) -> Self {
        Self { row: vec![0.0; longest.next_multiple_of(LANES) + 2 * LANES], ..Self::default() }
    }

    /// Begin with no class.
    #[inline(always)]
    pub(super) fn clear(&mut self, rows: usize, background: u32, choice: Choice) {
        let least = if choice == Choice::Greatest { f32::NEG_INFINITY } else { 0.0 };
        self.values.clear();
        self.values.resize(rows, [[least; LANES]; STRETCH]);
        self.labels.clear();
        self.labels.resize(rows, [[background; LANES]; STRETCH]);
    }

    /// Let a class take part; classes come in ascending order.
    #[inline(always)]
    pub(super) fn offer<T: Element, I: Isa>(
        &mut self,
        isa: I,
        (rows, group): (&Rows<'_, T>, &Group),
        one: Contender,
        (window, sixteens): (Window, &[Sixteen]),
        (weight, choice): (f32, Choice),
    ) {
        if window.length <= 2 * LANES {
            self.offer_near::<T, I>(isa, (rows, group), one, (window, sixteens), weight);
        } else {
            self.offer_far::<T, I>(isa, (rows, group), one, (window, sixteens), weight);
        }
        if choice == Choice::LastPositive {
            self.values.fill([[0.0; LANES]; STRETCH]);
        }
    }

    /// The window is no longer than two vectors.
    #[inline(always)]
    fn offer_near<T: Element, I: Isa>(
        &mut self,
        isa: I,
        (rows, group): (&Rows<'_, T>, &Group),
        one: Contender,
        (window, sixteens): (Window, &[Sixteen]),
        weight: f32,
    ) {
        let starts = [0, 1].map(|plane| rows.at(plane, one.class));
        let mut between = [[[0.0; LANES]; 2]; MOST_ROWS];
        let second = if window.length > LANES { LANES } else { 0 };
        for (r, between) in between[..rows.offsets.len().min(MOST_ROWS)].iter_mut().enumerate() {
            let at = starts.map(|start| (start + rows.offsets[r]) as usize + window.start);
            isa.store(along_z::<T, I>(isa, rows.data, at, (weight, one.proper)), &mut between[0]);
            let at = [at[0] + second, at[1] + second];
            isa.store(along_z::<T, I>(isa, rows.data, at, (weight, one.proper)), &mut between[1]);
        }
        let best = self.values.iter_mut().zip(&mut self.labels);
        for (row, (best, labels)) in group.rows.iter().zip(best) {
            let (low, high) = (&between[row.low % MOST_ROWS], &between[row.high % MOST_ROWS]);
            let first = along(isa, (&low[0], &high[0]), row.weight);
            let second = along(isa, (&low[1], &high[1]), row.weight);
            for ((to, best), labels) in sixteens.iter().zip(best).zip(labels) {
                let a = isa.pick(first, second, &to.low);
                let b = isa.pick(first, second, &to.high);
                isa.challenge(isa.mix(a, b, isa.load(&to.weight)), one.label, best, labels);
            }
        }
    }

    #[inline(always)]
    fn offer_far<T: Element, I: Isa>(
        &mut self,
        isa: I,
        (rows, group): (&Rows<'_, T>, &Group),
        one: Contender,
        (window, sixteens): (Window, &[Sixteen]),
        weight: f32,
    ) {
        let starts = [0, 1].map(|plane| rows.at(plane, one.class));
        let chunks = window.length.div_ceil(LANES);
        self.between.resize(rows.offsets.len() * chunks, [0.0; LANES]);
        for (r, between) in self.between.chunks_exact_mut(chunks).enumerate() {
            let at = starts.map(|start| (start + rows.offsets[r]) as usize + window.start);
            for (k, between) in between.iter_mut().enumerate() {
                let at = [at[0] + k * LANES, at[1] + k * LANES];
                isa.store(along_z::<T, I>(isa, rows.data, at, (weight, one.proper)), between);
            }
        }
        let best = self.values.iter_mut().zip(&mut self.labels);
        for (row, (best, labels)) in group.rows.iter().zip(best) {
            let low = &self.between[row.low * chunks..(row.low + 1) * chunks];
            let high = &self.between[row.high * chunks..(row.high + 1) * chunks];
            let mixing = self.row.as_chunks_mut().0.iter_mut();
            for (mixing, between) in mixing.zip(low.iter().zip(high)) {
                isa.store(along(isa, between, row.weight), mixing);
            }
            for ((to, best), labels) in sixteens.iter().zip(best).zip(labels) {
                let (a, b) = ends(&self.row, to);
                let values = isa.mix(isa.load(&a), isa.load(&b), isa.load(&to.weight));
                isa.challenge(values, one.label, best, labels);
            }
        }
    }
}

/// Sixteen elements between two planes, the first of which is all that counts where the weight is 0.
#[inline(always)]
fn along_z<T: Element, I: Isa>(
    isa: I,
    data: &[T],
    at: [usize; 2],
    (weight, proper): (f32, bool),
) -> I::Floats {
    let mut value = sixteen::<T, I>(isa, data, at[0]);
    if !proper {
        value = tamed(isa, value);
    }
    if weight == 0.0 {
        return value;
    }
    let mut next = sixteen::<T, I>(isa, data, at[1]);
    if !proper {
        next = tamed(isa, next);
    }
    isa.mix(value, next, isa.all(weight))
}

/// Between two values, the first one of which is all that counts where the weight is 0.
#[inline(always)]
fn along<I: Isa>(isa: I, (a, b): (&Lanes, &Lanes), weight: f32) -> I::Floats {
    let a = isa.load(a);
    if weight == 0.0 { a } else { isa.mix(a, isa.load(b), isa.all(weight)) }
}

/// What values of a row of the target lie between, in a row of the source that begins where the taps are counted from.
#[inline(always)]
pub(super) fn ends(row: &[f32], to: &Sixteen) -> (Lanes, Lanes) {
    let (mut low, mut high) = ([0.0; LANES], [0.0; LANES]);
    for i in 0..LANES {
        low[i] = row[to.low[i] as usize];
        high[i] = row[to.high[i] as usize];
    }
    (low, high)
}
