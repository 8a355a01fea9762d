"""Which libraries measure distances of two masks, and which of our results each must equal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from edgewise import metrics
from edgewise.evaluation import evaluate_pair
from edgewise.voxels import boundary

from . import pair_calls as calls
from .contender import Contender, optional

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from edgewise.metrics.conventions import Combine

    from .pair_calls import Mask

__all__ = ["PEERS", "WHOLE", "PairPeer", "ours", "pair_contenders"]

Floats: TypeAlias = tuple[float, ...]

WHOLE: Final = "edgewise"  # the variant with all four metrics
_NO_NSD: Final = "edgewise hd+hd95+assd"
_HD: Final = "edgewise hd"
_DEEPMIND: Final = "edgewise :deepmind"
_PANOPTICA: Final = "edgewise :panoptica"
_ITK: Final = "edgewise :simpleitk"
_MEDPY: Final = "edgewise :medpy"
_FULL: Final = "edgewise full boundary"
_FULL_POOLED: Final = "edgewise full boundary, pooled"

_DOUBLE, _SINGLE = 1e-9, 1e-5
_MAURER: Final = 1e-4  # single precision, with differences of large numbers on the way
_VOLUMES = (2, 3)


@dataclass(frozen=True, slots=True)
class PairPeer:
    """One library's call.

    Attributes
    ----------
    module : str
        What is imported.
    what : str
        Which call; goes into the name.
    part : str
        The module that holds it.
    call : callable
        From `pair_calls`.
    like : str
        Which of our variants has the same meaning.
    rtol : float
        How closely; wider where the library computes in single precision.
    ndims : tuple of int
        Numbers of axes it takes.
    """

    module: str
    what: str
    part: str
    call: Callable[[Any, Mask, Mask, Floats, float, int], Floats]
    like: str = WHOLE
    rtol: float = _DOUBLE
    ndims: tuple[int, ...] = (1, 2, 3)


PEERS: Final = (
    PairPeer("scipy", " cKDTree recipe", "scipy.spatial", calls.scipy_tree),
    PairPeer("edt", " joint box recipe", "edt", calls.edt_recipe, WHOLE, _SINGLE),
    PairPeer("mikan", "", "mikan.metrics", calls.mikan, _NO_NSD, _SINGLE, (3,)),
    PairPeer("skimage", " hausdorff", "skimage.metrics", calls.skimage_hd, _HD),
    PairPeer(
        "surface_distance", "", "surface_distance", calls.surface_distance, _DEEPMIND, _DOUBLE,
        _VOLUMES,
    ),
    PairPeer("monai", " four calls", "monai.metrics", calls.monai, WHOLE, _SINGLE, _VOLUMES),
    PairPeer("panoptica", "", "panoptica", calls.panoptica, _PANOPTICA, _DOUBLE, _VOLUMES),
    PairPeer(
        "SimpleITK", " Maurer recipe", "SimpleITK", calls.itk_recipe, _FULL, _MAURER, _VOLUMES
    ),
    PairPeer(
        "SimpleITK", " Hausdorff filter", "SimpleITK", calls.itk_filter, _ITK, _SINGLE, _VOLUMES
    ),
    PairPeer(
        "seg_metrics", "", "seg_metrics.seg_metrics", calls.seg_metrics, _FULL_POOLED, _MAURER, (3,)
    ),
    PairPeer("scipy", " EDT recipe", "scipy.ndimage", calls.scipy_transform),
    PairPeer("medpy", " hd95", "medpy.metric.binary", calls.medpy_hd95, _MEDPY, _DOUBLE, _VOLUMES),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two masks, or two label maps, and how they are measured."""

    reference: NDArray[Any]
    prediction: NDArray[Any]
    spacing: Floats
    tolerance: float
    threads: int
    labels: tuple[int, ...] = ()  # of label maps; empty for masks

    def masks(self) -> Iterator[tuple[Mask, Mask]]:
        """Yield the masks as a loop over labels makes them."""
        if not self.labels:
            yield self.reference, self.prediction
        for label in self.labels:
            yield self.reference == label, self.prediction == label

    def requests(self) -> dict[str, tuple[str, ...]]:
        """Return the metric ids of each of our variants that is one call."""
        tolerance = f"{self.tolerance!r}"
        deepmind = ("hd", "hd95", "asd_ref_to_pred", "asd_pred_to_ref", f"nsd@{tolerance}")
        panoptica = ("dice", "hd", "hd95", "assd", f"nsd@{min(self.spacing)!r}")
        return {
            WHOLE: ("hd", "hd95", "assd", f"nsd_grid@{tolerance}"),
            _NO_NSD: ("hd", "hd95", "assd"),
            _HD: ("hd",),
            _DEEPMIND: tuple(f"{name}:deepmind" for name in deepmind),
            _PANOPTICA: tuple(f"{name}:panoptica" for name in panoptica),
            _ITK: ("hd:simpleitk", "assd:simpleitk"),
            _MEDPY: ("hd95:medpy",),
        }

    def measure(self, names: Sequence[str]) -> list[float]:
        """Measure all labels in one public call."""
        return ours(
            self.reference,
            self.prediction,
            names,
            labels=self.labels or (1,),
            spacing=self.spacing,
            threads=self.threads,
        )

    def full(self) -> list[float]:
        """Measure boundaries with all neighbours: no id says so, thus one call a metric."""
        found = []
        for a, b in self.masks():
            s = self.spacing
            found += [
                metrics.hd(a, b, spacing=s, boundary="full", edge="foreground"),
                metrics.hd95(a, b, spacing=s, boundary="full", edge="foreground"),
                metrics.assd(a, b, spacing=s, boundary="full", edge="foreground"),
                metrics.nsd(
                    a, b, tolerance=self.tolerance, spacing=s, boundary="full", edge="foreground"
                ),
            ]
        return found

    def full_pooled(self) -> list[float]:
        """Measure the same with both directions in one list."""
        found = []
        for a, b in self.masks():
            s = self.spacing
            found += [
                metrics.hd(a, b, spacing=s, boundary="full", edge="foreground"),
                metrics.hd95_pooled(a, b, spacing=s, boundary="full", edge="foreground"),
                metrics.assd(a, b, spacing=s, boundary="full", edge="foreground"),
            ]
        return found

    def as_mikan(self, _: Sequence[float]) -> list[float]:
        """Return what mikan-rs means, only for the comparison: the work is the same.

        The edge of the image makes no boundary, and the quantile is value number round(0.95 n) of
        a direction.
        """
        found = []
        for a, b in self.masks():
            s = self.spacing
            found += [
                metrics.hd(a, b, edge="foreground", spacing=s),
                max(_ranked(a, b, s, a, "ref_to_pred"), _ranked(a, b, s, b, "pred_to_ref")),
                metrics.assd(a, b, edge="foreground", spacing=s),
            ]
        return found


def _ranked(a: Mask, b: Mask, spacing: Floats, listed: Mask, way: Combine) -> float:
    n = int(np.count_nonzero(boundary(listed, edge="foreground")))
    level = 100 * (int(0.95 * n + 0.5) - 1) / max(1, n - 1)
    return metrics.hd_quantile(
        a,
        b,
        q=min(max(level, 0.0), 100.0),
        combine=way,
        percentile="nearest",
        edge="foreground",
        spacing=spacing,
    )


def ours(
    reference: Any,  # noqa: ANN401
    prediction: Any,  # noqa: ANN401
    names: Sequence[str],
    *,
    labels: Sequence[int] = (1,),
    spacing: Floats,
    threads: int,
) -> list[float]:
    """Measure through the public function; label by label, in the order of `names`."""
    result = evaluate_pair(
        reference,
        prediction,
        spacing=spacing,
        labels=list(labels),
        metrics=list(names),
        threads=threads,
    )
    rows = [np.nan if v.value is None else float(v.value) for v in result.values]
    step = len(rows) // len(labels)  # the counts come first
    return [
        value
        for start in range(0, len(rows), step)
        for value in rows[start + step - len(names) : start + step]
    ]


def pair_contenders(
    reference: NDArray[Any],
    prediction: NDArray[Any],
    *,
    spacing: Floats,
    tolerance: float,
    threads: int,
    labels: Sequence[int] = (),
    peers: Sequence[PairPeer] = PEERS,
) -> list[Contender]:
    """Return our contenders and those of the peers for one pair of masks or label maps.

    Parameters
    ----------
    reference, prediction : bool array, or label map with `labels`, C order
        No mask may be empty.
    spacing : tuple of float
        Array axis order.
    tolerance : float
        Of the NSD.
    threads : int
        For every library that can be told.
    labels : sequence of int, optional
        Of label maps. Peers get the mask of one label after the other, made inside the timed call.
    peers : sequence of PairPeer
        Which of them.

    Returns
    -------
    list of Contender
        Ours first: one with all metrics, and one for each set of conventions that a peer needs.
    """
    pair = _Pair(reference, prediction, spacing, tolerance, threads, tuple(labels))
    takes = [peer for peer in peers if _fits(peer, reference.ndim, spacing)]
    found = [_of_peer(peer, pair) for peer in takes]
    needed = {WHOLE, *(contender.like for contender in found if not contender.problem)}
    return [*(one for one in _variants(pair) if one.name in needed), *found]


def _variants(pair: _Pair) -> list[Contender]:
    """Return each set of conventions as a contender of ours."""
    own = [
        Contender(name, _measuring(pair, names), kind="ours")
        for name, names in pair.requests().items()
        if name != _NO_NSD
    ]
    names = pair.requests()[_NO_NSD]
    return [
        *own,
        Contender(_NO_NSD, _measuring(pair, names), kind="ours", value=pair.as_mikan),
        Contender(_FULL, pair.full, kind="ours"),
        Contender(_FULL_POOLED, pair.full_pooled, kind="ours"),
    ]


def _measuring(pair: _Pair, names: Sequence[str]) -> Callable[[], list[float]]:
    return lambda: pair.measure(names)


def _fits(peer: PairPeer, ndim: int, spacing: Floats) -> bool:
    """Return whether a peer takes such an array; one without spacing takes spacing 1 only."""
    return ndim in peer.ndims and (peer.module != "skimage" or set(spacing) == {1.0})


def _of_peer(peer: PairPeer, pair: _Pair) -> Contender:
    def make(name: str, library: Any) -> Contender:  # noqa: ANN401
        def call() -> list[float]:
            found: list[float] = []
            for a, b in pair.masks():
                found += peer.call(library, a, b, pair.spacing, pair.tolerance, pair.threads)
            return found

        return Contender(name, call, like=peer.like, rtol=peer.rtol)

    return optional(peer.module, peer.what, make, part=peer.part)
