"""Metrics of two segmentations: one function each, and `measure` for all labels at once.

Everything here loads when it is first used; the table of definitions needs neither numpy nor the
compiled kernels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edgewise._lazy import loader

if TYPE_CHECKING:
    from .confusion import confusion_matrix as confusion_matrix
    from .conventions import PRESETS as PRESETS
    from .conventions import convention as convention
    from .definitions import METRICS as METRICS
    from .definitions import Definition as Definition
    from .definitions import definition as definition
    from .information import adapted_rand_error as adapted_rand_error
    from .information import cohens_kappa as cohens_kappa
    from .information import mutual_information as mutual_information
    from .information import normalized_mi as normalized_mi
    from .information import rand_merge as rand_merge
    from .information import rand_split as rand_split
    from .information import voi as voi
    from .information import voi_merge as voi_merge
    from .information import voi_split as voi_split
    from .instances import instance_fn as instance_fn
    from .instances import instance_fp as instance_fp
    from .instances import instance_tp as instance_tp
    from .instances import pq as pq
    from .instances import rq as rq
    from .instances import sq as sq
    from .label_averages import generalized_dice as generalized_dice
    from .label_averages import label_average as label_average
    from .metric_ids import DEFAULT_METRICS as DEFAULT_METRICS
    from .metric_ids import MetricRequest as MetricRequest
    from .metric_ids import parse as parse
    from .metric_ids import parse_all as parse_all
    from .overlap import accuracy as accuracy
    from .overlap import balanced_accuracy as balanced_accuracy
    from .overlap import dice as dice
    from .overlap import dor as dor
    from .overlap import fbeta as fbeta
    from .overlap import fdr as fdr
    from .overlap import fnr as fnr
    from .overlap import for_ as for_
    from .overlap import fowlkes_mallows as fowlkes_mallows
    from .overlap import fpr as fpr
    from .overlap import iou as iou
    from .overlap import lr_minus as lr_minus
    from .overlap import lr_plus as lr_plus
    from .overlap import markedness as markedness
    from .overlap import mcc as mcc
    from .overlap import net_benefit as net_benefit
    from .overlap import npv as npv
    from .overlap import ppv as ppv
    from .overlap import prevalence as prevalence
    from .overlap import sensitivity as sensitivity
    from .overlap import specificity as specificity
    from .overlap import youden as youden
    from .pair import measure as measure
    from .pair_result import PairResult as PairResult
    from .pair_result import Value as Value
    from .position import center_distance as center_distance
    from .position import mahalanobis as mahalanobis
    from .surface import ahd as ahd
    from .surface import asd_median as asd_median
    from .surface import asd_pred_to_ref as asd_pred_to_ref
    from .surface import asd_ref_to_pred as asd_ref_to_pred
    from .surface import asd_std as asd_std
    from .surface import assd as assd
    from .surface import hd as hd
    from .surface import hd95 as hd95
    from .surface import hd95_pooled as hd95_pooled
    from .surface import hd_pred_to_ref as hd_pred_to_ref
    from .surface import hd_quantile as hd_quantile
    from .surface import hd_ref_to_pred as hd_ref_to_pred
    from .surface import masd as masd
    from .surface import rmsd as rmsd
    from .surface_dice import boundary_iou as boundary_iou
    from .surface_dice import nsd as nsd
    from .surface_dice import nsd_grid as nsd_grid
    from .surface_dice import nsd_grid_mean as nsd_grid_mean
    from .surface_dice import surface_overlap_pred as surface_overlap_pred
    from .surface_dice import surface_overlap_ref as surface_overlap_ref
    from .topology import betti_error as betti_error
    from .topology import cldice as cldice
    from .topology import components_pred as components_pred
    from .topology import components_ref as components_ref
    from .topology import skeleton_length_ratio as skeleton_length_ratio
    from .topology import topology_precision as topology_precision
    from .topology import topology_sensitivity as topology_sensitivity
    from .volume import absolute_volume_difference as absolute_volume_difference
    from .volume import absolute_volume_difference_ratio as absolute_volume_difference_ratio
    from .volume import fn as fn
    from .volume import fp as fp
    from .volume import n_pred as n_pred
    from .volume import n_ref as n_ref
    from .volume import n_union as n_union
    from .volume import relative_volume_difference as relative_volume_difference
    from .volume import tn as tn
    from .volume import tp as tp
    from .volume import volume_difference as volume_difference
    from .volume import volume_pred as volume_pred
    from .volume import volume_ref as volume_ref
    from .volume import volumetric_similarity as volumetric_similarity

_HOMES: Final = {  # where each name lives
    "DEFAULT_METRICS": "metric_ids",
    "Definition": "definitions",
    "METRICS": "definitions",
    "MetricRequest": "metric_ids",
    "PRESETS": "conventions",
    "PairResult": "pair_result",
    "Value": "pair_result",
    "absolute_volume_difference": "volume",
    "absolute_volume_difference_ratio": "volume",
    "accuracy": "overlap",
    "adapted_rand_error": "information",
    "ahd": "surface",
    "asd_median": "surface",
    "asd_pred_to_ref": "surface",
    "asd_ref_to_pred": "surface",
    "asd_std": "surface",
    "assd": "surface",
    "balanced_accuracy": "overlap",
    "betti_error": "topology",
    "boundary_iou": "surface_dice",
    "center_distance": "position",
    "cldice": "topology",
    "cohens_kappa": "information",
    "components_pred": "topology",
    "components_ref": "topology",
    "confusion_matrix": "confusion",
    "convention": "conventions",
    "definition": "definitions",
    "dice": "overlap",
    "dor": "overlap",
    "fbeta": "overlap",
    "fdr": "overlap",
    "fn": "volume",
    "fnr": "overlap",
    "for_": "overlap",
    "fowlkes_mallows": "overlap",
    "fp": "volume",
    "fpr": "overlap",
    "generalized_dice": "label_averages",
    "hd": "surface",
    "hd95": "surface",
    "hd95_pooled": "surface",
    "hd_pred_to_ref": "surface",
    "hd_quantile": "surface",
    "hd_ref_to_pred": "surface",
    "instance_fn": "instances",
    "instance_fp": "instances",
    "instance_tp": "instances",
    "iou": "overlap",
    "label_average": "label_averages",
    "lr_minus": "overlap",
    "lr_plus": "overlap",
    "mahalanobis": "position",
    "markedness": "overlap",
    "masd": "surface",
    "mcc": "overlap",
    "measure": "pair",
    "mutual_information": "information",
    "n_pred": "volume",
    "n_ref": "volume",
    "n_union": "volume",
    "net_benefit": "overlap",
    "normalized_mi": "information",
    "npv": "overlap",
    "nsd": "surface_dice",
    "nsd_grid": "surface_dice",
    "nsd_grid_mean": "surface_dice",
    "parse": "metric_ids",
    "parse_all": "metric_ids",
    "ppv": "overlap",
    "pq": "instances",
    "prevalence": "overlap",
    "rand_merge": "information",
    "rand_split": "information",
    "relative_volume_difference": "volume",
    "rmsd": "surface",
    "rq": "instances",
    "sensitivity": "overlap",
    "skeleton_length_ratio": "topology",
    "specificity": "overlap",
    "sq": "instances",
    "surface_overlap_pred": "surface_dice",
    "surface_overlap_ref": "surface_dice",
    "tn": "volume",
    "topology_precision": "topology",
    "topology_sensitivity": "topology",
    "tp": "volume",
    "voi": "information",
    "voi_merge": "information",
    "voi_split": "information",
    "volume_difference": "volume",
    "volume_pred": "volume",
    "volume_ref": "volume",
    "volumetric_similarity": "volume",
    "youden": "overlap",
}

__all__ = [
    "DEFAULT_METRICS",
    "METRICS",
    "PRESETS",
    "Definition",
    "MetricRequest",
    "PairResult",
    "Value",
    "absolute_volume_difference",
    "absolute_volume_difference_ratio",
    "accuracy",
    "adapted_rand_error",
    "ahd",
    "asd_median",
    "asd_pred_to_ref",
    "asd_ref_to_pred",
    "asd_std",
    "assd",
    "balanced_accuracy",
    "betti_error",
    "boundary_iou",
    "center_distance",
    "cldice",
    "cohens_kappa",
    "components_pred",
    "components_ref",
    "confusion_matrix",
    "convention",
    "definition",
    "dice",
    "dor",
    "fbeta",
    "fdr",
    "fn",
    "fnr",
    "for_",
    "fowlkes_mallows",
    "fp",
    "fpr",
    "generalized_dice",
    "hd",
    "hd95",
    "hd95_pooled",
    "hd_pred_to_ref",
    "hd_quantile",
    "hd_ref_to_pred",
    "instance_fn",
    "instance_fp",
    "instance_tp",
    "iou",
    "label_average",
    "lr_minus",
    "lr_plus",
    "mahalanobis",
    "markedness",
    "masd",
    "mcc",
    "measure",
    "mutual_information",
    "n_pred",
    "n_ref",
    "n_union",
    "net_benefit",
    "normalized_mi",
    "npv",
    "nsd",
    "nsd_grid",
    "nsd_grid_mean",
    "parse",
    "parse_all",
    "ppv",
    "pq",
    "prevalence",
    "rand_merge",
    "rand_split",
    "relative_volume_difference",
    "rmsd",
    "rq",
    "sensitivity",
    "skeleton_length_ratio",
    "specificity",
    "sq",
    "surface_overlap_pred",
    "surface_overlap_ref",
    "tn",
    "topology_precision",
    "topology_sensitivity",
    "tp",
    "voi",
    "voi_merge",
    "voi_split",
    "volume_difference",
    "volume_pred",
    "volume_ref",
    "volumetric_similarity",
    "youden",
]
__getattr__ = loader(__name__, _HOMES)


def __dir__() -> list[str]:
    return __all__
