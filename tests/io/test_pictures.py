"""TIFF against tifffile, PNG against Pillow."""

import json
import struct
import zlib

import numpy as np
import pytest

from edgewise import io
from edgewise.errors import ConfigError, MissingExtraError, ReadError
from edgewise.image import Image
from edgewise.io.channels import read_channels

tifffile = pytest.importorskip("tifffile")
pillow = pytest.importorskip("PIL.Image")


def values(shape=(5, 7), dtype="u1", top=16):
    return np.random.default_rng(4).integers(0, top, shape).astype(dtype)


def code_of(path, **options):
    with pytest.raises(ReadError) as caught:
        io.read(path, **options)
    assert str(path) in str(caught.value)
    return caught.value.code


def png(path, array, colour=0, depth=8, chunks=()):
    """A PNG by hand: rows of bytes, or of packed bits."""
    width = array.shape[1]
    if depth in (8, 16):
        rows = array.reshape(len(array), -1)
    else:
        bits = np.unpackbits(array[..., None], axis=2)[..., -depth:].reshape(len(array), -1)
        rows = np.packbits(bits, axis=1)
    data = b"".join(b"\0" + row.tobytes() for row in rows)
    parts = [
        (b"IHDR", struct.pack(">2I5B", width, len(array), depth, colour, 0, 0, 0)),
        *chunks,
        (b"IDAT", zlib.compress(data)),
        (b"IEND", b""),
    ]
    out = b"\x89PNG\r\n\x1a\n"
    for kind, body in parts:
        out += (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )
    path.write_bytes(out)
    return path


PALETTE = (b"PLTE", np.random.default_rng(0).integers(0, 255, 48).astype("u1").tobytes())


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
@pytest.mark.parametrize("colour", [0, 3])
def test_png_levels_and_palette_indices_are_the_stored_numbers(tmp_path, colour, depth):
    array = values(top=min(2**depth, 16))
    path = png(tmp_path / "a.png", array, colour, depth, [PALETTE] * (colour == 3))
    image = io.read(path)
    np.testing.assert_array_equal(image.array, array)
    assert image.array.dtype == np.uint8
    assert image.warnings == ("no_spacing",)
    assert io.read_header(path).shape == (5, 7)


@pytest.mark.parametrize(("dtype", "top"), [("u1", 256), ("u2", 65536), ("?", 2), ("i8", 300)])
def test_png_round_trip(tmp_path, dtype, top):
    array = values(dtype=dtype, top=top)
    io.write(tmp_path / "a.png", array)
    np.testing.assert_array_equal(np.asarray(pillow.open(tmp_path / "a.png")), array.astype("i8"))
    np.testing.assert_array_equal(io.read(tmp_path / "a.png").array, array)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA"])
def test_coloured_png_is_refused(tmp_path, mode):
    pillow.new(mode, (4, 5)).save(tmp_path / "a.png")
    assert code_of(tmp_path / "a.png") == "rgb_image"


def test_one_colour_of_a_png_may_be_chosen(tmp_path):
    colours = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    pillow.fromarray(colours).save(tmp_path / "a.png")
    for k in range(3):
        image = io.read(tmp_path / "a.png", volume=k)
        np.testing.assert_array_equal(image.array, colours[..., k])
        assert image.array.flags.c_contiguous
        assert io.read_header(tmp_path / "a.png", volume=k).shape == (5, 7)
    for k in (-1, 3):
        with pytest.raises(ReadError, match=f"3 colours and no number {k}"):
            io.read(tmp_path / "a.png", volume=k)
    channels = read_channels([tmp_path / "a.png"])
    np.testing.assert_array_equal(np.stack([c.array for c in channels], -1), colours)


def test_colours_of_16_bits_are_refused_as_they_would_be_cut(tmp_path):
    path = png(tmp_path / "a.png", np.zeros((2, 3, 6), "u1"), 2, 16)
    with pytest.raises(ReadError, match="16 bits per colour"):
        io.read(path, volume=0)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_no_channel(tmp_path, mode):
    pillow.new(mode, (4, 5)).save(tmp_path / "a.png")
    with pytest.raises(ReadError, match="8-bit RGB"):
        read_channels([tmp_path / "a.png"])


@pytest.mark.parametrize(
    "array", [np.zeros((2, 2, 2), "u1"), np.array([[70000]]), np.array([[-1]]), np.zeros((2, 2))]
)
def test_what_png_cannot_hold(tmp_path, array):
    with pytest.raises(ConfigError, match="PNG holds"):
        io.write(tmp_path / "a.png", array)


def test_png_density_counts_unless_it_is_a_printers(tmp_path):
    def chunk(x, y, unit=1):
        return [(b"pHYs", struct.pack(">2IB", x, y, unit))]

    array = values()
    image = io.read(png(tmp_path / "a.png", array, chunks=chunk(2000, 4000)))
    assert (image.spacing, image.warnings) == ((0.25, 0.5), ())
    for dots in (2835, 3780, 11811):
        assert io.read(png(tmp_path / "b.png", array, chunks=chunk(dots, dots))).warnings == (
            "no_spacing",
        )
    assert io.read(png(tmp_path / "c.png", array, chunks=chunk(2000, 4000, 0))).warnings == (
        "no_spacing",
    )
    assert io.read(tmp_path / "a.png", spacing=3).warnings == ("spacing_overridden",)


def test_damaged_png(tmp_path):
    path = png(tmp_path / "a.png", values())
    data = path.read_bytes()
    for cut in (30, 45, len(data) - 1):
        path.write_bytes(data[:cut])
        assert code_of(path) == "truncated"
    for place in range(16, len(data) - 12):
        broken = bytearray(data)
        broken[place] ^= 1
        path.write_bytes(broken)
        assert code_of(path) in ("corrupt_gzip", "truncated")
    path.write_bytes(data + b"xx")
    assert io.read(path).warnings == ("no_spacing", "trailing_bytes")
    path.write_bytes(b"GIF89a..")
    assert code_of(path) == "not_an_image"
    assert code_of(png(path, values()), max_bytes=20) == "too_large"


def test_a_huge_png_is_refused_before_decoding(tmp_path):
    path = png(tmp_path / "a.png", values())
    data = bytearray(path.read_bytes())
    struct.pack_into(">2I", data, 16, 2**30, 2**30)
    struct.pack_into(">I", data, 29, zlib.crc32(data[12:29]))
    path.write_bytes(data)
    assert code_of(path) == "too_large"


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8"])
def test_tiff_stacks(tmp_path, dtype, order, compression):
    array = values((3, 5, 7), dtype)
    tifffile.imwrite(
        tmp_path / "a.tif",
        array,
        byteorder=order,
        compression=compression,
        photometric="minisblack",
    )
    image = io.read(tmp_path / "a.tif")
    np.testing.assert_array_equal(image.array, array)
    assert image.array.dtype == np.dtype(dtype)
    assert (image.affine, image.warnings) == (None, ("no_spacing",))
    header = io.read_header(tmp_path / "a.tif")
    assert (header.shape, header.dtype.newbyteorder("=")) == (image.shape, image.array.dtype)


@pytest.mark.parametrize("shape", [(5, 7), (3, 5, 7)])
def test_tiff_round_trip_keeps_the_spacing(tmp_path, shape):
    array = values(shape, "u2")
    io.write(tmp_path / "a.tif", Image(array, spacing=(0.3, 0.5, 2)[-len(shape) :]))
    image = io.read(tmp_path / "a.tif")
    np.testing.assert_array_equal(image.array, array)
    assert (image.spacing, image.warnings) == ((0.3, 0.5, 2.0)[-len(shape) :], ())
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tif"), array)
    io.write(tmp_path / "b.tif", array)
    assert io.read(tmp_path / "b.tif").warnings == ("no_spacing",)


def test_tiff_resolution_counts_unless_it_is_a_printers(tmp_path):
    def saved(**options):
        tifffile.imwrite(tmp_path / "a.tif", values(), photometric="minisblack", **options)
        return io.read(tmp_path / "a.tif")

    image = saved(resolution=(20, 40), resolutionunit="CENTIMETER")
    assert (image.spacing, image.warnings) == ((0.25, 0.5), ())
    assert saved(resolution=(300, 300), resolutionunit="INCH").warnings == ("no_spacing",)
    assert saved(resolution=(20, 40), resolutionunit="NONE").warnings == ("no_spacing",)


def test_imagej_stacks(tmp_path):
    array = values((3, 5, 7), "u2")
    options = {"imagej": True, "resolution": (2.0, 4.0)}
    tifffile.imwrite(
        tmp_path / "a.tif", array, **options, metadata={"axes": "ZYX", "unit": "um", "spacing": 3.0}
    )
    assert io.read(tmp_path / "a.tif").spacing == pytest.approx((0.003, 0.00025, 0.0005))
    tifffile.imwrite(tmp_path / "b.tif", array, **options, metadata={"axes": "ZYX", "unit": "um"})
    assert io.read(tmp_path / "b.tif").warnings == ("no_spacing",)


def test_palette_tiff_gives_indices(tmp_path):
    array = values()
    colours = np.zeros((3, 256), np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", array, photometric="palette", colormap=colours)
    np.testing.assert_array_equal(io.read(tmp_path / "a.tif").array, array)


def test_coloured_tiff_is_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", values((5, 7, 3)), photometric="rgb")
    assert code_of(tmp_path / "a.tif") == "rgb_image"


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_damaged_tiff(tmp_path, compression):
    path = tmp_path / "a.tif"
    array = np.random.default_rng(0).integers(0, 255, (40, 50)).astype("u1")
    tifffile.imwrite(path, array, compression=compression, photometric="minisblack")
    data = path.read_bytes()
    for cut in (9, 100, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:cut])
        assert code_of(path) == "truncated"
    path.write_bytes(b"hello, hello")
    assert code_of(path) == "not_an_image"
    path.write_bytes(data)
    assert code_of(path, max_bytes=1000) == "too_large"
    if compression:
        with tifffile.TiffFile(path) as file:
            place = file.pages[0].dataoffsets[0] + 200
        broken = bytearray(data)
        broken[place] ^= 1
        path.write_bytes(broken)
        assert code_of(path) == "corrupt_gzip"


def test_two_pictures_in_one_tiff(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(values((5, 7)), photometric="minisblack")
        writer.write(values((9, 9)), photometric="minisblack")
    assert code_of(tmp_path / "a.tif") == "unsupported"


def test_the_description_of_another_program_is_no_spacing(tmp_path):
    text = json.dumps({"shape": [5, 7], "spacing": "wide"})
    tifffile.imwrite(
        tmp_path / "a.tif", values(), description=text, metadata=None, photometric="minisblack"
    )
    assert io.read(tmp_path / "a.tif").warnings == ("no_spacing",)


@pytest.mark.parametrize(
    ("suffix", "module"), [(".tif", "tifffile"), (".png", "PIL.PngImagePlugin")]
)
def test_without_the_extra_the_pip_line_is_named(tmp_path, monkeypatch, suffix, module):
    io.write(tmp_path / f"a{suffix}", values())
    monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(MissingExtraError, match=r"edgewise\[io\]"):
        io.read(tmp_path / f"a{suffix}")
