//! Labels as small numbers, as wide as the lanes they are compared beside.

use std::collections::HashMap;

use crate::distance::lanes::Lane;
use crate::grid::View;
use crate::labels::Label;

/// Labels as small numbers; 0 stays 0.
pub(super) enum Numbers {
    Few(Vec<u16>),
    Many(Vec<u32>),
}

impl Numbers {
    pub(super) fn of<T: Label>(labels: &View<T>) -> Self {
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
        let data = labels.data();
        if size_of::<T>() <= 2 {
            return Self::Few(data.iter().map(|label| label.key() as u16).collect());
        }
        let mut few = Vec::with_capacity(data.len());
        for &label in data {
            let Ok(small) = u16::try_from(number(label)) else { break };
            few.push(small);
        }
        if few.len() == data.len() {
            return Self::Few(few);
        }
        drop(few);
        Self::Many(data.iter().map(|&label| number(label)).collect())
    }
}

/// A number that stands for a label.
pub(super) trait Number: Copy + Default + PartialEq + Ord + Send + Sync {
    fn wide(self) -> u32;
}

impl Number for u16 {
    #[inline(always)]
    fn wide(self) -> u32 {
        self.into()
    }
}

impl Number for u32 {
    #[inline(always)]
    fn wide(self) -> u32 {
        self
    }
}

/// A lane with numbers of its own width beside it: they are compared and selected together.
pub(super) trait Labelled: Lane {
    type Number: Copy + Default + PartialEq + Send + Sync;
    fn number<K: Number>(number: K) -> Self::Number;
}

impl Labelled for u16 {
    type Number = Self;

    #[inline(always)]
    fn number<K: Number>(number: K) -> Self {
        number.wide() as Self
    }
}

impl Labelled for i32 {
    type Number = u32;

    #[inline(always)]
    fn number<K: Number>(number: K) -> u32 {
        number.wide()
    }
}

impl Labelled for f32 {
    type Number = u32;

    #[inline(always)]
    fn number<K: Number>(number: K) -> u32 {
        number.wide()
    }
}
