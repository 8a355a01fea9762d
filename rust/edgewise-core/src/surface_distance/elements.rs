//! The elements of a boundary, and what each of them is.

use super::lists::Tally;
use crate::mask::each_bit;
use crate::padded::Padded;
use crate::surface::{Codes, SurfelWeights};

/// The boundary elements of a mask.
pub(super) struct Surface<'a> {
    pub(super) elements: Padded,
    pub(super) kind: Kind<'a>,
}

/// What an element is.
pub(super) enum Kind<'a> {
    /// A voxel, of weight 1.
    Voxel,
    /// A surface element, weighted by its code.
    Surfel(Codes<'a>, &'a SurfelWeights),
}

impl Surface<'_> {
    /// Codes of the elements (set bits) of a word; 0 for voxels.
    pub(super) fn codes(&self, [z, y, k]: [usize; 3], elements: u64) -> [u8; 64] {
        match &self.kind {
            Kind::Voxel => [0; 64],
            Kind::Surfel(codes, _) => codes.of_word(z, y, k, elements),
        }
    }

    /// Weight of an element by the code of its block; codes of voxels do not matter.
    pub(super) fn weight(&self, code: u8) -> f64 {
        match &self.kind {
            Kind::Voxel => 1.0,
            Kind::Surfel(_, table) => table.weight(code),
        }
    }

    /// All elements at the same squared distance.
    pub(super) fn all_at(&self, square: f64) -> Tally {
        let mut counts = [0; 256];
        for z in 0..self.elements.shape()[0] {
            for y in 0..self.elements.shape()[1] {
                let words = self.elements.row(z, y).iter().enumerate();
                for (k, &word) in words.filter(|(_, word)| **word != 0) {
                    match &self.kind {
                        Kind::Voxel => counts[0] += u64::from(word.count_ones()),
                        Kind::Surfel(codes, _) => {
                            let codes = codes.of_word(z, y, k, word);
                            each_bit(&[word], |bit| counts[usize::from(codes[bit])] += 1);
                        }
                    }
                }
            }
        }
        let mut tally = Tally::default();
        for (code, count) in (0..=255).zip(counts).filter(|(_, count)| *count > 0) {
            tally.add(square, self.weight(code), count);
        }
        tally
    }
}
