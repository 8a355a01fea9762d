"""Finished rows: the same bits as the whole volume, memory that is bounded and stated."""

import tracemalloc

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402, N812

from edgewise.errors import ConfigError, InputError  # noqa: E402
from edgewise.models.inference import (  # noqa: E402
    Labels,
    Logits,
    LogitsFile,
    Probabilities,
    SumsOnCpuWarning,
    Tiling,
    memory_needed,
    segment,
    sliding_window,
    stream,
)
from edgewise.models.inference import memory as memory_module  # noqa: E402
from edgewise.models.inference.options import Execution  # noqa: E402
from edgewise.models.inference.sums import SlabSums  # noqa: E402


def convolution(channels, classes, axes, seed=0, padding=1):
    draw = np.random.default_rng(seed)
    weights = torch.from_numpy(draw.normal(size=(classes, channels, *[3] * axes)).astype("f4"))
    convolve = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}[axes]
    return lambda batch: convolve(batch, weights, padding=padding)


@pytest.mark.parametrize("seed", range(20))
def test_slabs_are_the_whole_bit_by_bit(seed):
    draw = np.random.default_rng(seed)
    axes = int(draw.integers(1, 4))
    tile = tuple(int(n) for n in draw.integers(4, 12, axes))
    image = draw.normal(size=(2, *draw.integers(3, 33, axes))).astype(np.float32)
    network = convolution(2, 4, axes, seed, padding=int(draw.integers(0, 2)))
    tiling = Tiling(
        tile=tile,
        step=float(draw.choice([0.3, 0.5, 0.7, 1.0])),
        preset=str(draw.choice(["edgewise", "nnunet", "nnunet_half", "monai"])),
        blend=str(draw.choice(["gaussian", "constant"])),
    )
    execution = Execution(batch_size=int(draw.integers(1, 5)), mirror_axes=(0,) * (seed % 2))
    options = {"tiling": tiling, "execution": execution}
    whole = stream(image, network, Logits(), slabs=False, **options)
    slabs = stream(image, network, Logits(), slabs=True, **options)
    assert whole.tobytes() == slabs.tobytes()


class Witness(Logits):
    """Notes which rows came when."""

    def __init__(self):
        super().__init__()
        self.rows = []

    def take(self, logits, first):
        self.rows.append((first, first + logits.shape[1]))
        super().take(logits, first)


def test_rows_come_once_in_order_as_soon_as_they_are_done():
    image = np.random.default_rng(0).normal(size=(1, 40, 9)).astype(np.float32)
    witness = Witness()
    events = []
    stream(image, convolution(1, 2, 2), witness, tiling=Tiling(tile=(8, 8)), progress=events.append)
    assert witness.rows[0][0] == 0
    assert witness.rows[-1][1] == 40
    assert all(a[1] == b[0] for a, b in zip(witness.rows, witness.rows[1:], strict=False))
    assert max(b - a for a, b in witness.rows) <= 8
    assert [e.done for e in events] == list(range(events[0].total + 1))
    assert np.isnan(events[0].eta)
    assert events[-1].eta == 0
    assert events[0].memory.rows == 8


@pytest.mark.parametrize("classes", [2, 64])
def test_the_peak_is_what_was_stated(classes):
    shape, tile = (96, 48, 40), (16, 24, 24)
    image = np.random.default_rng(0).normal(size=(1, *shape)).astype(np.float32)
    weights = torch.randn(classes, 1, 1, 1, 1)

    def network(batch):  # in NumPy's memory, which tracemalloc sees
        return torch.from_numpy(np.einsum("nczyx,oc->nozyx", batch.numpy(), weights[..., 0, 0, 0]))

    segment(image[:, :4], network, tile=tile)
    stated = []
    tracemalloc.start()
    try:
        labels = segment(image, network, tile=tile, progress=lambda e: stated.append(e.memory))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    needed = stated[0]
    assert labels.shape == shape
    assert needed.rows == 16
    assert needed.sums == (classes + 1) * 16 * 48 * 40 * 4
    assert needed.result == 96 * 48 * 40
    assert needed.sums < peak <= needed.total + 2**20
    everything = classes * 96 * 48 * 40 * 4
    assert classes == 2 or peak < everything / 3


@pytest.mark.slow
def test_the_peak_of_a_large_volume_with_64_classes():
    """A volume whose logits take 4 GiB, with memory for a sixteenth of them."""
    shape, tile = (256, 256, 256), (16, 128, 128)
    image = np.zeros((1, *shape), dtype=np.uint8)
    ramp = torch.arange(64.0)[None, :, None, None, None]
    tracemalloc.start()
    try:
        labels = segment(image, lambda batch: batch + ramp, tile=tile, step=1.0)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (labels == 63).all()
    assert peak < 64 * 256**3 * 4 / 12


def test_the_result_of_the_whole_is_the_sums_and_not_a_copy():
    image = np.zeros((1, 64, 64, 32), dtype=np.float32)
    ones = torch.ones(1, 16, 1, 1, 1)
    tracemalloc.start()
    try:
        logits = sliding_window(image, lambda b: b + ones, tile=(16, 16, 32), step=1.0)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert logits.nbytes < peak < 1.3 * logits.nbytes


def test_memory_is_stated_in_bytes_that_can_be_checked_by_hand():
    needed = memory_needed((600, 512, 512), tile=(128, 128, 128), classes=105, result_bytes=1)
    assert needed.sums == 106 * 128 * 512 * 512 * 4
    assert needed.tiles == (1 + 2 * 105) * 128**3 * 4
    assert needed.result == 600 * 512 * 512
    assert needed.total == needed.sums + needed.tiles + needed.result
    assert "13.2 GiB (105 classes, 128 of 600 rows)" in str(needed)
    whole = memory_needed((600, 512, 512), tile=(128, 128, 128), classes=105, slabs=False)
    assert whole.sums == 106 * 600 * 512 * 512 * 4
    assert whole.result == 0
    assert "all rows" in str(whole)


def test_too_much_memory_is_refused_before_it_is_claimed():
    image = np.zeros((1, 30, 30), dtype=np.float32)
    network = convolution(1, 50, 2)
    seen = []
    with pytest.raises(InputError) as raised:
        sliding_window(image, network, tile=(8, 8), memory_limit=100_000, progress=seen.append)
    assert raised.value.code == "out_of_memory"
    text = str(raised.value)
    assert "30 x 30 voxels need memory" in text
    assert "are allowed (memory_limit); use segment()" in text
    assert "\n" not in text
    assert not seen
    with pytest.raises(InputError, match="a smaller tile along axis 0"):
        segment(image, network, tile=(8, 8), memory_limit=50_000)
    segment(image, network, tile=(4, 8), memory_limit=60_000)


def test_the_machines_memory_is_the_limit_unless_told(monkeypatch):
    image = np.zeros((1, 30, 30), dtype=np.float32)
    monkeypatch.setattr(memory_module, "available_memory", lambda: 1000)
    with pytest.raises(InputError, match="are available"):
        segment(image, convolution(1, 2, 2), tile=(8, 8))


def test_available_memory_is_some_and_not_all(monkeypatch, tmp_path):
    assert 2**20 < memory_module.available_memory() <= memory_module.default_max_bytes()
    monkeypatch.setattr(memory_module, "_MEMINFO", tmp_path / "none")
    assert memory_module.available_memory() == memory_module.default_max_bytes()


@pytest.mark.parametrize(("dtype", "bound"), [("float32", 0.0), ("float16", 2e-3)])
def test_logits_in_a_file(tmp_path, dtype, bound):
    image = np.random.default_rng(0).normal(size=(1, 20, 9)).astype(np.float32)
    network = convolution(1, 3, 2)
    expected = sliding_window(image, network, tile=(8, 8))
    file = LogitsFile(tmp_path / "logits.npy", dtype=dtype)
    stored = stream(image, network, file, tiling=Tiling(tile=(8, 8)))
    assert stored.dtype == dtype
    assert file.rows_done == 20
    relative = np.abs(stored - expected) / np.maximum(np.abs(expected), 1)
    assert relative.max() <= bound
    assert np.array_equal(np.load(tmp_path / "logits.npy"), stored)
    with pytest.raises(ConfigError, match="float16, float32"):
        LogitsFile(tmp_path / "x.npy", dtype="int8")


def test_an_interruption_leaves_the_rows_that_are_finished(tmp_path):
    image = np.random.default_rng(0).normal(size=(1, 40, 9)).astype(np.float32)
    network = torch.nn.Conv2d(1, 3, 3, padding=1)
    expected = sliding_window(image, network, tile=(8, 9))
    file = LogitsFile(tmp_path / "logits.npy", dtype="float32")

    def interrupt(event):
        if event.done == 5:
            raise KeyboardInterrupt

    network.train()
    with pytest.raises(KeyboardInterrupt):
        stream(image, network, file, tiling=Tiling(tile=(8, 9)), progress=interrupt)
    assert network.training
    assert 8 <= file.rows_done < 40
    stored = np.load(tmp_path / "logits.npy")
    assert np.array_equal(stored[:, : file.rows_done], expected[:, : file.rows_done])
    assert not stored[:, file.rows_done :].any()


def test_probabilities_of_chosen_classes():
    image = np.random.default_rng(0).normal(size=(1, 20, 9)).astype(np.float32)
    network = convolution(1, 4, 2)
    logits = torch.from_numpy(sliding_window(image, network, tile=(8, 8)))
    ours = stream(image, network, Probabilities([3, 1]), tiling=Tiling(tile=(8, 8)))
    np.testing.assert_allclose(ours, logits.softmax(0)[[3, 1]].numpy(), atol=1e-6)
    with pytest.raises(ConfigError, match="0 to 3"):
        stream(image, network, Probabilities([4]), tiling=Tiling(tile=(8, 8)))


def test_ties_go_to_the_lower_class():
    labels = stream(
        np.zeros((1, 4, 4)),
        lambda b: torch.cat([b - 1, b, b], 1),
        Labels(),
        tiling=Tiling(tile=(4, 4)),
    )
    assert (labels == 1).all()


def test_sums_fall_back_to_the_cpu_and_say_so(monkeypatch):
    """No accelerator here: its allocator is played by one that always refuses."""
    plain = torch.zeros

    def refuse(*arguments, device=None, **options):
        if device is not None and torch.device(device).type != "cpu":
            raise torch.OutOfMemoryError("CUDA out of memory")
        return plain(*arguments, **options)

    monkeypatch.setattr(torch, "zeros", refuse)
    with pytest.warns(SumsOnCpuWarning, match="main memory"):
        sums = SlabSums(3, 4, (5, 6), torch.ones(4, 5, 6), torch.device("cuda"))
    assert sums.device.type == "cpu"


def test_a_network_that_runs_out_of_memory_makes_the_sums_move(monkeypatch):
    """The first tile of the second batch fails once; the run ends with the same numbers."""
    image = np.random.default_rng(0).normal(size=(1, 20, 9)).astype(np.float32)
    plain = convolution(1, 3, 2)
    expected = sliding_window(image, plain, tile=(8, 8))
    calls = []

    def network(batch):
        calls.append(len(batch))
        if len(calls) == 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return plain(batch)

    with pytest.raises(InputError, match="smaller tile or batch_size") as raised:
        sliding_window(image, network, tile=(8, 8))
    assert raised.value.code == "out_of_memory"
    calls.clear()
    start = SlabSums.__init__

    def elsewhere(self, *arguments):
        start(self, *arguments)
        self.device = torch.device("meta")  # stands for an accelerator

    def come_back(self):
        self.device = torch.device("cpu")

    monkeypatch.setattr(SlabSums, "__init__", elsewhere)
    monkeypatch.setattr(SlabSums, "to_cpu", come_back)
    monkeypatch.setattr(SlabSums, "add", _add_on_cpu)
    assert np.array_equal(sliding_window(image, network, tile=(8, 8)), expected)


_PLAIN_ADD = SlabSums.add


def _add_on_cpu(self, tile, logits):
    device, self.device = self.device, torch.device("cpu")
    _PLAIN_ADD(self, tile, logits)
    self.device = device
