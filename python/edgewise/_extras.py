"""Optional packages: imported where they are used, with the pip line when they are missing."""

from __future__ import annotations

import importlib
from typing import Any

from .errors import MissingExtraError

__all__ = ["require"]


def require(module: str, *, extra: str) -> Any:  # noqa: ANN401
    """Import `module`, or say which extra of edgewise brings it.

    Parameters
    ----------
    module : str
        Dotted name, such as ``"tifffile"``.
    extra : str
        Name of the extra in ``pip install 'edgewise[extra]'``.

    Returns
    -------
    module
        The imported module.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        top = module.partition(".")[0]
        message = f"{top} is needed for this and not installed: pip install 'edgewise[{extra}]'"
        raise MissingExtraError(message) from error
