"""The one table of metrics: names, formulas, units, ranges, empty cases and sources.

Documentation of the functions, ids on the command line, the page of metrics and the summaries'
worst values read it. One module per family.
"""

from __future__ import annotations

from difflib import get_close_matches
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edgewise.errors import ConfigError

from . import boundary, counts, distance, information, instances, overlap, topology
from .row import Better, Definition, Family, Need

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ALIASES", "METRICS", "Better", "Definition", "Family", "Need", "definition"]

_FAMILIES: Final = (counts, overlap, distance, boundary, topology, information, instances)
_ROWS: Final = tuple(row for family in _FAMILIES for row in family.DEFINITIONS)

METRICS: Final[Mapping[str, Definition]] = MappingProxyType({d.name: d for d in _ROWS})
ALIASES: Final[Mapping[str, str]] = MappingProxyType(
    {alias: d.name for d in _ROWS for alias in d.aliases}
)


def definition(name: str) -> Definition:
    """Return the definition of a metric by its name or an alias.

    Parameters
    ----------
    name : str
        API name or alias, without parameters; upper and lower case are the same.

    Returns
    -------
    Definition
        The row of the table.

    Raises
    ------
    ConfigError
        If there is no such metric; names the nearest ones.

    Examples
    --------
    >>> definition("dsc").name
    'dice'
    """
    key = name.strip().lower()
    key = ALIASES.get(key, key)
    if key in METRICS:
        return METRICS[key]
    near = get_close_matches(key, [*METRICS, *ALIASES], n=3)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    message = f"unknown metric {name!r}{hint} ('edgewise metrics' lists them)"
    raise ConfigError(message)
