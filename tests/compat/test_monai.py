"""MONAI's drop-in by hand: documented values, empty masks, buffers, what is accepted; no MONAI."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgewise.compat import monai  # noqa: E402
from edgewise.errors import ConfigError  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:the (ground truth|prediction) of class")

NAN, INF = math.nan, math.inf


def channel(rows, columns, side=8):
    mask = torch.zeros(1, 1, side, side)
    mask[0, 0, rows, columns] = 1
    return mask


A = channel(slice(2, 5), slice(2, 6))  # prediction
B = channel(slice(3, 6), slice(3, 6))  # reference
NONE = torch.zeros(1, 1, 8, 8)
COUNTS = {"TP": 6.0, "FP": 6.0, "TN": 49.0, "FN": 3.0}


def value(tensor):
    assert tensor.dtype == torch.float32
    return tensor.item()


def same(tensor, expected):
    return np.array_equal(tensor.numpy(), np.array(expected, np.float32), equal_nan=True)


def test_the_paths_of_the_library_are_mirrored():
    from edgewise.compat.monai import metrics
    from edgewise.compat.monai.metrics import hausdorff_distance
    from edgewise.compat.monai.transforms.utils import distance_transform_edt

    found = monai.compute_hausdorff_distance
    assert found is metrics.compute_hausdorff_distance
    assert found is hausdorff_distance.compute_hausdorff_distance
    assert monai.distance_transform_edt is distance_transform_edt
    assert set(dir(metrics)) > {"DiceMetric", "meandice"}
    assert all(getattr(monai, name) is not None for name in monai.__all__)
    with pytest.raises(AttributeError, match="Dise"):
        monai.DiseMetric  # noqa: B018


def test_torch_is_loaded_with_the_first_name():
    program = (
        "import sys, edgewise.compat.monai as m; assert 'torch' not in sys.modules\n"
        "m.DiceMetric; assert 'torch' in sys.modules and 'monai' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (lambda: monai.compute_dice(A, B), 0.571429),
        (lambda: monai.compute_iou(A, B), 0.4),
        (lambda: monai.compute_generalized_dice(A, B), 0.571429),
        (lambda: monai.compute_hausdorff_distance(A, B), math.sqrt(2)),
        (lambda: monai.compute_hausdorff_distance(A, B, percentile=95), 1.227817),
        (lambda: monai.compute_hausdorff_distance(A, B, distance_metric="chessboard"), 1),
        (lambda: monai.compute_hausdorff_distance(A, B, distance_metric="taxicab"), 2),
        (lambda: monai.compute_hausdorff_distance(A, B, spacing=[2, 1]), math.sqrt(5)),
        (lambda: monai.compute_average_surface_distance(A, B), 0.741421),
        (lambda: monai.compute_average_surface_distance(A, B, symmetric=True), 0.689679),
        (lambda: monai.compute_surface_dice(A, B, [1.0]), 0.944444),
        (lambda: monai.compute_surface_dice(A, B, [1.0], use_subvoxels=True), 0.970110),
        (lambda: monai.compute_absolute_volume_difference(A, B), 3),
    ],
)
def test_published_values(found, expected):
    assert value(found()) == pytest.approx(expected, abs=5e-7)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sensitivity", 6 / 9),
        ("hit rate", 6 / 9),
        ("specificity", 49 / 55),
        ("precision", 0.5),
        ("npv", 49 / 52),
        ("miss rate", 3 / 9),
        ("fall out", 6 / 55),
        ("false discovery rate", 0.5),
        ("FOR", 3 / 52),
        ("threat score", 0.4),
        ("accuracy", 55 / 64),
        ("balanced accuracy", (6 / 9 + 49 / 55) / 2),
        ("f1 score", 12 / 21),
        ("mcc", 0.496609),
        ("fowlkes mallows index", math.sqrt(0.5 * 6 / 9)),
        ("youden", 6 / 9 + 49 / 55 - 1),
        ("markedness", 0.5 + 49 / 52 - 1),
        ("prevalence threshold", (math.sqrt(6 / 9 * 6 / 55) - 6 / 55) / (6 / 9 - 6 / 55)),
    ],
)
def test_ratios_of_counts(name, expected):
    counts = monai.get_confusion_matrix(A, B)
    assert counts.tolist() == [[list(COUNTS.values())]]
    assert value(monai.compute_confusion_matrix_metric(name, counts)) == pytest.approx(
        expected, abs=5e-7
    )


@pytest.mark.parametrize(
    ("found", "reference_empty", "prediction_empty", "both"),
    [
        (monai.compute_dice, NAN, 0, NAN),
        (lambda p, y: monai.compute_dice(p, y, ignore_empty=False), 0, 0, 1),
        (monai.compute_iou, NAN, 0, NAN),
        (lambda p, y: monai.compute_iou(p, y, ignore_empty=False), 0, 0, 1),
        (monai.compute_generalized_dice, 0, 0, 1),
        (monai.compute_hausdorff_distance, INF, INF, NAN),
        (lambda p, y: monai.compute_hausdorff_distance(p, y, percentile=95), NAN, NAN, NAN),
        (
            lambda p, y: monai.compute_hausdorff_distance(p, y, percentile=95, corrected=True),
            INF,
            INF,
            NAN,
        ),
        (monai.compute_average_surface_distance, INF, INF, NAN),
        (lambda p, y: monai.compute_surface_dice(p, y, [1.0]), 0, 0, NAN),
        (lambda p, y: monai.compute_surface_dice(p, y, [1.0], use_subvoxels=True), 0, 0, NAN),
    ],
)
def test_empty_masks(found, reference_empty, prediction_empty, both):
    assert same(found(A, NONE), [[reference_empty]])
    assert same(found(NONE, B), [[prediction_empty]])
    assert same(found(NONE, NONE), [[both]])


def test_empty_masks_are_warned_of_unless_their_class_is_ignored():
    with pytest.warns(UserWarning, match="ground truth of class 1 is all 0"):
        monai.compute_hausdorff_distance(A, NONE)
    with pytest.warns(UserWarning, match="prediction of class 0 is all 0"):
        monai.compute_surface_dice(NONE, B, [1.0], include_background=True)
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = monai.compute_hausdorff_distance(A, NONE, ignore_index=1)
    assert same(found, [[NAN]])


PERCENTILES = np.sqrt([0, 1, 2, 4, 5, 5, 9], dtype=np.float32)


@pytest.mark.parametrize("percentile", [1, 5, 37.5, 50, 95, 99.9, 100])
def test_percentiles_are_those_of_torch(percentile):
    from edgewise.compat.monai.metrics.hausdorff_distance import _percentile
    from edgewise.metrics.distance_list import DistanceList

    values, counts = np.unique(PERCENTILES.astype(float) ** 2, return_counts=True)
    listed = DistanceList(np.sqrt(np.round(values)), counts, counts.astype(float))
    expected = torch.quantile(torch.from_numpy(PERCENTILES), percentile / 100)
    assert np.float32(_percentile(listed, percentile)) == pytest.approx(float(expected), rel=1.2e-7)


def test_channels_batches_and_background():
    y_pred, y = torch.cat([A, B, NONE], 1), torch.cat([B, B, A], 1)
    y_pred, y = y_pred.repeat(2, 1, 1, 1), y.repeat(2, 1, 1, 1)
    dice = monai.compute_dice(y_pred, y)
    assert same(dice, [[12 / 21, 1, 0]] * 2)
    assert torch.equal(monai.compute_dice(y_pred, y, include_background=False), dice[:, 1:])
    distances = monai.compute_hausdorff_distance(y_pred, y)  # without background by default
    assert same(distances, [[0, INF]] * 2)
    per_sample = monai.compute_hausdorff_distance(
        y_pred, y, include_background=True, spacing=[[1.0, 1.0], [10.0, 10.0]]
    )
    assert np.allclose(per_sample[:, 0], [math.sqrt(2), 10 * math.sqrt(2)])


def test_label_maps_and_channels_are_the_same():
    rng = np.random.default_rng(3)
    maps = [torch.from_numpy(rng.integers(0, 4, (2, 1, 5, 6, 7))) for _ in range(2)]
    hot = [(one == torch.arange(4).reshape(1, 4, 1, 1, 1)).float() for one in maps]
    expected = monai.compute_dice(*hot)
    assert expected.shape == (2, 4)
    for dtype in (torch.int64, torch.uint8, torch.float32, torch.float64):
        given = [one.to(dtype) for one in maps]
        assert torch.equal(monai.compute_dice(*given, num_classes=4), expected)
    assert torch.equal(monai.compute_dice(hot[0], maps[1]), expected)
    assert torch.equal(monai.compute_dice(maps[0], hot[1], num_classes=4), expected)
    ignoring = monai.compute_dice(*maps, num_classes=4, ignore_index=2)
    assert torch.isnan(ignoring[:, 2]).all()
    assert (ignoring[:, 0] > expected[:, 0]).all()


@pytest.mark.parametrize(
    "dtype", [torch.bool, torch.uint8, torch.int64, torch.float16, torch.bfloat16, torch.float64]
)
def test_types_of_masks(dtype):
    pair = [one.to(dtype) for one in (A, B)]
    exact = {torch.float16: 1e-3, torch.bfloat16: 1e-2}.get(dtype, 1e-7)
    assert monai.compute_dice(*pair).item() == pytest.approx(12 / 21, rel=exact)
    assert monai.compute_iou(*pair).item() == pytest.approx(0.4, rel=exact)
    assert value(monai.compute_hausdorff_distance(*pair)) == pytest.approx(math.sqrt(2))
    floating = dtype.is_floating_point and dtype != torch.float32
    assert monai.compute_iou(*pair).dtype == (dtype if floating else torch.float32)
    counts = monai.get_confusion_matrix(*pair, corrected=True)
    assert counts.tolist() == [[list(COUNTS.values())]]


def test_probabilities_are_summed():
    soft = torch.tensor([[[0.5, 0.25, 0.0]]])
    hard = torch.tensor([[[1.0, 0.0, 1.0]]])
    assert value(monai.compute_iou(soft, hard)) == pytest.approx(0.5 / 2.25)
    assert value(monai.compute_generalized_dice(soft, hard)) == pytest.approx(1 / 2.75)
    assert value(monai.compute_absolute_volume_difference(soft, hard)) == pytest.approx(1.25)
    two = torch.cat([soft, soft], 1), torch.cat([hard, hard], 1)
    assert same(monai.compute_dice(*two), [[0.5, 0.5]])  # not 0 is foreground
    assert torch.isnan(monai.compute_hausdorff_distance(soft, soft)).all()  # 1 is
    graph = soft.clone().requires_grad_()
    monai.compute_iou(graph, hard).sum().backward()
    assert graph.grad is not None
    assert graph.grad.abs().sum() > 0


def test_memory_layouts_and_sizes_of_blocks(monkeypatch):
    from edgewise.compat.monai import _sums

    rng = np.random.default_rng(8)
    dense = [torch.from_numpy((rng.random((2, 3, 9, 7)) < 0.4).astype(np.float32)) for _ in "ab"]
    expected = monai.get_confusion_matrix(*dense)
    iou = monai.compute_iou(*dense)
    assert torch.allclose(iou, expected[..., 0] / (63 - expected[..., 2]))
    strided = [one.movedim(1, -1).contiguous().movedim(-1, 1) for one in dense]
    assert not strided[0].is_contiguous()
    for block in (10, 63, 130, 1 << 17):
        monkeypatch.setattr(_sums, "_BLOCK", block)
        for pair in (dense, strided, (dense[0], strided[1])):
            assert torch.equal(monai.get_confusion_matrix(*pair), expected)
            for long in (1, 1 << 13):
                monkeypatch.setattr(_sums, "_LONG", long)
                assert torch.equal(monai.compute_iou(*pair), iou)
    monkeypatch.setattr(_sums, "_MANY", 1)
    monkeypatch.setenv("EDGEWISE_NUM_THREADS", "3")
    assert torch.equal(monai.get_confusion_matrix(*dense), expected)
    assert torch.equal(monai.compute_iou(*dense), iou)
    odd = dense[0].clone()
    odd[1, 2, 8, 6] = 0.5  # in the last block
    assert monai.compute_iou(odd, dense[1])[1, 2] != monai.compute_iou(*dense)[1, 2]


def test_dice_of_what_a_network_returns():
    scores = torch.tensor([[[0.2, 2.0, -1.0], [0.1, 3.0, 2.0]]])  # classes 0, 1, 1
    truth = torch.tensor([[[0, 1, 0]]])
    found, not_nans = monai.DiceHelper()(scores, truth)
    assert same(found, [2 / 3])
    assert not_nans.tolist() == [1]
    whole = monai.DiceHelper(include_background=True, get_not_nans=False)(scores, truth)
    assert same(whole, [2 / 3, 2 / 3])
    above = monai.DiceHelper(threshold=True, activate=True, reduction="none", get_not_nans=False)
    assert same(above(scores, torch.cat([1 - truth, truth], 1).float()), [[0.5, 0.5]])
    with pytest.warns(FutureWarning, match="threshold"):
        old = monai.DiceHelper(sigmoid=True)
    assert old.threshold
    assert not old.apply_argmax


def test_dice_of_components():
    truth = torch.zeros(1, 1, 3, 12)
    truth[..., 1, 1:3] = 1
    truth[..., 1, 8:11] = 1
    found = truth.clone()
    found[..., 1, 8:] = 0
    pair = [torch.cat([1 - one, one], 1) for one in (found, truth)]
    assert same(monai.compute_dice(*pair, per_component=True), [[0.5]])
    helper = monai.DiceHelper()
    assert value(helper.compute_cc_dice(*pair)) == 0.5
    with pytest.raises(ValueError, match="per_component needs"):
        monai.compute_dice(found, truth, per_component=True)


@pytest.mark.parametrize(
    ("reduction", "expected", "counts"),
    [
        ("none", [[1, NAN, 3], [NAN, NAN, NAN]], [[1, 0, 1], [0, 0, 0]]),
        ("mean", [2], 1),
        ("sum", 4, 2),
        ("mean_batch", [1, 0, 3], [1, 0, 1]),
        ("sum_batch", [1, 0, 3], [1, 0, 1]),
        ("mean_channel", [2, 0], [2, 0]),
        ("sum_channel", [4, 0], [2, 0]),
    ],
)
def test_reductions(reduction, expected, counts):
    values = torch.tensor([[1, NAN, 3], [NAN, NAN, NAN]])
    found, not_nans = monai.do_metric_reduction(values, reduction)
    assert same(found, expected)
    assert same(not_nans, counts)


def test_corrected_means_of_nothing_are_nan():
    def values():
        return torch.tensor([[1, NAN], [NAN, NAN]])

    assert same(monai.do_metric_reduction(values(), "mean_batch", corrected=True)[0], [1, NAN])
    assert same(monai.do_metric_reduction(values(), "mean_channel", corrected=True)[0], [1, NAN])
    assert same(monai.do_metric_reduction(values(), "mean", corrected=True)[0], [1])
    with pytest.raises(ValueError, match="median"):
        monai.do_metric_reduction(values(), "median")
    metric = monai.DiceMetric(reduction="mean_batch", corrected=True)
    metric(torch.zeros(1, 2, 4), torch.zeros(1, 2, 4))
    assert same(metric.aggregate(), [NAN, NAN])


METRICS = [
    monai.DiceMetric(),
    monai.MeanIoU(),
    monai.GeneralizedDiceScore(),
    monai.HausdorffDistanceMetric(),
    monai.SurfaceDistanceMetric(),
    monai.SurfaceDiceMetric([1.0]),
    monai.AbsoluteVolumeDifferenceMetric(),
]


@pytest.mark.parametrize("metric", METRICS, ids=str)
def test_metrics_keep_what_they_computed(metric):
    metric.reset()
    assert len(metric) == 0
    assert metric.get_buffer() is None
    with pytest.raises(ValueError, match="nothing to aggregate"):
        metric.aggregate()
    first = metric(A, B)
    assert torch.equal(metric(y_pred=[A[0]], y=[B[0]]), first)  # a list of samples
    metric(torch.cat([A, B]), torch.cat([B, B]))
    assert len(metric) == 4
    assert metric.get_buffer().shape == (4, 1)
    other = metric.get_buffer()[3]
    assert metric.aggregate().item() == pytest.approx(float((3 * first + other) / 4))
    assert metric.get_buffer().shape == (4, 1)
    metric.reset()
    assert len(metric) == 0


def test_more_than_one_result_and_names():
    metric = monai.ConfusionMatrixMetric(metric_name=["precision", "recall"], get_not_nans=True)
    metric(A, B)
    (precision, counts), (recall, _) = metric.aggregate(reduction="mean_batch")
    assert same(precision, [0.5])
    assert same(recall, [6 / 9])
    assert same(counts, [[1, 1, 1, 1]])
    score = monai.FBetaScore(beta=2.0)
    score(A, B)
    assert score.aggregate()[0].item() == pytest.approx(5 * 6 / (5 * 6 + 4 * 3 + 6))
    named = monai.DiceMetric(reduction="mean_batch", return_with_label=["left", "right"])
    named(torch.cat([A, B], 1), torch.cat([B, B], 1))
    assert named.aggregate() == {"left": 0.5714, "right": 1.0}
    numbered = monai.DiceMetric(False, "mean_batch", True, return_with_label=True)
    numbered(torch.cat([A, B], 1), torch.cat([B, B], 1))
    assert numbered.aggregate()[0] == {"label_1": 1.0}


def test_spacing_belongs_to_the_call():
    metric = monai.HausdorffDistanceMetric(percentile=100)
    assert value(metric(A, B, spacing=[2.0, 1.0])) == pytest.approx(math.sqrt(5))
    assert value(metric(A, B)) == pytest.approx(math.sqrt(2))
    with pytest.raises(ValueError, match="2 numbers"):
        metric(A, B, spacing=[1.0] * 3)


def test_a_tensor_of_a_subclass_is_a_tensor():
    class Meta(torch.Tensor):
        pass

    pair = [one.as_subclass(Meta) for one in (A, B)]
    for metric in METRICS:
        assert torch.equal(metric(*pair).as_subclass(torch.Tensor), metric(A, B))
        assert type(metric.get_buffer()) is torch.Tensor
        metric.reset()


def test_arrays_are_accepted_where_monai_accepts_them():
    pair = [one.numpy() for one in (A, B)]
    assert value(monai.compute_hausdorff_distance(*pair)) == pytest.approx(math.sqrt(2))
    assert value(monai.compute_average_surface_distance(*pair)) == pytest.approx(0.741421)
    with pytest.raises(ValueError, match="tensors"):
        monai.compute_surface_dice(*pair, [1.0])
    with pytest.raises(ValueError, match="a batch"):
        monai.MeanIoU()(*pair)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: monai.compute_iou(A, B[..., 1:]), ValueError, "shape"),
        (lambda: monai.compute_hausdorff_distance(A, B, percentile=101), ValueError, "percentile"),
        (lambda: monai.compute_hausdorff_distance(A, B, False, "l1"), ValueError, "l1"),
        (lambda: monai.compute_hausdorff_distance(A, B, spacing="1"), ValueError, "spacing"),
        (lambda: monai.compute_hausdorff_distance(A, B, spacing=[1, 2.0]), ValueError, "mixes"),
        (lambda: monai.compute_surface_dice(A, B, [1.0, 1.0]), ValueError, "tolerance"),
        (lambda: monai.compute_surface_dice(A, B, [-1.0]), ValueError, "negative"),
        (lambda: monai.compute_surface_dice(A[0], B[0], [1.0]), ValueError, "needed twice"),
        (lambda: monai.compute_generalized_dice(A[0, 0], B[0, 0]), ValueError, "axes"),
        (lambda: monai.compute_generalized_dice(A, B, weight_type="x"), ValueError, "square"),
        (lambda: monai.compute_confusion_matrix_metric("x", A), NotImplementedError, "'x'"),
        (lambda: monai.compute_confusion_matrix_metric("f1", A), ValueError, "4 items"),
        (lambda: monai.MeanIoU()(A[0, 0], B[0, 0]), ValueError, "axes"),
        (lambda: monai.compute_panoptic_quality(A, B, match_iou_threshold=0), ValueError, "(0, 1]"),
        (lambda: monai.compute_panoptic_quality(A, B, "x"), ValueError, "'x'"),
        (lambda: monai.Cumulative().extend(5), TypeError, "batch of values"),
    ],
)
def test_errors(call, error, words):
    with pytest.raises(error) as caught:
        call()
    assert words in str(caught.value)


def test_edges_come_in_the_box_of_both_masks_and_one_more():
    edges = monai.get_mask_edges(A[0, 0], B[0, 0])
    assert [one.shape for one in edges] == [(6, 6)] * 2  # rows 1..6, columns 1..6
    assert [int(one.sum()) for one in edges] == [10, 8]
    assert all(one.dtype == torch.bool for one in edges)
    whole = monai.get_mask_edges(A[0, 0], B[0, 0], crop=False)
    assert torch.equal(whole[0][1:7, 1:7], edges[0])
    nothing = monai.get_mask_edges(NONE[0, 0].numpy(), NONE[0, 0].numpy())
    assert isinstance(nothing[0], np.ndarray)
    assert nothing[0].shape == (8, 8)
    *_, lengths, _ = monai.get_mask_edges(A[0, 0], B[0, 0], spacing=(1, 1))
    assert lengths.shape == (5, 5)
    assert float(lengths.sum()) == pytest.approx(10 + 4 * math.sqrt(0.5))


def test_distances_of_edges():
    edges = monai.get_mask_edges(A[0, 0], B[0, 0])
    distances = monai.get_surface_distance(*edges)
    assert distances.dtype == torch.float32
    assert distances.mean().item() == pytest.approx(0.741421, abs=1e-6)
    nothing = torch.zeros_like(edges[0])
    assert torch.isinf(monai.get_surface_distance(edges[0], nothing)).all()
    assert len(monai.get_surface_distance(nothing, edges[1])) == 8
    found = monai.get_edge_surface_distance(A[0, 0], B[0, 0], symmetric=True)
    assert [len(one) for one in found] == [2, 2, 0]
    assert torch.equal(found[1][0], distances)


def test_distance_transforms_of_channels():
    image = np.array([[[0, 1, 1]], [[1, 1, 0]]])
    found = monai.distance_transform_edt(image, sampling=(1, 2))
    assert found.tolist() == [[[0, 2, 4]], [[4, 2, 0]]]
    assert found.dtype == np.float64
    tensors = monai.distance_transform_edt(torch.from_numpy(image), return_indices=True)
    assert [one.shape for one in tensors] == [(2, 1, 3), (2, 2, 1, 3)]
    with pytest.raises(RuntimeError, match="C, H, W"):
        monai.distance_transform_edt(image[0])


def test_instances():
    gt = torch.tensor([[1, 1, 1, 1, 0, 5, 5, 5]])
    pred = torch.tensor([[2, 2, 2, 0, 0, 0, 0, 9]])
    counts = monai.compute_panoptic_quality(pred, gt, output_confusion_matrix=True)
    assert counts.tolist() == [1, 1, 1, 0.75]
    assert monai.compute_panoptic_quality(pred, gt).item() == pytest.approx(0.375, abs=1e-6)
    assert monai.compute_panoptic_quality(pred, gt, "sq").item() == pytest.approx(0.75, abs=1e-6)
    assert monai.remap_instance_id(gt).tolist() == [[1, 1, 1, 1, 0, 2, 2, 2]]
    pytest.importorskip("scipy")
    low = monai.compute_panoptic_quality(
        pred, gt, match_iou_threshold=0.3, output_confusion_matrix=True
    )
    assert low.tolist() == pytest.approx([2, 0, 0, 0.75 + 1 / 3])


def test_panoptic_quality_of_classes():
    classes = torch.tensor([[1, 1, 1, 1, 0, 2, 2, 2]])
    gt = torch.stack([torch.tensor([[1, 1, 1, 1, 0, 1, 1, 1]]), classes])
    pred = torch.stack([torch.tensor([[3, 3, 3, 0, 0, 0, 0, 4]]), classes])
    metric = monai.PanopticQualityMetric(num_classes=2, metric_name=["pq", "rq"])
    found = metric(pred[None], gt[None])
    assert found.tolist() == [[[1, 0, 0, 0.75], [0, 1, 1, 0]]]
    pq, rq = metric.aggregate()
    assert pq.tolist() == pytest.approx([0.75, 0], abs=1e-5)
    assert rq.tolist() == pytest.approx([1, 0], abs=1e-5)


def test_curves():
    y = torch.tensor([0, 0, 1, 1])
    y_pred = torch.tensor([0.1, 0.4, 0.35, 0.8])
    assert monai.compute_roc_auc(y_pred, y) == 0.75
    assert monai.compute_average_precision(y_pred, y) == pytest.approx(5 / 6)
    tied = torch.tensor([0.1, 0.4, 0.4, 0.8])
    assert monai.compute_roc_auc(tied, y) == 0.875
    two = torch.stack([y, 1 - y], 1), torch.stack([y_pred, y_pred], 1)
    assert monai.compute_roc_auc(two[1], two[0], "none") == [0.75, 0.25]
    assert monai.compute_roc_auc(two[1], two[0], "macro") == 0.5
    with pytest.warns(UserWarning, match="labels must be 0 and 1"):
        assert math.isnan(monai.compute_roc_auc(y_pred, torch.ones(4)))
    metric = monai.ROCAUCMetric()
    for half in (slice(0, 2), slice(2, 4)):
        metric(list(y_pred[half, None]), list(y[half, None]))
    assert metric.aggregate() == 0.75
    precision = monai.AveragePrecisionMetric()
    precision(y_pred, y)
    assert precision.aggregate() == pytest.approx(5 / 6)


def test_detections():
    targets = np.zeros((6, 6), int)
    targets[1, 1], targets[4, 4:6] = 1, 2
    coords = np.array([[4, 4], [4, 5], [0, 0]])
    false, best, n = monai.compute_fp_tp_probs_nd(np.array([0.5, 0.9, 0.7]), coords, targets)
    assert (false.tolist(), n) == ([0.7], 2)
    assert np.allclose(best, [0, 0.9])
    rates, sensitivity = monai.compute_froc_curve_data(false, best.astype(float), n, 1)
    assert rates.tolist() == [1, 0, 0]
    assert sensitivity.tolist() == [0.5, 0.5, 0]
    assert monai.compute_froc_score(rates, sensitivity, (0.5, 1)) == 0.5


@pytest.mark.parametrize("metric", ["euclidean", "chessboard", "taxicab"])
def test_corrected_ignored_voxels_make_no_boundary(metric):
    y = torch.tensor([[[1.0, 7, 1, 0, 0, 0]]])
    y_pred = torch.tensor([[[1.0, 1, 1, 1, 0, 0]]])
    made = {"include_background": True, "ignore_index": 7, "distance_metric": metric}
    plain = monai.SurfaceDistanceMetric(**made)(y_pred, y)
    assert value(plain) == pytest.approx(1 / 3)  # 1, then 2 cut by the ignored voxel
    mended = monai.SurfaceDistanceMetric(**made, corrected=True)(y_pred, y)
    assert value(mended) == pytest.approx(0.5)
    largest = monai.HausdorffDistanceMetric(**made, corrected=True)(y_pred, y)
    assert value(largest) == 1


def test_corrected_ignored_voxels_have_three_axes_at_most():
    y = torch.ones(1, 1, 2, 2, 2, 2)
    metric = monai.HausdorffDistanceMetric(ignore_index=0, corrected=True)
    with pytest.raises((ConfigError, ValueError)):
        metric(y, y)


GATHERING = """
import sys, torch, torch.distributed as dist
from edgewise.compat.monai import DiceMetric
rank = int(sys.argv[1])
dist.init_process_group("gloo", init_method="file://" + sys.argv[2], rank=rank, world_size=2)
metric = DiceMetric(reduction="none")
y = torch.ones(1, 2, 4)
for _ in range(rank + 1):
    metric(y * torch.tensor([1.0, rank]).reshape(1, 2, 1), y)
found = metric.aggregate()
assert found.tolist() == [[1, 0], [1, 1], [1, 1]], found
dist.destroy_process_group()
"""


@pytest.mark.skipif(not torch.distributed.is_available(), reason="torch without distributed")
def test_buffers_of_all_processes_are_gathered(tmp_path):
    script = tmp_path / "gather.py"
    script.write_text(GATHERING)
    command = [sys.executable, str(script)]
    running = [subprocess.Popen([*command, str(r), str(tmp_path / "meet")]) for r in (0, 1)]
    assert [one.wait(timeout=120) for one in running] == [0, 0]


@pytest.mark.filterwarnings("ignore::FutureWarning")  # MONAI warns of its own call
def test_patched_classes_of_monai_run_through_the_drop_in():
    pytest.importorskip("monai")
    import edgewise

    theirs = pytest.importorskip("monai.metrics")
    made = {
        "DiceMetric": ({}, "meandice:DiceHelper.__call__"),
        "MeanIoU": ({}, "meaniou:compute_iou"),
        "GeneralizedDiceScore": ({}, "generalized_dice:compute_generalized_dice"),
        "HausdorffDistanceMetric": (
            {"percentile": 95},
            "hausdorff_distance:compute_hausdorff_distance",
        ),
        "SurfaceDistanceMetric": ({}, "surface_distance:compute_average_surface_distance"),
        "SurfaceDiceMetric": ({"class_thresholds": [1.0]}, "surface_dice:compute_surface_dice"),
        "AbsoluteVolumeDifferenceMetric": (
            {},
            "absolute_volume_difference:compute_absolute_volume_difference",
        ),
        "ConfusionMatrixMetric": ({}, "confusion_matrix:get_confusion_matrix"),
        "FBetaScore": ({}, "f_beta_score:get_f_beta_score"),
    }

    def aggregated(name):
        metric = getattr(theirs, name)(**made[name][0])
        assert isinstance(metric, theirs.CumulativeIterationMetric)
        metric(A, B)
        found = metric.aggregate()
        return found[0] if isinstance(found, list) else found

    before = {name: aggregated(name) for name in made}
    with edgewise.patch("monai") as active:
        assert not active.kept
        for name, (_, place) in made.items():
            assert torch.allclose(aggregated(name), before[name], rtol=1e-6)
            assert active.calls[f"monai.metrics.{place}"] == 1
        panoptic = theirs.PanopticQualityMetric(num_classes=1)
        panoptic(torch.ones(1, 2, 3, 3).int(), torch.ones(1, 2, 3, 3).int())
        place = "monai.metrics.panoptic_quality:PanopticQualityMetric._compute_tensor"
        assert active.calls[place] == 1
    with edgewise.patch("monai", corrected=True):
        metric = theirs.HausdorffDistanceMetric(percentile=95)
        assert metric(A, NONE).item() == INF
    assert {name: aggregated(name) for name in made} == before
