//! Distance transform: numpy in, numpy out, in the memory order of the mask.

use edgewise_core::distance::{Output, Request, label_transform_into, transform_into};
use numpy::{Element, PyArrayDyn, PyArrayMethods, PyUntypedArray};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::array::{self, Borrowed, Order, with_labels};

/// Distances and, where asked for, indices.
type Found<'py> = (Bound<'py, PyAny>, Option<Bound<'py, PyAny>>);

/// Distance of every foreground voxel to the nearest background voxel, and its indices where asked for.
#[pyfunction]
#[pyo3(signature = (mask, spacing, *, squared, dtype, indices, threads))]
fn distance_transform<'py>(
    py: Python<'py>,
    mask: &Bound<'py, PyUntypedArray>,
    spacing: Vec<f64>,
    squared: bool,
    dtype: &str,
    indices: bool,
    threads: usize,
) -> PyResult<Found<'py>> {
    let mask = array::mask(mask)?;
    let (shape, order) = (mask.core_shape(), mask.order);
    let spacing = order.arrange(&spacing);
    let reversed = order == Order::Fortran;
    let request = Request { shape: &shape, spacing: &spacing, reversed, squared, indices, threads };
    match dtype {
        "float32" => transform::<f32>(py, &mask, &request),
        "float64" => transform::<f64>(py, &mask, &request),
        "uint32" => transform::<u32>(py, &mask, &request),
        _ => Err(PyTypeError::new_err(format!("distances cannot be {dtype}"))),
    }
}

/// Into arrays that numpy makes: it asks for large pages.
fn transform<'py, O: Output + Element>(
    py: Python<'py>,
    mask: &Borrowed<'py, u8>,
    request: &Request<'_>,
) -> PyResult<Found<'py>> {
    let (data, shape, order) = (mask.data()?, mask.shape(), mask.order);
    if !request.indices {
        let (distances, ()) = array::filled(py, shape, order, |distances: &mut [O]| {
            transform_into(data, request, distances, &mut [])
        })?;
        return Ok((distances.into_any(), None));
    }
    let mut blocks = vec![shape.len()];
    blocks.extend(order.arrange(shape));
    let indices = array::zeros::<i32>(py, &blocks, Order::C);
    let mut writable = indices.readwrite();
    let places = writable.as_slice_mut()?;
    let (distances, ()) = array::filled(py, shape, order, |distances: &mut [O]| {
        transform_into(data, request, distances, places)
    })?;
    drop(writable);
    let distances = distances.into_any();
    let mut indices = indices.into_any();
    if order == Order::Fortran {
        // the core's axes are the array's reversed: so are the blocks, and the axes within each
        let axes = shape.len();
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

/// Distance of every labelled voxel to the nearest voxel of another label.
#[pyfunction]
#[pyo3(signature = (labels, spacing, *, squared, threads))]
fn label_distance_transform<'py>(
    py: Python<'py>,
    labels: &Bound<'py, PyUntypedArray>,
    spacing: Vec<f64>,
    squared: bool,
    threads: usize,
) -> PyResult<Bound<'py, PyArrayDyn<f32>>> {
    with_labels!(labels, |array| {
        let (view, order) = (array.view()?, array.order);
        let spacing = order.arrange(&spacing);
        let (found, ()) = array::filled(py, array.shape(), order, |distances: &mut [f32]| {
            label_transform_into(&view, &spacing, squared, threads, distances)
        })?;
        Ok(found)
    })
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(distance_transform, module)?)?;
    module.add_function(wrap_pyfunction!(label_distance_transform, module)?)
}
