//! Borrowing label maps of any integer type.

use edgewise_core::counts::LabelMap;
use edgewise_core::labels::{self, Label};
use edgewise_core::{Mask, View, grid::Bounds};
use numpy::{Element, PyUntypedArray};
use pyo3::prelude::*;

use crate::array::{self, Borrowed, Order, with_labels};
use crate::errors::ShapeError;

/// A borrowed label map whatever its integer type.
pub(crate) trait AnyLabels {
    fn order(&self) -> Order;
    fn shape(&self) -> &[usize];
    /// The map as the core sees it (one to three axes); needs no GIL.
    fn map(&self) -> PyResult<Box<dyn LabelMap + '_>>;
}

impl<T: Label + Element> AnyLabels for Borrowed<'_, T> {
    fn order(&self) -> Order {
        self.order
    }

    fn shape(&self) -> &[usize] {
        Borrowed::shape(self)
    }

    fn map(&self) -> PyResult<Box<dyn LabelMap + '_>> {
        Ok(Box::new(self.view()?))
    }
}

/// Borrow a bool or integer array.
pub(crate) fn any_labels<'py>(
    array: &Bound<'py, PyUntypedArray>,
) -> PyResult<Box<dyn AnyLabels + 'py>> {
    with_labels!(array, |borrowed| Ok(Box::new(borrowed)))
}

/// Refuse arrays that do not lie in memory alike.
pub(crate) fn check_alike(
    shape: &[usize],
    order: Order,
    other: &[usize],
    its: Order,
) -> PyResult<()> {
    if shape != other {
        return Err(ShapeError::new_err(format!("shapes differ: {shape:?} and {other:?}")));
    }
    if order != its {
        let text = "the arrays must have the same memory order";
        return Err(pyo3::exceptions::PyTypeError::new_err(text));
    }
    Ok(())
}

/// The non-zero elements of a whole mask.
pub(crate) fn pack(view: &View<u8>) -> Mask {
    labels::members(view, &Bounds::whole(view.shape()), None)
}

/// Borrow the mask of ignored voxels, which must lie in memory as the label map does.
pub(crate) fn hidden<'py>(
    ignored: Option<&Bound<'py, PyUntypedArray>>,
    shape: &[usize],
    order: Order,
) -> PyResult<Option<Borrowed<'py, u8>>> {
    let ignored = ignored.map(array::mask).transpose()?;
    if let Some(ignored) = &ignored {
        check_alike(shape, order, ignored.shape(), ignored.order)?;
    }
    Ok(ignored)
}
