"""Scans that nobody made up: the same voxels and grid as nibabel, SimpleITK, tifffile."""

import time

import numpy as np
import pytest

from edgewise import io

NIFTI = [
    "brains/brain_10021", "brains/brain_12876", "brains/brain_14380", "brains/brain_15496",
    "brains/brain_15697", "brains/brain_9861", "ct/slab_ct", "ct/slab_labels_a",
    "ct/slab_labels_b", "ct/torso_ct", "ct/torso_labels", "mr/torso_mr", "mr/torso_mr_labels",
]  # fmt: skip
NRRD = ["lesions/brain1_image", "lesions/brain1_label"]
TIFF = ["cells/img2d", "cells/mask2d", "cells/img3d", "cells/mask3d"]


@pytest.fixture
def real(shared):
    folder = shared / "real"
    if not folder.is_dir():
        pytest.skip("no shared/real beside the project")
    return folder


@pytest.mark.parametrize("name", NIFTI)
def test_nifti_is_nibabels(real, name):
    nibabel = pytest.importorskip("nibabel")
    path = real / f"{name}.nii.gz"
    image, peer = io.read(path), nibabel.load(path)
    wanted = np.asanyarray(peer.dataobj)
    assert image.array.dtype == wanted.dtype.newbyteorder("=")
    np.testing.assert_array_equal(image.array, wanted)
    np.testing.assert_array_equal(image.affine, peer.affine)
    np.testing.assert_allclose(image.spacing, peer.header.get_zooms(), rtol=1e-6)
    assert image.orientation == "".join(nibabel.aff2axcodes(peer.affine))
    assert image.warnings == ()
    assert image.array.flags.f_contiguous
    header = io.read_header(path)
    assert (header.shape, header.spacing) == (image.shape, image.spacing)


@pytest.mark.parametrize(
    "name", [*(f"{n}.nii.gz" for n in NIFTI[6:]), *(f"{n}.nrrd" for n in NRRD)]
)
def test_simpleitk_sees_the_same_volume(real, name):
    sitk = pytest.importorskip("SimpleITK")
    image, peer = io.read(real / name), sitk.ReadImage(real / name)
    np.testing.assert_array_equal(image.array, sitk.GetArrayViewFromImage(peer).T)
    np.testing.assert_allclose(image.spacing, peer.GetSpacing(), rtol=1e-6)
    np.testing.assert_allclose(image.origin, np.array(peer.GetOrigin()) * (-1, -1, 1), atol=1e-4)
    directions = np.reshape(peer.GetDirection(), (3, 3)) * np.array([[-1], [-1], [1]])
    np.testing.assert_allclose(image.direction, directions, atol=1e-6)
    assert image.warnings == ()


@pytest.mark.parametrize("name", NRRD)
def test_nrrd_is_pynrrds(real, name):
    nrrd = pytest.importorskip("nrrd")
    path = real / f"{name}.nrrd"
    wanted, _ = nrrd.read(str(path))
    np.testing.assert_array_equal(io.read(path).array, wanted)


@pytest.mark.parametrize("name", TIFF)
def test_tiff_is_tifffiles(real, name):
    tifffile = pytest.importorskip("tifffile")
    path = real / f"{name}.tif"
    image = io.read(path)
    np.testing.assert_array_equal(image.array, tifffile.imread(path))
    assert image.warnings == ("no_spacing",)


@pytest.mark.parametrize(
    "name", [*(f"{n}.nii.gz" for n in NIFTI if "label" in n or "brain" in n), f"{NRRD[1]}.nrrd"]
)
def test_label_maps_are_labels_without_a_copy(real, name):
    image = io.read(real / name)
    assert io.as_labels(image).array is image.array


def test_two_models_of_one_scan_share_a_grid(real):
    from edgewise.image import match_grid

    reference, prediction = (io.read(real / f"ct/slab_labels_{s}.nii.gz") for s in "ab")
    found, apart, warnings = match_grid(reference, prediction)
    assert (apart, warnings) == (0.0, ())
    assert found.array is not None


def test_reading_costs_little_more_than_inflating(real, record_property):
    from edgewise import _core

    path = real / "brains/brain_12876.nii.gz"
    data = path.read_bytes()

    def best(call):
        times = []
        for _ in range(5):
            start = time.perf_counter()
            call()
            times.append(time.perf_counter() - start)
        return min(times)

    inflating = best(lambda: _core.gunzip(data, limit=1 << 26))
    reading = best(lambda: io.read(path))
    record_property("milliseconds", 1e3 * reading)
    assert reading < 3 * inflating + 0.02  # generous: other work may share the machine
