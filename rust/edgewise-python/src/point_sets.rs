//! Bindings of `edgewise_core::point_sets`.

use edgewise_core::point_sets as kernel;
use numpy::PyUntypedArray;
use pyo3::prelude::*;

use crate::{array, errors::to_python};

/// The farthest point, how far it is, and what it is nearest to.
#[pyfunction]
fn directed_hausdorff(
    py: Python<'_>,
    points: &Bound<'_, PyUntypedArray>,
    others: &Bound<'_, PyUntypedArray>,
) -> PyResult<(f64, usize, usize)> {
    let (points, others) = (array::borrow::<f64>(points)?, array::borrow::<f64>(others)?);
    let axes = points.shape().last().copied().unwrap_or(0);
    let (points, others) = (points.data()?, others.data()?);
    let found =
        py.detach(|| kernel::directed_hausdorff(points, others, axes)).map_err(to_python)?;
    Ok((found.distance, found.point, found.other))
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(directed_hausdorff, module)?)
}
