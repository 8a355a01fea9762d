//! The numbers that the passes run on, the numbers that come out, and what is kept beside them.

use bytemuck::Pod;

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
    impl Sealed for u32 {}
}

/// A number that min-plus runs on.
pub trait Lane: Pod + Default + PartialOrd + Send + Sync + 'static {
    const ZERO: Self;
    /// Sums of this size may be larger ones.
    const MAX_SUM: Self;
    /// The sum; what would be too large stays at the largest value, which then stands for "no source".
    fn plus(self, other: Self) -> Self;
    fn of(value: f64) -> Self;
    fn single(self) -> f32;
    fn double(self) -> f64;
    fn whole(self) -> u32;
    fn least<const N: usize>(row: &[Self; N]) -> Self;
    fn greatest<const N: usize>(row: &[Self; N]) -> Self;
}

/// Reduce over the lanes, halves against halves.
#[inline(always)]
fn across<L: Copy, const N: usize>(mut row: [L; N], pick: impl Fn(L, L) -> L) -> L {
    let mut half = N / 2;
    while half > 0 {
        for lane in 0..half {
            row[lane] = pick(row[lane], row[lane + half]);
        }
        half /= 2;
    }
    row[0]
}

/// Reductions of whole numbers in the form that compilers know.
macro_rules! in_order {
    () => {
        #[inline(always)]
        fn least<const N: usize>(row: &[Self; N]) -> Self {
            row.iter().fold(Self::MAX, |a, &b| a.min(b))
        }

        #[inline(always)]
        fn greatest<const N: usize>(row: &[Self; N]) -> Self {
            row.iter().fold(Self::MIN, |a, &b| a.max(b))
        }
    };
}

/// Reductions of floating numbers, whose order compilers keep.
macro_rules! in_halves {
    () => {
        #[inline(always)]
        fn least<const N: usize>(row: &[Self; N]) -> Self {
            across(*row, |a, b| if a < b { a } else { b })
        }

        #[inline(always)]
        fn greatest<const N: usize>(row: &[Self; N]) -> Self {
            across(*row, |a, b| if a > b { a } else { b })
        }
    };
}

macro_rules! lane {
    ($kind:ty, $zero:literal, $most:expr, $across:ident, |$a:ident, $b:ident| $plus:expr) => {
        #[allow(clippy::cast_lossless, reason = "one body for all kinds")]
        impl Lane for $kind {
            const ZERO: Self = $zero;
            const MAX_SUM: Self = $most;
            $across!();

            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                let ($a, $b) = (self, other);
                $plus
            }

            #[inline(always)]
            fn of(value: f64) -> Self {
                value as Self
            }

            #[inline(always)]
            fn single(self) -> f32 {
                self as f32
            }

            #[inline(always)]
            fn double(self) -> f64 {
                self as f64
            }

            #[inline(always)]
            fn whole(self) -> u32 {
                self as u32
            }
        }
    };
}
lane!(u16, 0, u16::MAX, in_order, |a, b| a.saturating_add(b));
lane!(i32, 0, i32::MAX, in_order, |a, b| a + b);
lane!(f32, 0.0, f32::INFINITY, in_halves, |a, b| a + b);
lane!(f64, 0.0, f64::INFINITY, in_halves, |a, b| a + b);

/// A type of results: `f32`, `f64`, or `u32` for squared distances that are whole numbers.
pub trait Output: sealed::Sealed + Pod + Default + Send + Sync + 'static {
    /// The value where there is no background: infinite, or the largest whole number.
    const NOWHERE: Self;
    /// Whether values must be bit-equal to the arithmetic rule.
    #[doc(hidden)]
    const DOUBLE: bool = false;
    /// Whether values are whole numbers.
    #[doc(hidden)]
    const WHOLE: bool = false;
    /// What the passes run on if whole numbers do not do.
    #[doc(hidden)]
    type Wide: Lane;
    /// Nearest value.
    #[doc(hidden)]
    fn of(value: f64) -> Self;
    /// A squared distance in steps, times a factor, after the root where distances are wanted.
    #[doc(hidden)]
    fn finish<L: Lane>(square: L, factor: Self, root: bool) -> Self;
}

impl Output for f32 {
    const NOWHERE: Self = Self::INFINITY;
    type Wide = Self;

    fn of(value: f64) -> Self {
        value as Self
    }

    #[inline(always)]
    fn finish<L: Lane>(square: L, factor: Self, root: bool) -> Self {
        let value = square.single();
        factor * if root { value.sqrt() } else { value }
    }
}

impl Output for f64 {
    const NOWHERE: Self = Self::INFINITY;
    const DOUBLE: bool = true;
    type Wide = Self;

    fn of(value: f64) -> Self {
        value
    }

    #[inline(always)]
    fn finish<L: Lane>(square: L, factor: Self, root: bool) -> Self {
        let value = square.double();
        factor * if root { value.sqrt() } else { value }
    }
}

impl Output for u32 {
    const NOWHERE: Self = Self::MAX;
    const WHOLE: bool = true;
    type Wide = i32; // never: see `Steps::fits`

    fn of(value: f64) -> Self {
        value as Self
    }

    #[inline(always)]
    fn finish<L: Lane>(square: L, factor: Self, _: bool) -> Self {
        factor * square.whole()
    }
}

/// The nearest voxel so far, the least of several: its number, or nothing at all where only distances are wanted.
pub(super) trait Source: Copy + Default + PartialOrd + Send + Sync + 'static {
    const KEPT: bool;
    /// Not less than any other.
    const LAST: Self;
    fn at(number: usize) -> Self;
}

impl Source for () {
    const KEPT: bool = false;
    const LAST: Self = ();

    #[inline(always)]
    fn at(_: usize) -> Self {}
}

impl Source for u32 {
    const KEPT: bool = true;
    const LAST: Self = Self::MAX;

    #[inline(always)]
    fn at(number: usize) -> Self {
        number as Self
    }
}
