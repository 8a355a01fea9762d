"""Damaged, cut, mislabelled and hostile files: each fails with its code, or is read and flagged."""

import gzip
import os
import re
import struct
import sys
import tracemalloc
import zlib
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgewise import io
from edgewise.errors import ReadError
from edgewise.image import Image
from edgewise.io import integrity, nifti

SHAPE = (20, 21, 22)
ARRAY = np.random.default_rng(5).integers(0, 4, SHAPE).astype(np.uint8)


@pytest.fixture
def packed(tmp_path):
    """A good .nii.gz of one member."""
    io.write(tmp_path / "good.nii.gz", Image(ARRAY, affine=np.diag([1, 2, 3, 1.0])))
    return (tmp_path / "good.nii.gz").read_bytes()


@pytest.fixture
def plain(packed):
    return gzip.decompress(packed)


def put(path, data):
    path.write_bytes(data)
    return path


def refused(path, code, pattern="", **options):
    """The read fails with this code and one sentence that names the file."""
    with pytest.raises(ReadError) as caught:
        io.read(path, **options)
    text = str(caught.value)
    assert caught.value.code == code, text
    assert text.startswith(f"{path}: ")
    assert "\n" not in text
    assert "; " in text, "what to do is missing"
    assert re.search(pattern, text), text


def accepted(path, *codes):
    image = io.read(path)
    np.testing.assert_array_equal(image.array, ARRAY)
    assert image.warnings == codes


def damaged_header(plain, offset, kind, *values):
    data = bytearray(plain)
    struct.pack_into(kind, data, offset, *values)
    return bytes(data)


# --- the table, row by row


@pytest.mark.parametrize("keep", [0.05, 0.3, 0.5, 0.9, 0.999])
def test_truncated_gzip(tmp_path, packed, keep):
    cut = packed[: int(len(packed) * keep)]
    refused(
        put(tmp_path / "a.nii.gz", cut),
        "truncated",
        r"% of the data \([\d,]+ of 9,592 bytes\)|inside its",
    )


def test_a_trailer_that_is_cut(tmp_path, packed):
    for missing in range(1, 9):
        refused(put(tmp_path / "a.nii.gz", packed[:-missing]), "truncated", "inside its checksum")


def test_plain_file_that_is_short(tmp_path, plain):
    path = put(tmp_path / "a.nii", plain[:-1000])
    refused(path, "truncated", r"ends after 89 % of the data \(8,240 of 9,240 bytes\)")
    with pytest.raises(ReadError, match="8,592 of 9,592 bytes"):
        io.read_header(path)


@pytest.mark.parametrize("length", [348, 352])
def test_header_only(tmp_path, plain, length):
    refused(put(tmp_path / "a.nii", plain[:length]), "truncated", "ends after 0 %")
    refused(
        put(tmp_path / "a.nii.gz", gzip.compress(plain[:length])), "truncated", "ends after 0 %"
    )


@pytest.mark.parametrize("length", [4, 100, 347])
def test_less_than_a_header(tmp_path, plain, length):
    refused(put(tmp_path / "a.nii", plain[:length]), "truncated", "348 bytes of header")


def test_one_flipped_bit_in_the_deflate_data(tmp_path, packed):
    data = bytearray(packed)
    data[len(data) // 2] ^= 8
    refused(put(tmp_path / "a.nii.gz", data), "corrupt_gzip")


@pytest.mark.parametrize("place", range(-8, 0))
def test_wrong_trailer(tmp_path, packed, place):
    data = bytearray(packed)
    data[place] ^= 1
    refused(put(tmp_path / "a.nii.gz", data), "corrupt_gzip", "checksum|inflates to")


@pytest.mark.parametrize("tail", [b"garbage", bytes(512), b"\x1f"])
def test_bytes_after_the_last_member(tmp_path, packed, tail):
    accepted(put(tmp_path / "a.nii.gz", packed + tail), "trailing_bytes")


@pytest.mark.parametrize("count", [1, 1000, 1 << 20])
def test_bytes_after_the_voxels(tmp_path, plain, count):
    accepted(put(tmp_path / "a.nii", plain + bytes(count)), "trailing_bytes")
    accepted(put(tmp_path / "a.nii.gz", gzip.compress(plain + bytes(count))), "trailing_bytes")


def test_a_decompression_bomb_is_left_early(tmp_path, plain):
    path = put(tmp_path / "a.nii.gz", gzip.compress(plain + bytes(1 << 26)))
    tracemalloc.start()
    try:
        refused(path, "decompression_bomb", "over 1 MiB")
        assert tracemalloc.get_traced_memory()[1] < 1 << 24
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "name", ["a.nii", "a.nii.gz", "a.nrrd", "a.mha", "a.npy", "a.npz", "a.tif", "a.png", "a.txt"]
)
def test_zero_bytes(tmp_path, name):
    refused(put(tmp_path / name, b""), "empty_file", "0 bytes")


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.nrrd", "a.mha", "a.npy", "a.npz"])
@pytest.mark.parametrize(
    ("data", "kind"),
    [(b"hello, this is no image\nat all", "text that starts with 'hello"),
     (b"<!DOCTYPE html><html>404</html>", "text that starts with '<!DOCTYPE"),
     (b"\x89PNG\r\n\x1a\n" + bytes(400), "a PNG picture"),
     (bytes(128) + b"DICM" + bytes(300), "a DICOM file"),
     (b"\0\1\2\3" * 200, "unknown data"),
     (b"version https://git-lfs.github.com/spec/v1\noid", "a Git LFS pointer")],
)  # fmt: skip
def test_something_else(tmp_path, name, data, kind):
    refused(put(tmp_path / name, data), "not_an_image", re.escape(kind))
    with pytest.raises(ReadError, match=re.escape(kind)):
        io.read_header(tmp_path / name)


def test_gzip_of_something_else(tmp_path):
    refused(
        put(tmp_path / "a.nii.gz", gzip.compress(b"hello" * 200)), "not_an_image", "no NIfTI inside"
    )
    refused(put(tmp_path / "a.nii.gz", gzip.compress(b"")), "not_an_image", "gzip data")


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.mha", "a.npy", "folder"])
def test_directories(tmp_path, name):
    (tmp_path / name).mkdir()
    refused(tmp_path / name, "not_an_image", "is a directory")


def test_gzip_named_nii_is_read_and_flagged(tmp_path, packed):
    accepted(put(tmp_path / "a.nii", packed), "wrong_suffix")


def test_plain_named_nii_gz_is_read_and_flagged(tmp_path, plain):
    accepted(put(tmp_path / "a.nii.gz", plain), "wrong_suffix")


def test_huge_dimensions_are_refused_before_allocating(tmp_path, plain):
    data = damaged_header(plain, 42, "<3h", 30000, 30000, 30000)
    for path in (put(tmp_path / "a.nii", data), put(tmp_path / "a.nii.gz", gzip.compress(data))):
        tracemalloc.start()
        try:
            refused(path, "too_large", "27,000,000,000,000 bytes")
            assert tracemalloc.get_traced_memory()[1] < 1 << 22
        finally:
            tracemalloc.stop()


def test_max_bytes(tmp_path, packed):
    path = put(tmp_path / "a.nii.gz", packed)
    assert io.read(path, max_bytes=ARRAY.nbytes).shape == SHAPE
    refused(
        path,
        "too_large",
        "needs 9,240 bytes, more than the 9,239 allowed",
        max_bytes=ARRAY.nbytes - 1,
    )


@pytest.mark.parametrize("dim", [(-3, 4, 5), (0, 4, 5)])
def test_negative_and_zero_dimensions(tmp_path, plain, dim):
    refused(
        put(tmp_path / "a.nii", damaged_header(plain, 42, "<3h", *dim)), "bad_header", "below 1"
    )


@pytest.mark.parametrize("count", [-1, 0, 8])
def test_an_impossible_number_of_axes(tmp_path, plain, count):
    refused(put(tmp_path / "a.nii", damaged_header(plain, 40, "<h", count)), "bad_header", "axes")


def test_pixdim_zero_fails_unless_the_sform_gives_the_spacing(tmp_path, plain):
    zero = damaged_header(plain, 80, "<3f", 0, 0, 0)
    accepted(put(tmp_path / "a.nii", zero))
    assert io.read(tmp_path / "a.nii").spacing == (1.0, 2.0, 3.0)
    refused(
        put(tmp_path / "b.nii", damaged_header(zero, 254, "<h", 0)), "bad_spacing", r"\(0, 0, 0\)"
    )


def test_several_members_are_joined(tmp_path, plain):
    for parts in (
        [0, 100, len(plain)],
        [0, 352, 5000, len(plain)],
        [*range(0, len(plain), 999), len(plain)],
    ):
        members = [gzip.compress(plain[a:b]) for a, b in pairwise(parts)]
        accepted(put(tmp_path / "a.nii.gz", b"".join(members)))
    last = bytearray(members[-1])
    last[-6] ^= 1
    refused(put(tmp_path / "a.nii.gz", b"".join([*members[:-1], bytes(last)])), "corrupt_gzip")


def test_wide_integers_and_odd_members(tmp_path):
    array = np.arange(60, dtype=">i4").reshape(3, 4, 5)
    io.write(tmp_path / "a.nii.gz", np.asarray(array))
    np.testing.assert_array_equal(io.read(tmp_path / "a.nii.gz").array, array)


# --- files that cannot be opened


def test_missing_and_dangling(tmp_path):
    refused(tmp_path / "a.nii.gz", "no_such_file", "does not exist")
    (tmp_path / "b.nii.gz").symlink_to("nowhere.nii.gz")
    refused(tmp_path / "b.nii.gz", "dangling_link", r"link to nowhere\.nii\.gz")


def test_a_link_to_a_file_is_read(tmp_path, packed):
    put(tmp_path / "a.nii.gz", packed)
    (tmp_path / "b.nii.gz").symlink_to("a.nii.gz")
    accepted(tmp_path / "b.nii.gz")


def test_links_in_a_circle(tmp_path):
    (tmp_path / "a.nii").symlink_to("b.nii")
    (tmp_path / "b.nii").symlink_to("a.nii")
    refused(tmp_path / "a.nii", "read_error")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs on this system")
def test_a_fifo_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "a.nii.gz")
    refused(tmp_path / "a.nii.gz", "not_an_image", "is a FIFO")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no device files on this system")
def test_a_device_is_refused(tmp_path):
    (tmp_path / "a.nii").symlink_to("/dev/zero")
    refused(tmp_path / "a.nii", "not_an_image", "character device")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read everything")
def test_permission(tmp_path, packed):
    path = put(tmp_path / "a.nii.gz", packed)
    path.chmod(0)
    refused(path, "permission_denied", "may not be read")


def test_permission_without_being_refused_by_the_system(tmp_path, packed, monkeypatch):
    path = put(tmp_path / "a.nii.gz", packed)

    def deny(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "read_bytes", deny)
    refused(path, "permission_denied", "may not be read")


def test_a_name_with_a_nul(tmp_path):
    with pytest.raises(ReadError) as caught:
        io.read(f"{tmp_path}/a\0.nii")
    assert caught.value.code in ("read_error", "no_such_file")


@pytest.mark.parametrize("name", ["notes.txt", "case.gz", "case", ".nii.gz"])
def test_unknown_suffixes(tmp_path, name):
    refused(put(tmp_path / name, b"some text"), "unknown_suffix", r"text.*\.nii\.gz, \.nii")


# --- chance


BASE = nifti.encode(
    Image(np.random.default_rng(0).integers(0, 3, (6, 5, 4)).astype("u1"), affine=np.eye(4)),
    compress=True,
)


def test_every_flipped_bit_fails_or_changes_nothing(tmp_path):
    """What is still read holds the same voxels: a longer match of equal bytes, bits of padding."""
    good = io.read(put(tmp_path / "good.nii.gz", BASE))
    noticed = 0
    for bit in range(8 * len(BASE)):
        data = bytearray(BASE)
        data[bit // 8] ^= 1 << bit % 8
        try:
            image = io.read(put(tmp_path / "a.nii.gz", data))
        except ReadError as error:
            noticed += 1
            code = error.code
            assert code in ("corrupt_gzip", "truncated", "not_an_image", "decompression_bomb")
        else:
            np.testing.assert_array_equal(image.array, good.array)
            np.testing.assert_array_equal(image.affine, good.affine)
    assert noticed > 8 * (len(BASE) - 10) * 0.9  # ten bytes of gzip header hold no data


@given(
    data=st.binary(max_size=600),
    suffix=st.sampled_from([s for s in io.SUFFIXES if s[:4] not in (".tif", ".png")]),
)
def test_no_bytes_raise_anything_else(tmp_path_factory, data, suffix):
    path = put(tmp_path_factory.mktemp("any") / f"a{suffix}", data)
    with pytest.raises(ReadError):
        io.read(path)


@given(
    place=st.integers(0, 347),
    value=st.integers(0, 255),
    more=st.lists(st.tuples(st.integers(0, 347), st.integers(0, 255)), max_size=4),
)
def test_no_header_raises_anything_else(tmp_path_factory, place, value, more):
    data = bytearray(zlib.decompress(BASE, 31))
    for offset, byte in [(place, value), *more]:
        data[offset] = byte
    path = put(tmp_path_factory.mktemp("header") / "a.nii", data)
    for read in (io.read, io.read_header):
        try:
            read(path, max_bytes=1 << 24)
        except ReadError as error:
            assert error.code  # noqa: PT017


def test_a_container_may_have_less_memory_than_the_machine(tmp_path, monkeypatch):
    whole = integrity.default_max_bytes()
    limits = tmp_path / "max", tmp_path / "bytes", tmp_path / "absent"
    limits[0].write_text("max\n")
    limits[1].write_text("4096\n")
    monkeypatch.setattr(integrity, "_CGROUP_LIMITS", limits)
    assert integrity.default_max_bytes() == 4096
    assert whole > 4096


def test_a_header_without_sense_in_damaged_data_is_called_damage(tmp_path, plain):
    data = bytearray(gzip.compress(damaged_header(plain, 40, "<h", 9)))
    refused(put(tmp_path / "a.nii.gz", data), "bad_header")
    data[-6] ^= 1
    refused(put(tmp_path / "b.nii.gz", data), "corrupt_gzip")
    refused(put(tmp_path / "c.nii.gz", data[:-9]), "truncated")
