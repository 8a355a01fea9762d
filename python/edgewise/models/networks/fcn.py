"""Fully convolutional networks: a classifier that answers at every position.

Long, Shelhamer, Darrell: Fully convolutional networks for semantic segmentation, CVPR 2015, arXiv
1411.4038. VGG16's linear layers become convolutions (section 3.1): fc6 of 7 x 7, fc7 and the scores
of 1 x 1. The scores have stride 32; FCN-16s adds scores of pool4 to them, FCN-8s those of pool3 too
(figure 3), after enlarging the coarser ones twofold.

Two geometries. By default fc6 pads with 3 zeros, so that every map covers the image from its first
voxel on, and scores are enlarged bilinearly with the edges of both grids aligned. ``legacy=True``
is the authors' network: 100 zeros around the image in conv1_1 so that fc6 fits without padding,
transposed convolutions with bilinear kernels, and crops whose offsets undo the shift between both.
Weights are the same in both; of an image with 99 zeros around it the default geometry makes what
the other makes of the image alone, save near the border, where legacy maps end and count as zero.

`fcn_resnet50` and `fcn_resnet101` are torchvision's later networks of that name: a dilated ResNet
and one head, no sums.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from torch import nn
from torch.nn import functional

from edgewise.errors import ReadError
from edgewise.models.arguments import check_choice, check_counts
from edgewise.models.blocks.bilinear import bilinear_upsampling
from edgewise.models.card import Sizes
from edgewise.models.shapes import check_image

from .resnet import RESNET50, RESNET101, ResNetTrunk
from .trunk_and_head import TrunkAndHead
from .vgg import VGG16_WIDTHS, VGGTrunk

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torch import Tensor

__all__ = [
    "FCN",
    "fcn8s",
    "fcn16s",
    "fcn32s",
    "fcn_head",
    "fcn_resnet50",
    "fcn_resnet101",
]

_PADDING: Final = 100  # around the image, legacy
_KERNEL: Final = 7  # of fc6, the size of pool5 for VGG's 224 x 224 images
# legacy: first row and column of the crop that puts a map onto what is added to it, or the image
_CROP_OF_POOL: Final = {4: 5, 3: 9}
_CROP_OF_SCORES: Final = {32: 19, 16: 27, 8: 31}
# pool4's and pool3's activations are larger than fc7's; these factors let all scores train at once
_AT_ONCE: Final = {4: 1e-2, 3: 1e-4}


class FCN(nn.Module):
    """FCN-32s, FCN-16s or FCN-8s on VGG16.

    Parameters
    ----------
    finest : {32, 16, 8}
        Stride of the finest scores, voxels.
    in_channels, classes : int
        Of the image; of the logits.
    legacy : bool
        Padding, upsampling and crops of the authors' network.
    at_once : bool
        Whether pool4 and pool3 are scaled by 0.01 and 0.0001 before they are scored, as in the
        authors' networks that train all scores at once rather than 32s, 16s, 8s in turn.
    widths : 5 int
        Of `VGGTrunk`.
    fc_channels : int
        Of fc6 and fc7.

    Attributes
    ----------
    layouts : mapping
        For `load_weights`: "vgg16" reads torchvision's ImageNet file (use ``strict=False``: it has
        no scores), "caffe" the authors' names (conv1_1 ... score_fr, upscore8).
    """

    spatial_dims = 2

    def __init__(
        self,
        finest: int,
        *,
        in_channels: int,
        classes: int,
        legacy: bool,
        at_once: bool,
        widths: Sequence[int],
        fc_channels: int,
    ) -> None:
        super().__init__()
        check_choice("finest", finest, (32, 16, 8))
        check_counts({"classes": classes, "fc_channels": fc_channels})
        self.finest, self.in_channels, self.classes = finest, in_channels, classes
        self.legacy, self.at_once = legacy, at_once
        self.sizes = Sizes() if legacy else Sizes(minimum=33)  # two cells of stride 32
        self.backbone = VGGTrunk(
            widths=widths, in_channels=in_channels, first_padding=_PADDING if legacy else 1
        )
        same = 0 if legacy else _KERNEL // 2
        self.fc6 = nn.Conv2d(widths[-1], fc_channels, _KERNEL, padding=same)
        self.fc7 = nn.Conv2d(fc_channels, fc_channels, 1)
        self.relu = nn.ReLU(inplace=True)
        self.dropout = nn.Dropout(0.5)
        self.score_fr = nn.Conv2d(fc_channels, classes, 1)
        self.skips = tuple(pool for pool in (4, 3) if 2**pool >= finest)  # pool4 has stride 16
        for pool in self.skips:
            self.add_module(f"score_pool{pool}", nn.Conv2d(widths[pool - 1], classes, 1))
        if legacy:
            for name in self._upscores[:-1]:
                self.add_module(name, bilinear_upsampling(classes, 2))
            self.add_module(self._upscores[-1], bilinear_upsampling(classes, finest))

    @property
    def _upscores(self) -> tuple[str, ...]:
        """Caffe's names of the upsampling layers, coarsest first."""
        return {
            32: ("upscore",),
            16: ("upscore2", "upscore16"),
            8: ("upscore2", "upscore_pool4", "upscore8"),
        }[self.finest]

    @property
    def layouts(self) -> Mapping[str, Callable[[dict[str, Tensor]], dict[str, Tensor]]]:
        """Other names of weights that `load_weights` understands."""
        return {"vgg16": _from_vgg16, "caffe": self._from_caffe}

    def forward(self, image: Tensor) -> Tensor:
        """Return logits (N, classes, h, w)."""
        check_image(image, self, self.sizes)
        pools = self.backbone(image)  # pools[i - 1] is pool i: stride 2^i
        fc6 = self.dropout(self.relu(self.fc6(pools[-1])))  # (N, 4096, h / 32, w / 32)
        fc7 = self.dropout(self.relu(self.fc7(fc6)))
        scores = self.score_fr(fc7)  # (N, classes, h / 32, w / 32)
        for step, pool in enumerate(self.skips):
            scores = self._enlarge(scores, step)
            finer = self._score_pool(pools[pool - 1], pool)
            if self.legacy:
                finer = _crop(finer, _CROP_OF_POOL[pool], scores)
            else:
                scores = _crop(scores, 0, finer)
            scores = scores + finer  # (N, classes, h / 2^pool, w / 2^pool)
        scores = self._enlarge(scores, len(self.skips))
        return _crop(scores, _CROP_OF_SCORES[self.finest] if self.legacy else 0, image)

    def _score_pool(self, pooled: Tensor, pool: int) -> Tensor:
        if self.at_once:
            pooled = pooled * _AT_ONCE[pool]
        return self.get_submodule(f"score_pool{pool}")(pooled)

    def _enlarge(self, scores: Tensor, step: int) -> Tensor:
        """Enlarge by 2, or in the last step by what is left."""
        if self.legacy:
            return self.get_submodule(self._upscores[step])(scores)
        factor = float(2 if step < len(self.skips) else self.finest)
        # a size would squeeze cells that hang over the border; a factor keeps their stride
        return functional.interpolate(
            scores, scale_factor=factor, mode="bilinear", align_corners=False
        )

    def _from_caffe(self, state: dict[str, Tensor]) -> dict[str, Tensor]:
        renamed = dict(_caffe_names(self.backbone))
        names = {name: renamed.get(name.rpartition(".")[0], "") for name in state}
        return {
            f"backbone.{names[key]}.{key.rpartition('.')[2]}" if names[key] else key: value
            for key, value in state.items()
        }


def _crop(scores: Tensor, offset: int, like: Tensor) -> Tensor:
    height, width = like.shape[2:]
    return scores[:, :, offset : offset + height, offset : offset + width]


def _caffe_names(trunk: VGGTrunk) -> list[tuple[str, str]]:
    """Pairs such as ("conv1_2", "features.2")."""
    pairs, stage, place = [], 1, 1
    for index, layer in enumerate(trunk.features):
        if isinstance(layer, nn.Conv2d):
            pairs.append((f"conv{stage}_{place}", f"features.{index}"))
            place += 1
        elif isinstance(layer, nn.MaxPool2d):
            stage, place = stage + 1, 1
    return pairs


def _from_vgg16(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """VGG16 as a convolutional network (figure 2): a row of fc6 becomes a 7 x 7 kernel.

    The last linear layer, which names 1000 classes, is left out.

    Raises
    ------
    ReadError
        If the linear layers are not there, as in a file of the trunk alone.
    """
    if not {"classifier.0.weight", "classifier.3.weight"} <= set(state):
        message = "layout 'vgg16' needs classifier.0 and classifier.3 in the file, to make fc6 and "
        message += "fc7 of them; a trunk alone loads into network.backbone"
        raise ReadError(message, code="weights_do_not_fit")
    convolutional = {f"backbone.{k}": v for k, v in state.items() if k.startswith("features.")}
    for linear, name in (("classifier.0", "fc6"), ("classifier.3", "fc7")):
        weight, bias = state[f"{linear}.weight"], state[f"{linear}.bias"]
        side = _KERNEL if name == "fc6" else 1
        convolutional[f"{name}.weight"] = weight.view(weight.shape[0], -1, side, side)
        convolutional[f"{name}.bias"] = bias
    return convolutional


def fcn32s(
    *,
    in_channels: int = 3,
    classes: int = 21,
    legacy: bool = False,
    widths: Sequence[int] = VGG16_WIDTHS,
    fc_channels: int = 4096,
) -> FCN:
    """Build FCN-32s; parameters as for `FCN`."""
    return FCN(
        32,
        in_channels=in_channels,
        classes=classes,
        legacy=legacy,
        at_once=False,
        widths=widths,
        fc_channels=fc_channels,
    )


def fcn16s(
    *,
    in_channels: int = 3,
    classes: int = 21,
    legacy: bool = False,
    at_once: bool | None = None,
    widths: Sequence[int] = VGG16_WIDTHS,
    fc_channels: int = 4096,
) -> FCN:
    """Build FCN-16s; parameters as for `FCN`, `at_once` by default as `legacy`."""
    return FCN(
        16,
        in_channels=in_channels,
        classes=classes,
        legacy=legacy,
        at_once=legacy if at_once is None else at_once,
        widths=widths,
        fc_channels=fc_channels,
    )


def fcn8s(
    *,
    in_channels: int = 3,
    classes: int = 21,
    legacy: bool = False,
    at_once: bool | None = None,
    widths: Sequence[int] = VGG16_WIDTHS,
    fc_channels: int = 4096,
) -> FCN:
    """Build FCN-8s; parameters as for `FCN`, `at_once` by default as `legacy`."""
    return FCN(
        8,
        in_channels=in_channels,
        classes=classes,
        legacy=legacy,
        at_once=legacy if at_once is None else at_once,
        widths=widths,
        fc_channels=fc_channels,
    )


def fcn_head(in_channels: int, classes: int) -> nn.Sequential:
    """Return torchvision's head: 3 x 3 to a quarter of the channels, dropout, 1 x 1 scores.

    Parameters
    ----------
    in_channels : int
        Of the trunk's map.
    classes : int
        Channels of the scores.
    """
    check_counts({"classes": classes})
    channels = in_channels // 4
    return nn.Sequential(
        nn.Conv2d(in_channels, channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(inplace=True),
        nn.Dropout(0.1),
        nn.Conv2d(channels, classes, 1),
    )


def fcn_resnet50(
    *,
    in_channels: int = 3,
    classes: int = 21,
    aux_loss: bool = False,
    blocks: Sequence[int] = RESNET50,
    width: int = 64,
) -> TrunkAndHead:
    """Build an FCN on ResNet-50 at output stride 8.

    Parameters
    ----------
    in_channels, classes : int
        Of the image; of the logits.
    aux_loss : bool, default False
        Whether a second head on stage 3 returns auxiliary logits.
    blocks, width
        Of `ResNetTrunk`.
    """
    trunk = ResNetTrunk(
        blocks,
        in_channels=in_channels,
        width=width,
        replace_stride_with_dilation=(False, True, True),
    )
    return TrunkAndHead(
        backbone=trunk,
        classifier=fcn_head(trunk.channels[-1], classes),
        aux_classifier=fcn_head(trunk.channels[-2], classes) if aux_loss else None,
        in_channels=in_channels,
        classes=classes,
    )


def fcn_resnet101(
    *,
    in_channels: int = 3,
    classes: int = 21,
    aux_loss: bool = False,
    blocks: Sequence[int] = RESNET101,
    width: int = 64,
) -> TrunkAndHead:
    """Build an FCN on ResNet-101; parameters as for `fcn_resnet50`."""
    return fcn_resnet50(
        in_channels=in_channels, classes=classes, aux_loss=aux_loss, blocks=blocks, width=width
    )
