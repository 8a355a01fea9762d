"""Means over cases: policies for missing and empty values, counts, intervals, worst cases."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise.errors import CaseError, ConfigError
from edgewise.metrics import Definition, parse
from edgewise.statistics import Interval, means_bootstrap

from . import summary_text
from .layout import columns_text
from .policies import BothEmpty, Missing, OneEmpty, Policies
from .summary_row import SummaryRow
from .tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["BothEmpty", "Missing", "OneEmpty", "Policies", "Summary", "SummaryRow", "summarize"]

_ALWAYS: Final = frozenset({"tp", "fp", "fn", "tn", "n_ref", "n_pred"})


@dataclass(frozen=True, slots=True)
class Summary:
    """Rows of a summary with the policies behind them; prints as a table.

    Attributes
    ----------
    rows : tuple of SummaryRow
        By algorithm, label, metric.
    policies : Policies
        What missing and empty values counted.
    """

    rows: tuple[SummaryRow, ...]
    policies: Policies

    def row(self, metric: str, label: int | str, *, algorithm: str = "") -> SummaryRow:
        """Return one row by metric id, and label or label name.

        Raises
        ------
        ConfigError
            If there is none.
        """
        for row in self.rows:
            if (
                row.metric == metric
                and label in (row.label, row.label_name)
                and row.algorithm == algorithm
            ):
                return row
        message = f"the summary has no row {metric!r} of label {label!r}"
        raise ConfigError(message)

    def to_table(self) -> Table:
        """Return the rows as a table."""
        kinds = {"int": np.int64, "float": np.float64, "str": object}
        columns = {
            f.name: np.array([getattr(row, f.name) for row in self.rows], dtype=kinds[str(f.type)])
            for f in fields(SummaryRow)
        }
        return Table(columns)

    def to_pandas(self) -> Any:  # noqa: ANN401
        """Return a data frame; MissingExtraError if pandas is not installed."""
        return self.to_table().to_pandas()

    def cells(self) -> tuple[list[str], list[list[str]]]:
        """Return the header and the rows as printed, one per label and metric."""
        return summary_text.cells(self.rows)

    def means(self) -> tuple[list[str], list[list[str]]]:
        """Return the header and one row per label with the mean of every metric."""
        return summary_text.means(self.rows)

    def notes(self, *, of_means: bool = False) -> list[str]:
        """Return the lines below the table: the policies, and how far to trust intervals.

        With `of_means`, those below the table of means.
        """
        return summary_text.notes(self.rows, self.policies, of_means=of_means)

    def __str__(self) -> str:
        header, body = self.cells()
        left = {"algorithm", "label", "metric", "mean [95% CI]", "worst (case)"}
        table = columns_text([header, *body], [name in left for name in header])
        return "\n".join([table, *self.notes()])


def summarize(
    values: Table,
    cases: Table,
    *,
    labels: Mapping[int, str],
    metrics: Sequence[str],
    policies: Policies | None = None,
    seed: int = 0,
    replicates: int = 9999,
) -> Summary:
    """Summarise values over cases.

    Parameters
    ----------
    values, cases : Table
        As `read_values` and `read_cases` return them.
    labels : mapping of int to str
        What was measured, with names; also labels that no healthy case could show.
    metrics : sequence of str
        Canonical ids, in order.
    policies : Policies, optional
        What missing, empty and infinite values count. Default: ``Policies()``.
    seed, replicates : int
        Of the bootstrap.

    Returns
    -------
    Summary
        One row per algorithm, label and metric.

    Raises
    ------
    ConfigError
        If ``missing="zero"`` meets a metric for which 0 is no bad value.
    CaseError
        With ``missing="error"``, if a case is missing.
    """
    policies = policies or Policies()
    known = {metric: parse(metric).definition for metric in metrics}
    if policies.missing == "zero":
        _refuse_zero(known)
    grids = _Grids.of(cases, policies)
    if policies.missing == "error":
        _refuse_missing(cases)
    wanted = set(metrics)
    cells: dict[tuple[str, int, str], list[tuple[str, float, str]]] = defaultdict(list)
    for row in values.rows():
        if row["metric"] in wanted:
            key = (row["algorithm"], row["label"], row["metric"])
            cells[key].append((row["case"], row["value"], row["state"]))
    algorithms = list(dict.fromkeys(cases["algorithm"].tolist())) or [""]
    counted = [
        _counted(algorithm, label, name, known[m], m, cells[algorithm, label, m], grids, policies)
        for algorithm in algorithms
        for label, name in labels.items()
        for m in metrics
    ]
    return Summary(_with_intervals(counted, seed, replicates), policies)


def _refuse_zero(known: Mapping[str, Definition]) -> None:
    for metric, definition in known.items():
        if definition.better == "smaller" or definition.unit == "mm":
            message = (
                f"missing='zero' would make a missing case perfect in {metric}; "
                "choose penalize, skip or a number"
            )
            raise ConfigError(message)


def _refuse_missing(cases: Table) -> None:
    for row in cases.rows():
        if row["status"] != "ok":
            raise CaseError(row["error_message"], case=row["case"], code=row["error_code"])


@dataclass(frozen=True, slots=True)
class _Grids:
    """Worst distances of the cases, their number of axes, and which cases are missing."""

    diagonals: Mapping[str, float]
    largest: float
    missing: Mapping[str, tuple[str, ...]]  # algorithm to cases
    axes: int | None  # None: not the same in all cases

    @classmethod
    def of(cls, cases: Table, policies: Policies) -> _Grids:
        diagonals: dict[str, float] = {}
        missing: dict[str, list[str]] = defaultdict(list)
        axes: set[int] = set()
        for row in cases.rows():
            steps = [(row[f"size_{k}"], row[f"spacing_{k}"]) for k in range(3)]
            known = [(n, s) for n, s in steps if n is not None and not math.isnan(s)]
            if known:
                axes.add(len(known))
            if policies.worst_distance is not None:
                diagonals[row["case"]] = policies.worst_distance
            elif known:
                diagonals[row["case"]] = math.sqrt(sum((n * s) ** 2 for n, s in known))
            if row["status"] != "ok":
                missing[row["algorithm"]].append(row["case"])
        largest = max(diagonals.values(), default=math.nan)
        same = axes.pop() if len(axes) == 1 else None
        return cls(diagonals, largest, {k: tuple(v) for k, v in missing.items()}, same)

    def unit(self, definition: Definition) -> str:
        """Return the unit of a metric: an area where images have two axes, else a volume."""
        if definition.unit == "mm^d" and self.axes is not None:
            return "mm" if self.axes == 1 else f"mm{self.axes}"
        return "" if definition.unit == "1" else definition.unit

    def worst(self, definition: Definition, case: str) -> float | None:
        """Return the worst value in a case; a grid that nobody could read counts as the largest."""
        if definition.worst == "diagonal":
            return self.diagonals.get(case, self.largest)
        return None if definition.worst is None else float(definition.worst)


def _best(definition: Definition) -> float | None:
    best = {"larger": definition.high, "smaller": definition.low, "one": 1.0, "zero": 0.0}
    return best.get(definition.better or "")


@dataclass(frozen=True, slots=True)
class _Counted:
    row: SummaryRow
    pairs: tuple[tuple[str, float], ...]  # case and value in the mean, by case name
    evaluated: tuple[tuple[str, float], ...]  # without stand-ins for missing cases
    better: str | None


def _counted(
    algorithm: str,
    label: int,
    name: str,
    definition: Definition,
    metric: str,
    cells: Iterable[tuple[str, float, str]],
    grids: _Grids,
    policies: Policies,
) -> _Counted:
    kinds: Counter[str] = Counter()
    evaluated = []
    for case, value, state in cells:
        kind = _kind(value, state)
        kinds[kind] += 1
        kinds["infinite"] += math.isinf(value)
        counted = _counts_as(value, kind, definition, grids.worst(definition, case), policies)
        if counted is not None:
            evaluated.append((case, counted))
    missing = grids.missing.get(algorithm, ())
    stand_ins = []
    for case in missing:
        stand_in = _missing_value(definition, grids.worst(definition, case), policies)
        if stand_in is not None:
            stand_ins.append((case, stand_in))
    row = SummaryRow(
        algorithm, label, name, metric, grids.unit(definition),
        len(evaluated) + len(stand_ins), len(missing), kinds["both_empty"], kinds["undefined"],
        kinds["one_empty"], kinds["infinite"],
    )  # fmt: skip
    return _Counted(row, tuple(sorted(evaluated + stand_ins)), tuple(evaluated), definition.better)


def _kind(value: float, state: str) -> str:
    if math.isnan(value):
        return "both_empty" if state == "both_empty" else "undefined"
    return "one_empty" if state in ("ref_empty", "pred_empty") else "value"


def _counts_as(
    value: float, kind: str, definition: Definition, worst: float | None, policies: Policies
) -> float | None:
    """Return what a value counts in the mean; None is left out."""
    if kind == "undefined":
        return None
    if kind == "both_empty":
        words = {"skip": None, "best": _best(definition), "worst": worst}
        policy = policies.both_empty
        return words[policy] if isinstance(policy, str) else float(policy)
    if kind == "one_empty" and policies.one_empty == "skip":
        return None
    if kind == "one_empty" and math.isinf(value) and policies.one_empty != "keep":
        return worst if isinstance(policies.one_empty, str) else float(policies.one_empty)
    return value


def _missing_value(definition: Definition, worst: float | None, policies: Policies) -> float | None:
    if policies.missing == "skip" or definition.worst is None:
        return None  # nothing can stand in for a volume
    words = {"penalize": worst, "zero": 0.0, "nan": math.nan}
    policy = policies.missing
    return words[policy] if isinstance(policy, str) else float(policy)


def _with_intervals(
    counted: Sequence[_Counted], seed: int, replicates: int
) -> tuple[SummaryRow, ...]:
    """Fill in the numbers; rows over equally many values share their resampled cases."""
    intervals: dict[int, Interval] = {}
    by_n: dict[int, list[int]] = defaultdict(list)
    for k, one in enumerate(counted):
        if one.row.n >= summary_text.FEWEST_FOR_INTERVAL:
            by_n[one.row.n].append(k)
    for members in by_n.values():
        columns = np.array([[v for _, v in counted[k].pairs] for k in members]).T
        found = means_bootstrap(columns, replicates=replicates, seed=seed)
        intervals.update(zip(members, found, strict=True))
    none = Interval(math.nan, math.nan)
    return tuple(_numbers(one, intervals.get(k, none)) for k, one in enumerate(counted))


def _numbers(one: _Counted, interval: Interval) -> SummaryRow:
    values = [v for _, v in one.pairs]
    if not values:
        return one.row
    finite = all(map(math.isfinite, values))
    mean = math.fsum(values) / len(values) if finite else sum(values) / len(values)
    sd = float(np.std(values, ddof=1)) if finite and len(values) > 1 else math.nan
    q25, median, q75 = (_quantile(values, q) for q in (0.25, 0.5, 0.75))
    worst, worst_case = _worst(one)
    return replace(
        one.row, mean=mean, low=interval.low, high=interval.high, sd=sd,
        median=median, q25=q25, q75=q75, worst=worst, worst_case=worst_case,
    )  # fmt: skip


def _quantile(values: Sequence[float], q: float) -> float:
    """Linear interpolation that stays infinite between infinities."""
    if any(map(math.isnan, values)):
        return math.nan
    ordered = sorted(values)
    at = (len(ordered) - 1) * q
    low, high = ordered[math.floor(at)], ordered[math.ceil(at)]
    return low if low == high else low + (high - low) * (at - math.floor(at))


def _worst(one: _Counted) -> tuple[float, str]:
    """Return the worst evaluated value and its case; ties go to the first name."""
    distance = {
        "larger": lambda v: -v,
        "smaller": lambda v: v,
        "one": lambda v: abs(v - 1),
        "zero": abs,
    }.get(one.better or "")
    if distance is None or not one.evaluated:
        return math.nan, ""
    case, value = min(one.evaluated, key=lambda pair: (-distance(pair[1]), pair[0]))
    return value, case


def summarized_metrics(stored: Iterable[str]) -> list[str]:
    """Return the metrics of a summary: all that are stored but the plain counts."""
    return [metric for metric in stored if metric not in _ALWAYS]
