//! Binding of `edgewise_core::gzip`.

use edgewise_core::gzip;
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;

use crate::errors::to_python;

/// Inflated bytes and the number of bytes after the last member.
type Inflated<'py> = (Bound<'py, PyArray1<u8>>, usize);

#[pyfunction]
#[pyo3(signature = (data, *, limit))]
fn gunzip<'py>(py: Python<'py>, data: &[u8], limit: usize) -> PyResult<Inflated<'py>> {
    let (bytes, trailing) = py.detach(|| gzip::gunzip(data, limit)).map_err(to_python)?;
    Ok((bytes.into_pyarray(py), trailing))
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(gunzip, module)?)
}
