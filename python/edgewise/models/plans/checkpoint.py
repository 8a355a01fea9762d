"""nnU-Net's checkpoints: the weights, and what is said beside them.

A checkpoint is a pickle. It is read with ``weights_only``: tensors, containers and numpy's scalars,
nothing that could run. Each layer stands in it up to four times, because the modules of
dynamic-network-architectures know it by several names; copies are compared and dropped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import torch

from edgewise.errors import ReadError
from edgewise.models.weights.files import read_pickle

from .dataset import DatasetDescription, dataset_from
from .document import Document
from .plans import Plans, plans_from

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

__all__ = ["Checkpoint", "load_checkpoint", "without_copies"]

_WRAPPERS: Final = ("module.", "_orig_mod.")  # data parallel, compiled
_ENCODER_AGAIN: Final = "decoder.encoder."
_SEQUENCE: Final = re.compile(r"\.all_modules\.(\d+)\.")


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
    arguments: Mapping[str, Any] = content.get("init_args") or {}
    plans, dataset = arguments.get("plans"), arguments.get("dataset_json")
    return Checkpoint(
        weights=without_copies(content["network_weights"], source=str(path)),
        mirror_axes=tuple(content.get("inference_allowed_mirroring_axes") or ()),
        configuration=str(arguments.get("configuration", "")),
        fold=str(arguments.get("fold", "")),
        trainer=str(content.get("trainer_name", "")),
        epoch=int(content.get("current_epoch", 0)),
        plans=plans_from(Document(plans, f"{path}, plans")) if plans else None,
        dataset=dataset_from(Document(dataset, f"{path}, dataset_json")) if dataset else None,
    )


def without_copies(state: Mapping[str, Tensor], *, source: str) -> dict[str, Tensor]:
    """Return each tensor of a state of nnU-Net's networks once, under its plain name.

    Parameters
    ----------
    state : mapping of str to Tensor
        With or without copies ``*.all_modules.*`` and ``decoder.encoder.*`` and prefixes
        ``module.`` and ``_orig_mod.``.
    source : str
        What messages call it.

    Raises
    ------
    ReadError
        If a copy differs from its original, or has none.
    """
    state = {_unwrapped(key): value for key, value in state.items()}
    plain = {k: v for k, v in state.items() if _original_name(k) == k}
    for key, value in state.items():
        original = _original_name(key)
        if original not in plain:
            message = f"{source}: {key} is a copy of {original}, which is not there"
            raise ReadError(message, code="weights_do_not_fit")
        if original != key and not torch.equal(value, plain[original]):
            message = f"{source}: {key} and {original} are one layer and differ; "
            message += "the file was changed by hand, which of them counts is not known"
            raise ReadError(message, code="weights_do_not_fit")
    return plain


def _unwrapped(key: str) -> str:
    changed = True
    while changed:
        stripped = key
        for prefix in _WRAPPERS:
            stripped = stripped.removeprefix(prefix)
        changed = stripped != key
        key = stripped
    return key


def _original_name(key: str) -> str:
    """Return the plain name of a layer: the convolution is first in its sequence, norm is not."""
    if key.startswith(_ENCODER_AGAIN):
        key = key.removeprefix("decoder.")
    found = _SEQUENCE.search(key)
    if found is None:
        return key
    return key.replace(found.group(0), ".conv." if found.group(1) == "0" else ".norm.")
