//! Bindings of `edgewise_core::morphology` and `edgewise_core::topology`.

use edgewise_core::{Error, Mask, morphology as kernel, topology};
use numpy::PyUntypedArray;
use pyo3::{exceptions::PyValueError, prelude::*};

use crate::{array, errors::to_python, labels::pack};

/// Pack the mask, compute another one without the GIL, unpack it.
fn transform<'py>(
    py: Python<'py>,
    mask: &Bound<'py, PyUntypedArray>,
    work: impl FnOnce(&Mask) -> Result<Mask, Error> + Send,
) -> PyResult<Bound<'py, PyAny>> {
    let array = array::mask(mask)?;
    let view = array.view()?;
    array::new_bool(py, array.shape(), array.order, |bytes| {
        work(&pack(&view)).map(|result| result.write_into_zeros(bytes))
    })
}

#[pyfunction]
#[pyo3(signature = (mask, *, connectivity))]
fn fill_holes<'py>(
    py: Python<'py>,
    mask: &Bound<'py, PyUntypedArray>,
    connectivity: usize,
) -> PyResult<Bound<'py, PyAny>> {
    transform(py, mask, |mask| kernel::fill_holes(mask, connectivity))
}

#[pyfunction]
#[pyo3(signature = (mask, *, connectivity, iterations, edge))]
fn erode<'py>(
    py: Python<'py>,
    mask: &Bound<'py, PyUntypedArray>,
    connectivity: usize,
    iterations: usize,
    edge: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let outside = match edge {
        "background" => false,
        "foreground" => true,
        other => {
            return Err(PyValueError::new_err(format!(
                "edge must be \"background\" or \"foreground\", got {other:?}"
            )));
        }
    };
    transform(py, mask, |mask| kernel::erode(mask, connectivity, iterations, outside))
}

#[pyfunction]
#[pyo3(signature = (mask, *, connectivity, iterations))]
fn dilate<'py>(
    py: Python<'py>,
    mask: &Bound<'py, PyUntypedArray>,
    connectivity: usize,
    iterations: usize,
) -> PyResult<Bound<'py, PyAny>> {
    transform(py, mask, |mask| kernel::dilate(mask, connectivity, iterations))
}

#[pyfunction]
#[pyo3(signature = (mask, *, connectivity))]
fn euler_characteristic(
    py: Python<'_>,
    mask: &Bound<'_, PyUntypedArray>,
    connectivity: usize,
) -> PyResult<i64> {
    let array = array::mask(mask)?;
    let view = array.view()?;
    py.detach(|| topology::euler_characteristic(&pack(&view), connectivity)).map_err(to_python)
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(fill_holes, module)?)?;
    module.add_function(wrap_pyfunction!(erode, module)?)?;
    module.add_function(wrap_pyfunction!(dilate, module)?)?;
    module.add_function(wrap_pyfunction!(euler_characteristic, module)?)
}
