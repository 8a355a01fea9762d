"""Weighted sums of overlapping tiles, held for those rows only that a tile still touches.

Sums are in single precision (in half only to reproduce nnU-Net). Each voxel gets its terms in the
order of the tiles, whatever is held: slab by slab gives the same bits as the whole volume at once.
"""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING

import numpy as np
import torch

from edgewise.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .grid import Tile

__all__ = ["SlabSums", "SumsOnCpuWarning", "refuse_nan"]


class SumsOnCpuWarning(UserWarning):
    """The accelerator's memory does not hold the sums; they are kept in the machine's memory."""


class SlabSums:
    """Rows of logits under construction.

    Parameters
    ----------
    classes, rows : int
        Channels, and rows of axis 0 that are held at once.
    plane : sequence of int
        The volume's other axes.
    weights : float32 Tensor
        Of one tile, shape of the network's output.
    device : torch.device
        Where sums are kept; if its memory is short, the CPU, with `SumsOnCpuWarning`.
    dtype : torch.dtype, default float32
        Of the sums.
    """

    def __init__(
        self,
        classes: int,
        rows: int,
        plane: Sequence[int],
        weights: torch.Tensor,
        device: torch.device,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.first = 0  # row of the volume that lies in row 0 here
        shapes = (classes, rows, *plane), (rows, *plane)
        try:
            self._values, self._counts = (_zeros(shape, device, dtype) for shape in shapes)
        except torch.OutOfMemoryError:
            _warn(dtype.itemsize * math.prod(shapes[0]))
            device = torch.device("cpu")
            self._values, self._counts = (_zeros(shape, device, dtype) for shape in shapes)
        self.device = device
        self._weights = weights.to(device)
        self._product = self._weights.new_empty(0)  # of the last tile; its memory serves the next

    def to_cpu(self) -> None:
        """Make room on the accelerator."""
        _warn(self._values.nbytes)
        self.device = torch.device("cpu")
        self._values, self._counts = self._values.cpu(), self._counts.cpu()
        self._weights = self._weights.cpu()
        self._product = self._weights.new_empty(0)

    def add(self, tile: Tile, logits: torch.Tensor) -> None:
        """Add one tile.

        Parameters
        ----------
        tile : Tile
            Its rows must be held.
        logits : float32 Tensor (classes, *output)
            On any device.
        """
        first, last = tile.rows
        place = (slice(first - self.first, last - self.first), *tile.place)
        weights = self._weights[tile.used]
        # a product, then a sum: one fused operation would round differently at a vector's end
        part = logits[(slice(None), *tile.used)].to(self.device)
        if self._product.shape != logits.shape:
            self._product = torch.empty(logits.shape, dtype=part.dtype, device=self.device)
        weighted = self._product[(slice(None), *tile.used)]
        torch.mul(part, weights, out=weighted)
        self._values[(slice(None), *place)] += weighted
        self._counts[place] += weights

    def finish(self, rows: int) -> torch.Tensor:
        """Return the mean of the first rows held; valid until `drop`.

        Parameters
        ----------
        rows : int
            How many; no later tile may touch them.

        Returns
        -------
        Tensor (classes, rows, ...)
            A view.

        Raises
        ------
        InputError
            ``not_finite`` if the network answered NaN somewhere: no weight is 0, so it is here.
        """
        done = self._values[:, :rows]
        done /= self._counts[:rows]
        refuse_nan(done)
        return done

    def drop(self, rows: int) -> None:
        """Forget the first rows and make room behind the others."""
        kept = self._counts.shape[0] - rows
        for part in (*self._values, self._counts):  # class by class: the copy aside stays small
            part[:kept] = part[rows:].clone()
            part[kept:] = 0
        self.first += rows


def refuse_nan(logits: torch.Tensor) -> None:
    """Raise InputError, ``not_finite``, if a network answered NaN somewhere."""
    for channel in logits:  # class by class: what the test leaves behind stays small
        if bool(torch.isnan(channel).any()):
            message = "the network returned NaN; check its weights and the image's scale, or "
            message += "use precision float32"
            raise InputError(message, code="not_finite")


def _zeros(shape: Sequence[int], device: torch.device, dtype: torch.dtype) -> torch.Tensor:
    """Return zeros; on the CPU in NumPy's memory, which returned arrays may keep."""
    if device.type == "cpu":
        kind = np.float16 if dtype == torch.float16 else np.float32
        return torch.from_numpy(np.zeros(tuple(shape), dtype=kind))
    return torch.zeros(tuple(shape), dtype=dtype, device=device)


def _warn(size: int) -> None:
    text = (
        f"the accelerator has no {size / 2**30:.1f} GiB for the sums; they are kept in main memory"
    )
    warnings.warn(f"{text}, which is slower", SumsOnCpuWarning, stacklevel=2)
