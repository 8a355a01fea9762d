//! Exact sums: an array in, a float out.

use edgewise_core::sums;
use numpy::PyUntypedArray;
use pyo3::prelude::*;

use crate::array::{self, Borrowed};

/// The sum of the elements of a float64 array, rounded once.
#[pyfunction]
fn exact_sum(values: &Bound<'_, PyUntypedArray>) -> PyResult<f64> {
    let values: Borrowed<f64> = array::borrow(values)?;
    Ok(sums::exact_sum(values.data()?))
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(exact_sum, module)?)
}
