"""torchmetrics 1.9.0: what its drop-in promises, and its known faults."""

from __future__ import annotations

from typing import Final

from edgewise.compat.declared import Entry, Library, Quirk, Suite

__all__ = ["LIBRARY"]

_FUNCTIONS: Final = "torchmetrics.functional.segmentation."
_CLASSES: Final = "torchmetrics.segmentation."
_RUN_THROUGH: Final = (
    "under patch torchmetrics' own class stays, so that MetricCollection and wrappers know it, and "
    "runs through the functions that are replaced; here: a module of its own"
)
_LENGTHS: Final = (
    "the same bits where spacings are whole numbers; else distances are rounded once instead of at "
    "every step in single precision"
)


def _function(module: str, name: str) -> Entry:
    return Entry(name, f"{_FUNCTIONS}{module}:{name}")


def _inner(module: str, name: str) -> Entry:
    return Entry(
        f"updates.{name}",
        f"{_FUNCTIONS}{module}:{name}",
        note="what torchmetrics' class calls for a batch",
    )


def _class(module: str, name: str) -> Entry:
    return Entry(name, f"{_CLASSES}{module}:{name}", note=_RUN_THROUGH, patch=False)


_ENTRIES: Final = (
    _function("dice", "dice_score"),
    _function("generalized_dice", "generalized_dice_score"),
    _function("mean_iou", "mean_iou"),
    Entry(
        "hausdorff_distance",
        _FUNCTIONS + "hausdorff_distance:hausdorff_distance",
        "corrected",
        1e-6,
        note=_LENGTHS,
    ),
    _inner("dice", "_dice_score_update"),
    _inner("generalized_dice", "_generalized_dice_update"),
    _inner("mean_iou", "_mean_iou_update"),
    _class("dice", "DiceScore"),
    _class("generalized_dice", "GeneralizedDiceScore"),
    _class("mean_iou", "MeanIoU"),
    Entry(
        "HausdorffDistance",
        _CLASSES + "hausdorff_distance:HausdorffDistance",
        "corrected",
        1e-6,
        note=f"{_LENGTHS}; {_RUN_THROUGH}",
        patch=False,
    ),
)

LIBRARY: Final = Library(
    "torchmetrics",
    "torchmetrics",
    "torchmetrics",
    "1.9.0",
    _ENTRIES,
    (),
    (
        Suite("tests/unittests/segmentation/test_dice.py"),
        Suite("tests/unittests/segmentation/test_generalized_dice_score.py"),
        Suite("tests/unittests/segmentation/test_mean_iou.py"),
        Suite("tests/unittests/segmentation/test_hausdorff_distance.py"),
    ),
)
