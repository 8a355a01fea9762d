"""Components chosen by size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .components import connected_components
from .label_runs import label_counts
from .statistics import statistics

if TYPE_CHECKING:
    from edgewise._arguments import AnyArray

__all__ = ["dust", "largest_k"]


def dust(
    img: Any,
    threshold: Any,
    connectivity: Any = 26,
    in_place: Any = False,
    binary_image: Any = False,
    precomputed_ccl: Any = False,
    invert: Any = False,
    return_N: Any = False,
    *,
    corrected: bool = False,
) -> Any:
    """Return an image without its small components.

    Parameters
    ----------
    img : array, one to three axes
        0 is background.
    threshold : number, or (number, number)
        Components of fewer voxels are removed; with two numbers those of fewer than the first or
        at least the second.
    connectivity, binary_image
        As in `connected_components`.
    in_place : bool, default False
        Remove them from the image itself.
    precomputed_ccl : bool, default False
        The image holds components already.
    invert : bool, default False
        Keep what would be removed, and remove the rest.
    return_N : bool, default False
        Also return the number of components that are left.
    corrected : bool, default False
        Where nothing is removed, keep the type of the image (signed integers come back as unsigned
        otherwise), and empty the image itself where `invert` removes everything in place.
    """
    given = img
    image = _unsigned(img) if in_place else np.copy(_unsigned(img))
    if precomputed_ccl:
        components, number = image, np.max(image)
    else:
        components, number = connected_components(
            image, connectivity=connectivity, return_N=True, binary_image=bool(binary_image)
        )
    sizes = _sizes(components, number)[1:] if image.size else np.zeros(0, np.uint32)
    if not sizes.size:
        small = np.zeros(0, bool)
    elif isinstance(threshold, tuple | list):
        small = ~((threshold[0] <= sizes) & (sizes < threshold[1]))
    else:
        small = sizes < threshold
    removed = int(np.count_nonzero(small))
    left = removed if invert else number - removed
    if not removed and not corrected:
        if invert:
            image = np.zeros(image.shape, image.dtype, order="F")
        return (image, left) if return_N else image
    if removed or invert:
        gone = np.concatenate([[invert], ~small if invert else small])
        numbers = components.view(np.uint8) if components.dtype == np.bool_ else components
        image[gone[numbers]] = 0
    image = image.view(given.dtype)
    return (image, left) if return_N else image


def largest_k(
    img: Any,
    k: Any,
    connectivity: Any = 26,
    delta: Any = 0,
    return_N: Any = False,
    binary_image: Any = False,
    precomputed_ccl: Any = False,
) -> Any:
    """Return the k largest components, numbered by ascending size; as bool if k is 1.

    Of equal sizes the choice is numpy's ``argpartition``. If there are no more than k, all, as
    `connected_components` numbers them.

    Parameters
    ----------
    img : array, one to three axes
        0 is background.
    k : int
        Number of components.
    connectivity, delta, binary_image
        As in `connected_components`.
    return_N : bool, default False
        Also return the number of components that are left, but for k = 0.
    precomputed_ccl : bool, default False
        The image holds components already.

    Raises
    ------
    AssertionError
        If `k` is negative.
    KeyError
        If numbers of an image of components are not used and fewer than `k` are.
    """
    if not k >= 0:
        message = f"k must be at least 0, got {k}"
        raise AssertionError(message)
    if k == 0:
        return np.zeros(img.shape, np.uint16, order="C" if img.flags.c_contiguous else "F")
    if precomputed_ccl:
        components = np.copy(img, order="F")
        number = np.max(components)
    else:
        components, number = connected_components(
            img,
            connectivity=connectivity,
            return_N=True,
            delta=delta,
            binary_image=bool(binary_image),
        )
    if number <= k:
        return (components, number) if return_N else components
    sizes = _sizes(components, number)
    if k == 1:
        largest = components == np.argmax(sizes[1:]) + 1
        return (largest, 1) if return_N else largest
    if components.dtype.kind != "u":
        message = f"components must be unsigned integers, got {components.dtype}"
        raise TypeError(message)
    chosen = 1 + np.argpartition(sizes[1:], len(sizes) - k - 1)[-k:]
    absent = [int(one) for one in chosen if not sizes[one]]
    if absent:
        message = f"fewer than {k} components: there is none with the numbers {absent}"
        raise KeyError(message)
    numbers = np.zeros(len(sizes), components.dtype)
    numbers[sorted(chosen, key=sizes.__getitem__)] = np.arange(1, k + 1)
    kept = _looked_up(numbers, components)
    return (kept, len(chosen)) if return_N else kept


def _unsigned(image: AnyArray) -> AnyArray:
    if image.dtype.kind == "i" and image.dtype.isnative:
        return image.view(f"u{image.dtype.itemsize}")
    return image


def _sizes(components: AnyArray, number: Any) -> AnyArray:
    """Return the sizes as `statistics` does, which refuses what it cannot measure."""
    measurable = components.dtype.kind == "u" and components.ndim <= 3 and components.size
    if measurable and number <= components.size:
        return label_counts(components, int(number)).astype(np.uint32)
    sizes: AnyArray = statistics(components, no_slice_conversion=True)["voxel_counts"]
    return sizes


def _looked_up(numbers: AnyArray, components: AnyArray) -> AnyArray:
    if components.flags.f_contiguous:
        return numbers[components.T].T
    return numbers[components]
