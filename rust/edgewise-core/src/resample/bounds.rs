//! Which classes can win where: what lies between two elements is never more than the greater and never less than the lesser.
//!
//! For a group of rows of a plane the table holds, for every class and column, bounds of all values that are interpolated from those rows, that column and the next one.
//! In a column a class whose upper bound is below some other class's lower bound cannot win between these elements, nor tie, and is not computed there. Bounds are
//! wider than the values by more than rounding can move a result.
#![allow(clippy::inline_always, reason = "see `simd`")]

use crate::simd::{self, Isa};

use super::element::{Element, LANES, Lanes, sixteen};
use super::labels::Choice;
use super::strided::Rows;

/// Values beyond it count as equal to it, infinite ones too: differences stay finite.
pub(super) const LARGEST: f32 = f32::MAX / 4.0;

/// Three interpolations round by at most 9e-7 of the largest element; the second is for numbers so small that they round by more.
const SLACK: (f32, f32) = (2e-6, 1e-37);

/// Bounds of one plane, by class and column. Without a proper number in reach they are infinite.
#[derive(Default)]
pub(super) struct Bounds {
    /// The plane it is of.
    pub(super) plane: Option<usize>,
    upper: Vec<f32>,
    lower: Vec<f32>,
}

/// Elements of a row of the table: some more than columns, so that sixteen can be read from any.
pub(super) fn padded(width: usize) -> usize {
    width.next_multiple_of(LANES) + LANES
}

impl Bounds {
    /// Compute them for plane `which` of the rows; `pairs`: values between a column and the next one are bounded too.
    #[inline(always)]
    pub(super) fn fill<T: Element, I: Isa>(
        &mut self,
        isa: I,
        rows: &Rows<'_, T>,
        which: usize,
        (classes, width): (usize, usize),
        pairs: bool,
    ) {
        let stride = padded(width);
        self.upper.resize(classes * stride, 0.0);
        self.lower.resize(classes * stride, 0.0);
        for class in 0..classes {
            let upper = &mut self.upper[class * stride..][..stride];
            let lower = &mut self.lower[class * stride..][..stride];
            let uppers = upper.as_chunks_mut::<LANES>().0.as_chunks_mut::<2>().0;
            let lowers = lower.as_chunks_mut::<LANES>().0.as_chunks_mut::<2>().0;
            // two vectors at a time: the room behind a row is a vector at least
            for (k, (upper, lower)) in uppers.iter_mut().zip(lowers).enumerate() {
                column_bounds::<T, I>(isa, rows, (which, class, k * 2 * LANES), upper, lower);
            }
            upper[width..].fill(f32::NEG_INFINITY);
            lower[width..].fill(f32::INFINITY);
            if pairs {
                for x in (0..width).step_by(LANES) {
                    let [a, b] = [x, x + 1].map(|x| chunk(upper, x));
                    if let (Some(a), Some(b)) = (a, b) {
                        let most = isa.max(isa.load(a), isa.load(b));
                        write(isa, most, upper, x);
                    }
                    let [a, b] = [x, x + 1].map(|x| chunk(lower, x));
                    if let (Some(a), Some(b)) = (a, b) {
                        let least = isa.min(isa.load(a), isa.load(b));
                        write(isa, least, lower, x);
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn write<I: Isa>(isa: I, values: I::Floats, row: &mut [f32], at: usize) {
    if let Some(to) = row[at..].first_chunk_mut() {
        isa.store(values, to);
    }
}

/// Twice sixteen columns of a class.
#[inline(always)]
fn column_bounds<T: Element, I: Isa>(
    isa: I,
    rows: &Rows<'_, T>,
    (plane, class, x): (usize, usize, usize),
    upper: &mut [Lanes; 2],
    lower: &mut [Lanes; 2],
) {
    let start = rows.at(plane, class) + x as isize;
    let (highest, lowest, zero) =
        (isa.all(f32::NEG_INFINITY), isa.all(f32::INFINITY), isa.all(0.0));
    let (mut most, mut least, mut sum) = ([highest; 2], [lowest; 2], [zero; 2]);
    for &row in rows.offsets {
        let at = (start + row) as usize;
        let next = at.wrapping_add_signed(rows.class);
        for k in 0..2 {
            simd::prefetch_one(rows.data, next.wrapping_add(k * LANES));
            let values = sixteen::<T, I>(isa, rows.data, at + k * LANES);
            most[k] = isa.max(values, most[k]);
            least[k] = isa.min(values, least[k]);
            sum[k] = isa.add(sum[k], values);
        }
    }
    for k in 0..2 {
        // infinite where anything is infinite, no number or so large that differences might be: then 0 becomes no number
        let size = isa.max(most[k], isa.sub(zero, least[k]));
        let sign = isa.add(isa.mul(size, isa.all(f32::MAX / LARGEST)), isa.sub(sum[k], sum[k]));
        let none = isa.sub(sign, sign);
        let slack = isa.add(isa.mul(size, isa.all(SLACK.0)), isa.add(none, isa.all(SLACK.1)));
        isa.store(isa.min(isa.add(most[k], slack), lowest), &mut upper[k]);
        isa.store(isa.max(isa.sub(least[k], slack), highest), &mut lower[k]);
    }
}

/// A stretch of columns: where it begins and how many.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) start: usize,
    pub(super) length: usize,
}

/// For every window the classes that may win there.
#[derive(Default)]
pub(super) struct Candidates {
    /// By column: some class is nowhere below.
    floor: Vec<f32>,
    /// The same by window, NaN beyond its end.
    limits: Vec<Lanes>,
    /// By window: where its limits begin.
    starts: Vec<usize>,
    /// By window, a bit a class: may win; has elements that are no proper numbers.
    pub(super) open: Vec<u64>,
    pub(super) improper: Vec<u64>,
    words: usize,
}

impl Candidates {
    /// The bits of a window, as words.
    #[inline(always)]
    pub(super) fn of(&self, window: usize) -> (&[u64], &[u64]) {
        let words = window * self.words..(window + 1) * self.words;
        (&self.open[words.clone()], &self.improper[words])
    }

    /// The classes that may win in each window between two planes.
    #[inline(always)]
    pub(super) fn find<I: Isa>(
        &mut self,
        isa: I,
        choice: Choice,
        (low, high): (&Bounds, &Bounds),
        (classes, width): (usize, usize),
        windows: &[Window],
    ) {
        let stride = padded(width);
        let (least, compared) = match choice {
            Choice::Greatest => (f32::NEG_INFINITY, classes),
            Choice::LastPositive => (f32::MIN_POSITIVE, 0),
        };
        self.floor.clear();
        self.floor.resize(stride, least);
        for class in 0..compared {
            let rows = [low, high].map(|one| &one.lower[class * stride..][..stride]);
            let (a, b) = (rows[0].as_chunks::<LANES>().0, rows[1].as_chunks::<LANES>().0);
            let floor = self.floor.as_chunks_mut::<LANES>().0;
            for ((floor, a), b) in floor.iter_mut().zip(a).zip(b) {
                let least = isa.min(isa.load(a), isa.load(b));
                isa.store(isa.max(least, isa.load(floor)), floor);
            }
        }
        self.limit(windows);
        self.mark(isa, (low, high), (classes, stride), windows);
    }

    fn limit(&mut self, windows: &[Window]) {
        self.limits.clear();
        self.starts.clear();
        for window in windows {
            self.starts.push(self.limits.len());
            for start in (0..window.length).step_by(LANES) {
                let mut limit = [f32::NAN; LANES];
                let some = LANES.min(window.length - start);
                limit[..some].copy_from_slice(&self.floor[window.start + start..][..some]);
                self.limits.push(limit);
            }
        }
        self.starts.push(self.limits.len());
    }

    #[inline(always)]
    fn mark<I: Isa>(
        &mut self,
        isa: I,
        (low, high): (&Bounds, &Bounds),
        (classes, stride): (usize, usize),
        windows: &[Window],
    ) {
        self.words = classes.div_ceil(64);
        for bits in [&mut self.open, &mut self.improper] {
            bits.clear();
            bits.resize(windows.len() * self.words, 0);
        }
        let infinite = isa.all(f32::INFINITY);
        for class in 0..classes {
            let [a, b] = [low, high].map(|one| &one.upper[class * stride..][..stride]);
            let (word, bit) = (class / 64, class % 64);
            for (w, window) in windows.iter().enumerate() {
                let (mut open, mut improper) = (0, 0);
                let limits = &self.limits[self.starts[w]..self.starts[w + 1]];
                for (k, limit) in limits.iter().enumerate() {
                    let at = window.start + k * LANES;
                    let (Some(a), Some(b)) = (chunk(a, at), chunk(b, at)) else { continue };
                    let most = isa.max(isa.load(a), isa.load(b));
                    let bits = isa.at_least(most, isa.load(limit));
                    open |= bits;
                    improper |= bits & isa.at_least(most, infinite);
                }
                self.open[w * self.words + word] |= u64::from(open != 0) << bit;
                self.improper[w * self.words + word] |= u64::from(improper != 0) << bit;
            }
        }
    }
}

#[inline(always)]
fn chunk(row: &[f32], at: usize) -> Option<&Lanes> {
    row.get(at..)?.first_chunk()
}
