"""What a network's answer is: one output of those it may return, a voxel of it for each voxel."""

from __future__ import annotations

from typing import Any

from edgewise.errors import ConfigError

__all__ = ["check_answers_voxels", "main_output"]


def main_output(output: Any) -> Any:  # noqa: ANN401
    """Return the logits at full resolution of whatever a network returned.

    Parameters
    ----------
    output : Tensor, or tuple or list of Tensor
        With deep supervision the finest comes first; ``{"out": ...}`` of torchvision's networks
        is understood as well.

    Returns
    -------
    Tensor
        (N, classes, ...).
    """
    if isinstance(output, tuple | list):
        return output[0]
    if isinstance(output, dict):
        return output["out"]
    return output


def check_answers_voxels(network: Any) -> None:  # noqa: ANN401
    """Raise unless a network answers voxels, as it must to be trained or tiled on label maps.

    Parameters
    ----------
    network : torch.nn.Module or callable
        With the attribute ``jump`` if its answers lie some voxels apart, as those of `LeNetFCN`.

    Raises
    ------
    ConfigError
        If there is not an answer for each voxel. Its map would be taken for the middle of the tile.
    """
    jump = getattr(network, "jump", 1)
    if jump != 1:
        message = f"{type(network).__name__} answers every {jump}th voxel, which is no label map; "
        message += "run it on the whole image and bring its scores back by upsample_scores"
        raise ConfigError(message)
