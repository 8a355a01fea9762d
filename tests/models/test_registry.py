"""The table of networks: names, cards, messages. Needs no torch but where a network is built."""

import importlib
import inspect

import numpy as np
import pytest

from edgewise.errors import ConfigError
from edgewise.models import Card, Sizes, create_model, list_models, model_info


@pytest.mark.parametrize("name", list_models())
def test_a_card_is_complete(name):
    card = model_info(name)
    assert card.name == name
    assert card.paper.count(",") >= 2
    assert str(card.year) in card.paper
    assert all(card.sizes.admit(n) for n in card.small_image) or card.small


def test_names_are_unique_and_filtered():
    names = list_models()
    assert len(set(names)) == len(names)
    assert set(list_models(spatial_dims=2)) | set(list_models(spatial_dims=3)) == set(names)
    assert "unet3d" not in list_models(spatial_dims=2)
    assert list_models(family="lenet") == ("lenet", "lenet_fcn")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: model_info("unet2"), "did you mean 'unet2d'"),
        (lambda: list_models(family="unit"), "did you mean 'unet'"),
    ],
)
def test_a_typo_is_answered_with_the_nearest_name(call, words):
    with pytest.raises(ConfigError, match=words):
        call()


def test_an_unknown_size_is_answered_with_the_nearest():
    pytest.importorskip("torch")
    with pytest.raises(ConfigError, match="did you mean 'base'"):
        create_model("unet2d", bases=4)


def test_sizes_name_what_fits():
    sizes = Sizes(188, 16)
    assert [n for n in range(180, 240) if sizes.admit(n)] == [188, 204, 220, 236]
    assert sizes.nearest(10) == (188,)
    assert sizes.nearest(205) == (204, 220)
    assert sizes.nearest(204) == (204,)
    assert Sizes(32, maximum=32).nearest(40) == (32,)
    assert not Sizes(32, maximum=32).admit(36)


def test_a_card_rejects_an_image_of_other_dimensions():
    card = model_info("lenet")
    fields = {f: getattr(card, f) for f in Card.__slots__} | {"small_image": (3, 3, 3)}
    with pytest.raises(ConfigError, match="2 axes"):
        Card(**fields)


@pytest.mark.parametrize("name", list_models())
def test_a_card_has_the_defaults_of_its_builder(name):
    pytest.importorskip("torch")
    card = model_info(name)
    module, _, function = card.builder.partition(":")
    build = getattr(importlib.import_module(f"edgewise.models.networks.{module}"), function)
    defaults = {k: v.default for k, v in inspect.signature(build).parameters.items()}
    assert list(card.defaults.items()) == list(defaults.items())
    assert set(card.small) <= set(card.defaults)


@pytest.mark.parametrize(
    ("name", "meant"),
    [("UNet2D", "unet2d"), ("U-Net 3D", "unet3d"), ("nnUNet-plain", "nnunet_plain"),
     ("DeepMedic", "deepmedic"), ("FCN-8s", "fcn8s"), ("LeNet5", "lenet")],
)  # fmt: skip
def test_a_name_as_papers_spell_it_is_understood(name, meant):
    with pytest.raises(ConfigError, match=f"did you mean {meant!r}"):
        model_info(name)


@pytest.mark.parametrize("name", [None, 3, ["unet2d"], ""])
def test_what_is_no_name_is_one_sentence(name):
    with pytest.raises(ConfigError, match="no model"):
        model_info(name)


@pytest.mark.parametrize("axes", [1, 4, "2"])
def test_other_numbers_of_axes_are_refused(axes):
    with pytest.raises(ConfigError, match="spatial_dims must be 2 or 3"):
        list_models(spatial_dims=axes)


def test_numbers_of_numpy_are_numbers():
    pytest.importorskip("torch")
    labels = np.array([0, 2, 1], np.uint8)
    network = create_model("unet2d", classes=labels.max() + np.uint8(1), base=np.int64(2), depth=1)
    assert type(network.classes) is int
    assert network.classes == 3
    with pytest.raises(ConfigError, match="classes"):
        create_model("unet2d", classes=np.float64(3))
