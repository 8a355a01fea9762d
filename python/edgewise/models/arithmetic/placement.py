"""Where the spatial axes of the image lie in each tensor of a network, and how tensors are linked.

The image (N, C, ...) has axes 0, 1, ... in its dimensions 2, 3, ... Each operation carries them on:
a permutation moves them, pooling coarsens them, reshaping may lose them. A tensor without an axis
(after a mean over it) is treated as having one position there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .reach import FIXED, SAME, WHOLE, AxisMap
from .tracing import Ref

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .tracing import Call

__all__ = ["Link", "Outcome", "Placement", "View"]


@dataclass(frozen=True, slots=True)
class Placement:
    """The dimensions of a tensor.

    Attributes
    ----------
    shape : tuple of int
        Of the tensor.
    dims : tuple
        Per dimension the axis of the image that it runs along, or None.
    lost : bool
        The axes were mixed with each other; every position depends on the whole image.
    """

    shape: tuple[int, ...]
    dims: tuple[int | None, ...]
    lost: bool = False

    def size(self, axis: int) -> int:
        """Return the positions along an axis; 1 if the tensor does not have it."""
        return self.shape[self.dims.index(axis)] if axis in self.dims else 1


@dataclass(frozen=True, slots=True)
class Link:
    """How a result depends on one tensor: one map per axis of the image."""

    source: str
    maps: tuple[AxisMap, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one operation does.

    Attributes
    ----------
    dims : tuple
        Of the result, see `Placement`.
    links : tuple of Link
        To the tensors that depend on the image.
    reasons : tuple of str
        Why tiles of the image do not give what the whole image gives.
    lost : bool
        See `Placement`.
    """

    dims: tuple[int | None, ...]
    links: tuple[Link, ...]
    reasons: tuple[str, ...] = ()
    lost: bool = False


@dataclass(slots=True)
class View:
    """What the rules know: one call, and what is upstream of it."""

    call: Call
    axes: int
    placements: dict[str, Placement]  # of tensors that depend on the image
    shapes: dict[str, tuple[int, ...]]  # of all tensors
    uniform: set[str] = field(default_factory=set)  # tensors filled with one value
    upstream: dict[str, Call] = field(default_factory=dict)

    def argument(self, name: str, default: Any = None) -> Any:  # noqa: ANN401
        """Return an argument by the name in the operation's schema."""
        value = self.call.arguments.get(name)
        return default if value is None else value

    def refs(self) -> Iterator[str]:
        """Return the names of all tensors among the arguments."""
        for value in self.call.arguments.values():
            for one in value if isinstance(value, list) else (value,):
                if isinstance(one, Ref):
                    yield one.name

    def sources(self) -> tuple[str, ...]:
        """Return the names of those that depend on the image, each once."""
        return tuple(dict.fromkeys(name for name in self.refs() if name in self.placements))

    @property
    def source(self) -> str:
        """The first tensor that depends on the image."""
        return self.sources()[0]

    @property
    def place(self) -> Placement:
        """Where that one has its axes."""
        return self.placements[self.source]

    def ref(self, *names: str) -> str:
        """Return the tensor given for the first of these arguments that is there, else ``""``."""
        values = (self.call.arguments.get(name) for name in names)
        return next((value.name for value in values if isinstance(value, Ref)), "")

    def is_source(self, name: str) -> bool:
        """Whether the argument `name` is the first tensor that depends on the image."""
        return self.ref(name) == self.source

    def same(self) -> tuple[AxisMap, ...]:
        """Return the maps of an element-wise operation."""
        return (SAME,) * self.axes

    def everything(self, source: str) -> Link:
        """Return the link of a result whose every position needs all of `source`."""
        return Link(source, (WHOLE,) * self.axes)

    def spread(self, source: str, dims: tuple[int | None, ...]) -> Link:
        """Return an element-wise link, with one value spread along axes the source lacks."""
        place = self.placements[source]
        if place.lost:
            return self.everything(source)
        shape = dict(zip(dims, self.call.shape, strict=False))
        maps = tuple(
            SAME if place.size(axis) == shape.get(axis, 1) else FIXED for axis in range(self.axes)
        )
        return Link(source, maps)

    def mixed(self, why: str) -> Outcome:
        """Return the outcome of an operation that mixes the axes: all of the image is needed."""
        links = tuple(self.everything(source) for source in self.sources())
        rank = len(self.call.shape)
        return Outcome((None,) * rank, links, (why,), lost=True)

    def standard_dims(self) -> tuple[int | None, ...]:
        """Return the dimensions of (N, C, ...)."""
        return (None, None, *range(self.axes))
