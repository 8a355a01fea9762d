"""The outcome of a run: tables, what was measured, which cases failed; kept in a folder."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edgewise.errors import CaseError, EdgewiseError, GateError, InputError
from edgewise.io.whole import write_text

from .gates import check_gates, parse_gate
from .strict_json import json_text
from .summary import BothEmpty, Missing, OneEmpty, Policies, Summary, summarize, summarized_metrics
from .tables import Table, read_cases, read_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .cases import Note

__all__ = ["RUN_SCHEMA", "Evaluation"]

RUN_SCHEMA: Final = "edgewise.run/1"
_NEEDED: Final = ("complete", "counts", "edgewise", "labels", "metrics", "parameters")


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """All results of a run.

    Attributes
    ----------
    cases : Table
        One row per case and algorithm: status, error, warnings, files, grid.
    values : Table
        One row per number: case, algorithm, label, label_name, metric, value, state.
    timings : Table
        Seconds of reading and measuring; not part of what two equal runs share.
    info : mapping
        What run.json holds beside the summary: parameters, conventions, labels, metrics, counts,
        whether it is complete.
    notes : tuple of Note
        Odd things about the inputs as a whole.
    provenance : mapping
        When, where and with which versions; empty for a loaded run.
    tracebacks : mapping of (case, algorithm) to str
        Of errors that nobody foresaw (``internal_error``); empty for a loaded run.
    """

    cases: Table
    values: Table
    timings: Table
    info: Mapping[str, Any]
    notes: tuple[Note, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    tracebacks: Mapping[tuple[str, str], str] = field(default_factory=dict)
    _summaries: dict[tuple[Policies, int], Summary] = field(default_factory=dict, repr=False)

    @property
    def labels(self) -> dict[int, str]:
        """What was measured: label, or negative number of a region, to its name."""
        return {entry["label"]: entry["name"] for entry in self.info["labels"]}

    @property
    def metrics(self) -> tuple[str, ...]:
        """Canonical ids of all stored metrics, counts included."""
        return tuple(self.info["metrics"])

    @property
    def counts(self) -> dict[str, int]:
        """Number of planned cases, and of cases by status."""
        return dict(self.info["counts"])

    @property
    def is_complete(self) -> bool:
        """Whether every planned case was reached."""
        return bool(self.info["complete"])

    @property
    def failed(self) -> list[CaseError]:
        """Every case that is missing or failed; empty when all is well."""
        return [
            CaseError(row["error_message"], case=row["case"], code=row["error_code"])
            for row in self.cases.rows()
            if row["status"] != "ok"
        ]

    def summary(
        self,
        *,
        missing: Missing = "penalize",
        both_empty: BothEmpty = "skip",
        one_empty: OneEmpty = "worst",
        worst_distance: float | None = None,
        seed: int = 0,
    ) -> Summary:
        """Summarise over cases; `print` it for a table.

        Parameters
        ----------
        missing : {"penalize", "skip", "zero", "nan", "error"} or float, default "penalize"
            What a missing or failed case counts.
        both_empty : {"skip", "best", "worst"} or float, default "skip"
            What NaN of two empty masks counts.
        one_empty : {"worst", "keep", "skip"} or float, default "worst"
            What an infinite value counts where one mask is empty.
        worst_distance : float, optional
            The worst distance in mm. Default: the diagonal of the reference's grid.
        seed : int, default 0
            Of the bootstrap.

        Returns
        -------
        Summary
            One row per algorithm, label and metric.

        Raises
        ------
        ConfigError
            If a policy is unknown or impossible for a metric.
        """
        return self._summarized(Policies(missing, both_empty, one_empty, worst_distance), seed)

    def _summarized(self, policies: Policies, seed: int) -> Summary:
        if (policies, seed) not in self._summaries:  # the bootstrap is worth keeping
            self._summaries[policies, seed] = summarize(
                self.values,
                self.cases,
                labels=self.labels,
                metrics=summarized_metrics(self.metrics),
                policies=policies,
                seed=seed,
            )
        return self._summaries[policies, seed]

    def require(self, *gates: str, policies: Policies | None = None) -> None:
        """Raise GateError unless the run reaches the given numbers.

        Parameters
        ----------
        *gates : str
            Such as ``"dice[liver].mean.low >= 0.93"`` or ``"failed <= 0"``; see `parse_gate`.
        policies : Policies, optional
            What missing, empty and infinite values count. Default: ``Policies()``.

        Raises
        ------
        GateError
            With every number that is not met.
        ConfigError
            If a gate cannot be read, or names no metric or label of the run.
        """
        read = [parse_gate(gate) for gate in gates]
        summary = self._summarized(policies or Policies(), 0)
        results = check_gates(read, summary, self.counts)
        unmet = [str(result) for result in results if not result.holds]
        if unmet:
            raise GateError("; ".join(unmet))

    def to_pandas(self) -> Any:  # noqa: ANN401
        """Return the values as a data frame; MissingExtraError if pandas is not installed."""
        return self.values.to_pandas()

    def save(self, directory: str | Path) -> None:
        """Write cases.csv, values.csv, timings.csv, run.json and provenance.json.

        Parameters
        ----------
        directory : path
            Created if need be. Files are replaced one by one, each as a whole.

        Raises
        ------
        EdgewiseError
            If the folder cannot be written.
        """
        folder = Path(directory)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.cases.to_csv(folder / "cases.csv")
            self.values.to_csv(folder / "values.csv")
            self.timings.to_csv(folder / "timings.csv")
            if self.provenance:
                write_text(folder / "provenance.json", json_text(self.provenance))
            summary = list(self.summary().to_table().rows())
            write_text(folder / "run.json", json_text({**self.info, "summary": summary}))
        except OSError as error:
            message = f"{folder}: cannot write the results ({error.strerror or error})"
            raise EdgewiseError(message) from error

    @classmethod
    def load(cls, directory: str | Path) -> Evaluation:
        """Read the folder of a run.

        Parameters
        ----------
        directory : path
            As `save` left it.

        Returns
        -------
        Evaluation
            Without provenance.

        Raises
        ------
        InputError
            If it is no such folder, or its schema is newer than this version knows.
        """
        folder = Path(directory)
        try:
            info = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            message = f"{folder}: no results of edgewise here (cannot read run.json)"
            raise InputError(message, code="no_such_run") from error
        found = info.get("schema") if isinstance(info, dict) else None
        if found != RUN_SCHEMA:
            message = f"{folder}: results of schema {found!r}, this version reads {RUN_SCHEMA}"
            raise InputError(message, code="unknown_schema")
        lacking = [key for key in _NEEDED if key not in info]
        if lacking:
            message = f"{folder}: run.json lacks {lacking[0]!r}; evaluate again"
            raise InputError(message, code="bad_table")
        info.pop("summary", None)  # made anew when it is asked for
        empty = Table.from_rows(("case", "algorithm"), [])
        return cls(read_cases(folder), read_values(folder), empty, info)
