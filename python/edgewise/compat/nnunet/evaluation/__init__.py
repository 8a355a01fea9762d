"""``nnunetv2.evaluation``."""

from __future__ import annotations

from . import evaluate_predictions as evaluate_predictions

__all__ = ["evaluate_predictions"]
