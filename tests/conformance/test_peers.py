"""Every row of the table of peers, run against the installed library."""

from __future__ import annotations

import warnings
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import edgewise
from agreement import same
from edgewise import _core, methods, metrics, voxels
from peers import ROWS, Row
from strategies import examples, label_pairs, pairs

TOLERANCE = 1.23456  # no multiple of a spacing: edgewise counts ties as within, peers do not
PLAIN = ("blobs", "blobs", "random", "one voxel", "border", "full")


def peer(row: Row):
    """The module of a row, or a visible skip: not installed, or another version than the table."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = pytest.importorskip(row.module)
    found = version(row.peer)
    if found != row.version:
        pytest.skip(f"{row.peer} is at {found}, the table of peers describes {row.version}")
    return module


def directed(library, reference, prediction, spacing):
    """surface-distance's lists."""
    if not hasattr(np, "Inf"):
        vars(np)["Inf"] = np.inf  # it still writes np.Inf
    return library.compute_surface_distances(reference, prediction, spacing)


def deepmind(call):
    def theirs(library, r, p, s):
        return call(library, directed(library, r, p, s))

    return theirs


def itk_image(library, array, spacing):
    image = library.GetImageFromArray(array.astype(np.uint8))
    image.SetSpacing(tuple(reversed(spacing)))  # x, y, z there; array axis order here
    return image


def itk_overlap(measure):
    def theirs(library, r, p, s):
        run = library.LabelOverlapMeasuresImageFilter()
        run.Execute(itk_image(library, p, s), itk_image(library, r, s))  # source, target
        return getattr(run, measure)(1)

    return theirs


def itk_hausdorff(measure):
    def theirs(library, r, p, s):
        run = library.HausdorffDistanceImageFilter()
        run.Execute(itk_image(library, p, s), itk_image(library, r, s))
        return getattr(run, measure)()

    return theirs


def itk_contour(library, r, _p, s, *, full=False):
    image = library.LabelContour(itk_image(library, r, s), full)
    return library.GetArrayFromImage(image) != 0


def skimage(room, name, **options):
    def theirs(_library, *arrays):
        return getattr(import_module(f"skimage.{room}"), name)(*arrays, **options)

    return theirs


def monai(name, **options):
    def theirs(library, r, p, s):
        torch = import_module("torch")
        y, y_pred = (torch.from_numpy(m[None, None].astype(np.float32)) for m in (r, p))
        if "surface_dice" in name:
            extra = {"class_thresholds": [TOLERANCE], "spacing": list(s)}
        else:
            extra = {"spacing": list(s)} if "distance" in name else {}
        extra["include_background"] = True
        return float(getattr(library, name)(y_pred, y, **extra, **options))

    return theirs


# what the peer's side of a row computes, from (module, reference, prediction, spacing)
MASKS = {
    "compute_robust_hausdorff(100)": deepmind(lambda m, d: m.compute_robust_hausdorff(d, 100)),
    "compute_robust_hausdorff(95)": deepmind(lambda m, d: m.compute_robust_hausdorff(d, 95)),
    "compute_surface_dice_at_tolerance": deepmind(
        lambda m, d: m.compute_surface_dice_at_tolerance(d, TOLERANCE)
    ),
    "compute_surface_overlap_at_tolerance[0]": deepmind(
        lambda m, d: m.compute_surface_overlap_at_tolerance(d, TOLERANCE)[0]
    ),
    "compute_surface_overlap_at_tolerance[1]": deepmind(
        lambda m, d: m.compute_surface_overlap_at_tolerance(d, TOLERANCE)[1]
    ),
    "compute_average_surface_distance[0]": deepmind(
        lambda m, d: m.compute_average_surface_distance(d)[0]
    ),
    "compute_average_surface_distance[1]": deepmind(
        lambda m, d: m.compute_average_surface_distance(d)[1]
    ),
    "compute_dice_coefficient": lambda m, r, p, _s: m.compute_dice_coefficient(r, p),
    "hd": lambda m, r, p, s: m.hd(p, r, s),
    "hd(connectivity=2)": lambda m, r, p, s: m.hd(p, r, s, connectivity=2),
    "hd(connectivity=3)": lambda m, r, p, s: m.hd(p, r, s, connectivity=3),
    "hd95": lambda m, r, p, s: m.hd95(p, r, s),
    "asd": lambda m, r, p, s: m.asd(p, r, s),
    "assd": lambda m, r, p, s: m.assd(p, r, s),
    "dc": lambda m, r, p, _s: m.dc(p, r),
    "jc": lambda m, r, p, _s: m.jc(p, r),
    "precision": lambda m, r, p, _s: m.precision(p, r),
    "recall": lambda m, r, p, _s: m.recall(p, r),
    "specificity": lambda m, r, p, _s: m.specificity(p, r),
    "ravd": lambda m, r, p, _s: m.ravd(p, r),
    "LabelOverlapMeasures.Dice": itk_overlap("GetDiceCoefficient"),
    "LabelOverlapMeasures.Jaccard": itk_overlap("GetJaccardCoefficient"),
    "LabelOverlapMeasures.FalseNegativeError": itk_overlap("GetFalseNegativeError"),
    "HausdorffDistance": itk_hausdorff("GetHausdorffDistance"),
    "HausdorffDistance.Average": itk_hausdorff("GetAverageHausdorffDistance"),
    "LabelContour": itk_contour,
    "LabelContour(fullyConnected)": lambda m, r, p, s: itk_contour(m, r, p, s, full=True),
    "mask ^ binary_erosion(mask)": lambda m, r, _p, _s: r ^ m.binary_erosion(r),
    "binary_erosion(border_value=1)": lambda m, r, _p, _s: r ^ m.binary_erosion(r, border_value=1),
    "binary_fill_holes": lambda m, r, _p, _s: m.binary_fill_holes(r),
    "distance_transform_edt": lambda m, r, _p, s: m.distance_transform_edt(r, sampling=s),
    "edt": lambda m, r, _p, s: m.edt(r, anisotropy=s, black_border=False),
    "edtsq": lambda m, r, _p, s: m.edtsq(r, anisotropy=s, black_border=False),
    "sdf": lambda m, r, _p, s: m.sdf(r, anisotropy=s, black_border=False),
    "hausdorff_distance": lambda m, r, p, _s: skimage("metrics", "hausdorff_distance")(m, r, p),
    "skeletonize(zhang)": lambda m, r, _p, _s: skimage("morphology", "skeletonize", method="zhang")(
        m, r
    ),
    "skeletonize(lee)": lambda m, r, _p, _s: (
        skimage("morphology", "skeletonize", method="lee")(m, r) != 0
    ),
    "skeletonize": lambda m, r, p, _s: centreline_dice(
        *(skimage("morphology", "skeletonize")(m, mask) != 0 for mask in (r, p)), r, p
    ),
    "euler_number": lambda m, r, _p, _s: skimage("measure", "euler_number")(m, r),
    "compute_hausdorff_distance": monai("compute_hausdorff_distance"),
    "compute_hausdorff_distance(95)": monai("compute_hausdorff_distance", percentile=95),
    "compute_average_surface_distance": monai("compute_average_surface_distance"),
    "compute_average_surface_distance(symmetric)": monai(
        "compute_average_surface_distance", symmetric=True
    ),
    "compute_surface_dice": monai("compute_surface_dice"),
    "compute_surface_dice(use_subvoxels)": monai("compute_surface_dice", use_subvoxels=True),
    "compute_dice": monai("compute_dice"),
    "compute_iou": monai("compute_iou"),
}


def centreline_dice(thin_r, thin_p, r, p):
    """The published formula on given skeletons."""
    precision = (thin_p & r).sum() / thin_p.sum()
    sensitivity = (thin_r & p).sum() / thin_r.sum()
    total = precision + sensitivity
    return 2 * precision * sensitivity / total if total else 0.0


def boundary(how):
    return lambda r, _p, _s: edgewise.boundary(r, **how)


def transform(**how):
    return lambda r, _p, s: edgewise.distance_transform(r, spacing=s, dtype="float64", **how)


# edgewise's side of a row; anything else is a metric id, with a preset behind the colon
SPECIAL = {
    "distance_transform": transform(),
    "distance_transform(squared)": transform(squared=True),
    "distance_transform(signed)": transform(signed=True),
    "boundary": boundary({}),
    "boundary(edge=foreground)": boundary({"edge": "foreground"}),
    "boundary(full, edge=foreground)": boundary({"boundary": "full", "edge": "foreground"}),
    "fill_holes": lambda r, _p, _s: voxels.fill_holes(r, connectivity=1),
    "skeleton(zhang)": lambda r, _p, _s: _core.skeleton(r, thinning="zhang"),
    "skeleton(lee)": lambda r, _p, _s: _core.skeleton(r, thinning="lee"),
    "euler_characteristic": lambda r, _p, _s: _core.euler_characteristic(r, connectivity=r.ndim),
    "hd(boundary=edge18)": lambda r, p, s: metrics.hd(r, p, spacing=s, boundary="edge18"),
    "hd(boundary=full)": lambda r, p, s: metrics.hd(r, p, spacing=s, boundary="full"),
    "hd(boundary=none)": lambda r, p, _s: metrics.hd(r, p, boundary="none"),
}


def ours(row, reference, prediction, spacing):
    """Edgewise's value for a row."""
    if row.edgewise in SPECIAL:
        return SPECIAL[row.edgewise](reference, prediction, spacing)
    name, _, preset = row.edgewise.partition(":")
    known = metrics.METRICS[name].parameters
    how = {"spacing": spacing} if "spacing" in known else {}
    if preset:
        how["preset"] = preset
    if "tolerance" in known:
        how["tolerance"] = TOLERANCE
    if "squeeze" in known:
        how["squeeze"] = False
    return getattr(metrics, name)(reference, prediction, **how)


def axes(row):
    """What a row can be asked: Zhang's thinning is for planes, edge18 for volumes."""
    if "zhang" in row.function:
        return 2, 2
    if row.function in ("hd(connectivity=2)", "hd(connectivity=3)"):
        return 3, 3
    return 2, 3


EQUAL = [
    pytest.param(row, id=row.id) for row in ROWS if row.tier == "equal" and row.function in MASKS
]
DIFFERENT = [pytest.param(row, id=row.id) for row in ROWS if row.tier == "different"]
QUIET = pytest.mark.filterwarnings("ignore")  # peers warn about themselves


@QUIET
@pytest.mark.parametrize("row", EQUAL)
@examples(25)
@given(data=st.data())
def test_masks(row, data):
    library = peer(row)
    reference, prediction, spacing = data.draw(pairs(*axes(row), 300, PLAIN))
    assume(reference.any() and prediction.any())
    # a full mask has no background: scipy measures to a corner, MedPy and ITK have their own ideas
    assume(not reference.all() and not prediction.all())
    theirs = MASKS[row.function](library, reference, prediction, spacing)
    mine = ours(row, reference, prediction, spacing)
    if isinstance(theirs, np.ndarray):
        np.testing.assert_allclose(mine, theirs, rtol=row.rel, atol=0)
    else:
        assert same(mine, theirs, row.rel) or abs(mine - theirs) < row.rel * 1e-3


@QUIET
@pytest.mark.parametrize("row", DIFFERENT)
def test_what_is_defined_differently_differs(row):
    library = peer(row)
    reference = np.zeros((9, 10, 11), bool)
    reference[1:8, 0:7, 2:9] = True  # a block at the image's edge
    prediction = reference.copy()
    prediction[3:6, 3:5, 4:7] = False  # hollow, and shorter on one side
    prediction[1, :, 2:4] = False
    spacing = (1.0, 0.8, 1.1)
    theirs = MASKS[row.function](library, reference, prediction, spacing)
    mine = ours(row, reference, prediction, spacing)
    assert row.why
    if isinstance(theirs, np.ndarray):
        assert not np.array_equal(mine, theirs)
    else:
        assert not same(mine, theirs, 1e-4)


def partition(labels):
    """Labels renumbered by first occurrence."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(first))
    return order[inverse].reshape(labels.shape)


def rows(*functions):
    return [pytest.param(row, id=row.id) for row in ROWS if row.function in functions]


@pytest.mark.parametrize("row", rows("label", "connected_components"))
@examples(40)
@given(data=st.data())
def test_components(row, data):
    library = peer(row)
    labels, _, _ = data.draw(label_pairs(2, 3))
    connectivity = data.draw(st.integers(1, labels.ndim))
    if row.peer == "scipy":
        structure = library.generate_binary_structure(labels.ndim, connectivity)
        theirs, count = library.label(labels > 0, structure)
        mine = edgewise.connected_components(labels > 0, connectivity=connectivity)
        assert np.array_equal(mine, theirs)
    else:
        code = {2: {1: 4, 2: 8}, 3: {1: 6, 2: 18, 3: 26}}[labels.ndim][connectivity]
        theirs, count = library.connected_components(labels, connectivity=code, return_N=True)
        mine = edgewise.connected_components(labels, connectivity=connectivity)
        assert np.array_equal(partition(mine), partition(theirs))
    assert int(mine.max()) == count


@pytest.mark.parametrize(
    "row",
    rows(
        *(f"variation_of_information[{k}]" for k in (0, 1)),
        *(f"adapted_rand_error[{k}]" for k in (0, 1, 2)),
    ),
)
@examples(40)
@given(data=st.data())
def test_label_maps(row, data):
    library = peer(row)
    reference, prediction, _ = data.draw(label_pairs())
    assume(np.count_nonzero(reference) > 1)
    name, place = row.function.removesuffix("]").split("[")
    with np.errstate(all="ignore"):
        theirs = skimage("metrics", name)(library, reference, prediction)[int(place)]
    mine = getattr(metrics, row.edgewise)(reference, prediction)
    if np.isnan(mine):
        assert not theirs > 0  # 0/0 is NaN here, 0 or NaN there
    else:
        assert same(mine, theirs, row.rel) or abs(mine - theirs) < 1e-12


@pytest.mark.parametrize("row", rows("flood"))
@examples(40)
@given(data=st.data())
def test_flood(row, data):
    library = peer(row)
    image, _, _ = data.draw(label_pairs(2, 3))
    seed = tuple(data.draw(st.integers(0, n - 1)) for n in image.shape)
    how = {
        "tolerance": data.draw(st.sampled_from((None, 0, 1, 2))),
        "connectivity": data.draw(st.integers(1, image.ndim)),
    }
    theirs = skimage("morphology", "flood", **how)(library, image, seed)
    assert np.array_equal(methods.flood(image, seed, **how), theirs)


@QUIET
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.7, 1.3, 5.0)])
def test_area_of_all_256_blocks(spacing):
    pytest.importorskip("surface_distance")
    tables = import_module("surface_distance.lookup_tables")
    theirs = tables.create_table_neighbour_code_to_surface_area(spacing)
    for code in range(256):
        block = np.array([(code >> (7 - k)) & 1 for k in range(8)], bool).reshape(2, 2, 2)
        area = _core.surfels(block, spacing)[1, 1, 1]
        assert area == pytest.approx(theirs[code], rel=1e-12, abs=0), code


@QUIET
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.7, 5.0)])
def test_length_of_all_16_blocks(spacing):
    pytest.importorskip("surface_distance")
    tables = import_module("surface_distance.lookup_tables")
    theirs = tables.create_table_neighbour_code_to_contour_length(spacing)
    for code in range(16):
        block = np.array([(code >> (3 - k)) & 1 for k in range(4)], bool).reshape(2, 2)
        assert _core.surfels(block, spacing)[1, 1] == pytest.approx(theirs[code], rel=1e-12, abs=0)


def test_every_row_runs():
    """No row of the table may be left without a test."""
    others = {"label", "connected_components", "flood"}
    bracketed = ("variation_of_information[", "adapted_rand_error[")
    for row in ROWS:
        runs = row.function in MASKS or row.function in others
        assert runs or row.function.startswith(bracketed), row.id
        assert row.tier in ("equal", "different"), row.id


def test_versions_are_those_of_the_table():
    """Says in the log which peers were compared, and that at least one was."""
    present = {}
    for row in ROWS:
        try:
            present[row.peer] = version(row.peer)
        except PackageNotFoundError:
            continue
    assert any(present.get(row.peer) == row.version for row in ROWS)
