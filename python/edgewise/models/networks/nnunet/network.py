"""What nnU-Net's two networks share: the decoder, deep supervision, sizes, initial weights."""

from __future__ import annotations

from math import lcm, prod
from typing import TYPE_CHECKING, Any, ClassVar, Final

import torch
from torch import Tensor, nn

from edgewise.errors import ShapeError
from edgewise.models.arguments import check_counts
from edgewise.models.card import Sizes
from edgewise.models.shapes import check_bottom, check_image
from edgewise.models.weights.copies import without_copies

from .layers import ConvStack

if TYPE_CHECKING:
    from .layers import Layers, PerAxis
    from .stages import Stages

__all__ = ["NnUNet"]

_UP: Final = {2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
_WEIGHTED: Final[Any] = (nn.Conv2d, nn.Conv3d, *_UP.values())
_INIT_SLOPE: Final = 0.01  # of the Kaiming initialisation, whatever the activation


class Decoder(nn.Module):
    """From the deepest stage upwards: transposed convolution, (up, skip) together, convolutions.

    Entry 0 of each list is the deepest. A segmentation layer stands at every stage, used or not,
    so that the same weights load with and without deep supervision.
    """

    def __init__(self, layers: Layers, plan: Stages, classes: int) -> None:
        super().__init__()
        self.stages = nn.ModuleList()
        self.transpconvs = nn.ModuleList()
        self.seg_layers = nn.ModuleList()
        one, dims = layers.ones(), layers.spatial_dims
        for stage, count in zip(
            reversed(range(len(plan.features) - 1)), plan.decoder_counts, strict=True
        ):
            below, here = plan.features[stage + 1], plan.features[stage]
            stride = plan.strides[stage + 1]
            self.transpconvs.append(_UP[dims](below, here, stride, stride, bias=layers.conv_bias))
            self.stages.append(ConvStack(layers, 2 * here, here, count, plan.kernels[stage], one))
            self.seg_layers.append(layers.convolution(here, classes, one, one, bias=True))

    def forward(self, skips: list[Tensor], *, every_stage: bool) -> list[Tensor]:
        """Return the logits of every stage, finest first, or those of the finest alone."""
        features, outputs = skips[-1], []
        for index, stage in enumerate(self.stages):
            up = self.transpconvs[index](features)
            features = stage(torch.cat((up, skips[-(index + 2)]), dim=1))
            if every_stage or index == len(self.stages) - 1:
                outputs.append(self.seg_layers[index](features))
        return outputs[::-1]  # finest first


class NnUNet(nn.Module):
    """An encoder, the decoder and their initialisation; see `nnunet_plain`, `nnunet_resenc`.

    Attributes
    ----------
    spatial_dims, in_channels, classes : int
        As built.
    deep_supervision : bool
        Whether forward returns the logits of every decoder stage; can be set at any time.
    total_stride : tuple of int
        Per axis: every image axis must be a multiple of it.
    sizes : Sizes
        Sizes that fit on every axis alike.
    """

    layouts: ClassVar = {"nnunet": without_copies}

    def __init__(
        self,
        encoder: nn.Module,
        layers: Layers,
        plan: Stages,
        *,
        in_channels: int,
        classes: int,
        deep_supervision: bool,
    ) -> None:
        super().__init__()
        check_counts({"classes": classes})
        self.spatial_dims = layers.spatial_dims
        self.in_channels = in_channels
        self.classes = classes
        self.deep_supervision = deep_supervision
        self.total_stride = tuple(prod(axis) for axis in zip(*plan.strides, strict=True))
        self.encoder = encoder
        self.decoder = Decoder(layers, plan, classes)
        self._norm = layers.norm
        self._one_voxel_fits = layers.norm != "instance"
        step = lcm(*self.total_stride)
        alone = not self._one_voxel_fits and set(self.total_stride) == {step}
        self.sizes = Sizes(2 * step if alone else step, step)
        self.apply(_kaiming)

    def forward(self, image: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Return logits (N, classes, ...), or one per decoder stage, finest first.

        Parameters
        ----------
        image : Tensor (N, in_channels, ...)
            Every axis a multiple of its `total_stride`.

        Returns
        -------
        Tensor, or tuple of Tensor while `deep_supervision` is True
            The first has the size of the image, each further one that of the next stage.

        Raises
        ------
        ShapeError
            If the image does not fit; says to which size to pad it.
        """
        check_image(image, self)
        self._check_sizes(tuple(image.shape[2:]))
        check_bottom(image, self, self.total_stride, self._norm)
        outputs = self.decoder(self.encoder(image), every_stage=self.deep_supervision)
        return tuple(outputs) if self.deep_supervision else outputs[0]

    def _check_sizes(self, sizes: PerAxis) -> None:
        if any(not isinstance(n, int) for n in sizes):
            return  # exporting with free sizes: a comparison would become part of the graph
        deepest = [-(-n // step) for n, step in zip(sizes, self.total_stride, strict=True)]
        if prod(deepest) == 1 and not self._one_voxel_fits:
            deepest[-1] = 2  # a single voxel has no deviation to normalise by
        fitting = tuple(n * step for n, step in zip(deepest, self.total_stride, strict=True))
        if sizes != fitting:
            message = (
                f"{type(self).__name__} takes axes that are multiples of "
                f"{_product(self.total_stride)} voxels, not {_product(sizes)}; "
                f"pad the image to {_product(fitting)} (sliding_window does it)"
            )
            raise ShapeError(message)


def _product(sizes: PerAxis) -> str:
    return " x ".join(str(n) for n in sizes)


def _kaiming(module: Any) -> None:  # noqa: ANN401
    if isinstance(module, _WEIGHTED):
        nn.init.kaiming_normal_(module.weight, a=_INIT_SLOPE)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
