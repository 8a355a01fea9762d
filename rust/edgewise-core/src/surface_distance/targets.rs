//! Many labels of two label maps at once.

use super::pair::Setting;
use super::{Convention, DistanceList};
use crate::counts::Members;
use crate::error::{Error, Result};
use crate::grid::{Bounds, View};
use crate::labels;
use crate::parallel;

/// A label or region to measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Labels of the reference that make it up; all but 0 if `None`.
    pub reference: Option<Vec<i128>>,
    /// Labels of the prediction that make it up; all but 0 if `None`.
    pub prediction: Option<Vec<i128>>,
    /// A box around both, with a layer more wherever the maps have one.
    pub bounds: Bounds,
}

/// The lists of every target, as [`super::between`] gives them for its two masks.
///
/// Threads take one target after the other, the largest boxes first; those of a large one share its work. Results do not depend on their
/// number. Memory beyond the lists: that of the pair that each thread works on, 8 bits a voxel of the box where few elements are far.
///
/// # Errors
/// [`Error::Shape`] if the maps differ in shape.
///
/// # Panics
/// If a box does not lie within the maps.
///
/// # Examples
/// ```
/// use edgewise_core::surface::{Boundary, Edge};
/// use edgewise_core::surface_distance::{Convention, Elements, Target, between_labels};
/// use edgewise_core::{Metric, View, grid::Bounds};
///
/// let reference = View::new(&[0_u8, 1, 0, 2, 2, 0], &[6])?;
/// let prediction = View::new(&[0_u8, 0, 1, 2, 2, 0], &[6])?;
/// let target = |label| Target {
///     reference: Some(vec![label]),
///     prediction: Some(vec![label]),
///     bounds: Bounds::whole(reference.shape()),
/// };
/// let convention = Convention {
///     metric: Metric::new(&[2.0], false)?,
///     elements: Elements::Voxels(Boundary::Face),
///     edge: Edge::Background,
/// };
/// let lists = between_labels(&reference, &prediction, None, &[target(1), target(2)], &convention, 1)?;
/// assert_eq!(lists[0][0].distances, [2.0]);
/// assert_eq!(lists[1][0].distances, [0.0]);
/// # Ok::<(), edgewise_core::Error>(())
/// ```
pub fn between_labels(
    reference: &dyn Members,
    prediction: &dyn Members,
    ignored: Option<&View<u8>>,
    targets: &[Target],
    convention: &Convention,
    threads: usize,
) -> Result<Vec<[DistanceList; 2]>> {
    let shape = reference.shape();
    if prediction.shape() != shape || ignored.is_some_and(|view| view.shape() != shape) {
        return Err(Error::Shape("the label maps must have the same shape".into()));
    }
    let voxels = |target: &Target| target.bounds.shape().iter().product::<usize>();
    let threads = parallel::worthwhile(threads, targets.iter().map(voxels).sum());
    Ok(parallel::install(threads, |parallel| {
        let setting = Setting::new(convention, shape, reference.axes(), threads, parallel);
        let mut order: Vec<usize> = (0..targets.len()).collect();
        order.sort_by_key(|&k| std::cmp::Reverse(voxels(&targets[k])));
        let found = parallel::in_turn(targets.len(), parallel, |turn| {
            let Target { reference: ours, prediction: theirs, bounds } = &targets[order[turn]];
            let ours = reference.members(bounds, ours.as_deref());
            let theirs = prediction.members(bounds, theirs.as_deref());
            let ignored = ignored.map(|view| labels::members(view, bounds, None));
            setting.lists([&ours, &theirs], ignored.as_ref())
        });
        let mut lists = vec![Default::default(); targets.len()];
        for (place, found) in order.into_iter().zip(found) {
            lists[place] = found;
        }
        lists
    }))
}
