"""Random calls of Metrics Reloaded's classes: an object is made and one of its methods called."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edgewise.compat.metrics_reloaded.declared import LIBRARY

from .call import Act, Call, Calls, Drawn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .draw import Draw

__all__ = ["CALLS"]

_DTYPES: Final = ("?", "u1", "u1", "i1", "u2", "i4", "u8", "i8", "f2", "f4", "f8", ">i2", ">f4")
_KEYS: Final = (
    *("numb_ref", "numb_pred", "numb_tp", "numb_fp", "numb_fn", "accuracy", "nb", "ec", "ba"),
    *("cohens_kappa", "lr+", "iou", "fbeta", "dsc", "youden_ind", "ppv", "npv", "ior", "mcc"),
    *("sensitivity", "specificity", "cldice", "assd", "boundary_iou", "hd", "hd_perc", "masd"),
    *("nsd", "avdr", "no such measure"),
)
_BINARY: Final = "BinaryPairwiseMeasures"
_CLASSES: Final = "MultiClassPairwiseMeasures"
_CURVES: Final = "ProbabilityPairwiseMeasures"
_CALIBRATION: Final = "CalibrationMeasures"
_SKELETONS: Final = (
    "skeleton_versions",
    "topology_precision",
    "topology_sensitivity",
    "centreline_dsc",
)
_OVER_THRESHOLDS: Final = (
    "sens@ppv",
    "ppv@sens",
    "sens@spec",
    "spec@sens",
    "auroc",
    "ap",
    "sens@fppi",
)
_PER_SAMPLES: Final = ("distance_ij", "gamma_ik", "kernel_calculation", "dirichlet_kernel")
_IN_FLOAT64: Final = ("kernel_calibration_error", "kernel_based_ece", "kernel_calculation")


def _method(owner: str, name: str, after: tuple[Any, ...] = ()) -> Act:
    """Return the call of a method of an object; what it prints is lost.

    The arguments are two arrays, more of them, and last the options by their names.
    """

    def act(space: Any, *args: Any) -> Any:
        *arrays, options = args
        with contextlib.redirect_stdout(io.StringIO()):
            return getattr(getattr(space, owner)(*arrays, **options), name)(*after)

    return act


def _as_given(draw: Draw, mask: NDArray[Any]) -> Any:
    """Return the mask in some type and layout; now and then with values other than 0 and 1."""
    array = mask.astype(draw.choice(_DTYPES))
    if draw.chance(0.05) and array.dtype.kind in "if" and array.size:
        array[mask] = draw.choice((2, 3, -1))
    if draw.chance(0.05) and array.dtype.kind == "f" and array.size:
        array[mask] = draw.choice((0.3, 0.7, np.nan))
    return draw.layout(array)


def _masks(draw: Draw) -> tuple[Any, Any]:
    shape = draw.shape(1, 4 if draw.chance(0.1) else 3, voxels=300)
    first, second = draw.pair(shape)
    if draw.chance(0.03):  # other shapes: some broadcast, some do not
        second = draw.mask(draw.choice([draw.shape(1, 3, voxels=300), (1, *shape), shape[-1:]]))
    if draw.chance(0.03):
        return draw.choice([(first.tolist(), second), (first, second.tolist()), (first, 1)])
    if draw.chance(0.01):
        return np.zeros((0, 3)), np.zeros((0, 3))
    return _as_given(draw, first), _as_given(draw, second)


def _pixdim(draw: Draw, ndim: int) -> Any:
    kind = draw.integer(0, 11)
    if kind < 4:
        return None
    if kind == 4:
        return draw.number(0.1, 5)
    if kind == 5:
        return (1.0,) * (ndim + draw.choice((-1, 1)))  # one too few or too many
    if kind == 6:
        return tuple(draw.choice((0.0, -1.5, 1.0, 2.0, np.inf)) for _ in range(ndim))
    spacing = draw.spacing(ndim)
    return draw.choice((spacing, list(spacing), np.array(spacing)))


def _options(draw: Draw) -> dict[str, Any]:
    """Return some of the optional arguments, a few of them of no use."""
    every = {
        "hd_perc": (95, 50, 99.5, 0, 100, np.float32(90), [5, 95], 101, "x"),
        "nsd": (0, 1, 2, 0.5, draw.number(0, 4), -1, np.float32(1.5), None),
        "boundary_dist": (1, 2, 3, 0.5, 1.5, 0, np.inf, np.int8(2), [2]),
        "beta": (1, 2, 0.5, np.float32(2), 0),
        "exchange_rate": (1, 0.1, np.float32(0.3)),
        "cost_fn": (1, 0.25, 0),
        "cost_fp": (1, 3.5, 0),
    }
    return {key: draw.choice(of) for key, of in every.items() if draw.chance(0.4)}


def _of_binary(name: str) -> Drawn:
    def drawn(draw: Draw) -> Call:
        masks = _masks(draw)
        options: dict[str, Any] = {"pixdim": _pixdim(draw, np.ndim(masks[1]))}
        if draw.chance(0.7):
            options["dict_args"] = _options(draw)
        if draw.chance(0.2):
            options |= {"connectivity_type": draw.choice((1, 2, 3)), "empty": draw.chance(0.5)}
        if name == "to_dict_meas":
            keys = [draw.choice(_KEYS[:-1]) for _ in range(draw.integer(0, 6))]
            every = [*_KEYS[:23], *_KEYS[25:28]]
            options["measures"] = draw.choice([keys, keys, every, [*keys, _KEYS[-1]], None])
            if draw.chance(0.03):  # raises always, so has no entry of its own
                return Call(_method(_BINARY, "fppi"), (*masks, options))
        refused = _is_thin(name, options) and any(map(_is_locked, masks))
        words = "skeletons of read-only masks are made" if refused else ""
        return Call(_method(_BINARY, name), (*masks, options), declared=words)

    return drawn


def _is_thin(name: str, options: dict[str, Any]) -> bool:
    measures = options.get("measures", [])
    return name in _SKELETONS or measures is None or "cldice" in measures


def _is_locked(mask: Any) -> bool:
    """Whether scikit-image's thinning of two axes refuses the mask: it writes nothing to it."""
    return isinstance(mask, np.ndarray) and mask.dtype == bool and not mask.flags.writeable


def _of_classes(name: str) -> Drawn:
    def drawn(draw: Draw) -> Call:
        size = draw.choice((1, 2, 5, 30, 200))
        classes = draw.integer(1, 5)
        lowest, highest = draw.choice([(0, classes)] * 6 + [(-1, classes), (0, classes + 1)])
        shape: Any = draw.choice([(size,)] * 8 + [(size, 2), (2, 2), (0,)])
        pred, ref = (draw.rng.integers(lowest, highest, shape) for _ in range(2))
        if draw.chance(0.5) and ref.size:
            ref = np.where(draw.rng.random(shape) < 0.7, pred, ref)
        if draw.chance(0.03):
            ref = ref[:-1]
        given: Any = draw.choice([pred, pred.tolist(), pred.astype("u1"), pred.astype("f8")])
        values: Any = draw.choice(
            [list(range(classes)), np.arange(classes), list(range(1, classes + 1))]
        )
        options: dict[str, Any] = {}
        if draw.chance(0.3):
            matrix = draw.rng.random((classes, classes)).round(2)
            options["dict_args"] = {
                draw.choice(("weights", "ec_costs")): draw.choice([matrix, matrix.tolist()])
            }
        if name == "to_dict_meas":
            options["measures"] = draw.choice([["mcc", "wck"], ["ba", "ec"], [], ["x"]])
        return Call(_method(_CLASSES, name), (given, ref, values, options))

    return drawn


def _probabilities(draw: Draw, shape: tuple[int, ...]) -> Any:
    digits = draw.choice((1, 2, 9))
    values = draw.rng.random(shape).round(digits).astype(draw.choice(("f4", "f8", "f8")))
    if draw.chance(0.03) and values.size:
        values.flat[0] = np.nan
    return values


def _of_curves(name: str) -> Drawn:
    def drawn(draw: Draw) -> Call:
        shape = draw.choice([(n,) for n in (1, 5, 40, 300)] + [(30, 4), (6, 5, 3)])
        if draw.chance(0.05):
            shape = (4000,)  # more thresholds than are kept
        pred = _probabilities(draw, shape)
        ref = _reference(draw, pred)
        options: dict[str, Any] = {}
        if draw.chance(0.2):
            options["case"] = draw.rng.integers(0, 3, shape[0])
        if draw.chance(0.1):
            options["empty"] = True
        if draw.chance(0.4):
            keys = ("specificity", "sensitivity", "fppi", "ppv")
            options["dict_args"] = {
                **{f"value_{key}": draw.choice((0.1, 0.5, 0.9)) for key in keys},
                "benefit_proba": draw.choice((0.2, 0.5, 1)),
            }
        if name == "to_dict_meas":
            options["measures"] = [draw.choice(_OVER_THRESHOLDS) for _ in range(2)]
        if name == "froc" and draw.chance(0.5):  # a curve that ends at 8 or below 1/8
            ref = np.ones_like(ref)
            ref.flat[0] = 0
        return Call(_method(_CURVES, name, _after(draw, name)), (pred, ref, options))

    return drawn


def _reference(draw: Draw, pred: NDArray[Any]) -> Any:
    share = draw.choice((0.0, 0.1, 0.5, 0.5, 1.0))
    ref = draw.rng.random(pred.shape) < (np.nan_to_num(pred) + share) / 2
    given = ref.astype(
        draw.choice(("u1", "i8", "f4", "f8", "i4", "?" if draw.chance(0.3) else "i2"))
    )
    if draw.chance(0.03) and given.dtype.kind == "f":
        return given * 0.7
    return given


def _after(draw: Draw, name: str) -> tuple[Any, ...]:
    """Return what the method itself gets."""
    if name.endswith("_thr"):
        return (draw.choice([0.5, 0.3, 0.7, 0, 1, np.float64(0.7), np.float32(0.7)]),)
    if name == "all_multi_threshold_values":
        return draw.choice([(), (), (10, 20), (150, 7)])
    return ()


def _of_calibration(name: str) -> Drawn:
    def drawn(draw: Draw) -> Call:
        samples, classes = draw.choice((1, 2, 5, 12, 25)), draw.integer(1, 4)
        if not name.startswith(("kernel", "to_dict")) and draw.chance(0.3):
            samples = 500
        values = draw.rng.random((samples, classes)) + 1e-3
        if draw.chance(0.8):
            values /= values.sum(axis=1, keepdims=True)
        if draw.chance(0.2):
            values = values.round(1)
        double = name in (*_IN_FLOAT64, "dirichlet_kernel", "to_dict_meas")
        pred = values.astype("f8" if double or draw.chance(0.6) else "f4")
        ref = draw.rng.integers(0, classes + draw.chance(0.02), samples)
        if draw.chance(0.1):
            ref = np.zeros_like(ref)
        options: dict[str, Any] = {}
        if draw.chance(0.5):
            options["dict_args"] = {
                "bins_ece": draw.choice((2, 5, 7, 10, 15)),
                "bins_mce": draw.choice((2, 5, 7, 10)),
                "bandwidth": draw.choice((0.1, 0.5, 1)),
                "bandwidth_kce": draw.number(0.1, 2),
            }
        after: tuple[Any, ...] = ()
        if name == "to_dict_meas" and draw.chance(0.03):  # raises always with new versions of numpy
            return Call(_method(_CALIBRATION, "top_label_classification_error"), (pred, ref, {}))
        if name in _PER_SAMPLES:
            after = (0, draw.integer(0, (classes if name == "gamma_ik" else samples) - 1))
        elif name == "to_dict_meas":
            keys = ("ece", "bs", "rbs", "ls", "cwece", "ece_kde", "kce", "nll")
            options["measures"] = [draw.choice(keys) for _ in range(2)]
        given: Any = draw.choice([ref, ref, ref.tolist()])
        return Call(_method(_CALIBRATION, name, after), (pred, given, options))

    return drawn


_DRAWN: Final = {
    _BINARY: _of_binary,
    _CLASSES: _of_classes,
    _CURVES: _of_curves,
    _CALIBRATION: _of_calibration,
}


def _of(entry: str) -> Drawn:
    owner, _, method = entry.partition(".")
    return _DRAWN[owner](method or "to_dict_meas")


CALLS: Final[Calls] = {entry.name: _of(entry.name) for entry in LIBRARY.entries}
