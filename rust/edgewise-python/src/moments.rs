//! Moments of the elements of a label map that are members.

use edgewise_core::{labels, moments as core};
use numpy::PyUntypedArray;
use pyo3::prelude::*;

use crate::array::Borrowed;
use crate::labels::{any_labels, hidden};

/// Number of members, sums of their indices, sums of products of their indices.
type PyMoments = (u64, Vec<u128>, Vec<Vec<u128>>);

/// Exact moments of the indices of the elements that are members.
#[pyfunction]
#[pyo3(signature = (labels, members, r#box, ignored))]
fn moments<'py>(
    py: Python<'py>,
    labels: &Bound<'py, PyUntypedArray>,
    members: Option<Vec<i128>>,
    r#box: Option<Vec<(usize, usize)>>,
    ignored: Option<&Bound<'py, PyUntypedArray>>,
) -> PyResult<PyMoments> {
    let labels = any_labels(labels)?;
    let (order, map) = (labels.order(), labels.map()?);
    let ignored = hidden(ignored, labels.shape(), order)?;
    let ignored = ignored.as_ref().map(Borrowed::view).transpose()?;
    let axes = labels.shape().len();
    let bounds = order.bounds(r#box.as_deref(), map.shape(), axes)?;
    let map = map.as_ref();
    let found = py.detach(|| {
        let mut mask = map.members(&bounds, members.as_deref());
        if let Some(ignored) = &ignored {
            mask.and_not(&labels::members(ignored, &bounds, None));
        }
        core::moments(&mask, bounds.start)
    });
    let first = 3 - axes;
    let products = found.products.map(|row| order.arrange(&row[first..]));
    let products = order.arrange(&products[first..]);
    Ok((found.count, order.arrange(&found.sums[first..]), products))
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(moments, module)?)
}
