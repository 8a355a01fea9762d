//! Short index offsets in classes of equal length.
//!
//! Offsets that lead to rows at one distance are tried together: the words of those rows are joined first, then shifted. In three axes of equal
//! spacing a reach of four voxels is 257 offsets, but 49 rows in 9 groups.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::grid::Metric;
use crate::padded::Padded;

/// How far to look, in smallest spacings: as far as the rows stay few enough.
const REACHES: [f64; 7] = [8.0, 7.0, 6.0, 5.0, 4.5, 4.0, 3.5];
const LEAST_REACH: f64 = 3.0;
const FEW_ROWS: usize = 64;

/// All index offsets up to the reach.
pub(super) struct Offsets {
    /// Offsets to rows (dz, dy); those of a group have the same distances at every dx.
    groups: Vec<Vec<[i64; 2]>>,
    /// Offsets of the same length together, shortest first.
    pub(super) classes: Vec<Class>,
    /// The largest |dz| and |dy|.
    extent: [usize; 2],
}

/// All offsets of one length.
pub(super) struct Class {
    /// Squared length.
    pub(super) square: f64,
    pub(super) terms: Vec<Term>,
}

/// The offsets -dx and dx in the rows of a group.
#[derive(Clone, Copy)]
pub(super) struct Term {
    pub(super) group: usize,
    pub(super) dx: u32,
}

impl Offsets {
    /// The same as [`Offsets::new`]; those made last are remembered, since making them costs more than measuring a small pair.
    pub(super) fn shared(metric: &Metric, axes: usize) -> Arc<Self> {
        static LATEST: Mutex<Option<(Metric, usize, Arc<Offsets>)>> = Mutex::new(None);
        let mut latest = LATEST.lock().unwrap_or_else(PoisonError::into_inner);
        match &*latest {
            Some((known, same, offsets)) if known == metric && *same == axes => offsets.clone(),
            _ => {
                let offsets = Arc::new(Self::new(metric, axes));
                *latest = Some((*metric, axes, offsets.clone()));
                offsets
            }
        }
    }

    /// The offsets along the last `axes` axes, up to a reach that suits the spacing.
    pub(super) fn new(metric: &Metric, axes: usize) -> Self {
        let spacing = metric.spacing();
        let smallest = spacing[3 - axes..].iter().copied().fold(f64::INFINITY, f64::min);
        let few = |reach: &f64| rows_within(metric, axes, reach * smallest).len() <= FEW_ROWS;
        let reach = smallest * REACHES.into_iter().find(few).unwrap_or(LEAST_REACH);
        let limit = reach * reach;
        let farthest = (reach / spacing[2]) as i64 + 1;
        let mut alike: BTreeMap<Vec<u64>, Vec<[i64; 2]>> = BTreeMap::new();
        for [dz, dy] in rows_within(metric, axes, reach) {
            let squares = (0..=farthest).map(|dx| metric.squared([dz, dy, dx]));
            let within = squares.take_while(|&square| square <= limit).map(f64::to_bits);
            alike.entry(within.collect()).or_default().push([dz, dy]);
        }
        let mut terms: BTreeMap<u64, Vec<Term>> = BTreeMap::new(); // bits of squares sort as the squares do
        for (group, squares) in alike.keys().enumerate() {
            for (dx, &square) in squares.iter().enumerate() {
                terms.entry(square).or_default().push(Term { group, dx: dx as u32 });
            }
        }
        let classes = terms.into_iter().map(|(square, mut terms)| {
            terms.sort_unstable_by_key(|term| term.dx); // rows are joined at dx = 0
            Class { square: f64::from_bits(square), terms }
        });
        let groups: Vec<_> = alike.into_values().collect();
        let largest = |k: usize| {
            groups.iter().flatten().map(|row: &[i64; 2]| row[k].unsigned_abs()).max().unwrap_or(0)
                as usize
        };
        Self { classes: classes.collect(), extent: [largest(0), largest(1)], groups }
    }

    /// The room that the rows of a grid need around them; where it ends before an offset does, that offset leads nowhere.
    pub(super) fn room(&self, shape: [usize; 3]) -> [usize; 2] {
        [self.extent[0].min(shape[0]), self.extent[1].min(shape[1])]
    }

    /// How far the rows of every group start from a row of a set with such room.
    pub(super) fn steps(&self, set: &Padded) -> Vec<Vec<isize>> {
        let room = set.layout().room;
        let there = |row: &&[i64; 2]| (0..2).all(|k| row[k].unsigned_abs() as usize <= room[k]);
        let step =
            |rows: &Vec<[i64; 2]>| rows.iter().filter(there).map(|&row| set.step(row)).collect();
        self.groups.iter().map(step).collect()
    }
}

/// The rows (dz, dy) that are no farther than the reach.
fn rows_within(metric: &Metric, axes: usize, reach: f64) -> Vec<[i64; 2]> {
    let extent = |k: usize| {
        if k < 3 - axes { 0 } else { (reach / metric.spacing()[k]) as i64 + 1 }
    };
    let mut rows = Vec::new();
    for dz in -extent(0)..=extent(0) {
        for dy in -extent(1)..=extent(1) {
            if metric.squared([dz, dy, 0]) <= reach * reach {
                rows.push([dz, dy]);
            }
        }
    }
    rows
}
