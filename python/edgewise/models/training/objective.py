"""From what a network returns to the number that is made smaller.

The loss is one of `edgewise.models.losses` by name, or any callable ``loss(logits, labels)``. It
sees float32 logits whatever the precision of the network. Where the output is smaller than the
patch (unpadded networks) it is compared with the middle of the labels.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from edgewise.errors import ConfigError
from edgewise.models.losses import DeepSupervision, Loss, Term, make_loss
from edgewise.models.outputs import main_output

from .answers import middle

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import torch

__all__ = ["LossFunction", "Objective", "loss_name", "wants_deep_supervision"]

LossFunction: TypeAlias = "Callable[[torch.Tensor, torch.Tensor], torch.Tensor]"


def loss_name(loss: str | LossFunction) -> str:
    """Return how a run's settings call a loss: what it computes, or where it is defined."""
    if isinstance(loss, str | Loss):
        return str(loss)
    if isinstance(loss, DeepSupervision):
        return f"DeepSupervision({loss_name(loss.loss)}, weights={loss.weights})"
    if isinstance(loss, partial):
        options = "".join(f", {key}={value!r}" for key, value in loss.keywords.items())
        return f"partial({loss_name(loss.func)}{options})"
    kind: Any = loss if hasattr(loss, "__qualname__") else type(loss)
    return f"{kind.__module__}.{kind.__qualname__}"


def wants_deep_supervision(model: torch.nn.Module, wanted: bool | str) -> bool:  # noqa: FBT001
    """Return whether auxiliary outputs are used: "auto" is if the network has them.

    Raises
    ------
    ConfigError
        If they are wanted from a network that has none, or `wanted` is another word.
    """
    has = hasattr(model, "deep_supervision")
    if wanted not in (True, False, "auto"):
        message = f"deep_supervision must be 'auto', True or False, got {wanted!r}"
        raise ConfigError(message)
    if wanted is True and not has:
        message = f"deep_supervision is True, but {type(model).__name__} has no such outputs"
        raise ConfigError(message)
    return has if wanted == "auto" else bool(wanted)


class Objective:
    """The loss of a batch.

    Parameters
    ----------
    loss : str or callable
        Name for `edgewise.models.losses.make_loss`, or ``loss(logits, labels) -> Tensor``. Of a
        `DeepSupervision` the weights count where the network returns several outputs.
    deep_supervision : bool
        Whether the network returns several outputs that all count.
    ignore_label : int, optional
        Handed to `make_loss`; a callable must know it itself.

    Raises
    ------
    ConfigError
        If there is no such loss.
    """

    def __init__(
        self, loss: str | LossFunction, *, deep_supervision: bool, ignore_label: int | None = None
    ) -> None:
        if not (isinstance(loss, str) or callable(loss)):
            message = f"loss must be a name or a callable of (logits, labels), got {loss!r}"
            raise ConfigError(message)
        whole = make_loss(loss, ignore_index=ignore_label) if isinstance(loss, str) else loss
        self._is_deep = deep_supervision
        self._weights: Sequence[float] | None = None
        if isinstance(whole, DeepSupervision):
            self._weights = whole.weights
            whole = whole.loss
        self._pieces = _pieces(whole if isinstance(whole, Loss) else Loss("loss", (Term(whole),)))

    def __call__(
        self,
        output: Any,  # noqa: ANN401
        labels: torch.Tensor,
        spacings: Sequence[tuple[float, ...]],
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Return the loss, and its weighted parts by name if it has several.

        Parameters
        ----------
        output : Tensor (N, classes, ...), or a tuple of them
            Of the network.
        labels : Tensor (N, ...)
            Integers.
        spacings : sequence of tuple of float
            Of each sample, mm; for the terms that have a ``spacing`` which nobody chose.
        """
        if self._is_deep and isinstance(output, tuple | list):
            logits: Any = tuple(level.float() for level in output)
        else:
            logits = main_output(output).float()
            labels = middle(labels, logits.shape[2:])
        parts = {name: self._value(piece, logits, labels, spacings) for name, piece in self._pieces}
        total = sum(parts.values())
        return total, {} if len(parts) == 1 else {k: v.detach() for k, v in parts.items()}

    def _value(
        self,
        piece: Loss,
        logits: Any,  # noqa: ANN401
        labels: torch.Tensor,
        spacings: Sequence[tuple[float, ...]],
    ) -> Any:  # noqa: ANN401
        term = piece.terms[0]  # the only one
        if not term.takes("spacing") or term.value_of("spacing") is not None:
            return self._deep(piece)(logits, labels)
        if len(set(spacings)) == 1:
            return self._deep(piece.with_spacing(spacings[0]))(logits, labels)
        values = [
            self._deep(piece.with_spacing(spacing))(_sample(logits, k), labels[k : k + 1])
            for k, spacing in enumerate(spacings)
        ]
        return sum(values) / len(values)

    def _deep(self, piece: Loss) -> LossFunction:
        return DeepSupervision(piece, self._weights) if self._is_deep else piece


def _pieces(loss: Loss) -> list[tuple[str, Loss]]:
    """Return the terms of a loss as losses of their own, so that each is logged."""
    if len(loss.terms) == 1:
        return [("loss", loss)]
    pieces: dict[str, Loss] = {}
    for number, term in enumerate(loss.terms):
        name = f"loss_{term.name.removesuffix('_loss')}"  # a metric may have the same name
        name = name if name not in pieces else f"{name}_{number}"
        pieces[name] = Loss(name, (term,))
    return list(pieces.items())


def _sample(logits: Any, k: int) -> Any:  # noqa: ANN401
    if isinstance(logits, tuple):
        return tuple(level[k : k + 1] for level in logits)
    return logits[k : k + 1]
