//! Planes to rows and back: 16 points at a time.
#![allow(
    clippy::inline_always,
    reason = "what is not inlined into the dispatching function is compiled for the baseline"
)]

use crate::simd::Isa;

use super::features::{LANES, Lanes};

/// One row per point from `start` on, one lane per plane; lanes without a plane are 0, points beyond the last are 0.
#[inline(always)]
pub(super) fn to_rows<I: Isa, const L: usize>(
    isa: I,
    planes: &[&mut [f32]],
    start: usize,
) -> [[f32; L]; LANES] {
    let mut columns = [[0.0; LANES]; L];
    for (column, plane) in columns.iter_mut().zip(planes) {
        *column = some(&plane[start..]);
    }
    let mut rows = [[0.0; L]; LANES];
    turn(isa, &columns, &mut rows);
    rows
}

/// The rows into the planes, as far as there are planes and points; `add`: to what they hold.
#[inline(always)]
pub(super) fn from_rows<I: Isa, const L: usize>(
    isa: I,
    rows: &[[f32; L]; LANES],
    planes: &mut [&mut [f32]],
    start: usize,
    add: bool,
) {
    let mut columns = [[0.0; LANES]; L];
    turn_back(isa, rows, &mut columns);
    for (column, plane) in columns.iter_mut().zip(planes) {
        let plane = &mut plane[start..];
        if add {
            let old = some(plane);
            for lane in 0..LANES {
                column[lane] += old[lane];
            }
        }
        if let Some(plane) = plane.first_chunk_mut::<LANES>() {
            *plane = *column;
        } else {
            plane.copy_from_slice(&column[..plane.len()]);
        }
    }
}

/// The first values; 0 for those that are not there.
#[inline(always)]
pub(super) fn some(values: &[f32]) -> Lanes {
    if let Some(values) = values.first_chunk::<LANES>() {
        return *values;
    }
    let mut lanes = [0.0; LANES];
    lanes[..values.len()].copy_from_slice(values);
    lanes
}

#[inline(always)]
fn turn<I: Isa, const L: usize>(_isa: I, columns: &[Lanes; L], rows: &mut [[f32; L]; LANES]) {
    for (point, row) in rows.iter_mut().enumerate() {
        for lane in 0..L {
            row[lane] = columns[lane][point];
        }
    }
}

#[inline(always)]
fn turn_back<I: Isa, const L: usize>(_isa: I, rows: &[[f32; L]; LANES], columns: &mut [Lanes; L]) {
    for (lane, column) in columns.iter_mut().enumerate() {
        for point in 0..LANES {
            column[point] = rows[point][lane];
        }
    }
}
