"""torchmetrics' drop-in by hand: values, empty masks, errors, collecting; the library patched."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgewise.compat import torchmetrics as ours  # noqa: E402
from edgewise.compat.torchmetrics import functional, masks, overlap, segmentation  # noqa: E402

NAN = float("nan")
FIRST = torch.tensor([[[0, 1, 1, 2], [0, 1, 2, 2]]])
SECOND = torch.tensor([[[0, 1, 1, 1], [0, 0, 2, 2]]])
CLASSES = [ours.DiceScore, ours.GeneralizedDiceScore, ours.MeanIoU, ours.HausdorffDistance]


def one_hot(numbers, classes=3):
    return torch.nn.functional.one_hot(numbers, classes).movedim(-1, 1)


def close(tensor, values):
    expected = torch.tensor(values, dtype=torch.float32)
    return torch.allclose(tensor, expected, rtol=1e-6, equal_nan=True)


def test_the_paths_of_the_library_are_mirrored():
    assert ours.dice_score is functional.segmentation.dice_score
    assert ours.DiceScore is segmentation.DiceScore
    with pytest.raises(AttributeError, match="no_such"):
        _ = ours.no_such
    assert set(ours.__all__) == set(dir(ours))


def test_importing_loads_no_torch():
    program = "import sys, edgewise.compat.torchmetrics; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_dice_by_hand():
    per_class = [[2 * 2 / 5, 2 * 2 / 6, 2 * 2 / 5]]
    call = {"num_classes": 3, "input_format": "index"}
    assert close(ours.dice_score(FIRST, SECOND, average="none", **call), per_class)
    assert close(ours.dice_score(FIRST, SECOND, **call), [np.mean(per_class)])
    weights = np.array([3, 3, 2]) / 8
    weighted = [float(weights @ per_class[0])]
    assert close(ours.dice_score(FIRST, SECOND, average="weighted", **call), weighted)
    with pytest.warns(UserWarning, match="micro"):
        assert close(ours.dice_score(FIRST, SECOND, average="micro", **call), [12 / 16])
    without = ours.dice_score(FIRST, SECOND, include_background=False, average=None, **call)
    assert close(without, [per_class[0][1:]])


def test_intersection_over_union_and_generalized_dice_by_hand():
    call = {"num_classes": 3, "input_format": "index"}
    assert close(ours.mean_iou(FIRST, SECOND, per_class=True, **call), [[2 / 3, 2 / 4, 2 / 3]])
    weights = 1 / np.array([3.0, 3.0, 2.0]) ** 2
    expected = 2 * weights @ [2, 2, 2] / (weights @ [5, 6, 5])
    assert close(ours.generalized_dice_score(FIRST, SECOND, **call), [float(expected)])


def test_distances_by_hand():
    first, second = (torch.zeros(1, 1, 9, 9, dtype=torch.bool) for _ in range(2))
    first[..., 1, 1] = second[..., 4, 5] = second[..., 1, 2] = True
    call = {"num_classes": 1, "include_background": True}
    assert close(ours.hausdorff_distance(first, second, **call), [[5.0]])
    assert close(ours.hausdorff_distance(first, second, directed=True, **call), [[1.0]])
    for metric, value in (("chessboard", 4.0), ("taxicab", 7.0)):
        found = ours.hausdorff_distance(first, second, distance_metric=metric, **call)
        assert close(found, [[value]])
    found = ours.hausdorff_distance(first, second, spacing=[2.0, 0.5], **call)
    assert close(found, [[(36 + 4) ** 0.5]])
    empty = torch.zeros_like(first)
    for pair in ((first, empty), (empty, first)):
        assert close(ours.hausdorff_distance(*pair, **call), [[float("inf")]])


def test_nothing_anywhere():
    none = torch.zeros(2, 2, 3, 3, dtype=torch.int64)
    assert close(ours.dice_score(none, none, 2), [NAN, NAN])
    assert close(ours.generalized_dice_score(none, none, 2), [0.0, 0.0])
    assert close(ours.mean_iou(none, none, per_class=True), [[-1.0, -1.0]] * 2)
    assert close(ours.mean_iou(none, none), [NAN, NAN])
    with pytest.raises(RuntimeError, match="empty"):
        ours.hausdorff_distance(none, none, 2)
    assert close(ours.hausdorff_distance(none, none, 2, corrected=True), [[NAN], [NAN]])


@pytest.mark.parametrize("form", ["one-hot", "index", "mixed", "mixed reversed", "scores"])
def test_every_way_to_write_a_mask_means_the_same(form):
    sides = {
        "one-hot": (one_hot(FIRST), one_hot(SECOND)),
        "index": (FIRST, SECOND),
        "mixed": (one_hot(FIRST), SECOND),
        "mixed reversed": (FIRST, one_hot(SECOND)),
        "scores": (one_hot(FIRST) * 3.5 - 1, SECOND),
    }[form]
    word = form.partition(" ")[0].replace("scores", "mixed")
    expected = ours.dice_score(FIRST, SECOND, 3, input_format="index")
    assert torch.equal(ours.dice_score(*sides, 3, input_format=word), expected)


@pytest.mark.parametrize(
    ("error", "words", "kwargs"),
    [
        (ValueError, "num_classes", {"num_classes": 0}),
        (ValueError, "average", {"average": "mean"}),
        (ValueError, "include_background", {"include_background": 1}),
        (ValueError, "input_format", {"input_format": "masks"}),
        (ValueError, "aggregation_level", {"aggregation_level": None}),
        (RuntimeError, "0 to 1", {"num_classes": 2, "input_format": "index"}),
        (RuntimeError, "shapes", {"input_format": "mixed"}),
    ],
)
def test_bad_arguments(error, words, kwargs):
    with pytest.raises(error, match=words):
        ours.dice_score(FIRST, SECOND, **({"num_classes": 3} | kwargs))


def test_class_numbers_are_checked():
    for wrong in (FIRST - 1, FIRST.int(), FIRST.float()):
        with pytest.raises(RuntimeError, match="class numbers"):
            ours.mean_iou(wrong, SECOND, 3, input_format="index")
    with pytest.raises(RuntimeError, match="matching"):
        ours.mean_iou(FIRST, SECOND[..., :2], 3, input_format="index")
    with pytest.raises(ValueError, match="axis"):
        ours.dice_score(torch.tensor([1]), torch.tensor([1]), 3, input_format="index")


# kernels, which batches of a parity test are too small for


@pytest.fixture
def kernels(monkeypatch):
    monkeypatch.setattr(overlap, "_LITTLE", {})
    monkeypatch.setattr(overlap, "_LITTLE_WIDE", 0)
    monkeypatch.setattr(overlap, "_LITTLE_IMAGE", 0)
    monkeypatch.setattr(overlap, "_BLOCK", 64)
    monkeypatch.setattr(masks, "_LITTLE", 0)
    monkeypatch.setattr(masks, "_BLOCK", 37)


LAYOUTS = {
    "plain": lambda t: t,
    "classes last": lambda t: t.movedim(1, -1).contiguous().movedim(-1, 1),
    "samples last": lambda t: t.movedim(0, -1).contiguous().movedim(-1, 0),
    "strided": lambda t: t.repeat_interleave(2, dim=-1)[..., ::2],
}


@pytest.mark.usefixtures("kernels")
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int16", "int32", "int64"])
def test_masks_of_any_type_and_layout(dtype, layout):
    generator = torch.Generator().manual_seed(1)
    sides = [torch.randint(0, 2, (3, 4, 9, 11), generator=generator) for _ in range(2)]
    first, second = (LAYOUTS[layout](side.to(getattr(torch, dtype))) for side in sides)
    found = overlap.overlap(first, second, 4, "one-hot", include_background=False)
    a, b = (side[:, 1:].numpy().reshape(3, 3, -1) for side in sides)
    assert np.array_equal(found.both, (a * b).sum(-1))
    assert np.array_equal(found.preds, a.sum(-1))
    assert np.array_equal(found.target, b.sum(-1))


@pytest.mark.usefixtures("kernels")
def test_values_other_than_0_and_1_are_multiplied_or_combined_bit_by_bit():
    first, second = torch.tensor([[[2, 3, -1]]]), torch.tensor([[[2, 1, 1]]])
    found = overlap.overlap(first, second, 1, "one-hot", include_background=True)
    assert int(found.both) == 4 + 3 - 1
    found = overlap.overlap(first, second, 1, "one-hot", include_background=True, bitwise=True)
    assert int(found.both) == 2 + 1 + 1


@pytest.mark.usefixtures("kernels")
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
def test_the_largest_score_is_the_class(dtype):
    generator = torch.Generator().manual_seed(2)
    scores = torch.randint(-3, 4, (2, 5, 7, 13), generator=generator).to(getattr(torch, dtype))
    scores[0, 3, 2, 2] = scores[1, 0, 6, 12] = torch.nan
    found, _ = masks.masks_of(scores, scores, 5, "one-hot")
    assert torch.equal(found.values.long(), scores.argmax(dim=1))


@pytest.mark.usefixtures("kernels")
def test_class_numbers_are_counted_without_masks():
    generator = torch.Generator().manual_seed(3)
    first, second = (torch.randint(0, 4, (3, 40, 50), generator=generator) for _ in range(2))
    found = overlap.overlap(first, second, 6, "index", include_background=True)
    a, b = (one_hot(side, 6) for side in (first, second))
    assert torch.equal(found.both, (a * b).sum(dim=(2, 3)))
    assert torch.equal(found.preds, a.sum(dim=(2, 3)))
    assert torch.equal(found.target, b.sum(dim=(2, 3)))


# corrected


def test_corrected_measures_what_is_not_square():
    first, second = (torch.zeros(1, 1, 3, 12, dtype=torch.uint8) for _ in range(2))
    first[..., 1, 1] = second[..., 1, 10] = 1
    wrong = ours.hausdorff_distance(first, second, 1)
    assert not close(wrong, [[9.0]])
    assert close(ours.hausdorff_distance(first, second, 1, corrected=True), [[9.0]])
    high = first.mT, second.mT
    with pytest.raises(IndexError):
        ours.hausdorff_distance(*high, 1)
    assert close(ours.hausdorff_distance(*high, 1, corrected=True), [[9.0]])


def test_corrected_measures_volumes_and_lines():
    first, second = (torch.zeros(1, 1, 4, 5, 6, dtype=torch.uint8) for _ in range(2))
    first[..., 0, 0, 0] = second[..., 1, 2, 2] = 1
    for metric, value in (("euclidean", 3.0), ("chessboard", 2.0), ("taxicab", 5.0)):
        call = {"distance_metric": metric, "corrected": True}
        assert close(ours.hausdorff_distance(first, second, 1, **call), [[value]])
    spacing = torch.tensor([2.0, 1.0, 1.0])
    found = ours.hausdorff_distance(first, second, 1, spacing=spacing, corrected=True)
    assert close(found, [[12**0.5]])
    line = torch.tensor([[[1, 0, 0, 0]]]), torch.tensor([[[0, 0, 0, 1]]])
    assert close(ours.hausdorff_distance(*line, 1, corrected=True), [[3.0]])
    with pytest.raises(ValueError, match="corrected"):
        ours.hausdorff_distance(first, second, 1)
    with pytest.raises(ValueError, match="per axis"):
        ours.hausdorff_distance(first, second, 1, spacing=[1.0, 1.0], corrected=True)


def test_a_corrected_metric_leaves_out_pairs_of_empty_masks():
    masks_ = torch.zeros(2, 1, 4, 4, dtype=torch.uint8)
    other = masks_.clone()
    masks_[0, 0, 0, 0] = other[0, 0, 0, 3] = 1
    metric = ours.HausdorffDistance(1, corrected=True)
    assert metric(masks_, other).item() == 3.0


# collecting


def of(kind, **kwargs):
    return kind(num_classes=3, input_format="index", **kwargs)


PAIRS = [(FIRST.repeat(1, 2, 1), SECOND.repeat(1, 2, 1)), (SECOND.repeat(1, 2, 1),) * 2]


@pytest.mark.parametrize("kind", CLASSES)
def test_batches_add_up(kind):
    together, apart = of(kind), of(kind)
    together.update(*(torch.cat(sides) for sides in zip(*PAIRS, strict=True)))
    for pair in PAIRS:
        apart.update(*pair)
    assert (together.update_count, apart.update_count) == (1, 2)
    assert torch.allclose(together.compute(), apart.compute())


@pytest.mark.parametrize("kind", CLASSES)
def test_forward_is_of_the_batch_alone(kind):
    alone, collected = of(kind), of(kind)
    for pair in PAIRS:
        alone.reset()
        alone.update(*pair)
        assert torch.equal(collected(*pair), alone.compute())
    alone.reset()
    for pair in PAIRS:
        alone.update(*pair)
    assert torch.equal(collected.compute(), alone.compute())
    assert collected.update_count == 2


@pytest.mark.parametrize("kind", CLASSES)
def test_a_batch_that_fails_leaves_the_rest_alone(kind):
    metric = of(kind)
    metric.update(*PAIRS[0])
    before = metric.compute()
    with pytest.raises(RuntimeError):
        metric(PAIRS[0][0], PAIRS[0][1][..., :1])
    assert metric.update_count == 1
    assert torch.equal(metric.compute(), before)


@pytest.mark.parametrize("kind", CLASSES)
def test_merging_copying_pickling_and_saving(kind):
    first, second, both = of(kind), of(kind), of(kind)
    first.update(*PAIRS[0])
    second.update(*PAIRS[1])
    for pair in PAIRS:
        both.update(*pair)
    merged = first.clone()
    merged.merge_state(second)
    assert torch.allclose(merged.compute(), both.compute())
    as_dict = copy.deepcopy(first)
    as_dict.merge_state(second.metric_state)
    assert torch.equal(as_dict.compute(), merged.compute())
    assert torch.equal(pickle.loads(pickle.dumps(both)).compute(), both.compute())
    assert not both.state_dict()
    both.persistent(True)
    fresh = of(kind)
    fresh.persistent(True)
    fresh.load_state_dict(both.state_dict())
    fresh._update_count = 1
    assert torch.equal(fresh.compute(), both.compute())
    with pytest.raises(ValueError, match="merges"):
        first.merge_state(3)
    with pytest.raises(ValueError, match="missing"):
        first.merge_state({})
    other = next(one for one in CLASSES if one is not kind)
    with pytest.raises(ValueError, match="own kind"):
        first.merge_state(of(other))


@pytest.mark.parametrize("kind", CLASSES)
def test_moving_and_converting(kind):
    metric = of(kind)
    metric.update(*PAIRS[0])
    value = metric.compute()
    assert metric.half() is metric.double() is metric.float() is metric
    assert metric.dtype == torch.float32
    metric.set_dtype(torch.float64)
    assert metric.dtype == torch.float64
    assert metric.compute().dtype == torch.float64
    assert torch.allclose(metric.compute(), value.double())
    assert torch.nn.Sequential(metric).half()[0].dtype == torch.float64
    assert metric.to("cpu").device == torch.device("cpu")


def test_values_are_kept_and_asked_for_too_early():
    metric = of(ours.GeneralizedDiceScore)
    with pytest.warns(UserWarning, match="before any update"):
        assert metric.compute().isnan()
    metric.update(*PAIRS[0])
    assert metric.update_called
    assert metric.compute() is metric.compute()
    forgetful = of(ours.GeneralizedDiceScore, compute_with_cache=False)
    forgetful.update(*PAIRS[0])
    assert forgetful.compute() is not forgetful.compute()
    with (
        pytest.warns(UserWarning, match="before any update"),
        pytest.raises(ValueError, match="no samples"),
    ):
        of(ours.DiceScore).compute()


def test_classes_are_counted_at_the_first_batch():
    metric = ours.MeanIoU(per_class=True)
    metric.update(one_hot(FIRST), one_hot(SECOND))
    assert close(metric.compute(), [2 / 3, 2 / 4, 2 / 3])
    assert metric.num_classes == 3
    with pytest.raises(ValueError, match="axis of classes"):
        ours.MeanIoU(input_format="mixed").update(FIRST, SECOND)


def test_options_of_metrics():
    with pytest.raises(ValueError, match="unknown options: typo"):
        of(ours.DiceScore, typo=1)
    with pytest.raises(ValueError, match="compute_on_cpu"):
        of(ours.DiceScore, compute_on_cpu=1)
    with pytest.raises(ValueError, match="function"):
        of(ours.DiceScore, dist_sync_fn=1)
    with pytest.raises(RuntimeError, match="constant"):
        of(ours.DiceScore).higher_is_better = False
    with pytest.raises(RuntimeError, match="nothing to merge"):
        of(ours.MeanIoU, dist_sync_on_step=True).merge_state({})


@pytest.mark.parametrize("kind", CLASSES)
def test_several_processes_are_put_together(kind):
    both = of(kind)
    for pair in PAIRS:
        both.update(*pair)
    other = of(kind)
    other.update(*PAIRS[1])
    states = iter(
        torch.cat(state) if isinstance(state, list) else state
        for state in other.metric_state.values()
    )
    metric = of(
        kind,
        distributed_available_fn=lambda: True,
        dist_sync_fn=lambda tensor, group: [tensor, next(states)],
    )
    metric.update(*PAIRS[0])
    own = copy.deepcopy(metric.metric_state)
    assert torch.allclose(metric.compute(), both.compute())
    assert str(own) == str(metric.metric_state), "the process keeps its own batches"


# the library patched


@pytest.fixture
def patched(installed):
    installed("torchmetrics")
    import edgewise

    with edgewise.patch("torchmetrics") as active:
        yield active


@pytest.mark.parametrize("kind", [kind.__name__ for kind in CLASSES])
def test_the_library_s_classes_run_through_ours(patched, kind):
    import torchmetrics.segmentation

    metric = of(getattr(torchmetrics.segmentation, kind))
    assert isinstance(metric, torchmetrics.Metric)
    assert type(metric).__module__.startswith("torchmetrics.")
    collection = torchmetrics.MetricCollection([metric])
    for pair in PAIRS:
        collection.update(*pair)
    assert sum(patched.calls.values()) == len(PAIRS)
    mirror = of(getattr(ours, kind))
    for pair in PAIRS:
        mirror.update(*pair)
    assert torch.equal(collection.compute()[kind], mirror.compute())


def test_plots_are_the_library_s(installed):
    installed("torchmetrics")
    pytest.importorskip("matplotlib").use("Agg")
    metric = of(ours.DiceScore)
    metric.update(*PAIRS[0])
    figure, _ = metric.plot()
    assert figure.axes
