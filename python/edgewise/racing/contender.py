"""Who is raced: a library's way to do one piece of work, and what came of it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from statistics import median
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DISTRIBUTIONS", "Contender", "Kind", "Outcome", "Status", "optional"]

Kind: TypeAlias = Literal["ours", "peer", "floor"]
Status: TypeAlias = Literal["ok", "missing", "failed", "disagrees", "over limit"]

DISTRIBUTIONS: Final = {  # what is imported, and the name of the package that brings it
    "SimpleITK": "SimpleITK",
    "cc3d": "connected-components-3d",
    "cv2": "opencv-python-headless",
    "edt": "edt",
    "medpy": "MedPy",
    "mikan": "mikan-rs",
    "monai": "monai",
    "nibabel": "nibabel",
    "numpy": "numpy",
    "panoptica": "panoptica",
    "scipy": "scipy",
    "seg_metrics": "seg-metrics",
    "skimage": "scikit-image",
    "surface_distance": "surface-distance",
    "torch": "torch",
}


def _as_it_is(result: Any) -> Any:  # noqa: ANN401
    return result


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to do the work.

    Attributes
    ----------
    name : str
        Library, version, and which call if it has several.
    call : callable
        What is timed; takes nothing.
    kind : {"ours", "peer", "floor"}
        A floor does less than the work: reading the input, writing the output.
    like : str
        Name of the contender whose values it must give; empty if there are none to compare.
    rtol : float
        How closely.
    value : callable
        What is compared, from the result of `call`; not timed.
    problem : str
        Why it cannot run; empty if it can.
    """

    name: str
    call: Callable[[], Any]
    kind: Kind = "peer"
    like: str = ""
    rtol: float = 1e-9
    value: Callable[[Any], Any] = _as_it_is
    problem: str = ""


@dataclass(slots=True)
class Outcome:
    """What came of a contender.

    Attributes
    ----------
    name, kind, like
        As in `Contender`.
    status : {"ok", "missing", "failed", "disagrees", "over limit"}
        Only "ok" has times.
    detail : str
        Why it is not "ok".
    values : list of float
        The numbers it computed, if they are few.
    wall, cpu : list of float
        One per timed call, ms; cpu is the time of all threads.
    """

    name: str
    kind: Kind
    like: str = ""
    status: Status = "ok"
    detail: str = ""
    values: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The middle of the times, ms."""
        return median(self.wall)

    @property
    def least(self) -> float:
        """The shortest of the times, ms."""
        return min(self.wall)


def optional(
    module: str, what: str, make: Callable[[str, Any], Contender], *, part: str = ""
) -> Contender:
    """Return the contender that `make` builds from a name and a module, or one that says why not.

    Parameters
    ----------
    module : str
        The library, a key of ``DISTRIBUTIONS``.
    what : str
        Which of its calls; goes into the name.
    make : callable
        Gets the contender's name and the imported module.
    part : str, optional
        The module of the library that is wanted, such as ``"scipy.ndimage"``.

    Returns
    -------
    Contender
        With a `problem` if the library is not there or does not import.
    """
    distribution = DISTRIBUTIONS[module]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            library = import_module(part or module)
    except ModuleNotFoundError as error:
        absent = error.name in (module, part)
        problem = "not installed" if absent else f"does not import: {error}"
        return Contender(f"{distribution}{what}", _nothing, problem=problem)
    except Exception as error:  # noqa: BLE001
        problem = f"does not import: {type(error).__name__}: {error}"
        return Contender(f"{distribution}{what}", _nothing, problem=problem)
    return make(f"{distribution} {_version(distribution, library)}{what}", library)


def _version(distribution: str, library: Any) -> str:  # noqa: ANN401
    try:
        return version(distribution)
    except PackageNotFoundError:  # as opencv-python, or from a folder
        return str(getattr(library, "__version__", "?"))


def _nothing() -> None:
    """Stand in for a call that is not there."""
