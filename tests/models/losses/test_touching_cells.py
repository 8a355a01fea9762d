"""U-Net's weight map, by numpy alone: against brute force and plain scenes."""

import numpy as np
import pytest

from edgewise.errors import ConfigError, SpacingError
from edgewise.models.losses import touching_cell_weights


def brute(cells, w0, sigma, spacing):
    """Every voxel against every cell."""
    places = np.stack(np.indices(cells.shape), -1) * np.asarray(spacing, float)
    found = np.ones(cells.shape)
    for index in np.ndindex(cells.shape):
        if cells[index] == 0:
            distances = sorted(
                np.sqrt(((places[cells == label] - places[index]) ** 2).sum(-1)).min()
                for label in np.unique(cells[cells != 0])
            )
            if len(distances) > 1:
                found[index] += w0 * np.exp(-((distances[0] + distances[1]) ** 2) / (2 * sigma**2))
    return found


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (2.0, 0.5)])
@pytest.mark.parametrize("sigma", [1.0, 5.0])
def test_weights_are_those_of_the_formula(spacing, sigma):
    cells = np.zeros((16, 22), np.int32)
    cells[2:6, 2:8], cells[7:12, 3:9], cells[3:9, 10:14], cells[12:15, 17:21] = 3, 7, 8, -2
    found = touching_cell_weights(cells, w0=8.0, sigma=sigma, class_weights=(1, 1), spacing=spacing)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, brute(cells, 8.0, sigma, spacing), rtol=1e-5, atol=1e-6)


def test_three_axes():
    cells = np.zeros((6, 7, 8), np.uint8)
    cells[1:3, 1:4, 1:4], cells[4:, 4:, 4:] = 1, 2
    found = touching_cell_weights(cells, class_weights=(1, 1), spacing=(2, 1, 1))
    np.testing.assert_allclose(found, brute(cells, 10.0, 5.0, (2, 1, 1)), rtol=1e-5)


def test_classes_are_balanced():
    cells = np.zeros((10, 10), int)
    cells[:2] = 4  # a fifth, one cell: no gaps
    found = touching_cell_weights(cells)
    assert found[cells > 0] == pytest.approx(2.5)
    assert found[cells == 0] == pytest.approx(0.625)
    assert found.mean() == pytest.approx(1)
    assert (touching_cell_weights(np.zeros((3, 3), int)) == 1).all()
    assert (touching_cell_weights(np.ones((3, 3), int)) == 1).all()


def test_gaps_outweigh_wide_background_and_cells():
    cells = np.zeros((5, 41), int)
    cells[:, :10], cells[:, 11:20] = 1, 2
    found = touching_cell_weights(cells, class_weights=(1, 1))
    assert found[2, 10] == pytest.approx(1 + 10 * np.exp(-4 / 50))
    assert found[2, 5] == 1
    assert found[2, 40] < 1.01


def test_options_are_checked():
    for options in ({"sigma": 0}, {"w0": -1}, {"sigma": np.inf}, {"w0": np.nan}, {"w0": np.inf}):
        with pytest.raises(ConfigError, match="w0 must not be negative and sigma positive"):
            touching_cell_weights([0, 1], **options)
    for weights in ((1, 2, 3), 1, (1, -1), (1, np.nan)):
        with pytest.raises(ConfigError, match="class_weights must be two numbers"):
            touching_cell_weights([0, 1], class_weights=weights)
    with pytest.raises(SpacingError):
        touching_cell_weights([0, 1], spacing=0)
