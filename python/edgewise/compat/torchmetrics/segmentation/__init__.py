"""``torchmetrics.segmentation``: metrics that collect batches."""

from __future__ import annotations

from .dice import DiceScore
from .generalized_dice import GeneralizedDiceScore
from .hausdorff_distance import HausdorffDistance
from .mean_iou import MeanIoU

__all__ = ["DiceScore", "GeneralizedDiceScore", "HausdorffDistance", "MeanIoU"]
