//! Points of a lattice as numbers: all coordinates in one key, keys in a table.
//!
//! A coordinate has as many bits as its range needs, and never lies in two words; then the key of a neighbour is the key plus a constant,
//! and comparing two keys is comparing one word (two images in colour, eight channels: still two).

/// All coordinates of a point.
pub(super) type Key<const W: usize> = [u64; W];

/// The sum, field by field: no field overflows, see [`Layout::new`].
#[inline(always)]
pub(super) fn plus<const W: usize>(a: Key<W>, b: Key<W>) -> Key<W> {
    std::array::from_fn(|w| a[w].wrapping_add(b[w]))
}

/// The difference, field by field.
#[inline(always)]
pub(super) fn minus<const W: usize>(a: Key<W>, b: Key<W>) -> Key<W> {
    std::array::from_fn(|w| a[w].wrapping_sub(b[w]))
}

/// A multiple, field by field.
#[inline(always)]
pub(super) fn times<const W: usize>(a: Key<W>, factor: i32) -> Key<W> {
    a.map(|word| word.wrapping_mul(i64::from(factor) as u64))
}

/// A hash with one more word in it; its highest bits are the best.
#[inline(always)]
pub(super) fn mix(hash: u64, word: u64) -> u64 {
    (hash.rotate_left(29) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Where each coordinate lies: word and first bit.
#[derive(Debug)]
pub(super) struct Layout {
    places: Vec<(usize, u32)>,
    lows: Vec<i32>,
}

impl Layout {
    /// Room for coordinates between `low` and `high`, both included.
    pub(super) fn new(ranges: &[(i32, i32)]) -> Self {
        let (mut word, mut bit) = (0, 0);
        let mut places = Vec::with_capacity(ranges.len());
        for &(low, high) in ranges {
            let bits =
                u64::BITS - (i64::from(high) - i64::from(low)).unsigned_abs().leading_zeros();
            if bit + bits > u64::BITS {
                (word, bit) = (word + 1, 0);
            }
            places.push((word, bit));
            bit += bits;
        }
        Self { places, lows: ranges.iter().map(|range| range.0).collect() }
    }

    /// How many words a key has.
    pub(super) fn words(&self) -> usize {
        self.places.last().map_or(1, |&(word, _)| word + 1)
    }

    /// What 1 in every coordinate adds to a key.
    pub(super) fn units<const W: usize>(&self) -> Vec<Key<W>> {
        let unit = |&(word, bit): &(usize, u32)| {
            std::array::from_fn(|w| if w == word { 1 << bit } else { 0 })
        };
        self.places.iter().map(unit).collect()
    }

    /// The key of the point with all coordinates 0, which need not be in range itself.
    pub(super) fn origin<const W: usize>(&self) -> Key<W> {
        let units = self.units::<W>();
        units.iter().zip(&self.lows).fold([0; W], |key, (&unit, &low)| minus(key, times(unit, low)))
    }
}

/// Which number each key has, from 0 on in the order in which they came.
pub(super) struct Table<const W: usize> {
    slots: Vec<(Key<W>, u32)>,
    shift: u32,
    count: u32,
}

/// The number of no key.
pub(super) const NONE: u32 = u32::MAX;

impl<const W: usize> Table<W> {
    /// With room for some keys at first.
    pub(super) fn new(keys: usize) -> Self {
        let bits = (2 * keys).next_power_of_two().trailing_zeros().max(4);
        Self { slots: vec![([0; W], NONE); 1 << bits], shift: u64::BITS - bits, count: 0 }
    }

    /// Forget all keys, keep the room.
    pub(super) fn clear(&mut self) {
        self.slots.fill(([0; W], NONE));
        self.count = 0;
    }

    #[inline(always)]
    fn slot(&self, key: Key<W>) -> usize {
        let mut slot = (key.into_iter().fold(0, mix) >> self.shift) as usize;
        loop {
            let (found, number) = self.slots[slot];
            if number == NONE || found == key {
                return slot;
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
    }

    /// The number of a key; [`NONE`] if it never came.
    #[inline(always)]
    pub(super) fn find(&self, key: Key<W>) -> u32 {
        self.slots[self.slot(key)].1
    }

    /// The number of a key, and whether it came for the first time.
    #[inline(always)]
    pub(super) fn number(&mut self, key: Key<W>) -> (u32, bool) {
        let slot = self.slot(key);
        let number = self.slots[slot].1;
        if number != NONE {
            return (number, false);
        }
        let number = self.count;
        self.slots[slot] = (key, number);
        self.count += 1;
        if 2 * self.count as usize > self.slots.len() {
            self.grow();
        }
        (number, true)
    }

    #[cold]
    fn grow(&mut self) {
        let twice = 2 * self.slots.len();
        let old = std::mem::replace(&mut self.slots, vec![([0; W], NONE); twice]);
        self.shift -= 1;
        for (key, number) in old.into_iter().filter(|slot| slot.1 != NONE) {
            let slot = self.slot(key);
            self.slots[slot] = (key, number);
        }
    }
}

/// Coordinates from here on are too large for single precision to say where between them a point lies.
pub(super) const LARGEST: f64 = 4_194_304.0; // 2^22
