//! Elements near the other boundary: 64 at a time against ever longer offsets.
//!
//! The classes of offsets are sorted by length, so the first one that leads from an element to one of the other boundary is its distance. All
//! offsets up to the reach are tried; elements left over are farther away than that.
#![allow(clippy::inline_always, reason = "see `simd`")]

use rayon::prelude::*;

use super::blocks::Nearby;
use super::elements::{Kind, Surface};
use super::lists::Tally;
use super::offsets::Offsets;
use crate::mask::each_bit;
use crate::padded::Padded;
use crate::simd::{self, Isa, Kernel};
use crate::surface::Codes;

/// Rows of a mask that are worth a task: fewer words are searched sooner than a thread wakes up.
const GRAIN: usize = 1 << 12;

/// Elements of one word that are not near.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Left {
    /// Number of the row, planes one after the other.
    pub(super) row: u32,
    /// Number of the word in the row.
    pub(super) word: u32,
    pub(super) bits: u64,
}

/// What is near, counted, and the elements that are not, in raster order.
pub(super) fn search(
    query: &Surface,
    source: &Padded,
    offsets: &Offsets,
    parallel: bool,
) -> (Tally, Vec<Left>) {
    let elements = &query.elements;
    let nearby = &Nearby::new(source);
    let [planes, rows, _] = elements.shape();
    let per_task = GRAIN.div_ceil(elements.words_per_row().max(1));
    let search = |first: usize| {
        let last = if parallel { first + per_task } else { planes * rows };
        let task =
            Task { elements, source, nearby, offsets, rows: [first, last.min(planes * rows)] };
        match &query.kind {
            Kind::Voxel => task.run(Alike),
            Kind::Surfel(codes, _) => task.run(*codes),
        }
    };
    let parts: Vec<Found> = if parallel {
        (0..(planes * rows).div_ceil(per_task))
            .into_par_iter()
            .map(|k| search(k * per_task))
            .collect()
    } else {
        vec![search(0)]
    };
    let mut counts = vec![0; parts[0].counts.len()];
    let mut left = Vec::new();
    for part in parts {
        counts.iter_mut().zip(part.counts).for_each(|(sum, count)| *sum += count);
        if left.is_empty() {
            left = part.left; // all of it where there is one part
        } else {
            left.extend(part.left);
        }
    }
    let mut tally = Tally::default();
    let kinds = counts.len() / offsets.classes.len();
    for (n, &count) in counts.iter().enumerate().filter(|(_, count)| **count != 0) {
        let code = (n % kinds) as u8;
        tally.add(offsets.classes[n / kinds].square, query.weight(code), count);
    }
    (tally, left)
}

/// The search of some rows.
struct Task<'a> {
    elements: &'a Padded,
    source: &'a Padded,
    nearby: &'a Nearby,
    offsets: &'a Offsets,
    /// First row, and one past the last.
    rows: [usize; 2],
}

impl Task<'_> {
    fn run(self, kinds: impl Kinds) -> Found {
        simd::dispatch(Search { task: self, kinds })
    }
}

/// Results of some rows.
struct Found {
    /// Elements by class of offsets and, where weights differ, code of the surface element.
    counts: Vec<u64>,
    left: Vec<Left>,
}

/// How elements are told apart.
trait Kinds {
    /// Number of kinds.
    const COUNT: usize;
    /// What is known about the elements of a word.
    type Word;

    /// Look at a word with elements.
    fn word(&self, place: [usize; 3], elements: u64) -> Self::Word;

    /// Count some of its elements.
    fn count(word: &Self::Word, elements: u64, counts: &mut [u64]);
}

struct Alike;

impl Kinds for Alike {
    const COUNT: usize = 1;
    type Word = ();

    #[inline(always)]
    fn word(&self, _: [usize; 3], _: u64) {}

    #[inline(always)]
    fn count((): &(), elements: u64, counts: &mut [u64]) {
        counts[0] += u64::from(elements.count_ones());
    }
}

impl Kinds for Codes<'_> {
    const COUNT: usize = 256;
    type Word = [u8; 64];

    #[inline(always)]
    fn word(&self, [z, y, k]: [usize; 3], elements: u64) -> [u8; 64] {
        self.of_word(z, y, k, elements)
    }

    #[inline(always)]
    fn count(word: &[u8; 64], elements: u64, counts: &mut [u64]) {
        each_bit(&[elements], |bit| counts[usize::from(word[bit & 63])] += 1);
    }
}

struct Search<'a, K> {
    task: Task<'a>,
    kinds: K,
}

impl<K: Kinds> Kernel for Search<'_, K> {
    type Output = Found;

    #[inline(always)]
    fn run<I: Isa>(self, _: I) -> Found {
        let Task { elements, source, nearby, offsets, rows: [first, last] } = self.task;
        let steps = offsets.steps(source);
        let mut joined = vec![[0_u64; 3]; steps.len()];
        let mut found =
            Found { counts: vec![0; K::COUNT * offsets.classes.len()], left: Vec::new() };
        let rows = elements.shape()[1];
        for row in first..last {
            let (z, y) = (row / rows, row % rows);
            let start = source.place(z, y);
            let words = elements.row(z, y).iter().zip(nearby.row(z, y)).enumerate();
            for (k, (&word, &near)) in words.filter(|(_, (word, _))| **word != 0) {
                if !near {
                    found.left.push(Left { row: row as u32, word: k as u32, bits: word });
                    continue;
                }
                let kinds = self.kinds.word([z, y, k], word);
                let mut rest = word;
                for (class, counts) in
                    offsets.classes.iter().zip(found.counts.chunks_exact_mut(K::COUNT))
                {
                    let mut any = 0;
                    for term in &class.terms {
                        let triple = &mut joined[term.group];
                        if term.dx == 0 {
                            *triple = join(source.words(), start + k, &steps[term.group]);
                        }
                        any |= shifted(*triple, term.dx);
                    }
                    let hit = rest & any;
                    if hit != 0 {
                        K::count(&kinds, hit, counts);
                        rest &= !hit;
                        if rest == 0 {
                            break;
                        }
                    }
                }
                if rest != 0 {
                    found.left.push(Left { row: row as u32, word: k as u32, bits: rest });
                }
            }
        }
        found
    }
}

/// A word and those beside it, of all rows of a group at once.
#[inline(always)]
fn join(words: &[u64], at: usize, steps: &[isize]) -> [u64; 3] {
    let mut joined = [0; 3];
    for &step in steps {
        let first = at.wrapping_add_signed(step) - 1;
        if let Some(triple) = words[first..].first_chunk::<3>() {
            for k in 0..3 {
                joined[k] |= triple[k];
            }
        }
    }
    joined
}

/// The voxels that have one of the middle word or its neighbours at a distance of dx (less than 64) along the row.
#[inline(always)]
fn shifted([before, word, after]: [u64; 3], dx: u32) -> u64 {
    if dx == 0 {
        return word;
    }
    word << dx | before >> (64 - dx) | word >> dx | after << (64 - dx)
}
