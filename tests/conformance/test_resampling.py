"""Resampling beside torch and scikit-image, and from tensors."""

from __future__ import annotations

import numpy as np
import pytest

from edgewise.voxels import resample, resample_argmax

SHAPES = [
    ((9, 11, 7), (18, 22, 14)),
    ((12, 20, 33), (19, 41, 50)),
    ((12, 20, 33), (5, 9, 64)),
    ((30, 70), (64, 31)),
    ((65,), (63,)),
]
MODES = {1: "linear", 2: "bilinear", 3: "trilinear"}


def scores(shape, classes=7, seed=0):
    return 2 * np.random.default_rng(seed).normal(size=(classes, *shape)).astype(np.float32)


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


def interpolated(torch, logits, shape):
    """In double precision: in single precision torch rounds where voxels lie."""
    values = torch.nn.functional.interpolate(
        torch.from_numpy(logits)[None].double(),
        size=shape,
        mode=MODES[len(shape)],
        align_corners=False,
    )
    return values[0].numpy()


def check(values, found):
    second, first = np.sort(values, axis=0)[-2:]
    sure = first - second > 1e-5
    assert sure.mean() > 0.99
    np.testing.assert_array_equal(found[sure], values.argmax(axis=0)[sure])


@pytest.mark.parametrize(("source", "target"), SHAPES)
def test_torch_interpolates_and_takes_the_greatest(torch, source, target):
    logits = scores(source)
    values = interpolated(torch, logits, target)
    check(values, resample_argmax(logits, target))
    for one, value in zip(logits, values, strict=True):
        np.testing.assert_allclose(resample(one, target), value, rtol=0, atol=1e-5)
    with pytest.raises(AssertionError):
        check(values, resample_argmax(np.roll(logits, 1, axis=-1), target))


@pytest.mark.parametrize(("source", "target"), SHAPES)
def test_torchs_nearest_exact(torch, source, target):
    image = scores(source)[0]
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(image)[None, None], size=target, mode="nearest-exact"
    )
    np.testing.assert_array_equal(resample(image, target, order=0), expected[0, 0].numpy())


def test_tensors(torch):
    logits = torch.from_numpy(scores((6, 9, 10)))
    for dtype in (torch.float16, torch.bfloat16, torch.float64, torch.float32):
        expected = resample_argmax(logits.to(dtype).float().numpy(), (9, 12, 15))
        np.testing.assert_array_equal(resample_argmax(logits.to(dtype), (9, 12, 15)), expected)
    last = logits[None].contiguous(memory_format=torch.channels_last_3d)[0]
    np.testing.assert_array_equal(resample_argmax(last, (9, 12, 15)), expected)
    with pytest.raises((TypeError, ValueError, RuntimeError, BufferError), match="grad"):
        resample_argmax(logits.requires_grad_(), (9, 12, 15))


@pytest.mark.parametrize(("source", "target"), SHAPES)
def test_scikit_image_resizes_and_takes_the_greatest(source, target):
    transform = pytest.importorskip("skimage.transform")
    logits = scores(source)
    values = np.stack(
        [transform.resize(one, target, 1, mode="edge", anti_aliasing=False) for one in logits]
    )
    check(values, resample_argmax(logits, target))
