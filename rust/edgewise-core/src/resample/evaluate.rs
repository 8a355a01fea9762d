//! The classes that may win between two planes, computed in full: along z, then y, then x, and the best one kept.
#![allow(clippy::inline_always, reason = "see `simd`")]

use crate::simd::Isa;

use super::bounds::{LARGEST, Window};
use super::element::{Element, LANES, Lanes, sixteen};
use super::grid::{Group, STRETCH, Sixteen};
use super::strided::Rows;

/// Which class an element gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// That of the greatest value, of several the first one. What is no number never wins.
    Greatest,
    /// The last one whose value is above 0 (whose probability is above one half).
    LastPositive,
}

/// The best value so far of the elements of a stretch of the rows of a group, and its label.
#[derive(Default)]
pub(super) struct Best {
    values: Vec<[Lanes; STRETCH]>,
    pub(super) labels: Vec<[[u32; LANES]; STRETCH]>,
    /// The source rows, interpolated along z.
    between: Vec<Lanes>,
    /// One row, interpolated along z and y; some more than the window.
    row: Vec<f32>,
}

/// `a + (b - a) * weight`.
#[inline(always)]
pub(super) fn mix(a: &Lanes, b: &Lanes, weight: f32) -> Lanes {
    let mut mixed = [0.0; LANES];
    for i in 0..LANES {
        mixed[i] = a[i] + (b[i] - a[i]) * weight;
    }
    mixed
}

/// Infinite and huge values as the largest ones that can be computed with.
#[inline(always)]
fn tamed(values: &Lanes) -> Lanes {
    let mut tame = *values;
    for value in &mut tame {
        *value = if *value > LARGEST { LARGEST } else { *value };
        *value = if *value < -LARGEST { -LARGEST } else { *value };
    }
    tame
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

    /// Let a class take part; classes come in ascending order. `proper`: all its elements in the window are numbers of moderate size.
    #[inline(always)]
    pub(super) fn offer<T: Element, I: Isa>(
        &mut self,
        isa: I,
        (rows, group): (&Rows<'_, T::Bits>, &Group),
        (class, label, proper): (usize, u32, bool),
        (window, sixteens): (Window, &[Sixteen]),
        (weight, choice): (f32, Choice),
    ) {
        let chunks = window.length.div_ceil(LANES);
        self.between.resize(rows.rows.len() * chunks, [0.0; LANES]);
        for r in 0..rows.rows.len() {
            let at = [0, 1].map(|plane| rows.at(plane, class, r) + window.start);
            for k in 0..chunks {
                let mut value = sixteen::<T, I>(isa, rows.data, at[0] + k * LANES);
                if !proper {
                    value = tamed(&value);
                }
                if weight != 0.0 {
                    let mut next = sixteen::<T, I>(isa, rows.data, at[1] + k * LANES);
                    if !proper {
                        next = tamed(&next);
                    }
                    value = mix(&value, &next, weight);
                }
                self.between[r * chunks + k] = value;
            }
        }
        for (j, row) in group.rows.iter().enumerate() {
            let low = &self.between[row.low * chunks..][..chunks];
            let high = &self.between[row.high * chunks..][..chunks];
            let mixed = self.row.as_chunks_mut().0;
            for ((mixed, a), b) in mixed.iter_mut().zip(low).zip(high) {
                *mixed = if row.weight == 0.0 { *a } else { mix(a, b, row.weight) };
            }
            for (k, sixteen) in sixteens.iter().enumerate() {
                let value = spread(isa, &self.row, sixteen);
                let best = &mut self.values[j][k];
                let labels = &mut self.labels[j][k];
                for i in 0..LANES {
                    let better = value[i] > best[i];
                    let kept = if choice == Choice::Greatest { value[i] } else { best[i] };
                    best[i] = if better { kept } else { best[i] };
                    labels[i] = if better { label } else { labels[i] };
                }
            }
        }
    }
}

/// Interpolated along x.
#[inline(always)]
pub(super) fn spread<I: Isa>(isa: I, row: &[f32], to: &Sixteen) -> Lanes {
    let row = &row[to.base..];
    let (low, high) = match row.first_chunk() {
        Some(window) if to.near => (isa.pick(window, &to.low), isa.pick(window, &to.high)),
        _ => [to.low, to.high].map(|places| places.map(|place| row[place as usize])).into(),
    };
    let mut mixed = [0.0; LANES];
    for i in 0..LANES {
        mixed[i] = low[i] + (high[i] - low[i]) * to.weight[i];
    }
    mixed
}
