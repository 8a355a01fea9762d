"""Which voxels of a patch a network answers: all, or of unpadded networks those in the middle.

Patches are placed by what is answered, not by what is seen. A network that needs surroundings would
otherwise never be asked about the border of an image, and a voxel that a patch was centred on could
lie where it says nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from edgewise.errors import ShapeError
from edgewise.models.outputs import check_answers_voxels, main_output

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["answered_size", "middle"]


def answered_size(model: torch.nn.Module, patch: Sequence[int]) -> tuple[int, ...]:
    """Return how many voxels of a patch the network answers, per axis.

    The network runs once, on zeros, and is left as it was. It may be on the meta device.

    Raises
    ------
    ConfigError
        If the network does not answer voxels.
    ShapeError
        If the network does not take a patch of this size, or what it returns is no map of its
        classes over (the middle of) the patch.
    """
    check_answers_voxels(model)
    patch = tuple(patch)
    weight = next(model.parameters())
    zeros = torch.zeros(1, model.in_channels, *patch, dtype=weight.dtype, device=weight.device)
    modes = [(part, part.training) for part in model.modules()]  # some may be frozen
    try:
        with torch.inference_mode():
            shape = tuple(main_output(model.eval()(zeros)).shape)
    except ShapeError as error:
        message = f"patch_size {patch}: {error}"
        raise ShapeError(message) from error
    finally:
        for part, mode in modes:
            part.training = mode
    if len(shape) != len(patch) + 2 or shape[1] != model.classes:
        message = f"{type(model).__name__} answers a patch {patch} with shape {shape}; "
        message += f"a network that segments answers with (1, {model.classes}, ...)"
        raise ShapeError(message)
    if any(answered > seen for answered, seen in zip(shape[2:], patch, strict=True)):
        message = f"the network's output {shape[2:]} is larger than the patch {patch}"
        raise ShapeError(message)
    return shape[2:]


def middle(labels: torch.Tensor, size: Sequence[int]) -> torch.Tensor:
    """Return the middle of labels (N, ...), of a size that `answered_size` gives."""
    for axis, (seen, answered) in enumerate(zip(labels.shape[1:], size, strict=True), start=1):
        labels = labels.narrow(axis, (seen - answered) // 2, answered)
    return labels
