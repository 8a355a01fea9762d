"""edgewise train: the run's folder, going on, refusing, what predict makes of it."""

import csv
import json
import threading

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from edgewise import io  # noqa: E402
from edgewise.image import Image  # noqa: E402
from edgewise.simulate import write_training_set  # noqa: E402

SMALL = ["--model", "unet3d", "--sizes", "base=2,depth=1", "--iterations", "2", "-j", "1"]


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


@pytest.fixture
def data(tmp_path):
    return write_training_set(tmp_path / "data", cases=5, shape=(16, 16, 16), spacing=(1, 1, 2))


def train(command, data, *more):
    return command("train", data.images, data.labels, "-o", "run", *SMALL, *more)


def test_a_run_and_its_folder(command, data, tmp_path):
    code, out, err = train(command, data, "--epochs", "2", "--labels", "1:ball,2:cube")
    assert (code, out) == (0, "")
    assert "cases      4 to train on, 1 held out, 1 channel\n" in err
    assert "labels     1 ball, 2 cube" in err
    assert "epoch 1/2  loss " in err
    assert "next: edgewise predict IMAGES --run run -o LABELS" in err
    run = tmp_path / "run"
    assert {p.name for p in run.iterdir()} == {
        "cases.csv", "checkpoint", "log.csv", "model.json", "options.json", "progress.svg",
        "run.json", "weights.safetensors",
    }  # fmt: skip
    model = json.loads((run / "model.json").read_text())
    assert model["name"] == "unet3d"
    assert model["sizes"] == {"base": 2, "depth": 1, "in_channels": 1, "classes": 3}
    assert model["labels"] == {"background": 0, "ball": 1, "cube": 2}
    assert model["patch_size"] == [16, 16, 16]
    assert model["mirror_axes"] == [0, 1, 2]
    with (run / "log.csv").open() as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2"]


def test_the_same_command_goes_on_to_the_same_weights(command, data, tmp_path):
    train(command, data, "--epochs", "3")
    whole = (tmp_path / "run" / "weights.safetensors").read_bytes()
    log = (tmp_path / "run" / "log.csv").read_text()
    (tmp_path / "run").rename(tmp_path / "whole")
    code, _, err = train(command, data, "--epochs", "3", "--stop-after", "1")
    assert code == 0
    assert "paused after epoch 1; the same command goes on" in err
    code, _, err = train(command, data, "--epochs", "3")
    assert code == 0
    assert "goes on after epoch 1" in err
    assert (tmp_path / "run" / "weights.safetensors").read_bytes() == whole
    seconds = 7

    def rest(text):
        return [
            [cell for k, cell in enumerate(line.split(",")) if k != seconds]
            for line in text.splitlines()
        ]

    assert rest((tmp_path / "run" / "log.csv").read_text()) == rest(log)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--lr", "0.5"], "settings.lr (0.01 there, 0.5 here)"),
        (["--normalization", "minmax"], "normalization (zscore there, minmax here)"),
        (["--sizes", "base=4,depth=1"], "sizes.base (2 there, 4 here)"),
        (["--validation", "0.5"], "validation (0.2 there, 0.5 here)"),
    ],
)
def test_other_options_are_refused_by_name(command, data, more, said):
    train(command, data, "--epochs", "2", "--stop-after", "1")
    code, out, err = train(command, data, "--epochs", "2", *more)
    assert (code, out) == (2, "")
    assert said in err
    assert "give the same options, or another folder" in err


def test_restart_begins_anew(command, data):
    train(command, data, "--epochs", "2")
    code, _, err = train(command, data, "--epochs", "1", "--lr", "0.5", "--restart")
    assert code == 0
    assert "epoch 1/1" in err


def test_bad_cases_are_told_and_survived(command, data, tmp_path):
    path = data.images / "case_2_0000.nii.gz"
    path.write_bytes(path.read_bytes()[:100])
    code, _, err = train(command, data, "--epochs", "1", "--validation", "0")
    assert code == 0
    assert "warning  training case set aside: " in err
    with (tmp_path / "run" / "cases.csv").open() as file:
        rows = {row["case"]: row for row in csv.DictReader(file)}
    assert [name for name, row in rows.items() if row["status"] == "failed"] == ["case_2"]


def test_labels_may_have_gaps_and_come_back(command, data, tmp_path):
    for path in data.labels.iterdir():
        image = io.read(path)
        labels = np.where(image.array == 2, 7, image.array).astype(np.uint8)
        labels[0, 0, 0] = 9
        io.write(path, Image(labels, affine=image.affine))
    code, _, _ = train(
        command, data, "--epochs", "2", "--iterations", "20", "--optimizer", "adamw",
        "--ignore-label", "9",
    )  # fmt: skip
    assert code == 0
    model = json.loads((tmp_path / "run" / "model.json").read_text())
    assert model["labels"] == [0, 1, 7]
    code, _, _ = command("predict", data.images, "--run", "run", "-o", "predicted", "-q")
    assert code == 0
    found = {
        v for p in (tmp_path / "predicted").glob("*.nii.gz") for v in np.unique(io.read(p).array)
    }
    assert found <= {0, 1, 7}
    assert len(found) > 1


def test_held_out_cases_in_a_folder_of_their_own(command, data, tmp_path):
    write_training_set(tmp_path / "other", cases=2, shape=(16, 16, 16), spacing=(1, 1, 2), seed=5)
    code, _, err = train(command, data, "--epochs", "1", "--validation", tmp_path / "other")
    assert code == 0
    assert "5 to train on, 2 held out" in err


def test_prepared_cases_may_lie_on_disk(command, data, tmp_path):
    train(command, data, "--epochs", "1")
    first = (tmp_path / "run" / "weights.safetensors").read_bytes()
    (tmp_path / "run").rename(tmp_path / "in_memory")
    code, _, _ = train(command, data, "--epochs", "1", "--cache", "0.00001")
    assert code == 0
    assert len(list((tmp_path / "run" / "prepared").glob("*.image.npy"))) == 5
    assert (tmp_path / "run" / "weights.safetensors").read_bytes() == first


def test_json_is_one_document(command, data):
    code, out, err = train(command, data, "--epochs", "1", "--json", "-q")
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert document["schema"] == "edgewise.trained/1"
    assert document["best_epoch"] == len(document["history"]) == 1


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (["--model", "unet4d"], 2, "unet"),
        (["--sizes", "basis=3"], 2, "did you mean 'base'"),
        (["--sizes", "3"], 2, "--sizes must be like"),
        (["--patch", "16,16"], 1, "one size per axis"),
        (["--labels", "1"], 3, "no case holds only the labels to learn"),
        (["--labels", "union"], 2, "--labels must name labels"),
        (["--validation", "1.5"], 2, "share in [0, 1)"),
        (["--validation", "nowhere"], 3, "no such folder"),
        (["--loss", "dise"], 2, "dice"),
        (["--metrics", "dize"], 2, "dize"),
        (["--metrics", "volume_ref,dice"], 2, "'volume_ref', of which no value is better"),
        (["--model", "unet2d"], 2, "unet2d takes images of 2 axes, case"),
    ],
)
def test_wrong_usage_is_one_sentence(command, data, more, code, said):
    done = train(command, data, "--epochs", "1", *more)
    assert done[0] == code
    assert said in done[2]
    assert "Traceback" not in done[2]


def test_folders_that_are_none_or_the_same(command, data):
    one = next(data.images.iterdir())
    code, _, err = command("train", one, data.labels, "-o", "run", *SMALL)
    assert (code, err.count("\n")) == (3, 1)
    assert "is a file; give the folder" in err
    code, _, err = command("train", data.labels, data.labels, "-o", "run", *SMALL)
    assert (code, err.count("\n")) == (2, 1)
    assert "the same folder" in err


def test_a_3d_unet_learns_phantoms_and_evaluate_reports_it(command, tmp_path):
    """Noise and bias field, unseen phantoms: train, predict, evaluate, all on folders."""
    data = write_training_set(tmp_path / "data", cases=24)
    unseen = write_training_set(tmp_path / "unseen", cases=6, seed=9)
    code, _, err = command(
        "train", data.images, data.labels, "-o", "run", "--labels", "1:ball,2:cube",
        "--sizes", "base=8,depth=2", "--optimizer", "adamw", "--lr", "0.005", "--epochs", "5",
        "--iterations", "25", "--augmentation", "light", "-j", "1",
    )  # fmt: skip
    assert code == 0, err
    command("predict", unseen.images, "--run", "run", "-o", "predicted", "-q")
    code, out, err = command(
        "evaluate", unseen.labels, "predicted", "--labels", "1:ball,2:cube", "--metrics", "dice",
        "--fail-under", "dice[ball].mean>=0.95", "--fail-under", "dice[cube].mean>=0.95",
        "--fail-under", "failed<=0",
    )  # fmt: skip
    assert code == 0, out + err


def test_two_trainings_in_one_folder_are_refused(command, data, tmp_path):
    from edgewise.models.training import run_lock

    train(command, data, "--epochs", "2", "--stop-after", "1")
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "run").rglob("*") if p.is_file()}
    answers = []
    with run_lock(tmp_path / "run"):
        other = threading.Thread(
            target=lambda: answers.append(train(command, data, "--epochs", "2"))
        )
        other.start()
        other.join()
    code, out, err = answers[0]
    assert (code, out) == (2, "")
    assert "run: a training is at work here (process " in err
    assert len(err.splitlines()) == 1
    assert before == {p: p.stat().st_mtime_ns for p in before}
    assert train(command, data, "--epochs", "2")[0] == 0


def test_deepmedic_brings_its_surroundings_along(command, data, tmp_path):
    """Patches answer their middle, the labels are cropped, and predict runs the same network."""
    small = "features=4x4x6x6,fused=8x8,residuals=[4]"
    code, _, err = command(
        "train", data.images, data.labels, "-o", "run", "--model", "deepmedic", "--sizes", small,
        "--epochs", "1", "--iterations", "2", "-j", "1",
    )  # fmt: skip
    assert code == 0, err
    assert "patch      56 x 56 x 56 voxels" in err
    sizes = json.loads((tmp_path / "run" / "model.json").read_text())["sizes"]
    assert sizes["surroundings"] == "inside"
    code, _, err = command("predict", data.images, "--run", "run", "-o", "predicted", "-q")
    assert code == 0, err
    assert io.read(tmp_path / "predicted" / "case_0.nii.gz").array.shape == (16, 16, 16)
    code, _, err = command(
        "train", data.images, data.labels, "-o", "other", "--model", "deepmedic", "--sizes",
        f"{small},surroundings=image", "--epochs", "1", "--iterations", "1", "-j", "1",
    )  # fmt: skip
    assert code == 0, err
    assert "patch      24 x 24 x 24 voxels" in err


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (["--seed", "-1"], 2, "seed must be a whole number of at least 0"),
        (["--stop-after", "0"], 2, "stop_after must be a whole number of at least 1"),
        (["--device", "gpu"], 2, "not known to torch"),
        (["--lr", "nan"], 2, "lr must be"),
        (["-j", "-1"], 2, "workers must be"),
        (["--cache", "nan"], 2, "--cache"),
        (["--patch", "17,16,16"], 1, "patch_size (17, 16, 16): UNet3d takes axes of"),
        (["-o", "taken"], 1, "taken"),
    ],
)
def test_impossible_options_are_one_sentence(command, data, tmp_path, more, code, said):
    (tmp_path / "taken").touch()
    done = train(command, data, "--epochs", "1", *more)
    assert done[0] == code, done
    assert said in done[2].splitlines()[-1]
    assert "Traceback" not in done[2]
