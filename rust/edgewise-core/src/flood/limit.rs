//! Ends of intervals of values, rounded inwards to the element type.

/// One end of an interval of values: exact for every integer type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// A whole number.
    Integer(i128),
    /// Any number but NaN; infinite = no limit.
    Real(f64),
}

/// An element type of images.
pub trait Intensity: Copy + PartialOrd + Sync {
    /// The smallest value that is not below the limit; `None` if there is none.
    fn at_least(limit: Limit) -> Option<Self>;
    /// The largest value that is not above the limit; `None` if there is none.
    fn at_most(limit: Limit) -> Option<Self>;
    /// The ends of the interval of all `v` with `|v - self| <= tolerance`, where `tolerance` is not negative.
    fn around(self, tolerance: Limit) -> (Limit, Limit);
}

macro_rules! integers {
    ($($kind:ty)*) => {$(
        impl Intensity for $kind {
            fn at_least(limit: Limit) -> Option<Self> {
                let limit = match limit {
                    Limit::Integer(limit) => limit,
                    Limit::Real(limit) => limit.ceil() as i128, // saturates
                };
                Self::try_from(limit.max(Self::MIN.into())).ok()
            }

            fn at_most(limit: Limit) -> Option<Self> {
                let limit = match limit {
                    Limit::Integer(limit) => limit,
                    Limit::Real(limit) => limit.floor() as i128,
                };
                Self::try_from(limit.min(Self::MAX.into())).ok()
            }

            fn around(self, tolerance: Limit) -> (Limit, Limit) {
                let tolerance = match tolerance {
                    Limit::Integer(tolerance) => tolerance,
                    Limit::Real(tolerance) => tolerance.floor() as i128,
                };
                let middle = i128::from(self);
                let (lower, upper) =
                    (middle.saturating_sub(tolerance), middle.saturating_add(tolerance));
                (Limit::Integer(lower), Limit::Integer(upper))
            }
        }
    )*};
}
integers!(u8 u16 u32 u64 i8 i16 i32 i64);

macro_rules! reals {
    ($($kind:ty)*) => {$(
        impl Intensity for $kind {
            fn at_least(limit: Limit) -> Option<Self> {
                let (near, below) = match limit {
                    Limit::Integer(limit) => {
                        let near = limit as Self;
                        (near, (near as i128) < limit)
                    }
                    Limit::Real(limit) => {
                        let near = limit as Self;
                        (near, f64::from(near) < limit)
                    }
                };
                Some(if below { near.next_up() } else { near })
            }

            fn at_most(limit: Limit) -> Option<Self> {
                let (near, above) = match limit {
                    Limit::Integer(limit) => {
                        let near = limit as Self;
                        (near, (near as i128) > limit)
                    }
                    Limit::Real(limit) => {
                        let near = limit as Self;
                        (near, f64::from(near) > limit)
                    }
                };
                Some(if above { near.next_down() } else { near })
            }

            fn around(self, tolerance: Limit) -> (Limit, Limit) {
                let middle = f64::from(self);
                let tolerance = match tolerance {
                    Limit::Integer(tolerance) => tolerance as f64,
                    Limit::Real(tolerance) => tolerance,
                };
                if middle.is_infinite() && tolerance.is_infinite() {
                    return (Limit::Real(middle), Limit::Real(middle)); // inf - inf is no distance
                }
                (Limit::Real(middle - tolerance), Limit::Real(middle + tolerance))
            }
        }
    )*};
}
reals!(f32 f64);
