//! The target in pieces: rows that share their source rows, and stretches of a row.

use super::bounds::Window;
use super::element::{LANES, Lanes};
use super::strided::Layout;
use super::taps::Tap;

/// Source rows of a group; more of them are read more rarely twice, fewer give closer bounds.
const ROWS: usize = 9;
/// A power of two above it: an index below it needs no check.
pub(super) const MOST_ROWS: usize = 16;
/// Sixteens of elements of the target that are decided on together, at most.
pub(super) const STRETCH: usize = 2;

/// Rows of the target between few rows of the source.
pub(super) struct Group {
    /// The source rows, ascending.
    pub(super) sources: Vec<usize>,
    /// The rows of the target, those with the same taps once.
    pub(super) rows: Vec<Row>,
}

/// Rows of the target with the same taps.
pub(super) struct Row {
    /// Where the two source rows stand in the group.
    pub(super) low: usize,
    pub(super) high: usize,
    pub(super) weight: f32,
    /// Its index, and of how many such rows it is the first.
    pub(super) index: usize,
    pub(super) count: usize,
}

/// Rows of the target, from `first` on, in groups.
pub(super) fn groups(taps: &[Tap], first: usize) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (k, tap) in taps.iter().enumerate() {
        let index = first + k;
        if let (Some(group), true) = (groups.last_mut(), k > 0 && taps[k - 1] == *tap) {
            if let Some(row) = group.rows.last_mut() {
                row.count += 1;
            }
            continue;
        }
        let fits = |group: &Group| {
            let new = [tap.low, tap.high].into_iter().filter(|row| !group.sources.contains(row));
            group.sources.len() + new.count() <= ROWS && tap.high - group.sources[0] < 2 * ROWS
        };
        if groups.last().is_none_or(|group| !fits(group)) {
            groups.push(Group { sources: Vec::new(), rows: Vec::new() });
        }
        if let Some(group) = groups.last_mut() {
            let [low, high] = [tap.low, tap.high].map(|row| place(&mut group.sources, row));
            group.rows.push(Row { low, high, weight: tap.weight, index, count: 1 });
        }
    }
    groups
}

/// Where a row stands in an ascending list, behind which it is put if it is new.
fn place(sources: &mut Vec<usize>, row: usize) -> usize {
    sources.iter().position(|&one| one == row).unwrap_or_else(|| {
        sources.push(row);
        sources.len() - 1
    })
}

/// Sixteen elements of a row of the target, and where their taps lie in the window of their stretch.
pub(super) struct Sixteen {
    pub(super) low: [u32; LANES],
    pub(super) high: [u32; LANES],
    pub(super) weight: Lanes,
}

impl Sixteen {
    /// In a window that begins at `start`.
    fn new(taps: &[Tap; LANES], start: usize) -> Self {
        Self {
            low: taps.each_ref().map(|tap| (tap.low - start) as u32),
            high: taps.each_ref().map(|tap| (tap.high - start) as u32),
            weight: taps.each_ref().map(|tap| tap.weight),
        }
    }
}

/// A row of the target: stretches, each with the columns that it lies between.
pub(super) struct Stretches {
    /// The columns that are the lower taps: those from which bounds reach to the next one.
    pub(super) lower: Vec<Window>,
    /// The columns that are read.
    pub(super) read: Vec<Window>,
    /// So many for each.
    pub(super) each: usize,
    pub(super) sixteens: Vec<Sixteen>,
    /// Elements of the target.
    pub(super) width: usize,
}

impl Stretches {
    pub(super) fn new(taps: &[Tap]) -> Self {
        // as many as lie between elements that fit into two vectors
        let short = |n: &usize| {
            taps.chunks(n * LANES).all(|one| one[one.len() - 1].high - one[0].low < 2 * LANES)
        };
        let each = (1..=STRETCH).rev().find(short).unwrap_or(1);
        let mut found = Self {
            lower: Vec::new(),
            read: Vec::new(),
            each,
            sixteens: Vec::new(),
            width: taps.len(),
        };
        for stretch in taps.chunks(each * LANES) {
            let (first, last) = (stretch[0], stretch[stretch.len() - 1]);
            let start = first.low;
            found.lower.push(Window { start, length: last.low + 1 - start });
            found.read.push(Window { start, length: last.high + 1 - start });
            for k in 0..each {
                // beyond the end of the row the last one again
                let tap = |i: usize| stretch[(k * LANES + i).min(stretch.len() - 1)];
                let taps: [Tap; LANES] = std::array::from_fn(tap);
                found.sixteens.push(Sixteen::new(&taps, start));
            }
        }
        found
    }

    /// The taps of a stretch.
    pub(super) fn of(&self, stretch: usize) -> &[Sixteen] {
        &self.sixteens[stretch * self.each..][..self.each]
    }

    /// The elements of a stretch.
    pub(super) fn columns(&self, stretch: usize) -> std::ops::Range<usize> {
        let each = self.each * LANES;
        stretch * each..((stretch + 1) * each).min(self.width)
    }

    /// The longest window that is read.
    pub(super) fn longest(&self) -> usize {
        self.read.iter().map(|window| window.length).max().unwrap_or(0)
    }
}

/// Planes of the target between the same two planes of the source.
pub(super) struct Run {
    pub(super) low: usize,
    pub(super) high: usize,
    /// By plane of the target.
    pub(super) weights: Vec<f32>,
    /// The first one.
    pub(super) first: usize,
}

impl Run {
    /// Whether a plane is the same as the one before.
    pub(super) fn repeats(&self, k: usize) -> bool {
        k > 0 && self.weights[k].to_bits() == self.weights[k - 1].to_bits()
    }
}

/// Planes of the target, from `first` on, in runs; planes of the source are counted from `origin`.
pub(super) fn runs(taps: &[Tap], first: usize, origin: usize) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (k, tap) in taps.iter().enumerate() {
        let (low, high) = (tap.low - origin, tap.high - origin);
        match runs.last_mut().filter(|run| (run.low, run.high) == (low, high)) {
            Some(run) => run.weights.push(tap.weight),
            None => runs.push(Run { low, high, weights: vec![tap.weight], first: first + k }),
        }
    }
    runs
}

/// Classes and columns of logits.
pub(super) fn table(layout: &Layout) -> (usize, usize) {
    (layout.shape[0], layout.shape[3])
}
