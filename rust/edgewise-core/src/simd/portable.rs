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

    #[inline(always)]
    fn bytes(self, bits: u64) -> [u8; 64] {
        let mut bytes = [0; 64];
        let (eights, _) = bytes.as_chunks_mut::<8>();
        for (k, eight) in eights.iter_mut().enumerate() {
            *eight = spread((bits >> (8 * k)) as u8);
        }
        bytes
    }

    type Floats = [f32; 16];

    #[inline(always)]
    fn load(self, numbers: &[f32; 16]) -> [f32; 16] {
        *numbers
    }

    #[inline(always)]
    fn store(self, numbers: [f32; 16], to: &mut [f32; 16]) {
        *to = numbers;
    }

    #[inline(always)]
    fn add(self, a: [f32; 16], b: [f32; 16]) -> [f32; 16] {
        std::array::from_fn(|i| a[i] + b[i])
    }

    #[inline(always)]
    fn sub(self, a: [f32; 16], b: [f32; 16]) -> [f32; 16] {
        std::array::from_fn(|i| a[i] - b[i])
    }

    #[inline(always)]
    fn mul(self, a: [f32; 16], b: [f32; 16]) -> [f32; 16] {
        std::array::from_fn(|i| a[i] * b[i])
    }

    #[inline(always)]
    fn max(self, a: [f32; 16], b: [f32; 16]) -> [f32; 16] {
        std::array::from_fn(|i| if a[i] > b[i] { a[i] } else { b[i] })
    }

    #[inline(always)]
    fn min(self, a: [f32; 16], b: [f32; 16]) -> [f32; 16] {
        std::array::from_fn(|i| if a[i] < b[i] { a[i] } else { b[i] })
    }

    #[inline(always)]
    fn at_least(self, a: [f32; 16], b: [f32; 16]) -> u16 {
        (0..16).fold(0, |bits, i| bits | u16::from(a[i] >= b[i]) << i)
    }

    #[inline(always)]
    fn halves(self, bits: &[u16; 16]) -> [f32; 16] {
        bits.map(half)
    }

    #[inline(always)]
    fn pick(self, low: [f32; 16], high: [f32; 16], places: &[u32; 16]) -> [f32; 16] {
        let window = [low, high];
        places.map(|place| window.as_flattened()[place as usize % 32])
    }

    #[inline(always)]
    fn challenge(
        self,
        values: [f32; 16],
        label: u32,
        best: &mut [f32; 16],
        labels: &mut [u32; 16],
    ) {
        for i in 0..16 {
            let better = values[i] > best[i];
            best[i] = if better { values[i] } else { best[i] };
            labels[i] = if better { label } else { labels[i] };
        }
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

/// 8 bits to 8 bytes of 0 and 1, the lowest one first.
#[inline(always)]
fn spread(bits: u8) -> [u8; 8] {
    let alone = (u64::from(bits) * 0x0101_0101_0101_0101) & 0x8040_2010_0804_0201;
    (((alone + 0x7f7f_7f7f_7f7f_7f7f) >> 7) & 0x0101_0101_0101_0101).to_le_bytes()
}

/// Half precision, given as its bits, in single precision.
#[inline(always)]
fn half(bits: u16) -> f32 {
    const REBIAS: u32 = (127 - 15) << 23;
    const SMALLEST: u32 = (127 - 14) << 23; // the bits of the smallest normal half
    let bits = u32::from(bits);
    let (sign, rest) = ((bits & 0x8000) << 16, (bits & 0x7fff) << 13);
    let subnormal = (f32::from_bits(rest + SMALLEST) - f32::from_bits(SMALLEST)).to_bits();
    let normal = rest + REBIAS;
    let special = normal + REBIAS; // infinite or no number
    let size = match rest >> 23 {
        0 => subnormal,
        31 => special,
        _ => normal,
    };
    f32::from_bits(sign | size)
}
