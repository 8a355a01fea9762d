"""When two images show the same grid: drift, reorientation, resampling, messages."""

import itertools
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewise import io
from edgewise.errors import ConfigError, GeometryError, SpacingError
from edgewise.image import Image, drift, match_grid

SHAPE = (6, 7, 8)
ARRAY = np.random.default_rng(3).integers(0, 5, SHAPE).astype(np.uint8)
AFFINE = np.diag([1.0, 2.0, 5.0, 1.0])
AFFINE[:3, 3] = -30, 20, 100


def image(array=ARRAY, affine=AFFINE, **more):
    return Image(np.asarray(array), affine=affine, **more)


def moved(*shift, affine=AFFINE):
    out = affine.copy()
    out[:3, 3] += shift
    return out


def turned(degrees, affine=AFFINE, axis=2):
    """The grid turned about its centre."""
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    a, b = [k for k in range(3) if k != axis]
    rotation = np.eye(3)
    rotation[[a, a, b, b], [a, b, a, b]] = c, -s, s, c
    centre = (affine @ [*(np.array(SHAPE) - 1) / 2, 1])[:3]
    out = np.eye(4)
    out[:3, :3] = rotation @ affine[:3, :3]
    out[:3, 3] = centre + rotation @ (affine[:3, 3] - centre)
    return out


def reordered(array, affine, order, flips):
    """The same voxels stored in another axis order and direction."""
    out = array.transpose(order)
    index = np.zeros((4, 4))
    index[3, 3] = 1
    for new, old in enumerate(order):
        index[old, new] = -1 if flips[new] else 1
        index[old, 3] = array.shape[old] - 1 if flips[new] else 0
    out = out[tuple(slice(None, None, -1 if f else 1) for f in flips)]
    return out, affine @ index


def refused(reference, prediction, pattern, code="geometry_mismatch", policy="strict"):
    with pytest.raises(GeometryError) as caught:
        match_grid(reference, prediction, policy=policy)
    assert caught.value.code == code
    assert re.search(pattern, str(caught.value)), str(caught.value)


def test_an_image_knows_its_place():
    found = image(path="x.nii", warnings=["a"])
    assert found.spacing == (1.0, 2.0, 5.0)
    assert found.origin == (-30.0, 20.0, 100.0)
    assert found.orientation == "RAS"
    assert (found.shape, found.ndim, found.path.name, found.warnings) == (SHAPE, 3, "x.nii", ("a",))
    np.testing.assert_array_equal(found.direction, np.eye(3))
    bare = Image(ARRAY)
    assert (bare.spacing, bare.orientation, bare.origin, bare.direction) == (
        (1.0, 1.0, 1.0),
        "",
        None,
        None,
    )
    assert bare.warnings == ("no_spacing",)
    assert Image(ARRAY, spacing=2).spacing == (2.0, 2.0, 2.0)
    assert Image(ARRAY, spacing=(2,)).warnings == ()


@pytest.mark.parametrize("spacing", [(1, 2), 0, -1, np.nan, np.inf, (1, 1, 0)])
def test_bad_spacings(spacing):
    with pytest.raises(SpacingError):
        Image(ARRAY, spacing=spacing)


@pytest.mark.parametrize("affine", [np.eye(3), np.full((4, 4), np.nan), np.diag([1, 1, 0, 1.0])])
def test_bad_affines(affine):
    with pytest.raises(GeometryError):
        Image(ARRAY, affine=affine)


@pytest.mark.parametrize("seed", range(20))
def test_orientation_is_nibabels(seed):
    nibabel = pytest.importorskip("nibabel")
    affine = np.eye(4)
    affine[:3, :3] = np.random.default_rng(seed).normal(size=(3, 3))
    assert image(affine=affine).orientation == "".join(nibabel.aff2axcodes(affine))


# --- the three bands


@pytest.mark.parametrize(
    ("voxels", "codes"),
    [(0, ()), (0.049, ()), (0.051, ("geometry_drift",)), (0.499, ("geometry_drift",))],
)
@pytest.mark.parametrize("axis", range(3))
def test_small_shifts(axis, voxels, codes):
    shift = np.zeros(3)
    shift[axis] = voxels  # the smallest spacing is 1
    prediction = image(affine=moved(*shift), path="p.nii")
    found, apart, warnings = match_grid(image(), prediction)
    assert apart == pytest.approx(voxels, abs=1e-9)
    assert drift(image(), prediction) == apart
    assert warnings == codes
    assert found.array is prediction.array or np.shares_memory(found.array, prediction.array)
    np.testing.assert_array_equal(found.affine, AFFINE)
    assert found.path.name == "p.nii"


def test_a_shift_beyond_half_a_voxel_names_the_shift():
    reference = image(affine=np.diag([5.0, 5, 5, 1]))
    prediction = image(affine=moved(0, 0, 50, affine=np.diag([5.0, 5, 5, 1])), path="p/9.nii.gz")
    refused(
        reference,
        prediction,
        r"^p/9\.nii\.gz: prediction is shifted by \(0, 0, 50\) mm = 10 voxels; "
        r"--geometry resample .*--geometry ignore",
    )
    assert drift(reference, prediction) == pytest.approx(10)
    refused(image(), image(affine=moved(0.51, 0, 0)), "shifted by .0.51, 0, 0. mm = 0.51 voxels")


def test_another_spacing_names_both():
    other = AFFINE @ np.diag([2, 1, 1, 1.0])
    refused(
        image(), image(affine=other), r"has spacing \(2, 2, 5\) mm, the reference \(1, 2, 5\) mm"
    )


def test_a_rotation_names_the_angle():
    refused(image(), image(affine=turned(20)), "is rotated by 20 degrees")
    _, apart, warnings = match_grid(image(), image(affine=turned(1.5)))
    assert warnings == ("geometry_drift",)
    corners = np.array(list(itertools.product(*((0, n - 1) for n in SHAPE), (1,))))
    wanted = np.linalg.norm((corners @ (AFFINE - turned(1.5)).T)[:, :3], axis=1).max()
    assert apart == pytest.approx(wanted)


def test_shear_is_a_mismatch_with_a_reason():
    sheared = AFFINE.copy()
    sheared[0, 1] = 0.3
    refused(image(), image(affine=sheared), r"; --geometry")
    with pytest.raises(GeometryError) as caught:
        match_grid(image(), image(affine=sheared))
    assert not str(caught.value).startswith("prediction ;")


def test_another_shape_names_both_and_a_missing_resampling():
    half = AFFINE @ np.diag([2, 1, 1, 1.0])
    refused(
        image(),
        image(ARRAY[::2], half),
        r"has shape 3x7x8, the reference 6x7x8 and has spacing \(2, 2, 5\)"
        r".*resampling step is missing.*--geometry resample",
        "shape_mismatch",
    )
    refused(image(), image(ARRAY[:5]), "has shape 5x7x8", "shape_mismatch")
    refused(Image(ARRAY), Image(ARRAY[:5]), "cannot be resampled", "shape_mismatch")
    refused(
        Image(ARRAY), Image(ARRAY[:5]), "cannot be resampled", "shape_mismatch", policy="resample"
    )
    refused(image(), image(ARRAY[:5]), "has shape 5x7x8", "shape_mismatch", policy="ignore")


def test_wrong_signs_of_world_axes_are_recognised():
    lps = np.diag([-1.0, -1, 1, 1]) @ AFFINE
    refused(
        image(),
        image(affine=lps),
        "axis order LPS, the reference RAS "
        ".as if x and y of its affine had been written with the wrong sign",
    )


def test_an_axis_order_that_does_not_explain_it():
    array, affine = reordered(ARRAY, AFFINE, (0, 1, 2), (True, False, False))
    refused(
        image(),
        image(array, moved(3, 0, 0, affine=affine)),
        "flips and permutation alone do not explain it",
    )


# --- axis order


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("flips", list(itertools.product([False, True], repeat=3)))
def test_every_axis_order_and_direction_is_undone_exactly(order, flips):
    for affine in (AFFINE, turned(10)):
        array, other = reordered(ARRAY, affine, order, flips)
        found, apart, warnings = match_grid(image(affine=affine), image(array, other))
        np.testing.assert_array_equal(found.array, ARRAY)
        assert apart == pytest.approx(0, abs=1e-9)
        changed = order != (0, 1, 2) or any(flips)
        assert warnings == (("reoriented",) if changed else ())
        assert found.spacing == image(affine=affine).spacing
        assert found.array.flags.c_contiguous


def test_reorientation_keeps_fortran_order():
    reference = image(np.asfortranarray(ARRAY))
    array, affine = reordered(ARRAY, AFFINE, (2, 0, 1), (True, False, True))
    found, _, _ = match_grid(reference, image(array, affine))
    assert found.array.flags.f_contiguous


def test_a_cube_is_not_reoriented_by_chance():
    cube = np.arange(27).reshape(3, 3, 3)
    found, _, warnings = match_grid(image(cube, np.eye(4)), image(cube, np.eye(4)))
    assert warnings == ()
    np.testing.assert_array_equal(found.array, cube)


def test_files_in_two_orders_meet(tmp_path):
    nibabel = pytest.importorskip("nibabel")
    nibabel.Nifti1Image(ARRAY, AFFINE).to_filename(tmp_path / "a.nii.gz")
    target = nibabel.orientations.axcodes2ornt("PSR")
    source = nibabel.orientations.io_orientation(AFFINE)
    other = nibabel.load(tmp_path / "a.nii.gz").as_reoriented(
        nibabel.orientations.ornt_transform(source, target)
    )
    other.to_filename(tmp_path / "b.nii.gz")
    reference, prediction = io.read(tmp_path / "a.nii.gz"), io.read(tmp_path / "b.nii.gz")
    assert prediction.orientation == "PSR"
    found, _, warnings = match_grid(reference, prediction)
    np.testing.assert_array_equal(found.array, ARRAY)
    assert warnings == ("reoriented",)


@given(
    order=st.permutations(range(3)),
    flips=st.tuples(*[st.booleans()] * 3),
    shape=st.tuples(*[st.integers(1, 5)] * 3),
    degrees=st.floats(-40, 40),
)
def test_reorientation_is_exact_for_any_shape(order, flips, shape, degrees):
    array = np.arange(np.prod(shape)).reshape(shape)
    affine = turned(degrees)
    stored, other = reordered(array, affine, tuple(order), flips)
    found, _, _ = match_grid(image(array, affine), image(stored, other))
    np.testing.assert_array_equal(found.array, array)


# --- slices


def test_trailing_axes_of_length_1_are_the_same_grid():
    flat, thick = ARRAY[:, :, 0], ARRAY[:, :, :1]
    for reference, prediction in [(flat, thick), (thick, flat)]:
        found, apart, warnings = match_grid(image(reference), image(prediction))
        np.testing.assert_array_equal(found.array, reference)
        assert (apart, warnings) == (0.0, ())
        assert len(found.spacing) == reference.ndim


# --- without a place


def test_a_side_without_a_place():
    both = Image(ARRAY, spacing=(1, 2, 5))
    found, apart, warnings = match_grid(image(), both)
    assert (apart, warnings) == (0.0, ("no_affine",))
    np.testing.assert_array_equal(found.affine, AFFINE)
    assert match_grid(both, image())[2] == ("no_affine",)
    assert match_grid(both, both)[1:] == (0.0, ())
    refused(
        image(),
        Image(ARRAY, spacing=(1, 2, 6)),
        r"spacing \(1, 2, 6\) mm, the reference \(1, 2, 5\) mm; --geometry ignore",
    )
    refused(both, Image(ARRAY, spacing=1), "has spacing", policy="resample")
    assert match_grid(image(), Image(ARRAY))[2] == ("no_affine",)
    slightly = match_grid(both, Image(ARRAY, spacing=(1, 2, 5.02)))
    assert slightly[1] == pytest.approx(0.14)
    assert slightly[2] == ("geometry_drift",)


def test_more_than_three_axes_compare_shapes():
    many = np.zeros((2, 2, 2, 3), np.uint8)
    assert match_grid(Image(many), Image(many))[1:] == (0.0, ())
    refused(Image(many), Image(many[..., :2]), "has shape 2x2x2x2", "shape_mismatch")


# --- policies


def test_ignore_compares_index_by_index():
    prediction = image(affine=moved(99, 0, 0))
    found, apart, warnings = match_grid(image(), prediction, policy="ignore")
    np.testing.assert_array_equal(found.array, ARRAY)
    assert (apart, warnings) == (99.0, ("geometry_ignored",))
    array, affine = reordered(ARRAY, AFFINE, (0, 1, 2), (True, False, False))
    np.testing.assert_array_equal(
        match_grid(image(), image(array, affine), policy="ignore")[0].array, array
    )


def test_unknown_policies():
    with pytest.raises(ConfigError, match="strict, resample or ignore"):
        match_grid(image(), image(), policy="guess")


def test_resample_leaves_grids_alone_that_strict_accepts():
    assert match_grid(image(), image(), policy="resample")[2] == ()
    array, affine = reordered(ARRAY, AFFINE, (1, 2, 0), (True, False, False))
    assert match_grid(image(), image(array, affine), policy="resample")[2] == ("reoriented",)


def test_resample_moves_by_whole_voxels_and_counts_what_is_lost():
    prediction = image(affine=moved(2, 0, 0))
    found, apart, warnings = match_grid(image(), prediction, policy="resample")
    np.testing.assert_array_equal(found.array[2:], ARRAY[:-2])
    assert not found.array[:2].any()
    assert warnings == ("resampled", f"resampled_lost:{np.count_nonzero(ARRAY[-2:])}")
    assert apart == pytest.approx(2)
    assert found.shape == SHAPE


def test_resample_of_a_crop_loses_nothing():
    found, apart, warnings = match_grid(
        image(), image(ARRAY[1:4, 2:5], moved(1, 4, 0)), policy="resample"
    )
    wanted = np.zeros_like(ARRAY)
    wanted[1:4, 2:5] = ARRAY[1:4, 2:5]
    np.testing.assert_array_equal(found.array, wanted)
    assert (apart, warnings) == (None, ("resampled",))


@pytest.mark.parametrize("seed", range(8))
def test_resample_matches_simpleitk(seed):
    sitk = pytest.importorskip("SimpleITK")
    rng = np.random.default_rng(seed)

    def grid(shape):
        rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)) * 0.2 + np.eye(3))
        rotation *= np.sign(np.diag(rotation))
        affine = np.eye(4)
        affine[:3, :3] = rotation * rng.uniform(0.7, 2.5, 3)
        affine[:3, 3] = rng.uniform(-3, 3, 3)
        return image(rng.integers(0, 4, shape).astype(np.uint8), affine)

    def to_itk(source):
        out = sitk.GetImageFromArray(np.ascontiguousarray(source.array.T))
        lps = np.diag([-1.0, -1, 1, 1]) @ source.affine
        out.SetSpacing(source.spacing)
        out.SetOrigin(lps[:3, 3].tolist())
        out.SetDirection((lps[:3, :3] / source.spacing).ravel().tolist())
        return out

    reference, prediction = grid((9, 8, 7)), grid((8, 9, 10))
    found, _, warnings = match_grid(reference, prediction, policy="resample")
    peer = sitk.Resample(
        to_itk(prediction), to_itk(reference), sitk.Transform(), sitk.sitkNearestNeighbor, 0
    )
    np.testing.assert_array_equal(found.array, sitk.GetArrayFromImage(peer).T)
    assert "resampled" in warnings
    assert np.count_nonzero(found.array) > 50


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("seed", range(4))
def test_parallel_axes_give_what_the_general_way_gives(order, seed):
    """Axes that are looked up one by one, against every voxel on its own."""
    from edgewise.image import resample

    rng = np.random.default_rng(seed)
    source = rng.integers(0, 3, (5, 7, 6)).astype(np.uint8)
    scale = np.diag([*rng.choice([0.5, 1.0, 1.7], 3) * rng.choice([-1, 1], 3), 1.0])
    affine = (AFFINE @ scale)[:, [*order, 3]]
    affine[:3, 3] = AFFINE[:3, 3] + rng.integers(-6, 7, 3) / 2
    first, second = image(), image(source, affine)
    array, lost = resample.nearest_neighbour(first, second)
    to_source = np.linalg.solve(affine, AFFINE)
    np.testing.assert_array_equal(array, resample._everywhere(source, to_source, ARRAY.shape))
    assert lost == resample._lost(source, np.linalg.inv(to_source), ARRAY.shape)
    assert array.flags.f_contiguous
