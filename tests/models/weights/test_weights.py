"""Files of weights: what is read, what is refused, what is said about what does not fit."""

import pickle

import numpy as np
import pytest

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")

from edgewise.errors import ConfigError, InputError, ReadError  # noqa: E402
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
