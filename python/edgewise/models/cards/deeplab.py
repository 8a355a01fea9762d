"""DeepLabV3 and DeepLabV3+, and the small head that came with MobileNetV3."""

from __future__ import annotations

from typing import Final

from edgewise.models.card import Card, KnownWeights, Sizes

__all__ = ["CARDS"]

_V3: Final = (
    "Chen, Papandreou, Schroff, Adam: Rethinking atrous convolution for semantic image "
    "segmentation, 2017, arXiv 1706.05587"
)
_V3_PLUS: Final = (
    "Chen, Zhu, Papandreou, Schroff, Adam: Encoder-decoder with atrous separable convolution for "
    "semantic image segmentation, ECCV 2018, arXiv 1802.02611"
)
_MOBILE: Final = (
    "Howard, Sandler, Chu, Chen, Chen, Tan et al.: Searching for MobileNetV3, ICCV 2019, "
    "arXiv 1905.02244"
)
_WHOLE: Final = "the whole image (a branch averages over it)"
_SQUEEZE: Final = "the whole image (squeeze-and-excite averages over it)"
_SMALL: Final = {"classes": 3, "blocks": (1, 2, 2, 1), "width": 8, "channels": 16}
_TORCHVISION: Final = (
    "no multi-grid in the last stage",
    "auxiliary logits, which the paper does not have, only with aux_loss=True",
)


def _coco(file: str, sha256: str) -> KnownWeights:
    return KnownWeights(
        file=file,
        trained_on="COCO train2017, the 20 classes of Pascal VOC and background",
        licence="BSD-3-Clause (torchvision)",
        published="torchvision.models.segmentation",
        sha256=sha256,
    )


def _v3(depth: int, parameters: int, weights: KnownWeights) -> Card:
    return Card(
        name=f"deeplabv3_resnet{depth}",
        builder=f"deeplab:deeplabv3_resnet{depth}",
        family="deeplab",
        spatial_dims=2,
        summary=f"ResNet-{depth} dilated to output stride 8, ASPP with rates 12, 24, 36.",
        paper=_V3,
        year=2017,
        parameters=parameters,
        receptive_field=_WHOLE,
        stride=8,
        sizes=Sizes(9),
        key_layout="torchvision",
        oracle=f"torchvision deeplabv3_resnet{depth}",
        defaults={
            "in_channels": 3,
            "classes": 21,
            "aux_loss": False,
            "blocks": (3, 4, 6 if depth == 50 else 23, 3),
            "width": 64,
            "rates": (12, 24, 36),
            "channels": 256,
        },
        small=_SMALL,
        small_image=(40, 33),
        deviations=_TORCHVISION,
        weights=(weights,),
    )


def _v3_plus(depth: int, parameters: int) -> Card:
    return Card(
        name=f"deeplabv3plus_resnet{depth}",
        builder=f"deeplabv3plus:deeplabv3plus_resnet{depth}",
        family="deeplab",
        spatial_dims=2,
        summary=f"Separable ASPP on ResNet-{depth}, and a decoder that sees the map of stride 4.",
        paper=_V3_PLUS,
        year=2018,
        parameters=parameters,
        receptive_field=_WHOLE,
        stride=16,
        sizes=Sizes(17),
        key_layout="segmentation-models-pytorch",
        oracle="segmentation-models-pytorch DeepLabV3Plus",
        defaults={
            "in_channels": 3,
            "classes": 21,
            "output_stride": 16,
            "blocks": (3, 4, 6 if depth == 50 else 23, 3),
            "width": 64,
            "rates": (12, 24, 36),
            "channels": 256,
            "depthwise_bn": False,
        },
        small=_SMALL,
        small_image=(48, 33),
        deviations=(
            "ResNet, the paper's best trunk is a modified Xception",
            "rates 12, 24, 36 at output stride 16; the paper's are 6, 12, 18",
            "one separable convolution after the fusion, the paper has two 3 x 3 convolutions",
            "no normalisation inside separable convolutions; depthwise_bn=True adds it",
            "takes any size from 17 on, the oracle multiples of 16",
        ),
    )


CARDS: Final = (
    _v3(50, 39_638_869, _coco("deeplabv3_resnet50_coco-cd0a2569.pth", "cd0a2569")),
    _v3(101, 58_630_997, _coco("deeplabv3_resnet101_coco-586e9e4e.pth", "586e9e4e")),
    Card(
        name="deeplabv3_mobilenet_v3_large",
        builder="deeplab:deeplabv3_mobilenet_v3_large",
        family="deeplab",
        spatial_dims=2,
        summary="ASPP on MobileNetV3-Large of output stride 16.",
        paper=_V3,
        year=2017,
        parameters=11_025_477,
        receptive_field=_WHOLE,
        stride=16,
        sizes=Sizes(17),
        key_layout="torchvision",
        oracle="torchvision deeplabv3_mobilenet_v3_large",
        defaults={
            "in_channels": 3,
            "classes": 21,
            "aux_loss": False,
            "rates": (12, 24, 36),
            "channels": 256,
        },
        small={"classes": 3, "channels": 16},
        small_image=(48, 33),
        deviations=("rates 12, 24, 36 at output stride 16; the paper's are 6, 12, 18",),
        weights=(_coco("deeplabv3_mobilenet_v3_large-fc3c493d.pth", "fc3c493d"),),
    ),
    Card(
        name="lraspp_mobilenet_v3_large",
        builder="mobilenetv3:lraspp_mobilenet_v3_large",
        family="deeplab",
        spatial_dims=2,
        summary="MobileNetV3-Large, its last map gated by its own mean, plus scores at stride 8.",
        paper=_MOBILE,
        year=2019,
        parameters=3_221_538,
        receptive_field=_SQUEEZE,
        stride=16,
        sizes=Sizes(17),
        key_layout="torchvision",
        oracle="torchvision lraspp_mobilenet_v3_large",
        defaults={"in_channels": 3, "classes": 21, "channels": 128},
        small={"classes": 3, "channels": 16},
        small_image=(48, 33),
        deviations=("averages the whole map; the paper's head large windows at a large stride",),
        weights=(_coco("lraspp_mobilenet_v3_large-d234d4ea.pth", "d234d4ea"),),
    ),
    _v3_plus(50, 26_682_725),
    _v3_plus(101, 45_674_853),
)
