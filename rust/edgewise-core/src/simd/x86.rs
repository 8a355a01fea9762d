//! `x86_64` beyond SSE2.
//!
//! Soundness: values of [`Avx2`] and [`Avx512`] are made in [`dispatch`] alone, after [`available`] has asked the processor; whoever holds one may
//! use its instructions. All memory is read through references to arrays of the full width, with loads that need no alignment.

#![allow(clippy::unused_self, reason = "the token is the proof")]

use std::arch::x86_64::{
    __m256i, __m512i, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8,
    _mm256_setzero_si256, _mm512_loadu_si512, _mm512_test_epi8_mask,
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
}
