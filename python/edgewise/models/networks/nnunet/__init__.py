"""nnU-Net's networks, plain and with a residual encoder: any stages, kernels and strides.

`plain` and `resenc` are the two papers; `network` is what they share, `layers` the convolutions,
`stages` their arguments. Layers and their names are those of the package
dynamic-network-architectures, so that nnU-Net's checkpoints fit; each layer is stored once (real
checkpoints hold copies, which `edgewise.models.plans` drops).
"""

from __future__ import annotations

from .network import NnUNet
from .plain import nnunet_plain
from .resenc import nnunet_resenc

__all__ = ["NnUNet", "nnunet_plain", "nnunet_resenc"]
