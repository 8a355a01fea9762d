"""Drop-in for ``MetricsReloaded.metrics.pairwise_measures``; arguments in the order (pred, ref)."""

from __future__ import annotations

import numbers
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise._extras import require
from edgewise.compat.metrics_reloaded.arrays import sum_of_ones
from edgewise.compat.metrics_reloaded.count_measures import CountMeasures, warn
from edgewise.compat.metrics_reloaded.masks import MaskPair
from edgewise.compat.metrics_reloaded.measured import (
    Averages,
    border_maps,
    centre_of_mass,
    larger_percentile,
    share_within,
    steps_of,
)
from edgewise.compat.metrics_reloaded.multi_class import MultiClassPairwiseMeasures
from edgewise.compat.originals import original
from edgewise.metrics.moments import moments_of_label
from edgewise.voxels import skeleton

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from edgewise.metrics.distance_list import ListPair

__all__ = ["BinaryPairwiseMeasures", "MultiClassPairwiseMeasures"]

_PLACE: Final = "MetricsReloaded.metrics.pairwise_measures:BinaryPairwiseMeasures"
_WHY: Final = "distances and skeletons of more than masks of zeros and ones with up to 3 axes"


class BinaryPairwiseMeasures(CountMeasures):
    """Measures of two masks of one object.

    Parameters
    ----------
    pred, ref : array
        Zeros and ones of any type. Counts of other values follow numpy; distances and skeletons of
        other values are left to the library. The masks are read when the object is made.
    measures : list of str, optional
        Keys of `measures_dict` for `to_dict_meas`; None is all of them.
    connectivity_type : int, default 1
        Has no effect, as in the library: borders are always those of face neighbours.
    pixdim : float or sequence of float, optional
        One per axis, in any unit, for distances except that of the boundary IoU. Default: 1.
        Distances for other than positive ones are left to the library.
    empty : bool, default False
        Kept as `flag_empty`.
    dict_args : dict, optional
        ``hd_perc`` (95), ``nsd`` (1), ``boundary_dist`` (1), ``beta`` (1), ``exchange_rate`` (1),
        ``cost_fn``, ``cost_fp``.
    corrected : bool, default False
        The values of the library's later state for empty masks, and exact counts: with one mask
        empty Hausdorff and average distances are NaN instead of an IndexError and the surface
        distance score is 0; with both empty that and the boundary IoU are 1; the centre line Dice
        of masks that miss each other's skeletons is 0; volume differences do not wrap; counts are
        int64 and float64; `fppi` works.

    Notes
    -----
    Nothing is printed; the library prints its distance map with every distance.
    """

    def __init__(
        self,
        pred: Any,
        ref: Any,
        measures: Any = [],  # noqa: B006  the library's default, never changed
        connectivity_type: Any = 1,
        pixdim: Any = None,
        empty: Any = False,
        dict_args: Any = {},  # noqa: B006
        *,
        corrected: bool = False,
    ) -> None:
        super().__init__(pred, ref, corrected=corrected)
        self.flag_empty = empty
        self.measures = measures if measures is not None else self.measures_dict
        self.connectivity = connectivity_type
        self.pixdim = pixdim
        self.dict_args = dict_args

    @cached_property
    def measures_dict(self) -> dict[str, Any]:
        """Key to method and short name; may be added to."""
        return {key: (getattr(self, name), words) for key, (name, words) in _MEASURES.items()}

    def com_dist(self) -> Any:
        """Return the distance of the centres of mass; -1 with a warning if a mask is empty."""
        if self.flag_empty_pred or self.flag_empty_ref:
            warn("a mask is empty: there is no distance of centres of mass")
            return -1
        squares = np.square(np.asarray(self.com_ref()) - np.asarray(self.com_pred()))
        if self.pixdim is None:
            return np.sqrt(np.sum(squares))
        return np.sqrt(np.dot(squares, np.square(self.pixdim)))

    def com_ref(self) -> Any:
        """Return the centre of mass of the reference in voxels; -1 with a warning if empty."""
        if self.flag_empty_ref:
            warn("the reference is empty: it has no centre of mass")
            return -1
        return self._centre(0)

    def com_pred(self) -> Any:
        """Return the centre of mass of the prediction in voxels; -1 with a warning if empty."""
        if self.flag_empty_pred:
            warn("the prediction is empty: it has no centre of mass")
            return -1
        return self._centre(1)

    def list_labels(self) -> Any:
        """Return a tuple of this method, as the library does: there are no labels here."""
        return (self.list_labels,)

    def skeleton_versions(self) -> Any:
        """Return the skeletons of reference and prediction, two bool arrays.

        Raises
        ------
        ValueError
            If the masks do not have two or three axes.
        """
        pair = self._masks
        if pair is None:
            return self._library.skeleton_versions()
        self._check_thin()
        return tuple(skeleton(mask) for mask in pair.masks)

    def topology_precision(self) -> Any:
        """Return the share of the prediction's skeleton inside the reference; NaN without one."""
        counts = self._skeleton_counts()
        if counts is None:
            return self._library.topology_precision()
        if counts.pred == 0:
            warn("the prediction has no skeleton: topology precision is not defined")
            return np.nan
        return self._of_skeleton(counts.pred_inside, self.ref) / np.int64(counts.pred)

    def topology_sensitivity(self) -> Any:
        """Return the share of the reference's skeleton inside the prediction; NaN without one."""
        counts = self._skeleton_counts()
        if counts is None:
            return self._library.topology_sensitivity()
        if counts.ref == 0:
            warn("the reference has no skeleton: topology sensitivity is not defined")
            return np.nan
        return self._of_skeleton(counts.ref_inside, self.pred) / np.int64(counts.ref)

    def centreline_dsc(self) -> Any:
        """Return the centre line Dice coefficient; NaN without a skeleton.

        NaN as well where no skeleton meets the other mask, unless ``corrected=True`` (0).
        """
        precision, sensitivity = self.topology_precision(), self.topology_sensitivity()
        if np.isnan(sensitivity):
            warn("a skeleton is missing: the centre line Dice is not defined")
            return np.nan
        total = sensitivity + precision
        if self.corrected and total == 0:
            return 0.0
        return 2 * sensitivity * precision / total

    def boundary_iou(self) -> Any:
        """Return the Jaccard coefficient of the strips nearer to the border than a distance.

        ``dict_args["boundary_dist"]``, default 1, is in voxels whatever `pixdim` is. Without any
        strip it is NaN with a warning.
        """
        width = self._given("boundary_dist", 1)
        pair = self._masks
        if pair is None or not isinstance(width, numbers.Real):
            return self._library.boundary_iou()
        both = either = 0
        if float(width) > 0:
            both, either = pair.strips(float(width))
        if either == 0:
            if self.corrected and self.flag_empty_pred and self.flag_empty_ref:
                return 1.0
            warn("there is no strip: the boundary IoU is not defined")
            return np.nan
        return np.int64(both) / np.int64(either)

    def border_distance(self) -> Any:
        """Return maps of distances and borders.

        Returns
        -------
        distance_border_ref, distance_border_pred : array of float64
            Distance to the reference's border on the prediction's border, and the reverse; 0 off
            it. To a border that is missing SciPy measures from before the first index.
        border_ref, border_pred : array of int8
            Voxels with a face neighbour outside their mask, the outside of the array included.
        """
        pair = self._masks
        steps = None if pair is None else steps_of(self.pixdim, pair.ref.ndim)
        if pair is None or steps is None:
            return self._library.border_distance()
        return border_maps(pair, steps)

    def normalised_surface_distance(self) -> Any:
        """Return the share of both borders within ``dict_args["nsd"]``, default 1, of each other.

        Both empty: NaN. One empty: what lies within the tolerance of the point before the first
        index, where SciPy measures from, unless ``corrected=True`` (1 and 0).
        """
        tolerance = self._given("nsd", 1, "nsd is not given: a tolerance of 1")
        pair = self._masks
        steps = None if pair is None else steps_of(self.pixdim, pair.ref.ndim)
        if pair is None or steps is None or not isinstance(tolerance, numbers.Real):
            return self._library.normalised_surface_distance()
        if self.corrected and (self.flag_empty_pred or self.flag_empty_ref):
            return float(self.flag_empty_pred and self.flag_empty_ref)
        lists = self._lists if self._both_there else None
        return share_within(pair, lists, steps, float(tolerance))

    def measured_distance(self) -> Any:
        """Return Hausdorff distance, ASSD, percentile and MASD; four zeros if both are empty.

        The percentile ``dict_args["hd_perc"]``, default 95, is the larger of the directed ones.

        Raises
        ------
        IndexError
            If one mask is empty, unless ``corrected=True`` (NaN).
        """
        level = self._given("hd_perc", 95, "hd_perc is not given: the 95th percentile")
        pair = self._masks
        if pair is not None and self.flag_empty_pred and self.flag_empty_ref:
            warn("both masks are empty: their distances are taken as 0")
            return 0, 0, 0, 0
        if pair is None or steps_of(self.pixdim, pair.ref.ndim) is None:
            return self._library.measured_distance()
        if not self._both_there:
            if self.corrected:
                return (np.nan,) * 4
            np.percentile(np.empty(0), q=level)  # raises, as where the library comes to it
        maximum, average, masd = self._averages
        return maximum, average, larger_percentile(self._lists, level), masd

    def measured_average_distance(self) -> Any:
        """Return the mean distance over both borders (ASSD); see `measured_distance`."""
        return self.measured_distance()[1]

    def measured_masd(self) -> Any:
        """Return the mean of the two directed means; see `measured_distance`."""
        return self.measured_distance()[3]

    def measured_hausdorff_distance(self) -> Any:
        """Return the Hausdorff distance; see `measured_distance`."""
        return self.measured_distance()[0]

    def measured_hausdorff_distance_perc(self) -> Any:
        """Return the larger of the directed percentiles; see `measured_distance`."""
        return self.measured_distance()[2]

    def to_dict_meas(self, fmt: str = "{:.4f}") -> dict[str, Any]:
        """Return the values of `measures` by their keys; `fmt` has no effect, as in the library.

        Raises
        ------
        KeyError
            If a key is not in `measures_dict`.
        """
        return to_dict(self.measures, self.measures_dict)

    @property
    def _both_there(self) -> bool:
        return not (self.flag_empty_pred or self.flag_empty_ref)

    @property
    def _masks(self) -> MaskPair | None:
        """The pair, if distances and skeletons of it are computed here."""
        pair = self._pair
        return pair if isinstance(pair, MaskPair) and pair.ref.ndim <= 3 else None

    @cached_property
    def _library(self) -> Any:
        """The library's own object for what is not computed here."""
        return original(_PLACE, why=_WHY)(
            self.pred, self.ref, [], self.connectivity, self.pixdim, dict_args=self.dict_args
        )

    @cached_property
    def _lists(self) -> ListPair:
        pair = self._pair
        assert isinstance(pair, MaskPair)  # the callers have looked
        return pair.distances(steps_of(self.pixdim, pair.ref.ndim) or (1.0,) * pair.ref.ndim)

    @cached_property
    def _averages(self) -> Averages:
        return Averages.of(self._lists)

    def _centre(self, side: int) -> Any:
        """Return the centre of mass of the reference (0) or of the prediction (1)."""
        pair = self._masks
        if pair is not None:
            sizes = pair.n_pos_ref, pair.n_pos_pred
            whole = tuple((0, n) for n in pair.ref.shape)
            return centre_of_mass(moments_of_label(pair.masks[side], 1, whole), sizes[side])
        ndimage = require("scipy.ndimage", extra="scipy")
        return ndimage.center_of_mass((self.ref, self.pred)[side])

    def _check_thin(self) -> None:
        ndim = np.ndim(self.ref)
        if ndim not in (2, 3):
            message = f"a skeleton needs masks of two or three axes, got {ndim}"
            raise ValueError(message)

    def _skeleton_counts(self) -> Any:
        pair = self._masks
        if pair is None:
            return None
        self._check_thin()
        return pair.skeletons

    def _of_skeleton(self, count: int, other: Any) -> Any:
        """Return a sum over a skeleton times the other array in its type."""
        found = sum_of_ones(count, other.dtype)
        return np.int64(count) if found is None or self.corrected else found


def to_dict(keys: Iterable[str], measures: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of measures; what follows a measure's name is its argument."""
    found = {}
    for key in keys:
        entry = measures[key]
        found[key] = entry[0]() if len(entry) == 2 else entry[0](entry[2])
    return found


_MEASURES: Final[Mapping[str, tuple[str, str]]] = {
    "numb_ref": ("n_pos_ref", "NumbRef"),
    "numb_pred": ("n_pos_pred", "NumbPred"),
    "numb_tp": ("n_intersection", "NumbTP"),
    "numb_fp": ("fp", "NumbFP"),
    "numb_fn": ("fn", "NumbFN"),
    "accuracy": ("accuracy", "Accuracy"),
    "nb": ("net_benefit_treated", "NB"),
    "ec": ("normalised_expected_cost", "ECn"),
    "ba": ("balanced_accuracy", "BalAcc"),
    "cohens_kappa": ("cohens_kappa", "CohensKappa"),
    "lr+": ("positive_likelihood_ratio", "LR+"),
    "iou": ("intersection_over_union", "IoU"),
    "fbeta": ("fbeta", "FBeta"),
    "dsc": ("dsc", "DSC"),
    "youden_ind": ("youden_index", "YoudenInd"),
    "ppv": ("positive_predictive_value", "PPV"),
    "npv": ("negative_predictive_value", "NPV"),
    "ior": ("intersection_over_reference", "IoR"),
    "sensitivity": ("sensitivity", "Sens"),
    "specificity": ("specificity", "Spec"),
    "mcc": ("matthews_correlation_coefficient", "MCC"),
    "cldice": ("centreline_dsc", "CentreLineDSC"),
    "assd": ("measured_average_distance", "ASSD"),
    "boundary_iou": ("boundary_iou", "BoundaryIoU"),
    "hd": ("measured_hausdorff_distance", "HD"),
    "hd_perc": ("measured_hausdorff_distance_perc", "HDPerc"),
    "masd": ("measured_masd", "MASD"),
    "nsd": ("normalised_surface_distance", "NSD"),
    "avdr": ("absolute_volume_difference_ratio", "AVDR"),
}
