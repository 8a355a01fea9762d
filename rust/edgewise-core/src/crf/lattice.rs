//! The permutohedral lattice of a set of points: which of its points exist, who is whose neighbour, what part each has in which.
//!
//! Points are taken in strips, whose number depends on nothing but the number of points. A strip numbers the corners of its own points with a small
//! table; then all strips together number the rows of values, in the order of the points: a row belongs to the strip that names it first. Whatever is
//! added up is added up within a strip in the order of its points, then in the order of the strips, whoever does the work.

use crate::error::{Error, Result};
use crate::simd::{self, Isa, Kernel};

use super::features::{Features, LANES};
use super::keys::{Key, Layout, NONE, Table, minus, mix, plus};
use super::simplex::{Corner, Lift, Places, Simplex, Steps, corner_keys};
use super::tasks::each_with;

/// Rows that one task blurs.
pub(super) const CHUNK: usize = 2048;
/// Points of a strip: enough of them that its table and its values are worth making.
const LEAST: usize = 1 << 14;
/// Strips of a large grid.
const STRIPS: usize = 32;

/// Points of a strip, for a number of points; a multiple of [`LANES`].
pub(super) fn strip_length(points: usize) -> usize {
    points.div_ceil(STRIPS).max(LEAST).next_multiple_of(LANES)
}

/// What a strip's own numbers of rows mean.
#[derive(Debug)]
pub(super) struct Strip {
    /// By own number: the row. Rows of its own ascend and are at least `first`.
    pub(super) rows: Vec<u32>,
    pub(super) first: u32,
    /// How many rows belong to it.
    pub(super) own: usize,
}

/// A lattice, ready to filter.
pub(super) struct Lattice<'a> {
    /// For every point its d + 1 corners; rows by the strip's own numbers.
    pub(super) corners: &'a mut [Corner],
    pub(super) strips: Vec<Strip>,
    /// By axis, by row: the rows on both sides. Row 0 is always zero and stands for those that do not exist; it is not in the list.
    pub(super) neighbours: Vec<Vec<[u32; 2]>>,
    /// By chunk of rows: what the strips have for rows that belong to others, as (row within the chunk, its place among all such).
    pub(super) shared: Vec<Vec<[u32; 2]>>,
    /// How many rows there are, row 0 included.
    pub(super) rows: usize,
}

impl<'a> Lattice<'a> {
    /// The lattice of all points; `corners` has room for d + 1 of each.
    ///
    /// # Errors
    /// [`Error::Argument`] if a feature is too large or not finite.
    pub(super) fn new(
        features: &Features,
        corners: &'a mut [Corner],
        parallel: bool,
    ) -> Result<Self> {
        let lift = Lift::new(features.count());
        let layout = lift.layout(features)?;
        let most = features.count() + 1;
        // each pair of numbers is compiled on its own: one for every common kind of grid, two that fit all others
        match (layout.words(), most) {
            (1, 3) => Self::with_keys::<3, 1>(features, &lift, &layout, corners, parallel),
            (1, 4) => Self::with_keys::<4, 1>(features, &lift, &layout, corners, parallel),
            (1, 5) => Self::with_keys::<5, 1>(features, &lift, &layout, corners, parallel),
            (1, 6) => Self::with_keys::<6, 1>(features, &lift, &layout, corners, parallel),
            (1..=2, _) => Self::with_keys::<0, 2>(features, &lift, &layout, corners, parallel),
            (3..=16, _) => Self::with_keys::<0, 16>(features, &lift, &layout, corners, parallel),
            _ => Err(Error::Argument(format!(
                "an image of so many channels and so many values does not fit the lattice: {} features",
                features.count()
            ))),
        }
    }

    /// `N`: the number of corners of a point if it is known to the compiler, else 0.
    fn with_keys<const N: usize, const W: usize>(
        features: &Features,
        lift: &Lift,
        layout: &Layout,
        corners: &'a mut [Corner],
        parallel: bool,
    ) -> Result<Self> {
        let (count, steps) = (features.count() + 1, &Steps::new(layout));
        let length = strip_length(features.points());
        let mut found = vec![Vec::new(); features.points().div_ceil(length)];
        let strips = corners.chunks_mut(length * count).zip(&mut found).enumerate();
        let table = || Table::new(1024);
        each_with(strips.collect(), parallel, table, |table, (k, (corners, found))| {
            let first = k * length;
            *found =
                simd::dispatch(Number::<N, W> { features, lift, steps, table, first, corners });
        });
        let (table, keys, strips) = join(&found)?;
        drop(found);
        let axis = |axis: usize| neighbours(&table, &keys, steps.to_next(axis));
        let neighbours = crate::parallel::in_turn(count, parallel, axis);
        let rows = keys.len() + 1;
        let shared = shared(&strips, rows);
        Ok(Self { corners, strips, neighbours, shared, rows })
    }

    /// How many corners a point has.
    pub(super) fn corner_count(&self) -> usize {
        self.neighbours.len()
    }

    /// How many rows the strips have in all that belong to others.
    pub(super) fn shared_rows(&self) -> usize {
        self.strips.iter().map(|strip| strip.rows.len() - strip.own).sum()
    }
}

/// Number the corners of a strip's points; returns their keys.
struct Number<'a, 'f, const N: usize, const W: usize> {
    features: &'a Features<'f>,
    lift: &'a Lift,
    steps: &'a Steps<W>,
    table: &'a mut Table<W>,
    first: usize,
    corners: &'a mut [Corner],
}

/// Simplices that are remembered, with a point that lies in each.
const SEEN: usize = 1 << 10;

impl<const N: usize, const W: usize> Kernel for Number<'_, '_, N, W> {
    type Output = Vec<Key<W>>;

    #[inline(always)]
    fn run<I: Isa>(self, _: I) -> Vec<Key<W>> {
        let Self { features, lift, steps, table, first, corners } = self;
        table.clear();
        let count = if N > 0 { N } else { features.count() + 1 };
        let mut places = Places::new(features.count());
        let mut ordered = vec![(0.0, 0); count];
        let mut named = Vec::new();
        let mut seen = [(Simplex::NOWHERE, 0); SEEN];
        for block in (0..corners.len() / count).step_by(LANES) {
            places.locate::<N>(lift, features, first + block);
            for lane in 0..LANES.min(corners.len() / count - block) {
                let (before, rest) = corners.split_at_mut((block + lane) * count);
                let own = &mut rest[..count];
                let simplex = places.simplex::<N, W>(lane, steps, &mut ordered, own);
                let seen = &mut seen[(hash(simplex) >> (64 - SEEN.ilog2())) as usize];
                if seen.0 == simplex && count <= 16 {
                    for (own, earlier) in own.iter_mut().zip(&before[seen.1..]) {
                        own[0] = earlier[0];
                    }
                    continue;
                }
                *seen = (simplex, (block + lane) * count);
                for (own, key) in own.iter_mut().zip(corner_keys(&simplex, &ordered, steps)) {
                    let (number, new) = table.number(key);
                    if new {
                        named.push(key);
                    }
                    own[0] = number;
                }
            }
        }
        named
    }
}

/// Spreads simplices over the highest bits.
#[inline(always)]
fn hash<const W: usize>(simplex: Simplex<W>) -> u64 {
    simplex.key.into_iter().fold(simplex.axes, mix)
}

/// Number the rows of all strips; returns numbers by key (one less than the row), keys by number, strips.
fn join<const W: usize>(found: &[Vec<Key<W>>]) -> Result<(Table<W>, Vec<Key<W>>, Vec<Strip>)> {
    let most = found.iter().map(Vec::len).max().unwrap_or(0);
    let mut table = Table::<W>::new(most);
    let mut keys = Vec::with_capacity(most);
    let mut strips = Vec::with_capacity(found.len());
    for own in found {
        let first = keys.len();
        let row = |&key: &Key<W>| {
            let (number, new) = table.number(key);
            if new {
                keys.push(key);
            }
            number + 1
        };
        let rows: Vec<u32> = own.iter().map(row).collect();
        if keys.len() >= NONE as usize - 1 {
            return Err(Error::Argument("a lattice of more than 2^32 points".to_owned()));
        }
        strips.push(Strip { rows, first: first as u32 + 1, own: keys.len() - first });
    }
    Ok((table, keys, strips))
}

/// The rows on both sides of each along one axis.
fn neighbours<const W: usize>(table: &Table<W>, keys: &[Key<W>], step: Key<W>) -> Vec<[u32; 2]> {
    let mut found = vec![[0; 2]; keys.len()];
    for (number, &key) in keys.iter().enumerate() {
        let next = table.find(plus(key, step));
        if next != NONE {
            found[number][1] = next + 1;
            found[next as usize][0] = number as u32 + 1;
        }
    }
    debug_assert!(
        keys.iter()
            .zip(&found)
            .all(|(&key, &[before, _])| { table.find(minus(key, step)).wrapping_add(1) == before })
    );
    found
}

/// By chunk of rows: what strips have for rows of others.
fn shared(strips: &[Strip], rows: usize) -> Vec<Vec<[u32; 2]>> {
    let mut chunks = vec![Vec::new(); (rows - 1).div_ceil(CHUNK)];
    let mut place = 0;
    for strip in strips {
        for &row in strip.rows.iter().filter(|&&row| row < strip.first) {
            let number = row as usize - 1;
            chunks[number / CHUNK].push([(number % CHUNK) as u32, place]);
            place += 1;
        }
    }
    chunks
}
