"""Fully convolutional networks: VGG16 with sums of scores, and dilated ResNets with one head."""

from __future__ import annotations

from typing import Final

from edgewise.models.card import Card, KnownWeights, Sizes

__all__ = ["CARDS"]

_LONG: Final = (
    "Long, Shelhamer, Darrell: Fully convolutional networks for semantic segmentation, CVPR 2015, "
    "arXiv 1411.4038"
)
_SMALL_VGG: Final = {"classes": 3, "widths": (4, 4, 8, 8, 8), "fc_channels": 16}
_SMALL_RESNET: Final = {"classes": 3, "blocks": (1, 2, 2, 1), "width": 8}
_GEOMETRY: Final = (
    "fc6 pads with zeros and scores are enlarged with align_corners=False; legacy=True has padding "
    "100, transposed convolutions with bilinear kernels and crops, as published"
)
_SCORES: Final = "score layers start at random, not at zero"
_VGG_ORACLE: Final = "map sizes of the authors' network; alignment; equality of both geometries"
_DILATED: Final = (
    "not a network of the paper: ResNet of output stride 8 by dilation, one head, no sums"
)


def _coco(file: str, sha256: str) -> KnownWeights:
    return KnownWeights(
        file=file,
        trained_on="COCO train2017, the 20 classes of Pascal VOC and background",
        licence="BSD-3-Clause (torchvision)",
        published="torchvision.models.segmentation",
        sha256=sha256,
    )


def _vgg(stride: int, parameters: int, *, receptive_field: str, summary: str) -> Card:
    return Card(
        name=f"fcn{stride}s",
        builder=f"fcn:fcn{stride}s",
        family="fcn",
        spatial_dims=2,
        summary=summary,
        paper=_LONG,
        year=2015,
        parameters=parameters,
        receptive_field=receptive_field,
        stride=32,
        sizes=Sizes(33),
        key_layout="backbone as torchvision's vgg16; layouts 'vgg16', 'caffe' read other files",
        oracle=_VGG_ORACLE,
        defaults={
            "in_channels": 3,
            "classes": 21,
            "legacy": False,
            **({} if stride == 32 else {"at_once": None}),
            "widths": (64, 128, 256, 512, 512),
            "fc_channels": 4096,
        },
        small=_SMALL_VGG,
        small_image=(64, 50),
        deviations=(_GEOMETRY, _SCORES),
    )


def _resnet(depth: int, parameters: int, *, receptive_field: str, weights: KnownWeights) -> Card:
    return Card(
        name=f"fcn_resnet{depth}",
        builder=f"fcn:fcn_resnet{depth}",
        family="fcn",
        spatial_dims=2,
        summary=f"ResNet-{depth} dilated to output stride 8, and a convolutional head.",
        paper=_LONG,
        year=2015,
        parameters=parameters,
        receptive_field=receptive_field,
        stride=8,
        sizes=Sizes(9),
        key_layout="torchvision",
        oracle=f"torchvision fcn_resnet{depth}",
        defaults={
            "in_channels": 3,
            "classes": 21,
            "aux_loss": False,
            "blocks": (3, 4, 6 if depth == 50 else 23, 3),
            "width": 64,
        },
        small=_SMALL_RESNET,
        small_image=(40, 33),
        deviations=(_DILATED, "auxiliary logits only with aux_loss=True"),
        weights=(weights,),
    )


CARDS: Final = (
    _vgg(
        32,
        134_346_581,
        receptive_field="436",
        summary="VGG16 as a convolutional network, its scores of stride 32 enlarged at once.",
    ),
    _vgg(
        16,
        134_357_354,
        receptive_field="436 or 468",
        summary="FCN-32s plus scores of pool4, stride 16.",
    ),
    _vgg(
        8,
        134_362_751,
        receptive_field="436 or 468",
        summary="FCN-16s plus scores of pool3, stride 8.",
    ),
    _resnet(
        50,
        32_957_013,
        receptive_field="451",
        weights=_coco("fcn_resnet50_coco-1167a1af.pth", "1167a1af"),
    ),
    _resnet(
        101,
        51_949_141,
        receptive_field="995",
        weights=_coco("fcn_resnet101_coco-7ecb50ca.pth", "7ecb50ca"),
    ),
)
