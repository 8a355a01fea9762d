//! Which two elements of an axis a position lies between, and where: in whole numbers, so that nothing depends on how a ratio is rounded.

/// How a value between two elements is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interpolation {
    /// That of the element in whose cell the position lies; on the border the later one.
    Nearest,
    /// On the straight line between the two elements around it.
    Linear,
}

/// The taps of one element of the target: `low + (high - low) * weight` of the elements at these indices.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tap {
    pub(super) low: usize,
    /// The element after `low`, or `low` itself where that alone counts (the weight is then 0).
    pub(super) high: usize,
    pub(super) weight: f32,
}

/// The taps of all elements of an axis of length `output` over one of length `input`.
///
/// Both axes cover the same extent (`align_corners=False`): element `i` lies at `(i + 1/2) input / output - 1/2` in units of the input, and beyond its first
/// and last element the edge goes on.
pub(super) fn taps(input: usize, output: usize, interpolation: Interpolation) -> Vec<Tap> {
    (0..output).map(|i| tap(i, input, output, interpolation)).collect()
}

fn tap(i: usize, input: usize, output: usize, interpolation: Interpolation) -> Tap {
    let doubled = (2 * i as u128 + 1) * input as u128; // of the place in cells, in units of 1 / output
    let scale = 2 * output as u128;
    let last = input - 1;
    let alone = |low: usize| Tap { low, high: low, weight: 0.0 };
    if interpolation == Interpolation::Nearest {
        return alone(((doubled / scale) as usize).min(last));
    }
    let Some(place) = doubled.checked_sub(output as u128) else { return alone(0) };
    let (low, rest) = ((place / scale) as usize, place % scale);
    if low >= last || rest == 0 {
        return alone(low.min(last));
    }
    Tap { low, high: low + 1, weight: (rest as f64 / scale as f64) as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_between_centres() {
        let found = taps(2, 4, Interpolation::Linear);
        let expected = [(0, 0, 0.0), (0, 1, 0.25), (0, 1, 0.75), (1, 1, 0.0)];
        assert_eq!(found.iter().map(|t| (t.low, t.high, t.weight)).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn nearest_is_the_cell_that_holds_the_centre() {
        let rows: Vec<_> = taps(9, 20, Interpolation::Nearest).iter().map(|t| t.low).collect();
        assert_eq!(rows, [0, 0, 1, 1, 2, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 6, 7, 7, 8, 8]);
    }

    #[test]
    fn the_same_length_changes_nothing() {
        for interpolation in [Interpolation::Nearest, Interpolation::Linear] {
            for (i, tap) in taps(7, 7, interpolation).iter().enumerate() {
                assert_eq!(*tap, Tap { low: i, high: i, weight: 0.0 });
            }
        }
    }
}
