"""Losses as values: weighted sums of formulas with their options, built by name or by hand.

A `Loss` is frozen and prints as what it computes, so that a run can write it down. It holds no
state: what changes in training (weights) makes a new one.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from functools import partial
from numbers import Real
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import Tensor

from edgewise.errors import ConfigError

from .boundary import boundary_loss
from .cldice import cldice_loss
from .dice import dice_loss, generalised_dice_loss
from .entropy import binary_cross_entropy, cross_entropy
from .focal import focal_loss
from .hausdorff import hausdorff_loss
from .recipes import Recipe, recipe
from .targets import as_numbers
from .tversky import focal_tversky_loss, tversky_loss

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from edgewise._arguments import Spacing

__all__ = ["Loss", "Term", "make_loss"]

_FUNCTIONS: Final[dict[str, Callable[..., Tensor]]] = {
    function.__name__: function
    for function in (
        binary_cross_entropy,
        boundary_loss,
        cldice_loss,
        cross_entropy,
        dice_loss,
        focal_loss,
        focal_tversky_loss,
        generalised_dice_loss,
        hausdorff_loss,
        tversky_loss,
    )
}
_SHARED = ("activation", "ignore_index")  # all terms must agree on what the logits mean
_OF_A_CALL = ("maps", "voxel_weights")  # given with the batch


@dataclass(frozen=True, slots=True)
class Term:
    """One formula of a `Loss`.

    Attributes
    ----------
    function : callable
        ``function(logits, labels, **options)`` gives a scalar.
    weight : float
        Its factor.
    options : tuple of (str, value)
        Keywords of the function.
    """

    function: Callable[..., Tensor]
    weight: float = 1.0
    options: tuple[tuple[str, Any], ...] = ()

    def __post_init__(self) -> None:
        if not callable(self.function):
            message = f"a loss must be a function of logits and labels, got {self.function!r}; "
            message += "make_loss builds one by its name"
            raise ConfigError(message)

    @property
    def name(self) -> str:
        """What the function is called, the same in every process."""
        function = self.function.func if isinstance(self.function, partial) else self.function
        return str(getattr(function, "__name__", type(function).__qualname__))

    def takes(self, option: str) -> bool:
        """Whether the function has a keyword of this name."""
        return option in _defaults(self.function)

    def value_of(self, option: str) -> Any:  # noqa: ANN401
        """Return what the function gets for one of its keywords: from `options`, or its default."""
        return dict(self.options).get(option, _defaults(self.function)[option])

    def using(self, options: Mapping[str, Any]) -> Term:
        """Return the term with those of `options` that its function takes."""
        taken = {key: value for key, value in options.items() if self.takes(key)}
        return replace(self, options=tuple({**dict(self.options), **taken}.items()))

    def __str__(self) -> str:
        bound = self.function.keywords if isinstance(self.function, partial) else {}
        options = {**bound, **dict(self.options)}
        written = "".join(f", {key}={value!r}" for key, value in options.items())
        return f"{self.weight:g} * {self.name}(logits, labels{written})"


@dataclass(frozen=True, slots=True)
class Loss:
    """A weighted sum of losses: ``loss(logits, labels)`` gives a scalar.

    Attributes
    ----------
    name : str
        For logs.
    terms : tuple of Term
        What is added up; a weight of 0 leaves a term out.

    Examples
    --------
    >>> print(make_loss("dice_cldice", iterations=5).terms[1])
    0.5 * cldice_loss(logits, labels, iterations=5)
    """

    name: str
    terms: tuple[Term, ...]

    def __post_init__(self) -> None:
        if not self.terms or not all(isinstance(term, Term) for term in self.terms):
            message = f"loss {self.name!r} has no terms, or what is no Term: {self.terms!r}"
            raise ConfigError(message)

    def __call__(
        self,
        logits: Tensor,
        labels: Tensor,
        *,
        maps: Tensor | None = None,
        voxel_weights: Tensor | None = None,
    ) -> Tensor:
        """Return the sum.

        Parameters
        ----------
        logits : Tensor (N, C, ...)
            As the network returns them.
        labels : Tensor (N, ...) of integers, or (N, C, ...) of masks
            0 to C - 1.
        maps : Tensor (N, C, ...), optional
            `boundary_map` of each case, for the terms that measure distances.
        voxel_weights : Tensor (N, ...), optional
            Weights for the cross-entropy.

        Returns
        -------
        Tensor
            Scalar.
        """
        given = {"maps": maps, "voxel_weights": voxel_weights}
        given = {key: value for key, value in given.items() if value is not None}
        total: Tensor | None = None
        for term in self._using(given).terms if given else self.terms:
            if term.weight:
                value = term.weight * term.function(logits, labels, **dict(term.options))
                total = value if total is None else total + value
        return logits[:0].sum() if total is None else total  # not a product: inf * 0 is NaN

    @property
    def measures_distances(self) -> bool:
        """Whether a term depends on the spacing."""
        return any(term.takes("spacing") for term in self.terms)

    def with_weights(self, *weights: float) -> Loss:
        """Return the loss with other factors, one per term.

        Raises
        ------
        ConfigError
            If there is not one weight per term, or one is not finite.
        """
        if len(weights) != len(self.terms):
            message = f"loss {self.name!r} has {len(self.terms)} terms, got weights {weights}"
            raise ConfigError(message)
        pairs = zip(self.terms, as_numbers("weights", weights), strict=True)
        return replace(self, terms=tuple(replace(term, weight=w) for term, w in pairs))

    def with_spacing(self, spacing: Spacing) -> Loss:
        """Return the loss for images of another spacing; the same if nothing depends on it."""
        return self._using({"spacing": spacing}) if self.measures_distances else self

    def _using(self, options: Mapping[str, Any]) -> Loss:
        for option in options:
            takers = [term for term in self.terms if term.takes(option)]
            if not takers or (option in _SHARED and len(takers) < len(self.terms)):
                raise ConfigError(_not_taken(self, option))
        return replace(self, terms=tuple(term.using(options) for term in self.terms))

    def __str__(self) -> str:
        return f"{self.name} = " + " + ".join(str(term) for term in self.terms)


def make_loss(
    name: str,
    *,
    weights: Sequence[float] | None = None,
    preset: str | None = None,
    activation: str | None = None,
    include_background: bool | None = None,
    batch: bool | None = None,
    ignore_index: int | None = None,
    class_weights: Sequence[float] | None = None,
    label_smoothing: float | None = None,
    gamma: float | None = None,
    alpha: float | None = None,
    spacing: Spacing = None,
    inner_zero: bool | None = None,
    iterations: int | None = None,
) -> Loss:
    """Build a loss by its name.

    Parameters
    ----------
    name : str
        One of `list_losses`, such as ``"dice_ce"`` (nnU-Net's) or ``"dice_boundary"``.
    weights : sequence of float, optional
        Factor of each term.
    preset : {"monai", "nnunet", "transunet", "vnet"}, optional
        Convention of Dice.
    activation : {"softmax", "sigmoid", "none"}, optional
        How logits become probabilities.
    include_background, batch : bool, optional
        Whether channel 0 counts; whether sums run over the batch.
    ignore_index : int, optional
        Label of voxels that count nowhere.
    class_weights : sequence of float, optional
        Of cross-entropy and focal loss.
    label_smoothing : float, optional
        Of cross-entropy.
    gamma, alpha : float, optional
        Of the focal losses; `alpha` of the Hausdorff loss too.
    spacing : float or sequence of float, optional
        Of the losses that measure distances, in mm.
    inner_zero : bool, optional
        Of the boundary loss.
    iterations : int, optional
        Of the soft skeleton.

    Returns
    -------
    Loss
        Options that are not given are those of the name, then those of the function. For other
        options put `Term` and `Loss` together.

    Raises
    ------
    ConfigError
        For an unknown name (the message suggests one), or an option that the loss does not take.
    ConfigError, ShapeError, SpacingError
        For an option that is out of range: the loss is tried on one voxel.

    Examples
    --------
    >>> print(make_loss("focal", gamma=3.0))
    focal = 1 * focal_loss(logits, labels, gamma=3.0)
    """
    found = recipe(name)
    loss = Loss(name, _terms(found))
    factors = None if class_weights is None else as_numbers("class_weights", class_weights)
    steps = spacing
    if not (spacing is None or isinstance(spacing, Real)):
        steps = as_numbers("spacing", spacing)
    given = {
        "preset": preset,
        "activation": activation,
        "include_background": include_background,
        "batch": batch,
        "ignore_index": ignore_index,
        "class_weights": factors,
        "label_smoothing": label_smoothing,
        "gamma": gamma,
        "alpha": alpha,
        "spacing": steps,
        "inner_zero": inner_zero,
        "iterations": iterations,
    }
    loss = loss._using({key: value for key, value in given.items() if value is not None})
    _try_out(loss, classes=len(factors or ()), axes=len(steps) if isinstance(steps, tuple) else 1)
    return loss if weights is None else loss.with_weights(*as_numbers("weights", weights))


def _terms(found: Recipe) -> tuple[Term, ...]:
    return tuple(
        Term(_FUNCTIONS[part.function], part.weight, tuple(part.options.items()))
        for part in found.parts
    )


def _try_out(loss: Loss, *, classes: int, axes: int) -> None:
    """Compute the loss of one voxel: an option that is wrong fails here, not in the first step."""
    spatial = [1] * min(max(axes, 1), 3)
    logits = torch.zeros(1, max(classes, 2), *spatial, device="cpu")
    loss(logits, torch.zeros(1, *spatial, dtype=torch.long, device="cpu"))


def _defaults(function: Callable[..., Tensor]) -> dict[str, Any]:
    """Return the keywords that follow logits and labels, with their defaults."""
    try:
        parameters = list(inspect.signature(function).parameters.values())[2:]
    except (TypeError, ValueError):  # some functions written in C have none to look at
        return {}
    kinds = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return {p.name: p.default for p in parameters if p.kind in kinds}


def _not_taken(loss: Loss, option: str) -> str:
    message = f"loss {loss.name!r} takes no {option}"
    if option in _OF_A_CALL:
        return message
    takers = {key: sum(term.takes(key) for term in loss.terms) for key in _options_of_make_loss()}
    known = [
        key
        for key, number in takers.items()
        if number == len(loss.terms) or (number and key not in _SHARED)
    ]
    return f"{message}; it takes: {', '.join(sorted(known))}"


def _options_of_make_loss() -> list[str]:
    """Return the options that belong to formulas."""
    parameters = inspect.signature(make_loss).parameters
    return [key for key in parameters if key not in ("name", "weights")]
