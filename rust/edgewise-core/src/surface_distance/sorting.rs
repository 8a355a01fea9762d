//! Sorting many keys of which only some digits differ.

/// Keys below which sorting by comparison is as fast.
const FEW: usize = 1 << 12;
/// Bits of a digit.
const DIGIT: u32 = 11;
const DIGITS: usize = 64_usize.div_ceil(DIGIT as usize);

/// Sort by a key of 64 bits, in a stable way: one pass to count all digits, one more for each digit that is not the same in all keys. Whole numbers as
/// doubles differ in few: their mantissas end in zeros. Memory: a second list.
pub(super) fn by_key<T: Copy>(items: &mut Vec<T>, key: impl Fn(&T) -> u64) {
    if items.len() < FEW {
        items.sort_by_key(key);
        return;
    }
    let digit =
        |item: &T, k: usize| (key(item) >> (k as u32 * DIGIT)) as usize & ((1 << DIGIT) - 1);
    let mut counts = vec![[0_usize; 1 << DIGIT]; DIGITS];
    for item in items.iter() {
        for (k, counts) in counts.iter_mut().enumerate() {
            counts[digit(item, k)] += 1;
        }
    }
    let mut other = items.clone();
    for (k, places) in counts.iter_mut().enumerate() {
        if places.contains(&items.len()) {
            continue;
        }
        let mut first = 0;
        for place in places.iter_mut() {
            first += std::mem::replace(place, first);
        }
        for item in items.iter() {
            let place = &mut places[digit(item, k)];
            other[*place] = *item;
            *place += 1;
        }
        std::mem::swap(items, &mut other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sorted_is_sorted(
            keys in prop::collection::vec(prop_oneof![any::<u64>(), 0..9_u64], 0..50), copies in 1..200_usize
        ) {
            let mut items: Vec<_> = keys.repeat(copies).into_iter().enumerate().collect();
            let mut expected = items.clone();
            expected.sort_by_key(|item| item.1);
            by_key(&mut items, |item| item.1);
            prop_assert_eq!(items, expected);
        }
    }
}
