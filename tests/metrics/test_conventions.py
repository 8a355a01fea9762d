"""Presets: the table of conventions, and what keywords override."""

import pytest

from edgewise import metrics
from edgewise.errors import ConfigError
from edgewise.metrics.conventions import chosen

TABLE = {  # boundary, combine, percentile, assd, nsd boundary, nsd combine, squeeze
    "edgewise": ("face", "max", "linear", "pooled", "surfel", "pooled", True),
    "metrics_reloaded": ("face", "max", "linear", "pooled", "face", "pooled", False),
    "monai": ("face", "max", "linear", "pooled", "face", "pooled", False),
    "medpy": ("face", "pooled", "linear", "pooled", "surfel", "pooled", False),
    "deepmind": ("surfel", "max", "step", "pooled", "surfel", "pooled", False),
    "nnunet": ("face", "max", "linear", "pooled", "surfel", "pooled", True),
    "simpleitk": ("none", "max", "linear", "ahd", "surfel", "pooled", False),
    "panoptica": ("face", "pooled", "linear", "mean of means", "face", "mean", False),
    "picture_story": ("face", "pooled", "linear", "pooled", "surfel", "pooled", True),
}
KEYS = ("boundary", "combine", "percentile", "assd", "nsd_boundary", "nsd_combine", "squeeze")


def test_every_preset_is_in_the_table():
    assert set(TABLE) == set(metrics.PRESETS)


@pytest.mark.parametrize("preset", TABLE)
def test_choices(preset):
    found = metrics.convention(preset)
    assert tuple(found[key] for key in KEYS) == TABLE[preset]
    assert found["edge"] == "background"
    assert found["preset"] == preset


def test_keywords_override_the_preset():
    settings = chosen("medpy", {"combine": "max", "squeeze": None})
    assert settings.combine == "max"
    assert settings.squeeze is False
    assert chosen("medpy", {"boundary": "surfel"}).percentile == "step"


def test_an_unknown_preset_is_refused():
    with pytest.raises(ConfigError, match="did you mean medpy"):
        metrics.convention("medpi")


def test_pages_are_written_from_the_tables():
    from edgewise.metrics.reference_page import render

    page = render()
    assert page.endswith("\n")
    assert page == render()
    for name in metrics.METRICS:
        assert f"### `{name}`" in page
    for preset in metrics.PRESETS:
        assert f"`{preset}`" in page


def test_every_function_is_documented_from_its_definition():
    for name, definition in metrics.METRICS.items():
        words = getattr(metrics, name).__doc__
        assert definition.formula in words
        assert definition.source in words
        for parameter in definition.parameters:
            assert f"\n{parameter} : " in words, (name, parameter)
