//! The grid under a mask: shape, spacing, and boxes.
//!
//! Kernels for one to three axes see every array as `(z, y, x)`, x fastest; missing leading axes have length 1 and are *not axes*: they have no
//! neighbours and no outside ([`View::axes`] says how many of the three are real). An array axis of length 1 that the caller keeps is an axis
//! like any other, so a one-slice volume is all boundary unless the caller squeezes it first.

use crate::error::{Error, Result};

/// A dense array in row-major order, borrowed.
///
/// A column-major (Fortran) array is given as the row-major array of the reversed axes, with spacing, boxes and seeds reversed alike.
#[derive(Debug, Clone, Copy)]
pub struct View<'a, T> {
    data: &'a [T],
    shape: [usize; 3],
    axes: usize,
}

impl<'a, T> View<'a, T> {
    /// Borrow `data` as an array of `shape` (one to three axes, the last one fastest).
    ///
    /// # Errors
    /// [`Error::Shape`] unless there are one to three axes, none of length 0, whose product is `data.len()`.
    pub fn new(data: &'a [T], shape: &[usize]) -> Result<Self> {
        if shape.is_empty() || shape.len() > 3 {
            return Err(Error::Shape(format!("expected 1 to 3 axes, got {}", shape.len())));
        }
        if shape.iter().product::<usize>() != data.len() || data.is_empty() {
            return Err(Error::Shape(format!(
                "shape {shape:?} does not describe an array of {} elements",
                data.len()
            )));
        }
        let mut padded = [1; 3];
        padded[3 - shape.len()..].copy_from_slice(shape);
        Ok(Self { data, shape: padded, axes: shape.len() })
    }

    /// Borrow an array of two to four axes as arrays without its first, one for every index along that, which may be none.
    ///
    /// # Errors
    /// [`Error::Shape`] unless one to three axes are left, none of length 0, and `data` has as many elements as `shape` says.
    pub fn stacked(data: &'a [T], shape: &[usize]) -> Result<Vec<Self>> {
        let (count, rest) = shape.split_first().unwrap_or((&0, &[]));
        let length = rest.iter().product::<usize>();
        if rest.is_empty() || rest.len() > 3 || length == 0 || data.len() != count * length {
            return Err(Error::Shape(format!(
                "shape {shape:?} does not describe arrays of 1 to 3 axes of {} elements in all",
                data.len()
            )));
        }
        data.chunks_exact(length).map(|data| Self::new(data, rest)).collect()
    }

    /// All elements in memory order.
    pub fn data(&self) -> &'a [T] {
        self.data
    }

    /// The same grid with other elements, as many.
    pub(crate) fn with_data<'b, U>(&self, data: &'b [U]) -> View<'b, U> {
        debug_assert_eq!(data.len(), self.data.len());
        View { data, shape: self.shape, axes: self.axes }
    }

    /// Lengths along z, y, x.
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// How many of z, y, x are axes of the array: 1 = x, 2 = y and x, 3 = all.
    pub fn axes(&self) -> usize {
        self.axes
    }

    /// The same elements without axes of length 1, of which one stays if there is no other: rows along x become as long as they can be.
    #[must_use]
    pub fn squeezed(&self) -> Self {
        let (mut shape, mut axes) = ([1; 3], 0);
        for length in self.shape.into_iter().rev().filter(|length| *length > 1) {
            axes += 1;
            shape[3 - axes] = length;
        }
        Self { data: self.data, shape, axes: axes.max(1) }
    }

    /// The row at (z, y): `shape()[2]` elements.
    pub fn row(&self, z: usize, y: usize) -> &'a [T] {
        let start = (z * self.shape[1] + y) * self.shape[2];
        &self.data[start..start + self.shape[2]]
    }
}

/// A half-open box of voxels: `start[k] <= index[k] < stop[k]` along z, y, x.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bounds {
    /// First index along each axis.
    pub start: [usize; 3],
    /// One past the last index along each axis.
    pub stop: [usize; 3],
}

impl Bounds {
    /// The box of a whole array.
    pub fn whole(shape: [usize; 3]) -> Self {
        Self { start: [0; 3], stop: shape }
    }

    /// Lengths of the box along z, y, x.
    pub fn shape(&self) -> [usize; 3] {
        [0, 1, 2].map(|k| self.stop[k] - self.start[k])
    }

    /// The smallest box that holds both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self {
            start: [0, 1, 2].map(|k| self.start[k].min(other.start[k])),
            stop: [0, 1, 2].map(|k| self.stop[k].max(other.stop[k])),
        }
    }

    /// The box with one more layer along the last `axes` axes, where an array of `shape` has one.
    #[must_use]
    pub fn grown(&self, shape: [usize; 3], axes: usize) -> Self {
        let layer = [0, 1, 2].map(|k| usize::from(k >= 3 - axes));
        Self {
            start: [0, 1, 2].map(|k| self.start[k].saturating_sub(layer[k])),
            stop: [0, 1, 2].map(|k| shape[k].min(self.stop[k] + layer[k])),
        }
    }
}

/// Squared distances between voxels, rounded the same way whatever the memory order.
///
/// With `t_k = (double)delta_k * spacing_k` the sum is taken as `(t_0² + t_1²) + t_2²` in the order of the *array's* axes, without fused multiply-add
/// (SEMANTICS, section 3: this is what `scipy.ndimage.distance_transform_edt` computes). For a column-major array the kernel's axes are the
/// array's axes reversed; `reversed` restores the order of the sum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric {
    spacing: [f64; 3],
    reversed: bool,
}

impl Metric {
    /// Spacing along the axes of the view (its order, slowest first), and whether those are the array's axes reversed.
    ///
    /// # Errors
    /// [`Error::Spacing`] unless there are one to three values, all finite and positive.
    pub fn new(spacing: &[f64], reversed: bool) -> Result<Self> {
        if spacing.is_empty() || spacing.len() > 3 {
            return Err(Error::Spacing(format!("expected 1 to 3 spacings, got {}", spacing.len())));
        }
        if let Some(bad) = spacing.iter().find(|s| !(s.is_finite() && **s > 0.0)) {
            return Err(Error::Spacing(format!("spacing must be finite and positive, got {bad}")));
        }
        let mut padded = [1.0; 3];
        padded[3 - spacing.len()..].copy_from_slice(spacing);
        Ok(Self { spacing: padded, reversed })
    }

    /// The metric of a grid whose last axis has moved in front of its other real axes.
    #[must_use]
    pub(crate) fn turned(mut self, axes: usize) -> Self {
        self.spacing[3 - axes..].rotate_right(1);
        self
    }

    /// Spacing along z, y, x; 1 along axes that the array does not have.
    pub fn spacing(&self) -> [f64; 3] {
        self.spacing
    }

    /// Whether the view's axes are the array's axes reversed.
    pub fn reversed(&self) -> bool {
        self.reversed
    }

    /// Squared length of an index difference along z, y, x, in squared units of the spacing.
    #[inline]
    pub fn squared(&self, delta: [i64; 3]) -> f64 {
        let t = [0, 1, 2].map(|k| delta[k] as f64 * self.spacing[k]);
        let [z, y, x] = [t[0] * t[0], t[1] * t[1], t[2] * t[2]];
        if self.reversed { (x + y) + z } else { (z + y) + x }
    }

    /// Length of an index difference along z, y, x, in the unit of the spacing.
    #[inline]
    pub fn length(&self, delta: [i64; 3]) -> f64 {
        self.squared(delta).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_pads_missing_axes_in_front() {
        let view = View::new(&[1, 2, 3, 4, 5, 6], &[2, 3]).unwrap();
        assert_eq!((view.shape(), view.axes(), view.row(0, 1)), ([1, 2, 3], 2, &[4, 5, 6][..]));
    }

    #[test]
    fn stacked_views_follow_one_another() {
        let views = View::stacked(&[1, 2, 3, 4, 5, 6], &[3, 1, 2]).unwrap();
        assert_eq!(views.iter().map(View::data).collect::<Vec<_>>(), [[1, 2], [3, 4], [5, 6]]);
        assert_eq!((views[1].shape(), views[1].axes()), ([1, 1, 2], 2));
        assert!(View::<u8>::stacked(&[], &[0, 4]).unwrap().is_empty());
        for shape in [&[][..], &[4], &[4, 0], &[2, 1], &[4, 1, 1, 1, 1]] {
            assert!(View::stacked(&[1, 2, 3, 4], shape).is_err());
        }
    }

    #[test]
    fn a_squeezed_view_has_no_flat_axes() {
        let data = [1, 2, 3, 4, 5, 6];
        for (shape, wanted) in
            [(vec![2, 3, 1], [1, 2, 3]), (vec![6, 1, 1], [1, 1, 6]), (vec![1, 6], [1, 1, 6])]
        {
            let view = View::new(&data, &shape).unwrap().squeezed();
            let axes = wanted.iter().filter(|length| **length > 1).count();
            assert_eq!((view.shape(), view.axes(), view.data()), (wanted, axes, &data[..]));
        }
        assert_eq!(View::new(&[1], &[1, 1]).unwrap().squeezed().axes(), 1);
    }

    #[test]
    fn a_box_grows_within_the_array_only() {
        let bounds = Bounds { start: [0, 1, 3], stop: [1, 2, 5] };
        let grown = bounds.grown([1, 3, 5], 2);
        assert_eq!(grown, Bounds { start: [0, 0, 2], stop: [1, 3, 5] });
    }

    #[test]
    fn bad_shapes_and_spacings_are_refused() {
        assert!(View::new(&[1, 2, 3], &[2, 2]).is_err());
        assert!(View::<u8>::new(&[], &[0]).is_err());
        assert!(Metric::new(&[1.0, -1.0], false).is_err());
        assert!(Metric::new(&[f64::NAN], false).is_err());
    }

    #[test]
    fn the_sum_follows_the_arrays_axes() {
        let (s, d) = ([0.1, 0.7, 1.3], [3, 5, 7]);
        let forward = Metric::new(&s, false).unwrap().squared(d);
        let backward = Metric::new(&[s[2], s[1], s[0]], true).unwrap().squared([d[2], d[1], d[0]]);
        assert_eq!(forward.to_bits(), backward.to_bits());
    }
}
