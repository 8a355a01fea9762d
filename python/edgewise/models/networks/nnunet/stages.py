"""Stages of nnU-Net's networks as their arguments say: one value for all, or one per stage.

Plain numbers, no layers. A kernel or a stride may further be one value for all axes, or one each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from edgewise.errors import ConfigError
from edgewise.models.arguments import check_rows

if TYPE_CHECKING:
    from .layers import PerAxis

__all__ = ["FEATURES", "PerStage", "PerStageAndAxis", "Stages", "read_stages"]

FEATURES = (32, 64, 128, 256, 320, 320)  # 32 * 2^s, at most 320 in 3-D
PerStage: TypeAlias = int | Sequence[int]
PerStageAndAxis: TypeAlias = int | Sequence[int | Sequence[int]]


@dataclass(frozen=True, slots=True)
class Stages:
    """Stages from the image downwards: features, kernels, strides and how many of what."""

    features: PerAxis
    kernels: tuple[PerAxis, ...]
    strides: tuple[PerAxis, ...]
    encoder_counts: PerAxis
    decoder_counts: PerAxis


def read_stages(
    dims: int,
    features: Sequence[int],
    kernels: PerStageAndAxis,
    strides: PerStageAndAxis,
    encoder: tuple[str, PerStage],
    decoder: PerStage,
) -> Stages:
    """Return the stages that the arguments of a builder describe.

    Parameters
    ----------
    dims : {2, 3}
        Spatial axes.
    features, kernels, strides, decoder
        As the builders' ``features_per_stage``, ``kernel_sizes``, ``strides`` and
        ``n_conv_per_stage_decoder``.
    encoder : tuple
        Name and value of the argument that counts what a stage of the encoder has.

    Raises
    ------
    ConfigError
        If they contradict one another; names the argument.
    """
    check_rows({"features_per_stage": features})
    stages = len(features)
    if stages < 2:
        message = f"features_per_stage must have at least two stages, got {tuple(features)}"
        raise ConfigError(message)
    if isinstance(strides, int):
        strides = (1, *(strides,) * (stages - 1))
    read = Stages(
        tuple(features),
        _per_axis("kernel_sizes", kernels, stages, dims),
        _per_axis("strides", strides, stages, dims),
        _spread(*encoder, stages),
        _spread("n_conv_per_stage_decoder", decoder, stages - 1),
    )
    if any(size % 2 == 0 for kernel in read.kernels for size in kernel):
        message = f"kernel_sizes must be odd, an even one has no middle, got {kernels!r}"
        raise ConfigError(message)
    return read


def _spread(name: str, value: PerStage, count: int) -> PerAxis:
    """Return `value` `count` times, or as it is if it is that many."""
    row = (value,) * count if isinstance(value, int) else value
    try:
        check_rows({name: row}, length=count)
    except ConfigError:
        message = f"{name} must be one positive integer or {count} of them, got {value!r}"
        raise ConfigError(message) from None
    return tuple(row)


def _per_axis(name: str, values: PerStageAndAxis, stages: int, dims: int) -> tuple[PerAxis, ...]:
    rows = (values,) * stages if isinstance(values, int) else values
    if not isinstance(rows, list | tuple) or len(rows) != stages:
        message = f"{name} must be one value per stage ({stages}), got {values!r}"
        raise ConfigError(message)
    return tuple(_spread(f"{name}, entry {i},", value, dims) for i, value in enumerate(rows))
