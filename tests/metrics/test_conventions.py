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
BOTH, DIAGONAL = "zhang (1 and 2 axes), lee (3 axes)", "2 % of the diagonal"
SMALLEST = "min(spacing), or 0.5 without spacing"
FURTHER = {  # strip, width, thinning, tolerance, tie tolerance, spacing, distance target
    "edgewise": ("chess", DIAGONAL, BOTH, None, 1e-9, 1.0, "boundary"),
    "metrics_reloaded": ("edt_lt", 1.0, BOTH, 1.0, 0.0, 1.0, "boundary"),
    "monai": ("chess", DIAGONAL, BOTH, None, 0.0, 1.0, "boundary"),
    "medpy": ("chess", DIAGONAL, BOTH, None, 1e-9, 1.0, "boundary"),
    "deepmind": ("chess", DIAGONAL, BOTH, None, 0.0, "required", "boundary"),
    "nnunet": ("chess", DIAGONAL, BOTH, None, 1e-9, "from file, unused", "boundary"),
    "simpleitk": ("chess", DIAGONAL, BOTH, None, 1e-9, "of the image", "set"),
    "panoptica": ("chess", DIAGONAL, BOTH, SMALLEST, 0.0, 1.0, "boundary"),
    "picture_story": ("edt_lt", 1.0, "zhang", 1.0, 1e-9, 1.0, "boundary"),
}
FURTHER_KEYS = ("strip", "width", "thinning", "nsd_tolerance", "tie_rtol", "spacing")
FURTHER_KEYS += ("distance_target",)
ORDER = {  # of the library's own arguments
    "edgewise": ("reference", "prediction"),
    "metrics_reloaded": ("pred", "ref"),
    "monai": ("y_pred", "y"),
    "medpy": ("result", "reference"),
    "deepmind": ("mask_gt", "mask_pred"),
    "simpleitk": ("source=pred", "target=ref"),
}
KEYS = ("boundary", "combine", "percentile", "assd", "nsd_boundary", "nsd_combine", "squeeze")


def test_every_preset_is_in_the_table():
    assert set(TABLE) == set(metrics.PRESETS)


@pytest.mark.parametrize("preset", TABLE)
def test_choices(preset):
    found = metrics.convention(preset)
    assert tuple(found[key] for key in KEYS) == TABLE[preset]
    assert tuple(found[key] for key in FURTHER_KEYS) == FURTHER[preset]
    assert found["argument_order"] == ORDER.get(preset, found["argument_order"])
    assert found["result_dtype"] == ("float32" if preset == "monai" else "float64")
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
