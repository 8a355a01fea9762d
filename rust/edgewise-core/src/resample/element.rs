//! The types that values come in, sixteen at a time, as single precision.

use crate::simd::Isa;

/// Elements that are computed with side by side.
pub(super) const LANES: usize = 16;

/// Sixteen values.
pub(super) type Lanes = [f32; LANES];

/// A number that is read as single precision.
pub(super) trait Element: 'static {
    /// As it lies in memory.
    type Bits: Copy + Default + Send + Sync + 'static;

    /// Sixteen of them.
    fn wide<I: Isa>(isa: I, elements: &[Self::Bits; LANES]) -> I::Floats;
}

/// Half precision, as its bits.
pub(super) enum Half {}

/// The upper half of single precision (bfloat16), as its bits.
pub(super) enum Brain {}

impl Element for f32 {
    type Bits = Self;

    #[inline(always)]
    fn wide<I: Isa>(isa: I, elements: &[Self; LANES]) -> I::Floats {
        isa.load(elements)
    }
}

impl Element for Half {
    type Bits = u16;

    #[inline(always)]
    fn wide<I: Isa>(isa: I, elements: &[u16; LANES]) -> I::Floats {
        isa.halves(elements)
    }
}

impl Element for Brain {
    type Bits = u16;

    #[inline(always)]
    fn wide<I: Isa>(isa: I, elements: &[u16; LANES]) -> I::Floats {
        let mut wide = [0.0; LANES];
        for (wide, &bits) in wide.iter_mut().zip(elements) {
            *wide = f32::from_bits(u32::from(bits) << 16);
        }
        isa.load(&wide)
    }
}

macro_rules! rounded {
    ($($number:ty),*) => {$(
        impl Element for $number {
            type Bits = Self;

            #[inline(always)]
            #[allow(clippy::cast_lossless, reason = "one body for all widths")]
            fn wide<I: Isa>(isa: I, elements: &[Self; LANES]) -> I::Floats {
                let mut wide = [0.0; LANES];
                for (wide, &number) in wide.iter_mut().zip(elements) {
                    *wide = number as f32;
                }
                isa.load(&wide)
            }
        }
    )*};
}
rounded!(f64, u8, u16, u32, u64, i8, i16, i32, i64);

/// Elements of any type, borrowed; half precision and bfloat16 as their bits.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the names of types")]
pub enum Elements<'a> {
    Float16(&'a [u16]),
    Bfloat16(&'a [u16]),
    Float32(&'a [f32]),
    Float64(&'a [f64]),
    Uint8(&'a [u8]),
    Uint16(&'a [u16]),
    Uint32(&'a [u32]),
    Uint64(&'a [u64]),
    Int8(&'a [i8]),
    Int16(&'a [i16]),
    Int32(&'a [i32]),
    Int64(&'a [i64]),
}

impl Elements<'_> {
    /// How many.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Float16(data) | Self::Bfloat16(data) | Self::Uint16(data) => data.len(),
            Self::Float32(data) => data.len(),
            Self::Float64(data) => data.len(),
            Self::Uint8(data) => data.len(),
            Self::Uint32(data) => data.len(),
            Self::Uint64(data) => data.len(),
            Self::Int8(data) => data.len(),
            Self::Int16(data) => data.len(),
            Self::Int32(data) => data.len(),
            Self::Int64(data) => data.len(),
        }
    }
}

/// Sixteen elements from `at` on, which must be there: in loops, calling what would fill up the last ones costs all vector registers.
#[inline(always)]
pub(super) fn sixteen<T: Element, I: Isa>(isa: I, data: &[T::Bits], at: usize) -> I::Floats {
    match data.get(at..).and_then(|rest| rest.first_chunk()) {
        Some(chunk) => T::wide(isa, chunk),
        None => isa.all(0.0),
    }
}
