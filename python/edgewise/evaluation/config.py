"""What is measured and how it is run: validated once, immutable afterwards."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Literal, TypeAlias, get_args

from edgewise._arguments import Threads, as_threads
from edgewise.errors import ConfigError
from edgewise.metrics import DEFAULT_METRICS
from edgewise.metrics.metric_ids import completed_all, parse_all

from .labels import Labels, Regions, read_labels, read_regions

__all__ = ["DEFAULT_OUT", "Config", "Execution", "Geometry", "Workers"]

Geometry: TypeAlias = Literal["strict", "resample", "ignore"]
Workers: TypeAlias = int | Literal["auto"]

DEFAULT_OUT: Final = "edgewise-results"
_GEOMETRIES: Final = get_args(Geometry)


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that decides the numbers of a case; `Config.create` validates.

    Attributes
    ----------
    labels : "auto", "union" or tuple of (int, str)
        Labels with their names (empty: none).
    regions : tuple of (str, tuple of int)
        Named unions of labels.
    ignore_label : int, optional
        Voxels with this reference label do not count.
    binary : bool
        Everything that is not 0 is label 1.
    threshold : float, optional
        From which value a probability is foreground.
    metrics : tuple of str
        Canonical ids.
    preset : str
        Convention of ids that name none.
    nsd_tolerance : float
        Completes a bare ``nsd``; unit of the spacing.
    geometry : {"strict", "resample", "ignore"}
        What happens when the two grids differ.
    spacing : float or tuple of float, optional
        Replaces what files say.
    volume : int, optional
        Which volume of files that hold a series.
    nan : {"background"}, optional
        Take NaN and inf as background; None: they make a case fail.
    max_bytes : int, optional
        Larger arrays are refused; None: the machine's memory.
    """

    labels: Literal["auto", "union"] | tuple[tuple[int, str], ...]
    regions: tuple[tuple[str, tuple[int, ...]], ...]
    ignore_label: int | None
    binary: bool
    threshold: float | None
    metrics: tuple[str, ...]
    preset: str
    nsd_tolerance: float
    geometry: Geometry
    spacing: float | tuple[float, ...] | None
    volume: int | None = None
    nan: Literal["background"] | None = None
    max_bytes: int | None = None

    @classmethod
    def create(
        cls,
        *,
        labels: Labels = "auto",
        regions: Regions = None,
        ignore_label: int | None = None,
        binary: bool = False,
        threshold: float | None = None,
        metrics: str | Iterable[str] = DEFAULT_METRICS,
        preset: str = "edgewise",
        nsd_tolerance: float = 1.0,
        geometry: Geometry = "strict",
        spacing: float | Iterable[float] | None = None,
        volume: int | None = None,
        nan: Literal["background"] | None = None,
        max_bytes: int | None = None,
    ) -> Config:
        """Return the validated configuration; parameters as in `edgewise.evaluate`.

        Raises
        ------
        ConfigError
            If a name is unknown or a value impossible, such as an ignore label that is measured.
        """
        choice = read_labels(labels)
        requests = parse_all(metrics, preset=preset)
        ids = tuple(one.id for one in completed_all(requests, nsd_tolerance))
        if geometry not in _GEOMETRIES:
            message = f"geometry must be one of {', '.join(_GEOMETRIES)}, got {geometry!r}"
            raise ConfigError(message)
        if threshold is not None and not math.isfinite(threshold):
            message = f"threshold must be finite, got {threshold!r}"
            raise ConfigError(message)
        _check_reading(volume, nan, max_bytes)
        config = cls(
            ((1, "foreground"),) if binary else choice.labels,
            choice.regions + read_regions(regions),
            choice.ignore_label if ignore_label is None else ignore_label,
            binary,
            None if threshold is None else float(threshold),
            ids,
            preset,
            float(nsd_tolerance),
            geometry,
            _spacing(spacing),
            volume,
            nan,
            max_bytes,
        )
        _check_ignored(config)
        return config

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as stored in run.json and sent to workers."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Config:
        """Return the configuration that `to_dict` described, also after a trip through JSON."""
        known = {f.name: values[f.name] for f in fields(cls)}
        if not isinstance(known["labels"], str):
            known["labels"] = tuple((int(k), str(v)) for k, v in known["labels"])
        known["regions"] = tuple((str(k), tuple(v)) for k, v in known["regions"])
        known["metrics"] = tuple(known["metrics"])
        if isinstance(known["spacing"], list):
            known["spacing"] = tuple(known["spacing"])
        return cls(**known)


def _check_reading(volume: int | None, nan: object, max_bytes: int | None) -> None:
    if volume is not None and volume < 0:
        message = f"volume must be 0 or more, got {volume!r}"
        raise ConfigError(message)
    if nan not in (None, "background"):
        message = f"nan must be 'background' or left out, got {nan!r}"
        raise ConfigError(message)
    if max_bytes is not None and max_bytes < 1:
        message = f"max_bytes must be at least 1, got {max_bytes!r}"
        raise ConfigError(message)


def _spacing(spacing: float | Iterable[float] | None) -> float | tuple[float, ...] | None:
    if spacing is None:
        return None
    try:
        values = tuple(map(float, spacing)) if isinstance(spacing, Iterable) else (float(spacing),)
    except (TypeError, ValueError) as error:
        message = f"spacing must be numbers, got {spacing!r}"
        raise ConfigError(message) from error
    if not values or not all(math.isfinite(v) and v > 0 for v in values):
        message = f"spacing must be finite and positive, got {list(values)}"
        raise ConfigError(message)
    return values if isinstance(spacing, Iterable) else values[0]


def _check_ignored(config: Config) -> None:
    ignored = config.ignore_label
    listed = [] if isinstance(config.labels, str) else [k for k, _ in config.labels]
    if ignored is not None and (
        ignored in listed or any(ignored in members for _, members in config.regions)
    ):
        message = f"the ignore label {ignored} cannot be a label or part of a region"
        raise ConfigError(message)
    names = [name for name, _ in config.regions]
    if len(set(names)) != len(names):
        message = f"regions: a name occurs twice in {', '.join(names)}"
        raise ConfigError(message)


@dataclass(frozen=True, slots=True)
class Execution:
    """How a run is carried out; never changes a number.

    Attributes
    ----------
    workers : int or "auto"
        Processes; 1 runs in this process.
    threads : int or "auto"
        Per worker; "auto" shares the usable cores.
    timeout : float
        Seconds a case may take in a worker; 0 is no limit.
    retries : int
        How often a case is tried again, alone, after its worker died.
    max_failures : int, optional
        Stop after so many failed cases.
    """

    workers: Workers = "auto"
    threads: Threads = "auto"
    timeout: float = 600.0
    retries: int = 1
    max_failures: int | None = None

    def __post_init__(self) -> None:
        if self.workers != "auto" and (not isinstance(self.workers, int) or self.workers < 1):
            message = f"workers must be 'auto' or a whole number from 1, got {self.workers!r}"
            raise ConfigError(message)
        as_threads(self.threads)
        if not (math.isfinite(self.timeout) and self.timeout >= 0):
            message = f"timeout must be 0 (none) or a number of seconds, got {self.timeout!r}"
            raise ConfigError(message)
        if self.retries < 0 or (self.max_failures is not None and self.max_failures < 1):
            message = "retries must be at least 0 and max_failures at least 1"
            raise ConfigError(message)
