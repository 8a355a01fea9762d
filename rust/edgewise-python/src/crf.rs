//! Bindings of `edgewise_core::crf`.

use std::time::{Duration, Instant};

use edgewise_core::crf::{Normalization, Request, Term, mean_field_into};
use numpy::{PyArrayDyn, PyArrayMethods, PyUntypedArray};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::array;
use crate::errors::ShapeError;

/// Sigma by axis in elements, by channel (none: positions alone), weight, whether to convolve.
type Gaussian = (Vec<f32>, Vec<f32>, f32, bool);

/// Probabilities after mean-field inference in a fully connected CRF.
#[pyfunction]
#[pyo3(signature = (
    probabilities, image, *, gaussians, compatibility, iterations, normalization, include_self, clip, threads
))]
#[allow(clippy::too_many_arguments, reason = "one keyword each")]
fn dense_crf<'py>(
    py: Python<'py>,
    probabilities: &Bound<'py, PyUntypedArray>,
    image: &Bound<'py, PyUntypedArray>,
    gaussians: Vec<Gaussian>,
    compatibility: Option<Vec<f32>>,
    iterations: usize,
    normalization: &str,
    include_self: bool,
    clip: f32,
    threads: usize,
) -> PyResult<Bound<'py, PyArrayDyn<f32>>> {
    let normalization = match normalization {
        "symmetric" => Normalization::Symmetric,
        "before" => Normalization::Before,
        "after" => Normalization::After,
        "none" => Normalization::Off,
        _ => return Err(PyTypeError::new_err(format!("no normalization {normalization}"))),
    };
    let (probabilities, image) =
        (array::borrow::<f32>(probabilities)?, array::borrow::<f32>(image)?);
    let [labels, shape @ ..] = probabilities.shape() else {
        return Err(ShapeError::new_err("probabilities need an axis of labels"));
    };
    let (given, intensities) = (probabilities.data()?, image.data()?);
    let term = |(sigma, sigma_intensity, weight, convolve): Gaussian| {
        let image = if sigma_intensity.is_empty() { &[] } else { intensities };
        Term { sigma, image, sigma_intensity, weight, convolve }
    };
    let terms: Vec<_> = gaussians.into_iter().map(term).collect();
    let request = Request {
        shape,
        labels: *labels,
        terms: &terms,
        compatibility: compatibility.as_deref(),
        iterations,
        normalization,
        include_self,
        clip,
        threads,
    };
    let order = array::Order::C;
    let room = array::zeros::<u32>(py, &[request.room(), 2], order);
    let mut room = room.readwrite();
    let room = room.as_slice_mut()?.as_chunks_mut().0;
    let mut signals = Signals { asked: Instant::now(), raised: None };
    let done = array::filled(py, probabilities.shape(), order, |found: &mut [f32]| {
        mean_field_into(given, &request, room, found, || signals.none())
    });
    match signals.raised {
        Some(error) => Err(error),
        None => done.map(|(found, ())| found),
    }
}

/// What Python's signal handlers raise while the interpreter waits for a kernel: Ctrl-C is heard before the end.
struct Signals {
    asked: Instant,
    raised: Option<PyErr>,
}

impl Signals {
    /// Whether nothing was raised. Asks rarely: it waits for other threads of the interpreter.
    fn none(&mut self) -> bool {
        if self.asked.elapsed() > Duration::from_millis(100) {
            self.raised = Python::attach(|py| py.check_signals().err());
            self.asked = Instant::now();
        }
        self.raised.is_none()
    }
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(dense_crf, module)?)
}
