"""plans.json and dataset.json: what is read, what is refused. No torch."""

import copy
import json

import pytest

from edgewise.errors import ConfigError, EdgewiseError, LabelError, ReadError
from edgewise.models.plans import read_dataset, read_plans
from nnunet_documents import architecture, dataset, dataset_with_regions, old_style, plans


def written(content, folder, name="plans.json"):
    path = folder / name
    path.write_text(json.dumps(content))
    return path


def test_a_configuration_is_read(tmp_path):
    found = read_plans(written(plans(), tmp_path))
    assert found.configurations == ("3d_fullres", "3d_cascade_fullres")
    assert found.name == "nnUNetPlans"
    assert found.intensities[1]["std"] == 2.0
    chosen = found.configuration("3d_fullres")
    assert chosen.patch_size == (8, 16, 16)
    assert chosen.spacing == (3.5, 0.8, 0.8)
    assert chosen.normalization_schemes == ("ZScoreNormalization", "CTNormalization")
    assert chosen.use_mask_for_norm == (True, False)
    assert chosen.spatial_dims == 3
    assert (chosen.resample_image.order, chosen.resample_logits.order) == (3, 1)
    assert chosen.resample_image.separate is None
    assert chosen.architecture.name == "nnunet_plain"
    assert chosen.architecture.sizes["features_per_stage"] == (4, 8, 12)


def test_a_child_overwrites_what_it_inherits(tmp_path):
    content = plans()
    content["configurations"]["3d_fullres_bs5"] = {
        "inherits_from": "3d_cascade_fullres", "batch_size": 5
    }  # fmt: skip
    found = read_plans(written(content, tmp_path))
    child, parent = found.configuration("3d_fullres_bs5"), found.configuration("3d_fullres")
    assert (child.batch_size, parent.batch_size) == (5, 2)
    assert child.previous_stage == "3d_lowres"
    assert child.architecture == parent.architecture


def test_old_and_new_style_name_the_same_network(tmp_path):
    new = read_plans(written(plans(), tmp_path)).configuration("3d_fullres")
    old = read_plans(written(old_style(plans()), tmp_path)).configuration("3d_fullres")
    assert old.architecture == new.architecture
    content = plans()
    kind = "ResidualEncoderUNet"
    content["configurations"]["3d_fullres"]["architecture"] = architecture(kind)
    new = read_plans(written(content, tmp_path)).configuration("3d_fullres")
    old = read_plans(written(old_style(content), tmp_path)).configuration("3d_fullres")
    assert old.architecture == new.architecture
    assert new.architecture.name == "nnunet_resenc"


def changed(path, value):
    """Plans with one entry of the architecture changed."""
    content = plans()
    place = content["configurations"]["3d_fullres"]["architecture"]
    *inner, last = path
    for key in inner:
        place = place[key]
    place[last] = value
    return content


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (["network_class_name"], "os.system", "'os.system' is not one that edgewise builds"),
        (["network_class_name"], "evil.PlainConvUNet", "is not one that edgewise builds"),
        (["arch_kwargs", "conv_op"], "subprocess.Popen", "conv_op 'subprocess.Popen' is not known"),
        (["arch_kwargs", "norm_op"], "evil.InstanceNorm3d", "norm_op 'evil.InstanceNorm3d'"),
        (["arch_kwargs", "nonlin"], "torch.nn.Tanh", "known are torch.nn.LeakyReLU, torch.nn.ReLU"),
        (["arch_kwargs", "norm_op"], "torch.nn.InstanceNorm2d", "for as many axes as"),
        (["arch_kwargs", "block"], "x.BottleneckD", "block is not understood"),
        (["arch_kwargs", "norm_op_kwargs"], {"momentum": 0.1}, "momentum is not understood"),
        (["arch_kwargs", "n_stages"], 4, "4 values, as n_stages says"),
    ],
)
def test_only_known_classes_and_options_are_taken(tmp_path, path, value, words):
    chosen = read_plans(written(changed(path, value), tmp_path)).configuration("3d_fullres")
    with pytest.raises(ReadError, match=words):
        _ = chosen.architecture
    assert chosen.spacing  # preprocessing is of use all the same


def test_nothing_is_imported_by_name(tmp_path, monkeypatch):
    import importlib

    def refuse(name, *_):
        pytest.fail(f"imports {name}")

    content = changed(["arch_kwargs", "nonlin"], "antigravity.LeakyReLU")
    chosen = read_plans(written(content, tmp_path)).configuration("3d_fullres")
    monkeypatch.setattr(importlib, "import_module", refuse)
    with pytest.raises(ReadError):
        _ = chosen.architecture


def test_options_that_are_silent_are_as_in_torch(tmp_path):
    content = plans()
    sizes = content["configurations"]["3d_fullres"]["architecture"]["arch_kwargs"]
    sizes |= {"norm_op": "torch.nn.modules.batchnorm.BatchNorm3d", "norm_op_kwargs": None}
    sizes |= {"dropout_op": "torch.nn.Dropout3d", "dropout_op_kwargs": {"p": 0.25}}
    sizes |= {"strides": 2, "features_per_stage": 8, "nonlin": "torch.nn.ReLU"}
    found = read_plans(written(content, tmp_path)).configuration("3d_fullres").architecture.sizes
    assert (found["norm"], found["norm_affine"], found["dropout"]) == ("batch", True, 0.25)
    assert (found["strides"], found["features_per_stage"]) == ((2, 2, 2), (8, 8, 8))
    sizes |= {"norm_op": "torch.nn.InstanceNorm3d"}
    found = read_plans(written(content, tmp_path)).configuration("3d_fullres").architecture.sizes
    assert (found["norm"], found["norm_affine"]) == ("instance", False)


def test_a_circle_a_gap_and_a_typo_are_named(tmp_path):
    content = plans()
    content["configurations"]["a"] = {"inherits_from": "b"}
    content["configurations"]["b"] = {"inherits_from": "a"}
    content["configurations"]["c"] = {"inherits_from": "3d_fullres", "patch_size": "8"}
    del content["configurations"]["3d_fullres"]["spacing"]
    found = read_plans(written(content, tmp_path))
    with pytest.raises(ReadError, match="a -> b -> a inherits in a circle"):
        found.configuration("a")
    with pytest.raises(ReadError, match="3d_fullres: no 'spacing'"):
        found.configuration("3d_fullres")
    with pytest.raises(ReadError, match="'patch_size' must be a list of numbers"):
        found.configuration("c")
    with pytest.raises(ConfigError, match="no configuration '2d'; there are: 3d_fullres"):
        found.configuration("2d")


@pytest.mark.parametrize("text", ["", "[1, 2]", "{", '"plans"'])
def test_what_is_no_document_is_refused(tmp_path, text):
    path = tmp_path / "plans.json"
    path.write_text(text)
    with pytest.raises(ReadError, match=r"plans\.json"):
        read_plans(path)
    with pytest.raises(ReadError, match="missing"):
        read_plans(tmp_path / "missing.json")


def test_a_transposition_has_its_inverse(tmp_path):
    content = plans() | {"transpose_forward": [2, 0, 1], "transpose_backward": [2, 0, 1]}
    with pytest.raises(ReadError, match="the inverse of transpose_forward"):
        read_plans(written(content, tmp_path))


def test_labels_and_regions_are_read(tmp_path):
    found = read_dataset(written(dataset(), tmp_path, "dataset.json"))
    assert found.channel_names == ("T2", "CT")
    assert (found.classes, found.regions, found.ignore_label) == (3, None, None)
    found = read_dataset(written(dataset_with_regions(), tmp_path, "dataset.json"))
    assert found.regions == ((1, 2), (2,))
    assert (found.classes, found.ignore_label, found.regions_class_order) == (2, 3, (1, 2))
    assert found.label_values == (0, 1, 2)
    cascade = read_plans(written(plans(), tmp_path)).configuration("3d_cascade_fullres")
    assert cascade.in_channels(found) == 4
    older = dataset() | {"modality": {"10": "last", "2": "second", "0": "first"}}
    del older["channel_names"]
    found = read_dataset(written(older, tmp_path, "dataset.json"))
    assert found.channel_names == ("first", "second", "last")


@pytest.mark.parametrize(
    ("labels", "error", "words"),
    [
        ({"ball": 1}, LabelError, "must name background"),
        ({"background": 1, "ball": 0}, LabelError, "which is 0, got 1"),
        ({"background": 0, "ball": 2}, LabelError, "0 to 1 without gaps"),
        ({"background": 0, "ball": 1, "ignore": 5}, LabelError, "must be the next one, 2"),
        ({"0": "background", "1": "ball"}, ReadError, "names of whole numbers"),
        ({"background": 0, "whole": [1, 2]}, ReadError, "no 'regions_class_order'"),
    ],
)
def test_labels_that_do_not_fit_together_are_named(tmp_path, labels, error, words):
    with pytest.raises(error, match=words):
        read_dataset(written(dataset() | {"labels": labels}, tmp_path, "dataset.json"))


def test_as_many_regions_as_the_order_says(tmp_path):
    content = dataset_with_regions() | {"regions_class_order": [1]}
    with pytest.raises(LabelError, match="1 labels for 2 regions"):
        read_dataset(written(content, tmp_path, "dataset.json"))


def places(content, before=()):
    """Every place in a document, as keys that lead there."""
    entries = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in entries:
        yield (*before, key)
        if isinstance(value, dict | list):
            yield from places(value, (*before, key))


@pytest.mark.parametrize("style", ["new", "old", "dataset"])
@pytest.mark.parametrize("value", [None, "x", [], {}, -1, 1.5, [1, "a"], float("nan")])
def test_a_value_of_another_kind_is_one_sentence(tmp_path, style, value):
    """Each entry in turn: either it does not matter, or the message names the file or the key."""
    source = {"new": plans, "old": lambda: old_style(plans()), "dataset": dataset}[style]()
    refused = 0
    for *inner, last in places(source):
        content = copy.deepcopy(source)
        place = content
        for key in inner:
            place = place[key]
        place[last] = value
        try:
            if style == "dataset":
                assert read_dataset(written(content, tmp_path)).classes >= 1
            else:
                found = read_plans(written(content, tmp_path))
                assert all(found.configuration(n).architecture for n in found.configurations)
        except EdgewiseError:
            refused += 1
    assert refused > 3


def test_as_many_intensities_as_schemes(tmp_path):
    content = plans()
    del content["foreground_intensity_properties_per_channel"]["1"]
    with pytest.raises(ReadError, match=r"one per channel \(1 have"):
        read_plans(written(content, tmp_path)).configuration("3d_fullres")
