//! Binding of `edgewise_core::components`.

use edgewise_core::components;
use numpy::{PyArrayDyn, PyUntypedArray};
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
        let (found, count) = py
            .detach(|| components::connected_components(view, connectivity, reversed, threads))
            .map_err(to_python)?;
        Ok((array::to_numpy(py, found, array.shape(), array.order)?, count))
    })
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(connected_components, module)?)
}
