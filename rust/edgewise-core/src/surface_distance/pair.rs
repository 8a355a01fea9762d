//! One pair of masks under one convention.

use std::sync::{Arc, OnceLock};

use super::elements::{Kind, Surface};
use super::lists::List;
use super::offsets::Offsets;
use super::{Convention, Elements, far, near};
use crate::mask::Mask;
use crate::padded::Padded;
use crate::surface::{self, Codes, SurfelWeights};

/// Words of a mask that are worth threads: fewer are searched sooner than a thread wakes up.
const GRAIN: usize = 1 << 13;

/// What all pairs under a convention share.
pub(super) struct Setting {
    convention: Convention,
    /// How often the last axis of the masks, of length 1, is moved to the front: rows of one voxel would cost a word each.
    turns: usize,
    offsets: Arc<Offsets>,
    /// Made when first needed: only surface elements have any.
    weights: OnceLock<SurfelWeights>,
    axes: usize,
    threads: usize,
    /// Whether this runs in a pool of that many threads.
    parallel: bool,
}

impl Setting {
    /// For masks that are crops of arrays of that shape, with so many axes.
    pub(super) fn new(
        convention: &Convention,
        shape: [usize; 3],
        axes: usize,
        threads: usize,
        parallel: bool,
    ) -> Self {
        let mut convention = *convention;
        let mut turns = 0;
        if convention.elements != Elements::Surfels {
            // the axis adds 0 to every sum, wherever it stands; the grid of surface elements is one longer
            turns =
                shape[3 - axes..].iter().rev().take_while(|&&length| length == 1).count() % axes;
        }
        for _ in 0..turns {
            convention.metric = convention.metric.turned(axes);
        }
        let offsets = Offsets::shared(&convention.metric, axes);
        let weights = OnceLock::new();
        Self { convention, turns, offsets, weights, axes, threads, parallel }
    }

    /// Distances from the first mask to the second, and back.
    pub(super) fn lists<L: List>(&self, masks: [&Mask; 2], ignored: Option<&Mask>) -> [L; 2] {
        if masks[0].words().is_empty() {
            return [L::default(), L::default()];
        }
        if self.turns > 0 {
            let turned = |mask: &Mask| (1..self.turns).fold(mask.turned(), |mask, _| mask.turned());
            let [a, b] = masks.map(turned);
            return self.between([&a, &b], ignored.map(turned).as_ref());
        }
        self.between(masks, ignored)
    }

    fn between<L: List>(&self, masks: [&Mask; 2], ignored: Option<&Mask>) -> [L; 2] {
        if masks[0].words() == masks[1].words() {
            let list = L::from(self.surface(masks[0], ignored).all_at(0.0));
            return [list.clone(), list];
        }
        if self.parallel && masks[0].words().len() >= GRAIN {
            let surface = |mask| self.surface(mask, ignored);
            let (a, b) = rayon::join(|| surface(masks[0]), || surface(masks[1]));
            let (there, back) =
                rayon::join(|| self.list(&a, &b, self.threads), || self.list(&b, &a, self.threads));
            [there, back]
        } else {
            let [a, b] = masks.map(|mask| self.surface(mask, ignored));
            [self.list(&a, &b, 1), self.list(&b, &a, 1)]
        }
    }

    /// Distances from the elements of one boundary to the other, by search.
    pub(super) fn list<L: List>(&self, query: &Surface, source: &Surface, threads: usize) -> L {
        let source = &source.elements;
        if source.is_empty() {
            return query.all_at(f64::INFINITY).into();
        }
        let (mut tally, left) = near::search(query, source, &self.offsets, threads > 1);
        let far = far::squares(&left, query, source, &self.convention.metric, threads);
        match query.kind {
            Kind::Voxel => tally.add_voxels(far.squares),
            Kind::Surfel(_, weights) => tally.add_surfels(far.squares, &far.codes, weights),
        }
        tally.into()
    }

    /// The boundary elements of a mask.
    pub(super) fn surface<'a>(&'a self, mask: &'a Mask, ignored: Option<&Mask>) -> Surface<'a> {
        let Convention { elements, edge, .. } = self.convention;
        let parallel = self.parallel && mask.words().len() >= GRAIN;
        let room = self.offsets.room(mask.shape());
        let mut kind = Kind::Voxel;
        let elements = match elements {
            Elements::Voxels(rule) => {
                surface::padded_boundary(mask, (rule, edge), ignored, room, parallel)
            }
            Elements::Whole => Padded::new(mask, ignored, room),
            Elements::Surfels => {
                let weights = || SurfelWeights::new(&self.convention.metric, self.axes);
                kind = Kind::Surfel(Codes(mask), self.weights.get_or_init(weights));
                surface::padded_surfels(mask, ignored, room, parallel)
            }
        };
        Surface { elements, kind }
    }
}
