//! Counts: label maps of any integer type or masks in, numbers out, axes in the order of the array.

use edgewise_core::counts::{self, BitMap, JointHistogram, LabelCount};
use edgewise_core::{View, grid::Bounds};
use numpy::PyUntypedArray;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyTuple};

use crate::array::{self, Borrowed, Order};
use crate::errors::to_python;
use crate::labels::{any_labels, check_alike, hidden};

/// Two label maps of zeros and ones as bits, for what is measured after they were counted.
#[pyclass(frozen, module = "edgewise._core")]
pub(crate) struct PackedPair(pub(crate) [BitMap; 2]);

/// Voxels of pairs, of either side's labels, and boxes of either side's labels, bits if they are kept: see `_core.pyi`.
type Histogram<'py> = (
    Bound<'py, PyDict>,
    Bound<'py, PyDict>,
    Bound<'py, PyDict>,
    Bound<'py, PyDict>,
    Bound<'py, PyDict>,
    Option<PackedPair>,
);

/// Count the labels of two maps, their pairs, and the box of every label, in one pass.
#[pyfunction]
#[pyo3(signature = (reference, prediction, ignored, *, keep, threads))]
fn joint_histogram<'py>(
    py: Python<'py>,
    reference: &Bound<'py, PyUntypedArray>,
    prediction: &Bound<'py, PyUntypedArray>,
    ignored: Option<&Bound<'py, PyUntypedArray>>,
    keep: bool,
    threads: usize,
) -> PyResult<Histogram<'py>> {
    let (ref_map, pred_map) = (any_labels(reference)?, any_labels(prediction)?);
    let (shape, order) = (ref_map.shape(), ref_map.order());
    check_alike(shape, order, pred_map.shape(), pred_map.order())?;
    let ignored = hidden(ignored, shape, order)?;
    let ignored: Option<View<u8>> = ignored.as_ref().map(Borrowed::view).transpose()?;
    let (ref_rows, pred_rows) = (ref_map.map()?, pred_map.map()?);
    let (ref_rows, pred_rows) = (ref_rows.as_ref(), pred_rows.as_ref());
    let count = || {
        if keep {
            counts::joint_histogram_and_bits(ref_rows, pred_rows, ignored.as_ref(), threads)
        } else {
            counts::joint_histogram(ref_rows, pred_rows, ignored.as_ref(), threads)
                .map(|found| (found, None))
        }
    };
    let (found, bits) = py.detach(count).map_err(to_python)?;
    hand_back(py, &found, bits.map(PackedPair), shape.len(), order)
}

fn hand_back<'py>(
    py: Python<'py>,
    found: &JointHistogram,
    bits: Option<PackedPair>,
    axes: usize,
    order: Order,
) -> PyResult<Histogram<'py>> {
    let (rows, columns) = (labels(py, &found.reference), labels(py, &found.prediction));
    let joint = PyDict::new(py);
    for pair in &found.pairs {
        joint.set_item((&rows[pair.reference], &columns[pair.prediction]), pair.count)?;
    }
    Ok((
        joint,
        counted(py, &rows, &found.reference)?,
        counted(py, &columns, &found.prediction)?,
        boxed(py, &rows, &found.reference, axes, order)?,
        boxed(py, &columns, &found.prediction, axes, order)?,
        bits,
    ))
}

/// The labels of one side, each made once.
fn labels<'py>(py: Python<'py>, found: &[LabelCount]) -> Vec<Bound<'py, PyInt>> {
    let number = |side: &LabelCount| match i64::try_from(side.label) {
        Ok(label) => PyInt::new(py, label),
        Err(_) => PyInt::new(py, side.label as u64), // of a uint64 array
    };
    found.iter().map(number).collect()
}

fn counted<'py>(
    py: Python<'py>,
    labels: &[Bound<'py, PyInt>],
    found: &[LabelCount],
) -> PyResult<Bound<'py, PyDict>> {
    let counts = PyDict::new(py);
    for (label, side) in labels.iter().zip(found) {
        counts.set_item(label, side.count)?;
    }
    Ok(counts)
}

/// The box of every label: start and stop per array axis.
fn boxed<'py>(
    py: Python<'py>,
    labels: &[Bound<'py, PyInt>],
    found: &[LabelCount],
    axes: usize,
    order: Order,
) -> PyResult<Bound<'py, PyDict>> {
    let boxes = PyDict::new(py);
    for (label, side) in labels.iter().zip(found) {
        let Bounds { start, stop } = side.bounds;
        let per_axis: Vec<_> = (3 - axes..3).map(|k| (start[k], stop[k])).collect();
        boxes.set_item(label, PyTuple::new(py, order.arrange(&per_axis))?)?;
    }
    Ok(boxes)
}

/// Sizes of two masks of any number of axes.
#[pyfunction]
#[pyo3(signature = (reference, prediction, ignored, *, threads))]
fn mask_counts(
    py: Python<'_>,
    reference: &Bound<'_, PyUntypedArray>,
    prediction: &Bound<'_, PyUntypedArray>,
    ignored: Option<&Bound<'_, PyUntypedArray>>,
    threads: usize,
) -> PyResult<(u64, u64, u64, u64)> {
    let (reference, prediction) = (array::mask(reference)?, array::mask(prediction)?);
    let (shape, order) = (reference.shape(), reference.order);
    check_alike(shape, order, prediction.shape(), prediction.order)?;
    let ignored = hidden(ignored, shape, order)?;
    let ignored = ignored.as_ref().map(Borrowed::data).transpose()?;
    let (reference, prediction) = (reference.data()?, prediction.data()?);
    let count = || counts::mask_counts(reference, prediction, ignored, threads);
    // handing the interpreter to other threads costs more than a few thousand bytes
    let found = if reference.len() < 1 << 14 { count() } else { py.detach(count) };
    let found = found.map_err(to_python)?;
    Ok((found.both, found.reference, found.prediction, found.all))
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PackedPair>()?;
    module.add_function(wrap_pyfunction!(joint_histogram, module)?)?;
    module.add_function(wrap_pyfunction!(mask_counts, module)?)
}
