"""The picture of a training: drawn for whatever numbers a log holds, and true to them."""

import itertools
import math
import re
import xml.etree.ElementTree as ET

import pytest

pytest.importorskip("torch")

from edgewise.models.training.progress_picture import draw_progress

ODD = (
    0.0, 1e-320, 1e-14, 3e-14, 0.1, 0.1 + 1e-16, 0.3, 1 - 2.2e-16, 1.0, -7.0, 1e5, 1e199, 1e300,
    math.inf, math.nan,
)  # fmt: skip


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations_with_replacement(ODD, 2)))
def test_no_values_stop_it(first, second):
    """A Dice of 1 beside one that is 1 but for the last digit must not end a training."""
    rows = [{"epoch": 1, "loss": first}, {"epoch": 2, "loss": second, "dice": first}]
    picture = draw_progress(rows, metrics=["dice"])
    ET.fromstring(picture)
    assert not re.search("nan|inf", picture)
    for place in re.findall(r' [xyc][xy12]?="([^"]+)"', picture):
        assert -5 < float(place) < 720


def test_points_lie_where_the_axes_say():
    rows = [{"epoch": e, "loss": loss} for e, loss in ((1, 0.0), (2, 1.0), (3, 0.5), (4, 0.25))]
    picture = draw_progress(rows, metrics=[])
    points = re.search(r'points="([^"]+)"', picture)[1].split()
    x, y = zip(*(map(float, point.split(",")) for point in points), strict=True)
    assert [round((a - x[0]) / (x[3] - x[0]), 2) for a in x] == [0, 0.33, 0.67, 1]
    assert [round((y[0] - b) / (y[0] - y[1]), 2) for b in y] == [0, 1, 0.5, 0.25]
    heights = {
        text: float(place) - 4
        for place, text in re.findall(r'y="([\d.]+)" text-anchor="end"[^>]*>([^<]+)', picture)
    }
    assert heights["0"] == pytest.approx(y[0], abs=0.1)
    assert heights["1"] == pytest.approx(y[1], abs=0.1)


def test_names_are_escaped_and_eight_are_drawn():
    names = [f"<{k}>" for k in range(12)]
    picture = draw_progress([{"epoch": 1, "loss": 1.0, **dict.fromkeys(names, 0.5)}], metrics=names)
    ET.fromstring(picture)
    assert "&lt;7&gt;" in picture
    assert "&lt;8&gt;" not in picture
