"""Raw values of empty and full masks, row by row from the table, and the presets' own."""

import math

import numpy as np
import pytest

from edgewise import metrics

NAN, INF = math.nan, math.inf
EMPTY, OBJECT = np.zeros((4, 5), bool), np.zeros((4, 5), bool)
OBJECT[1:3, 1:4] = True  # 6 of 20 voxels
SHAPES = {"both": (EMPTY, EMPTY), "reference": (EMPTY, OBJECT), "prediction": (OBJECT, EMPTY)}
SHARE = 6 / 20
BITS = -(SHARE * math.log2(SHARE) + (1 - SHARE) * math.log2(1 - SHARE))

# both empty, reference empty, prediction empty
TABLE = {
    "tp": (0, 0, 0),
    "fp": (0, 6, 0),
    "fn": (0, 0, 6),
    "tn": (20, 14, 14),
    "n_ref": (0, 0, 6),
    "n_pred": (0, 6, 0),
    "n_union": (0, 6, 6),
    "volume_ref": (0, 0, 6),
    "volume_pred": (0, 6, 0),
    "dice": (NAN, 0, 0),
    "iou": (NAN, 0, 0),
    "fbeta": (NAN, 0, 0),
    "volumetric_similarity": (NAN, 0, 0),
    "relative_volume_difference": (NAN, INF, -1),
    "absolute_volume_difference_ratio": (NAN, INF, 1),
    "volume_difference": (0, 6, -6),
    "absolute_volume_difference": (0, 6, 6),
    "sensitivity": (NAN, NAN, 0),
    "specificity": (1, 14 / 20, 1),
    "ppv": (NAN, 0, NAN),
    "npv": (1, 1, 14 / 20),
    "fpr": (0, 6 / 20, 0),
    "fnr": (NAN, NAN, 1),
    "fdr": (NAN, 1, NAN),
    "for_": (0, 0, 6 / 20),
    "accuracy": (1, 14 / 20, 14 / 20),
    "balanced_accuracy": (NAN, NAN, 1 / 2),
    "youden": (NAN, NAN, 0),
    "markedness": (NAN, 0, NAN),
    "mcc": (NAN, NAN, NAN),
    "cohens_kappa": (NAN, 0, 0),
    "lr_plus": (NAN, NAN, NAN),
    "lr_minus": (NAN, NAN, 1),
    "dor": (NAN, NAN, NAN),
    "fowlkes_mallows": (NAN, NAN, NAN),
    "prevalence": (0, 0, 6 / 20),
    "net_benefit": (0, -6 / 20, 0),
    "hd": (NAN, INF, INF),
    "hd_quantile": (NAN, INF, INF),
    "hd95": (NAN, INF, INF),
    "hd95_pooled": (NAN, INF, INF),
    "assd": (NAN, INF, INF),
    "masd": (NAN, INF, INF),
    "rmsd": (NAN, INF, INF),
    "asd_std": (NAN, NAN, NAN),
    "asd_median": (NAN, INF, INF),
    "ahd": (NAN, INF, INF),
    "center_distance": (NAN, INF, INF),
    "asd_ref_to_pred": (NAN, NAN, INF),
    "hd_ref_to_pred": (NAN, NAN, INF),
    "asd_pred_to_ref": (NAN, INF, NAN),
    "hd_pred_to_ref": (NAN, INF, NAN),
    "mahalanobis": (NAN, NAN, NAN),
    "nsd": (NAN, 0, 0),
    "nsd_grid": (NAN, 0, 0),
    "nsd_grid_mean": (NAN, 0, 0),
    "surface_overlap_ref": (NAN, NAN, 0),
    "surface_overlap_pred": (NAN, 0, NAN),
    "boundary_iou": (NAN, 0, 0),
    "cldice": (NAN, 0, 0),
    "topology_precision": (NAN, 0, NAN),
    "topology_sensitivity": (NAN, NAN, 0),
    "betti_error": (0, 1, 1),
    "skeleton_length_ratio": (NAN, INF, 0),
    "components_ref": (0, 0, 1),
    "components_pred": (0, 1, 0),
    "voi": (0, BITS, BITS),
    "voi_split": (0, BITS, 0),
    "voi_merge": (0, 0, BITS),
    "mutual_information": (0, 0, 0),
    "normalized_mi": (NAN, NAN, NAN),
    "adapted_rand_error": (NAN, NAN, 0),
    "rand_split": (NAN, NAN, 1),
    "rand_merge": (NAN, NAN, 1),
    "pq": (NAN, 0, 0),
    "rq": (NAN, 0, 0),
    "sq": (NAN, NAN, NAN),
    "instance_tp": (0, 0, 0),
    "instance_fp": (0, 1, 0),
    "instance_fn": (0, 0, 1),
}
STATES = {"both": "both_empty", "reference": "ref_empty", "prediction": "pred_empty"}


def request_of(name):
    return "hd_quantile@90" if name == "hd_quantile" else name


def test_the_table_is_complete():
    assert set(TABLE) == set(metrics.METRICS)


@pytest.mark.parametrize("empty", SHAPES)
@pytest.mark.parametrize("shape", [(4, 5), (1, 4, 5)])
def test_raw_values_and_states(empty, shape):
    reference, prediction = (mask.reshape(shape) for mask in SHAPES[empty])
    names = [request_of(name) for name in TABLE]
    result = metrics.measure(
        reference, prediction, labels=[1], metrics=names, nsd_tolerance=1e9, spacing=1.0
    )
    found = {metrics.parse(value.metric).name: value for value in result.values}
    column = list(SHAPES).index(empty)
    for name, expected in TABLE.items():
        assert found[name].value == pytest.approx(expected[column], nan_ok=True, rel=1e-14), name
        assert found[name].state == STATES[empty], name


@pytest.mark.parametrize("name", TABLE)
def test_words_of_the_table_agree_with_the_values(name):
    for word, value in zip(metrics.METRICS[name].empty, TABLE[name], strict=True):
        if word in ("NaN", "inf", "0", "1", "-1"):
            assert value == pytest.approx(float(word), nan_ok=True)
        else:
            assert math.isfinite(value)


@pytest.mark.parametrize("name", TABLE)
def test_functions_do_the_same(name):
    options = {"tolerance": 1.0} if metrics.METRICS[name].id_parameter == "tolerance" else {}
    if name == "hd_quantile":
        options = {"q": 90}
    function = getattr(metrics, name)
    found = tuple(function(*pair, **options) for pair in SHAPES.values())
    assert found == pytest.approx(TABLE[name], nan_ok=True, rel=1e-14)


PRESETS = {  # reference empty, prediction empty, both
    ("edgewise", "dice"): (0, 0, NAN),
    ("edgewise", "hd"): (INF, INF, NAN),
    ("metrics_reloaded", "dice"): (0, 0, 1),
    ("metrics_reloaded", "hd"): (NAN, NAN, 0),
    ("metrics_reloaded", "hd95"): (NAN, NAN, 0),
    ("metrics_reloaded", "assd"): (NAN, NAN, 0),
    ("metrics_reloaded", "nsd"): (0, 0, 1),
    ("metrics_reloaded", "boundary_iou"): (0, 0, 1),
    ("monai", "dice"): (NAN, 0, NAN),
    ("monai", "hd"): (INF, INF, NAN),
    ("monai", "hd95"): (NAN, NAN, NAN),
    ("monai", "nsd"): (0, 0, NAN),
    ("medpy", "dice"): (0, 0, 1),
    ("medpy", "iou"): (0, 0, 1),
    ("medpy", "hd"): (INF, INF, NAN),  # raises there
    ("deepmind", "dice"): (0, 0, NAN),
    ("deepmind", "hd"): (INF, INF, INF),
    ("deepmind", "hd95"): (INF, INF, INF),
    ("deepmind", "nsd"): (0, 0, NAN),
    ("nnunet", "dice"): (0, 0, NAN),
    ("simpleitk", "dice"): (0, 0, INF),
    ("panoptica", "dice"): (0, 0, 0),
    ("panoptica", "assd"): (NAN, NAN, NAN),
    ("panoptica", "nsd"): (NAN, NAN, NAN),
    ("picture_story", "dice"): (0, 0, NAN),
    ("picture_story", "hd"): (INF, INF, NAN),
}


@pytest.mark.parametrize(("preset", "name"), PRESETS)
def test_presets_give_what_the_library_gives(preset, name):
    options = {"tolerance": 1.0} if name == "nsd" else {}
    function = getattr(metrics, name)
    order = ("reference", "prediction", "both")
    found = tuple(function(*SHAPES[empty], preset=preset, **options) for empty in order)
    assert found == pytest.approx(PRESETS[preset, name], nan_ok=True)


def test_states_of_full_and_undefined():
    full = np.ones((4, 5), bool)
    result = metrics.measure(full, OBJECT, metrics="specificity,mcc,hd,dice,mahalanobis")
    states = {value.metric: value.state for value in result.values}
    assert states["specificity"] == states["mcc"] == "undefined"
    assert states["hd"] == states["dice"] == states["mahalanobis"] == "ok"
    line = np.zeros((4, 5), bool)
    line[2] = True
    assert metrics.measure(line, line, metrics="mahalanobis").values[-1].state == "undefined"


def test_state_undefined_where_thinning_leaves_nothing():
    """Lee's thinning takes a block of 2 x 2 x 2 away."""
    block = np.zeros((6, 6, 6), bool)
    block[2:4, 2:4, 2:4] = True
    rod = block.copy()
    rod[:, 2, 2] = True
    names = "cldice,topology_precision,topology_sensitivity"
    for reference, prediction, undefined in (
        (block, block, {"cldice", "topology_precision", "topology_sensitivity"}),
        (block, rod, {"cldice", "topology_sensitivity"}),
        (rod, block, {"cldice", "topology_precision"}),
    ):
        values = metrics.measure(reference, prediction, metrics=names).values[-3:]
        assert {v.metric for v in values if v.state == "undefined"} == undefined
        assert {v.metric for v in values if math.isnan(v.value)} == undefined


def test_state_full_where_neither_mask_has_a_boundary():
    """An empty reference beside a prediction whose voxels have only ignored neighbours."""
    result = metrics.measure(
        EMPTY, OBJECT, metrics="hd,nsd_grid,dice,ahd", ignore_mask=~OBJECT, labels=[1]
    )
    values = {value.metric: (value.value, value.state) for value in result.values}
    for name in ("hd", "nsd_grid@1mm"):
        assert math.isnan(values[name][0])
        assert values[name][1] == "full"
    assert values["ahd"] == (INF, "ref_empty")
    assert values["dice"] == (0.0, "ref_empty")


def test_state_full_where_ignored_voxels_surround_an_object():
    ignored = ~OBJECT
    result = metrics.measure(OBJECT, OBJECT, metrics="hd,nsd,dice", ignore_mask=ignored)
    values = {value.metric: (value.value, value.state) for value in result.values}
    assert values["dice"] == (1.0, "ok")
    assert math.isnan(values["hd"][0])
    assert values["hd"][1] == "full"
