//! The operations in portable Rust.

use super::Isa;

/// Nothing but what every processor of the architecture has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Baseline;

impl Isa for Baseline {
    #[inline(always)]
    fn nonzero(self, bytes: &[u8; 64]) -> u64 {
        gather(&bytes.map(|byte| u8::from(byte != 0)))
    }
}

/// 64 bytes of 0 and 1 to 64 bits, the first one lowest.
#[inline(always)]
fn gather(bytes: &[u8; 64]) -> u64 {
    let (eights, _) = bytes.as_chunks::<8>();
    let mut word = 0;
    for (k, &eight) in eights.iter().enumerate() {
        // byte i times 2^(56 - 7 i) lands on bit 56 + i; no two terms meet, so nothing carries
        word |= (u64::from_le_bytes(eight).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * k);
    }
    word
}
