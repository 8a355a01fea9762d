//! Binding of `edgewise_core::flood`.

use edgewise_core::flood::{self as kernel, Limit};
use numpy::{PyArrayDescrMethods, PyReadonlyArray2, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::{exceptions::PyOverflowError, prelude::*};

use crate::array::{self, with_labels};

/// A Python or numpy number; whole numbers beyond 128 bits are as good as infinite.
fn limit(number: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Limit>> {
    let Some(number) = number else { return Ok(None) };
    match number.extract::<i128>() {
        Ok(whole) => Ok(Some(Limit::Integer(whole))),
        Err(error) if error.is_instance_of::<PyOverflowError>(number.py()) => {
            let end = if number.lt(0)? { f64::NEG_INFINITY } else { f64::INFINITY };
            Ok(Some(Limit::Real(end)))
        }
        Err(_) => number.extract().map(|real| Some(Limit::Real(real))),
    }
}

/// Run `$body` with `$name` bound to the array borrowed as its own numeric type.
macro_rules! with_image {
    ($array:expr, |$name:ident| $body:expr) => {{
        let array = $array;
        let dtype = array.dtype();
        match (dtype.kind(), dtype.itemsize()) {
            (b'f', 4) => {
                let $name = array::borrow::<f32>(array)?;
                $body
            }
            (b'f', 8) => {
                let $name = array::borrow::<f64>(array)?;
                $body
            }
            _ => with_labels!(array, |$name| $body),
        }
    }};
}

#[pyfunction]
#[pyo3(signature = (image, seeds, *, lower, upper, connectivity))]
fn region_grow<'py>(
    py: Python<'py>,
    image: &Bound<'py, PyUntypedArray>,
    seeds: PyReadonlyArray2<'py, i64>,
    lower: Option<&Bound<'py, PyAny>>,
    upper: Option<&Bound<'py, PyAny>>,
    connectivity: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let (lower, upper) = (limit(lower)?, limit(upper)?);
    let rows = seeds.as_array();
    with_image!(image, |array| {
        let seeds: Vec<Vec<i64>> =
            rows.outer_iter().map(|seed| array.order.arrange(&seed.to_vec())).collect();
        let view = array.view()?;
        array::new_bool(py, array.shape(), array.order, |grown| {
            kernel::region_grow_into(view, &seeds, lower, upper, connectivity, grown)
        })
    })
}

#[pyfunction]
#[pyo3(signature = (image, seed, *, tolerance, connectivity))]
fn flood<'py>(
    py: Python<'py>,
    image: &Bound<'py, PyUntypedArray>,
    seed: Vec<i64>,
    tolerance: Option<&Bound<'py, PyAny>>,
    connectivity: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let tolerance = limit(tolerance)?;
    with_image!(image, |array| {
        let seed = array.order.arrange(&seed);
        let view = array.view()?;
        array::new_bool(py, array.shape(), array.order, |flooded| {
            kernel::flood_into(view, &seed, tolerance, connectivity, flooded)
        })
    })
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(region_grow, module)?)?;
    module.add_function(wrap_pyfunction!(flood, module)?)
}
