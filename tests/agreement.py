"""How equal two numbers have to be."""

from __future__ import annotations

import math


def same(ours, theirs, rel=0.0):
    """Both NaN, equal, or within the relative bound; infinity equals only itself."""
    ours, theirs = float(ours), float(theirs)
    if math.isnan(ours) or math.isnan(theirs):
        return math.isnan(ours) and math.isnan(theirs)
    if ours == theirs:
        return True
    if math.isinf(ours) or math.isinf(theirs):
        return False
    return abs(ours - theirs) <= rel * max(abs(ours), abs(theirs))


def close(ours, theirs, rel=1e-9, floor=1e-12):
    """As `same`, or both differ by less than `floor`, for differences of nearly equal terms."""
    if math.isfinite(ours) and math.isfinite(theirs) and abs(ours - theirs) <= floor:
        return True
    return same(ours, theirs, rel)
