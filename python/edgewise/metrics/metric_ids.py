"""Metric ids: a name, then ``@`` and a number, then ``:`` and a preset: ``nsd@2mm:medpy``."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from edgewise.errors import ConfigError

from .conventions import chosen
from .definitions import METRICS, Definition, definition

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ALWAYS", "DEFAULT_METRICS", "MetricRequest", "completed_all", "parse", "parse_all"]

DEFAULT_METRICS: Final = ("dice", "iou", "hd95", "nsd", "masd", "volume_ref", "volume_pred")
ALWAYS: Final = ("tp", "fp", "fn", "tn", "n_ref", "n_pred")  # rows of every result

_ID: Final = re.compile(
    r"(?P<name>[a-z][a-z0-9_]*)(@(?P<number>[0-9.e+-]+)(?P<unit>[a-z]*))?(:(?P<preset>[a-z_]+))?"
)


@dataclass(frozen=True, slots=True)
class MetricRequest:
    """One metric with its parameters and the convention it follows.

    Attributes
    ----------
    name : str
        API name, aliases resolved.
    parameters : tuple of (str, float)
        What the id carries after ``@``.
    preset : str
        The convention.
    """

    name: str
    parameters: tuple[tuple[str, float], ...] = ()
    preset: str = "edgewise"

    @property
    def definition(self) -> Definition:
        """The metric's row in the table."""
        return METRICS[self.name]

    @property
    def id(self) -> str:
        """The canonical id, as stored in tables."""
        number = "".join(
            f"@{_short(value)}{self.definition.id_unit}" for _, value in self.parameters
        )
        suffix = "" if self.preset == "edgewise" else f":{self.preset}"
        return f"{self.name}{number}{suffix}"

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing; a bare ``nsd`` lacks its tolerance."""
        return bool(self.parameters) or not self.definition.needs_parameter

    def completed(self, tolerance: float) -> MetricRequest:
        """Return the request with `tolerance` put in where one is missing."""
        if self.is_complete:
            return self
        return replace(self, parameters=(("tolerance", _checked(tolerance, "nsd_tolerance")),))

    def __str__(self) -> str:
        return self.id


def _short(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def _checked(value: float, name: str) -> float:
    if isinstance(value, bool) or not math.isfinite(value) or value < 0:
        message = f"{name} must be finite and not negative, got {value!r}"
        raise ConfigError(message)
    return float(value)


def parse(text: str | MetricRequest, *, preset: str = "edgewise") -> MetricRequest:
    """Read one metric id.

    Parameters
    ----------
    text : str
        Such as ``"dice"``, ``"nsd@2mm"``, ``"hd_quantile@90"``, ``"hd95:monai"``. Aliases are
        accepted, case does not matter. A bare ``nsd`` stays without tolerance until
        ``MetricRequest.completed``.
    preset : str, default "edgewise"
        The convention where the id names none. Plain counts and volumes have no conventions and
        carry none.

    Returns
    -------
    MetricRequest
        ``.id`` gives the canonical id back.

    Raises
    ------
    ConfigError
        If the id is malformed, or the metric or the preset unknown; names the nearest metrics.

    Examples
    --------
    >>> parse("NSD@2.0").id
    'nsd@2mm'
    """
    return text if isinstance(text, MetricRequest) else _parsed(text, preset)


@lru_cache(maxsize=1024)
def _parsed(text: str, preset: str) -> MetricRequest:
    match = _ID.fullmatch(text.strip().lower())
    if match is None:
        message = (
            f"cannot read the metric id {text!r}: write name, name@number or name@number:preset"
        )
        raise ConfigError(message)
    found = definition(match["name"])
    parameters = _parameters(text, found, match["number"], match["unit"])
    named = match["preset"] or preset
    chosen(named, dict(parameters))  # raises for an unknown preset, a number out of range
    return MetricRequest(found.name, parameters, "edgewise" if found.family == "counts" else named)


def _parameters(
    text: str, found: Definition, number: str | None, unit: str | None
) -> tuple[tuple[str, float], ...]:
    if number is None:
        default = found.parameters.get(found.id_parameter)
        if isinstance(default, float):
            return ((found.id_parameter, default),)
        if found.needs_parameter and found.id_parameter != "tolerance":
            message = f"{found.name} needs a number, as in {found.name}@90"
            raise ConfigError(message)
        return ()
    if not found.id_parameter or unit not in ("", found.id_unit):
        takes = (
            f"takes a number in {found.id_unit or 'no unit'}"
            if found.id_parameter
            else "takes no number"
        )
        message = f"cannot read the metric id {text!r}: {found.name} {takes}"
        raise ConfigError(message)
    try:
        value = float(number)
    except ValueError:
        message = f"cannot read the number in the metric id {text!r}"
        raise ConfigError(message) from None
    return ((found.id_parameter, _checked(value, found.id_parameter)),)


def parse_all(
    metrics: str | Iterable[str | MetricRequest], *, preset: str = "edgewise"
) -> tuple[MetricRequest, ...]:
    """Read metric ids, in order, each once.

    Parameters
    ----------
    metrics : str or iterable of str
        Ids, or one string with commas. ``"all"`` stands for every metric that needs no number.
    preset : str, default "edgewise"
        The convention of ids that name none.

    Returns
    -------
    tuple of MetricRequest
        Without repetitions.

    Raises
    ------
    ConfigError
        As `parse`; or if nothing is requested.
    """
    return _parsed_all(metrics if isinstance(metrics, str) else tuple(metrics), preset)


@lru_cache(maxsize=256)
def _parsed_all(
    metrics: str | tuple[str | MetricRequest, ...], preset: str
) -> tuple[MetricRequest, ...]:
    texts = metrics.split(",") if isinstance(metrics, str) else metrics
    requests: dict[MetricRequest, None] = {}
    for text in texts:
        if isinstance(text, str) and text.strip().lower() == "all":
            requests.update(dict.fromkeys(_everything(preset)))
        else:
            requests[parse(text, preset=preset)] = None
    if not requests:
        message = "no metric is requested"
        raise ConfigError(message)
    return tuple(requests)


@lru_cache(maxsize=256, typed=True)  # True is no 1 here
def completed_all(
    requests: tuple[MetricRequest, ...], tolerance: float
) -> tuple[MetricRequest, ...]:
    """Return the requests with `tolerance` put in where one is missing, each once."""
    return tuple(dict.fromkeys(request.completed(tolerance) for request in requests))


def _everything(preset: str) -> list[MetricRequest]:
    return [
        parse(found.name, preset=preset)
        for found in METRICS.values()
        if not found.needs_parameter or found.id_parameter == "tolerance"
    ]
