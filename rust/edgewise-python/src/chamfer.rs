//! Bindings of `edgewise_core::chamfer`.

use edgewise_core::chamfer::{Steps, transform_into};
use numpy::{PyArrayDyn, PyUntypedArray};
use pyo3::{exceptions::PyValueError, prelude::*};

use crate::array;

/// Steps from every foreground voxel to the nearest background voxel.
#[pyfunction]
#[pyo3(signature = (mask, *, metric))]
fn chamfer_transform<'py>(
    py: Python<'py>,
    mask: &Bound<'py, PyUntypedArray>,
    metric: &str,
) -> PyResult<Bound<'py, PyArrayDyn<i32>>> {
    let steps = match metric {
        "taxicab" => Steps::Taxicab,
        "chessboard" => Steps::Chessboard,
        other => return Err(PyValueError::new_err(format!("no metric {other:?}"))),
    };
    let mask = array::mask(mask)?;
    let (data, shape) = (mask.data()?, mask.core_shape());
    let (distances, ()) =
        array::filled(py, mask.shape(), mask.order, |distances: &mut [i32]| {
            transform_into(data, &shape, steps, distances)
        })?;
    Ok(distances)
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(chamfer_transform, module)?)
}
