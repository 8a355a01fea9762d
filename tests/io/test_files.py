"""Suffixes, names of cases, and writing that is all or nothing."""

import numpy as np
import pytest

from edgewise import io
from edgewise.errors import ConfigError
from edgewise.image import Image

AFFINE = np.array([[-0.5, 0, 0, 3.0], [0, 0.75, 0, -4], [0, 0, 3, 5], [0, 0, 0, 1]])


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("case.nii.gz", "case"), ("case.v1.nii.gz", "case.v1"), ("case.nii", "case"),
     ("a.seg.nrrd", "a"), ("a.nrrd", "a"), ("A.NII.GZ", "A"), ("x/y/b.mha", "b"), ("é.tiff", "é"),
     ("notes.txt", "notes.txt"), ("a.gz", "a.gz"), (".nii.gz", ".nii.gz"), ("a b.png", "a b")],
)  # fmt: skip
def test_stem(name, wanted):
    assert io.stem(name) == wanted


def test_longer_suffixes_come_first():
    for k, suffix in enumerate(io.SUFFIXES):
        assert not any(suffix.endswith(earlier) for earlier in io.SUFFIXES[:k])


@pytest.mark.parametrize(
    "suffix", [".nii", ".nii.gz", ".nrrd", ".seg.nrrd", ".mha", ".npz", ".npy", ".tif", ".tiff"]
)
@pytest.mark.parametrize("order", "CF")
def test_every_format_keeps_what_it_can(tmp_path, suffix, order):
    if suffix.startswith(".tif"):
        pytest.importorskip("tifffile")
    array = np.asarray(np.random.default_rng(0).integers(0, 9, (4, 5, 6)).astype("i4"), order=order)
    io.write(tmp_path / f"a{suffix}", Image(array, affine=AFFINE))
    image = io.read(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(image.array, array)
    if suffix != ".npy":
        np.testing.assert_allclose(image.spacing, (0.5, 0.75, 3.0), rtol=1e-6)
        assert image.warnings == ()
    if suffix not in (".npy", ".tif", ".tiff"):
        np.testing.assert_allclose(image.affine, AFFINE, rtol=1e-6)
    assert image.path == tmp_path / f"a{suffix}"


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha", ".npz"])
def test_strided_arrays_and_plain_arrays_are_written(tmp_path, suffix):
    array = np.arange(60, dtype="i2").reshape(3, 4, 5)[::-1, ::2]
    io.write(tmp_path / f"a{suffix}", array)
    np.testing.assert_array_equal(io.read(tmp_path / f"a{suffix}").array, array)


@pytest.mark.parametrize("name", ["a.txt", "a.mhd", "a.gz", "a"])
def test_unknown_suffixes_are_not_written(tmp_path, name):
    with pytest.raises(ConfigError, match=r"use one of \.nii\.gz"):
        io.write(tmp_path / name, np.zeros((2, 2), "u1"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".nii", ".nrrd", ".mha", ".tif"])
def test_types_that_do_not_fit(tmp_path, suffix):
    with pytest.raises(ConfigError, match="cannot hold"):
        io.write(tmp_path / f"a{suffix}", np.zeros((2, 2), "c8"))
    assert not list(tmp_path.iterdir())


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.nii"
    io.write(path, np.zeros((2, 2, 2), "u1"))
    before = path.read_bytes()

    def fail(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="No space"):
        io.write(path, np.ones((2, 2, 2), "u1"))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_uppercase_suffixes(tmp_path):
    io.write(tmp_path / "A.NII.GZ", np.ones((2, 3, 4), "u1"))
    assert io.read(tmp_path / "A.NII.GZ").shape == (2, 3, 4)


def test_paths_may_be_text(tmp_path):
    io.write(f"{tmp_path}/a.npy", np.ones(3))
    assert io.read(f"{tmp_path}/a.npy").shape == (3,)
    assert io.read_header(f"{tmp_path}/a.npy").nbytes == 24
