"""Gates: numbers that a run must reach, such as ``dice[liver].mean.low >= 0.93``."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edgewise.errors import ConfigError
from edgewise.metrics import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .summary import Summary, SummaryRow

__all__ = ["Gate", "GateResult", "check_gates", "parse_gate"]

_OPERATORS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_STATISTICS: Final = ("mean", "mean.low", "mean.high", "median", "q25", "q75", "worst")
_VALUE: Final = re.compile(
    r"(?P<metric>[^\[\]\s]+)\[(?P<label>[^\[\]]+)\]\.(?P<statistic>[a-z0-9.]+)"
    r"\s*(?P<sign>>=|<=|>|<)\s*(?P<number>[-+0-9.e]+)"
)
_COUNT: Final = re.compile(
    r"(?P<what>failed|missing)\s*(?P<sign>>=|<=|>|<)\s*(?P<number>[0-9.]+)(?P<percent>%?)"
)


@dataclass(frozen=True, slots=True)
class Gate:
    """One requirement.

    Attributes
    ----------
    text : str
        As written.
    metric, label, statistic : str
        Metric id, label or name or ``*``, and mean, mean.low, mean.high, median, q25, q75 or worst;
        the metric is empty for counts, whose `statistic` is ``failed`` or ``missing``.
    sign : str
        ``>=``, ``<=``, ``>`` or ``<``.
    number : float
        The limit.
    is_percent : bool
        Whether it is a share of all cases.
    """

    text: str
    metric: str
    label: str
    statistic: str
    sign: str
    number: float
    is_percent: bool = False

    def check(self, summary: Summary, counts: Mapping[str, int]) -> list[GateResult]:
        """Return one result per number that the gate looks at.

        Raises
        ------
        ConfigError
            If the summary has no such metric or label.
        """
        if not self.metric:
            return [self._result(self.statistic, self._count(counts))]
        rows = [row for row in summary.rows if row.metric == self.metric and self._names(row)]
        if not rows:
            known = ", ".join(
                dict.fromkeys(f"{r.metric}[{r.label_name or r.label}]" for r in summary.rows)
            )
            message = (
                f"gate {self.text!r}: there is no {self.metric}[{self.label}]; there are {known}"
            )
            raise ConfigError(message)
        return [
            self._result(
                f"{row.metric}[{row.label_name or row.label}].{self.statistic}", self._of(row)
            )
            for row in rows
        ]

    def _names(self, row: SummaryRow) -> bool:
        return self.label == "*" or self.label in (str(row.label), row.label_name)

    def _of(self, row: SummaryRow) -> float:
        field = {"mean.low": "low", "mean.high": "high"}.get(self.statistic, self.statistic)
        return float(getattr(row, field))

    def _count(self, counts: Mapping[str, int]) -> float:
        missing = counts["missing_prediction"] + counts["missing_reference"]
        number = counts["failed"] if self.statistic == "failed" else missing
        return 100 * number / max(counts["planned"], 1) if self.is_percent else float(number)

    def _result(self, name: str, value: float) -> GateResult:
        return GateResult(self.text, name, value, _OPERATORS[self.sign](value, self.number))


@dataclass(frozen=True, slots=True)
class GateResult:
    """Whether one number meets its gate; an undefined number (NaN) never does."""

    gate: str
    name: str
    value: float
    holds: bool

    def __str__(self) -> str:
        word = "holds" if self.holds else "not met"
        return f"{word}: {self.gate}  ({self.name} = {self.value:.6g})"


def check_gates(
    gates: Iterable[Gate], summary: Summary, counts: Mapping[str, int]
) -> list[GateResult]:
    """Return one result per number that any of the gates looks at.

    Raises
    ------
    ConfigError
        If the summary has no such metric or label.
    """
    return [result for gate in gates for result in gate.check(summary, counts)]


def parse_gate(text: str) -> Gate:
    """Read a gate.

    Parameters
    ----------
    text : str
        ``metric[label].statistic OP number`` or ``failed|missing OP number[%]``.

    Returns
    -------
    Gate
        With the canonical metric id.

    Raises
    ------
    ConfigError
        If it cannot be read.

    Examples
    --------
    >>> parse_gate("dice[liver].mean.low >= 0.93").statistic
    'mean.low'
    """
    stripped = text.strip()
    if match := _COUNT.fullmatch(stripped):
        percent = bool(match["percent"])
        return Gate(stripped, "", "", match["what"], match["sign"], float(match["number"]), percent)
    match = _VALUE.fullmatch(stripped)
    if match is None or match["statistic"] not in _STATISTICS:
        message = (
            f"cannot read the gate {text!r}; write metric[label].statistic >= number with a "
            f"statistic of {', '.join(_STATISTICS)}, or failed <= number, "
            "as in 'dice[liver].mean.low >= 0.93'"
        )
        raise ConfigError(message)
    request = parse(match["metric"]).completed(1.0)
    return Gate(
        stripped,
        request.id,
        match["label"].strip(),
        match["statistic"],
        match["sign"],
        float(match["number"]),
    )
