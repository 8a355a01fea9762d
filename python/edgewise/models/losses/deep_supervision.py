"""Deep supervision: the same loss on the coarser outputs of a decoder, weighted down.

As nnU-Net trains: output i gets the weight 1 / 2^i, the coarsest none, together 1; the labels are
taken at the nearest voxel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from edgewise._arguments import as_spacing
from edgewise.errors import ConfigError, ShapeError

from .combination import Loss

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["DeepSupervision", "downsample_labels", "supervision_weights"]


@dataclass(frozen=True, slots=True)
class DeepSupervision:
    """A loss on every output of a network.

    Attributes
    ----------
    loss : callable
        ``loss(logits, labels)``. Spacing of a `Loss` that measures distances is that of the
        finest output and grows with the voxels of the coarser ones.
    weights : tuple of float, optional
        One per output, finest first. Default: `supervision_weights`. Where gradients of all
        parameters must exist (DistributedDataParallel), give the coarsest a tiny weight such as
        1e-6 instead of 0.

    Examples
    --------
    >>> from edgewise.models.losses import make_loss
    >>> loss = DeepSupervision(make_loss("cross_entropy"))
    >>> outputs = tuple(torch.zeros(1, 2, n, n) for n in (8, 4, 2))
    >>> round(loss(outputs, torch.zeros(1, 8, 8, dtype=torch.long)).item(), 4)
    0.6931
    """

    loss: Callable[[Tensor, Tensor], Tensor]
    weights: tuple[float, ...] | None = None

    def __call__(self, outputs: Tensor | Sequence[Tensor], labels: Tensor) -> Tensor:
        """Return the weighted sum over the outputs.

        Parameters
        ----------
        outputs : Tensor (N, C, ...), or sequence of them, finest first
            A single tensor gets the plain loss.
        labels : Tensor (N, ...) or (N, C, ...)
            At the size of the finest output, or finer.

        Returns
        -------
        Tensor
            Scalar.

        Raises
        ------
        ConfigError
            If there is not one weight per output, or all are 0.
        """
        if isinstance(outputs, Tensor):
            return self.loss(outputs, labels)
        weights = self.weights or supervision_weights(len(outputs))
        if len(weights) != len(outputs) or not any(weights):
            message = f"{len(outputs)} outputs need as many weights, not all 0, got {weights}"
            raise ConfigError(message)
        levels = [pair for pair in zip(outputs, weights, strict=True) if pair[1]]
        total = sum(
            weight * self._at(logits, labels, finest=outputs[0]) for logits, weight in levels
        )
        return torch.as_tensor(total)

    def _at(self, logits: Tensor, labels: Tensor, *, finest: Tensor) -> Tensor:
        loss = self.loss
        shape, full = tuple(logits.shape[2:]), tuple(finest.shape[2:])
        if isinstance(loss, Loss) and loss.measures_distances and shape != full:
            loss = _coarser(loss, full, shape)
        return loss(logits, downsample_labels(labels, shape))


def supervision_weights(outputs: int) -> tuple[float, ...]:
    """Return nnU-Net's weights: 1, 1/2, 1/4, ..., the last 0, divided by their sum.

    Parameters
    ----------
    outputs : int
        Number of outputs; a single one gets 1.

    Raises
    ------
    ConfigError
        If `outputs` is below 1.

    Examples
    --------
    >>> [round(w, 4) for w in supervision_weights(4)]
    [0.5714, 0.2857, 0.1429, 0.0]
    """
    if outputs < 1:
        message = f"outputs must be at least 1, got {outputs}"
        raise ConfigError(message)
    if outputs == 1:
        return (1.0,)
    raw = [0.5**i for i in range(outputs - 1)]
    return (*(w / sum(raw) for w in raw), 0.0)


def downsample_labels(labels: Tensor, shape: Sequence[int]) -> Tensor:
    """Return labels at another size, each voxel from the nearest one; no new values arise.

    Parameters
    ----------
    labels : Tensor (..., *spatial)
        The last axes are resized, as many as `shape` has.
    shape : sequence of int
        Sizes of those axes.

    Returns
    -------
    Tensor
        Voxel i comes from ``floor((i + 0.5) * old / new)``: the rule of ``"nearest-exact"``, and
        of nnU-Net.

    Raises
    ------
    ShapeError
        If there are too few axes, or a size is below 1.

    Examples
    --------
    >>> downsample_labels(torch.tensor([[0, 1, 2, 3, 4, 5]]), (3,))
    tensor([[1, 3, 5]])
    """
    if len(shape) > labels.ndim or any(size < 1 for size in shape):
        message = f"cannot resize labels of shape {tuple(labels.shape)} to {tuple(shape)}"
        raise ShapeError(message)
    first = labels.ndim - len(shape)
    for axis, size in enumerate(shape, start=first):
        old = labels.shape[axis]
        if old != size:
            index = (torch.arange(size, device=labels.device) * 2 + 1) * old // (2 * size)
            labels = labels.index_select(axis, index)
    return labels


def _coarser(loss: Loss, full: tuple[int, ...], shape: tuple[int, ...]) -> Loss:
    """Return the loss with the spacing of each term for voxels that are larger."""
    terms = []
    for term in loss.terms:
        spacing = as_spacing(dict(term.options).get("spacing"), len(full))
        wider = tuple(s * n / k for s, n, k in zip(spacing, full, shape, strict=True))
        terms.append(term.using({"spacing": wider}))
    return Loss(loss.name, tuple(terms))
