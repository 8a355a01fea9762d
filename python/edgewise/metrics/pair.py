"""Measuring one pair of label maps: each ingredient once, each metric a formula on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from edgewise._arguments import as_threads
from edgewise.errors import ConfigError

from .conventions import Convention, chosen, preset_convention
from .formulas import emptiness, measured
from .formulas.distances import boundary_of
from .grids import Grid, open_label_maps
from .labels import Labels, Regions, Target, targets_of
from .metric_ids import ALWAYS, DEFAULT_METRICS, MetricRequest, completed_all, parse_all
from .pair_ingredients import PairIngredients
from .pair_result import PairResult, Value

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from edgewise._arguments import Spacing, Threads

    from .conventions import Boundary, Edge

__all__ = ["measure"]

_TOGETHER: Final = 256  # targets whose distance lists are held at a time

Tolerance: TypeAlias = float | Mapping[int | str, float]


def measure(
    reference: Any,  # noqa: ANN401
    prediction: Any,  # noqa: ANN401
    *,
    spacing: Spacing = None,
    labels: Labels = "auto",
    regions: Regions | None = None,
    include_background: bool = False,
    ignore_label: int | None = None,
    ignore_mask: ArrayLike | None = None,
    metrics: str | Iterable[str | MetricRequest] = DEFAULT_METRICS,
    preset: str = "edgewise",
    nsd_tolerance: Tolerance = 1.0,
    squeeze: bool | None = None,
    allow_negative_labels: bool = False,
    threads: Threads = "auto",
) -> PairResult:
    """Measure a predicted label map against a reference.

    Parameters
    ----------
    reference, prediction : array_like of integers, or objects with ``.array`` and ``.spacing``
        Label maps of one shape; bool arrays are maps of label 1. Never modified. That two images
        show the same grid is not checked here; ``edgewise.evaluate_pair`` does.
    spacing : float or sequence of float, optional
        Voxel size along each axis of the array, in mm. Default: that of `reference` if it has one,
        else 1 along every axis.
    labels : "auto", "union", sequence of int, or mapping of int to str, default "auto"
        What is measured: the non-zero labels of the reference (of the prediction where it has
        none), those of both, or the given ones, whether they occur or not.
    regions : mapping of str to sequence of int, optional
        Named unions of labels, measured after the labels as -1, -2, ...
    include_background : bool, default False
        Whether label 0 is measured.
    ignore_label : int, optional
        Voxels with this reference label do not count, nor make a boundary.
    ignore_mask : array_like of bool, optional
        The same for any set of voxels; one of the two only.
    metrics : str or iterable of str, default DEFAULT_METRICS
        Ids such as ``"dice"``, ``"nsd@2mm"``, ``"hd95:medpy"``, or ``"all"``.
    preset : str, default "edgewise"
        The convention of ids that name none.
    nsd_tolerance : float or mapping of label (or name) to float, default 1.0
        Tolerance, in mm, of ids that need one and name none.
    squeeze : bool, optional
        Whether axes of length 1 are removed first. Default: the preset's (edgewise: True).
    allow_negative_labels : bool, default False
        Whether negative values are ordinary labels.
    threads : int or "auto", default "auto"
        Threads of the kernels; the values do not depend on it.

    Returns
    -------
    PairResult
        The counts tp, fp, fn, tn, n_ref, n_pred and the requested metrics of every label.

    Raises
    ------
    ShapeError
        If the shapes differ, an axis has length 0, or a metric does not know so many axes.
    LabelError
        If an array is no label map, or the ignore label would be measured.
    SpacingError
        If there is not one finite, positive spacing per axis.
    ConfigError
        If a metric, a preset or an option is unknown.

    Notes
    -----
    The metrics of label maps (``voi``, ``cohens_kappa``, ...) are here those of each label against
    the rest.

    Examples
    --------
    >>> import numpy as np
    >>> reference, prediction = np.array([0, 1, 1, 0]), np.array([0, 1, 1, 1])
    >>> measure(reference, prediction, metrics="dice").value(1, "dice")
    0.8
    """
    requests = parse_all(metrics, preset=preset)
    preset_convention(preset)
    grid = open_label_maps(
        reference,
        prediction,
        spacing=spacing,
        ignore_label=ignore_label,
        ignore_mask=ignore_mask,
        allow_negative_labels=allow_negative_labels,
    )
    distances = any("distances" in request.definition.needs for request in requests)
    pair = PairIngredients(grid, as_threads(threads), distances=distances)
    targets = targets_of(
        pair.histogram,
        labels,
        regions,
        include_background=include_background,
        ignore_label=ignore_label,
    )
    values: list[Value] = []
    steps: tuple[_Step, ...] = ()
    for first in range(0, len(targets), _TOGETHER):
        together = targets[first : first + _TOGETHER]
        for target in together:
            tolerance = _tolerance(nsd_tolerance, target)
            if not steps or isinstance(nsd_tolerance, Mapping):  # else the same for all labels
                steps = _steps(completed_all(requests, tolerance), squeeze=squeeze)
            if target is together[0]:
                _make_distances(pair, together, steps)
            values += _values(pair, target, steps)
            pair.forget(target.members)
    return _result(grid, pair, targets, tuple(values), preset)


def _tolerance(tolerance: Tolerance, target: Target) -> float:
    """Return the tolerance of a label; a mapping may name it by number or by name."""
    if not isinstance(tolerance, Mapping):
        return tolerance
    for key in (target.label, target.name):
        if key in tolerance:
            return tolerance[key]
    message = f"nsd_tolerance names no tolerance for label {target.name or target.label!r}"
    raise ConfigError(message)


def _settings(request: MetricRequest, *, squeeze: bool | None) -> Convention:
    return chosen(request.preset, {**dict(request.parameters), "squeeze": squeeze})


class _Step(NamedTuple):
    """One number to measure: name and canonical id of the metric, and its convention."""

    name: str
    id: str
    settings: Convention


def _make_distances(
    pair: PairIngredients, targets: Sequence[Target], steps: tuple[_Step, ...]
) -> None:
    """Make what the metrics need of the boundaries of several targets, so that threads share it."""
    if len(targets) < 2:
        return
    needed: dict[tuple[Boundary, Edge, bool], None] = {}  # in the order of the requests
    for name, _, settings in steps:
        boundary = boundary_of(name, settings)
        if boundary is not None:
            needed[boundary, settings.edge, settings.squeeze] = None
    for boundary, edge, squeeze in needed:
        members = [target.members for target in targets]
        pair.make_distances(members, boundary, edge, squeeze=squeeze)


@lru_cache(maxsize=256)
def _steps(requests: tuple[MetricRequest, ...], *, squeeze: bool | None) -> tuple[_Step, ...]:
    """Return what is measured besides the counts, which every label has."""
    return tuple(
        _Step(request.name, request.id, _settings(request, squeeze=squeeze))
        for request in requests
        if request.id not in ALWAYS
    )


def _values(pair: PairIngredients, target: Target, steps: tuple[_Step, ...]) -> list[Value]:
    label, label_name, members, _ = target
    c = pair.of(members, squeeze=True).counts  # those of any axes
    counted, state = (c.tp, c.fp, c.fn, c.tn, c.n_ref, c.n_pred), emptiness(c) or "ok"
    rows = [
        Value(label, label_name, name, float(number), state)
        for name, number in zip(ALWAYS, counted, strict=True)
    ]
    kinds = {step.settings.squeeze for step in steps}
    ingredients = {squeeze: pair.of(members, squeeze=squeeze) for squeeze in kinds}
    for name, metric, settings in steps:
        value, state = measured(name, ingredients[settings.squeeze], settings)
        rows.append(Value(label, label_name, metric, value, state))
    return rows


def _result(
    grid: Grid,
    pair: PairIngredients,
    targets: tuple[Target, ...],
    values: tuple[Value, ...],
    preset: str,
) -> PairResult:
    rows, columns = pair.histogram.rows, pair.histogram.columns
    known = {0}.union(*(target.members for target in targets))
    extra = tuple((label, n) for label, n in columns.items() if label not in known)
    warnings = {
        "extra_label": bool(extra),
        "empty_reference": not any(rows),
        "empty_prediction": not any(columns),
    }
    codes = tuple(sorted(code for code, holds in warnings.items() if holds))
    regions = tuple(target.label for target in targets if target.is_region)
    return PairResult(values, codes, extra, grid.shape, grid.spacing, preset, regions)
