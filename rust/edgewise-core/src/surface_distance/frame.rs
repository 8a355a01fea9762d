//! In which numbers far elements are compared.

use crate::grid::Metric;

/// Largest spacing, in units, that whole numbers are used for.
const LARGEST_FACTOR: u64 = 1 << 12;

/// How indices become coordinates, and differences of coordinates squared distances.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) metric: Metric,
    /// Coordinates are indices times these.
    pub(super) factors: [i32; 3],
    /// The squared unit of the coordinates, if squared distances are whole numbers of it, with all roundings of the metric exact.
    pub(super) unit: Option<f64>,
    /// Length of a step of the coordinates, in any unit: for bounds, that allow for its rounding.
    pub(super) steps: [f32; 3],
}

impl Frame {
    /// For differences of indices within a grid of `shape`.
    pub(super) fn new(metric: &Metric, shape: [usize; 3]) -> Self {
        if let Some((factors, unit)) = whole(metric.spacing(), shape) {
            return Self { metric: *metric, factors, unit: Some(unit), steps: [1.0; 3] };
        }
        let largest = metric.spacing().into_iter().fold(0.0, f64::max);
        let steps = metric.spacing().map(|s| (s / largest) as f32);
        Self { metric: *metric, factors: [1; 3], unit: None, steps }
    }

    /// The coordinates of an index.
    pub(super) fn coordinates(&self, index: [usize; 3]) -> [i32; 3] {
        [0, 1, 2].map(|k| index[k] as i32 * self.factors[k])
    }
}

/// Spacings as whole multiples of one power of two, and its square, if the squared diagonal of the grid fits into 31 bits.
fn whole(spacing: [f64; 3], shape: [usize; 3]) -> Option<([i32; 3], f64)> {
    // spacing = odd * 2^exponent
    let parts = spacing.map(|s| {
        let (mantissa, exponent) = (s.to_bits() & ((1 << 52) - 1) | 1 << 52, s.to_bits() >> 52);
        let even = mantissa.trailing_zeros();
        (mantissa >> even, exponent as i32 - 1075 + even as i32)
    });
    let least = parts.iter().map(|part| part.1).min()?;
    if !(-400..400).contains(&least) {
        return None; // the square of the unit must not lose bits
    }
    let mut factors = [0; 3];
    let mut diagonal = 0_u64;
    for (k, (odd, exponent)) in parts.into_iter().enumerate() {
        let factor = odd.checked_shl((exponent - least) as u32)?;
        if factor > LARGEST_FACTOR || factor >> (exponent - least) != odd {
            return None;
        }
        factors[k] = factor as i32;
        diagonal =
            diagonal.saturating_add(factor.saturating_mul(shape[k] as u64).saturating_pow(2));
    }
    (diagonal < 1 << 31).then(|| (factors, 2.0_f64.powi(2 * least)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spacings_of_one_power_of_two_are_whole() {
        assert_eq!(whole([1.0; 3], [256; 3]), Some(([1; 3], 1.0)));
        assert_eq!(whole([3.0, 0.75, 0.5], [9; 3]), Some(([12, 3, 2], 0.0625)));
        assert_eq!(whole([64.0, 1.0, 2.0], [9; 3]), Some(([64, 1, 2], 1.0)));
    }

    #[test]
    fn others_are_not() {
        assert_eq!(whole([3.0, 0.8, 0.8], [9; 3]), None);
        assert_eq!(whole([1.0, 1.0, 1e-300], [9; 3]), None);
        assert_eq!(whole([1e300, 1.0, 1.0], [9; 3]), None);
        assert_eq!(whole([1.0, 1.0, 1.0], [1, 1, 1 << 20]), None);
        assert_eq!(whole([4096.0, 1.0, 1.0], [100, 1, 1]), None);
    }
}
