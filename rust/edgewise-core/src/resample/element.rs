//! The types that values come in. All are computed with in single precision: kernels read that and half precision where they lie, other types are rounded before,
//! so that no kernel is compiled for them.

use crate::simd::{self, Isa, Kernel};

/// Elements that are computed with side by side.
pub(super) const LANES: usize = 16;

/// Sixteen values.
pub(super) type Lanes = [f32; LANES];

/// What kernels read: single precision, or half precision as its bits.
pub(super) trait Element: Copy + Default + Send + Sync + 'static {
    /// Sixteen of them.
    fn wide<I: Isa>(isa: I, elements: &[Self; LANES]) -> I::Floats;

    /// The elements, if they lie in memory as this type.
    fn as_they_are(elements: Elements<'_>) -> Option<&[Self]>;

    /// The elements from `start` on, `stride` apart.
    fn copy(elements: Elements<'_>, start: usize, stride: isize, to: &mut [Self]);
}

impl Element for f32 {
    #[inline(always)]
    fn wide<I: Isa>(isa: I, elements: &[Self; LANES]) -> I::Floats {
        isa.load(elements)
    }

    fn as_they_are(elements: Elements<'_>) -> Option<&[Self]> {
        if let Elements::Float32(data) = elements { Some(data) } else { None }
    }

    #[inline]
    fn copy(elements: Elements<'_>, start: usize, stride: isize, to: &mut [Self]) {
        if let Elements::Float32(data) = elements {
            each(data, start, stride, to, |number| number); // a few at a time: not worth a dispatch
        } else {
            elements.round(start, stride, to);
        }
    }
}

impl Element for u16 {
    #[inline(always)]
    fn wide<I: Isa>(isa: I, elements: &[Self; LANES]) -> I::Floats {
        isa.halves(elements)
    }

    fn as_they_are(elements: Elements<'_>) -> Option<&[Self]> {
        if let Elements::Float16(data) = elements { Some(data) } else { None }
    }

    #[inline]
    fn copy(elements: Elements<'_>, start: usize, stride: isize, to: &mut [Self]) {
        if let Elements::Float16(data) = elements {
            each(data, start, stride, to, |bits| bits);
        }
    }
}

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

    /// The elements from `start` on, `stride` apart, each rounded once to single precision.
    pub(super) fn round(self, start: usize, stride: isize, to: &mut [f32]) {
        match self {
            Self::Float16(data) => simd::dispatch(Widening { data, start, stride, to }),
            Self::Float32(data) => simd::dispatch(Widening { data, start, stride, to }),
            Self::Bfloat16(data) => {
                each(data, start, stride, to, |bits| f32::from_bits(u32::from(bits) << 16));
            }
            Self::Float64(data) => each(data, start, stride, to, |number| number as f32),
            Self::Uint8(data) => each(data, start, stride, to, f32::from),
            Self::Uint16(data) => each(data, start, stride, to, f32::from),
            Self::Uint32(data) => each(data, start, stride, to, |number| number as f32),
            Self::Uint64(data) => each(data, start, stride, to, |number| number as f32),
            Self::Int8(data) => each(data, start, stride, to, f32::from),
            Self::Int16(data) => each(data, start, stride, to, f32::from),
            Self::Int32(data) => each(data, start, stride, to, |number| number as f32),
            Self::Int64(data) => each(data, start, stride, to, |number| number as f32),
        }
    }
}

#[inline]
fn each<T: Copy, U>(
    data: &[T],
    start: usize,
    stride: isize,
    to: &mut [U],
    converted: impl Fn(T) -> U,
) {
    if stride == 1 {
        for (to, &one) in to.iter_mut().zip(&data[start..]) {
            *to = converted(one);
        }
        return;
    }
    let mut at = start as isize;
    for to in to {
        *to = converted(data[at as usize]);
        at += stride;
    }
}

/// What kernels read to single precision, with the instructions that kernels have.
struct Widening<'a, T> {
    data: &'a [T],
    start: usize,
    stride: isize,
    to: &'a mut [f32],
}

impl<T: Element> Kernel for Widening<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Self { data, start, stride, to } = self;
        let whole = if stride == 1 { to.len() / LANES * LANES } else { 0 };
        let (sixteens, rest) = to.split_at_mut(whole);
        for (k, to) in sixteens.as_chunks_mut().0.iter_mut().enumerate() {
            isa.store(sixteen(isa, data, start + k * LANES), to);
        }
        for (k, to) in rest.chunks_mut(LANES).enumerate() {
            let start = start.wrapping_add_signed((whole + k * LANES) as isize * stride);
            let mut some = [T::default(); LANES];
            each(data, start, stride, &mut some[..to.len()], |one| one);
            let mut wide = [0.0; LANES];
            isa.store(T::wide(isa, &some), &mut wide);
            to.copy_from_slice(&wide[..to.len()]);
        }
    }
}

/// Sixteen elements from `at` on, which must be there: in loops, calling what would fill up the last ones costs all vector registers.
#[inline(always)]
pub(super) fn sixteen<T: Element, I: Isa>(isa: I, data: &[T], at: usize) -> I::Floats {
    match data.get(at..).and_then(|rest| rest.first_chunk()) {
        Some(chunk) => T::wide(isa, chunk),
        None => isa.all(0.0),
    }
}
