"""One row of the table of metrics, and the keyword arguments that rows share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["GRID", "IGNORE", "Better", "Definition", "Family", "Need"]

Better: TypeAlias = Literal["larger", "smaller", "one", "zero"]
Family: TypeAlias = Literal[
    "counts", "overlap", "distance", "boundary", "topology", "information", "instances"
]
Need: TypeAlias = Literal[
    "counts", "distances", "moments", "strips", "skeletons", "components", "joint", "instances"
]


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """What one metric is.

    Attributes
    ----------
    name : str
        API name: the function, and the id without parameters.
    title, formula : str
        What it measures; how, in plain text.
    family : str
        Module it lives in.
    unit : str
        "1", "voxels", "mm" (the unit of spacing), "mm^d" or "bits".
    low, high : float
        Smallest and largest possible value.
    better : {"larger", "smaller", "one", "zero"}, optional
        Direction; None for plain quantities.
    worst : float or "diagonal", optional
        What a missing case counts in a summary; "diagonal" is that of the reference grid in mm.
        None: nothing can stand in for it, the case is left out and counted.
    needs : tuple of str
        Ingredients of the pair that it is computed from.
    empty : tuple of str
        The raw value when both masks are empty, only the reference, only the prediction.
    other : str
        Other undefined cases.
    aliases : tuple of str
        Other accepted names.
    parameters : mapping
        Keyword arguments with their defaults; None is "as the preset says", ``...`` has no default.
    id_parameter, id_unit : str
        The parameter that an id carries after ``@``, and the unit printed behind the number.
    source : str
        Where the definition comes from.
    """

    name: str
    title: str
    formula: str
    family: Family
    unit: str
    low: float
    high: float
    better: Better | None
    worst: float | Literal["diagonal"] | None
    needs: tuple[Need, ...]
    empty: tuple[str, str, str]
    other: str = ""
    aliases: tuple[str, ...] = ()
    parameters: Mapping[str, object] = field(default_factory=dict)
    id_parameter: str = ""
    id_unit: str = ""
    source: str = ""

    @property
    def needs_parameter(self) -> bool:
        """Whether an id is incomplete without a number."""
        return bool(self.id_parameter) and self.parameters[self.id_parameter] is ...


IGNORE: Final[Mapping[str, object]] = {"ignore_mask": None}
GRID: Final[Mapping[str, object]] = {"spacing": None, "squeeze": None, "preset": "edgewise"}
