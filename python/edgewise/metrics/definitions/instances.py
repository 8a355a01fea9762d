"""Agreement of instances."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Final

from .row import IGNORE, Definition

if TYPE_CHECKING:
    from .row import Better

__all__ = ["DEFINITIONS"]

_KIRILLOV: Final = "Kirillov et al., Panoptic segmentation, CVPR 2019"


def _instances(
    name: str,
    title: str,
    formula: str,
    empty: tuple[str, str, str],
    *,
    unit: str = "1",
    other: str = "",
    better: Better | None = "larger",
) -> Definition:
    score = unit == "1"
    return Definition(
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
        parameters={"connectivity": None, "spacing": None, "squeeze": None, **IGNORE},
        source=_KIRILLOV,
    )


DEFINITIONS: Final = (
    _instances(
        "pq",
        "panoptic quality",
        "sum of IoU over TP / (TP + FP/2 + FN/2)",
        ("NaN", "0", "0"),
    ),
    _instances(
        "sq", "segmentation quality", "mean IoU over TP", ("NaN", "NaN", "NaN"), other="TP = 0: NaN"
    ),
    _instances(
        "rq", "recognition quality (detection F1)", "TP / (TP + FP/2 + FN/2)", ("NaN", "0", "0")
    ),
    _instances(
        "instance_tp",
        "matched instances",
        "pairs with IoU > 1/2",
        ("0", "0", "0"),
        unit="instances",
        better=None,
    ),
    _instances(
        "instance_fp",
        "predicted instances without partner",
        "unmatched predictions",
        ("0", "value", "0"),
        unit="instances",
        better=None,
    ),
    _instances(
        "instance_fn",
        "reference instances without partner",
        "unmatched references",
        ("0", "0", "value"),
        unit="instances",
        better=None,
    ),
)
