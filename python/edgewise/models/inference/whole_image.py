"""`sliding_window`: logits of a whole volume; `segment`: its label map in bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edgewise.errors import ConfigError

from .consumers import Consumer, Labels, Logits
from .options import Blend, Execution, MirrorAverage, PadMode, Precision, Preset, Tiling, listed
from .resampled import ResampledLabels
from .stream import Progress, stream

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

__all__ = ["segment", "sliding_window"]


def sliding_window(
    image: Any,  # noqa: ANN401
    network: Callable[[Any], Any],
    *,
    tile: Sequence[int],
    step: float = 0.5,
    blend: Blend = "gaussian",
    preset: Preset = "edgewise",
    mirror_axes: Sequence[int] = (),
    mirror_average: MirrorAverage = "logits",
    slices: int | None = None,
    pad_mode: PadMode = "constant",
    halo: int | Sequence[int] = 0,
    align: int | Sequence[int] = 1,
    batch_size: int = 1,
    device: Any = None,  # noqa: ANN401
    precision: Precision = "float32",
    deterministic: bool = False,
    channels_last: bool = False,
    compiled: bool = False,
    memory_limit: int | None = None,
    progress: Progress | None = None,
) -> NDArray[np.float32]:
    """Return the logits of a volume, made tile by tile.

    Parameters
    ----------
    image : array or Tensor (C, ...)
        Prepared for the network, channels first; any number type and memory order.
    network : torch.nn.Module or callable
        (N, C, *tile) to logits (N, classes, ...), or several of which the first counts. An output
        smaller than the tile (valid convolutions) lies over its middle; tiles then step by what
        they answer for and reach beyond the image. A module is put in evaluation mode and found
        as it was.
    tile : sequence of int
        Voxels of a tile along each axis that the network sees. A smaller image is padded around
        its middle, and the padding cut off again.
    step : float, default 0.5
        Largest distance between neighbouring tiles, as a fraction of what one answers for, in
        (0, 1].
    blend : {"gaussian", "constant"}
        How much each voxel of a tile counts where tiles overlap.
    preset : {"edgewise", "nnunet", "nnunet_half", "monai"}
        Whose definitions of beginnings and Gaussian; ``"edgewise"`` spreads tiles evenly as
        nnU-Net does, with a Gaussian that is symmetric about the tile's middle. MONAI's overlap is
        ``1 - step``. ``"nnunet_half"`` also rounds weights and sums to half precision, as nnU-Net
        does: half the memory, an error of about 0.001.
    mirror_axes : sequence of int, default none
        Axes of the tile: the network also runs on the tile mirrored along each combination of
        them, 2^k runs, and the answers, mirrored back, are averaged.
    mirror_average : {"logits", "softmax"}
        Whether logits or probabilities are averaged; with "softmax" the result is probabilities.
    slices : int, optional
        For a 2D network on a volume: the axis along which it walks, slice by slice.
    pad_mode : {"constant", "reflect", "symmetric", "edge"}
        What lies outside the image: 0, or NumPy's modes of these names.
    halo : int or sequence of int, default 0
        Outermost voxels of a tile's answer that do not count, save at the image's border. With
        the reach of the network and `align`, ``step=1`` and a constant blend tiles leave no seam.
    align : int or sequence of int, default 1
        Beginnings of tiles are multiples of it: the product of a network's strides
        (`model_info(name).stride`), if tiles must answer as the whole image would.
    batch_size : int, default 1
        Tiles that go through the network at once.
    device : device or str, optional
        Where the network runs. Default: where its weights are.
    precision : {"float32", "bfloat16", "float16"}
        Of the network's arithmetic; sums are always float32.
    deterministic : bool, default False
        Only deterministic algorithms; see `edgewise.models.deterministic`.
    channels_last : bool, default False
        Run in this memory format; changes the last digits.
    compiled : bool, default False
        Run through `torch.compile`; changes the last digits.
    memory_limit : int, optional
        Bytes that may be claimed. Default: what is available.
    progress : callable, optional
        Called with a `TileEvent` before the first tile and after every batch; the first holds
        what memory the run takes.

    Returns
    -------
    float32 array (classes, ...)
        The volume's axes in their order.

    Raises
    ------
    ConfigError
        For an unknown word or an impossible value.
    ShapeError
        If image, tile and network do not fit one another.
    InputError
        ``out_of_memory`` before anything is claimed, ``not_finite`` for NaN.

    See Also
    --------
    segment : the label map, holding the logits of a few rows only.

    Examples
    --------
    >>> import numpy as np, torch
    >>> smooth = torch.nn.Conv2d(1, 2, 3, padding=1)
    >>> logits = sliding_window(np.zeros((1, 50, 40)), smooth, tile=(32, 32))
    >>> logits.shape, logits.dtype
    ((2, 50, 40), dtype('float32'))
    """
    tiling = Tiling(
        tile=listed(tile), step=step, blend=blend, preset=preset, pad_mode=pad_mode, slices=slices,
        halo=halo, align=align,
    )  # fmt: skip
    execution = Execution(
        mirror_axes=listed(mirror_axes), mirror_average=mirror_average, batch_size=batch_size,
        device=device, precision=precision, deterministic=deterministic,
        channels_last=channels_last, compiled=compiled, memory_limit=memory_limit,
    )  # fmt: skip
    logits = stream(
        image, network, Logits(), tiling=tiling, execution=execution, slabs=False,
        progress=progress,
    )  # fmt: skip
    return np.asarray(logits)


def segment(
    image: Any,  # noqa: ANN401
    network: Callable[[Any], Any],
    *,
    tile: Sequence[int],
    out_shape: Sequence[int] | None = None,
    labels: Sequence[int] | None = None,
    regions: Sequence[int] | None = None,
    background: int = 0,
    separate_axis: int | None = None,
    step: float = 0.5,
    blend: Blend = "gaussian",
    preset: Preset = "edgewise",
    mirror_axes: Sequence[int] = (),
    mirror_average: MirrorAverage = "logits",
    slices: int | None = None,
    pad_mode: PadMode = "constant",
    halo: int | Sequence[int] = 0,
    align: int | Sequence[int] = 1,
    batch_size: int = 1,
    device: Any = None,  # noqa: ANN401
    precision: Precision = "float32",
    deterministic: bool = False,
    channels_last: bool = False,
    compiled: bool = False,
    memory_limit: int | None = None,
    progress: Progress | None = None,
) -> NDArray[Any]:
    """Return the label map of a volume; only the logits of a tile's rows are held at any time.

    Parameters
    ----------
    image, network, tile
        As for `sliding_window`.
    out_shape : sequence of int, optional
        Another grid over the same extent: logits are interpolated linearly there, before the
        largest is taken. Default: the image's grid.
    labels : sequence of int, optional
        The label of each class. Default: its index.
    regions : sequence of int, optional
        For networks of overlapping regions: the label that each channel with a positive logit
        writes, in this order, later ones over earlier ones.
    background : int, default 0
        Label where no region is.
    separate_axis : int, optional
        With `out_shape`: the axis along which the nearest row is taken instead (nnU-Net, for thick
        slices).
    step, blend, preset, mirror_axes, mirror_average, slices, pad_mode, halo, align
        As for `sliding_window`.
    batch_size, device, precision, deterministic, channels_last, compiled, memory_limit, progress
        As for `sliding_window`.

    Returns
    -------
    unsigned integer array
        The image's shape without channels, or `out_shape`. Ties go to the lower class.

    Raises
    ------
    ConfigError, ShapeError, InputError
        As `sliding_window`.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[[-1.0, 2.0], [3.0, -4.0]]])
    >>> segment(image, lambda x: x, tile=(2, 2), regions=[5])
    array([[0, 5],
           [5, 0]], dtype=uint8)
    """
    if separate_axis is not None and out_shape is None:
        message = f"separate_axis={separate_axis} is for out_shape=, which is not given"
        raise ConfigError(message)
    tiling = Tiling(
        tile=listed(tile), step=step, blend=blend, preset=preset, pad_mode=pad_mode, slices=slices,
        halo=halo, align=align,
    )  # fmt: skip
    execution = Execution(
        mirror_axes=listed(mirror_axes), mirror_average=mirror_average, batch_size=batch_size,
        device=device, precision=precision, deterministic=deterministic,
        channels_last=channels_last, compiled=compiled, memory_limit=memory_limit,
    )  # fmt: skip
    consumer: Consumer = Labels(labels, regions=regions, background=background)
    if out_shape is not None:
        consumer = ResampledLabels(
            out_shape, labels=labels, regions=regions, background=background,
            separate_axis=separate_axis,
        )  # fmt: skip
    return np.asarray(
        stream(image, network, consumer, tiling=tiling, execution=execution, progress=progress)
    )
