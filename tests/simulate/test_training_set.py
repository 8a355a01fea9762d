"""Phantoms to train on: what they hold, what noise and field do, and their files."""

import numpy as np
import pytest

from edgewise import io
from edgewise.errors import ConfigError, ShapeError
from edgewise.simulate import ball_and_cube, write_training_set


@pytest.mark.parametrize("shape", [(32, 32, 32), (40, 24, 30), (48, 64)])
def test_a_ball_and_a_cube_that_do_not_touch(shape):
    for seed in range(5):
        image, labels = ball_and_cube(shape, seed=seed)
        assert image.shape == labels.shape == shape
        assert (image.dtype, labels.dtype) == (np.float32, np.uint8)
        assert set(np.unique(labels)) == {0, 1, 2}
        for axis in range(len(shape)):
            first, second = np.moveaxis(labels, axis, 0)[:-1], np.moveaxis(labels, axis, 0)[1:]
            assert not ((first == 1) & (second == 2)).any()
        cube = np.argwhere(labels == 2)
        sides = cube.max(0) - cube.min(0) + 1
        assert (labels == 2).sum() == np.prod(sides)
        assert len(set(sides)) == 1


def test_noise_and_bias_are_what_they_are_called():
    clean, labels = ball_and_cube((32, 32, 32), noise=0, bias=0, seed=3)
    assert np.array_equal(clean, labels.astype(np.float32))
    noisy, same = ball_and_cube((32, 32, 32), noise=0.4, bias=0, seed=3)
    assert np.array_equal(labels, same)
    assert np.std(noisy - labels) == pytest.approx(0.4, rel=0.03)
    field = ball_and_cube((32, 32, 32), noise=0, bias=0.3, seed=3)[0][labels > 0]
    field = field / labels[labels > 0]
    assert 0.7 <= field.min() < field.max() <= 1.3
    assert field.max() - field.min() > 0.1


def test_the_seed_decides_everything():
    first, again, other = (ball_and_cube((24, 24), seed=s)[0] for s in (5, 5, 6))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_data_set_is_written_as_nnunet_names_it(tmp_path):
    data = write_training_set(tmp_path, cases=2, spacing=(1, 1, 2), seed=4)
    assert sorted(p.name for p in data.images.iterdir()) == [
        "case_0_0000.nii.gz",
        "case_1_0000.nii.gz",
    ]
    image, labels = (
        io.read(data.images / "case_1_0000.nii.gz"),
        io.read(data.labels / "case_1.nii.gz"),
    )
    expected = ball_and_cube((32, 32, 32), seed=4001)
    assert np.array_equal(image.array, expected[0])
    assert np.array_equal(labels.array, expected[1])
    assert image.spacing == labels.spacing == (1, 1, 2)


@pytest.mark.parametrize("options", [{"noise": -1}, {"bias": 1.0}, {"noise": float("nan")}])
def test_impossible_numbers_are_refused(options):
    with pytest.raises(ConfigError, match="noise"):
        ball_and_cube((32, 32), **options)


def test_impossible_shapes_are_refused(tmp_path):
    with pytest.raises(ShapeError, match="12"):
        ball_and_cube((8, 32))
    with pytest.raises(ConfigError, match="cases"):
        write_training_set(tmp_path, cases=0)
