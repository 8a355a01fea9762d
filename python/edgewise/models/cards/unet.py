"""U-Net in two and three dimensions, padded and as published."""

from __future__ import annotations

from typing import Final

from edgewise.models.card import Card, Sizes

__all__ = ["CARDS"]

_RONNEBERGER: Final = (
    "Ronneberger, Fischer, Brox: U-Net: Convolutional networks for biomedical image segmentation, "
    "MICCAI 2015, arXiv 1505.04597"
)
_CICEK: Final = (
    "Cicek, Abdulkadir, Lienkamp, Brox, Ronneberger: 3D U-Net: Learning dense volumetric "
    "segmentation from sparse annotation, MICCAI 2016, arXiv 1606.06650"
)
_ORDER: Final = "skip before up-sampled map in every concatenation; layout='up_first' loads others"
_NO_DROPOUT: Final = "no dropout unless asked for (the paper gives no rate)"

_DEFAULTS_2D: Final = {
    "in_channels": 1,
    "classes": 2,
    "base": 64,
    "depth": 4,
    "norm": "none",
    "dropout": 0.0,
}
_DEFAULTS_3D: Final = {"in_channels": 3, "classes": 3, "base": 32, "depth": 3, "norm": "batch"}

CARDS: Final = (
    Card(
        name="unet2d",
        builder="unet2d:unet2d",
        family="unet",
        spatial_dims=2,
        summary="U-Net with padded convolutions: the answer is as large as the image.",
        paper=_RONNEBERGER,
        year=2015,
        parameters=31_030_658,
        receptive_field="188 or 204",
        stride=16,
        sizes=Sizes(16, 16),
        key_layout="own",
        oracle="parameter count, receptive field and size arithmetic",
        defaults=_DEFAULTS_2D,
        small={"base": 4, "depth": 2},
        small_image=(32, 24),
        deviations=("padded", _ORDER, _NO_DROPOUT),
    ),
    Card(
        name="unet2d_valid",
        builder="unet2d:unet2d_valid",
        family="unet",
        spatial_dims=2,
        summary="U-Net as published: no padding, so no voxel of the answer saw anything invented.",
        paper=_RONNEBERGER,
        year=2015,
        parameters=31_030_658,
        receptive_field="188 or 204",
        stride=16,
        sizes=Sizes(188, 16),
        key_layout="own",
        oracle="parameter count, receptive field and size arithmetic",
        defaults=_DEFAULTS_2D,
        small={"base": 4, "depth": 2},
        small_image=(44, 52),
        deviations=(_ORDER, _NO_DROPOUT),
    ),
    Card(
        name="unet3d",
        builder="unet3d:unet3d",
        family="unet",
        spatial_dims=3,
        summary="3D U-Net with padded convolutions: the answer is as large as the volume.",
        paper=_CICEK,
        year=2016,
        parameters=19_074_627,
        receptive_field="92 or 100",
        stride=8,
        sizes=Sizes(8, 8),
        key_layout="own",
        oracle="parameter count, receptive field and size arithmetic",
        defaults=_DEFAULTS_3D,
        small={"base": 4, "depth": 2},
        small_image=(8, 16, 12),
        deviations=(
            "padded",
            _ORDER,
            "the paper's 19,069,955 parameters leave out the scales and shifts of batch "
            "normalisation; norm='none' has exactly those",
        ),
    ),
    Card(
        name="unet3d_valid",
        builder="unet3d:unet3d_valid",
        family="unet",
        spatial_dims=3,
        summary="3D U-Net as published: 132 x 132 x 116 voxels in, 44 x 44 x 28 out.",
        paper=_CICEK,
        year=2016,
        parameters=19_074_627,
        receptive_field="92 or 100",
        stride=8,
        sizes=Sizes(92, 8),
        key_layout="own",
        oracle="parameter count, receptive field and size arithmetic",
        defaults=_DEFAULTS_3D,
        small={"base": 2, "depth": 2},
        small_image=(44, 44, 48),
        deviations=(_ORDER,),
    ),
)
