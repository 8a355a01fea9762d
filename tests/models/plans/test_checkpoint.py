"""Checkpoints as nnU-Net writes them: copies, wrappers, numpy's scalars, plans of any age."""

import json
import os
import zipfile

import numpy as np
import pytest

from nnunet_documents import architecture, dataset, old_style, plans

torch = pytest.importorskip("torch")

from edgewise.errors import ReadError  # noqa: E402
from edgewise.models import load_weights, save_weights  # noqa: E402
from edgewise.models.plans import load_checkpoint, read_plans  # noqa: E402


def peer(kind):
    """A trained network of dynamic-network-architectures, as far as a test can tell."""
    unet = pytest.importorskip("dynamic_network_architectures.architectures.unet")
    sizes = dict(architecture(kind)["arch_kwargs"])
    sizes |= {"conv_op": torch.nn.Conv3d, "norm_op": torch.nn.InstanceNorm3d}
    sizes |= {"nonlin": torch.nn.LeakyReLU}
    torch.manual_seed(4)
    network = getattr(unet, kind)(input_channels=2, num_classes=3, **sizes).eval()
    for value in network.parameters():
        torch.nn.init.normal_(value, std=0.3)
    return network


def checkpoint(network, document, *, prefix=""):
    """The dictionary that nnU-Net's trainer stores."""
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-2, momentum=0.99, nesterov=True)
    return {
        "network_weights": {f"{prefix}{k}": v for k, v in network.state_dict().items()},
        "optimizer_state": optimizer.state_dict(),
        "grad_scaler_state": None,
        "logging": {
            "mean_fg_dice": [np.float64(0.25), np.float64(0.5)],
            "dice_per_class_or_region": [[np.float32(0.25), np.float64(0.5)]],
            "epoch_end_timestamps": [1.5],
        },
        "_best_ema": np.float64(0.5),
        "current_epoch": 1000,
        "init_args": {
            "plans": document,
            "configuration": "3d_fullres",
            "fold": 0,
            "dataset_json": dataset(),
            "device": torch.device("cuda"),
        },
        "trainer_name": "nnUNetTrainer",
        "inference_allowed_mirroring_axes": (0, 1, 2),
    }


def with_network(kind):
    content = plans()
    content["configurations"]["3d_fullres"]["architecture"] = architecture(kind)
    return content


@pytest.mark.parametrize("kind", ["PlainConvUNet", "ResidualEncoderUNet"])
@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.", "module._orig_mod."])
@pytest.mark.parametrize("style", ["new", "old"])
def test_the_network_of_a_checkpoint_answers_as_the_trained_one(tmp_path, kind, prefix, style):
    network = peer(kind)
    document = with_network(kind)
    if style == "old":
        document = old_style(document)
    torch.save(checkpoint(network, document, prefix=prefix), tmp_path / "checkpoint_final.pth")
    (tmp_path / "plans.json").write_text(json.dumps(document))
    found = load_checkpoint(tmp_path / "checkpoint_final.pth")
    assert found.mirror_axes == (0, 1, 2)
    assert (found.configuration, found.fold, found.epoch) == ("3d_fullres", "0", 1000)
    assert found.trainer == "nnUNetTrainer"
    image = torch.randn(1, 2, 8, 16, 16)
    with torch.inference_mode():
        expected = network(image)
        assert expected.std() > 0.1
        for known in (found.plans, read_plans(tmp_path / "plans.json")):
            configuration = known.configuration(found.configuration)
            ours = configuration.network(
                in_channels=configuration.in_channels(found.dataset), classes=found.dataset.classes
            ).eval()
            ours.load_state_dict(found.weights, strict=True)
            error = (ours(image) - expected).abs().max() / expected.abs().max().clamp(min=1)
            assert error <= 1e-5
    # copies are gone, nothing else is
    own = {v.data_ptr() for v in network.state_dict().values()}
    assert len(found.weights) == len(own)


def test_load_weights_takes_it_too(tmp_path):
    pytest.importorskip("safetensors")
    network = peer("PlainConvUNet")
    torch.save(checkpoint(network, plans()), tmp_path / "c.pth")
    ours = load_checkpoint(tmp_path / "c.pth").plans.configuration("3d_fullres")
    ours = ours.network(in_channels=2, classes=3).eval()
    for layout in ("nnunet", "auto"):
        with torch.no_grad():
            for value in ours.parameters():
                value.zero_()
        load_weights(ours, tmp_path / "c.pth", layout=layout)
    save_weights(ours, tmp_path / "w.safetensors")
    load_weights(ours, tmp_path / "w.safetensors")
    image = torch.randn(1, 2, 8, 16, 16)
    with torch.inference_mode():
        torch.testing.assert_close(ours(image), network(image), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "key",
    [
        "encoder.stages.1.0.convs.1.all_modules.1.weight",
        "encoder.stages.0.0.convs.0.all_modules.0.bias",
        "decoder.encoder.stages.2.0.convs.0.norm.bias",
        "decoder.encoder.stages.2.0.convs.0.all_modules.0.weight",
    ],
)
def test_copies_that_differ_are_refused(tmp_path, key):
    content = checkpoint(peer("PlainConvUNet"), plans())
    weights = content["network_weights"]
    assert key in weights
    weights[key] = weights[key] + 1e-6
    torch.save(content, tmp_path / "c.pth")
    with pytest.raises(ReadError, match="are one layer and differ"):
        load_checkpoint(tmp_path / "c.pth")


def test_a_copy_without_its_original_is_refused(tmp_path):
    content = checkpoint(peer("PlainConvUNet"), plans())
    del content["network_weights"]["encoder.stages.0.0.convs.0.conv.weight"]
    torch.save(content, tmp_path / "c.pth")
    with pytest.raises(ReadError, match=r"conv\.weight, which is not there"):
        load_checkpoint(tmp_path / "c.pth")


class Command:
    """What an attacker stores."""

    def __reduce__(self):
        return os.system, ("touch pwned",)


@pytest.mark.parametrize("place", ["logging", "init_args", "_best_ema"])
def test_a_pickled_function_is_refused_and_named(tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    network = torch.nn.Linear(2, 2)
    content = checkpoint(network, plans()) | {place: {"x": Command()}}
    torch.save(content, tmp_path / "c.pth")
    with pytest.raises(ReadError, match=r"c\.pth: asks for (posix|nt)\.system to be run"):
        load_checkpoint(tmp_path / "c.pth")
    assert not (tmp_path / "pwned").exists()


def test_numpy_1_called_its_scalars_otherwise(tmp_path):
    torch.save(checkpoint(torch.nn.Linear(2, 2), plans()), tmp_path / "new.pth")
    with (
        zipfile.ZipFile(tmp_path / "new.pth") as new,
        zipfile.ZipFile(tmp_path / "old.pth", "w") as old,
    ):
        for entry in new.infolist():
            content = new.read(entry)
            if entry.filename.endswith("data.pkl"):
                assert b"numpy._core.multiarray" in content
                content = content.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
            old.writestr(entry.filename, content)
    assert load_checkpoint(tmp_path / "old.pth").epoch == 1000


def test_what_is_no_checkpoint_is_refused(tmp_path):
    torch.save({"state_dict": {"a": torch.zeros(1)}}, tmp_path / "c.pth")
    with pytest.raises(ReadError, match="has no 'network_weights'"):
        load_checkpoint(tmp_path / "c.pth")
    (tmp_path / "d.pth").write_bytes(b"PK\x03\x04 cut short")
    with pytest.raises(ReadError, match="damaged"):
        load_checkpoint(tmp_path / "d.pth")
    with pytest.raises(ReadError, match=r"e\.pth"):
        load_checkpoint(tmp_path / "e.pth")


def test_a_checkpoint_may_be_silent(tmp_path):
    torch.save({"network_weights": {"a.weight": torch.zeros(1)}}, tmp_path / "c.pth")
    found = load_checkpoint(tmp_path / "c.pth")
    assert (found.mirror_axes, found.configuration, found.plans) == ((), "", None)
