"""Checks that torchmetrics' functions share: which shapes go together, which options exist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "InputFormat",
    "check_flag",
    "check_num_classes",
    "check_shapes",
    "check_word",
    "classes_of",
]

InputFormat: TypeAlias = Literal["one-hot", "index", "mixed"]
_FORMATS: Final = ("one-hot", "index", "mixed")


def check_num_classes(num_classes: object) -> None:
    """Raise ValueError unless it is a positive integer."""
    if not isinstance(num_classes, int) or num_classes <= 0:
        message = f"num_classes must be a positive integer, got {num_classes!r}"
        raise ValueError(message)


def check_flag(name: str, value: object) -> None:
    """Raise ValueError unless it is a bool."""
    if not isinstance(value, bool):
        message = f"{name} must be True or False, got {value!r}"
        raise ValueError(message)


def check_word(name: str, value: object, words: tuple[object, ...] = _FORMATS) -> None:
    """Raise ValueError unless it is one of the words; of ``input_format`` by default."""
    if value not in words:
        message = f"{name} must be one of {', '.join(map(repr, words))}, got {value!r}"
        raise ValueError(message)


def check_shapes(preds: Tensor, target: Tensor, input_format: InputFormat) -> None:
    """Raise RuntimeError unless the shapes go together.

    With ``"mixed"`` one side has an axis of classes after its first axis, and the other has not.
    """
    if input_format != "mixed" and preds.shape == target.shape:
        return
    first, second = tuple(preds.shape), tuple(target.shape)
    if input_format != "mixed":
        fits = False
    elif preds.dim() == target.dim() + 1:
        fits = (*first[:1], *first[2:]) == second
    else:
        fits = preds.dim() + 1 == target.dim() and first == (*second[:1], *second[2:])
    if not fits:
        message = f"preds and target must have matching shapes, got {first} and {second}"
        raise RuntimeError(message)


def classes_of(tensor: Tensor, num_classes: int | None) -> int:
    """Return the number of classes: as given, else the length of the axis of classes.

    Raises
    ------
    IndexError
        If there is no such axis.
    ValueError
        If it has length 0.
    """
    if num_classes is not None:
        return num_classes
    if tensor.dim() < 2:
        message = f"num_classes is missing, and shape {tuple(tensor.shape)} has no axis of classes"
        raise IndexError(message)
    if tensor.shape[1] == 0:
        message = f"num_classes must be positive, but shape {tuple(tensor.shape)} has no class"
        raise ValueError(message)
    return int(tensor.shape[1])
