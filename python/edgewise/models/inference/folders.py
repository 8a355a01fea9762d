"""Label maps for a folder of images; a run that was killed goes on where it stopped."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import torch

from edgewise import io
from edgewise.errors import (
    ConfigError,
    InputError,
    LabelError,
    MissingExtraError,
    ShapeError,
    SpacingError,
)
from edgewise.io.channels import read_channels

from .image_cases import ImageCase, find_cases
from .options import Execution, Tiling
from .prediction_log import CaseOutcome, PredictionLog
from .predictor import Predictor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edgewise.image import Image
    from edgewise.models.preprocessing import Preprocessing

    from .stream import TileEvent

__all__ = ["FolderEvent", "predict_cases", "predict_folder"]

_CODES: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (MissingExtraError, "missing_extra"),
    (ShapeError, "shape_mismatch"),
    (SpacingError, "bad_spacing"),
    (LabelError, "nan_in_image"),
    (ConfigError, "bad_option"),
    (MemoryError, "out_of_memory"),
    (torch.OutOfMemoryError, "out_of_memory"),
    (OSError, "write_error"),
)


@dataclass(frozen=True, slots=True)
class FolderEvent:
    """How far a folder has come.

    Attributes
    ----------
    done, failed, total : int
        Cases; kept ones count as done.
    elapsed, eta : float
        Seconds; `eta` is NaN before something is done.
    bytes_done : int
        Of the files of the finished cases.
    case : str
        That is worked on, or was just finished.
    tile : TileEvent, optional
        How far the case has come, while its network runs.
    outcome : CaseOutcome, optional
        Of the case that was just finished.
    """

    done: int
    failed: int
    total: int
    elapsed: float
    eta: float
    bytes_done: int = 0
    case: str = ""
    tile: TileEvent | None = None
    outcome: CaseOutcome | None = None

    @property
    def doing(self) -> str:
        """The case that is worked on, and how much of it is done."""
        if self.tile is None:
            return ""
        return f"{self.case} {100 * self.tile.done // self.tile.total} %"


Progress: TypeAlias = Callable[[FolderEvent], None]


def predict_folder(
    images: str | Path,
    out: str | Path,
    *,
    run: str | Path | None = None,
    network: Any = None,  # noqa: ANN401
    preprocessing: Preprocessing | None = None,
    tile: Sequence[int] | None = None,
    step: float = 0.5,
    labels: Sequence[int] | None = None,
    regions: Sequence[int] | None = None,
    execution: Execution | None = None,
    spacing: float | Sequence[float] | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> tuple[CaseOutcome, ...]:
    """Write a label map for every image of a folder.

    Parameters
    ----------
    images : path
        A folder, a file, or a manifest; several channels as ``case_0000``, ``case_0001``. Formats
        are those of `edgewise.read`.
    out : path
        Folder of the label maps ``case`` + suffix of the image, with its geometry; each appears
        whole or not at all. ``predictions.csv`` says how each case ended.
    run : path, optional
        Folder of a training, with ``model.json``. Else give `network` and `tile`.
    network : torch.nn.Module, optional
        With ``in_channels``.
    preprocessing : Preprocessing, optional
        For `network`. Default: images are taken as they are.
    tile : sequence of int, optional
        For `network`: voxels of a tile.
    step : float, default 0.5
        As for `sliding_window`.
    labels, regions : sequence of int, optional
        For `network`, as for `segment`.
    execution : Execution, optional
        Device, batch size, precision, mirroring.
    spacing : float or sequence of float, optional
        In mm, per axis of the array; replaces what files say.
    overwrite : bool, default False
        Remove label maps that are there and make them anew. Otherwise those that the same network
        made with the same settings are kept: a run that was killed goes on.
    progress : callable, optional
        Called with a `FolderEvent` after every batch of tiles and every case.

    Returns
    -------
    tuple of CaseOutcome
        In natural order of the cases. A case that fails does not stop the others.

    Raises
    ------
    ConfigError
        If neither `run` nor `network` and `tile` are given; if `out` holds label maps made in
        another way, or is the folder of the images.
    InputError
        If there are no images, or a case occurs twice.
    """
    if run is not None and network is None:
        predictor = Predictor.from_run(run, step=step, execution=execution)
    elif network is not None and tile is not None and run is None:
        options = {} if preprocessing is None else {"preprocessing": preprocessing}
        predictor = Predictor(
            network=network,
            tiling=Tiling(tile=tuple(tile), step=step),
            execution=execution or Execution(),
            labels=None if labels is None else tuple(labels),
            regions=None if regions is None else tuple(regions),
            **options,
        )
    else:
        message = "give run=, the folder of a training, or network= and tile="
        raise ConfigError(message)
    return predict_cases(
        images, out, predictor, spacing=spacing, overwrite=overwrite, progress=progress
    )


def predict_cases(
    images: str | Path,
    out: str | Path,
    predictor: Predictor,
    *,
    spacing: float | Sequence[float] | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> tuple[CaseOutcome, ...]:
    """Write a label map for every image of a folder with a given predictor.

    Parameters
    ----------
    images, out, spacing, overwrite, progress
        As for `predict_folder`.
    predictor : Predictor
        Network, preprocessing, tiles.

    Returns
    -------
    tuple of CaseOutcome
        As `predict_folder`.
    """
    cases = find_cases(images, channels=predictor.channels)
    if Path(images).is_dir() and Path(images).resolve() == Path(out).resolve():
        message = f"{out}: is the folder of the images, and label maps there would be taken for "
        message += "images; write them to another folder"
        raise ConfigError(message)
    return _Run(cases, Path(out), predictor, spacing, progress).run(overwrite=overwrite)


class _Run:
    """A folder on its way through a predictor."""

    def __init__(
        self,
        cases: Sequence[ImageCase],
        out: Path,
        predictor: Predictor,
        spacing: float | Sequence[float] | None,
        progress: Progress | None,
    ) -> None:
        self._cases = cases
        self._out = out
        self._predictor = predictor
        self._spacing = spacing
        self._progress = progress
        self._start = time.monotonic()
        self._outcomes: dict[str, CaseOutcome] = {}
        self._bytes = 0

    def run(self, *, overwrite: bool) -> tuple[CaseOutcome, ...]:
        log = PredictionLog(self._out, {**self._predictor.describe(), "spacing": self._spacing})
        targets = {case.case: self._out / (case.case + case.suffix) for case in self._cases}
        self._refuse_images(targets)
        log.open(targets.values(), overwrite=overwrite)
        todo = [case for case in self._cases if not targets[case.case].exists()]
        for case in self._cases:
            if targets[case.case].exists():
                self._note(case, _outcome(case, "kept", log.seconds(case.case)))
        for case in todo:
            self._note(case, self._one(case, targets[case.case]))
            log.write(self._in_order())
        log.write(self._in_order())
        return self._in_order()

    def _refuse_images(self, targets: Mapping[str, Path]) -> None:
        """Raise if a label map would take the place of an image."""
        files = {path.resolve() for case in self._cases for path in case.files}
        for target in targets.values():
            if target.resolve() in files:
                message = f"{target} is an image; write the label maps to another folder"
                raise ConfigError(message)

    def _in_order(self) -> tuple[CaseOutcome, ...]:
        return tuple(self._outcomes[c.case] for c in self._cases if c.case in self._outcomes)

    def _note(self, case: ImageCase, outcome: CaseOutcome) -> None:
        self._outcomes[case.case] = outcome
        self._bytes += sum(p.stat().st_size for p in case.files if p.is_file())
        self._tell(case.case, outcome=outcome)

    def _one(self, case: ImageCase, target: Path) -> CaseOutcome:
        """Segment one case; what goes wrong becomes its row."""
        start = time.monotonic()
        try:
            if case.problem:
                raise InputError(case.problem, code=case.code)
            labels = self._predictor.predict(
                self._read(case), progress=lambda event: self._tell(case.case, tile=event)
            )
            io.write(target, labels)
        except Exception as error:  # noqa: BLE001 - the other cases go on
            return _failure(case, error, time.monotonic() - start)
        return _outcome(case, "ok", time.monotonic() - start)

    def _read(self, case: ImageCase) -> list[Image]:
        channels = read_channels(case.files, spacing=self._spacing)
        takes = self._predictor.channels
        if len(channels) != takes:
            message = f"{case.files[0].name}: has {len(channels)} channel(s), the network takes "
            message += f"{takes}; name files case_0000, case_0001, ..., give a manifest, or files "
            message += "with a series"
            code = "missing_channel" if len(channels) < takes else "extra_channel"
            raise InputError(message, code=code)
        return channels

    def _tell(
        self, case: str, *, tile: TileEvent | None = None, outcome: CaseOutcome | None = None
    ) -> None:
        if self._progress is None:
            return
        done, total = len(self._outcomes), len(self._cases)
        failed = sum(o.status == "failed" for o in self._outcomes.values())
        elapsed = time.monotonic() - self._start
        kept = sum(o.status == "kept" for o in self._outcomes.values())
        worked = done - kept + (0 if tile is None else tile.done / tile.total)
        eta = elapsed / worked * (total - kept - worked) if worked else float("nan")
        self._progress(
            FolderEvent(done, failed, total, elapsed, eta, self._bytes, case, tile, outcome)
        )


def _outcome(case: ImageCase, status: str, seconds: float) -> CaseOutcome:
    names = " ".join(path.name for path in case.files)
    return CaseOutcome(case.case, status, "", "", seconds, case.case + case.suffix, names)


def _failure(case: ImageCase, error: Exception, seconds: float) -> CaseOutcome:
    code = getattr(error, "code", None)
    if not isinstance(code, str):
        code = next((word for kind, word in _CODES if isinstance(error, kind)), "failed")
    text = " ".join(str(error).split()) or type(error).__name__
    if code == "failed":
        text = f"{type(error).__name__}: {text}"
    names = " ".join(path.name for path in case.files)
    return CaseOutcome(case.case, "failed", code, text, seconds, "", names)
