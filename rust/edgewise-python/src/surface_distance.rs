//! Boundary distances: two label maps in, two lists of distinct distances out for every target.

use edgewise_core::counts::Members;
use edgewise_core::surface_distance::{Convention, DistanceList, Target, between_labels};
use numpy::{PyArray1, PyUntypedArray};
use pyo3::prelude::*;

use crate::array::Borrowed;
use crate::counts::PackedPair;
use crate::errors::{ShapeError, to_python};
use crate::labels::{any_labels, check_alike, hidden};

/// Distances, counts, weights.
type PyList<'py> =
    (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<i64>>, Bound<'py, PyArray1<f64>>);

/// Members in the reference, in the prediction, and a box.
type PyTarget = (Option<Vec<i128>>, Option<Vec<i128>>, Option<Vec<(usize, usize)>>);

/// Distances from the boundary of each of two masks to that of the other, for every target.
#[pyfunction]
#[pyo3(signature = (
    reference, prediction, *, packed, targets, ignored, spacing, boundary, edge, threads
))]
#[allow(clippy::too_many_arguments, reason = "keyword arguments of one call")]
fn surface_distances<'py>(
    py: Python<'py>,
    reference: &Bound<'py, PyUntypedArray>,
    prediction: &Bound<'py, PyUntypedArray>,
    packed: Option<&Bound<'py, PackedPair>>,
    targets: Vec<PyTarget>,
    ignored: Option<&Bound<'py, PyUntypedArray>>,
    spacing: Vec<f64>,
    boundary: &str,
    edge: &str,
    threads: usize,
) -> PyResult<Vec<(PyList<'py>, PyList<'py>)>> {
    let (reference, prediction) = (any_labels(reference)?, any_labels(prediction)?);
    let (shape, order) = (reference.shape(), reference.order());
    check_alike(shape, order, prediction.shape(), prediction.order())?;
    let ignored = hidden(ignored, shape, order)?;
    let ignored = ignored.as_ref().map(Borrowed::view).transpose()?;
    let (ours, theirs) = (reference.map()?, prediction.map()?);
    let (whole, axes) = (ours.shape(), shape.len());
    let target = |(reference, prediction, bounds): PyTarget| {
        let bounds = order.bounds(bounds.as_deref(), whole, axes)?.grown(whole, axes);
        Ok(Target { reference, prediction, bounds })
    };
    let targets: Vec<Target> = targets.into_iter().map(target).collect::<PyResult<_>>()?;
    let convention = Convention {
        metric: order.metric(&spacing, axes)?,
        elements: boundary.parse().map_err(to_python)?,
        edge: edge.parse().map_err(to_python)?,
    };
    if packed.is_some_and(|packed| packed.get().0[0].shape() != whole) {
        return Err(ShapeError::new_err("packed is of another shape than the arrays"));
    }
    let (ours, theirs): (&dyn Members, &dyn Members) = match packed {
        Some(packed) => (&packed.get().0[0], &packed.get().0[1]),
        None => (ours.as_ref(), theirs.as_ref()),
    };
    let lists = py
        .detach(|| between_labels(ours, theirs, ignored.as_ref(), &targets, &convention, threads))
        .map_err(to_python)?;
    let both = |[there, back]: [DistanceList; 2]| (hand_back(py, there), hand_back(py, back));
    Ok(lists.into_iter().map(both).collect())
}

fn hand_back(py: Python<'_>, list: DistanceList) -> PyList<'_> {
    let counts = list.counts.iter().map(|&count| count as i64);
    (
        PyArray1::from_vec(py, list.distances),
        PyArray1::from_iter(py, counts),
        PyArray1::from_vec(py, list.weights),
    )
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(surface_distances, module)?)
}
