"""Preparing and restoring beside nnU-Net itself, on volumes with thick slices and without."""

import os
import warnings
from copy import deepcopy

import numpy as np
import pytest

from edgewise.models.plans.dataset import dataset_from
from edgewise.models.plans.document import Document
from edgewise.models.plans.plans import plans_from
from edgewise.models.preprocessing import Preprocessing
from edgewise.models.preprocessing.interpolation import interpolate
from nnunet_documents import dataset, dataset_with_regions, plans

pytest.importorskip("scipy")

Z, CT = "ZScoreNormalization", "CTNormalization"
CASES = {
    "thick slices": {},
    "thick slices along another axis": {
        "shape": (22, 14, 25), "spacing": (1.0, 4.0, 1.1), "forward": (1, 0, 2),
    },
    "isotropic": {
        "shape": (20, 22, 25), "spacing": (1.0, 1.2, 1.1), "target": [1.3, 0.8, 0.8],
        "forward": (2, 0, 1), "schemes": ["NoNormalization", "RescaleTo01Normalization"],
    },
    "2-D": {"target": [0.8, 0.8]},
    "nothing to resample": {"target": [4.0, 1.0, 1.1]},
    "no mask": {"masks": [False, False]},
}  # fmt: skip


def volume(shape):
    """Two channels with a dark frame and a dark hole, and labels two voxels thick."""
    rng = np.random.default_rng(0)
    inner = tuple(slice(2, n - 1) for n in shape)
    image = np.zeros((2, *shape), np.float32)
    image[(slice(None), *inner)] = rng.gamma(4, 25, (2, *(n - 3 for n in shape)))
    image[:, 5:7, 5:7, 5:8] = 0
    coarse = rng.integers(0, 3, [n // 2 + 1 for n in shape])
    thick = coarse.repeat(2, 0).repeat(2, 1).repeat(2, 2)[tuple(slice(0, n) for n in shape)]
    labels = np.zeros(shape, np.int16)
    labels[inner] = thick[inner]
    return image, labels


def document(*, target, forward, schemes, masks):
    content = plans()
    chosen = content["configurations"]["3d_fullres"]
    chosen |= {"spacing": target, "normalization_schemes": schemes, "use_mask_for_norm": masks}
    if len(target) == 2:
        chosen |= {"patch_size": [16, 16]}
    content["transpose_forward"] = list(forward)
    content["transpose_backward"] = [forward.index(axis) for axis in range(3)]
    return content


def options(case):
    known = {
        "shape": (14, 22, 25), "spacing": (4.0, 1.0, 1.1), "target": [3.5, 0.8, 0.8],
        "forward": (0, 1, 2), "schemes": [Z, CT], "masks": [True, False],
    }  # fmt: skip
    known |= CASES[case]
    return known.pop("shape"), known.pop("spacing"), document(**known)


@pytest.fixture(scope="module")
def nnunet():
    """What of nnU-Net is needed; its import prints and warns about folders that are not set."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in ("nnUNet_raw", "nnUNet_preprocessed", "nnUNet_results"):
            os.environ.setdefault(name, "unset")
        preprocessors = pytest.importorskip(
            "nnunetv2.preprocessing.preprocessors.default_preprocessor"
        )
        from nnunetv2.inference import export_prediction
        from nnunetv2.utilities.plans_handling import plans_handler
    return preprocessors.DefaultPreprocessor, plans_handler.PlansManager, export_prediction


@pytest.mark.parametrize("case", list(CASES))
@pytest.mark.parametrize("description", [dataset, dataset_with_regions])
def test_arrays_and_label_maps_are_theirs(nnunet, case, description):
    torch = pytest.importorskip("torch")
    preprocessor, manager, export = nnunet
    shape, spacing, content = options(case)
    image, labels = volume(shape)
    known = manager(deepcopy(content))
    chosen = known.get_configuration("3d_fullres")
    properties = {"spacing": list(spacing)}
    theirs, their_labels, properties = preprocessor(verbose=False).run_case_npy(
        image, labels[None], properties, known, chosen, dataset()
    )
    ours = Preprocessing.from_plans(plans_from(Document(content, "plans")), "3d_fullres")
    prepared = ours.apply(image, spacing=spacing, labels=labels)
    assert prepared.array.shape == theirs.shape
    np.testing.assert_allclose(prepared.array, theirs, rtol=0, atol=1e-4)
    # theirs keeps "outside" as a label of its own, which can win where background would
    assert (prepared.labels != np.maximum(their_labels[0], 0)).mean() < 2e-3

    found = dataset_from(Document(description(), "dataset"))
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(found.classes, *theirs.shape[1:])).astype(np.float32)
    convert = export.convert_predicted_logits_to_segmentation_with_correct_shape
    expected = convert(
        torch.from_numpy(logits.copy()), known, chosen,
        known.get_label_manager(description()), properties, num_threads_torch=1,
    )  # fmt: skip
    restored = prepared.restore(torch.from_numpy(logits), regions=found.regions_class_order)
    assert restored.shape == expected.shape == shape
    sure = _margin(prepared, logits, found.regions) > 1e-4
    assert sure.mean() > 0.99
    assert np.array_equal(restored[sure], expected[sure])
    assert not np.array_equal(prepared.restore(np.roll(logits, 1, axis=2)), expected)


def _margin(prepared, logits, regions):
    """How sure the label of every voxel of the original grid is."""
    origin = prepared.origin
    from edgewise.models.preprocessing.resampling import resample_image

    inside = resample_image(
        logits, origin.cropped_shape, rule=origin.resample_logits,
        before=prepared.spacing, after=origin.spacing,
    )  # fmt: skip
    if regions is None:
        ranked = np.sort(inside, axis=0)
        margin = ranked[-1] - ranked[-2]
    else:
        margin = np.abs(inside).min(axis=0)
    whole = np.full(origin.shape, np.inf)
    whole[origin.box] = margin
    return whole.transpose(np.argsort(origin.axes))


@pytest.mark.parametrize("order", [0, 1, 3])
@pytest.mark.parametrize(("before", "after"), [((7, 9), (11, 5)), ((5, 6, 7), (8, 6, 3))])
def test_interpolation_is_that_of_scikit_image(order, before, after):
    transform = pytest.importorskip("skimage.transform")
    image = np.random.default_rng(2).random(before)
    expected = transform.resize(image, after, order, mode="edge", anti_aliasing=False)
    np.testing.assert_allclose(interpolate(image, after, order=order), expected, atol=1e-5)
    if order:
        aligned = transform.resize(image[..., ::-1], after, order, mode="edge")
        assert np.abs(aligned - expected).max() > 1e-2
