//! Boundaries of masks: their outermost voxels, or the pieces of surface between voxels (surfels).
//!
//! Everything works on 64 voxels at a time; cost is a few nanoseconds per 64 voxels, whatever the mask. Only real axes ([`Mask::axes`]) have
//! neighbours and an outside; an axis of length 1 that the array has is real, so every voxel of it touches the outside.

use std::borrow::Cow;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::grid::Metric;
use crate::mask::Mask;
use crate::surfel_table;

/// Which voxels of a set are its boundary: those with a neighbour outside of the set, by kind of neighbour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Boundary {
    /// Neighbours across a face: 2, 4, 6 in one, two, three axes.
    Face,
    /// Neighbours that differ along at most two axes: 2, 8, 18.
    Edge18,
    /// All neighbours: 2, 8, 26.
    Full,
}

impl FromStr for Boundary {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self> {
        match word {
            "face" => Ok(Self::Face),
            "edge18" => Ok(Self::Edge18),
            "full" => Ok(Self::Full),
            _ => Err(Error::Argument(format!(
                "boundary must be 'face', 'edge18' or 'full', got '{word}'"
            ))),
        }
    }
}

/// What lies outside of the array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Edge {
    /// Background: voxels at the edge of the array are boundary.
    Background,
    /// Foreground: the edge of the array makes no boundary.
    Foreground,
}

impl FromStr for Edge {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self> {
        match word {
            "background" => Ok(Self::Background),
            "foreground" => Ok(Self::Foreground),
            _ => Err(Error::Argument(format!(
                "edge must be 'background' or 'foreground', got '{word}'"
            ))),
        }
    }
}

/// The voxels of a mask that have a neighbour which is neither in the mask nor ignored.
///
/// Ignored voxels are neither foreground nor background: they are not in the result and create no boundary next to them. What is outside of the
/// array counts as `edge` says. In a crop, a layer of voxels around the mask's box stands in for the array outside of the crop, wherever the
/// array has one.
///
/// # Panics
/// If `ignored` has another shape.
pub fn boundary(mask: &Mask, rule: Boundary, edge: Edge, ignored: Option<&Mask>) -> Mask {
    if mask.words().is_empty() {
        return mask.clone();
    }
    let mut own = Cow::Borrowed(mask);
    let mut solid = Cow::Borrowed(mask);
    if let Some(ignored) = ignored {
        own.to_mut().and_not(ignored);
        solid.to_mut().or(ignored);
    }
    let mut result = own.into_owned();
    result.and_not(&interior(&solid, rule, edge));
    result
}

/// The voxels (and possibly others outside of `solid`) all of whose neighbours are in `solid`.
fn interior(solid: &Mask, rule: Boundary, edge: Edge) -> Mask {
    let shrunk = along_rows(solid, edge);
    let mut inner = shrunk.clone();
    for (dz, dy) in [(0, -1), (0, 1), (-1, 0), (1, 0)] {
        let rows = if rule == Boundary::Face { solid } else { &shrunk };
        and_shifted(&mut inner, rows, [dz, dy], edge);
    }
    if rule != Boundary::Face {
        let rows = if rule == Boundary::Full { &shrunk } else { solid };
        for (dz, dy) in [(-1, -1), (-1, 1), (1, -1), (1, 1)] {
            and_shifted(&mut inner, rows, [dz, dy], edge);
        }
    }
    inner
}

/// The voxels of a set both of whose neighbours along x are in it.
fn along_rows(solid: &Mask, edge: Edge) -> Mask {
    let mut result = solid.clone();
    let width = solid.words_per_row();
    let last = solid.last_word_bits();
    let outside = if edge == Edge::Foreground { u64::MAX } else { 0 };
    for row in result.words_mut().chunks_exact_mut(width) {
        row[width - 1] |= outside & !last;
        let mut before = outside;
        for k in 0..width {
            let word = row[k];
            let after = row.get(k + 1).copied().unwrap_or(outside);
            row[k] = word & (word << 1 | before >> 63) & (word >> 1 | after << 63);
            before = word;
        }
        row[width - 1] &= last;
    }
    result
}

/// Keep the voxels whose neighbour at `[dz, dy]` is in `rows` or, outside of the array, is foreground.
fn and_shifted(inner: &mut Mask, rows: &Mask, [dz, dy]: [i64; 2], edge: Edge) {
    let axes = rows.axes();
    if (dz != 0 && axes < 3) || (dy != 0 && axes < 2) {
        return;
    }
    let plane = rows.shape()[1] * rows.words_per_row();
    for (z, inner) in inner.words_mut().chunks_exact_mut(plane).enumerate() {
        let other = usize::try_from(z as i64 + dz).ok();
        match other.and_then(|other| rows.words().chunks_exact(plane).nth(other)) {
            Some(other) => and_rows(inner, other, dy, rows.words_per_row(), edge),
            None if edge == Edge::Background => inner.fill(0),
            None => {}
        }
    }
}

/// The same within one plane, for the neighbour `dy` rows on.
fn and_rows(inner: &mut [u64], other: &[u64], dy: i64, width: usize, edge: Edge) {
    let (first, rest) = match dy {
        0 => (&mut [][..], inner),
        1 => {
            let (rest, last) = inner.split_at_mut(inner.len() - width);
            (last, rest)
        }
        _ => inner.split_at_mut(width),
    };
    if edge == Edge::Background {
        first.fill(0);
    }
    let shifted = if dy == 1 { &other[width..] } else { other };
    for (word, &neighbour) in rest.iter_mut().zip(shifted) {
        *word &= neighbour;
    }
}

/// The surface elements of a mask: the blocks of 2 (x 2 (x 2)) voxels that hold both foreground and background.
///
/// The blocks form the half-shifted grid, one longer than the mask along each real axis: block `p` covers the voxels `p - 1` and `p` along each,
/// and outside of the array is always background. A block that holds an ignored voxel is no surface element. The code of a block has one bit a
/// voxel, the first voxel along every axis highest (128 in three axes, 8 in two, 2 in one), along the axes z, y, x of the mask.
#[derive(Debug, Clone)]
pub struct Surfels {
    positions: Mask,
    inside: Mask,
}

/// The surface elements of a mask; in a crop a layer around the mask's box keeps ignored voxels just outside of it in sight.
///
/// # Panics
/// If `ignored` has another shape.
pub fn surfels(mask: &Mask, ignored: Option<&Mask>) -> Surfels {
    let (axes, mut shape) = (mask.axes(), mask.shape());
    if let Some(ignored) = ignored {
        assert_eq!(shape, ignored.shape(), "masks of different shapes");
    }
    shape[3 - axes..].iter_mut().for_each(|length| *length += 1);
    let mut positions = Mask::zeros(shape, axes);
    for z in 0..shape[0] {
        for y in 0..shape[1] {
            let inside = block_rows(mask, z, y);
            let hidden = ignored.map(|ignored| block_rows(ignored, z, y));
            for (k, word) in positions.row_mut(z, y).iter_mut().enumerate() {
                let (any, all) = any_and_all(&inside, k, axes);
                let skipped = hidden.as_ref().map_or(0, |rows| any_and_all(rows, k, axes).0);
                *word = any & !all & !skipped;
            }
        }
    }
    Surfels { positions, inside: mask.clone() }
}

impl Surfels {
    /// Which blocks are surface elements; the index of a block is its position in voxels, shifted by half a voxel.
    pub fn positions(&self) -> &Mask {
        &self.positions
    }

    /// The code of the block at a position.
    pub fn code_at(&self, z: usize, y: usize, x: usize) -> u8 {
        let rows = block_rows(&self.inside, z, y);
        code(&rows, x / 64, x % 64, self.inside.axes())
    }

    /// Call `visit(z, y, x, code)` for every surface element in raster order.
    pub fn for_each(&self, mut visit: impl FnMut(usize, usize, usize, u8)) {
        let axes = self.inside.axes();
        let [planes, rows, _] = self.positions.shape();
        for z in 0..planes {
            for y in 0..rows {
                let inside = block_rows(&self.inside, z, y);
                for (k, &word) in self.positions.row(z, y).iter().enumerate() {
                    let mut left = word;
                    while left != 0 {
                        let bit = left.trailing_zeros() as usize;
                        visit(z, y, 64 * k + bit, code(&inside, k, bit, axes));
                        left &= left - 1;
                    }
                }
            }
        }
    }

    /// The weight of every block of the half-shifted grid, row-major; 0 where there is no surface element.
    pub fn weights(&self, weights: &SurfelWeights) -> Vec<f64> {
        let [planes, rows, columns] = self.positions.shape();
        let mut found = vec![0.0; planes * rows * columns];
        self.for_each(|z, y, x, code| {
            found[(z * rows + y) * columns + x] = weights.weight(code);
        });
        found
    }
}

/// Rows of voxels in the blocks of one row: (z-1, y-1), (z-1, y), (z, y-1), (z, y), the last ones where axes are missing; empty outside.
type BlockRows<'a> = [&'a [u64]; 4];

fn block_rows(mask: &Mask, z: usize, y: usize) -> BlockRows<'_> {
    let axes = mask.axes();
    let row = |z: Option<usize>, y: Option<usize>| match (z, y) {
        (Some(z), Some(y)) if z < mask.shape()[0] && y < mask.shape()[1] => mask.row(z, y),
        _ => &[],
    };
    let before = |index: usize, real: bool| if real { index.checked_sub(1) } else { None };
    let (upper, left) = (before(z, axes == 3), before(y, axes >= 2));
    [row(upper, left), row(upper, Some(y)), row(Some(z), left), row(Some(z), Some(y))]
}

/// Word `k` of a row, and the same row moved up by one voxel.
fn pair_of_words(row: &[u64], k: usize) -> [u64; 2] {
    let word = row.get(k).copied().unwrap_or(0);
    let before = if k == 0 { 0 } else { row.get(k - 1).copied().unwrap_or(0) };
    [word << 1 | before >> 63, word]
}

/// How many of the block rows lie within the real axes: the last 1, 2 or 4.
fn real_rows<'a, 'b>(rows: &'b BlockRows<'a>, axes: usize) -> &'b [&'a [u64]] {
    &rows[4 - (1 << (axes - 1))..]
}

/// For 64 blocks: whether any voxel is set, and whether all are.
fn any_and_all(rows: &BlockRows, k: usize, axes: usize) -> (u64, u64) {
    real_rows(rows, axes).iter().fold((0, u64::MAX), |(any, all), row| {
        let [first, second] = pair_of_words(row, k);
        (any | first | second, all & first & second)
    })
}

fn code(rows: &BlockRows, k: usize, bit: usize, axes: usize) -> u8 {
    real_rows(rows, axes).iter().fold(0, |code, row| {
        let [first, second] = pair_of_words(row, k).map(|word| (word >> bit & 1) as u8);
        code << 2 | first << 1 | second
    })
}

/// Size of a surface element by the code of its block: 1 for an end point in one axis, a length in two, an area in three.
///
/// In two axes, with spacings s0 and s1 and `h = sqrt(s0² + s1²) / 2`: h where one corner differs from the others, s1 or s0 where the contour
/// runs along axis 1 or 0, 2 h for two diagonal corners. In three axes the marching-cubes area of [`surfel_table`].
#[derive(Debug, Clone, PartialEq)]
pub struct SurfelWeights {
    table: [f64; 256],
}

impl SurfelWeights {
    /// Weights for the codes of a mask with that many axes; the same whether the array was row-major or column-major.
    pub fn new(metric: &Metric, axes: usize) -> Self {
        let spacing = metric.spacing();
        let mut table = [0.0; 256];
        for code in 0..=255_u8 {
            let mut own = code; // in the order of the array's axes
            let mut steps = spacing;
            if metric.reversed() {
                own = reversed(code, axes);
                steps[3 - axes..].reverse();
            }
            table[usize::from(code)] = match axes {
                1 => f64::from(u8::from(own == 1 || own == 2)),
                2 => contour_length(own, [steps[1], steps[2]]),
                _ => surfel_table::area(own, steps),
            };
        }
        Self { table }
    }

    /// Weight of a code: 0 for blocks that are all background or all foreground.
    #[inline]
    pub fn weight(&self, code: u8) -> f64 {
        self.table[usize::from(code)]
    }

    /// Weights of all codes.
    pub fn table(&self) -> &[f64; 256] {
        &self.table
    }
}

/// The code of the same block with the order of its axes reversed.
fn reversed(code: u8, axes: usize) -> u8 {
    (0..1_usize << axes)
        .filter(|corner| code >> corner & 1 == 1)
        .map(|corner| (0..axes).fold(0, |turned, axis| turned << 1 | (corner >> axis & 1)))
        .fold(0, |turned, corner| turned | 1 << corner)
}

fn contour_length(code: u8, [s0, s1]: [f64; 2]) -> f64 {
    let half = 0.5 * (s0 * s0 + s1 * s1).sqrt();
    match code {
        0b0011 | 0b1100 => s1,
        0b0101 | 0b1010 => s0,
        0b0110 | 0b1001 => 2.0 * half,
        1..=14 => half,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Shape, number of axes, and values: 0 background, 1 foreground, 2 ignored (in the set or not: 3).
    fn arrays() -> impl Strategy<Value = ([usize; 3], usize, Vec<u8>)> {
        let columns = prop::sample::select(vec![1_usize, 2, 63, 64, 65, 130]);
        let values =
            prop::sample::select(vec![vec![0_u8, 1], vec![1, 1, 1, 1, 0], vec![0, 1, 1, 1, 2, 3]]);
        (1..4_usize, 1..4_usize, 1..5_usize, columns, values).prop_flat_map(
            |(axes, z, y, x, values)| {
                let shape = [if axes == 3 { z } else { 1 }, if axes >= 2 { y } else { 1 }, x];
                let data = prop::collection::vec(
                    prop::sample::select(values),
                    shape.iter().product::<usize>(),
                );
                (Just(shape), Just(axes), data)
            },
        )
    }

    fn packed(shape: [usize; 3], axes: usize, data: &[u8], rule: impl Fn(u8) -> bool) -> Mask {
        let bytes: Vec<u8> = data.iter().map(|&v| u8::from(rule(v))).collect();
        Mask::from_bytes(&bytes, shape, axes).unwrap()
    }

    /// The value at an index that may lie outside.
    fn at(shape: [usize; 3], data: &[u8], index: [i64; 3]) -> Option<u8> {
        let inside = (0..3).all(|k| (0..shape[k] as i64).contains(&index[k]));
        let [z, y, x] = index.map(|i| i as usize);
        inside.then(|| data[(z * shape[1] + y) * shape[2] + x])
    }

    fn steps(axes: usize) -> Vec<[i64; 3]> {
        let range = |real: bool| if real { -1..=1 } else { 0..=0 };
        let mut all = vec![];
        for dz in range(axes == 3) {
            for dy in range(axes >= 2) {
                for dx in -1..=1 {
                    all.push([dz, dy, dx]);
                }
            }
        }
        all
    }

    fn naive_boundary(shape: [usize; 3], axes: usize, data: &[u8], reach: i64, edge: Edge) -> Mask {
        let mut result = Mask::zeros(shape, axes);
        for (i, &value) in data.iter().enumerate() {
            let here = [i / (shape[1] * shape[2]), i / shape[2] % shape[1], i % shape[2]];
            let open = steps(axes).into_iter().any(|step| {
                let far = step.iter().map(|d| d.abs()).sum::<i64>();
                let place = [0, 1, 2].map(|k| here[k] as i64 + step[k]);
                far <= reach
                    && match at(shape, data, place) {
                        Some(neighbour) => neighbour == 0,
                        None => edge == Edge::Background,
                    }
            });
            if value == 1 && open {
                result.set(here[0], here[1], here[2]);
            }
        }
        result
    }

    proptest! {
        #[test]
        fn boundary_is_what_its_definition_says((shape, axes, data) in arrays()) {
            let mask = packed(shape, axes, &data, |v| v % 2 == 1);
            let ignored = packed(shape, axes, &data, |v| v >= 2);
            for (rule, reach) in [(Boundary::Face, 1), (Boundary::Edge18, 2), (Boundary::Full, 3)] {
                for edge in [Edge::Background, Edge::Foreground] {
                    let found = boundary(&mask, rule, edge, Some(&ignored));
                    let expected = naive_boundary(shape, axes, &data, reach, edge);
                    prop_assert_eq!(&found, &expected, "{:?} {:?}", rule, edge);
                    if ignored.is_empty() {
                        prop_assert_eq!(boundary(&mask, rule, edge, None), expected);
                    }
                }
            }
        }

        #[test]
        fn surfels_are_the_mixed_blocks((shape, axes, data) in arrays()) {
            let mask = packed(shape, axes, &data, |v| v % 2 == 1);
            let ignored = packed(shape, axes, &data, |v| v >= 2);
            let found = surfels(&mask, Some(&ignored));
            let mut visited = vec![];
            found.for_each(|z, y, x, code| visited.push((z, y, x, code)));
            let real = |k: usize| usize::from(k >= 3 - axes);
            let mut expected = vec![];
            for z in 0..shape[0] + real(0) {
                for y in 0..shape[1] + real(1) {
                    for x in 0..=shape[2] {
                        let corners: Vec<u8> = steps(axes)
                            .into_iter()
                            .filter(|step| step.iter().all(|&d| d <= 0))
                            .map(|[dz, dy, dx]| [z as i64 + dz, y as i64 + dy, x as i64 + dx])
                            .map(|index| at(shape, &data, index).unwrap_or(0))
                            .collect();
                        let code = corners.iter().fold(0_u8, |code, v| code << 1 | (v & 1));
                        let mixed = corners.contains(&0) && corners.contains(&1);
                        if mixed && corners.iter().all(|&v| v < 2) {
                            expected.push((z, y, x, code));
                            prop_assert_eq!(found.code_at(z, y, x), code);
                        }
                    }
                }
            }
            prop_assert_eq!(found.positions().count() as usize, expected.len());
            prop_assert_eq!(visited, expected);
        }
    }

    #[test]
    fn weights_do_not_depend_on_the_memory_order() {
        let spacing = [0.7, 1.3, 5.0];
        for axes in 1..=3 {
            let given = &spacing[..axes];
            let mut turned = given.to_vec();
            turned.reverse();
            let forward = SurfelWeights::new(&Metric::new(given, false).unwrap(), axes);
            let backward = SurfelWeights::new(&Metric::new(&turned, true).unwrap(), axes);
            for code in 0..1_usize << (1 << axes) {
                let turned = usize::from(reversed(code as u8, axes));
                assert_eq!(forward.table[code].to_bits(), backward.table[turned].to_bits());
            }
        }
    }

    #[test]
    fn contours_have_the_length_of_their_pattern() {
        let weights = SurfelWeights::new(&Metric::new(&[3.0, 4.0], false).unwrap(), 2);
        let expected =
            [0.0, 2.5, 2.5, 4.0, 2.5, 3.0, 5.0, 2.5, 2.5, 5.0, 3.0, 2.5, 4.0, 2.5, 2.5, 0.0];
        assert_eq!(weights.table()[..16], expected);
    }

    #[test]
    fn a_line_ends_twice() {
        let weights = SurfelWeights::new(&Metric::new(&[3.0], false).unwrap(), 1);
        assert_eq!(weights.table()[..4], [0.0, 1.0, 1.0, 0.0]);
    }

    #[test]
    fn words_name_the_rules() {
        assert_eq!("edge18".parse(), Ok(Boundary::Edge18));
        assert_eq!("foreground".parse(), Ok(Edge::Foreground));
        assert!("surfel".parse::<Boundary>().is_err() && "none".parse::<Edge>().is_err());
    }
}
