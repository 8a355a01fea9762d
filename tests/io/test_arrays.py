"""NumPy files."""

import io as streams
import zipfile

import numpy as np
import pytest

from edgewise import io
from edgewise.errors import ReadError
from edgewise.image import Image

DTYPES = ["?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"]


def code_of(path, **options):
    with pytest.raises(ReadError) as caught:
        io.read(path, **options)
    assert str(path) in str(caught.value)
    return caught.value.code


@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("byteorder", "<>")
@pytest.mark.parametrize("dtype", DTYPES)
def test_npy_round_trip(tmp_path, dtype, byteorder, order):
    array = (
        np.random.default_rng(0)
        .integers(0, 2, (3, 4, 5))
        .astype(np.dtype(dtype).newbyteorder(byteorder))
    )
    path = tmp_path / "a.npy"
    np.save(path, np.asarray(array, order=order))
    image = io.read(path)
    np.testing.assert_array_equal(image.array, array)
    assert image.array.dtype == np.dtype(dtype)
    assert image.array.dtype.isnative
    assert image.array.flags["C_CONTIGUOUS" if order == "C" else "F_CONTIGUOUS"]
    assert (image.spacing, image.affine, image.warnings) == ((1.0, 1.0, 1.0), None, ("no_spacing",))
    io.write(tmp_path / "b.npy", image)
    np.testing.assert_array_equal(np.load(tmp_path / "b.npy"), array)
    header = io.read_header(path)
    assert (header.shape, header.warnings) == (image.shape, image.warnings)


def test_npy_with_a_spacing(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((2, 3), "u1"))
    image = io.read(tmp_path / "a.npy", spacing=(0.5, 2))
    assert (image.spacing, image.warnings) == ((0.5, 2.0), ())
    assert code_of(tmp_path / "a.npy", spacing=(1, 2, 3)) == "bad_spacing"
    assert code_of(tmp_path / "a.npy", spacing=-1) == "bad_spacing"


def test_npz_keeps_spacing_and_affine(tmp_path):
    array = np.arange(24, dtype="i4").reshape(2, 3, 4)
    affine = np.diag([-2.0, 3, 4, 1])
    io.write(tmp_path / "a.npz", Image(array, affine=affine))
    image = io.read(tmp_path / "a.npz")
    np.testing.assert_array_equal(image.array, array)
    np.testing.assert_array_equal(image.affine, affine)
    assert (image.spacing, image.warnings) == ((2.0, 3.0, 4.0), ())
    header = io.read_header(tmp_path / "a.npz")
    assert (header.shape, header.spacing) == ((2, 3, 4), (2.0, 3.0, 4.0))
    with np.load(tmp_path / "a.npz") as peer:
        assert sorted(peer) == ["affine", "array", "spacing"]


@pytest.mark.parametrize("compressed", [False, True])
def test_npz_of_numpy(tmp_path, compressed):
    array = np.arange(24, dtype="i4").reshape(2, 3, 4)
    save = np.savez_compressed if compressed else np.savez
    save(tmp_path / "a.npz", seg=array, spacing=[1.0, 2.0, 3.0])
    image = io.read(tmp_path / "a.npz")
    np.testing.assert_array_equal(image.array, array)
    assert (image.spacing, image.warnings) == ((1.0, 2.0, 3.0), ())
    np.savez(tmp_path / "b.npz", array)
    assert io.read(tmp_path / "b.npz").warnings == ("no_spacing",)


def test_npz_must_leave_no_choice(tmp_path):
    np.savez(tmp_path / "a.npz", a=np.zeros(2), b=np.zeros(2))
    assert code_of(tmp_path / "a.npz") == "unsupported"
    np.savez(tmp_path / "b.npz", array=np.ones(2), b=np.zeros(2))
    assert io.read(tmp_path / "b.npz").array.tolist() == [1, 1]


def test_npz_with_a_wrong_spacing_or_affine(tmp_path):
    for name, key in [("a", {"spacing": [1.0, 2.0]}), ("b", {"spacing": [1.0, -2.0, 1]})]:
        np.savez(tmp_path / f"{name}.npz", x=np.zeros((2, 2, 2)), **key)
        assert code_of(tmp_path / f"{name}.npz") == "bad_spacing"
    np.savez(tmp_path / "c.npz", x=np.zeros((2, 2, 2)), affine=np.eye(3))
    assert code_of(tmp_path / "c.npz") == "bad_header"


def test_pickles_are_never_loaded(tmp_path):
    np.save(tmp_path / "a.npy", np.array([print], dtype=object), allow_pickle=True)
    assert code_of(tmp_path / "a.npy") == "unsupported"


@pytest.mark.parametrize("dtype", ["c8", "U3", "datetime64[s]", [("a", "i4")]])
def test_types_that_are_no_numbers(tmp_path, dtype):
    np.save(tmp_path / "a.npy", np.zeros(3, dtype=dtype))
    assert code_of(tmp_path / "a.npy") == "unsupported"


def test_damage(tmp_path):
    array = np.random.default_rng(0).integers(0, 255, (9, 9, 9)).astype("u1")
    path = tmp_path / "a.npy"
    np.save(path, array)
    data = path.read_bytes()
    path.write_bytes(data[:-3])
    assert code_of(path) == "truncated"
    with pytest.raises(ReadError, match="726 of 729"):
        io.read_header(path)
    path.write_bytes(data + b"xyz")
    assert io.read(path).warnings == ("no_spacing", "trailing_bytes")
    path.write_bytes(data[:20])
    assert code_of(path) == "bad_header"
    path.write_bytes(b"hello")
    assert code_of(path) == "not_an_image"
    np.save(path, np.zeros((0, 3)))
    assert code_of(path) == "bad_header"


def test_damage_of_archives(tmp_path):
    array = np.random.default_rng(0).integers(0, 255, (9, 9, 9)).astype("u1")
    path = tmp_path / "a.npz"
    np.savez(path, array)
    data = path.read_bytes()
    broken = bytearray(data)
    broken[400] ^= 16
    path.write_bytes(broken)
    assert code_of(path) == "corrupt_gzip"
    path.write_bytes(data[:-30])
    assert code_of(path) == "truncated"
    path.write_bytes(b"hello")
    assert code_of(path) == "not_an_image"
    path.write_bytes(data)
    assert code_of(path, max_bytes=100) == "too_large"


def test_an_archive_that_lies_about_its_array(tmp_path):
    stream = streams.BytesIO()
    np.lib.format.write_array_header_1_0(
        stream, {"descr": "|u1", "fortran_order": False, "shape": (10**6, 10**6, 10**6)}
    )
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("a.npy", stream.getvalue())
    assert code_of(tmp_path / "a.npz") == "too_large"
