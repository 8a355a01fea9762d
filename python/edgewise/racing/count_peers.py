"""Dice of every label, by us and by the libraries that have it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .contender import Contender, optional
from .mask_peers import floor_read
from .pair_peers import ours

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

__all__ = ["dice_contenders"]

_OURS: Final = "edgewise"


def dice_contenders(
    reference: NDArray[Any],
    prediction: NDArray[Any],
    *,
    labels: Sequence[int],
    spacing: tuple[float, ...],
    threads: int,
) -> list[Contender]:
    """Return who computes the Dice of every label of two label maps.

    Parameters
    ----------
    reference, prediction : integer arrays, C order
        Every label must be in one of them.
    labels : sequence of int
        Which.
    spacing : tuple of float
        Array axis order.
    threads : int
        For every library that can be told.

    Returns
    -------
    list of Contender
        Ours first, the floor last.
    """

    def itk(name: str, library: Any) -> Contender:  # noqa: ANN401
        def call() -> list[float]:
            run = library.LabelOverlapMeasuresImageFilter()
            run.SetNumberOfThreads(threads)
            run.Execute(library.GetImageFromArray(prediction), library.GetImageFromArray(reference))
            return [run.GetDiceCoefficient(int(label)) for label in labels]

        return Contender(name, call, like=_OURS)

    def loop(dice: Callable[[Any, Any], float]) -> Callable[[], list[float]]:
        return lambda: [float(dice(reference == k, prediction == k)) for k in labels]

    def deepmind(name: str, library: Any) -> Contender:  # noqa: ANN401
        return Contender(name, loop(library.compute_dice_coefficient), like=_OURS)

    def medpy(name: str, library: Any) -> Contender:  # noqa: ANN401
        return Contender(name, loop(lambda r, p: library.dc(p, r)), like=_OURS)

    return [
        Contender(
            _OURS,
            lambda: ours(
                reference, prediction, ["dice"], labels=labels, spacing=spacing, threads=threads
            ),
            kind="ours",
        ),
        optional("SimpleITK", " LabelOverlapMeasures", itk),
        optional("surface_distance", " Dice, label by label", deepmind),
        optional("medpy", " dc, label by label", medpy, part="medpy.metric.binary"),
        floor_read(reference, prediction),
    ]
