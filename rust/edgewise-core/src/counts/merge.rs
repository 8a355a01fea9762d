//! Putting together what several threads counted.

use crate::grid::Bounds;

use super::{JointHistogram, LabelCount, LabelMap, PairCount};

/// Counts of a part of two maps, whose labels are numbered in any way.
pub(super) struct Part {
    /// Key and box of every label of either side by its number; `None` if it does not occur.
    pub(super) labels: [Vec<Option<(u64, Bounds)>>; 2],
    /// Numbers of both labels, and how often they meet; counts of a pair that comes twice add up.
    pub(super) pairs: Vec<([usize; 2], u64)>,
}

/// The histogram of all parts.
pub(super) fn merge(maps: [&dyn LabelMap; 2], parts: &[Part]) -> JointHistogram {
    let (mut reference, rows) = merge_side(maps[0], parts.iter().map(|part| &part.labels[0][..]));
    let (mut prediction, columns) =
        merge_side(maps[1], parts.iter().map(|part| &part.labels[1][..]));
    let mut pairs: Vec<PairCount> = vec![];
    for ((part, rows), columns) in parts.iter().zip(rows).zip(columns) {
        pairs.extend(part.pairs.iter().map(|&([i, j], count)| PairCount {
            reference: rows[i],
            prediction: columns[j],
            count,
        }));
    }
    pairs.sort_by_key(|pair| (pair.reference, pair.prediction)); // stable: fast where parts are sorted
    pairs.dedup_by(|next, kept| {
        let same = (next.reference, next.prediction) == (kept.reference, kept.prediction);
        kept.count += if same { next.count } else { 0 };
        same
    });
    for pair in &pairs {
        reference[pair.reference].count += pair.count;
        prediction[pair.prediction].count += pair.count;
    }
    JointHistogram { reference, prediction, pairs }
}

/// All labels of one map, ascending, not yet counted; and for each part the positions of its labels among them.
fn merge_side<'a>(
    map: &dyn LabelMap,
    parts: impl Iterator<Item = &'a [Option<(u64, Bounds)>]> + Clone,
) -> (Vec<LabelCount>, Vec<Vec<usize>>) {
    let all = parts.clone().flatten().flatten();
    let mut merged: Vec<LabelCount> =
        all.map(|&(key, bounds)| LabelCount { label: map.label(key), count: 0, bounds }).collect();
    merged.sort_by_key(|found| found.label);
    merged.dedup_by(|next, kept| {
        let same = next.label == kept.label;
        if same {
            kept.bounds = kept.bounds.union(&next.bounds);
        }
        same
    });
    let position = |label: &Option<(u64, Bounds)>| {
        let label = label.map_or(0, |(key, _)| map.label(key));
        merged.partition_point(|found| found.label < label)
    };
    let positions = parts.map(|labels| labels.iter().map(position).collect()).collect();
    (merged, positions)
}
