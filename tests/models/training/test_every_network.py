"""Every network that segments is planned, trained and used by the same calls, from folders."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from edgewise import io  # noqa: E402
from edgewise.errors import EdgewiseError  # noqa: E402
from edgewise.models import (  # noqa: E402
    FolderOptions,
    create_model,
    fit,
    list_models,
    model_info,
    open_folders,
    predict_folder,
)
from edgewise.simulate import write_training_set  # noqa: E402

SMALL = {name: dict(model_info(name).small) for name in list_models()}
SEGMENTING = [(name, SMALL[name]) for name in SMALL if model_info(name).family != "lenet"]
NORMALISED = [
    (name, SMALL[name] | {"norm": norm})
    for name in ("unet2d", "unet2d_valid", "unet3d", "unet3d_valid", "nnunet_plain")
    for norm in ("instance", "batch")
]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Folders of images and labels: volumes by 3, pictures of three channels by 2."""
    root = tmp_path_factory.mktemp("folders")
    volumes = write_training_set(root / "volumes", cases=3, shape=(24, 24, 24), spacing=(1, 1, 1))
    images, labels = root / "images", root / "labels"
    images.mkdir()
    labels.mkdir()
    random = np.random.default_rng(0)
    for case in ("a", "b", "c"):
        square = np.zeros((40, 56), np.uint8)
        square[10:30, 20:40] = 1
        io.write(labels / f"{case}.nii", square)
        for k in range(3):
            io.write(images / f"{case}_{k:04}.nii", random.normal(100 + 50 * square, 9))
    return {3: (volumes.images, volumes.labels), 2: (images, labels)}


@pytest.mark.parametrize(("name", "sizes"), SEGMENTING + NORMALISED, ids=str)
def test_from_folders_to_label_maps(name, sizes, folders, tmp_path):
    given = {key: value for key, value in sizes.items() if key not in ("in_channels", "classes")}
    data = folders[model_info(name).spatial_dims]
    run = open_folders(*data, tmp_path / "run", FolderOptions(model=name, sizes=given), workers=1)
    network, patch = run.network, run.description.patch_size
    result = fit(
        network, run.cases, patch_size=patch, epochs=1, iterations_per_epoch=1,
        augmentation="none", workers=0, tell=None, checkpoint_dir=tmp_path / "run",
    )  # fmt: skip
    assert math.isfinite(result.history[0]["loss"])
    assert not result.problems
    outcomes = predict_folder(data[0], tmp_path / "predicted", run=tmp_path / "run")
    assert [(o.status, o.error_message) for o in outcomes] == [("ok", "")] * 3


@pytest.mark.parametrize("name", ["lenet", "lenet_fcn"])
def test_what_answers_no_voxels_is_refused(name, folders, tmp_path):
    with pytest.raises(EdgewiseError, match=type(create_model(name)).__name__):
        open_folders(*folders[2], tmp_path / "run", FolderOptions(model=name), workers=1)
