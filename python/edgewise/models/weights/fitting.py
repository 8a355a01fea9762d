"""Putting the tensors of a file into a network, and saying exactly what went where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import torch

from edgewise.errors import ConfigError, EdgewiseError, ReadError

from .files import read_state

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from torch import Tensor, nn

__all__ = ["LoadReport", "load_state", "load_weights"]

_PREFIXES: Final = ("module.", "_orig_mod.", "model.")  # data parallel, compiled, wrapped
_COUNTER: Final = "num_batches_tracked"  # of batch normalisation; older files do without
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
        "auto": keys as the network's card says, with prefixes such as ``module.`` removed, or, if
        they do not fit, that of the network's ``layouts`` which makes most of them fit. A name in
        ``layouts``, such as "up_first" of U-Net, where fitting keys do not tell.
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
        If the file cannot be read safely, does not fit and `strict` is set, or nothing in it fits;
        then nothing is loaded.
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
    elif not _match(model, state).is_whole:
        state = _translated(model, state)
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
        If it does not fit and `strict` is set, or nothing in it fits.
    """
    match = _match(model, state)
    if strict and not match.is_whole:
        message = f"{source}: does not fit {type(model).__name__}: {match.report}; "
        message += "build it with the sizes it was trained with, or pass strict=False"
        raise ReadError(message, code="weights_do_not_fit")
    if not match.report.loaded:
        message = f"{source}: nothing in it fits {type(model).__name__}: {match.report}"
        raise ReadError(message, code="weights_do_not_fit")
    if any(value.is_meta for value in model.state_dict().values()):
        _give_memory(model, match, source)
    else:
        model.load_state_dict(match.fitting, strict=False)
    return match.report


def _give_memory(model: nn.Module, match: _Match, source: str) -> None:
    """Make the file's tensors those of a network on the meta device, in the network's precision."""
    own = model.state_dict()
    unfilled = [k for k in own if k not in match.fitting and not k.endswith(_COUNTER)]
    if unfilled:
        message = (
            f"{source}: has no values for {_some(unfilled)}, and {type(model).__name__} is on "
        )
        message += "the meta device and has none either; build it on the CPU"
        raise ReadError(message, code="weights_do_not_fit")
    values = {key: torch.zeros_like(value, device="cpu") for key, value in own.items()}
    values |= {key: value.to(own[key].dtype) for key, value in match.fitting.items()}
    model.load_state_dict(values, strict=True, assign=True)


@dataclass(frozen=True, slots=True)
class _Match:
    """Named tensors beside a network: what would be loaded, and whether nothing is amiss."""

    report: LoadReport
    fitting: dict[str, Tensor]
    is_whole: bool


def _match(model: nn.Module, state: dict[str, Tensor]) -> _Match:
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
    missing = tuple(k for k in own if k not in state and not k.endswith(_COUNTER))
    report = LoadReport(tuple(fitting), renamed, dropped, missing, mismatch)
    droppable = tuple(getattr(model, "droppable_keys", ()))
    surplus = [k for k in dropped if not k.startswith(droppable)]
    return _Match(report, fitting, not (missing or mismatch or surplus))


def _translated(model: nn.Module, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return `state` in the names, of the network and its layouts, under which most of it fits."""
    best, most = state, len(_match(model, state).report.loaded)
    for translate in getattr(model, "layouts", {}).values():
        try:
            translated = translate(state)
        except (KeyError, ValueError, IndexError, EdgewiseError):
            continue  # written for files of another kind
        match = _match(model, translated)
        if match.is_whole:
            return translated
        if len(match.report.loaded) > most:
            best, most = translated, len(match.report.loaded)
    return best


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
