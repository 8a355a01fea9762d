//! `x86_64` beyond SSE2.
//!
//! Soundness: values of [`Avx2`] and [`Avx512`] are made in [`dispatch`] alone, after [`available`] has asked the processor; whoever holds one may
//! use its instructions. All memory is read through references to arrays of the full width, with loads that need no alignment.

#![allow(clippy::unused_self, reason = "the token is the proof")]

use std::arch::x86_64::{
    __m256i, __m512i, _mm256_and_si256, _mm256_cmpeq_epi8, _mm256_loadu_si256,
    _mm256_movemask_epi8, _mm256_set_epi64x, _mm256_set1_epi8, _mm256_set1_epi32,
    _mm256_set1_epi64x, _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_storeu_si256,
    _mm512_loadu_si512, _mm512_maskz_set1_epi8, _mm512_storeu_si512, _mm512_test_epi8_mask,
};

use super::{Baseline, Isa, Kernel, Level};

/// What this processor has.
pub(super) fn available() -> Level {
    let avx2 = is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("popcnt")
        && is_x86_feature_detected!("lzcnt");
    let avx512 = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512cd")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512vbmi")
        && is_x86_feature_detected!("avx512vbmi2")
        && is_x86_feature_detected!("avx512vpopcntdq");
    match (avx2, avx512) {
        (true, true) => Level::Avx512,
        (true, false) => Level::Avx2,
        _ => Level::Baseline,
    }
}

/// Run a kernel at a level that [`available`] allows.
#[inline]
pub(super) fn dispatch<K: Kernel>(kernel: K, level: Level) -> K::Output {
    debug_assert!(level <= super::available());
    match level {
        // SAFETY: `level()` never exceeds what the processor was found to have
        Level::Avx512 => unsafe { with_avx512(kernel) },
        // SAFETY: as above
        Level::Avx2 => unsafe { with_avx2(kernel) },
        Level::Baseline => kernel.run(Baseline),
    }
}

#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
fn with_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(Avx2(()))
}

#[target_feature(
    enable = "avx2,bmi1,bmi2,popcnt,lzcnt,avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,avx512vpopcntdq"
)]
fn with_avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(Avx512(()))
}

/// Proof of AVX2 and the bit instructions.
#[derive(Debug, Clone, Copy)]
struct Avx2(());

impl Avx2 {
    /// Bit `i`: whether byte `i` of both is equal.
    #[inline(always)]
    fn equal(self, a: __m256i, b: __m256i) -> u64 {
        // SAFETY: holding an `Avx2` proves the instructions
        u64::from(unsafe { movemask_of_equal(a, b) } as u32)
    }

    /// Bytes 32 k to 32 k + 31.
    #[inline(always)]
    fn half(self, bytes: &[u8; 64], k: usize) -> __m256i {
        let half: &[u8] = &bytes[32 * k..32 * k + 32];
        // SAFETY: 32 bytes are there, and the load needs no alignment; holding an `Avx2` proves the instruction
        unsafe { _mm256_loadu_si256(half.as_ptr().cast()) }
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn movemask_of_equal(a: __m256i, b: __m256i) -> i32 {
    _mm256_movemask_epi8(_mm256_cmpeq_epi8(a, b))
}

impl Isa for Avx2 {
    #[inline(always)]
    fn nonzero(self, bytes: &[u8; 64]) -> u64 {
        // SAFETY: holding an `Avx2` proves the instruction
        let zero = unsafe { _mm256_setzero_si256() };
        let low = self.equal(self.half(bytes, 0), zero);
        let high = self.equal(self.half(bytes, 1), zero);
        !(low | high << 32)
    }

    #[inline(always)]
    fn bytes(self, bits: u64) -> [u8; 64] {
        let mut bytes = [0; 64];
        for (k, half) in bytes.chunks_exact_mut(32).enumerate() {
            // SAFETY: holding an `Avx2` proves the instructions
            let spread = unsafe { spread_half((bits >> (32 * k)) as u32) };
            // SAFETY: 32 bytes are there, and the store needs no alignment; holding an `Avx2` proves the instruction
            unsafe { _mm256_storeu_si256(half.as_mut_ptr().cast(), spread) };
        }
        bytes
    }
}

/// Byte `i`: bit `i`, as 0 or 1.
#[inline]
#[target_feature(enable = "avx2")]
fn spread_half(bits: u32) -> __m256i {
    // byte `i` of the word to where its bits go, then one bit of each
    let places =
        _mm256_set_epi64x(0x0303_0303_0303_0303, 0x0202_0202_0202_0202, 0x0101_0101_0101_0101, 0);
    let own = _mm256_set1_epi64x(0x8040_2010_0804_0201_u64 as i64);
    let copies = _mm256_shuffle_epi8(_mm256_set1_epi32(bits as i32), places);
    let set = _mm256_cmpeq_epi8(_mm256_and_si256(copies, own), own);
    _mm256_and_si256(set, _mm256_set1_epi8(1))
}

/// Proof of AVX-512 as far as [`Level::Avx512`] says.
#[derive(Debug, Clone, Copy)]
struct Avx512(());

impl Avx512 {
    #[inline(always)]
    fn load(self, bytes: &[u8; 64]) -> __m512i {
        // SAFETY: 64 bytes are there, and the load needs no alignment; holding an `Avx512` proves the instruction
        unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
    }
}

impl Isa for Avx512 {
    #[inline(always)]
    fn nonzero(self, bytes: &[u8; 64]) -> u64 {
        let bytes = self.load(bytes);
        // SAFETY: holding an `Avx512` proves the instruction
        unsafe { _mm512_test_epi8_mask(bytes, bytes) }
    }

    #[inline(always)]
    fn bytes(self, bits: u64) -> [u8; 64] {
        let mut bytes = [0; 64];
        // SAFETY: holding an `Avx512` proves the instruction
        let ones = unsafe { _mm512_maskz_set1_epi8(bits, 1) };
        // SAFETY: 64 bytes are there, and the store needs no alignment; holding an `Avx512` proves the instruction
        unsafe { _mm512_storeu_si512(bytes.as_mut_ptr().cast(), ones) };
        bytes
    }
}
