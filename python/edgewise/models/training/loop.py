"""The epochs of a training, and the order in which things happen between them.

At the end of epoch e: the values of epoch e - 1, measured meanwhile, are applied (they may make it
the best, or end the training), the checkpoint is written, the held-out cases are predicted and
handed to the thread that measures them. A run that was killed repeats that prediction from the
checkpoint, so it decides the same.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from edgewise.errors import EdgewiseError

from . import checkpoint
from .batches import make_batch
from .loader import ahead
from .log import COLUMNS, epoch_line
from .step import NotFiniteError
from .validation import badness, column_names
from .writing import write_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .checkpoint import Progress
    from .ema import ExponentialAverage
    from .interrupts import Interrupts
    from .pool import CasePool
    from .run_folder import RunFolder
    from .settings import Settings
    from .step import Stepper, StepValues
    from .validation import Measured, Validation

__all__ = ["Training"]

_SKIPPED: Final = "skipped"
_SECONDS: Final = "seconds"
_NO_MEANS: Final = ("grad_norm", _SKIPPED, _SECONDS)


class Training:
    """A training that runs, pauses and goes on.

    Parameters
    ----------
    model : torch.nn.Module
        The network.
    stepper : Stepper
        Takes the steps.
    optimizer : torch.optim.Optimizer
        For checkpoints.
    average : ExponentialAverage, optional
        Follows the network; if there is one it is what is measured and kept.
    pool : CasePool
        Training cases.
    held_out : CasePool, optional
        Validation cases.
    validation : Validation, optional
        Measures them.
    settings : Settings
        What decides the weights.
    folder : RunFolder, optional
        Where it is written; without one nothing is.
    progress : Progress
        How far it is.
    labels : sequence of int
        Measured ones, for the columns of the log.
    answered : sequence of int
        Size of the middle of a patch that the network answers.
    workers : int
        Threads that make batches.
    tell : callable
        Takes a line per epoch.
    """

    def __init__(
        self,
        *,
        model: torch.nn.Module,
        stepper: Stepper,
        optimizer: torch.optim.Optimizer,
        average: ExponentialAverage | None,
        pool: CasePool,
        held_out: CasePool | None,
        validation: Validation | None,
        settings: Settings,
        folder: RunFolder | None,
        progress: Progress,
        labels: Sequence[int],
        answered: Sequence[int],
        workers: int,
        tell: Callable[[str], None],
    ) -> None:
        self._model = model
        self._stepper = stepper
        self._optimizer = optimizer
        self._average = average
        self._pools = [p for p in (pool, held_out) if p is not None]
        self._validation = validation
        self._settings = settings
        self._folder = folder
        self.progress = progress
        self._labels = list(labels)
        self._answered = tuple(answered)
        self._workers = workers
        self._tell = tell
        self._snapshot: dict[str, torch.Tensor] = {}  # weights that are being measured
        self.best: dict[str, torch.Tensor] = {}  # kept here only if there is no folder

    @property
    def network(self) -> torch.nn.Module:
        """What is measured and kept: the average if there is one."""
        return self._model if self._average is None else self._average.model

    def run(self, interrupts: Interrupts, *, until: int) -> None:
        """Train up to epoch `until`, or as long as the settings and the metrics say.

        Raises
        ------
        EdgewiseError
            If the loss is not finite.
        KeyboardInterrupt, SystemExit
            After a signal, when the checkpoint is written.
        """
        progress = self.progress
        if progress.finished:
            self._write_log()  # it may have ended just before that
            return
        if self._measures_again():
            self._start_validation(interrupts)
        self._write()
        while progress.epoch < min(until, self._settings.epochs) and not progress.finished:
            began = time.perf_counter()
            self._epoch(began, interrupts)
            self._end_epoch(began, interrupts)
        if progress.epoch >= self._settings.epochs or progress.finished:
            self._finish()
        else:
            self._apply(self._collect())
            self._save()
            self._write()

    def close(self) -> None:
        """End the thread that measures."""
        if self._validation is not None:
            self._validation.close()

    def _measures_again(self) -> bool:
        """Whether the run ended before the values of its last epoch were there."""
        progress = self.progress
        due = self._is_due(progress.epoch) and progress.measured < progress.epoch
        return due and progress.step == 0 and not progress.finished

    def _is_due(self, epoch: int) -> bool:
        if self._validation is None or epoch == 0:
            return False
        return epoch % self._settings.validate_every == 0 or epoch == self._settings.epochs

    def _epoch(self, began: float, interrupts: Interrupts) -> None:
        settings, progress = self._settings, self.progress
        self._model.train()
        if hasattr(self._model, "deep_supervision"):
            self._model.deep_supervision = settings.deep_supervision
        epoch = progress.epoch
        steps = range(progress.step, settings.iterations_per_epoch)

        def make(step: int) -> Any:  # noqa: ANN401
            return make_batch(self._pools[0], settings, epoch, step, answered=self._answered)

        for batch in ahead(make, steps, workers=self._workers):
            done = epoch * settings.iterations_per_epoch + progress.step
            torch.manual_seed(_torch_seed(settings.seed, epoch, progress.step))
            try:
                values = self._stepper(batch, settings.learning_rates.at(done))
            except NotFiniteError as error:
                raise EdgewiseError(self._diverged(str(error), batch.names)) from error
            if self._average is not None:
                self._average.update(self._model)
            self._add(values)
            progress.step += 1
            if interrupts.asked:
                self._pause(interrupts, began)

    def _add(self, values: StepValues) -> None:
        named = {"loss": values.loss, **values.parts, "grad_norm": values.grad_norm}
        if not math.isfinite(values.grad_norm):
            named |= {"grad_norm": 0.0, _SKIPPED: 1.0}
        for name, value in named.items():
            self.progress.sums[name] = self.progress.sums.get(name, 0.0) + value

    def _means(self) -> dict[str, float]:
        """Return what the log says of a complete epoch; skipped steps have no gradient."""
        count = self._settings.iterations_per_epoch
        sums = self.progress.sums
        taken = count - sums.get(_SKIPPED, 0.0)
        norm = sums["grad_norm"] / taken if taken else math.nan
        kept = {name: total / count for name, total in sums.items() if name not in _NO_MEANS}
        return {**kept, "grad_norm": norm}

    def _diverged(self, what: str, names: Sequence[str]) -> str:
        progress = self.progress
        message = f"{what} at epoch {progress.epoch + 1}, step {progress.step + 1} "
        message += f"(patches of {', '.join(dict.fromkeys(names))}); "
        if self._folder is not None and checkpoint.latest(self._folder.checkpoints) is not None:
            message += f"the checkpoint in {self._folder.checkpoints} is from before it; "
        return message + "try a tenth of the lr, a warmup, amp='off', or look at those cases"

    def _pause(self, interrupts: Interrupts, began: float) -> None:
        """Save in the middle of an epoch, and leave."""
        self._apply(self._collect())
        sums = self.progress.sums
        sums[_SECONDS] = sums.get(_SECONDS, 0.0) + time.perf_counter() - began
        self._save()
        self._write()
        self._tell(f"stopped in epoch {self.progress.epoch + 1}; the same call goes on")
        interrupts.leave()

    def _end_epoch(self, began: float, interrupts: Interrupts) -> None:
        settings, progress = self._settings, self.progress
        progress.epoch += 1
        done = progress.epoch * settings.iterations_per_epoch
        began -= progress.sums.get(_SECONDS, 0.0)  # before it was interrupted
        row = {"epoch": progress.epoch, "step": done, **self._means()}
        row["lr"] = settings.learning_rates.at(done - 1)
        progress.history.append(row)
        progress.step, progress.sums = 0, {}
        measured = self._collect()
        self._apply(measured)
        is_last = progress.epoch == settings.epochs  # which is measured whatever was before it
        patience = math.inf if settings.patience is None else settings.patience
        if progress.waited >= patience and not is_last:
            progress.finished = "early"
        row["seconds"] = time.perf_counter() - began
        self._save()
        if self._is_due(progress.epoch) and not progress.finished:
            self._start_validation(interrupts)
            row["seconds"] = time.perf_counter() - began
        self._write()
        self._tell_epoch(row, measured)

    def _tell_epoch(self, row: dict[str, float], measured: Measured | None) -> None:
        shown, note = dict(row), ""
        if measured is not None:
            shown |= {m: measured.values[m] for m in self._settings.metrics}
            is_best = " (best)" if measured.epoch == self.progress.best_epoch else ""
            note = f"of epoch {measured.epoch}{is_best}"
        self._tell(epoch_line(shown, self._settings.epochs, self._settings.metrics, note))

    def _start_validation(self, interrupts: Interrupts) -> None:
        if self._validation is None:
            return
        self._snapshot = _copied(self.network)
        self._validation.start(self.progress.epoch, stop=lambda: interrupts.asked)
        if interrupts.asked:  # the checkpoint of this epoch is there already
            self._write()
            self._tell(f"stopped after epoch {self.progress.epoch}; the same call goes on")
            interrupts.leave()

    def _collect(self) -> Measured | None:
        return None if self._validation is None else self._validation.collect()

    def _apply(self, measured: Measured | None) -> None:
        """Enter values into the log, and keep the weights if they are the best so far."""
        if measured is None:
            return
        progress = self.progress
        progress.history[measured.epoch - 1].update(measured.values)
        progress.measured = measured.epoch
        metric = self._settings.metrics[0]
        score = measured.values[metric]
        if progress.best_epoch and badness(metric, score) >= badness(metric, progress.best_score):
            progress.waited += 1
            return
        progress.best_epoch, progress.best_score, progress.waited = measured.epoch, score, 0
        self._keep(self._snapshot)

    def _keep(self, weights: dict[str, torch.Tensor]) -> None:
        if self._folder is None:
            self.best = weights
        else:
            write_weights(self._folder.weights, weights)

    def _finish(self) -> None:
        """Apply the last values; without any the last epoch is the best."""
        progress = self.progress
        measured = self._collect()
        self._apply(measured)
        if measured is not None:
            values = [f"{m} {measured.values[m]:.4f}" for m in self._settings.metrics]
            self._tell(f"epoch {measured.epoch}: {'  '.join(values)}")
        if self._validation is None:
            progress.best_epoch = progress.epoch
            self._keep(_copied(self.network))
        if not progress.finished:
            progress.finished = "done"
        self._save()
        self._write()

    def _save(self) -> None:
        if self._folder is not None:
            checkpoint.save(
                self._folder.checkpoints,
                progress=self.progress,
                model=self._model,
                optimizer=self._optimizer,
                scaler=self._stepper.scaler,
                average=self._average,
            )

    def _write(self) -> None:
        self._write_log()
        if self._folder is not None:
            self._folder.write_cases(self._pools)

    def _write_log(self) -> None:
        if self._folder is None:
            return
        rows, metrics = self.progress.history, self._settings.metrics
        measured = [] if self._validation is None else column_names(metrics, self._labels)
        fixed = list(COLUMNS)
        place = fixed.index("grad_norm")
        parts = [n for row in rows[:1] for n in row if n not in (*COLUMNS, *measured)]
        columns = [*fixed[:place], *parts, *fixed[place:], *measured]
        drawn = column_names(metrics[:1], self._labels) if measured else []
        self._folder.write_log(columns, rows, drawn)


def _copied(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().cpu().clone() for name, tensor in model.state_dict().items()}


def _torch_seed(seed: int, epoch: int, step: int) -> int:
    """Return the seed of torch's generator in a step: dropout draws from it."""
    # one number more than the seeds of patches: the streams never meet
    sequence = np.random.SeedSequence([seed, epoch, step, 1])
    low, high = sequence.generate_state(2)
    return (int(high) << 31) ^ int(low)
