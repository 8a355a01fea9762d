"""How a volume is cut into tiles, and how the network is run on them: checked once, then fixed."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

import numpy as np

from edgewise.errors import ConfigError

from .blending import BLENDS, PRESETS

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Blend", "Execution", "MirrorAverage", "PadMode", "Precision", "Preset", "Tiling",
           "listed"]  # fmt: skip

Blend: TypeAlias = Literal["gaussian", "constant"]
Preset: TypeAlias = Literal["edgewise", "nnunet", "nnunet_half", "monai"]
PadMode: TypeAlias = Literal["constant", "reflect", "symmetric", "edge"]
MirrorAverage: TypeAlias = Literal["logits", "softmax"]
Precision: TypeAlias = Literal["float32", "bfloat16", "float16"]

_MOST_AXES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiling:
    """What decides the tiles of a volume and how their outputs are joined.

    Attributes
    ----------
    tile : tuple of int
        Voxels of a tile along each axis that the network sees, 2 or 3 of them.
    step : float
        Largest distance between neighbouring tiles, as a fraction of what one answers for.
    blend : {"gaussian", "constant"}
        How much each voxel of a tile counts.
    preset : {"edgewise", "nnunet", "nnunet_half", "monai"}
        Whose rule spreads the tiles (edgewise: nnU-Net's) and whose Gaussian blends them;
        "nnunet_half" also sums in half precision as nnU-Net does (an error of about 0.001, and
        overflow where logits exceed some hundreds).
    pad_mode : {"constant", "reflect", "symmetric", "edge"}
        What lies outside the image: 0, or NumPy's modes of the same name.
    slices : int, optional
        The volume's axis along which a 2D network walks, slice by slice.
    halo, align : int or sequence of int
        As in `windows.axis_windows`; one value or one per axis of the tile.
    """

    tile: tuple[int, ...]
    step: float = 0.5
    blend: Blend = "gaussian"
    preset: Preset = "edgewise"
    pad_mode: PadMode = "constant"
    slices: int | None = None
    halo: int | Sequence[int] = 0
    align: int | Sequence[int] = 1

    def __post_init__(self) -> None:
        sizes = _whole_numbers("tile", self.tile, least=1)
        if not 1 <= len(sizes) <= _MOST_AXES:
            message = f"tile must have one size per axis of the network, 1 to 3, got {self.tile!r}"
            raise ConfigError(message)
        object.__setattr__(self, "tile", sizes)
        if not isinstance(self.step, Real) or not 0 < self.step <= 1:
            message = f"step must lie in (0, 1], got {self.step!r} (1 is side by side)"
            raise ConfigError(message)
        _check_word("blend", self.blend, BLENDS)
        _check_word("preset", self.preset, PRESETS)
        _check_word("pad_mode", self.pad_mode, get_args(PadMode))
        for name, least in (("halo", 0), ("align", 1)):
            given = getattr(self, name)
            values = _whole_numbers(name, given, least=least)
            values *= len(sizes) if np.ndim(given) == 0 else 1
            if len(values) != len(sizes):
                message = f"{name} must have one value per axis of the tile ({len(sizes)}), "
                message += f"got {given!r}"
                raise ConfigError(message)
            object.__setattr__(self, name, values)

    @property
    def sum_bytes(self) -> int:
        """Of one number under construction."""
        return 2 if self.preset == "nnunet_half" else 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """How the network is run on the tiles.

    Attributes
    ----------
    mirror_axes : tuple of int
        Axes of the tile to mirror; all 2^k combinations are run and averaged.
    mirror_average : {"logits", "softmax"}
        What is averaged over the mirrored runs.
    batch_size : int
        Tiles that go through the network at once.
    device : device or str, optional
        Where it runs. Default: where its weights are.
    precision : {"float32", "bfloat16", "float16"}
        Of the network's arithmetic (autocast); sums stay in single precision.
    deterministic : bool
        Only deterministic algorithms, see `edgewise.models.deterministic`.
    channels_last, compiled : bool
        Another memory format; `torch.compile`. Both change the last digits.
    memory_limit : int, optional
        Bytes that sums, tiles and result may take together. Default: what is available.
    """

    mirror_axes: tuple[int, ...] = ()
    mirror_average: MirrorAverage = "logits"
    batch_size: int = 1
    device: Any = None
    precision: Precision = "float32"
    deterministic: bool = False
    channels_last: bool = False
    compiled: bool = False
    memory_limit: int | None = None

    def __post_init__(self) -> None:
        axes = _whole_numbers("mirror_axes", self.mirror_axes, least=0)
        if len(set(axes)) != len(axes):
            message = f"mirror_axes names an axis twice: {self.mirror_axes!r}"
            raise ConfigError(message)
        object.__setattr__(self, "mirror_axes", axes)
        _check_word("mirror_average", self.mirror_average, get_args(MirrorAverage))
        _check_word("precision", self.precision, get_args(Precision))
        _whole_numbers("batch_size", (self.batch_size,), least=1)
        if self.memory_limit is not None:
            _whole_numbers("memory_limit", (self.memory_limit,), least=1)


def listed(values: Any) -> tuple[Any, ...]:  # noqa: ANN401
    """Return the values of a sequence, or one value alone; what they are is checked later."""
    try:
        return tuple(values)
    except TypeError:
        return (values,)


def _whole_numbers(name: str, values: Any, *, least: int) -> tuple[int, ...]:  # noqa: ANN401
    """Return whole numbers of at least `least`, or say which argument holds something else."""
    given = listed(values)
    for value in given:
        if not hasattr(value, "__index__") or isinstance(value, bool) or int(value) < least:
            message = f"{name} must hold whole numbers of at least {least}, got {values!r}"
            raise ConfigError(message)
    return tuple(int(value) for value in given)


def _check_word(name: str, word: object, known: Sequence[str]) -> None:
    if word not in known:
        message = f"{name} must be one of {', '.join(known)}, got {word!r}"
        raise ConfigError(message)
