//! A mask with room around it, so that neighbours can be read without asking whether they are there.

use crate::mask::Mask;

/// The words of a mask between zeros: a word before and after every row, and as many rows and planes all around as asked for.
pub(super) struct Padded {
    words: Vec<u64>,
    /// Rows and planes in front of the first.
    room: [usize; 2],
    /// Words from one row to the next, rows from one plane to the next.
    row: usize,
    plane: usize,
}

impl Padded {
    pub(super) fn new(mask: &Mask, room: [usize; 2]) -> Self {
        let [planes, rows, _] = mask.shape();
        let width = mask.words_per_row();
        let (row, plane) = (width + 1, rows + 2 * room[1]); // a row's last zero is the next one's first
        let words = vec![0; (planes + 2 * room[0]) * plane * row + 2];
        let mut padded = Self { words, room, row, plane };
        for z in 0..planes {
            for y in 0..rows {
                let start = padded.place(z, y);
                padded.words[start..start + width].copy_from_slice(mask.row(z, y));
            }
        }
        padded
    }

    /// Where the row at (z, y) starts.
    #[inline]
    pub(super) fn place(&self, z: usize, y: usize) -> usize {
        ((z + self.room[0]) * self.plane + y + self.room[1]) * self.row + 1
    }

    /// How many words farther another row starts.
    pub(super) fn step(&self, [dz, dy]: [i64; 2]) -> isize {
        (dz as isize * self.plane as isize + dy as isize) * self.row as isize
    }

    /// All words.
    #[inline]
    pub(super) fn words(&self) -> &[u64] {
        &self.words
    }
}
