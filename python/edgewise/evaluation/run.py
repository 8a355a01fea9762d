"""The main job: from two folders to an `Evaluation`, and from one pair to its values."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from edgewise import io
from edgewise._arguments import Spacing, Threads, as_threads
from edgewise.errors import ConfigError, EdgewiseError, InputError
from edgewise.image import Image
from edgewise.metrics import DEFAULT_METRICS, PairResult, measure

from .assembly import assemble
from .case import open_pair
from .cases import Case, Pairs, Source
from .config import Config, Execution, Geometry, Workers
from .runner import Progress, run_cases

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable, Mapping

    from numpy.typing import ArrayLike

    from .evaluation_result import Evaluation
    from .labels import Labels, Regions

__all__ = ["as_pairs", "check_writable", "evaluate", "evaluate_pair", "run"]

_TABLES: Final = (".csv", ".tsv")


def evaluate(
    reference: Source,
    prediction: Source = None,
    *,
    labels: Labels = "auto",
    regions: Regions = None,
    ignore_label: int | None = None,
    binary: bool = False,
    metrics: str | Iterable[str] = DEFAULT_METRICS,
    preset: str = "edgewise",
    nsd_tolerance: float = 1.0,
    geometry: Geometry = "strict",
    spacing: Spacing = None,
    threshold: float | None = None,
    volume: int | None = None,
    nan: Literal["background"] | None = None,
    max_bytes: int | None = None,
    out: str | Path | None = None,
    workers: Workers = "auto",
    threads: Threads = "auto",
    timeout: float = 600.0,
    retries: int = 1,
    progress: Progress | None = None,
    on_error: Literal["record", "raise"] = "record",
) -> Evaluation:
    """Measure every prediction of a data set against its reference.

    Parameters
    ----------
    reference, prediction : path, Pairs or iterable
        Two folders, two files, two templates such as ``"preds/{algorithm}/{case}.nii.gz"``; or, as
        the only argument, a manifest (``.csv``), `evaluation.Pairs`, or an iterable of ``(case,
        reference, prediction)`` of paths, arrays, Images or callables without arguments. Arrays are
        measured in this process.
    labels : str, path, iterable of int or mapping, default "auto"
        "auto": the non-zero labels of all references; "union": of both sides; ``[1, 2]``, ``{1:
        "liver"}``, ``"1:liver,2:tumour"``, or the name of a ``.json``, ``.tsv`` or ``.csv`` file. A
        label that a case does not hold gives rows of state ``both_empty``.
    regions : str or mapping, optional
        Named unions of labels, ``{"whole": (1, 2, 3)}`` or ``"whole=1+2+3"``.
    ignore_label : int, optional
        Voxels with this reference label do not count.
    binary : bool, default False
        Everything that is not 0 is one label.
    metrics : str or iterable of str
        Ids such as ``"dice"``, ``"nsd@2mm"``, ``"hd95:medpy"``. Default: `metrics.DEFAULT_METRICS`.
    preset : str, default "edgewise"
        Convention of ids that name none.
    nsd_tolerance : float, default 1.0
        Completes a bare ``nsd``, in mm.
    geometry : {"strict", "resample", "ignore"}, default "strict"
        A case whose grids differ fails, is resampled onto the reference's grid, or is compared
        index by index.
    spacing : float or sequence of float, optional
        In array axis order, mm; replaces what files say.
    threshold : float, optional
        From which value a predicted probability is foreground.
    volume : int, optional
        Which volume of files that hold a series; without it such a file fails.
    nan : {"background"}, optional
        Take NaN and inf as background; without it a map that holds them fails.
    max_bytes : int, optional
        Files and arrays beyond it fail before anything is allocated. Default: the memory.
    out : path, optional
        Folder for the tables; nothing is written without it.
    workers : int or "auto", default "auto"
        Processes. 1 runs in this process; "auto" uses the usable cores, or this process for little
        data.
    threads : int or "auto", default "auto"
        Of the kernels, per worker.
    timeout : float, default 600
        Seconds a case may take in a worker process; 0 is no limit.
    retries : int, default 1
        How often a case is tried again, alone, after its worker died.
    progress : callable, optional
        Called with a `evaluation.ProgressEvent` after every case.
    on_error : {"record", "raise"}, default "record"
        Whether a missing or failed case is a row, or a CaseError.

    Returns
    -------
    Evaluation
        Equal inputs give equal tables, whatever the number of workers.

    Raises
    ------
    InputError
        If nothing pairs, a case occurs twice, or a folder does not exist.
    ConfigError
        If a name is unknown or an option invalid; raised before any file is read.
    CaseError
        With ``on_error="raise"``, for the first case that is missing or fails.

    Examples
    --------
    >>> import numpy as np
    >>> mask = np.zeros((8, 8), dtype=np.uint8)
    >>> mask[2:6, 2:6] = 1
    >>> result = evaluate([("a", mask, mask), ("b", mask, np.roll(mask, 1, 0))], metrics="dice")
    >>> result.values.filter({"metric": "dice"})["value"].tolist()
    [1.0, 0.75]
    """
    config = Config.create(
        labels=labels, regions=regions, ignore_label=ignore_label, binary=binary,
        threshold=threshold, metrics=metrics, preset=preset, nsd_tolerance=nsd_tolerance,
        geometry=geometry, spacing=_as_floats(spacing), volume=volume, nan=nan,
        max_bytes=max_bytes,
    )  # fmt: skip
    if on_error not in ("record", "raise"):
        message = f"on_error must be record or raise, got {on_error!r}"
        raise ConfigError(message)
    execution = Execution(
        workers, threads, timeout, retries, max_failures=1 if on_error == "raise" else None
    )
    pairs = as_pairs(reference, prediction)
    result = run(pairs, config, execution, out=out, progress=progress)
    if on_error == "raise" and result.failed:
        raise result.failed[0]
    return result


def _as_floats(spacing: Spacing) -> float | list[float] | None:
    if spacing is None:
        return None
    values = np.asarray(spacing, dtype=np.float64)
    return float(values) if values.ndim == 0 else [float(v) for v in values]


def as_pairs(reference: Source, prediction: Source = None) -> Pairs:
    """Return the pairs that `evaluate`'s two arguments stand for."""
    if isinstance(reference, Pairs):
        return reference
    if prediction is None:
        return _from_one(reference)
    if not all(isinstance(side, str | Path) for side in (reference, prediction)):
        return Pairs.from_records([("array", reference, prediction)])
    if any("{" in str(side) for side in (reference, prediction)):
        return Pairs.from_templates(reference, prediction)
    if Path(reference).is_file() and Path(prediction).is_file():
        case = Case(
            io.stem(Path(reference)),
            Path(reference),
            Path(prediction),
            ref=Path(reference).as_posix(),
            pred=Path(prediction).as_posix(),
        )
        return Pairs.from_records([case], where=str(reference))
    for side in (reference, prediction):
        if not Path(side).exists():
            message = f"{side}: there is no such file or folder"
            raise InputError(message, code="no_such_folder")
    return Pairs.from_folders(reference, prediction)


def _from_one(reference: Source) -> Pairs:
    """Return the pairs of a manifest or of records."""
    if not isinstance(reference, str | Path):
        return Pairs.from_records(reference)
    if Path(reference).suffix.lower() in _TABLES:
        return Pairs.from_manifest(reference)
    message = f"{reference}: a prediction is needed beside the reference"
    raise ConfigError(message)


def run(
    pairs: Pairs,
    config: Config,
    execution: Execution,
    *,
    out: str | Path | None = None,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> Evaluation:
    """Measure pairs with a validated configuration; see `evaluate`.

    Parameters
    ----------
    pairs : Pairs
        What is measured.
    config : Config
        How it is measured.
    execution : Execution
        How it is carried out.
    out : path, optional
        Folder for the tables.
    progress : callable, optional
        Called after every case.
    stop : threading.Event, optional
        Set it to end the run early; what is done is assembled and written.

    Returns
    -------
    Evaluation
        Complete unless it was stopped.
    """
    if out is not None:
        check_writable(out)
    start = datetime.now(UTC)
    results = run_cases(pairs.cases, config, execution, progress=progress, stop=stop)
    assembled = assemble(pairs.cases, results, config, version=_version())
    result = replace(
        assembled,
        notes=(*pairs.notes, *assembled.notes),
        provenance=_provenance(start, execution),
    )
    if out is not None:
        result.save(out)
    return result


def check_writable(directory: str | Path) -> None:
    """Find out before an hour of work whether the results can be written.

    Parameters
    ----------
    directory : path
        Created if need be.

    Raises
    ------
    EdgewiseError
        If they cannot.
    """
    folder = Path(directory)
    probe = folder / f".edgewise.{os.getpid()}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        message = f"{folder}: cannot write the results here ({error.strerror or error})"
        raise EdgewiseError(message) from error


def _version() -> str:
    from edgewise import __version__  # the root resolves it when asked, not at import

    return str(__version__)


def _provenance(start: datetime, execution: Execution) -> Mapping[str, Any]:
    end = datetime.now(UTC)
    return {
        "argv": sys.argv,
        "start": start.isoformat(timespec="seconds"),
        "end": end.isoformat(timespec="seconds"),
        "seconds": (end - start).total_seconds(),
        "host": platform.node(),
        "platform": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cores": as_threads("auto"),
        "workers": execution.workers,
        "threads": execution.threads,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "edgewise": _version(),
    }


def evaluate_pair(
    reference: Source,
    prediction: Source,
    *,
    spacing: Spacing = None,
    labels: Labels = "auto",
    regions: Regions = None,
    include_background: bool = False,
    ignore_label: int | None = None,
    ignore_mask: ArrayLike | None = None,
    binary: bool = False,
    threshold: float | None = None,
    volume: int | None = None,
    nan: Literal["background"] | None = None,
    max_bytes: int | None = None,
    metrics: str | Iterable[str] = DEFAULT_METRICS,
    preset: str = "edgewise",
    nsd_tolerance: float | Mapping[int | str, float] = 1.0,
    geometry: Geometry = "strict",
    squeeze: bool | None = None,
    allow_negative_labels: bool = False,
    threads: Threads = "auto",
) -> PairResult:
    """Measure one prediction against its reference.

    Parameters
    ----------
    reference, prediction : array of integers, Image or path
        Label maps on one grid; bool arrays are maps of label 1.
    spacing : float or sequence of float, optional
        Voxel size along each array axis, mm. Default: that of the reference's image or file, else
        1.
    labels, regions, ignore_label, binary, threshold, volume, nan, max_bytes, metrics, preset
        As in `evaluate`; "auto" means the labels of this reference.
    include_background : bool, default False
        Whether label 0 is measured.
    ignore_mask : array_like of bool, optional
        Voxels of the reference's grid that do not count, nor make a boundary; this or
        `ignore_label`.
    nsd_tolerance : float or mapping of label to float, default 1.0
        Completes a bare ``nsd``, in mm.
    geometry : {"strict", "resample", "ignore"}, default "strict"
        What happens when two images or files lie on different grids.
    squeeze : bool, optional
        Whether axes of length 1 are removed first. Default: the preset's (edgewise: True).
    allow_negative_labels : bool, default False
        Whether negative values of arrays are ordinary labels; files never hold any.
    threads : int or "auto", default "auto"
        Of the kernels.

    Returns
    -------
    PairResult
        ``.values``, ``.value(label, metric)``, ``.to_dict()``, ``.to_pandas()``; prints as a table.

    Raises
    ------
    ReadError
        If a file cannot be read.
    GeometryError
        If the two grids differ.
    ShapeError, LabelError, SpacingError, ConfigError
        If an argument is invalid.

    Examples
    --------
    >>> import numpy as np
    >>> reference = np.zeros((8, 8), dtype=np.uint8)
    >>> reference[2:6, 2:6] = 1
    >>> result = evaluate_pair(reference, np.roll(reference, 1, 0), metrics=["dice", "hd"])
    >>> result.value(1, "dice"), result.value(1, "hd")
    (0.75, 1.0)
    """
    tolerance = nsd_tolerance if isinstance(nsd_tolerance, float | int) else 1.0
    config = Config.create(
        labels=labels, regions=regions, ignore_label=ignore_label, binary=binary,
        threshold=threshold, metrics=metrics, preset=preset, nsd_tolerance=tolerance,
        geometry=geometry, spacing=_as_floats(spacing), volume=volume, nan=nan,
        max_bytes=max_bytes,
    )  # fmt: skip
    first, second, own = _label_maps(reference, prediction, config)
    return measure(
        first,
        second,
        spacing=own,
        labels=config.labels if isinstance(config.labels, str) else dict(config.labels),
        regions=dict(config.regions),
        include_background=include_background,
        ignore_label=config.ignore_label,
        ignore_mask=ignore_mask,
        metrics=metrics,
        preset=preset,
        nsd_tolerance=nsd_tolerance,
        squeeze=squeeze,
        allow_negative_labels=allow_negative_labels,
        threads=threads,
    )


def _label_maps(reference: Source, prediction: Source, config: Config) -> tuple[Any, Any, Spacing]:
    """Return two label maps and their spacing; plain arrays keep all their labels, as they are."""
    plain = config.threshold is None and config.nan is None and not config.binary
    if plain and not any(
        isinstance(side, str | Path | Image) or callable(side) for side in (reference, prediction)
    ):
        return reference, prediction, config.spacing
    pair = open_pair(reference, prediction, config)
    return pair.reference.array, pair.prediction.array, pair.reference.spacing
