"""edgewise predict, as a user types it."""

import csv
import json
import os
import signal
import time

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from edgewise import io  # noqa: E402
from edgewise.image import Image  # noqa: E402
from edgewise.models import create_model, save_weights  # noqa: E402

SIZES = {"in_channels": 1, "classes": 3, "base": 2, "depth": 1}


@pytest.fixture
def run(tmp_path):
    """The folder of a training."""
    folder = tmp_path / "run"
    folder.mkdir()
    torch.manual_seed(0)
    network = create_model("unet3d", **SIZES)
    for value in network.parameters():
        if value.ndim > 1:
            torch.nn.init.kaiming_normal_(value)
    save_weights(network, folder / "weights.safetensors")
    content = {"name": "unet3d", "sizes": SIZES, "patch_size": [8, 8, 8], "mirror_axes": [0, 1, 2]}
    (folder / "model.json").write_text(json.dumps(content))
    return folder


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    draw = np.random.default_rng(0)
    for k in range(3):
        array = draw.normal(size=(14, 12, 10)).astype(np.float32)
        io.write(folder / f"case_{k}.nii.gz", Image(array, affine=np.diag([1, 1, 2.0, 1])))
    return folder


def test_a_folder(command, run, images, tmp_path):
    code, out, err = command("predict", images, "--run", run, "--out", "labels")
    assert (code, out) == (0, "")
    assert "case_0: memory " in err
    assert "written labels/   3 label maps" in err
    labels = io.read(tmp_path / "labels" / "case_1.nii.gz")
    assert labels.shape == (14, 12, 10)
    assert labels.spacing == (1, 1, 2)
    assert len(np.unique(labels.array)) > 1
    code, out, err = command("predict", images, "--run", run, "--out", "labels")
    assert code == 0
    assert "0 label maps, 3 kept from an earlier run" in err
    code, _, err = command("predict", images, "--run", run, "--out", "labels", "--mirror")
    assert code == 2
    assert "other mirror_axes" in err
    code, _, err = command(
        "predict", images, "--run", run, "--out", "labels", "--mirror", "--overwrite", "-q"
    )
    assert (code, err) == (0, "")
    assert not np.array_equal(io.read(tmp_path / "labels" / "case_1.nii.gz").array, labels.array)


def test_a_bad_file_is_one_line_and_exit_code_4(command, run, images, tmp_path):
    (images / "bad.nii.gz").write_bytes(b"")
    code, out, err = command("predict", images, "--run", run, "--out", "labels", "--json")
    assert code == 4
    lines = [line for line in err.splitlines() if line.startswith("failed")]
    assert len(lines) == 1
    assert "bad.nii.gz" in lines[0]
    assert lines[0].endswith("[empty_file]")
    assert "3 label maps, 1 failed (see predictions.csv)" in err
    document = json.loads(out)
    assert document["schema"] == "edgewise.predictions/1"
    assert {c["case"]: c["status"] for c in document["cases"]}["bad"] == "failed"
    with (tmp_path / "labels" / "predictions.csv").open() as file:
        rows = {row["case"]: row for row in csv.DictReader(file)}
    assert rows["bad"]["error_code"] == "empty_file"
    assert rows["case_2"]["output"] == "case_2.nii.gz"


def test_a_network_by_its_name(command, run, images, tmp_path):
    weights = run / "weights.safetensors"
    code, _, err = command(
        "predict", images, "--model", "unet3d", "--weights", weights, "--sizes",
        json.dumps(SIZES), "--tile", "8,8,8", "-o", "named", "--labels", "0,3,5",
    )  # fmt: skip
    assert code == 0, err
    command("predict", images, "--run", run, "--out", "labels")
    first = io.read(tmp_path / "named" / "case_0.nii.gz").array
    second = io.read(tmp_path / "labels" / "case_0.nii.gz").array
    assert np.array_equal(first, np.array([0, 3, 5])[second])
    code, _, err = command(
        "predict", images, "--model", "unet3d", "--weights", weights, "--sizes",
        "in_channels=1,classes=3,base=2,depth=1", "--tile", "8x8x8", "-o", "finer",
        "--spacing", "1,1,1", "--normalization", "zscore",
    )  # fmt: skip
    assert code == 0, err
    assert io.read(tmp_path / "finer" / "case_0.nii.gz").shape == (14, 12, 10)


@pytest.mark.parametrize(
    ("flags", "code", "text"),
    [
        ([], 2, "name the network by one of"),
        (["--run", "none"], 3, "cannot be read"),
        (["--model", "unet3d"], 2, "--model needs --weights FILE and --tile"),
        (["--model", "unet3d", "--run", "run"], 2, "got --run, --model"),
        (["--run", "run", "--step", "0"], 2, "step must lie in"),
        (["--run", "run", "--batch-size", "0"], 2, "batch_size"),
        (["--checkpoint", "none.pth"], 3, "none.pth"),
        (["--run", "run", "--device", "cuda:99"], 2, "not on this machine"),
        (["--run", "run", "--labels", "1,2"], 2, "--labels goes with --model; --run says it"),
        (["--run", "run", "--plans", "plans.json"], 2, "--plans goes with --checkpoint"),
        (["--checkpoint", "c.pth", "--tile", "8,8,8"], 2, "--tile goes with --model"),
        (["--model", "unet3d", "--weights", "w", "--tile", "8,8,8", "--sizes", "3"], 2, "--sizes"),
    ],
)
def test_wrong_flags_are_one_sentence(command, run, images, flags, code, text):
    found, _, err = command("predict", images, "--out", "labels", *flags)
    assert found == code
    assert text in err
    assert len(err.splitlines()) == 1


def test_no_images(command, run, tmp_path):
    (tmp_path / "nothing").mkdir()
    code, _, err = command("predict", "nothing", "--run", run, "--out", "labels")
    assert code == 3
    assert "[no_images]" in err


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_a_killed_run_goes_on_with_the_same_command(
    process, command, run, images, tmp_path, number, code
):
    for k in range(40):
        (images / f"more_{k}.nii.gz").write_bytes((images / "case_0.nii.gz").read_bytes())
    arguments = ("predict", images, "--run", run, "--out", "labels")
    running = process(*arguments, OMP_NUM_THREADS="1")
    out = tmp_path / "labels"
    deadline = time.monotonic() + 50
    while not list(out.glob("*.nii.gz")) and running.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.002)
    running.send_signal(number)
    _, err = running.communicate(timeout=60)
    assert running.returncode == code, err
    assert "Traceback" not in err
    done = {p.name: p.read_bytes() for p in out.glob("[!.]*.nii.gz")}
    assert 1 <= len(done) < 43
    assert all(io.read(out / name).shape == (14, 12, 10) for name in done)
    found, _, err = command(*arguments)
    assert found == 0
    assert f"{43 - len(done)} label maps, {len(done)} kept" in err
    assert all((out / name).read_bytes() == content for name, content in done.items())
    assert len(list(out.glob("[!.]*.nii.gz"))) == 43


@pytest.mark.parametrize("limit", ["nan", "0", "-1", "inf"])
def test_a_memory_limit_that_is_none_is_one_sentence(command, run, images, limit):
    code, _, err = command("predict", images, "--run", run, "--out", "o", f"--memory-limit={limit}")
    assert code == 2
    assert "--memory-limit must be a positive number of GiB" in err


def test_an_empty_name_of_a_folder_is_refused(command, run, images):
    code, _, err = command("predict", images, "--run", run, "--out", "")
    assert (code, "must name a folder" in err) == (2, True)


def test_deterministic_algorithms_are_chosen_before_the_network_moves(
    command, run, images, monkeypatch
):
    """Moving it may start CUDA, which reads cuBLAS's setting then."""
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    seen = []
    plain = torch.nn.Module.to

    def to(self, *arguments, **options):
        seen.append(os.environ.get("CUBLAS_WORKSPACE_CONFIG"))
        return plain(self, *arguments, **options)

    monkeypatch.setattr(torch.nn.Module, "to", to)
    assert command("predict", images, "--run", run, "--out", "o", "--deterministic")[0] == 0
    assert set(seen) == {":4096:8"}
    assert "CUBLAS_WORKSPACE_CONFIG" not in os.environ
