"""nnU-Net's drop-in by hand: counts, summary.json, folders, what is mended, and nnU-Net itself."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from edgewise import io
from edgewise.compat import nnunet
from edgewise.compat.nnunet import dataset, evaluation
from edgewise.compat.nnunet.files import UnreadableError
from edgewise.compat.nnunet.whole_numbers import as_whole_numbers
from edgewise.errors import GeometryError, MissingExtraError, ReadError
from edgewise.image import Image

REFERENCE = np.array([[[0, 0, 1, 1], [2, 2, 2, 0]]], np.uint8)
PREDICTION = np.array([[[0, 1, 1, 0], [2, 2, 0, 0]]], np.uint8)
METRICS = ["Dice", "IoU", "FP", "TP", "FN", "TN", "n_pred", "n_ref"]


class Arrays:
    """A reader of arrays that have names."""

    def __init__(self, *arrays):
        self.arrays = dict(zip("ab", arrays, strict=True))

    def read_seg(self, name):
        return self.arrays[name], {}


def measured(reference, prediction, classes, ignored=None, **kwargs):
    reader = Arrays(reference, prediction)
    return nnunet.compute_metrics("a", "b", reader, classes, ignored, **kwargs)["metrics"]


def folders(path, cases, ending=".nii.gz", affine=None):
    """Write cases, (reference, prediction) with None for what is missing."""
    for number, sides in enumerate(cases):
        for name, array in zip(("ref", "pred"), sides, strict=True):
            (path / name).mkdir(parents=True, exist_ok=True)
            if array is not None:
                place = np.eye(4) if affine is None or name == "ref" else affine
                io.write(path / name / f"case{number}{ending}", Image(array, affine=place))
    return str(path / "ref"), str(path / "pred")


def test_the_paths_of_the_library_are_mirrored():
    home = evaluation.evaluate_predictions
    assert nnunet.compute_metrics_on_folder is home.compute_metrics_on_folder
    assert all(hasattr(nnunet, name) for name in nnunet.__all__)


def test_importing_loads_numpy_only():
    program = (
        "import sys, edgewise.compat.nnunet\n"
        "sys.exit(bool({'torch', 'nnunetv2', 'SimpleITK'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


# arrays


def test_counts_by_hand():
    counts = nnunet.compute_tp_fp_fn_tn(REFERENCE == 1, PREDICTION == 1)
    assert counts == (1, 1, 1, 5)
    assert all(type(count) is np.int64 for count in counts)
    ignored = REFERENCE == 2
    assert nnunet.compute_tp_fp_fn_tn(REFERENCE == 1, PREDICTION == 1, ignored) == (1, 1, 1, 2)


def test_masks_of_labels_and_regions():
    assert np.array_equal(nnunet.region_or_label_to_mask(REFERENCE, 2), REFERENCE == 2)
    assert np.array_equal(nnunet.region_or_label_to_mask(REFERENCE, (1, 2)), REFERENCE > 0)
    assert not nnunet.region_or_label_to_mask(REFERENCE, ()).any()


def test_metrics_by_hand():
    found = measured(REFERENCE, PREDICTION, [1, 2, (1, 2), 3])
    assert list(found) == [1, 2, (1, 2), 3]
    assert all(list(values) == METRICS for values in found.values())
    assert found[1]["Dice"] == 0.5
    assert (found[2]["TP"], found[2]["FP"], found[2]["FN"], found[2]["TN"]) == (2, 0, 1, 5)
    assert found[(1, 2)]["IoU"] == 3 / 6
    assert math.isnan(found[3]["Dice"])
    assert found[3]["TN"] == 8
    assert type(found[1]["Dice"]) is np.float64
    assert type(found[1]["n_ref"]) is np.int64


def test_ignored_elements_count_nowhere():
    found = measured(REFERENCE, PREDICTION, [1, (1, 2)], 2)
    assert [found[1][name] for name in ("TP", "FP", "FN", "TN")] == [1, 1, 1, 2]
    assert [found[(1, 2)][name] for name in ("TP", "FP", "FN", "TN")] == [1, 1, 1, 2]


@pytest.mark.parametrize("dtype", ["?", "i1", "u2", "i4", "u8", "f2", "f4", "f8", ">i2"])
@pytest.mark.parametrize("order", ["C", "F", "strided"])
def test_labels_of_any_type_and_layout(dtype, order):
    expected = measured(REFERENCE == 1, PREDICTION == 1, [1])
    sides = [(side == 1).astype(dtype) for side in (REFERENCE, PREDICTION)]
    if order == "strided":
        sides = [np.repeat(side, 2, axis=2)[..., ::2] for side in sides]
    else:
        sides = [np.asarray(side, order=order) for side in sides]
    assert measured(*sides, [1]) == expected


def test_values_that_are_no_labels():
    floating = REFERENCE.astype(np.float32)
    floating[0, 0, 2] = 1.5
    assert measured(floating, PREDICTION, [1])[1]["n_ref"] == 1
    floating[0, 0, 2] = np.nan
    assert measured(floating, PREDICTION, [1])[1]["n_ref"] == 1
    many = np.array([[0.0, 300.0, 300.0, -1.0]], np.float32)
    assert measured(many, many, [300, -1])[300]["TP"] == 2
    assert as_whole_numbers(np.array([2.0**40])) is None
    assert as_whole_numbers(np.array([1j])) is None


def test_shapes_that_differ():
    assert measured(np.ones((1, 2, 2)), np.ones((1, 1, 2)), [1])[1]["TP"] == 4
    with pytest.raises(ValueError, match="broadcast"):
        measured(np.ones((1, 2, 2)), np.ones((1, 3, 2)), [1])
    with pytest.raises(GeometryError, match="shape"):
        measured(np.ones((1, 2, 2)), np.ones((1, 1, 2)), [1], corrected=True)


# summaries


@pytest.mark.parametrize(
    ("key", "value"),
    [("1", 1), ("(1, 2)", (1, 2)), ("(3,)", (3,)), ("()", ()), ("-4", -4), ("1,2", (1, 2))],
)
def test_keys(key, value):
    assert nnunet.key_to_label_or_region(key) == value
    assert nnunet.key_to_label_or_region(nnunet.label_or_region_to_key(value)) == value


def test_keys_that_are_none():
    with pytest.raises(ValueError, match="invalid literal"):
        nnunet.key_to_label_or_region("a")
    assert nnunet.labels_to_list_of_regions([1, 2]) == [(1,), (2,)]


def test_a_summary_is_read_as_it_was_written(tmp_path):
    places = folders(tmp_path, [(REFERENCE, PREDICTION), (PREDICTION, PREDICTION)])
    file = str(tmp_path / "s.json")
    classes = [1, (1, 2)]
    result = nnunet.compute_metrics_on_folder(*places, file, None, ".nii.gz", classes)
    assert nnunet.load_summary_json(file) == result
    assert result["mean"][1]["Dice"] == 0.75
    assert result["foreground_mean"]["Dice"] == np.mean([0.75, (6 / 9 + 1) / 2])
    assert type(result["mean"][1]["TP"]) is float
    assert type(result["metric_per_case"][0]["metrics"][1]["TP"]) is int


SUMMARY = """{
    "foreground_mean": {
        "Dice": NaN,
        "FN": 0.5,
        "FP": 0.5,
        "IoU": NaN,
        "TN": 6.5,
        "TP": 0.5,
        "n_pred": 1.0,
        "n_ref": 1.0
    },
    "mean": {
        "(3,)": {
            "Dice": NaN,
            "FN": 0.0,
            "FP": 0.0,
            "IoU": NaN,
            "TN": 8.0,
            "TP": 0.0,
            "n_pred": 0.0,
            "n_ref": 0.0
        },
        "1": {
            "Dice": 0.5,
            "FN": 1.0,
            "FP": 1.0,
            "IoU": 0.3333333333333333,
            "TN": 5.0,
            "TP": 1.0,
            "n_pred": 2.0,
            "n_ref": 2.0
        }
    },
    "metric_per_case": [
        {
            "metrics": {
                "(3,)": {
                    "Dice": NaN,
                    "FN": 0,
                    "FP": 0,
                    "IoU": NaN,
                    "TN": 8,
                    "TP": 0,
                    "n_pred": 0,
                    "n_ref": 0
                },
                "1": {
                    "Dice": 0.5,
                    "FN": 1,
                    "FP": 1,
                    "IoU": 0.3333333333333333,
                    "TN": 5,
                    "TP": 1,
                    "n_pred": 2,
                    "n_ref": 2
                }
            },
            "prediction_file": "pred/case0.nii.gz",
            "reference_file": "ref/case0.nii.gz"
        }
    ]
}"""


def test_the_text_of_a_summary(tmp_path, monkeypatch):
    folders(tmp_path, [(REFERENCE, PREDICTION)])
    monkeypatch.chdir(tmp_path)  # paths are written as they are given
    with pytest.warns(RuntimeWarning, match="empty slice"):
        nnunet.compute_metrics_on_folder("ref", "pred", "s.json", None, ".nii.gz", [1, (3,)])
    assert (tmp_path / "s.json").read_text() == SUMMARY


# folders


def on_folder(places, classes=(1,), **kwargs):
    return nnunet.compute_metrics_on_folder(*places, None, None, ".nii.gz", list(classes), **kwargs)


def test_missing_files(tmp_path):
    places = folders(tmp_path, [(REFERENCE, PREDICTION), (REFERENCE, None)])
    assert len(on_folder(places)["metric_per_case"]) == 1
    with pytest.raises(AssertionError, match=r"1 references have no prediction.*case1"):
        on_folder(places, chill=False)
    (tmp_path / "ref" / "case0.nii.gz").unlink()
    with pytest.raises(RuntimeError, match="case0") as error:
        on_folder(places)
    assert isinstance(error.value, ReadError)
    (tmp_path / "pred" / "case0.nii.gz").unlink()
    with pytest.raises(IndexError):
        on_folder(places)


def test_bad_options(tmp_path):
    places = folders(tmp_path, [(REFERENCE, PREDICTION)])
    with pytest.raises(AssertionError, match="json"):
        nnunet.compute_metrics_on_folder(*places, "s.txt", None, ".nii.gz", [1])
    with pytest.raises(ValueError, match="num_processes"):
        on_folder(places, num_processes=0)
    with pytest.raises(IndexError):
        on_folder(places, [])


def test_results_do_not_depend_on_how_many_work(tmp_path):
    cases = [(np.roll(REFERENCE, shift), PREDICTION) for shift in range(5)]
    places = folders(tmp_path, cases)
    assert on_folder(places, num_processes=1) == on_folder(places, num_processes=3)


def test_another_reader_runs_in_processes(tmp_path):
    rows = [np.stack([side, side]) for side in (REFERENCE, PREDICTION)]  # labels, properties
    places = folders(tmp_path, [rows] * 2, ".npy")
    reader = SimpleNamespace(read_seg=np.load)
    found = nnunet.compute_metrics_on_folder(*places, None, reader, ".npy", [1], None, 2)
    assert found["mean"][1]["Dice"] == 0.5


def test_the_simple_way(tmp_path, capsys, monkeypatch):
    places = folders(tmp_path, [(REFERENCE, PREDICTION)])
    assert nnunet.compute_metrics_on_folder_simple(*places, [1, 2]) is None
    written = (tmp_path / "pred" / "summary.json").read_text()
    output = str(tmp_path / "o.json")
    command = ["command", *places, "-l", "1", "2", "-o", output, "-np", "1"]
    monkeypatch.setattr(sys, "argv", command)
    nnunet.evaluate_simple_entry_point()
    assert (tmp_path / "o.json").read_text() == written
    monkeypatch.setattr(sys, "argv", ["command", *places])
    with pytest.raises(SystemExit):
        nnunet.evaluate_simple_entry_point()
    assert "-l" in capsys.readouterr().err


def test_a_file_that_nothing_reads(tmp_path, monkeypatch):
    (tmp_path / "ref").mkdir()
    (tmp_path / "ref" / "notes.txt").write_text("no image")

    def missing(place, *, why):
        raise MissingExtraError(why)

    monkeypatch.setattr("edgewise.compat.nnunet.files.original", missing)
    with pytest.raises(UnreadableError):
        nnunet.compute_metrics_on_folder_simple(str(tmp_path / "ref"), str(tmp_path), [1])


def test_labels_of_a_dataset(tmp_path, monkeypatch):
    places = folders(tmp_path, [(REFERENCE, PREDICTION)])
    named = {"labels": {"background": 0, "a": 1, "b": 2}, "file_ending": ".nii.gz"}
    files = [str(tmp_path / name) for name in ("dataset.json", "plans.json")]
    for file, what in zip(files, (named, {}), strict=True):
        Path(file).write_text(json.dumps(what))
    assert nnunet.compute_metrics_on_folder2(*places, *files) is None
    summary = str(tmp_path / "pred" / "summary.json")
    assert list(nnunet.load_summary_json(summary)["mean"]) == [1, 2]
    output = str(tmp_path / "o.json")
    command = ["command", *places, "-djfile", files[0], "-pfile", files[1], "-o", output]
    monkeypatch.setattr(sys, "argv", command)
    nnunet.evaluate_folder_entry_point()
    assert (tmp_path / "o.json").read_text() == (tmp_path / "pred" / "summary.json").read_text()


def classes_of(labels, plans=None, **rest):
    return dataset.classes_of({"labels": {"background": 0} | labels} | rest, plans or {})


def test_regions_of_a_dataset():
    assert classes_of({"a": 1, "b": 2, "ignore": 3}) == ([1, 2], 3)
    regions = {"whole": [1, 2], "core": 2, "nothing": [0, 0]}
    assert classes_of(regions, regions_class_order=[1, 2]) == ([(1, 2), 2], None)
    for labels, rest, words in (
        ({"a": 1, "ignore": 3}, {}, "next label"),
        ({"a": 1, "ignore": [2]}, {}, "integer"),
        (regions, {}, "regions_class_order"),
        (regions, {"regions_class_order": [1]}, "1 values for 2"),
        ({"background": 1}, {}, "must be 0"),
    ):
        with pytest.raises(AssertionError, match=words):
            classes_of(labels, **rest)
    with pytest.raises(RuntimeError, match="several"):
        classes_of({"background": [0]})
    with pytest.raises(RuntimeError, match="declare"):
        dataset.classes_of({"labels": {"a": 1}}, {})


def test_label_managers_and_readers_of_one_s_own(monkeypatch):
    manager = SimpleNamespace(has_regions=False, foreground_labels=[7], ignore_label=None)
    plans = SimpleNamespace(get_label_manager=lambda _: manager)

    def found(place, *, why):
        if "PlansManager" in place:
            return lambda _: plans
        return lambda *_: lambda: "a reader"

    monkeypatch.setattr(dataset, "original", found)
    assert classes_of({}, {"label_manager": "Mine"}) == ([7], None)
    named = {"overwrite_image_reader_writer": "NibabelIOWithReorient"}
    assert dataset.reader_of(named, "example") == "a reader"


# corrected


def test_corrected_means_leave_out_labels_that_no_case_has(tmp_path):
    places = folders(tmp_path, [(REFERENCE, PREDICTION)])
    with pytest.warns(RuntimeWarning, match="empty slice"):
        assert math.isnan(on_folder(places, [1, 3])["foreground_mean"]["Dice"])
    with pytest.warns(RuntimeWarning, match="empty slice"):
        found = on_folder(places, [1, 3], corrected=True)
    assert found["foreground_mean"]["Dice"] == 0.5
    assert math.isnan(found["mean"][3]["Dice"])


def test_corrected_counts_references_without_prediction(tmp_path):
    places = folders(tmp_path, [(REFERENCE, None), (REFERENCE, REFERENCE)])
    found = on_folder(places, corrected=True)
    assert found["mean"][1]["Dice"] == 0.5
    missed = found["metric_per_case"][1]
    assert missed["prediction_file"] is None
    assert missed["metrics"][1]["FN"] == 2
    assert json.loads(json.dumps(missed["metrics"])) == {"1": missed["metrics"][1]}


def test_corrected_compares_grids(tmp_path):
    shifted = np.eye(4)
    shifted[0, 3] = 5
    places = folders(tmp_path, [(REFERENCE, PREDICTION)], affine=shifted)
    assert on_folder(places)["mean"][1]["Dice"] == 0.5
    with pytest.raises(GeometryError, match="shifted by"):
        on_folder(places, corrected=True)


def test_corrected_turns_a_prediction_in_another_axis_order(tmp_path):
    flipped = np.diag([-1.0, 1, 1, 1])
    tall = np.repeat(REFERENCE, 3, axis=0)
    tall[0] = 0
    flipped[0, 3] = tall.shape[0] - 1
    places = folders(tmp_path, [(tall, tall[::-1])], affine=flipped)
    assert on_folder(places)["mean"][1]["Dice"] < 1
    assert on_folder(places, corrected=True)["mean"][1]["Dice"] == 1


# nnU-Net itself


@pytest.mark.parametrize("ending", [".nii.gz", ".nrrd", ".mha"])
def test_nnunet_writes_the_same(installed, tmp_path, ending):
    installed("nnunet")
    from nnunetv2.evaluation import evaluate_predictions as theirs
    from nnunetv2.imageio.simpleitk_reader_writer import SimpleITKIO

    rng = np.random.default_rng(0)
    cases = [tuple(rng.integers(0, 4, (2, 5, 6, 7), np.uint8)) for _ in range(3)]
    places = folders(tmp_path, cases, ending)
    texts = []
    for module in (theirs, nnunet):
        file = str(tmp_path / f"{module.__name__}.json")
        arguments = file, SimpleITKIO(), ending, [1, 2, (1, 3)], 0, 1
        module.compute_metrics_on_folder(*places, *arguments)
        texts.append(Path(file).read_text())
    assert texts[0] == texts[1]


def test_nnunet_s_reader_is_asked_where_files_are_not_read_here(installed, tmp_path):
    installed("nnunet")
    from nnunetv2.imageio.nibabel_reader_writer import NibabelIO, NibabelIOWithReorient

    places = folders(tmp_path, [(REFERENCE, PREDICTION)])
    for reader in (NibabelIO(), NibabelIOWithReorient()):
        arguments = None, reader, ".nii.gz", [1], None, 1
        found = nnunet.compute_metrics_on_folder(*places, *arguments)
        assert found["mean"][1]["Dice"] == 0.5
    flat = folders(tmp_path / "flat", [(REFERENCE[0], PREDICTION[0])], "2.nii.gz")
    with pytest.raises(AssertionError, match="3d"):
        nnunet.compute_metrics(
            f"{flat[0]}/case02.nii.gz", f"{flat[1]}/case02.nii.gz", NibabelIO(), [1]
        )


def test_nnunet_patched(installed, tmp_path):
    installed("nnunet")
    from nnunetv2.evaluation import evaluate_predictions as theirs

    import edgewise

    places = folders(tmp_path, [(REFERENCE, PREDICTION)])
    with edgewise.patch("nnunet") as active:
        theirs.compute_metrics_on_folder_simple(*places, [1, 2], num_processes=1)
        assert sum(active.calls.values()) == 1
    assert theirs.load_summary_json(str(tmp_path / "pred" / "summary.json"))["mean"][1]["TP"] == 1
