//! Eight numbers in a vector register: compared, picked, transposed.
//!
//! Safe functions of registers alone; who calls one proves that the processor has AVX2.

use std::arch::x86_64::{
    __m256, __m256i, _CMP_GE_OQ, _mm256_blendv_ps, _mm256_castsi256_ps, _mm256_cmp_ps,
    _mm256_movemask_ps, _mm256_permute2f128_ps, _mm256_permutevar8x32_ps, _mm256_shuffle_ps,
    _mm256_slli_epi32, _mm256_unpackhi_ps, _mm256_unpacklo_ps,
};

/// Bit `i`: whether number `i` of `a` is at least that of `b`.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn movemask_of_at_least(a: __m256, b: __m256) -> i32 {
    _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_GE_OQ>(a, b))
}

/// Eight elements at places below 32.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn pick_of_32(window: [__m256; 4], places: __m256i) -> __m256 {
    // of the index the lowest three bits count; bits 3 and 4 are moved to where blending looks
    let [a, b, c, d] = window;
    let (a, b) = (_mm256_permutevar8x32_ps(a, places), _mm256_permutevar8x32_ps(b, places));
    let (c, d) = (_mm256_permutevar8x32_ps(c, places), _mm256_permutevar8x32_ps(d, places));
    let odd = _mm256_castsi256_ps(_mm256_slli_epi32::<28>(places));
    let late = _mm256_castsi256_ps(_mm256_slli_epi32::<27>(places));
    _mm256_blendv_ps(_mm256_blendv_ps(a, b, odd), _mm256_blendv_ps(c, d, odd), late)
}

/// Rows to columns: pairs, fours, halves.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn transposed(rows: [__m256; 8]) -> [__m256; 8] {
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
