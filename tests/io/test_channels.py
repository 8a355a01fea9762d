"""Channels by their names: what belongs together, and what is said of two of one kind."""

from pathlib import Path

import pytest

from edgewise.errors import InputError
from edgewise.io.channels import by_name, group_channels, image_files


def paths(*names):
    return [Path(name) for name in names]


def test_four_digits_are_channels_where_some_name_has_the_first():
    numbered, plain = group_channels(paths("a_0000.nii", "a_0001.nrrd", "b_0001.nii", "c.nii"))
    assert {name: sorted(parts) for name, parts in numbered.items()} == {"a": [0, 1], "b": [1]}
    assert plain == paths("c.nii")


def test_a_year_is_no_channel():
    years = paths("scan_2019.nii", "scan_2020.nii")
    assert group_channels(years) == ({}, years)


def test_two_files_of_one_channel_or_name_are_refused():
    with pytest.raises(InputError, match=r"a_0000.nii and a_0000.nrrd are the same") as raised:
        group_channels(paths("a_0000.nii", "a_0000.nrrd"))
    assert raised.value.code == "duplicate_case"
    with pytest.raises(InputError, match=r"b.nii and b.mha are the same"):
        by_name(paths("b.nii", "b.mha"))


def test_hidden_files_and_other_suffixes_are_no_images(tmp_path):
    for name in ("b.NII", "a.nii.gz", ".c.nii", "notes.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in image_files(tmp_path)] == ["a.nii.gz", "b.NII"]
