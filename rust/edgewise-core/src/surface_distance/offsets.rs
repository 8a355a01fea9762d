//! Short index offsets in classes of equal length.
//!
//! Offsets that lead to rows at one distance are tried together: the words of those rows are joined first, then shifted. In three axes of equal
//! spacing a reach of four voxels is 257 offsets, but 49 rows in 9 groups.

use std::collections::BTreeMap;

use crate::grid::Metric;

/// How far to look, in smallest spacings: as far as the rows stay few enough.
const REACHES: [f64; 9] = [8.0, 7.0, 6.0, 5.0, 4.5, 4.0, 3.5, 3.0, 2.5];
const FEW_ROWS: usize = 64;

/// All index offsets up to the reach.
pub(super) struct Offsets {
    /// Offsets to rows (dz, dy); those of a group have the same distances at every dx.
    pub(super) groups: Vec<Vec<[i64; 2]>>,
    /// Offsets of the same length together, shortest first.
    pub(super) classes: Vec<Class>,
    /// The largest |dz| and |dy|.
    pub(super) extent: [usize; 2],
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
    /// The offsets that lead from a voxel of a grid to others, up to a reach that suits the spacing.
    pub(super) fn new(metric: &Metric, shape: [usize; 3], axes: usize) -> Self {
        let within = |reach: &f64| Self::within(*reach, metric, shape, axes);
        let few = |offsets: &Self| offsets.groups.iter().map(Vec::len).sum::<usize>() <= FEW_ROWS;
        REACHES.iter().map(within).find(few).unwrap_or_else(|| within(&2.0))
    }

    fn within(reach: f64, metric: &Metric, shape: [usize; 3], axes: usize) -> Self {
        let spacing = metric.spacing();
        let reach = reach * spacing[3 - axes..].iter().copied().fold(f64::INFINITY, f64::min);
        let limit = reach * reach;
        let extent = |k: usize| {
            if k < 3 - axes { 0 } else { ((reach / spacing[k]) as i64 + 1).min(shape[k] as i64) }
        };
        let mut alike: BTreeMap<Vec<u64>, Vec<[i64; 2]>> = BTreeMap::new();
        for dz in -extent(0)..=extent(0) {
            for dy in -extent(1)..=extent(1) {
                let squares = (0..=extent(2)).map(|dx| metric.squared([dz, dy, dx]));
                let within: Vec<u64> =
                    squares.take_while(|&square| square <= limit).map(f64::to_bits).collect();
                if !within.is_empty() {
                    alike.entry(within).or_default().push([dz, dy]);
                }
            }
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
}
