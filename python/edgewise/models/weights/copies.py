"""Layers that stand in a file under several names: compared, then kept once.

The networks of dynamic-network-architectures, which nnU-Net trains, know a layer by its own name,
by its place in a sequence (``all_modules``) and, in the encoder, through the decoder as well. Their
state dicts hold it two or four times.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from edgewise.errors import ReadError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

__all__ = ["without_copies"]

_WRAPPERS: Final = ("module.", "_orig_mod.")  # data parallel, compiled
_ENCODER_AGAIN: Final = "decoder.encoder."
_SEQUENCE: Final = re.compile(r"\.all_modules\.(\d+)\.")


def without_copies(state: Mapping[str, Tensor], *, source: str = "this state") -> dict[str, Tensor]:
    """Return each tensor of a state of nnU-Net's networks once, under its plain name.

    Parameters
    ----------
    state : mapping of str to Tensor
        With or without copies ``*.all_modules.*`` and ``decoder.encoder.*`` and prefixes
        ``module.`` and ``_orig_mod.``.
    source : str
        What messages call it.

    Returns
    -------
    dict of str to Tensor
        Copies ``*.all_modules.*`` and ``decoder.encoder.*`` dropped, prefixes removed.

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
        if original != key and not _alike(value, plain[original]):
            message = f"{source}: {key} and {original} are one layer and differ; "
            message += "the file was changed by hand, which of them counts is not known"
            raise ReadError(message, code="weights_do_not_fit")
    return plain


def _alike(one: Tensor, other: Tensor) -> bool:
    """Whether two copies hold the same numbers; a NaN in both places is the same."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    return bool(((one == other) | ((one != one) & (other != other))).all())


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
