"""Which image sizes a network takes, and how large its answer is: asked of the network itself.

It runs on fake tensors, which have shapes and no values: about 10 ms a size for a U-Net.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

from torch.utils._python_dispatch import TorchDispatchMode

from edgewise.errors import ConfigError, ShapeError

from .local_rules import pool_sizes
from .tracing import fake_run, input_tensor_shape, spatial_dims

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["admissible_sizes", "loses_voxels", "output_size"]


@overload
def output_size(model: Any, n: int, *, channels: int | None = None) -> int: ...  # noqa: ANN401
@overload
def output_size(
    model: Any,  # noqa: ANN401
    n: Sequence[int],
    *,
    channels: int | None = None,
) -> tuple[int, ...]: ...
def output_size(
    model: Any,
    n: int | Sequence[int],
    *,
    channels: int | None = None,
) -> int | tuple[int, ...]:
    """Return how large a network's answer is.

    Parameters
    ----------
    model : torch.nn.Module
        Takes one tensor (N, C, ...); seen in evaluation mode.
    n : int or sequence of int
        Size of the image: one number for all axes, or one per axis.
    channels : int, optional
        Of the image. Default: ``model.in_channels``, or those of the first convolution.

    Returns
    -------
    int or tuple of int
        As `n` was given.

    Raises
    ------
    ShapeError
        If the network does not take this size.
    ConfigError
        If the number of channels or axes is not known.

    Examples
    --------
    >>> from torch import nn
    >>> output_size(nn.Sequential(nn.Conv2d(1, 2, 5), nn.MaxPool2d(2)), 32)
    14
    """
    one = isinstance(n, int)
    spatial = (n,) * spatial_dims(model) if isinstance(n, int) else tuple(n)
    out = fake_run(model, input_tensor_shape(model, spatial, channels))[2:]
    if not one:
        return out
    return out[0] if out else 1


def admissible_sizes(
    model: Any,  # noqa: ANN401
    low: int,
    high: int,
    *,
    channels: int | None = None,
) -> tuple[int, ...]:
    """Return the sizes for which a network runs and leaves no voxel out.

    Parameters
    ----------
    model : torch.nn.Module
        Takes one tensor (N, C, ...); seen in evaluation mode.
    low, high : int
        Sizes to try, both included; all axes have the same.
    channels : int, optional
        Of the image. Default: ``model.in_channels``, or those of the first convolution.

    Returns
    -------
    tuple of int
        In order; empty if none fits.

    Raises
    ------
    ConfigError
        If `low` is not from 1 to `high`, or the number of channels or axes is not known.

    Notes
    -----
    A strided convolution or pooling whose last window ends before the last voxel leaves the rest
    out: ``(n + 2p - d(k - 1) - 1) mod s > p``. U-Nets may run at such sizes and lose a row at some
    depth.

    Examples
    --------
    >>> from torch import nn
    >>> admissible_sizes(nn.Sequential(nn.Conv2d(1, 2, 5), nn.MaxPool2d(2)), 5, 12)
    (6, 8, 10, 12)
    """
    if not 1 <= low <= high:
        message = f"low and high must be sizes with 1 <= low <= high, got {low} and {high}"
        raise ConfigError(message)
    axes = spatial_dims(model)
    return tuple(n for n in range(low, high + 1) if admits(model, (n,) * axes, channels=channels))


def admits(model: Any, spatial: Sequence[int], *, channels: int | None = None) -> bool:  # noqa: ANN401
    """Whether a network runs at a size and leaves no voxel out.

    Parameters
    ----------
    model : torch.nn.Module
        Takes one tensor (N, C, ...).
    spatial : sequence of int
        Size of the image along each axis.
    channels : int, optional
        As in `admissible_sizes`.

    Returns
    -------
    bool
        False also for sizes that are too small.
    """
    try:
        with _Remainders() as watch:
            fake_run(model, input_tensor_shape(model, spatial, channels))
    except ShapeError:
        return False
    return not watch.lost


def loses_voxels(
    size: int, *, kernel: int, stride: int, padding: int = 0, dilation: int = 1
) -> bool:
    """Whether the last window of a strided layer ends before the last voxel.

    Parameters
    ----------
    size : int
        Of the input.
    kernel, stride, padding, dilation : int
        Of the layer.

    Returns
    -------
    bool
        Always False for stride 1.

    Examples
    --------
    >>> loses_voxels(7, kernel=2, stride=2), loses_voxels(8, kernel=3, stride=2, padding=1)
    (True, False)
    """
    return (size + 2 * padding - dilation * (kernel - 1) - 1) % stride > padding


class _Remainders(TorchDispatchMode):
    """Watches strided layers for voxels that no window covers."""

    def __init__(self) -> None:
        super().__init__()
        self.lost = False

    def __torch_dispatch__(
        self,
        func: Any,  # noqa: ANN401
        types: Any,  # noqa: ANN401
        args: Any = (),  # noqa: ANN401
        kwargs: Any = None,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        del types
        names = (argument.name for argument in func._schema.arguments)
        given = dict(zip(names, args, strict=False))
        name = func.__name__.partition(".")[0]
        if name == "convolution" and not given["transposed"]:
            kernel = given["weight"].shape[2:]
            self._watch(
                given["input"], kernel, given["stride"], given["padding"], given["dilation"]
            )
        elif "pool" in name and "kernel_size" in given and not given.get("ceil_mode"):
            plain = {k: list(v) if isinstance(v, tuple) else v for k, v in given.items()}
            self._watch(given["self"], *pool_sizes(plain, given["self"].ndim))
        return func(*args, **(kwargs or {}))

    def _watch(self, image: Any, *sizes: Any) -> None:  # noqa: ANN401
        spatial = image.shape[-len(sizes[0]) :]
        for n, k, s, p, d in zip(spatial, *sizes, strict=True):
            self.lost |= k >= s and loses_voxels(n, kernel=k, stride=s, padding=p, dilation=d)
