//! Exact geometry of segmentation masks: the kernels of edgewise, without Python.
//!
//! Every kernel reads dense arrays in row-major (C) order through [`View`]; an array in column-major order is the row-major array of the
//! reversed axes, so nothing is ever copied for its memory order. Spacing is given per axis of the view, in mm (or any other unit: results
//! carry it). Lower modules never use higher ones; the list below is in that order.
#![deny(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod chamfer;
pub mod components;
pub mod counts;
pub mod crf;
pub mod distance;
pub mod error;
pub mod flood;
pub mod grid;
pub mod gzip;
pub mod labels;
pub mod mask;
pub mod moments;
pub mod morphology;
mod padded;
pub mod parallel;
pub mod point_sets;
pub mod resample;
pub mod simd;
pub mod sums;
pub mod surface;
pub mod surface_distance;
pub mod surfel_table;
pub mod thinning;
pub mod topology;

pub use error::Error;
pub use grid::{Metric, View};
pub use mask::Mask;
