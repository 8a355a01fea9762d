"""Drop-in for ``skimage.measure``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edgewise.compat.originals import original
from edgewise.voxels import connected_components

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["label"]


def label(
    label_image: Any,
    background: int | None = None,
    return_num: bool = False,
    connectivity: int | None = None,
) -> Any:
    """Return the numbered connected regions of equal values of an array.

    Parameters
    ----------
    label_image : array of bool, integers or what converts to int64
        One to three axes, bool any number (more than three: SciPy's function runs). Fractions are
        cut off.
    background : int, optional
        The value that gets 0. Default: 0. Of a bool array what is not 1 is taken as 0.
    return_num : bool, default False
        Whether to return the number of regions as well.
    connectivity : int, optional
        Which elements touch: 1 = those that share a face, up to the number of axes = also those
        that share only a corner. Default: the number of axes.

    Returns
    -------
    labels : array of int64, of int32 for a bool array
        1 to n in raster order, for a shape (a, b, 1) of integers in that of the axes (1, 0, 2).
    num : int, only if `return_num`

    Raises
    ------
    AttributeError
        If `label_image` is not an array.
    ValueError
        If `connectivity` is not from 1 to the number of axes.
    NotImplementedError
        If there are no axes, or more than three and the values are not bool.
    """
    if label_image.dtype == bool:
        return _label_mask(label_image, background, return_num, connectivity)
    image = label_image.astype(np.intp, copy=False)
    if not 1 <= image.ndim <= 3:
        message = f"label_image must have one to three axes, got {image.ndim}"
        raise NotImplementedError(message)
    value = _whole(background)
    steps = _steps(connectivity, image.ndim)
    if value:  # one to one, and only the background becomes 0
        image = image ^ value
    elif label_image.dtype.kind in "iu" and label_image.dtype.isnative:
        image = label_image
    return _numbered(image, steps, return_num, np.dtype(np.int64))


def _label_mask(
    mask: NDArray[np.bool_], background: Any, return_num: bool, connectivity: int | None
) -> Any:
    steps = _steps(connectivity, mask.ndim)
    if mask.ndim > 3:
        run = original("skimage.measure._label:label", why="components of more than three axes")
        return run(mask, background, return_num, connectivity)
    return _numbered(~mask if background == 1 else mask, steps, return_num, np.dtype(np.int32))


def _whole(background: Any) -> int:
    if background is None:
        return 0
    if not hasattr(background, "__int__"):
        message = f"background must be a whole number, got {background!r}"
        raise TypeError(message)
    value = int(background)
    if not -(2**63) <= value < 2**63:
        message = f"background must be an int64, got {value}"
        raise OverflowError(message)
    return value


def _steps(connectivity: Any, ndim: int) -> int:
    if connectivity is None:
        connectivity = ndim
    if not 1 <= connectivity <= ndim:
        message = f"connectivity must be 1 to {ndim}, got {connectivity}"
        raise ValueError(message)
    return int(connectivity)


def _numbered(image: NDArray[Any], steps: int, return_num: bool, dtype: np.dtype[Any]) -> Any:
    if not image.size:
        labels, num = np.zeros(image.shape, dtype), 0
    else:
        turned = dtype == np.int64 and image.shape[-1] == 1 and image.ndim == 3
        found = connected_components(
            image.transpose(1, 0, 2) if turned else image, connectivity=steps
        )
        num = int(found.max()) if return_num else 0
        labels = found.astype(dtype) if dtype == np.int64 else found.view(dtype)
        labels = labels.transpose(1, 0, 2) if turned else labels
    return (labels, num) if return_num else labels
