"""dataset.json: the channels, labels and regions of an nnU-Net data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgewise.errors import LabelError

from .document import Document, read_document

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["DatasetDescription", "dataset_from", "read_dataset"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetDescription:
    """What a data set's images and label maps hold.

    Attributes
    ----------
    channel_names : tuple of str
        In the order of the files ``_0000``, ``_0001``, ...
    labels : mapping of str to int or tuple of int
        Name to label, or to the labels that make up a region; without the ignored label.
    regions_class_order : tuple of int, optional
        For regions: the label that each region's mask writes, later ones over earlier ones. None if
        the classes are labels.
    ignore_label : int, optional
        Voxels without annotation.
    file_ending : str
        Such as ``".nii.gz"``.
    training_cases : int, optional
        How many there are.
    """

    channel_names: tuple[str, ...]
    labels: Mapping[str, int | tuple[int, ...]]
    regions_class_order: tuple[int, ...] | None
    ignore_label: int | None
    file_ending: str
    training_cases: int | None

    @property
    def label_values(self) -> tuple[int, ...]:
        """All labels with background, ascending, without the ignored one."""
        values = (v if isinstance(v, tuple) else (v,) for v in self.labels.values())
        return tuple(sorted({label for members in values for label in members}))

    @property
    def regions(self) -> tuple[tuple[int, ...], ...] | None:
        """Labels of each region in the order of the network's channels; None without regions."""
        if self.regions_class_order is None:
            return None
        values = (v if isinstance(v, tuple) else (v,) for v in self.labels.values())
        return tuple(members for members in values if set(members) != {0})

    @property
    def classes(self) -> int:
        """Channels of the network's logits: one per label with background, or one per region."""
        return len(self.label_values if self.regions is None else self.regions)


def read_dataset(path: str | Path) -> DatasetDescription:
    """Read a dataset.json.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    DatasetDescription
        Channels, labels, regions.

    Raises
    ------
    ReadError
        If it cannot be read, or a key is missing.
    LabelError
        If background is not 0, labels have gaps, the ignored label is not the next one, or regions
        come without ``regions_class_order``.
    """
    return dataset_from(read_document(path))


def dataset_from(document: Document) -> DatasetDescription:
    """Return what a dataset.json says that has been read."""
    # "modality" is what nnU-Net 1 calls the channels
    channels = document.inner("channel_names" if "channel_names" in document else "modality")
    if not all(name.isdecimal() for name in channels.content):
        document.refuse("channel_names", "numbers, each with the name of a channel")
    named = dict(document.inner("labels").content)
    ignored = named.pop("ignore", None)
    labels = {str(name): _label(document, value) for name, value in named.items()}
    has_regions = any(isinstance(value, tuple) and len(value) > 1 for value in labels.values())
    order = document.integers("regions_class_order") if has_regions else None
    described = DatasetDescription(
        channel_names=tuple(str(name) for _, name in sorted(channels.content.items(), key=_number)),
        labels=labels,
        regions_class_order=order,
        ignore_label=ignored,
        file_ending=str(document.need("file_ending")),
        training_cases=document.content.get("numTraining"),
    )
    _check(described, document.place)
    return described


def _number(item: tuple[str, Any]) -> int:
    return int(item[0])


def _label(document: Document, value: Any) -> int | tuple[int, ...]:  # noqa: ANN401
    members = value if isinstance(value, list) else [value]
    # nnU-Net 1 wrote labels as text, key and value the other way round
    if not members or any(isinstance(v, bool) or not isinstance(v, int) for v in members):
        document.refuse("labels", "names of whole numbers or of lists of them")
    return tuple(members) if isinstance(value, list) else int(value)


def _check(described: DatasetDescription, place: str) -> None:
    background = described.labels.get("background")
    values = described.label_values
    if background != 0:
        message = f"{place}: labels must name background, which is 0, got {background!r}"
        raise LabelError(message)
    if values != tuple(range(len(values))):
        message = f"{place}: labels must be 0 to {len(values) - 1} without gaps, got {values}"
        raise LabelError(message)
    if described.ignore_label not in (None, len(values)):
        message = f"{place}: the ignored label must be the next one, {len(values)}, "
        message += f"got {described.ignore_label!r}"
        raise LabelError(message)
    order, regions = described.regions_class_order, described.regions
    if order is not None and regions is not None and len(order) != len(regions):
        message = f"{place}: regions_class_order has {len(order)} labels for {len(regions)} regions"
        raise LabelError(message)
