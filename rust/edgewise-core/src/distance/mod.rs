//! Exact Euclidean distance of every foreground voxel to the nearest background voxel, for any number of axes.
//!
//! The squared distance is separable: a scan along the fastest axis gives the distance within each row, and every further axis takes, column
//! by column, `min over p of g[p] + step² (y - p)²` of what the axes before it left (Saito and Toriwaki, "New algorithms for Euclidean distance
//! transformation of an n-dimensional digitized picture with applications", Pattern Recognition 27, 1994). Neighbouring columns, as many as 64 bytes
//! hold, are swept together. Rows are visited by divide and conquer: the leftmost `p` that attains the minimum never decreases with `y` (the matrix
//! is totally monotone; Aggarwal et al., "Geometric applications of a matrix-searching algorithm", Algorithmica 2, 1987), so the rows already answered
//! above and below bracket the search, and the value at `y` itself bounds how far `p` may be. Rows without any source are left out.
//!
//! Only the box around the foreground is looked at. Cost there: 0.5 to 5 ns a voxel on one thread for blobs, points and noise alike. Memory beyond
//! the result: an eighth of a byte a voxel, 32 bytes a row, and one slice of 2 or 4 bytes a voxel a thread; 4 bytes a voxel more where nearest voxels
//! are needed but not asked for, and 8 where they are asked for with distances in single precision and spacings that are no multiples of one unit.
//!
//! Exactness: where all spacings are whole multiples of one unit and the squared diagonal allows it, squared distances are whole numbers throughout
//! and ties are exact: of 16 bits where cells of the box show that no distance is longer than 255 units, else of 32. Where the result is
//! double precision and the unit is not a power of two, or where indices are asked for, the passes carry the nearest voxel and the distance is
//! computed from its index offset as [`crate::Metric`] does, summed in the order of the array's axes.
//!
//! Ties: voxels are numbered so that the last of the array's axes counts most, and of equal sums the one with the least number is taken. That adds
//! to every value of a column a number too small to change the sums, so the brackets hold as they do without.
#![allow(clippy::inline_always, reason = "see `simd`")]

mod between;
mod envelope;
mod field;
mod lanes;
mod multilabel;
mod numbers;
mod passes;
mod rows;
mod steps;

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::mask::Mask;
use crate::parallel;
use crate::simd;

use field::Field;
use lanes::{Lane, Source};
use numbers::{Finish, Numbering, Part};
use passes::Passes;
use steps::Steps;

pub(crate) use between::squares_between;
pub use lanes::Output;
pub use multilabel::label_transform_into;

/// Voxels whose offsets are measured together.
const GRAIN: usize = 1 << 14;
/// No nearest voxel: there is no background.
const NOWHERE: u32 = u32::MAX;
/// Squared distances that 16 bits hold; the largest number is "no source".
const NARROW: f64 = 65_534.0;
/// Squared distances whose sums double precision holds.
const EXACT: f64 = 2_251_799_813_685_248.0;
/// Squared distances whose sums 32 bits hold.
const WIDE: f64 = 536_870_911.0;

/// What to compute.
#[derive(Debug, Clone, PartialEq)]
pub struct Request<'a> {
    /// Lengths of the axes, slowest first; any number of axes.
    pub shape: &'a [usize],
    /// Spacing along those axes, in mm or any other unit.
    pub spacing: &'a [f64],
    /// Whether those axes are the array's axes reversed (column-major array); decides the order of sums.
    pub reversed: bool,
    /// Squared distances (in squared units of the spacing) instead of distances.
    pub squared: bool,
    /// Also return the nearest background voxel of each voxel: of several the one whose index along the last of the array's axes is least, of
    /// these the one whose index along the axis before is least, and so on. Distances that rounding makes equal or different are what they are made.
    pub indices: bool,
    /// Number of threads; results do not depend on it.
    pub threads: usize,
}

/// Distances in memory order and, where asked for, the nearest background voxels.
#[derive(Debug, Clone, PartialEq)]
pub struct Transform<O> {
    /// Distance of each voxel to the nearest background voxel: 0 in the background, [`Output::NOWHERE`] if there is no background.
    pub distances: Vec<O>,
    /// Index of that voxel along each axis of the request, one block of all voxels per axis; -1 if there is no background.
    pub indices: Option<Vec<i32>>,
}

/// Distance of every foreground voxel (non-zero byte) to the nearest background voxel.
///
/// Single precision: relative error below 1e-6; with spacings that are multiples of one unit the square is exact before the unit and the root
/// are applied. Double precision: bit-equal to the arithmetic rule (`t_k = offset_k * spacing_k`, squares summed in the order of the array's axes, one
/// root) for the nearest voxel. Whole numbers (`u32`): squared distances, exact; for spacings that are whole numbers. The outside of the array is
/// not background. Axes of length 1 cost nothing.
///
/// # Errors
/// [`Error::Shape`] unless shape, spacing and mask belong together, or for more than 2^32 - 1 voxels where nearest voxels are kept: for
/// indices, and for double precision where the spacings are not multiples of one power of two; [`Error::Spacing`] unless every spacing is
/// finite and positive, or if whole numbers cannot hold the squared distances.
///
/// # Examples
/// ```
/// use edgewise_core::distance::{Request, transform};
///
/// let request = Request {
///     shape: &[5], spacing: &[2.0], reversed: false, squared: false, indices: true, threads: 1,
/// };
/// let found = transform::<f32>(&[0, 1, 1, 1, 1], &request)?;
/// assert_eq!(found.distances, [0.0, 2.0, 4.0, 6.0, 8.0]);
/// assert_eq!(found.indices, Some(vec![0; 5]));
/// # Ok::<(), edgewise_core::Error>(())
/// ```
pub fn transform<O: Output>(mask: &[u8], request: &Request<'_>) -> Result<Transform<O>> {
    let mut distances = vec![O::default(); mask.len()];
    let blocks = if request.indices { request.shape.len() } else { 0 };
    let mut indices = vec![0; blocks * mask.len()];
    transform_into(mask, request, &mut distances, &mut indices)?;
    Ok(Transform { distances, indices: request.indices.then_some(indices) })
}

/// The same into memory that is there already: `distances` **hold zeros**, `indices` anything, or nothing where they are not asked for.
///
/// # Errors
/// As [`transform`], and [`Error::Shape`] if `distances` does not have as many elements as the mask, or `indices` as many for every axis.
pub fn transform_into<O: Output>(
    mask: &[u8],
    request: &Request<'_>,
    distances: &mut [O],
    indices: &mut [i32],
) -> Result<()> {
    let (shape, steps) = checked(mask, request)?;
    let (voxels, room, places) = (mask.len(), distances.len(), indices.len());
    let blocks = if request.indices { request.shape.len() } else { 0 };
    if room != voxels || places != blocks * voxels {
        let text = format!("{voxels} voxels do not fit into {room} results and {places} indices");
        return Err(Error::Shape(text));
    }
    let threads = parallel::worthwhile(request.threads, voxels);
    if O::WHOLE && !steps.countable(&shape) {
        return Err(Error::Spacing(format!(
            "squared distances are whole numbers of 32 bits only for spacings that are whole numbers and short enough axes, got spacing {:?}",
            request.spacing
        )));
    }
    if !mask.contains(&0) {
        distances.fill(O::NOWHERE);
        indices.fill(-1);
        return Ok(());
    }
    let whole = steps.whole && steps.diagonal(&shape) < EXACT;
    let exact = !O::DOUBLE || steps.binary() && whole;
    let numbering = Numbering::new(&shape, request.reversed);
    let field = packed(mask, &numbering, threads);
    let lanes = field.as_ref().map(|field| (field, Lanes::choose(field, &steps)));
    let root = !request.squared && !O::WHOLE;
    let factor = O::of(if root { steps.unit } else { steps.unit * steps.unit });
    if !request.indices && exact {
        if let Some((field, lanes)) = lanes {
            let nothing = &mut vec![(); voxels];
            sweep(field, &steps, lanes, (factor, root), threads, distances, nothing);
        }
        return Ok(());
    }
    fits_positions(voxels)?;
    // the numbers lie where the indices along the last axis will be
    let mut own = vec![0; if request.indices { 0 } else { voxels }];
    let (others, last) = match blocks {
        0 => (indices, &mut own[..]),
        _ => indices.split_at_mut((blocks - 1) * voxels),
    };
    let numbers: &mut [u32] = bytemuck::cast_slice_mut(last);
    numbering.fill(numbers, threads);
    let mut found = exact;
    if let Some((field, lanes)) = lanes {
        if !O::DOUBLE && lanes == Lanes::Floating {
            // floating numbers choose between voxels as double precision does
            let values = &mut vec![0_f64; voxels];
            sweep(field, &steps, lanes, (0.0, false), threads, values, numbers);
            found = false;
        } else {
            let finish = if exact { (factor, root) } else { (O::of(0.0), false) };
            sweep(field, &steps, lanes, finish, threads, distances, numbers);
        }
    }
    let distances = if found { &mut [] } else { distances };
    finish(request, numbers, others, distances, threads);
    Ok(())
}

/// Distances, unless they are there, and indices from the numbers of the nearest voxels.
fn finish<O: Output>(
    request: &Request<'_>,
    numbers: &mut [u32],
    others: &mut [i32],
    distances: &mut [O],
    threads: usize,
) {
    let finish = Finish::new(request);
    let voxels = numbers.len();
    let mut distances = distances.chunks_mut(GRAIN);
    let mut others: Vec<_> =
        others.chunks_mut(voxels).map(|block| block.chunks_mut(GRAIN)).collect();
    let parts = numbers.chunks_mut(GRAIN).enumerate().map(|(k, numbers)| Part {
        finish: &finish,
        start: k * GRAIN,
        numbers,
        indices: others.iter_mut().filter_map(Iterator::next).collect(),
        wanted: request.indices,
        distances: distances.next().unwrap_or_default(),
    });
    parallel::install(threads, |parallel| {
        if parallel {
            parts.collect::<Vec<_>>().into_par_iter().for_each(simd::dispatch);
        } else {
            parts.for_each(simd::dispatch);
        }
    });
}

fn fits_positions(voxels: usize) -> Result<()> {
    if voxels >= NOWHERE as usize {
        return Err(Error::Shape(format!(
            "{voxels} voxels are too many to keep nearest voxels for"
        )));
    }
    Ok(())
}

/// The axes that are longer than 1 (at least one axis), and their spacings.
fn checked(mask: &[u8], request: &Request<'_>) -> Result<(Vec<usize>, Steps)> {
    let Request { shape, spacing, .. } = *request;
    let voxels = shape.iter().try_fold(1, |all: usize, &n| all.checked_mul(n));
    if shape.is_empty() || mask.is_empty() || voxels != Some(mask.len()) {
        let have = mask.len();
        return Err(Error::Shape(format!("shape {shape:?} does not describe {have} voxels")));
    }
    if spacing.len() != shape.len() {
        let (axes, values) = (shape.len(), spacing.len());
        return Err(Error::Spacing(format!("{axes} axes need {axes} spacings, got {values}")));
    }
    if let Some(bad) = spacing.iter().find(|s| !(s.is_finite() && **s > 0.0)) {
        return Err(Error::Spacing(format!("spacing must be finite and positive, got {bad}")));
    }
    if request.indices {
        fits_positions(mask.len())?;
    }
    let real = || shape.iter().zip(spacing).filter(|&(&n, _)| n > 1);
    let mut kept: Vec<usize> = real().map(|(&n, _)| n).collect();
    let mut apart: Vec<f64> = real().map(|(_, &s)| s).collect();
    if kept.is_empty() {
        (kept, apart) = (vec![1], vec![spacing[0]]);
    }
    Ok((kept, Steps::new(&apart)))
}

/// The foreground in bits; `None` if there is none.
fn packed(mask: &[u8], numbering: &Numbering, threads: usize) -> Option<Field> {
    let shape = numbering.shape();
    let n = shape[shape.len() - 1];
    let bits = Mask::from_bytes_in(mask, [1, mask.len() / n, n], 2, threads);
    Field::new(bits, numbering.clone())
}

/// What the passes run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lanes {
    /// Whole numbers of 16 bits: exact where no distance exceeds 255 units.
    Narrow,
    /// Whole numbers of 32 bits.
    Whole,
    /// Floating numbers as wide as the results.
    Floating,
}

impl Lanes {
    /// The narrowest that are exact, if any are.
    fn choose(field: &Field, steps: &Steps) -> Self {
        let short = field.shape.iter().all(|&n| (n as f64) < NARROW);
        if steps.whole && short && field.farthest(&steps.counts) <= NARROW {
            Self::Narrow
        } else if steps.whole && steps.diagonal(&field.shape) < WIDE {
            Self::Whole
        } else {
            Self::Floating
        }
    }
}

/// Run the passes.
fn sweep<O: Output, I: Source>(
    field: &Field,
    steps: &Steps,
    lanes: Lanes,
    finish: (O, bool),
    threads: usize,
    values: &mut [O],
    sources: &mut [I],
) {
    let counts = &steps.counts;
    let never = 2.0 * steps.diagonal(&field.shape);
    match lanes {
        Lanes::Narrow => {
            let passes = Passes::<u16, O, 32>::new(field, counts, u16::MAX, finish, threads);
            passes.run(values, sources);
        }
        Lanes::Whole => {
            let passes = Passes::<i32, O, 16>::new(field, counts, never as i32, finish, threads);
            passes.run(values, sources);
        }
        Lanes::Floating => {
            let never = O::Wide::of(never);
            let passes = Passes::<O::Wide, O, 16>::new(field, counts, never, finish, threads);
            passes.run(values, sources);
        }
    }
}

#[cfg(test)]
mod tests;
