"""From stored values to labels: whole numbers, none negative, nothing guessed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from edgewise.errors import ConfigError, ReadError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgewise.image import Image

__all__ = ["as_labels", "zero_or_one"]

_LARGEST: Final = 2**31 - 1
_NEAR: Final = 1e-3  # how far rounding may have moved a label
_CHUNK: Final = 1 << 18  # values at a time: temporaries stay in the cache
_SHOWN: Final = 5


def as_labels(
    image: Image, *, threshold: float | None = None, nan: Literal["background"] | None = None
) -> Image:
    """Return the image with whole numbers from 0 to 2^31 - 1.

    Parameters
    ----------
    image : Image
        Integers are returned as they are; floating values within 0.001 of an integer are rounded
        and flagged ``float_labels``.
    threshold : float, optional
        Turns floating values that are not all whole into 1 (at least `threshold`) and 0, flagged
        ``thresholded``. Label maps are left alone.
    nan : {"background"}, optional
        Take NaN and inf as 0, flagged ``nan_as_background``. Default: they are an error.

    Returns
    -------
    Image
        With an integer array in the memory order of the input.

    Raises
    ------
    ReadError
        ``bad_label_value`` (names the first voxel), ``nan_in_labels`` (count and first voxel),
        ``non_integer_labels`` (up to five values), ``unsupported`` for other dtypes.

    Examples
    --------
    >>> import numpy as np
    >>> from edgewise.image import Image
    >>> labels = as_labels(Image(np.array([0.0, 2.0]), spacing=1.0))
    >>> labels.array.tolist(), labels.warnings
    ([0, 2], ('float_labels',))
    """
    if nan not in (None, "background"):
        message = f"nan must be 'background' or None, got {nan!r}"
        raise ConfigError(message)
    array = image.array
    if array.dtype.kind == "b":
        return replace(image, array=zero_or_one(array))
    if array.dtype.kind in "ui":
        _check_range(image)
        return image
    if array.dtype.kind != "f":
        message = f"{_name(image)}: holds {array.dtype}, labels are whole numbers; convert it first"
        raise ReadError(message, code="unsupported")
    return _from_float(image, threshold, nan)


def zero_or_one(array: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return booleans as 0 and 1; what counts as true in memory may be any other byte, too."""
    stored: NDArray[np.uint8] = array.view(np.uint8)
    if stored.size == 0 or stored.max() <= 1:
        return stored
    return np.not_equal(stored, 0).view(np.uint8)


def _name(image: Image) -> str:
    return "the array" if image.path is None else str(image.path)


def _place(flat_index: int, array: NDArray[Any]) -> tuple[int, ...]:
    """Return the index of a position in memory order."""
    order: Literal["C", "F"] = "F" if _is_fortran(array) else "C"
    return tuple(int(i) for i in np.unravel_index(flat_index, array.shape, order=order))


def _check_range(image: Image) -> None:
    array = image.array
    if array.dtype.itemsize <= 2 and array.dtype.kind == "u":
        return
    # as unsigned numbers the negative ones are the largest: one pass finds both
    unsigned = array.view(array.dtype.str.replace("i", "u"))
    limit = min(_LARGEST, np.iinfo(array.dtype).max)
    if array.size == 0 or int(unsigned.max()) <= limit:
        return
    flat = _in_memory_order(array)
    first = int(np.argmax((flat < 0) | (flat > limit)))
    message = (
        f"{_name(image)}: holds the label {flat[first]} at voxel {_place(first, array)}; "
        f"labels are 0 to {_LARGEST}, map it to one of them"
    )
    raise ReadError(message, code="bad_label_value")


def _in_memory_order(array: NDArray[Any]) -> NDArray[Any]:
    """Return a flat view; a copy in C order of arrays that are contiguous in neither order."""
    return array.reshape(-1, order="F" if _is_fortran(array) else "C")


def _is_fortran(array: NDArray[Any]) -> bool:
    return array.flags.f_contiguous and not array.flags.c_contiguous


def _from_float(image: Image, threshold: float | None, nan: str | None) -> Image:
    array = image.array
    if not (array.flags.c_contiguous or array.flags.f_contiguous):
        array = np.ascontiguousarray(array)
        image = replace(image, array=array)
    flat = _in_memory_order(array)
    finite = all(np.isfinite(flat[i : i + _CHUNK]).all() for i in range(0, flat.size, _CHUNK))
    if not finite and nan is None:
        raise _nan_error(image, flat)
    codes = [] if finite else ["nan_as_background"]
    labels = _rounded(image, flat)
    if labels is not None:
        codes.append("float_labels")
    elif threshold is None:
        raise _fraction_error(image, flat)
    else:
        labels = (np.isfinite(flat) & (flat >= threshold)).astype(np.uint8)
        codes.append("thresholded")
    order: Literal["C", "F"] = "F" if _is_fortran(array) else "C"
    warnings = tuple(dict.fromkeys((*image.warnings, *codes)))
    return replace(image, array=labels.reshape(array.shape, order=order), warnings=warnings)


def _rounded(image: Image, flat: NDArray[Any]) -> NDArray[Any] | None:
    """Return the nearest integers, 0 for what is not finite; None if there are fractions."""
    out = np.empty(flat.size, dtype=np.int32)
    for start in range(0, flat.size, _CHUNK):
        part = flat[start : start + _CHUNK]
        part = np.where(np.isfinite(part), part, part.dtype.type(0))
        rounded = np.rint(part)
        if np.abs(part - rounded).max() > _NEAR:
            return None
        # as Python's floats: half and single precision round the limit itself
        if rounded.min() < 0 or float(rounded.max()) > _LARGEST:
            raise _range_error(image, flat, start, rounded)
        out[start : start + _CHUNK] = rounded
    return out


def _nan_error(image: Image, flat: NDArray[Any]) -> ReadError:
    bad = ~np.isfinite(flat)
    place = _place(int(np.argmax(bad)), image.array)
    message = (
        f"{_name(image)}: holds NaN or inf at {int(bad.sum()):,} voxels, first {place}; "
        "nan='background' (--nan background) takes them as 0"
    )
    return ReadError(message, code="nan_in_labels")


def _range_error(image: Image, flat: NDArray[Any], start: int, rounded: NDArray[Any]) -> ReadError:
    wide = rounded.astype(np.float64)
    first = start + int(np.argmax((wide < 0) | (wide > _LARGEST)))
    message = (
        f"{_name(image)}: holds the label {flat[first]:g} at voxel {_place(first, image.array)}; "
        f"labels are 0 to {_LARGEST}, map it to one of them"
    )
    return ReadError(message, code="bad_label_value")


def _fraction_error(image: Image, flat: NDArray[Any]) -> ReadError:
    finite = flat[np.isfinite(flat)]
    fractions = finite[np.abs(finite - np.rint(finite)) > _NEAR]
    values = np.unique(fractions)
    shown = ", ".join(f"{v:g}" for v in values[:_SHOWN]) + (", ..." if len(values) > _SHOWN else "")
    advice = "was it resampled with linear interpolation? Use nearest neighbour"
    if finite.min() >= 0 and finite.max() <= 1:
        advice = "a probability map needs a threshold (--threshold 0.5)"
    message = f"{_name(image)}: holds fractions ({shown}) at {fractions.size:,} voxels; {advice}"
    return ReadError(message, code="non_integer_labels")
