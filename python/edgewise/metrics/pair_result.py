"""The measured values of one pair of label maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from edgewise._extras import require
from edgewise.errors import ConfigError

from .metric_ids import parse

if TYPE_CHECKING:
    from .formulas import State

__all__ = ["PairResult", "Value"]


class Value(NamedTuple):
    """One number.

    Attributes
    ----------
    label : int
        The label; a region has a negative number, -1 for the first.
    label_name : str
        Its name; empty if it has none.
    metric : str
        Canonical id, such as ``"nsd@1mm"``.
    value : float, optional
        NaN: undefined, inf: infinite, None: not computed.
    state : str
        "ok", "both_empty", "ref_empty", "pred_empty", "full", "undefined" or "not_computed".
    """

    label: int
    label_name: str
    metric: str
    value: float | None
    state: State


@dataclass(frozen=True, slots=True)
class PairResult:
    """All values of a pair.

    Attributes
    ----------
    values : tuple of Value
        By label, then by metric: the counts first, then the metrics as requested.
    warnings : tuple of str
        Sorted codes: ``extra_label`` (the prediction holds labels that are not measured),
        ``empty_reference``, ``empty_prediction``.
    extra_labels : tuple of (int, int)
        Those labels and their numbers of voxels.
    shape : tuple of int
        Of the grid.
    spacing : tuple of float
        Of the grid, array axis order.
    preset : str
        Convention of the metrics whose id names none.
    regions : tuple of int
        Those labels among the measured that stand for regions.
    """

    values: tuple[Value, ...]
    warnings: tuple[str, ...]
    extra_labels: tuple[tuple[int, int], ...]
    shape: tuple[int, ...]
    spacing: tuple[float, ...]
    preset: str
    regions: tuple[int, ...] = ()

    @property
    def labels(self) -> dict[int, str]:
        """The measured labels and regions with their names."""
        return {value.label: value.label_name for value in self.values}

    @property
    def metrics(self) -> tuple[str, ...]:
        """The canonical ids, in order."""
        return tuple(dict.fromkeys(value.metric for value in self.values))

    @property
    def diagonal(self) -> float:
        """The diagonal of the grid in mm, the worst value of a distance."""
        steps = zip(self.shape, self.spacing, strict=True)
        return float(sum((n * s) ** 2 for n, s in steps) ** 0.5)

    def value(self, label: int | str, metric: str) -> float | None:
        """Return one number by label (or its name) and metric id.

        Parameters
        ----------
        label : int or str
            Label, number of a region, or name.
        metric : str
            Id or alias. Without a number or preset it also finds the only metric of that name.

        Returns
        -------
        float, optional
            None if it was not computed.

        Raises
        ------
        ConfigError
            If nothing or more than one number matches.
        """
        rows = [v for v in self.values if label in (v.label, v.label_name)]
        wanted = parse(metric)
        found = [v for v in rows if v.metric == wanted.id]
        if not found and "@" not in metric and ":" not in metric:
            found = [v for v in rows if parse(v.metric).name == wanted.name]
        if len(found) != 1:
            held = ", ".join(dict.fromkeys(v.metric for v in rows)) or "nothing"
            message = f"no single value {metric!r} of label {label!r}; it has {held}"
            raise ConfigError(message)
        return found[0].value

    def to_dict(self) -> dict[int | str, dict[str, float | None]]:
        """Return ``{label name, or label: {metric id: value}}``."""
        nested: dict[int | str, dict[str, float | None]] = {}
        for value in self.values:
            nested.setdefault(value.label_name or value.label, {})[value.metric] = value.value
        return nested

    def to_pandas(self) -> Any:  # noqa: ANN401
        """Return a data frame with one row per value.

        Returns
        -------
        pandas.DataFrame
            Columns label, label_name, metric, value, state.

        Raises
        ------
        MissingExtraError
            If pandas is not installed.
        """
        columns = ("label", "label_name", "metric", "value", "state")
        return require("pandas", extra="tables").DataFrame(
            {name: [getattr(value, name) for value in self.values] for name in columns},
            columns=list(columns),
        )

    def __str__(self) -> str:
        header = ["label", *self.metrics]
        rows = []
        for label, name in self.labels.items():
            held = {v.metric: v.value for v in self.values if v.label == label}
            rows.append([name or str(label), *(_printed(held.get(m)) for m in self.metrics)])
        widths = [max(len(row[k]) for row in [header, *rows]) for k in range(len(header))]
        lines = [
            "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
            for row in [header, *rows]
        ]
        if self.warnings:
            lines.append(f"warnings: {', '.join(self.warnings)}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<PairResult of {len(self.labels)} labels>\n{self}"


def _printed(value: float | None) -> str:
    if value is None:
        return "-"
    return str(int(value)) if float(value).is_integer() else f"{value:.6g}"
