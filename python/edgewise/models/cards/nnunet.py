"""nnU-Net's plain network and the one with a residual encoder."""

from __future__ import annotations

from typing import Final

from edgewise.models.card import Card, Sizes

__all__ = ["CARDS"]

_SIZES: Final = Sizes(64, 32)  # 32 voxels on every axis would leave one voxel to normalise

_SHAPE: Final = {
    "in_channels": 1,
    "classes": 2,
    "spatial_dims": 3,
    "features_per_stage": (32, 64, 128, 256, 320, 320),
    "kernel_sizes": 3,
    "strides": 2,
}
_LAYERS: Final = {
    "conv_bias": True,
    "norm": "instance",
    "norm_eps": 1e-5,
    "norm_affine": True,
    "dropout": 0.0,
    "activation": "leaky_relu",
    "negative_slope": 0.01,
    "deep_supervision": False,
}

CARDS: Final = (
    Card(
        name="nnunet_plain",
        builder="nnunet.plain:nnunet_plain",
        family="nnunet",
        spatial_dims=3,
        summary="A U-Net with instance normalisation and strided convolutions, shaped by plans.",
        paper="Isensee, Jaeger, Kohl, Petersen, Maier-Hein: nnU-Net: a self-configuring method for "
        "deep learning-based biomedical image segmentation, Nature Methods 18, 2021",
        year=2021,
        parameters=31_195_594,
        receptive_field="the whole image (instance normalisation)",
        stride=32,
        sizes=_SIZES,
        key_layout="dynamic-network-architectures, each layer once",
        oracle="dynamic-network-architectures 0.4.4: PlainConvUNet",
        defaults={
            **_SHAPE,
            "n_conv_per_stage": 2,
            "n_conv_per_stage_decoder": 2,
            **_LAYERS,
        },
        small={
            "features_per_stage": (8, 16, 32),
            "n_conv_per_stage": 1,
            "deep_supervision": True,
        },
        small_image=(16, 16, 16),
        deviations=("with deep supervision forward returns a tuple, not a list",),
    ),
    Card(
        name="nnunet_resenc",
        builder="nnunet.resenc:nnunet_resenc",
        family="nnunet",
        spatial_dims=3,
        summary="nnU-Net with residual blocks in the encoder and a light decoder.",
        paper="Isensee, Wald, Ulrich, Baumgartner, Roy, Maier-Hein, Jaeger: nnU-Net Revisited: "
        "a call for rigorous validation in 3D medical image segmentation, MICCAI 2024, "
        "arXiv 2404.09556",
        year=2024,
        parameters=102_349_770,
        receptive_field="the whole image (instance normalisation)",
        stride=32,
        sizes=_SIZES,
        key_layout="dynamic-network-architectures, each layer once",
        oracle="dynamic-network-architectures 0.4.4: ResidualEncoderUNet",
        defaults={
            **_SHAPE,
            "n_blocks_per_stage": (1, 3, 4, 6, 6, 6),
            "n_conv_per_stage_decoder": 1,
            **_LAYERS,
        },
        small={
            "features_per_stage": (8, 16, 32),
            "n_blocks_per_stage": (1, 2, 2),
            "deep_supervision": True,
        },
        small_image=(16, 16, 16),
        deviations=(
            "with deep supervision forward returns a tuple, not a list",
            "bottleneck blocks and a stem of its own width are not built",
        ),
    ),
)
