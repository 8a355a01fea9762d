"""Reads masks and expected values of published figures: `pitfalls.json` beside the project, where
it exists.
"""

from __future__ import annotations

import json
import math
from functools import lru_cache
from pathlib import Path

import numpy as np

FILE = Path(__file__).resolve().parents[2] / "shared" / "cases" / "pitfalls.json"


@lru_cache(maxsize=1)
def document():
    """The parsed file, or a document without cases."""
    if not FILE.is_file():
        return {"cases": [], "aggregation_cases": []}
    return json.loads(FILE.read_text())


def decode(encoded):
    """One of the mask encodings as an array: bool, or labels for rows with digits above 1."""
    shape = tuple(encoded["shape"])
    kind = encoded["encoding"]
    if kind == "rows":
        digits = np.array([[int(c) for c in row] for row in encoded["rows"]], np.uint8)
        return digits if digits.max() > 1 else digits.astype(bool)
    mask = np.zeros(shape, bool)
    if kind == "coords":
        for index in encoded["coords"]:
            mask[tuple(index)] = True
    elif kind == "boxes":
        for box in encoded["boxes"]:
            mask[tuple(slice(a, b) for a, b in box)] = True
    elif kind == "ball":
        steps = np.array(encoded.get("spacing", [1.0] * len(shape)))
        # the centre is in the unit of index * spacing
        at = np.indices(shape).reshape(len(shape), -1).T * steps - np.array(encoded["center"])
        mask = (np.sqrt((at * at).sum(axis=1)) <= encoded["radius"]).reshape(shape)
    elif kind != "empty":
        message = f"unknown encoding {kind}"
        raise ValueError(message)
    return mask


@lru_cache(maxsize=2)
def masks(name):
    """(reference, prediction, spacing) of a case."""
    case = next(c for c in document()["cases"] if c["name"] == name)
    reference, prediction = decode(case["reference"]), decode(case["prediction"])
    if max(reference.max(), prediction.max()) > 1:
        reference, prediction = reference.astype(np.uint8), prediction.astype(np.uint8)
    return reference, prediction, tuple(case["spacing"])


def keywords(expected, ndim):
    """The call's keyword arguments for what an expectation states as convention and parameters."""
    words = {"hdq": "combine", "skeleton": "thinning", "tau": "tolerance", "d": "width"}
    how = {}
    for source in ("convention", "params"):
        for key, value in (expected.get(source) or {}).items():
            how[words.get(key, key)] = value
    if "connectivity" in how:
        how["connectivity"] = {"face": 1, "full": ndim}[how["connectivity"]]
    if "strip" in how and how.pop("edge", "background") != "background":
        message = "strips know one edge"
        raise ValueError(message)
    if how.get("boundary") == "surfel":
        how.pop("edge", None)
    if how.pop("iou_threshold", 0.5) != 0.5:
        message = "instances match above one half"
        raise ValueError(message)
    return how


def reproductions(metric, expected):
    """Keywords of every convention that is said to give the value.

    Left out: "all" (no choice matters), strips that do not start at the image's edge (edgewise does
    not offer them) and policies of a summary.
    """
    edges = {"bg": "background", "fg": "foreground"}
    for path in expected["reproduced_by"]:
        parts = path.split("/")
        how = {}
        if parts[0] in ("face", "edge18", "full"):
            how = {"boundary": parts[0], "edge": edges[parts[1]]}
            parts = parts[2:]
        elif parts[0] == "surfel":
            how = {"boundary": "surfel"}
            parts = parts[1:]
        elif parts[0] in ("zhang", "lee"):
            how = {"thinning": parts[0]}
        elif parts[0] in ("deepmind", "monai", "metrics_reloaded"):
            how = {"preset": parts[0]}
        elif metric == "boundary_iou" and parts[0] == "bg":
            how = {"strip": parts[1]}
        else:
            continue
        if "boundary" in how and metric == "hd_quantile":
            how["combine"], how["percentile"] = parts
        elif "boundary" in how and metric == "nsd":
            (how["combine"],) = parts
        for key, value in (expected.get("params") or {}).items():
            how[{"tau": "tolerance", "d": "width"}.get(key, key)] = value
        yield path, how


def number(value):
    """Numbers, and the words nan and inf."""
    return float(value)


def agrees(ours, expected):
    """Within the stated tolerance; NaN and infinity only as themselves."""
    value = number(expected["value"])
    if not math.isfinite(value):
        return ours == value or (math.isnan(ours) and math.isnan(value))
    return abs(ours - value) <= expected["tol"] * (1 + 1e-9)
