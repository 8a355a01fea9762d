"""Random calls of edt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .call import Call, Calls, function

if TYPE_CHECKING:
    from .draw import Draw

__all__ = ["CALLS"]

_DTYPES: Final = ("?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8")
_UNKNOWN: Final = ("f2", ">i4", ">f8", "c8", "U1")
_STEPS: Final = (0.1, 0.5, 0.7, 1, 2, 2.5, 4, 40)


def _labels(draw: Draw, shape: tuple[int, ...]) -> tuple[Any, str]:
    """Return labels in some type and layout, and which fault may show."""
    labels = draw.labels(shape) if draw.chance(0.6) else draw.mask(shape).astype(int)
    if draw.chance(0.15):
        labels += 1
    if draw.chance(0.03):
        return labels.astype(draw.choice(_UNKNOWN)), "edt-type-is-zero"
    array = labels.astype(draw.choice(_DTYPES))
    if array.dtype.kind in "if" and draw.chance(0.3):
        array = (array * -1).astype(array.dtype)
    if array.dtype.kind == "f" and draw.chance(0.3):
        array = array * array.dtype.type(0.3)
    array = draw.layout(array)
    refused = array.dtype.kind == "f" or (array.dtype.kind == "b" and array.ndim > 1)
    if refused and not array.flags.writeable:
        return array, "edt-read-only"
    return array, ""


def _anisotropy(draw: Draw, ndim: int) -> Any:
    if draw.chance(0.05):
        return draw.choice(
            ("1", (), (None,) * ndim, (1.0,), 2.0, (1, 2, 3, 4), (0, 1, 1), (-1.0,) * 3)
        )
    if ndim == 1:
        return draw.choice(_STEPS)
    steps = tuple(draw.choice(_STEPS) for _ in range(ndim))
    return draw.choice((steps, list(steps), np.array(steps)))


def _options(draw: Draw, ndim: int, *, least: int) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if draw.chance(0.6):
        options["anisotropy"] = _anisotropy(draw, ndim)
    if draw.chance(0.5):
        options["black_border"] = draw.choice((True, True, False, 1, 0, None))
    if ndim > 1 and draw.chance(0.3):
        options["parallel"] = draw.choice((least, 1, 2, 1.5, "1", None))
    return options


def _flexible(name: str) -> Any:
    def drawn(draw: Draw) -> Call:
        shape = draw.shape(1, 3, voxels=500) if draw.chance(0.95) else draw.shape(1, 5, voxels=90)
        if draw.chance(0.02):
            shape = (*shape[:-1], 0)
        labels, declared = _labels(draw, shape)
        if draw.chance(0.03):
            labels, declared = draw.choice((labels.tolist(), None, 3, np.array(4))), declared
        options = _options(draw, len(shape), least=0)
        if name != "sdfsq" and draw.chance(0.1):
            options["order"] = draw.choice(("C", "F", "x"))
        return Call(function(name), (labels,), options, declared)

    return drawn


def _direct(name: str, ndim: int) -> Any:
    def drawn(draw: Draw) -> Call:
        shape = draw.shape(ndim, ndim, voxels=500)
        if draw.chance(0.04):
            shape = draw.shape(1, 3, voxels=90)
        labels, declared = _labels(draw, shape)
        if not labels.flags.forc:
            declared = "edt-gaps"
        options = _options(draw, ndim, least=1)
        if ndim == 1:
            options.pop("parallel", None)
        return Call(function(name), (labels,), options, declared)

    return drawn


CALLS: Final[Calls] = {
    **{name: _flexible(name) for name in ("edt", "edtsq", "sdf", "sdfsq")},
    **{
        f"edt{ndim}d{squared}": _direct(f"edt{ndim}d{squared}", ndim)
        for ndim in (1, 2, 3)
        for squared in ("", "sq")
    },
}
