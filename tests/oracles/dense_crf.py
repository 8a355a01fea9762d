"""Mean field in a fully connected CRF, every point beside every other."""

from __future__ import annotations

import numpy as np


def kernel(shape, sigma, image=None, sigma_intensity=()):
    """Gaussian of every pair of points: positions over `sigma`, channels over `sigma_intensity`."""
    axes = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij")).reshape(len(shape), -1)
    features = axes / np.asarray(sigma, float)[:, None]
    if image is not None:
        channels = np.asarray(image, float).reshape(len(image), -1)
        features = np.vstack([features, channels / np.asarray(sigma_intensity, float)[:, None]])
    square = sum((row[:, None] - row[None, :]) ** 2 for row in features)
    return np.exp(-0.5 * square)


def normalized(gaussian, normalization, include_self=True):
    """The matrix that spreads messages; sums are of the whole Gaussian, the diagonal included."""
    sums = gaussian.sum(axis=1)
    before = {"symmetric": sums**-0.5, "before": 1 / sums}.get(normalization, np.ones_like(sums))
    after = {"symmetric": sums**-0.5, "after": 1 / sums}.get(normalization, np.ones_like(sums))
    found = after[:, None] * gaussian * before[None, :]
    if not include_self:
        np.fill_diagonal(found, 0)
    return found


def softmax(energies):
    """Distribution over the first axis."""
    weights = np.exp(energies - energies.max(axis=0))
    return weights / weights.sum(axis=0)


def mean_field(probabilities, terms, costs=None, *, iterations, clip=1e-5):
    """Q after some updates of all points at once; `terms` are (weight, matrix of messages)."""
    given = np.asarray(probabilities, float)
    labels = len(given)
    unary = -np.log(np.clip(given.reshape(labels, -1), clip, 1))
    costs = 1 - np.eye(labels) if costs is None else np.asarray(costs, float)
    q = softmax(-unary)
    for _ in range(iterations):
        messages = sum(weight * q @ matrix.T for weight, matrix in terms)
        q = softmax(-unary - costs @ messages)
    return q.reshape(given.shape)


def divergence(q, probabilities, weight, matrix, clip=1e-5):
    """What mean field lowers, but for a constant: as pydensecrf's klDivergence, pairs twice."""
    flat = np.asarray(q, float).reshape(len(q), -1)
    unary = -np.log(np.clip(np.asarray(probabilities, float).reshape(len(q), -1), clip, 1))
    entropy = (flat * np.log(np.maximum(flat, 1e-300))).sum()
    return entropy + (flat * unary).sum() - weight * (flat * (flat @ matrix.T)).sum()
