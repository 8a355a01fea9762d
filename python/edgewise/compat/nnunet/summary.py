"""Means over cases and labels, and ``summary.json``."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .files import read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .arrays import Class

__all__ = [
    "key_to_label_or_region",
    "label_or_region_to_key",
    "load_summary_json",
    "make_plain",
    "mean_metrics",
    "save_summary_json",
]

_WHOLE: Final = (np.int64, np.int32, np.int8, np.uint8)
_FLOATING: Final = (np.float64, np.float32, np.float16)


def label_or_region_to_key(label_or_region: Class) -> str:
    """Return the key of a label or region: ``"1"``, ``"(1, 2)"``."""
    return str(label_or_region)


def key_to_label_or_region(key: str) -> Class:
    """Return the label or region of a key.

    Raises
    ------
    ValueError
        If it holds anything but whole numbers.
    """
    try:
        return int(key)
    except ValueError:
        parts = key.replace("(", "").replace(")", "").split(",")
        return tuple(int(part) for part in parts if part)


def mean_metrics(
    results: Sequence[Mapping[str, Any]], classes: Sequence[Class], *, corrected: bool
) -> tuple[dict[Class, dict[str, Any]], dict[str, Any]]:
    """Return the means over cases per class, NaN left out, and their means over the foreground.

    Parameters
    ----------
    results : sequence
        Of `measure_case`.
    classes : sequence of int or tuple of int
        Labels and regions.
    corrected : bool
        Whether classes that no case has are left out of the second mean.
    """
    names = list(results[0]["metrics"][classes[0]])
    means = {
        one: {name: np.nanmean([case["metrics"][one][name] for case in results]) for name in names}
        for one in classes
    }
    inside = [one for one in means if one not in (0, "0")]
    foreground = {}
    for name in names:
        values = [means[one][name] for one in inside]
        if corrected:
            values = [value for value in values if not math.isnan(value)] or values
        foreground[name] = np.mean(values)
    return means, foreground


def make_plain(values: dict[Any, Any]) -> None:
    """Turn numpy's keys and numbers into Python's, in place, inner dicts as well."""
    for key in list(values):
        value = values[key]
        if isinstance(key, _WHOLE):
            del values[key]  # to its end, as in nnU-Net
            key = int(key)
        if isinstance(value, dict):
            make_plain(value)
        elif isinstance(value, np.bool_):
            value = bool(value)
        elif isinstance(value, _WHOLE):
            value = int(value)
        elif isinstance(value, _FLOATING):
            value = float(value)
        values[key] = value


def save_summary_json(results: dict[str, Any], output_file: str) -> None:
    """Write results, labels and regions as keys.

    Parameters
    ----------
    results : dict
        Of `compute_metrics_on_folder`.
    output_file : str
        An existing file is replaced.
    """
    written = _with_keys(results, label_or_region_to_key)
    with Path(output_file).open("w") as text:
        json.dump(written, text, sort_keys=True, indent=4)


def load_summary_json(filename: str) -> dict[str, Any]:
    """Read results, keys as labels and regions."""
    return _with_keys(read_json(filename), key_to_label_or_region)


def _with_keys(results: Mapping[str, Any], key: Callable[[Any], Any]) -> dict[str, Any]:
    made = dict(results)
    made["mean"] = {key(one): values for one, values in results["mean"].items()}
    made["metric_per_case"] = [
        dict(case) | {"metrics": {key(one): values for one, values in case["metrics"].items()}}
        for case in results["metric_per_case"]
    ]
    return made
