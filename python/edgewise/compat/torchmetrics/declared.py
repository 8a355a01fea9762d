"""torchmetrics 1.9.0: what its drop-in promises, and its known faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edgewise.compat.declared import Entry, Library, Quirk, Suite

if TYPE_CHECKING:
    from edgewise.compat.declared import Tier

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


def _inner(module: str, name: str, tier: Tier = "exact") -> Entry:
    return Entry(
        f"updates.{name}",
        f"{_FUNCTIONS}{module}:{name}",
        tier,
        note="what torchmetrics' class calls for a batch",
    )


def _class(module: str, name: str, tier: Tier = "exact") -> Entry:
    return Entry(name, f"{_CLASSES}{module}:{name}", tier, note=_RUN_THROUGH, patch=False)


_ENTRIES: Final = (
    _function("dice", "dice_score"),
    Entry(
        "generalized_dice_score",
        _FUNCTIONS + "generalized_dice:generalized_dice_score",
        "corrected",
    ),
    _function("mean_iou", "mean_iou"),
    Entry(
        "hausdorff_distance",
        _FUNCTIONS + "hausdorff_distance:hausdorff_distance",
        "corrected",
        1e-6,
        note=_LENGTHS,
    ),
    _inner("dice", "_dice_score_update"),
    _inner("generalized_dice", "_generalized_dice_update", "corrected"),
    _inner("mean_iou", "_mean_iou_update"),
    _class("dice", "DiceScore"),
    _class("generalized_dice", "GeneralizedDiceScore", "corrected"),
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

_NONE_OF_INDEX: Final = "TestMeanIoU::test_mean_iou_functional"
_BOTH: Final = ("True", "False")
_WORDS: Final = "compares the words of an error"
_HAUSDORFF: Final = ("hausdorff_distance", "HausdorffDistance")
_GENERALIZED: Final = (
    "generalized_dice_score",
    "GeneralizedDiceScore",
    "updates._generalized_dice_update",
)
_ONES: Final = "torch.ones(1, 1, 2, 2, dtype=int)"
_NONE: Final = "torch.zeros(1, 1, 2, 2, dtype=int)"

_QUIRKS: Final = (
    Quirk(
        "torchmetrics-wide-images",
        _HAUSDORFF,
        "The distance transform addresses its result with the height instead of the width: images "
        "that are wider than high get distances of other pixels.",
        "peer.hausdorff_distance(*torch.tensor([[[[[1, 0, 0, 0]]]], [[[[0, 0, 0, 1]]]]]), "
        "1).item()",
        "3.1622776985168457",
        "3.0",
    ),
    Quirk(
        "torchmetrics-high-images",
        _HAUSDORFF,
        "Images that are higher than wide raise, for the same reason.",
        "peer.hausdorff_distance(*torch.tensor([[[[[1], [0], [0]]]], [[[[0], [0], [1]]]]]), "
        "1).item()",
        "IndexError",
        "2.0",
    ),
    Quirk(
        "torchmetrics-volumes",
        _HAUSDORFF,
        "Volumes raise: the default engine of the distance transform knows images only, and "
        "another cannot be chosen.",
        "peer.hausdorff_distance(*[torch.ones(1, 1, 2, 2, 2, dtype=int)] * 2, 1).item()",
        "ValueError",
        "0.0",
    ),
    Quirk(
        "torchmetrics-no-foreground",
        _HAUSDORFF,
        "One pair of empty masks in a batch raises (the maximum of nothing), which ends an "
        "evaluation.",
        f"peer.hausdorff_distance({_NONE}, {_NONE}, 1).item()",
        "RuntimeError",
        "nan",
    ),
    Quirk(
        "torchmetrics-spacing-tensor",
        _HAUSDORFF,
        "A tensor as spacing is documented and accepted, then refused by the distance transform.",
        f"peer.hausdorff_distance({_ONES}, {_ONES}, 1, spacing=torch.ones(2)).item()",
        "ValueError",
        "0.0",
    ),
    Quirk(
        "torchmetrics-generalized-dice-weights",
        _GENERALIZED,
        "A class that a sample lacks gets the weight of another class: weights are listed class by "
        "class and read sample by sample.",
        "peer.generalized_dice_score(torch.tensor([[0, 1, 1, 1], [0, 1, 1, 1]]), torch.tensor([[0, "
        "1, 1, 1], [1, 1, 1, 1]]), 2, input_format='index')[1].item()",
        "0.6835443377494812",
        "0.260869562625885",
    ),
    Quirk(
        "torchmetrics-generalized-dice-batch",
        _GENERALIZED,
        "The value of a sample depends on the other samples of its batch, whose classes weigh "
        "those that it lacks; alone a missed class has weight 0.",
        "[peer.generalized_dice_score(torch.tensor([[0, 1]] * n), torch.tensor([[0, 0], [0, "
        "1]])[:n], 2, input_format='index')[0].item() for n in (1, 2)]",
        "[0.6666666865348816, 0.2857142984867096]",
    ),
    Quirk(
        "torchmetrics-one-channel-scores",
        ("dice_score", "generalized_dice_score", "mean_iou", *_HAUSDORFF),
        "Floating masks are scores: of one channel the largest is always that channel, so that "
        "every mask is full.",
        "peer.dice_score(torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 2, 2), 1).item()",
        "1.0",
    ),
    Quirk(
        "torchmetrics-dice-above-one",
        ("dice_score", "DiceScore"),
        "Integers other than 0 and 1 are multiplied as they are.",
        "peer.dice_score(torch.tensor([[[2]]]), torch.tensor([[[2]]]), 1).item()",
        "2.0",
    ),
)

LIBRARY: Final = Library(
    "torchmetrics",
    "torchmetrics",
    "torchmetrics",
    "1.9.0",
    _ENTRIES,
    _QUIRKS,
    (
        Suite("tests/unittests/segmentation/test_dice.py"),
        Suite("tests/unittests/segmentation/test_generalized_dice_score.py"),
        Suite(
            "tests/unittests/segmentation/test_mean_iou.py",
            tuple(
                (f"{_NONE_OF_INDEX}[{kept}-preds5-target5-index-None]", _WORDS) for kept in _BOTH
            ),
        ),
        Suite("tests/unittests/segmentation/test_hausdorff_distance.py"),
    ),
)
