"""Arguments of other types than said: taken if their meaning is plain, else one sentence."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgewise.errors import ConfigError, EdgewiseError, ShapeError  # noqa: E402
from edgewise.models import create_model  # noqa: E402
from edgewise.models.inference import (  # noqa: E402
    LogitsFile,
    Tiling,
    deterministic,
    segment,
    sliding_window,
    stream,
)

IMAGE = np.random.default_rng(0).normal(size=(1, 12, 10)).astype(np.float32)


def network(batch):
    return torch.cat([batch, -batch], 1)


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"tile": 8}, ShapeError, "has 1 axes"),
        ({"tile": None}, ConfigError, "tile must hold whole numbers"),
        ({"tile": (8, 8), "step": "0.5"}, ConfigError, "step must lie"),
        ({"tile": (8, 8), "step": None}, ConfigError, "step must lie"),
        ({"tile": (8, 8), "halo": 1.5}, ConfigError, "halo must hold"),
        ({"tile": (8, 8), "halo": True}, ConfigError, "halo must hold"),
        ({"tile": (8, 8), "mirror_axes": "x"}, ConfigError, "mirror_axes must hold"),
        ({"tile": (8, 8), "labels": [0, 1.5]}, ConfigError, "labels must hold whole numbers"),
        ({"tile": (8, 8), "regions": []}, ConfigError, "one label per channel"),
        ({"tile": (8, 8), "background": "no"}, ConfigError, "background must hold"),
        ({"tile": (8, 8), "separate_axis": 0}, ConfigError, "out_shape="),
    ],
)
def test_wrong_ones_are_one_sentence(options, error, text):
    with pytest.raises(error, match=text):
        segment(IMAGE, network, **options)


def test_plain_ones_are_taken():
    expected = sliding_window(IMAGE, network, tile=(8, 8), mirror_axes=(0,), halo=(1, 1))
    found = sliding_window(
        IMAGE, network, tile=np.array([8, 8]), mirror_axes=0, halo=np.int64(1), step=np.float32(0.5)
    )
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image.astype(">f4"),
        lambda image: torch.as_tensor(image).requires_grad_(),
        lambda image: np.asfortranarray(image),
        lambda image: np.repeat(image, 2, axis=2)[:, :, ::2],
    ],
)
def test_any_memory_order_gives_the_same(change):
    given = change(IMAGE)
    found = sliding_window(given, network, tile=(8, 8))
    np.testing.assert_array_equal(found, sliding_window(IMAGE, network, tile=(8, 8)))


def test_a_bfloat16_image_is_taken():
    """NumPy has no such type."""
    image = torch.as_tensor(IMAGE).bfloat16()
    expected = sliding_window(image.float(), network, tile=(8, 8))
    np.testing.assert_array_equal(sliding_window(image, network, tile=(8, 8)), expected)


def test_logits_that_cannot_be_stored_are_one_sentence(tmp_path, monkeypatch):
    tiling = Tiling(tile=(8, 8))
    with pytest.raises(EdgewiseError, match="cannot be written"):
        stream(IMAGE, network, LogitsFile(tmp_path / "no" / "a.npy"), tiling=tiling)
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Full", (), {"free": 100}))
    with pytest.raises(EdgewiseError, match="take 480 bytes, the disk has 100 left"):
        stream(IMAGE, network, LogitsFile(tmp_path / "a.npy"), tiling=tiling)
    assert not list(tmp_path.iterdir())


def test_a_seed_that_is_no_number_is_refused():
    with pytest.raises(ConfigError, match="seed must lie"), deterministic("7"):
        pass


def test_a_network_that_answers_every_fourth_voxel_is_no_segmenter():
    twin = create_model("lenet_fcn")
    with pytest.raises(ConfigError, match=r"LeNetFCN answers every 4th voxel.*upsample_scores"):
        segment(np.zeros((1, 40, 40), np.float32), twin, tile=(32, 32))
