"""The compiled kernels. Arrays must be contiguous in C or Fortran order and native-endian; `_arguments.py` sees to that.

Per-axis values (spacing, boxes, seeds) are in the array's axis order; results come back in the input's memory order.
"""

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias, final, overload

import numpy as np
from numpy.typing import NDArray

__version__: str
__all__ = [
    "PackedPair",
    "__version__",
    "batch_mask_counts",
    "batch_surface_distances",
    "boundary",
    "chamfer_transform",
    "connected_components",
    "dense_crf",
    "dilate",
    "directed_hausdorff",
    "distance_transform",
    "erode",
    "euler_characteristic",
    "exact_sum",
    "fill_holes",
    "flood",
    "gunzip",
    "joint_histogram",
    "label_distance_transform",
    "mask_counts",
    "moments",
    "region_grow",
    "resample_argmax",
    "resample_linear",
    "resample_nearest",
    "resampled_planes",
    "simd_level",
    "skeleton",
    "surface_distances",
    "surface_elements",
    "surfels",
]

_Labels: TypeAlias = NDArray[Any]  # bool or any integer type
_Mask: TypeAlias = NDArray[np.bool_] | NDArray[np.uint8]
_Box: TypeAlias = Sequence[tuple[int, int]]  # (start, stop) per axis
# distances ascending and distinct; how many elements lie at each; their summed weights
_DistanceList: TypeAlias = tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]

# resample.rs: memory as one axis, and where class (an image: 1), z, y, x lie in it: first element, lengths, strides in elements
_Place: TypeAlias = tuple[int, Sequence[int], Sequence[int]]
_Three: TypeAlias = tuple[int, int, int]
_ThreeAxes: TypeAlias = tuple[bool, bool, bool]

# kind: the name of the type; float16 and bfloat16 come as uint16 or float16; out: uint8 or uint16, the planes' elements as one axis
def resample_argmax(
    logits: NDArray[Any],
    kind: str,
    place: _Place,
    out: NDArray[np.uint8] | NDArray[np.uint16],
    *,
    source: _Three,
    target: _Three,
    linear: _ThreeAxes,
    first: int,
    planes: tuple[int, int],
    labels: Sequence[int],
    background: int,
    regions: bool,
    threads: int,
) -> None: ...
def resample_linear(
    image: NDArray[Any],
    kind: str,
    place: _Place,
    out: NDArray[np.float32],
    *,
    target: _Three,
    linear: _ThreeAxes,
    threads: int,
) -> None: ...

# image and out: unsigned whole numbers of one size
def resample_nearest(
    image: NDArray[Any], place: _Place, out: NDArray[Any], *, target: _Three, threads: int
) -> None: ...

# how many planes of the target lie between the first `stop` of the source
def resampled_planes(source: int, target: int, *, linear: bool, stop: int) -> int: ...

# lib.rs: what the kernels use on this processor, at most what EDGEWISE_SIMD says
def simd_level() -> Literal["baseline", "avx2", "avx512"]: ...

# distance.rs: any number of axes; the nearest background element, of several the one with the least indices, last axis first; no background: inf (uint32: 2**32 - 1), indices -1; uint32: always squared
def distance_transform(
    mask: _Mask,
    spacing: Sequence[float],
    *,
    squared: bool,
    dtype: Literal["float32", "float64", "uint32"],
    indices: bool,
    threads: int,
) -> tuple[
    NDArray[np.float32] | NDArray[np.float64] | NDArray[np.uint32], NDArray[np.int32] | None
]: ...

# one to three axes; to the nearest voxel of another label; none: inf
def label_distance_transform(
    labels: _Labels, spacing: Sequence[float], *, squared: bool, threads: int
) -> NDArray[np.float32]: ...

# chamfer.rs: any number of axes; no background: -1
def chamfer_transform(
    mask: _Mask, *, metric: Literal["chessboard", "taxicab"]
) -> NDArray[np.int32]: ...

# counts.rs: two label maps of zeros and ones as bits
@final
class PackedPair: ...

# voxels of every pair of labels (reference, prediction) and of every label of either side, boxes of the labels of either side, all
# ascending; and with `keep`, if there are only zeros and ones, the maps as bits
def joint_histogram(
    reference: _Labels, prediction: _Labels, ignored: _Mask | None, *, keep: bool, threads: int
) -> tuple[
    dict[tuple[int, int], int],
    dict[int, int],
    dict[int, int],
    dict[int, tuple[tuple[int, int], ...]],
    dict[int, tuple[tuple[int, int], ...]],
    PackedPair | None,
]: ...

# elements of both, of the reference, of the prediction, all that are not ignored; any number of axes
def mask_counts(
    reference: _Mask, prediction: _Mask, ignored: _Mask | None, *, threads: int
) -> tuple[int, int, int, int]: ...

# moments.rs: number of elements that are members, sums of their indices per axis, sums of products of indices per pair of axes (exact integers)
def moments(
    labels: _Labels, members: Sequence[int] | None, box: _Box | None, ignored: _Mask | None
) -> tuple[int, list[int], list[list[int]]]: ...

# sums.rs: rounded once
def exact_sum(values: NDArray[np.float64]) -> float: ...

# surface.rs
def boundary(
    mask: _Mask,
    boundary: Literal["face", "edge18", "full"],
    edge: Literal["background", "foreground"],
) -> NDArray[np.bool_]: ...
def surfels(
    mask: _Mask, spacing: Sequence[float]
) -> NDArray[np.float64]: ...  # weights, each axis one longer

# surface_distance.rs: for each target (members in the reference, in the prediction, box) lists reference -> prediction, prediction -> reference;
# members None: every non-zero element; box None: everything;
# packed: the same two maps as bits, read instead of the arrays
def surface_distances(
    reference: _Labels,
    prediction: _Labels,
    *,
    packed: PackedPair | None,
    targets: Sequence[tuple[Sequence[int] | None, Sequence[int] | None, _Box | None]],
    ignored: _Mask | None,
    spacing: Sequence[float],
    boundary: Literal["face", "edge18", "full", "surfel", "none"],
    edge: Literal["background", "foreground"],
    threads: int,
) -> list[tuple[_DistanceList, _DistanceList]]: ...

# the elements of both surfaces one by one, ascending by distance, then weight: distances and weights of the reference's, of the prediction's
def surface_elements(
    reference: _Mask, prediction: _Mask, *, spacing: Sequence[float], threads: int
) -> tuple[
    tuple[NDArray[np.float64], NDArray[np.float64]], tuple[NDArray[np.float64], NDArray[np.float64]]
]: ...

# batches.rs: for every index of the first axis a mask of one to three axes, in C order; whatever is not 0 belongs to it
# elements of both, of the reference, of the prediction: a row of three for each pair
def batch_mask_counts(
    reference: _Mask, prediction: _Mask, *, threads: int
) -> NDArray[np.int64]: ...

# the lists of surface_distances for each pair
def batch_surface_distances(
    reference: _Mask,
    prediction: _Mask,
    *,
    spacing: Sequence[float],
    boundary: Literal["face", "edge18", "full", "surfel", "none"],
    edge: Literal["background", "foreground"],
    threads: int,
) -> list[tuple[_DistanceList, _DistanceList]]: ...

# point_sets.rs: rows in C order; distance, row of the farthest point, row of the other point nearest to it
def directed_hausdorff(
    points: NDArray[np.float64], others: NDArray[np.float64]
) -> tuple[float, int, int]: ...

# components.rs: labels 1..n in raster order of the array's C order; equal non-zero values that touch; narrow: None if 16 bits may be too few for the
# runs (stretches of one value along the last axis longer than 1): 65535 or more
@overload
def connected_components(
    labels: _Labels, *, connectivity: int, threads: int, narrow: Literal[False] = False
) -> tuple[NDArray[np.uint32], int]: ...
@overload
def connected_components(
    labels: _Labels, *, connectivity: int, threads: int, narrow: Literal[True]
) -> tuple[NDArray[np.uint16], int] | None: ...

# morphology.rs
def fill_holes(mask: _Mask, *, connectivity: int) -> NDArray[np.bool_]: ...
def erode(
    mask: _Mask, *, connectivity: int, iterations: int, edge: Literal["background", "foreground"]
) -> NDArray[np.bool_]: ...
def dilate(mask: _Mask, *, connectivity: int, iterations: int) -> NDArray[np.bool_]: ...
def euler_characteristic(mask: _Mask, *, connectivity: int) -> int: ...

# flood.rs: any numeric type
def region_grow(
    image: NDArray[Any],
    seeds: NDArray[np.int64],
    *,
    lower: float | int | None,
    upper: float | int | None,
    connectivity: int,
) -> NDArray[np.bool_]: ...
def flood(
    image: NDArray[Any], seed: Sequence[int], *, tolerance: float | int | None, connectivity: int
) -> NDArray[np.bool_]: ...

# crf.rs: probabilities (labels, ...) and image (channels, ...) in C order; gaussians: sigma by axis in elements, sigma by channel (none: positions alone), weight,
# whether to convolve (at most one, positions alone); compatibility: labels x labels, row by row
def dense_crf(
    probabilities: NDArray[np.float32],
    image: NDArray[np.float32],
    *,
    gaussians: Sequence[tuple[Sequence[float], Sequence[float], float, bool]],
    compatibility: Sequence[float] | None,
    iterations: int,
    normalization: Literal["symmetric", "before", "after", "none"],
    include_self: bool,
    clip: float,
    threads: int,
) -> NDArray[np.float32]: ...

# thinning.rs
def skeleton(mask: _Mask, *, thinning: Literal["zhang", "lee"]) -> NDArray[np.bool_]: ...

# gzip.rs: every member inflated and checked (CRC32, ISIZE); raises errors.ReadError; second value: bytes after the last member
def gunzip(data: bytes, *, limit: int) -> tuple[NDArray[np.uint8], int]: ...
