"""Deep supervision: the same loss on the coarser outputs of a decoder, weighted down.

As nnU-Net trains: output i gets the weight 1 / 2^i, the coarsest none, together 1. A voxel of a
coarse output is compared with the nearest one of the labels; its distances and its weight, where
they are given, are those of that voxel.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from edgewise._arguments import as_spacing
from edgewise.errors import ConfigError, ShapeError

from .combination import Loss, Term
from .targets import as_numbers, check_tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["DeepSupervision", "downsample_labels", "supervision_weights"]


@dataclass(frozen=True, slots=True)
class DeepSupervision:
    """A loss on every output of a network.

    Attributes
    ----------
    loss : callable
        ``loss(logits, labels)``. A ``spacing``, of a `Loss` or a keyword of a function, is that of
        the labels and grows with the voxels of the coarser outputs.
    weights : sequence of float, optional
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
    weights: Sequence[float] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.loss, Loss):
            Term(self.loss)  # says what is wrong with it
        if self.weights is not None:
            object.__setattr__(self, "weights", as_numbers("weights", self.weights))

    def __call__(
        self,
        outputs: Tensor | Sequence[Tensor],
        labels: Tensor,
        *,
        maps: Tensor | None = None,
        voxel_weights: Tensor | None = None,
    ) -> Tensor:
        """Return the weighted sum over the outputs.

        Parameters
        ----------
        outputs : Tensor (N, C, ...), or sequence of them, finest first
            A single tensor gets the plain loss.
        labels : Tensor (N, ...) or (N, C, ...)
            At the size of the finest output, or finer.
        maps : Tensor (N, C, ...), optional
            `boundary_map` of each case, on the grid of the labels. A coarser output then gets the
            distances of that grid at its voxels; without maps they are computed from its labels.
        voxel_weights : Tensor (N, ...), optional
            Weights for the cross-entropy, on the grid of the labels.

        Returns
        -------
        Tensor
            Scalar.

        Raises
        ------
        ConfigError
            If there is not one weight per output, or all are 0, or the loss takes no `maps` or
            `voxel_weights`.
        ShapeError
            If an output is larger than the labels or than the one before it, or `maps` or
            `voxel_weights` lie on another grid than the labels.
        """
        loss = self.loss if isinstance(self.loss, Loss) else Loss("loss", (Term(self.loss),))
        given = {"maps": maps, "voxel_weights": voxel_weights}
        given = {key: value for key, value in given.items() if value is not None}
        if isinstance(outputs, Tensor):
            return loss(outputs, labels, **given)
        if not isinstance(outputs, tuple | list):
            message = "outputs must be a tensor or a sequence of tensors, "
            message += f"got {type(outputs).__name__}"
            raise ConfigError(message)
        weights = supervision_weights(len(outputs)) if self.weights is None else self.weights
        if len(weights) != len(outputs) or not any(weights):
            message = f"{len(outputs)} outputs need as many weights, not all 0, got {weights}"
            raise ConfigError(message)
        _check_grids(outputs, labels, given)
        levels = [pair for pair in zip(outputs, weights, strict=True) if pair[1]]
        total = sum(weight * _at(loss, logits, labels, given) for logits, weight in levels)
        return torch.as_tensor(total)


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


def _check_grids(outputs: Sequence[Tensor], labels: Tensor, given: Mapping[str, Tensor]) -> None:
    """Raise unless sizes go down from the labels, and what is `given` has that of the labels."""
    axes = outputs[0].ndim - 2
    full = tuple(labels.shape[-axes:])
    sizes = [full, *(tuple(output.shape[2:]) for output in outputs)]
    for larger, smaller in pairwise(sizes):
        if len(larger) != len(smaller) or any(n < k for n, k in zip(larger, smaller, strict=True)):
            message = f"outputs must come finest first, none larger than the labels {full}, "
            message += f"got sizes {', '.join(map(str, sizes[1:]))}"
            raise ShapeError(message)
    for name, values in given.items():
        check_tensor(name, values)
        if tuple(values.shape[-axes:]) != full:
            message = f"{name} must have the size of the labels {full}, "
            message += f"got shape {tuple(values.shape)}"
            raise ShapeError(message)


def _at(loss: Loss, logits: Tensor, labels: Tensor, given: Mapping[str, Tensor]) -> Tensor:
    """Return the loss of one output, from the nearest voxels of everything else."""
    shape = tuple(logits.shape[2:])
    loss = _coarser(loss, tuple(labels.shape[-len(shape) :]), shape)
    sampled = {name: downsample_labels(values, shape) for name, values in given.items()}
    return loss(logits, downsample_labels(labels, shape), **sampled)


def _coarser(loss: Loss, full: tuple[int, ...], shape: tuple[int, ...]) -> Loss:
    """Return the loss with the spacing of each term for voxels that are larger."""
    if full == shape or not loss.measures_distances:
        return loss
    terms = []
    for term in loss.terms:
        if term.takes("spacing"):
            spacing = as_spacing(term.value_of("spacing"), len(full))
            wider = tuple(s * n / k for s, n, k in zip(spacing, full, shape, strict=True))
            term = term.using({"spacing": wider})
        terms.append(term)
    return Loss(loss.name, tuple(terms))
