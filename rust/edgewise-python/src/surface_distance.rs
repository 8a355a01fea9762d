//! Boundary distances: two label maps in, two lists of distinct distances out.

use edgewise_core::labels;
use edgewise_core::surface_distance::{Convention, DistanceList, between};
use numpy::{PyArray1, PyUntypedArray};
use pyo3::prelude::*;

use crate::array::Borrowed;
use crate::errors::to_python;
use crate::labels::{any_labels, check_alike, hidden};

/// Distances, counts, weights.
type PyList<'py> =
    (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<i64>>, Bound<'py, PyArray1<f64>>);

/// Distances from the boundary of each of two masks to that of the other.
#[pyfunction]
#[pyo3(signature = (
    reference, prediction, *, reference_members, prediction_members, r#box, ignored, spacing, boundary, edge, threads
))]
#[allow(clippy::too_many_arguments, reason = "keyword arguments of one call")]
fn surface_distances<'py>(
    py: Python<'py>,
    reference: &Bound<'py, PyUntypedArray>,
    prediction: &Bound<'py, PyUntypedArray>,
    reference_members: Option<Vec<i128>>,
    prediction_members: Option<Vec<i128>>,
    r#box: Option<Vec<(usize, usize)>>,
    ignored: Option<&Bound<'py, PyUntypedArray>>,
    spacing: Vec<f64>,
    boundary: &str,
    edge: &str,
    threads: usize,
) -> PyResult<(PyList<'py>, PyList<'py>)> {
    let (reference, prediction) = (any_labels(reference)?, any_labels(prediction)?);
    let (shape, order) = (reference.shape(), reference.order());
    check_alike(shape, order, prediction.shape(), prediction.order())?;
    let ignored = hidden(ignored, shape, order)?;
    let ignored = ignored.as_ref().map(Borrowed::view).transpose()?;
    let (ours, theirs) = (reference.map()?, prediction.map()?);
    let axes = shape.len();
    let bounds = order.bounds(r#box.as_deref(), ours.shape(), axes)?.grown(ours.shape(), axes);
    let convention = Convention {
        metric: order.metric(&spacing, axes)?,
        elements: boundary.parse().map_err(to_python)?,
        edge: edge.parse().map_err(to_python)?,
    };
    let (ours, theirs) = (ours.as_ref(), theirs.as_ref());
    let [there, back] = py
        .detach(|| {
            let ours = ours.members(&bounds, reference_members.as_deref());
            let theirs = theirs.members(&bounds, prediction_members.as_deref());
            let ignored = ignored.map(|view| labels::members(&view, &bounds, None));
            between(&ours, &theirs, ignored.as_ref(), &convention, threads)
        })
        .map_err(to_python)?;
    Ok((hand_back(py, there), hand_back(py, back)))
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
