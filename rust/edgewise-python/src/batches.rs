//! Batches: two arrays of masks in, what is asked for of every pair out.

use edgewise_core::View;
use edgewise_core::counts::{self, MaskCounts};
use edgewise_core::surface_distance::{Convention, between_pairs};
use numpy::{PyArrayDyn, PyUntypedArray};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::array::{self, Borrowed, Order};
use crate::errors::to_python;
use crate::labels::check_alike;
use crate::surface_distance::{PyLists, hand_back};

/// Sizes of the masks of every pair.
#[pyfunction]
#[pyo3(signature = (reference, prediction, *, threads))]
fn batch_mask_counts<'py>(
    py: Python<'py>,
    reference: &Bound<'py, PyUntypedArray>,
    prediction: &Bound<'py, PyUntypedArray>,
    threads: usize,
) -> PyResult<Bound<'py, PyArrayDyn<i64>>> {
    let batch = Batch::borrow(reference, prediction)?;
    let pairs = batch.pairs()?;
    let masks: Vec<_> = pairs.iter().map(|pair| pair.map(|mask| mask.data())).collect();
    let found = py.detach(|| counts::mask_counts_of_pairs(&masks, threads)).map_err(to_python)?;
    let numbers = |found: &MaskCounts| {
        [found.both, found.reference, found.prediction].map(|count| count as i64)
    };
    let numbers = found.iter().flat_map(numbers).collect();
    array::to_numpy(py, numbers, &[found.len(), 3], Order::C)
}

/// Distances from the boundary of each mask of every pair to that of the other.
#[pyfunction]
#[pyo3(signature = (reference, prediction, *, spacing, boundary, edge, threads))]
#[allow(clippy::too_many_arguments, reason = "keyword arguments of one call")]
fn batch_surface_distances<'py>(
    py: Python<'py>,
    reference: &Bound<'py, PyUntypedArray>,
    prediction: &Bound<'py, PyUntypedArray>,
    spacing: Vec<f64>,
    boundary: &str,
    edge: &str,
    threads: usize,
) -> PyResult<Vec<PyLists<'py>>> {
    let batch = Batch::borrow(reference, prediction)?;
    let pairs = batch.pairs()?;
    let convention = Convention {
        metric: Order::C.metric(&spacing, batch.0[0].shape().len().saturating_sub(1))?,
        elements: boundary.parse().map_err(to_python)?,
        edge: edge.parse().map_err(to_python)?,
    };
    let lists = py.detach(|| between_pairs(&pairs, &convention, threads)).map_err(to_python)?;
    let both = |lists: [_; 2]| lists.map(|list| hand_back(py, list)).into();
    Ok(lists.into_iter().map(both).collect())
}

/// References and predictions, one mask for each index of the first axis.
struct Batch<'py>([Borrowed<'py, u8>; 2]);

impl<'py> Batch<'py> {
    fn borrow(
        reference: &Bound<'py, PyUntypedArray>,
        prediction: &Bound<'py, PyUntypedArray>,
    ) -> PyResult<Self> {
        let both = [array::mask(reference)?, array::mask(prediction)?];
        check_alike(both[0].shape(), both[0].order, both[1].shape(), both[1].order)?;
        if both[0].order != Order::C {
            return Err(PyTypeError::new_err("a batch must be contiguous in C order"));
        }
        Ok(Self(both))
    }

    fn pairs(&self) -> PyResult<Vec<[View<'_, u8>; 2]>> {
        let masks = |side: usize| {
            View::stacked(self.0[side].data()?, self.0[side].shape()).map_err(to_python)
        };
        Ok(masks(0)?.into_iter().zip(masks(1)?).map(<[_; 2]>::from).collect())
    }
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(batch_mask_counts, module)?)?;
    module.add_function(wrap_pyfunction!(batch_surface_distances, module)?)
}
