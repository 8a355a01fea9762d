//! Planes to rows and back, some points at a time.
use crate::simd::{Isa, prefetch};

/// Points that are turned at a time: long enough pieces of each plane for the processor to see where it goes on.
pub(super) const BLOCK: usize = 64;

/// One row per point from `start` on, one lane per plane; lanes without a plane are 0, points beyond the last are 0.
#[inline(always)]
pub(super) fn to_rows<I: Isa, const L: usize>(
    isa: I,
    planes: &[&mut [f32]],
    start: usize,
    rows: &mut [[f32; L]; BLOCK],
) {
    let mut columns = [[0.0; BLOCK]; L];
    for (column, plane) in columns.iter_mut().zip(planes) {
        *column = block_of(&plane[start..]);
    }
    if L.is_multiple_of(8) {
        for lane in (0..L).step_by(8) {
            for point in (0..BLOCK).step_by(8) {
                let square = std::array::from_fn(|i| eight(&columns[lane + i], point));
                for (i, part) in isa.transpose(&square).into_iter().enumerate() {
                    rows[point + i][lane..lane + 8].copy_from_slice(&part);
                }
            }
        }
    } else {
        for (point, row) in rows.iter_mut().enumerate() {
            for lane in 0..L {
                row[lane] = columns[lane][point];
            }
        }
    }
}

/// The rows into the planes, as far as there are planes and points; `add`: to what they hold.
#[inline(always)]
pub(super) fn from_rows<I: Isa, const L: usize>(
    isa: I,
    rows: &[[f32; L]; BLOCK],
    planes: &mut [&mut [f32]],
    start: usize,
    add: bool,
) {
    let mut columns = [[0.0; BLOCK]; L];
    if L.is_multiple_of(8) {
        for lane in (0..L).step_by(8) {
            for point in (0..BLOCK).step_by(8) {
                let square = std::array::from_fn(|i| eight(&rows[point + i], lane));
                for (i, part) in isa.transpose(&square).into_iter().enumerate() {
                    columns[lane + i][point..point + 8].copy_from_slice(&part);
                }
            }
        }
    } else {
        for (lane, column) in columns.iter_mut().enumerate() {
            for point in 0..BLOCK {
                column[point] = rows[point][lane];
            }
        }
    }
    for (column, plane) in columns.iter_mut().zip(planes) {
        let plane = &mut plane[start..];
        if add {
            let old = block_of(plane);
            for point in 0..BLOCK {
                column[point] += old[point];
            }
        }
        put(column, plane);
    }
}

/// Eight values of some.
#[inline(always)]
fn eight(values: &[f32], start: usize) -> [f32; 8] {
    some(&values[start..start + 8])
}

/// The first values, while the block after them is fetched: pieces of many planes are too short for the processor to see a pattern.
#[inline(always)]
pub(super) fn block_of(plane: &[f32]) -> [f32; BLOCK] {
    if let Some(values) = plane.first_chunk::<BLOCK>() {
        prefetch(values, size_of_val(values));
        return *values;
    }
    some(plane)
}

/// The first values; 0 for those that are not there.
#[inline(always)]
pub(super) fn some<const N: usize>(values: &[f32]) -> [f32; N] {
    if let Some(values) = values.first_chunk::<N>() {
        return *values;
    }
    let mut lanes = [0.0; N];
    lanes[..values.len()].copy_from_slice(values);
    lanes
}

/// The first values to where they belong, as far as there is room.
#[inline(always)]
pub(super) fn put<const N: usize>(values: &[f32; N], place: &mut [f32]) {
    if let Some(place) = place.first_chunk_mut::<N>() {
        *place = *values;
    } else {
        place.copy_from_slice(&values[..place.len()]);
    }
}
