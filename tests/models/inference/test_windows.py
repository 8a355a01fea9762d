"""Where tiles begin, and which voxels each of them answers for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from edgewise.errors import ConfigError, ShapeError  # noqa: E402
from edgewise.models.inference.windows import (  # noqa: E402
    axis_windows,
    monai_starts,
    nnunet_starts,
)


def test_nnunet_starts_are_those_of_the_fixture(zoo_arrays):
    stored = zoo_arrays("sliding_window")
    names = [name for name in stored if name.startswith("nnunet_steps_")]
    assert len(names) == 9
    for name in names:
        *_, sizes, tiles, step, axis = name.split("_")
        k = int(axis.removeprefix("axis"))
        size, tile = (int(text.split("x")[k]) for text in (sizes, tiles))
        assert list(nnunet_starts(size, tile, float(step))) == stored[name].tolist(), name


def test_halves_are_rounded_to_even():
    assert nnunet_starts(29, 24, 0.2) == (0, 2, 5)
    assert nnunet_starts(31, 24, 0.2) == (0, 4, 7)


@given(st.integers(1, 60), st.integers(0, 60), st.sampled_from([0.1, 0.25, 0.3, 0.5, 0.75, 1.0]))
def test_monai_starts_are_monais(tile, more, step):
    utils = pytest.importorskip("monai.data.utils")
    size = tile + more
    apart = max(int(tile * step), 1) if more else tile
    slices = utils.dense_patch_slices((size,), (tile,), (apart,))
    assert monai_starts(size, tile, step) == tuple(s[0].start for s in slices)


@given(
    size=st.integers(1, 90),
    tile=st.integers(1, 40),
    lost=st.integers(0, 12),
    halo=st.integers(0, 6),
    align=st.sampled_from([1, 2, 4, 8]),
    step=st.sampled_from([0.2, 0.5, 0.7, 1.0]),
    rule=st.sampled_from(["nnunet", "monai"]),
)
def test_every_voxel_has_a_tile_and_tiles_are_where_they_say(
    size, tile, lost, halo, align, step, rule
):
    output = tile - lost
    if output - 2 * halo < 1 or (align > 1 and int((output - 2 * halo) * step) < align):
        return
    windows = axis_windows(size, tile, output, step=step, rule=rule, halo=halo, align=align)
    covered = np.zeros(size, dtype=int)
    for k, w in enumerate(windows):
        assert 0 <= w.lo < w.hi <= size
        assert 0 <= w.crop <= w.crop + w.hi - w.lo <= output
        # the output lies over the middle of the tile
        assert w.start + (tile - output) // 2 + w.crop == w.lo
        assert k == 0 or w.crop >= halo
        assert k == len(windows) - 1 or w.crop + w.hi - w.lo <= output - halo
        assert (w.start - windows[0].start) % align == 0
        covered[w.lo : w.hi] += 1
    assert covered.min() >= 1
    assert sorted(w.lo for w in windows) == [w.lo for w in windows]


def test_side_by_side_without_overlap_covers_once():
    windows = axis_windows(100, 24, 20, step=1.0)
    covered = np.zeros(100, dtype=int)
    for w in windows:
        covered[w.lo : w.hi] += 1
    assert (covered == 1).all()
    assert windows[0].start == -2
    assert windows[-1].start + 24 == 102


def test_a_smaller_image_lies_in_the_middle():
    (window,) = axis_windows(5, 8)
    assert (window.start, window.lo, window.hi, window.crop) == (-1, 0, 5, 1)


def test_what_cannot_be_is_refused():
    with pytest.raises(ConfigError, match="halo=4 leaves nothing"):
        axis_windows(20, 8, halo=4)
    with pytest.raises(ShapeError, match="larger than the tile"):
        axis_windows(20, 8, 9)
    with pytest.raises(ConfigError, match="less than align=8"):
        axis_windows(40, 12, step=0.5, align=8)


def test_no_tile_is_run_twice_where_a_step_is_less_than_a_voxel():
    """nnU-Net's rule repeats them: a tile of one slice would be run twice at step 0.5."""
    assert [w.start for w in axis_windows(5, 1, step=0.5)] == [0, 1, 2, 3, 4]
    assert len(axis_windows(5, 1, step=0.5, rule="nnunet")) == 9
