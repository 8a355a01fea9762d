//! Resampling: elements somewhere in memory and where they lie in, an array that Python made filled.

use edgewise_core::resample::{
    Choice, Elements, Interpolation, Labels, Layout, Request, argmax_into, complete, linear_into,
    nearest_into,
};
use numpy::{Element, PyArray1, PyArrayMethods, PyReadonlyArray1, PyUntypedArray};
use pyo3::{exceptions::PyTypeError, prelude::*};

use crate::errors::to_python;

/// Where class, z, y, x lie: first element, lengths, strides in elements.
type Place = (usize, [usize; 4], [isize; 4]);

fn layout((start, shape, strides): Place) -> Layout {
    Layout { start, shape, strides }
}

fn interpolation(linear: [bool; 3]) -> [Interpolation; 3] {
    linear.map(|linear| if linear { Interpolation::Linear } else { Interpolation::Nearest })
}

/// A one-dimensional array of a type that is named as numpy names it; bfloat16 comes as its bits.
macro_rules! with_elements {
    ($array:expr, $kind:expr, |$name:ident| $body:expr) => {{
        match $kind {
            "float16" => with_elements!(@one $array, u16, Float16, $name, $body),
            "bfloat16" => with_elements!(@one $array, u16, Bfloat16, $name, $body),
            "float32" => with_elements!(@one $array, f32, Float32, $name, $body),
            "float64" => with_elements!(@one $array, f64, Float64, $name, $body),
            "uint8" => with_elements!(@one $array, u8, Uint8, $name, $body),
            "uint16" => with_elements!(@one $array, u16, Uint16, $name, $body),
            "uint32" => with_elements!(@one $array, u32, Uint32, $name, $body),
            "uint64" => with_elements!(@one $array, u64, Uint64, $name, $body),
            "int8" => with_elements!(@one $array, i8, Int8, $name, $body),
            "int16" => with_elements!(@one $array, i16, Int16, $name, $body),
            "int32" => with_elements!(@one $array, i32, Int32, $name, $body),
            "int64" => with_elements!(@one $array, i64, Int64, $name, $body),
            other => Err(PyTypeError::new_err(format!("cannot resample {other}"))),
        }
    }};
    (@one $array:expr, $type:ty, $variant:ident, $name:ident, $body:expr) => {{
        let borrowed: PyReadonlyArray1<'_, $type> = one_axis($array)?;
        let $name = Elements::$variant(borrowed.as_slice()?);
        $body
    }};
}

fn one_axis<'py, T: Element>(
    array: &Bound<'py, PyUntypedArray>,
) -> PyResult<PyReadonlyArray1<'py, T>> {
    Ok(array.cast::<PyArray1<T>>()?.try_readonly()?)
}

/// Labels of some planes into `out`, all elements of those planes.
#[pyfunction]
#[pyo3(signature = (logits, kind, place, out, *, source, target, linear, first, planes, labels, background, regions, threads))]
#[allow(clippy::too_many_arguments, reason = "what a request holds")]
fn resample_argmax(
    py: Python<'_>,
    logits: &Bound<'_, PyUntypedArray>,
    kind: &str,
    place: Place,
    out: &Bound<'_, PyUntypedArray>,
    source: [usize; 3],
    target: [usize; 3],
    linear: [bool; 3],
    first: usize,
    planes: (usize, usize),
    labels: Vec<u16>,
    background: u16,
    regions: bool,
    threads: usize,
) -> PyResult<()> {
    let choice = if regions { Choice::LastPositive } else { Choice::Greatest };
    let (layout, interpolation, labels) = (layout(place), interpolation(linear), &labels);
    let request = Request {
        from: source,
        to: target,
        interpolation,
        first,
        planes,
        labels,
        background,
        choice,
        threads,
    };
    with_elements!(logits, kind, |elements| {
        if let Ok(out) = out.cast::<PyArray1<u8>>() {
            let mut out = out.try_readwrite()?;
            let out = Labels::Bytes(out.as_slice_mut()?);
            py.detach(|| argmax_into(elements, &layout, &request, out)).map_err(to_python)
        } else {
            let mut out = out.cast::<PyArray1<u16>>()?.try_readwrite()?;
            let out = Labels::Words(out.as_slice_mut()?);
            py.detach(|| argmax_into(elements, &layout, &request, out)).map_err(to_python)
        }
    })
}

/// How many planes of the target lie between the first `stop` of the source.
#[pyfunction]
#[pyo3(signature = (source, target, *, linear, stop))]
fn resampled_planes(source: usize, target: usize, linear: bool, stop: usize) -> usize {
    complete(source, target, interpolation([linear; 3])[0], stop)
}

/// An image on another grid, into `out`.
#[pyfunction]
#[pyo3(signature = (image, kind, place, out, *, target, linear, threads))]
#[allow(clippy::too_many_arguments, reason = "an image, where it goes, and how")]
fn resample_linear(
    py: Python<'_>,
    image: &Bound<'_, PyUntypedArray>,
    kind: &str,
    place: Place,
    out: &Bound<'_, PyArray1<f32>>,
    target: [usize; 3],
    linear: [bool; 3],
    threads: usize,
) -> PyResult<()> {
    let (layout, interpolation) = (layout(place), interpolation(linear));
    let mut out = out.try_readwrite()?;
    let out = out.as_slice_mut()?;
    with_elements!(image, kind, |elements| {
        py.detach(|| linear_into(elements, &layout, target, interpolation, threads, out))
            .map_err(to_python)
    })
}

/// The nearest elements of an image of unsigned whole numbers, whatever they mean, into `out`.
#[pyfunction]
#[pyo3(signature = (image, place, out, *, target, threads))]
fn resample_nearest(
    py: Python<'_>,
    image: &Bound<'_, PyUntypedArray>,
    place: Place,
    out: &Bound<'_, PyUntypedArray>,
    target: [usize; 3],
    threads: usize,
) -> PyResult<()> {
    fn into<W: Element + Copy + Send + Sync>(
        py: Python<'_>,
        image: &Bound<'_, PyUntypedArray>,
        layout: &Layout,
        out: &Bound<'_, PyUntypedArray>,
        target: [usize; 3],
        threads: usize,
    ) -> PyResult<()> {
        let image: PyReadonlyArray1<'_, W> = one_axis(image)?;
        let mut out = out.cast::<PyArray1<W>>()?.try_readwrite()?;
        let (image, out) = (image.as_slice()?, out.as_slice_mut()?);
        py.detach(|| nearest_into(image, layout, target, threads, out)).map_err(to_python)
    }
    let work =
        match numpy::PyArrayDescrMethods::itemsize(&numpy::PyUntypedArrayMethods::dtype(image)) {
            1 => into::<u8>,
            2 => into::<u16>,
            4 => into::<u32>,
            _ => into::<u64>,
        };
    work(py, image, &layout(place), out, target, threads)
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(resample_argmax, module)?)?;
    module.add_function(wrap_pyfunction!(resample_linear, module)?)?;
    module.add_function(wrap_pyfunction!(resample_nearest, module)?)?;
    module.add_function(wrap_pyfunction!(resampled_planes, module)?)
}
