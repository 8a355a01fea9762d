//! Borrowing numpy arrays: any element type, C or Fortran order, never a copy.
//!
//! A Fortran-ordered array is handed to the core as the C-ordered array of the reversed axes; everything that names axes (spacing, boxes, seeds)
//! is reversed with it, and results are handed back in the same order. Arrays contiguous in neither order are copied by the Python layer
//! before they come here.

use bytemuck::AnyBitPattern;
use edgewise_core::{Error, Metric, View, grid::Bounds};
use numpy::{
    Element, PyArrayDyn, PyArrayMethods, PyReadonlyArrayDyn, PyUntypedArray, PyUntypedArrayMethods,
    ndarray::ShapeBuilder,
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
    array: Held<'py, T>,
    /// Memory order of the array.
    pub(crate) order: Order,
}

/// An array of `T`, or of booleans that are read as bytes.
enum Held<'py, T: Element> {
    Own(PyReadonlyArrayDyn<'py, T>),
    Booleans(PyReadonlyArrayDyn<'py, bool>),
}

impl<'py, T: Element> Borrowed<'py, T> {
    fn new(array: Held<'py, T>) -> PyResult<Self> {
        let order = match &array {
            Held::Own(array) => order_of(array.as_untyped())?,
            Held::Booleans(array) => order_of(array.as_untyped())?,
        };
        Ok(Self { array, order })
    }

    /// Shape along the array's axes.
    pub(crate) fn shape(&self) -> &[usize] {
        match &self.array {
            Held::Own(array) => array.shape(),
            Held::Booleans(array) => array.shape(),
        }
    }

    /// Shape along the core's axes.
    pub(crate) fn core_shape(&self) -> Vec<usize> {
        self.order.arrange(self.shape())
    }

    /// All elements in memory order.
    pub(crate) fn data(&self) -> PyResult<&[T]>
    where
        T: AnyBitPattern,
    {
        match &self.array {
            Held::Own(array) => array.as_slice().map_err(Into::into),
            Held::Booleans(array) => Ok(bytemuck::cast_slice(array.as_slice()?)),
        }
    }

    /// The array as the core sees it (one to three axes).
    pub(crate) fn view(&self) -> PyResult<View<'_, T>>
    where
        T: AnyBitPattern,
    {
        View::new(self.data()?, &self.core_shape()).map_err(to_python)
    }
}

/// Borrow an array of exactly the element type `T`.
pub(crate) fn borrow<'py, T: Element>(
    array: &Bound<'py, PyUntypedArray>,
) -> PyResult<Borrowed<'py, T>> {
    Borrowed::new(Held::Own(array.cast::<PyArrayDyn<T>>()?.try_readonly()?))
}

/// Borrow a `bool` or `uint8` array as bytes.
pub(crate) fn mask<'py>(array: &Bound<'py, PyUntypedArray>) -> PyResult<Borrowed<'py, u8>> {
    match array.cast::<PyArrayDyn<bool>>() {
        Ok(booleans) => Borrowed::new(Held::Booleans(booleans.try_readonly()?)),
        Err(_) => borrow(array),
    }
}

fn order_of(array: &Bound<'_, PyUntypedArray>) -> PyResult<Order> {
    if array.is_c_contiguous() {
        Ok(Order::C)
    } else if array.is_fortran_contiguous() {
        Ok(Order::Fortran)
    } else {
        Err(PyTypeError::new_err("the array must be contiguous in C or Fortran order"))
    }
}

/// An array of zeros of `shape`, filled in the core's memory order by `work` without the GIL, and what else that returns.
///
/// See [`zeros`] for why numpy makes it.
pub(crate) fn filled<'py, T: Element + Send, R: Send>(
    py: Python<'py>,
    shape: &[usize],
    order: Order,
    work: impl FnOnce(&mut [T]) -> edgewise_core::error::Result<R> + Send,
) -> PyResult<(Bound<'py, PyArrayDyn<T>>, R)> {
    let array = zeros(py, shape, order);
    let mut borrowed = array.readwrite();
    let elements = borrowed.as_slice_mut()?;
    let found = py.detach(|| work(elements)).map_err(to_python)?;
    drop(borrowed);
    Ok((array, found))
}

/// A new array of zeros for a kernel to write into: numpy's allocator gives large ones huge pages, and pages never written cost nothing.
pub(crate) fn zeros<'py, T: Element>(
    py: Python<'py>,
    shape: &[usize],
    order: Order,
) -> Bound<'py, PyArrayDyn<T>> {
    PyArrayDyn::zeros(py, shape, order == Order::Fortran)
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
    as_bool(&to_numpy(py, bytes, shape, order)?)
}

/// A new `bool` array for a kernel to write 0 and 1 into, without the GIL; it is given zeros, in the core's memory order.
pub(crate) fn new_bool<'py>(
    py: Python<'py>,
    shape: &[usize],
    order: Order,
    fill: impl FnOnce(&mut [u8]) -> Result<(), Error> + Send,
) -> PyResult<Bound<'py, PyAny>> {
    let bytes = zeros::<u8>(py, shape, order);
    let mut writable = bytes.try_readwrite()?;
    let elements = writable.as_slice_mut()?;
    py.detach(|| fill(elements)).map_err(to_python)?;
    drop(writable);
    as_bool(&bytes)
}

fn as_bool<'py>(bytes: &Bound<'py, PyArrayDyn<u8>>) -> PyResult<Bound<'py, PyAny>> {
    bytes.call_method1("view", (numpy::dtype::<bool>(bytes.py()),))
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
