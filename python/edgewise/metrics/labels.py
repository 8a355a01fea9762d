"""Which labels and regions of a pair are measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from edgewise.errors import ConfigError, LabelError

if TYPE_CHECKING:
    from .joint import JointHistogram

__all__ = ["Labels", "Regions", "Target", "targets_of"]

Labels: TypeAlias = Literal["auto", "union"] | Iterable[int] | Mapping[int, str]
Regions: TypeAlias = Mapping[str, Iterable[int]]


class Target(NamedTuple):
    """A label, or a region (a negative number) made of several labels."""

    label: int
    name: str
    members: tuple[int, ...]
    is_region: bool = False


def targets_of(
    histogram: JointHistogram,
    labels: Labels,
    regions: Regions | None,
    *,
    include_background: bool,
    ignore_label: int | None,
) -> tuple[Target, ...]:
    """Return what is measured: labels, then regions numbered -1, -2, ...

    Raises
    ------
    LabelError
        If a label is no integer, or the ignore label is among them.
    ConfigError
        If `labels` is an unknown word, or a region has no labels or shares the name of another.
    """
    named = _named(histogram, labels, ignore_label, include_background=include_background)
    targets = [Target(label, name, (label,)) for label, name in named.items()]
    names = [target.name for target in targets if target.name]
    for number, (name, members) in enumerate((regions or {}).items(), start=1):
        inside = tuple(dict.fromkeys(_integers(members, f"region {name!r}")))
        if not inside:
            message = f"region {name!r} has no labels"
            raise ConfigError(message)
        if -number in named:
            message = f"region {name!r} would get the number {-number}, which is a label"
            raise ConfigError(message)
        targets.append(Target(-number, name, inside, is_region=True))
        names.append(name)
    if len(set(names)) != len(names):
        message = f"names of labels and regions must differ, got {', '.join(names)}"
        raise ConfigError(message)
    for target in targets:
        if ignore_label is not None and ignore_label in target.members:
            message = f"the ignore label {ignore_label} cannot be measured ({target.name!r})"
            raise LabelError(message)
    return tuple(targets)


def _named(
    histogram: JointHistogram,
    labels: Labels,
    ignore_label: int | None,
    *,
    include_background: bool,
) -> dict[int, str]:
    """Return label to name ("" without one), ascending where found in the data, else as given."""
    if isinstance(labels, str):
        found = _found(histogram, labels)
        if ignore_label is not None:  # the prediction may hold it where the reference does not
            found.pop(ignore_label, None)
    elif isinstance(labels, Mapping):
        keys = _integers(labels, "labels")
        found = dict(zip(keys, (str(name) for name in labels.values()), strict=True))
    else:
        found = dict.fromkeys(_integers(labels, "labels"), "")
    if include_background:
        return {0: "", **found} if 0 not in found else found
    return found


def _found(histogram: JointHistogram, word: str) -> dict[int, str]:
    references = [label for label in histogram.rows if label]
    predictions = [label for label in histogram.columns if label]
    if word == "union":
        return dict.fromkeys(sorted({*references, *predictions}), "")
    if word == "auto":
        return dict.fromkeys(references or predictions, "")
    message = f'labels must be "auto", "union", integers or {{label: name}}, got {word!r}'
    raise ConfigError(message)


def _integers(values: Iterable[object], what: str) -> list[int]:
    labels = []
    for value in values:
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            message = f"{what} must be integers, got {value!r}"
            raise LabelError(message)
        labels.append(value.__index__())
    return labels
