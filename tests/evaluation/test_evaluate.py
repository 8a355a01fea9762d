"""The main job in Python: numbers, rows, records, files."""

import itertools
import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

import edgewise
from edgewise import io
from edgewise.errors import (
    CaseError,
    ConfigError,
    EdgewiseError,
    GateError,
    GeometryError,
    InputError,
    LabelError,
    ReadError,
    ShapeError,
)
from edgewise.evaluation import Evaluation, Pairs, Policies, check, evaluate, evaluate_pair
from edgewise.evaluation.warning_texts import WARNINGS
from edgewise.image import Image
from small_datasets import AFFINE, HELD, SHIFTS, label_map, write, write_faults

METRICS = ("dice", "hd", "volume_ref")


def value(result, case, label, metric):
    (found,) = result.values.filter({"case": case, "label": label, "metric": metric}).rows()
    return found["value"], found["state"]


def test_every_case_has_every_label_of_the_data_set(folders):
    result = evaluate(*folders, metrics=METRICS)
    assert result.failed == []
    assert list(result.labels) == [1, 2]
    assert result.metrics == ("tp", "fp", "fn", "tn", "n_ref", "n_pred", *METRICS)
    assert len(result.values) == 5 * 2 * 9
    expected = list(itertools.product(HELD, (1, 2), result.metrics))
    rows = [(r["case"], r["label"], r["metric"]) for r in result.values.rows()]
    assert rows == expected


@pytest.mark.parametrize("case", HELD)
def test_the_numbers_are_those_of_moved_blocks(folders, case):
    result = evaluate(*folders, metrics=METRICS)
    shift = SHIFTS[case]
    for label in (1, 2):
        if label in HELD[case]:
            assert value(result, case, label, "dice") == ((4 - shift) / 4, "ok")
            assert value(result, case, label, "hd") == (float(shift), "ok")
            assert value(result, case, label, "volume_ref") == (4 * 3 * 4 * 2.0, "ok")
            assert value(result, case, label, "tp") == (float((4 - shift) * 12), "ok")
        else:
            dice, state = value(result, case, label, "dice")
            assert math.isnan(dice)
            assert state == "both_empty"
            assert value(result, case, label, "tn") == (12 * 10 * 8.0, "both_empty")
            assert value(result, case, label, "volume_ref")[0] == 0.0


@pytest.mark.parametrize("workers", [1, 2])
def test_labels_found_and_labels_given_give_the_same_numbers(folders, workers):
    found = evaluate(*folders, metrics=METRICS, workers=workers)
    given = evaluate(*folders, metrics=METRICS, labels=[1, 2])
    assert found.values.to_csv() == given.values.to_csv()


def test_a_label_predicted_where_the_reference_has_none_counts(tmp_path):
    write(tmp_path / "r/a.nii.gz", label_map(labels=(1,)))
    write(tmp_path / "r/b.nii.gz", label_map(labels=(1, 2)))
    for name in "ab":
        write(tmp_path / f"p/{name}.nii.gz", label_map(labels=(1, 2)))
    result = evaluate(tmp_path / "r", tmp_path / "p", metrics=("dice", "hd"))
    assert value(result, "a", 2, "dice") == (0.0, "ref_empty")
    assert value(result, "a", 2, "hd") == (math.inf, "ref_empty")
    assert value(result, "a", 2, "fp") == (48.0, "ref_empty")


def test_labels_of_the_predictions_alone_are_listed_not_measured(tmp_path):
    write(tmp_path / "r/a.nii.gz", label_map(labels=(1,)))
    write(tmp_path / "p/a.nii.gz", label_map(labels=(1, 7)))
    result = evaluate(tmp_path / "r", tmp_path / "p", metrics="dice")
    assert list(result.labels) == [1]
    assert result.cases["warnings"].tolist() == ["extra_label"]
    assert [n.message for n in result.notes] == [
        "prediction has label 7 in 1 case (max 48 voxels); evaluated labels are 1."
    ]
    given = evaluate(tmp_path / "r", tmp_path / "p", metrics="dice", labels=[1])
    assert given.cases.to_csv() == result.cases.to_csv()
    assert given.notes == result.notes
    union = evaluate(tmp_path / "r", tmp_path / "p", metrics="dice", labels="union")
    assert list(union.labels) == [1, 7]
    assert union.notes == ()


@pytest.mark.parametrize("fault", ["missing", "cut", "shifted"])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_label_of_a_failed_case_alone_is_still_a_label(tmp_path, fault, workers):
    """Label 2 occurs only where the prediction cannot be measured: it must not vanish."""
    ref, pred = tmp_path / "ref", tmp_path / "pred"
    write(ref / "a.nii.gz", label_map(labels=(1,)))
    write(pred / "a.nii.gz", label_map(labels=(1,)))
    write(ref / "b.nii.gz", label_map(labels=(1, 2)))
    if fault == "cut":
        (pred / "b.nii.gz").write_bytes((ref / "b.nii.gz").read_bytes()[:60])
    elif fault == "shifted":
        write(pred / "b.nii.gz", label_map(labels=(1, 2)), affine=np.diag([1.0, 1.0, 5.0, 1.0]))
    result = edgewise.evaluate(ref, pred, metrics="dice", workers=workers)
    assert [d["label"] for d in result.info["labels"]] == [1, 2]
    row = result.summary().row("dice", 2)
    assert (row.n, row.mean) == (1, 0.0)


@pytest.mark.parametrize(("labels", "noted"), [("auto", True), ([1, 2], False)])
def test_a_reference_that_cannot_be_read_may_hold_more_labels(folders, labels, noted):
    ref, pred = folders
    (ref / "case_4.nii.gz").write_bytes(b"")
    notes = edgewise.evaluate(ref, pred, labels=labels, metrics="dice").notes
    told = [n.message for n in notes if n.code == "unknown_labels"]
    assert len(told) == noted
    assert all("1 case could not be read (case_4)" in text for text in told)


def test_references_without_any_label_fall_back_to_the_predictions(tmp_path):
    write(tmp_path / "r/a.nii.gz", label_map(labels=()))
    write(tmp_path / "p/a.nii.gz", label_map(labels=(3,)))
    result = evaluate(tmp_path / "r", tmp_path / "p", metrics="dice")
    assert list(result.labels) == [3]
    assert value(result, "a", 3, "dice") == (0.0, "ref_empty")
    assert "empty_reference" in result.cases["warnings"][0]


def test_regions_follow_the_labels_with_negative_numbers(folders):
    result = evaluate(*folders, metrics="dice", regions={"both": (1, 2), "none": (9,)})
    assert result.labels == {1: "", 2: "", -1: "both", -2: "none"}
    assert value(result, "case_10", -1, "tp") == (2 * 36.0, "ok")
    assert value(result, "case_10", -2, "dice")[1] == "both_empty"
    assert result.info["labels"][2] == {"label": -1, "name": "both", "members": [1, 2]}


@pytest.mark.parametrize("labels", ["auto", "1,2"])
def test_the_ignore_label_leaves_voxels_out(tmp_path, labels):
    reference = label_map()
    reference[6:8] = 9
    prediction = label_map(shift=1)
    prediction[0, 0, 0] = 9
    write(tmp_path / "r/a.nii.gz", reference)
    write(tmp_path / "p/a.nii.gz", prediction)
    result = evaluate(tmp_path / "r", tmp_path / "p", metrics="dice", labels=labels, ignore_label=9)
    assert list(result.labels) == [1, 2]
    assert value(result, "a", 1, "fp")[0] == 0.0
    assert value(result, "a", 1, "tn")[0] == 12 * 80 - 2 * 80 - 48


def test_binary_takes_everything_as_one_label(folders):
    result = evaluate(*folders, metrics="dice", binary=True)
    assert result.labels == {1: "foreground"}
    assert value(result, "case_10", 1, "tp") == (72.0, "ok")


def test_a_threshold_makes_labels_of_probabilities(tmp_path):
    probability = label_map(labels=(1,), shift=1) * np.float32(0.75)
    write(tmp_path / "r/a.nii.gz", label_map(labels=(1,)))
    write(tmp_path / "p/a.nii.gz", probability)
    folders = tmp_path / "r", tmp_path / "p"
    (failed,) = evaluate(*folders).failed
    assert failed.code == "non_integer_labels"
    assert value(evaluate(*folders, threshold=0.5, metrics="dice"), "a", 1, "dice")[0] == 0.75
    assert value(evaluate(*folders, threshold=0.8, metrics="dice"), "a", 1, "dice")[0] == 0.0


def test_the_fault_folder(tmp_path):
    ref, pred, faulty = write_faults(tmp_path)
    result = evaluate(ref, pred, metrics=METRICS, labels=[1, 2], workers=2)
    codes = {row["case"]: row["error_code"] for row in result.cases.rows() if row["error_code"]}
    assert codes == faulty
    assert result.counts == {
        "planned": 12,
        "ok": 4,
        "failed": 7,
        "missing_prediction": 1,
        "missing_reference": 0,
    }
    for error in result.failed:
        assert isinstance(error, CaseError)
        assert "\n" not in str(error)
        assert error.case in str(error) or f"{error.case}.nii.gz" in str(error)
    for case in ("good_1", "good_2", "float_coded"):
        assert value(result, case, 1, "dice") == (0.75, "ok")
    assert value(result, "empty_label_map", 1, "dice") == (0.0, "pred_empty")
    warnings = dict(zip(result.cases["case"], result.cases["warnings"], strict=True))
    assert warnings["float_coded"] == "float_labels"
    assert warnings["empty_label_map"] == "empty_prediction"
    summary = result.summary().row("hd", 1)
    assert (summary.n, summary.n_missing, summary.n_infinite) == (12, 8, 1)
    diagonal = math.sqrt(12**2 + 10**2 + 16**2)
    assert summary.mean == pytest.approx((3 * 1.0 + 9 * diagonal) / 12)


def test_a_shifted_prediction_can_be_resampled_or_taken_as_it_is(tmp_path):
    moved = AFFINE.copy()
    moved[0, 3] = 2.0
    write(tmp_path / "r/a.nii.gz", label_map(shift=2))
    write(tmp_path / "p/a.nii.gz", label_map(), affine=moved)
    folders = tmp_path / "r", tmp_path / "p"
    (failed,) = evaluate(*folders).failed
    assert failed.code == "geometry_mismatch"
    assert "--geometry resample" in str(failed)
    assert value(evaluate(*folders, geometry="resample"), "a", 1, "dice")[0] == 1.0
    assert value(evaluate(*folders, geometry="ignore"), "a", 1, "dice")[0] == 0.5


def test_records_of_arrays_images_callables_and_paths(folders):
    a, b = label_map(), label_map(shift=1)
    path = folders[0] / "case_1.nii.gz"
    result = evaluate(
        [
            ("array", a, b),
            ("image", Image(a, affine=AFFINE), Image(b, affine=AFFINE)),
            ("lazy", lambda: a, lambda: b),
            ("path", path, str(path)),
            ("nothing", a, None),
        ],
        metrics=METRICS,
    )
    assert result.counts["ok"] == 4
    assert value(result, "array", 1, "volume_ref")[0] == 48.0
    assert value(result, "image", 1, "volume_ref")[0] == 96.0
    assert value(result, "lazy", 1, "dice")[0] == 0.75
    assert value(result, "path", 1, "dice")[0] == 1.0
    assert [e.code for e in result.failed] == ["missing_prediction"]


def test_arrays_take_their_spacing_from_the_call():
    result = evaluate([("a", label_map(), label_map(shift=1))], metrics="hd", spacing=(3, 1, 1))
    assert value(result, "a", 1, "hd")[0] == 3.0


def test_one_spacing_is_that_of_every_axis():
    pair = label_map(), label_map(shift=1)
    result = evaluate([("a", *pair)], metrics="hd", spacing=3)
    assert value(result, "a", 1, "hd")[0] == 3.0
    assert evaluate_pair(*pair, metrics="hd", spacing=3).value(1, "hd") == 3.0


def test_a_bad_array_is_a_row_and_the_others_are_measured():
    good = label_map()
    records = [("bad", good, good[:-1]), ("good", good, good), ("odd", good, good * 0.3)]
    result = evaluate(records, metrics="dice")
    assert [(e.case, e.code) for e in result.failed] == [
        ("bad", "shape_mismatch"),
        ("odd", "non_integer_labels"),
    ]
    assert value(result, "good", 1, "dice")[0] == 1.0


def test_an_unforeseen_exception_is_a_row_too():
    def broken():
        raise ZeroDivisionError("no such luck")

    result = evaluate([("a", broken, label_map()), ("b", label_map(), label_map())])
    (failed,) = result.failed
    assert failed.code == "internal_error"
    assert "ZeroDivisionError: no such luck" in str(failed)
    assert result.counts["ok"] == 1


def test_a_reader_that_breaks_on_one_file_does_not_end_the_run(folders, monkeypatch):
    """Not even when its header is asked for once more, for the row of the case."""
    for name in ("read", "read_header"):
        original = getattr(io, name)

        def breaking(path, *, original=original, **options):
            if Path(path).name == "case_4.nii.gz":
                raise ZeroDivisionError("no such luck")
            return original(path, **options)

        monkeypatch.setattr(io, name, breaking)
    result = evaluate(*folders, metrics="dice", workers=1)
    assert [(failed.case, failed.code) for failed in result.failed] == [
        ("case_4", "internal_error")
    ]
    assert result.counts["ok"] == len(HELD) - 1


def test_running_out_of_memory_is_a_row_too():
    def greedy():
        raise MemoryError

    (failed,) = evaluate([("a", greedy, label_map()), ("b", label_map(), label_map())]).failed
    assert failed.code == "out_of_memory"


def test_errors_can_be_raised(tmp_path):
    ref, pred, _ = write_faults(tmp_path)
    with pytest.raises(CaseError) as caught:
        evaluate(ref, pred, on_error="raise")
    assert caught.value.code
    with pytest.raises(ConfigError, match="record or raise"):
        evaluate(ref, pred, on_error="ignore")


def test_several_algorithms(tmp_path):
    for name in "ab":
        write(tmp_path / f"gt/{name}.nii.gz", label_map())
        write(tmp_path / f"sub/one/{name}.nii.gz", label_map())
    write(tmp_path / "sub/two/a.nii.gz", label_map(shift=1))
    result = evaluate(
        f"{tmp_path}/gt", f"{tmp_path}/sub/{{algorithm}}/{{case}}.nii.gz", metrics="dice"
    )
    assert list(zip(result.cases["case"], result.cases["algorithm"], strict=True)) == [
        ("a", "one"),
        ("a", "two"),
        ("b", "one"),
        ("b", "two"),
    ]
    rows = {row.algorithm: row.mean for row in result.summary().rows if row.label == 1}
    assert rows == {"one": 1.0, "two": 0.375}


def test_saving_and_loading(folders, tmp_path):
    result = evaluate(
        *folders, metrics=METRICS, labels={1: "liver", 2: "tumour"}, out=tmp_path / "run"
    )
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == [
        "cases.csv",
        "provenance.json",
        "run.json",
        "timings.csv",
        "values.csv",
    ]
    again = Evaluation.load(tmp_path / "run")
    assert again.values.to_csv() == result.values.to_csv()
    assert again.cases.to_csv() == result.cases.to_csv()
    assert again.summary().rows == result.summary().rows
    assert again.labels == {1: "liver", 2: "tumour"}
    info = json.loads((tmp_path / "run/run.json").read_text())
    assert info["schema"] == "edgewise.run/1"
    assert info["complete"] is True
    assert info["parameters"]["metrics"] == list(METRICS)
    assert info["conventions"]["edgewise"]["boundary"] == "face"
    assert str(tmp_path) not in (tmp_path / "run/run.json").read_text()


def test_equal_runs_give_equal_bytes(folders, tmp_path):
    for name, workers in (("a", 1), ("b", 2), ("c", 3)):
        evaluate(*folders, out=tmp_path / name, workers=workers, threads=workers)
    for table in ("cases.csv", "values.csv", "run.json"):
        contents = {(tmp_path / name / table).read_bytes() for name in "abc"}
        assert len(contents) == 1, table


def test_an_unwritable_folder_is_found_before_the_work(folders, tmp_path):
    blocker = tmp_path / "file"
    blocker.write_text("")
    seen = []
    with pytest.raises(EdgewiseError, match="cannot write") as caught:
        evaluate(*folders, out=blocker / "run", progress=seen.append)
    assert caught.value.exit_code == 1
    assert seen == []


def test_loading_something_else(tmp_path):
    with pytest.raises(InputError, match="no results of edgewise"):
        Evaluation.load(tmp_path)
    (tmp_path / "run.json").write_text('{"schema": "edgewise.run/9"}')
    with pytest.raises(InputError, match=r"edgewise\.run/9"):
        Evaluation.load(tmp_path)


def test_progress_is_told_case_by_case(folders):
    events = []
    evaluate(*folders, progress=events.append)
    assert [e.done for e in events] == [0, 1, 2, 3, 4, 5]
    assert all(e.total == 5 and e.failed == 0 for e in events)


def test_mistakes_are_found_before_any_file_is_read(tmp_path):
    nowhere = tmp_path / "nowhere"
    with pytest.raises(ConfigError, match="dicee"):
        evaluate(nowhere, nowhere, metrics="dicee")
    with pytest.raises(InputError, match="no such file or folder"):
        evaluate(nowhere, nowhere)
    with pytest.raises(ConfigError, match="a prediction is needed"):
        evaluate(nowhere)


def test_a_pair_of_arrays_images_or_paths(folders):
    a, b = label_map(), label_map(shift=1)
    assert evaluate_pair(a, b, metrics="dice").value(1, "dice") == 0.75
    assert evaluate_pair(a, b, metrics="hd", spacing=(2, 1, 1)).value(1, "hd") == 2.0
    images = Image(a, affine=AFFINE), Image(b, affine=AFFINE)
    assert evaluate_pair(*images).value(1, "volume_ref") == 96.0
    paths = [folder / "case_10.nii.gz" for folder in folders]
    result = evaluate_pair(
        *paths, labels={2: "tumour"}, nsd_tolerance={"tumour": 2.0}, metrics="nsd"
    )
    assert result.metrics[-1] == "nsd@2mm"
    assert result.value("tumour", "nsd") == 1.0
    assert evaluate_pair(a == 1, b == 1).labels == {1: ""}


def test_a_pair_raises_what_is_wrong(folders, tmp_path):
    moved = AFFINE.copy()
    moved[0, 3] = 30
    a = label_map()
    with pytest.raises(GeometryError, match="shifted"):
        evaluate_pair(Image(a, affine=AFFINE), Image(a, affine=moved))
    with pytest.raises(GeometryError, match="shape"):
        evaluate_pair(Image(a, affine=AFFINE), Image(a[:-1], affine=AFFINE))
    with pytest.raises(ShapeError, match="shape"):
        evaluate_pair(a, a[:-1])
    with pytest.raises(ReadError):
        evaluate_pair(tmp_path / "no.nii.gz", a)


def test_a_pair_of_arrays_keeps_every_label_and_the_conventions_of_measure():
    reference, prediction = np.array([0, 2**40, 2**40, -1]), np.array([0, 2**40, 0, -1])
    with pytest.raises(LabelError, match="allow_negative_labels"):
        evaluate_pair(reference, prediction, metrics="dice")
    found = evaluate_pair(reference, prediction, metrics="dice", allow_negative_labels=True)
    assert found.to_dict().keys() == {-1, 2**40}
    assert found.value(2**40, "dice") == pytest.approx(2 / 3)
    hidden = evaluate_pair(
        reference > 0, prediction > 0, metrics="dice", ignore_mask=[0, 0, 1, 0],
        include_background=True,
    )  # fmt: skip
    assert [hidden.value(label, "tp") for label in (0, 1)] == [2, 1]
    slab = np.ones((3, 3, 1), bool)
    hollow = slab.copy()
    hollow[1, 1] = False
    flat, thick = (
        evaluate_pair(slab, hollow, metrics="hd", squeeze=squeeze).value(1, "hd")
        for squeeze in (True, False)
    )
    assert (flat, thick) == (0.0, 1.0)


def test_checking_headers_and_everything(tmp_path):
    ref, pred, faulty = write_faults(tmp_path)
    shallow = {p.case: p.code for p in check(ref, pred) if p.severity == "error"}
    for code in ("empty_file", "shape_mismatch", "geometry_mismatch", "missing_prediction"):
        assert code in shallow.values()
    assert "fractions" not in shallow
    full = {p.case: p.code for p in check(ref, pred, full=True) if p.severity == "error"}
    assert full == faulty
    healthy = check(Pairs.from_folders(ref, pred).select(include=["good*"]), full=True)
    assert healthy == []


@pytest.mark.parametrize(("n", "expected"), [(1000, ""), (1001, "many_labels")])
def test_grey_values_are_taken_for_what_they_are(n, expected):
    grey = np.arange(1, n + 1)
    result = edgewise.evaluate([("a", grey, grey)], labels="auto", metrics="dice", spacing=1.0)
    assert result.cases["warnings"].tolist() == [expected]


def test_many_labels_that_are_not_measured_are_one_sentence(tmp_path):
    many = label_map(labels=(1,))
    many[0, 0, :] = np.arange(11, 19)
    for name in "ab":
        write(tmp_path / f"r/{name}.nii.gz", label_map(labels=(1,)))
        write(tmp_path / f"p/{name}.nii.gz", many)
    (note,) = evaluate(tmp_path / "r", tmp_path / "p", metrics="dice").notes
    assert note.message == (
        "predictions have 8 labels that are not evaluated (11, 12, 13, 14, 15, 16, 17, 18) in 2 "
        "cases; evaluated labels are 1."
    )
    note = evaluate(tmp_path / "r", tmp_path / "p", metrics="dice", labels=range(1, 17)).notes[0]
    assert note.message.endswith("evaluated labels are 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 6 more.")


def test_an_array_with_too_many_axes_has_a_code_of_its_own():
    array = np.ones((2, 2, 2, 2), np.uint8)
    (failed,) = evaluate([("a", array, array)], metrics="hd").failed
    assert failed.code == "bad_shape"


def test_every_warning_has_a_meaning_in_the_documentation():
    page = (Path(__file__).parents[2] / "docs/files.md").read_text()
    for code, text in WARNINGS.items():
        assert f"| `{code}` | {text} |" in page


def test_every_code_in_the_source_has_a_meaning():
    """Codes are string literals that are appended to or joined with warnings."""
    rooms = Path(edgewise.__file__).parent
    known = set()
    for file in (*rooms.glob("io/*.py"), *rooms.glob("image/*.py"), rooms / "metrics/pair.py"):
        text = file.read_text()
        known |= set(re.findall(r'(?:codes|found|warnings)\.(?:append|add)\("([a-z_]+)"\)', text))
        known |= set(re.findall(r'(?:warnings|codes|odd) = \(?(?:\*warnings, )?"([a-z_]+)"', text))
    assert len(known) > 10
    assert known <= set(WARNINGS)


def test_the_summary_is_part_of_what_is_kept(folders, tmp_path):
    result = evaluate(*folders, metrics="dice", out=tmp_path / "run")
    stored = json.loads((tmp_path / "run/run.json").read_text())["summary"]
    assert [row["mean"] for row in stored] == [row.mean for row in result.summary().rows]


def test_a_run_can_be_required_to_reach_numbers(folders):
    result = edgewise.evaluate(*folders, metrics="dice", labels={1: "liver", 2: "tumour"})
    result.require("dice[liver].mean >= 0.5", "failed <= 0")
    with pytest.raises(GateError) as caught:
        result.require("dice[*].mean > 0.99", "failed < 0", policies=Policies(missing="skip"))
    assert caught.value.exit_code == 5
    named = [part.split("(")[1].split(" =")[0] for part in str(caught.value).split("; ")]
    assert named == ["dice[liver].mean", "dice[tumour].mean", "failed"]
    with pytest.raises(ConfigError, match="cannot read the gate"):
        result.require("dice >= 1")


@pytest.mark.parametrize("text", ["[]", "3", '{"schema": "edgewise.run/1"}', '{"schema": 1}', "{"])
def test_loading_a_spoilt_run_is_one_sentence(folders, tmp_path, text):
    evaluate(*folders, metrics="dice", out=tmp_path / "run")
    (tmp_path / "run/run.json").write_text(text)
    with pytest.raises(InputError, match="run"):
        Evaluation.load(tmp_path / "run")
