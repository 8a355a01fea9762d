"""A dilated trunk, a head on its last map, and perhaps a second head for training.

This is the frame in which torchvision sets its FCN and its DeepLabV3; state dict keys are
torchvision's: ``backbone.``, ``classifier.``, ``aux_classifier.``. The heads are in the files of
their papers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn import functional

from edgewise.models.card import Sizes
from edgewise.models.shapes import check_image

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["TrunkAndHead"]


class TrunkAndHead(nn.Module):
    """Class scores on the trunk's last map, enlarged bilinearly to the size of the image.

    Parameters
    ----------
    backbone : Module
        Takes an image, returns a tuple of maps, finest first; has ``output_stride``.
    classifier : Module
        Head on the last map.
    aux_classifier : Module, optional
        Head on an earlier map, for a second term in the training loss.
    aux_map : int, default -2
        Index of that map.
    in_channels, classes : int
        Of the image; of the logits.

    Attributes
    ----------
    deep_supervision : bool
        Whether forward returns (logits, auxiliary logits) rather than logits; True from the start
        if there is an `aux_classifier`, no effect without one.
    sizes : Sizes
        Any size that leaves at least two cells along an axis of the coarsest map. With one cell,
        3 x 3 kernels see nothing but padding around it, and batch normalisation of a single image
        has nothing to average.
    droppable_keys : tuple of str
        Prefixes that published files carry and that need not be in the network.
    """

    droppable_keys = ("aux_classifier.",)
    spatial_dims = 2

    def __init__(
        self,
        *,
        backbone: nn.Module,
        classifier: nn.Module,
        aux_classifier: nn.Module | None,
        aux_map: int = -2,
        in_channels: int,
        classes: int,
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.classes = classes
        self.sizes = Sizes(minimum=backbone.output_stride + 1)
        self.deep_supervision = aux_classifier is not None
        self.aux_map = aux_map
        self.backbone = backbone
        self.classifier = classifier
        self.aux_classifier = aux_classifier

    def forward(self, image: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Return logits (N, classes, h, w); with `deep_supervision` a pair of them."""
        check_image(image, self, self.sizes)
        size = image.shape[2:]
        maps = self.backbone(image)
        logits = _enlarge(self.classifier(maps[-1]), size)
        if self.aux_classifier is None or not self.deep_supervision:
            return logits
        return logits, _enlarge(self.aux_classifier(maps[self.aux_map]), size)


def _enlarge(scores: Tensor, size: tuple[int, int]) -> Tensor:
    # The outer edges of the two grids coincide (align_corners=False), not their outer centres.
    return functional.interpolate(scores, size=size, mode="bilinear", align_corners=False)
