"""What the line about progress says."""

import pytest

from edgewise.cli.progress import ProgressLine
from edgewise.evaluation import ProgressEvent


def said(event, capsys):
    with ProgressLine("plain") as line:
        line(event)
    return capsys.readouterr().err


def test_fast_cases_per_second_slow_ones_in_seconds(capsys):
    fast = ProgressEvent(done=10, failed=0, total=40, elapsed=4.0, eta=12.0)
    assert said(fast, capsys) == "10/40  0:00:04  2.5 cases/s  0:00:12 left  0 failed\n"
    slow = ProgressEvent(done=2, failed=1, total=4, elapsed=90.0, eta=90.0)
    assert said(slow, capsys) == "2/4  0:01:30  45.0 s/case  0:01:30 left  1 failed\n"
    begun = ProgressEvent(done=0, failed=0, total=4, elapsed=3.0, eta=float("nan"))
    assert said(begun, capsys) == "0/4  0:00:03  0 failed\n"


def test_a_long_case_says_how_far_it_is(capsys):
    pytest.importorskip("torch")
    from edgewise.models.inference import FolderEvent, TileEvent

    tile = TileEvent(30, 40, 3.0, 1.0, None)
    event = FolderEvent(1, 0, 2, 9.0, 3.0, case="liver_7", tile=tile)
    assert said(event, capsys) == "1/2  0:00:09  9.0 s/case  0:00:03 left  0 failed  liver_7 75 %\n"
