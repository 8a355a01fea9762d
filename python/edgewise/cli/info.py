"""Show versions, optional packages and the processor; with files: grid, spacing and labels."""

from __future__ import annotations

import importlib.util
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .options import add_format
from .printer import complain, put, render, with_code

if TYPE_CHECKING:
    import argparse

__all__ = ["HELP", "NAME", "add_arguments", "execute"]

NAME: Final = "info"
HELP: Final = "versions; with files: grid, spacing and labels"

_EXTRAS: Final = {"tifffile": "io", "PIL": "io", "pandas": "tables"}
_SHOWN: Final = 20  # labels of a file
_FEATURES: Final = ("sse4_2", "avx2", "fma", "avx512f", "asimd")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of this command."""
    parser.add_argument("files", nargs="*", metavar="FILE", help="images or label maps")
    add_format(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from edgewise.evaluation.strict_json import json_text

    form = "json" if arguments.json else arguments.format
    code = 0
    if arguments.files:
        rows, code = _files(arguments)
        header = ["file", "shape", "dtype", "spacing", "orientation", "labels", "warnings"]
        document: dict[str, Any] = {"schema": "edgewise.files/1", "files": rows}
    else:
        rows = [{"what": k, "value": v} for k, v in _machine().items()]
        header = ["what", "value"]
        document = {"schema": "edgewise.info/1", **{r["what"]: r["value"] for r in rows}}
    if form == "json":
        put(json_text(document))
    else:
        body = [[_shown(row[h]) for h in header] for row in rows]
        put(render(header, body, form, set(header)))
    return code


def _machine() -> dict[str, str]:
    import numpy as np

    from edgewise import __version__
    from edgewise._arguments import as_threads

    found = {
        "edgewise": str(__version__),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "platform": platform.platform(),
        "cores": str(as_threads("auto")),
        "cpu features": " ".join(_features()) or "unknown",
    }
    for module, extra in _EXTRAS.items():
        there = importlib.util.find_spec(module) is not None
        found[module] = "installed" if there else f"missing: pip install 'edgewise[{extra}]'"
    return found


def _features() -> list[str]:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return []
    line = next((t for t in text.splitlines() if t.lower().startswith(("flags", "features"))), "")
    return [name for name in _FEATURES if name in line.split()]


def _files(arguments: argparse.Namespace) -> tuple[list[dict[str, Any]], int]:
    from edgewise.errors import EdgewiseError

    rows, code = [], 0
    for name in arguments.files:
        try:
            rows.append(_described(name))
        except EdgewiseError as error:
            complain("error", with_code(error), arguments.color)
            code = 3
    return rows, code


def _described(name: str) -> dict[str, Any]:
    """Return the grid of a file and, if it is a label map, the number of voxels per label."""
    from edgewise import io
    from edgewise.errors import EdgewiseError
    from edgewise.voxels import count_labels

    image = io.read(name)
    try:
        labels = {str(k): n for k, n in count_labels(io.as_labels(image).array).items()}
    except EdgewiseError:
        labels = {}
    return {
        "file": name,
        "shape": list(image.array.shape),
        "dtype": str(image.array.dtype),
        "spacing": list(image.spacing),
        "orientation": image.orientation,
        "labels": labels,
        "warnings": list(image.warnings),
    }


def _shown(cell: Any) -> str:  # noqa: ANN401
    if isinstance(cell, dict):
        more = f" and {len(cell) - _SHOWN} more" * (len(cell) > _SHOWN)
        shown = " ".join(f"{k}:{v}" for k, v in list(cell.items())[:_SHOWN])
        return f"{shown}{more}" or "no label map"
    if isinstance(cell, list):
        return " x ".join(f"{v:g}" if isinstance(v, float | int) else str(v) for v in cell)
    return str(cell)
