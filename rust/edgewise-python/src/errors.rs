//! Core errors become the classes of `edgewise.errors`; those exist once, in Python.

use edgewise_core::Error;
use pyo3::{PyErr, exceptions::PyValueError};

pyo3::import_exception!(edgewise.errors, LabelError);
pyo3::import_exception!(edgewise.errors, ReadError);
pyo3::import_exception!(edgewise.errors, ShapeError);
pyo3::import_exception!(edgewise.errors, SpacingError);

/// The Python exception for a core error, with the core's sentence.
pub(crate) fn to_python(error: Error) -> PyErr {
    match error {
        Error::Shape(text) => ShapeError::new_err(text),
        Error::Spacing(text) => SpacingError::new_err(text),
        Error::Label(text) => LabelError::new_err(text),
        Error::Corrupt(text) => ReadError::new_err(text),
        other => PyValueError::new_err(other.to_string()),
    }
}
