"""Measuring held-out cases while the training goes on.

At the end of an epoch the held-out cases are predicted, and each label map goes to a thread that
measures it with `edgewise.metrics` (whose kernels release the interpreter's lock) while the next
epoch trains. The values are asked for at one fixed place, the end of that next epoch: which epoch
is the best, and when a training stops, does not depend on how fast anything is.

Per label, a metric is averaged over the cases where it is defined: both masks empty leaves a case
out, an infinite distance (one mask empty) counts the diagonal of the image, as in the summaries of
`edgewise.evaluate`. Under the metric's own name stands the mean over the labels.
"""

from __future__ import annotations

import math
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise.errors import ConfigError
from edgewise.metrics.definitions import definition
from edgewise.metrics.metric_ids import parse
from edgewise.metrics.pair import measure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from edgewise.metrics.pair_result import PairResult

    from .data import TrainingCase
    from .pool import CasePool

__all__ = ["Measured", "Validation", "averaged", "badness", "column_names"]

_MOST_WAITING: Final = 4  # label maps in memory that are not measured yet


@dataclass(frozen=True, slots=True)
class Measured:
    """What an epoch reached.

    Attributes
    ----------
    epoch : int
        Counted from 1.
    values : mapping of str to float
        One value per column of the log: ``dice``, ``dice[1]``, ...
    """

    epoch: int
    values: Mapping[str, float]


class Validation:
    """Held-out cases, predicted here and measured in the background.

    Parameters
    ----------
    pool : CasePool
        The held-out cases.
    predict : callable
        From an image (C, ...) to its label map (...), with the network as it is at that moment.
    metrics : sequence of str
        Ids such as ``"dice"`` or ``"nsd@1mm"``.
    labels : sequence of int
        What is measured.
    ignore_label : int, optional
        Where the reference has it, nothing is measured.
    """

    def __init__(
        self,
        pool: CasePool,
        predict: Callable[[NDArray[np.float32]], NDArray[Any]],
        *,
        metrics: Sequence[str],
        labels: Sequence[int],
        ignore_label: int | None,
    ) -> None:
        self._pool = pool
        self._predict = predict
        self._metrics = tuple(metrics)
        self._labels = tuple(labels)
        self._ignored = ignore_label
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="edgewise-measure")
        self._waiting: list[Future[PairResult]] = []
        self._epoch = 0

    def start(self, epoch: int, *, stop: Callable[[], bool]) -> None:
        """Predict all cases and begin to measure them.

        Parameters
        ----------
        epoch : int
            Counted from 1.
        stop : callable
            Asked between two cases; True gives the epoch up.

        Raises
        ------
        ConfigError
            If no case can be used.
        """
        self._epoch = epoch
        for index in range(len(self._pool)):
            case = self._pool.get(index)
            if stop():
                self.drop()
                return
            if case is None:
                continue
            prediction = self._predict(case.image)
            self._waiting.append(self._executor.submit(self._measure, case, prediction))
            if len(self._waiting) > _MOST_WAITING:
                self._waiting[-1 - _MOST_WAITING].exception()  # waits for it
        if not self._waiting:
            message = "no validation case can be used"
            raise ConfigError(message)

    def collect(self) -> Measured | None:
        """Wait for the values of the epoch that was started last; None if there is none."""
        if not self._waiting:
            return None
        results = [future.result() for future in self._waiting]
        self._waiting = []
        return Measured(self._epoch, averaged(results, self._metrics))

    def drop(self) -> None:
        """Forget the epoch that was started."""
        for future in self._waiting:
            future.cancel()
        self._waiting = []

    def close(self) -> None:
        """End the thread."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _measure(self, case: TrainingCase, prediction: NDArray[Any]) -> PairResult:
        return measure(
            case.labels,
            prediction,
            spacing=case.spacing,
            labels=self._labels,
            ignore_label=self._ignored,
            metrics=self._metrics,
            threads=1,  # the training has the others
        )


def averaged(results: Iterable[PairResult], metrics: Sequence[str]) -> dict[str, float]:
    """Return the mean of each metric per label (``dice[1]``) and over the labels (``dice``)."""
    found: dict[tuple[str, int], list[float]] = {}
    for result in results:
        for value in result.values:
            number = math.nan if value.value is None else float(value.value)
            if math.isinf(number):
                worst = definition(parse(value.metric).name).worst
                number = result.diagonal if worst == "diagonal" else float(worst or math.nan)
            found.setdefault((value.metric, value.label), []).append(number)
    ids = {metric: _written_as(metric, {m for m, _ in found}) for metric in metrics}
    means = {}
    for metric, canonical in ids.items():
        per_label = {
            label: _mean(numbers) for (m, label), numbers in found.items() if m == canonical
        }
        means[metric] = _mean(list(per_label.values()))
        means |= {f"{metric}[{label}]": mean for label, mean in per_label.items()}
    return means


def column_names(metrics: Sequence[str], labels: Sequence[int]) -> list[str]:
    """Return the columns of `averaged`, in its order."""
    return [name for metric in metrics for name in (metric, *(f"{metric}[{k}]" for k in labels))]


def badness(metric: str, value: float) -> float:
    """Return a number that is the smaller the better the value of a metric is; inf for NaN."""
    if math.isnan(value):
        return math.inf
    better = definition(parse(metric).name).better
    if better == "larger":
        return -value
    return abs(value - 1) if better == "one" else abs(value)


def _written_as(metric: str, ids: set[str]) -> str:
    """Return the id under which a result holds a metric: ``nsd`` is there as ``nsd@1mm``."""
    request = parse(metric)
    if request.id in ids:
        return request.id
    return next(i for i in sorted(ids) if parse(i).name == request.name)


def _mean(numbers: Sequence[float]) -> float:
    known = [n for n in numbers if not math.isnan(n)]
    return float(np.mean(known)) if known else math.nan
