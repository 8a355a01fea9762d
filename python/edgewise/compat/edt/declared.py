"""edt 3.1.2: what its drop-in promises, and its known faults."""

from __future__ import annotations

from typing import Final

from edgewise.compat.declared import Entry, Library, Quirk, Suite

__all__ = ["LIBRARY"]

_DIRECT: Final = ("edt1d", "edt1dsq", "edt2d", "edt2dsq", "edt3d", "edt3dsq")
_FLEXIBLE: Final = ("edt", "edtsq", "sdf", "sdfsq")
_NOTE: Final = (
    "float32 on both sides; edt adds up steps along the first axis in float32. Voxel graphs, NaN "
    "as a label and spacings that are not between 1e-15 and 1e15 are handed to edt"
)

_QUIRKS: Final = (
    Quirk(
        "edt-type-is-zero",
        (*_FLEXIBLE, *_DIRECT),
        "Labels of a type that edt does not know, such as float16 or another byte order, have "
        "distance 0 everywhere, in silence. The drop-in measures them, and refuses what is no "
        "number.",
        "peer.edt(np.array([0, 1, 1], np.float16)).tolist()",
        "[0.0, 0.0, 0.0]",
        "[0.0, 1.0, 2.0]",
        always=True,
    ),
    Quirk(
        "edt-gaps",
        _DIRECT,
        "The functions of fixed rank read floating and bool arrays with gaps in memory as if there "
        "were none, and integers whose axes are in another order as if they were in order.",
        "peer.edt1d(np.array([1.0, 0.0, 1.0, 1.0, 1.0, 1.0])[::2]).tolist()",
        "[1.0, 0.0, 1.0]",
        "[inf, inf, inf]",
        always=True,
    ),
    Quirk(
        "edt-read-only",
        (*_FLEXIBLE, *_DIRECT),
        "Read-only arrays of bool (two and three axes) and of floating values are refused.",
        "peer.edt(np.frombuffer(np.ones(2).tobytes())).tolist()",
        "ValueError",
        "[inf, inf]",
        always=True,
    ),
    Quirk(
        "edt-no-threads",
        ("edt2d", "edt2dsq", "edt3d", "edt3dsq"),
        "With parallel=0, which edt and edtsq take as all threads, the functions of fixed rank "
        "measure nothing; below 0 they end the process.",
        "peer.edt3d(np.pad(np.ones((1, 1, 1), np.uint8), 1), parallel=0)[1, 1, 1].item()",
        "0.0",
        "1.0",
        always=True,
    ),
)

LIBRARY: Final = Library(
    "edt",
    "edt",
    "edt",
    "3.1.2",
    tuple(Entry(name, f"edt:{name}", "close", 1e-5, note=_NOTE) for name in (*_FLEXIBLE, *_DIRECT)),
    _QUIRKS,
    (Suite("automated_test.py"),),
)
