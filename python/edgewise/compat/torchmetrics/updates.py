"""What torchmetrics' classes call for a batch: `edgewise.patch` replaces these inner functions."""

from __future__ import annotations

from .functional.segmentation.dice import _dice_score_update
from .functional.segmentation.generalized_dice import _generalized_dice_update
from .functional.segmentation.mean_iou import _mean_iou_update

__all__ = ["_dice_score_update", "_generalized_dice_update", "_mean_iou_update"]
