"""Level sets, boundary loss and Hausdorff loss against brute force on few voxels."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgewise.models.losses import (  # noqa: E402
    boundary_loss,
    boundary_map,
    boundary_weight,
    hausdorff_loss,
)


def scene(*, seed=0, shape=(2, 3, 6, 7)):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, shape[1], (shape[0], *shape[2:]))
    labels[0, :2] = 0
    logits = torch.from_numpy(rng.normal(size=shape))
    return logits, torch.from_numpy(labels)


def brute_level_set(mask, spacing):
    """Every voxel against every voxel of the other side."""
    places = np.stack(np.indices(mask.shape), -1) * np.asarray(spacing)
    found = np.zeros(mask.shape)
    if mask.any() and not mask.all():
        for index in np.ndindex(mask.shape):
            others = places[mask != mask[index]]
            distance = np.sqrt(((others - places[index]) ** 2).sum(-1)).min()
            found[index] = -distance if mask[index] else distance
    return found


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (2.0, 0.5), (1.37, 0.71)])
@pytest.mark.parametrize("threads", [1, 3])
def test_maps_are_distances_to_the_other_side(spacing, threads):
    _, labels = scene()
    for case in labels.numpy():
        found = boundary_map(case, 4, spacing=spacing, threads=threads)
        assert found.dtype == np.float32
        for c in range(4):  # class 3 is absent
            expected = brute_level_set(case == c, spacing)
            np.testing.assert_allclose(found[c], expected, rtol=1e-6)
        zeroed = boundary_map(case, 4, spacing=spacing, inner_zero=True, threads=threads)
        for c in range(3):
            expected = brute_level_set(case == c, spacing) + min(spacing) * (case == c)
            np.testing.assert_allclose(zeroed[c], expected, atol=1e-6)


def test_the_inner_zero_lies_on_the_inner_boundary():
    labels = np.zeros((7, 7), np.uint8)
    labels[1:6, 1:6] = 1
    found = boundary_map(labels, 2, inner_zero=True)[1]
    ring = (labels == 1) & (np.abs(np.indices((7, 7)) - 3).max(0) == 2)
    assert np.array_equal(found == 0, ring)
    assert found[3, 3] == -2


def test_a_class_that_is_absent_or_everything_has_no_border():
    assert not boundary_map(np.ones((4, 5), int), 3).any()
    assert not boundary_map(np.full((4, 5), 9), 2, ignore_index=9).any()


def test_ignored_voxels_belong_to_no_class():
    found = boundary_map([0, 0, 9, 1, 1], 2, ignore_index=9)
    assert found.tolist() == [[-2, -1, 1, 2, 3], [3, 2, 1, -1, -2]]
    found = boundary_map([0, 0, 1, 1], 2, ignore_index=0)
    assert found.tolist() == [[0, 0, 0, 0], [2, 1, -1, -2]]


@pytest.mark.parametrize("shape", [(2, 3, 9), (2, 3, 6, 7), (1, 3, 4, 5, 3)])
def test_boundary_loss_is_probability_times_map(shape):
    logits, labels = scene(shape=shape)
    spacing = (2.0, 0.5, 1.5)[: len(shape) - 2]
    p = torch.softmax(logits, 1).numpy()
    phi = np.stack([boundary_map(case, 3, spacing=spacing) for case in labels.numpy()])
    for background in (False, True):
        first = 0 if background else 1
        expected = (p * phi)[:, first:].mean()
        options = {"include_background": background}
        found = boundary_loss(logits, labels, spacing=spacing, **options)
        assert found.item() == pytest.approx(expected, abs=1e-12)
        ready = boundary_loss(logits, labels, maps=torch.from_numpy(phi), **options)
        assert ready.item() == pytest.approx(expected, abs=1e-12)
    each = boundary_loss(logits, labels, spacing=spacing, reduction="none")
    assert each.shape == (shape[0], 2)


@pytest.mark.parametrize("alpha", [1.0, 2.0])
def test_hausdorff_loss_is_squared_error_times_distances(alpha):
    logits, labels = scene()
    spacing = (2.0, 0.5)
    p = torch.softmax(3 * logits, 1)
    p[1, 2] *= 0.4  # predicts nothing
    expected = []
    for n in range(2):
        for c in (1, 2):
            y = labels[n].numpy() == c
            q = p[n, c].numpy()
            of_y, of_q = (np.abs(brute_level_set(m, spacing)) for m in (y, q > 0.5))
            expected.append(((q - y) ** 2 * (of_y**alpha + of_q**alpha)).mean())
    options = {"activation": "none", "alpha": alpha, "spacing": spacing}
    found = hausdorff_loss(p, labels, reduction="none", **options)
    np.testing.assert_allclose(found.numpy().ravel(), expected, rtol=1e-6)
    maps = torch.stack(
        [torch.from_numpy(boundary_map(case, 3, spacing=spacing)) for case in labels.numpy()]
    )
    ready = hausdorff_loss(p, labels, maps=maps, **options)
    assert ready.item() == pytest.approx(np.mean(expected), rel=1e-6)


def test_distances_of_the_prediction_carry_no_gradient():
    """The gradient is 2 (p - y) d, what is left of the product with d held fixed."""
    logits, labels = scene()
    p = torch.softmax(logits, 1).requires_grad_()
    hausdorff_loss(p, labels, activation="none", reduction="sum").backward()
    with torch.no_grad():
        y = torch.stack([labels == c for c in range(3)], 1).double()
        expected = torch.zeros_like(p)
        for n in range(2):
            for c in (1, 2):
                masks = (y[n, c].numpy() > 0.5, p[n, c].numpy() > 0.5)
                d = sum(brute_level_set(m, (1, 1)) ** 2 for m in masks)
                expected[n, c] = 2 * (p[n, c] - y[n, c]) * torch.from_numpy(d) / d.size
    torch.testing.assert_close(p.grad, expected, rtol=1e-6, atol=1e-9)


def test_the_weight_grows_to_one():
    weights = [boundary_weight(epoch) for epoch in range(150)]
    assert weights[0] == 0.01
    assert weights[99] == pytest.approx(1)
    assert weights[-1] == 1
    assert weights == sorted(weights)
    assert boundary_weight(3, start=0.1, step=0.2, stop=0.5) == 0.5


def test_maps_work_in_a_worker_process():
    """A data worker makes them: no torch, no locks of the parent."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    _, labels = scene()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        found = pool.submit(boundary_map, labels[0].numpy(), 3, threads=1).result()
    np.testing.assert_array_equal(found, boundary_map(labels[0].numpy(), 3))
