//! Boundaries and surface elements: a mask in, an array in its memory order out.

use edgewise_core::surface::{self, Boundary, Edge, SurfelWeights};
use numpy::{PyArrayDyn, PyUntypedArray};
use pyo3::prelude::*;

use crate::array;
use crate::errors::to_python;
use crate::labels::pack;

/// Boundary voxels of a mask.
#[pyfunction]
fn boundary<'py>(
    py: Python<'py>,
    mask: &Bound<'py, PyUntypedArray>,
    boundary: &str,
    edge: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let rule: Boundary = boundary.parse().map_err(to_python)?;
    let edge: Edge = edge.parse().map_err(to_python)?;
    let mask = array::mask(mask)?;
    let view = mask.view()?;
    array::new_bool(py, mask.shape(), mask.order, |bytes| {
        surface::boundary(&pack(&view), rule, edge, None).write_into_zeros(bytes);
        Ok(())
    })
}

/// Weights of the surface elements of a mask on the half-shifted grid, 0 elsewhere.
#[pyfunction]
fn surfels<'py>(
    py: Python<'py>,
    mask: &Bound<'py, PyUntypedArray>,
    spacing: Vec<f64>,
) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
    let mask = array::mask(mask)?;
    let view = mask.view()?;
    let axes = view.axes();
    let weights = SurfelWeights::new(&mask.order.metric(&spacing, axes)?, axes);
    let elements = py.detach(|| surface::surfels(&pack(&view), None).weights(&weights));
    let shape: Vec<usize> = mask.shape().iter().map(|length| length + 1).collect();
    array::to_numpy(py, elements, &shape, mask.order)
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(boundary, module)?)?;
    module.add_function(wrap_pyfunction!(surfels, module)?)
}
