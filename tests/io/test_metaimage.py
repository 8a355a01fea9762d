"""MetaImage against SimpleITK."""

import zlib

import numpy as np
import pytest

from edgewise import io
from edgewise.errors import ReadError
from edgewise.image import Image

sitk = pytest.importorskip("SimpleITK")

DTYPES = ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"]


def values(dtype, shape=(3, 4, 5)):
    return np.random.default_rng(2).integers(0, 100, shape).astype(dtype)


def itk_image(array):
    image = sitk.GetImageFromArray(np.ascontiguousarray(array.T))
    turn = np.deg2rad(20)
    if array.ndim == 3:
        image.SetSpacing((0.5, 0.75, 3.0))
        image.SetOrigin((1.0, -2.0, 3.0))
        c, s = np.cos(turn), np.sin(turn)
        image.SetDirection((c, -s, 0, s, c, 0, 0, 0, -1))
    return image


def itk_affine(image):
    """Array index to RAS by ITK's own transform."""
    corners = [
        image.TransformIndexToPhysicalPoint(p) for p in [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]
    ]
    points = np.array(corners) * (-1, -1, 1)
    affine = np.eye(4)
    affine[:3, 3] = points[0]
    affine[:3, :3] = (points[1:] - points[0]).T
    return affine


def text(path, lines, payload=b""):
    path.write_bytes("\n".join(lines).encode() + b"\n" + payload)
    return path


def plain(data="LOCAL", **changes):
    fields = {
        "ObjectType": "Image",
        "NDims": "3",
        "BinaryData": "True",
        "ElementSpacing": "1 2 3",
        "DimSize": "2 2 2",
        "ElementType": "MET_UCHAR",
    }
    fields |= changes
    return [f"{k} = {v}" for k, v in fields.items() if v] + [f"ElementDataFile = {data}"]


def code_of(path, **options):
    with pytest.raises(ReadError) as caught:
        io.read(path, **options)
    return caught.value.code


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("suffix", [".mha", ".mhd"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_reads_what_simpleitk_wrote(tmp_path, dtype, suffix, compress):
    array = values(dtype)
    written = itk_image(array)
    path = tmp_path / f"a{suffix}"
    sitk.WriteImage(written, path, useCompression=compress)
    image = io.read(path)
    assert image.array.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(image.array, array)
    assert image.array.flags.f_contiguous
    np.testing.assert_allclose(image.affine, itk_affine(written), atol=1e-12)
    np.testing.assert_allclose(image.spacing, (0.5, 0.75, 3.0))
    assert image.warnings == ()
    header = io.read_header(path)
    assert (header.shape, header.spacing) == (image.shape, image.spacing)


@pytest.mark.parametrize("dtype", [*DTYPES, "?"])
def test_simpleitk_reads_what_we_wrote(tmp_path, dtype):
    array = values(dtype)
    affine = itk_affine(itk_image(values("u1")))
    io.write(tmp_path / "a.mha", Image(array, affine=affine))
    peer = sitk.ReadImage(tmp_path / "a.mha")
    np.testing.assert_array_equal(sitk.GetArrayFromImage(peer).T, array)
    np.testing.assert_allclose(itk_affine(peer), affine, atol=1e-12)
    back = io.read(tmp_path / "a.mha")
    np.testing.assert_array_equal(back.array, array)
    np.testing.assert_allclose(back.affine, affine, atol=1e-12)


def test_a_picture_in_two_dimensions(tmp_path):
    array = values("u1", (4, 6))
    written = sitk.GetImageFromArray(array.T)
    written.SetSpacing((0.5, 2.0))
    written.SetOrigin((3.0, 4.0))
    sitk.WriteImage(written, tmp_path / "a.mha")
    image = io.read(tmp_path / "a.mha")
    np.testing.assert_array_equal(image.array, array)
    assert image.spacing == (0.5, 2.0)
    assert image.origin == (-3.0, -4.0, 0.0)
    assert image.warnings == ("single_slice",)


def test_big_endian(tmp_path):
    payload = np.arange(8, dtype=">i2").tobytes()
    lines = plain(ElementType="MET_SHORT", ElementByteOrderMSB="True")
    image = io.read(text(tmp_path / "a.mha", lines, payload))
    assert image.array.ravel("F").tolist() == list(range(8))
    peer = sitk.ReadImage(tmp_path / "a.mha")
    np.testing.assert_array_equal(sitk.GetArrayFromImage(peer).T, image.array)


def test_without_offset_and_matrix_there_is_no_place(tmp_path):
    image = io.read(text(tmp_path / "a.mha", plain(), bytes(8)))
    assert (image.affine, image.spacing) == (None, (1.0, 2.0, 3.0))
    assert image.warnings == ("no_affine",)
    io.write(tmp_path / "b.mha", image)
    assert io.read(tmp_path / "b.mha").affine is None


def test_the_last_bytes_of_a_data_file(tmp_path):
    (tmp_path / "b.raw").write_bytes(b"head" + bytes(range(8)))
    for skip in ("-1", "4"):
        image = io.read(text(tmp_path / "a.mhd", plain("b.raw", HeaderSize=skip)))
        assert image.array.ravel("F").tolist() == list(range(8))


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"DimSize": "2 2"}, "bad_header"), ({"DimSize": "2 0 2"}, "bad_header"),
     ({"ElementType": "MET_ASCII_CHAR"}, "bad_header"), ({"NDims": "x"}, "bad_header"),
     ({"ElementSpacing": "1 2"}, "bad_header"), ({"ElementSpacing": "1 0 1"}, "bad_spacing"),
     ({"ElementSpacing": "1 nan 1"}, "bad_spacing"),
     ({"ElementNumberOfChannels": "3"}, "rgb_image"),
     ({"BinaryData": "False"}, "unsupported"), ({"DimSize": "90000 90000 90000"}, "too_large"),
     ({"DimSize": "2 2 2 2", "NDims": "4", "ElementSpacing": "1 1 1 1"}, "4d_input"),
     ({"Offset": "0 0 nan"}, "bad_header")],
)  # fmt: skip
def test_bad_headers(tmp_path, changes, code):
    assert code_of(text(tmp_path / "a.mha", plain(**changes), bytes(16))) == code


def test_damaged_payloads(tmp_path):
    payload = np.random.default_rng(0).integers(0, 9, 512).astype("u1").tobytes()
    raw = plain(DimSize="8 8 8")
    packed = plain(DimSize="8 8 8", CompressedData="True")
    data = zlib.compress(payload)
    path = tmp_path / "a.mha"
    assert io.read(text(path, packed, data)).array.tobytes("F") == payload
    assert code_of(text(path, raw, payload[:-1])) == "truncated"
    assert code_of(text(path, packed, data[:-5])) == "truncated"
    assert code_of(text(path, packed, zlib.compress(payload[:-1]))) == "truncated"
    broken = bytearray(data)
    broken[-1] ^= 1  # the checksum
    assert code_of(text(path, packed, bytes(broken))) == "corrupt_gzip"
    assert code_of(text(path, packed, zlib.compress(bytes(3 << 20)))) == "decompression_bomb"
    assert "trailing_bytes" in io.read(text(path, packed, data + b"xx")).warnings
    assert "trailing_bytes" in io.read(text(path, raw, payload + b"xx")).warnings
    path.write_bytes(b"ObjectType = Image\nNDims = 3\nDimSi")
    assert code_of(path) == "truncated"
    path.write_bytes(b"hello\n")
    assert code_of(path) == "not_an_image"
    assert code_of(text(tmp_path / "b.mhd", plain("../x.raw"))) == "path_outside_root"


def test_four_dimensions_of_which_the_last_is_one(tmp_path):
    lines = plain(DimSize="2 2 2 1", NDims="4", ElementSpacing="1 2 3 4", Offset="1 2 3 4")
    image = io.read(text(tmp_path / "a.mha", lines, bytes(8)))
    assert (image.shape, image.spacing, image.origin) == ((2, 2, 2), (1.0, 2.0, 3.0), (-1, -2, 3))
