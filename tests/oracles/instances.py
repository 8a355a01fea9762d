"""Panoptic quality by looking at every pair of instances."""

from __future__ import annotations

import math

from oracles.boundaries import elements


def instances(labels):
    """{label: set of elements} of an instance map."""
    found = {}
    for index in elements(labels):
        found.setdefault(int(labels[index]), set()).add(index)
    return found


def panoptic(reference, prediction, threshold=0.5):
    """Matched pairs are those with IoU above the threshold (>= 0.5, so partners are unique)."""
    r, p = instances(reference), instances(prediction)
    scores = []
    for a in r.values():
        for b in p.values():
            iou = len(a & b) / len(a | b)
            if iou > threshold:
                scores.append(iou)
    tp = len(scores)
    fp, fn = len(p) - tp, len(r) - tp
    below = tp + fp / 2 + fn / 2
    return {
        "instance_tp": tp,
        "instance_fp": fp,
        "instance_fn": fn,
        "pq": math.fsum(scores) / below if below else math.nan,
        "sq": math.fsum(scores) / tp if tp else math.nan,
        "rq": tp / below if below else math.nan,
    }
