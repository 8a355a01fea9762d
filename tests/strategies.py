"""Hypothesis strategies for masks, label maps, spacings and memory layouts.

Sides cross the 64-element word of packed masks; the number of elements stays small enough for
oracles that compare all pairs.
"""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

SIDES = (1, 2, 3, 63, 64, 65)
MASK_DTYPES = ("bool", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8")
LABEL_DTYPES = ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8")
LAYOUTS = ("C", "F", "reversed", "strided", "read-only", "big-endian", "axes swapped")
PATTERNS = ("empty", "full", "one voxel", "border", "checkerboard", "blobs", "random", "sparse")


@st.composite
def shapes(draw, min_ndim=1, max_ndim=3, max_voxels=600):
    """Sides from SIDES, among them H x W x 1, with at most `max_voxels` elements."""
    ndim = draw(st.integers(min_ndim, max_ndim))
    shape = []
    room = max_voxels
    for _ in range(ndim):
        side = draw(st.sampled_from([s for s in SIDES if s <= room]))
        shape.append(side)
        room //= side
    if ndim == 3 and draw(st.integers(0, 5)) == 0:
        shape[2] = 1
    return tuple(draw(st.permutations(shape)))


@st.composite
def small_shapes(draw, min_ndim=1, max_ndim=3, largest=6):
    """Compact shapes, where objects have an inside in every direction."""
    ndim = draw(st.integers(min_ndim, max_ndim))
    return tuple(draw(st.integers(1, largest)) for _ in range(ndim))


def any_shape(min_ndim=1, max_ndim=3, max_voxels=600):
    """Long thin shapes and compact ones."""
    return shapes(min_ndim, max_ndim, max_voxels) | small_shapes(min_ndim, max_ndim)


def spacings(ndim):
    """One positive step per axis: all 1, all equal, or any in [0.1, 10]."""
    step = st.floats(0.1, 10, allow_nan=False, allow_infinity=False)
    return st.one_of(
        st.just((1.0,) * ndim),
        step.map(lambda s: (s,) * ndim),
        st.tuples(*[step] * ndim),
    )


def _border(shape):
    mask = np.ones(shape, bool)
    if all(n > 2 for n in shape):
        mask[tuple(slice(1, -1) for _ in shape)] = False
    return mask


def _blobs(shape, rng):
    """A union of a few boxes."""
    mask = np.zeros(shape, bool)
    for _ in range(int(rng.integers(1, 4))):
        start = [int(rng.integers(0, n)) for n in shape]
        stop = [int(rng.integers(a, n)) + 1 for a, n in zip(start, shape, strict=True)]
        mask[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))] = True
    return mask


def pattern(name, shape, rng):
    """A bool mask of the named kind."""
    if name in ("empty", "full"):
        return np.full(shape, name == "full")
    if name == "one voxel":
        mask = np.zeros(shape, bool)
        mask[tuple(int(rng.integers(0, n)) for n in shape)] = True
        return mask
    if name == "border":
        return _border(shape)
    if name == "checkerboard":
        return np.indices(shape).sum(axis=0) % 2 == int(rng.integers(0, 2))
    if name == "blobs":
        return _blobs(shape, rng)
    return rng.random(shape) < (0.5 if name == "random" else 0.05)


@st.composite
def masks(draw, shape, patterns=PATTERNS):
    """A bool mask of one of the patterns; `seed` draws the places."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return pattern(draw(st.sampled_from(patterns)), shape, rng)


@st.composite
def shifted(draw, mask):
    """The mask moved by one element along one axis, the edge repeated."""
    axis = draw(st.integers(0, mask.ndim - 1))
    return np.roll(mask, 1, axis)


@st.composite
def pairs(draw, min_ndim=1, max_ndim=3, max_voxels=600, patterns=PATTERNS):
    """Two masks of one shape and a spacing; every third prediction is the reference, moved."""
    shape = draw(any_shape(min_ndim, max_ndim, max_voxels))
    reference = draw(masks(shape, patterns))
    moved = draw(st.integers(0, 2)) == 0
    prediction = draw(shifted(reference) if moved else masks(shape, patterns))
    return reference, prediction, draw(spacings(len(shape)))


@st.composite
def label_maps(draw, shape, largest=4):
    """Random labels 0..largest in blocks and single elements."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    labels = np.zeros(shape, np.int64)
    for label in range(1, largest + 1):
        kind = draw(st.sampled_from(("empty", "one voxel", "blobs", "blobs", "sparse")))
        labels[pattern(kind, shape, rng)] = label
    return labels


@st.composite
def label_pairs(draw, min_ndim=1, max_ndim=3, max_voxels=600, largest=4):
    """Two label maps of one shape and a spacing."""
    shape = draw(any_shape(min_ndim, max_ndim, max_voxels))
    return (
        draw(label_maps(shape, largest)),
        draw(label_maps(shape, largest)),
        draw(spacings(len(shape))),
    )


def lay_out(array, layout):
    """The same values in another memory layout."""
    if layout == "F":
        return np.asfortranarray(array)
    if layout == "reversed":
        backwards = (slice(None, None, -1),) * array.ndim
        return np.ascontiguousarray(array[backwards])[backwards]
    if layout == "strided":
        roomy = np.zeros(tuple(2 * n for n in array.shape), array.dtype)
        every_other = (slice(None, None, 2),) * array.ndim
        roomy[every_other] = array
        return roomy[every_other]
    if layout == "big-endian":
        return array.astype(array.dtype.newbyteorder(">"))
    if layout == "axes swapped":
        axes = (array.ndim - 1, *range(array.ndim - 1))
        return np.ascontiguousarray(array.transpose(axes)).transpose(np.argsort(axes))
    copy = np.array(array, order="C")
    if layout == "read-only":
        copy.flags.writeable = False
    return copy


def layouts():
    """Names that `lay_out` knows."""
    return st.sampled_from(LAYOUTS)


def mask_dtypes():
    """Every type a mask may have."""
    return st.sampled_from(MASK_DTYPES).map(np.dtype)


def label_dtypes():
    """Every type a label map may have."""
    return st.sampled_from(LABEL_DTYPES).map(np.dtype)


def examples(number):
    """Settings with this many examples under `ci`, and in proportion under other profiles."""
    return settings(max_examples=max(1, number * settings().max_examples // 100))
