"""Finding out what is wrong with a data set before it is measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from edgewise import io
from edgewise.errors import GeometryError
from edgewise.image import GeometryPolicy, Image, match_grid

from .case import failure, open_pair
from .config import Config
from .run import as_pairs
from .warning_texts import warning_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .cases import Case, Pairs, Source

__all__ = ["Problem", "check"]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong or odd.

    Attributes
    ----------
    case : str
        Empty if it concerns the inputs as a whole.
    code : str
        As in the column ``error_code`` or ``warnings`` of ``cases.csv``.
    severity : {"error", "warning"}
        An error would make the case fail.
    message : str
        One sentence.
    """

    case: str
    code: str
    severity: Literal["error", "warning"]
    message: str


def check(
    reference: Source,
    prediction: Source = None,
    *,
    full: bool = False,
    config: Config | None = None,
) -> list[Problem]:
    """Return the problems of a data set without measuring anything.

    Parameters
    ----------
    reference, prediction
        As in `evaluate`; cases must be files.
    full : bool, default False
        Decode every file: finds truncated data, wrong checksums, values that are no labels.
        Otherwise only headers are read.
    config : Config, optional
        Geometry policy, spacing and threshold. Default: ``Config.create()``.

    Returns
    -------
    list of Problem
        By case, in natural order; empty when all is well.

    Raises
    ------
    InputError
        If nothing pairs.
    """
    pairs: Pairs = as_pairs(reference, prediction)
    settings = config or Config.create()
    problems = [Problem("", note.code, "warning", note.message) for note in pairs.notes]
    for case in pairs:
        problems += _problems(case, settings, full=full)
    return problems


def _problems(case: Case, config: Config, *, full: bool) -> Iterator[Problem]:
    for side, place, code in (
        (case.reference, case.ref, "missing_reference"),
        (case.prediction, case.pred, "missing_prediction"),
    ):
        if side is None:
            what = code.removeprefix("missing_")
            where = f" (looked for {place})" if place else ""
            yield Problem(case.case, code, "error", f"{case.case}: no {what}{where}.")
            return
    try:
        warnings = _warnings(case, config, full=full)
    except Exception as error:  # noqa: BLE001
        found = failure(error)
        yield Problem(case.case, found["error_code"], "error", found["error_message"])
        return
    for code in warnings:
        yield Problem(case.case, code, "warning", f"{case.case}: {warning_text(code)}.")


def _warnings(case: Case, config: Config, *, full: bool) -> tuple[str, ...]:
    """Codes of what is odd about a case; raises for what would make it fail."""
    if full:
        return open_pair(case.reference, case.prediction, config).warnings
    first, second = (_header_image(side, config) for side in (case.reference, case.prediction))
    warnings = {*first.warnings, *second.warnings}
    try:
        policy: GeometryPolicy = "ignore" if config.geometry == "ignore" else "strict"
        warnings.update(match_grid(first, second, policy=policy)[2])
    except GeometryError:
        if config.geometry == "strict" or first.affine is None or second.affine is None:
            raise
        warnings.add("resampled")
    return tuple(sorted(warnings))


def _header_image(side: Source, config: Config) -> Image:
    """Return an image of the right grid that takes no memory: every voxel is the same one."""
    header = io.read_header(
        Path(side), spacing=config.spacing, max_bytes=config.max_bytes, volume=config.volume
    )
    array = np.broadcast_to(np.zeros((), dtype=np.uint8), header.shape)
    return Image(array, header.spacing, header.affine, Path(side), header.warnings)
