"""``torchmetrics.functional.segmentation.hausdorff_distance``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from edgewise._extras import require
from edgewise.compat.torchmetrics.arguments import check_flag, check_word
from edgewise.compat.torchmetrics.boundary_distance import farthest
from edgewise.compat.torchmetrics.masks import masks_of

if TYPE_CHECKING:
    from torch import Tensor

    from edgewise.compat.torchmetrics.arguments import InputFormat

__all__ = ["hausdorff_distance"]

torch = require("torch", extra="torch")

DistanceMetric: TypeAlias = Literal["euclidean", "chessboard", "taxicab"]

_METRICS: Final = ("euclidean", "chessboard", "taxicab")


def hausdorff_distance(
    preds: Tensor,
    target: Tensor,
    num_classes: int,
    include_background: bool = False,
    distance_metric: DistanceMetric = "euclidean",
    spacing: Tensor | list[float] | None = None,
    directed: bool = False,
    input_format: InputFormat = "one-hot",
    *,
    corrected: bool = False,
) -> Tensor:
    """Return the Hausdorff distance of the boundaries for every sample and class.

    Parameters
    ----------
    preds, target, num_classes, input_format
        As in `dice_score`; images, with `corrected` also lines and volumes.
    include_background : bool, default False
        Whether class 0 is measured.
    distance_metric : {"euclidean", "chessboard", "taxicab"}, default "euclidean"
        Length of a step.
    spacing : list of float, optional
        One per axis; a tensor only with `corrected`. Default: 1.
    directed : bool, default False
        From the prediction's boundary to the target's only.
    corrected : bool, default False
        Measures volumes and images that are not square, takes a tensor as spacing, and gives NaN
        where both masks are empty.

    Returns
    -------
    Tensor
        ``[N, C]``; inf where one mask is empty.

    Raises
    ------
    ValueError
        For unknown words and wrong types of options, masks other than 0 and 1, volumes.
    RuntimeError
        If shapes do not go together, a class is out of range, or both masks of a pair are empty.
    IndexError
        If images are higher than wide.
    """
    _hausdorff_distance_validate_args(
        num_classes, include_background, distance_metric, spacing, directed, input_format
    )
    sides = masks_of(preds, target, num_classes, input_format)
    first, second = (side.spread(background=include_background) for side in sides)
    found = torch.from_numpy(
        farthest(first, second, distance_metric, spacing, directed=directed, corrected=corrected)
    )
    return found.to(device=preds.device, dtype=torch.get_default_dtype())


def _hausdorff_distance_validate_args(
    num_classes: int,
    include_background: bool,
    distance_metric: DistanceMetric = "euclidean",
    spacing: Tensor | list[float] | None = None,
    directed: bool = False,
    input_format: InputFormat = "one-hot",
) -> None:
    if num_classes <= 0:
        message = f"num_classes must be positive, got {num_classes!r}"
        raise ValueError(message)
    check_flag("include_background", include_background)
    check_word("distance_metric", distance_metric, _METRICS)
    if spacing is not None and not isinstance(spacing, list | torch.Tensor):
        message = f"spacing must be a list or a tensor, got {type(spacing).__name__}"
        raise ValueError(message)
    check_flag("directed", directed)
    check_word("input_format", input_format)
