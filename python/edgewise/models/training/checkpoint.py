"""Saving the state of a training so that it continues to the same bits.

A checkpoint is a folder that appears whole or not at all: ``weights.safetensors``,
``average.safetensors`` (with a moving average), ``optimizer.pt`` (read with ``weights_only``) and
``state.json``. It is written under another name, flushed and renamed; the one before is removed
afterwards, so that at any moment one complete checkpoint exists. States of random generators are
not in it: every random number of a training follows from (seed, epoch, step).
"""

from __future__ import annotations

import json
import math
import re
import shutil
from dataclasses import dataclass, field
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any, Final

import torch

from edgewise.errors import ReadError
from edgewise.models.weights import read_state

from .writing import appearing, flush_file, write_weights, write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Progress", "latest", "load_state", "save"]

SCHEMA: Final = "edgewise.checkpoint/1"
_DAMAGED: Final = (
    OSError, EOFError, ValueError, KeyError, RuntimeError, UnpicklingError,
)  # fmt: skip
_NAME: Final = re.compile(r"save_(\d{6,})")


@dataclass(slots=True)
class Progress:
    """How far a training is.

    Attributes
    ----------
    epoch, step : int
        Complete epochs, and steps done of the next.
    sums : dict of str to float
        Sums over those steps of what the log averages.
    history : list of dict
        One row per complete epoch.
    best_epoch : int
        Counted from 1; 0 if none was measured.
    best_score : float
        The first metric of that epoch.
    waited : int
        Measured epochs since.
    measured : int
        The last epoch that was measured, counted from 1; 0 if none.
    finished : str
        "", "done" or "early".
    """

    epoch: int = 0
    step: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = 0
    best_score: float = math.nan
    waited: int = 0
    measured: int = 0
    finished: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; what JSON has no number for is text."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return {
            **values,
            "best_score": _written(self.best_score),
            "sums": {k: _written(v) for k, v in self.sums.items()},
            "history": [{k: _written(v) for k, v in row.items()} for row in self.history],
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Progress:
        """Return what `to_dict` made plain values of."""
        return cls(
            stored["epoch"],
            stored["step"],
            {k: float(v) for k, v in stored["sums"].items()},
            [{k: _number(v) for k, v in row.items()} for row in stored["history"]],
            stored["best_epoch"],
            float(stored["best_score"]),
            stored["waited"],
            stored["measured"],
            stored["finished"],
        )


def _written(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)


def _number(value: float | str) -> float:
    return float(value) if isinstance(value, str) else value


def save(
    folder: Path,
    *,
    progress: Progress,
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
    average: Any = None,  # noqa: ANN401
) -> Path:
    """Write a checkpoint and remove the ones before it.

    Parameters
    ----------
    folder : Path
        Holds the checkpoints of a run; made if it is not there.
    progress : Progress
        How far it is.
    model, optimizer, scaler
        What has a state.
    average : ExponentialAverage, optional
        The moving average.

    Returns
    -------
    Path
        The folder of this checkpoint.

    Raises
    ------
    WriteError
        If it cannot be written; the one before is still there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    before = _numbered(folder)
    number = max(before, default=0) + 1
    for left_over in folder.glob("*.part"):
        shutil.rmtree(left_over, ignore_errors=True)
    final = folder / f"save_{number:06d}"
    with appearing(final, folder / f"{final.name}.part") as partial:
        partial.mkdir()
        write_weights(partial / "weights.safetensors", model.state_dict())
        if average is not None:
            write_weights(partial / "average.safetensors", average.state_dict())
        with (partial / "optimizer.pt").open("wb") as file:
            torch.save({"optimizer": optimizer.state_dict(), "scaler": scaler.state_dict()}, file)
            flush_file(file)
        state = {
            "schema": SCHEMA,
            "progress": progress.to_dict(),
            "average_updates": 0 if average is None else average.updates,
        }
        write_whole(partial / "state.json", json.dumps(state, indent=1, allow_nan=False))
    for old in before.values():
        shutil.rmtree(old, ignore_errors=True)
    return final


def latest(folder: Path) -> Path | None:
    """Return the newest complete checkpoint; None if there is none."""
    found = _numbered(folder) if folder.is_dir() else {}
    return found[max(found)] if found else None


def load_state(
    path: Path,
    *,
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
    average: Any = None,  # noqa: ANN401
) -> Progress:
    """Put a checkpoint's state into model, optimiser, scaler and average.

    Returns
    -------
    Progress
        How far it was.

    Raises
    ------
    ReadError
        If a file is damaged or belongs to another network.
    """
    try:
        state = json.loads((path / "state.json").read_text(encoding="utf-8"))
        device = next(model.parameters()).device
        model.load_state_dict(read_state(path / "weights.safetensors"))
        stored = torch.load(path / "optimizer.pt", map_location=device, weights_only=True)
        optimizer.load_state_dict(stored["optimizer"])
        if stored["scaler"]:
            scaler.load_state_dict(stored["scaler"])
        if average is not None:
            average.model.load_state_dict(read_state(path / "average.safetensors"))
            average.updates = state["average_updates"]
        return Progress.from_dict(state["progress"])
    except _DAMAGED as error:
        text = " ".join(str(error).split())
        message = f"{path}: this checkpoint cannot be continued ({text[:200]}); "
        message += "remove the folder to start anew"
        raise ReadError(message, code="bad_checkpoint") from error


def _numbered(folder: Path) -> dict[int, Path]:
    matches = ((_NAME.fullmatch(p.name), p) for p in folder.iterdir())
    return {int(match[1]): path for match, path in matches if match}
