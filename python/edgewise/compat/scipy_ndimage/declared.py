"""SciPy 1.17.1's ``scipy.ndimage``: what its drop-in promises, and its known faults."""

from __future__ import annotations

from typing import Final

from edgewise.compat.declared import Entry, Library, Quirk, Suite

__all__ = ["LIBRARY"]

_HOME: Final = "scipy.ndimage:"
_REPEATED: Final = (
    "binary_erosion",
    "binary_dilation",
    "binary_opening",
    "binary_closing",
    "binary_propagation",
)
_USUAL: Final = (
    "SciPy computes more than three axes, structures other than the standard ones and these "
    "applied to themselves, origins, `axes` that name fewer than all, and more than four "
    "repetitions within a mask."
)

_ENTRIES: Final = (
    Entry(
        "distance_transform_edt",
        _HOME + "distance_transform_edt",
        "corrected",
        1e-15,
        note="The same bits, indices as well, where squares of samplings are exact (1, 0.5, 1.25); "
        "else SciPy may take an element for the nearest that is farther by rounding: near ties. "
        "SciPy computes samplings of 0 and below, NaN and inf.",
    ),
    Entry(
        "distance_transform_cdt",
        _HOME + "distance_transform_cdt",
        note="SciPy computes indices, and metrics given as arrays.",
    ),
    *(Entry(name, _HOME + name, note=_USUAL) for name in (*_REPEATED, "binary_fill_holes")),
    Entry(
        "label",
        _HOME + "label",
        note="SciPy computes more than three axes and structures other than the standard ones.",
    ),
    Entry(
        "find_objects",
        _HOME + "find_objects",
        note="SciPy computes more than three axes, and labels of few elements each.",
    ),
    Entry("generate_binary_structure", _HOME + "generate_binary_structure"),
    Entry("iterate_structure", _HOME + "iterate_structure"),
)

_QUIRKS: Final = (
    Quirk(
        "scipy-edt-no-background",
        ("distance_transform_edt",),
        "Without any background the distances are those to an element at index (-1, 0, ..., 0), "
        "which is not there.",
        "peer.distance_transform_edt(np.ones((2, 3))).round(3).tolist()",
        "[[1.0, 1.414, 2.236], [2.0, 2.236, 2.828]]",
        "[[inf, inf, inf], [inf, inf, inf]]",
        source="scipy/scipy#1616, #15585",
    ),
    Quirk(
        "scipy-edt-sampling-unchecked",
        ("distance_transform_edt",),
        "Samplings of 0 and below are accepted, and the nearest element may be missed.",
        "peer.distance_transform_edt([0, 1, 1, 1, 0, 0, 0], sampling=-1).tolist()",
        "[0.0, 1.0, 2.0, 3.0, 2.0, 1.0, 0.0]",
        "[0.0, 1.0, 2.0, 1.0, 0.0, 0.0, 0.0]",
    ),
    Quirk(
        "scipy-cdt-metric-unchecked",
        ("distance_transform_cdt",),
        "A metric given as an array with another number of axes than the input is accepted and "
        "reads what is not there (a number ends the process). The drop-in raises.",
        "peer.distance_transform_cdt([1, 0, 1], np.ones((3, 3))).tolist()",
        "[-1, 0, -1]",
        "ValueError",
        always=True,
    ),
    Quirk(
        "scipy-int8-mask-overwritten",
        _REPEATED,
        "A mask of type int8 is changed if the operation is repeated. The drop-in leaves it alone.",
        "(lambda m: (peer.binary_dilation([0, 1, 0, 0], iterations=2, mask=m), m.tolist())[1])"
        "(np.array([1, 1, 1, 0], np.int8))",
        "[-1, -1, -1, 0]",
        "[1, 1, 1, 0]",
        always=True,
    ),
    Quirk(
        "scipy-mask-read-twice",
        _REPEATED,
        "From the second repetition on a mask is cast to int8, where 256 and 0.3 are 0.",
        "[peer.binary_dilation([1, 0, 0], mask=np.full(3, 256), iterations=n).tolist()"
        " for n in (1, 2)]",
        "[[True, True, False], [True, True, False]]",
    ),
    Quirk(
        "scipy-masked-output-first-byte",
        _REPEATED,
        "Repeated within a mask, only the first byte of each element of an output array is read "
        "and written: [1, 1, 0] as an array of bool.",
        "peer.binary_erosion([1, 1, 1], mask=[0, 0, 1], iterations=2, "
        "output=np.zeros(3, np.float32)).tolist()",
        "[1.0, 0.0, 0.0]",
    ),
    Quirk(
        "scipy-output-type-ignored",
        _REPEATED,
        "An output given as a type is ignored.",
        "peer.binary_erosion([1, 1, 1], output=np.uint8).dtype.name",
        "'bool'",
    ),
    Quirk(
        "scipy-closing-at-the-edge",
        ("binary_closing",),
        "Outside of the array is background, so a closing takes foreground away at the edge; "
        "border_value=1 instead fills along it.",
        "peer.binary_closing([1, 1, 1]).tolist()",
        "[False, True, False]",
    ),
    Quirk(
        "scipy-fill-holes-one-slice",
        ("binary_fill_holes",),
        "In a volume of one slice every element is at the edge, and no hole is filled (8 of 9).",
        "int(peer.binary_fill_holes(np.pad(np.zeros((1, 1)), 1, constant_values=1)[None]).sum())",
        "8",
    ),
    Quirk(
        "scipy-label-output-order",
        ("label",),
        "Numbers follow the memory order of an output array, not the indices.",
        "(lambda out: (peer.label([[0, 0, 1], [1, 0, 0]], output=out), out.tolist())[1])"
        '(np.zeros((2, 3), int, order="F"))',
        "[[0, 0, 2], [1, 0, 0]]",
    ),
    Quirk(
        "scipy-label-read-only",
        ("label",),
        "A read-only output array is written.",
        "(lambda out: (out.setflags(write=False), peer.label([1, 0, 1], output=out), "
        "out.tolist())[2])(np.zeros(3, int))",
        "[1, 0, 2]",
    ),
)

LIBRARY: Final = Library(
    "scipy_ndimage",
    "scipy",
    "scipy.ndimage",
    "1.17.1",
    _ENTRIES,
    _QUIRKS,
    (
        Suite(
            "scipy.ndimage.tests.test_morphology",
            (("test_distance_transform_cdt_invalid_metric", "compares words of the message"),),
        ),
        Suite("scipy.ndimage.tests.test_measurements"),
    ),
)
