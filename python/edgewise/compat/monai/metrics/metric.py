"""What MONAI's metric classes share: values are computed batch by batch, kept, and reduced.

The classes of the drop-ins, made of torch alone. Within a ``torch.distributed`` group the buffers
of all processes are gathered.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import torch

from edgewise.compat.monai._tensors import plain

from .utils import do_metric_reduction

__all__ = ["Cumulative", "CumulativeIterationMetric", "IterationMetric", "Metric"]


class Metric(ABC):
    """Something that is called with predictions."""

    @abstractmethod
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute from predictions."""

    def __str__(self) -> str:
        return type(self).__name__


class IterationMetric(Metric):
    """A metric of one batch."""

    def __call__(self, y_pred: Any, y: Any = None, **kwargs: Any) -> Any:
        """Compute a batch.

        Parameters
        ----------
        y_pred, y : Tensor [B, C, spatial...], or sequence of Tensor [C, spatial...]
        **kwargs
            For the metric, such as ``spacing``.

        Returns
        -------
        Tensor or list of Tensor
            The first axis counts the samples.

        Raises
        ------
        ValueError
            If `y_pred` is neither.
        """
        if isinstance(y_pred, (list, tuple)) or isinstance(y, (list, tuple)):
            return self._compute_list(y_pred, y, **kwargs)
        if not isinstance(y_pred, torch.Tensor):
            message = f"y_pred is a batch, or a sequence of samples, got {type(y_pred).__name__}"
            raise ValueError(message)
        reference = y.detach() if isinstance(y, torch.Tensor) else None
        return self._compute_tensor(y_pred.detach(), reference, **kwargs)

    def _compute_list(self, y_pred: Any, y: Any = None, **kwargs: Any) -> Any:
        """Compute sample by sample and put the results together."""

        def batch(sample: torch.Tensor) -> torch.Tensor:
            return sample.detach().unsqueeze(0)

        if y is None:
            found = [self._compute_tensor(batch(one), None, **kwargs) for one in y_pred]
        else:
            pairs = zip(y_pred, y, strict=False)
            found = [self._compute_tensor(batch(a), batch(b), **kwargs) for a, b in pairs]
        if isinstance(found[0], torch.Tensor):
            return torch.cat(found, dim=0)
        if isinstance(found[0], (list, tuple)) and all(
            isinstance(one, torch.Tensor) for one in found[0]
        ):
            return [torch.cat(parts, dim=0) for parts in zip(*found, strict=False)]
        return found

    @abstractmethod
    def _compute_tensor(self, y_pred: torch.Tensor, y: Any = None, **kwargs: Any) -> Any:
        """Compute a batch of tensors."""


class Cumulative:
    """Buffers of values, one for each argument of `extend` and `append`."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all values."""
        self._buffers: list[list[torch.Tensor]] | None = None
        self._synced_tensors: list[torch.Tensor | None] | None = None
        self._synced = False

    def extend(self, *data: Any) -> None:
        """Add batches: tensors whose first axis counts values.

        Raises
        ------
        TypeError
            If one is no such tensor.
        """
        for buffer, one in self._opened(data):
            try:
                buffer.extend(part[0] for part in torch.split(_tensor(one), 1, dim=0))
            except (AttributeError, IndexError, RuntimeError) as error:
                message = f"a batch of values is needed, got {type(one).__name__}: {error}"
                raise TypeError(message) from error
        self._synced = False

    def append(self, *data: Any) -> None:
        """Add single values."""
        for buffer, one in self._opened(data):
            buffer.append(_tensor(one))
        self._synced = False

    @abstractmethod
    def aggregate(self, *args: Any, **kwargs: Any) -> Any:
        """Reduce what was added."""

    def get_buffer(self) -> Any:
        """Return the values of all processes: a tensor, a list of tensors, or None."""
        self._sync()
        if self._synced_tensors is None:
            return None
        found = [one if one is None else one.detach().clone() for one in self._synced_tensors]
        return found[0] if len(found) == 1 else found

    def __len__(self) -> int:
        self._sync()
        return max((len(one) for one in self._synced_tensors or () if one is not None), default=0)

    def _opened(self, data: tuple[Any, ...]) -> Any:
        if self._buffers is None:
            self._buffers = [[] for _ in data]
        return zip(self._buffers, data, strict=False)

    def _sync(self) -> None:
        if self._synced or self._buffers is None:
            return
        try:
            self._synced_tensors = [_gathered(torch.stack(buffer)) for buffer in self._buffers]
        except (RuntimeError, TypeError, ValueError) as error:
            message = f"the values do not fit together: {error}"
            raise TypeError(message) from error
        self._synced = True


class CumulativeIterationMetric(Cumulative, IterationMetric):
    """A metric of batches that keeps what it computed until it is reset."""

    def __call__(self, y_pred: Any, y: Any = None, **kwargs: Any) -> Any:
        """Compute a batch as `IterationMetric` and add the results to the buffers."""
        found = super().__call__(y_pred=y_pred, y=y, **kwargs)
        if isinstance(found, (tuple, list)):
            self.extend(*found)
        else:
            self.extend(found)
        return found

    def _buffered(self) -> torch.Tensor:
        """Return the one buffer there is; ValueError if nothing was added."""
        data = self.get_buffer()
        if not isinstance(data, torch.Tensor):
            message = f"{self} has nothing to aggregate: call it with a batch first"
            raise ValueError(message)
        return data


class ReducedMetric(CumulativeIterationMetric):
    """A metric with one value per sample and channel, reduced over what is not NaN.

    Attributes
    ----------
    reduction : str
    get_not_nans : bool
        Whether `aggregate` also returns how many values were not NaN.
    corrected : bool
        Whether a mean of nothing is NaN; MONAI's is 0.
    """

    def __init__(self, reduction: Any, get_not_nans: bool, corrected: bool) -> None:
        super().__init__()
        self.reduction = reduction
        self.get_not_nans = get_not_nans
        self.corrected = corrected

    def aggregate(self, reduction: Any = None) -> Any:
        """Reduce all values.

        Parameters
        ----------
        reduction : str, optional
            As in `do_metric_reduction`. Default: that of the metric.

        Returns
        -------
        Tensor, or tuple of Tensor with `get_not_nans`
        """
        value, not_nans = do_metric_reduction(
            self._buffered(), reduction or self.reduction, corrected=self.corrected
        )
        return (value, not_nans) if self.get_not_nans else value


def require_axes(tensor: torch.Tensor, least: int) -> None:
    """Raise ValueError if there are fewer axes than batch, channel and what follows."""
    if tensor.ndim < least:
        message = f"y_pred needs at least {least} axes, got {tensor.ndim}"
        raise ValueError(message)


def _tensor(data: Any) -> Any:
    """Return numbers, arrays and sequences as a tensor; other things as they are."""
    if isinstance(data, torch.Tensor):
        return plain(data)
    if isinstance(data, np.ndarray):
        return torch.as_tensor(np.ascontiguousarray(data) if data.ndim else data)
    if isinstance(data, (list, tuple)):
        return torch.as_tensor([_tensor(one) for one in data])
    return torch.as_tensor(data) if isinstance(data, (float, int, bool)) else data


def _gathered(data: torch.Tensor) -> torch.Tensor:
    """Return the rows of all processes, in the order of their ranks."""
    group = torch.distributed
    if not (group.is_available() and group.is_initialized()) or group.get_world_size() <= 1:
        return data
    device = torch.device("cuda" if group.get_backend() == "nccl" else "cpu")
    mine = data.to(device)
    lengths = [
        torch.zeros(1, dtype=torch.int64, device=device) for _ in range(group.get_world_size())
    ]
    group.all_gather(lengths, torch.tensor([len(mine)], device=device))
    longest = max(int(one) for one in lengths)
    room = mine.new_zeros((longest, *mine.shape[1:]))
    room[: len(mine)] = mine
    parts = [torch.zeros_like(room) for _ in lengths]
    group.all_gather(parts, room)
    rows = [part[: int(n)] for part, n in zip(parts, lengths, strict=True)]
    return torch.cat(rows).to(data.device)
