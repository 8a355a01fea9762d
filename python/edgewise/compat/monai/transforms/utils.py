"""Drop-in for ``monai.transforms.utils``: Euclidean distance transforms of all channels."""

from __future__ import annotations

import math
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from edgewise._extras import require
from edgewise.compat.originals import original
from edgewise.voxels import distance_transform

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["distance_transform_edt"]


def distance_transform_edt(
    img: Any,
    sampling: Any = None,
    return_distances: bool = True,
    return_indices: bool = False,
    distances: Any = None,
    indices: Any = None,
    *,
    block_params: Any = None,
    float64_distances: bool = False,
    corrected: bool = False,
) -> Any:
    """Return the distance of every element of every channel from the nearest 0.

    Parameters
    ----------
    img : Tensor or array [C, H, W] or [C, H, W, D]
        What is not 0 is foreground.
    sampling : number or sequence of one number per spatial axis, optional
        Default: 1.
    return_distances, return_indices : bool
        What is returned; one at least.
    distances, indices : optional
        If given, that result is neither returned nor written, as in MONAI.
    block_params, float64_distances
        Have an effect on a GPU only, where MONAI itself computes if cuCIM is installed.
    corrected : bool, default False
        Whether `distances` and `indices` are written to.

    Returns
    -------
    distances : float64 [C, spatial...]
    indices : int32 [C, axes, spatial...]
        Of the nearest 0; without any 0 that of SciPy, which is none. Both are tensors if `img` is
        one; None if nothing is returned.

    Raises
    ------
    RuntimeError
        If nothing is asked for, the number of axes is another, or of the spacings.
    """
    if not return_distances and not return_indices:
        message = "ask for distances, indices or both"
        raise RuntimeError(message)
    if img.ndim not in (3, 4):
        message = f"[C, H, W] or [C, H, W, D] is needed, got {tuple(img.shape)}"
        raise RuntimeError(message)
    if _is_for_cucim(img) and not corrected:
        theirs = original(
            "monai.transforms.utils:distance_transform_edt", why="transforms by cuCIM"
        )
        return theirs(
            img,
            sampling,
            return_distances,
            return_indices,
            distances,
            indices,
            block_params=block_params,
            float64_distances=float64_distances,
        )
    wanted = (return_distances, return_indices)
    found = [_channel(channel, _steps(sampling, img.ndim - 1), wanted) for channel in _masks(img)]
    results = []
    for number, (asked, given) in enumerate(zip(wanted, (distances, indices), strict=True)):
        if not asked or (given is not None and not corrected):
            continue
        kind = (np.float64, np.int32)[number]
        shape = tuple(img.shape) if number == 0 else (img.shape[0], img.ndim - 1, *img.shape[1:])
        stacked = np.array([one[number] for one in found], kind).reshape(shape)
        if given is None:
            results.append(_like(img, stacked))
        else:
            _write(given, stacked)
    if not results:
        return None
    return results[0] if len(results) == 1 else results


def _is_for_cucim(img: Any) -> bool:
    """Whether MONAI computes it on the GPU, where the image is."""
    return bool(getattr(img, "is_cuda", False)) and all(
        find_spec(name) is not None for name in ("monai", "cupy", "cucim")
    )


def _masks(img: Any) -> NDArray[np.bool_]:
    array = img if isinstance(img, np.ndarray) else img.detach().cpu().numpy()
    return np.asarray(array != 0)


def _steps(sampling: Any, ndim: int) -> tuple[float, ...]:
    if sampling is None:
        return (1.0,) * ndim
    steps = [sampling] * ndim if not np.iterable(sampling) else list(sampling)
    if len(steps) != ndim:
        message = f"sampling needs {ndim} numbers, got {sampling}"
        raise RuntimeError(message)
    return tuple(float(step) for step in steps)


def _channel(
    mask: NDArray[np.bool_], steps: tuple[float, ...], wanted: tuple[bool, bool]
) -> tuple[Any, Any]:
    """Return distances and indices of one channel; what is not wanted may be None."""
    if not all(step > 0 and math.isfinite(step) for step in steps):
        theirs = original(
            "scipy.ndimage:distance_transform_edt", why="spacings that are not positive"
        )
        return (theirs(mask, steps), theirs(mask, steps, False, True))
    if mask.size and mask.all():
        return _beyond(mask.shape, steps)
    if not wanted[1]:
        return distance_transform(mask, spacing=steps, dtype="float64"), None
    return distance_transform(mask, spacing=steps, dtype="float64", return_indices=True)


def _beyond(shape: tuple[int, ...], steps: tuple[float, ...]) -> tuple[Any, Any]:
    """Return what SciPy gives for foreground alone: as if there were a 0 at -1, 0, ..."""
    indices = np.zeros((len(shape), *shape), np.int32)
    indices[0] = -1
    offsets = np.indices(shape)
    offsets[0] += 1
    scale = np.reshape(steps, (-1,) + (1,) * len(shape))
    return np.sqrt(np.add.reduce((offsets * scale) ** 2, axis=0)), indices


def _like(img: Any, values: NDArray[Any]) -> Any:
    if isinstance(img, np.ndarray):
        return values
    torch = require("torch", extra="torch")
    tensor = torch.from_numpy(values).to(img.device)
    return tensor if type(img) is torch.Tensor else type(img)(tensor)


def _write(given: Any, values: NDArray[Any]) -> None:
    if isinstance(given, np.ndarray):
        given[...] = values
    else:
        given.copy_(_like(given, values))
