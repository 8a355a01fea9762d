//! Spacing in whole steps of one unit, so that squared distances are whole numbers.

use super::WIDE;

/// Spacing as whole steps of one unit where that is possible, as it is otherwise.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Steps {
    pub(super) unit: f64,
    /// Spacing of each axis in units.
    pub(super) counts: Vec<f64>,
    pub(super) whole: bool,
    /// The spacing whose square is the roundest, and its number of units.
    round: (f64, f64),
}

impl Steps {
    /// The largest unit of which all spacings are multiples (within two roundings), among whole fractions of the smallest spacing.
    pub(super) fn new(spacing: &[f64]) -> Self {
        let least = spacing.iter().copied().fold(f64::INFINITY, f64::min);
        for parts in 1..=32 {
            let unit = least / f64::from(parts);
            let steps: Vec<f64> = spacing.iter().map(|s| (s / unit).round()).collect();
            let fits = |(step, s): (&f64, &f64)| (step * unit - s).abs() <= 4.5e-16 * s;
            if steps.iter().zip(spacing).all(fits) {
                let zeros = |s: f64| (s * s).to_bits().trailing_zeros();
                let pairs = spacing.iter().copied().zip(steps.iter().copied());
                let round = pairs.max_by_key(|&(s, _)| zeros(s)).unwrap_or((unit, 1.0));
                return Self { unit, counts: steps, whole: true, round };
            }
        }
        // relative to the smallest: neither overflow nor denormal numbers, whatever the unit of length
        let counts = spacing.iter().map(|s| s / least).collect();
        Self { unit: least, counts, whole: false, round: (least, 1.0) }
    }

    /// A squared number of units as a squared distance: exact where the squares of the spacings are, within four roundings elsewhere.
    #[inline(always)]
    pub(super) fn square(&self, units: f64) -> f64 {
        let (spacing, count) = self.round;
        units * (spacing * spacing) / (count * count)
    }

    /// Squared length of the diagonal in units, an upper bound of every squared distance.
    pub(super) fn diagonal(&self, shape: &[usize]) -> f64 {
        self.counts.iter().zip(shape).map(|(s, &n)| (s * n as f64).powi(2)).sum()
    }

    /// Whether the squared distances, in squared units of the spacing, are whole numbers that `u32` holds.
    pub(super) fn countable(&self, shape: &[usize]) -> bool {
        let square = self.unit * self.unit;
        let diagonal = self.diagonal(shape);
        self.whole
            && self.unit.fract() == 0.0
            && diagonal < WIDE
            && diagonal * square < u32::MAX.into()
    }

    /// Whether a whole squared distance times the squared unit is the value that the arithmetic rule gives.
    pub(super) fn binary(&self) -> bool {
        self.unit.is_normal() && self.unit.to_bits().trailing_zeros() >= 52
    }
}
