//! Python bindings of `edgewise-core`: borrow the array, release the GIL, map the error, hand the result back. No logic lives here.
#![allow(clippy::needless_pass_by_value, reason = "PyO3 arguments arrive by value")]

use edgewise_core::simd;
use pyo3::prelude::*;

mod array;
mod batches;
mod chamfer;
mod components;
mod counts;
mod crf;
mod distance;
mod errors;
mod flood;
mod gzip;
mod labels;
mod moments;
mod morphology;
mod point_sets;
mod resample;
mod sums;
mod surface;
mod surface_distance;
mod thinning;

/// The compiled kernels of edgewise; `_core.pyi` types them.
#[pymodule(gil_used = false)]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    simd::requested().map_err(errors::to_python)?; // a misspelt level must not pass as the best one
    module.add_function(wrap_pyfunction!(simd_level, module)?)?;
    batches::register(module)?;
    chamfer::register(module)?;
    components::register(module)?;
    counts::register(module)?;
    crf::register(module)?;
    distance::register(module)?;
    flood::register(module)?;
    gzip::register(module)?;
    moments::register(module)?;
    morphology::register(module)?;
    point_sets::register(module)?;
    resample::register(module)?;
    sums::register(module)?;
    surface::register(module)?;
    surface_distance::register(module)?;
    thinning::register(module)
}

/// The instruction set that the kernels use: `baseline`, `avx2` or `avx512`.
#[pyfunction]
fn simd_level() -> &'static str {
    simd::level().name()
}
