//! Distances from the boundary of each of two masks to the boundary of the other, as lists of distinct distances.
//!
//! For every boundary element a of A the distance is `min over b of |(a - b) ∘ spacing|` over the boundary elements b of B. Nearly all
//! elements of a good segmentation lie within a few voxels of the other boundary, so 64 of them at a time are tried against ever longer offsets
//! (`near`); those that are left are searched one by one in a pyramid of boxes, or all at once by a distance transform of the crop where
//! that is cheaper (`far`). Every distance is measured from its index offset by [`Metric`], whichever way the nearest element was found.
//!
//! Memory beyond the masks: four bits a voxel of the crop, 8 bytes an element that is not near (32 where elements have weights), and 9 bytes a voxel of
//! the crop (13 where single precision cannot hold the squared distances) for the transform where it is used.

mod blocks;
mod far;
mod frame;
mod hunt;
mod near;
mod offsets;
mod points;
mod tiles;

use std::str::FromStr;

use offsets::Offsets;

use crate::error::{Error, Result};
use crate::grid::Metric;
use crate::mask::{Mask, each_bit};
use crate::padded::Padded;
use crate::parallel;
use crate::surface::{self, Boundary, Codes, Edge, SurfelWeights};

/// Which elements of a mask are measured, and how much each counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Elements {
    /// Boundary voxels, each of weight 1.
    Voxels(Boundary),
    /// Surface elements between voxels, weighted by their length or area; the outside of the array is background.
    Surfels,
    /// All voxels, each of weight 1: distances are 0 inside the other mask.
    Whole,
}

impl FromStr for Elements {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self> {
        match word {
            "surfel" => Ok(Self::Surfels),
            "none" => Ok(Self::Whole),
            _ => word.parse().map(Self::Voxels).map_err(|_| {
                Error::Argument(format!(
                    "boundary must be 'face', 'edge18', 'full', 'surfel' or 'none', got '{word}'"
                ))
            }),
        }
    }
}

/// How to measure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Convention {
    /// Spacing along the masks' axes.
    pub metric: Metric,
    /// Boundary elements.
    pub elements: Elements,
    /// What lies outside of the array; surface elements always have background there.
    pub edge: Edge,
}

/// Distances of the elements of one mask, in the unit of the spacing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DistanceList {
    /// Distinct, ascending; infinite if the other mask has no elements.
    pub distances: Vec<f64>,
    /// How many elements lie at each distance.
    pub counts: Vec<u64>,
    /// Their summed weight.
    pub weights: Vec<f64>,
}

/// The lists from reference to prediction and back. An element list is empty where its mask has no boundary.
///
/// `ignored` voxels belong to neither mask and make no boundary; distances go straight through them. In a crop a layer of voxels around both masks
/// must be kept wherever the array has one, so that the array's edge and ignored voxels next to the masks are seen. Results do not depend on the
/// number of threads.
///
/// # Errors
/// [`Error::Shape`] if shapes or numbers of axes differ.
///
/// # Examples
/// ```
/// use edgewise_core::surface::{Boundary, Edge};
/// use edgewise_core::surface_distance::{Convention, Elements, between};
/// use edgewise_core::{Mask, Metric};
///
/// let reference = Mask::from_bytes(&[0, 1, 0, 0, 0, 0], [1, 1, 6], 1)?;
/// let prediction = Mask::from_bytes(&[0, 1, 1, 1, 1, 0], [1, 1, 6], 1)?;
/// let convention = Convention {
///     metric: Metric::new(&[2.0], false)?,
///     elements: Elements::Voxels(Boundary::Face),
///     edge: Edge::Background,
/// };
/// let [there, back] = between(&reference, &prediction, None, &convention, 1)?;
/// assert_eq!(there.distances, [0.0]);
/// assert_eq!(back.distances, [0.0, 6.0]); // the boundary voxels are 1 and 4
/// # Ok::<(), edgewise_core::Error>(())
/// ```
pub fn between(
    reference: &Mask,
    prediction: &Mask,
    ignored: Option<&Mask>,
    convention: &Convention,
    threads: usize,
) -> Result<[DistanceList; 2]> {
    let grid = |mask: &Mask| (mask.shape(), mask.axes());
    if grid(reference) != grid(prediction)
        || ignored.is_some_and(|mask| grid(mask) != grid(reference))
    {
        return Err(Error::Shape("the masks must have the same shape".into()));
    }
    if reference.words().is_empty() {
        return Ok(Default::default());
    }
    let large = reference.words().len() >= GRAIN;
    let threads = if large { threads } else { 1 };
    parallel::install(threads, |parallel| {
        let pair = Pair::new([reference, prediction], ignored, convention, threads, parallel);
        if parallel {
            let (there, back) = rayon::join(|| pair.list(0, 1), || pair.list(1, 0));
            Ok([there?, back?])
        } else {
            Ok([pair.list(0, 1)?, pair.list(1, 0)?])
        }
    })
}

/// Words of a mask that are worth threads: fewer are searched sooner than a thread wakes up.
const GRAIN: usize = 1 << 13;

/// Two boundaries, ready to be searched in.
struct Pair<'a> {
    surfaces: [Surface<'a>; 2],
    offsets: Offsets,
    convention: &'a Convention,
    threads: usize,
    parallel: bool,
}

impl<'a> Pair<'a> {
    fn new(
        masks: [&'a Mask; 2],
        ignored: Option<&Mask>,
        convention: &'a Convention,
        threads: usize,
        parallel: bool,
    ) -> Self {
        let offsets = Offsets::new(&convention.metric, masks[0].shape(), masks[0].axes());
        let surface = |mask| Surface::new(mask, ignored, convention, offsets.extent, parallel);
        Self { surfaces: masks.map(surface), offsets, convention, threads, parallel }
    }

    /// Distances from one boundary to the other.
    fn list(&self, from: usize, to: usize) -> Result<DistanceList> {
        let (query, source) = (&self.surfaces[from], &self.surfaces[to].elements);
        if source.is_empty() {
            return Ok(query.infinitely_far().into_list());
        }
        let (mut tally, left) = near::search(query, source, &self.offsets, self.parallel);
        let far = far::squares(&left, query, source, &self.convention.metric, self.threads)?;
        tally.add_each(far, |code| query.weight(code));
        Ok(tally.into_list())
    }
}

/// The boundary elements of a mask.
struct Surface<'a> {
    elements: Padded,
    kind: Kind<'a>,
}

/// What an element is.
enum Kind<'a> {
    /// A voxel, of weight 1.
    Voxel,
    /// A surface element, weighted by its code.
    Surfel(Codes<'a>, Box<SurfelWeights>),
}

impl<'a> Surface<'a> {
    fn new(
        mask: &'a Mask,
        ignored: Option<&Mask>,
        convention: &Convention,
        room: [usize; 2],
        parallel: bool,
    ) -> Self {
        let mut kind = Kind::Voxel;
        let elements = match convention.elements {
            Elements::Voxels(rule) => {
                surface::padded_boundary(mask, (rule, convention.edge), ignored, room, parallel)
            }
            Elements::Whole => Padded::new(mask, ignored, room),
            Elements::Surfels => {
                let table = SurfelWeights::new(&convention.metric, mask.axes());
                kind = Kind::Surfel(Codes(mask), Box::new(table));
                surface::padded_surfels(mask, ignored, room, parallel)
            }
        };
        Self { elements, kind }
    }

    /// Codes of the elements (set bits) of a word; 0 for voxels.
    fn codes(&self, [z, y, k]: [usize; 3], elements: u64) -> [u8; 64] {
        match &self.kind {
            Kind::Voxel => [0; 64],
            Kind::Surfel(codes, _) => codes.of_word(z, y, k, elements),
        }
    }

    /// Weight of an element by the code of its block; codes of voxels do not matter.
    fn weight(&self, code: u8) -> f64 {
        match &self.kind {
            Kind::Voxel => 1.0,
            Kind::Surfel(_, table) => table.weight(code),
        }
    }

    fn infinitely_far(&self) -> Tally {
        let mut counts = [0; 256];
        for z in 0..self.elements.shape()[0] {
            for y in 0..self.elements.shape()[1] {
                for (k, &word) in
                    self.elements.row(z, y).iter().enumerate().filter(|(_, w)| **w != 0)
                {
                    let codes = self.codes([z, y, k], word);
                    each_bit(&[word], |bit| counts[usize::from(codes[bit])] += 1);
                }
            }
        }
        let mut tally = Tally::default();
        for (code, count) in (0..=255).zip(counts).filter(|(_, count)| *count > 0) {
            tally.add(f64::INFINITY, self.weight(code), count);
        }
        tally
    }
}

/// Numbers of elements by squared distance and weight; both as the bits of non-negative floats, which sort as the numbers do.
#[derive(Default)]
struct Tally {
    entries: Vec<(u64, u64, u64)>,
}

impl Tally {
    fn add(&mut self, square: f64, weight: f64, count: u64) {
        self.entries.push((square.to_bits(), weight.to_bits(), count));
    }

    /// Squared distances, each with the code of an element.
    fn add_each(&mut self, far: Vec<(f64, u8)>, weight: impl Fn(u8) -> f64) {
        let mut keys: Vec<(u64, u8)> =
            far.into_iter().map(|(square, code)| (square.to_bits(), code)).collect();
        keys.sort_unstable();
        for equal in keys.chunk_by(|a, b| a == b) {
            let (square, code) = equal[0];
            self.add(f64::from_bits(square), weight(code), equal.len() as u64);
        }
    }

    /// Equal distances joined; weights summed from the lightest to the heaviest kind, so that neither the order of visits nor the memory order of
    /// the masks changes a bit.
    fn into_list(mut self) -> DistanceList {
        self.entries.sort_unstable();
        let mut kinds: Vec<(f64, u64, u64)> = Vec::new(); // distance, weight, count
        for (square, weight, count) in self.entries {
            let distance = f64::from_bits(square).sqrt();
            match kinds.last_mut() {
                Some(last) if last.0.to_bits() == distance.to_bits() && last.1 == weight => {
                    last.2 += count;
                }
                _ => kinds.push((distance, weight, count)),
            }
        }
        let mut list = DistanceList::default();
        for (distance, weight, count) in kinds {
            let weight = f64::from_bits(weight) * count as f64;
            if list.distances.last().is_some_and(|last| last.to_bits() == distance.to_bits()) {
                let last = list.distances.len() - 1;
                list.counts[last] += count;
                list.weights[last] += weight;
            } else {
                list.distances.push(distance);
                list.counts.push(count);
                list.weights.push(weight);
            }
        }
        list
    }
}

#[cfg(test)]
mod tests;
