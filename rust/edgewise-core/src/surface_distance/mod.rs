//! Distances from the boundary of each of two masks to the boundary of the other, as lists of distinct distances.
//!
//! For every boundary element a of A the distance is `min over b of |(a - b) ∘ spacing|` over the boundary elements b of B. Nearly all
//! elements of a good segmentation lie within a few voxels of the other boundary, so 64 of them at a time are tried against ever longer offsets
//! (`near`); those that are left are hunted together, halving them and narrowing the other boundary with every halving (`hunt`), or by a distance
//! transform of the crop where that is cheaper (`far`). Every distance is rounded as [`Metric`] rounds it, whichever way the nearest element was found.
//!
//! Memory beyond the masks: three bits a voxel of the crop (a word a row more, and up to eight rows and planes all around), 32 bytes an element that is
//! not near (60 where elements have weights; at most a tenth of the voxels are hunted), and 2 to 8 bytes a voxel of the crop for the
//! transform where it is used.

mod batch;
mod blocks;
mod elements;
mod far;
mod frame;
mod hunt;
mod lists;
mod near;
mod offsets;
mod pair;
mod points;
mod sorting;
mod targets;
mod tiles;

use std::str::FromStr;

use crate::error::{Error, Result};
use crate::grid::Metric;
use crate::mask::Mask;
use crate::parallel;
use crate::surface::{Boundary, Edge};

pub use batch::{between_pairs, elements_between};
pub use lists::{DistanceList, ElementList};
use pair::Setting;
pub use targets::{Target, between_labels};

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
    Ok(parallel::install(threads, |parallel| {
        let setting =
            Setting::new(convention, reference.shape(), reference.axes(), threads, parallel);
        setting.lists([reference, prediction], ignored)
    }))
}

#[cfg(test)]
mod tests;
