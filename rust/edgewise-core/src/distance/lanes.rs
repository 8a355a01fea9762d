//! The numbers that the passes run on, and what they keep beside them.

use std::ops::{Add, Mul};

/// A number that min-plus runs on; whole numbers must be exact in it as far as [`Lane::WHOLE`].
pub(super) trait Lane:
    Copy + Default + PartialOrd + Add<Output = Self> + Mul<Output = Self> + Send + Sync + 'static
{
    const ZERO: Self;
    /// Every sum of two squared distances must stay below this for whole-number arithmetic.
    const WHOLE: f64;
    fn of(value: f64) -> Self;
    fn get(self) -> f64;
    fn root(self) -> Self;
}

impl Lane for f32 {
    const ZERO: Self = 0.0;
    const WHOLE: f64 = 16_777_216.0;
    fn of(value: f64) -> Self {
        value as Self
    }
    fn get(self) -> f64 {
        Self::into(self)
    }
    fn root(self) -> Self {
        self.sqrt()
    }
}

impl Lane for f64 {
    const ZERO: Self = 0.0;
    const WHOLE: f64 = 9_007_199_254_740_992.0;
    fn of(value: f64) -> Self {
        value
    }
    fn get(self) -> f64 {
        self
    }
    fn root(self) -> Self {
        self.sqrt()
    }
}

/// An element of the result that also holds the intermediate squared distances of lanes `L`.
pub(super) trait Slot<L>: Copy + Default + Send + Sync + 'static {
    fn store(lane: L) -> Self;
    fn load(self) -> L;
}

impl Slot<Self> for f32 {
    fn store(lane: Self) -> Self {
        lane
    }
    fn load(self) -> Self {
        self
    }
}

impl Slot<Self> for f64 {
    fn store(lane: Self) -> Self {
        lane
    }
    fn load(self) -> Self {
        self
    }
}

impl Slot<f32> for f64 {
    fn store(lane: f32) -> Self {
        lane.into()
    }
    fn load(self) -> f32 {
        self as f32
    }
}

/// The nearest voxel so far: a position in memory, or nothing at all where only distances are wanted.
pub(super) trait Source: Copy + Default + Send + Sync + 'static {
    const KEPT: bool;
    fn at(position: usize) -> Self;
}

impl Source for () {
    const KEPT: bool = false;
    fn at(_: usize) -> Self {}
}

impl Source for u32 {
    const KEPT: bool = true;
    fn at(position: usize) -> Self {
        position as Self
    }
}
