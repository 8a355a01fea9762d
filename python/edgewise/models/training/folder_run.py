"""From two folders of files to what `fit` trains: the network, prepared cases, ``model.json``.

What `run_plan` decides is written down when a run begins, and read from there when the run goes on:
a continued run prepares its images exactly as before.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from edgewise.errors import ConfigError, InputError, ReadError
from edgewise.models.creation import create_model
from edgewise.models.inference.description import FILE, ModelDescription, read_description

from .checkpoint import latest
from .data import FolderCases
from .files import list_labels
from .prepared_files import PreparedFiles
from .run_lock import run_lock
from .run_plan import Classes, Plan, empty_network, make_plan
from .settings import check_count, differences
from .step import seeded_devices
from .writing import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from edgewise.image import Image

    from .run_plan import FolderOptions

__all__ = ["FolderRun", "open_folders"]

_OPTIONS: Final = "options.json"
_CACHE_BYTES: Final = 2 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderRun:
    """What `fit` needs.

    Attributes
    ----------
    network : torch.nn.Module
        With initial weights.
    cases, held_out : FolderCases
        Training and validation cases, prepared when they are read; `held_out` may be None.
    description : ModelDescription
        What ``model.json`` says: `Predictor.from_run` reads it.
    ignore_label : int, optional
        Class of the voxels that count nowhere.
    label_names : mapping of int to str
        Class to the name of its label.
    """

    network: torch.nn.Module
    cases: FolderCases
    held_out: FolderCases | None
    description: ModelDescription
    ignore_label: int | None
    label_names: Mapping[int, str]


def open_folders(
    images: str | Path,
    labels: str | Path,
    out: str | Path,
    options: FolderOptions,
    *,
    resume: bool = True,
    cache_bytes: int = _CACHE_BYTES,
    workers: int = 2,
) -> FolderRun:
    """Look at two folders, plan what is trained, and write ``model.json`` into the run's folder.

    Parameters
    ----------
    images, labels : path
        As for `FolderCases`.
    out : path
        Folder of the run; give the same to `fit` as `checkpoint_dir`.
    options : FolderOptions
        What is trained.
    resume : bool, default True
        Whether to go on with what an earlier call wrote there.
    cache_bytes : int, default 2 GiB
        Memory for prepared cases; data sets that are larger are prepared into ``out/prepared``.
    workers : int, default 2
        Threads that read.

    Returns
    -------
    FolderRun
        For `fit`.

    Raises
    ------
    ConfigError
        If the folder holds a run with other options (the sentence names them), or another process
        trains in it.
    InputError
        If there are no cases, or no labels in them.
    """
    out = Path(out)
    images, labels = Path(images), Path(labels)
    check_count("seed", options.seed, least=0)
    check_count("workers", workers, least=0)
    empty_network(options.model, options.sizes)  # unknown names fail before any case is read
    training, held_out = _split(labels, options)
    with run_lock(out):
        plan = _read_plan(out, options) if resume else None
        if plan is None:
            cases = FolderCases(images, labels, names=training, cache_bytes=cache_bytes)
            plan = make_plan(cases, options, cache_bytes=cache_bytes, workers=workers)
            _write_json(out / FILE, plan.model_json())
            _write_json(out / _OPTIONS, {"options": options.to_dict(), "plan": plan.to_dict()})
    classes = Classes(tuple(plan.labels), options.ignore_label)

    def prepared(first: Path, second: Path, names: Sequence[str] | None) -> FolderCases:
        return FolderCases(
            first, second, names=names, prepare=_preparation(plan, classes),
            cache_bytes=cache_bytes, stored=_stored(out, plan, classes),
        )  # fmt: skip

    measured = prepared(images, labels, held_out) if held_out else None
    if isinstance(options.validation, str):
        folder = Path(options.validation)
        measured = prepared(folder / images.name, folder / labels.name, None)
    return FolderRun(
        network=_network(plan, options.seed),
        cases=prepared(images, labels, training),
        held_out=measured,
        description=plan.description,
        ignore_label=classes.ignored,
        label_names=dict(enumerate(plan.labels.values(), start=1)),
    )


def _split(labels: Path, options: FolderOptions) -> tuple[list[str], list[str]]:
    """Return the names of training and held-out cases."""
    names = list(list_labels(labels))
    share = options.validation
    if isinstance(share, str) or share == 0:
        return names, []
    if not 0 < share < 1:
        message = f"validation must be a share in [0, 1) or a folder, got {share}"
        raise ConfigError(message)
    if len(names) < 2:
        message = f"{labels} holds one label map; validation={share:g} needs another one"
        raise InputError(message)
    count = min(max(1, round(share * len(names))), len(names) - 1)
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([options.seed, 2])))
    chosen = set(rng.permutation(len(names))[:count].tolist())
    kept = [name for k, name in enumerate(names) if k not in chosen]
    return kept, [name for k, name in enumerate(names) if k in chosen]


def _read_plan(out: Path, options: FolderOptions) -> Plan | None:
    """Return the plan of the run in a folder, if it has the same options; None without a run."""
    file = out / _OPTIONS
    if not file.exists() or latest(out / "checkpoint") is None:
        return None
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        found = differences(content["options"], options.to_dict())
        plan = Plan.from_dict(content["plan"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"{file}: cannot be read ({error}); remove the folder to start anew"
        raise ReadError(message, code="bad_run") from error
    if found:
        message = f"{out}: holds a run with another {'; '.join(found)}; "
        message += "give the same options, or another folder"
        raise ConfigError(message)
    read_description(out)  # says if it was removed or damaged
    return plan


def _preparation(plan: Plan, classes: Classes) -> Callable[[list[Image], Image], Any]:
    def prepare(channels: list[Image], labels: Image) -> Any:  # noqa: ANN401
        made = plan.preprocessing.apply(channels, labels=classes(labels.array))
        return SimpleNamespace(image=made.array, labels=made.labels, spacing=made.spacing)

    return prepare


def _stored(out: Path, plan: Plan, classes: Classes) -> PreparedFiles | None:
    if not plan.on_disk:
        return None
    parts = [plan.preprocessing.to_dict(), classes.labels, classes.ignore_label]
    return PreparedFiles(out / "prepared", json.dumps(parts))


def _network(plan: Plan, seed: int) -> torch.nn.Module:
    """Build the network with weights that follow from the seed."""
    with torch.random.fork_rng(devices=seeded_devices()):
        torch.manual_seed(seed)
        return create_model(plan.model, **plan.sizes)


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    write_whole(path, json.dumps(content, indent=1, allow_nan=False) + "\n")
