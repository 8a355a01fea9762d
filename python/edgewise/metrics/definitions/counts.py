"""Counts of voxels, and volumes."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Final

from .row import IGNORE, Definition
from .sources import TAHA

if TYPE_CHECKING:
    from .row import Better

__all__ = ["DEFINITIONS"]


def _counts(
    name: str,
    title: str,
    formula: str,
    unit: str = "voxels",
    empty: tuple[str, str, str] = ("0", "value", "value"),
    *,
    low: float = 0,
    better: Better | None = None,
) -> Definition:
    return Definition(
        name,
        title,
        formula,
        "counts",
        unit,
        low,
        inf,
        better,
        None,
        ("counts",),
        empty,
        parameters={"spacing": None, **IGNORE},
        source=TAHA,
    )


DEFINITIONS: Final = (
    _counts("tp", "true positives", "|R and P|", empty=("0", "0", "0")),
    _counts("fp", "false positives", "|P without R|", empty=("0", "value", "0")),
    _counts("fn", "false negatives", "|R without P|", empty=("0", "0", "value")),
    _counts("tn", "true negatives", "N - |R or P|", empty=("N", "value", "value")),
    _counts("n_ref", "size of the reference", "|R|", empty=("0", "0", "value")),
    _counts("n_pred", "size of the prediction", "|P|", empty=("0", "value", "0")),
    _counts("n_union", "size of the union", "|R or P|"),
    _counts("volume_ref", "volume of the reference", "|R| v", "mm^d", ("0", "0", "value")),
    _counts("volume_pred", "volume of the prediction", "|P| v", "mm^d", ("0", "value", "0")),
    _counts(
        "volume_difference",
        "signed difference of volumes",
        "(|P| - |R|) v",
        "mm^d",
        low=-inf,
        better="zero",
    ),
    _counts(
        "absolute_volume_difference",
        "absolute difference of volumes",
        "||P| - |R|| v",
        "mm^d",
        better="smaller",
    ),
)
