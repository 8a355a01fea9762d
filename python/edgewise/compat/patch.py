"""``python -m edgewise.compat.patch script.py``: run a script with the drop-ins in place.

``edgewise.patch`` does the same within a program.
"""

from __future__ import annotations

import argparse
import os
import runpy
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from edgewise.errors import EdgewiseError

from .replacement import Patch, patch, patched

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Patch", "main", "patch", "patched"]

_VARIABLE = "EDGEWISE_PATCH"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a script or module with libraries patched, then put them back.

    Returns
    -------
    int
        2 for wrong options or a library that is not there, else 0; a ``SystemExit`` or exception
        of the script passes through.
    """
    options = _parser().parse_args(arguments)
    names = [name for name in options.only.split(",") if name]
    try:
        active = patch(*names, corrected=options.corrected)
    except EdgewiseError as error:
        print(f"error  {error}", file=sys.stderr)  # noqa: T201
        return 2
    # worker processes of the script start anew
    os.environ.setdefault(_VARIABLE, ",".join(active.libraries))
    try:
        _run(options.target, options.arguments, module=options.module)
    finally:
        report = str(active)
        active.undo()
        os.environ.pop(_VARIABLE, None)
        if not options.quiet:
            print(report, file=sys.stderr)  # noqa: T201
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m edgewise.compat.patch",
        description="Run a script with functions of the libraries it uses replaced by edgewise's.",
    )
    parser.add_argument("--only", default="", metavar="NAMES", help="medpy,monai (default: all)")
    parser.add_argument("--corrected", action="store_true", help="mend the known faults as well")
    parser.add_argument("--quiet", action="store_true", help="do not say what was replaced")
    parser.add_argument("-m", dest="module", action="store_true", help="the target is a module")
    parser.add_argument("target", help="the script, or with -m the module")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="arguments of the script")
    return parser


def _run(target: str, arguments: Sequence[str], *, module: bool) -> None:
    argv, first = sys.argv, sys.path[0]
    sys.argv = [target, *arguments]
    try:
        if module:
            runpy.run_module(target, run_name="__main__", alter_sys=True)
        else:
            sys.path[0] = str(Path(target).resolve().parent)
            runpy.run_path(target, run_name="__main__")
    finally:
        sys.argv, sys.path[0] = argv, first


if __name__ == "__main__":
    # the module that everybody imports holds the state, not this one
    from edgewise.compat.patch import main as run

    raise SystemExit(run())
