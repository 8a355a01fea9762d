//! Logits of any memory order and type: read where they lie if rows are contiguous and kernels know the type, else a few planes of a few rows at a time are
//! brought into order and rounded.

use std::ops::Range;

use crate::error::{Error, Result};

use super::element::{Element, Elements};

/// Where the elements of an array of class, z, y, x lie in some memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Of the first element.
    pub start: usize,
    /// Lengths of the axes.
    pub shape: [usize; 4],
    /// From an element to the next along each axis, in elements.
    pub strides: [isize; 4],
}

impl Layout {
    /// # Errors
    /// [`Error::Shape`] if an axis has length 0 or an element does not lie within the first `length` elements.
    pub(super) fn check(&self, length: usize) -> Result<()> {
        let (mut least, mut most) = (self.start as i128, self.start as i128);
        for (&n, &stride) in self.shape.iter().zip(&self.strides) {
            let reach = (n as i128 - 1) * stride as i128;
            least += reach.min(0);
            most += reach.max(0);
        }
        if self.shape.contains(&0) || least < 0 || most >= length as i128 {
            return Err(Error::Shape(format!(
                "an array of shape {:?} does not lie within {length} elements",
                self.shape
            )));
        }
        Ok(())
    }

    fn of_plane(&self, z: usize) -> isize {
        self.start as isize + z as isize * self.strides[1]
    }
}

/// Rows of two planes: where they lie in `data`. Row `r` of class `c` begins at `planes[k] + c * class + offsets[r]`.
pub(super) struct Rows<'a, T> {
    pub(super) data: &'a [T],
    pub(super) planes: [isize; 2],
    pub(super) class: isize,
    pub(super) offsets: &'a [isize],
}

impl<T> Rows<'_, T> {
    /// From where the rows of a class in a plane are counted.
    #[inline(always)]
    pub(super) fn at(&self, plane: usize, class: usize) -> isize {
        self.planes[plane] + class as isize * self.class
    }
}

/// Hands out rows of pairs of planes. Behind every row are `room` elements, whatever they are.
pub(super) struct Reader<'a, T> {
    elements: Elements<'a>,
    /// The same if they can be read where they lie.
    direct: Option<&'a [T]>,
    layout: Layout,
    /// Of the rows in a plane of the source.
    offsets: Vec<isize>,
    /// Of the rows in a plane of the brick.
    offsets_in_brick: Vec<isize>,
    brick: Brick<T>,
    room: usize,
}

/// Some planes of some rows of all classes, in order.
struct Brick<T> {
    elements: Vec<T>,
    planes: Range<usize>,
    rows: Range<usize>,
}

/// Planes of a brick: in some memory orders neighbours in z share a cache line.
const DEPTH: usize = 8;

impl<'a, T: Element> Reader<'a, T> {
    /// Of these rows of the planes (ascending); of each, `room` elements will be read.
    pub(super) fn new(elements: Elements<'a>, layout: Layout, rows: &[usize], room: usize) -> Self {
        let (first, last) = (rows[0], rows[rows.len() - 1]);
        let in_brick = |&row: &usize| ((row - first) * layout.shape[3]) as isize;
        let contiguous = layout.strides[3] == 1 || layout.shape[3] == 1;
        Self {
            elements,
            direct: T::as_they_are(elements).filter(|_| contiguous),
            layout,
            offsets: rows.iter().map(|&row| row as isize * layout.strides[2]).collect(),
            offsets_in_brick: rows.iter().map(in_brick).collect(),
            brick: Brick { elements: Vec::new(), planes: 0..0, rows: first..last + 1 },
            room,
        }
    }

    /// The rows of planes `low` and `high` (that or the next).
    pub(super) fn rows(&mut self, low: usize, high: usize) -> Rows<'_, T> {
        let planes = [low, high].map(|z| self.layout.of_plane(z));
        let reach = self.last(planes) + self.room;
        if let Some(data) = self.direct.filter(|data| reach <= data.len()) {
            return Rows { data, planes, class: self.layout.strides[0], offsets: &self.offsets };
        }
        let brick = &mut self.brick;
        if low < brick.planes.start || high >= brick.planes.end {
            brick.planes = low..(low + 1 + DEPTH).min(self.layout.shape[1]);
            brick.fill(self.elements, &self.layout, self.room);
        }
        let class = brick.rows.len() * self.layout.shape[3];
        let plane = class * self.layout.shape[0];
        Rows {
            data: &brick.elements,
            planes: [low, high].map(|z| ((z - brick.planes.start) * plane) as isize),
            class: class as isize,
            offsets: &self.offsets_in_brick,
        }
    }

    /// Where the row that lies last in memory begins.
    fn last(&self, planes: [isize; 2]) -> usize {
        let classes = (self.layout.shape[0] - 1) as isize * self.layout.strides[0];
        let rows = self.offsets[0].max(self.offsets[self.offsets.len() - 1]);
        (planes[0].max(planes[1]) + classes.max(0) + rows) as usize
    }
}

impl<T: Element> Brick<T> {
    /// Copy the planes: row by row, or sixteen by sixteen along x and the axis along which the source is densest.
    fn fill(&mut self, elements: Elements<'_>, layout: &Layout, room: usize) {
        let [classes, _, _, width] = layout.shape;
        let counts = [classes, self.planes.len(), self.rows.len(), width];
        let class = self.rows.len() * width;
        let places = [class, class * classes, width, 1];
        self.elements.resize(counts.iter().product::<usize>() + room, T::default());
        let start =
            layout.of_plane(self.planes.start) + self.rows.start as isize * layout.strides[2];
        let dense =
            (0..3).min_by_key(|&axis| (counts[axis] == 1, layout.strides[axis].unsigned_abs()));
        let dense = dense.unwrap_or(2);
        let [first, second] = match dense {
            0 => [1, 2],
            1 => [0, 2],
            _ => [1, 0],
        };
        let (across, along) = (layout.strides[3], layout.strides[dense]);
        for (i, j) in (0..counts[first]).flat_map(|i| (0..counts[second]).map(move |j| (i, j))) {
            let from =
                start + i as isize * layout.strides[first] + j as isize * layout.strides[second];
            let to = i * places[first] + j * places[second];
            for (tile, x) in tiles(counts[dense], width, if across == 1 { width } else { SIDE }) {
                for k in tile {
                    let row = &mut self.elements[to + k * places[dense] + x.start..][..x.len()];
                    let at = from + k as isize * along + x.start as isize * across;
                    T::copy(elements, at as usize, across, row);
                }
            }
        }
    }
}

/// Of the squares that a brick is brought into order by.
const SIDE: usize = 16;

/// The index ranges of tiles, so wide and as high as a square, that cover a rectangle.
fn tiles(
    height: usize,
    width: usize,
    wide: usize,
) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
    (0..height).step_by(SIDE).flat_map(move |i| {
        let rows = i..(i + SIDE).min(height);
        (0..width).step_by(wide).map(move |j| (rows.clone(), j..(j + wide).min(width)))
    })
}
