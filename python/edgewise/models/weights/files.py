"""Reading and writing files of weights; nothing in a file is ever run.

safetensors and npz files hold numbers only. PyTorch's own files are pickles, which can name any
function: they are read with ``weights_only=True``, which knows tensors and containers, and with the
scalars and dtypes of numpy that trainers put beside their weights.
"""

from __future__ import annotations

import hashlib
import pickle
import re
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from edgewise._extras import require
from edgewise.errors import ConfigError, EdgewiseError, ReadError
from edgewise.io.whole import appearing

__all__ = ["read_pickle", "read_state", "save_weights", "sha256"]

_SCALAR: Final = np._core.multiarray.scalar  # type: ignore[attr-defined]
_HARMLESS: Final = [  # rebuild numbers; no other name is looked up
    _SCALAR,
    (_SCALAR, "numpy.core.multiarray.scalar"),  # what numpy 1 called it in the files of its time
    np.dtype,
    *{type(np.dtype(kind)) for kind in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "?")},
]
_WRAPPERS: Final = ("state_dict", "model_state_dict", "network_weights", "model_state", "model")
_PICKLES: Final = (".pth", ".pt", ".bin", ".ckpt", ".model")
# what readers raise on bytes that were changed or cut off, an odd offset (OSError) among them
_DAMAGE: Final = (
    OSError, RuntimeError, EOFError, ValueError, LookupError, TypeError, AttributeError,
    AssertionError, OverflowError, MemoryError, struct.error, zlib.error, zipfile.BadZipFile,
)  # fmt: skip


def read_state(path: str | Path) -> dict[str, Tensor]:
    """Read named tensors from a file.

    Parameters
    ----------
    path : path
        ``.safetensors``, ``.npz``, or PyTorch's ``.pth``, ``.pt``, ``.bin``, ``.ckpt``. A
        dictionary under ``state_dict``, ``model`` or the like is unwrapped.

    Returns
    -------
    dict of str to Tensor
        On the CPU.

    Raises
    ------
    ReadError
        If there is no such file, if it is damaged, or if it asks for code to be run; the message
        names the function it asks for.
    """
    path = Path(path)
    if not path.is_file():
        message = f"{path}: no such file of weights"
        raise ReadError(message, code="missing_file")
    suffix = path.suffix.lower()
    if suffix == ".safetensors":
        return _read_safetensors(path)
    if suffix == ".npz":
        return _read_npz(path)
    if suffix in _PICKLES:
        return _named_tensors(read_pickle(path), path)
    message = f"{path}: weights are read from .safetensors, .npz, {', '.join(_PICKLES)}"
    raise ReadError(message)


def read_pickle(path: str | Path) -> Any:  # noqa: ANN401
    """Read what ``torch.save`` wrote, if it is numbers and containers.

    Raises
    ------
    ReadError
        If it is damaged, or names a function; the message says which.
    """
    try:
        with torch.serialization.safe_globals(_HARMLESS):
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise _refusal(Path(path), error) from error
    except FileNotFoundError as error:
        message = f"{path}: no such file of weights"
        raise ReadError(message, code="missing_file") from error
    except (IsADirectoryError, PermissionError) as error:
        message = f"{path}: cannot be read ({error.strerror})"
        raise ReadError(message) from error
    except _DAMAGE as error:
        raise ReadError(_damaged(Path(path), error)) from error


def save_weights(model: nn.Module, path: str | Path) -> None:
    """Write the state of `model` as safetensors, in one step.

    Parameters
    ----------
    model : torch.nn.Module
        Parameters and buffers are written; tensors that share memory are written once each.
    path : path
        Ends in ``.safetensors``. An older file is replaced only when the new one is complete.

    Raises
    ------
    ConfigError
        If `path` has another suffix, or `model` holds no values (``torch.device("meta")``).
    EdgewiseError
        If `path` cannot be written; an older file stays as it was.
    MissingExtraError
        If safetensors is not installed.
    """
    path = Path(path)
    if path.suffix.lower() != ".safetensors":
        message = f"{path}: weights are saved as .safetensors"
        raise ConfigError(message)
    save = require("safetensors.torch", extra="models").save_file
    failed = require("safetensors", extra="models").SafetensorError
    state = model.state_dict()
    if any(value.is_meta for value in state.values()):
        message = (
            f"{path}: {type(model).__name__} is on the meta device and holds no values to save"
        )
        raise ConfigError(message)
    copies = {k: v.detach().cpu().contiguous().clone() for k, v in state.items()}
    try:
        with appearing(path) as partial:
            save(copies, str(partial))
    except (failed, OSError) as error:
        message = f"{path}: cannot be written ({_first_line(error)})"
        raise EdgewiseError(message) from error


def sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    loader = require("safetensors.torch", extra="models")
    broken = require("safetensors", extra="models").SafetensorError
    try:
        return loader.load_file(str(path))
    except (broken, *_DAMAGE) as error:
        message = f"{path}: damaged, or not safetensors ({_first_line(error)})"
        raise ReadError(message) from error


def _read_npz(path: Path) -> dict[str, Tensor]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {key: _tensor(archive[key]) for key in archive}
    except _DAMAGE as error:
        message = f"{path}: damaged, or holds more than numbers ({_first_line(error)})"
        raise ReadError(message) from error


def _tensor(array: np.ndarray) -> Tensor:
    """Copy an array, in this machine's byte order; a single number stays one (no axes)."""
    return torch.from_numpy(array.astype(array.dtype.newbyteorder("="), order="C"))


def _named_tensors(content: Any, path: Path) -> dict[str, Tensor]:  # noqa: ANN401
    for _ in range(2):  # wrappers are at most two deep in the wild
        if not isinstance(content, dict):
            break
        state = {str(k): v for k, v in content.items() if isinstance(v, Tensor)}
        inner = next((w for w in _WRAPPERS if isinstance(content.get(w), dict)), None)
        if state and inner is None:
            return state
        if inner is None:
            break
        content = content[inner]
    if isinstance(content, dict) and any(isinstance(v, Tensor) for v in content.values()):
        return {str(k): v for k, v in content.items() if isinstance(v, Tensor)}
    message = f"{path}: no dictionary of tensors in it; save model.state_dict()"
    raise ReadError(message)


def _refusal(path: Path, error: pickle.UnpicklingError) -> ReadError:
    """Tell a file that names a function from one whose bytes make no sense."""
    found = re.search(r"GLOBAL (\S+)", str(error))
    if found is not None:
        message = f"{path}: asks for {found.group(1)} to be run, so it is not loaded; "
        return ReadError(message + "save a plain state dict", code="unsafe_file")
    detail = re.search(r"WeightsUnpickler error: (.+)|(Unsupported operand \d+)", str(error))
    told = next(filter(None, detail.groups())) if detail else "its pickle cannot be followed"
    message = f"{path}: damaged, or holds more than tensors and numbers ({told}); not loaded"
    return ReadError(message, code="unsafe_file")


def _damaged(path: Path, error: BaseException) -> str:
    return f"{path}: damaged, or not a file of weights ({_first_line(error)})"


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
