"""Measuring all labels of a pair at once."""

import inspect
import math
import pickle

import numpy as np
import pytest

from edgewise import metrics
from edgewise.errors import ConfigError, LabelError, ShapeError
from edgewise.metrics import measure

COUNTS = ("tp", "fp", "fn", "tn", "n_ref", "n_pred")


def blobs(shape, seed, labels=3):
    """Two label maps of smooth blobs that overlap in part."""
    random = np.random.default_rng(seed)
    maps = []
    for _ in range(2):
        values = np.zeros(shape, np.uint8)
        for label in range(1, labels + 1):
            corner = [int(random.integers(0, (n + 1) // 2)) for n in shape]
            size = [int(random.integers(2, n // 2 + 3)) for n in shape]
            box = tuple(slice(c, c + s) for c, s in zip(corner, size, strict=True))
            values[box][random.random(values[box].shape) < 0.9] = label
        values.flat[-labels:] = range(1, labels + 1)  # each occurs
        maps.append(values)
    return maps


def function_value(name, reference, prediction, spacing, **options):
    function = getattr(metrics, name)
    accepted = inspect.signature(function).parameters
    given = {"spacing": spacing, "tolerance": 1.0, "q": 90.0, **options}
    return function(reference, prediction, **{k: v for k, v in given.items() if k in accepted})


@pytest.mark.parametrize("shape", [(14,), (9, 11), (7, 8, 9), (1, 9, 8)])
@pytest.mark.parametrize("preset", ["edgewise", "medpy", "deepmind", "panoptica"])
def test_the_pair_equals_the_functions(shape, preset):
    reference, prediction = blobs(shape, 7)
    spacing = (0.7, 1.3, 2.0)[: len(shape)]
    names = ["hd_quantile@90" if n == "hd_quantile" else n for n in metrics.METRICS]
    result = measure(
        reference, prediction, spacing=spacing, labels=[1, 2, 3], metrics=names, preset=preset
    )
    assert len(result.values) == 3 * len(names)
    for value in result.values:
        name = metrics.parse(value.metric).name
        masks = reference == value.label, prediction == value.label
        squeeze = metrics.convention(preset)["squeeze"]
        expected = function_value(name, *masks, spacing, preset=preset, squeeze=squeeze)
        assert value.value == pytest.approx(expected, rel=1e-15, nan_ok=True), value


def test_order_of_values():
    reference, prediction = blobs((9, 11), 1)
    result = measure(reference, prediction, metrics=["nsd", "tp", "dice"])
    assert result.metrics == (*COUNTS, "nsd@1mm", "dice")
    assert list(result.labels) == [1, 2, 3]
    assert [v.label for v in result.values] == sorted(v.label for v in result.values)


def test_default_metrics():
    reference, prediction = blobs((9, 11), 1)
    expected = ("dice", "iou", "hd95", "nsd@1mm", "masd", "volume_ref", "volume_pred")
    assert measure(reference, prediction).metrics == (*COUNTS, *expected)


def test_label_sets():
    reference, prediction = np.array([0, 1, 1, 5]), np.array([0, 1, 7, 0])
    assert list(measure(reference, prediction).labels) == [1, 5]
    assert list(measure(reference, prediction, labels="union").labels) == [1, 5, 7]
    assert list(measure(np.zeros(4, int), prediction).labels) == [1, 7]
    assert list(measure(reference, prediction, labels=[9, 1]).labels) == [9, 1]
    named = measure(reference, prediction, labels={1: "liver", 5: "tumour"})
    assert named.labels == {1: "liver", 5: "tumour"}
    assert named.value("liver", "dice") == named.value(1, "dsc")
    assert list(measure(reference, prediction, labels=[0, 1]).labels) == [0, 1]
    background = measure(reference, prediction, include_background=True, metrics="dice")
    assert background.value(0, "dice") == 0.5 * 2 / 1.5
    nothing = np.zeros((3, 4), int)
    alone = measure(nothing, nothing, labels=[0], metrics="dice,hd,center_distance,components_ref")
    assert [value.value for value in alone.values[-4:]] == [1.0, 0.0, 0.0, 1.0]
    absent = measure(reference, prediction, labels=[9], metrics="dice,hd")
    assert {value.state for value in absent.values} == {"both_empty"}


def test_regions_are_unions_with_negative_numbers():
    reference, prediction = blobs((9, 11), 3)
    result = measure(
        reference, prediction, regions={"whole": (1, 2, 3), "core": [2, 3, 99]}, metrics="dice,hd"
    )
    assert result.labels == {1: "", 2: "", 3: "", -1: "whole", -2: "core"}
    for label, members in {-1: (1, 2, 3), -2: (2, 3)}.items():
        masks = np.isin(reference, members), np.isin(prediction, members)
        assert result.value(label, "dice") == metrics.dice(*masks)
        assert result.value(label, "hd") == metrics.hd(*masks)
    alone = measure(reference, prediction, labels=[], regions={"whole": (1, 2)}, metrics="dice")
    assert list(alone.labels) == [-1]


def test_ignored_voxels_count_nowhere():
    reference, prediction = blobs((9, 11), 5)
    reference[6:, :] = 9
    names = ["hd_quantile@90" if n == "hd_quantile" else n for n in metrics.METRICS]
    by_label = measure(reference, prediction, ignore_label=9, metrics=names)
    assert 9 not in by_label.labels
    by_mask = measure(
        reference, prediction, labels=list(by_label.labels), ignore_mask=reference == 9,
        metrics=names,
    )  # fmt: skip
    changed = prediction.copy()
    changed[6:, ::2] = 3
    elsewhere = measure(reference, changed, ignore_label=9, metrics=names)
    for value, mask, other in zip(by_label.values, by_mask.values, elsewhere.values, strict=True):
        assert value == mask or math.isnan(value.value)
        assert value == other or math.isnan(value.value)
    assert by_label.value(1, "accuracy") == (
        np.count_nonzero((reference == 1)[:6] == (prediction == 1)[:6]) / (6 * 11)
    )


def test_ignored_voxels_are_no_neighbours_of_the_background():
    reference, prediction = np.zeros((2, 7, 9), int)
    reference[2:5, 2:7] = prediction[2:5, 2:7] = 1
    prediction[2:5, 6] = 0  # differs inside the ignored column only
    reference[:, 6] = 255
    result = measure(reference, prediction, ignore_label=255, metrics="dice,hd,nsd@0mm")
    assert [v.value for v in result.values[-3:]] == [1.0, 0.0, 1.0]


def test_the_ignore_label_cannot_be_measured():
    reference, prediction = np.array([0, 1, 9]), np.array([0, 1, 1])
    for options in ({"labels": [1, 9]}, {"regions": {"all": (1, 9)}}):
        with pytest.raises(LabelError, match="ignore label 9"):
            measure(reference, prediction, ignore_label=9, **options)
    with pytest.raises(ConfigError, match="not both"):
        measure(reference, prediction, ignore_label=9, ignore_mask=reference == 9)


def test_the_ignore_label_of_a_prediction_is_no_label_of_the_pair():
    """Where the reference has another label, a prediction of the ignore label is just wrong."""
    reference, prediction = np.array([9, 1, 1, 0]), np.array([9, 1, 9, 9])
    for labels in ("auto", "union"):
        result = measure(reference, prediction, labels=labels, ignore_label=9, metrics="dice")
        assert list(result.labels) == [1]
        assert result.value(1, "dice") == 2 / 3
        assert result.extra_labels == ((9, 2),)
    nothing = measure([9, 0, 0], [9, 9, 2], ignore_label=9, metrics="dice")
    assert list(nothing.labels) == [2]


def test_negative_labels():
    reference, prediction = np.array([-1, 0, 1, 1]), np.array([1, 0, 1, 1])
    with pytest.raises(LabelError, match="negative"):
        measure(reference, prediction)
    assert measure(reference, prediction, ignore_label=-1, metrics="dice").value(1, "dice") == 1.0
    allowed = measure(reference, prediction, allow_negative_labels=True, metrics="dice")
    assert list(allowed.labels) == [-1, 1]
    with pytest.raises(LabelError, match="besides the ignore label"):
        measure(reference, np.array([-2, 0, 1, 1]), ignore_label=-1)


@pytest.mark.parametrize("types", [(np.uint8, np.int64), (np.uint64, np.int16), (float, bool)])
@pytest.mark.parametrize("orders", ["CC", "CF", "FC", "FF"])
def test_types_and_orders_may_differ(types, orders):
    reference, prediction = (labels > 1 for labels in blobs((7, 8, 9), 2))
    names = "dice,hd95,nsd,center_distance,cldice,betti_error,boundary_iou"
    plain = measure(reference, prediction, spacing=(1, 2, 3), metrics=names)
    pair = (
        np.array(labels, dtype=dtype, order=order)
        for labels, dtype, order in zip((reference, prediction), types, orders, strict=True)
    )
    assert measure(*pair, spacing=(1, 2, 3), metrics=names).values == plain.values


def test_warnings_name_what_is_odd():
    reference, prediction = np.array([0, 1, 1, 0]), np.array([0, 1, 7, 7])
    result = measure(reference, prediction)
    assert result.warnings == ("extra_label",)
    assert result.extra_labels == ((7, 2),)
    assert measure(reference, prediction, labels="union").warnings == ()
    nothing = np.zeros(4, int)
    assert measure(nothing, nothing).warnings == ("empty_prediction", "empty_reference")
    assert measure(nothing, nothing).values == ()


def test_tolerances_per_label():
    reference, prediction = blobs((9, 11), 1)
    result = measure(
        reference, prediction, labels={1: "a", 2: "b"}, metrics="nsd", nsd_tolerance={1: 2, "b": 3}
    )
    assert [v.metric for v in result.values if v.metric.startswith("nsd")] == ["nsd@2mm", "nsd@3mm"]
    with pytest.raises(ConfigError, match="no tolerance for label 3"):
        measure(reference, prediction, metrics="nsd", nsd_tolerance={1: 2, 2: 3})


def test_objects_with_geometry():
    class Scan:
        def __init__(self, array):
            self.array, self.spacing = array, (2.0, 0.5)

    reference, prediction = blobs((9, 11), 1)
    with_geometry = measure(Scan(reference), Scan(prediction), metrics="hd,volume_ref")
    assert with_geometry.spacing == (2.0, 0.5)
    plain = measure(reference, prediction, spacing=(2.0, 0.5), metrics="hd,volume_ref")
    assert with_geometry == plain
    assert plain.diagonal == pytest.approx(math.hypot(9 * 2.0, 11 * 0.5))


@pytest.mark.parametrize("together", [1, 2, 256])
@pytest.mark.parametrize("preset", ["edgewise", "deepmind", "simpleitk"])
def test_labels_measured_together_equal_each_alone(together, preset, monkeypatch):
    monkeypatch.setattr("edgewise.metrics.pair._TOGETHER", together)
    reference, prediction = blobs((9, 40, 70), seed=3, labels=5)
    prediction[prediction == 4] = 0  # one label is missing
    options = {"metrics": ("hd", "hd95", "assd", "nsd"), "preset": preset, "spacing": (3, 0.8, 0.7)}
    for threads in (1, 2):
        found = measure(reference, prediction, threads=threads, **options)
        for label in range(1, 6):
            alone = measure(reference == label, prediction == label, labels=[1], **options)
            for name in ("hd", "hd95", "assd", "nsd"):
                value, expected = found.value(label, name), alone.value(1, name)
                assert value == expected or (math.isnan(value) and math.isnan(expected))


def test_results_print_pickle_and_become_tables():
    reference, prediction = np.array([0, 1, 1, 0]), np.array([0, 1, 1, 1])
    result = measure(reference, prediction, labels={1: "liver", 2: "spleen"}, metrics="dice,hd")
    assert result.to_dict()["liver"]["dice"] == 0.8
    rows = {line.split()[0]: line.split()[1:] for line in str(result).splitlines()}
    assert rows["label"] == [*COUNTS, "dice", "hd"]
    assert rows["liver"] == ["2", "1", "0", "1", "2", "3", "0.8", "1"]
    assert rows["spleen"] == ["0", "0", "0", "4", "0", "0", "nan", "nan"]
    assert "0.8" in str(result)
    assert "nan" in str(result)
    assert repr(result).startswith("<PairResult of 2 labels>")
    assert pickle.loads(pickle.dumps(result)).to_dict().keys() == {"liver", "spleen"}
    both = measure(reference, prediction, labels={1: "liver"}, metrics="hd95,hd95:medpy")
    assert both.value("liver", "hd95:medpy") == both.value(1, "hd95:medpy") != both.value(1, "hd95")
    assert measure(reference, prediction, metrics="hd95:medpy").value(1, "hd95") == (
        both.value(1, "hd95:medpy")
    )
    with pytest.raises(ConfigError, match="no single value"):
        measure(reference, prediction, metrics="hd95:medpy").value(1, "hd95:monai")
    with pytest.raises(ConfigError, match="no single value"):
        measure(reference, prediction, metrics="nsd@1").value(1, "nsd@2")
    frame = result.to_pandas()
    assert list(frame.columns) == ["label", "label_name", "metric", "value", "state"]
    assert len(frame) == len(result.values)
    with pytest.raises(ConfigError, match="no single value"):
        result.value("liver", "iou")


def test_averages_over_labels():
    reference, prediction = np.array([0, 1, 1, 1, 2, 0]), np.array([0, 1, 1, 0, 2, 2])
    result = measure(reference, prediction, labels=[1, 2, 3], metrics="dice")
    dice_1, dice_2 = 4 / 5, 2 / 3
    assert metrics.label_average(result, "dice") == pytest.approx((dice_1 + dice_2) / 2)
    weighted = metrics.label_average(result, "dice", reduction="weighted")
    assert weighted == pytest.approx((3 * dice_1 + dice_2) / 4)
    assert metrics.label_average(result, "dice", reduction="micro") == 6 / 8
    fbeta = measure(reference, prediction, labels=[1, 2, 3], metrics="fbeta@2")
    # TP 3, FP 1, FN 1 over the three labels
    assert metrics.label_average(fbeta, "fbeta@2", reduction="micro") == 15 / (15 + 4 + 1)
    regions = measure(reference, prediction, regions={"both": (1, 2)}, metrics="dice")
    assert metrics.label_average(regions, "dice") == pytest.approx((dice_1 + dice_2) / 2)
    negative = measure(
        np.where(reference == 2, -1, reference), np.where(prediction == 2, -1, prediction),
        metrics="dice", allow_negative_labels=True,
    )  # fmt: skip
    assert metrics.label_average(negative, "dice") == pytest.approx((dice_1 + dice_2) / 2)
    with pytest.raises(ConfigError, match="no ratio of counts"):
        metrics.label_average(measure(reference, prediction), "hd95", reduction="micro")


def test_what_is_refused():
    labels = np.array([0, 1, 2])
    for options in (
        {"labels": "some"},
        {"metrics": "dise"},
        {"preset": "none"},
        {"regions": {"none": ()}},
        {"labels": {1: "a"}, "regions": {"a": (1, 2)}},
        {"nsd_tolerance": -1.0},
        {"threads": 0},
    ):
        with pytest.raises(ConfigError):
            measure(labels, labels, **options)
    for wrong in ([1.5], [True], ["1"]):
        with pytest.raises(LabelError, match="integers"):
            measure(labels, labels, labels=wrong)
    with pytest.raises(LabelError, match=r"0\.5"):
        measure(labels * 0.5, labels)
    with pytest.raises(ShapeError):
        measure(labels, labels[:2])


def test_many_axes_measure_counts_only():
    labels = np.ones((2, 2, 2, 2, 2), np.uint8)
    assert measure(labels, labels, metrics="dice").value(1, "dice") == 1.0
    with pytest.raises(ShapeError, match="1 to 3 axes"):
        measure(labels, labels, metrics="hd")


def test_loading_the_table_needs_no_kernels():
    import subprocess
    import sys

    program = (
        "import sys, edgewise.metrics as m; m.METRICS, m.convention; "
        "print('numpy' in sys.modules, 'edgewise._core' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == ["False", "False"]
