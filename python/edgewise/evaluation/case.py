"""Measuring one case: the only place where any failure becomes a row."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import numpy as np

from edgewise import io
from edgewise._arguments import as_spacing
from edgewise.errors import EdgewiseError, LabelError, MissingExtraError, ShapeError, SpacingError
from edgewise.image import Image, match_grid
from edgewise.metrics import PairResult, measure
from edgewise.voxels import count_labels

if TYPE_CHECKING:
    from .cases import Case, Source
    from .config import Config

__all__ = [
    "CaseResult",
    "Status",
    "Values",
    "failure",
    "measure_case",
    "open_pair",
    "with_grid",
]

Status: TypeAlias = Literal["ok", "failed", "missing_prediction", "missing_reference"]
Values: TypeAlias = tuple[tuple[int, str, str, float | None, str], ...]
"""Label, label name, metric, value, state."""

_ABSENT_LABEL: Final = (
    2**31 - 1
)  # a region of this label shows what a label that occurs nowhere gives
_ABSENT_NAME: Final = "\0absent"
_MANY_LABELS: Final = 1000  # more are rather grey values
_CODES: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (ShapeError, "bad_shape"),
    (LabelError, "bad_label_value"),
    (SpacingError, "bad_spacing"),
    (MissingExtraError, "missing_extra"),
    (MemoryError, "out_of_memory"),
    (FileNotFoundError, "no_such_file"),
    (PermissionError, "permission_denied"),
    (OSError, "read_error"),
)


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What came of one case.

    Attributes
    ----------
    case, algorithm : str
        Its key.
    status : {"ok", "failed", "missing_prediction", "missing_reference"}
        How it ended.
    error_code, error_message : str
        Why it did not end well; one sentence.
    traceback : str
        For errors that nobody foresaw.
    warnings : tuple of str
        Sorted codes.
    size, spacing : tuple
        Of the reference grid, if it is known.
    orientation : str
        Such as ``"RAS"``.
    drift : float, optional
        How far the two grids lie apart, in voxels.
    values : tuple
        Rows (label, name, metric, value, state).
    absent : tuple
        The rows of a label that occurs in neither map; only when labels are found in the data.
    extra_labels : tuple of (int, int)
        Labels of the prediction that are not measured, with their numbers of voxels.
    reference_labels : tuple of int, optional
        The reference's labels, of a case that was not measured; only when labels are found in the
        data. None where nobody could read the reference.
    seconds : tuple of (str, float)
        Durations of reading and measuring.
    """

    case: str
    algorithm: str
    status: Status
    error_code: str = ""
    error_message: str = ""
    traceback: str = ""
    warnings: tuple[str, ...] = ()
    size: tuple[int, ...] = ()
    spacing: tuple[float, ...] = ()
    orientation: str = ""
    drift: float | None = None
    values: Values = ()
    absent: Values = ()
    extra_labels: tuple[tuple[int, int], ...] = ()
    reference_labels: tuple[int, ...] | None = None
    seconds: tuple[tuple[str, float], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for the trip from a worker."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> CaseResult:
        """Return what `to_dict` described, after a trip through JSON."""
        rows = ("values", "absent", "extra_labels", "seconds")
        lists = {k: tuple(map(tuple, fields[k])) for k in rows}
        flat: dict[str, Any] = {k: tuple(fields[k]) for k in ("warnings", "size", "spacing")}
        if fields["reference_labels"] is not None:
            flat["reference_labels"] = tuple(fields["reference_labels"])
        return cls(**{**fields, **lists, **flat})


@dataclass(frozen=True, slots=True, eq=False)
class OpenPair:
    """Two label maps on one grid."""

    reference: Image
    prediction: Image
    drift: float | None
    warnings: tuple[str, ...]


def measure_case(case: Case, config: Config, *, threads: int = 1) -> CaseResult:
    """Read and measure one case; never raises for anything that is wrong with it.

    Parameters
    ----------
    case : Case
        Both sides may be paths, arrays, Images or callables.
    config : Config
        What is measured.
    threads : int, default 1
        For the kernels.

    Returns
    -------
    CaseResult
        With status "ok", or with the reason why not.
    """
    start = time.perf_counter()
    result = CaseResult(case.case, case.algorithm, "ok")
    if case.reference is None:
        text = f"{case.case}: no reference{_looked(case.ref)}. Not evaluated."
        return _unpaired(result, "missing_reference", text)
    reference: Image | None = None
    try:
        reference = _label_map(case.reference, config, None)
        result = replace(result, size=reference.array.shape, spacing=tuple(reference.spacing))
        if case.prediction is None:
            text = (
                f"{case.case}: no prediction{_looked(case.pred)}. "
                "Counted as worst value; --missing skip leaves it out."
            )
            result = _unpaired(result, "missing_prediction", text)
            return replace(result, reference_labels=_labels_of(reference, config))
        pair = _on_one_grid(reference, case.prediction, config)
        read = time.perf_counter() - start
        measured = _measured(pair, config, threads)
    except Exception as error:  # noqa: BLE001
        if reference is None:
            result = with_grid(result, case.reference, config)
        known = _labels_of(reference, config)
        return replace(result, **failure(error), reference_labels=known)
    seconds = (("read", read), ("measure", time.perf_counter() - start - read))
    return _completed(result, pair, measured, seconds)


def _unpaired(result: CaseResult, status: Status, text: str) -> CaseResult:
    return replace(result, status=status, error_code=status, error_message=text)


def _labels_of(reference: Image | None, config: Config) -> tuple[int, ...] | None:
    """Labels that a case without numbers still adds to those of the data set."""
    if reference is None or not isinstance(config.labels, str):
        return None
    ignored = {0, config.ignore_label}
    return tuple(label for label in count_labels(reference.array) if label not in ignored)


def _looked(place: str) -> str:
    return f" (looked for {place})" if place else ""


def with_grid(result: CaseResult, source: Source, config: Config) -> CaseResult:
    """Return the result with the reference's grid, if a header tells it.

    What is wrong with the file, foreseen or not, is reported by reading it.
    """
    if not isinstance(source, str | Path):
        return result
    try:
        header = io.read_header(
            source, spacing=config.spacing, max_bytes=config.max_bytes, volume=config.volume
        )
    except Exception:  # noqa: BLE001
        return result
    return replace(result, size=tuple(header.shape), spacing=tuple(header.spacing))


def failure(error: BaseException) -> dict[str, Any]:
    """Return the fields of a case that failed with `error`."""
    code = getattr(error, "code", None) or next(
        (code for kind, code in _CODES if isinstance(error, kind)), "internal_error"
    )
    text = " ".join(str(error).split()) or type(error).__name__
    if code == "out_of_memory":
        text = f"out of memory ({text}); fewer --workers leave more for each"
    elif code == "internal_error":
        text = f"{type(error).__name__}: {text}; -vv shows where"
    foreseen = isinstance(error, EdgewiseError | OSError)
    trace = "" if foreseen else "".join(traceback.format_exception(error))
    return {"status": "failed", "error_code": str(code), "error_message": text, "traceback": trace}


def open_pair(reference: Source, prediction: Source, config: Config) -> OpenPair:
    """Read both sides as label maps and bring the prediction onto the reference's grid.

    Parameters
    ----------
    reference, prediction : path, array, Image or callable
        The two sides.
    config : Config
        Spacing, threshold, geometry policy, ``binary``.

    Returns
    -------
    OpenPair
        Label maps on one grid, the drift between the grids, and warnings.

    Raises
    ------
    ReadError, LabelError, GeometryError
        With the reason.
    """
    return _on_one_grid(_label_map(reference, config, None), prediction, config)


def _on_one_grid(first: Image, prediction: Source, config: Config) -> OpenPair:
    second = _label_map(prediction, config, config.threshold)
    second, drift, warnings = match_grid(first, second, policy=config.geometry)
    codes = {*first.warnings, *second.warnings, *warnings}
    return OpenPair(first, second, drift, tuple(sorted(codes)))


def _label_map(source: Source, config: Config, threshold: float | None) -> Image:
    """One side as an image of whole numbers."""
    given = source() if isinstance(source, Callable) else source  # type: ignore[arg-type]
    if isinstance(given, str | Path):
        image = io.read(
            given, spacing=config.spacing, max_bytes=config.max_bytes, volume=config.volume
        )
    elif isinstance(given, Image):
        image = given
        if config.spacing is not None:
            own = as_spacing(config.spacing, given.array.ndim)
            image = replace(given, spacing=own)
    else:
        image = Image(np.asarray(given), spacing=config.spacing)
    image = io.as_labels(image, threshold=threshold, nan=config.nan)
    if config.binary:
        image = replace(image, array=(image.array != 0).astype(np.uint8))
    return image


def _measured(pair: OpenPair, config: Config, threads: int) -> PairResult:
    found = isinstance(config.labels, str)
    regions = dict(config.regions)
    prediction = pair.prediction.array
    if found:
        regions[_ABSENT_NAME] = (_ABSENT_LABEL,)
        if config.ignore_label is not None:  # there it is a voxel without a label
            prediction = np.where(prediction == config.ignore_label, 0, prediction)
    return measure(
        pair.reference.array,
        prediction,
        spacing=pair.reference.spacing,
        labels="union" if found else dict(config.labels),  # type: ignore[arg-type]
        regions=regions,
        ignore_label=config.ignore_label,
        metrics=config.metrics,
        preset=config.preset,
        nsd_tolerance=config.nsd_tolerance,
        threads=threads,
    )


def _completed(
    result: CaseResult, pair: OpenPair, measured: PairResult, seconds: tuple[tuple[str, float], ...]
) -> CaseResult:
    rows = tuple((v.label, v.label_name, v.metric, v.value, v.state) for v in measured.values)
    image = pair.reference
    codes = {*pair.warnings, *measured.warnings}
    if sum(label > 0 for label in measured.labels) > _MANY_LABELS:
        codes.add("many_labels")
    return replace(
        result,
        warnings=tuple(sorted(codes)),
        orientation=image.orientation,
        drift=pair.drift,
        values=tuple(row for row in rows if row[1] != _ABSENT_NAME),
        absent=tuple(row for row in rows if row[1] == _ABSENT_NAME),
        extra_labels=measured.extra_labels,
        seconds=seconds,
    )
