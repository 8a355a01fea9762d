"""NIfTI against nibabel and SimpleITK: types, byte orders, versions, scaling, affines, series."""

import gzip
import math
import struct

import numpy as np
import pytest

from edgewise import io
from edgewise.errors import ReadError

nibabel = pytest.importorskip("nibabel")

DTYPES = ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"]
AFFINE = np.array([[-0.8, 0.1, 0, 20.5], [0.1, 0.8, 0, -13], [0, 0, 2.5, 7], [0, 0, 0, 1.0]])


def stored(shape=(3, 4, 5), dtype="i2", seed=0):
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 100, shape)
    return values.astype(dtype)


def save(path, array, affine=AFFINE, *, version=1, order="<", sform=2, qform=0, **fields):
    """Write with nibabel; `fields` overwrite the header."""
    kinds = {
        1: (nibabel.Nifti1Image, nibabel.Nifti1Header),
        2: (nibabel.Nifti2Image, nibabel.Nifti2Header),
    }
    image_class, header_class = kinds[version]
    header = header_class(endianness=order)
    header.set_data_dtype(array.dtype.newbyteorder(order))
    image = image_class(array, affine, header)
    image.set_sform(affine, sform)
    image.set_qform(affine, qform, strip_shears=True)
    for name, value in fields.items():
        image.header[name] = value
    image.to_filename(path)
    return path


def patch(path, offset, kind, *values):
    """Change bytes of a plain file."""
    data = bytearray(path.read_bytes())
    struct.pack_into(kind, data, offset, *values)
    path.write_bytes(data)
    return path


def code_of(path, **options):
    with pytest.raises(ReadError) as caught:
        io.read(path, **options)
    assert str(path) in str(caught.value)
    return caught.value.code


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("dtype", DTYPES)
def test_reads_what_nibabel_wrote(tmp_path, dtype, order, version, suffix):
    array = stored(dtype=dtype)
    path = save(tmp_path / f"a{suffix}", array, version=version, order=order)
    image = io.read(path)
    peer = nibabel.load(path)
    assert image.array.dtype == np.dtype(dtype)
    assert image.array.dtype.isnative
    assert image.array.flags.f_contiguous
    np.testing.assert_array_equal(image.array, array)
    np.testing.assert_array_equal(image.array, np.asanyarray(peer.dataobj))
    np.testing.assert_allclose(image.affine, peer.affine, rtol=0, atol=1e-12)
    np.testing.assert_allclose(image.spacing, peer.header.get_zooms(), rtol=1e-6)
    assert image.orientation == "".join(nibabel.aff2axcodes(peer.affine))
    assert image.warnings == ()
    header = io.read_header(path)
    assert (header.shape, header.spacing) == (image.shape, image.spacing)
    assert header.dtype == image.array.dtype


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("dtype", [*DTYPES, "?"])
def test_nibabel_reads_what_we_wrote(tmp_path, dtype, suffix):
    array = np.asfortranarray(stored(dtype=dtype))
    from edgewise.image import Image

    io.write(tmp_path / f"a{suffix}", Image(array, affine=AFFINE))
    peer = nibabel.load(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(np.asanyarray(peer.dataobj), array)
    np.testing.assert_allclose(peer.affine, AFFINE, rtol=1e-6)
    back = io.read(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(back.array, array)
    np.testing.assert_allclose(back.affine, AFFINE, rtol=1e-6)
    assert back.warnings == ()


def test_simpleitk_reads_what_we_wrote(tmp_path):
    sitk = pytest.importorskip("SimpleITK")
    from edgewise.image import Image

    array = stored(dtype="u1")
    affine = np.diag([-0.5, -0.75, 3.0, 1.0])
    affine[:3, 3] = 10, -20, 30
    io.write(tmp_path / "a.nii.gz", Image(array, affine=affine))
    peer = sitk.ReadImage(tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(sitk.GetArrayFromImage(peer).T, array)
    assert peer.GetSpacing() == pytest.approx((0.5, 0.75, 3.0))
    assert peer.GetOrigin() == pytest.approx((-10, 20, 30))


def test_a_long_axis_is_written_as_nifti_2(tmp_path):
    array = np.zeros((40000, 2, 1), np.uint8)
    array[39999, 1] = 7
    io.write(tmp_path / "a.nii.gz", array)
    header = io.read_header(tmp_path / "a.nii.gz")
    assert (header.format, header.shape) == ("NIfTI-2", (40000, 2, 1))
    np.testing.assert_array_equal(np.asanyarray(nibabel.load(tmp_path / "a.nii.gz").dataobj), array)


@pytest.mark.parametrize(("slope", "inter"), [(2.0, 0.0), (0.5, -3.0), (1.0, 1.0), (-1.0, 4.0)])
@pytest.mark.parametrize("dtype", ["u1", "i2", "f4"])
def test_scaling_is_applied_as_nibabel_does(tmp_path, dtype, slope, inter):
    path = patch(save(tmp_path / "a.nii", stored(dtype=dtype)), 112, "<2f", slope, inter)
    image = io.read(path)
    np.testing.assert_allclose(image.array, nibabel.load(path).get_fdata(), rtol=1e-6)
    assert ("odd_scaling" in image.warnings) == (dtype != "f4")


@pytest.mark.parametrize(
    ("slope", "inter"), [(0.0, 1.0), (math.nan, 0.0), (math.nan, math.nan), (1.0, 0.0)]
)
def test_slope_zero_and_nan_mean_no_scaling(tmp_path, slope, inter):
    array = stored(dtype="u1")
    path = patch(save(tmp_path / "a.nii", array), 112, "<2f", slope, inter)
    image = io.read(path)
    np.testing.assert_array_equal(image.array, array)
    assert image.array.dtype == np.uint8
    assert image.warnings == (("odd_scaling",) if (slope, inter) == (0.0, 1.0) else ())


def test_an_infinite_intercept_is_a_bad_header(tmp_path):
    path = patch(save(tmp_path / "a.nii", stored()), 112, "<2f", 2.0, math.inf)
    assert code_of(path) == "bad_header"


@pytest.mark.parametrize("left_handed", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_qform_matches_nibabel(tmp_path, seed, left_handed):
    rng = np.random.default_rng(seed)
    rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    if (np.linalg.det(rotation) < 0) != left_handed:
        rotation[:, 2] *= -1
    affine = np.eye(4)
    affine[:3, :3] = rotation * rng.uniform(0.5, 3, 3)
    affine[:3, 3] = rng.normal(size=3) * 100
    path = save(tmp_path / "a.nii", stored(), affine, sform=0, qform=1)
    image = io.read(path)
    np.testing.assert_allclose(image.affine, nibabel.load(path).affine, atol=1e-9)
    np.testing.assert_allclose(image.affine, affine, atol=1e-3)
    assert image.warnings == ()


@pytest.mark.parametrize("half_turn", [(1.0, 0, 0), (0, 1.0, 0), (0, 0, 1.0)])
def test_a_half_turn_in_the_qform(tmp_path, half_turn):
    path = save(tmp_path / "a.nii", stored(), np.eye(4), sform=0, qform=1)
    patch(path, 256, "<3f", *half_turn)
    np.testing.assert_allclose(io.read(path).affine, nibabel.load(path).affine, atol=1e-12)


def test_without_codes_there_is_no_affine_but_a_spacing(tmp_path):
    path = save(tmp_path / "a.nii", stored(), np.diag([2, 3, 4, 1.0]), sform=0, qform=0)
    image = io.read(path)
    assert image.affine is None
    assert image.orientation == ""
    assert image.spacing == (2.0, 3.0, 4.0)
    assert image.warnings == ("no_affine",)


def test_sform_and_qform_that_disagree_are_flagged_and_the_sform_wins(tmp_path):
    path = save(tmp_path / "a.nii", stored(), AFFINE, qform=1)
    assert io.read(path).warnings == ()
    other = AFFINE.copy()
    other[0, 3] += 0.3
    image = nibabel.load(path)
    image.set_qform(other, 1)
    image.to_filename(tmp_path / "b.nii")
    found = io.read(tmp_path / "b.nii")
    assert found.warnings == ("sform_qform_disagree",)
    np.testing.assert_allclose(found.affine, AFFINE, rtol=1e-6)


@pytest.mark.parametrize(
    ("factor", "code"), [(1.0005, ""), (1.005, "pixdim_differs"), (2.0, "conflict")]
)
def test_pixdim_must_agree_with_the_sform(tmp_path, factor, code):
    path = save(tmp_path / "a.nii", stored(), np.diag([2.0, 2, 2, 1]))
    patch(path, 80, "<f", 2.0 * factor)
    if code == "conflict":
        assert code_of(path) == "spacing_conflict"
        with pytest.raises(ReadError, match=r"\(2, 2, 2\) mm, its pixdim \(4, 2, 2\) mm"):
            io.read(path)
        image = io.read(path, spacing=4)
        assert image.spacing == (4.0, 4.0, 4.0)
        np.testing.assert_allclose(np.diag(image.affine), [4, 4, 4, 1])
        assert image.warnings == ("spacing_overridden",)
    else:
        image = io.read(path)
        assert image.spacing == (2.0, 2.0, 2.0)
        assert image.warnings == ((code,) if code else ())


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf, 1001.0])
def test_a_spacing_that_is_none_fails_unless_the_sform_gives_it(tmp_path, bad):
    path = save(tmp_path / "a.nii", stored(), np.diag([2, 2, 2, 1.0]), sform=0, qform=1)
    patch(path, 84, "<f", bad)
    assert code_of(path) == "bad_spacing"
    assert io.read(path, spacing=(1, 2, 3)).spacing == (1.0, 2.0, 3.0)
    given = save(tmp_path / "b.nii", stored(), np.diag([2, 2, 2, 1.0]))
    if not 0 < bad < math.inf:
        assert io.read(patch(given, 84, "<f", bad)).spacing == (2.0, 2.0, 2.0)
    else:
        assert code_of(patch(given, 84, "<f", bad)) == "spacing_conflict" or bad == math.inf


def test_a_sform_of_zeros_is_a_bad_spacing(tmp_path):
    path = patch(save(tmp_path / "a.nii", stored()), 280, "<12f", *[0.0] * 12)
    assert code_of(path) == "bad_spacing"


def test_axes_in_one_plane_are_a_bad_header(tmp_path):
    path = patch(
        save(tmp_path / "a.nii", stored()), 280, "<12f", 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0
    )
    patch(path, 80, "<3f", 1, 1, 1)
    assert code_of(path) == "bad_header"


@pytest.mark.parametrize("where", [280, 292])
def test_nan_in_the_sform_is_refused(tmp_path, where):
    path = patch(save(tmp_path / "a.nii", stored()), where, "<f", math.nan)
    assert code_of(path) in ("bad_spacing", "bad_header")


@pytest.mark.parametrize(("unit", "factor"), [(1, 1000.0), (3, 0.001)])
def test_metres_and_micrometres_become_millimetres(tmp_path, unit, factor):
    affine = np.diag([2 / factor, 3 / factor, 4 / factor, 1.0])
    affine[:3, 3] = 5 / factor
    for name, codes in (("s", {"sform": 1}), ("q", {"sform": 0, "qform": 1})):
        path = save(tmp_path / f"{name}.nii", stored(), affine, **codes, xyzt_units=unit)
        image = io.read(path)
        np.testing.assert_allclose(image.spacing, (2, 3, 4), rtol=1e-6)
        np.testing.assert_allclose(image.affine[:3, 3], 5, rtol=1e-6)
        assert image.warnings == ("units_converted",)


def test_sheared_and_very_anisotropic_grids_are_flagged(tmp_path):
    sheared = np.diag([1, 1, 1, 1.0])
    sheared[0, 1] = 0.01
    assert io.read(save(tmp_path / "a.nii", stored(), sheared)).warnings == ("sheared",)
    image = io.read(save(tmp_path / "b.nii", stored(), np.diag([1, 1, 10.5, 1])))
    assert image.warnings == ("very_anisotropic",)
    assert io.read(save(tmp_path / "c.nii", stored(), np.diag([1, 1, 10, 1]))).warnings == ()


@pytest.mark.parametrize(
    ("shape", "kept"),
    [((3, 4, 5, 1), (3, 4, 5)), ((3, 4, 5, 1, 1), (3, 4, 5)), ((3, 4, 1, 1), (3, 4, 1))],
)
def test_trailing_axes_of_length_1_go(tmp_path, shape, kept):
    array = stored(shape)
    image = io.read(save(tmp_path / "a.nii", array))
    assert image.shape == kept
    np.testing.assert_array_equal(image.array, array.reshape(kept))
    assert io.read_header(tmp_path / "a.nii").shape == kept


@pytest.mark.parametrize("shape", [(3, 4, 5, 2), (3, 4, 5, 1, 3)])
def test_a_series_needs_a_choice(tmp_path, shape):
    array = stored(shape)
    path = save(tmp_path / "a.nii.gz", array)
    assert code_of(path) == "4d_input"
    for volume in range(shape[-1]):
        image = io.read(path, volume=volume)
        np.testing.assert_array_equal(image.array, array[..., volume].reshape(3, 4, 5))
    assert code_of(path, volume=shape[-1]) == "4d_input"
    assert code_of(path, volume=-1) == "4d_input"


def test_slices_are_flagged_and_keep_their_axes(tmp_path):
    image = io.read(save(tmp_path / "a.nii", stored((3, 4, 1))))
    assert image.shape == (3, 4, 1)
    assert image.warnings == ("single_slice",)
    flat = io.read(save(tmp_path / "b.nii", stored((3, 4))))
    assert flat.shape == (3, 4)
    assert len(flat.spacing) == 2
    assert flat.warnings == ("single_slice",)


def test_a_slice_whose_sform_leaves_the_third_axis_out(tmp_path):
    path = save(tmp_path / "a.nii", stored((3, 4)), np.diag([-2, 3, 1, 1.0]))
    patch(path, 280, "<12f", -2, 0, 0, 1, 0, 3, 0, 2, 0, 0, 0, 3)
    image = io.read(path)
    assert image.spacing == (2.0, 3.0)
    np.testing.assert_allclose(image.affine[:3, 2], [0, 0, -1])


def test_extensions_before_the_voxels(tmp_path):
    array = stored()
    image = nibabel.Nifti1Image(array, AFFINE)
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension(6, b"note" * 500))
    image.to_filename(tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(io.read(tmp_path / "a.nii.gz").array, array)


def test_voxels_at_an_odd_byte(tmp_path):
    array = stored(dtype="i4")
    data = save(tmp_path / "a.nii", array).read_bytes()
    path = tmp_path / "b.nii"
    path.write_bytes(data[:352] + b"\0" + data[352:])
    patch(path, 108, "<f", 353.0)
    image = io.read(path)
    np.testing.assert_array_equal(image.array, array)
    assert image.array.flags.aligned


@pytest.mark.parametrize("offset", [-1.0, 100.0, 352.5, math.nan, 1e20])
def test_an_impossible_place_of_the_voxels(tmp_path, offset):
    assert code_of(patch(save(tmp_path / "a.nii", stored()), 108, "<f", offset)) == "bad_header"


@pytest.mark.parametrize(
    ("code", "wanted"),
    [(1, "unsupported"), (32, "unsupported"), (128, "unsupported"), (77, "bad_header")],
)
def test_types_that_are_no_labels(tmp_path, code, wanted):
    assert code_of(patch(save(tmp_path / "a.nii", stored()), 70, "<h", code)) == wanted


def test_two_file_headers_are_refused_by_name(tmp_path):
    path = save(tmp_path / "a.nii", stored())
    data = bytearray(path.read_bytes())
    data[344:348] = b"ni1\0"
    path.write_bytes(data)
    assert code_of(path) == "unsupported"


def test_a_spacing_given_by_the_caller(tmp_path):
    path = save(tmp_path / "a.nii", stored(), np.diag([-1, 1, 1, 1.0]))
    image = io.read(path, spacing=(2, 3, 4))
    assert image.spacing == (2.0, 3.0, 4.0)
    np.testing.assert_allclose(image.affine, np.diag([-2, 3, 4, 1.0]))
    assert image.warnings == ("spacing_overridden",)
    assert io.read(path, spacing=1.0).warnings == ()
    assert code_of(path, spacing=(1, 2)) == "bad_spacing"
    assert code_of(path, spacing=0) == "bad_spacing"


def test_equal_images_give_equal_bytes(tmp_path):
    for name in "ab":
        io.write(tmp_path / f"{name}.nii.gz", stored())
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()
    assert gzip.decompress((tmp_path / "a.nii.gz").read_bytes())[344:348] == b"n+1\0"
