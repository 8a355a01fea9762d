"""Random calls of connected-components-3d."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .call import Call, Calls, function

if TYPE_CHECKING:
    from .draw import Draw

__all__ = ["CALLS"]

_DTYPES: Final = ("?", "?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8")


def _image(draw: Draw, shape: tuple[int, ...]) -> Any:
    labels = draw.labels(shape) if draw.chance(0.6) else draw.mask(shape).astype(int)
    if draw.chance(0.1):
        labels += 1
    if draw.chance(0.03):
        return labels.astype(draw.choice((">i4", "c8", "U1", "g")))
    array = labels.astype(draw.choice(_DTYPES))
    if array.dtype.kind in "if" and draw.chance(0.3):
        array = (array * -1).astype(array.dtype)
    if array.dtype.kind == "f" and draw.chance(0.3):
        array = array * array.dtype.type(0.3)
    return draw.layout(array)


def _shape(draw: Draw) -> tuple[int, ...]:
    kind = draw.integer(0, 49)
    if kind == 0:
        return draw.shape(1, 4, voxels=60)
    if kind == 1:
        return (*draw.shape(0, 2, voxels=60), 0)
    if kind == 2:  # enough for uint32
        return draw.choice(((70, 40, 30), (500, 140), (700, 600), (66000,), (3, 150, 150)))
    return draw.shape(1, 3, voxels=500)


def _connectivity(draw: Draw, ndim: int) -> Any:
    if draw.chance(0.03):
        return draw.choice((4, 0, 5, "6", None, 6.0, 8))
    return draw.choice((4, 8, 8, 6, 26, 18) if ndim == 2 else (6, 18, 26))


def _fault(image: Any, connectivity: Any, *, binary: bool) -> str:
    """Return which of the library's faults may show."""
    if not isinstance(image, np.ndarray) or not image.size:
        return ""
    if not image.flags.writeable:
        return "cc3d-read-only"
    if not image.flags.forc and image.copy().flags.f_contiguous:
        return "cc3d-gaps"
    if binary or image.dtype.kind == "b":
        return _fault_of_masks(image, connectivity)
    parts = image.dtype.kind == "f" and (image % 1 != 0).any()
    huge = image.dtype == np.int64 and (image < 0).any()  # seen as unsigned
    return "cc3d-fractions-in-a-line" if parts or huge else ""


def _fault_of_masks(image: Any, connectivity: Any) -> str:
    if connectivity == 8:
        return "cc3d-background-labelled"
    if connectivity == 4 and image.dtype.kind != "b":
        return "cc3d-binary-image-of-labels"
    thin = image.ndim < 3 or min(image.shape) < 4
    return "cc3d-many-components" if thin and connectivity in (18, 26) else ""


def _components(draw: Draw) -> Call:
    shape = _shape(draw)
    image = _image(draw, shape)
    if draw.chance(0.02):
        image = draw.choice((image.tolist(), np.array(3), None))
    options: dict[str, Any] = {}
    if draw.chance(0.8):
        options["connectivity"] = _connectivity(draw, len(shape))
    if draw.chance(0.4):
        options["return_N"] = True
    known = getattr(image, "dtype", None) in _DTYPES  # which of two faults is told first
    if known and draw.chance(0.1):
        options["out_dtype"] = draw.choice((np.uint16, np.uint32, np.uint64, "u2", "i4", "x", int))
    if draw.chance(0.15):
        options["binary_image"] = True
    if draw.chance(0.05):
        options["delta"] = draw.choice((0, 0.0, 1, 0.4, "x", None))
    if draw.chance(0.05):
        options["periodic_boundary"] = True
    if draw.chance(0.03):
        options["max_labels"] = draw.choice((1, None, "x", 10**6))
    declared = _fault(image, options.get("connectivity", 26), binary="binary_image" in options)
    return Call(function("connected_components"), (image,), options, declared)


def _statistics(draw: Draw) -> Call:
    shape = _shape(draw)
    labels = draw.labels(shape, largest=draw.choice((1, 3, 6)))
    if draw.chance(0.03):
        labels = labels - 1
    if draw.chance(0.03):
        labels *= 1000
    if draw.chance(0.3):
        labels = 2 * labels
    kind = draw.choice(("?", "u1", "i1", "u2", "i4", "u4", "i8", "u8"))
    array: Any = draw.layout(labels.astype(kind))
    if draw.chance(0.02):
        array = draw.choice((array.astype(float), array.tolist(), None))
    options = {"no_slice_conversion": True} if draw.chance(0.5) else {}
    return Call(function("statistics"), (array,), options)


def _are_components(image: Any) -> bool:
    """Whether cc3d can be told so: in another byte order it reads anywhere in the memory."""
    dtype = image.dtype
    return dtype.isnative and dtype.kind in "biuf" and not (image < 0).any()


def _of_sizes(name: str) -> Any:
    def drawn(draw: Draw) -> Call:
        shape = _shape(draw)
        image = _image(draw, shape)
        options: dict[str, Any] = {"connectivity": _connectivity(draw, len(shape))}
        if draw.chance(0.4):
            options["return_N"] = True
        if draw.chance(0.15):
            options["binary_image"] = True
        if draw.chance(0.15) and _are_components(image):
            options["precomputed_ccl"] = True
        if name == "dust":
            size = draw.choice((0, 1, 2, 2, 3, 5, 10, 2.5, (1, 5), [2, 1000], (0, 1), "x"))
            for option in ("in_place", "invert"):
                if draw.chance(0.25):
                    options[option] = True
        else:
            size = draw.choice((0, 1, 1, 2, 2, 3, 5, 100, -1))
        declared = _fault(image, options["connectivity"], binary="binary_image" in options)
        if name == "largest_k" and find_spec("fastremap"):
            declared = declared or "without the package fastremap"
        return Call(function(name), (image, size), options, declared)

    return drawn


CALLS: Final[Calls] = {
    "connected_components": _components,
    "statistics": _statistics,
    "dust": _of_sizes("dust"),
    "largest_k": _of_sizes("largest_k"),
}
