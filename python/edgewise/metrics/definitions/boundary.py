"""Shares of two boundaries that agree."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from .row import GRID, IGNORE, Definition

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DEFINITIONS"]

_NIKOLOV: Final = "Nikolov et al., J. Medical Internet Research 23:e26151, 2021"


def _surface(
    name: str,
    title: str,
    formula: str,
    empty: tuple[str, str, str] = ("NaN", "0", "0"),
    *,
    parameters: Mapping[str, object] = MappingProxyType({}),
    aliases: tuple[str, ...] = (),
) -> Definition:
    given = {"tolerance": ..., **parameters, "edge": None, "tie_rtol": None, **GRID, **IGNORE}
    return Definition(
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


DEFINITIONS: Final = (
    _surface(
        "nsd",
        "normalised surface distance (surface Dice), surface elements",
        "(w of D_RP within t + w of D_PR within t) / (W_R + W_P)",
        parameters={"boundary": None, "combine": None},
        aliases=("surface_dice",),
    ),
    _surface(
        "nsd_grid",
        "normalised surface distance, boundary voxels pooled",
        "as nsd, boundary voxels counted",
    ),
    _surface(
        "nsd_grid_mean",
        "normalised surface distance, mean of both directions",
        "(share of D_RP within t + share of D_PR within t) / 2, boundary voxels",
    ),
    _surface(
        "surface_overlap_ref",
        "share of the reference's surface within the tolerance",
        "w of D_RP within t / W_R",
        ("NaN", "NaN", "0"),
        parameters={"boundary": None},
    ),
    _surface(
        "surface_overlap_pred",
        "share of the prediction's surface within the tolerance",
        "w of D_PR within t / W_P",
        ("NaN", "0", "NaN"),
        parameters={"boundary": None},
    ),
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
        parameters={"width": None, "strip": None, **GRID, **IGNORE},
        id_parameter="width",
        source="Cheng et al., Boundary IoU, CVPR 2021",
    ),
)
