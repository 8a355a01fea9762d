"""LeNet learns handwritten digits; its fully convolutional twin finds them on a cluttered canvas.

``python -m edgewise.models.recipes.digits`` runs it in well under a minute on one core, and prints
the accuracy on held-out digits and the distance between where a digit is and where it was found.

The digits are scikit-learn's ``load_digits`` (1,797 images of 8 x 8 voxels, values 0 to 16; UCI
"Optical recognition of handwritten digits"), enlarged to 20 x 20 and set into 32 x 32.

The network never saw anything but centred digits. It says which of them a window resembles, not
that a window has none: localisation is therefore asked for a given digit, and the highest score
over all digits and places names the right digit on about one canvas in five only, parts of digits
looking like others. Training with a background class, or with shifted crops, makes a detector.
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from edgewise._extras import require
from edgewise.errors import ConfigError, EdgewiseError
from edgewise.models.arguments import check_amount, check_counts
from edgewise.models.networks.lenet import LeNet, lenet, to_fully_convolutional
from edgewise.models.score_maps import locate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Generator, Tensor

    from edgewise.models.networks.lenet import LeNetFCN

__all__ = ["Canvases", "accuracy", "canvases", "digits", "distances", "main", "split", "train"]

_BATCH: Final = 64
_PEAK_RATE: Final = 3e-3
_ROTATION, _ZOOM, _SHIFT = 0.2, (0.85, 1.18), 3.0  # radians, factors, voxels
_FRAGMENT: Final = 8  # side of the pieces of digits that clutter a canvas


@dataclass(frozen=True, slots=True, eq=False)
class Canvases:
    """Images with one whole digit each.

    Attributes
    ----------
    image : Tensor (N, 1, H, W)
        Intensities, about 0 to 1.
    digit : Tensor (N,)
        Which digit.
    centre : Tensor (N, 2)
        Row and column of the centre of its 32 x 32 window, voxels.
    """

    image: Tensor
    digit: Tensor
    centre: Tensor


def digits() -> tuple[Tensor, Tensor]:
    """Return the images (1797, 1, 32, 32), values 0 to 1, and their digits (1797,).

    Raises
    ------
    MissingExtraError
        If scikit-learn is not installed.
    """
    data = require("sklearn.datasets", extra="sklearn").load_digits()
    small = torch.from_numpy(data.images).float().unsqueeze(1) / 16
    large = F.interpolate(small, size=(20, 20), mode="bilinear", align_corners=False)
    return F.pad(large, (6, 6, 6, 6)), torch.from_numpy(data.target).long()


def split(count: int, *, held_out: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Return indices to train with and indices to test with, drawn at random.

    Raises
    ------
    ConfigError
        If `held_out` is not a whole number from 0 to `count`.
    """
    if not 0 <= held_out <= count:
        message = f"held_out must be from 0 to {count}, got {held_out!r}"
        raise ConfigError(message)
    order = torch.from_numpy(np.random.default_rng(seed).permutation(count))
    return order[: count - held_out], order[count - held_out :]


def train(images: Tensor, labels: Tensor, *, epochs: int = 60, seed: int = 0) -> LeNet:
    """Train `LeNet` with Adam, one cycle of learning rates, and small random distortions.

    Parameters
    ----------
    images : Tensor (N, 1, 32, 32)
        Values 0 to 1.
    labels : Tensor (N,)
        Integers, 0 to 9.
    epochs : int, default 60
        Passes over the images.
    seed : int, default 0
        Decides about initial weights, order and distortions.

    Returns
    -------
    LeNet
        In evaluation mode.

    Raises
    ------
    ConfigError
        If `epochs` is no whole number from 1 on.
    """
    check_counts({"epochs": epochs})
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = lenet()
    optimiser = torch.optim.Adam(network.parameters())
    steps = epochs * math.ceil(len(images) / _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _PEAK_RATE, total_steps=steps)
    for _ in range(epochs):
        for chosen in torch.randperm(len(images), generator=generator).split(_BATCH):
            loss = F.nll_loss(network(_distort(images[chosen], generator)), labels[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return network.eval()


def _distort(images: Tensor, generator: Generator) -> Tensor:
    """Turn, zoom and shift each image a little."""
    n = len(images)
    angle, zoom, row, column = torch.rand(4, n, generator=generator)
    angle = (2 * angle - 1) * _ROTATION
    zoom = _ZOOM[0] * (_ZOOM[1] / _ZOOM[0]) ** zoom
    reach = 2 * _SHIFT / images.shape[-1]  # affine_grid measures in halves of the image
    cos, sin = torch.cos(angle) / zoom, torch.sin(angle) / zoom
    shift = [(2 * row - 1) * reach, (2 * column - 1) * reach]
    matrix = torch.stack([cos, -sin, shift[0], sin, cos, shift[1]], dim=1).view(n, 2, 3)
    grid = F.affine_grid(matrix, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)


@torch.inference_mode()
def accuracy(network: LeNet, images: Tensor, labels: Tensor) -> float:
    """Return the fraction of images whose digit has the highest score."""
    return (network(images).argmax(1) == labels).double().mean().item()


def canvases(
    images: Tensor,
    labels: Tensor,
    *,
    count: int = 200,
    side: int = 128,
    fragments: int = 8,
    noise: float = 0.05,
    seed: int = 0,
) -> Canvases:
    """Set digits at random places of larger images, among pieces of other digits and noise.

    Parameters
    ----------
    images, labels : Tensor
        As for `train`; digits and pieces are drawn from them.
    count : int, default 200
        Canvases.
    side : int, default 128
        Of a canvas, voxels; at least 32.
    fragments : int, default 8
        Pieces of 8 x 8 voxels on each, put down before the digit.
    noise : float, default 0.05
        Standard deviation of what is added everywhere.
    seed : int, default 0
        Decides about everything drawn.

    Returns
    -------
    Canvases
        Images, digits and their true centres.

    Raises
    ------
    ConfigError
        If the canvas is smaller than a digit's window, or a number is not what it should be.
    """
    check_counts({"count": count, "side": side})
    check_counts({"fragments": fragments}, least=0)
    check_amount("noise", noise)
    window = images.shape[-1]
    if side < window:
        message = f"side {side}: a canvas needs at least the {window} voxels of a digit"
        raise ConfigError(message)
    draw = np.random.default_rng(seed)
    source = images[:, 0].numpy()
    canvas = np.zeros((count, side, side), np.float32)
    chosen = draw.integers(len(source), size=count)
    corner = draw.integers(side - window + 1, size=(count, 2))
    for k in range(count):
        for _ in range(fragments):
            _put(canvas[k], _piece(source, draw), draw.integers(side - _FRAGMENT + 1, size=2))
        _put(canvas[k], source[chosen[k]], corner[k])
    canvas += draw.normal(0, noise, canvas.shape).astype(np.float32)
    return Canvases(
        torch.from_numpy(canvas).unsqueeze(1),
        labels[torch.from_numpy(chosen)],
        torch.from_numpy(corner + (window - 1) / 2),
    )


def _piece(source: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Cut a square from the inked part of some digit."""
    row, column = draw.integers(6, 26 - _FRAGMENT + 1, size=2)
    return source[draw.integers(len(source)), row : row + _FRAGMENT, column : column + _FRAGMENT]


def _put(canvas: np.ndarray, piece: np.ndarray, corner: np.ndarray) -> None:
    """Lay `piece` over the canvas; ink stays ink."""
    row, column = corner
    part = canvas[row : row + len(piece), column : column + len(piece)]
    np.maximum(part, piece, out=part)


@torch.inference_mode()
def distances(network: LeNetFCN, canvas: Canvases) -> Tensor:
    """Return how far from its true centre each digit is found, given which digit it is, voxels."""
    scores = network.logits(canvas.image)
    of_digit = scores[torch.arange(len(scores)), canvas.digit]
    found = locate(of_digit, jump=network.jump, start=network.start)
    return torch.linalg.vector_norm(found - canvas.centre, dim=1)


def main(argv: Sequence[str] | None = None) -> int:
    """Train, test and localise once for each seed, and print what came out."""
    parser = argparse.ArgumentParser(prog="edgewise.models.recipes.digits", description=__doc__)
    parser.add_argument("--seeds", type=_count(0), nargs="+", default=[0], metavar="N")
    parser.add_argument("--epochs", type=_count(1), default=60)
    options = parser.parse_args(argv)
    try:
        _run(options.seeds, options.epochs)
    except EdgewiseError as error:  # scikit-learn is not installed
        sys.stderr.write(f"error    {error}\n")
        return error.exit_code
    return 0


def _count(least: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            message = f"must be a whole number from {least} on, got {text!r}"
            raise argparse.ArgumentTypeError(message)
        return int(text)

    return read


def _run(seeds: Sequence[int], epochs: int) -> None:
    images, labels = digits()
    for seed in seeds:
        seen, unseen = split(len(images), held_out=397, seed=seed)
        network = train(images[seen], labels[seen], epochs=epochs, seed=seed)
        right = accuracy(network, images[unseen], labels[unseen])
        canvas = canvases(images[unseen], labels[unseen], seed=seed)
        off = distances(to_fully_convolutional(network), canvas)
        text = (
            f"seed {seed}: {right:.1%} of 397 held-out digits right; on 200 canvases of 128 x 128 "
        )
        text += f"found within {off.median():.1f} voxels (median; 90th percentile "
        sys.stdout.write(text + f"{off.quantile(0.9):.1f})\n")


if __name__ == "__main__":
    sys.exit(main())
