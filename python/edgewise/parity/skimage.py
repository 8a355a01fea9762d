"""Random calls of scikit-image's metrics, floods, components and skeletons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .call import Call, Calls, function

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .draw import Draw

__all__ = ["CALLS"]

_DTYPES: Final = ("?", "u1", "i1", "u2", "i4", "u8", "i8", "f4", "f8")
_INTEGERS: Final = ("u1", "i1", "u2", "i4", "u4", "i8", "u8")


def _as_given(draw: Draw, mask: NDArray[np.bool_]) -> Any:
    """Return the mask in some type and layout; now and then with values other than 0 and 1."""
    array = mask.astype(draw.choice(_DTYPES))
    if draw.chance(0.1) and array.dtype.kind == "f" and array.size:
        array[mask] = draw.choice((0.3, -2.0, np.nan))
    return draw.layout(array)


def _point_sets(draw: Draw) -> tuple[Any, Any]:
    shape = draw.shape(1, 4, voxels=300)
    first, second = draw.pair(shape, empty=draw.chance(0.3))
    if draw.chance(0.2):  # another shape, now and then another number of axes
        other = tuple(max(1, n + draw.integer(-2, 2)) for n in shape)
        second = draw.mask(draw.choice((other, other, other, (2, *shape))))
    if draw.chance(0.02):
        return draw.choice(
            [(first.tolist(), second), (None, second), (first, True), (first, second[:0])]
        )
    return _as_given(draw, first), _as_given(draw, second)


def _hausdorff_distance(draw: Draw) -> Call:
    images = _point_sets(draw)
    method = draw.choice((*("standard", "modified") * 3, "average"))
    if draw.chance(0.2):
        return Call(function("hausdorff_distance"), images)
    if draw.chance(0.5):
        return Call(function("hausdorff_distance"), (*images, method))
    return Call(function("hausdorff_distance"), images, {"method": method})


def _hausdorff_pair(draw: Draw) -> Call:
    return Call(function("hausdorff_pair"), _point_sets(draw))


def _label_maps(draw: Draw) -> tuple[Any, Any]:
    shape = draw.shape(1, 4, voxels=300)
    first: Any = draw.labels(shape)
    second: Any = draw.labels(shape)
    if draw.chance(0.3):
        second = np.where(draw.rng.random(shape) < 0.2, second, first)
    if draw.chance(0.05):
        first = first * draw.choice((20, 1.5))
    if draw.chance(0.05):
        second = draw.choice([second.ravel(), second[:-1], second[..., None]])
    if draw.chance(0.02):
        return draw.choice([(first.tolist(), second), (first, None), (first[:0], second[:0])])
    kinds: tuple[str, ...] = _INTEGERS if draw.chance(0.93) else _DTYPES
    if draw.chance(0.02):
        first, kinds = -first, ("i1", "i8")

    def given(labels: Any) -> Any:
        return draw.layout(labels.astype(draw.choice(kinds)) if labels.dtype != float else labels)

    return given(first), given(second)


def _ignored(draw: Draw) -> Any:
    return draw.choice(((), (0,), [0], [1, 2], None, 1, (0, 1, 2, 3, 4), np.array([3, 9])))


def _contingency_table(draw: Draw) -> Call:
    def act(space: Any, images: Any, kwargs: Any) -> Any:
        return _told(space.contingency_table(*images, **kwargs))

    kwargs: dict[str, Any] = {}
    if draw.chance(0.6):
        kwargs["ignore_labels"] = _ignored(draw)
    if draw.chance(0.5):
        kwargs["normalize"] = draw.choice((True, False))
    if draw.chance(0.5):
        kwargs["sparse_type"] = draw.choice(("matrix", "array", "array", "list"))
    return Call(act, (_label_maps(draw), kwargs))


def _told(table: Any) -> Any:
    return type(table).__name__, table.shape, table.data, table.indices, table.indptr


def _of_table(name: str) -> Any:
    def act(space: Any, images: Any, given: Any, kwargs: Any) -> Any:
        metric = getattr(space, name)
        if given is None:
            return metric(*images, **kwargs)
        sparse_type, form, normalize, beside = given
        table = space.contingency_table(*images, sparse_type=sparse_type, normalize=normalize)
        table = getattr(table, form)()
        return metric(*images if beside else (), table=table, **kwargs)

    def drawn(draw: Draw) -> Call:
        kwargs: dict[str, Any] = {}
        if draw.chance(0.5):
            kwargs["ignore_labels"] = _ignored(draw)
        if name == "adapted_rand_error" and draw.chance(0.5):
            kwargs["alpha"] = draw.choice((0.0, 1.0, 0.3, 0.5, 1.2, -0.1, draw.number(0, 1)))
        given = None
        if draw.chance(0.3):
            given = (
                draw.choice(("matrix", "array", "array")),
                draw.choice(("tocsr", "tocsr", "tocsc", "tocoo", "toarray")),
                # 1/n added n times is not n/n: pairs of shares would be differences of roundings
                name == "variation_of_information" and draw.chance(0.5),
                draw.chance(0.5),
            )
        return Call(act, (_label_maps(draw), given, kwargs))

    return drawn


def _image(draw: Draw, max_ndim: int = 4) -> Any:
    shape = draw.shape(1, max_ndim, voxels=300)
    image: Any = draw.labels(shape)
    image = image.astype(draw.choice((*_DTYPES, "f2", ">i4", "u4")))
    if image.dtype.kind == "f" and image.size:
        if draw.chance(0.3):
            image = image + draw.rng.normal(0, 0.3, shape).astype(image.dtype)
        if draw.chance(0.15):
            odd = draw.choice((np.nan, np.inf, -np.inf))
            image[draw.rng.random(shape) < 0.4] = odd
    elif image.dtype.kind in "iu" and draw.chance(0.2):
        limits = np.iinfo(image.dtype)
        extreme = np.array([limits.min, limits.max], image.dtype)
        image = np.where(
            draw.rng.random(shape) < 0.5, image, extreme[draw.rng.integers(0, 2, shape)]
        ).astype(image.dtype)
    if draw.chance(0.03):
        image = draw.choice([image[:0], np.array(3), image.astype(complex)])
    return draw.layout(image)


def _seed(draw: Draw, image: Any) -> Any:
    low = tuple(draw.integer(-n, max(n - 1, 0)) for n in image.shape)
    if draw.chance(0.06):
        return draw.choice(
            [low[:-1], (*low, 0), list(low), np.array(low), tuple(n + 0.0 for n in low), None, "a"]
        )
    if draw.chance(0.04):
        return tuple(n * draw.choice((1, -2)) for n in image.shape)
    if image.ndim == 1 and draw.chance(0.4):
        return low[0]
    return tuple(np.int16(n) for n in low) if draw.chance(0.1) else low


def _footprint(draw: Draw, ndim: int) -> Any:
    kind = draw.integer(0, 5)
    near = np.abs(np.indices((3,) * ndim) - 1).sum(axis=0)
    if kind < 3:
        return near <= draw.integer(1, max(ndim, 1))
    if kind == 3:
        return (near == 1).astype(int).tolist()
    if kind == 4:
        return draw.rng.random((3,) * ndim) < 0.5
    return np.ones(draw.choice([(5,) * ndim, (2,) * ndim, (3,) * (ndim + 1), (1,) * ndim]))


def _flood_arguments(draw: Draw) -> tuple[Any, Any, dict[str, Any]]:
    image = _image(draw)
    kwargs: dict[str, Any] = {}
    if draw.chance(0.2):
        kwargs["footprint"] = _footprint(draw, image.ndim)
    if draw.chance(0.4):
        kwargs["connectivity"] = draw.choice((1, 1, 2, 3, 0, 5, 1.5, None, "full"))
    if draw.chance(0.5):
        kwargs["tolerance"] = draw.choice(
            (0, 1, 1, 2, 300, 0.5, 1.5, -1, np.float32(0.3), np.int8(2), True, np.inf, np.nan, "1")
        )
    return image, _seed(draw, image), kwargs


def _flood(draw: Draw) -> Call:
    image, seed, kwargs = _flood_arguments(draw)
    if draw.chance(0.02):
        image = image.tolist()
    return Call(function("flood"), (image, seed), kwargs)


def _flood_fill(draw: Draw) -> Call:
    image, seed, kwargs = _flood_arguments(draw)
    value = draw.choice((0, 1, 7, 7, -1, 2.7, 300, np.nan, True, np.uint8(9), "x", [1, 2], None))
    if draw.chance(0.3):
        kwargs["in_place"] = True
    return Call(function("flood_fill"), (image, seed, value), kwargs)


def _label(draw: Draw) -> Call:
    image = _image(draw)
    if draw.chance(0.3) and image.ndim:
        image = image != 0
    if draw.chance(0.1) and image.ndim in (2, 3) and image.size:
        image = image.reshape((*image.shape[:1], -1, 1))
    kwargs: dict[str, Any] = {}
    if draw.chance(0.4):
        kwargs["background"] = draw.choice((0, 1, 2, -1, 300, True, 1.0, None, 2**70, "a"))
    if draw.chance(0.5):
        kwargs["return_num"] = draw.choice((True, False))
    if draw.chance(0.5):
        kwargs["connectivity"] = draw.choice((1, 1, 2, 3, None, 0, 5, 1.5))
    if draw.chance(0.01):
        image = image.tolist()
    return Call(function("label"), (image,), kwargs)


def _skeletonize(draw: Draw) -> Call:
    ndim = draw.choice((2, 2, 2, 3, 3, 3, 1, 4))
    image: Any = _as_given(draw, draw.mask(draw.shape(ndim, ndim, voxels=600)))
    kwargs: dict[str, Any] = {}
    if draw.chance(0.6):
        kwargs["method"] = draw.choice((None, "zhang", "lee", "lee", "Lee"))
    if draw.chance(0.03):
        image = draw.choice((image[:0], image.tolist()))
    locked = image.dtype == bool and not image.flags.writeable if hasattr(image, "flags") else False
    return Call(
        function("skeletonize"), (image,), kwargs, "skimage-skeleton-read-only" if locked else ""
    )


CALLS: Final[Calls] = {
    "metrics.hausdorff_distance": _hausdorff_distance,
    "metrics.hausdorff_pair": _hausdorff_pair,
    "metrics.adapted_rand_error": _of_table("adapted_rand_error"),
    "metrics.variation_of_information": _of_table("variation_of_information"),
    "metrics.contingency_table": _contingency_table,
    "segmentation.flood": _flood,
    "segmentation.flood_fill": _flood_fill,
    "measure.label": _label,
    "morphology.skeletonize": _skeletonize,
}
