//! The lattice as a filter: values are spread to the corners, blurred along every axis, and gathered again.
//!
//! Several planes (labels) go through at once, side by side in the rows of the lattice. Tables are made once; nothing is looked up by key here.
#![allow(
    clippy::inline_always,
    reason = "what is not inlined into the dispatching function is compiled for the baseline"
)]

use rayon::prelude::*;

use crate::simd::{self, Isa, Kernel};

use super::features::LANES;
use super::lattice::{CHUNK, Lattice, Strip, strip_length};
use super::simplex::Corner;
use super::transpose::{from_rows, to_rows};

/// A lattice with the factors of its normalisation and its weight.
pub(super) struct Filter {
    lattice: Lattice,
    /// By point: what values are multiplied with before they are spread, and after they were gathered.
    before: Option<Vec<f32>>,
    after: Option<Vec<f32>>,
    /// Of all that is gathered.
    factor: f32,
}

/// Which side of the filter is divided by what it makes of ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Normalization {
    /// Both, by its root.
    Symmetric,
    /// What goes in.
    Before,
    /// What comes out.
    After,
    /// None.
    Off,
}

/// Guards the division; a point always has itself, so sums are never near it.
const TINY: f32 = 1e-20;

impl Normalization {
    /// What the sums become.
    pub(super) fn of(self, sums: &mut [f32]) {
        for sum in sums {
            *sum = match self {
                Self::Symmetric => 1.0 / (*sum + TINY).sqrt(),
                Self::Before | Self::After => 1.0 / (*sum + TINY),
                Self::Off => 1.0,
            };
        }
    }

    /// By how much a point's value counts in its own result, given the factors.
    pub(super) fn own(self, factor: f32) -> f32 {
        if self == Self::Symmetric { factor * factor } else { factor }
    }
}

/// Values of the rows, and room for blurring them.
#[derive(Default)]
pub(super) struct Scratch {
    rows: Vec<f32>,
    blurred: Vec<f32>,
    shared: Vec<f32>,
}

impl Filter {
    /// Normalise a lattice; results are multiplied with `weight`. `own` gets what a point's own value counts.
    pub(super) fn new(
        mut lattice: Lattice,
        normalization: Normalization,
        weight: f32,
        own: Option<&mut [f32]>,
        parallel: bool,
    ) -> Self {
        let count = lattice.corner_count();
        let factor = 1.0 / (1.0 + 0.5_f32.powi(count as i32 - 1));
        if normalization == Normalization::Off {
            if let Some(own) = own {
                own.iter_mut().for_each(|own| *own += weight);
            }
            return Self { lattice, before: None, after: None, factor: factor * weight };
        }
        let mut sums = vec![1.0; lattice.corners.len() / count];
        let plain = Self { lattice, before: None, after: None, factor };
        let scratch = &mut [Scratch::default()];
        let one = std::slice::from_ref(&plain);
        spread::<1>(one, &[&mut sums], scratch, parallel);
        gather::<1>(one, &mut [&mut sums], scratch, false, parallel);
        lattice = plain.lattice;
        normalization.of(&mut sums);
        if let Some(own) = own {
            for (own, &factor) in own.iter_mut().zip(&sums) {
                *own += weight * normalization.own(factor);
            }
        }
        let factor = factor * weight;
        match normalization {
            Normalization::Before => Self { lattice, before: Some(sums), after: None, factor },
            Normalization::After => Self { lattice, before: None, after: Some(sums), factor },
            Normalization::Symmetric | Normalization::Off => {
                for (corners, factor) in lattice.corners.chunks_exact_mut(count).zip(sums) {
                    corners.iter_mut().for_each(|corner| corner.weight *= factor);
                }
                Self { lattice, before: None, after: None, factor }
            }
        }
    }
}

/// Spread planes to the rows, and blur those.
pub(super) fn spread<const L: usize>(
    filters: &[Filter],
    planes: &[&mut [f32]],
    scratch: &mut [Scratch],
    parallel: bool,
) {
    for (filter, scratch) in filters.iter().zip(scratch) {
        let lattice = &filter.lattice;
        scratch.rows.resize(lattice.rows * L, 0.0);
        scratch.blurred.resize(lattice.rows * L, 0.0);
        scratch.shared.resize(lattice.shared_rows() * L, 0.0);
        scratch.blurred[..L].fill(0.0);
        let (zero, rows) = scratch.rows.as_chunks_mut::<L>().0.split_at_mut(1);
        zero[0] = [0.0; L]; // rows of another width lay there before
        let mut rest = (rows, scratch.shared.as_chunks_mut::<L>().0);
        let mut tasks = Vec::with_capacity(lattice.strips.len());
        for (k, strip) in lattice.strips.iter().enumerate() {
            let (own, rows) = rest.0.split_at_mut(strip.own);
            let (others, shared) = rest.1.split_at_mut(strip.rows.len() - strip.own);
            rest = (rows, shared);
            tasks.push((k, strip, own, others));
        }
        let length = strip_length(lattice.corners.len() / lattice.corner_count());
        let work = |values: &mut Vec<f32>, (k, strip, own, others): Task<L>| {
            let first = k * length;
            simd::dispatch(Spread { filter, planes, first, strip, own, others, values });
        };
        if parallel {
            tasks.into_par_iter().with_max_len(1).for_each_init(Vec::new, work);
        } else {
            let mut values = Vec::new();
            tasks.into_iter().for_each(|task| work(&mut values, task));
        }
        blur::<L>(lattice, scratch, parallel);
    }
}

/// A strip, its rows, and its part of the rows of others.
type Task<'a, const L: usize> = (usize, &'a Strip, &'a mut [[f32; L]], &'a mut [[f32; L]]);

struct Spread<'a, 'p, const L: usize> {
    filter: &'a Filter,
    planes: &'a [&'p mut [f32]],
    first: usize,
    strip: &'a Strip,
    own: &'a mut [[f32; L]],
    others: &'a mut [[f32; L]],
    values: &'a mut Vec<f32>,
}

impl<const L: usize> Kernel for Spread<'_, '_, L> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Self { filter, planes, first, strip, own, others, values } = self;
        let points = planes[0].len();
        let stop = points.min(first + strip_length(points));
        let count = filter.lattice.corner_count();
        let corners = &filter.lattice.corners[first * count..stop * count];
        values.clear();
        values.resize(strip.rows.len() * L, 0.0);
        let values = values.as_chunks_mut::<L>().0;
        for (k, corners) in corners.chunks(LANES * count).enumerate() {
            let start = first + k * LANES;
            let mut block = to_rows::<I, L>(isa, planes, start);
            if let Some(before) = &filter.before {
                for (row, &factor) in block.iter_mut().zip(&before[start..]) {
                    *row = row.map(|value| value * factor);
                }
            }
            match count {
                3 => spread_block::<3, L>(corners, &block, values),
                4 => spread_block::<4, L>(corners, &block, values),
                5 => spread_block::<5, L>(corners, &block, values),
                6 => spread_block::<6, L>(corners, &block, values),
                _ => {
                    for (corners, row) in corners.chunks_exact(count).zip(&block) {
                        corners.iter().for_each(|corner| add_row(corner, row, values));
                    }
                }
            }
        }
        let (mut own, mut others) = (own.iter_mut(), others.iter_mut());
        for (value, &row) in values.iter().zip(&strip.rows) {
            let place = if row < strip.first { others.next() } else { own.next() };
            if let Some(place) = place {
                *place = *value;
            }
        }
    }
}

#[inline(always)]
fn spread_block<const N: usize, const L: usize>(
    corners: &[Corner],
    block: &[[f32; L]; LANES],
    values: &mut [[f32; L]],
) {
    for (corners, row) in corners.as_chunks::<N>().0.iter().zip(block) {
        for corner in corners {
            add_row(corner, row, values);
        }
    }
}

#[inline(always)]
fn add_row<const L: usize>(corner: &Corner, row: &[f32; L], values: &mut [[f32; L]]) {
    let value = &mut values[corner.row as usize];
    for lane in 0..L {
        value[lane] += corner.weight * row[lane];
    }
}

/// Add what strips have for rows of others, then blur along every axis in turn.
fn blur<const L: usize>(lattice: &Lattice, scratch: &mut Scratch, parallel: bool) {
    let Scratch { rows, blurred, shared } = scratch;
    let shared = shared.as_chunks::<L>().0;
    let tasks = rows.as_chunks_mut::<L>().0[1..].chunks_mut(CHUNK).zip(&lattice.shared);
    each(tasks.collect(), parallel, |(rows, list): (&mut [[f32; L]], &Vec<[u32; 2]>)| {
        simd::dispatch(Share { rows, list, shared });
    });
    for neighbours in &lattice.neighbours {
        let old: &[[f32; L]] = rows.as_chunks().0;
        let new = blurred.as_chunks_mut::<L>().0[1..].chunks_mut(CHUNK);
        let tasks = new.zip(neighbours.chunks(CHUNK)).enumerate();
        each(tasks.collect(), parallel, |(k, (new, neighbours))| {
            simd::dispatch(Blur { old, first: 1 + k * CHUNK, neighbours, new });
        });
        std::mem::swap(rows, blurred);
    }
}

struct Share<'a, const L: usize> {
    rows: &'a mut [[f32; L]],
    list: &'a [[u32; 2]],
    shared: &'a [[f32; L]],
}

impl<const L: usize> Kernel for Share<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        for &[row, place] in self.list {
            let (row, more) = (&mut self.rows[row as usize], &self.shared[place as usize]);
            for lane in 0..L {
                row[lane] += more[lane];
            }
        }
    }
}

/// One axis for some rows.
struct Blur<'a, const L: usize> {
    old: &'a [[f32; L]],
    first: usize,
    neighbours: &'a [[u32; 2]],
    new: &'a mut [[f32; L]],
}

impl<const L: usize> Kernel for Blur<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let own = &self.old[self.first..];
        for ((new, own), &[a, b]) in self.new.iter_mut().zip(own).zip(self.neighbours) {
            let (a, b) = (&self.old[a as usize], &self.old[b as usize]);
            for lane in 0..L {
                new[lane] = own[lane] + 0.5 * (a[lane] + b[lane]);
            }
        }
    }
}

/// Replace planes (at most `L`) by the sum of what the filters gather; `add`: they already hold another part of it.
pub(super) fn gather<const L: usize>(
    filters: &[Filter],
    planes: &mut [&mut [f32]],
    scratch: &[Scratch],
    add: bool,
    parallel: bool,
) {
    let points = planes[0].len();
    let length = strip_length(points);
    let mut pieces: Vec<Vec<&mut [f32]>> = Vec::new();
    pieces.resize_with(points.div_ceil(length), || Vec::with_capacity(planes.len()));
    for plane in planes {
        for (piece, part) in pieces.iter_mut().zip(plane.chunks_mut(length)) {
            piece.push(part);
        }
    }
    let work = |values: &mut Vec<Vec<f32>>, (k, mut planes): (usize, Vec<&mut [f32]>)| {
        values.resize_with(filters.len(), Vec::new);
        let planes = &mut planes;
        simd::dispatch(Gather::<L> { filters, planes, scratch, add, strip: k, values });
    };
    let tasks = pieces.into_iter().enumerate();
    if parallel {
        let tasks: Vec<_> = tasks.collect();
        tasks.into_par_iter().with_max_len(1).for_each_init(Vec::new, work);
    } else {
        let mut values = Vec::new();
        tasks.for_each(|task| work(&mut values, task));
    }
}

struct Gather<'a, 'p, const L: usize> {
    filters: &'a [Filter],
    planes: &'a mut [&'p mut [f32]],
    scratch: &'a [Scratch],
    add: bool,
    strip: usize,
    values: &'a mut [Vec<f32>],
}

impl<const L: usize> Kernel for Gather<'_, '_, L> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Self { filters, planes, scratch, add, strip, values } = self;
        for ((filter, scratch), values) in filters.iter().zip(scratch).zip(values.iter_mut()) {
            let rows = scratch.rows.as_chunks::<L>().0;
            values.clear();
            for &row in &filter.lattice.strips[strip].rows {
                values.extend_from_slice(&rows[row as usize]);
            }
        }
        let here = planes[0].len();
        let whole = filters.first().map_or(0, |filter| {
            filter.lattice.corners.len() / filter.lattice.corner_count()
        });
        let first = strip * strip_length(whole);
        for start in (0..here).step_by(LANES) {
            let points = first + start..first + here.min(start + LANES);
            let mut block = [[0.0; L]; LANES];
            for (filter, values) in filters.iter().zip(values.iter()) {
                let count = filter.lattice.corner_count();
                let corners = &filter.lattice.corners[points.start * count..points.end * count];
                let values = values.as_chunks::<L>().0;
                let after = filter.after.as_ref().map(|after| &after[points.clone()]);
                let factors = Factors { all: filter.factor, each: after };
                match count {
                    3 => gather_block::<3, L>(corners, factors, values, &mut block),
                    4 => gather_block::<4, L>(corners, factors, values, &mut block),
                    5 => gather_block::<5, L>(corners, factors, values, &mut block),
                    6 => gather_block::<6, L>(corners, factors, values, &mut block),
                    _ => {
                        for (k, corners) in corners.chunks_exact(count).enumerate() {
                            gather_row(corners, factors.of(k), values, &mut block[k]);
                        }
                    }
                }
            }
            from_rows::<I, L>(isa, &block, planes, start, add);
        }
    }
}

/// What is gathered is multiplied with.
#[derive(Clone, Copy)]
struct Factors<'a> {
    all: f32,
    each: Option<&'a [f32]>,
}

impl Factors<'_> {
    #[inline(always)]
    fn of(&self, k: usize) -> f32 {
        self.each.map_or(self.all, |each| each[k] * self.all)
    }
}

#[inline(always)]
fn gather_block<const N: usize, const L: usize>(
    corners: &[Corner],
    factors: Factors,
    values: &[[f32; L]],
    block: &mut [[f32; L]; LANES],
) {
    for (k, (corners, row)) in corners.as_chunks::<N>().0.iter().zip(block).enumerate() {
        gather_row(corners, factors.of(k), values, row);
    }
}

#[inline(always)]
fn gather_row<const L: usize>(
    corners: &[Corner],
    factor: f32,
    values: &[[f32; L]],
    row: &mut [f32; L],
) {
    let mut sum = [0.0; L];
    for corner in corners {
        let value = &values[corner.row as usize];
        for lane in 0..L {
            sum[lane] += corner.weight * value[lane];
        }
    }
    for lane in 0..L {
        row[lane] += factor * sum[lane];
    }
}

/// Do all tasks.
pub(super) fn each<T: Send>(tasks: Vec<T>, parallel: bool, work: impl Fn(T) + Sync + Send) {
    if parallel {
        tasks.into_par_iter().with_max_len(1).for_each(work);
    } else {
        tasks.into_iter().for_each(work);
    }
}
