"""Which objects of two masks MedPy takes for partners, and how far partners are apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from edgewise._arguments import as_same_order
from edgewise.compat.mask_pairs import boundary_lists
from edgewise.metrics.joint import joint_histogram
from edgewise.voxels import connected_components

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from edgewise.metrics.distance_list import DistanceList
    from edgewise.metrics.joint import Box

__all__ = ["Correspondences", "correspondences", "matched_lists"]


class Correspondences(NamedTuple):
    """The objects of two masks and their partners.

    Attributes
    ----------
    result, reference : array of int
        Label maps of the objects.
    n_result, n_reference : int
        Numbers of objects.
    mapping : mapping
        Object of the reference to its partner in the result.
    result_boxes, reference_boxes : mapping
        Boxes of the objects.
    """

    result: NDArray[np.uint32]
    reference: NDArray[np.uint32]
    n_result: int
    n_reference: int
    mapping: Mapping[int, int]
    result_boxes: Mapping[int, Box]
    reference_boxes: Mapping[int, Box]


def correspondences(
    reference: NDArray[np.bool_], result: NDArray[np.bool_], connectivity: int
) -> Correspondences:
    """Match objects that overlap: first those with a single candidate, then those with the fewest.

    Of several candidates that are left MedPy takes the one that a Python set of numpy integers
    yields; a set of the same numbers filled in the same order yields the same.
    """
    if result.ndim != reference.ndim:
        message = f"result has {result.ndim} axes, reference {reference.ndim}"
        raise RuntimeError(message)
    labels = _objects(result, connectivity), _objects(reference, connectivity)
    if labels[0].shape != labels[1].shape:
        message = f"result has shape {result.shape}, reference {reference.shape}"
        raise IndexError(message)
    table = joint_histogram(*as_same_order(labels[1], labels[0]), None, 1)
    n_result, n_reference = (int(one.max(initial=0)) for one in labels)
    candidates: dict[int, list[int]] = {one: [] for one in range(1, n_reference + 1)}
    for theirs, ours in sorted(table.joint):
        if theirs and ours:
            candidates[theirs].append(ours)
    return Correspondences(
        *labels, n_result, n_reference, _mapping(candidates), table.pred_boxes, table.ref_boxes
    )


def _mapping(candidates: Mapping[int, Sequence[int]]) -> dict[int, int]:
    mapping: dict[int, int] = {}
    used: set[int] = set()
    several: list[tuple[int, set[int]]] = []
    for one, partners in candidates.items():
        if len(partners) == 1 and partners[0] not in used:
            mapping[one] = partners[0]
            used.add(partners[0])
        elif len(partners) > 1:
            several.append((one, set(partners)))
    while True:
        several = [(one, partners - used) for one, partners in several]
        several = sorted((x for x in several if x[1]), key=lambda x: len(x[1]))
        if not several:
            return mapping
        one, left = several.pop(0)
        mapping[one] = left.pop()
        used.add(mapping[one])


def matched_lists(
    found: Correspondences, spacing: Sequence[float] | None, connectivity: int
) -> list[DistanceList]:
    """Return the distances from every matched object of the result to its partner."""
    lists = []
    for theirs, ours in found.mapping.items():
        boxes = zip(found.reference_boxes[theirs], found.result_boxes[ours], strict=True)
        window = tuple(slice(min(a, c), max(b, d)) for (a, b), (c, d) in boxes)
        pair = boundary_lists(
            found.reference[window] == theirs,
            found.result[window] == ours,
            spacing,
            connectivity=connectivity,
        )
        lists.append(pair.pred_to_ref)
    return lists


def _objects(mask: NDArray[np.bool_], connectivity: int) -> NDArray[np.uint32]:
    if not mask.size:
        return np.zeros(mask.shape, np.uint32)
    return connected_components(mask, connectivity=min(max(connectivity, 1), mask.ndim))
