"""The one table of metrics: names, formulas, units, ranges, empty cases and sources.

Documentation of the functions, ids on the command line, the page of metrics and the summaries'
worst values read it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from math import inf
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from edgewise.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ALIASES", "METRICS", "Better", "Definition", "Family", "Need", "definition"]

Better: TypeAlias = Literal["larger", "smaller", "one", "zero"]
Family: TypeAlias = Literal[
    "counts", "overlap", "distance", "boundary", "topology", "information", "instances"
]
Need: TypeAlias = Literal[
    "counts", "distances", "moments", "strips", "skeletons", "components", "joint", "instances"
]


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """What one metric is.

    Attributes
    ----------
    name : str
        API name: the function, and the id without parameters.
    title, formula : str
        What it measures; how, in plain text.
    family : str
        Module it lives in.
    unit : str
        "1", "voxels", "mm" (the unit of spacing), "mm^d" or "bits".
    low, high : float
        Smallest and largest possible value.
    better : {"larger", "smaller", "one", "zero"}, optional
        Direction; None for plain quantities.
    worst : float or "diagonal", optional
        What a missing case counts in a summary; "diagonal" is that of the reference grid in mm.
        None: nothing can stand in for it, the case is left out and counted.
    needs : tuple of str
        Ingredients of the pair that it is computed from.
    empty : tuple of str
        The raw value when both masks are empty, only the reference, only the prediction.
    other : str
        Other undefined cases.
    aliases : tuple of str
        Other accepted names.
    parameters : mapping
        Keyword arguments with their defaults; None is "as the preset says", ``...`` has no default.
    id_parameter, id_unit : str
        The parameter that an id carries after ``@``, and the unit printed behind the number.
    source : str
        Where the definition comes from.
    """

    name: str
    title: str
    formula: str
    family: Family
    unit: str
    low: float
    high: float
    better: Better | None
    worst: float | Literal["diagonal"] | None
    needs: tuple[Need, ...]
    empty: tuple[str, str, str]
    other: str = ""
    aliases: tuple[str, ...] = ()
    parameters: Mapping[str, object] = field(default_factory=dict)
    id_parameter: str = ""
    id_unit: str = ""
    source: str = ""

    @property
    def needs_parameter(self) -> bool:
        """Whether an id is incomplete without a number."""
        return bool(self.id_parameter) and self.parameters[self.id_parameter] is ...


_TAHA: Final = "Taha and Hanbury, BMC Medical Imaging 15:29, 2015"
_RELOADED: Final = "Maier-Hein, Reinke et al., Metrics reloaded, Nature Methods 21, 2024"
_POWERS: Final = "Powers, J. Machine Learning Technologies 2, 2011"
_NIKOLOV: Final = "Nikolov et al., J. Medical Internet Research 23:e26151, 2021"
_SHIT: Final = "Shit et al., clDice, CVPR 2021"
_MEILA: Final = "Meila, J. Multivariate Analysis 98, 2007"
_KIRILLOV: Final = "Kirillov et al., Panoptic segmentation, CVPR 2019"
_ARGANDA: Final = "Arganda-Carreras et al., Frontiers in Neuroanatomy 9:142, 2015"
_HUTTENLOCHER: Final = "Huttenlocher et al., IEEE TPAMI 15, 1993"
_GERIG: Final = "Gerig et al., Valmet, MICCAI 2001"

_COMMON: Final[Mapping[str, object]] = {"spacing": None, "squeeze": None, "preset": "edgewise"}
_BOUNDARY: Final[Mapping[str, object]] = {"boundary": None, "edge": None, **_COMMON}
_IGNORE: Final[Mapping[str, object]] = {"ignore_mask": None}

_TABLE: list[Definition] = []


def _counts(
    name: str,
    title: str,
    formula: str,
    unit: str = "voxels",
    empty: tuple[str, str, str] = ("0", "value", "value"),
) -> None:
    parameters = {"spacing": None, **_IGNORE} if unit != "voxels" else _IGNORE
    _TABLE.append(
        Definition(
            name,
            title,
            formula,
            "counts",
            unit,
            0,
            inf,
            None,
            None,
            ("counts",),
            empty,
            parameters=parameters,
            source=_TAHA,
        )
    )


def _ratio(
    name: str,
    title: str,
    formula: str,
    empty: tuple[str, str, str],
    *,
    low: float = 0,
    high: float = 1,
    better: Better | None = "larger",
    worst: float | None = 0,
    other: str = "",
    aliases: tuple[str, ...] = (),
    parameters: Mapping[str, object] = MappingProxyType({}),
    id_parameter: str = "",
    unit: str = "1",
    source: str = _TAHA,
) -> None:
    _TABLE.append(
        Definition(
            name,
            title,
            formula,
            "overlap",
            unit,
            low,
            high,
            better,
            worst,
            ("counts",),
            empty,
            other=other,
            aliases=aliases,
            parameters={**parameters, **_IGNORE, "preset": "edgewise"},
            id_parameter=id_parameter,
            source=source,
        )
    )


def _distance(
    name: str,
    title: str,
    formula: str,
    empty: tuple[str, str, str] = ("NaN", "inf", "inf"),
    *,
    needs: tuple[Need, ...] = ("counts", "distances"),
    other: str = "",
    aliases: tuple[str, ...] = (),
    parameters: Mapping[str, object] = _BOUNDARY,
    id_parameter: str = "",
    source: str = _TAHA,
) -> None:
    _TABLE.append(
        Definition(
            name,
            title,
            formula,
            "distance",
            "mm",
            0,
            inf,
            "smaller",
            "diagonal",
            needs,
            empty,
            other=other,
            aliases=aliases,
            parameters={**parameters, **_IGNORE},
            id_parameter=id_parameter,
            source=source,
        )
    )


def _surface(
    name: str,
    title: str,
    formula: str,
    empty: tuple[str, str, str] = ("NaN", "0", "0"),
    *,
    parameters: Mapping[str, object] = MappingProxyType({}),
    aliases: tuple[str, ...] = (),
) -> None:
    given = {"tolerance": ..., **parameters, "edge": None, "tie_rtol": None, **_COMMON, **_IGNORE}
    _TABLE.append(
        Definition(
            name,
            title,
            formula,
            "boundary",
            "1",
            0,
            1,
            "larger",
            0,
            ("counts", "distances"),
            empty,
            aliases=aliases,
            parameters=given,
            id_parameter="tolerance",
            id_unit="mm",
            source=_NIKOLOV,
        )
    )


def _topology(
    name: str,
    title: str,
    formula: str,
    empty: tuple[str, str, str],
    *,
    needs: Need,
    high: float = 1,
    better: Better | None = "larger",
    worst: float | None = 0,
    other: str = "",
    aliases: tuple[str, ...] = (),
    unit: str = "1",
    source: str = _SHIT,
) -> None:
    own: dict[str, object] = {"thinning": None} if needs == "skeletons" else {"connectivity": None}
    _TABLE.append(
        Definition(
            name,
            title,
            formula,
            "topology",
            unit,
            0,
            high,
            better,
            worst,
            ("counts", needs),
            empty,
            other=other,
            aliases=aliases,
            parameters={**own, "squeeze": None, **_IGNORE, "preset": "edgewise"},
            source=source,
        )
    )


def _information(
    name: str,
    title: str,
    formula: str,
    empty: tuple[str, str, str],
    *,
    high: float = 1,
    better: Better = "smaller",
    worst: float | None = None,
    unit: str = "1",
    other: str = "",
    parameters: Mapping[str, object] = MappingProxyType({}),
    low: float = 0,
    aliases: tuple[str, ...] = (),
    source: str = _MEILA,
) -> None:
    given = {**parameters, "ignore_label": None, **_IGNORE, "allow_negative_labels": False}
    _TABLE.append(
        Definition(
            name,
            title,
            formula,
            "information",
            unit,
            low,
            high,
            better,
            worst,
            ("joint",),
            empty,
            other=other,
            aliases=aliases,
            parameters=given,
            source=source,
        )
    )


def _instances(
    name: str,
    title: str,
    formula: str,
    empty: tuple[str, str, str],
    *,
    unit: str = "1",
    other: str = "",
    better: Better | None = "larger",
) -> None:
    score = unit == "1"
    _TABLE.append(
        Definition(
            name,
            title,
            formula,
            "instances",
            unit,
            0,
            1 if score else inf,
            better,
            0 if score else None,
            ("counts", "instances"),
            empty,
            other=other,
            parameters={"connectivity": None, "squeeze": None, **_IGNORE},
            source=_KIRILLOV,
        )
    )


_counts("tp", "true positives", "|R and P|", empty=("0", "0", "0"))
_counts("fp", "false positives", "|P without R|", empty=("0", "value", "0"))
_counts("fn", "false negatives", "|R without P|", empty=("0", "0", "value"))
_counts("tn", "true negatives", "N - |R or P|", empty=("N", "value", "value"))
_counts("n_ref", "size of the reference", "|R|", empty=("0", "0", "value"))
_counts("n_pred", "size of the prediction", "|P|", empty=("0", "value", "0"))
_counts("n_union", "size of the union", "|R or P|")
_counts("volume_ref", "volume of the reference", "|R| v", "mm^d", ("0", "0", "value"))
_counts("volume_pred", "volume of the prediction", "|P| v", "mm^d", ("0", "value", "0"))

_ratio(
    "dice",
    "Dice similarity coefficient",
    "2 TP / (2 TP + FP + FN)",
    ("NaN", "0", "0"),
    aliases=("dsc", "f1"),
    source="Dice, Ecology 26, 1945",
)
_ratio(
    "iou",
    "intersection over union (Jaccard index)",
    "TP / (TP + FP + FN)",
    ("NaN", "0", "0"),
    aliases=("jaccard", "csi", "threat_score"),
    source="Jaccard, Bull. Soc. Vaudoise Sci. Nat. 37, 1901",
)
_ratio(
    "fbeta",
    "F-beta score",
    "(1 + beta^2) TP / ((1 + beta^2) TP + beta^2 FN + FP)",
    ("NaN", "0", "0"),
    parameters={"beta": 1.0},
    id_parameter="beta",
    source="van Rijsbergen, Information Retrieval, 1979",
)
_ratio(
    "volumetric_similarity",
    "similarity of the two volumes",
    "1 - |FN - FP| / (2 TP + FP + FN)",
    ("NaN", "0", "0"),
    aliases=("vs",),
)
_ratio(
    "relative_volume_difference",
    "signed relative difference of volumes",
    "(|P| - |R|) / |R|",
    ("NaN", "inf", "-1"),
    low=-1,
    high=inf,
    better="zero",
    worst=-1,
    aliases=("rvd", "ravd"),
)
_ratio(
    "absolute_volume_difference_ratio",
    "absolute relative difference of volumes",
    "||P| - |R|| / |R|",
    ("NaN", "inf", "1"),
    high=inf,
    better="smaller",
    worst=1,
    aliases=("avdr", "rave"),
    source=_RELOADED,
)
_ratio(
    "volume_difference",
    "signed difference of volumes",
    "(|P| - |R|) v",
    ("0", "value", "value"),
    low=-inf,
    high=inf,
    better="zero",
    worst=None,
    unit="mm^d",
    parameters={"spacing": None},
)
_ratio(
    "absolute_volume_difference",
    "absolute difference of volumes",
    "||P| - |R|| v",
    ("0", "value", "value"),
    high=inf,
    better="smaller",
    worst=None,
    unit="mm^d",
    parameters={"spacing": None},
)
_TABLE[-2:] = [
    replace(found, family="counts", parameters={"spacing": None, **_IGNORE})
    for found in _TABLE[-2:]
]
_ratio(
    "sensitivity",
    "share of the reference that was found",
    "TP / (TP + FN)",
    ("NaN", "NaN", "0"),
    aliases=("recall", "tpr", "ior", "completeness"),
)
_ratio(
    "specificity",
    "share of the background left alone",
    "TN / (TN + FP)",
    ("1", "value", "1"),
    other="reference full: NaN",
    aliases=("tnr",),
)
_ratio(
    "ppv",
    "share of the prediction that is right",
    "TP / (TP + FP)",
    ("NaN", "0", "NaN"),
    aliases=("precision",),
)
_ratio(
    "npv",
    "share of the predicted background that is right",
    "TN / (TN + FN)",
    ("1", "1 (TN > 0)", "value"),
    other="prediction full: NaN",
)
_ratio(
    "fpr",
    "share of the background taken for foreground",
    "FP / (FP + TN)",
    ("0", "value", "0"),
    better="smaller",
    worst=1,
    other="zero denominator: NaN",
    aliases=("fallout", "false_positive_rate"),
)
_ratio(
    "fnr",
    "share of the reference that was missed",
    "FN / (FN + TP)",
    ("NaN", "NaN", "1"),
    better="smaller",
    worst=1,
    other="zero denominator: NaN",
    aliases=("miss_rate", "false_negative_rate"),
)
_ratio(
    "fdr",
    "share of the prediction that is wrong",
    "FP / (FP + TP)",
    ("NaN", "1", "NaN"),
    better="smaller",
    worst=1,
    other="zero denominator: NaN",
    aliases=("false_discovery_rate",),
)
_ratio(
    "for_",
    "share of the predicted background that is wrong",
    "FN / (FN + TN)",
    ("0", "0", "value"),
    better="smaller",
    worst=1,
    other="zero denominator: NaN",
    aliases=("for", "false_omission_rate"),
)
_ratio(
    "accuracy",
    "share of all voxels that are right",
    "(TP + TN) / N",
    ("1", "value", "value"),
    other="N = 0: NaN",
    aliases=("rand_index",),
)
_ratio(
    "balanced_accuracy",
    "mean of sensitivity and specificity",
    "(sensitivity + specificity) / 2",
    ("NaN", "NaN", "value"),
)
_ratio(
    "youden",
    "Youden's J (informedness)",
    "sensitivity + specificity - 1",
    ("NaN", "NaN", "0"),
    low=-1,
    worst=-1,
    aliases=("informedness", "bookmaker"),
    source="Youden, Cancer 3, 1950",
)
_ratio(
    "markedness",
    "markedness",
    "ppv + npv - 1",
    ("NaN", "value", "NaN"),
    low=-1,
    worst=-1,
    source=_POWERS,
)
_ratio(
    "mcc",
    "Matthews correlation coefficient",
    "(TP TN - FP FN) / sqrt((TP + FP)(TP + FN)(TN + FP)(TN + FN))",
    ("NaN", "NaN", "NaN"),
    low=-1,
    worst=-1,
    other="any factor 0: NaN",
    aliases=("matthews",),
    source="Matthews, Biochim. Biophys. Acta 405, 1975",
)
_ratio(
    "lr_plus",
    "positive likelihood ratio",
    "sensitivity / (1 - specificity)",
    ("NaN", "NaN", "NaN"),
    high=inf,
    other="x/0 with x > 0: inf; 0/0: NaN",
    source=_RELOADED,
)
_ratio(
    "lr_minus",
    "negative likelihood ratio",
    "(1 - sensitivity) / specificity",
    ("NaN", "NaN", "value"),
    high=inf,
    better="smaller",
    worst=None,
    other="x/0 with x > 0: inf; 0/0: NaN",
    source=_RELOADED,
)
_ratio(
    "dor",
    "diagnostic odds ratio",
    "TP TN / (FP FN)",
    ("NaN", "NaN", "NaN"),
    high=inf,
    other="x/0 with x > 0: inf; 0/0: NaN",
    source="Glas et al., J. Clinical Epidemiology 56, 2003",
)
_ratio(
    "fowlkes_mallows",
    "geometric mean of precision and sensitivity",
    "sqrt(ppv sensitivity)",
    ("NaN", "NaN", "NaN"),
    source="Fowlkes and Mallows, J. American Statistical Association 78, 1983",
)
_ratio(
    "prevalence",
    "share of the reference in the image",
    "(TP + FN) / N",
    ("0", "0", "value"),
    better=None,
    worst=None,
)
_ratio(
    "net_benefit",
    "net benefit",
    "TP / N - rate FP / N",
    ("0", "value", "0"),
    low=-inf,
    worst=None,
    parameters={"exchange_rate": 1.0},
    id_parameter="exchange_rate",
    source="Vickers and Elkin, Medical Decision Making 26, 2006",
)

_QUANTILE: Final = {"combine": None, "percentile": None, **_BOUNDARY}
_distance(
    "hd", "Hausdorff distance of the boundaries", "max(max D_RP, max D_PR)", source=_HUTTENLOCHER
)
_distance(
    "hd_ref_to_pred",
    "directed Hausdorff distance",
    "max D_RP",
    ("NaN", "NaN", "inf"),
    source=_HUTTENLOCHER,
)
_distance(
    "hd_pred_to_ref",
    "directed Hausdorff distance",
    "max D_PR",
    ("NaN", "inf", "NaN"),
    source=_HUTTENLOCHER,
)
_distance(
    "hd_quantile",
    "quantile of the boundary distances",
    "Q_q of D_RP and D_PR, joined as combine says",
    other="combine ref_to_pred (pred_to_ref) with an empty reference (prediction): NaN",
    parameters={"q": ..., **_QUANTILE},
    id_parameter="q",
    source=_HUTTENLOCHER,
)
_distance(
    "hd95",
    "95th percentile of the boundary distances, the larger direction",
    "max(Q_95 of D_RP, Q_95 of D_PR)",
    parameters=_QUANTILE,
    source=_RELOADED,
)
_distance(
    "hd95_pooled",
    "95th percentile of the boundary distances of both directions together",
    "Q_95 of the union of D_RP and D_PR",
    parameters={"percentile": None, **_BOUNDARY},
    source="MedPy hd95",
)
_distance(
    "asd_ref_to_pred",
    "mean distance of the reference's boundary",
    "mean of D_RP",
    ("NaN", "NaN", "inf"),
    source=_GERIG,
)
_distance(
    "asd_pred_to_ref",
    "mean distance of the prediction's boundary",
    "mean of D_PR",
    ("NaN", "inf", "NaN"),
    source=_GERIG,
)
_distance(
    "assd",
    "average symmetric surface distance (pooled mean)",
    "(sum of D_RP + sum of D_PR) / (W_R + W_P)",
    source="Heimann et al., IEEE TMI 28, 2009",
)
_distance(
    "masd",
    "mean of the two directed mean distances",
    "(mean of D_RP + mean of D_PR) / 2",
    source=_RELOADED,
)
_distance(
    "rmsd",
    "root mean square symmetric surface distance",
    "sqrt((sum of D_RP^2 + sum of D_PR^2) / (W_R + W_P))",
    source="Heimann et al., IEEE TMI 28, 2009",
)
_distance(
    "asd_std",
    "standard deviation of the boundary distances",
    "population standard deviation of the pooled list",
    ("NaN", "NaN", "NaN"),
    source=_GERIG,
)
_distance(
    "asd_median", "median of the boundary distances", "Q_50 of the pooled list", source=_GERIG
)
_distance(
    "ahd",
    "average Hausdorff distance over all voxels",
    "(mean over R of d(r, P) + mean over P of d(p, R)) / 2, 0 inside",
    parameters=_COMMON,
    aliases=("average_hausdorff",),
)
_distance(
    "center_distance",
    "distance of the centroids",
    "|(mean index of P - mean index of R) s|",
    needs=("counts", "moments"),
    parameters=_COMMON,
    aliases=("centroid_distance",),
    source=_RELOADED,
)
_distance(
    "mahalanobis",
    "Mahalanobis distance of the centroids",
    "sqrt(D' S^-1 D), S = (|R| C_R + |P| C_P) / (|R| + |P|)",
    ("NaN", "NaN", "NaN"),
    needs=("counts", "moments"),
    other="S singular: NaN",
    parameters=_COMMON,
)
_TABLE[-1] = replace(_TABLE[-1], unit="1", worst=None)

_surface(
    "nsd",
    "normalised surface distance (surface Dice), surface elements",
    "(w of D_RP within t + w of D_PR within t) / (W_R + W_P)",
    parameters={"boundary": None, "combine": None},
    aliases=("surface_dice",),
)
_surface(
    "nsd_grid",
    "normalised surface distance, boundary voxels pooled",
    "as nsd, boundary voxels counted",
)
_surface(
    "nsd_grid_mean",
    "normalised surface distance, mean of both directions",
    "(share of D_RP within t + share of D_PR within t) / 2, boundary voxels",
)
_surface(
    "surface_overlap_ref",
    "share of the reference's surface within the tolerance",
    "w of D_RP within t / W_R",
    ("NaN", "NaN", "0"),
    parameters={"boundary": None},
)
_surface(
    "surface_overlap_pred",
    "share of the prediction's surface within the tolerance",
    "w of D_PR within t / W_P",
    ("NaN", "0", "NaN"),
    parameters={"boundary": None},
)
_TABLE.append(
    Definition(
        "boundary_iou",
        "IoU of the inner boundary strips",
        "|R_w and P_w| / |R_w or P_w|",
        "boundary",
        "1",
        0,
        1,
        "larger",
        0,
        ("counts", "strips"),
        ("NaN", "0", "0"),
        aliases=("biou",),
        parameters={"width": None, "strip": None, **_COMMON, **_IGNORE},
        id_parameter="width",
        source="Cheng et al., Boundary IoU, CVPR 2021",
    )
)

_topology(
    "cldice",
    "centreline Dice",
    "2 tp ts / (tp + ts)",
    ("NaN", "0", "0"),
    needs="skeletons",
    other="both non-empty, no overlap: 0; no skeleton: NaN",
)
_topology(
    "topology_precision",
    "share of the prediction's skeleton inside the reference",
    "|S(P) and R| / |S(P)|",
    ("NaN", "0", "NaN"),
    needs="skeletons",
)
_topology(
    "topology_sensitivity",
    "share of the reference's skeleton inside the prediction",
    "|S(R) and P| / |S(R)|",
    ("NaN", "NaN", "0"),
    needs="skeletons",
)
_topology(
    "skeleton_length_ratio",
    "length of the prediction's skeleton over the reference's",
    "|S(P)| / |S(R)|",
    ("NaN", "inf", "0"),
    needs="skeletons",
    high=inf,
    better="one",
)
_topology(
    "betti_error",
    "difference of the numbers of components, tunnels and cavities",
    "sum over k of |b_k(R) - b_k(P)|",
    ("0", "value", "value"),
    needs="components",
    high=inf,
    better="smaller",
    worst=None,
    source="Hu et al., Topology-preserving segmentation, NeurIPS 2019",
)
_TABLE[-1] = replace(
    _TABLE[-1], parameters={"dim": None, **_TABLE[-1].parameters}, id_parameter="dim"
)
_topology(
    "components_ref",
    "connected components of the reference",
    "b_0(R)",
    ("0", "0", "value"),
    needs="components",
    high=inf,
    better=None,
    worst=None,
    unit="components",
    source=_RELOADED,
)
_topology(
    "components_pred",
    "connected components of the prediction",
    "b_0(P)",
    ("0", "value", "0"),
    needs="components",
    high=inf,
    better=None,
    worst=None,
    unit="components",
    source=_RELOADED,
)

_information(
    "cohens_kappa",
    "Cohen's kappa",
    "(p_o - p_e) / (1 - p_e)",
    ("NaN", "0", "0"),
    low=-1,
    better="larger",
    worst=-1,
    other="p_e = 1: NaN",
    parameters={"weights": None},
    aliases=("kappa",),
    source="Cohen, Educational and Psychological Measurement 20, 1960",
)
_information(
    "voi",
    "variation of information",
    "H(P|R) + H(R|P)",
    ("0", "value", "value"),
    high=inf,
    unit="bits",
    aliases=("variation_of_information",),
)
_information(
    "voi_split",
    "conditional entropy: splits",
    "H(P|R)",
    ("0", "value", "value"),
    high=inf,
    unit="bits",
)
_information(
    "voi_merge",
    "conditional entropy: merges",
    "H(R|P)",
    ("0", "value", "value"),
    high=inf,
    unit="bits",
)
_information(
    "mutual_information",
    "mutual information",
    "sum of p_ij log2(p_ij / (p_i p_j))",
    ("0", "value", "value"),
    high=inf,
    better="larger",
    worst=0,
    unit="bits",
)
_information(
    "normalized_mi",
    "normalised mutual information",
    "MI / sqrt(H_R H_P)",
    ("NaN", "NaN", "NaN"),
    better="larger",
    worst=0,
    other="an entropy of 0: NaN",
    source="Strehl and Ghosh, J. Machine Learning Research 3, 2002",
)
_information(
    "adapted_rand_error",
    "adapted Rand error",
    "1 - S / (a S_R + (1 - a) S_P), reference label 0 left out",
    ("NaN", "NaN", "value"),
    worst=1,
    parameters={"alpha": 0.5},
    source=_ARGANDA,
)
_information(
    "rand_split",
    "share of the reference's pairs kept together",
    "S / S_R",
    ("NaN", "NaN", "value"),
    better="larger",
    worst=0,
    source=_ARGANDA,
)
_information(
    "rand_merge",
    "share of the prediction's pairs that belong together",
    "S / S_P",
    ("NaN", "NaN", "value"),
    better="larger",
    worst=0,
    source=_ARGANDA,
)

_instances(
    "pq",
    "panoptic quality",
    "sum of IoU over TP / (TP + FP/2 + FN/2)",
    ("NaN", "0", "0"),
)
_instances(
    "sq", "segmentation quality", "mean IoU over TP", ("NaN", "NaN", "NaN"), other="TP = 0: NaN"
)
_instances("rq", "recognition quality (detection F1)", "TP / (TP + FP/2 + FN/2)", ("NaN", "0", "0"))
_instances(
    "instance_tp",
    "matched instances",
    "pairs with IoU > 1/2",
    ("0", "0", "0"),
    unit="instances",
    better=None,
)
_instances(
    "instance_fp",
    "predicted instances without partner",
    "unmatched predictions",
    ("0", "value", "0"),
    unit="instances",
    better=None,
)
_instances(
    "instance_fn",
    "reference instances without partner",
    "unmatched references",
    ("0", "0", "value"),
    unit="instances",
    better=None,
)

METRICS: Final[Mapping[str, Definition]] = MappingProxyType({d.name: d for d in _TABLE})
ALIASES: Final[Mapping[str, str]] = MappingProxyType(
    {alias: d.name for d in _TABLE for alias in d.aliases}
)


def definition(name: str) -> Definition:
    """Return the definition of a metric by its name or an alias.

    Parameters
    ----------
    name : str
        API name or alias, without parameters; upper and lower case are the same.

    Returns
    -------
    Definition
        The row of the table.

    Raises
    ------
    ConfigError
        If there is no such metric; names the nearest ones.

    Examples
    --------
    >>> definition("dsc").name
    'dice'
    """
    key = name.strip().lower()
    key = ALIASES.get(key, key)
    if key in METRICS:
        return METRICS[key]
    near = get_close_matches(key, [*METRICS, *ALIASES], n=3)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    message = f"unknown metric {name!r}{hint} ('edgewise metrics' lists them)"
    raise ConfigError(message)
