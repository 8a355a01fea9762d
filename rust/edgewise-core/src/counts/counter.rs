//! One thread's work: blocks, each counted in the cheapest way that fits it.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::grid::View;
use crate::mask;

use super::LabelMap;
use super::binary::{BinaryBlock, BinaryTally};
use super::bits::Kept;
use super::blocks::{Block, Blocks};
use super::boxes::{BITS, Rows};
use super::bytes::{ByteBlock, ByteTally};
use super::changes::Runs;
use super::merge::Part;
use super::wide::{WideBlock, WideTally};

/// Blocks that a thread takes at a time.
const SHARE: usize = 16;
/// Below this many voxels, tables for all pairs of bytes cost more than they save.
const FEW: usize = 1 << 12;
/// Rows of fewer voxels would be mostly padding as bits.
const NARROW: usize = 32;
/// After a block that does not fit into bytes, this many are not tried.
const PATIENCE: usize = 31;

/// Two maps of one shape, and what is ignored of them.
pub(super) struct Pair<'a> {
    pub(super) maps: [&'a dyn LabelMap; 2],
    pub(super) ignored: Option<&'a View<'a, u8>>,
    pub(super) blocks: Blocks,
}

/// What a thread found.
pub(super) struct Counted {
    pub(super) parts: [Part; 3],
    /// The blocks of both maps as bits, if all had only zeros and ones and they were to be kept.
    pub(super) bits: Option<[Kept; 2]>,
}

/// Counts of the blocks that were given to it.
pub(super) struct Counter<'a> {
    pair: &'a Pair<'a>,
    /// Whether all blocks so far had only zeros and ones.
    is_binary: bool,
    /// Whether their bits are kept.
    keep: bool,
    binary: BinaryTally,
    /// A block of both maps, and of what counts, as bits.
    words: [Vec<u64>; 3],
    bytes: ByteTally,
    wide: WideTally,
    runs: Runs,
    rows: Rows,
    buffers: [Vec<u8>; 2],
    keys: [Vec<u64>; 2],
    /// Blocks that are not tried as bytes.
    patience: usize,
}

impl<'a> Counter<'a> {
    /// Keeping bits or not.
    pub(super) fn new(pair: &'a Pair<'a>, keep: bool) -> Self {
        let few = pair.blocks.voxels() < FEW;
        let is_binary = few || pair.maps[0].shape()[2] >= NARROW;
        Self { keep, ..Self::with(pair, BITS, few, is_binary) }
    }

    /// With an origin every `1 << bits` voxels, for a few voxels only or many, and whether zeros and ones are tried as bits.
    pub(super) fn with(pair: &'a Pair<'a>, bits: u32, few: bool, is_binary: bool) -> Self {
        Self {
            pair,
            is_binary,
            keep: false,
            binary: BinaryTally::default(),
            words: [vec![], vec![], vec![]],
            bytes: ByteTally::default(),
            wide: WideTally::new(few),
            runs: Runs::new(),
            rows: Rows::new(bits),
            buffers: [vec![], vec![]],
            keys: [vec![], vec![]],
            patience: if few { usize::MAX } else { 0 },
        }
    }

    /// Count blocks until none is left; several threads may share them.
    pub(super) fn share(mut self, next: &AtomicUsize) -> Counted {
        let end = self.pair.blocks.count();
        loop {
            let first = next.fetch_add(SHARE, Ordering::Relaxed);
            if first >= end {
                return self.finish();
            }
            self.add(first..end.min(first + SHARE));
        }
    }

    /// Count some blocks.
    pub(super) fn add(&mut self, blocks: Range<usize>) {
        for index in blocks {
            let block = self.pair.blocks.get(index);
            let ignored =
                self.pair.ignored.map_or(&[][..], |view| &view.data()[block.piece.clone()]);
            let hidden = ignored.iter().any(|&hidden| hidden != 0);
            if hidden && ignored.iter().all(|&hidden| hidden != 0) {
                continue;
            }
            let ignored = if hidden { ignored } else { &[] };
            self.rows.move_to(&block);
            if self.is_binary && self.add_binary(index, &block, ignored) {
                continue;
            }
            self.is_binary = false;
            self.runs.begin(&block);
            if !self.add_bytes(&block, ignored) {
                self.add_wide(&block, ignored);
            }
        }
    }

    /// All that was counted.
    pub(super) fn finish(mut self) -> Counted {
        let parts = [self.binary.finish(), self.bytes.finish(), self.wide.finish()];
        Counted { parts, bits: (self.is_binary && self.keep).then_some(self.binary.kept) }
    }

    /// Count a block if it has only zeros and ones.
    fn add_binary(&mut self, index: usize, block: &Block, ignored: &[u8]) -> bool {
        let columns = block.shape[2];
        let length = block.piece.len() / columns * columns.div_ceil(64);
        let [reference, prediction, kept] = &mut self.words;
        let mut ones = [false; 2];
        let both = self.pair.maps.iter().zip([&mut *reference, &mut *prediction]);
        for ((map, words), ones) in both.zip(&mut ones) {
            words.resize(length, 0);
            let Some(found) = map.bits(block.piece.clone(), columns, words) else { return false };
            *ones = found;
        }
        kept.clear();
        if !ignored.is_empty() {
            kept.resize(length, 0);
            mask::pack_rows(ignored, columns, kept);
            for word in kept.iter_mut() {
                *word = !*word;
            }
        }
        let maps = [&reference[..], &prediction[..]];
        let rows = &self.rows;
        self.binary.add(&BinaryBlock { block, rows, maps, ones, kept }, self.keep.then_some(index));
        true
    }

    /// Count a block if all its labels are bytes.
    fn add_bytes(&mut self, block: &Block, ignored: &[u8]) -> bool {
        if self.patience > 0 {
            self.patience -= 1;
            return false;
        }
        let [reference, prediction] = self.pair.maps;
        let [first, second] = &mut self.buffers;
        let reference = reference.bytes(block.piece.clone(), first);
        let prediction = reference.and_then(|_| prediction.bytes(block.piece.clone(), second));
        let (Some(reference), Some(prediction)) = (reference, prediction) else {
            self.patience = PATIENCE;
            return false;
        };
        let (runs, rows) = (&mut self.runs, &self.rows);
        self.bytes.add(ByteBlock { runs, rows, maps: [reference, prediction], ignored });
        true
    }

    /// Count a block of any labels.
    fn add_wide(&mut self, block: &Block, ignored: &[u8]) {
        let length = block.piece.len();
        for map in self.pair.maps {
            map.mark(block.piece.clone(), self.runs.changes(length));
        }
        self.runs.find(length, ignored);
        for (map, keys) in self.pair.maps.iter().zip(&mut self.keys) {
            map.keys(block.piece.clone(), self.runs.places(), keys);
        }
        let (runs, rows) = (&self.runs, &self.rows);
        let [reference, prediction] = &self.keys;
        self.wide.add(WideBlock { runs, rows, keys: [reference, prediction], ignored });
    }
}
