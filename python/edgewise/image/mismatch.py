"""The sentence about two grids that differ: shape, spacing, axis order, rotation, position."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

import numpy as np

from edgewise.errors import GeometryError

from .array import unit_directions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from .array import Image

__all__ = ["mismatch"]

_RESAMPLE: Final = "--geometry resample evaluates on the reference's grid"
_IGNORE: Final = "--geometry ignore compares index by index"
_VISIBLE: Final = 0.05  # voxels


def mismatch(
    reference: Image, prediction: Image, apart: float | None, *, shapes: bool
) -> GeometryError:
    """Return the error for a prediction on another grid.

    Parameters
    ----------
    reference, prediction : Image
        The two grids.
    apart : float, optional
        Their drift in voxels.
    shapes : bool
        Whether the shapes differ.

    Returns
    -------
    GeometryError
        With code ``shape_mismatch`` or ``geometry_mismatch``.
    """
    facts = []
    if shapes:
        facts.append(f"has shape {_by(prediction.shape)}, the reference {_by(reference.shape)}")
    facts += _spacing_facts(reference, prediction)
    facts += _place_facts(reference, prediction)
    if not facts:
        facts = [f"lies {apart:.3g} voxels from the reference"]
    if reference.affine is not None and prediction.affine is not None:
        advice = _RESAMPLE if shapes else f"{_RESAMPLE}, {_IGNORE}"
    elif shapes:
        advice = (
            "without an affine on both sides it cannot be resampled, export it on the same grid"
        )
    else:
        advice = _IGNORE
    name = "prediction" if prediction.path is None else f"{prediction.path}: prediction"
    message = f"{name} {' and '.join(facts)}; {advice}"
    return GeometryError(message, code="shape_mismatch" if shapes else "geometry_mismatch")


def _by(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))


def _numbers(values: Sequence[float] | NDArray[np.float64]) -> str:
    # six decimals are a nanometre; + 0.0 turns -0.0 into 0.0
    return f"({', '.join(f'{round(float(v), 6) + 0.0:.9g}' for v in values)})"


def _spacing_facts(reference: Image, prediction: Image) -> list[str]:
    first, second = reference.spacing, prediction.spacing
    if len(first) != len(second) or "no_spacing" in (*reference.warnings, *prediction.warnings):
        return []
    worst = max(abs(b / a - 1) * n for a, b, n in zip(first, second, reference.shape, strict=True))
    if worst <= _VISIBLE:
        return []
    fact = f"has spacing {_numbers(second)} mm, the reference {_numbers(first)} mm"
    ours, theirs = (np.multiply(i.shape, i.spacing) for i in (reference, prediction))
    same_extent = np.abs(ours - theirs).max() <= max(*first, *second)
    if reference.shape != prediction.shape and same_extent:
        fact += " over the same extent (a resampling step is missing)"
    return [fact]


def _place_facts(reference: Image, prediction: Image) -> list[str]:
    """Say how axis order, rotation and position differ."""
    if reference.affine is None or prediction.affine is None:
        return []
    if reference.orientation != prediction.orientation:
        mirrored = _mirrored(reference, prediction)
        fact = f"has axis order {prediction.orientation}, the reference {reference.orientation}"
        return [fact + (mirrored or " (flips and permutation alone do not explain it)")]
    facts = []
    steps = unit_directions(reference.affine).T @ unit_directions(prediction.affine)
    degrees = np.degrees(np.arccos(np.clip(np.diag(steps).min(), -1.0, 1.0)))
    if degrees > 0.01:
        facts.append(f"is rotated by {degrees:.3g} degrees")
    shift = prediction.affine[:3, 3] - reference.affine[:3, 3]
    voxels = np.linalg.norm(np.linalg.pinv(reference.affine[:3, :3]) @ shift)
    if voxels > _VISIBLE:
        facts.append(f"is shifted by {_numbers(shift)} mm = {voxels:.4g} voxels")
    return facts


def _mirrored(reference: Image, prediction: Image) -> str:
    """Say so if world axes with the wrong sign explain the difference (LPS written as RAS)."""
    assert reference.affine is not None
    assert prediction.affine is not None
    for signs in itertools.product((1.0, -1.0), repeat=3):
        flipped = np.diag([*signs, 1.0]) @ prediction.affine
        if np.allclose(reference.affine, flipped, rtol=1e-4, atol=1e-3):
            wrong = " and ".join(a for a, s in zip("xyz", signs, strict=True) if s < 0)
            return f" (as if {wrong} of its affine had been written with the wrong sign)"
    return ""
