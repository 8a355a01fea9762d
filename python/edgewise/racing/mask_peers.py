"""Distance transforms and components of one mask, by us and by the libraries that have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise.voxels import connected_components, distance_transform

from .agreement import same_partition
from .contender import Contender, optional

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from .pair_calls import Mask

__all__ = ["component_contenders", "floor_convert", "floor_read", "transform_contenders"]

_OURS: Final = "edgewise"
_SINGLE: Final = 1e-5  # distances in single precision
_MAURER: Final = 1e-4  # the same, with differences of large numbers on the way


def floor_read(*arrays: NDArray[Any]) -> Contender:
    """Return the floor of everything that looks at every voxel: NumPy's fastest way to do so."""

    def call() -> None:
        for array in arrays:
            _ = np.count_nonzero(array) if array.dtype == np.bool_ else array.max()

    return Contender("floor: read the input", call, kind="floor")


def floor_convert(mask: NDArray[Any]) -> Contender:
    """Return the floor of a transform: read a mask, write float32 into memory that is there."""
    out = np.ones(mask.shape, np.float32)
    values = mask.view(np.uint8)

    def call() -> None:
        np.copyto(out, values, casting="unsafe")

    return Contender("floor: read + write float32", call, kind="floor")


def transform_contenders(
    mask: Mask, *, spacing: tuple[float, ...], threads: int
) -> list[Contender]:
    """Return who computes the distance of every foreground voxel to the nearest background voxel.

    Parameters
    ----------
    mask : bool array, C order
        With background in it.
    spacing : tuple of float
        Array axis order.
    threads : int
        For every library that can be told.

    Returns
    -------
    list of Contender
        Ours first, the floor last.
    """
    steps = spacing if mask.ndim > 1 else spacing[0]

    def edt(name: str, library: Any) -> Contender:  # noqa: ANN401
        return Contender(
            name,
            lambda: library.edt(mask, anisotropy=steps, black_border=False, parallel=threads),
            like=_OURS,
            rtol=_SINGLE,
        )

    def scipy(name: str, library: Any) -> Contender:  # noqa: ANN401
        transform = library.distance_transform_edt
        return Contender(name, lambda: transform(mask, sampling=spacing), like=_OURS, rtol=_SINGLE)

    return [
        Contender(
            _OURS,
            lambda: distance_transform(mask, spacing=spacing, threads=threads),
            kind="ours",
        ),
        optional("edt", "", edt),
        optional("SimpleITK", " SignedMaurer", _maurer(mask, spacing, threads)),
        optional("scipy", " distance_transform_edt", scipy, part="scipy.ndimage"),
        floor_convert(mask),
    ]


def _maurer(
    mask: Mask, spacing: tuple[float, ...], threads: int
) -> Callable[[str, Any], Contender]:
    """Positive outside its object, which here is the background: there it is what we want."""
    background = ~mask

    def make(name: str, library: Any) -> Contender:  # noqa: ANN401
        def call() -> Any:  # noqa: ANN401
            image = library.GetImageFromArray(background.view(np.uint8))
            image.SetSpacing(tuple(reversed(spacing)))
            run = library.SignedMaurerDistanceMapImageFilter()
            run.SetSquaredDistance(False)  # noqa: FBT003
            run.SetUseImageSpacing(True)  # noqa: FBT003
            run.SetNumberOfThreads(threads)
            return library.GetArrayFromImage(run.Execute(image))

        return Contender(
            name, call, like=_OURS, rtol=_MAURER, value=lambda found: np.where(mask, found, 0)
        )

    return make


def component_contenders(mask: Mask, *, connectivity: int, threads: int) -> list[Contender]:
    """Return who numbers the connected components of a volume; partitions are compared.

    Parameters
    ----------
    mask : bool array, three axes, C order
        Anything.
    connectivity : {1, 3}
        6 or 26 neighbours.
    threads : int
        For every library that can be told.

    Returns
    -------
    list of Contender
        Ours first, the floor last.
    """
    is_full = connectivity == mask.ndim

    def cc3d(name: str, library: Any) -> Contender:  # noqa: ANN401
        count = 26 if is_full else 6
        return _partition(name, lambda: library.connected_components(mask, connectivity=count))

    def skimage(name: str, library: Any) -> Contender:  # noqa: ANN401
        return _partition(name, lambda: library.label(mask, connectivity=connectivity))

    def scipy(name: str, library: Any) -> Contender:  # noqa: ANN401
        block = library.generate_binary_structure(mask.ndim, connectivity)
        return _partition(name, lambda: library.label(mask, block)[0])

    def itk(name: str, library: Any) -> Contender:  # noqa: ANN401
        def call() -> Any:  # noqa: ANN401
            image = library.GetImageFromArray(mask.view(np.uint8))
            return library.GetArrayFromImage(library.ConnectedComponent(image, is_full))

        return _partition(name, call)

    own = Contender(
        _OURS,
        lambda: connected_components(mask, connectivity=connectivity, threads=threads),
        kind="ours",
        value=same_partition,
    )
    return [
        own,
        optional("cc3d", "", cc3d),
        optional("skimage", " label", skimage, part="skimage.measure"),
        optional("scipy", " label", scipy, part="scipy.ndimage"),
        optional("SimpleITK", " ConnectedComponent", itk),
        floor_read(mask),
    ]


def _partition(name: str, call: Callable[[], Any]) -> Contender:
    return Contender(name, call, like=_OURS, value=same_partition)
