"""A picture of what padding does: a constant image, and a network's answer to it.

Far from the border the answer is flat, or repeats with the network's period. Near it the answer
shows how far padding reaches. Drawn as SVG, without a plotting library.
"""

from __future__ import annotations

import base64
import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from edgewise.errors import ConfigError

from .padding import Padding, padding_influence, run_with_padding
from .tracing import input_tensor_shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Picture", "padding_effects_figure"]

_COLOURS: Final = {"zeros": "#c0392b", "reflect": "#2471a3", "replicate": "#1e8449"}
_DASHES: Final = {"zeros": "none", "reflect": "none", "replicate": "6 6"}  # lines may coincide
_WIDTH: Final = 260  # of a map, in the unit of the drawing
_LINE_HEIGHT: Final = 150
_GAP: Final = 24


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing.

    Attributes
    ----------
    svg : str
        The whole file. Notebooks show it.
    """

    svg: str

    def _repr_svg_(self) -> str:
        return self.svg

    def save(self, path: str | Path) -> None:
        """Write the drawing to a file.

        Parameters
        ----------
        path : path
            Ends in ``.svg``.

        Raises
        ------
        ConfigError
            For another suffix.
        """
        if Path(path).suffix.lower() != ".svg":
            message = f"a picture is written as .svg, not {Path(path).name!r}"
            raise ConfigError(message)
        Path(path).write_text(self.svg, encoding="utf-8")


def padding_effects_figure(
    model: Any,  # noqa: ANN401
    *,
    shape: Sequence[int],
    value: float = 1.0,
    channel: int = 0,
    paddings: Sequence[Padding] = ("zeros", "reflect", "replicate"),
    channels: int | None = None,
) -> Picture:
    """Draw a network's answer to a constant image under several paddings.

    Parameters
    ----------
    model : torch.nn.Module
        Takes one tensor (N, C, H, W); run in evaluation mode on its own weights.
    shape : sequence of int
        Of the image, two axes; more than twice the reach shows the undisturbed middle.
    value : float, default 1
        Of every voxel.
    channel : int, default 0
        Of the answer.
    paddings : sequence of {"zeros", "reflect", "replicate"}
        One map each, and one line each along the middle row.
    channels : int, optional
        Of the image. Default: ``model.in_channels``, or those of the first convolution.

    Returns
    -------
    Picture
        Above: the answers, one grey scale for all, dashed where the reach of padding ends. Below:
        the middle row, with the voxels that padding reaches shaded.

    Raises
    ------
    ConfigError
        Unless `shape` has two axes.
    ShapeError
        If the network does not take it, or a map is too small to be reflected.
    """
    if len(shape) != 2:
        message = f"a picture needs an image with two axes, got shape {tuple(shape)}"
        raise ConfigError(message)
    size = input_tensor_shape(model, shape, channels)
    like = next((p for p in model.parameters() if p.is_floating_point()), torch.empty(0))
    image = torch.full(size, value, dtype=like.dtype, device=like.device)
    answers = {}
    for padding in paddings:
        answer = run_with_padding(model, image, padding=padding)
        answers[padding] = answer[0, channel].double().cpu().numpy()
    return Picture(_draw(answers, padding_influence(model, shape, channels=channels)))


def _draw(answers: dict[Padding, NDArray[np.float64]], reached: NDArray[np.bool_]) -> str:
    rows, columns = reached.shape
    low = min(float(answer.min()) for answer in answers.values())
    high = max(float(answer.max()) for answer in answers.values())
    span = (high - low) or 1.0
    height = math.ceil(_WIDTH * rows / columns)
    free = _free_box(reached)
    parts = []
    for place, (padding, answer) in enumerate(answers.items()):
        left = _GAP + place * (_WIDTH + _GAP)
        picture = base64.b64encode(_png(np.rint(255 * (answer - low) / span))).decode("ascii")
        parts += [
            f'<text x="{left}" y="16" fill="{_COLOURS[padding]}">{padding}</text>',
            f'<image x="{left}" y="{_GAP}" width="{_WIDTH}" height="{height}" '
            'preserveAspectRatio="none" style="image-rendering:pixelated" '
            f'href="data:image/png;base64,{picture}"/>',
        ]
        if free is not None:
            top, first, bottom, last = free
            x, y = left + first * _WIDTH / columns, _GAP + top * height / rows
            wide, tall = (last - first) * _WIDTH / columns, (bottom - top) * height / rows
            parts.append(
                f'<rect x="{x:.2f}" y="{y:.2f}" width="{wide:.2f}" height="{tall:.2f}" '
                'fill="none" stroke="#e67e22" stroke-dasharray="4 3"/>'
            )
    total = _GAP + len(answers) * (_WIDTH + _GAP)
    parts += _lines(answers, reached[rows // 2], low, span, total, 2 * _GAP + height)
    tall = 3 * _GAP + height + _LINE_HEIGHT
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total} {tall}" '
    head += 'font-family="sans-serif" font-size="13">'
    white = f'<rect width="{total}" height="{tall}" fill="white"/>'
    return "\n".join([head, white, *parts, "</svg>"]) + "\n"


def _lines(
    answers: dict[Padding, NDArray[np.float64]],
    reached: NDArray[np.bool_],
    low: float,
    span: float,
    total: int,
    top: int,
) -> list[str]:
    """Return the middle row of every answer as a line, on a ground that shows the reach."""
    wide = total - 2 * _GAP
    cell = wide / len(reached)
    before, behind = _ends(reached)
    shaded = [(0, before), (len(reached) - behind, len(reached))]
    parts = [
        f'<rect x="{_GAP + first * cell:.2f}" y="{top}" width="{(last - first) * cell:.2f}" '
        f'height="{_LINE_HEIGHT}" fill="#fdebd0"/>'
        for first, last in shaded
    ]
    for padding, answer in answers.items():
        heights = top + _LINE_HEIGHT * (1 - (answer[answer.shape[0] // 2] - low) / span)
        points = " ".join(f"{_GAP + (k + 0.5) * cell:.2f},{y:.2f}" for k, y in enumerate(heights))
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{_COLOURS[padding]}" '
            f'stroke-width="1.5" stroke-dasharray="{_DASHES[padding]}"/>'
        )
    where = f"middle row; padding reaches {before} voxels from the left, {behind} from the right"
    return [*parts, f'<text x="{_GAP}" y="{top + _LINE_HEIGHT + 18}">{where}</text>']


def _ends(reached: NDArray[np.bool_]) -> tuple[int, int]:
    free = np.flatnonzero(~reached)
    if not free.size:
        return len(reached), len(reached)
    return int(free[0]), len(reached) - 1 - int(free[-1])


def _free_box(reached: NDArray[np.bool_]) -> tuple[int, int, int, int] | None:
    """Return top, left, bottom and right of the part that padding does not reach, if any."""
    free = np.argwhere(~reached)
    if not free.size:
        return None
    (top, left), (bottom, right) = free.min(axis=0), free.max(axis=0) + 1
    return int(top), int(left), int(bottom), int(right)


def _png(grey: NDArray[np.float64]) -> bytes:
    """Return an 8-bit grey PNG (ISO/IEC 15948): header, one deflated stream, end."""
    rows, columns = grey.shape
    lines = np.zeros((rows, columns + 1), dtype=np.uint8)  # each line begins with filter type 0
    lines[:, 1:] = grey

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = struct.pack(">IIBBBBB", columns, rows, 8, 0, 0, 0, 0)
    body = zlib.compress(lines.tobytes(), 9)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
