//! `x86_64` beyond SSE2.
//!
//! Soundness: values of [`Avx2`] and [`Avx512`] are made in [`dispatch`] alone, after [`available`] has asked the processor; whoever holds one may
//! use its instructions. All memory is read through references to arrays of the full width, with loads that need no alignment.

#![allow(clippy::unused_self, reason = "the token is the proof")]

use std::arch::x86_64::{
    __m256, __m256i, __m512i, _MM_HINT_T0, _mm_prefetch, _mm256_and_si256, _mm256_blendv_epi8,
    _mm256_cmpeq_epi8, _mm256_loadu_ps, _mm256_loadu_si256, _mm256_movemask_epi8,
    _mm256_permute2f128_ps, _mm256_set_epi64x, _mm256_set1_epi8, _mm256_set1_epi32,
    _mm256_set1_epi64x, _mm256_setr_epi64x, _mm256_setzero_si256, _mm256_shuffle_epi8,
    _mm256_shuffle_ps, _mm256_srli_epi16, _mm256_storeu_ps, _mm256_storeu_si256,
    _mm256_unpackhi_ps, _mm256_unpacklo_ps, _mm512_add_epi16, _mm512_and_si512,
    _mm512_castsi512_si256, _mm512_cvtepu8_epi16, _mm512_extracti64x4_epi64, _mm512_loadu_si512,
    _mm512_maskz_compress_epi8, _mm512_maskz_set1_epi8, _mm512_permutexvar_epi8, _mm512_set1_epi8,
    _mm512_set1_epi16, _mm512_set1_epi64, _mm512_setr_epi64, _mm512_shuffle_epi8,
    _mm512_srli_epi16, _mm512_storeu_si512, _mm512_test_epi8_mask,
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

/// Begin to fetch the cache lines `ahead` bytes behind some elements.
#[inline(always)]
pub(super) fn prefetch<T>(elements: &[T; 64], ahead: usize) {
    for line in (ahead..ahead + size_of_val(elements)).step_by(64) {
        let address = elements.as_ptr().wrapping_byte_add(line);
        // SAFETY: part of SSE, which every `x86_64` has; no address is read, whatever it is
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
    }
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
    fn within(self, bytes: &[u8; 64], set: [u64; 4]) -> u64 {
        let outside = [0, 1].map(|k| {
            // SAFETY: holding an `Avx2` proves the instructions
            u64::from(unsafe { movemask_outside(self.half(bytes, k), set) } as u32)
        });
        !(outside[0] | outside[1] << 32)
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

    #[inline(always)]
    fn transpose(self, square: &[[f32; 8]; 8]) -> [[f32; 8]; 8] {
        let mut rows = square.map(|row| {
            // SAFETY: 32 bytes are there, and the load needs no alignment; holding an `Avx2` proves the instruction
            unsafe { _mm256_loadu_ps(row.as_ptr()) }
        });
        // SAFETY: holding an `Avx2` proves the instructions
        rows = unsafe { transposed(rows) };
        rows.map(|row| {
            let mut column = [0.0; 8];
            // SAFETY: 32 bytes have room, and the store needs no alignment; holding an `Avx2` proves the instruction
            unsafe { _mm256_storeu_ps(column.as_mut_ptr(), row) };
            column
        })
    }
}

/// Rows to columns: pairs, fours, halves.
#[inline]
#[target_feature(enable = "avx2")]
fn transposed(rows: [__m256; 8]) -> [__m256; 8] {
    let [a, b, c, d, e, f, g, h] = rows;
    let pairs = |a, b| (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
    let fours = |(a, b), (c, d)| {
        [
            _mm256_shuffle_ps::<0x44>(a, c),
            _mm256_shuffle_ps::<0xee>(a, c),
            _mm256_shuffle_ps::<0x44>(b, d),
            _mm256_shuffle_ps::<0xee>(b, d),
        ]
    };
    let upper = fours(pairs(a, b), pairs(c, d));
    let lower = fours(pairs(e, f), pairs(g, h));
    let mut columns = rows;
    for i in 0..4 {
        columns[i] = _mm256_permute2f128_ps::<0x20>(upper[i], lower[i]);
        columns[i + 4] = _mm256_permute2f128_ps::<0x31>(upper[i], lower[i]);
    }
    columns
}

/// Bit `i`: whether byte `i` is not in a set given as 256 bits.
#[inline]
#[target_feature(enable = "avx2")]
fn movemask_outside(bytes: __m256i, set: [u64; 4]) -> i32 {
    let [a, b, c, d] = set.map(u64::cast_signed);
    let halves = [_mm256_setr_epi64x(a, b, a, b), _mm256_setr_epi64x(c, d, c, d)];
    // a byte's place in the set: byte / 8, of which the highest bit says in which half; then bit byte % 8
    let eighth = _mm256_and_si256(_mm256_srli_epi16::<3>(bytes), _mm256_set1_epi8(15));
    let [low, high] = halves.map(|half| _mm256_shuffle_epi8(half, eighth));
    let eight = _mm256_blendv_epi8(low, high, bytes);
    let bits = _mm256_set1_epi64x(0x8040_2010_0804_0201_u64.cast_signed());
    let bit = _mm256_shuffle_epi8(bits, _mm256_and_si256(bytes, _mm256_set1_epi8(7)));
    let found = _mm256_and_si256(eight, bit);
    _mm256_movemask_epi8(_mm256_cmpeq_epi8(found, _mm256_setzero_si256()))
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
    fn within(self, bytes: &[u8; 64], set: [u64; 4]) -> u64 {
        // SAFETY: holding an `Avx512` proves the instructions
        unsafe { mask_within(self.load(bytes), set) }
    }

    #[inline(always)]
    fn places(self, word: u64, start: u16, places: &mut [u16; 64]) -> usize {
        // SAFETY: holding an `Avx512` proves the instructions
        let halves = unsafe { compressed(self.load(&COUNT), word, start) };
        for (half, places) in halves.into_iter().zip(places.as_chunks_mut::<32>().0) {
            // SAFETY: 32 elements of two bytes have room, and the store needs no alignment; holding an `Avx512` proves the instruction
            unsafe { _mm512_storeu_si512(places.as_mut_ptr().cast(), half) };
        }
        word.count_ones() as usize
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

    #[inline(always)]
    fn transpose(self, square: &[[f32; 8]; 8]) -> [[f32; 8]; 8] {
        let mut rows = square.map(|row| {
            // SAFETY: 32 bytes are there, and the load needs no alignment; holding an `Avx512` proves the instruction
            unsafe { _mm256_loadu_ps(row.as_ptr()) }
        });
        // SAFETY: holding an `Avx512` proves the instructions
        rows = unsafe { transposed(rows) };
        rows.map(|row| {
            let mut column = [0.0; 8];
            // SAFETY: 32 bytes have room, and the store needs no alignment; holding an `Avx512` proves the instruction
            unsafe { _mm256_storeu_ps(column.as_mut_ptr(), row) };
            column
        })
    }
}

/// Bit `i`: whether byte `i` is in a set given as 256 bits.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn mask_within(bytes: __m512i, set: [u64; 4]) -> u64 {
    let [a, b, c, d] = set.map(u64::cast_signed);
    let twice = _mm512_setr_epi64(a, b, c, d, a, b, c, d);
    // a byte's place in the set: byte / 8 (its bits above the fifth do not matter, the set is there twice), then bit byte % 8
    let eight = _mm512_permutexvar_epi8(_mm512_srli_epi16::<3>(bytes), twice);
    let bits = _mm512_set1_epi64(0x8040_2010_0804_0201_u64.cast_signed());
    let bit = _mm512_shuffle_epi8(bits, _mm512_and_si512(bytes, _mm512_set1_epi8(7)));
    _mm512_test_epi8_mask(eight, bit)
}

/// 0 to 63.
const COUNT: [u8; 64] = {
    let mut count = [0; 64];
    let mut i = 0;
    while i < 64 {
        count[i] = i as u8;
        i += 1;
    }
    count
};

/// Those bytes whose bit is set, moved to the front, widened, and `start` added.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2")]
fn compressed(bytes: __m512i, bits: u64, start: u16) -> [__m512i; 2] {
    let front = _mm512_maskz_compress_epi8(bits, bytes);
    let start = _mm512_set1_epi16(start.cast_signed());
    let low = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(front));
    let high = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64::<1>(front));
    [_mm512_add_epi16(low, start), _mm512_add_epi16(high, start)]
}
