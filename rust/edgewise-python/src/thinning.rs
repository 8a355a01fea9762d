//! Binding of `edgewise_core::thinning`.

use edgewise_core::thinning;
use numpy::PyUntypedArray;
use pyo3::{exceptions::PyValueError, prelude::*};

use crate::{
    array::{self, Order},
    errors::to_python,
};

#[pyfunction]
#[pyo3(signature = (mask, *, thinning))]
fn skeleton<'py>(
    py: Python<'py>,
    mask: &Bound<'py, PyUntypedArray>,
    thinning: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let order = array::mask(mask)?.order;
    // the methods depend on the order of the axes, so column-major arrays are thinned as their row-major copy
    let rows = match order {
        Order::C => mask.clone(),
        Order::Fortran => mask.call_method1("copy", ("C",))?.cast_into()?,
    };
    let borrowed = array::mask(&rows)?;
    let view = borrowed.view()?;
    let bytes = py.detach(|| match thinning {
        "zhang" => thinning::zhang(view).map_err(to_python),
        "lee" => Ok(thinning::lee(view)),
        other => Err(PyValueError::new_err(format!(
            "thinning must be \"zhang\" or \"lee\", got {other:?}"
        ))),
    })?;
    let result = array::to_bool(py, bytes, borrowed.shape(), Order::C)?;
    match order {
        Order::C => Ok(result),
        Order::Fortran => result.call_method1("copy", ("F",)),
    }
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(skeleton, module)?)
}
