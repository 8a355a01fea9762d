"""What can be done with the voxels of one array: distances, boundaries, components, morphology."""

from __future__ import annotations

from .boundary import boundary, surfels
from .components import connected_components
from .distance import distance_transform, label_distance_transform
from .labels import count_labels
from .morphology import dilate, erode, fill_holes
from .resample import resample, resample_argmax
from .resampler import ArgmaxResampler
from .thinning import skeleton
from .topology import betti_numbers, euler_characteristic

__all__ = [
    "ArgmaxResampler",
    "betti_numbers",
    "boundary",
    "connected_components",
    "count_labels",
    "dilate",
    "distance_transform",
    "erode",
    "euler_characteristic",
    "fill_holes",
    "label_distance_transform",
    "resample",
    "resample_argmax",
    "skeleton",
    "surfels",
]
