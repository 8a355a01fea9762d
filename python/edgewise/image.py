"""Arrays with a place in the world, and whether two of them show the same grid.

World coordinates are RAS millimetres: x grows to the patient's right, y to the front, z upwards.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .errors import ConfigError, GeometryError, SpacingError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["GeometryPolicy", "Image", "drift", "match_grid"]

GeometryPolicy: TypeAlias = Literal["strict", "resample", "ignore"]
_Matrix: TypeAlias = NDArray[np.float64]

# Headers store float32: honest copies of one grid lie up to 0.01 voxel apart. Below half a voxel
# each voxel still meets its own partner.
_SILENT: Final = 0.05
_FATAL: Final = 0.5
_LETTERS: Final = (("L", "R"), ("P", "A"), ("I", "S"))
_RESAMPLE: Final = "--geometry resample evaluates on the reference's grid"
_IGNORE: Final = "--geometry ignore compares index by index"


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Image:
    """An array and where its voxels lie.

    Parameters
    ----------
    array : array
        Any dtype; the file's axes and their order.
    spacing : float or sequence of float, optional
        One value per array axis, or one for all, in mm. Default: what the affine says; without
        one 1 on every axis and the warning ``no_spacing``.
    affine : (4, 4) array, optional
        From array index to RAS mm, for the first three axes. Default None: not known.
    path : path, optional
        Where it was read from.
    warnings : sequence of str
        Codes of what is odd about it.

    Raises
    ------
    SpacingError
        If the spacing is not finite and positive, or not one value per axis.
    GeometryError
        With code ``bad_affine`` if the affine is not a finite 4x4 matrix.

    Examples
    --------
    >>> import numpy as np
    >>> image = Image(np.zeros((4, 5, 6), np.uint8), affine=np.diag([-1, -1, 2, 1]))
    >>> image.spacing, image.orientation
    ((1.0, 1.0, 2.0), 'LPS')
    """

    array: NDArray[Any]
    spacing: tuple[float, ...]
    affine: _Matrix | None
    path: Path | None
    warnings: tuple[str, ...]

    def __init__(
        self,
        array: NDArray[Any],
        spacing: float | Sequence[float] | None = None,
        affine: NDArray[Any] | None = None,
        path: str | Path | None = None,
        warnings: Sequence[str] = (),
    ) -> None:
        array = np.asarray(array)
        codes = tuple(warnings)
        if affine is not None:
            affine = _checked_affine(affine)
        if spacing is None and affine is None and "no_spacing" not in codes:
            codes = (*codes, "no_spacing")
        object.__setattr__(self, "array", array)
        object.__setattr__(self, "affine", affine)
        object.__setattr__(self, "spacing", _checked_spacing(spacing, affine, array.ndim))
        object.__setattr__(self, "path", None if path is None else Path(path))
        object.__setattr__(self, "warnings", codes)

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of voxels along each axis."""
        return self.array.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.array.ndim

    @property
    def origin(self) -> tuple[float, float, float] | None:
        """Place of voxel 0 in RAS mm; None without an affine."""
        if self.affine is None:
            return None
        x, y, z = (float(v) for v in self.affine[:3, 3])
        return x, y, z

    @property
    def direction(self) -> _Matrix | None:
        """Unit vectors of the first three axes in RAS, one per column; None without an affine."""
        return None if self.affine is None else _unit(self.affine)

    @property
    def orientation(self) -> str:
        """Where each axis points to, such as ``"RAS"``; empty without an affine."""
        return "" if self.affine is None else _letters(self.affine, self.ndim)


def drift(reference: Image, prediction: Image) -> float:
    """Return how far the corners of the reference's grid move from one affine to the other.

    Without both affines only the spacings are compared, from a shared corner; without both
    spacings the result is 0.

    Parameters
    ----------
    reference, prediction : Image
        Their shapes are not compared.

    Returns
    -------
    float
        The largest distance, in voxels of the reference's smallest spacing.
    """
    first, second = _matrices(reference, prediction)
    return _corner_drift(first, second, reference.shape)


def match_grid(
    reference: Image, prediction: Image, *, policy: GeometryPolicy = "strict"
) -> tuple[Image, float | None, tuple[str, ...]]:
    """Bring the prediction onto the reference's grid, if both show the same place.

    Parameters
    ----------
    reference, prediction : Image
        Trailing axes of length 1 do not count as a difference of shape.
    policy : {"strict", "resample", "ignore"}
        ``"strict"``: up to 0.05 voxel of drift is rounding, up to 0.5 a warning, more an error;
        the same grid in another axis order or direction is reoriented exactly.
        ``"resample"``: where strict fails, nearest neighbour; 0 outside the prediction.
        ``"ignore"``: index by index; only the shapes must agree.

    Returns
    -------
    image : Image
        The prediction with the shape, spacing and affine of the reference.
    drift : float or None
        Voxels between the two grids as they were stored, exact reorientation done; None if the
        shapes differ.
    warnings : tuple of str
        Any of ``geometry_drift``, ``reoriented``, ``no_affine`` (only one side has a place),
        ``resampled``, ``resampled_lost:N`` (N voxels other than 0 lay outside the reference's
        grid), ``geometry_ignored``.

    Raises
    ------
    GeometryError
        ``shape_mismatch`` or ``geometry_mismatch``; the sentence separates shape, spacing, axis
        order, rotation and position.
    ConfigError
        If `policy` is unknown.
    """
    if policy not in ("strict", "resample", "ignore"):
        message = f"geometry must be strict, resample or ignore, got {policy!r}"
        raise ConfigError(message)
    same_shape = _squeezed(reference.shape) == _squeezed(prediction.shape)
    apart = drift(reference, prediction) if same_shape else None
    if policy == "ignore":
        if not same_shape:
            raise _mismatch(reference, prediction)
        return _placed(reference, prediction, prediction.array), apart, ("geometry_ignored",)
    lone = (reference.affine is None) != (prediction.affine is None)
    warnings = ("no_affine",) if lone else ()
    if apart is not None and apart <= _FATAL:
        if apart > _SILENT:
            warnings = (*warnings, "geometry_drift")
        return _placed(reference, prediction, prediction.array), apart, warnings
    turned = _reoriented(reference, prediction)
    if turned is not None:
        return _placed(reference, prediction, turned[0]), turned[1], ("reoriented",)
    if policy == "strict" or reference.affine is None or prediction.affine is None:
        raise _mismatch(reference, prediction)
    array, lost = _resampled(reference, prediction)
    warnings = ("resampled", f"resampled_lost:{lost}") if lost else ("resampled",)
    return _placed(reference, prediction, array), apart, warnings


def _checked_affine(affine: NDArray[Any]) -> _Matrix:
    matrix = np.array(affine, dtype=np.float64)
    if matrix.shape != (4, 4) or not np.isfinite(matrix).all():
        message = f"affine must be a finite 4x4 matrix, got {matrix.tolist()}"
        raise GeometryError(message, code="bad_affine")
    return matrix


def _checked_spacing(
    spacing: float | Sequence[float] | None, affine: _Matrix | None, ndim: int
) -> tuple[float, ...]:
    if spacing is None:
        norms = [] if affine is None else np.linalg.norm(affine[:3, :3], axis=0).tolist()
        spacing = [*norms, *[1.0] * ndim][:ndim]
    values = [float(v) for v in np.atleast_1d(np.asarray(spacing, dtype=np.float64))]
    if len(values) == 1:
        values *= ndim
    if len(values) != ndim or not all(0 < v < np.inf for v in values):
        message = f"spacing must be {ndim} finite positive values, one per axis, got {values}"
        raise SpacingError(message)
    return tuple(values)


def _unit(affine: _Matrix) -> _Matrix:
    norms = np.linalg.norm(affine[:3, :3], axis=0)
    return np.asarray(affine[:3, :3] / np.where(norms > 0, norms, 1.0))


def _letters(affine: _Matrix, ndim: int) -> str:
    """Name the world axis nearest to each array axis, each world axis once (nibabel's rule)."""
    left, _, right = np.linalg.svd(_unit(affine))
    closest = left @ right  # the rotation nearest to the directions: shear does not decide
    letters = ""
    free = [0, 1, 2]
    for axis in range(min(ndim, 3)):
        world = max(free, key=lambda row: abs(closest[row, axis]))
        free.remove(world)
        letters += _LETTERS[world][int(closest[world, axis] > 0)]
    return letters


def _squeezed(shape: tuple[int, ...]) -> tuple[int, ...]:
    kept = len(shape)
    while kept > 1 and shape[kept - 1] == 1:
        kept -= 1
    return shape[:kept]


def _three(shape: tuple[int, ...]) -> tuple[int, int, int]:
    x, y, z = (*shape, 1, 1, 1)[:3]
    return x, y, z


def _matrices(reference: Image, prediction: Image) -> tuple[_Matrix, _Matrix]:
    """Return both affines, or matrices of the spacings alone when a side has no place."""
    if reference.affine is not None and prediction.affine is not None:
        return reference.affine, prediction.affine
    if "no_spacing" in (*reference.warnings, *prediction.warnings):
        return np.eye(4), np.eye(4)
    return _scales(reference), _scales(prediction)


def _scales(image: Image) -> _Matrix:
    x, y, z = (*image.spacing, 1.0, 1.0, 1.0)[:3]
    return np.diag((x, y, z, 1.0))


def _corners(shape: tuple[int, ...]) -> _Matrix:
    return np.array(list(itertools.product(*((0.0, n - 1.0) for n in _three(shape)), (1.0,))))


def _corner_drift(first: _Matrix, second: _Matrix, shape: tuple[int, ...]) -> float:
    moved = _corners(shape) @ (first - second).T
    smallest = np.linalg.norm(first[:3, :3], axis=0)[: len(shape)].min()
    return float(np.linalg.norm(moved[:, :3], axis=1).max() / smallest)


def _placed(reference: Image, prediction: Image, array: NDArray[Any]) -> Image:
    return replace(
        prediction,
        array=array.reshape(reference.shape),
        spacing=reference.spacing,
        affine=reference.affine,
    )


def _steps(reference: Image, prediction: Image) -> tuple[tuple[int, ...], tuple[bool, ...]] | None:
    """Return the prediction axis along each reference axis, and whether it runs backwards."""
    if reference.affine is None or prediction.affine is None:
        return None
    if max(reference.ndim, prediction.ndim) > 3:
        return None
    try:
        steps = np.linalg.solve(_unit(reference.affine), _unit(prediction.affine))
    except np.linalg.LinAlgError:
        return None
    order = np.abs(steps).argmax(axis=1)
    if sorted(order) != [0, 1, 2]:
        return None
    backwards = steps[(0, 1, 2), order] < 0
    return tuple(order.tolist()), tuple(backwards.tolist())


def _turned(reference: Image, prediction: Image) -> tuple[NDArray[Any], _Matrix] | None:
    """Return array and affine of the prediction in the reference's axis order, if it is another."""
    steps = _steps(reference, prediction)
    if steps is None or steps == ((0, 1, 2), (False, False, False)):
        return None
    order, backwards = steps
    array = prediction.array.reshape(_three(prediction.shape)).transpose(order)
    index = np.zeros((4, 4))  # from the new indices to the stored ones
    index[3, 3] = 1.0
    for new, (old, flip) in enumerate(zip(order, backwards, strict=True)):
        index[old, new] = -1.0 if flip else 1.0
        index[old, 3] = array.shape[new] - 1.0 if flip else 0.0
    assert prediction.affine is not None
    flips = tuple(slice(None, None, -1) if flip else slice(None) for flip in backwards)
    return array[flips], prediction.affine @ index


def _reoriented(reference: Image, prediction: Image) -> tuple[NDArray[Any], float] | None:
    """Return the flipped and permuted array and its drift, if that explains the difference."""
    turned = _turned(reference, prediction)
    if turned is None or turned[0].shape != _three(reference.shape):
        return None
    array, affine = turned
    assert reference.affine is not None
    apart = _corner_drift(reference.affine, affine, reference.shape)
    if apart > _SILENT:
        return None
    fortran = reference.array.flags.f_contiguous
    return np.asarray(array, order="F" if fortran else "C"), apart


def _resampled(reference: Image, prediction: Image) -> tuple[NDArray[Any], int]:
    """Nearest neighbour on the reference's grid, and the number of non-zero voxels outside it."""
    assert reference.affine is not None
    assert prediction.affine is not None
    if max(reference.ndim, prediction.ndim) > 3:
        raise _mismatch(reference, prediction)
    source = prediction.array.reshape(_three(prediction.shape))
    shape = _three(reference.shape)
    to_source = np.linalg.solve(prediction.affine, reference.affine)
    out = np.zeros(shape, dtype=source.dtype, order="F")
    plane = np.indices((*shape[:2], 1)).reshape(3, -1)
    for k in range(shape[2]):  # plane by plane: the coordinates never fill a volume
        plane[2] = k
        near = _nearest(to_source, plane)
        inside = _within(near, source.shape)
        i, j, z = near[:, inside]
        out[plane[0, inside], plane[1, inside], k] = source[i, j, z]
    to_reference = np.linalg.inv(to_source)
    lost = 0
    for k in range(source.shape[2]):
        i, j = np.nonzero(source[:, :, k])
        near = _nearest(to_reference, np.stack([i, j, np.full_like(i, k)]))
        lost += int((~_within(near, shape)).sum())
    return out, lost


def _nearest(matrix: _Matrix, index: NDArray[np.int64]) -> NDArray[np.int64]:
    exact = matrix[:3, :3] @ index + matrix[:3, 3:]
    # halves go up, also when rounding left them a hair below
    return np.floor(exact + (0.5 + 1e-9)).astype(np.int64)


def _within(index: NDArray[np.int64], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    return np.asarray(((index >= 0) & (index < np.array(shape)[:, None])).all(axis=0))


def _mismatch(reference: Image, prediction: Image) -> GeometryError:
    name = "prediction" if prediction.path is None else f"{prediction.path}: prediction"
    facts = []
    shapes = _squeezed(reference.shape) != _squeezed(prediction.shape)
    if shapes:
        facts.append(f"has shape {_by(prediction.shape)}, the reference {_by(reference.shape)}")
    facts += _spacing_facts(reference, prediction)
    facts += _place_facts(reference, prediction)
    placed = reference.affine is not None and prediction.affine is not None
    if placed:
        advice = _RESAMPLE if shapes else f"{_RESAMPLE}, {_IGNORE}"
    elif shapes:
        advice = "they cannot be compared, and without an affine on both sides not be resampled"
    else:
        advice = _IGNORE
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
    if worst <= _SILENT:
        return []
    fact = f"has spacing {_numbers(second)} mm, the reference {_numbers(first)} mm"
    extents = [np.multiply(i.shape, i.spacing) for i in (reference, prediction)]
    if reference.shape != prediction.shape and np.allclose(*extents, atol=max(*first, *second)):
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
    steps = _unit(reference.affine).T @ _unit(prediction.affine)
    degrees = np.degrees(np.arccos(np.clip(np.diag(steps).min(), -1.0, 1.0)))
    if degrees > 0.01:
        facts.append(f"is rotated by {degrees:.3g} degrees")
    shift = prediction.affine[:3, 3] - reference.affine[:3, 3]
    voxels = np.linalg.norm(np.linalg.pinv(reference.affine[:3, :3]) @ shift)
    if voxels > _SILENT:
        facts.append(f"is shifted by {_numbers(shift)} mm = {voxels:.4g} voxels")
    return facts


def _mirrored(reference: Image, prediction: Image) -> str:
    """Say so if world axes with the wrong sign explain the difference (LPS written as RAS)."""
    assert reference.affine is not None
    assert prediction.affine is not None
    if _squeezed(reference.shape) != _squeezed(prediction.shape):
        return ""
    for signs in itertools.product((1.0, -1.0), repeat=3):
        flipped = np.diag([*signs, 1.0]) @ prediction.affine
        if _corner_drift(reference.affine, flipped, reference.shape) <= _SILENT:
            wrong = " and ".join(a for a, s in zip("xyz", signs, strict=True) if s < 0)
            return f" (as if {wrong} of the affine had been written with the wrong sign)"
    return ""
