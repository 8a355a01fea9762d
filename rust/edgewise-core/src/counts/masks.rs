//! Counting two masks: four numbers, no tables, no boxes.

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::parallel;
use crate::simd::{self, Isa, Kernel};

use super::GRAIN;
use super::changes::AHEAD;

/// Sizes of two masks, of what they share, and of all that was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MaskCounts {
    /// Elements of both.
    pub both: u64,
    /// Elements of the reference.
    pub reference: u64,
    /// Elements of the prediction.
    pub prediction: u64,
    /// All elements that are not ignored.
    pub all: u64,
}

impl MaskCounts {
    /// Count 64 elements of both masks.
    #[inline(always)]
    pub(super) fn add(&mut self, reference: u64, prediction: u64, kept: u64) {
        let (reference, prediction) = (reference & kept, prediction & kept);
        self.both += u64::from((reference & prediction).count_ones());
        self.reference += u64::from(reference.count_ones());
        self.prediction += u64::from(prediction.count_ones());
        self.all += u64::from(kept.count_ones());
    }

    fn plus(self, other: Self) -> Self {
        Self {
            both: self.both + other.both,
            reference: self.reference + other.reference,
            prediction: self.prediction + other.prediction,
            all: self.all + other.all,
        }
    }
}

/// Count two masks, given in one memory order; whatever is not 0 belongs to a mask.
///
/// Elements where `ignored` is not 0 are left out of everything. No memory beyond the result; at the speed at which masks can be read.
///
/// ```
/// use edgewise_core::counts::mask_counts;
/// let found = mask_counts(&[1, 1, 0, 0], &[1, 0, 1, 0], None, 1)?;
/// assert_eq!([found.both, found.reference, found.prediction, found.all], [1, 2, 2, 4]);
/// # Ok::<(), edgewise_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Shape`] if the lengths differ.
pub fn mask_counts(
    reference: &[u8],
    prediction: &[u8],
    ignored: Option<&[u8]>,
    threads: usize,
) -> Result<MaskCounts> {
    let len = reference.len();
    for other in [prediction.len(), ignored.map_or(len, <[u8]>::len)] {
        if other != len {
            return Err(Error::Shape(format!("lengths differ: {len} and {other}")));
        }
    }
    let parts = len.div_ceil(GRAIN);
    Ok(parallel::install(threads.min(parts), |parallel| {
        counted(reference, prediction, ignored, parallel)
    }))
}

/// The same for many pairs of reference and prediction in one call.
///
/// ```
/// use edgewise_core::counts::mask_counts_of_pairs;
/// let found = mask_counts_of_pairs(&[[&[1, 1], &[1, 0]], [&[0, 0], &[0, 1]]], 1)?;
/// assert_eq!([found[0].both, found[0].reference, found[1].prediction], [1, 2, 1]);
/// # Ok::<(), edgewise_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Shape`] if the lengths of a pair differ.
pub fn mask_counts_of_pairs(pairs: &[[&[u8]; 2]], threads: usize) -> Result<Vec<MaskCounts>> {
    if let Some([reference, prediction]) = pairs.iter().find(|[a, b]| a.len() != b.len()) {
        let lengths = (reference.len(), prediction.len());
        return Err(Error::Shape(format!("lengths differ: {} and {}", lengths.0, lengths.1)));
    }
    let elements = pairs.iter().map(|[reference, _]| reference.len()).sum::<usize>();
    let together = (GRAIN * pairs.len()).div_ceil(elements.max(1)); // small ones share a task
    Ok(parallel::install(threads.min(elements.div_ceil(GRAIN)), |parallel| {
        let count = |[a, b]: &[&[u8]; 2]| counted(a, b, None, parallel);
        if parallel {
            pairs.par_iter().with_min_len(together).map(count).collect()
        } else {
            pairs.iter().map(count).collect()
        }
    }))
}

/// The counts of masks of one length, in rayon's current pool if `parallel`.
fn counted(
    reference: &[u8],
    prediction: &[u8],
    ignored: Option<&[u8]>,
    parallel: bool,
) -> MaskCounts {
    let len = reference.len();
    let part = |k: usize| {
        let part = k * GRAIN..len.min((k + 1) * GRAIN);
        simd::dispatch(Count {
            reference: &reference[part.clone()],
            prediction: &prediction[part.clone()],
            ignored: ignored.map(|bytes| &bytes[part]),
        })
    };
    let parts = 0..len.div_ceil(GRAIN);
    if parallel && parts.len() > 1 {
        parts.into_par_iter().map(part).reduce(MaskCounts::default, MaskCounts::plus)
    } else {
        parts.map(part).fold(MaskCounts::default(), MaskCounts::plus)
    }
}

struct Count<'a> {
    reference: &'a [u8],
    prediction: &'a [u8],
    ignored: Option<&'a [u8]>,
}

impl Kernel for Count<'_> {
    type Output = MaskCounts;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> MaskCounts {
        let mut counts = MaskCounts::default();
        let (reference, last_reference) = self.reference.as_chunks::<64>();
        let (prediction, last_prediction) = self.prediction.as_chunks::<64>();
        let (ignored, last_ignored) = self.ignored.map(<[u8]>::as_chunks::<64>).unzip();
        for (k, (reference, prediction)) in reference.iter().zip(prediction).enumerate() {
            simd::prefetch(reference, AHEAD);
            simd::prefetch(prediction, AHEAD);
            let kept = ignored.map_or(!0, |ignored| !isa.nonzero(&ignored[k]));
            counts.add(isa.nonzero(reference), isa.nonzero(prediction), kept);
        }
        let bits = |bytes: &[u8]| {
            let mut whole = [0; 64];
            whole[..bytes.len()].copy_from_slice(bytes);
            isa.nonzero(&whole)
        };
        if !last_reference.is_empty() {
            let inside = !0 >> (64 - last_reference.len());
            let kept = inside & !last_ignored.map_or(0, bits);
            counts.add(bits(last_reference), bits(last_prediction), kept);
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::tests::at_every_level;
    use proptest::prelude::*;

    fn naive(masks: &[[u8; 3]]) -> MaskCounts {
        let kept = masks.iter().filter(|[_, _, ignored]| *ignored == 0);
        let count = |rule: fn(u8, u8) -> bool| {
            kept.clone().filter(|[reference, prediction, _]| rule(*reference, *prediction)).count()
                as u64
        };
        MaskCounts {
            both: count(|r, p| r > 0 && p > 0),
            reference: count(|r, _| r > 0),
            prediction: count(|_, p| p > 0),
            all: count(|_, _| true),
        }
    }

    fn columns(masks: &[[u8; 3]]) -> [Vec<u8>; 3] {
        std::array::from_fn(|k| masks.iter().map(|row| row[k]).collect())
    }

    proptest! {
        #[test]
        fn counts_are_those_of_elements(
            masks in prop::sample::select(vec![1_usize, 63, 64, 65, 200]).prop_flat_map(|n| {
                let byte = prop::sample::select(vec![0_u8, 0, 1, 255]);
                prop::collection::vec(prop::array::uniform3(byte), n)
            }),
            times in prop::sample::select(vec![1_usize, 1, 1, GRAIN / 50]),
        ) {
            let masks = masks.repeat(times);
            let [reference, prediction, ignored] = columns(&masks);
            let plain: Vec<_> = masks.iter().map(|[r, p, _]| [*r, *p, 0]).collect();
            at_every_level(|_| {
                for threads in [1, 3] {
                    let count = |ignored| {
                        mask_counts(&reference, &prediction, ignored, threads).unwrap()
                    };
                    assert_eq!(count(Some(&ignored[..])), naive(&masks));
                    assert_eq!(count(None), naive(&plain));
                }
            });
        }
    }

    proptest! {
        #[test]
        fn pairs_are_counted_one_by_one(
            pairs in prop::collection::vec(
                prop::collection::vec(prop::array::uniform3(0..2_u8), 0..130), 0..9
            ),
            times in prop::sample::select(vec![1_usize, 1, GRAIN / 40]),
            threads in 1..4_usize,
        ) {
            let masks: Vec<_> = pairs.iter().map(|masks| columns(&masks.repeat(times))).collect();
            let both: Vec<[&[u8]; 2]> = masks.iter().map(|[a, b, _]| [&a[..], &b[..]]).collect();
            let found = mask_counts_of_pairs(&both, threads).unwrap();
            let expected = both.iter().map(|[a, b]| mask_counts(a, b, None, 1).unwrap());
            prop_assert_eq!(found, expected.collect::<Vec<_>>());
        }
    }

    #[test]
    fn lengths_must_agree() {
        assert!(mask_counts_of_pairs(&[[&[1], &[1]], [&[1], &[1, 0]]], 1).is_err());
        assert!(mask_counts(&[1], &[1, 0], None, 1).is_err());
        assert!(mask_counts(&[1], &[1], Some(&[]), 1).is_err());
    }
}
