"""Which files make a case: plain names, nnU-Net's channels, manifests, and what is refused."""

import pytest

torch = pytest.importorskip("torch")

from edgewise.errors import InputError  # noqa: E402
from edgewise.models.inference.image_cases import find_cases  # noqa: E402


@pytest.fixture
def folder(tmp_path):
    def make(*names):
        for name in names:
            (tmp_path / name).touch()
        return tmp_path

    return make


def test_plain_names_in_natural_order(folder):
    where = folder("case_10.nii.gz", "case_2.nii.gz", "b.MHA", ".hidden.nii", "notes.txt", "x.json")
    found = find_cases(where)
    assert [one.case for one in found] == ["b", "case_2", "case_10"]
    assert [one.suffix for one in found] == [".mha", ".nii.gz", ".nii.gz"]
    assert all(len(one.files) == 1 and not one.problem for one in found)


def test_a_year_is_no_channel(folder):
    where = folder("scan_2019.nii", "scan_2020.nii")
    assert [one.case for one in find_cases(where)] == ["scan_2019", "scan_2020"]


def test_channels(folder):
    where = folder(
        "a_0000.nii.gz", "a_0001.nii.gz", "b_0001.nii.gz", "b_0000.nii.gz", "c_0000.nii.gz",
        "d_0000.nii.gz", "d_0001.nii.gz", "d_0002.nii.gz", "odd.nii.gz",
    )  # fmt: skip
    found = {one.case: one for one in find_cases(where, channels=2)}
    assert [p.name for p in found["b"].files] == ["b_0000.nii.gz", "b_0001.nii.gz"]
    assert found["a"].code == found["b"].code == ""
    assert found["c"].code == "missing_channel"
    assert "no channel _0001" in found["c"].problem
    assert found["d"].code == "extra_channel"
    assert found["odd"].code == "bad_name"


def test_one_channel_by_nnunets_name(folder):
    where = folder("a_0000.nii.gz", "b_0000.nii.gz")
    assert [one.case for one in find_cases(where)] == ["a", "b"]


def test_a_file_and_the_channels_beside_it(folder):
    where = folder("a_0000.nrrd", "a_0001.nrrd", "b_0000.nrrd")
    (one,) = find_cases(where / "a_0000.nrrd", channels=2)
    assert [p.name for p in one.files] == ["a_0000.nrrd", "a_0001.nrrd"]
    (one,) = find_cases(where / "a_0001.nrrd")
    assert one.case == "a_0001"


def test_headers_beside_their_data_are_written_as_one_file(folder):
    where = folder("a.mhd", "a.raw", "b.nhdr")
    assert {one.case: one.suffix for one in find_cases(where)} == {"a": ".mha", "b": ".nrrd"}


def test_manifests(tmp_path):
    table = tmp_path / "cases.csv"
    table.write_text("case,image\nx,sub/a.nii.gz\ny,b.mhd\n")
    found = find_cases(table)
    assert [(o.case, o.files[0]) for o in found] == [
        ("x", tmp_path / "sub" / "a.nii.gz"),
        ("y", tmp_path / "b.mhd"),
    ]
    assert found[1].suffix == ".mha"
    table.write_text("image,case\na.nii,\n")
    with pytest.raises(InputError, match="no name for a file"):
        find_cases(table)
    table.write_text("case,image\nx,\n")
    (lacking,) = find_cases(table)
    assert (lacking.code, lacking.problem) == (
        "missing_channel",
        "x: the manifest cases.csv has no image",
    )
    table.write_text("case,image\n")
    with pytest.raises(InputError, match="a header and no cases"):
        find_cases(table)
    table.write_text("case,image\nx,sub/a.nii.gz\ny,b.mhd\n")
    two = tmp_path / "two.tsv"
    two.write_text("case\timage_1\timage_0\nx\tb.nii\ta.nii\n")
    (one,) = find_cases(two, channels=2)
    assert [p.name for p in one.files] == ["a.nii", "b.nii"]
    with pytest.raises(InputError, match="needs the columns case, image_0, image_1"):
        find_cases(table, channels=2)
    for name in ("../x", "..", "."):
        table.write_text(f"case,image\n{name},a.nii\n")
        with pytest.raises(InputError, match="no name for a file"):
            find_cases(table)
    table.write_text("case,image\nx,a.nii\nx,b.nii\n")
    with pytest.raises(InputError, match="occurs twice") as raised:
        find_cases(table)
    assert raised.value.code == "duplicate_case"


def test_what_cannot_be_found(folder, tmp_path):
    with pytest.raises(InputError, match="no such file or folder"):
        find_cases(tmp_path / "nowhere")
    with pytest.raises(InputError, match="known suffix"):
        find_cases(folder("notes.txt"))
    with pytest.raises(InputError, match="occurs twice"):
        find_cases(folder("a.nii", "a.nrrd"))
    with pytest.raises(InputError, match="cannot read the manifest"):
        find_cases(tmp_path / "none.csv")
