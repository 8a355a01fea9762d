"""DeepMedic: the same place seen at several resolutions.

Kamnitsas, Ledig, Newcombe et al.: Efficient multi-scale 3D CNN with fully connected CRF for
accurate brain lesion segmentation, Medical Image Analysis 36, 2017, arXiv 1603.05959, figure 5.
`deepmedic` is the configuration that the authors' program ships (pathways at full, 1/3 and 1/5
resolution, residual connections, 250 features in the last layers), `deepmedic_paper` the one of
the paper, `deepmedic_wide` the larger one of the program.

Every pathway is eight unpadded 3 x 3 x 3 convolutions: a voxel of the answer sees 17 voxels along
an axis at full resolution, and 17 samples 3 or 5 voxels apart, that is 51 or 85. Blocks are in the
order normalise, activate, drop, convolve; the first of a pathway only adds a bias and convolves.

``forward`` is dense inference: of an image it answers every voxel that has 8 voxels to each side,
and takes the context of the subsampled pathways from the image as well. Contexts that reach over
the image's border meet the mean of its corners (`deepmedic_context`). `dense_logits` in
`edgewise.models.inference.dense` answers whole volumes, the border included.
``surroundings="inside"`` answers only voxels whose contexts lie in the image, 40 voxels to each
side: patches for training, and tiles for `sliding_window`, then bring their surroundings along.

Of the program's details these are kept: samples of the context are single voxels, not means;
features of low resolution are repeated and cut at the end; "mirror" padding of the first
3 x 3 x 3 layer repeats the outermost voxel. Normalisation in evaluation uses running means with
the weight 1/60 for a new batch where the program averages the last 60 batches with equal weights.
Dropout scales while training, where the program scales in evaluation: ``layouts["deepmedic"]``
folds that factor into weights of the program.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from edgewise.errors import ConfigError, ShapeError
from edgewise.models.arguments import (
    check_choice,
    check_counts,
    check_probability,
    check_rows,
)
from edgewise.models.blocks.cropping import crop_to_centre
from edgewise.models.card import Sizes
from edgewise.models.networks.deepmedic_context import context_of, first_sample
from edgewise.models.shapes import check_image

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torch import Tensor

__all__ = ["DeepMedic", "deepmedic", "deepmedic_paper", "deepmedic_wide"]

_SHIPPED: Final = (30, 30, 40, 40, 40, 40, 50, 50)
_WIDE: Final = (30, 40, 50, 60, 70, 80, 90, 100)
_BATCHES_REMEMBERED: Final = 60
_SLOPE: Final = 0.01  # of the activation below zero, at first
_TINY: Final = 1.1754944e-38  # smallest normal float32, the program's guard against zero variance


class ChannelBias(nn.Module):
    """Adds one number to each channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.b = nn.Parameter(torch.zeros(channels))

    def forward(self, image: Tensor) -> Tensor:
        """Return `image` (N, C, ...) plus the bias."""
        return image + self.b.view(1, -1, 1, 1, 1)


class Block(nn.Module):
    """Normalise, activate, drop, convolve; or, first in a pathway, add a bias and convolve."""

    def __init__(
        self, before: int, after: int, *, kernel: int, padded: bool, is_first: bool, dropout: float
    ) -> None:
        super().__init__()
        if is_first:
            self.bias = ChannelBias(before)
        else:
            self.norm = nn.BatchNorm3d(before, eps=_TINY, momentum=1 / _BATCHES_REMEMBERED)
            self.act = nn.PReLU(before, init=_SLOPE)
        self.dropout = dropout
        self.reach = kernel // 2 if padded else 0
        self.conv = nn.Conv3d(before, after, kernel, bias=False)
        nn.init.kaiming_normal_(self.conv.weight, nonlinearity="relu")  # variance 2 / fan-in

    def forward(self, image: Tensor) -> Tensor:
        """Return (N, after, ...): smaller by kernel - 1 along each axis, unless padded."""
        image = self.bias(image) if hasattr(self, "bias") else self.act(self.norm(image))
        image = F.dropout(image, self.dropout, self.training)
        if self.reach:
            image = F.pad(image, [self.reach] * 6, mode="replicate")
        return self.conv(image)


class Pathway(nn.Module):
    """Blocks one after another, some of them adding what entered the block before.

    Parameters
    ----------
    blocks : sequence of Block
        In order.
    residuals : sequence of int
        Blocks, counted from 1, to whose output the input of the previous block is added: cropped to
        its size, with channels of zeros at the end (or without its last channels) to match.
    """

    def __init__(self, blocks: Sequence[Block], residuals: Sequence[int]) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.residuals = frozenset(residuals)

    def forward(self, image: Tensor) -> Tensor:
        """Return the features of the last block."""
        entered: list[Tensor] = []
        for number, block in enumerate(self.blocks, start=1):
            entered.append(image)
            image = block(image)
            if number in self.residuals:
                image = image + _as_wide(crop_to_centre(entered[-2], image), image.shape[1])
        return image


def _as_wide(image: Tensor, channels: int) -> Tensor:
    missing = channels - image.shape[1]
    return F.pad(image, [0, 0, 0, 0, 0, 0, 0, missing]) if missing > 0 else image[:, :channels]


class DeepMedic(nn.Module):
    """The network of figure 5.

    Parameters
    ----------
    in_channels, classes : int
        Of the volume, and of the answer.
    features : sequence of int
        Channels after each convolution of a pathway.
    factors : sequence of int
        Subsampling of each further pathway, voxels.
    fused : sequence of int
        Channels of the layers after the pathways are joined.
    fused_kernel : int
        Side of the first of these layers' kernel, 1 or 3.
    residuals, fused_residuals : sequence of int
        See `Pathway`.
    dropout : sequence of float
        For each of the joined layers and the classifier.
    surroundings : {"image", "inside"}
        Whether every voxel is answered that the full-resolution pathway sees around, or only those
        whose contexts lie in the image as well.

    Raises
    ------
    ConfigError
        If `dropout` has not one rate more than `fused` has layers, a residual is no block or has
        none before it, or another argument is not what it should be.
    """

    spatial_dims = 3

    def __init__(
        self,
        *,
        in_channels: int,
        classes: int,
        features: Sequence[int],
        factors: Sequence[int],
        fused: Sequence[int],
        fused_kernel: int,
        residuals: Sequence[int],
        fused_residuals: Sequence[int],
        dropout: Sequence[float],
        surroundings: Literal["image", "inside"],
    ) -> None:
        super().__init__()
        check_choice("surroundings", surroundings, ("image", "inside"))
        check_choice("fused_kernel", fused_kernel, (1, 3))
        check_counts({"in_channels": in_channels, "classes": classes})
        check_rows({"features": features})
        check_rows({"factors": factors}, length=len(factors))  # none: a single pathway
        check_rows({"fused": fused}, length=len(fused))  # none: joined by the classifier alone
        for rate in dropout:
            check_probability("dropout", rate)
        if len(dropout) != len(fused) + 1:
            message = f"dropout {tuple(dropout)}: give a rate for each of {len(fused) + 1} layers"
            raise ConfigError(message)
        _check_residuals("residuals", residuals, len(features))
        _check_residuals("fused_residuals", fused_residuals, len(fused) + 1)
        self.in_channels, self.classes = in_channels, classes
        self.surroundings = surroundings
        self.factors, self.fused_dropout = tuple(factors), tuple(dropout)
        self.field = 2 * len(features) + 1  # voxels that a pathway sees along an axis
        self.fused_reach = fused_kernel // 2  # voxels that are padded where the pathways join
        reaches = [-first_sample(0, factor, self.field) for factor in factors]
        self.inset = max([0, *reaches]) if surroundings == "inside" else 0
        self.sizes = Sizes(self.field + 2 * self.inset)
        self.paths = nn.ModuleList(
            Pathway(
                [
                    Block(a, b, kernel=3, padded=False, is_first=k == 0, dropout=0.0)
                    for k, (a, b) in enumerate(pairwise([in_channels, *features]))
                ],
                residuals,
            )
            for _ in range(1 + len(factors))
        )
        joined = [features[-1] * len(self.paths), *fused, classes]
        self.fc = Pathway(
            [
                Block(
                    a,
                    b,
                    kernel=fused_kernel if k == 0 else 1,
                    padded=True,
                    is_first=False,
                    dropout=rate,
                )
                for k, ((a, b), rate) in enumerate(zip(pairwise(joined), dropout, strict=True))
            ],
            fused_residuals,
        )
        self.classifier = nn.ParameterDict({"bias": nn.Parameter(torch.zeros(classes))})

    @property
    def stride(self) -> int:
        """Voxels after which tiles meet the same samples of context."""
        product = 1
        for factor in self.factors:
            product *= factor
        return product

    @property
    def takes_whole_image(self) -> bool:
        """Whether contexts come from beyond a tile, so that tiles would cut them off."""
        return not self.inset

    @property
    def tile_stride(self) -> int | None:
        """Tiles that begin at multiples answer as the whole image does; None if none do."""
        return None if self.takes_whole_image else self.stride

    @property
    def tile_halo(self) -> int:
        """Voxels at the border of a tile's answer that met padding."""
        return self.fused_reach

    @property
    def layouts(self) -> Mapping[str, Callable[[dict[str, Tensor]], dict[str, Tensor]]]:
        """Other names of weights that `load_weights` understands."""
        return {"deepmedic": lambda state: _from_program(state, self.fused_dropout)}

    def forward(
        self,
        image: Tensor,
        contexts: Sequence[Tensor] | None = None,
        early: Sequence[Sequence[int]] | None = None,
    ) -> Tensor:
        """Return logits (N, classes, D - 16, H - 16, W - 16) of (N, C, D, H, W).

        With ``surroundings="inside"``, and contexts not given, it is D - 80 and so on.

        Parameters
        ----------
        image : Tensor
            A volume, or a segment of one.
        contexts : sequence of Tensor, optional
            The subsampled surroundings of the segment, one for each factor, from
            `edgewise.models.networks.deepmedic_context.context_of`. Default: taken from `image`.
        early : sequence of (int, int, int), optional
            How many voxels before the segment each context begins. Default: with it.

        Raises
        ------
        ShapeError
            If the segment is smaller than the receptive field, or a context does not cover it.
        """
        check_image(image, self, self.sizes if contexts is None else Sizes(self.field))
        inset = self.inset if contexts is None else 0
        size = [n - self.field + 1 - 2 * inset for n in image.shape[2:]]
        if contexts is None:
            start = [inset] * 3
            contexts = [
                context_of(image, start=start, size=size, factor=factor, field=self.field)
                for factor in self.factors
            ]
            for axis in (2, 3, 4):
                image = image.narrow(axis, inset, image.shape[axis] - 2 * inset)
        elif len(contexts) != len(self.factors):
            message = f"contexts: one for each factor {self.factors}, not {len(contexts)}"
            raise ShapeError(message)
        else:
            for context in contexts:
                check_image(context, self, Sizes(self.field))
        maps = [self.paths[0](image)]
        for k, (path, factor) in enumerate(zip(self.paths[1:], self.factors, strict=True)):
            skipped = (0, 0, 0) if early is None else early[k]
            maps.append(_repeat(path(contexts[k]), factor, skipped, size))
        return self.fc(torch.cat(maps, dim=1)) + self.classifier["bias"].view(1, -1, 1, 1, 1)


def _check_residuals(name: str, blocks: Sequence[int], last: int) -> None:
    for block in blocks:
        if not 2 <= block <= last:
            message = f"{name}: blocks count from 2, the first having none before it, to {last}, "
            message += f"got {block}"
            raise ConfigError(message)


def _repeat(maps: Tensor, factor: int, skipped: Sequence[int], size: Sequence[int]) -> Tensor:
    """Repeat each voxel `factor` times along each axis; keep `size` voxels after the `skipped`."""
    for axis, (first, n) in enumerate(zip(skipped, size, strict=True), start=2):
        if maps.shape[axis] * factor < first + n:
            message = f"contexts: {maps.shape[axis]} voxels {factor} apart do not cover {first + n}"
            raise ShapeError(message)
        maps = maps.repeat_interleave(factor, dim=axis).narrow(axis, first, n)
    return maps


def _from_program(state: dict[str, Tensor], dropout: Sequence[float]) -> dict[str, Tensor]:
    """Rename weights of the authors' program: ``normal/3/ConvolutionalLayer_w`` and the like.

    Its dropout does not scale while training but multiplies by 1 - rate in evaluation; that factor
    goes into the weights that follow. Its means and variances of the last batches are averaged.
    """
    names = {
        "BiasLayer_b": "bias.b",
        "BatchNormLayer_g": "norm.weight",
        "PreluLayer_a": "act.weight",
    }
    names |= {"BatchNormLayer_b": "norm.bias", "ConvolutionalLayer_w": "conv.weight"}
    averages = {"BatchNormLayer_array_mus_for_moving_avg": "norm.running_mean"}
    averages["BatchNormLayer_array_vars_for_moving_avg"] = "norm.running_var"
    ours = {}
    for key, value in state.items():
        path, *block, what = key.removeprefix("w/").split("/")
        if path == "classifier":
            ours["classifier.bias"] = value
            continue
        place = "fc" if path == "fc" else f"paths.{0 if path == 'normal' else int(path[3:]) + 1}"
        place += f".blocks.{block[0]}."
        if what in averages:
            ours[place + averages[what]] = value.mean(dim=0)
        elif path == "fc" and what == "ConvolutionalLayer_w":
            ours[place + names[what]] = value * (1 - dropout[int(block[0])])
        else:
            ours[place + names[what]] = value
    return ours


def deepmedic(
    *,
    in_channels: int = 2,
    classes: int = 5,
    features: Sequence[int] = _SHIPPED,
    factors: Sequence[int] = (3, 5),
    fused: Sequence[int] = (250, 250),
    fused_kernel: int = 3,
    residuals: Sequence[int] = (4, 6, 8),
    fused_residuals: Sequence[int] = (2,),
    dropout: Sequence[float] = (0.0, 0.5, 0.5),
    surroundings: Literal["image", "inside"] = "image",
) -> DeepMedic:
    """Build `DeepMedic` as the authors' program ships it."""
    return DeepMedic(
        in_channels=in_channels,
        classes=classes,
        features=features,
        factors=factors,
        fused=fused,
        fused_kernel=fused_kernel,
        residuals=residuals,
        fused_residuals=fused_residuals,
        dropout=dropout,
        surroundings=surroundings,
    )


def deepmedic_paper(
    *,
    in_channels: int = 4,
    classes: int = 5,
    surroundings: Literal["image", "inside"] = "image",
) -> DeepMedic:
    """Build `DeepMedic` as the paper has it: one pathway at 1/3, no residual connections."""
    return deepmedic(
        in_channels=in_channels,
        classes=classes,
        factors=(3,),
        fused=(150, 150),
        fused_kernel=1,
        residuals=(),
        fused_residuals=(),
        surroundings=surroundings,
    )


def deepmedic_wide(
    *,
    in_channels: int = 2,
    classes: int = 5,
    surroundings: Literal["image", "inside"] = "image",
) -> DeepMedic:
    """Build the wider `DeepMedic` of the authors' program."""
    return deepmedic(
        in_channels=in_channels,
        classes=classes,
        features=_WIDE,
        fused=(300, 300),
        surroundings=surroundings,
    )
