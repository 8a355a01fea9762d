"""plans.json: how nnU-Net prepares images of a data set, and which network segments them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from edgewise.errors import ConfigError, ReadError
from edgewise.models.preprocessing.resampling import ANISOTROPY, ResamplingRule

from .architecture import Architecture, read_architecture
from .document import Document, read_document

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .dataset import DatasetDescription

__all__ = ["Configuration", "Plans", "plans_from", "read_plans"]

_INTENSITIES: Final = (
    "mean", "std", "percentile_00_5", "percentile_99_5", "min", "max", "median"
)  # fmt: skip
_RESAMPLING: Final = (
    "resample_data_or_seg_to_shape",
    "resample_torch_fornnunet",
    "resample_torch_simple",
    "no_resampling_hack",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """One way of preparing and segmenting the images of a data set.

    Axes are those of the network, after `Plans.transpose_forward`; spacings in mm.

    Attributes
    ----------
    name : str
        Such as ``"3d_fullres"``.
    patch_size : tuple of int
        The tile of training and inference.
    batch_size : int
        Of training.
    spacing : tuple of float
        Of prepared images; one fewer than the image's axes in 2-D: slices keep their distance.
    median_shape : tuple of float
        Of prepared images, if the file says it.
    normalization_schemes : tuple of str
        nnU-Net's name, one per channel.
    use_mask_for_norm : tuple of bool
        Whether only voxels inside the nonzero mask are normalised, one per channel.
    batch_dice : bool
        Whether Dice in training is taken over the batch.
    resample_image, resample_labels, resample_logits : ResamplingRule
        How each is brought to another spacing.
    previous_stage : str, optional
        Configuration whose labels are further channels of the image (a cascade).
    next_stages : tuple of str
        Configurations that use the labels of this one.
    document : Document
        The part of the file, with what it inherits.
    """

    name: str
    patch_size: tuple[int, ...]
    batch_size: int
    spacing: tuple[float, ...]
    median_shape: tuple[float, ...]
    normalization_schemes: tuple[str, ...]
    use_mask_for_norm: tuple[bool, ...]
    batch_dice: bool
    resample_image: ResamplingRule
    resample_labels: ResamplingRule
    resample_logits: ResamplingRule
    previous_stage: str | None
    next_stages: tuple[str, ...]
    document: Document

    @property
    def spatial_dims(self) -> int:
        """2 or 3."""
        return len(self.patch_size)

    @property
    def architecture(self) -> Architecture:
        """The network and its sizes; ReadError if it is not one that edgewise builds."""
        return read_architecture(self.document)

    def in_channels(self, dataset: DatasetDescription) -> int:
        """Return the channels of the network's input.

        A cascade adds one per foreground label of the previous stage.
        """
        channels = len(dataset.channel_names)
        if self.previous_stage is None:
            return channels
        return channels + len(dataset.label_values) - 1

    def network(self, *, in_channels: int, classes: int) -> Any:  # noqa: ANN401
        """Build the network.

        Parameters
        ----------
        in_channels, classes : int
            ``configuration.in_channels(dataset)`` and ``dataset.classes``.

        Returns
        -------
        torch.nn.Module
            With random weights and ``deep_supervision`` off.

        Raises
        ------
        ReadError
            If the plans name a network that edgewise does not build.
        MissingExtraError
            If torch is not installed.
        """
        return self.architecture.build(in_channels=in_channels, classes=classes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plans:
    """A plans.json.

    Attributes
    ----------
    name, dataset_name : str
        As in the file.
    transpose_forward, transpose_backward : tuple of int
        From the axes of arrays in (z, y, x) order to those of the network, and back.
    intensities : tuple of mapping
        Foreground statistics per channel: mean, std, percentile_00_5, percentile_99_5, min, max,
        median.
    reader : str
        nnU-Net's class that reads images.
    document : Document
        The whole file.
    """

    name: str
    dataset_name: str
    transpose_forward: tuple[int, ...]
    transpose_backward: tuple[int, ...]
    intensities: tuple[Mapping[str, float], ...]
    reader: str
    document: Document

    @property
    def configurations(self) -> tuple[str, ...]:
        """Names for `configuration`."""
        return tuple(self.document.inner("configurations").content)

    def configuration(self, name: str) -> Configuration:
        """Return a configuration, what it inherits merged.

        Raises
        ------
        ConfigError
            If there is none of this name.
        ReadError
            If it is incomplete, or inherits in a circle.
        """
        if name not in self.configurations:
            message = f"no configuration {name!r}; there are: {', '.join(self.configurations)}"
            raise ConfigError(message)
        found = _configuration(name, _merged(self.document.inner("configurations"), name))
        if len(found.normalization_schemes) != len(self.intensities):
            found.document.refuse(
                "normalization_schemes",
                f"one per channel ({len(self.intensities)} have foreground intensities)",
            )
        return found


def read_plans(path: str | Path) -> Plans:
    """Read a plans.json, of nnU-Net 2 in any version.

    Parameters
    ----------
    path : path
        The file; ``nnUNetPlans.json`` of a preprocessed data set, or ``plans.json`` of a trained
        model.

    Returns
    -------
    Plans
        Configurations are read when they are asked for.

    Raises
    ------
    ReadError
        If it cannot be read, or a key is missing.
    """
    return plans_from(read_document(path))


def plans_from(document: Document) -> Plans:
    """Return what a plans.json says that has been read."""
    forward = document.integers("transpose_forward")
    backward = document.integers("transpose_backward")
    if sorted(forward) != list(range(len(forward))) or backward != _inverse(forward):
        document.refuse("transpose_backward", f"the inverse of transpose_forward {forward}")
    document.inner("configurations")
    return Plans(
        name=str(document.content.get("plans_name", "")),
        dataset_name=str(document.content.get("dataset_name", "")),
        transpose_forward=forward,
        transpose_backward=backward,
        intensities=_intensities(document),
        reader=str(document.content.get("image_reader_writer", "")),
        document=document,
    )


def _inverse(order: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(order.index(axis) for axis in range(len(order)))


def _intensities(document: Document) -> tuple[Mapping[str, float], ...]:
    key = "foreground_intensity_properties_per_channel"
    if key not in document:  # its name in the first versions of nnU-Net 2
        key = "foreground_intensity_properties_by_modality"
    channels = document.inner(key)
    if not all(channel.isdecimal() for channel in channels.content):
        document.refuse(key, "a dictionary with a number for each channel")
    return tuple(
        {name: channels.inner(channel).number(name) for name in _INTENSITIES}
        for channel in sorted(channels.content, key=int)
    )


def _merged(configurations: Document, name: str) -> Document:
    """Return a configuration over what it inherits; children overwrite whole values."""
    chain = [name]
    content = dict(configurations.inner(name).content)
    while "inherits_from" in configurations.inner(chain[-1]):
        parent = str(configurations.inner(chain[-1]).need("inherits_from"))
        if parent in chain:
            message = (
                f"{configurations.place}: {' -> '.join([*chain, parent])} inherits in a circle"
            )
            raise ReadError(message, code="bad_plans")
        content = {**configurations.inner(parent).content, **content}
        chain.append(parent)
    return Document(content, f"{configurations.place}, {name}")


def _configuration(name: str, found: Document) -> Configuration:
    schemes = found.values("normalization_schemes", str, "names")
    masks = found.values("use_mask_for_norm", bool, "true and false")
    if len(masks) != len(schemes):
        found.refuse("use_mask_for_norm", f"one value per channel ({len(schemes)})")
    return Configuration(
        name=name,
        patch_size=found.integers("patch_size"),
        batch_size=found.integer("batch_size"),
        spacing=found.numbers("spacing"),
        median_shape=found.numbers("median_image_size_in_voxels")
        if found.content.get("median_image_size_in_voxels")
        else (),
        normalization_schemes=schemes,
        use_mask_for_norm=masks,
        batch_dice=found.flag("batch_dice", default=False),
        resample_image=_rule(found, "data"),
        resample_labels=_rule(found, "seg"),
        resample_logits=_rule(found, "probabilities"),
        previous_stage=_previous(found),
        next_stages=_following(found),
        document=found,
    )


def _rule(found: Document, what: str) -> ResamplingRule:
    key = f"resampling_fn_{what}"
    function = found.need(key)
    if function not in _RESAMPLING:
        found.refuse(key, f"one of {', '.join(_RESAMPLING)}")
    given = found.optional(f"{key}_kwargs") or Document({}, found.place)
    separate = given.content.get("force_separate_z")
    if separate not in (None, False, True):
        given.refuse("force_separate_z", "true, false or null")
    threshold = given.number("separate_z_anisotropy_threshold", ANISOTROPY)
    if function == "resample_data_or_seg_to_shape":
        return ResamplingRule(
            order=given.integer("order", 3),
            order_across=given.integer("order_z", 0),
            separate=separate if "force_separate_z" in given else False,
            threshold=threshold,
        )
    if function == "resample_torch_fornnunet":
        return ResamplingRule(order=1, separate=separate, threshold=threshold)
    return ResamplingRule(order=1 if function == "resample_torch_simple" else None, separate=False)


def _previous(found: Document) -> str | None:
    stage = found.content.get("previous_stage")
    if stage is not None and not isinstance(stage, str):
        found.refuse("previous_stage", "the name of a configuration")
    return stage or None


def _following(found: Document) -> tuple[str, ...]:
    stages = found.content.get("next_stage") or []
    if isinstance(stages, str):
        return (stages,)
    return tuple(found.values("next_stage", str, "names")) if stages else ()
