"""DeepMedic: as shipped by its authors, as in the paper, and their wider one."""

from __future__ import annotations

from typing import Final

from edgewise.models.card import Card, Sizes

__all__ = ["CARDS"]

_KAMNITSAS: Final = (
    "Kamnitsas, Ledig, Newcombe et al.: Efficient multi-scale 3D CNN with fully connected CRF for "
    "accurate brain lesion segmentation, Medical Image Analysis 36, 2017, arXiv 1603.05959"
)
_KEYS: Final = "own; layout='deepmedic' loads the authors' names"
_ORACLE: Final = "outputs of the authors' program on three segments"
_DEVIATIONS: Final = (
    "running statistics weigh a new batch 1/60 where the program averages the last 60 alike",
    "contexts keep their phase at the low border; border='deepmedic' does as the program",
)

CARDS: Final = (
    Card(
        name="deepmedic",
        builder="deepmedic:deepmedic",
        family="deepmedic",
        spatial_dims=3,
        summary="Pathways at full, 1/3 and 1/5 resolution joined by dense layers.",
        paper=_KAMNITSAS,
        year=2017,
        parameters=2_008_901,
        receptive_field="19; 17 samples 3 and 5 voxels apart: 51, 85",
        stride=15,
        sizes=Sizes(17),
        key_layout=_KEYS,
        oracle=_ORACLE,
        defaults={
            "in_channels": 2,
            "classes": 5,
            "features": (30, 30, 40, 40, 40, 40, 50, 50),
            "factors": (3, 5),
            "fused": (250, 250),
            "fused_kernel": 3,
            "residuals": (4, 6, 8),
            "fused_residuals": (2,),
            "dropout": (0.0, 0.5, 0.5),
            "surroundings": "image",
        },
        small={"features": (4, 4, 6, 6), "fused": (8, 8), "residuals": (4,), "in_channels": 1},
        small_image=(20, 18, 22),
        deviations=_DEVIATIONS,
    ),
    Card(
        name="deepmedic_paper",
        builder="deepmedic:deepmedic_paper",
        family="deepmedic",
        spatial_dims=3,
        summary="The paper's configuration: two pathways, 4 channels, 5 classes.",
        paper=_KAMNITSAS,
        year=2017,
        parameters=663_163,
        receptive_field="17; 17 samples 3 voxels apart: 51",
        stride=3,
        sizes=Sizes(17),
        key_layout=_KEYS,
        oracle=_ORACLE,
        defaults={"in_channels": 4, "classes": 5, "surroundings": "image"},
        small={"in_channels": 1, "classes": 2},
        small_image=(18, 17, 20),
        deviations=_DEVIATIONS,
    ),
    Card(
        name="deepmedic_wide",
        builder="deepmedic:deepmedic_wide",
        family="deepmedic",
        spatial_dims=3,
        summary="More features in every layer: 30 to 100 in a pathway, 300 where they join.",
        paper=_KAMNITSAS,
        year=2017,
        parameters=5_141_051,
        receptive_field="19; 17 samples 3 and 5 voxels apart: 51, 85",
        stride=15,
        sizes=Sizes(17),
        key_layout=_KEYS,
        oracle=_ORACLE,
        defaults={"in_channels": 2, "classes": 5, "surroundings": "image"},
        small={"in_channels": 1, "classes": 2},
        small_image=(18, 17, 19),
        deviations=_DEVIATIONS,
    ),
)
