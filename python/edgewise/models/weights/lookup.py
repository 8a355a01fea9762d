"""Published weights on this machine; nothing is fetched, the message says where to get them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from edgewise.errors import ConfigError, InputError, ReadError
from edgewise.models.registry import model_info

from .files import sha256

if TYPE_CHECKING:
    from edgewise.models.card import KnownWeights

__all__ = ["weights_path"]


def weights_path(name: str, *, file: str | None = None) -> Path:
    """Return where a file of published weights lies.

    Parameters
    ----------
    name : str
        A network of the registry.
    file : str, optional
        Which of its known files. Default: the first that its card lists.

    Returns
    -------
    Path
        In ``$EDGEWISE_WEIGHTS``, or in the cache of ``torch.hub``; its SHA-256 is as published
        where that is known.

    Raises
    ------
    ConfigError
        If no published weights are known for the network, or `file` is none of them.
    InputError
        If the file is not here; the message says where its authors publish it.
    ReadError
        If the file is here and its content is not what was published.
    """
    known = _known(name, file)
    folders = [Path(torch.hub.get_dir()) / "checkpoints"]
    if os.environ.get("EDGEWISE_WEIGHTS"):
        folders.insert(0, Path(os.environ["EDGEWISE_WEIGHTS"]))
    for folder in folders:
        path = folder / known.file
        if path.is_file():
            _check(path, known)
            return path
    looked = ", ".join(str(folder) for folder in folders)
    message = f"{known.file} is not in {looked}; it is published by {known.published}"
    message += f" (SHA-256 {known.sha256})" if known.sha256 else ""
    message += "; put it there, or set EDGEWISE_WEIGHTS to its folder"
    raise InputError(message, code="missing_weights")


def _known(name: str, file: str | None) -> KnownWeights:
    weights = model_info(name).weights
    if not weights:
        message = f"no published weights are known for {name}"
        raise ConfigError(message)
    for known in weights:
        if file in (None, known.file):
            return known
    message = f"file {file!r}: known for {name} are {', '.join(k.file for k in weights)}"
    raise ConfigError(message)


def _check(path: Path, known: KnownWeights) -> None:
    if known.sha256 and not sha256(path).startswith(known.sha256):
        message = f"{path}: its SHA-256 is not the published {known.sha256}; fetch it again"
        raise ReadError(message, code="wrong_checksum")
