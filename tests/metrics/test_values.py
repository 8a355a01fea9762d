"""Every function against values worked out by hand or published for the two rectangles."""

import math

import numpy as np
import pytest

from edgewise import metrics
from edgewise.errors import ConfigError, LabelError, ShapeError, SpacingError

ROOT_2, ROOT_5 = math.sqrt(2), math.sqrt(5)
H = ROOT_2 / 2  # contour length of one corner

VALUES = {
    "tp": 6,
    "fp": 6,
    "fn": 3,
    "tn": 49,
    "n_ref": 9,
    "n_pred": 12,
    "n_union": 15,
    "volume_ref": 9,
    "volume_pred": 12,
    "volume_difference": 3,
    "absolute_volume_difference": 3,
    "dice": 12 / 21,
    "iou": 6 / 15,
    "fbeta": 12 / 21,
    "volumetric_similarity": 18 / 21,
    "relative_volume_difference": 1 / 3,
    "absolute_volume_difference_ratio": 1 / 3,
    "sensitivity": 6 / 9,
    "specificity": 49 / 55,
    "ppv": 6 / 12,
    "npv": 49 / 52,
    "fpr": 6 / 55,
    "fnr": 3 / 9,
    "fdr": 6 / 12,
    "for_": 3 / 52,
    "accuracy": 55 / 64,
    "balanced_accuracy": (6 / 9 + 49 / 55) / 2,
    "youden": 6 / 9 + 49 / 55 - 1,
    "markedness": 6 / 12 + 49 / 52 - 1,
    "mcc": (6 * 49 - 6 * 3) / math.sqrt(12 * 9 * 55 * 52),
    "lr_plus": (6 / 9) / (6 / 55),
    "lr_minus": (3 / 9) / (49 / 55),
    "dor": 6 * 49 / (6 * 3),
    "fowlkes_mallows": math.sqrt(6 / 12 * 6 / 9),
    "prevalence": 9 / 64,
    "net_benefit": 0.0,
    "hd": ROOT_2,
    "hd_ref_to_pred": 1.0,
    "hd_pred_to_ref": ROOT_2,
    "hd95": 1.2278174593052018,
    "hd95_pooled": 1.0621320343559637,
    "asd_ref_to_pred": 5 / 8,
    "asd_pred_to_ref": (6 + ROOT_2) / 10,
    "assd": (5 + 6 + ROOT_2) / 18,
    "masd": (5 / 8 + (6 + ROOT_2) / 10) / 2,
    "rmsd": math.sqrt((5 + 6 + 2) / 18),
    "asd_std": math.sqrt(13 / 18 - ((11 + ROOT_2) / 18) ** 2),
    "asd_median": 1.0,
    "ahd": 0.4339255650988789,
    "center_distance": ROOT_5 / 2,
    # rows: both 2/3; columns: 2/3 (reference), 5/4 (prediction), pooled by 9 and 12 voxels to 1
    "mahalanobis": math.sqrt(1 / (2 / 3) + 0.5**2 / 1.0),
    "nsd_grid": 17 / 18,
    "nsd_grid_mean": (1 + 9 / 10) / 2,
    "surface_overlap_ref": 1.0,
    "boundary_iou": 0.2,
    "cldice": 0.5,
    "topology_precision": 1 / 3,
    "topology_sensitivity": 1.0,
    "skeleton_length_ratio": 1.5,
    "betti_error": 0,
    "components_ref": 1,
    "components_pred": 1,
    "cohens_kappa": 0.48936170212765956,
    "adapted_rand_error": 1 / 3,
    "rand_split": 0.5,
    "rand_merge": 1.0,
    "pq": 0.0,
    "sq": math.nan,
    "rq": 0.0,
    "instance_tp": 0,
    "instance_fp": 1,
    "instance_fn": 1,
}


OVERLAPS = ("surface_overlap_ref", "surface_overlap_pred")


def entropy(*shares: float) -> float:
    return -sum(p * math.log2(p) for p in shares if p)


JOINT = entropy(6 / 64, 6 / 64, 3 / 64, 49 / 64)
OF_REF, OF_PRED = entropy(9 / 64, 55 / 64), entropy(12 / 64, 52 / 64)
VALUES |= {
    "voi_split": JOINT - OF_REF,
    "voi_merge": JOINT - OF_PRED,
    "voi": 2 * JOINT - OF_REF - OF_PRED,
    "mutual_information": OF_REF + OF_PRED - JOINT,
    "normalized_mi": (OF_REF + OF_PRED - JOINT) / math.sqrt(OF_REF * OF_PRED),
}
# outline of an a x b rectangle in surface elements: 2 (a - 1) + 2 (b - 1) straight, 4 corners
OUTLINE_REF, OUTLINE_PRED = 8 + 4 * H, 10 + 4 * H
VALUES["surface_overlap_pred"] = (OUTLINE_PRED - H) / OUTLINE_PRED  # one corner is 1.41 away
VALUES["nsd"] = (OUTLINE_REF + OUTLINE_PRED - H) / (OUTLINE_REF + OUTLINE_PRED)


def call(name, reference, prediction, **options):
    if metrics.definition(name).id_parameter == "tolerance":
        options.setdefault("tolerance", 1.0)
    if name == "hd_quantile":
        options.setdefault("q", 95.0)
    return getattr(metrics, name)(reference, prediction, **options)


def test_the_table_covers_every_metric():
    assert set(metrics.METRICS) - set(VALUES) == {"hd_quantile"}
    assert not set(VALUES) - set(metrics.METRICS)


@pytest.mark.parametrize("name", VALUES)
def test_rectangles(name, rectangles):
    assert call(name, *rectangles) == pytest.approx(VALUES[name], rel=1e-13, nan_ok=True)


@pytest.mark.parametrize(
    ("preset", "expected"),
    {
        "metrics_reloaded": {"hd95": 1.227817, "assd": 0.689679, "masd": 0.683211, "nsd": 17 / 18},
        "monai": {"hd95": 1.227817, "assd": 0.689679, "nsd": 17 / 18},
        "medpy": {"hd95": 1.062132, "assd": 0.689679, "asd_pred_to_ref": 0.741421},
        "deepmind": {"nsd": 0.970110},
        "nnunet": {"dice": 0.571429, "iou": 0.4},
        "simpleitk": {"hd": ROOT_2, "ahd": 0.433926, "assd": 0.433926},
        "panoptica": {"hd95": 1.062132, "assd": 0.683211, "nsd": 0.95},
        "picture_story": {"hd": ROOT_2, "hd95": 1.062132, "assd": 0.689679, "masd": 0.683211,
                          "nsd": 0.970110, "boundary_iou": 0.2},
    }.items(),
)  # fmt: skip
def test_presets_reproduce_the_libraries(preset, expected, rectangles):
    for name, value in expected.items():
        assert call(name, *rectangles, preset=preset) == pytest.approx(value, abs=5e-7), name


def test_combinations_of_directions(rectangles):
    reference, prediction = rectangles
    found = {
        how: metrics.hd_quantile(reference, prediction, q=95, combine=how)
        for how in ("max", "pooled", "mean", "ref_to_pred", "pred_to_ref")
    }
    assert found["ref_to_pred"] == 1.0
    assert found["pred_to_ref"] == found["max"] == metrics.hd95(reference, prediction)
    assert found["mean"] == (found["ref_to_pred"] + found["pred_to_ref"]) / 2
    assert found["pooled"] == metrics.hd95_pooled(reference, prediction)
    assert metrics.hd_quantile(reference, prediction, q=100) == ROOT_2
    assert metrics.hd_quantile(reference, prediction, q=0) == 0.0


def test_spacing_scales_distances_and_volumes(rectangles):
    for name in ("hd", "hd95", "assd", "masd", "rmsd", "ahd", "center_distance"):
        assert call(name, *rectangles, spacing=2.0) == 2 * call(name, *rectangles), name
    assert metrics.volume_ref(*rectangles, spacing=(0.5, 3.0)) == 13.5
    assert metrics.mahalanobis(*rectangles, spacing=(0.3, 7.0)) == metrics.mahalanobis(*rectangles)


@pytest.mark.parametrize("name", VALUES)
def test_every_function_takes_a_spacing(name, rectangles):
    """So that a loop over names needs no list of those that use it."""
    unit = metrics.METRICS[name].unit
    scale = {"mm": 3.0, "mm^d": 9.0}.get(unit, 1.0)
    options = {"tolerance": 3.0} if name in ("nsd", "nsd_grid", "nsd_grid_mean", *OVERLAPS) else {}
    value = call(name, *rectangles, spacing=3, **options)
    assert value == pytest.approx(scale * VALUES[name], rel=1e-13, nan_ok=True)
    for impossible in (0, -1.0, (1.0,), (1.0, math.nan)):
        with pytest.raises(SpacingError, match="spacing"):
            call(name, *rectangles, spacing=impossible)


def test_two_voxels_far_apart_by_hand():
    reference, prediction = np.zeros((2, 5, 7), bool)
    reference[0, 0] = prediction[3, 4] = True
    for name in ("hd", "hd95", "assd", "masd", "ahd", "center_distance"):
        assert call(name, reference, prediction) == 5.0
        assert call(name, reference, prediction, spacing=(2.0, 2.0)) == 10.0


def test_tolerance_ties_count_as_within():
    reference, prediction = np.zeros((2, 8), bool)
    reference[1], prediction[4] = True, True
    options = {"tolerance": 0.3, "spacing": 0.1}  # 3 x 0.1 is a little more than 0.3
    assert metrics.nsd_grid(reference, prediction, **options) == 1.0
    assert metrics.nsd_grid(reference, prediction, tie_rtol=0, **options) == 0.0
    assert metrics.nsd_grid(reference, prediction, preset="monai", **options) == 0.0


NEED_A_TOLERANCE = ("nsd", "nsd_grid", "nsd_grid_mean", *OVERLAPS)


@pytest.mark.parametrize("name", NEED_A_TOLERANCE)
def test_tolerance_has_no_default(name, rectangles):
    for preset in ("edgewise", "monai", "medpy", "deepmind", "nnunet", "simpleitk"):
        with pytest.raises(TypeError, match="tolerance"):
            getattr(metrics, name)(*rectangles, preset=preset)


@pytest.mark.parametrize("name", NEED_A_TOLERANCE)
def test_some_libraries_have_a_tolerance(name):
    reference, prediction = np.zeros((2, 40), bool)
    reference[1:20], prediction[3:21] = True, True
    measure = getattr(metrics, name)
    for preset, spacing, tolerance in (
        ("metrics_reloaded", 0.4, 1.0),
        ("picture_story", 0.6, 1.0),
        ("panoptica", None, 0.5),
        ("panoptica", 2.5, 2.5),
    ):
        how = {"preset": preset, "spacing": spacing}
        expected = measure(reference, prediction, tolerance=tolerance, **how)
        assert measure(reference, prediction, **how) == expected
    # the start is 2 voxels away, the end 1: what is within depends on the preset's tolerance
    assert metrics.nsd(reference, prediction, preset="metrics_reloaded", spacing=0.4) == 1.0
    assert metrics.nsd(reference, prediction, preset="panoptica", spacing=2.5) == 0.5
    assert metrics.nsd(reference, prediction, preset="panoptica") == 0.0


def test_one_slice_axis_is_squeezed_unless_told(rectangles):
    flat = tuple(mask[:, :, np.newaxis] for mask in rectangles)
    assert metrics.assd(*flat) == metrics.assd(*rectangles)
    assert metrics.assd(*flat, preset="medpy") == pytest.approx((8 + ROOT_2) / 21)
    assert metrics.assd(*flat, squeeze=False) == metrics.assd(*flat, preset="metrics_reloaded")
    assert metrics.nsd(*flat, tolerance=1) == metrics.nsd(*rectangles, tolerance=1)
    assert metrics.nsd(*flat, tolerance=1, squeeze=False) == pytest.approx(0.9911, abs=5e-5)
    assert metrics.hd95(*flat, preset="medpy") == 1.0


def test_a_single_voxel_grid():
    one = np.ones((1, 1, 1), bool)
    assert metrics.hd(one, one) == 0.0
    assert metrics.nsd(one, one, tolerance=0) == 1.0


def test_four_axes_count_but_have_no_boundary():
    masks = np.zeros((2, 2, 3, 4, 5), bool)
    masks[:, 0, 1, 2, 3] = True
    assert metrics.dice(*masks) == 1.0
    with pytest.raises(ShapeError, match="1 to 3 axes"):
        metrics.hd(*masks)
    assert metrics.hd(masks[0][:1], masks[1][:1]) == 0.0  # the extra axis is squeezed away


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.uint16, float, ">i4"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_types_and_orders_do_not_matter(dtype, order, rectangles):
    reference, prediction = rectangles
    changed = np.array(reference, dtype=dtype, order=order)
    reversed_view = np.ascontiguousarray(changed[::-1])[::-1]
    for name in ("dice", "hd95", "nsd", "center_distance", "cldice", "components_ref"):
        spaced = metrics.definition(name).family in ("distance", "boundary")
        options = {"spacing": (0.7, 1.3)} if spaced else {}
        expected = call(name, reference, prediction, **options)
        assert call(name, changed, prediction, **options) == expected
        assert call(name, reversed_view, prediction, **options) == expected
        swapped = call(name, prediction, reference, **options)
        assert call(name, prediction, changed, **options) == swapped


def test_inputs_are_never_written_to(rectangles):
    frozen = [mask.copy() for mask in rectangles]
    for mask in frozen:
        mask.flags.writeable = False
    for name in metrics.METRICS:
        call(name, *frozen)


def test_what_is_refused(rectangles):
    reference, prediction = rectangles
    with pytest.raises(ShapeError):
        metrics.dice(reference, prediction[:-1])
    with pytest.raises(LabelError, match="0 and 1"):
        metrics.dice(reference * 2, prediction)
    with pytest.raises(LabelError, match=r"0\.3"):
        metrics.dice(reference * 0.3, prediction)
    with pytest.raises(SpacingError):
        metrics.hd(reference, prediction, spacing=(1, 0))
    with pytest.raises(ConfigError, match="face"):
        metrics.hd(reference, prediction, boundary="faces")
    with pytest.raises(ConfigError, match="monai"):
        metrics.hd(reference, prediction, preset="monay")
    with pytest.raises(ConfigError, match="step"):
        metrics.hd95(reference, prediction, boundary="surfel", percentile="linear")
    for q in (-1, 100.5, math.nan):
        with pytest.raises(ConfigError, match="q must"):
            metrics.hd_quantile(reference, prediction, q=q)
    for tolerance in (-0.1, math.inf, math.nan):
        with pytest.raises(ConfigError, match="tolerance"):
            metrics.nsd(reference, prediction, tolerance=tolerance)
    with pytest.raises(ConfigError, match="width"):
        metrics.boundary_iou(reference, prediction, width=1.5)
    for width in (0, -1, math.nan):
        with pytest.raises(ConfigError, match="width"):
            metrics.boundary_iou(reference, prediction, width=width, strip="edt_lt")
    # half a voxel holds the boundary itself
    assert metrics.boundary_iou(reference, prediction, width=0.5, strip="edt_lt") == (
        metrics.boundary_iou(reference, prediction, width=1)
    )
    for beta in (0, -1, math.inf):
        with pytest.raises(ConfigError, match="beta"):
            metrics.fbeta(reference, prediction, beta=beta)
    with pytest.raises(ConfigError, match="zhang"):
        metrics.cldice(np.ones((3, 3, 3), bool), np.ones((3, 3, 3), bool), thinning="zhang")


def test_ignored_voxels_make_no_boundary():
    reference, prediction, ignored = np.zeros((3, 1, 9), bool)
    reference[0, 1:8] = True
    prediction[0, 1:4] = True
    ignored[0, 4:9] = True
    assert metrics.dice(reference, prediction, ignore_mask=ignored) == 1.0
    # both are 1..3, bounded on the left only
    assert metrics.hd(reference, prediction, ignore_mask=ignored) == 0.0
    shifted = np.roll(prediction, 1, axis=1)
    assert metrics.hd(reference, shifted, ignore_mask=ignored) == 1.0
    assert metrics.boundary_iou(reference, shifted, ignore_mask=ignored) == 0.0


def test_full_images_without_outside_have_no_boundary():
    full = np.ones((4, 5), bool)
    part = full.copy()
    part[0] = False
    assert math.isnan(metrics.hd(full, full, edge="foreground"))
    assert metrics.hd(full, full) == 0.0
    assert metrics.hd(full, part, edge="foreground") == math.inf
    assert math.isnan(metrics.hd_ref_to_pred(full, part, edge="foreground"))
    assert metrics.hd_pred_to_ref(full, part, edge="foreground") == math.inf


def test_strips_of_all_kinds():
    reference, prediction = np.zeros((2, 9, 9), bool)
    reference[1:8, 1:8] = True
    prediction[1:8, 1:8] = True
    prediction[4, 4] = False  # a hole in the middle
    # strips of width 1: the rim of 24 voxels; the hole's ring adds 4 (cross) or 8 (cube)
    assert metrics.boundary_iou(reference, prediction, width=1, strip="taxi") == 24 / 28
    assert metrics.boundary_iou(reference, prediction, width=1, strip="chess") == 24 / 32
    assert metrics.boundary_iou(reference, prediction, width=1, strip="edt_lt") == 24 / 28
    assert metrics.boundary_iou(reference, prediction, width=9) == metrics.iou(
        reference, prediction
    )
    wide = metrics.boundary_iou(reference, prediction, width=2.1, strip="edt_lt_mm", spacing=2.0)
    assert wide == metrics.boundary_iou(reference, prediction, width=1.05, strip="edt_lt")


def test_betti_numbers_of_a_ring_and_a_shell():
    ring = np.zeros((7, 7), bool)
    ring[1:6, 1:6] = True
    disc = ring.copy()
    ring[3, 3] = False
    assert metrics.betti_error(disc, ring) == 1
    assert [metrics.betti_error(disc, ring, dim=dim) for dim in (0, 1, 2)] == [0, 1, 0]
    with pytest.raises(ConfigError, match="dim must"):
        metrics.betti_error(disc, ring, dim=3)
    shell = np.zeros((5, 5, 5), bool)
    shell[1:4, 1:4, 1:4] = True
    ball = shell.copy()
    shell[2, 2, 2] = False
    assert metrics.betti_error(ball, shell) == 1
    assert metrics.betti_error(ball, shell, connectivity=1) == 1
    two = np.zeros((4, 4), bool)
    two[0, 0] = two[1, 1] = True
    assert metrics.components_ref(two, two) == 1
    assert metrics.components_ref(two, two, connectivity=1) == 2
    with pytest.raises(ConfigError, match="connectivity 1 or 3"):
        metrics.betti_error(ball, shell, connectivity=2)


def test_instance_maps_and_masks():
    reference = np.array([[5, 5, 5, 0, 7, 7, 0, 9]])
    prediction = np.array([[1, 1, 0, 0, 2, 0, 3, 3]])
    assert metrics.instance_tp(reference, prediction) == 1  # 2 of 3; 7/2 share exactly one half
    assert metrics.instance_fp(reference, prediction) == 2
    assert metrics.instance_fn(reference, prediction) == 2
    assert metrics.sq(reference, prediction) == 2 / 3
    assert metrics.rq(reference, prediction) == 1 / 3
    assert metrics.pq(reference, prediction) == pytest.approx(2 / 9)
    assert metrics.pq(reference > 0, prediction > 0) == pytest.approx(2 / 9 * 1.0)


def test_instances_of_one_slice_are_those_of_the_plane():
    mask = np.eye(4, dtype=bool)[:, :, np.newaxis]
    assert metrics.instance_tp(mask, mask) == 1
    assert metrics.instance_tp(mask, mask, connectivity=1) == 4
    with pytest.raises(ConfigError, match="connectivity must be 1 to 2"):
        metrics.instance_tp(mask, mask, connectivity=3)
    assert metrics.instance_tp(mask, mask, connectivity=3, squeeze=False) == 1


def test_ignored_voxels_split_instances():
    reference = np.array([[True] * 7])
    ignored = np.array([[False] * 3 + [True] + [False] * 3])
    prediction = reference & ~ignored
    assert metrics.instance_tp(reference, prediction) == 0  # 3 of 7, and 3 of 7
    assert metrics.instance_tp(reference, prediction, ignore_mask=ignored) == 2
    pair = metrics.measure(reference, prediction, ignore_mask=ignored, metrics="instance_tp,pq")
    assert pair.to_dict()[1]["instance_tp"] == 2
    assert pair.to_dict()[1]["pq"] == 1.0


def test_label_maps_kappa_and_ignored_labels():
    reference = np.array([0, 0, 1, 1, 2, 2, 9])
    prediction = np.array([0, 1, 1, 1, 2, 0, 3])
    # confusion of the first six: p_o 4/6, p_e (2*2 + 2*3 + 2*1)/36
    assert metrics.cohens_kappa(reference, prediction, ignore_label=9) == pytest.approx(1 / 2)
    linear = 1 - (1 + 2) / 6 / ((2 * 3 + 2 * 1 * 2 + 2 * 2 + 2 * 1 + 2 * 2 * 2 + 2 * 3) / 36)
    assert metrics.cohens_kappa(reference, prediction, ignore_label=9, weights="linear") == (
        pytest.approx(linear)
    )
    assert metrics.voi(reference, reference) == 0.0
    assert metrics.adapted_rand_error(np.array([1, 2, 3]), np.array([1, 1, 1])) == 1.0


def test_generalized_dice_by_hand():
    reference, prediction = np.array([0, 1, 1, 2, 0]), np.array([0, 1, 2, 2, 0])
    # label 1: TP 1, sizes 2 and 1; label 2: TP 1, sizes 1 and 2
    assert metrics.generalized_dice(reference, prediction) == (2 / 4 + 2) / (3 / 4 + 3)
    assert metrics.generalized_dice(reference, prediction, weights="simple") == (1 + 2) / 4.5
    assert metrics.generalized_dice(reference, prediction, weights="uniform") == 4 / 6
    # label 1: TP 2, sizes 3 and 2; label 2: TP 1, sizes 1 and 3
    other = np.array([0, 1, 1, 1, 2, 0]), np.array([0, 1, 1, 2, 2, 2])
    assert metrics.generalized_dice(*other) == 22 / 41
    assert metrics.generalized_dice(*other, weights="simple") == 10 / 17
    assert metrics.generalized_dice(*other, weights="uniform") == 6 / 9
    # an absent label takes the largest weight, 1
    with_absent = metrics.generalized_dice(reference, [0, 1, 2, 2, 3], labels=[1, 2, 3])
    assert with_absent == (2 / 4 + 2) / (3 / 4 + 3 + 1)
    assert math.isnan(metrics.generalized_dice([0, 0], [0, 0]))
