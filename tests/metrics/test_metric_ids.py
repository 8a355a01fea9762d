"""Ids: reading, completing, writing back."""

import pytest

from edgewise import metrics
from edgewise.errors import ConfigError
from edgewise.metrics import MetricRequest, parse, parse_all


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("dice", "dice"),
        ("DSC", "dice"),
        (" jaccard ", "iou"),
        ("nsd@2mm", "nsd@2mm"),
        ("nsd@2", "nsd@2mm"),
        ("nsd@0.50mm", "nsd@0.5mm"),
        ("surface_dice@1e-1mm", "nsd@0.1mm"),
        ("fbeta@2", "fbeta@2"),
        ("fbeta", "fbeta@1"),
        ("hd_quantile@90", "hd_quantile@90"),
        ("hd_quantile@99.5", "hd_quantile@99.5"),
        ("hd95:monai", "hd95:monai"),
        ("nsd@2mm:medpy", "nsd@2mm:medpy"),
        ("hd95:edgewise", "hd95"),
        ("hd95_pooled", "hd95_pooled"),
        ("boundary_iou@3", "boundary_iou@3"),
        ("boundary_iou", "boundary_iou"),
        ("betti_error@1", "betti_error@1"),
        ("for", "for_"),
        ("tp:medpy", "tp"),
    ],
)
def test_canonical_ids(text, canonical):
    request = parse(text)
    assert request.id == canonical
    assert parse(request.id) == request


def test_every_metric_round_trips():
    for request in parse_all("all"):
        complete = request.completed(0.25)
        assert parse(complete.id) == complete
    for name, definition in metrics.METRICS.items():
        for alias in definition.aliases:
            assert metrics.definition(alias) is metrics.definition(name)


def test_numbers_are_written_back_without_loss():
    for value in (0.1, 1 / 3, 95, 2.5e-7):
        (found,) = dict(parse(f"nsd@{value!r}mm").parameters).values()
        assert found == value


def test_a_bare_nsd_is_completed():
    request = parse("nsd")
    assert not request.is_complete
    assert request.completed(1.0).id == "nsd@1mm"
    assert parse("nsd@2mm").completed(1.0).id == "nsd@2mm"
    assert parse("dice").completed(1.0).id == "dice"


def test_the_preset_is_part_of_the_id():
    requests = parse_all("dice,hd95:monai,volume_ref", preset="medpy")
    assert [request.id for request in requests] == ["dice:medpy", "hd95:monai", "volume_ref"]


def test_repetitions_count_once():
    assert parse_all(["dice", "dsc", "f1", "iou"]) == (MetricRequest("dice"), MetricRequest("iou"))


def test_all_has_every_metric_that_needs_no_level():
    names = {request.name for request in parse_all("all")}
    assert set(metrics.METRICS) - names == {"hd_quantile"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("dicee", "did you mean dice"),
        ("hausdorff", "unknown metric"),
        ("hd_quantile", "hd_quantile@90"),
        ("dice@2", "takes no number"),
        ("nsd@2vox", "takes a number in mm"),
        ("nsd@1.2.3mm", "cannot read"),
        ("nsd@-1mm", "not negative"),
        ("hd95:monay", "did you mean monai"),
        ("hd95 95", "cannot read"),
        ("hd_quantile@101", "q must be"),
        ("fbeta@0", "beta must be"),
        ("", "cannot read"),
    ],
)
def test_what_is_refused(text, words):
    with pytest.raises(ConfigError, match=words):
        parse(text)


def test_nothing_requested():
    with pytest.raises(ConfigError, match="no metric"):
        parse_all([])
