//! Lists of distinct distances.

use super::sorting;
use crate::surface::SurfelWeights;

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

/// Elements of one mask one by one, ascending by distance and, among those of one distance, by weight.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ElementList {
    /// In the unit of the spacing; infinite if the other mask has no elements.
    pub distances: Vec<f64>,
    /// The weight of each.
    pub weights: Vec<f64>,
}

/// How what was found is handed out.
pub(super) trait List: From<Tally> + Clone + Default + Send {}

impl List for DistanceList {}
impl List for ElementList {}

/// Numbers of elements by squared distance and weight; both as the bits of non-negative floats, which sort as the numbers do.
#[derive(Default)]
pub(super) struct Tally {
    entries: Vec<(u64, u64, u64)>,
}

impl Tally {
    pub(super) fn add(&mut self, square: f64, weight: f64, count: u64) {
        self.entries.push((square.to_bits(), weight.to_bits(), count));
    }

    /// Squared distances of voxels, none less than those added before.
    pub(super) fn add_voxels(&mut self, mut far: Vec<f64>) {
        if let Some(counts) = counted(&far) {
            for (square, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                self.add(square as f64, 1.0, count.into());
            }
            return;
        }
        sorting::by_key(&mut far, |square| square.to_bits());
        for equal in far.chunk_by(|a, b| a.to_bits() == b.to_bits()) {
            self.add(equal[0], 1.0, equal.len() as u64);
        }
    }

    /// Squared distances of surface elements, each with its code, none less than those added before.
    pub(super) fn add_surfels(&mut self, far: Vec<f64>, codes: &[u8], weights: &SurfelWeights) {
        let mut keys: Vec<(f64, f64)> =
            far.into_iter().zip(codes).map(|(d, &code)| (d, weights.weight(code))).collect();
        sorting::by_key(&mut keys, |key| key.1.to_bits());
        sorting::by_key(&mut keys, |key| key.0.to_bits());
        self.entries.sort_unstable(); // so that all are in order now, and the last sort has nothing to do
        for equal in
            keys.chunk_by(|a, b| [a.0, a.1].map(f64::to_bits) == [b.0, b.1].map(f64::to_bits))
        {
            self.add(equal[0].0, equal[0].1, equal.len() as u64);
        }
    }

    /// Distances, weights and how many have them, ascending; each pair of distance and weight once.
    fn kinds(mut self) -> Vec<(f64, f64, u64)> {
        for (square, ..) in &mut self.entries {
            *square = f64::from_bits(*square).sqrt().to_bits(); // may join neighbours
        }
        self.entries.sort_unstable();
        self.entries.dedup_by(|next, last| {
            let same = (next.0, next.1) == (last.0, last.1);
            last.2 += if same { next.2 } else { 0 };
            same
        });
        let kind =
            |(distance, weight, count)| (f64::from_bits(distance), f64::from_bits(weight), count);
        self.entries.into_iter().map(kind).collect()
    }
}

impl From<Tally> for DistanceList {
    /// Equal distances joined; weights summed from the lightest to the heaviest kind, so that neither the order of visits nor the memory order of
    /// the masks changes a bit.
    fn from(tally: Tally) -> Self {
        let mut list = Self::default();
        for (distance, weight, count) in tally.kinds() {
            let weight = weight * count as f64;
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

impl From<Tally> for ElementList {
    fn from(tally: Tally) -> Self {
        let kinds = tally.kinds();
        let all = kinds.iter().map(|(.., count)| *count as usize).sum();
        let mut list =
            Self { distances: Vec::with_capacity(all), weights: Vec::with_capacity(all) };
        for (distance, weight, count) in kinds {
            let len = list.distances.len() + count as usize;
            list.distances.resize(len, distance);
            list.weights.resize(len, weight);
        }
        list
    }
}

/// How often each whole number occurs: for many small ones, which are counted sooner than sorted.
fn counted(squares: &[f64]) -> Option<Vec<u32>> {
    const FEW: usize = 1 << 12;
    const TABLE: f64 = 4_194_304.0;
    if squares.len() < FEW || u32::try_from(squares.len()).is_err() {
        return None;
    }
    let most = squares.iter().fold(0.0, |most: f64, &square| most.max(square));
    let small = most < TABLE && most <= 4.0 * squares.len() as f64;
    let is_whole = |square: &f64| f64::from(*square as u32).to_bits() == square.to_bits();
    if !small || !squares.iter().all(is_whole) {
        return None;
    }
    let mut counts = vec![0; most as usize + 1];
    for &square in squares {
        counts[square as usize] += 1;
    }
    Some(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counting_lists_what_sorting_lists() {
        let whole: Vec<f64> = (0..10_000_u32).map(|i| f64::from(i * i % 977)).collect();
        assert!(counted(&whole).is_some());
        let mut tally = Tally::default();
        tally.add_voxels(whole.clone());
        let list = DistanceList::from(tally);
        let mut sorted = whole;
        sorted.sort_by(f64::total_cmp);
        let mut at = 0;
        for ((&distance, &count), &weight) in
            list.distances.iter().zip(&list.counts).zip(&list.weights)
        {
            for square in &sorted[at..at + count as usize] {
                assert_eq!(square.sqrt().to_bits(), distance.to_bits());
            }
            assert_eq!((count as f64).to_bits(), weight.to_bits());
            at += count as usize;
        }
        assert_eq!(at, sorted.len());
    }

    #[test]
    fn only_many_small_whole_numbers_are_counted() {
        assert!(counted(&[1.0; 10]).is_none());
        assert!(counted(&vec![0.5; 5000]).is_none());
        assert!(counted(&vec![1e6; 5000]).is_none());
        assert!(counted(&vec![f64::INFINITY; 5000]).is_none());
    }
}
