//! Vector instructions: the same kernel compiled for what every processor has and for what this one has more, chosen when it runs.
//!
//! A kernel is written once, in portable Rust, as a `Kernel`. `dispatch` runs it inside a function that is compiled for the best instruction
//! set of this processor; everything that the kernel calls and that is inlined into it (`#[inline(always)]`) is compiled along. The few operations
//! that compilers do not find in portable code are methods of `Isa`. Results never depend on the choice, bit for bit.
//!
//! `EDGEWISE_SIMD=baseline` (or `avx2`) in the environment, or [`limit`], keeps to the lesser set. On `aarch64` the baseline is NEON, which every
//! such processor has.
#![allow(
    clippy::inline_always,
    reason = "what is not inlined into the dispatching function is compiled for the baseline"
)]

#[cfg(target_arch = "x86_64")]
mod lanes;
mod portable;
#[cfg(target_arch = "x86_64")]
#[allow(
    unsafe_code,
    reason = "instructions that only some processors have; each use says why this one has them"
)]
mod x86;

use std::str::FromStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::error::Error;

pub(crate) use portable::Baseline;

/// Instruction sets that kernels are compiled for, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// What every processor of the architecture has: SSE2 on `x86_64`, NEON on `aarch64`.
    Baseline,
    /// AVX2, BMI1, BMI2, POPCNT and LZCNT.
    Avx2,
    /// The same and AVX-512 F, BW, CD, DQ, VL, VBMI, VBMI2 and VPOPCNTDQ.
    Avx512,
}

impl Level {
    /// All of them, least first.
    pub const ALL: [Self; 3] = [Self::Baseline, Self::Avx2, Self::Avx512];

    /// The word that names it in `EDGEWISE_SIMD`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }
}

impl FromStr for Level {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|level| level.name() == word).ok_or_else(|| {
            Error::Argument(format!(
                "instruction set must be 'baseline', 'avx2' or 'avx512', got '{word}'"
            ))
        })
    }
}

/// What `EDGEWISE_SIMD` asks for; the best there is if it is not set.
///
/// # Errors
/// [`Error::Argument`] if it names no level. Kernels then run as if it were not set.
pub fn requested() -> Result<Level, Error> {
    match std::env::var("EDGEWISE_SIMD") {
        Ok(word) if !word.is_empty() => word.parse().map_err(|error| {
            Error::Argument(format!("environment variable EDGEWISE_SIMD: {error}"))
        }),
        _ => Ok(Level::Avx512),
    }
}

/// The level that must not be exceeded, as a number: what the environment says when first asked, then what [`limit`] was told last.
fn ceiling() -> &'static AtomicU8 {
    static CEILING: OnceLock<AtomicU8> = OnceLock::new();
    CEILING.get_or_init(|| AtomicU8::new(requested().unwrap_or(Level::Avx512) as u8))
}

/// The best instruction set of this processor.
pub fn available() -> Level {
    static FOUND: OnceLock<Level> = OnceLock::new();
    *FOUND.get_or_init(|| {
        #[cfg(target_arch = "x86_64")]
        return x86::available();
        #[cfg(not(target_arch = "x86_64"))]
        return Level::Baseline;
    })
}

/// The instruction set that kernels use now.
pub fn level() -> Level {
    let ceiling = ceiling().load(Ordering::Relaxed);
    Level::ALL
        .into_iter()
        .rev()
        .find(|&one| one as u8 <= ceiling && one <= available())
        .unwrap_or(Level::Baseline)
}

/// Use no instruction set beyond this one from now on, in the whole process. Results do not depend on it; tests and benchmarks do.
pub fn limit(level: Level) {
    ceiling().store(level as u8, Ordering::Relaxed);
}

/// Operations that compilers do not find by themselves. A value of such a type is the proof that this processor has the instructions.
pub(crate) trait Isa: Copy + Send + Sync {
    /// Bit `i`: whether byte `i` is not zero.
    fn nonzero(self, bytes: &[u8; 64]) -> u64;

    /// Bit `i`: whether byte `i` is in a set, given as 256 bits, lowest first.
    #[inline(always)]
    fn within(self, bytes: &[u8; 64], set: [u64; 4]) -> u64 {
        self.nonzero(&bytes.map(|byte| (set[usize::from(byte / 64)] >> (byte % 64)) as u8 & 1))
    }

    /// The places of the set bits, ascending, with `start` added (modulo 2^16); returns how many. What follows in `places` has no meaning.
    #[inline(always)]
    fn places(self, word: u64, start: u16, places: &mut [u16; 64]) -> usize {
        let count = word.count_ones() as usize;
        let mut left = word;
        // four at a time without asking: most words have so few, and guessing their number wrong costs more than writing some in vain
        for four in &mut places.as_chunks_mut::<4>().0[..count.div_ceil(4)] {
            for place in four {
                *place = start.wrapping_add(left.trailing_zeros() as u16);
                left &= left.wrapping_sub(1);
            }
        }
        count
    }

    /// Byte `i`: bit `i`, as 0 or 1.
    fn bytes(self, bits: u64) -> [u8; 64];

    /// Sixteen numbers in single precision.
    type Floats: Copy;

    /// Read them.
    fn load(self, numbers: &[f32; 16]) -> Self::Floats;

    /// Write them.
    fn store(self, numbers: Self::Floats, to: &mut [f32; 16]);

    /// Sixteen times the same.
    #[inline(always)]
    fn all(self, number: f32) -> Self::Floats {
        self.load(&[number; 16])
    }

    /// Sums.
    fn add(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;

    /// Differences.
    fn sub(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;

    /// Products.
    fn mul(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;

    /// Those of `a` that are greater than those of `b`, else those of `b`: also where either is no number.
    fn max(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;

    /// Those of `a` that are less than those of `b`, else those of `b`: also where either is no number.
    fn min(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;

    /// Bit `i`: whether number `i` of `a` is at least that of `b`.
    fn at_least(self, a: Self::Floats, b: Self::Floats) -> u16;

    /// Half precision, given as its bits.
    fn halves(self, bits: &[u16; 16]) -> Self::Floats;

    /// Those at these places, below 32: `low` and then `high`.
    fn pick(self, low: Self::Floats, high: Self::Floats, places: &[u32; 16]) -> Self::Floats;

    /// Where a value is greater than the best one so far, it is the best, and its label too.
    fn challenge(
        self,
        values: Self::Floats,
        label: u32,
        best: &mut [f32; 16],
        labels: &mut [u32; 16],
    );

    /// `a + (b - a) * weight`, rounded after each step: not every processor can fuse them.
    #[inline(always)]
    fn mix(self, a: Self::Floats, b: Self::Floats, weight: Self::Floats) -> Self::Floats {
        self.add(a, self.mul(self.sub(b, a), weight))
    }

    /// Rows to columns.
    #[inline(always)]
    fn transpose(self, square: &[[f32; 8]; 8]) -> [[f32; 8]; 8] {
        std::array::from_fn(|i| square.map(|row| row[i]))
    }
}

/// Work that is worth compiling for several instruction sets. `run` and all that is hot in it must be `#[inline(always)]`.
pub(crate) trait Kernel {
    /// What it returns.
    type Output;

    /// Do it.
    fn run<I: Isa>(self, isa: I) -> Self::Output;
}

/// Run a kernel with the best instructions that are allowed. Costs a few ns: dispatch rows or planes, not voxels.
#[inline]
pub(crate) fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    return x86::dispatch(kernel, level());
    #[cfg(not(target_arch = "x86_64"))]
    return kernel.run(Baseline);
}

/// Begin to fetch the element at `index`, if there is one. A hint: changes no result.
#[inline(always)]
pub(crate) fn prefetch_one<T>(elements: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    x86::prefetch_one(elements, index);
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (elements, index);
}

/// Begin to fetch what lies `ahead` bytes behind some elements, if anything does. A hint: changes no result.
#[inline(always)]
pub(crate) fn prefetch<T>(elements: &[T; 64], ahead: usize) {
    #[cfg(target_arch = "x86_64")]
    x86::prefetch(elements, ahead);
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (elements, ahead);
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Call `check` at every level that this processor has. Other tests may change the limit meanwhile: results must not depend on it anyway.
    pub(crate) fn at_every_level(mut check: impl FnMut(Level)) {
        for level in Level::ALL.into_iter().filter(|&level| level <= available()) {
            limit(level);
            check(level);
        }
        limit(Level::Avx512);
    }

    struct Bits<'a>(&'a [u8; 64]);

    impl Kernel for Bits<'_> {
        type Output = u64;

        #[inline(always)]
        fn run<I: Isa>(self, isa: I) -> u64 {
            isa.nonzero(self.0)
        }
    }

    struct Bytes(u64);

    impl Kernel for Bytes {
        type Output = [u8; 64];

        #[inline(always)]
        fn run<I: Isa>(self, isa: I) -> [u8; 64] {
            isa.bytes(self.0)
        }
    }

    proptest! {
        #[test]
        fn bytes_say_what_bits_say(bits in any::<u64>()) {
            let expected = std::array::from_fn(|i| (bits >> i & 1) as u8);
            let mut found = vec![Bytes(bits).run(Baseline)];
            at_every_level(|_| found.push(dispatch(Bytes(bits))));
            prop_assert!(found.iter().all(|one| *one == expected));
        }

        #[test]
        fn bits_say_what_bytes_say(
            a in prop::array::uniform::<_, 64>(prop_oneof![Just(0), any::<u8>()]),
        ) {
            let expected = (0..64).fold(0_u64, |word, i| word | u64::from(a[i] != 0) << i);
            let mut found = Vec::new();
            at_every_level(|_| found.push(dispatch(Bits(&a))));
            found.push(Bits(&a).run(Baseline));
            prop_assert!(found.iter().all(|one| *one == expected));
        }
    }

    /// All operations on sixteen numbers, one after the other.
    struct Arithmetic<'a>(&'a [f32; 32], &'a [u32; 16]);

    impl Kernel for Arithmetic<'_> {
        type Output = (Vec<[u32; 16]>, [u32; 16], u16);

        #[inline(always)]
        fn run<I: Isa>(self, isa: I) -> Self::Output {
            let halves = self.0.as_chunks().0;
            let (a, b) = (isa.load(&halves[0]), isa.load(&halves[1]));
            let (mut best, mut labels) = (halves[1], [3; 16]);
            isa.challenge(a, 7, &mut best, &mut labels);
            let results = [
                isa.add(a, b),
                isa.sub(a, b),
                isa.mul(a, b),
                isa.max(a, b),
                isa.min(a, b),
                isa.pick(a, b, self.1),
                isa.mix(a, b, isa.all(0.3)),
                isa.load(&best),
            ];
            let bits = results.map(|result| {
                let mut numbers = [0.0; 16];
                isa.store(result, &mut numbers);
                numbers.map(|number| if number.is_nan() { 1 } else { number.to_bits() })
            });
            (bits.to_vec(), labels, isa.at_least(a, b))
        }
    }

    proptest! {
        #[test]
        fn arithmetic_is_that_of_single_numbers(
            window in prop::array::uniform32(
                prop_oneof![-9.0_f32..9.0, Just(f32::NAN), Just(1.0), Just(f32::INFINITY)]
            ),
            places in prop::array::uniform16(0_u32..32),
        ) {
            let pair = |i: usize| (window[i], window[i + 16]);
            let operations: [&dyn Fn(usize) -> f32; 8] = [
                &|i| pair(i).0 + pair(i).1,
                &|i| pair(i).0 - pair(i).1,
                &|i| pair(i).0 * pair(i).1,
                &|i| if pair(i).0 > pair(i).1 { pair(i).0 } else { pair(i).1 },
                &|i| if pair(i).0 < pair(i).1 { pair(i).0 } else { pair(i).1 },
                &|i| window[places[i] as usize],
                &|i| pair(i).0 + (pair(i).1 - pair(i).0) * 0.3,
                &|i| if pair(i).0 > pair(i).1 { pair(i).0 } else { pair(i).1 },
            ];
            let bits = |number: f32| if number.is_nan() { 1 } else { number.to_bits() };
            let expected: Vec<[u32; 16]> = operations
                .iter()
                .map(|operation| std::array::from_fn(|i| bits(operation(i))))
                .collect();
            let labels = std::array::from_fn(|i| if pair(i).0 > pair(i).1 { 7 } else { 3 });
            let least = (0..16).map(|i| u16::from(pair(i).0 >= pair(i).1) << i).sum();
            let expected = (expected, labels, least);
            let mut found = vec![Arithmetic(&window, &places).run(Baseline)];
            at_every_level(|_| found.push(dispatch(Arithmetic(&window, &places))));
            prop_assert!(found.iter().all(|one| *one == expected), "{found:?} {expected:?}");
        }
    }

    struct Halves<'a>(&'a [u16; 16]);

    impl Kernel for Halves<'_> {
        type Output = [f32; 16];

        #[inline(always)]
        fn run<I: Isa>(self, isa: I) -> [f32; 16] {
            let mut wide = [0.0; 16];
            isa.store(isa.halves(self.0), &mut wide);
            wide
        }
    }

    #[test]
    fn halves_are_what_their_bits_say() {
        let value = |bits: u16| {
            let (exponent, fraction) = (i32::from(bits >> 10 & 31), f32::from(bits & 1023));
            let size = match exponent {
                0 => fraction * 2_f32.powi(-24),
                31 if fraction == 0.0 => f32::INFINITY,
                31 => f32::NAN,
                _ => (fraction + 1024.0) * 2_f32.powi(exponent - 25),
            };
            if bits >> 15 == 1 { -size } else { size }
        };
        let same = |a: f32, b: f32| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
        for first in (0..=u16::MAX).step_by(16) {
            let bits = std::array::from_fn(|i| first + i as u16);
            let expected = bits.map(value);
            let check = |found: [f32; 16]| {
                assert!(found.iter().zip(expected).all(|(&a, b)| same(a, b)), "{bits:?}");
            };
            check(Halves(&bits).run(Baseline));
            at_every_level(|_| check(dispatch(Halves(&bits))));
        }
    }

    struct Within<'a>(&'a [u8; 64], [u64; 4]);

    impl Kernel for Within<'_> {
        type Output = u64;

        #[inline(always)]
        fn run<I: Isa>(self, isa: I) -> u64 {
            isa.within(self.0, self.1)
        }
    }

    proptest! {
        #[test]
        fn bytes_are_in_a_set_or_not(
            bytes in prop::array::uniform::<_, 64>(any::<u8>()),
            set in prop::array::uniform4(any::<u64>()),
        ) {
            let is_in = |byte: u8| set[usize::from(byte / 64)] >> (byte % 64) & 1;
            let expected = (0..64).fold(0, |word, i| word | is_in(bytes[i]) << i);
            let mut found = vec![Within(&bytes, set).run(Baseline)];
            at_every_level(|_| found.push(dispatch(Within(&bytes, set))));
            prop_assert!(found.iter().all(|one| *one == expected));
        }
    }

    struct Places(u64, u16);

    impl Kernel for Places {
        type Output = Vec<u16>;

        #[inline(always)]
        fn run<I: Isa>(self, isa: I) -> Vec<u16> {
            let mut places = [7; 64];
            let count = isa.places(self.0, self.1, &mut places);
            places[..count].to_vec()
        }
    }

    proptest! {
        #[test]
        fn places_are_those_of_set_bits(
            word in prop_oneof![any::<u64>(), Just(0), Just(u64::MAX), (0..64).prop_map(|i| 1_u64 << i)],
            thinner: u64,
            start: u16,
        ) {
            for word in [word, word & thinner] {
                let bits = (0..64_u16).filter(|i| word >> i & 1 == 1);
                let expected: Vec<u16> = bits.map(|i| start.wrapping_add(i)).collect();
                let mut found = vec![Places(word, start).run(Baseline)];
                at_every_level(|_| found.push(dispatch(Places(word, start))));
                prop_assert!(found.iter().all(|one| *one == expected));
            }
        }
    }

    #[test]
    fn levels_have_names() {
        for level in Level::ALL {
            assert_eq!(level.name().parse::<Level>().unwrap(), level);
        }
        assert!("sse9".parse::<Level>().is_err());
    }

    #[test]
    fn a_limit_is_kept() {
        at_every_level(|_| assert!(level() <= available()));
    }
}
