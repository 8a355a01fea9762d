"""What is learned from a data set, and how its images are prepared: decided once, before training.

Labels become classes 0, 1, 2, ... in ascending order; spacing and intensities are chosen from the
training cases alone, the patch from their prepared shapes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import numpy as np
import torch

from edgewise.errors import ConfigError, EdgewiseError, InputError, LabelError
from edgewise.models.creation import create_model
from edgewise.models.inference.description import ModelDescription
from edgewise.models.preprocessing import Preprocessing, plan_preprocessing
from edgewise.models.registry import model_info

from .answers import answered_size
from .loader import ahead

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from edgewise.models.card import Sizes

    from .data import FolderCases

__all__ = ["Classes", "FolderOptions", "Plan", "empty_network", "make_plan"]

Scheme: TypeAlias = Literal["zscore", "ct", "window", "minmax", "none"]

_LONGEST: Final = {2: 512, 3: 128}  # of a patch that nobody chose, voxels
_MEASURED: Final = 16  # cases whose prepared shape is looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderOptions:
    """What is trained on which part of the data; all of it decides the result.

    Attributes
    ----------
    model : str
        Of `list_models`.
    sizes : mapping
        For `create_model`; channels and classes follow from the data, and a network that has
        `surroundings` (DeepMedic) takes them from the patch (``"inside"``) unless this says else.
    labels : mapping of int to str, optional
        Labels to learn and their names. Default: those that occur, which are then all read first.
    ignore_label : int, optional
        Label of voxels that count nowhere.
    patch_size : tuple of int, optional
        Default: the median shape of the prepared training cases (for an unpadded network with what
        it does not answer around it), at most 128 (3D) or 512 (2D) along an axis, and a size that
        the network takes.
    spacing : "median", tuple of float or None, default "median"
        As for `plan_preprocessing`.
    normalization : str, default "zscore"
        As for `plan_preprocessing`; "ct" for Hounsfield units.
    crop : bool, default True
        Whether images are cropped to what is not 0.
    validation : float or str, default 0.0
        Share of the cases that is held out, chosen by `seed`; or a folder that holds folders named
        as those of the training images and labels.
    flips : bool, default True
        Whether training mirrors its patches, so that inference may.
    seed : int, default 0
        Of held-out cases and initial weights.
    """

    model: str
    sizes: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[int, str] | None = None
    ignore_label: int | None = None
    patch_size: tuple[int, ...] | None = None
    spacing: Literal["median"] | tuple[float, ...] | None = "median"
    normalization: Scheme = "zscore"
    crop: bool = True
    validation: float | str = 0.0
    flips: bool = True
    seed: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as JSON gives them back."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain


@dataclass(frozen=True, slots=True)
class Classes:
    """Labels of files to classes of the network.

    Attributes
    ----------
    labels : tuple of int
        Ascending; label k of it is class k + 1.
    ignore_label : int, optional
        Of the files.
    """

    labels: tuple[int, ...]
    ignore_label: int | None = None

    @property
    def ignored(self) -> int | None:
        """The class of the ignored label: the first that the network does not have."""
        return None if self.ignore_label is None else len(self.labels) + 1

    @property
    def known(self) -> dict[int, int]:
        """Class of each label that may occur."""
        classes = {0: 0, **{label: k for k, label in enumerate(self.labels, start=1)}}
        if self.ignore_label is not None and self.ignored is not None:
            classes[self.ignore_label] = self.ignored
        return classes

    def __call__(self, array: NDArray[Any]) -> NDArray[np.int32]:
        """Return the classes of a label map.

        Raises
        ------
        LabelError
            If a label occurs that is not learned.
        """
        known = self.known
        values, places = np.unique(array, return_inverse=True)
        odd = [int(v) for v in values if int(v) not in known]
        if odd:
            message = f"label {odd[0]} occurs, the network learns {list(self.labels)}"
            raise LabelError(message)
        classes = np.array([known[int(v)] for v in values], dtype=np.int32)
        return np.asarray(classes[places.reshape(array.shape)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run was begun with.

    Attributes
    ----------
    model : str
        Of the registry.
    sizes : mapping
        With channels and classes.
    labels : mapping of int to str
        Label of the files to its name, ascending.
    patch_size : tuple of int
        Of training and inference.
    preprocessing : Preprocessing
        Of the images.
    mirror_axes : tuple of int
        Along which training mirrors.
    on_disk : bool
        Whether prepared cases are kept in files.
    """

    model: str
    sizes: Mapping[str, Any]
    labels: Mapping[int, str]
    patch_size: tuple[int, ...]
    preprocessing: Preprocessing
    mirror_axes: tuple[int, ...]
    on_disk: bool

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "model": self.model,
            "sizes": dict(self.sizes),
            "labels": {str(label): name for label, name in self.labels.items()},
            "patch_size": list(self.patch_size),
            "preprocessing": self.preprocessing.to_dict(),
            "mirror_axes": list(self.mirror_axes),
            "on_disk": self.on_disk,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Plan:
        """Return what `to_dict` made plain values of."""
        return cls(
            model=stored["model"],
            sizes=stored["sizes"],
            labels={int(label): name for label, name in stored["labels"].items()},
            patch_size=tuple(stored["patch_size"]),
            preprocessing=Preprocessing.from_dict(stored["preprocessing"]),
            mirror_axes=tuple(stored["mirror_axes"]),
            on_disk=stored["on_disk"],
        )

    def model_json(self) -> dict[str, Any]:
        """Return the content of ``model.json``; labels by name where all have one."""
        names = ["background", *self.labels.values()]
        content = self.description.to_dict()
        if all(names) and len(set(names)) == len(names):
            content["labels"] = dict(zip(names, [0, *self.labels], strict=True))
        return content

    @property
    def description(self) -> ModelDescription:
        """What ``model.json`` says."""
        return ModelDescription(
            name=self.model,
            sizes=self.sizes,
            labels=(0, *self.labels),
            patch_size=self.patch_size,
            preprocessing=self.preprocessing.to_dict(),
            mirror_axes=self.mirror_axes,
        )


def make_plan(
    cases: FolderCases, options: FolderOptions, *, cache_bytes: int, workers: int
) -> Plan:
    """Read every training case once, and decide.

    Parameters
    ----------
    cases : FolderCases
        As they are stored. Those that cannot be read, or hold other labels than the ones to learn,
        are left out; the training tells of them.
    options : FolderOptions
        What was asked for.
    cache_bytes : int
        Memory for prepared cases.
    workers : int
        Threads that read.

    Returns
    -------
    Plan
        All that a later call needs to prepare the same images in the same way.

    Raises
    ------
    InputError
        If no case is good, or no label but 0 occurs.
    ConfigError
        If a label, a size or an option is impossible.
    """
    network = empty_network(options.model, options.sizes)

    def look(index: int) -> tuple[frozenset[int], int] | None:
        try:
            case = cases[index]
        except (EdgewiseError, OSError):
            return None
        _check_axes(options.model, network.spatial_dims, case.labels.ndim, case.name)
        return frozenset(np.unique(case.labels).tolist()), case.nbytes

    found = dict(enumerate(ahead(look, range(len(cases)), workers=workers)))
    facts = {k: fact for k, fact in found.items() if fact is not None}
    if not facts:
        _ = cases[0]  # says why
    occurring = sorted(frozenset().union(*(labels for labels, _ in facts.values())) - {0})
    named = options.labels or {k: "" for k in occurring if k != options.ignore_label}
    _check_labels(named)
    classes = Classes(tuple(sorted(named)), options.ignore_label)
    good = tuple(k for k, (labels, _) in facts.items() if labels <= set(classes.known))
    chosen = _Chosen(cases, good, classes)
    if not good:
        message = f"no case holds only the labels to learn ({sorted(named)}); there are {occurring}"
        raise InputError(message)
    preprocessing = _preprocessing(chosen, options)
    sizes = {
        **_for_patches(network, options.sizes),
        "in_channels": cases.channels,
        "classes": len(named) + 1,
    }
    patch = options.patch_size or _patch_size(options.model, sizes, chosen, preprocessing)
    return Plan(
        model=options.model,
        sizes=sizes,
        labels={label: named[label] for label in classes.labels},
        patch_size=tuple(patch),
        preprocessing=preprocessing,
        mirror_axes=tuple(range(len(patch))) if options.flips else (),
        on_disk=sum(nbytes for _, nbytes in facts.values()) > cache_bytes,
    )


def empty_network(model: str, sizes: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """Return a network without values, for what its attributes say; it takes no time.

    Raises
    ------
    ConfigError
        For an unknown name or size.
    """
    with torch.device("meta"):
        return create_model(model, **sizes)


def _for_patches(network: Any, sizes: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ANN401
    """Return the sizes that were asked for; a network that may bring its surroundings does.

    Patches know nothing of what lies around them: a network that completes missing surroundings by
    itself, as for whole volumes, would learn from made-up ones.
    """
    brought = {"surroundings": "inside"} if hasattr(network, "surroundings") else {}
    return {**brought, **sizes}


def _check_axes(model: str, wanted: int, got: int, case: str) -> None:
    if wanted != got:
        message = f"{model} takes images of {wanted} axes, case {case} has {got}; choose a network "
        message += f"with {got} (`edgewise models` lists them)"
        raise ConfigError(message)


def _check_labels(labels: Mapping[int, str]) -> None:
    if not labels:
        message = "no label but 0 occurs in the training cases; there is nothing to learn"
        raise InputError(message, code="no_foreground")
    if min(labels) < 1:
        message = f"labels must be 1 or more (0 is background), got {sorted(labels)}"
        raise ConfigError(message)


class _Chosen(Sequence[Any]):
    """The good cases with classes for labels, for planning."""

    def __init__(self, cases: FolderCases, indices: tuple[int, ...], classes: Classes) -> None:
        self._cases = cases
        self._indices = indices
        self._classes = classes

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, index: Any) -> Any:  # noqa: ANN401
        case = self._cases[self._indices[index]]
        labels = self._classes(case.labels)
        if self._classes.ignored is not None:
            labels[labels == self._classes.ignored] = 0  # its intensities say nothing
        return SimpleNamespace(image=case.image, labels=labels, spacing=case.spacing)


def _preprocessing(chosen: _Chosen, options: FolderOptions) -> Preprocessing:
    spacing = options.spacing
    return plan_preprocessing(
        chosen,
        spacing=spacing if spacing is None or isinstance(spacing, str) else list(spacing),
        normalization=options.normalization,
        crop_to_nonzero=options.crop,
        seed=options.seed,
    )


def _patch_size(
    model: str, sizes: Mapping[str, Any], chosen: _Chosen, preprocessing: Preprocessing
) -> tuple[int, ...]:
    """Return the median shape of prepared cases, within limits, as the network takes it.

    Of an unpadded network the answer has that shape, if the limits allow it.
    """
    shapes = []
    for k in range(0, len(chosen), -(-len(chosen) // _MEASURED)):
        case = chosen[k]
        shapes.append(preprocessing.apply(case.image, spacing=case.spacing).array.shape[1:])
    network = empty_network(model, sizes)
    admissible: Sizes = getattr(network, "sizes", model_info(model).sizes)
    # not the smallest size: what is left of it may be one voxel, too few to normalise
    small = (admissible.nearest(admissible.minimum + admissible.step)[-1],) * network.spatial_dims
    unanswered = np.subtract(small, answered_size(network, small))
    wanted = np.median(np.array(shapes), axis=0).astype(int) + unanswered
    limit = _LONGEST[network.spatial_dims]
    # the largest size below that the network takes, or its smallest
    return tuple(min(admissible.nearest(min(n, limit))) for n in wanted.tolist())
