//! Gzip: every member inflated, every checksum compared, never more memory than asked for.
//!
//! Readers of medical images are known to return arrays from cut or damaged files; here a member whose trailer does not fit its data is an
//! error. The text of each error starts with `truncated:`, `corrupt:` or `too large:`, so that a caller can tell them apart.
//! Format: RFC 1952 (gzip) around RFC 1951 (deflate).

use flate2::{Crc, Decompress, FlushDecompress, Status};

use crate::error::{Error, Result};

const MAGIC: [u8; 2] = [0x1f, 0x8b];
const TRAILER: usize = 8; // CRC32 and length modulo 2^32, both little-endian
const CHUNK: usize = 256 << 10; // output per step: still in the cache when its CRC is taken
const LARGEST_RATIO: usize = 1032; // deflate cannot expand further

const HEADER_CRC: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0b1110_0000;

/// Inflate gzip `data` of at most `limit` bytes; the second value is the number of bytes after the last member.
///
/// All members are joined. Whatever follows the last one and does not start another (zero padding, garbage) is counted, not read. Memory:
/// the output, one chunk and deflate's window; a stream that would exceed `limit` is left at that point (decompression bombs).
///
/// # Errors
/// [`Error::Corrupt`]: `truncated: ...` if the data end inside a member, `corrupt: ...` if they are no gzip data, deflate refuses them or
/// a CRC or length differs, `too large: ...` if there are more than `limit` bytes or the memory is refused.
///
/// ```
/// use std::io::Write;
/// let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
/// encoder.write_all(b"voxels")?;
/// let mut data = encoder.finish()?;
/// data.extend([0, 0]); // padding
/// assert_eq!(edgewise_core::gzip::gunzip(&data, 100), Ok((b"voxels".to_vec(), 2)));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn gunzip(data: &[u8], limit: usize) -> Result<(Vec<u8>, usize)> {
    if data.is_empty() {
        return Err(truncated("there are no gzip data at all"));
    }
    let mut output = Output::new(data, limit)?;
    let mut inflate = Decompress::new(false);
    let mut rest = data;
    let mut member = 0;
    while member == 0 || rest.starts_with(&MAGIC) {
        member += 1;
        rest = skip_header(rest, member)?;
        rest = read_member(rest, member, &mut inflate, &mut output)?;
        inflate.reset(false);
    }
    output.bytes.truncate(output.written);
    Ok((output.bytes, rest.len()))
}

fn truncated(text: &str) -> Error {
    Error::Corrupt(format!("truncated: {text}"))
}

fn corrupt(text: &str) -> Error {
    Error::Corrupt(format!("corrupt: {text}"))
}

/// What has been inflated so far; bytes beyond `written` are room already made.
struct Output {
    bytes: Vec<u8>,
    written: usize,
    limit: usize,
}

impl Output {
    /// Room for the size that the last trailer states, if `data` can hold that much.
    fn new(data: &[u8], limit: usize) -> Result<Self> {
        let stated = data.last_chunk::<4>().map_or(0, |last| u32::from_le_bytes(*last) as usize);
        let mut output = Self { bytes: Vec::new(), written: 0, limit };
        output.reserve(stated.min(limit).min(data.len().saturating_mul(LARGEST_RATIO)))?;
        Ok(output)
    }

    fn reserve(&mut self, more: usize) -> Result<()> {
        self.bytes.try_reserve(more).map_err(|_| {
            let bytes = self.bytes.len() + more;
            Error::Corrupt(format!("too large: no memory for {bytes} bytes of inflated data"))
        })
    }

    /// Where the next bytes go: at most one chunk; empty at the limit.
    fn room(&mut self) -> Result<&mut [u8]> {
        if self.written == self.bytes.len() {
            let more = CHUNK.min(self.limit - self.written);
            self.reserve(more)?;
            self.bytes.resize(self.written + more, 0);
        }
        let stop = self.bytes.len().min(self.written + CHUNK);
        Ok(&mut self.bytes[self.written..stop])
    }
}

/// The data after a member's header.
fn skip_header(data: &[u8], member: usize) -> Result<&[u8]> {
    let cut = || truncated(&format!("the data end inside the header of gzip member {member}"));
    let magic = &data[..data.len().min(2)];
    if !MAGIC.starts_with(magic) {
        return Err(corrupt(&format!("no gzip data: they start with {magic:02x?}")));
    }
    let (fixed, mut rest) = data.split_first_chunk::<10>().ok_or_else(cut)?;
    let (method, flags) = (fixed[2], fixed[3]);
    if method != 8 || flags & RESERVED != 0 {
        return Err(corrupt(&format!(
            "the header of gzip member {member} is damaged (method {method}, flags {flags:#04x})"
        )));
    }
    if flags & EXTRA != 0 {
        let (length, after) = rest.split_first_chunk().ok_or_else(cut)?;
        rest = after.get(u16::from_le_bytes(*length) as usize..).ok_or_else(cut)?;
    }
    for field in [NAME, COMMENT] {
        if flags & field != 0 {
            let end = rest.iter().position(|byte| *byte == 0).ok_or_else(cut)?;
            rest = &rest[end + 1..];
        }
    }
    if flags & HEADER_CRC != 0 {
        let mut crc = Crc::new();
        crc.update(&data[..data.len() - rest.len()]);
        let (stated, after) = rest.split_first_chunk().ok_or_else(cut)?;
        if u16::from_le_bytes(*stated) != crc.sum() as u16 {
            return Err(corrupt(&format!("the header of gzip member {member} fails its checksum")));
        }
        rest = after;
    }
    Ok(rest)
}

/// Inflate one member and check its trailer; the data after it.
fn read_member<'a>(
    data: &'a [u8],
    member: usize,
    inflate: &mut Decompress,
    output: &mut Output,
) -> Result<&'a [u8]> {
    let begin = output.written;
    let cut = |bytes: usize| {
        truncated(&format!(
            "the data end inside gzip member {member}, after {bytes} inflated bytes"
        ))
    };
    let mut crc = Crc::new();
    let mut rest = data;
    loop {
        let (read_before, written_before) = (inflate.total_in(), inflate.total_out());
        let mut beyond = [0];
        let room = output.room()?;
        let at_limit = room.is_empty();
        let target = if at_limit { &mut beyond[..] } else { room };
        let status = inflate.decompress(rest, target, FlushDecompress::None).map_err(|_| {
            corrupt(&format!(
                "gzip member {member} holds damaged data after {written_before} bytes"
            ))
        })?;
        let read = (inflate.total_in() - read_before) as usize;
        let written = (inflate.total_out() - written_before) as usize;
        rest = &rest[read..];
        if at_limit && written > 0 {
            let limit = output.limit;
            return Err(Error::Corrupt(format!(
                "too large: the data inflate to more than the {limit} bytes allowed"
            )));
        }
        crc.update(&target[..written]);
        output.written += written;
        match status {
            Status::StreamEnd => break,
            _ if read == 0 && written == 0 => return Err(cut(output.written)),
            _ => {}
        }
    }
    let (trailer, rest) = rest.split_first_chunk::<TRAILER>().ok_or(cut(output.written))?;
    let [c0, c1, c2, c3, l0, l1, l2, l3] = *trailer;
    let (stated_crc, length) = (u32::from_le_bytes([c0, c1, c2, c3]), output.written - begin);
    if stated_crc != crc.sum() {
        return Err(corrupt(&format!(
            "gzip member {member} fails its checksum (CRC32 {:08x}, the file says {stated_crc:08x})",
            crc.sum()
        )));
    }
    let stated_length = u32::from_le_bytes([l0, l1, l2, l3]);
    if stated_length != length as u32 {
        return Err(corrupt(&format!(
            "gzip member {member} inflates to {length} bytes, the file says {stated_length}"
        )));
    }
    Ok(rest)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, GzBuilder, write::GzEncoder};
    use proptest::prelude::*;

    use super::*;

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn starts(result: &Result<(Vec<u8>, usize)>, word: &str) -> bool {
        matches!(result, Err(Error::Corrupt(text)) if text.starts_with(word))
    }

    fn noise(length: usize) -> Vec<u8> {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8 & 15
        };
        (0..length).map(|_| next()).collect()
    }

    #[test]
    fn all_header_fields_are_skipped_and_checked() {
        let mut encoder = GzBuilder::new()
            .filename("name")
            .comment("text")
            .extra(vec![1, 2, 3])
            .write(Vec::new(), Compression::fast());
        encoder.write_all(b"abc").unwrap();
        let plain = encoder.finish().unwrap();
        assert_eq!(gunzip(&plain, 3), Ok((b"abc".to_vec(), 0)));

        let body = plain.len() - TRAILER - 5; // "abc" by the fixed code takes 5 bytes
        let mut crc = Crc::new();
        let mut guarded = plain[..body].to_vec();
        guarded[3] |= HEADER_CRC;
        crc.update(&guarded);
        guarded.extend((crc.sum() as u16).to_le_bytes());
        guarded.extend(&plain[body..]);
        assert_eq!(gunzip(&guarded, 3), Ok((b"abc".to_vec(), 0)));
        guarded[4] ^= 1;
        assert!(starts(&gunzip(&guarded, 3), "corrupt: the header"));
    }

    #[test]
    fn members_are_joined_and_what_follows_is_counted() {
        let parts = [noise(700_000), Vec::new(), noise(3)];
        let mut data: Vec<u8> = parts.iter().flat_map(|part| gzip(part)).collect();
        assert_eq!(gunzip(&data, 700_003), Ok((parts.concat(), 0)));
        data.extend([0; 512]);
        assert_eq!(gunzip(&data, 1 << 30), Ok((parts.concat(), 512)));
        let garbage = b"\x1f\x8b garbage after padding is padding too";
        data.extend(garbage);
        assert_eq!(gunzip(&data, 1 << 30).unwrap().1, 512 + garbage.len());
    }

    #[test]
    fn the_limit_is_exact_and_bombs_are_left_early() {
        for length in [1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK] {
            let data = gzip(&noise(length));
            assert_eq!(gunzip(&data, length).unwrap().0.len(), length);
            assert!(starts(&gunzip(&data, length - 1), "too large:"));
        }
        assert_eq!(gunzip(&gzip(b""), 0), Ok((Vec::new(), 0)));
        let mut bomb = gzip(&vec![0; 64 << 20]);
        assert!(starts(&gunzip(&bomb, 1000), "too large:"));
        let end = bomb.len();
        bomb[end - 4..].copy_from_slice(&u32::MAX.to_le_bytes()); // the stated size is no permission
        assert!(starts(&gunzip(&bomb, usize::MAX), "corrupt: gzip member 1 inflates to 67108864"));
    }

    #[test]
    fn what_is_no_gzip_is_named() {
        assert!(starts(&gunzip(b"", 9), "truncated:"));
        assert!(starts(&gunzip(b"\x1f", 9), "truncated:"));
        assert!(starts(&gunzip(b"n+1\0", 9), "corrupt: no gzip data"));
        assert!(starts(&gunzip(b"\x1f\x8b\x07\0\0\0\0\0\0\0\0\0", 9), "corrupt: the header"));
    }

    #[test]
    fn a_wrong_trailer_is_an_error_also_in_an_inner_member() {
        let one = gzip(b"some bytes");
        for position in one.len() - TRAILER..one.len() {
            let mut data = [one.clone(), one.clone()].concat();
            data[position] ^= 4;
            assert!(starts(&gunzip(&data, 100), "corrupt: gzip member 1"));
        }
    }

    proptest! {
        #[test]
        fn every_cut_is_noticed(length in 0_usize..5000, at in 0.0..1.0) {
            let data = gzip(&noise(length));
            let cut = (data.len() as f64 * at) as usize;
            prop_assert!(starts(&gunzip(&data[..cut], 1 << 20), "truncated:"));
        }

        #[test]
        fn a_flipped_bit_never_gives_other_bytes(length in 1_usize..5000, at in 0.0..1.0, bit in 0_u32..8) {
            let original = noise(length);
            let mut data = gzip(&original);
            let position = (data.len() as f64 * at) as usize;
            data[position] ^= 1_u8 << bit;
            // time stamp, operating system and compression hints carry no checksum
            match gunzip(&data, 1 << 20) {
                Ok((bytes, trailing)) => prop_assert_eq!((bytes, trailing), (original, 0)),
                Err(error) => prop_assert!(matches!(error, Error::Corrupt(_))),
            }
        }

        #[test]
        fn random_bytes_never_panic(mut data in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = gunzip(&data, 1 << 16);
            data.splice(0..0, [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
            let _ = gunzip(&data, 1 << 16);
        }
    }
}
