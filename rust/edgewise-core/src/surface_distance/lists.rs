//! Lists of distinct distances.

/// Distances of the elements of one mask, in the unit of the spacing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DistanceList {
    /// Distinct, ascending; infinite if the other mask has no elements.
    pub distances: Vec<f64>,
    /// How many elements lie at each distance.
    pub counts: Vec<u64>,
    /// Their summed weight.
    pub weights: Vec<f64>,
}

/// Numbers of elements by squared distance and weight; both as the bits of non-negative floats, which sort as the numbers do.
#[derive(Default)]
pub(super) struct Tally {
    entries: Vec<(u64, u64, u64)>,
}

impl Tally {
    pub(super) fn add(&mut self, square: f64, weight: f64, count: u64) {
        self.entries.push((square.to_bits(), weight.to_bits(), count));
    }

    /// Squared distances of elements, each with its code, none less than those added before.
    pub(super) fn add_each(&mut self, far: Vec<(f64, u8)>, weight: impl Fn(u8) -> f64) {
        let mut keys: Vec<(u64, u64)> = (far.into_iter())
            .map(|(square, code)| (square.to_bits(), weight(code).to_bits()))
            .collect();
        keys.sort_unstable();
        self.entries.sort_unstable(); // so that all are in order now, and the last sort has nothing to do
        for equal in keys.chunk_by(|a, b| a == b) {
            self.entries.push((equal[0].0, equal[0].1, equal.len() as u64));
        }
    }

    /// Equal distances joined; weights summed from the lightest to the heaviest kind, so that neither the order of visits nor the memory order of
    /// the masks changes a bit.
    pub(super) fn into_list(mut self) -> DistanceList {
        self.entries.sort_unstable();
        let mut kinds: Vec<(f64, u64, u64)> = Vec::new(); // distance, weight, count
        for (square, weight, count) in self.entries {
            let distance = f64::from_bits(square).sqrt();
            match kinds.last_mut() {
                Some(last) if last.0.to_bits() == distance.to_bits() && last.1 == weight => {
                    last.2 += count;
                }
                _ => kinds.push((distance, weight, count)),
            }
        }
        let mut list = DistanceList::default();
        for (distance, weight, count) in kinds {
            let weight = f64::from_bits(weight) * count as f64;
            if list.distances.last().is_some_and(|last| last.to_bits() == distance.to_bits()) {
                let last = list.distances.len() - 1;
                list.counts[last] += count;
                list.weights[last] += weight;
            } else {
                list.distances.push(distance);
                list.counts.push(count);
                list.weights.push(weight);
            }
        }
        list
    }
}
