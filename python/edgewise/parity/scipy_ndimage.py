"""Random calls of SciPy's distance transforms, binary morphology and components."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .call import Call, Calls, function

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .draw import Draw

__all__ = ["CALLS"]

_DTYPES: Final = ("?", "?", "?", "u1", "i1", "u2", "i4", "u8", "i8", "f4", "f8")
_ODD_DTYPES: Final = ("f2", "g", "c16", "O", ">i4", "U1")


def _input(draw: Draw, max_ndim: int = 4) -> Any:
    """Return an array in some type and layout, now and then something unusual."""
    kind = draw.integer(0, 49)
    if kind == 0:
        return draw.choice((np.array(1), 0, 2.5, [1, 0, 1], [[1, 1], [0, 1]], np.zeros((0, 3))))
    mask = draw.mask(draw.shape(1, max_ndim, voxels=400))
    if kind == 1:
        return draw.layout(mask.astype(draw.choice(_ODD_DTYPES)))
    array = mask.astype(draw.choice(_DTYPES))
    if draw.chance(0.1) and array.dtype.kind == "f" and array.size:
        array[mask] = draw.choice((0.3, -2.0, np.nan))
    elif draw.chance(0.1) and array.dtype.kind in "ui":
        array[mask] = draw.choice((2, 100, 127))
    return draw.layout(array)


def _sampling(draw: Draw, ndim: int) -> Any:
    kind = draw.integer(0, 15)
    if kind < 5:
        return None
    if kind == 5:
        return draw.choice((2, 0.5, -1, 0, "2", np.float32(0.1), np.array(3.0)))
    if kind == 6:
        return (1.0,) * max(0, ndim + draw.choice((-1, 1)))
    if kind == 7:
        return [draw.choice((0.0, -1.5, 1.0, 2.0)) for _ in range(ndim)]
    if kind == 8:
        return [draw.choice((np.nan, np.inf, 1.0, 1e-200, 1e-3)) for _ in range(ndim)]
    spacing = draw.spacing(ndim)
    return draw.choice((spacing, list(spacing), np.array(spacing), np.array(spacing)[::-1]))


def _outputs(draw: Draw, shape: Sequence[int], dtype: str) -> dict[str, Any]:
    """Return flags and output arrays of a distance transform; some do not fit."""
    kwargs: dict[str, Any] = {}
    if draw.chance(0.4):
        kwargs["return_indices"] = draw.choice((True, True, 1, False))
    if draw.chance(0.2):
        kwargs["return_distances"] = draw.choice((False, False, 0, True))
    if draw.chance(0.15):
        made = np.full(shape, 7, draw.choice((dtype, dtype, dtype, "f4", "i8")))
        kwargs["distances"] = draw.choice((made, made, made, made[..., None], "f8", [1.0]))
    if draw.chance(0.15):
        made = np.full((len(shape), *shape), 7, draw.choice(("i4", "i4", "i4", "i8", "f8")))
        kwargs["indices"] = draw.choice((made, made, made, made[..., None], 3))
    return kwargs


def _edt(draw: Draw) -> Call:
    array = _input(draw)
    shape = np.shape(array) or (1,)
    sampling = _sampling(draw, len(shape))
    kwargs = _outputs(draw, shape, "f8")
    near = "near ties" if kwargs.get("return_indices") and _is_inexact(sampling) else ""
    args: tuple[Any, ...] = (array,)
    if draw.chance(0.5):
        args = (array, sampling)
    else:
        kwargs["sampling"] = sampling
    return Call(function("distance_transform_edt"), args, kwargs, near)


def _is_inexact(sampling: Any) -> bool:
    """Return whether squares of positive steps are rounded."""
    if sampling is None:
        return False
    with np.errstate(invalid="ignore"):
        steps = np.asarray(sampling, float)
        return bool((steps > 0).all() and np.isfinite(steps).all() and (steps * 4 % 1 != 0).any())


def _cdt(draw: Draw) -> Call:
    array = _input(draw)
    ndim = np.ndim(array)
    names = ("chessboard", "chessboard", "taxicab", "taxicab", "cityblock", "manhattan")
    structures = (np.ones((3,) * ndim), np.ones((5,) * ndim), draw.rng.random((3,) * ndim) < 0.6)
    metric = draw.choice((*names, *structures, "Chessboard", "euclidean"))
    kwargs = _outputs(draw, np.shape(array), "i4")
    if draw.chance(0.2) and isinstance(metric, str) and metric == "chessboard":
        return Call(function("distance_transform_cdt"), (array,), kwargs)
    return Call(function("distance_transform_cdt"), (array, metric), kwargs)


def _structure(draw: Draw, shape: Sequence[int]) -> Any:
    """Return a structuring element: mostly one that the kernels know.

    None is longer than an axis of the array: repeated over one, SciPy writes beyond its memory.
    """
    found = _any_structure(draw, len(shape))
    if found is None or all(n <= 3 for n in np.shape(found)):
        return found
    fits = np.ndim(found) == len(shape) and all(
        n <= m for n, m in zip(np.shape(found), shape, strict=True)
    )
    return found if fits else None


def _any_structure(draw: Draw, ndim: int) -> Any:
    kind = draw.integer(0, 19)
    line = np.abs(np.indices((3,) * ndim) - 1).sum(0) if ndim else np.zeros(())
    if kind < 6:
        return None
    if kind < 12:
        near = line <= draw.integer(0, ndim)
        return draw.choice((near, near.astype(int), near.tolist(), near * 0.5))
    if kind == 12:
        return np.ones((draw.choice((1, 3, 5, 7)),) * ndim)
    if kind == 13:
        radius = draw.integer(1, 3)
        steps = np.abs(np.indices((2 * radius + 1,) * ndim) - radius).sum(0) if ndim else line
        return steps <= radius * draw.integer(1, 3)
    if kind == 14:
        return np.ones([draw.choice((1, 2, 3, 4)) for _ in range(ndim)], bool)
    odd = draw.rng.random((3,) * ndim) < 0.6
    return odd | odd[(slice(None, None, -1),) * ndim] if draw.chance(0.7) else odd


def _output(draw: Draw, shape: Sequence[int]) -> Any:
    if draw.chance(0.8):
        return None
    made = np.zeros(shape, draw.choice(("?", "?", "u1", "i4", "f8")))
    return draw.choice((made, made, np.asfortranarray(made), bool, "u1", np.float64, [1]))


def _where(draw: Draw, shape: Sequence[int]) -> Any:
    """Return a mask argument."""
    mask = draw.mask(shape).astype(draw.choice(("?", "?", "u1", "i4", "f8")))
    if draw.chance(0.1) and mask.dtype.itemsize > 1:
        mask = mask * draw.choice((256, 2))
    return draw.choice((mask, mask, mask, np.asfortranarray(mask), mask.tolist()))


def _iterations(draw: Draw) -> Any:
    return draw.choice((1, 1, 1, 1, 2, 2, 3, 4, 5, 9, 100, 0, -1, -5, True, np.int8(2)))


def _options(draw: Draw, shape: Sequence[int], *names: str) -> dict[str, Any]:
    """Return a structure, an output, and now and then one of the options of these names."""
    ndim = len(shape)
    structure = _structure(draw, shape)
    options = {"structure": structure, "output": _output(draw, shape)}
    roomy = ndim and min(shape) >= 5  # SciPy reads beyond its memory at moved structures in others
    moved = (1, (1,) * ndim, (-1,) * ndim)
    near = structure is None or all(n == 3 for n in np.shape(structure))
    axes = (None, tuple(range(ndim)), tuple(range(-ndim, 0))[::-1], (*((0,) * (ndim > 0)),))
    choices: dict[str, Callable[[], Any]] = {
        "mask": lambda: _where(draw, shape),
        "iterations": lambda: _iterations(draw),
        "border_value": lambda: draw.choice((0, 1, 1, 1, True, 2, -1)),
        "brute_force": lambda: draw.choice((True, False)),
        "origin": lambda: draw.choice((0, (0,) * ndim, *(moved if roomy and near else ()))),
        "axes": lambda: draw.choice(axes),
    }
    often = {"mask": 0.25, "iterations": 0.5, "border_value": 0.3}
    for name in names:
        if draw.chance(often.get(name, 0.1)):
            options[name] = choices[name]()
    if options.get("iterations", 1 if "iterations" in names else 0) < 1:
        options["structure"] = _with_centre(structure)
    if draw.chance(0.12):
        name = draw.choice(("structure", "output", *names))
        options[name] = _wrong(draw, name, shape)
    return options


def _with_centre(structure: Any) -> Any:
    """Return a structuring element with its centre: without it SciPy may repeat for ever."""
    if structure is None:
        return None
    full = np.array(structure)
    full[tuple(n // 2 for n in full.shape)] = 1
    return full


def _wrong(draw: Draw, name: str, shape: Sequence[int]) -> Any:
    """Return a value of an argument that does not fit."""
    ndim = len(shape)
    wrong: dict[str, tuple[Any, ...]] = {
        "structure": (np.ones((3,) * (ndim + 1)), np.ones((3,) * max(0, ndim - 1))),
        "output": (np.zeros((*shape, 1), bool), np.zeros(shape, "c8"), np.zeros(shape, "f2")),
        "mask": (np.ones((1, *shape)),),
        "iterations": (1.0, "a", None),
        "border_value": (0.5, None, "1"),
        "brute_force": ("yes",),
        "origin": ([0] * (ndim + 1), None, 0.0),
        "axes": ((ndim,), 1.5, (0, 0)),
    }
    return draw.choice(wrong[name])


def _of_structure(name: str) -> Any:
    """Return the draw of an erosion, dilation, opening or closing."""

    def drawn(draw: Draw) -> Call:
        array = _input(draw)
        names = ("mask", "iterations", "border_value", "origin", "brute_force", "axes")
        kwargs = _options(draw, np.shape(array), *names)
        if draw.chance(0.2) and isinstance(array, np.ndarray):
            return Call(_in_place(name), (array,), kwargs)
        return Call(function(name), (array,), kwargs)

    return drawn


def _in_place(name: str) -> Any:
    """Return a call whose output is its input."""

    def act(space: Any, array: Any, **kwargs: Any) -> Any:
        return getattr(space, name)(array, **(kwargs | {"output": array}))

    return act


def _propagation(draw: Draw) -> Call:
    array = _input(draw)
    shape = np.shape(array)
    kwargs = _options(draw, shape, "border_value", "origin", "axes")
    if draw.chance(0.8):
        kwargs["mask"] = draw.mask(shape).astype(draw.choice(("?", "u1", "i4")))
    return Call(function("binary_propagation"), (array,), kwargs)


def _fill_holes(draw: Draw) -> Call:
    array = _input(draw)
    kwargs = _options(draw, np.shape(array), "origin", "axes")
    if draw.chance(0.5):
        return Call(function("binary_fill_holes"), (array,), kwargs)
    structure = kwargs.pop("structure")
    return Call(function("binary_fill_holes"), (array, structure), kwargs)


def _label(draw: Draw) -> Call:
    array = _input(draw)
    shape = np.shape(array)
    structure = _structure(draw, shape)
    if draw.chance(0.6):
        return Call(function("label"), (array, structure))
    if draw.chance(0.1) and len(shape) == 3:  # more pieces than int8 counts
        array = np.indices((9, 9, 9)).sum(0) % 2
        shape = array.shape
    made = np.zeros(shape, draw.choice(("i4", "i8", "u1", "i1", "f4", "f8", "?", "f2", ">i4")))
    output = draw.choice(
        (made, np.asfortranarray(made), made[..., None], "u1", "i1", np.int64, float, "f2", "bad")
    )
    return Call(function("label"), (array, structure, output))


def _find_objects(draw: Draw) -> Call:
    kind = draw.integer(0, 9)
    labels: Any
    if kind == 0:
        labels = _input(draw)
    else:
        labels = draw.labels(draw.shape(1, 4), largest=draw.choice((1, 3, 9)))
        labels = labels.astype(draw.choice(("i8", "i4", "u1", "i2", "u4", "i1", ">i4")))
        if draw.chance(0.2):
            labels[labels == 1] = draw.choice((-3, 120, 0)) if labels.dtype.kind == "i" else 200
        labels = draw.layout(labels)
    limit = draw.choice(((), (), (0,), (2,), (300,), (-4,), (2.0,), (True,), (np.int8(3),)))
    return Call(function("find_objects"), (labels, *limit))


def _generate(draw: Draw) -> Call:
    rank = draw.choice((-1, 0, 1, 2, 3, 4, True, 2.0))
    return Call(
        function("generate_binary_structure"), (rank, draw.choice((-1, 0, 1, 2, 3, 9, 1.5)))
    )


def _iterate(draw: Draw) -> Call:
    structure = _structure(draw, (9,) * draw.integer(1, 3))
    if structure is None:
        structure = np.ones((3, 3))
    origin = draw.choice(((), (), (0,), (1,), ((1, 1),)))
    return Call(
        function("iterate_structure"), (structure, draw.choice((-1, 0, 1, 2, 3, 4)), *origin)
    )


CALLS: Final[Calls] = {
    "distance_transform_edt": _edt,
    "distance_transform_cdt": _cdt,
    **{
        name: _of_structure(name)
        for name in ("binary_erosion", "binary_dilation", "binary_opening", "binary_closing")
    },
    "binary_propagation": _propagation,
    "binary_fill_holes": _fill_holes,
    "label": _label,
    "find_objects": _find_objects,
    "generate_binary_structure": _generate,
    "iterate_structure": _iterate,
}
