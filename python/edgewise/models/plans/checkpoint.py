"""nnU-Net's checkpoints: the weights, and what is said beside them.

A checkpoint is a pickle. It is read with ``weights_only``: tensors, containers and numpy's scalars,
nothing that could run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from edgewise.errors import ReadError
from edgewise.models.weights.copies import without_copies
from edgewise.models.weights.files import read_pickle

from .dataset import DatasetDescription, dataset_from
from .document import Document
from .plans import Plans, plans_from

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

__all__ = ["Checkpoint", "load_checkpoint"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A trained nnU-Net.

    Attributes
    ----------
    weights : dict of str to Tensor
        For ``load_state_dict``, each layer once, on the CPU.
    mirror_axes : tuple of int
        Spatial axes, in the network's order, that predictions may be averaged over by mirroring;
        empty if none.
    configuration : str
        Of the plans, such as ``"3d_fullres"``; empty if the file does not say.
    fold : str
        Of the cross-validation, or ``"all"``; empty if the file does not say.
    trainer : str
        nnU-Net's class that trained it.
    epoch : int
        How many epochs were done.
    plans : Plans, optional
        As stored in the file.
    dataset : DatasetDescription, optional
        As stored in the file.
    """

    weights: dict[str, Tensor]
    mirror_axes: tuple[int, ...]
    configuration: str
    fold: str
    trainer: str
    epoch: int
    plans: Plans | None
    dataset: DatasetDescription | None


def load_checkpoint(path: str | Path) -> Checkpoint:
    """Read a checkpoint of nnU-Net, such as ``fold_0/checkpoint_final.pth``.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    Checkpoint
        Its weights fit the network of its configuration:
        ``network.load_state_dict(checkpoint.weights)``.

    Raises
    ------
    ReadError
        If it cannot be read, is no checkpoint of nnU-Net, asks for code to be run (the message
        names the function), or holds two copies of a layer that differ.
    """
    content = read_pickle(path)
    if not isinstance(content, dict) or not isinstance(content.get("network_weights"), dict):
        message = f"{path}: no checkpoint of nnU-Net: it has no 'network_weights'"
        raise ReadError(message, code="not_a_checkpoint")
    said = Document(content, str(path))
    arguments = said.optional("init_args") or Document({}, str(path))
    plans, dataset = arguments.optional("plans"), arguments.optional("dataset_json")
    axes = content.get("inference_allowed_mirroring_axes") or ()
    if not isinstance(axes, list | tuple) or not all(isinstance(axis, int) for axis in axes):
        said.refuse("inference_allowed_mirroring_axes", "axes, or nothing")
    return Checkpoint(
        weights=without_copies(_tensors(said.inner("network_weights")), source=str(path)),
        mirror_axes=tuple(axes),
        configuration=str(arguments.content.get("configuration", "")),
        fold=str(arguments.content.get("fold", "")),
        trainer=str(content.get("trainer_name", "")),
        epoch=said.integer("current_epoch", 0),
        plans=plans_from(plans) if plans else None,
        dataset=dataset_from(dataset) if dataset else None,
    )


def _tensors(weights: Document) -> dict[str, Tensor]:
    for key, value in weights.content.items():
        if not isinstance(key, str) or not isinstance(value, torch.Tensor):
            message = f"{weights.place}: {key!r} is a {type(value).__name__}, not a tensor"
            raise ReadError(message, code="not_a_checkpoint")
    return weights.content
