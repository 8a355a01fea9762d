//! A hash table from 64-bit keys to numbers that are not 0: open addressing, one multiplication a look-up.

/// Slots of a new table.
const FIRST: usize = 1 << 6;

/// Keys and their values; at most half of the slots are used.
#[derive(Default)]
pub(super) struct Table {
    slots: Vec<Slot>,
    used: usize,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    key: u64,
    /// 0: nobody's slot.
    value: u64,
}

impl Table {
    /// The value of a key, 0 if it is new. Must be made other than 0 before the next call.
    #[inline(always)]
    pub(super) fn value(&mut self, key: u64) -> &mut u64 {
        if 2 * self.used >= self.slots.len() {
            self.grow();
        }
        let place = self.place(key);
        let slot = &mut self.slots[place];
        if slot.value == 0 {
            slot.key = key;
            self.used += 1;
        }
        &mut slot.value
    }

    /// The slot of a key, or where it belongs.
    #[inline(always)]
    fn place(&self, key: u64) -> usize {
        let last = self.slots.len() - 1;
        let product = u128::from(key ^ 0x9e37_79b9_7f4a_7c15) * 0xa076_1d64_78bd_642f;
        let mut place = (product as u64 ^ (product >> 64) as u64) as usize & last;
        while self.slots[place].value != 0 && self.slots[place].key != key {
            place = (place + 1) & last;
        }
        place
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        let length = (2 * self.slots.len()).max(FIRST);
        let old = std::mem::replace(&mut self.slots, vec![Slot::default(); length]);
        for slot in old.into_iter().filter(|slot| slot.value != 0) {
            let place = self.place(slot.key);
            self.slots[place] = slot;
        }
    }

    /// All keys and values, in any order.
    pub(super) fn entries(&self) -> impl Iterator<Item = (u64, u64)> {
        self.slots.iter().filter(|slot| slot.value != 0).map(|slot| (slot.key, slot.value))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_holds_what_a_map_holds(
            keys in prop::collection::vec(prop_oneof![0..99_u64, any::<u64>(), (0..99_u64).prop_map(|k| k << 32)], 0..2000),
        ) {
            let (mut table, mut expected) = (Table::default(), HashMap::new());
            for key in keys {
                *table.value(key) += 1;
                *expected.entry(key).or_insert(0) += 1;
            }
            prop_assert_eq!(table.entries().count(), expected.len());
            prop_assert_eq!(table.entries().collect::<HashMap<_, _>>(), expected);
        }
    }
}
