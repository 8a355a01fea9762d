//! Distance transform: numpy in, numpy out, in the memory order of the mask.

use edgewise_core::distance::{Request, Transform, transform_f32, transform_f64};
use numpy::{Element, PyUntypedArray};
use pyo3::prelude::*;

use crate::array::{self, Order};
use crate::errors::to_python;

/// Distance of every foreground voxel to the nearest background voxel, and its indices where asked for.
#[pyfunction]
#[pyo3(signature = (mask, spacing, *, squared, double, indices, threads))]
fn distance_transform<'py>(
    py: Python<'py>,
    mask: &Bound<'py, PyUntypedArray>,
    spacing: Vec<f64>,
    squared: bool,
    double: bool,
    indices: bool,
    threads: usize,
) -> PyResult<(Bound<'py, PyAny>, Option<Bound<'py, PyAny>>)> {
    let mask = array::mask(mask)?;
    let (shape, order) = (mask.core_shape(), mask.order);
    let spacing = order.arrange(&spacing);
    let reversed = order == Order::Fortran;
    let request = Request { shape: &shape, spacing: &spacing, reversed, squared, indices, threads };
    let data = mask.data()?;
    if double {
        let found = py.detach(|| transform_f64(data, &request)).map_err(to_python)?;
        hand_back(py, found, mask.shape(), order)
    } else {
        let found = py.detach(|| transform_f32(data, &request)).map_err(to_python)?;
        hand_back(py, found, mask.shape(), order)
    }
}

/// The arrays of a transform; `shape` is the array's own.
fn hand_back<'py, T: Element>(
    py: Python<'py>,
    found: Transform<T>,
    shape: &[usize],
    order: Order,
) -> PyResult<(Bound<'py, PyAny>, Option<Bound<'py, PyAny>>)> {
    let distances = array::to_numpy(py, found.distances, shape, order)?.into_any();
    let Some(indices) = found.indices else { return Ok((distances, None)) };
    let axes = shape.len();
    let mut blocks = vec![axes];
    blocks.extend(order.arrange(shape));
    let mut indices = array::to_numpy(py, indices, &blocks, Order::C)?.into_any();
    if order == Order::Fortran {
        // the core's axes are the array's reversed: so are the blocks, and the axes within each
        let turned: Vec<usize> = std::iter::once(0).chain((1..=axes).rev()).collect();
        indices = indices.call_method1("transpose", (turned,))?;
        indices = indices.call_method1("__getitem__", (py_reversed(py)?,))?;
    }
    Ok((distances, Some(indices)))
}

/// The slice `::-1`.
fn py_reversed(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    py.get_type::<pyo3::types::PySlice>().call1((py.None(), py.None(), -1))
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(distance_transform, module)?)
}
