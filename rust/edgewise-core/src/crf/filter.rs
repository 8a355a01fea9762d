//! The lattice as a filter: values are spread to the corners, blurred along every axis, and gathered again.
//!
//! Several planes (labels) go through at once, side by side in the rows of the lattice. Tables are made once; nothing is looked up by key here.
use std::ops::Range;

use crate::simd::{self, Isa, Kernel};

use super::lattice::{CHUNK, Lattice, strip_length};
use super::simplex::{Corner, row_of, weight_of};
use super::tasks::{each, each_with};
use super::transpose::{BLOCK, from_rows, to_rows};

/// A lattice with the factors of its normalisation and its weight.
pub(super) struct Filter<'a> {
    lattice: Lattice<'a>,
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

impl<'a> Filter<'a> {
    /// Normalise a lattice; results are multiplied with `weight`. `own` gets what a point's own value counts.
    pub(super) fn new(
        lattice: Lattice<'a>,
        normalization: Normalization,
        weight: f32,
        own: Option<&mut [f32]>,
        parallel: bool,
    ) -> Self {
        let count = lattice.corner_count();
        let factor = 1.0 / (1.0 + 0.5_f32.powi(count as i32 - 1));
        let mut sums = vec![1.0; lattice.corners.len() / count];
        let mut filter = Self { lattice, before: None, after: None, factor };
        if normalization != Normalization::Off {
            let one = std::slice::from_ref(&filter);
            let scratch = &mut [Scratch::default()];
            spread::<1>(one, &[&mut sums], scratch, parallel);
            gather::<1>(one, &mut [&mut sums], scratch, false, parallel);
            normalization.of(&mut sums);
        }
        if let Some(own) = own {
            for (own, &factor) in own.iter_mut().zip(&sums) {
                *own += weight * normalization.own(factor);
            }
        }
        filter.factor *= weight;
        match normalization {
            Normalization::Off => {}
            Normalization::Before => filter.before = Some(sums),
            Normalization::After => filter.after = Some(sums),
            Normalization::Symmetric => {
                let corners = filter.lattice.corners.chunks_mut(CHUNK * count);
                each(corners.zip(sums.chunks(CHUNK)).collect(), parallel, |(corners, factors)| {
                    scale(corners, factors, count);
                });
            }
        }
        filter
    }

    fn points(&self) -> usize {
        self.lattice.corners.len() / self.lattice.corner_count()
    }
}

/// Multiply the weights of some points' corners.
fn scale(corners: &mut [Corner], factors: &[f32], count: usize) {
    for (corners, factor) in corners.chunks_exact_mut(count).zip(factors) {
        for corner in corners {
            corner[1] = (weight_of(*corner) * factor).to_bits();
        }
    }
}

/// Spread planes (at most `L`) to the rows of each filter, and blur those.
pub(super) fn spread<const L: usize>(
    filters: &[Filter],
    planes: &[&mut [f32]],
    scratch: &mut [Scratch],
    parallel: bool,
) {
    let mut tasks: Vec<Vec<Rows<L>>> = Vec::new();
    for (filter, scratch) in filters.iter().zip(scratch.iter_mut()) {
        let lattice = &filter.lattice;
        scratch.rows.resize(lattice.rows * L, 0.0);
        scratch.blurred.resize(lattice.rows * L, 0.0);
        scratch.shared.resize(lattice.shared_rows() * L, 0.0);
        scratch.blurred[..L].fill(0.0);
        let (zero, rows) = scratch.rows.as_chunks_mut::<L>().0.split_at_mut(1);
        zero[0] = [0.0; L]; // rows of another width lay there before
        let mut rest = (rows, scratch.shared.as_chunks_mut::<L>().0);
        tasks.resize_with(lattice.strips.len(), || Vec::with_capacity(filters.len()));
        for (strip, task) in lattice.strips.iter().zip(&mut tasks) {
            let (own, rows) = rest.0.split_at_mut(strip.own);
            let (others, shared) = rest.1.split_at_mut(strip.rows.len() - strip.own);
            rest = (rows, shared);
            task.push(Rows { own, others });
        }
    }
    let work = |values: &mut Vec<Vec<f32>>, (strip, rows): (usize, Vec<Rows<L>>)| {
        values.resize_with(filters.len(), Vec::new);
        simd::dispatch(Spread { filters, planes, strip, rows, values });
    };
    each_with(tasks.into_iter().enumerate().collect(), parallel, Vec::new, work);
    for (filter, scratch) in filters.iter().zip(scratch) {
        blur::<L>(&filter.lattice, scratch, parallel);
    }
}

/// The rows of a strip, and its part of the rows of others.
struct Rows<'a, const L: usize> {
    own: &'a mut [[f32; L]],
    others: &'a mut [[f32; L]],
}

/// Spread the points of a strip.
struct Spread<'a, 'l, 'p, const L: usize> {
    filters: &'a [Filter<'l>],
    planes: &'a [&'p mut [f32]],
    strip: usize,
    /// By filter.
    rows: Vec<Rows<'a, L>>,
    values: &'a mut [Vec<f32>],
}

impl<const L: usize> Kernel for Spread<'_, '_, '_, L> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Self { filters, planes, strip, rows, values } = self;
        for (filter, values) in filters.iter().zip(values.iter_mut()) {
            values.clear();
            values.resize(filter.lattice.strips[strip].rows.len() * L, 0.0);
        }
        let points = planes[0].len();
        let first = strip * strip_length(points);
        let stop = points.min(first + strip_length(points));
        let mut block = [[0.0; L]; BLOCK];
        for start in (first..stop).step_by(BLOCK) {
            to_rows(isa, planes, start, &mut block);
            let here = start..stop.min(start + BLOCK);
            for (filter, values) in filters.iter().zip(values.iter_mut()) {
                let mut scaled;
                let given = if let Some(before) = &filter.before {
                    scaled = block;
                    for (row, &factor) in scaled.iter_mut().zip(&before[here.clone()]) {
                        for lane in row {
                            *lane *= factor;
                        }
                    }
                    &scaled
                } else {
                    &block
                };
                spread_block(filter, here.clone(), given, values.as_chunks_mut::<L>().0);
            }
        }
        for ((filter, values), rows) in filters.iter().zip(values).zip(rows) {
            let (mut own, mut others) = (rows.own.iter_mut(), rows.others.iter_mut());
            let strip = &filter.lattice.strips[strip];
            for (value, &row) in values.as_chunks::<L>().0.iter().zip(&strip.rows) {
                let place = if row < strip.first { others.next() } else { own.next() };
                if let Some(place) = place {
                    *place = *value;
                }
            }
        }
    }
}

/// Spread some points.
#[inline(always)]
fn spread_block<const L: usize>(
    filter: &Filter,
    points: Range<usize>,
    block: &[[f32; L]; BLOCK],
    values: &mut [[f32; L]],
) {
    let count = filter.lattice.corner_count();
    let corners = &filter.lattice.corners[points.start * count..points.end * count];
    match count {
        3 => spread_some::<3, L>(corners, block, values),
        4 => spread_some::<4, L>(corners, block, values),
        5 => spread_some::<5, L>(corners, block, values),
        6 => spread_some::<6, L>(corners, block, values),
        _ => {
            for (corners, row) in corners.chunks_exact(count).zip(block) {
                spread_point(corners, row, values);
            }
        }
    }
}

/// The same where the compiler knows the number of corners.
#[inline(always)]
fn spread_some<const N: usize, const L: usize>(
    corners: &[Corner],
    block: &[[f32; L]; BLOCK],
    values: &mut [[f32; L]],
) {
    for (corners, row) in corners.as_chunks::<N>().0.iter().zip(block) {
        spread_point(corners, row, values);
    }
}

#[inline(always)]
fn spread_point<const L: usize>(corners: &[Corner], row: &[f32; L], values: &mut [[f32; L]]) {
    for &corner in corners {
        let value = &mut values[row_of(corner)];
        let weight = weight_of(corner);
        for lane in 0..L {
            value[lane] += weight * row[lane];
        }
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
            let row = &mut self.rows[row as usize];
            *row = plus(*row, self.shared[place as usize]);
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
            let sides = plus(self.old[a as usize], self.old[b as usize]);
            *new = plus(*own, sides.map(|side| 0.5 * side));
        }
    }
}

/// The sum, lane by lane; copies, because the compiler does not see that rows do not overlap.
#[inline(always)]
fn plus<const L: usize>(mut a: [f32; L], b: [f32; L]) -> [f32; L] {
    for lane in 0..L {
        a[lane] += b[lane];
    }
    a
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
    each_with(pieces.into_iter().enumerate().collect(), parallel, Vec::new, work);
}

/// Gather the points of a strip.
struct Gather<'a, 'l, 'p, const L: usize> {
    filters: &'a [Filter<'l>],
    planes: &'a mut [&'p mut [f32]],
    scratch: &'a [Scratch],
    add: bool,
    strip: usize,
    values: &'a mut [Vec<f32>],
}

impl<const L: usize> Kernel for Gather<'_, '_, '_, L> {
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
        let first = strip * filters.first().map_or(0, |filter| strip_length(filter.points()));
        for start in (0..here).step_by(BLOCK) {
            let points = first + start..first + here.min(start + BLOCK);
            let mut block = [[0.0; L]; BLOCK];
            for (filter, values) in filters.iter().zip(values.iter()) {
                gather_block(filter, points.clone(), values.as_chunks().0, &mut block);
            }
            from_rows(isa, &block, planes, start, add);
        }
    }
}

/// Gather some points.
#[inline(always)]
fn gather_block<const L: usize>(
    filter: &Filter,
    points: Range<usize>,
    values: &[[f32; L]],
    block: &mut [[f32; L]; BLOCK],
) {
    let count = filter.lattice.corner_count();
    let corners = &filter.lattice.corners[points.start * count..points.end * count];
    let mut factors = [filter.factor; BLOCK];
    if let Some(after) = &filter.after {
        for (factor, after) in factors.iter_mut().zip(&after[points]) {
            *factor *= after;
        }
    }
    match count {
        3 => gather_some::<3, L>(corners, &factors, values, block),
        4 => gather_some::<4, L>(corners, &factors, values, block),
        5 => gather_some::<5, L>(corners, &factors, values, block),
        6 => gather_some::<6, L>(corners, &factors, values, block),
        _ => {
            for ((corners, &factor), row) in corners.chunks_exact(count).zip(&factors).zip(block) {
                gather_point(corners, factor, values, row);
            }
        }
    }
}

/// The same where the compiler knows the number of corners.
#[inline(always)]
fn gather_some<const N: usize, const L: usize>(
    corners: &[Corner],
    factors: &[f32; BLOCK],
    values: &[[f32; L]],
    block: &mut [[f32; L]; BLOCK],
) {
    for ((corners, &factor), row) in corners.as_chunks::<N>().0.iter().zip(factors).zip(block) {
        gather_point(corners, factor, values, row);
    }
}

#[inline(always)]
fn gather_point<const L: usize>(
    corners: &[Corner],
    factor: f32,
    values: &[[f32; L]],
    row: &mut [f32; L],
) {
    let mut sum = [0.0; L];
    for &corner in corners {
        let value = &values[row_of(corner)];
        let weight = weight_of(corner);
        for lane in 0..L {
            sum[lane] += weight * value[lane];
        }
    }
    for lane in 0..L {
        row[lane] += factor * sum[lane];
    }
}
