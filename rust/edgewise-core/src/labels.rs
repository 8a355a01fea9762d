//! Labels of any integer type, and the masks of their regions.
#![allow(clippy::inline_always, reason = "see `simd`")]
#![allow(clippy::needless_bitwise_bool, reason = "64 labels are compared without branches")]

use std::cell::Cell;
use std::ops::BitOr;

use crate::grid::{Bounds, View};
use crate::mask::{Mask, Rule};
use crate::simd::Isa;

mod sealed {
    pub trait Sealed {}
}

/// An integer type of 8 to 64 bits, signed or not; converts exactly to and from `i128`.
pub trait Label:
    sealed::Sealed
    + Copy
    + Default
    + Ord
    + std::hash::Hash
    + Into<i128>
    + TryFrom<i128>
    + BitOr<Output = Self>
    + Send
    + Sync
    + 'static
{
    /// The value in 64 bits, sign-extended.
    fn key(self) -> u64;

    /// The value of such a key.
    fn from_key(key: u64) -> Self;

    /// The lowest eight bits of the value.
    fn low(self) -> u8;

    /// The same labels, if they are bytes.
    fn as_bytes(labels: &[Self]) -> Option<&[u8]>;
}

macro_rules! label {
    ($($integer:ty => $bytes:expr),*) => {$(
        impl sealed::Sealed for $integer {}
        impl Label for $integer {
            #[inline]
            #[allow(clippy::cast_lossless, reason = "one body for all widths")]
            fn key(self) -> u64 {
                self as u64
            }

            #[inline]
            fn from_key(key: u64) -> Self {
                key as Self
            }

            #[inline]
            fn low(self) -> u8 {
                self as u8
            }

            fn as_bytes(labels: &[Self]) -> Option<&[u8]> {
                let bytes: fn(&[Self]) -> Option<&[u8]> = $bytes;
                bytes(labels)
            }
        }
    )*};
}
label!(u8 => |labels| Some(labels), u16 => |_| None, u32 => |_| None, u64 => |_| None);
label!(i8 => |_| None, i16 => |_| None, i32 => |_| None, i64 => |_| None);

/// Largest span of labels that are looked up in a table.
const TABLE: usize = 1 << 16;

/// The elements of a box whose label is in `members`; without members, those that are not 0.
///
/// Members that `T` cannot hold match nothing; order and repetitions do not matter. The result has the shape of the box; see [`Mask::pack`] for
/// the cost, which grows by little with the number of members.
///
/// # Panics
/// If the box does not lie within the view.
pub fn members<T: Label>(view: &View<T>, bounds: &Bounds, members: Option<&[i128]>) -> Mask {
    let zero = T::default();
    let Some(members) = members else {
        return Mask::pack(view, bounds, |label| label != zero);
    };
    let mut wanted: Vec<T> = members.iter().filter_map(|&label| T::try_from(label).ok()).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let Some((&first, &last)) = wanted.first().zip(wanted.last()) else {
        return Mask::zeros(bounds.shape(), view.axes());
    };
    if last.key().wrapping_sub(first.key()) == wanted.len() as u64 - 1 {
        return Mask::pack(view, bounds, |label| (first <= label) & (label <= last));
    }
    match wanted.len() {
        0..=4 => Mask::pack(view, bounds, is_any(&array::<T, 4>(&wanted, last))),
        5..=16 => Mask::pack(view, bounds, is_any(&array::<T, 16>(&wanted, last))),
        _ => many(view, bounds, &wanted, first, last),
    }
}

/// A list, and `last` until the array is full.
fn array<T: Label, const N: usize>(wanted: &[T], last: T) -> [T; N] {
    std::array::from_fn(|i| wanted.get(i).copied().unwrap_or(last))
}

/// Whether a label is in a short list, without branches.
fn is_any<T: Label, const N: usize>(wanted: &[T; N]) -> impl Fn(T) -> bool {
    #[inline(always)]
    |label| wanted.iter().fold(false, |any, &one| any | (label == one))
}

/// The elements of a box whose label is in an ascending list from `first` to `last`.
fn many<T: Label>(view: &View<T>, bounds: &Bounds, wanted: &[T], first: T, last: T) -> Mask {
    if let Some(bytes) = T::as_bytes(view.data()) {
        let bytes = view.with_data(bytes);
        let mut set = [0_u64; 4];
        for label in wanted.iter().map(|label| label.low()) {
            set[usize::from(label / 64)] |= 1 << (label % 64);
        }
        return Mask::pack_by(&bytes, bounds, &ByteSet(set));
    }
    let place = |label: T| label.key().wrapping_sub(first.key());
    if place(last) < TABLE as u64 {
        let mut table = vec![false; TABLE];
        for &label in wanted {
            table[place(label) as usize] = true;
        }
        return Mask::pack(view, bounds, |label| {
            table.get(place(label) as usize).copied().unwrap_or(false)
        });
    }
    let latest = Cell::new((first, true)); // labels come in runs
    Mask::pack(view, bounds, |label| {
        if latest.get().0 != label {
            latest.set((label, wanted.binary_search(&label).is_ok()));
        }
        latest.get().1
    })
}

/// A set of bytes, a bit each.
struct ByteSet([u64; 4]);

impl Rule<u8> for ByteSet {
    #[inline(always)]
    fn holds(&self, byte: u8) -> bool {
        self.0[usize::from(byte / 64)] >> (byte % 64) & 1 == 1
    }

    #[inline(always)]
    fn word<I: Isa>(&self, isa: I, bytes: &[u8; 64]) -> u64 {
        isa.within(bytes, self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::tests::at_every_level;
    use proptest::prelude::*;

    fn check<T: Label>(data: &[T], wanted: &[i128]) {
        let view = View::new(data, &[data.len()]).unwrap();
        let expected: Vec<u8> =
            data.iter().map(|&label| u8::from(wanted.contains(&label.into()))).collect();
        at_every_level(|_| {
            let mask = members(&view, &Bounds::whole(view.shape()), Some(wanted));
            assert_eq!(mask.to_bytes(), expected);
        });
    }

    proptest! {
        #[test]
        fn members_are_found_in_every_type(
            data in prop::collection::vec(any::<i8>(), 1..200),
            chosen in prop::collection::vec(-200..200_i128, 0..40),
            kept in prop::sample::select(vec![2_usize, 4, 9, 40]),
        ) {
            let chosen = &chosen[..kept.min(chosen.len())];
            check(&data, chosen);
            check(&data.iter().map(|&v| v as u8).collect::<Vec<_>>(), chosen);
            check(&data.iter().map(|&v| i16::from(v)).collect::<Vec<_>>(), chosen);
            check(&data.iter().map(|&v| v as u32).collect::<Vec<_>>(), chosen);
            // far apart: no table
            let spread: Vec<i128> = chosen.iter().map(|&v| v << 40).collect();
            check(&data.iter().map(|&v| i64::from(v) << 40).collect::<Vec<_>>(), &spread);
            check(&data.iter().map(|&v| (i64::from(v) << 40) as u64).collect::<Vec<_>>(), &spread);
        }
    }

    #[test]
    fn neighbouring_labels_are_a_range() {
        check(&(0..200_u8).collect::<Vec<_>>(), &[5, 3, 4, 6, 3]);
        check(&(-100..100_i16).collect::<Vec<_>>(), &[-2, -1, 0, 1]);
        check(&[u64::MAX, 0, u64::MAX - 1, 1], &[i128::from(u64::MAX), i128::from(u64::MAX - 1)]);
        check(
            &[i64::MIN, i64::MAX, i64::MIN + 1],
            &[i128::from(i64::MIN), i128::from(i64::MIN + 1)],
        );
    }

    #[test]
    fn values_beyond_the_type_match_nothing() {
        check(&[0_u8, 255, 1], &[-1, 256, i128::MAX]);
        check(&[u64::MAX, 0], &[-1]);
        check(&[u64::MAX, 0], &[i128::from(u64::MAX)]);
        check(&[i64::MIN, i64::MAX, 0], &[i128::from(i64::MIN), 5, 6, 7, i128::from(i64::MAX)]);
    }

    #[test]
    fn without_members_everything_but_zero_counts() {
        let view = View::new(&[0_i16, -1, 5], &[3]).unwrap();
        let mask = members(&view, &Bounds::whole(view.shape()), None);
        assert_eq!(mask.to_bytes(), [0, 1, 1]);
    }
}
