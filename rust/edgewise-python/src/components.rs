//! Binding of `edgewise_core::components`.

use bytemuck::Pod;
use edgewise_core::components::{self, Number};
use numpy::{Element, PyArrayMethods, PyUntypedArray};
use pyo3::prelude::*;

use crate::{
    array::{self, Borrowed, Order, with_labels},
    errors::to_python,
};

/// Components and their number; `narrow` ones of 16 bits, None if these may be too small.
#[pyfunction]
#[pyo3(signature = (labels, *, connectivity, threads, narrow = false))]
fn connected_components<'py>(
    py: Python<'py>,
    labels: &Bound<'py, PyUntypedArray>,
    connectivity: usize,
    threads: usize,
    narrow: bool,
) -> PyResult<Option<(Bound<'py, PyAny>, u32)>> {
    with_labels!(labels, |array| {
        if narrow {
            numbered::<_, u16>(py, &array, connectivity, threads)
        } else {
            numbered::<_, u32>(py, &array, connectivity, threads)
        }
    })
}

fn numbered<'py, T, N>(
    py: Python<'py>,
    array: &Borrowed<'py, T>,
    connectivity: usize,
    threads: usize,
) -> PyResult<Option<(Bound<'py, PyAny>, u32)>>
where
    T: Element + Pod + Default + PartialEq + Sync,
    N: Element + Number,
{
    let view = array.view()?;
    let reversed = array.order == Order::Fortran;
    let found = array::zeros::<N>(py, array.shape(), array.order);
    let mut writable = found.try_readwrite()?;
    let elements = writable.as_slice_mut()?;
    let count = py
        .detach(|| {
            components::connected_components_into(view, connectivity, reversed, threads, elements)
        })
        .map_err(to_python)?;
    drop(writable);
    Ok(count.map(|count| (found.into_any(), count)))
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(connected_components, module)?)
}
