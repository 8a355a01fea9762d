"""A network as one file that runs without its source: ``torch.export``.

The program holds every layer and weight, for images of one shape and any number of them at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch

from edgewise.errors import ConfigError, ShapeError
from edgewise.models.arguments import check_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import nn

__all__ = ["export_program"]


def export_program(
    network: nn.Module,
    path: str | Path,
    *,
    shape: Sequence[int],
    free: Literal["nothing", "batch"] = "batch",
) -> Any:  # noqa: ANN401
    """Write a network for inference as a ``.pt2`` file.

    Parameters
    ----------
    network : torch.nn.Module
        As in the registry; put into evaluation mode for the export and back afterwards.
    path : path
        Ends in ``.pt2``; ``torch.export.load(path).module()`` runs it.
    shape : sequence of int
        Spatial shape of the images, voxels.
    free : {"batch", "nothing"}, default "batch"
        Whether the number of images may be any, or is 1.

    Returns
    -------
    torch.export.ExportedProgram
        What was written.

    Raises
    ------
    ConfigError
        If `path` has another suffix or lies in no folder, `free` is unknown, or `shape` holds no
        sizes.
    ShapeError
        If the network does not take images of `shape`.
    """
    path = Path(path)
    if path.suffix != ".pt2":
        message = f"{path}: exported programs are called .pt2"
        raise ConfigError(message)
    if free not in ("batch", "nothing"):
        message = f"free {free!r}: choose 'batch' or 'nothing'"
        raise ConfigError(message)
    if not path.parent.is_dir():
        message = f"{path}: there is no folder {path.parent}"
        raise ConfigError(message)
    check_rows({"shape": shape})
    if len(shape) != network.spatial_dims:
        message = f"shape {tuple(shape)} needs {network.spatial_dims} axes"
        raise ShapeError(message)
    parameter = next(network.parameters())
    count = 2 if free == "batch" else 1  # an axis of 1 would be taken for a constant
    image = torch.zeros(
        count, network.in_channels, *shape, dtype=parameter.dtype, device=parameter.device
    )
    dynamic = {0: torch.export.Dim("batch")} if free == "batch" else {}
    was_training = network.training
    network.eval()
    try:
        program = torch.export.export(network, (image,), dynamic_shapes=(dynamic,))
    finally:
        network.train(was_training)
    torch.export.save(program, path)
    return program
