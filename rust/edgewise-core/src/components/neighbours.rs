//! Which rows a row can touch.

use crate::error::{Error, Result};

/// A row that a row may touch: steps in z and y, and whether also diagonally along x.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NeighbourRow {
    pub(crate) dz: isize,
    pub(crate) dy: isize,
    pub(crate) diagonal: bool,
}

/// The rows around a row, itself left out.
///
/// # Errors
/// [`Error::Argument`] unless `connectivity` is 1 to `axes`.
pub(crate) fn rows_around(axes: usize, connectivity: usize) -> Result<Vec<NeighbourRow>> {
    check(axes, connectivity)?;
    let steps = |exists: bool| if exists { -1..=1 } else { 0..=0 };
    let mut rows = Vec::new();
    for dz in steps(axes > 2) {
        for dy in steps(axes > 1) {
            let away = usize::from(dz != 0) + usize::from(dy != 0);
            if away != 0 && away <= connectivity {
                rows.push(NeighbourRow { dz, dy, diagonal: away < connectivity });
            }
        }
    }
    Ok(rows)
}

/// # Errors
/// [`Error::Argument`] unless `connectivity` is 1 to `axes`.
pub(crate) fn check(axes: usize, connectivity: usize) -> Result<()> {
    if (1..=axes).contains(&connectivity) {
        return Ok(());
    }
    Err(Error::Argument(format!(
        "connectivity must be 1 to {axes} for an array of {axes} axes, got {connectivity}"
    )))
}
