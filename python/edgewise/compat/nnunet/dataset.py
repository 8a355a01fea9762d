"""What a dataset.json says: labels, regions, the ignored label, the reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from edgewise.compat.originals import original

from .files import reader_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .arrays import Class
    from .files import Reader

__all__ = ["classes_of", "reader_of"]

_READ_HERE: Final = ("None", "SimpleITKIO", "NibabelIO", "NaturalImage2DIO", "Tiff3DIO")


def reader_of(dataset: Mapping[str, Any], example: str) -> Reader | None:
    """Return what reads the dataset's files; None for `edgewise.io`."""
    if dataset.get("overwrite_image_reader_writer", "None") in _READ_HERE:
        return reader_for(dataset["file_ending"], example)
    place = "nnunetv2.imageio.reader_writer_registry:determine_reader_writer_from_dataset_json"
    reader: Reader = original(place, why="readers of one's own")(dataset, example)()
    return reader


def classes_of(
    dataset: Mapping[str, Any], plans: Mapping[str, Any]
) -> tuple[list[Class], int | None]:
    """Return the foreground: regions if a dataset has any, else labels; and the ignored label.

    Raises
    ------
    RuntimeError, AssertionError
        If the labels do not fit together.
    """
    if plans.get("label_manager", "LabelManager") != "LabelManager":
        place = "nnunetv2.utilities.plans_handling.plans_handler:PlansManager"
        manager = original(place, why="label managers of one's own")(plans).get_label_manager(
            dataset
        )
        chosen = manager.foreground_regions if manager.has_regions else manager.foreground_labels
        return chosen, manager.ignore_label
    named: Mapping[str, Any] = dataset["labels"]
    _check_background(named)
    ignored = named.get("ignore")
    if ignored is not None and not isinstance(ignored, int):
        message = f"the ignore label must be an integer, got {ignored!r}"
        raise AssertionError(message)
    kept = {name: value for name, value in named.items() if name != "ignore"}
    labels = sorted({int(label) for value in kept.values() for label in _members(value)})
    regions = None
    if any(isinstance(value, list | tuple) and len(value) > 1 for value in named.values()):
        regions = _regions(kept, dataset.get("regions_class_order"))
    if ignored is not None and ignored != labels[-1] + 1:
        message = f"the ignore label must be {labels[-1] + 1}, the next label, got {ignored}"
        raise AssertionError(message)
    if regions is not None:
        return regions, ignored
    return [label for label in labels if label != 0], ignored


def _members(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _check_background(named: Mapping[str, Any]) -> None:
    if "background" not in named:
        message = "dataset.json must declare the label background, which is 0"
        raise RuntimeError(message)
    background = named["background"]
    if isinstance(background, list | tuple):
        message = f"background must be 0, not several labels: {background}"
        raise RuntimeError(message)
    if int(background) != 0:
        message = f"background must be 0, got {background}"
        raise AssertionError(message)


def _regions(kept: Mapping[str, Any], order: Any) -> list[Class]:
    """Return the regions that hold more than background."""
    if order is None:
        message = "dataset.json has regions, so it must have regions_class_order"
        raise AssertionError(message)
    regions: list[Class] = [
        tuple(value) if isinstance(value, list | tuple) else value
        for value in kept.values()
        if set(_members(value)) != {0}
    ]
    if len(order) != len(regions):
        message = f"regions_class_order has {len(order)} values for {len(regions)} regions"
        raise AssertionError(message)
    return regions
