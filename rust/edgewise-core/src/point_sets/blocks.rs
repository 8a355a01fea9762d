//! Points that are compared at once.

/// How many.
pub(super) const LEAF: usize = 16;

/// Squared distance, summed in the order of the coordinates.
#[inline(always)]
pub(super) fn square(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).fold(0.0, |sum, (a, b)| sum + (a - b) * (a - b))
}

/// Points in blocks of [`LEAF`].
pub(super) struct Blocks {
    axes: usize,
    /// Block by block, axis by axis.
    columns: Vec<[f64; LEAF]>,
}

impl Blocks {
    pub(super) fn new(axes: usize) -> Self {
        Self { axes, columns: Vec::new() }
    }

    pub(super) fn count(&self) -> usize {
        self.columns.len() / self.axes
    }

    /// Up to [`LEAF`] of the points, at least one; the last one stands in for those that are not there.
    #[inline(always)]
    pub(super) fn push(&mut self, points: &[f64], numbers: &[u32]) {
        let last = numbers.len() - 1;
        let places: [usize; LEAF] =
            std::array::from_fn(|k| numbers[k.min(last)] as usize * self.axes);
        for axis in 0..self.axes {
            self.columns.push(places.map(|place| points[place + axis]));
        }
    }

    /// Squared distance to the nearest point of a block.
    #[inline(always)]
    pub(super) fn least(&self, own: &[f64], block: usize) -> f64 {
        let columns = &self.columns[block * self.axes..][..self.axes];
        let mut sums = [0.0; LEAF];
        for (&value, column) in own.iter().zip(columns) {
            for (sum, &other) in sums.iter_mut().zip(column) {
                let offset = value - other;
                *sum += offset * offset;
            }
        }
        let mut half = LEAF / 2;
        while half > 0 {
            for lane in 0..half {
                let other = sums[lane + half];
                sums[lane] = if other < sums[lane] { other } else { sums[lane] };
            }
            half /= 2;
        }
        sums[0]
    }

    /// Squared distance to the nearest point of all, or `None` as soon as a point is found whose squared distance is `enough`; and how many blocks it took.
    #[inline(always)]
    pub(super) fn nearest(
        &self,
        own: &[f64],
        enough: impl Fn(f64) -> bool,
    ) -> (Option<f64>, usize) {
        let mut least = f64::INFINITY;
        for block in 0..self.count() {
            let found = self.least(own, block);
            if enough(found) {
                return (None, block + 1);
            }
            least = least.min(found);
        }
        (Some(least), self.count())
    }
}
