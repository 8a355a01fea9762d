//! Joint histogram: label maps of any integer type in, numbers out, axes in the order of the array.

use edgewise_core::counts::{self, JointHistogram, LabelCount};
use edgewise_core::{View, grid::Bounds};
use numpy::{PyArray1, PyArrayDescrMethods, PyArrayDyn, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::prelude::*;

use crate::array::{self, Borrowed, Order};
use crate::errors::to_python;
use crate::labels::{any_labels, check_alike, hidden};

/// Labels, index pairs and their counts, boxes: see `_core.pyi`.
type Histogram<'py> = (
    Bound<'py, PyAny>,
    Bound<'py, PyAny>,
    Bound<'py, PyArrayDyn<i64>>,
    Bound<'py, PyArray1<i64>>,
    Bound<'py, PyArrayDyn<i64>>,
    Bound<'py, PyArrayDyn<i64>>,
);

/// Count the labels of two maps, their pairs, and the box of every label, in one pass.
#[pyfunction]
#[pyo3(signature = (reference, prediction, ignored, *, threads))]
fn joint_histogram<'py>(
    py: Python<'py>,
    reference: &Bound<'py, PyUntypedArray>,
    prediction: &Bound<'py, PyUntypedArray>,
    ignored: Option<&Bound<'py, PyUntypedArray>>,
    threads: usize,
) -> PyResult<Histogram<'py>> {
    let (ref_map, pred_map) = (any_labels(reference)?, any_labels(prediction)?);
    let (shape, order) = (ref_map.shape(), ref_map.order());
    check_alike(shape, order, pred_map.shape(), pred_map.order())?;
    let ignored = hidden(ignored, shape, order)?;
    let ignored: Option<View<u8>> = ignored.as_ref().map(Borrowed::view).transpose()?;
    let (ref_rows, pred_rows) = (ref_map.map()?, pred_map.map()?);
    let (ref_rows, pred_rows) = (ref_rows.as_ref(), pred_rows.as_ref());
    let found = py
        .detach(|| counts::joint_histogram(ref_rows, pred_rows, ignored.as_ref(), threads))
        .map_err(to_python)?;
    hand_back(py, &found, [reference, prediction], order)
}

fn hand_back<'py>(
    py: Python<'py>,
    found: &JointHistogram,
    maps: [&Bound<'py, PyUntypedArray>; 2],
    order: Order,
) -> PyResult<Histogram<'py>> {
    let axes = maps[0].ndim();
    let pairs: Vec<i64> = found
        .pairs
        .iter()
        .flat_map(|pair| [pair.reference as i64, pair.prediction as i64])
        .collect();
    let numbers = found.pairs.iter().map(|pair| pair.count as i64).collect();
    Ok((
        label_values(&found.reference, maps[0]),
        label_values(&found.prediction, maps[1]),
        array::to_numpy(py, pairs, &[found.pairs.len(), 2], Order::C)?,
        PyArray1::from_vec(py, numbers),
        boxes(py, &found.reference, axes, order)?,
        boxes(py, &found.prediction, axes, order)?,
    ))
}

/// The labels of a map as int64, or uint64 if the map is.
fn label_values<'py>(found: &[LabelCount], map: &Bound<'py, PyUntypedArray>) -> Bound<'py, PyAny> {
    let (py, dtype) = (map.py(), map.dtype());
    if (dtype.kind(), dtype.itemsize()) == (b'u', 8) {
        PyArray1::from_iter(py, found.iter().map(|side| side.label as u64)).into_any()
    } else {
        PyArray1::from_iter(py, found.iter().map(|side| side.label as i64)).into_any()
    }
}

/// The boxes of labels: (label, array axis, start and stop).
fn boxes<'py>(
    py: Python<'py>,
    found: &[LabelCount],
    axes: usize,
    order: Order,
) -> PyResult<Bound<'py, PyArrayDyn<i64>>> {
    let ends = found.iter().flat_map(|side| {
        let Bounds { start, stop } = side.bounds;
        let per_axis: Vec<_> = (3 - axes..3).map(|k| [start[k] as i64, stop[k] as i64]).collect();
        order.arrange(&per_axis).into_iter().flatten()
    });
    array::to_numpy(py, ends.collect(), &[found.len(), axes, 2], Order::C)
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(joint_histogram, module)?)
}
