"""Cases from arrays and folders: channels, damage, what is kept in memory and on disk."""

import csv
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from edgewise import io  # noqa: E402
from edgewise.errors import (  # noqa: E402
    ConfigError,
    GeometryError,
    InputError,
    LabelError,
    ReadError,
    ShapeError,
)
from edgewise.image import Image  # noqa: E402
from edgewise.models.training import ArrayCases, FolderCases, TrainingCase, fit  # noqa: E402
from edgewise.models.training.prepared_files import PreparedFiles  # noqa: E402
from edgewise.simulate import write_training_set  # noqa: E402


@pytest.fixture
def folder(tmp_path):
    return write_training_set(tmp_path, cases=4, shape=(16, 14, 12), spacing=(1, 2, 3))


def test_a_folder_in_nnunets_names(folder):
    cases = FolderCases(folder.images, folder.labels)
    assert cases.names == folder.names
    case = cases[2]
    assert (case.name, case.spacing) == ("case_2", (1.0, 2.0, 3.0))
    assert case.image.shape == (1, 16, 14, 12)
    assert case.image.dtype == np.float32
    assert case.image.flags.c_contiguous
    assert np.array_equal(case.labels, io.read(folder.labels / "case_2.nii.gz").array)
    assert cases[-1].name == "case_3"


def test_channels_are_numbered_files_or_one_file_or_a_series(tmp_path):
    images, labels = tmp_path / "i", tmp_path / "l"
    images.mkdir()
    labels.mkdir()
    data = np.arange(3 * 4 * 5 * 6, dtype=np.float32).reshape(3, 4, 5, 6)
    label_map = Image(np.ones((4, 5, 6), np.uint8), affine=np.eye(4))
    for name in ("a", "b.v1"):
        io.write(labels / f"{name}.nii.gz", label_map)
        for k in range(3):
            io.write(images / f"{name}_000{k}.nii.gz", Image(data[k], affine=np.eye(4)))
    io.write(labels / "c.nii.gz", label_map)
    nibabel = pytest.importorskip("nibabel")
    nibabel.save(nibabel.Nifti1Image(np.moveaxis(data, 0, -1), np.eye(4)), images / "c.nii.gz")
    cases = FolderCases(images, labels)
    assert (cases.names, cases.channels) == (("a", "b.v1", "c"), 3)
    for k in range(3):
        assert np.array_equal(cases[k].image, data)


def test_a_single_file_is_a_single_channel(folder):
    for path in folder.images.iterdir():
        path.rename(path.with_name(path.name.replace("_0000", "")))
    cases = FolderCases(folder.images, folder.labels, names=["case_1", "case_3"])
    assert [c.name for c in cases] == ["case_1", "case_3"]
    assert cases.channels == 1


def test_labels_come_onto_the_grid_of_the_image(folder):
    path = folder.labels / "case_1.nii.gz"
    stored = io.read(path)
    turned = np.diag([-1.0, 2, 3, 1])
    turned[0, 3] = 15
    io.write(path, Image(stored.array[::-1], affine=turned))
    case = FolderCases(folder.images, folder.labels)[1]
    assert np.array_equal(case.labels, stored.array)


def damage(folder):
    """Five ways in which a file is of no use; the first case stays whole."""
    cut = folder.images / "case_1_0000.nii.gz"
    cut.write_bytes(cut.read_bytes()[:200])
    (folder.images / "case_2_0000.nii.gz").unlink()
    elsewhere = np.diag([1.0, 2, 3, 1])
    elsewhere[0, 3] = 50
    labels = io.read(folder.labels / "case_3.nii.gz")
    io.write(folder.labels / "case_3.nii.gz", Image(labels.array, affine=elsewhere))


def test_damaged_files_raise_when_they_are_asked_for(folder):
    damage(folder)
    cases = FolderCases(folder.images, folder.labels)
    assert cases[0].name == "case_0"
    for k, kind in ((1, ReadError), (2, ReadError), (3, GeometryError)):
        with pytest.raises(kind):
            _ = cases[k]


def test_training_goes_on_without_bad_cases_and_lists_them(tmp_path):
    data = write_training_set(tmp_path / "data", cases=8, shape=(16, 16, 16))
    damage(SimpleNamespace(images=data.images, labels=data.labels))
    lines = []
    torch.manual_seed(0)
    model = torch.nn.Conv3d(1, 3, 3, padding=1)
    model.spatial_dims, model.classes = 3, 3
    result = fit(
        model, FolderCases(data.images, data.labels), patch_size=(8, 8, 8), batch_size=4,
        iterations_per_epoch=8, epochs=2, checkpoint_dir=tmp_path / "run", tell=lines.append,
    )  # fmt: skip
    assert result.stopped == "done"
    assert set(result.problems) == {"case_1", "case_2", "case_3"}
    aside = [line for line in lines if "set aside" in line]
    assert len(aside) == 3
    assert all(name in " ".join(aside) for name in result.problems)
    with (tmp_path / "run" / "cases.csv").open() as file:
        rows = {row["case"]: row for row in csv.DictReader(file)}
    assert {name for name, row in rows.items() if row["status"] == "ok"} == {
        f"case_{k}" for k in (0, 4, 5, 6, 7)
    }
    assert rows["case_2"]["error_code"] == "no_such_file"
    assert rows["case_3"]["error_code"] == "geometry_mismatch"
    assert rows["case_1"]["error_message"]


def test_too_many_bad_cases_are_an_error(folder):
    damage(folder)
    model = torch.nn.Conv3d(1, 3, 3, padding=1)
    model.spatial_dims, model.classes = 3, 3
    with pytest.raises(ConfigError, match=r"of 4 training cases cannot be used"):
        fit(
            model, FolderCases(folder.images, folder.labels), patch_size=(8, 8, 8), batch_size=4,
            iterations_per_epoch=8, epochs=1, tell=None,
        )  # fmt: skip


def counted_reads(cases, monkeypatch):
    asked = []
    original = cases.read
    monkeypatch.setattr(cases, "read", lambda k: asked.append(k) or original(k))
    return asked


def test_memory_is_bounded_and_the_last_ones_used_stay(folder, monkeypatch):
    size = FolderCases(folder.images, folder.labels)[0].nbytes
    cases = FolderCases(folder.images, folder.labels, cache_bytes=2 * size)
    asked = counted_reads(cases, monkeypatch)
    for k in (0, 1, 0, 2, 0, 1):
        _ = cases[k]
    assert asked == [0, 1, 2, 1]
    tight = FolderCases(folder.images, folder.labels, cache_bytes=0)
    asked = counted_reads(tight, monkeypatch)
    for k in (0, 0, 1, 0):
        _ = tight[k]
    assert asked == [0, 1, 0]


def test_preparation_is_applied_and_kept_on_disk(folder, tmp_path, monkeypatch):
    def prepare(channels, labels):
        image = np.stack([c.array for c in channels]) * 10
        return SimpleNamespace(image=image, labels=labels.array, spacing=(5, 5, 5))

    def make(recipe="times ten"):
        return FolderCases(
            folder.images, folder.labels, prepare=prepare, cache_bytes=0,
            stored=PreparedFiles(tmp_path / "prepared", recipe),
        )  # fmt: skip

    first = make()[1]
    assert first.spacing == (5, 5, 5)
    again = make()
    asked = counted_reads(again, monkeypatch)
    stored = again[1]
    assert asked == []
    assert np.array_equal(stored.image, first.image)
    assert np.array_equal(stored.labels, first.labels)
    assert stored.spacing == first.spacing
    other = make("times eleven")
    asked = counted_reads(other, monkeypatch)
    _ = other[1]
    assert asked == [1]


def test_prepared_files_know_their_sources_and_recipe(tmp_path):
    source = tmp_path / "a.nii.gz"
    source.write_bytes(b"one")
    image, labels = np.ones((1, 2, 2), np.float32), np.zeros((2, 2), np.int16)
    files = PreparedFiles(tmp_path / "prepared", "recipe")
    assert files.find("a", [source]) is None
    files.store("a", [source], image, labels, (1.0, 2.0))
    assert np.array_equal(files.find("a", [source]).image, image)
    assert PreparedFiles(tmp_path / "prepared", "another").find("a", [source]) is None
    source.write_bytes(b"other")
    assert files.find("a", [source]) is None
    files.store("a", [source], image * 2, labels, (1.0, 2.0))
    assert files.find("a", [source]).image.max() == 2
    assert len(list((tmp_path / "prepared").iterdir())) == 3  # the first arrays are gone
    for array in (tmp_path / "prepared").glob("*.image.npy"):
        array.write_bytes(b"")
    assert files.find("a", [source]) is None


@pytest.mark.parametrize(
    ("image", "labels", "kind", "word"),
    [
        (np.zeros((4, 5)), np.zeros((5, 4), int), ShapeError, "spatial axes must be equal"),
        (np.full((4, 4), np.nan), np.zeros((4, 4), int), ConfigError, "NaN or inf at 16 voxels"),
        (np.zeros((4, 4)), np.full((4, 4), 0.5), LabelError, "whole numbers"),
        (np.zeros((4, 4)), np.full((4, 4), -1), LabelError, "negative"),
    ],
)
def test_arrays_are_checked(image, labels, kind, word):
    with pytest.raises(kind, match=word):
        TrainingCase.of(image, labels)


def test_arrays_and_names_must_be_equally_many():
    with pytest.raises(ConfigError, match="equally many"):
        ArrayCases([np.zeros((4, 4))], [], names=["a"])


def test_folders_that_make_no_cases(tmp_path, folder):
    with pytest.raises(InputError, match="no such folder"):
        FolderCases(tmp_path / "nowhere", folder.labels)
    with pytest.raises(ConfigError, match="case_9"):
        FolderCases(folder.images, folder.labels, names=["case_9"])
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(InputError, match="no file with a known suffix"):
        FolderCases(other, folder.labels)
    (folder.images / "case_0_0000.nii.gz").rename(other / "x_0000.nii.gz")
    with pytest.raises(InputError, match="called like a label map"):
        FolderCases(other, folder.labels)
    (other / "case_0_0001.nii.gz").write_bytes((other / "x_0000.nii.gz").read_bytes())
    with pytest.raises(InputError, match="channel 0001 and no 0000"):
        FolderCases(other, folder.labels)
