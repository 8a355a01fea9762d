"""Drop-in for nnU-Net 2.8: ``nnunetv2.evaluation.evaluate_predictions``, flat and under its path.

Segmentations are read by `edgewise.io` and counted in one pass for all labels and regions;
``summary.json`` is the same to the byte. nnU-Net itself is needed only for readers and label
managers of one's own.
"""

from __future__ import annotations

from . import evaluation as evaluation
from .evaluation.evaluate_predictions import *  # noqa: F403
from .evaluation.evaluate_predictions import __all__ as _names

__all__ = ["evaluation", *_names]
