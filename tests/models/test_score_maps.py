"""Coarse scores on the voxels they speak of; what cannot be scores is said."""

import pytest

torch = pytest.importorskip("torch")

from edgewise.errors import ConfigError, ShapeError  # noqa: E402
from edgewise.models import locate, upsample_scores  # noqa: E402

SCORES = torch.rand(2, 3, 5, 4, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_centres_of_cells_keep_their_scores_and_precision(dtype):
    scores = SCORES.to(dtype)
    large = upsample_scores(scores, (19, 15), jump=4, start=1)
    assert large.dtype == dtype
    assert torch.equal(large[..., 1::4, 1::4], scores)
    assert torch.equal(large[..., :1, 1::4], scores[..., :1, :])  # constant outside
    half = (scores[..., 0] + scores[..., 1]) / 2
    torch.testing.assert_close(large[..., 1::4, 3], half)


def test_one_cell_answers_everywhere_and_reversed_views_are_read_right():
    assert upsample_scores(SCORES[..., :1, :1], (3, 2)).unique().numel() == 6
    flipped = SCORES.transpose(2, 3)
    found = upsample_scores(flipped, (15, 19), jump=4, start=1)
    straight = upsample_scores(SCORES, (19, 15), jump=4, start=1)
    torch.testing.assert_close(found, straight.transpose(2, 3))


def test_the_highest_cell_is_found():
    scores = torch.zeros(1, 5, 4)
    scores[0, 3, 2] = 40
    for sharpness in (None, 1.0):
        found = locate(scores, jump=4, start=15.5, sharpness=sharpness)
        assert found.tolist() == [[27.5, 23.5]]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: upsample_scores(SCORES, (8,)), ShapeError, "one number per spatial axis"),
        (lambda: upsample_scores(SCORES, 8), ConfigError, "size must be"),
        (lambda: upsample_scores(SCORES, (0, 8)), ConfigError, "size must be"),
        (lambda: upsample_scores(SCORES, (8.5, 8)), ConfigError, "size must be"),
        (lambda: upsample_scores(SCORES, (8, 8), jump=0), ConfigError, "jump must be positive"),
        (lambda: upsample_scores(SCORES, (8, 8), jump=float("nan")), ConfigError, "jump"),
        (lambda: upsample_scores(SCORES, (8, 8), start=float("inf")), ConfigError, "start"),
        (lambda: upsample_scores(SCORES.long(), (8, 8)), ShapeError, "not torch.int64"),
        (lambda: upsample_scores(SCORES.numpy(), (8, 8)), ShapeError, "not ndarray"),
        (lambda: upsample_scores(SCORES[..., :0], (8, 8)), ShapeError, "one cell or more"),
        (lambda: locate(SCORES[0, 0, 0]), ShapeError, "one axis or more"),
        (lambda: locate(SCORES[:, 0, :0]), ShapeError, "one cell or more"),
        (lambda: locate(SCORES[:, 0], jump=-1), ConfigError, "jump"),
        (lambda: locate(SCORES[:, 0], sharpness=-1), ConfigError, "sharpness"),
    ],
)
def test_what_cannot_be_is_said(call, error, words):
    with pytest.raises(error, match=words):
        call()
