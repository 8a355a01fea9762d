//! A set of voxels with room around it, so that neighbours can be read without asking whether they are there.

use crate::mask::Mask;

/// Where the rows of a grid lie in a list of words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    /// Planes, and rows of each.
    pub(crate) shape: [usize; 2],
    /// Words of a row.
    pub(crate) width: usize,
    /// Planes, and rows of each plane, in front of the first and behind the last.
    pub(crate) room: [usize; 2],
    /// Words between the start of a row and that of the next.
    pub(crate) stride: usize,
}

impl Layout {
    /// Rows end to end, as in a [`Mask`].
    pub(crate) fn dense(mask: &Mask) -> Self {
        let [planes, rows, _] = mask.shape();
        let width = mask.words_per_row();
        Self { shape: [planes, rows], width, room: [0; 2], stride: width }
    }

    /// Rows from one plane to the next.
    fn plane(&self) -> usize {
        self.shape[1] + 2 * self.room[1]
    }

    /// Rows with those of the room.
    pub(crate) fn rows(&self) -> usize {
        (self.shape[0] + 2 * self.room[0]) * self.plane()
    }

    /// How many rows before that at (z, y).
    #[inline]
    pub(crate) fn row(&self, z: usize, y: usize) -> usize {
        (z + self.room[0]) * self.plane() + y + self.room[1]
    }

    /// The row of the grid at a place of the list, and how many of its plane follow from there on; `None` in the room.
    #[inline]
    pub(crate) fn index(&self, row: usize) -> Option<([usize; 2], usize)> {
        let z = (row / self.plane()).checked_sub(self.room[0])?;
        let y = (row % self.plane()).checked_sub(self.room[1])?;
        (z < self.shape[0] && y < self.shape[1]).then(|| ([z, y], self.shape[1] - y))
    }
}

/// A set of voxels between zeros: a word before and after every row, and as many rows and planes all around as asked for.
#[derive(Debug, Clone)]
pub(crate) struct Padded {
    /// A zero, the rows, and a zero after each and at the end.
    words: Vec<u64>,
    layout: Layout,
    shape: [usize; 3],
}

impl Padded {
    /// An empty set on a grid, with room along z and y.
    pub(crate) fn zeros(shape: [usize; 3], room: [usize; 2]) -> Self {
        let width = shape[2].div_ceil(64);
        let layout = Layout { shape: [shape[0], shape[1]], width, room, stride: width + 1 };
        let words = vec![0; layout.rows() * layout.stride + 2];
        Self { words, layout, shape }
    }

    /// A copy of a mask, without some of its voxels.
    pub(crate) fn new(mask: &Mask, without: Option<&Mask>, room: [usize; 2]) -> Self {
        let mut padded = Self::zeros(mask.shape(), room);
        for z in 0..mask.shape()[0] {
            for y in 0..mask.shape()[1] {
                let start = padded.place(z, y);
                let row = &mut padded.words[start..start + padded.layout.width];
                row.copy_from_slice(mask.row(z, y));
                if let Some(without) = without {
                    row.iter_mut().zip(without.row(z, y)).for_each(|(word, &not)| *word &= !not);
                }
            }
        }
        padded
    }

    /// Lengths along z, y, x.
    pub(crate) fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// Words of a row.
    pub(crate) fn words_per_row(&self) -> usize {
        self.layout.width
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The rows as the layout says.
    pub(crate) fn rows_mut(&mut self) -> &mut [u64] {
        let end = self.words.len() - 1;
        &mut self.words[1..end]
    }

    /// The row at (z, y).
    #[inline]
    pub(crate) fn row(&self, z: usize, y: usize) -> &[u64] {
        let start = self.place(z, y);
        &self.words[start..start + self.layout.width]
    }

    /// The set without the room.
    pub(crate) fn dense(&self) -> Mask {
        let mut mask = Mask::zeros(self.shape, 3);
        for z in 0..self.shape[0] {
            for y in 0..self.shape[1] {
                mask.row_mut(z, y).copy_from_slice(self.row(z, y));
            }
        }
        mask
    }

    /// Where the row at (z, y) starts in [`Padded::words`].
    #[inline]
    pub(crate) fn place(&self, z: usize, y: usize) -> usize {
        self.layout.row(z, y) * self.layout.stride + 1
    }

    /// How many words farther another row starts.
    pub(crate) fn step(&self, [dz, dy]: [i64; 2]) -> isize {
        (dz as isize * self.layout.plane() as isize + dy as isize) * self.layout.stride as isize
    }

    /// All words, room included.
    #[inline]
    pub(crate) fn words(&self) -> &[u64] {
        &self.words
    }

    /// Whether no voxel is in the set.
    pub(crate) fn is_empty(&self) -> bool {
        self.words.iter().all(|&word| word == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_where_the_layout_says() {
        let mut set = Padded::zeros([2, 3, 70], [1, 2]);
        let layout = *set.layout();
        assert_eq!((layout.rows(), layout.stride, set.words().len()), (4 * 7, 3, 28 * 3 + 2));
        for (k, row) in set.rows_mut().chunks_exact_mut(layout.stride).enumerate() {
            if let Some(([z, y], more)) = layout.index(k) {
                assert_eq!(more, 3 - y);
                row[0] = 1 << (3 * z + y);
            }
        }
        for (z, y) in [(0, 0), (0, 2), (1, 1)] {
            assert_eq!(set.row(z, y), [1 << (3 * z + y), 0]);
        }
        assert_eq!(set.place(0, 0) as isize + set.step([1, -2]), set.place(1, 0) as isize - 6);
        assert!(!set.is_empty());
    }
}
