"""Folders of images to folders of label maps: geometry, faults, interruptions, spacing."""

import csv
import json

import numpy as np
import pytest

import nnunet_documents

torch = pytest.importorskip("torch")

from edgewise import io  # noqa: E402
from edgewise.errors import ConfigError  # noqa: E402
from edgewise.image import Image  # noqa: E402
from edgewise.models import create_model, save_weights  # noqa: E402
from edgewise.models.inference import (  # noqa: E402
    Ensemble,
    Execution,
    Predictor,
    Tiling,
    predict_folder,
    read_description,
)
from edgewise.models.preprocessing import (  # noqa: E402
    IntensityStatistics,
    Normalization,
    Preprocessing,
)

AFFINE = np.array([[0, -1.0, 0, 5], [2.0, 0, 0, -3], [0, 0, 3.0, 9], [0, 0, 0, 1]])


class Threshold(torch.nn.Module):
    """Class 1 where the mean of the channels exceeds a half."""

    def __init__(self, channels=1, axes=3):
        super().__init__()
        self.in_channels, self.classes, self.spatial_dims = channels, 2, axes
        self.scale = torch.nn.Parameter(torch.ones(()))
        self.calls = 0
        self.stop_at = None

    def forward(self, batch):
        self.calls += 1
        if self.calls == self.stop_at:
            raise KeyboardInterrupt
        mean = batch.mean(1, keepdim=True) * self.scale
        return torch.cat([torch.full_like(mean, 0.5), mean], 1)


def volume(seed=0, shape=(12, 10, 9)):
    return np.random.default_rng(seed).random(shape).astype(np.float32)


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for k, suffix in enumerate((".nii.gz", ".nrrd", ".mha", ".nii")):
        io.write(folder / f"case_{k}{suffix}", Image(volume(k), affine=AFFINE))
    return folder


def table(out):
    with (out / "predictions.csv").open() as file:
        return {row["case"]: row for row in csv.DictReader(file)}


def test_label_maps_lie_where_their_images_lie(images, tmp_path):
    outcomes = predict_folder(images, tmp_path / "out", network=Threshold(), tile=(6, 6, 6))
    assert [o.status for o in outcomes] == ["ok"] * 4
    for k, outcome in enumerate(outcomes):
        image = io.read(images / outcome.output)
        labels = io.read(tmp_path / "out" / outcome.output)
        assert labels.array.dtype == np.uint8
        assert np.array_equal(labels.array, volume(k) > 0.5)
        np.testing.assert_allclose(labels.affine, image.affine)
        assert labels.spacing == image.spacing
    assert not list((tmp_path / "out").glob(".*"))
    rows = table(tmp_path / "out")
    assert {row["status"] for row in rows.values()} == {"ok"}
    assert all(float(row["seconds"]) > 0 for row in rows.values())


def test_one_bad_file_is_one_row_and_the_others_are_done(images, tmp_path):
    content = (images / "case_0.nii.gz").read_bytes()
    (images / "cut.nii.gz").write_bytes(content[: len(content) // 2])
    (images / "empty.nii.gz").write_bytes(b"")
    io.write(images / "nan.nii", Image(np.full((5, 5, 5), np.nan, np.float32), affine=AFFINE))
    io.write(images / "flat.nii", Image(np.zeros((5, 5), np.float32), affine=AFFINE))
    outcomes = predict_folder(images, tmp_path / "out", network=Threshold(), tile=(6, 6, 6))
    ends = {o.case: (o.status, o.error_code) for o in outcomes}
    assert ends["cut"] == ("failed", "truncated")
    assert ends["empty"] == ("failed", "empty_file")
    assert ends["nan"] == ("failed", "nan_in_image")
    assert ends["flat"] == ("failed", "shape_mismatch")
    assert all(ends[f"case_{k}"] == ("ok", "") for k in range(4))
    rows = table(tmp_path / "out")
    assert rows["cut"]["error_message"]
    assert not rows["cut"]["output"]
    assert not (tmp_path / "out" / "cut.nii.gz").exists()
    # the file is mended: only what failed is done
    (images / "cut.nii.gz").write_bytes(content)
    again = predict_folder(images, tmp_path / "out", network=Threshold(), tile=(6, 6, 6))
    assert {o.case: o.status for o in again}["cut"] == "ok"
    assert sum(o.status == "kept" for o in again) == 4


def test_a_run_that_was_stopped_goes_on(images, tmp_path):
    out = tmp_path / "out"
    network = Threshold()
    predict_folder(images / "case_0.nii.gz", out, network=network, tile=(12, 10, 9))
    tiles = network.calls
    network.stop_at = tiles + 2  # in the third case: the first is kept
    with pytest.raises(KeyboardInterrupt):
        predict_folder(images, out, network=network, tile=(12, 10, 9))
    assert sorted(p.name for p in out.glob("case_*")) == ["case_0.nii.gz", "case_1.nrrd"]
    assert list(table(out)) == ["case_0", "case_1"]
    assert not list(out.glob(".*"))
    before = {p: p.stat().st_mtime_ns for p in out.glob("case_*")}
    seconds = table(out)["case_1"]["seconds"]
    network.stop_at, network.calls = None, 0
    outcomes = predict_folder(images, out, network=network, tile=(12, 10, 9))
    assert [o.status for o in outcomes] == ["kept", "kept", "ok", "ok"]
    assert network.calls == 2
    assert all(p.stat().st_mtime_ns == t for p, t in before.items())
    assert table(out)["case_1"]["seconds"] == seconds
    network.calls = 0
    outcomes = predict_folder(images, out, network=network, tile=(12, 10, 9), overwrite=True)
    assert [o.status for o in outcomes] == ["ok"] * 4


def test_overwriting_leaves_nothing_of_the_earlier_model(images, tmp_path):
    out = tmp_path / "out"
    predict_folder(images, out, network=Threshold(), tile=(12, 10, 9))
    other = Threshold()
    with torch.no_grad():
        other.scale.fill_(0.9)
    other.stop_at = 2
    with pytest.raises(KeyboardInterrupt):
        predict_folder(images, out, network=other, tile=(12, 10, 9), overwrite=True)
    other.stop_at = None
    outcomes = predict_folder(images, out, network=other, tile=(12, 10, 9))
    assert [o.status for o in outcomes] == ["kept", "ok", "ok", "ok"]
    for k, outcome in enumerate(outcomes):
        labels = io.read(out / outcome.output).array
        assert np.array_equal(labels, volume(k) * np.float32(0.9) > 0.5)


def test_images_are_never_overwritten(images):
    before = {p: p.read_bytes() for p in images.iterdir()}
    one = images / "case_0.nii.gz"
    for overwrite in (False, True):
        with pytest.raises(ConfigError, match="is the folder of the images"):
            predict_folder(images, images, network=Threshold(), tile=(6, 6, 6), overwrite=overwrite)
        with pytest.raises(ConfigError, match="is an image"):
            predict_folder(one, images, network=Threshold(), tile=(6, 6, 6), overwrite=overwrite)
    assert {p: p.read_bytes() for p in images.iterdir()} == before


def test_label_maps_of_another_model_are_not_mixed(images, tmp_path):
    out = tmp_path / "out"
    predict_folder(images, out, network=Threshold(), tile=(6, 6, 6))
    other = Threshold()
    with torch.no_grad():
        other.scale.fill_(0.9)
    with pytest.raises(ConfigError, match="other weights_sha256; --overwrite"):
        predict_folder(images, out, network=other, tile=(6, 6, 6))
    with pytest.raises(ConfigError, match="other tiling"):
        predict_folder(images, out, network=Threshold(), tile=(6, 6, 7))
    predict_folder(images, out, network=other, tile=(6, 6, 6), overwrite=True)
    assert {o.status for o in predict_folder(images, out, network=other, tile=(6, 6, 6))} == {
        "kept"
    }
    # batches and devices decide nothing
    quick = Execution(batch_size=4)
    kept = predict_folder(images, out, network=other, tile=(6, 6, 6), execution=quick)
    assert {o.status for o in kept} == {"kept"}
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    io.write(foreign / "case_0.nii.gz", Image(volume(), affine=AFFINE))
    with pytest.raises(ConfigError, match="not made by this command"):
        predict_folder(images, foreign, network=other, tile=(6, 6, 6))


def test_label_maps_of_other_cases_are_not_mixed_either(images, tmp_path):
    """Another model on other images: the next run on the first ones must not keep its maps."""
    out = tmp_path / "out"
    first, second = images / "case_0.nii.gz", images / "case_1.nrrd"
    predict_folder(first, out, network=Threshold(), tile=(6, 6, 6))
    other = Threshold()
    with torch.no_grad():
        other.scale.fill_(0.9)
    for overwrite in (False, True):
        with pytest.raises(ConfigError, match=r"case_0.nii.gz, ...*other weights_sha256; --out"):
            predict_folder(second, out, network=other, tile=(6, 6, 6), overwrite=overwrite)
    predict_folder(second, out, network=Threshold(), tile=(6, 6, 6))
    with (out / "predictions.csv").open(newline="") as file:
        assert [row["case"] for row in csv.DictReader(file)] == ["case_0", "case_1"]


def test_settings_that_hold_nan_are_equal_to_themselves(images, tmp_path):
    """Statistics of a data set whose cases have no foreground, as nnU-Net writes them."""
    nan = float("nan")
    known = IntensityStatistics(
        mean=nan, std=nan, lower=nan, median=nan, upper=nan, minimum=nan, maximum=nan
    )
    preprocessing = Preprocessing(
        normalization=(Normalization(scheme="zscore", statistics=known),), crop_to_nonzero=False
    )
    options = {"network": Threshold(), "preprocessing": preprocessing, "tile": (12, 10, 9)}
    predict_folder(images, tmp_path / "out", **options)
    assert {o.status for o in predict_folder(images, tmp_path / "out", **options)} == {"kept"}


def test_a_file_with_a_series_holds_the_channels(tmp_path):
    """As training takes them: brain tumours come as one file with four volumes."""
    nibabel = pytest.importorskip("nibabel")
    one, two = volume(0), volume(1)
    images = tmp_path / "images"
    images.mkdir()
    nibabel.save(nibabel.Nifti1Image(np.stack([one, two], -1), AFFINE), images / "a.nii.gz")
    io.write(images / "b.nii.gz", Image(one, affine=AFFINE))
    found = predict_folder(images, tmp_path / "out", network=Threshold(2), tile=(12, 10, 9))
    assert [(o.status, o.error_code) for o in found] == [("ok", ""), ("failed", "missing_channel")]
    assert "has 1 channel(s), the network takes 2" in found[1].error_message
    labels = io.read(tmp_path / "out" / "a.nii.gz")
    assert np.array_equal(labels.array, (one + two) / 2 > 0.5)
    assert np.array_equal(labels.affine, AFFINE)


def test_colours_are_channels(tmp_path):
    pillow = pytest.importorskip("PIL.Image")
    colours = np.random.default_rng(0).integers(0, 256, (20, 17, 3), np.uint8)
    images = tmp_path / "images"
    images.mkdir()
    pillow.fromarray(colours).save(images / "a.png")
    by_255 = Preprocessing(normalization=(Normalization(scheme="rgb"),) * 3, crop_to_nonzero=False)
    network = Threshold(3)
    found = predict_folder(
        images, tmp_path / "out", network=network, preprocessing=by_255, tile=(8, 8)
    )
    assert [o.status for o in found] == ["ok"], found
    labels = io.read(tmp_path / "out" / "a.png")
    assert labels.array.dtype == np.uint8
    assert np.array_equal(labels.array, (colours / np.float32(255)).mean(-1) > 0.5)


@pytest.mark.parametrize("suffix", [".nii.gz", ".nii", ".nrrd", ".mha"])
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
def test_oblique_places_are_kept_to_the_bit(tmp_path, suffix, dtype):
    turn = np.array([[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1]]) @ [[1, 0, 0], [0, 0.28, -0.96],
                                                                    [0, 0.96, 0.28]]  # fmt: skip
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = turn * [0.7, 1.1, 2.3], [-12.3, 45.6, 7.89]
    image = tmp_path / f"a{suffix}"
    io.write(image, Image((volume() * 100).astype(dtype), affine=affine))
    predict_folder(image, tmp_path / "out", network=Threshold(), tile=(8, 8, 8))
    given, found = io.read(image), io.read(tmp_path / "out" / f"a{suffix}")
    assert np.array_equal(given.affine, found.affine)
    assert given.spacing == found.spacing


def test_channels_must_show_one_grid(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    moved = AFFINE.copy()
    moved[2, 3] += 20
    turned = AFFINE.copy()
    turned[:3, 0] *= -1
    turned[:3, 3] += AFFINE[:3, 0] * 11
    for case, affine in (("good", AFFINE), ("moved", moved), ("turned", turned)):
        io.write(folder / f"{case}_0000.nii.gz", Image(volume(0), affine=AFFINE))
        array = volume(1)[::-1] if case == "turned" else volume(1)
        io.write(folder / f"{case}_0001.nii.gz", Image(array, affine=affine))
    io.write(folder / "small_0000.nii.gz", Image(volume(0), affine=AFFINE))
    io.write(folder / "small_0001.nii.gz", Image(volume(1)[:5], affine=AFFINE))
    outcomes = predict_folder(folder, tmp_path / "out", network=Threshold(2), tile=(6, 6, 6))
    ends = {o.case: o.error_code for o in outcomes}
    assert ends == {
        "good": "", "moved": "geometry_mismatch", "turned": "", "small": "shape_mismatch"
    }  # fmt: skip
    expected = (volume(0) + volume(1)) / 2 > 0.5
    for case in ("good", "turned"):  # the same voxels, stored the other way round
        labels = io.read(tmp_path / "out" / f"{case}.nii.gz").array
        assert np.array_equal(labels, expected)


def test_images_are_prepared_and_answers_come_back(tmp_path):
    """A ball at 2 mm, a network that works at 1 mm, a label map at 2 mm again."""
    z, y, x = np.ogrid[:20, :18, :16]
    ball = (z - 9) ** 2 + (y - 8) ** 2 + (x - 7) ** 2 < 30
    image = Image(np.where(ball, 300.0, 100.0).astype(np.float32), affine=np.diag([2.0, 2, 2, 1]))
    io.write(tmp_path / "ball.nii.gz", image)
    preprocessing = Preprocessing(
        spacing=(1, 1, 1), normalization=(Normalization(scheme="minmax"),)
    )
    seen = []
    (outcome,) = predict_folder(
        tmp_path / "ball.nii.gz", tmp_path / "out", network=Threshold(), tile=(16, 16, 16),
        preprocessing=preprocessing, labels=(0, 7), progress=seen.append,
    )  # fmt: skip
    assert outcome.status == "ok"
    assert seen[0].tile.memory.shape == (40, 36, 32)
    labels = io.read(tmp_path / "out" / "ball.nii.gz")
    assert labels.shape == (20, 18, 16)
    assert set(np.unique(labels.array)) == {0, 7}
    both = ((labels.array == 7) & ball).sum()
    assert 2 * both / ((labels.array == 7).sum() + ball.sum()) > 0.97


def test_a_crop_and_turned_axes_come_back():
    array = np.zeros((9, 12, 10), np.float32)
    array[2:7, 3:9, 4:8] = volume(3, (5, 6, 4)) + 0.01
    preprocessing = Preprocessing(normalization=(Normalization(scheme="none"),), axes=(2, 0, 1))
    predictor = Predictor(
        network=Threshold(), tiling=Tiling(tile=(4, 4, 4)), preprocessing=preprocessing
    )
    labels = predictor.predict(Image(array, affine=AFFINE))
    assert np.array_equal(labels.array, array > 0.5)


def test_a_2d_network_walks_through_volumes(images, tmp_path):
    outcomes = predict_folder(images, tmp_path / "out", network=Threshold(axes=2), tile=(6, 6))
    assert {o.status for o in outcomes} == {"ok"}
    labels = io.read(tmp_path / "out" / "case_0.nii.gz").array
    assert np.array_equal(labels, volume(0) > 0.5)


def test_too_little_memory_is_a_row_that_says_so(images, tmp_path):
    outcomes = predict_folder(
        images, tmp_path / "out", network=Threshold(), tile=(6, 6, 6),
        execution=Execution(memory_limit=1000),
    )  # fmt: skip
    assert {o.error_code for o in outcomes} == {"out_of_memory"}
    assert "use " in outcomes[0].error_message


def small_run(folder, **more):
    """The folder of a training: a tiny U-Net with lively weights."""
    sizes = {"in_channels": 1, "classes": 3, "base": 2, "depth": 1}
    torch.manual_seed(0)
    network = create_model("unet3d", **sizes)
    for value in network.parameters():
        if value.ndim > 1:
            torch.nn.init.kaiming_normal_(value)
    folder.mkdir(parents=True, exist_ok=True)
    save_weights(network, folder / "weights.safetensors")
    normal = Preprocessing(normalization=(Normalization(scheme="zscore"),), crop_to_nonzero=False)
    content = {
        "name": "unet3d", "sizes": sizes, "labels": {"a": 4, "b": 9}, "patch_size": [8, 8, 8],
        "preprocessing": normal.to_dict(), **more,
    }  # fmt: skip
    (folder / "model.json").write_text(json.dumps(content))
    return network.eval()


def test_the_folder_of_a_training_is_all_that_is_needed(images, tmp_path):
    pytest.importorskip("safetensors")
    network = small_run(tmp_path / "run")
    outcomes = predict_folder(images, tmp_path / "out", run=tmp_path / "run")
    assert {o.status for o in outcomes} == {"ok"}
    array = volume(0)
    padded = np.pad((array - array.mean()) / array.std(), [(0, 0), (0, 0), (0, 1)])
    labels = io.read(tmp_path / "out" / "case_0.nii.gz").array
    assert set(np.unique(labels)) <= {0, 4, 9}
    assert len(np.unique(labels)) > 1
    from edgewise.models.inference import segment

    expected = segment(padded[None, ..., :9], network, tile=(8, 8, 8), labels=[0, 4, 9])
    assert (labels == expected).mean() > 0.999


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("{", "is no JSON"),
        ("{}", "describes no network"),
        ('{"name": "unet3d", "patch_size": "abc"}', "describes no network"),
        ("[]", "describes no network"),
    ],
)
def test_a_damaged_description_is_one_sentence(tmp_path, text, match):
    from edgewise.errors import ReadError

    (tmp_path / "model.json").write_text(text)
    with pytest.raises(ReadError, match=match):
        read_description(tmp_path)
    with pytest.raises(ReadError, match="cannot be read"):
        read_description(tmp_path / "none")


def test_a_description_survives_its_file(tmp_path):
    content = {
        "name": "unet2d", "sizes": {"classes": 2}, "labels": [0, 5], "patch_size": [16, 16],
        "mirror_axes": [0, 1],
    }  # fmt: skip
    (tmp_path / "model.json").write_text(json.dumps(content))
    first = read_description(tmp_path)
    (tmp_path / "model.json").write_text(json.dumps(first.to_dict()))
    assert read_description(tmp_path) == first
    assert first.labels == (0, 5)
    assert first.mirror_axes == (0, 1)


def test_an_ensemble_averages_logits():
    first, second = Threshold(), Threshold()
    with torch.no_grad():
        second.scale.fill_(3.0)
    batch = torch.rand(1, 1, 4, 4, 4)
    both = Ensemble([first, second])
    torch.testing.assert_close(both(batch), (first(batch) + second(batch)) / 2)
    with pytest.raises(ConfigError, match="equal"):
        Ensemble([first, Threshold(2)])
    with pytest.raises(ConfigError, match="equal"):
        Ensemble([])


def test_the_network_must_be_named_once(images, tmp_path):
    with pytest.raises(ConfigError, match="give run="):
        predict_folder(images, tmp_path / "out")
    with pytest.raises(ConfigError, match="give run="):
        predict_folder(images, tmp_path / "out", network=Threshold())


def test_a_real_scan(shared, tmp_path):
    """CT at 3 mm (totalsegmentator, Apache-2.0): bone by a threshold of its units, in tiles."""
    path = shared / "real" / "ct" / "torso_ct.nii.gz"
    if not path.exists():
        pytest.skip("no shared/real beside the project")
    network = Threshold()
    with torch.no_grad():
        network.scale.fill_(0.5 / 200)
    (outcome,) = predict_folder(path, tmp_path / "out", network=network, tile=(48, 48, 48))
    assert outcome.status == "ok", outcome
    image, labels = io.read(path), io.read(tmp_path / "out" / "torso_ct.nii.gz")
    assert np.array_equal(labels.array, image.array.astype(np.float32) * (0.5 / 200) > 0.5)
    np.testing.assert_allclose(labels.affine, image.affine, atol=1e-6)


def nnunet_fold(path, seed, *, plans=True):
    """A checkpoint as nnU-Net writes it, of a tiny network with lively weights."""
    from edgewise.models.plans.document import Document
    from edgewise.models.plans.plans import plans_from

    document = nnunet_documents.plans()
    chosen = document["configurations"]["3d_fullres"]
    chosen["architecture"] = nnunet_documents.architecture("PlainConvUNet")
    described = nnunet_documents.dataset()
    torch.manual_seed(seed)
    network = (
        plans_from(Document(document, ""))
        .configuration("3d_fullres")
        .network(in_channels=2, classes=3)
    )
    for value in network.parameters():
        torch.nn.init.normal_(value, std=0.3)
    given = {"plans": document, "dataset_json": described, "configuration": "3d_fullres"}
    torch.save(
        {
            "network_weights": network.state_dict(),
            "init_args": given if plans else {},
            "inference_allowed_mirroring_axes": (0, 1, 2),
        },
        path,
    )
    return network.eval(), document, described


def test_what_nnunet_has_trained(tmp_path):
    first, document, described = nnunet_fold(tmp_path / "fold_0.pth", 1)
    second, *_ = nnunet_fold(tmp_path / "fold_1.pth", 2)
    draw = np.random.default_rng(0)
    images = [
        Image(draw.normal(100, 30, (20, 22, 18)).astype(np.float32), affine=AFFINE)
        for _ in range(2)
    ]
    predictor = Predictor.from_plans(None, [tmp_path / "fold_0.pth", tmp_path / "fold_1.pth"])
    labels = predictor.predict(images)
    assert labels.shape == (20, 22, 18)
    assert len(np.unique(labels.array)) >= 2
    # the same by hand: prepare, one network after the other, mean of the logits, all at once
    from edgewise.models.inference import sliding_window
    from edgewise.models.plans import read_plans

    (tmp_path / "plans.json").write_text(json.dumps(document))
    (tmp_path / "dataset.json").write_text(json.dumps(described))
    plans = read_plans(tmp_path / "plans.json")
    tile = plans.configuration("3d_fullres").patch_size
    prepared = Preprocessing.from_plans(plans, "3d_fullres").apply(images)
    logits = [
        sliding_window(prepared.array, network, tile=tile, preset="nnunet")
        for network in (first, second)
    ]
    expected = prepared.restore(np.mean(logits, axis=0))
    assert (labels.array == expected).mean() > 0.9999
    # plans beside a bare checkpoint, and mirroring as the training allows it
    nnunet_fold(tmp_path / "bare.pth", 1, plans=False)
    with pytest.raises(ConfigError, match="does not say plans, dataset, configuration"):
        Predictor.from_plans(None, [tmp_path / "bare.pth"])
    bare = Predictor.from_plans(
        tmp_path / "plans.json", [tmp_path / "bare.pth"], dataset=tmp_path / "dataset.json",
        configuration="3d_fullres", mirror=True,
    )  # fmt: skip
    assert bare.execution.mirror_axes == (0, 1, 2)
    assert bare.tiling.preset == "nnunet"
    assert bare.channels == 2
