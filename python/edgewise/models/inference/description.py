"""model.json: what a trained network is and takes, beside its weights in the folder of a run."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edgewise.errors import ReadError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ModelDescription", "read_description"]

FILE: Final = "model.json"
WEIGHTS: Final = "weights.safetensors"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDescription:
    """A trained network of the registry.

    Attributes
    ----------
    name : str
        In the registry.
    sizes : mapping
        Of `create_model`.
    patch_size : tuple of int
        The tile of training and inference.
    labels : tuple of int, optional
        Label of each class. Default: its index.
    regions : tuple of int, optional
        Label that each channel writes, for networks of regions.
    preprocessing : mapping, optional
        `Preprocessing.to_dict`. Default: images are taken as they are.
    mirror_axes : tuple of int
        Axes along which training mirrored, which inference may use.
    """

    name: str
    patch_size: tuple[int, ...]
    sizes: Mapping[str, Any] = field(default_factory=dict)
    labels: tuple[int, ...] | None = None
    regions: tuple[int, ...] | None = None
    preprocessing: Mapping[str, Any] | None = None
    mirror_axes: tuple[int, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "name": self.name,
            "sizes": dict(self.sizes),
            "labels": None if self.labels is None else list(self.labels),
            "regions": None if self.regions is None else list(self.regions),
            "patch_size": list(self.patch_size),
            "mirror_axes": list(self.mirror_axes),
            "preprocessing": self.preprocessing,
        }


def read_description(folder: str | Path) -> ModelDescription:
    """Read the model.json of a run.

    Parameters
    ----------
    folder : path
        Of the run. ``labels`` may be a list, one per class, or name to label; background, 0, goes
        without saying.

    Raises
    ------
    ReadError
        If it is not there, is no JSON, or lacks a key.
    """
    path = Path(folder) / FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = (
            f"{path}: cannot be read ({error.strerror or error}); --run takes the folder of a "
        )
        message += "training"
        raise ReadError(message, code="bad_run") from error
    except ValueError as error:
        message = f"{path}: is no JSON ({error})"
        raise ReadError(message, code="bad_run") from error
    try:
        return ModelDescription(
            name=str(content["name"]),
            sizes=dict(content.get("sizes") or {}),
            labels=_labels(content.get("labels")),
            regions=_whole(content.get("regions")),
            patch_size=tuple(int(n) for n in content["patch_size"]),
            preprocessing=content.get("preprocessing"),
            mirror_axes=_whole(content.get("mirror_axes")) or (),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        message = (
            f"{path}: describes no network: {type(error).__name__} {error}; it needs name and "
        )
        message += "patch_size"
        raise ReadError(message, code="bad_run") from error


def _whole(values: Any) -> tuple[int, ...] | None:  # noqa: ANN401
    return None if values is None else tuple(int(v) for v in values)


def _labels(given: Any) -> tuple[int, ...] | None:  # noqa: ANN401
    if not isinstance(given, dict):
        return _whole(given)
    return tuple(sorted({0, *(int(v) for v in given.values())}))
