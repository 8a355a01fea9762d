"""From images as they lie on disk to a label map on their own grid, by one trained network."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from edgewise.errors import ConfigError, LabelError
from edgewise.image import Image
from edgewise.models.creation import create_model
from edgewise.models.preprocessing import Normalization, Preprocessing
from edgewise.models.weights import load_weights

from .consumers import check_one_each
from .dense import NOT_MIRRORED
from .description import WEIGHTS, read_description
from .ensemble import Ensemble
from .options import Execution, Tiling
from .restoring import answer_on_own_grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from .stream import Progress

__all__ = ["Predictor"]

_AS_IT_IS: Final = Preprocessing(
    normalization=(Normalization(scheme="none"),), crop_to_nonzero=False
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictor:
    """A trained network with all it needs to segment an image.

    Where a network can be answered exactly, it is: one that ``takes_whole_image`` (DeepMedic) gets
    it, by `dense.stream_dense`; one with a ``tile_stride`` (valid convolutions) gets tiles that
    begin at its multiples, side by side, without the ``tile_halo`` voxels that met padding.

    Attributes
    ----------
    network : torch.nn.Module
        With ``in_channels``.
    tiling : Tiling
        How volumes are cut; for a network with a ``tile_stride`` step, blend, halo and align are
        set, and the tile is enlarged if need be, unless `align` is given.
    preprocessing : Preprocessing
        What images go through before, and the way back. Default: taken as they are.
    execution : Execution
        How the network is run.
    labels, regions : tuple of int, optional
        As for `segment`.

    Raises
    ------
    ConfigError
        If there is not one label per class, or a network that takes the whole image is mirrored.
    """

    network: Any
    tiling: Tiling
    preprocessing: Preprocessing = _AS_IT_IS
    execution: Execution = field(default_factory=Execution)
    labels: tuple[int, ...] | None = None
    regions: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if self.labels is not None and self.regions is not None:
            message = "give labels (one class a voxel) or regions (overlapping channels), not both"
            raise ConfigError(message)
        for name, values in (("labels", self.labels), ("regions", self.regions)):
            if values is not None and hasattr(self.network, "classes"):
                check_one_each(values, self.network.classes, name)
        if self.execution.mirror_axes and getattr(self.network, "takes_whole_image", False):
            raise ConfigError(NOT_MIRRORED)
        object.__setattr__(self, "tiling", _seamless(self.tiling, self.network))

    @classmethod
    def from_run(
        cls, folder: str | Path, *, step: float = 0.5, execution: Execution | None = None
    ) -> Predictor:
        """Return what a training left in its folder.

        Parameters
        ----------
        folder : path
            With ``model.json`` and ``weights.safetensors``.
        step : float, default 0.5
            As for `sliding_window`.
        execution : Execution, optional
            How it is run.

        Raises
        ------
        ReadError
            If a file is missing or does not fit.
        """
        found = read_description(folder)
        network = create_model(found.name, **found.sizes)
        load_weights(network, Path(folder) / WEIGHTS)
        stored = found.preprocessing
        return cls(
            network=network,
            tiling=Tiling(tile=found.patch_size, step=step),
            preprocessing=_AS_IT_IS if stored is None else Preprocessing.from_dict(stored),
            execution=execution or Execution(),
            labels=found.labels,
            regions=found.regions,
        )

    @classmethod
    def from_plans(
        cls,
        plans: str | Path | None,
        checkpoints: Sequence[str | Path],
        *,
        dataset: str | Path | None = None,
        configuration: str | None = None,
        step: float = 0.5,
        mirror: bool = False,
        execution: Execution | None = None,
    ) -> Predictor:
        """Return a network that nnU-Net has trained.

        Parameters
        ----------
        plans : path, optional
            ``plans.json``. Default: as stored in the checkpoint.
        checkpoints : sequence of path
            ``checkpoint_final.pth`` of one fold or of several, whose logits are averaged.
        dataset : path, optional
            ``dataset.json``. Default: as stored in the checkpoint.
        configuration : str, optional
            Such as ``"3d_fullres"``. Default: as stored in the checkpoint.
        step : float, default 0.5
            As for `sliding_window`.
        mirror : bool, default False
            Whether to average over the mirrored runs that the training allows.
        execution : Execution, optional
            How it is run; its mirror axes, if it has some, count before `mirror`.

        Raises
        ------
        ReadError
            If a file cannot be read or does not fit.
        ConfigError
            If neither the arguments nor the checkpoint say something that is needed, or the
            configuration is the second stage of a cascade.
        """
        from edgewise.models.plans import load_checkpoint, read_dataset, read_plans

        folds = [load_checkpoint(path) for path in checkpoints]
        if not folds:
            message = "checkpoints must name at least one file"
            raise ConfigError(message)
        first = folds[0]
        planned = first.plans if plans is None else read_plans(plans)
        described = first.dataset if dataset is None else read_dataset(dataset)
        chosen = configuration or first.configuration
        lacking = [
            name
            for name, value in (
                ("plans", planned), ("dataset", described), ("configuration", chosen)
            )
            if not value
        ]  # fmt: skip
        if lacking or planned is None or described is None:
            message = f"{checkpoints[0]}: does not say {', '.join(lacking)}; give it"
            raise ConfigError(message)
        arranged = planned.configuration(chosen)
        if arranged.previous_stage is not None:
            message = f"{chosen} takes the labels of {arranged.previous_stage} as channels, which "
            message += "is not supported; use another configuration"
            raise ConfigError(message)
        channels = arranged.in_channels(described)
        networks = []
        for fold in folds:
            network = arranged.network(in_channels=channels, classes=described.classes)
            network.load_state_dict(fold.weights)
            networks.append(network)
        execution = execution or Execution()
        if mirror and not execution.mirror_axes:
            execution = replace(execution, mirror_axes=first.mirror_axes)
        has_regions = described.regions is not None
        return cls(
            network=networks[0] if len(networks) == 1 else Ensemble(networks),
            tiling=Tiling(tile=arranged.patch_size, step=step, preset="nnunet"),
            preprocessing=Preprocessing.from_plans(planned, chosen),
            execution=execution,
            labels=None if has_regions else described.label_values,
            regions=described.regions_class_order if has_regions else None,
        )

    @property
    def channels(self) -> int:
        """Channels of an image."""
        return int(getattr(self.network, "in_channels", 1))

    def predict(
        self, images: Image | Sequence[Image], *, progress: Progress | None = None
    ) -> Image:
        """Return the label map of one case.

        Parameters
        ----------
        images : Image or sequence of Image
            One per channel, on one grid.
        progress : callable, optional
            Called with a `TileEvent`.

        Returns
        -------
        Image
            Labels on the grid of the first channel, in its axes, with its spacing and affine.

        Raises
        ------
        ShapeError
            If channels, axes or sizes do not fit.
        InputError
            ``out_of_memory``, ``not_finite``.
        LabelError
            ``nan_in_image`` if a channel holds NaN or infinity.
        """
        channels = [images] if isinstance(images, Image) else list(images)
        for one in channels:
            _refuse_nan(one.array)
        prepared = self.preprocessing.apply(channels)
        tiling = self.tiling
        if prepared.array.ndim == len(tiling.tile) + 2 and tiling.slices is None:
            tiling = replace(tiling, slices=0)
        labels = answer_on_own_grid(
            prepared,
            self.network,
            tiling=tiling,
            execution=self.execution,
            labels=self.labels,
            regions=self.regions,
            progress=progress,
        )
        first = channels[0]
        return Image(labels, spacing=first.spacing, affine=first.affine)

    def describe(self) -> dict[str, Any]:
        """Return what decides its label maps, for JSON: equal descriptions give equal maps."""
        execution = asdict(self.execution)
        kept = ("mirror_axes", "mirror_average", "precision")
        return {
            "network": type(self.network).__name__,
            "weights_sha256": _digest(self.network),
            "preprocessing": self.preprocessing.to_dict(),
            "tiling": asdict(self.tiling),
            **{name: execution[name] for name in kept},
            "labels": self.labels,
            "regions": self.regions,
        }


def _seamless(tiling: Tiling, network: Any) -> Tiling:  # noqa: ANN401
    """Return tiles that answer as the whole image would, if the network says that there are."""
    stride = getattr(network, "tile_stride", None)
    if stride is None or tiling.align != Tiling(tile=tiling.tile).align:
        return tiling
    halo = getattr(network, "tile_halo", 0)
    least = network.sizes.minimum + stride - 1 + 2 * halo  # answers `stride` voxels for certain
    tile = tuple(network.sizes.nearest(max(n, least))[-1] for n in tiling.tile)
    return replace(tiling, tile=tile, step=1.0, blend="constant", align=stride, halo=halo)


def _refuse_nan(array: NDArray[Any]) -> None:
    if array.dtype.kind == "f" and not bool(np.isfinite(array).all()):
        message = "the image holds NaN or infinity, which would spread through the network; "
        message += "replace them first"
        raise LabelError(message)


def _digest(network: Any) -> str:  # noqa: ANN401
    """Return a checksum of all weights; empty for a plain function."""
    if not hasattr(network, "state_dict"):
        return ""
    digest = hashlib.sha256()
    for name, value in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy())
    return digest.hexdigest()
