"""Pairing files: names, templates, manifests, and what is said when nothing pairs."""

import unicodedata

import pytest

from edgewise.errors import ConfigError, InputError
from edgewise.evaluation import Case, Pairs
from edgewise.evaluation.cases import natural_key
from small_datasets import label_map, write


def touch(folder, *names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    return folder


def names(pairs):
    return [case.case for case in pairs]


def test_numbers_in_names_sort_as_numbers():
    assert sorted(["c10", "c2", "c1", "b"], key=natural_key) == ["b", "c1", "c2", "c10"]


def test_folders_pair_by_stem_whatever_the_format(tmp_path):
    ref = touch(tmp_path / "r", "case.v1.nii.gz", "b.nii", "c.nii.gz", "notes.txt", ".hidden.nii")
    pred = touch(tmp_path / "p", "case.v1.nii", "b.npy", "extra.nii.gz")
    pairs = Pairs.from_folders(ref, pred)
    assert names(pairs) == ["b", "c", "case.v1"]
    missing = pairs.cases[1]
    assert missing.prediction is None
    assert missing.pred.startswith(str(pred))
    assert [n.code for n in pairs.notes] == ["extra_prediction"]
    assert "extra.nii.gz has no reference" in pairs.notes[0].message
    assert pairs.reference.files == 3
    assert pairs.prediction.suffixes == (".nii", ".nii.gz", ".npy")


def test_composed_and_decomposed_letters_are_one_name(tmp_path):
    composed, decomposed = (unicodedata.normalize(form, "café_1") for form in ("NFC", "NFD"))
    ref = touch(tmp_path / "r", f"{composed}.nii.gz")
    pred = touch(tmp_path / "p", f"{decomposed}.nii.gz")
    (case,) = Pairs.from_folders(ref, pred)
    assert case.case == composed
    assert case.prediction.name == f"{decomposed}.nii.gz"


@pytest.mark.parametrize("name", ["NA", "None", "1e5", "001", "a b", "-x", "quote\"'", "雪", "é"])
def test_odd_names_stay_names(tmp_path, name):
    ref, pred = (touch(tmp_path / side, f"{name}.nii.gz", "z.nii.gz") for side in "rp")
    assert name in names(Pairs.from_folders(ref, pred))


def test_two_files_of_one_case_are_refused(tmp_path):
    ref = touch(tmp_path / "r", "a.nii.gz")
    pred = touch(tmp_path / "p", "a.nii.gz", "a.nii")
    with pytest.raises(InputError, match="case a: two predictions") as caught:
        Pairs.from_folders(ref, pred)
    assert caught.value.code == "duplicate_case"


def test_names_that_differ_in_case_only_are_noted(tmp_path):
    ref, pred = (touch(tmp_path / side, "a.nii.gz", "A.nii.gz") for side in "rp")
    if len(list(ref.iterdir())) < 2:
        pytest.skip("this file system knows no case")
    assert [n.code for n in Pairs.from_folders(ref, pred).notes] == ["similar_names"]


def test_usual_endings_are_removed_only_when_nothing_pairs(tmp_path):
    ref = touch(tmp_path / "r", "a.nii.gz", "b.nii.gz")
    pred = touch(tmp_path / "p", "a_seg.nii.gz", "b_seg.nii.gz")
    pairs = Pairs.from_folders(ref, pred)
    assert names(pairs) == ["a", "b"]
    assert all(case.prediction for case in pairs)
    assert "_seg from the predictions" in pairs.notes[0].message
    touch(pred, "a.nii.gz")
    assert [c.prediction.name if c.prediction else None for c in Pairs.from_folders(ref, pred)] == [
        "a.nii.gz",
        None,
    ]


def test_images_in_place_of_predictions_are_noticed(tmp_path):
    ref = touch(tmp_path / "r", "a.nii.gz")
    pred = touch(tmp_path / "p", "a_0000.nii.gz")
    assert "did you pass imagesTs?" in Pairs.from_folders(ref, pred).notes[0].message


def test_nothing_paired_comes_with_templates_that_work(tmp_path):
    ref = touch(tmp_path / "r", *(f"case_{k:03}.nii.gz" for k in range(3)))
    pred = touch(tmp_path / "p", *(f"{k:03}_final.nii.gz" for k in range(3)))
    with pytest.raises(InputError) as caught:
        Pairs.from_folders(ref, pred)
    assert caught.value.code == "nothing_paired"
    assert caught.value.exit_code == 3
    message = str(caught.value)
    assert "First names: reference case_000, prediction 000_final" in message
    templates = [part for part in message.split("'") if "{case}" in part]
    assert names(Pairs.from_templates(*templates)) == ["000", "001", "002"]


def test_a_folder_that_is_not_there(tmp_path):
    touch(tmp_path / "labels", "a.nii.gz")
    with pytest.raises(InputError, match=r"no such folder.*holds labels"):
        Pairs.from_folders(tmp_path / "lables", tmp_path / "labels")
    with pytest.raises(InputError, match="known suffix"):
        Pairs.from_folders(touch(tmp_path / "empty"), tmp_path / "labels")


def test_templates_give_algorithms_and_metadata(tmp_path):
    touch(tmp_path, "gt/a/seg.nii.gz", "gt/b/seg.nii.gz")
    touch(tmp_path, "sub/team2/siteX/a.nii", "sub/team10/siteX/a.nii", "sub/team10/siteX/b.nii")
    pairs = Pairs.from_templates(
        f"{tmp_path}/gt/{{case}}/seg.nii.gz", f"{tmp_path}/sub/{{algorithm}}/{{site}}/{{case}}.nii"
    )
    assert [c.key for c in pairs] == [
        ("a", "team2"),
        ("a", "team10"),
        ("b", "team2"),
        ("b", "team10"),
    ]
    assert pairs.cases[2].prediction is None
    assert pairs.cases[0].meta == (("site", "siteX"),)


def test_a_template_matches_whole_components_only(tmp_path):
    touch(tmp_path, "p/a_pred.nii.gz", "p/a_b_pred.nii.gz", "p/pred.nii.gz", "p/a_pred.nii.gz.bak")
    touch(tmp_path, "r/a.nii.gz", "r/a_b.nii.gz")
    pairs = Pairs.from_templates(f"{tmp_path}/r", f"{tmp_path}/p/{{case}}_pred.nii.gz")
    assert names(pairs) == ["a", "a_b"]
    with pytest.raises(ConfigError, match=r"needs \{case\}"):
        Pairs.from_templates("{name}.nii", "{case}.nii")


def test_a_field_that_repeats_must_agree(tmp_path):
    touch(tmp_path, "p/a/a.nii.gz", "p/a/b.nii.gz", "r/a.nii.gz")
    (case,) = Pairs.from_templates(f"{tmp_path}/r", f"{tmp_path}/p/{{case}}/{{case}}.nii.gz")
    assert case.pred == "a/a.nii.gz"


def manifest(tmp_path, text):
    path = tmp_path / "cases.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_manifest_is_text_and_relative_to_itself(tmp_path):
    touch(tmp_path, "x/a.nii", "x/b.nii")
    path = manifest(
        tmp_path,
        "\ufeffcase,ref,pred,algorithm,age\r\n001,x/a.nii,x/b.nii,m,5\r\nNA,x/a.nii,,m,6\r\n",
    )
    first, second = Pairs.from_manifest(path)
    assert first.case == "001"
    assert first.meta == (("age", "5"),)
    assert second.case == "NA"
    assert second.prediction is None
    assert first.reference == tmp_path / "x/a.nii"


def test_a_manifest_with_tabs(tmp_path):
    touch(tmp_path, "a.nii")
    path = manifest(tmp_path, "case\tref\tpred\nq\ta.nii\tgone.nii\n")
    (case,) = Pairs.from_manifest(path)
    assert case.prediction is None
    assert case.pred == "gone.nii"


@pytest.mark.parametrize("way_out", ["../../etc/passwd", "/etc/passwd"])
def test_a_manifest_may_not_leave_its_folder(tmp_path, way_out):
    path = manifest(tmp_path, f"case,ref,pred\na,{way_out},{way_out}\n")
    with pytest.raises(InputError) as caught:
        Pairs.from_manifest(path)
    assert caught.value.code == "path_outside_root"
    assert Pairs.from_manifest(path, allow_outside=True).cases[0].case == "a"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("case,ref\na,b\n", "lacks the column pred"),
        ("case,ref,pred,ref\n", "twice"),
        ("case,ref,pred\na,x,y\na,x,z\n", "case a: two rows"),
        ("case,ref,pred\n", "no cases"),
        ('case,ref,pred\n"",x,y\n', "no usable case name"),
    ],
)
def test_a_bad_manifest_is_one_sentence(tmp_path, text, problem):
    with pytest.raises(InputError, match=problem):
        Pairs.from_manifest(manifest(tmp_path, text))


def test_selecting_cases():
    pairs = Pairs.from_records([Case(f"c{k}", "r", "p") for k in range(12)])
    assert names(pairs.select(include=["c1*"], exclude=["c11"])) == ["c1", "c10"]
    assert names(pairs.select(limit=3)) == ["c0", "c1", "c2"]
    with pytest.raises(InputError, match="none of the 12 cases"):
        pairs.select(include=["x*"])


def test_a_folder_against_itself_is_noted(tmp_path):
    for side in ("r", "p"):
        write(tmp_path / side / "a.nii.gz", label_map())
    for side, codes in (("r", ["same_folder"]), ("p", [])):
        notes = Pairs.from_folders(tmp_path / "r", tmp_path / side).notes
        assert [n.code for n in notes] == codes


def test_links_that_lead_round_in_a_circle(tmp_path):
    for side in ("r", "p"):
        write(tmp_path / side / "sub/a.nii.gz", label_map())
        (tmp_path / side / "sub/up").symlink_to(tmp_path / side, target_is_directory=True)
    pairs = Pairs.from_folders(tmp_path / "r", tmp_path / "p", recursive=True)
    assert [c.case for c in pairs] == ["sub/a"]


def test_probabilities_beside_label_maps_come_with_a_way_out(tmp_path):
    for side in ("r", "p"):
        write(tmp_path / side / "a.nii.gz", label_map())
    (tmp_path / "p/a.npz").write_bytes(b"PK")
    with pytest.raises(InputError, match=r"--pred-template '.*/p/\{case\}\.nii\.gz'"):
        Pairs.from_folders(tmp_path / "r", tmp_path / "p")
    assert len(Pairs.from_templates(tmp_path / "r", f"{tmp_path}/p/{{case}}.nii.gz")) == 1


def test_a_limit_below_one_is_refused():
    with pytest.raises(ConfigError, match="limit"):
        Pairs.from_records([("a", 1, 2)]).select(limit=0)
