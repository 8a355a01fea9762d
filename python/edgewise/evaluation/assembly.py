"""From results of cases to the tables of a run: absent labels filled in, nothing lost."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise.errors import EdgewiseError
from edgewise.metrics import convention, parse
from edgewise.metrics.metric_ids import ALWAYS

from .cases import Case, Note
from .evaluation_result import RUN_SCHEMA, Evaluation
from .tables import CASES_COLUMNS, VALUES_COLUMNS, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .case import CaseResult, Values
    from .config import Config

__all__ = ["assemble"]

_EPOCH: Final = 1  # raised whenever any number may change
_STATUSES: Final = ("ok", "failed", "missing_prediction", "missing_reference")
_AXES: Final = 3
_MOST_NOTES: Final = 5  # labels that get a sentence each
_MOST_NAMES: Final = 10  # in a list


def assemble(
    planned: Sequence[Case], results: Sequence[CaseResult], config: Config, *, version: str
) -> Evaluation:
    """Return the tables of a run.

    Parameters
    ----------
    planned : sequence of Case
        All cases of the run, in order.
    results : sequence of CaseResult
        Of those that were reached, in the same order.
    config : Config
        What was measured.
    version : str
        Of edgewise.

    Returns
    -------
    Evaluation
        Without provenance.

    Raises
    ------
    EdgewiseError
        If a case or a number is lost or there twice.
    """
    labels = _labels(results, config)
    metrics = tuple(dict.fromkeys([*ALWAYS, *config.metrics]))
    rows = [
        (r.case, r.algorithm, *row)
        for r in results
        if r.status == "ok"
        for row in _rows(r, labels, config)
    ]
    extra = {(r.case, r.algorithm): _extra(r, labels, config) for r in results}
    cases = {case.key: case for case in planned}
    meta = tuple(dict.fromkeys(k for case in planned for k, _ in case.meta))
    case_rows = [_case_row(r, cases[r.case, r.algorithm], extra, meta) for r in results]
    statuses = Counter(r.status for r in results)
    info = {
        "schema": RUN_SCHEMA,
        "edgewise": version,
        "metrics_epoch": _EPOCH,
        "parameters": config.to_dict(),
        "conventions": _conventions(config),
        "labels": _described(labels, config),
        "metrics": metrics,
        "counts": {"planned": len(planned), **{s: statuses.get(s, 0) for s in _STATUSES}},
        "complete": len(results) == len(planned),
    }
    _check(planned, results, rows, len(labels) + len(config.regions), len(metrics))
    return Evaluation(
        Table.from_rows((*CASES_COLUMNS, *(f"meta.{k}" for k in meta)), case_rows),
        Table.from_rows(VALUES_COLUMNS, rows),
        _timings(results),
        info,
        (*_extra_note(extra, labels, config), *_unread_note(results, config)),
        tracebacks={(r.case, r.algorithm): r.traceback for r in results if r.traceback},
    )


def _labels(results: Sequence[CaseResult], config: Config) -> dict[int, str]:
    """Return the labels of the data set: those asked for, or those that occur in any case."""
    if not isinstance(config.labels, str):
        return dict(config.labels)
    occur: dict[str, set[int]] = {"n_ref": set(), "n_pred": set()}
    for result in results:
        occur["n_ref"].update(result.reference_labels or ())
        for label, _, metric, value, _ in result.values:
            if metric in occur and label > 0 and value:
                occur[metric].add(label)
    union = occur["n_ref"] | occur["n_pred"]
    found = union if config.labels == "union" else occur["n_ref"] or occur["n_pred"]
    return dict.fromkeys(sorted(found), "")


def _rows(result: CaseResult, labels: dict[int, str], config: Config) -> Values:
    """Return the rows of a case for the data set's labels, then its regions."""
    by_label: dict[int, list[Any]] = {}
    for row in result.values:
        by_label.setdefault(row[0], []).append(row)
    rows = []
    for label, name in labels.items():
        found = by_label.get(label) or [(label, name, *row[2:]) for row in result.absent]
        rows += found
    for number in range(1, len(config.regions) + 1):
        rows += by_label[-number]
    return tuple(rows)


def _extra(result: CaseResult, labels: dict[int, str], config: Config) -> dict[int, int]:
    """Labels of the prediction that are not measured, with their numbers of voxels."""
    members = {m for _, ms in config.regions for m in ms}
    if not isinstance(config.labels, str):
        return dict(result.extra_labels)
    return {
        label: int(value or 0)
        for label, _, metric, value, _ in result.values
        if metric == "n_pred" and label > 0 and value and label not in labels.keys() | members
    }


def _extra_note(
    extra: dict[tuple[str, str], dict[int, int]], labels: dict[int, str], config: Config
) -> tuple[Note, ...]:
    cases: Counter[int] = Counter()
    most: dict[int, int] = {}
    for found in extra.values():
        for label, n in found.items():
            cases[label] += 1
            most[label] = max(n, most.get(label, 0))
    listed = _listed([*map(str, labels), *(name for name, _ in config.regions)])
    if len(cases) > _MOST_NOTES:
        n = sum(map(bool, extra.values()))
        text = (
            f"predictions have {len(cases)} labels that are not evaluated "
            f"({_listed([*map(str, sorted(cases))])}) in {n} case{'s' * (n != 1)}; "
            f"evaluated labels are {listed or 'none'}."
        )
        return (Note("extra_label", text),)
    return tuple(
        Note(
            "extra_label",
            f"prediction has label {label} in {cases[label]} case{'s' * (cases[label] > 1)} "
            f"(max {most[label]} voxels); evaluated labels are {listed or 'none'}.",
        )
        for label in sorted(cases)
    )


def _unread_note(results: Sequence[CaseResult], config: Config) -> tuple[Note, ...]:
    """Say that references were not read: a label of theirs would be missing without a word."""
    if not isinstance(config.labels, str):
        return ()
    unread = [r.case for r in results if r.status == "failed" and r.reference_labels is None]
    names = list(dict.fromkeys(unread))
    if not names:
        return ()
    several = "s" * (len(names) > 1)
    text = (
        f"the reference{several} of {len(names)} case{several} could not be read "
        f"({_listed(names)}); labels that occur only there are not in the table, --labels names "
        "what to measure."
    )
    return (Note("unknown_labels", text),)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" * (len(names) > _MOST_NAMES)
    return ", ".join(names[:_MOST_NAMES]) + more


def _case_row(
    result: CaseResult,
    case: Case,
    extra: dict[tuple[str, str], dict[int, int]],
    meta: Sequence[str],
) -> tuple[Any, ...]:
    size: list[Any] = [*result.size, *[None] * _AXES][:_AXES]
    spacing: list[Any] = [*result.spacing, *[None] * _AXES][:_AXES]
    warnings = {*result.warnings}
    if extra[case.key]:
        warnings.add("extra_label")
    known = dict(case.meta)
    return (
        case.case, case.algorithm, result.status, result.error_code, result.error_message,
        ";".join(sorted(warnings)), case.ref, case.pred, *size, *spacing, result.orientation,
        result.drift, *(known.get(name, "") for name in meta),
    )  # fmt: skip


def _conventions(config: Config) -> dict[str, Any]:
    presets = sorted({parse(metric).preset for metric in config.metrics})
    return {preset: convention(preset) for preset in presets}


def _described(labels: dict[int, str], config: Config) -> list[dict[str, Any]]:
    plain = [{"label": label, "name": name} for label, name in labels.items()]
    regions = [
        {"label": -k, "name": name, "members": list(members)}
        for k, (name, members) in enumerate(config.regions, start=1)
    ]
    return [*plain, *regions]


def _timings(results: Sequence[CaseResult]) -> Table:
    seconds = [dict(r.seconds) for r in results]
    columns: dict[str, Any] = {"case": [], "algorithm": []}
    for name in columns:
        column = np.empty(len(results), dtype=object)
        column[:] = [getattr(r, name) for r in results]
        columns[name] = column
    for name in ("read", "measure"):
        columns[f"{name}_s"] = np.array([s.get(name, np.nan) for s in seconds], dtype=np.float64)
    return Table(columns)


def _check(
    planned: Sequence[Case],
    results: Sequence[CaseResult],
    rows: Sequence[tuple[Any, ...]],
    labels: int,
    metrics: int,
) -> None:
    """Every case that was reached has one row, every healthy one labels x metrics numbers."""
    keys = [(r.case, r.algorithm) for r in results]
    wrong = {k for k, n in Counter(keys).items() if n != 1} | (set(keys) - {c.key for c in planned})
    numbers = Counter((row[0], row[1]) for row in rows)
    wrong |= {
        (r.case, r.algorithm)
        for r in results
        if numbers[r.case, r.algorithm] != (labels * metrics if r.status == "ok" else 0)
    }
    wrong |= {(r.case, r.algorithm) for r in results if r.status not in _STATUSES}
    if wrong:
        listed = ", ".join(" ".join(key).strip() for key in sorted(wrong)[:5])
        message = f"internal error: the accounts do not balance for {len(wrong)} cases ({listed})"
        raise EdgewiseError(message)
