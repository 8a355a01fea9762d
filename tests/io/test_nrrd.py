"""NRRD against pynrrd and SimpleITK."""

import bz2
import gzip

import numpy as np
import pytest

from edgewise import io
from edgewise.errors import ReadError
from edgewise.image import Image

nrrd = pytest.importorskip("nrrd")

DTYPES = ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"]
DIRECTIONS = np.array([[0.5, 0, 0], [0, -0.75, 0], [0.1, 0, 2.0]])  # one row per axis
ORIGIN = np.array([5.0, -6.0, 7.0])
SIGNS = {
    "left-posterior-superior": (-1, -1, 1),
    "right-anterior-superior": (1, 1, 1),
    "left-anterior-superior": (-1, 1, 1),
}


def values(dtype, shape=(3, 4, 5)):
    return np.random.default_rng(1).integers(0, 100, shape).astype(dtype)


def fields(space="left-posterior-superior", **more):
    return {"space": space, "space directions": DIRECTIONS, "space origin": ORIGIN, **more}


def text(path, lines, payload=b""):
    path.write_bytes("\n".join(["NRRD0004", *lines]).encode() + b"\n\n" + payload)
    return path


PLAIN = ["type: uchar", "dimension: 3", "sizes: 2 2 2", "encoding: raw"]


def code_of(path, **options):
    with pytest.raises(ReadError) as caught:
        io.read(path, **options)
    assert path.name.split(".")[0] in str(caught.value)
    return caught.value.code


@pytest.mark.parametrize("encoding", ["raw", "gzip", "bzip2", "ascii"])
@pytest.mark.parametrize("endian", ["little", "big"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_reads_what_pynrrd_wrote(tmp_path, dtype, endian, encoding):
    array = values(dtype)
    nrrd.write(str(tmp_path / "a.nrrd"), array, fields(encoding=encoding, endian=endian))
    image = io.read(tmp_path / "a.nrrd")
    assert image.array.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(image.array, array)
    np.testing.assert_array_equal(image.array, nrrd.read(str(tmp_path / "a.nrrd"))[0])
    assert image.array.flags.f_contiguous
    np.testing.assert_allclose(image.spacing, np.linalg.norm(DIRECTIONS, axis=1))
    assert io.read_header(tmp_path / "a.nrrd").shape == image.shape


@pytest.mark.parametrize("space", SIGNS)
def test_every_space_becomes_ras(tmp_path, space):
    nrrd.write(str(tmp_path / "a.nrrd"), values("u1"), fields(space))
    image = io.read(tmp_path / "a.nrrd")
    signs = np.array(SIGNS[space])
    np.testing.assert_allclose(image.affine[:3, :3], DIRECTIONS.T * signs[:, None])
    np.testing.assert_allclose(image.affine[:3, 3], ORIGIN * signs)
    assert "sheared" in image.warnings


@pytest.mark.parametrize("suffix", [".nrrd", ".seg.nrrd"])
@pytest.mark.parametrize("dtype", [*DTYPES, "?"])
def test_peers_read_what_we_wrote(tmp_path, dtype, suffix):
    sitk = pytest.importorskip("SimpleITK")
    array = values(dtype)
    affine = np.diag([-0.5, 0.75, 3.0, 1.0])
    affine[:3, 3] = 1, 2, 3
    path = tmp_path / f"a{suffix}"
    io.write(path, Image(array, affine=affine))
    np.testing.assert_array_equal(nrrd.read(str(path))[0], array)
    peer = sitk.ReadImage(path)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(peer).T, array)
    assert peer.GetOrigin() == pytest.approx((-1, -2, 3))
    assert peer.GetSpacing() == pytest.approx((0.5, 0.75, 3.0))
    back = io.read(path)
    np.testing.assert_array_equal(back.affine, affine)
    assert back.warnings == ()


def test_detached_data(tmp_path):
    array = values("i2")
    nrrd.write(str(tmp_path / "a.nhdr"), array, fields(), detached_header=True)
    np.testing.assert_array_equal(io.read(tmp_path / "a.nhdr").array, array)
    # a header on its own need not end with an empty line
    (tmp_path / "b.nhdr").write_bytes((tmp_path / "a.nhdr").read_bytes().rstrip())
    np.testing.assert_array_equal(io.read(tmp_path / "b.nhdr").array, array)


@pytest.mark.parametrize("name", ["../b.raw", "/etc/hostname"])
def test_data_outside_the_folder_are_refused(tmp_path, name):
    path = text(tmp_path / "a.nhdr", [*PLAIN, f"data file: {name}"])
    assert code_of(path) == "path_outside_root"


@pytest.mark.parametrize("name", ["LIST", "b%03d.raw 1 2 1"])
def test_several_data_files_are_refused(tmp_path, name):
    assert code_of(text(tmp_path / "a.nhdr", [*PLAIN, f"data file: {name}"])) == "unsupported"


def test_missing_data_are_named(tmp_path):
    with pytest.raises(ReadError, match=r"b\.raw: does not exist") as caught:
        io.read(text(tmp_path / "a.nhdr", [*PLAIN, "data file: b.raw"]))
    assert caught.value.code == "no_such_file"


def test_skips_of_detached_data(tmp_path):
    payload = bytes(range(8))
    (tmp_path / "b.raw").write_bytes(b"line\nother\nxyz" + payload)
    skips = ["line skip: 2", "byte skip: 3", "data file: b.raw"]
    image = io.read(text(tmp_path / "a.nhdr", [*PLAIN, *skips]))
    assert image.array.ravel("F").tolist() == list(range(8))
    image = io.read(text(tmp_path / "c.nhdr", [*PLAIN, "byte skip: -1", "data file: b.raw"]))
    assert image.array.ravel("F").tolist() == list(range(8))
    assert (
        code_of(text(tmp_path / "d.nhdr", [*PLAIN, "byte skip: x", "data file: b.raw"]))
        == "bad_header"
    )


def test_spacings_without_a_place(tmp_path):
    image = io.read(text(tmp_path / "a.nrrd", [*PLAIN, "spacings: 1 2 3"], bytes(8)))
    assert image.spacing == (1.0, 2.0, 3.0)
    assert image.affine is None
    assert image.warnings == ("no_affine",)
    image = io.read(text(tmp_path / "b.nrrd", PLAIN, bytes(8)))
    assert image.warnings == ("no_affine", "no_spacing")
    assert (
        code_of(text(tmp_path / "c.nrrd", [*PLAIN, "spacings: 1 nan 3"], bytes(8))) == "bad_spacing"
    )


def test_directions_without_an_origin(tmp_path):
    lines = [*PLAIN, "space: lps", "space directions: (1,0,0) (0,1,0) (0,0,2)"]
    image = io.read(text(tmp_path / "a.nrrd", lines, bytes(8)))
    assert (image.affine, image.spacing) == (None, (1.0, 1.0, 2.0))


def test_units_become_millimetres(tmp_path):
    lines = [*PLAIN, "space: ras", "space directions: (500,0,0) (0,500,0) (0,0,500)"]
    lines += ["space origin: (1000,0,0)", 'space units: "um" "um" "um"']
    image = io.read(text(tmp_path / "a.nrrd", lines, bytes(8)))
    assert image.spacing == (0.5, 0.5, 0.5)
    assert image.origin == (1.0, 0.0, 0.0)
    assert image.warnings == ("units_converted",)
    lines[-1] = 'space units: "furlong" "um" "um"'
    assert code_of(text(tmp_path / "b.nrrd", lines, bytes(8))) == "bad_header"


def test_a_slice_in_space_and_a_slice_in_a_plane(tmp_path):
    lines = ["type: uchar", "dimension: 2", "sizes: 2 3", "encoding: raw"]
    space = ["space: lps", "space directions: (2,0,0) (0,3,0)", "space origin: (1,2,3)"]
    image = io.read(text(tmp_path / "a.nrrd", [*lines, *space], bytes(6)))
    assert (image.spacing, image.origin) == ((2.0, 3.0), (-1.0, -2.0, 3.0))
    assert np.linalg.det(image.affine) != 0
    plane = ["space dimension: 2", "space directions: (2,0) (0,3)", "space origin: (1,2)"]
    image = io.read(text(tmp_path / "b.nrrd", [*lines, *plane], bytes(6)))
    assert (image.spacing, image.origin) == ((2.0, 3.0), (-1.0, -2.0, 0.0))


def test_one_layer_is_no_axis_and_several_are_refused(tmp_path):
    head = ["type: uchar", "dimension: 4", "encoding: raw", "space: lps"]
    grid = ["space directions: none (1,0,0) (0,1,0) (0,0,1)", "space origin: (0,0,0)"]
    image = io.read(
        text(tmp_path / "a.seg.nrrd", [*head, *grid, "sizes: 1 2 2 2"], bytes(range(8)))
    )
    assert image.shape == (2, 2, 2)
    assert image.array.ravel("F").tolist() == list(range(8))
    assert (
        code_of(text(tmp_path / "b.seg.nrrd", [*head, *grid, "sizes: 2 2 2 2"], bytes(16)))
        == "4d_input"
    )


def test_keys_of_segments_are_skipped(tmp_path):
    lines = ["# comment: nothing", *PLAIN, "Segment0_Name:=liver: left", "spacings: 1 1 1"]
    assert io.read(text(tmp_path / "a.seg.nrrd", lines, bytes(8))).shape == (2, 2, 2)


def test_names_of_segments(tmp_path):
    keys = ["Segment0_LabelValue:=2", "Segment0_Name:=liver: left", "Segment1_Name:=no value"]
    keys += ["Segment10_Name:=Tumör ", "Segment10_LabelValue:=7", "Segment2_LabelValue:=x"]
    path = text(tmp_path / "a.seg.nrrd", [*PLAIN, *keys], bytes(8))
    assert io.segment_names(path) == {2: "liver: left", 7: "Tumör"}
    assert io.segment_names(text(tmp_path / "b.nrrd", PLAIN, bytes(8))) == {}
    (tmp_path / "c.nrrd").write_bytes(b"no")
    with pytest.raises(ReadError):
        io.segment_names(tmp_path / "c.nrrd")


@pytest.mark.parametrize(
    ("drop", "instead"),
    [("type", ""), ("type", "type: block"), ("sizes", "sizes: 2 2"), ("sizes", "sizes: 2 2 0"),
     ("sizes", "sizes: a b c"), ("encoding", "encoding: zip"), ("dimension", ""),
     ("type", "type: short")],
)  # fmt: skip
def test_bad_headers(tmp_path, drop, instead):
    lines = [line for line in PLAIN if not line.startswith(drop)] + [instead] * bool(instead)
    assert code_of(text(tmp_path / "a.nrrd", lines, bytes(16))) == "bad_header"


def test_damaged_payloads(tmp_path):
    payload = np.random.default_rng(0).integers(0, 9, 512).astype("u1").tobytes()
    sizes = "sizes: 8 8 8"
    raw = ["type: uchar", "dimension: 3", sizes, "spacings: 1 1 1", "encoding: raw"]
    packed = [*raw[:-1], "encoding: gzip"]
    bz = [*raw[:-1], "encoding: bzip2"]
    ascii_ = [*raw[:-1], "encoding: ascii"]
    zipped, bzipped = gzip.compress(payload), bz2.compress(payload)
    flipped = bytearray(zipped)
    flipped[len(zipped) // 2] ^= 4
    bz_flipped = bytearray(bzipped)
    bz_flipped[len(bzipped) // 2] ^= 4
    path = tmp_path / "a.nrrd"
    assert code_of(text(path, raw, payload[:-1])) == "truncated"
    assert code_of(text(path, packed, zipped[:-9])) == "truncated"
    assert code_of(text(path, packed)) == "truncated"
    assert code_of(text(path, packed, bytes(flipped))) == "corrupt_gzip"
    assert code_of(text(path, packed, gzip.compress(payload[:-1]))) == "truncated"
    assert code_of(text(path, bz, bzipped[:-9])) == "truncated"
    assert code_of(text(path, bz, bytes(bz_flipped))) == "corrupt_gzip"
    assert code_of(text(path, ascii_, b"1 2 3")) == "truncated"
    assert code_of(text(path, ascii_, b"x " * 512)) == "bad_header"
    assert code_of(text(path, packed, gzip.compress(bytes(3 << 20)))) == "decompression_bomb"
    assert code_of(text(path, bz, bz2.compress(bytes(3 << 20)))) == "decompression_bomb"
    assert io.read(text(path, packed, zipped + b"rest")).warnings == ("no_affine", "trailing_bytes")
    assert io.read(text(path, raw, payload + b"rest")).warnings == ("no_affine", "trailing_bytes")
    path.write_bytes(b"NRRD0004\ntype: uchar\nsi")
    assert code_of(path) == "truncated"
    path.write_bytes(b"\x89PNG\r\n\x1a\n")
    assert code_of(path) == "not_an_image"


def test_huge_sizes_are_refused(tmp_path):
    lines = ["type: uchar", "dimension: 3", "sizes: 90000 90000 90000", "encoding: gzip"]
    path = text(tmp_path / "a.nrrd", lines, gzip.compress(b""))
    assert code_of(path) == "too_large"
