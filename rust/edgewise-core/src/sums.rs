//! Sums of floats that are exact until they are rounded once, so that the order of the terms changes no bit.

/// The sum of all values, rounded once, as Python's `math.fsum` gives it.
///
/// The running sum is kept as floats that do not overlap (J. R. Shewchuk, Adaptive precision floating-point arithmetic, 1997, Grow-Expansion).
/// If a value, or the sum, is not finite, the result is that of plain addition.
///
/// ```
/// use edgewise_core::sums::exact_sum;
/// assert_eq!(exact_sum(&[0.1; 10]), 1.0);
/// assert_eq!(exact_sum(&[1e100, 1.0, -1e100]), 1.0);
/// ```
pub fn exact_sum(values: &[f64]) -> f64 {
    let mut partials: Vec<f64> = Vec::with_capacity(8); // ascending
    for &value in values {
        let mut sum = value;
        let mut kept = 0;
        for k in 0..partials.len() {
            let (rounded, error) = two_sum(sum, partials[k]);
            if error != 0.0 {
                partials[kept] = error;
                kept += 1;
            }
            sum = rounded;
        }
        partials.truncate(kept);
        partials.push(sum);
    }
    let sum = rounded(&partials);
    if sum.is_finite() { sum } else { values.iter().sum() }
}

/// The rounded sum of two floats, and what rounding lost (D. E. Knuth, The Art of Computer Programming 2, 4.2.2).
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let second = sum - a;
    (sum, (a - (sum - second)) + (b - second))
}

/// The sum of floats that do not overlap, ascending, rounded to even.
fn rounded(partials: &[f64]) -> f64 {
    let mut rest = partials.iter().rev().copied();
    let Some(mut sum) = rest.next() else { return 0.0 };
    while let Some(next) = rest.next() {
        let (nearest, error) = two_sum(sum, next);
        sum = nearest;
        if error != 0.0 {
            // halfway between two floats: what is still left says which is nearer
            let less = rest.next().unwrap_or(0.0);
            let (other, lost) = two_sum(sum, 2.0 * error);
            if lost == 0.0 && error * less > 0.0 {
                sum = other;
            }
            break;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The exact sum in units of 2^-60, rounded by the conversion.
    fn naive(values: &[f64]) -> f64 {
        let unit = (60.0_f64).exp2();
        let sum: i128 = values.iter().map(|value| (value * unit) as i128).sum();
        sum as f64 / unit
    }

    /// Multiples of 2^-60 of up to 2^40.
    fn number() -> impl Strategy<Value = f64> {
        let shifts = prop::sample::select(vec![0, 1, 8, 30, 47]);
        ((-(1_i64 << 53)..1_i64 << 53), shifts)
            .prop_map(|(digits, shift)| digits as f64 * f64::from(shift - 60).exp2())
    }

    proptest! {
        #[test]
        fn sums_are_rounded_once(
            mut values in prop::collection::vec(number(), 0..50),
            ties in prop::collection::vec(prop::sample::select(vec![1.0, -1.0, (-53_f64).exp2(), -(-53_f64).exp2(), (-60_f64).exp2()]), 0..6),
        ) {
            for values in [&values.clone(), &ties] {
                prop_assert_eq!(exact_sum(values).to_bits(), naive(values).to_bits());
            }
            let sum = exact_sum(&values);
            values.reverse();
            prop_assert_eq!(exact_sum(&values).to_bits(), sum.to_bits());
        }
    }

    #[test]
    fn infinite_terms_make_infinite_sums() {
        assert!(exact_sum(&[1.0, f64::INFINITY]).is_infinite());
        assert!(exact_sum(&[f64::INFINITY, f64::NEG_INFINITY]).is_nan());
        assert!(exact_sum(&[f64::MAX, f64::MAX]).is_infinite());
        assert_eq!(exact_sum(&[]).to_bits(), 0);
    }
}
