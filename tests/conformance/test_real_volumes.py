"""Scans that nobody made up: every label against scipy, surface-distance and MONAI under the
matching convention.
"""

from __future__ import annotations

import itertools
import math
import warnings

import numpy as np
import pytest

from edgewise import metrics
from scipy_distances import directed_lists, distance_metrics

PAIRS = {
    "slab": ("ct/slab_labels_a.nii.gz", "ct/slab_labels_b.nii.gz"),
    "brains one": ("brains/brain_12876.nii.gz", "brains/brain_15697.nii.gz"),
    "brains two": ("brains/brain_10021.nii.gz", "brains/brain_9861.nii.gz"),
}
TOLERANCE = 2.0
CLOSE = {"rel": 0, "abs": 1e-6}  # mm

IDS = (
    *("dice", "iou", "hd", "hd95", "hd95_pooled", "assd", "masd", "nsd@2mm", "nsd_grid@2mm"),
    *("hd:deepmind", "hd95:deepmind", "nsd@2mm:deepmind"),
)


@pytest.fixture(scope="module")
def load(shared):
    """Reads a label map with nibabel: (array, spacing)."""
    nibabel = pytest.importorskip("nibabel")
    folder = shared / "real"
    if not folder.is_dir():
        pytest.skip("no shared/real beside the project")

    def read(name):
        image = nibabel.load(folder / name)
        return np.asanyarray(image.dataobj), tuple(map(float, image.header.get_zooms()))

    return read


@pytest.fixture(
    scope="module",
    params=list(PAIRS),
)
def measured(request, load):
    """(name, reference, prediction, spacing, result) with edgewise's values of every label."""
    (reference, spacing), (prediction, other) = map(load, PAIRS[request.param])
    assert spacing == other
    result = metrics.measure(reference, prediction, spacing=spacing, metrics=IDS)
    return request.param, reference, prediction, spacing, result


def crops(measured):
    """(label, reference mask, prediction mask) cut to their common box; outside is background
    anyway.
    """
    _, reference, prediction, _, result = measured
    for label in result.labels:
        r, p = reference == label, prediction == label
        at = np.argwhere(r | p)
        box = tuple(slice(a, b + 1) for a, b in zip(at.min(axis=0), at.max(axis=0), strict=True))
        yield label, r[box], p[box]


def test_overlap_is_exact(measured):
    _, reference, prediction, _, result = measured
    for label in result.labels:
        r, p = reference == label, prediction == label
        tp = int(np.count_nonzero(r & p))
        n_r, n_p = int(np.count_nonzero(r)), int(np.count_nonzero(p))
        assert result.value(label, "tp") == tp
        assert result.value(label, "fp") == n_p - tp
        assert result.value(label, "fn") == n_r - tp
        assert result.value(label, "tn") == r.size - n_r - n_p + tp
        assert result.value(label, "dice") == pytest.approx(2 * tp / (n_r + n_p), rel=1e-15)
        assert result.value(label, "iou") == pytest.approx(tp / (n_r + n_p - tp), rel=1e-15)


def test_distances_equal_scipy(measured):
    ndimage = pytest.importorskip("scipy.ndimage")
    *_, spacing, result = measured
    compared = 0
    for label, r, p in crops(measured):
        if not r.any() or not p.any():
            assert result.value(label, "hd") == math.inf
            continue
        expected = distance_metrics(*directed_lists(ndimage, r, p, spacing))
        for name, value in expected.items():
            assert result.value(label, name) == pytest.approx(value, **CLOSE), (label, name)
        compared += 1
    assert compared >= 3


@pytest.mark.filterwarnings("ignore")
def test_surface_elements_equal_surface_distance(measured, surface_distance_library):
    library = surface_distance_library
    *_, spacing, result = measured
    compared = 0
    for label, r, p in crops(measured):
        if not r.any() or not p.any():
            continue
        found = library.compute_surface_distances(r, p, spacing)
        expected = {
            "hd:deepmind": library.compute_robust_hausdorff(found, 100),
            "hd95:deepmind": library.compute_robust_hausdorff(found, 95),
            "nsd@2mm": library.compute_surface_dice_at_tolerance(found, TOLERANCE),
            "nsd@2mm:deepmind": library.compute_surface_dice_at_tolerance(found, TOLERANCE),
        }
        for name, value in expected.items():
            assert result.value(label, name) == pytest.approx(value, **CLOSE), (label, name)
        compared += 1
    assert compared >= 3


@pytest.mark.filterwarnings("ignore")  # it warns about its own deprecated arguments
def test_distances_equal_monai(measured):
    torch = pytest.importorskip("torch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        monai = pytest.importorskip("monai.metrics")
    *_, spacing, result = measured
    compared = 0
    for label, r, p in itertools.islice(crops(measured), 0, None, 4):  # MONAI takes its time
        if not r.any() or not p.any():
            continue
        y, y_pred = (torch.from_numpy(m[None, None].astype(np.float32)) for m in (r, p))
        how = {"include_background": True, "spacing": list(spacing)}
        hd = monai.compute_hausdorff_distance(y_pred, y, **how)
        hd95 = monai.compute_hausdorff_distance(y_pred, y, percentile=95, **how)
        assd = monai.compute_average_surface_distance(y_pred, y, symmetric=True, **how)
        expected = {"hd": hd, "hd95": hd95, "assd": assd}
        for name, value in expected.items():
            ours = result.value(label, name)
            assert ours == pytest.approx(float(value), rel=1e-5), (label, name)
        compared += 1
    assert compared >= 3


def test_a_shifted_volume_shows(load):
    (reference, spacing), (prediction, _) = map(load, PAIRS["slab"])
    label = int(np.bincount(reference[reference > 0]).argmax())
    how = {"spacing": spacing, "labels": [label], "metrics": IDS}
    here = metrics.measure(reference, prediction, **how)
    there = metrics.measure(reference, np.roll(prediction, 1, 0), **how)
    for name in ("dice", "assd", "masd", "nsd@2mm", "nsd_grid@2mm"):
        assert here.value(label, name) != there.value(label, name), name


def test_single_functions_on_an_anisotropic_lesion(shared):
    """0.78 x 0.78 x 6.5 mm: the lesion against itself one slice up is one slice away."""
    nrrd = pytest.importorskip("nrrd")
    file = shared / "real" / "lesions" / "brain1_label.nrrd"
    if not file.is_file():
        pytest.skip("no shared/real beside the project")
    labels, header = nrrd.read(str(file))
    spacing = tuple(float(np.linalg.norm(v)) for v in header["space directions"])
    lesion = labels > 0
    moved = np.roll(lesion, 1, axis=2)
    assert lesion.any()
    assert not lesion[:, :, -1].any()
    assert metrics.center_distance(lesion, moved, spacing=spacing) == pytest.approx(spacing[2])
    ndimage = pytest.importorskip("scipy.ndimage")
    there, back = directed_lists(ndimage, lesion, moved, spacing)
    both = np.concatenate([there, back])
    assert metrics.hd(lesion, moved, spacing=spacing) == pytest.approx(both.max(), rel=1e-12)
    assert metrics.assd(lesion, moved, spacing=spacing) == pytest.approx(both.mean(), rel=1e-9)
