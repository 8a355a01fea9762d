"""Files of weights: what is read, what is refused, what is said about what does not fit."""

import pickle

import numpy as np
import pytest

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")

from edgewise.errors import ConfigError, EdgewiseError, InputError, ReadError  # noqa: E402
from edgewise.models import create_model, load_weights, save_weights, weights_path  # noqa: E402
from edgewise.models.weights import lookup, read_state  # noqa: E402


class _Sneaky:
    def __reduce__(self):
        return print, ("run while loading",)


def network():
    torch.manual_seed(1)
    return create_model("unet2d", base=2, depth=1)


@pytest.mark.parametrize("suffix", ["safetensors", "npz", "pth"])
def test_each_format_is_read(suffix, tmp_path):
    state = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.zeros(2)}
    path = tmp_path / f"w.{suffix}"
    if suffix == "npz":
        np.savez(path, **{k: v.numpy() for k, v in state.items()})
    elif suffix == "pth":
        torch.save({"epoch": 3, "best": np.float64(0.5), "model": state}, path)
    else:
        safetensors.save_file(state, path)
    back = read_state(path)
    assert back.keys() == state.keys()
    assert all(torch.equal(back[k], state[k]) for k in state)


def test_code_in_a_file_is_refused_by_name(tmp_path, capsys):
    path = tmp_path / "w.pth"
    torch.save({"state_dict": {"a": torch.zeros(1)}, "hook": _Sneaky()}, path)
    with pytest.raises(ReadError, match="print") as caught:
        read_state(path)
    assert caught.value.code == "unsafe_file"
    assert str(path) in str(caught.value)
    assert "run while loading" not in capsys.readouterr().out


def test_objects_in_an_npz_are_refused(tmp_path):
    path = tmp_path / "w.npz"
    np.savez(path, a=np.array([_Sneaky()], dtype=object))
    with pytest.raises(ReadError, match="more than numbers"):
        read_state(path)


@pytest.mark.parametrize("name", ["w.pth", "w.safetensors", "w.npz"])
def test_a_damaged_file_is_named(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(b"\x01\x02 not weights")
    with pytest.raises(ReadError, match=name):
        read_state(path)
    with pytest.raises(ReadError, match="no such file"):
        read_state(tmp_path / ("gone_" + name))


def test_other_files_are_not_weights(tmp_path):
    path = tmp_path / "w.pkl"
    path.write_bytes(pickle.dumps({}))
    with pytest.raises(ReadError, match="safetensors"):
        read_state(path)
    torch.save([1, 2], tmp_path / "w.pt")
    with pytest.raises(ReadError, match="no dictionary of tensors"):
        read_state(tmp_path / "w.pt")


def test_what_does_not_fit_is_reported_and_nothing_is_loaded(tmp_path):
    source = create_model("unet2d", base=4, depth=1)
    save_weights(source, tmp_path / "w.safetensors")
    target = network()
    before = {k: v.clone() for k, v in target.state_dict().items()}
    with pytest.raises(ReadError, match=r"does not fit UNet2d.*other shapes") as caught:
        load_weights(target, tmp_path / "w.safetensors")
    assert caught.value.code == "weights_do_not_fit"
    assert all(torch.equal(before[k], v) for k, v in target.state_dict().items())
    report = load_weights(target, tmp_path / "w.safetensors", strict=False)
    assert "head.bias" in report.loaded
    assert torch.equal(target.head.bias, source.head.bias)
    assert ("head.weight", (2, 4, 1, 1), (2, 2, 1, 1)) in report.shape_mismatch


def test_keys_without_a_place_are_an_error_unless_droppable(tmp_path):
    target = network()
    state = target.state_dict() | {"aux.weight": torch.zeros(3)}
    safetensors.save_file(state, tmp_path / "w.safetensors")
    with pytest.raises(ReadError, match=r"dropped: aux\.weight"):
        load_weights(target, tmp_path / "w.safetensors")
    target.droppable_keys = ("aux.",)
    assert load_weights(target, tmp_path / "w.safetensors").dropped == ("aux.weight",)


def test_the_other_order_of_concatenation_loads(tmp_path):
    """A network that puts the up-sampled map first, and its weights in ours."""
    ours = network().eval()
    theirs = network().eval()
    with torch.no_grad():
        for stage in theirs.expanding:
            skip, up = stage[0].weight.chunk(2, dim=1)
            stage[0].weight.copy_(torch.cat([up, skip], dim=1))
    save_weights(theirs, tmp_path / "w.safetensors")
    image = torch.randn(1, 1, 16, 16)
    other = create_model("unet2d", base=2, depth=1).eval()
    load_weights(other, tmp_path / "w.safetensors", layout="up_first")
    with torch.inference_mode():
        assert torch.equal(other(image), ours(image))
        load_weights(other, tmp_path / "w.safetensors")
        assert not torch.allclose(other(image), ours(image))
    with pytest.raises(ConfigError, match="up_first"):
        load_weights(other, tmp_path / "w.safetensors", layout="first_up")


def test_a_network_without_memory_gets_its_values(tmp_path):
    source = network()
    save_weights(source, tmp_path / "w.safetensors")
    with torch.device("meta"):
        target = create_model("unet2d", base=2, depth=1)
    load_weights(target, tmp_path / "w.safetensors")
    assert all(
        torch.equal(a, b) for a, b in zip(source.parameters(), target.parameters(), strict=True)
    )


def test_published_weights_are_looked_for_and_never_fetched(tmp_path, monkeypatch):
    from edgewise.models.card import KnownWeights

    known = KnownWeights(
        file="net.pth", trained_on="digits", licence="MIT", published="its authors", sha256="00ff"
    )
    monkeypatch.setattr(lookup, "_known", lambda name, file: known)
    monkeypatch.setenv("EDGEWISE_WEIGHTS", str(tmp_path))
    with pytest.raises(InputError, match=r"published by its authors.*00ff"):
        weights_path("lenet")
    (tmp_path / "net.pth").write_bytes(b"something else")
    with pytest.raises(ReadError, match="SHA-256"):
        weights_path("lenet")


def test_a_network_without_published_weights_says_so():
    with pytest.raises(ConfigError, match="no published weights"):
        weights_path("lenet")


def test_a_layout_is_recognised_by_its_keys(tmp_path):
    """The authors' names of a small DeepMedic load without being told whose they are."""
    sizes = {"features": (2, 2), "fused": (4,), "dropout": (0.0, 0.5), "residuals": (),
             "fused_residuals": (), "in_channels": 1, "classes": 2}  # fmt: skip
    target = create_model("deepmedic", **sizes)
    names = {"bias.b": "BiasLayer_b", "conv.weight": "ConvolutionalLayer_w",
             "act.weight": "PreluLayer_a", "norm.weight": "BatchNormLayer_g",
             "norm.bias": "BatchNormLayer_b",
             "norm.running_mean": "BatchNormLayer_array_mus_for_moving_avg",
             "norm.running_var": "BatchNormLayer_array_vars_for_moving_avg"}  # fmt: skip
    theirs = {"classifier/BiasLayer_b": np.array([1.0, 2.0], np.float32)}
    for key, value in target.state_dict().items():
        if key.startswith("classifier") or key.endswith("num_batches_tracked"):
            continue
        *path, block, kind, what = key.replace("blocks.", "").split(".")
        place = "fc" if path == ["fc"] else ["normal", "sub0", "sub1"][int(path[1])]
        array = value.numpy()[None] if "running" in what else value.numpy()
        theirs[f"{place}/{block}/{names[f'{kind}.{what}']}"] = np.asarray(array)
    np.savez(tmp_path / "w.npz", **theirs)
    report = load_weights(target, tmp_path / "w.npz")
    assert not report.missing
    assert target.classifier["bias"].tolist() == [1.0, 2.0]
    del theirs["classifier/BiasLayer_b"]
    np.savez(tmp_path / "w.npz", **theirs)
    with pytest.raises(ReadError, match="does not fit DeepMedic"):
        load_weights(target, tmp_path / "w.npz")


def test_single_numbers_in_an_npz_keep_their_shape(tmp_path):
    """Batch normalisation counts its batches in a number without axes."""
    source = create_model("unet3d", base=2, depth=1)
    arrays = {k: v.numpy() for k, v in source.state_dict().items()}
    swapped = {k: v.astype(v.dtype.newbyteorder()) for k, v in arrays.items()}
    for content in (arrays, swapped):
        np.savez(tmp_path / "w.npz", **content)
        target = create_model("unet3d", base=2, depth=1)
        assert not load_weights(target, tmp_path / "w.npz").shape_mismatch
        assert torch.equal(target.head.weight, source.head.weight)


@pytest.mark.parametrize("kind", ["safetensors", "zip.pth", "old.pth", "npz", "packed.npz"])
@pytest.mark.filterwarnings("ignore::UserWarning")  # torch's, about odd bytes
def test_changed_and_cut_files_are_one_sentence(kind, tmp_path):
    state = {k: v.clone() for k, v in create_model("unet3d", base=2, depth=1).state_dict().items()}
    path = tmp_path / f"w.{kind}"
    arrays = {k: v.numpy() for k, v in state.items()}
    {
        "safetensors": lambda: safetensors.save_file(state, path),
        "zip.pth": lambda: torch.save(state, path),
        "old.pth": lambda: torch.save(state, path, _use_new_zipfile_serialization=False),
        "npz": lambda: np.savez(path, **arrays),
        "packed.npz": lambda: np.savez_compressed(path, **arrays),
    }[kind]()
    whole, draw = path.read_bytes(), np.random.default_rng(0)
    refused = []
    for trial in range(150):
        content = bytearray(whole)
        if trial % 2:
            content = content[: draw.integers(len(content))]
        else:
            for place in draw.integers(min(len(content), 3000), size=3):
                content[place] = draw.integers(256)
        path.write_bytes(content)
        try:
            read_state(path)
        except ReadError as error:
            refused.append(str(error))
    assert len(refused) >= 75
    assert all(path.name in said and "\n" not in said for said in refused)


def test_a_file_without_sense_is_not_said_to_run_something(tmp_path):
    path = tmp_path / "w.pth"
    path.write_bytes(b"\x01\x02 not weights")
    with pytest.raises(
        ReadError, match="damaged, or holds more than tensors and numbers"
    ) as caught:
        read_state(path)
    assert "to be run" not in str(caught.value)


def test_a_file_of_which_nothing_fits_is_refused_even_if_not_strict(tmp_path):
    safetensors.save_file({"other": torch.zeros(2)}, tmp_path / "w.safetensors")
    with pytest.raises(ReadError, match="nothing in it fits UNet2d"):
        load_weights(network(), tmp_path / "w.safetensors", strict=False)


def test_the_layout_that_fits_best_is_found_where_none_fits_wholly(tmp_path):
    """ImageNet's file has no scores: fc6 and fc7 are made of its linear layers all the same."""
    sizes = {"widths": (2, 2, 2, 2, 2), "fc_channels": 3, "classes": 2}
    target = create_model("fcn32s", **sizes)
    state = {k.removeprefix("backbone."): v for k, v in target.state_dict().items()
             if k.startswith("backbone.")}  # fmt: skip
    state |= {"classifier.0.weight": torch.rand(3, 2 * 49), "classifier.0.bias": torch.rand(3)}
    state |= {"classifier.3.weight": torch.rand(3, 3), "classifier.3.bias": torch.rand(3)}
    safetensors.save_file(state, tmp_path / "w.safetensors")
    report = load_weights(target, tmp_path / "w.safetensors", strict=False)
    assert set(report.missing) == {"score_fr.weight", "score_fr.bias"}
    assert torch.equal(target.fc7.weight.flatten(), state["classifier.3.weight"].flatten())


def test_a_network_without_memory_gets_all_its_values_or_none(tmp_path):
    source = create_model("unet3d", base=2, depth=1)
    state = {k: v.half() if v.is_floating_point() else v for k, v in source.state_dict().items()}
    old = {k: v for k, v in state.items() if not k.endswith("num_batches_tracked")}
    safetensors.save_file(old, tmp_path / "w.safetensors")
    with torch.device("meta"):
        target, other = (create_model("unet3d", base=2, depth=1) for _ in range(2))
    load_weights(target, tmp_path / "w.safetensors")
    assert {v.dtype for v in target.parameters()} == {torch.float32}
    assert torch.isfinite(target(torch.rand(2, 3, 8, 8, 8))).all()
    del old["head.bias"]
    safetensors.save_file(old, tmp_path / "w.safetensors")
    with pytest.raises(ReadError, match=r"no values for head\.bias"):
        load_weights(other, tmp_path / "w.safetensors", strict=False)


def test_what_cannot_be_saved_is_said_and_leaves_no_trace(tmp_path):
    with pytest.raises(EdgewiseError, match=r"gone.w\.safetensors: cannot be written"):
        save_weights(network(), tmp_path / "gone" / "w.safetensors")
    (tmp_path / "folder.safetensors").mkdir()
    with pytest.raises(EdgewiseError, match="cannot be written"):
        save_weights(network(), tmp_path / "folder.safetensors")
    with torch.device("meta"):
        nothing = create_model("unet2d", base=2, depth=1)
    with pytest.raises(ConfigError, match="meta device and holds no values"):
        save_weights(nothing, tmp_path / "w.safetensors")
    with pytest.raises(ConfigError, match="saved as"):
        save_weights(network(), tmp_path / "w.pth")
    assert [p.name for p in tmp_path.iterdir()] == ["folder.safetensors"]
