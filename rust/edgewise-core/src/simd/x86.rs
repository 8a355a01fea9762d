//! `x86_64` beyond SSE2.
//!
//! Soundness: values of [`Avx2`] and [`Avx512`] are made in [`dispatch`] alone, after [`available`] has asked the processor; whoever holds one may
//! use its instructions. All memory is read through references to arrays of the full width, with loads that need no alignment.

#![allow(clippy::unused_self, reason = "the token is the proof")]

use std::arch::x86_64::{
    __m256, __m256i, __m512, __m512i, _CMP_GE_OQ, _CMP_GT_OQ, _MM_HINT_T0, _mm_prefetch,
    _mm256_add_ps, _mm256_and_si256, _mm256_blendv_epi8, _mm256_blendv_ps, _mm256_castps_si256,
    _mm256_cmp_ps, _mm256_cmpeq_epi8, _mm256_loadu_ps, _mm256_loadu_si256, _mm256_max_ps,
    _mm256_min_ps, _mm256_movemask_epi8, _mm256_mul_ps, _mm256_set_epi64x, _mm256_set1_epi8,
    _mm256_set1_epi32, _mm256_set1_epi64x, _mm256_setr_epi64x, _mm256_setzero_si256,
    _mm256_shuffle_epi8, _mm256_srli_epi16, _mm256_storeu_ps, _mm256_storeu_si256, _mm256_sub_ps,
    _mm512_add_epi16, _mm512_add_ps, _mm512_and_si512, _mm512_castsi512_si256, _mm512_cmp_ps_mask,
    _mm512_cvtepu8_epi16, _mm512_cvtph_ps, _mm512_extracti64x4_epi64, _mm512_loadu_ps,
    _mm512_loadu_si512, _mm512_mask_blend_epi32, _mm512_mask_blend_ps, _mm512_maskz_compress_epi8,
    _mm512_maskz_set1_epi8, _mm512_max_ps, _mm512_min_ps, _mm512_mul_ps, _mm512_permutex2var_ps,
    _mm512_permutexvar_epi8, _mm512_set1_epi8, _mm512_set1_epi16, _mm512_set1_epi32,
    _mm512_set1_epi64, _mm512_setr_epi64, _mm512_shuffle_epi8, _mm512_srli_epi16, _mm512_storeu_ps,
    _mm512_storeu_si512, _mm512_sub_ps, _mm512_test_epi8_mask,
};

use super::lanes::{movemask_of_at_least, pick_of_32, transposed};
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

/// Begin to fetch the cache line of an element.
#[inline(always)]
pub(super) fn prefetch_one<T>(elements: &[T], index: usize) {
    let address = elements.as_ptr().wrapping_add(index);
    // SAFETY: part of SSE, which every `x86_64` has; no address is read, whatever it is
    unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
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

/// An operation on pairs of numbers.
macro_rules! avx2 {
    ($name:ident, $instruction:ident) => {
        #[inline(always)]
        fn $name(self, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
            // SAFETY: holding an `Avx2` proves the instruction
            let low = unsafe { $instruction(a[0], b[0]) };
            // SAFETY: as above
            let high = unsafe { $instruction(a[1], b[1]) };
            [low, high]
        }
    };
}

/// An operation on pairs of numbers.
macro_rules! avx512 {
    ($name:ident, $instruction:ident) => {
        #[inline(always)]
        fn $name(self, a: __m512, b: __m512) -> __m512 {
            // SAFETY: holding an `Avx512` proves the instruction
            unsafe { $instruction(a, b) }
        }
    };
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

    #[inline(always)]
    fn indices(self, places: &[u32; 8]) -> __m256i {
        // SAFETY: 32 bytes are there, and the load needs no alignment; holding an `Avx2` proves the instruction
        unsafe { _mm256_loadu_si256(places.as_ptr().cast()) }
    }

    #[inline(always)]
    fn floats(self, elements: &[f32; 8]) -> __m256 {
        // SAFETY: 32 bytes are there, and the load needs no alignment; holding an `Avx2` proves the instruction
        unsafe { _mm256_loadu_ps(elements.as_ptr()) }
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

    type Floats = [__m256; 2];

    #[inline(always)]
    fn load(self, numbers: &[f32; 16]) -> [__m256; 2] {
        let (halves, _) = numbers.as_chunks();
        [self.floats(&halves[0]), self.floats(&halves[1])]
    }

    #[inline(always)]
    fn store(self, numbers: [__m256; 2], to: &mut [f32; 16]) {
        for (eight, numbers) in to.as_chunks_mut::<8>().0.iter_mut().zip(numbers) {
            // SAFETY: 32 bytes are there, and the store needs no alignment; holding an `Avx2` proves the instruction
            unsafe { _mm256_storeu_ps(eight.as_mut_ptr(), numbers) };
        }
    }

    avx2!(add, _mm256_add_ps);
    avx2!(sub, _mm256_sub_ps);
    avx2!(mul, _mm256_mul_ps);
    avx2!(max, _mm256_max_ps);
    avx2!(min, _mm256_min_ps);

    #[inline(always)]
    fn at_least(self, a: [__m256; 2], b: [__m256; 2]) -> u16 {
        // SAFETY: holding an `Avx2` proves the instructions
        let low = unsafe { movemask_of_at_least(a[0], b[0]) };
        // SAFETY: as above
        let high = unsafe { movemask_of_at_least(a[1], b[1]) };
        (low | high << 8) as u16
    }

    #[inline(always)]
    fn halves(self, bits: &[u16; 16]) -> [__m256; 2] {
        self.load(&Baseline.halves(bits))
    }

    #[inline(always)]
    fn pick(self, low: [__m256; 2], high: [__m256; 2], places: &[u32; 16]) -> [__m256; 2] {
        let window = [low[0], low[1], high[0], high[1]];
        let (halves, _) = places.as_chunks();
        let places = [self.indices(&halves[0]), self.indices(&halves[1])];
        // SAFETY: holding an `Avx2` proves the instructions
        let low = unsafe { pick_of_32(window, places[0]) };
        // SAFETY: as above
        let high = unsafe { pick_of_32(window, places[1]) };
        [low, high]
    }

    #[inline(always)]
    fn challenge(
        self,
        values: [__m256; 2],
        label: u32,
        best: &mut [f32; 16],
        labels: &mut [u32; 16],
    ) {
        let halves = best.as_chunks_mut().0.iter_mut().zip(labels.as_chunks_mut().0);
        for (values, (best, labels)) in values.into_iter().zip(halves) {
            // SAFETY: holding an `Avx2` proves the instructions
            unsafe { challenge_8(self, values, label, best, labels) };
        }
    }
}

/// Where a value is greater than the best one so far, it is the best, and its label too.
#[inline]
#[target_feature(enable = "avx2")]
fn challenge_8(isa: Avx2, values: __m256, label: u32, best: &mut [f32; 8], labels: &mut [u32; 8]) {
    let so_far = isa.floats(best);
    let better = _mm256_cmp_ps::<_CMP_GT_OQ>(values, so_far);
    let values = _mm256_blendv_ps(so_far, values, better);
    let [old, new] = [isa.indices(labels), _mm256_set1_epi32(label.cast_signed())];
    let new = _mm256_blendv_epi8(old, new, _mm256_castps_si256(better));
    // SAFETY: 32 bytes are there, and the store needs no alignment
    unsafe { _mm256_storeu_ps(best.as_mut_ptr(), values) };
    // SAFETY: as above
    unsafe { _mm256_storeu_si256(labels.as_mut_ptr().cast(), new) };
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
    fn bytes_of(self, bytes: &[u8; 64]) -> __m512i {
        // SAFETY: 64 bytes are there, and the load needs no alignment; holding an `Avx512` proves the instruction
        unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
    }

    #[inline(always)]
    fn indices(self, places: &[u32; 16]) -> __m512i {
        // SAFETY: 64 bytes are there, and the load needs no alignment; holding an `Avx512` proves the instruction
        unsafe { _mm512_loadu_si512(places.as_ptr().cast()) }
    }
}

impl Isa for Avx512 {
    #[inline(always)]
    fn nonzero(self, bytes: &[u8; 64]) -> u64 {
        let bytes = self.bytes_of(bytes);
        // SAFETY: holding an `Avx512` proves the instruction
        unsafe { _mm512_test_epi8_mask(bytes, bytes) }
    }

    #[inline(always)]
    fn within(self, bytes: &[u8; 64], set: [u64; 4]) -> u64 {
        // SAFETY: holding an `Avx512` proves the instructions
        unsafe { mask_within(self.bytes_of(bytes), set) }
    }

    #[inline(always)]
    fn places(self, word: u64, start: u16, places: &mut [u16; 64]) -> usize {
        // SAFETY: holding an `Avx512` proves the instructions
        let halves = unsafe { compressed(self.bytes_of(&COUNT), word, start) };
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

    type Floats = __m512;

    #[inline(always)]
    fn load(self, numbers: &[f32; 16]) -> __m512 {
        // SAFETY: 64 bytes are there, and the load needs no alignment; holding an `Avx512` proves the instruction
        unsafe { _mm512_loadu_ps(numbers.as_ptr()) }
    }

    #[inline(always)]
    fn store(self, numbers: __m512, to: &mut [f32; 16]) {
        // SAFETY: 64 bytes are there, and the store needs no alignment; holding an `Avx512` proves the instruction
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), numbers) };
    }

    avx512!(add, _mm512_add_ps);
    avx512!(sub, _mm512_sub_ps);
    avx512!(mul, _mm512_mul_ps);
    avx512!(max, _mm512_max_ps);
    avx512!(min, _mm512_min_ps);

    #[inline(always)]
    fn at_least(self, a: __m512, b: __m512) -> u16 {
        // SAFETY: holding an `Avx512` proves the instruction
        unsafe { _mm512_cmp_ps_mask::<_CMP_GE_OQ>(a, b) }
    }

    #[inline(always)]
    fn halves(self, bits: &[u16; 16]) -> __m512 {
        // SAFETY: 32 bytes are there, and the load needs no alignment; holding an `Avx512` proves AVX
        let bits = unsafe { _mm256_loadu_si256(bits.as_ptr().cast()) };
        // SAFETY: holding an `Avx512` proves the instruction
        unsafe { _mm512_cvtph_ps(bits) }
    }

    #[inline(always)]
    fn pick(self, low: __m512, high: __m512, places: &[u32; 16]) -> __m512 {
        // SAFETY: holding an `Avx512` proves the instruction
        unsafe { _mm512_permutex2var_ps(low, self.indices(places), high) }
    }

    #[inline(always)]
    fn challenge(self, values: __m512, label: u32, best: &mut [f32; 16], labels: &mut [u32; 16]) {
        // SAFETY: holding an `Avx512` proves the instructions
        unsafe { challenge_16(self, values, label, best, labels) };
    }
}

/// Where a value is greater than the best one so far, it is the best, and its label too.
#[inline]
#[target_feature(enable = "avx512f")]
fn challenge_16(
    isa: Avx512,
    values: __m512,
    label: u32,
    best: &mut [f32; 16],
    labels: &mut [u32; 16],
) {
    let so_far = isa.load(best);
    let better = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(values, so_far);
    isa.store(_mm512_mask_blend_ps(better, so_far, values), best);
    let new = _mm512_set1_epi32(label.cast_signed());
    let labelled = _mm512_mask_blend_epi32(better, isa.indices(labels), new);
    // SAFETY: 64 bytes are there, and the store needs no alignment
    unsafe { _mm512_storeu_si512(labels.as_mut_ptr().cast(), labelled) };
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
