"""Every formula beside a slow twin: numpy in float64, written from the papers, voxels in a list.

An ignored voxel is taken off the list, where the loss sets it to 0; what looks at neighbours keeps
the grid and empties the voxel. One class is absent, one sample has ignored voxels only.
"""

import itertools

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgewise.models.losses import (  # noqa: E402
    binary_cross_entropy,
    boundary_loss,
    cldice_loss,
    cross_entropy,
    dice_loss,
    focal_loss,
    focal_tversky_loss,
    generalised_dice_loss,
    hausdorff_loss,
    tversky_loss,
)

IGNORED = 255
WEIGHTS = (0.5, 1.0, 2.0, 4.0)
S = 1e-5  # smoothing of MONAI and nnU-Net
SHAPES = [(9,), (1,), (5, 6), (1, 7), (3, 1, 4)]


def softmax(x):
    e = np.exp(x - x.max(0, keepdims=True))
    return e / e.sum(0, keepdims=True)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def listed(logits, labels):
    """Logits (C, V) and labels (V,) of each sample, without what is ignored."""
    for x, y in zip(logits, labels, strict=True):
        x, y = x.reshape(len(x), -1), y.ravel()
        yield x[:, y != IGNORED], y[y != IGNORED]


def one_hot(y, classes):
    return (y == np.arange(classes).reshape(-1, *[1] * y.ndim)).astype(float)


def mean_over_voxels(value):
    """Twin of a mean over all voxels of the batch, from a value of each of a sample's voxels."""

    def twin(logits, labels):
        values = np.concatenate([value(x, y).ravel() for x, y in listed(logits, labels)])
        return values.mean() if values.size else 0.0

    return twin


def of_masses(formula, *, batch=False, first=0, activation=softmax):
    """Twin of a mean over samples and classes of ``formula(p, y)``, both lists of voxels."""

    def twin(logits, labels):
        samples = [(activation(x), one_hot(y, len(x))) for x, y in listed(logits, labels)]
        if batch:
            samples = [tuple(np.concatenate(parts, 1) for parts in zip(*samples, strict=True))]
        return np.mean([formula(p[c], y[c]) for p, y in samples for c in range(first, len(p))])

    return twin


def true_class(values, y):
    return values[y, np.arange(y.size)]


def weighted_cross_entropy(logits, labels):
    total = weight = 0.0
    for x, y in listed(logits, labels):
        w = np.array(WEIGHTS[: len(x)])
        q = 0.8 * one_hot(y, len(x)) + 0.2 / len(x)
        total += (-w[:, None] * q * np.log(softmax(x))).sum()
        weight += w[y].sum()
    return total / weight if weight else 0.0


def focal_voxels(x, y):
    p = true_class(softmax(x), y)
    return -np.where(y == 0, 0.75, 0.25) * (1 - p) ** 2 * np.log(p)


def focal_channels(x, y):
    p, y = sigmoid(x), one_hot(y, len(x))
    return -(y * (1 - p) ** 1.5 * np.log(p) + (1 - y) * p**1.5 * np.log(1 - p))


def binary_voxels(x, y):
    p, y = sigmoid(x), one_hot(y, len(x))
    return -(y * np.log(p) + (1 - y) * np.log(1 - p))


def dice(p, y):
    return 1 - (2 * (p * y).sum() + S) / (p.sum() + y.sum() + S)


def squared_dice(p, y):
    return 1 - (2 * (p * y).sum() + S) / ((p**2).sum() + (y**2).sum() + S)


def jaccard(p, y):
    both = (p * y).sum()
    return 1 - (both + S / 2) / (p.sum() + y.sum() - both + S / 2)


def tversky(p, y):
    both = (p * y).sum()
    return 1 - (both + S) / (both + 0.3 * (p * (1 - y)).sum() + 0.7 * ((1 - p) * y).sum() + S)


def focal_tversky(p, y):
    return max(tversky(p, y), 0) ** 0.5


def generalised(logits, labels):
    values = []
    for x, y in listed(logits, labels):
        p, y = softmax(x), one_hot(y, len(x))
        volumes = y.sum(1)
        finite = [1 / v**2 for v in volumes if v]
        w = np.array([1 / v**2 if v else max(finite, default=0.0) for v in volumes])
        numerator, denominator = 2 * (w * (p * y).sum(1)).sum(), (w * (p + y).sum(1)).sum()
        values.append(1 - (numerator + S) / (denominator + S))
    return np.mean(values)


def emptied(logits, labels):
    """Probabilities and truth (C, ...) of each sample on its grid, 0 where ignored, and the rest.

    Classes above 0 only.
    """
    for x, y in zip(logits, labels, strict=True):
        valid = y != IGNORED
        yield (softmax(x) * valid)[1:], one_hot(y, len(x))[1:], valid


def level_set(mask, spacing):
    """Signed distance to the nearest voxel of the other side, by looking at all of them."""
    found = np.zeros(mask.shape)
    if mask.any() and not mask.all():
        places = np.stack(np.indices(mask.shape), -1) * np.array(spacing)
        for index in np.ndindex(mask.shape):
            others = places[mask != mask[index]] - places[index]
            found[index] = np.sqrt((others**2).sum(-1)).min() * (-1 if mask[index] else 1)
    return found


def spacing_of(axes):
    return (2.0, 0.5, 1.25)[:axes]


def boundary(logits, labels):
    values = []
    for p, y, valid in emptied(logits, labels):
        for q, mask in zip(p, y, strict=True):
            products = (q * level_set(mask > 0, spacing_of(mask.ndim)))[valid]
            values.append(products.mean() if valid.any() else 0.0)
    return np.mean(values)


def hausdorff(logits, labels):
    values = []
    for p, y, valid in emptied(logits, labels):
        for q, mask in zip(p, y, strict=True):
            d = sum(abs(level_set(m > 0.5, spacing_of(mask.ndim))) ** 1.5 for m in (q, mask))
            values.append(((q - mask) ** 2 * d)[valid].mean() if valid.any() else 0.0)
    return np.mean(values)


def neighbours(values, offsets, extreme, outside):
    padded = np.pad(values, 1, constant_values=outside)
    windows = [
        padded[tuple(slice(1 + o, 1 + o + n) for o, n in zip(offset, values.shape, strict=True))]
        for offset in offsets
    ]
    return extreme(np.stack(windows), 0)


def skeleton(values, iterations):
    every = list(itertools.product((-1, 0, 1), repeat=values.ndim))
    cross = [offset for offset in every if np.abs(offset).sum() <= 1]

    def eroded(v):
        return neighbours(v, cross, np.min, np.inf)

    def tips(v):
        return np.maximum(v - neighbours(eroded(v), every, np.max, -np.inf), 0)

    found = tips(values)
    for _ in range(iterations):
        values = eroded(values)
        found = found + np.maximum(tips(values) - found * tips(values), 0)
    return found


def cldice(logits, labels):
    values = []
    for p, y, _ in emptied(logits, labels):
        for q, mask in zip(p, y, strict=True):
            lines = skeleton(q, 2), skeleton(mask, 2)
            parts = [
                ((line * other).sum() + 1) / (line.sum() + 1)
                for line, other in zip(lines, (mask, q), strict=True)
            ]
            values.append(1 - 2 * parts[0] * parts[1] / (sum(parts) + 1e-4))
    return np.mean(values)


def same(loss, **options):
    return lambda x, y: loss(x, y, ignore_index=IGNORED, **options)


def in_mm(loss, **options):
    return lambda x, y: loss(x, y, ignore_index=IGNORED, spacing=spacing_of(x.ndim - 2), **options)


PAIRS = {
    "cross-entropy": (
        same(cross_entropy),
        mean_over_voxels(lambda x, y: -np.log(true_class(softmax(x), y))),
    ),
    "cross-entropy, weighted and smoothed": (
        lambda x, y: cross_entropy(
            x,
            y,
            ignore_index=IGNORED,
            class_weights=WEIGHTS[: x.shape[1]],
            label_smoothing=0.2,
        ),
        weighted_cross_entropy,
    ),
    "binary": (same(binary_cross_entropy), mean_over_voxels(binary_voxels)),
    "focal": (same(focal_loss, alpha=0.25), mean_over_voxels(focal_voxels)),
    "focal of channels": (
        same(focal_loss, gamma=1.5, activation="sigmoid"),
        mean_over_voxels(focal_channels),
    ),
    "dice": (same(dice_loss), of_masses(dice)),
    "dice of a batch": (
        same(dice_loss, batch=True, include_background=False),
        of_masses(dice, batch=True, first=1),
    ),
    "dice of channels": (
        same(dice_loss, activation="sigmoid"),
        of_masses(dice, activation=sigmoid),
    ),
    "dice, squared": (same(dice_loss, squared=True), of_masses(squared_dice)),
    "dice, jaccard": (same(dice_loss, jaccard=True), of_masses(jaccard)),
    "generalised": (same(generalised_dice_loss), generalised),
    "tversky": (same(tversky_loss), of_masses(tversky)),
    "tversky of a batch": (same(tversky_loss, batch=True), of_masses(tversky, batch=True)),
    "focal tversky": (same(focal_tversky_loss, gamma=2.0), of_masses(focal_tversky)),
    "cldice": (same(cldice_loss, iterations=2), cldice),
    "boundary": (in_mm(boundary_loss), boundary),
    "hausdorff": (in_mm(hausdorff_loss, alpha=1.5), hausdorff),
}


def scene(seed, shape, classes):
    """Random logits and labels; the last class is absent, sample 0 is ignored in part, 2 wholly."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, max(classes - 1, 1), (3, *shape))
    labels[0][rng.random(shape) < 0.3] = IGNORED
    labels[2] = IGNORED
    return 2 * rng.normal(size=(3, classes, *shape)), labels


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("name", PAIRS)
def test_a_loss_is_its_twin(name, classes, shape):
    ours, twin = PAIRS[name]
    for seed in range(3):
        logits, labels = scene(seed, shape, classes)
        found = ours(torch.from_numpy(logits), torch.from_numpy(labels)).item()
        # distances are float32
        assert found == pytest.approx(twin(logits, labels), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("name", PAIRS)
def test_the_twin_sees_one_wrong_voxel(name):
    ours, twin = PAIRS[name]
    logits, labels = scene(0, (5, 6), 4)
    found = ours(torch.from_numpy(logits), torch.from_numpy(labels)).item()
    labels[1, 2, 3] = (labels[1, 2, 3] + 1) % 3
    assert abs(twin(logits, labels) - found) > 1e-5
