//! Binding of `edgewise_core::components`.

use edgewise_core::components;
use numpy::{PyArrayDyn, PyArrayMethods, PyUntypedArray};
use pyo3::prelude::*;

use crate::{
    array::{self, Order, with_labels},
    errors::to_python,
};

#[pyfunction]
#[pyo3(signature = (labels, *, connectivity, threads))]
fn connected_components<'py>(
    py: Python<'py>,
    labels: &Bound<'py, PyUntypedArray>,
    connectivity: usize,
    threads: usize,
) -> PyResult<(Bound<'py, PyArrayDyn<u32>>, u32)> {
    with_labels!(labels, |array| {
        let view = array.view()?;
        let reversed = array.order == Order::Fortran;
        let found = array::zeros(py, array.shape(), array.order);
        let mut writable = found.try_readwrite()?;
        let elements = writable.as_slice_mut()?;
        let count = py
            .detach(|| {
                components::connected_components_into(
                    view,
                    connectivity,
                    reversed,
                    threads,
                    elements,
                )
            })
            .map_err(to_python)?;
        drop(writable);
        Ok((found, count))
    })
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(connected_components, module)?)
}
