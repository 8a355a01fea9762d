"""The encoder-decoder without skips."""

from __future__ import annotations

from typing import Final

from edgewise.models.card import Card, Sizes

__all__ = ["CARDS"]

CARDS: Final = (
    Card(
        name="encoder_decoder",
        builder="encoder_decoder:encoder_decoder",
        family="encoder_decoder",
        spatial_dims=2,
        summary="SegNet: VGG16 and its mirror image, which puts values back where the maxima lay.",
        paper=(
            "Badrinarayanan, Kendall, Cipolla: SegNet: A deep convolutional encoder-decoder "
            "architecture for image segmentation, TPAMI 2017, arXiv 1511.00561"
        ),
        year=2017,
        parameters=29_455_125,
        receptive_field="372 or 404",
        stride=32,
        sizes=Sizes(32),
        key_layout="own",
        oracle="layer table, reach, unpooling by hand",
        defaults={
            "in_channels": 3,
            "classes": 21,
            "spatial_dims": 2,
            "widths": (64, 128, 256, 512, 512),
            "convolutions": (2, 2, 3, 3, 3),
        },
        small={"classes": 3, "widths": (4, 8, 8), "convolutions": (2, 2, 3)},
        small_image=(33, 26),
        deviations=(
            "any size; an odd one loses its last voxel in pooling and gets a zero back",
            "spatial_dims=3 builds the same in three dimensions",
        ),
    ),
)
