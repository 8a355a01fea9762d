"""What ``EDGEWISE_PATCH`` asks for, done when Python starts.

The package installs a line in ``edgewise_patch.pth`` that imports this module where the variable is
set. A mistake in it must not keep Python from starting: it is one line on stderr.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from edgewise.errors import EdgewiseError

from .replacement import patch

if TYPE_CHECKING:
    from .replacement import Patch

__all__ = ["start"]


def start(value: str | None = None) -> Patch | None:
    """Patch the libraries that a value names: ``"medpy,monai"``, or ``"all"`` that are installed.

    Parameters
    ----------
    value : str, optional
        Default: that of ``EDGEWISE_PATCH``.
    """
    asked = os.environ.get("EDGEWISE_PATCH", "") if value is None else value
    names = [name.strip() for name in asked.split(",") if name.strip()]
    try:
        return patch(*([] if names == ["all"] else names)) if names else None
    except EdgewiseError as error:
        print(f"warning  EDGEWISE_PATCH={asked}: {error}", file=sys.stderr)  # noqa: T201
        return None


start()
