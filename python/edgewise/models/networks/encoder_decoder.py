"""An encoder and its mirror image, joined by nothing but where each maximum lay.

Badrinarayanan, Kendall, Cipolla: SegNet: A deep convolutional encoder-decoder architecture for
image segmentation, TPAMI 2017, arXiv 1511.00561, figures 2 and 3. The encoder is VGG16's thirteen
convolutions with batch normalisation; each max pooling keeps the place of its maxima, and the
decoder puts values back to these places, zeros elsewhere, before it convolves. There are no skips:
borders are as sharp as the places say, and textures are lost.

On CUDA unpooling has no deterministic kernel: ``torch.use_deterministic_algorithms(True)`` makes it
raise there.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from torch import nn

from edgewise.errors import ConfigError
from edgewise.models.arguments import check_choice, check_counts, check_rows
from edgewise.models.card import Sizes
from edgewise.models.shapes import check_image

from .vgg import VGG16_CONVOLUTIONS, VGG16_WIDTHS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

__all__ = ["EncoderDecoder", "encoder_decoder"]

_LAYERS: Final[Mapping[int, tuple[type, type, type, type]]] = {
    2: (nn.Conv2d, nn.BatchNorm2d, nn.MaxPool2d, nn.MaxUnpool2d),
    3: (nn.Conv3d, nn.BatchNorm3d, nn.MaxPool3d, nn.MaxUnpool3d),
}


class EncoderDecoder(nn.Module):
    """SegNet in two dimensions, and the same in three.

    Parameters
    ----------
    in_channels, classes : int
        Of the image; of the logits.
    spatial_dims : {2, 3}
        Axes of the image.
    widths : sequence of int
        Channels of each stage of the encoder.
    convolutions : sequence of int
        Convolutions of each stage; as many in its mirror.

    Raises
    ------
    ConfigError
        For another number of axes, if `widths` and `convolutions` differ in length, or for a number
        that is none of a network.

    Attributes
    ----------
    sizes : Sizes
        Any size that survives all poolings: from 2^(number of stages) on. Pooling drops the last
        voxel of an odd size, and unpooling to that size leaves a zero there.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        classes: int,
        spatial_dims: int,
        widths: Sequence[int],
        convolutions: Sequence[int],
    ) -> None:
        super().__init__()
        check_choice("spatial_dims", spatial_dims, _LAYERS)
        check_counts({"in_channels": in_channels, "classes": classes})
        check_rows({"widths": widths, "convolutions": convolutions})
        if len(widths) != len(convolutions):
            message = f"widths {tuple(widths)} and convolutions {tuple(convolutions)} need one "
            message += "number per stage each"
            raise ConfigError(message)
        self.spatial_dims, self.in_channels, self.classes = spatial_dims, in_channels, classes
        self.sizes = Sizes(minimum=2 ** len(widths))
        convolution, _, pool, unpool = _LAYERS[spatial_dims]
        self.pool = pool(2, stride=2, return_indices=True)
        self.unpool = unpool(2, stride=2)
        before = (in_channels, *widths)
        self.encoder = nn.ModuleList()
        self.decoder = nn.ModuleList()
        for stage, count in enumerate(convolutions):
            narrow, wide = before[stage], widths[stage]
            self.encoder.append(_stage([narrow, *[wide] * count], spatial_dims))
            # a mirror ends with the channels its stage began with; that of the first stage ends
            # with the classifier instead
            end = [] if stage == 0 else [narrow]
            self.decoder.insert(0, _stage([*[wide] * count, *end], spatial_dims))
        self.classifier = _initialised(convolution(widths[0], classes, 3, padding=1))

    def forward(self, image: Tensor) -> Tensor:
        """Return logits (N, classes, ...) of the size of the image."""
        check_image(image, self, self.sizes)
        pooled = []
        for stage in self.encoder:
            image = stage(image)  # (N, width, ...)
            size = image.shape[2:]
            image, places = self.pool(image)  # flat index of each maximum in its channel
            pooled.append((places, size))
        for stage in self.decoder:
            places, size = pooled.pop()
            # the pooled size alone does not say whether the size before was even or odd
            image = stage(self.unpool(image, places, output_size=size))
        return self.classifier(image)


def _stage(channels: Sequence[int], spatial_dims: int) -> nn.Sequential:
    convolution, norm, _, _ = _LAYERS[spatial_dims]
    layers: list[nn.Module] = []
    for before, after in pairwise(channels):
        made = _initialised(convolution(before, after, 3, padding=1))
        layers += [made, norm(after), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


def _initialised(layer: Any) -> Any:  # noqa: ANN401
    """Draw weights with variance 2 / fan-in (He et al. 2015), as the paper does (section 3.2)."""
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    nn.init.zeros_(layer.bias)
    return layer


def encoder_decoder(
    *,
    in_channels: int = 3,
    classes: int = 21,
    spatial_dims: int = 2,
    widths: Sequence[int] = VGG16_WIDTHS,
    convolutions: Sequence[int] = VGG16_CONVOLUTIONS,
) -> EncoderDecoder:
    """Build `EncoderDecoder`; parameters as there."""
    return EncoderDecoder(
        in_channels=in_channels,
        classes=classes,
        spatial_dims=spatial_dims,
        widths=widths,
        convolutions=convolutions,
    )
