//! What can be wrong with a request: one sentence each, with the offending value.

/// Why a kernel refused its arguments. Kernels never panic on bad input.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A shape, index or box does not fit the array.
    #[error("{0}")]
    Shape(String),
    /// A spacing is not finite and positive, or their number is not the number of axes.
    #[error("{0}")]
    Spacing(String),
    /// A label or mask value that cannot be used.
    #[error("{0}")]
    Label(String),
    /// Any other argument outside its range (connectivity, tolerance, width).
    #[error("{0}")]
    Argument(String),
    /// Compressed data are cut or damaged; the text says how.
    #[error("{0}")]
    Corrupt(String),
    /// Whoever asked does not want the result any more.
    #[error("interrupted")]
    Interrupted,
}

/// Result of a kernel.
pub type Result<T> = std::result::Result<T, Error>;
