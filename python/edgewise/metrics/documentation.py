"""Docstrings of the metric functions, completed from the table of definitions."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from .definitions import METRICS, Definition

__all__ = ["documented", "empty_words", "range_words"]

_Function = TypeVar("_Function", bound=Callable[..., Any])

_MASKS: Final = """\
reference, prediction : array_like of bool, or of 0 and 1
    Two masks of the same shape{axes}.
    Any numeric type and memory order; never modified."""
_MAPS: Final = """\
reference, prediction : array_like of integers
    Two label maps of the same shape. Any integer type and memory order; never modified."""
_INSTANCES: Final = """\
reference, prediction : array_like of bool or integers, 1 to 3 axes
    A bool array is split into connected components, an integer array is an instance map. Never
    modified."""

_PARAMETERS: Final[Mapping[str, str]] = {
    "spacing": """\
spacing : float or sequence of float, optional
    Voxel size along each axis of the array, in mm. Default: 1 along every axis.""",
    "boundary": """\
boundary : {"face", "edge18", "full", "surfel", "none"}, optional
    Which elements form the boundary. Default: the preset's (edgewise: "face"; surface Dice:
    "surfel").""",
    "edge": """\
edge : {"background", "foreground"}, optional
    What lies outside the array; around surface elements always background. Default: the preset's
    (edgewise: "background").""",
    "squeeze": """\
squeeze : bool, optional
    Whether axes of length 1 are removed first. Default: the preset's (edgewise: True).""",
    "ignore_mask": """\
ignore_mask : array_like of bool, optional
    Voxels that do not count, nor make a boundary.""",
    "ignore_label": """\
ignore_label : int, optional
    Voxels with this reference label do not count.""",
    "allow_negative_labels": """\
allow_negative_labels : bool, default False
    Whether negative values are ordinary labels.""",
    "preset": """\
preset : str, default "edgewise"
    The convention that decides what is not given; see ``convention``.""",
    "q": """\
q : float
    Level in [0, 100], per cent.""",
    "percentile": """\
percentile : {"linear", "lower", "higher", "nearest", "midpoint", "step"}, optional
    Interpolation between order statistics. Default: the preset's; always "step" for surface
    elements.""",
    "combine": """\
combine : str, optional
    How the two directions become one: "max", "pooled", "mean", "ref_to_pred" or
    "pred_to_ref"; for surface Dice "pooled" or "mean". Default: the preset's.""",
    "tolerance": """\
tolerance : float
    Largest distance that counts as agreement, in mm, at least 0. Has to be given unless the
    preset has one (metrics_reloaded, picture_story: 1; panoptica: the smallest spacing, 0.5
    without spacing).""",
    "tie_rtol": """\
tie_rtol : float, optional
    A distance up to ``tolerance * (1 + tie_rtol)`` counts as within. Default: the preset's
    (edgewise: 1e-9).""",
    "width": """\
width : float, optional
    Width of the strip in voxels (mm for ``strip="edt_lt_mm"``). Default: the preset's
    (edgewise: 2 % of the diagonal, at least 1).""",
    "strip": """\
strip : {"chess", "taxi", "edt_lt", "edt_lt_mm"}, optional
    What the strip loses its core by: erosion by the cube, by the cross, or distance to the
    boundary. Default: the preset's (edgewise: "chess").""",
    "thinning": """\
thinning : {"zhang", "lee"}, optional
    How skeletons are made. Default: the preset's (edgewise: "zhang" for 1 and 2 axes, "lee"
    for 3).""",
    "connectivity": """\
connectivity : int, optional
    Neighbourhood of the foreground, 1 (faces) to the number of axes (all neighbours, the
    default).""",
    "dim": """\
dim : {0, 1, 2}, optional
    Only components, tunnels (holes in 2D) or cavities. Default: the sum of the three.""",
    "beta": """\
beta : float, default 1.0
    Weight of sensitivity against precision.""",
    "exchange_rate": """\
exchange_rate : float, default 1.0
    Weight of a false positive against a true positive.""",
    "alpha": """\
alpha : float, default 0.5
    Weight of the reference's pairs in the error.""",
    "weights": """\
weights : {"linear", "quadratic"}, optional
    Weight of a disagreement by the distance of the ranks of the two labels. Default: all alike.""",
}


def empty_words(found: Definition) -> str:
    """Return what a metric is for empty masks, in one sentence."""
    both, reference, prediction = found.empty
    words = (
        f"Both masks empty: {both}; only the reference: {reference}; "
        f"only the prediction: {prediction}."
    )
    return f"{words} {found.other[0].upper()}{found.other[1:]}." if found.other else words


def range_words(found: Definition) -> str:
    """Return range and direction of a metric."""
    low, high = (f"{bound:g}" for bound in (found.low, found.high))
    direction = {
        "larger": ", larger is better",
        "smaller": ", smaller is better",
        "one": ", 1 is best",
        "zero": ", 0 is best",
        None: "",
    }[found.better]
    return f"{low} to {high}{direction}"


def _inputs(found: Definition) -> str:
    if found.family == "information":
        return _MAPS
    if found.family == "instances":
        return _INSTANCES
    any_axes = found.family in ("counts", "overlap")
    return _MASKS.format(axes="" if any_axes else ", 1 to 3 axes longer than 1")


def _parameter(name: str, found: Definition) -> str:
    """Return what a parameter is; every function takes a spacing, some without need."""
    words = _PARAMETERS[name]
    measures = found.unit in ("mm", "mm^d") or found.id_unit == "mm" or "width" in found.parameters
    return words if name != "spacing" or measures else f"{words}\n    Does not change the value."


def _docstring(function: Callable[..., Any], found: Definition) -> str:
    signature = inspect.signature(function)
    parameters = [_inputs(found)]
    parameters += [_parameter(name, found) for name in signature.parameters if name in _PARAMETERS]
    kind = "int" if signature.return_annotation == "int" else "float"
    unit = "" if found.unit == "1" else f" Unit: {found.unit}."
    return "\n".join(
        [
            (function.__doc__ or "").strip(),
            "",
            "Parameters",
            "----------",
            *parameters,
            "",
            "Returns",
            "-------",
            kind,
            textwrap.indent(f"{range_words(found)}.{unit}", "    "),
            "",
            "Raises",
            "------",
            "ShapeError",
            "    If the shapes differ, an axis has length 0, or there are too many axes.",
            "LabelError",
            "    If an array holds a value that is not allowed.",
            "SpacingError",
            "    If there is not one finite, positive spacing per axis.",
            "ConfigError",
            "    If an option has an unknown value.",
            "",
            "Notes",
            "-----",
            f"``{found.formula}``",
            "",
            empty_words(found),
            "",
            "References",
            "----------",
            f".. [1] {found.source}",
        ]
    )


def documented(function: _Function) -> _Function:
    """Complete the docstring of a metric function from its definition."""
    function.__doc__ = _docstring(function, METRICS[function.__name__])
    return function
