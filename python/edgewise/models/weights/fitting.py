"""Putting the tensors of a file into a network, and saying exactly what went where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edgewise.errors import ConfigError, ReadError

from .files import read_state

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from torch import Tensor, nn

__all__ = ["LoadReport", "load_state", "load_weights"]

_PREFIXES: Final = ("module.", "_orig_mod.", "model.")  # data parallel, compiled, wrapped
_SHOWN: Final = 4


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What became of every tensor of a file and of a network.

    Attributes
    ----------
    loaded : tuple of str
        Keys of the network that got values.
    renamed : tuple of (str, str)
        Keys of the file whose prefix was removed, and what they became.
    dropped : tuple of str
        Keys of the file that the network has no use for.
    missing : tuple of str
        Keys of the network that the file does not have; they keep their values.
    shape_mismatch : tuple of (str, tuple, tuple)
        Key, shape in the file, shape in the network; these keep their values.
    """

    loaded: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...]
    dropped: tuple[str, ...]
    missing: tuple[str, ...]
    shape_mismatch: tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...]

    def __str__(self) -> str:
        parts = [f"{len(self.loaded)} tensors loaded"]
        parts += [f"{len(self.renamed)} renamed"] if self.renamed else []
        parts += [f"dropped: {_some(self.dropped)}"] if self.dropped else []
        parts += [f"missing: {_some(self.missing)}"] if self.missing else []
        shapes = [
            f"{key} {there} in the file, {here} here" for key, there, here in self.shape_mismatch
        ]
        parts += [f"other shapes: {_some(shapes)}"] if shapes else []
        return "; ".join(parts)


def load_weights(
    model: nn.Module, path: str | Path, *, layout: str = "auto", strict: bool = True
) -> LoadReport:
    """Load a file of weights into a network.

    Parameters
    ----------
    model : torch.nn.Module
        Changed in place; stays on its device (from ``torch.device("meta")`` it moves to the CPU).
    path : path
        As for `read_state`.
    layout : str, default "auto"
        "auto": keys as the network's card says, with prefixes such as ``module.`` removed. Or a
        name in the network's ``layouts``, such as "up_first" of U-Net.
    strict : bool, default True
        Whether every tensor of the network has to be in the file and every one of the file in the
        network. What the network declares as droppable (an auxiliary head, say) never counts.

    Returns
    -------
    LoadReport
        What was loaded, renamed, dropped, missing.

    Raises
    ------
    ReadError
        If the file cannot be read safely, or does not fit and `strict` is set; then nothing is
        loaded.
    ConfigError
        For an unknown layout.
    """
    layouts = getattr(model, "layouts", {})
    if layout != "auto" and layout not in layouts:
        message = f"layout {layout!r}: {type(model).__name__} knows auto"
        message += "".join(f", {name}" for name in layouts)
        raise ConfigError(message)
    state = read_state(path)
    if layout != "auto":
        state = layouts[layout](state)
    return load_state(model, state, source=str(path), strict=strict)


def load_state(
    model: nn.Module, state: dict[str, Tensor], *, source: str, strict: bool = True
) -> LoadReport:
    """Load named tensors into a network.

    Parameters
    ----------
    model : torch.nn.Module
        Changed in place.
    state : dict of str to Tensor
        From `read_state`, for example.
    source : str
        What messages call it: the path of the file.
    strict : bool, default True
        As for `load_weights`.

    Returns
    -------
    LoadReport
        As for `load_weights`.

    Raises
    ------
    ReadError
        If it does not fit and `strict` is set.
    """
    own = model.state_dict()
    state, renamed = _without_prefixes(state, own)
    mismatch = tuple(
        (key, tuple(value.shape), tuple(own[key].shape))
        for key, value in state.items()
        if key in own and value.shape != own[key].shape
    )
    unfit = {key for key, _, _ in mismatch}
    fitting = {k: v for k, v in state.items() if k in own and k not in unfit}
    dropped = tuple(k for k in state if k not in own)
    missing = tuple(k for k in own if k not in state and not k.endswith("num_batches_tracked"))
    report = LoadReport(tuple(fitting), renamed, dropped, missing, mismatch)
    droppable: Sequence[str] = getattr(model, "droppable_keys", ())
    surplus = [k for k in dropped if not k.startswith(tuple(droppable))]
    if strict and (missing or mismatch or surplus):
        message = f"{source}: does not fit {type(model).__name__}: {report}; "
        message += "build it with the sizes it was trained with, or pass strict=False"
        raise ReadError(message, code="weights_do_not_fit")
    on_meta = any(value.is_meta for value in own.values())
    model.load_state_dict(fitting, strict=False, assign=on_meta)
    return report


def _without_prefixes(
    state: dict[str, Tensor], own: dict[str, Tensor]
) -> tuple[dict[str, Tensor], tuple[tuple[str, str], ...]]:
    """Remove prefixes that all keys carry and the network does not."""
    names = {key: key for key in state}
    changed = True
    while changed:
        changed = False
        for prefix in _PREFIXES:
            wrapped = all(name.startswith(prefix) for name in names.values())
            if names and wrapped and not any(key.startswith(prefix) for key in own):
                names = {key: name.removeprefix(prefix) for key, name in names.items()}
                changed = True
    renamed = tuple((key, name) for key, name in names.items() if key != name)
    return {name: state[key] for key, name in names.items()}, renamed


def _some(items: Sequence[str]) -> str:
    shown = ", ".join(items[:_SHOWN])
    return shown + (f" and {len(items) - _SHOWN} more" if len(items) > _SHOWN else "")
