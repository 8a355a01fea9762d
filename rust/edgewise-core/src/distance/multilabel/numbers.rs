//! Labels as small numbers, as wide as the lanes they are compared beside.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::distance::lanes::Lane;
use crate::grid::View;
use crate::labels::Label;

/// Labels as unsigned numbers, equal where the labels are; 0 stays 0.
pub(super) enum Numbers<'a> {
    Bytes(&'a [u8]),
    Few(Cow<'a, [u16]>),
    Many(Cow<'a, [u32]>),
}

impl<'a> Numbers<'a> {
    /// As they are where they are short, else numbered in the order in which they come.
    pub(super) fn of<T: Label>(labels: &View<'a, T>) -> Self {
        let data = labels.data();
        match size_of::<T>() {
            1 => return Self::Bytes(bytemuck::cast_slice(data)),
            2 => return Self::Few(Cow::Borrowed(bytemuck::cast_slice(data))),
            _ => {}
        }
        let zero = T::default();
        let mut known: HashMap<T, u32> = HashMap::from([(zero, 0)]);
        let mut latest = (zero, 0);
        let mut number = |label: T| {
            if label != latest.0 {
                let next = known.len() as u32;
                latest = (label, *known.entry(label).or_insert(next));
            }
            latest.1
        };
        let mut few = Vec::with_capacity(data.len());
        for &label in data {
            let Ok(small) = u16::try_from(number(label)) else { break };
            few.push(small);
        }
        if few.len() == data.len() {
            return Self::Few(Cow::Owned(few));
        }
        drop(few);
        if size_of::<T>() == 4 {
            return Self::Many(Cow::Borrowed(bytemuck::cast_slice(data)));
        }
        Self::Many(Cow::Owned(data.iter().map(|&label| number(label)).collect()))
    }
}

/// A number that stands for a label.
pub(super) trait Number: Copy + Default + PartialEq + Ord + Send + Sync {
    fn wide(self) -> u32;
    /// 0 if both are.
    fn or(self, other: Self) -> Self;
}

macro_rules! number {
    ($($kind:ty)*) => {$(
        impl Number for $kind {
            #[inline(always)]
            fn wide(self) -> u32 {
                self.into()
            }

            #[inline(always)]
            fn or(self, other: Self) -> Self {
                self | other
            }
        }
    )*};
}
number!(u8 u16 u32);

/// A lane with numbers of its own width beside it: they are compared and selected together.
pub(super) trait Labelled: Lane {
    type Number: Copy + Default + PartialEq + Send + Sync;
    fn number<K: Number>(number: K) -> Self::Number;
}

macro_rules! labelled {
    ($($lane:ty => $number:ty),*) => {$(
        impl Labelled for $lane {
            type Number = $number;

            #[inline(always)]
            fn number<K: Number>(number: K) -> $number {
                number.wide() as $number
            }
        }
    )*};
}
labelled!(u16 => u16, i32 => u32, f32 => u32);
