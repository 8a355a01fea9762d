"""How large the output of one layer is: plain functions on whole numbers, without torch.

Along one axis, in voxels. Source: the definitions in PyTorch's documentation of each layer, and
Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016 (arXiv 1603.07285).
What a whole network does to a size is asked of the network: `output_size`, `admissible_sizes`.
"""

from __future__ import annotations

from fractions import Fraction

from edgewise.errors import ConfigError, ShapeError

__all__ = [
    "conv_output_size",
    "interpolated_size",
    "pool_output_size",
    "transposed_output_size",
    "unpooled_size",
]


def conv_output_size(
    n: int, *, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> int:
    """Return the size after a convolution: ``floor((n + 2p - d(k - 1) - 1) / s) + 1``.

    Parameters
    ----------
    n : int
        Size of the input.
    kernel, stride, padding, dilation : int
        k, s, p (on each side) and d. The kernel covers ``d(k - 1) + 1`` voxels.

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    ShapeError
        If the kernel is larger than the padded input.

    Notes
    -----
    Dumoulin and Visin 2016, relationship 6 and section 5.1.

    Examples
    --------
    >>> conv_output_size(32, kernel=5)
    28
    >>> conv_output_size(10, kernel=3, stride=2, padding=1)
    5
    >>> conv_output_size(10, kernel=3, dilation=2)
    6
    """
    _check(kernel, stride, padding, dilation)
    reach = dilation * (kernel - 1) + 1
    if n + 2 * padding < reach:
        message = f"a kernel over {reach} voxels does not fit into {n} with padding {padding}"
        raise ShapeError(message)
    return (n + 2 * padding - reach) // stride + 1


def pool_output_size(
    n: int,
    *,
    kernel: int,
    stride: int | None = None,
    padding: int = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
) -> int:
    """Return the size after pooling: as a convolution, or rounded up with `ceil_mode`.

    Parameters
    ----------
    n : int
        Size of the input.
    kernel, padding, dilation : int
        k, p and d. PyTorch refuses more padding than half the kernel.
    stride : int, optional
        s. Default: `kernel`.
    ceil_mode : bool, default False
        Round up, so that a last window may hang over the end; one that would start in the right
        padding is left out.

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    ShapeError
        If the window is larger than the padded input.

    Notes
    -----
    PyTorch, documentation of ``MaxPool1d``.

    Examples
    --------
    >>> pool_output_size(7, kernel=2), pool_output_size(7, kernel=2, ceil_mode=True)
    (3, 4)
    >>> pool_output_size(5, kernel=1, stride=3, ceil_mode=True)  # a third window would start at 6
    2
    """
    stride = kernel if stride is None else stride
    small = conv_output_size(n, kernel=kernel, stride=stride, padding=padding, dilation=dilation)
    if not ceil_mode:
        return small
    free = n + 2 * padding - dilation * (kernel - 1) - 1
    large = -(-free // stride) + 1
    return large if (large - 1) * stride < n + padding else large - 1


def transposed_output_size(
    n: int,
    *,
    kernel: int,
    stride: int = 1,
    padding: int = 0,
    output_padding: int = 0,
    dilation: int = 1,
) -> int:
    """Return the size after a transposed convolution: ``(n - 1)s - 2p + d(k - 1) + op + 1``.

    Parameters
    ----------
    n : int
        Size of the input.
    kernel, stride, padding, dilation : int
        k, s, p and d of the convolution whose gradient this is.
    output_padding : int, default 0
        op: the convolution maps s sizes to one, this says which of them comes back.

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    ConfigError
        If `output_padding` is not below the larger of stride and dilation.
    ShapeError
        If nothing is left.

    Notes
    -----
    Dumoulin and Visin 2016, relationship 14; PyTorch, documentation of ``ConvTranspose1d``.

    Examples
    --------
    >>> transposed_output_size(5, kernel=2, stride=2)
    10
    >>> transposed_output_size(5, kernel=3, stride=2, padding=1, output_padding=1)
    10
    """
    _check(kernel, stride, padding, dilation)
    if not 0 <= output_padding < max(stride, dilation):
        message = f"output_padding must be below the larger of stride {stride} and dilation "
        message += f"{dilation}, got {output_padding}"
        raise ConfigError(message)
    size = (n - 1) * stride - 2 * padding + dilation * (kernel - 1) + output_padding + 1
    if n < 1 or size < 1:
        message = f"a transposed convolution of {n} voxels with padding {padding} leaves nothing"
        raise ShapeError(message)
    return size


def interpolated_size(n: int, *, factor: float) -> int:
    """Return the size after interpolation by a factor: ``floor(n * factor)``.

    Parameters
    ----------
    n : int
        Size of the input.
    factor : float
        Above 0.

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    ConfigError
        If the factor is not positive.
    ShapeError
        If nothing is left.

    Notes
    -----
    PyTorch, documentation of ``Upsample``. Output voxel i takes its value at input coordinate
    ``(i + 0.5) n / m - 0.5``, not below 0 (linear, ``align_corners=False``),
    ``i (n - 1) / (m - 1)`` (linear, ``align_corners=True``),
    ``floor(i n / m)`` (nearest) or ``floor((i + 0.5) n / m)`` (nearest-exact) for m voxels.

    Examples
    --------
    >>> interpolated_size(5, factor=2), interpolated_size(5, factor=1.5)
    (10, 7)
    """
    if not factor > 0:
        message = f"factor must be above 0, got {factor}"
        raise ConfigError(message)
    size = int(n * Fraction(factor))
    if size < 1:
        message = f"interpolating {n} voxels by {factor} leaves nothing"
        raise ShapeError(message)
    return size


def unpooled_size(n: int, *, kernel: int, stride: int | None = None, padding: int = 0) -> int:
    """Return the size after max-unpooling when none is named: ``(n - 1)s - 2p + k``.

    Parameters
    ----------
    n : int
        Size of the input.
    kernel, padding : int
        k and p of the pooling that is undone.
    stride : int, optional
        s. Default: `kernel`.

    Returns
    -------
    int
        One of the s sizes that pooling maps to `n`. After an odd size it is not the right one:
        pass ``output_size`` to the layer.

    Notes
    -----
    PyTorch, documentation of ``MaxUnpool1d``.

    Examples
    --------
    >>> pool_output_size(7, kernel=2), unpooled_size(3, kernel=2)
    (3, 6)
    """
    return transposed_output_size(
        n, kernel=kernel, stride=kernel if stride is None else stride, padding=padding
    )


def _check(kernel: int, stride: int, padding: int, dilation: int) -> None:
    given = {"kernel": kernel, "stride": stride, "dilation": dilation}
    for name, value in given.items():
        if value < 1:
            message = f"{name} must be at least 1, got {value}"
            raise ConfigError(message)
    if padding < 0:
        message = f"padding must not be negative, got {padding}"
        raise ConfigError(message)
