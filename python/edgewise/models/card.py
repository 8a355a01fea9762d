"""What is known of a network before it is built: its card.

Cards are literal data and import without torch, so that `edgewise models` answers at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from edgewise.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Card", "KnownWeights", "Sizes"]


@dataclass(frozen=True, slots=True)
class Sizes:
    """The image sizes that a network takes, per axis: ``minimum``, ``minimum + step``, ...

    Attributes
    ----------
    minimum : int
        Smallest size, voxels.
    step : int
        Distance between two sizes that fit, voxels; 1 if every size from `minimum` on fits.
    maximum : int, optional
        Largest size, voxels. Default: none.
    """

    minimum: int = 1
    step: int = 1
    maximum: int | None = None

    def admit(self, size: int) -> bool:
        """Whether an axis of `size` voxels fits."""
        inside = self.minimum <= size <= (size if self.maximum is None else self.maximum)
        return inside and (size - self.minimum) % self.step == 0

    def nearest(self, size: int) -> tuple[int, ...]:
        """Return the one or two sizes that fit and enclose `size`."""
        if size <= self.minimum:
            return (self.minimum,)
        if self.maximum is not None and size >= self.maximum:
            return (self.maximum,)
        below = size - (size - self.minimum) % self.step
        return (below,) if below == size else (below, below + self.step)

    def __str__(self) -> str:
        if self.minimum == self.maximum:
            return f"exactly {self.minimum}"
        if self.step == 1:
            return f"at least {self.minimum}"
        return f"{self.minimum}, {self.minimum + self.step}, {self.minimum + 2 * self.step}, ..."


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownWeights:
    """A file of weights that its authors publish; edgewise loads it and never fetches it.

    Attributes
    ----------
    file : str
        Name under which it is published.
    trained_on : str
        Data set and classes.
    licence : str
        Of the weights, or of the repository that publishes them.
    published : str
        Where: project or package that documents the address.
    sizes : mapping
        Sizes for `create_model` that the file fits.
    sha256 : str
        Of the file, or its first digits; empty if not known.
    """

    file: str
    trained_on: str
    licence: str
    published: str
    sizes: Mapping[str, Any] = field(default_factory=dict)
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A network of the zoo.

    Attributes
    ----------
    name : str
        In the registry.
    builder : str
        ``"module:function"`` within `edgewise.models.networks`.
    family : str
        Networks that share a paper or a design.
    spatial_dims : int
        2 or 3.
    summary : str
        What it is, in one sentence.
    paper : str
        Authors, title, venue and year, with the arXiv number where there is one.
    year : int
        Of the paper.
    parameters : int
        Trainable parameters of the default configuration.
    receptive_field : str
        Widest, in voxels along an axis, or why it is the whole image.
    stride : int
        Period of the network's response to shifts, voxels.
    sizes : Sizes
        Image sizes that the default configuration takes.
    key_layout : str
        Whose names the state dict carries.
    oracle : str
        What the tests hold the network against.
    deviations : tuple of str
        Where it differs from the paper or from the oracle.
    weights : tuple of KnownWeights
        Published files that load.
    defaults : mapping
        Arguments of `create_model` and what they are if not given.
    small : mapping
        Sizes of a configuration that any machine runs in a moment.
    small_image : tuple of int
        Shape of an image for it, without batch and channels.
    """

    name: str
    builder: str
    family: str
    spatial_dims: int
    summary: str
    paper: str
    year: int
    parameters: int
    receptive_field: str
    stride: int
    sizes: Sizes
    key_layout: str
    oracle: str
    small: Mapping[str, Any]
    small_image: tuple[int, ...]
    defaults: Mapping[str, Any] = field(default_factory=dict)
    deviations: tuple[str, ...] = ()
    weights: tuple[KnownWeights, ...] = ()

    def __post_init__(self) -> None:
        if len(self.small_image) != self.spatial_dims:
            message = f"card {self.name!r}: small_image needs {self.spatial_dims} axes"
            raise ConfigError(message)
