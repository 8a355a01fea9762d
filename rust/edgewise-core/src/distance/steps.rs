//! Spacing in whole steps of one unit, so that squared distances are whole numbers.

use super::lanes::Lane;

/// Spacing as whole steps of one unit where that is possible, as it is otherwise.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Steps {
    pub(super) unit: f64,
    /// Spacing of each axis in units.
    pub(super) counts: Vec<f64>,
    pub(super) whole: bool,
}

impl Steps {
    /// The largest unit of which all spacings are multiples, among whole fractions of the smallest spacing.
    pub(super) fn new(spacing: &[f64]) -> Self {
        let least = spacing.iter().copied().fold(f64::INFINITY, f64::min);
        for parts in 1..=32 {
            let unit = least / f64::from(parts);
            let steps: Vec<f64> = spacing.iter().map(|s| (s / unit).round()).collect();
            let fits = |(step, s): (&f64, &f64)| (step * unit - s).abs() <= 1e-13 * s;
            if steps.iter().zip(spacing).all(fits) {
                return Self { unit, counts: steps, whole: true };
            }
        }
        // relative to the smallest: neither overflow nor denormal numbers, whatever the unit of length
        Self { unit: least, counts: spacing.iter().map(|s| s / least).collect(), whole: false }
    }

    /// Squared length of the diagonal in units, an upper bound of every squared distance.
    pub(super) fn diagonal(&self, shape: &[usize]) -> f64 {
        self.counts.iter().zip(shape).map(|(s, &n)| (s * n as f64).powi(2)).sum()
    }

    /// Whether lanes `L` hold every intermediate value as an exact whole number.
    pub(super) fn exact<L: Lane>(&self, shape: &[usize]) -> bool {
        self.whole && 4.0 * self.diagonal(shape) < L::WHOLE
    }

    /// Whether a whole squared distance times the squared unit is the value that the arithmetic rule gives.
    pub(super) fn binary(&self) -> bool {
        self.unit.is_normal() && self.unit.to_bits().trailing_zeros() >= 52
    }
}
