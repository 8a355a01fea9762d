"""What a run says it will take, and what it takes."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgewise.errors import ConfigError, InputError, ShapeError  # noqa: E402
from edgewise.models.inference import (  # noqa: E402
    Execution,
    Labels,
    Logits,
    Probabilities,
    Tiling,
    stream,
)
from edgewise.models.inference import memory as memory_module  # noqa: E402
from edgewise.models.inference.forward import as_device  # noqa: E402
from edgewise.models.inference.stream import _Run  # noqa: E402

VOXELS, TILE = 24**3, 8**3
RAMP = torch.arange(3.0)[None, :, None, None, None]


def said(consumer, *, slabs=True, preset="edgewise", **execution):
    stated = []
    stream(
        np.zeros((1, 24, 24, 24), np.float32),
        lambda batch: batch + RAMP,
        consumer,
        tiling=Tiling(tile=(8, 8, 8), preset=preset),
        execution=Execution(**execution),
        slabs=slabs,
        progress=lambda event: stated.append(event.memory),
    )
    return stated[0]


def test_tiles_are_a_batch_its_logits_and_those_of_one_tile_weighted():
    assert said(Labels()).tiles == TILE * 4 * (1 + 3 + 3)
    assert said(Labels(), batch_size=4).tiles == TILE * 4 * (4 * (1 + 3) + 3)
    assert said(Labels(), batch_size=4, mirror_axes=(0, 1)).tiles == TILE * 4 * (4 * (1 + 9) + 3)


def test_half_sums_are_handed_on_in_single_precision():
    plain, half = said(Logits(), slabs=False), said(Logits(), slabs=False, preset="nnunet_half")
    assert plain.sums == VOXELS * 4 * 4
    assert half.sums == VOXELS * (4 * 2 + 3 * 4)


def test_what_is_handed_back_counts_unless_it_is_the_sums():
    assert said(Logits(), slabs=False).result == 0
    assert said(Labels(), slabs=False).result == VOXELS
    assert said(Probabilities([0, 2]), slabs=False).result == VOXELS * 8


def test_sums_on_an_accelerator_do_not_take_main_memory(monkeypatch):
    needed = said(Labels())
    monkeypatch.setattr(memory_module, "available_memory", lambda: needed.total - 1)
    with pytest.raises(InputError, match="are available"):
        needed.check()
    needed.check(elsewhere=needed.sums)
    with pytest.raises(InputError, match="are allowed"):
        needed.check(needed.total - 1, elsewhere=needed.sums)


@pytest.mark.parametrize(("free", "kind"), [(2.1, "cuda"), (1.9, "cpu")])
def test_sums_lie_beside_the_network_if_that_leaves_it_half(monkeypatch, free, kind):
    """No accelerator is needed to see where they would go."""
    needed = said(Labels())
    monkeypatch.setattr(
        torch.cuda, "mem_get_info", lambda index: (int(needed.sums * free), index * 0)
    )
    run = _Run.__new__(_Run)
    run._forward = type("On", (), {"device": torch.device("cuda:1")})
    assert run._sums_device(needed).type == kind


def test_short_main_memory_is_one_sentence():
    """Torch has no type of its own for it there."""
    with pytest.raises(InputError, match="smaller tile or batch_size") as raised:
        stream(
            np.zeros((1, 8, 8)),
            lambda _: torch.empty(10**14),
            Labels(),
            tiling=Tiling(tile=(8, 8)),
        )
    assert raised.value.code == "out_of_memory"


def test_devices_that_hold_no_numbers_are_refused_and_the_network_survives():
    network = torch.nn.Conv2d(1, 2, 3, padding=1)
    image, tiling = np.zeros((1, 8, 8)), Tiling(tile=(8, 8))
    with pytest.raises(ConfigError, match="meta"):
        stream(image, network, Labels(), tiling=tiling, execution=Execution(device="meta"))
    assert network.weight.device.type == "cpu"
    with pytest.raises(ConfigError, match="has no weights"):
        stream(image, torch.nn.Conv2d(1, 2, 3, device="meta"), Labels(), tiling=tiling)
    if not torch.backends.mps.is_available():
        with pytest.raises(ConfigError, match="device 'mps' cannot be used here"):
            as_device("mps")


@pytest.mark.parametrize(
    ("network", "error", "text"),
    [
        (3, ConfigError, "network must be a module"),
        (lambda _: None, ConfigError, "with a tensor, got NoneType"),
        (lambda batch: batch[:, :0], ShapeError, "which is not"),
        (lambda batch: torch.cat([batch, batch]), ShapeError, "which is not"),
    ],
)
def test_an_answer_that_is_none_is_one_sentence(network, error, text):
    with pytest.raises(error, match=text):
        stream(np.zeros((1, 8, 8)), network, Labels(), tiling=Tiling(tile=(8, 8)))


@pytest.mark.parametrize("consumer", [Labels(regions=[1, 2, 3]), Probabilities([0])])
def test_probabilities_are_not_taken_for_logits(consumer):
    """Every probability is above 0: each region would be everywhere."""
    with pytest.raises(ConfigError, match="makes probabilities"):
        said(consumer, mirror_average="softmax")


_PEAK = """
import sys, threading, time
import numpy as np, torch
from edgewise.models.inference import Execution, Labels, Logits, Tiling, stream
torch.set_num_threads(1)
how = eval(sys.argv[1])
spread = torch.zeros(1, 24, 1, 1, 1)
image = np.zeros((1, 96, 96, 96), np.float32)
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096
def run(image, told=None):
    return stream(image, lambda b: b + spread, Labels() if how["slabs"] else Logits(),
        tiling=Tiling(tile=(48, 48, 48), preset=how["preset"]), slabs=how["slabs"],
        execution=Execution(mirror_axes=how["mirror"], batch_size=how["batch"]), progress=told)
run(image[:, :2, :2, :2])
before, most, over, stated = resident(), [0], [], []
def watch():
    while not over:
        most.append(max(most.pop(), resident()))
        time.sleep(0.0005)
thread = threading.Thread(target=watch)
thread.start()
kept = run(image, lambda event: stated.append(event.memory.total))
over.append(1)
thread.join()
print((most[0] - before) / stated[0])
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads Linux's /proc")
@pytest.mark.parametrize("slabs", [True, False])
@pytest.mark.parametrize(
    ("preset", "mirror", "batch"),
    [("edgewise", (), 1), ("edgewise", (), 4), ("edgewise", (0, 1), 2), ("nnunet_half", (), 1)],
)
def test_the_process_takes_what_was_said(slabs, preset, mirror, batch):
    """With an allocator that gives memory back at once."""
    how = {"slabs": slabs, "preset": preset, "mirror": mirror, "batch": batch}
    environment = os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536"}
    done = subprocess.run(
        [sys.executable, "-c", _PEAK, repr(how)],
        capture_output=True, text=True, check=True, env=environment,
    )  # fmt: skip
    assert 0.8 < float(done.stdout) < 1.1
