"""Conventions: the choices that names of metrics leave open, and one set of them per library.

The table is section 12 of the definitions. A choice that a library does not have (medpy knows no
surface Dice) is edgewise's own; its name is then listed under ``"not_in_library"``.

Where a library raises for an empty mask (medpy, SimpleITK and panoptica for Hausdorff
distances, panoptica for a relative volume difference without reference) or returns a number
without meaning (panoptica's HD95), the preset gives the raw value: infinity or NaN with its
state.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from math import inf, isfinite, nan
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from edgewise.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "PRESETS",
    "Boundary",
    "Combine",
    "Convention",
    "Edge",
    "Percentile",
    "Strip",
    "Thinning",
    "chosen",
    "convention",
    "preset_convention",
    "preset_tolerance",
]

Boundary: TypeAlias = Literal["face", "edge18", "full", "surfel", "none"]
Edge: TypeAlias = Literal["background", "foreground"]
Combine: TypeAlias = Literal["max", "pooled", "mean", "ref_to_pred", "pred_to_ref"]
Percentile: TypeAlias = Literal["linear", "lower", "higher", "nearest", "midpoint", "step"]
Strip: TypeAlias = Literal["chess", "taxi", "edt_lt", "edt_lt_mm"]
Thinning: TypeAlias = Literal["zhang", "lee"]
Empties: TypeAlias = tuple[float, float, float]  # reference empty, prediction empty, both


@dataclass(frozen=True, slots=True)
class Convention:
    """Every choice behind a number; the values here are edgewise's own.

    Attributes
    ----------
    boundary : {"face", "edge18", "full", "surfel", "none"}
        Boundary of the Hausdorff and average distance families; "none" takes all elements of a
        mask, so that the distance of an element inside the other mask is 0.
    edge : {"background", "foreground"}
        What lies outside the array.
    combine : {"max", "pooled", "mean", "ref_to_pred", "pred_to_ref"}
        How the two directed quantiles become one.
    percentile : str, optional
        Interpolation rule of quantiles. None is "step" for weighted boundaries (surfel) and
        "linear" for others.
    assd : {"assd", "masd", "ahd"}
        Which definition the name ``assd`` has.
    nsd_boundary, nsd_combine
        The same choices for the normalised surface distance.
    tie_rtol : float
        A distance counts as within the tolerance up to ``tolerance * (1 + tie_rtol)``.
    strip, width
        Kind and width of the strip of the boundary IoU; width None is 2 % of the diagonal in
        elements, at least 1.
    thinning : {"zhang", "lee"}, optional
        None is "zhang" for 1 and 2 axes, "lee" for 3.
    connectivity : int, optional
        Neighbourhood of components, holes and instances; None is the number of axes (full).
    squeeze : bool
        Whether axes of length 1 are removed first.
    q, tolerance, beta, exchange_rate, alpha, weights, dim
        Parameters of single metrics.
    empty : mapping
        Metric name to its values for (reference empty, prediction empty, both empty), where they
        differ from the raw ones.
    """

    boundary: Boundary = "face"
    edge: Edge = "background"
    combine: Combine = "max"
    percentile: Percentile | None = None
    assd: Literal["assd", "masd", "ahd"] = "assd"
    nsd_boundary: Boundary = "surfel"
    nsd_combine: Combine = "pooled"
    tie_rtol: float = 1e-9
    strip: Strip = "chess"
    width: float | None = None
    thinning: Thinning | None = None
    connectivity: int | None = None
    squeeze: bool = True
    q: float = 95.0
    tolerance: float = nan
    beta: float = 1.0
    exchange_rate: float = 1.0
    alpha: float = 0.5
    weights: Literal["linear", "quadratic"] | None = None
    dim: float | None = None
    empty: Mapping[str, Empties] | None = None


_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "boundary": ("face", "edge18", "full", "surfel", "none"),
    "nsd_boundary": ("face", "edge18", "full", "surfel", "none"),
    "edge": ("background", "foreground"),
    "combine": ("max", "pooled", "mean", "ref_to_pred", "pred_to_ref"),
    "nsd_combine": ("pooled", "mean"),
    "percentile": ("linear", "lower", "higher", "nearest", "midpoint", "step"),
    "strip": ("chess", "taxi", "edt_lt", "edt_lt_mm"),
    "thinning": ("zhang", "lee"),
    "weights": ("linear", "quadratic"),
}

_LISTS: Final = ("hd", "hd95", "hd_quantile", "hd95_pooled")
_MEANS: Final = ("assd", "masd")


def _all_of(names: tuple[str, ...], values: Empties) -> dict[str, Empties]:
    return dict.fromkeys(names, values)


_PRESETS: Final[Mapping[str, Convention]] = {
    "edgewise": Convention(),
    "metrics_reloaded": Convention(
        percentile="linear",
        nsd_boundary="face",
        tie_rtol=0.0,
        strip="edt_lt",
        width=1.0,
        squeeze=False,
        empty={
            **_all_of(("dice", "fbeta"), (0.0, 0.0, 1.0)),
            **_all_of((*_LISTS, *_MEANS), (nan, nan, 0.0)),
            **_all_of(("nsd", "nsd_grid", "boundary_iou"), (0.0, 0.0, 1.0)),
            "ppv": (0.0, 0.0, nan),
            "cldice": (nan, nan, nan),
        },
    ),
    "monai": Convention(
        percentile="linear",
        nsd_boundary="face",
        tie_rtol=0.0,
        squeeze=False,
        empty={
            **_all_of(("dice", "iou"), (nan, 0.0, nan)),
            **_all_of(("hd95", "hd_quantile", "hd95_pooled"), (nan, nan, nan)),
        },
    ),
    "medpy": Convention(
        combine="pooled",
        percentile="linear",
        squeeze=False,
        empty={
            **_all_of(("dice", "iou"), (0.0, 0.0, 1.0)),
            "ppv": (0.0, 0.0, 0.0),
            "sensitivity": (0.0, 0.0, 0.0),
        },
    ),
    "deepmind": Convention(
        boundary="surfel",
        percentile="step",
        tie_rtol=0.0,
        squeeze=False,
        empty=_all_of(_LISTS, (inf, inf, inf)),
    ),
    "nnunet": Convention(),
    "simpleitk": Convention(
        boundary="none",
        assd="ahd",
        squeeze=False,
        empty={"dice": (0.0, 0.0, inf)},
    ),
    "panoptica": Convention(
        combine="pooled",
        percentile="linear",
        assd="masd",
        nsd_boundary="face",
        nsd_combine="mean",
        tie_rtol=0.0,
        squeeze=False,
        empty={
            **_all_of(("dice", "iou"), (0.0, 0.0, 0.0)),
            **_all_of(("assd", "nsd", "nsd_grid_mean", "center_distance"), (nan, nan, nan)),
            "relative_volume_difference": (inf, -1.0, 0.0),
        },
    ),
    "picture_story": Convention(
        combine="pooled",
        percentile="linear",
        strip="edt_lt",
        width=1.0,
        thinning="zhang",
    ),
}

PRESETS: Final = tuple(_PRESETS)

_ARGUMENTS: Final[Mapping[str, tuple[str, str]]] = {
    "metrics_reloaded": ("pred", "ref"),
    "monai": ("y_pred", "y"),
    "medpy": ("result", "reference"),
    "deepmind": ("mask_gt", "mask_pred"),
    "nnunet": ("ref file", "pred file"),
    "simpleitk": ("source=pred", "target=ref"),
}
_TOLERANCES: Final[Mapping[str, float | str]] = {
    "metrics_reloaded": 1.0,
    "panoptica": "min(spacing), or 0.5 without spacing",
    "picture_story": 1.0,
}
_QUANTILES: Final = ("combine", "percentile")
_NSD: Final = ("nsd_boundary", "nsd_combine", "tie_rtol")
_NOT_IN_LIBRARY: Final[Mapping[str, tuple[str, ...]]] = {
    "monai": ("strip", "width", "thinning"),
    "medpy": (*_NSD, "strip", "width", "thinning"),
    "deepmind": ("assd", "strip", "width", "thinning"),
    "nnunet": (
        "boundary",
        "edge",
        *_QUANTILES,
        "assd",
        *_NSD,
        "strip",
        "width",
        "thinning",
        "squeeze",
    ),
    "simpleitk": ("edge", *_QUANTILES, *_NSD, "strip", "width", "thinning"),
    "panoptica": ("strip", "width"),
}
_SPACING: Final[Mapping[str, str]] = {
    "deepmind": "required",
    "nnunet": "from file, unused",
    "simpleitk": "of the image",
}


def preset_convention(preset: str) -> Convention:
    """Return the typed set of choices of a preset; ConfigError lists the names if it is unknown."""
    if preset in _PRESETS:
        return _PRESETS[preset]
    near = get_close_matches(preset, PRESETS, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    message = f"unknown preset {preset!r}{hint} (presets: {', '.join(PRESETS)})"
    raise ConfigError(message)


def preset_tolerance(preset: str, spacing: Sequence[float] | None) -> float | None:
    """Return the tolerance that a library takes when none is given, in mm; None if it has none."""
    preset_convention(preset)
    if preset == "panoptica":
        return 0.5 if spacing is None else min(spacing, default=None)
    tolerance = _TOLERANCES.get(preset)
    return tolerance if isinstance(tolerance, float) else None


def convention(preset: str = "edgewise") -> dict[str, Any]:
    """Return every choice of a preset as plain values, as written to result files.

    Parameters
    ----------
    preset : str, default "edgewise"
        One of ``PRESETS``.

    Returns
    -------
    dict
        The parameters of the definitions' table of conventions. ``empty`` gives, per metric, the
        values for (reference empty, prediction empty, both empty) where they differ from the raw
        ones; ``not_in_library`` names the choices that the library does not have, which are
        edgewise's.

    Raises
    ------
    ConfigError
        If there is no such preset.

    Examples
    --------
    >>> convention("medpy")["combine"]
    'pooled'
    """
    settings = preset_convention(preset)
    return {
        "preset": preset,
        "argument_order": _ARGUMENTS.get(preset, ("reference", "prediction")),
        "boundary": settings.boundary,
        "edge": settings.edge,
        "distance_target": "set" if settings.boundary == "none" else "boundary",
        "combine": settings.combine,
        "percentile": settings.percentile or "linear",
        "percentile_weighted": "step",
        "assd": {"assd": "pooled", "masd": "mean of means", "ahd": "ahd"}[settings.assd],
        "nsd_boundary": settings.nsd_boundary,
        "nsd_combine": settings.nsd_combine,
        "nsd_tolerance": _TOLERANCES.get(preset),
        "tie_rtol": settings.tie_rtol,
        "strip": settings.strip,
        "width": "2 % of the diagonal" if settings.width is None else settings.width,
        "thinning": settings.thinning or "zhang (1 and 2 axes), lee (3 axes)",
        "spacing": _SPACING.get(preset, 1.0),
        "squeeze": settings.squeeze,
        "result_dtype": "float32" if preset == "monai" else "float64",
        "empty": dict(settings.empty or {}),
        "not_in_library": _NOT_IN_LIBRARY.get(preset, ()),
    }


def chosen(preset: str, overrides: Mapping[str, object]) -> Convention:
    """Return the preset's choices with every override that is not None put in place, checked."""
    if not overrides:
        return _chosen_before(preset, ())
    try:
        # True is no 1 here: the types belong to the key
        return _chosen_before(preset, tuple(overrides.items()), *map(type, overrides.values()))
    except TypeError:  # a value that cannot be remembered
        return _chosen(preset, overrides)


@lru_cache(maxsize=512)
def _chosen_before(
    preset: str,
    overrides: tuple[tuple[str, object], ...],
    *_types: type,
) -> Convention:
    return _chosen(preset, dict(overrides))


def _chosen(preset: str, overrides: Mapping[str, object]) -> Convention:
    given = {name: value for name, value in overrides.items() if value is not None}
    for name, value in given.items():
        if name in _CHOICES and value not in _CHOICES[name]:
            word = name.removeprefix("nsd_")
            message = f"{word} must be one of {', '.join(_CHOICES[name])}, got {value!r}"
            raise ConfigError(message)
    settings = preset_convention(preset)
    if given:
        settings = replace(settings, **given)  # type: ignore[arg-type]
    _check_numbers(settings, given)
    return _with_percentile(settings, given)


def _with_percentile(settings: Convention, given: Mapping[str, object]) -> Convention:
    """Return the settings with the quantile rule of the boundary; weighted lists know one only."""
    if settings.boundary != "surfel":
        return replace(settings, percentile=settings.percentile or "linear")
    if given.get("percentile", "step") != "step":
        message = 'surfel boundaries are weighted, their only quantile rule is percentile="step"'
        raise ConfigError(message)
    return replace(settings, percentile="step")


def _check_numbers(settings: Convention, given: Mapping[str, object]) -> None:
    """Raise ConfigError for a number outside its range; `given` are the ones to look at."""
    rules: dict[str, tuple[float, float, str]] = {
        "q": (0.0, 100.0, "between 0 and 100 (per cent)"),
        "tolerance": (0.0, inf, "finite and not negative"),
        "beta": (5e-324, inf, "finite and positive"),
        "exchange_rate": (0.0, inf, "finite and not negative"),
        "alpha": (0.0, 1.0, "between 0 and 1"),
        "tie_rtol": (0.0, 1.0, "between 0 and 1"),
        "width": (5e-324, inf, "finite and positive"),
        "dim": (0, 2, "0 (components), 1 (tunnels) or 2 (cavities)"),
    }
    for name in rules.keys() & given.keys():
        low, high, words = rules[name]
        value = getattr(settings, name)
        whole = name != "dim" or value % 1 == 0
        if isinstance(value, bool) or not (whole and isfinite(value) and low <= value <= high):
            message = f"{name} must be {words}, got {value!r}"
            raise ConfigError(message)
