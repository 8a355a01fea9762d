//! Boundary distances: two label maps in, two lists of distinct distances out for every target.

use edgewise_core::counts::Members;
use edgewise_core::surface::Edge;
use edgewise_core::surface_distance::{
    Convention, DistanceList, ElementList, Elements, Target, between_labels, elements_between,
};
use numpy::{PyArray1, PyUntypedArray};
use pyo3::prelude::*;

use crate::array::{self, Borrowed};
use crate::counts::PackedPair;
use crate::errors::{ShapeError, to_python};
use crate::labels::{any_labels, check_alike, hidden};

/// Distances, counts, weights.
pub(crate) type PyList<'py> =
    (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<i64>>, Bound<'py, PyArray1<f64>>);

/// From reference to prediction, and back.
pub(crate) type PyLists<'py> = (PyList<'py>, PyList<'py>);

/// Distances and weights of elements.
type PyElements<'py> = (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray1<f64>>);

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
) -> PyResult<Vec<PyLists<'py>>> {
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
    let both = |lists: [_; 2]| lists.map(|list| hand_back(py, list)).into();
    Ok(lists.into_iter().map(both).collect())
}

/// The surface elements of two masks one by one, with the distance of each from the surface of the other.
#[pyfunction]
#[pyo3(signature = (reference, prediction, *, spacing, threads))]
fn surface_elements<'py>(
    py: Python<'py>,
    reference: &Bound<'py, PyUntypedArray>,
    prediction: &Bound<'py, PyUntypedArray>,
    spacing: Vec<f64>,
    threads: usize,
) -> PyResult<(PyElements<'py>, PyElements<'py>)> {
    let (reference, prediction) = (array::mask(reference)?, array::mask(prediction)?);
    let (shape, order) = (reference.shape(), reference.order);
    check_alike(shape, order, prediction.shape(), prediction.order)?;
    let convention = Convention {
        metric: order.metric(&spacing, shape.len())?,
        elements: Elements::Surfels,
        edge: Edge::Background,
    };
    let pair = [[reference.view()?, prediction.view()?]];
    let found = py.detach(|| elements_between(&pair, &convention, threads)).map_err(to_python)?;
    let arrays = |list: ElementList| {
        (PyArray1::from_vec(py, list.distances), PyArray1::from_vec(py, list.weights))
    };
    Ok(found.into_iter().next().unwrap_or_default().map(arrays).into())
}

pub(crate) fn hand_back(py: Python<'_>, list: DistanceList) -> PyList<'_> {
    let counts = list.counts.iter().map(|&count| count as i64);
    (
        PyArray1::from_vec(py, list.distances),
        PyArray1::from_iter(py, counts),
        PyArray1::from_vec(py, list.weights),
    )
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(surface_distances, module)?)?;
    module.add_function(wrap_pyfunction!(surface_elements, module)?)
}
