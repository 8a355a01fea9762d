//! Borrowing numpy arrays: any element type, C or Fortran order, never a copy.
//!
//! A Fortran-ordered array is handed to the core as the C-ordered array of the reversed axes; everything that names axes (spacing, boxes, seeds)
//! is reversed with it, and results are handed back in the same order. Arrays contiguous in neither order are copied by the Python layer
//! before they come here.

use edgewise_core::{Metric, View, grid::Bounds};
use numpy::{
    Element, PyArrayDescrMethods, PyArrayDyn, PyArrayMethods, PyReadonlyArrayDyn, PyUntypedArray,
    PyUntypedArrayMethods, ndarray::ShapeBuilder,
};
use pyo3::{exceptions::PyTypeError, prelude::*};

use crate::errors::{ShapeError, SpacingError, to_python};

/// Memory order of an array, and so whether its axes reach the core reversed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    C,
    Fortran,
}

impl Order {
    /// Values given per array axis, in the order of the core's axes (and back).
    pub(crate) fn arrange<T: Clone>(self, per_axis: &[T]) -> Vec<T> {
        match self {
            Order::C => per_axis.to_vec(),
            Order::Fortran => per_axis.iter().rev().cloned().collect(),
        }
    }

    /// The metric of spacings given per array axis.
    pub(crate) fn metric(self, spacing: &[f64], axes: usize) -> PyResult<Metric> {
        if spacing.len() != axes {
            let text = format!("{} spacings for {axes} axes", spacing.len());
            return Err(SpacingError::new_err(text));
        }
        Metric::new(&self.arrange(spacing), self == Order::Fortran).map_err(to_python)
    }

    /// A box given per array axis as `(start, stop)`; `None` is the whole array.
    pub(crate) fn bounds(
        self,
        per_axis: Option<&[(usize, usize)]>,
        shape: [usize; 3],
        axes: usize,
    ) -> PyResult<Bounds> {
        let mut bounds = Bounds::whole(shape);
        let Some(per_axis) = per_axis else { return Ok(bounds) };
        if per_axis.len() != axes {
            return Err(ShapeError::new_err(format!(
                "box has {} axes, the array {axes}",
                per_axis.len()
            )));
        }
        for (k, (start, stop)) in self.arrange(per_axis).into_iter().enumerate() {
            let axis = 3 - axes + k;
            if start >= stop || stop > shape[axis] {
                return Err(ShapeError::new_err(format!(
                    "box {start}..{stop} does not fit an axis of length {}",
                    shape[axis]
                )));
            }
            bounds.start[axis] = start;
            bounds.stop[axis] = stop;
        }
        Ok(bounds)
    }
}

/// A contiguous array, borrowed for reading.
pub(crate) struct Borrowed<'py, T: Element> {
    array: PyReadonlyArrayDyn<'py, T>,
    /// Memory order of the array.
    pub(crate) order: Order,
}

impl<'py, T: Element> Borrowed<'py, T> {
    fn new(array: PyReadonlyArrayDyn<'py, T>) -> PyResult<Self> {
        let order = if array.is_c_contiguous() {
            Order::C
        } else if array.is_fortran_contiguous() {
            Order::Fortran
        } else {
            return Err(PyTypeError::new_err("the array must be contiguous in C or Fortran order"));
        };
        Ok(Self { array, order })
    }

    /// Shape along the array's axes.
    pub(crate) fn shape(&self) -> &[usize] {
        self.array.shape()
    }

    /// Shape along the core's axes.
    pub(crate) fn core_shape(&self) -> Vec<usize> {
        self.order.arrange(self.shape())
    }

    /// All elements in memory order.
    pub(crate) fn data(&self) -> PyResult<&[T]> {
        self.array.as_slice().map_err(Into::into)
    }

    /// The array as the core sees it (one to three axes).
    pub(crate) fn view(&self) -> PyResult<View<'_, T>> {
        View::new(self.data()?, &self.core_shape()).map_err(to_python)
    }
}

/// Borrow an array of exactly the element type `T`.
pub(crate) fn borrow<'py, T: Element>(
    array: &Bound<'py, PyUntypedArray>,
) -> PyResult<Borrowed<'py, T>> {
    Borrowed::new(array.cast::<PyArrayDyn<T>>()?.try_readonly()?)
}

/// Borrow a `bool` or `uint8` array as bytes.
pub(crate) fn mask<'py>(array: &Bound<'py, PyUntypedArray>) -> PyResult<Borrowed<'py, u8>> {
    let bytes = numpy::dtype::<u8>(array.py());
    if array.dtype().is_equiv_to(&numpy::dtype::<bool>(array.py())) {
        let view = array.call_method1("view", (bytes,))?.cast_into::<PyArrayDyn<u8>>()?;
        return Borrowed::new(view.try_readonly()?);
    }
    borrow(array)
}

/// An array of zeros of `shape`, filled in the core's memory order by `work` without the GIL, and what else that returns.
///
/// Large arrays that numpy makes lie in large pages, unlike those that Rust makes: a third of the time of writing them once.
pub(crate) fn filled<'py, T: Element + Send, R: Send>(
    py: Python<'py>,
    shape: &[usize],
    order: Order,
    work: impl FnOnce(&mut [T]) -> edgewise_core::error::Result<R> + Send,
) -> PyResult<(Bound<'py, PyArrayDyn<T>>, R)> {
    let dims = numpy::ndarray::IxDyn(shape);
    let array = PyArrayDyn::zeros(py, dims, order == Order::Fortran);
    let mut borrowed = array.readwrite();
    let elements = borrowed.as_slice_mut()?;
    let found = py.detach(|| work(elements)).map_err(to_python)?;
    drop(borrowed);
    Ok((array, found))
}

/// Hand elements in the core's memory order back as an array of `shape` in the given order.
pub(crate) fn to_numpy<'py, T: Element>(
    py: Python<'py>,
    elements: Vec<T>,
    shape: &[usize],
    order: Order,
) -> PyResult<Bound<'py, PyArrayDyn<T>>> {
    let dims = numpy::ndarray::IxDyn(shape);
    let array =
        numpy::ndarray::ArrayD::from_shape_vec(dims.set_f(order == Order::Fortran), elements)
            .map_err(|error| ShapeError::new_err(error.to_string()))?;
    Ok(PyArrayDyn::from_owned_array(py, array))
}

/// The same for a mask of 0 and 1 bytes: a `bool` array.
pub(crate) fn to_bool<'py>(
    py: Python<'py>,
    bytes: Vec<u8>,
    shape: &[usize],
    order: Order,
) -> PyResult<Bound<'py, PyAny>> {
    to_numpy(py, bytes, shape, order)?.call_method1("view", (numpy::dtype::<bool>(py),))
}

/// Run `$body` with `$name` bound to the array borrowed as its own integer type (`bool` as bytes).
macro_rules! with_labels {
    ($array:expr, |$name:ident| $body:expr) => {{
        let array = $array;
        let dtype = numpy::PyUntypedArrayMethods::dtype(array);
        let kind = numpy::PyArrayDescrMethods::kind(&dtype);
        let size = numpy::PyArrayDescrMethods::itemsize(&dtype);
        match (kind, size) {
            (b'b', 1) => {
                let $name = $crate::array::mask(array)?;
                $body
            }
            (b'u', 1) => {
                let $name = $crate::array::borrow::<u8>(array)?;
                $body
            }
            (b'u', 2) => {
                let $name = $crate::array::borrow::<u16>(array)?;
                $body
            }
            (b'u', 4) => {
                let $name = $crate::array::borrow::<u32>(array)?;
                $body
            }
            (b'u', 8) => {
                let $name = $crate::array::borrow::<u64>(array)?;
                $body
            }
            (b'i', 1) => {
                let $name = $crate::array::borrow::<i8>(array)?;
                $body
            }
            (b'i', 2) => {
                let $name = $crate::array::borrow::<i16>(array)?;
                $body
            }
            (b'i', 4) => {
                let $name = $crate::array::borrow::<i32>(array)?;
                $body
            }
            (b'i', 8) => {
                let $name = $crate::array::borrow::<i64>(array)?;
                $body
            }
            _ => Err(pyo3::exceptions::PyTypeError::new_err(format!(
                "expected a bool or integer array, got {dtype}"
            ))),
        }
    }};
}
pub(crate) use with_labels;
