"""A plugin of pytest: patches the library that EDGEWISE_UPSTREAM names, and says what was called.

``pytest -p edgewise_patched`` with this folder on the import path. With EDGEWISE_UPSTREAM_CALLS the
numbers of calls go into that file: tests that never reach a drop-in prove nothing.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path

import edgewise

ACTIVE = None


def pytest_configure(config):
    global ACTIVE
    name = os.environ["EDGEWISE_UPSTREAM"]
    sys.path.append(os.environ.get("EDGEWISE_UPSTREAM_ROOT") or ".")
    if name == "surface_distance":
        _as_in_the_repository()
    if name.startswith("scipy"):
        _known_to_scipy(name)
    ACTIVE = edgewise.patch(name)
    if name.startswith("scipy"):
        _register(ACTIVE)


def pytest_unconfigure(config):
    calls = ACTIVE.calls
    ACTIVE.undo()
    told = os.environ.get("EDGEWISE_UPSTREAM_CALLS")
    if told:
        Path(told).write_text(json.dumps(calls))


def _as_in_the_repository():
    """The tests import `surface_distance.surface_distance.metrics`; numpy 2 has no `np.Inf`."""
    import numpy as np
    import surface_distance

    if not hasattr(np, "Inf"):
        vars(np)["Inf"] = np.inf
    sys.modules["surface_distance.surface_distance"] = surface_distance
    sys.modules["surface_distance.surface_distance.metrics"] = surface_distance.metrics
    surface_distance.surface_distance = surface_distance


def _known_to_scipy(name):
    importlib.import_module({"scipy_ndimage": "scipy.ndimage"}.get(name, "scipy.spatial"))


def _register(active):
    """SciPy's tests look up what a function can do by the function itself."""
    from scipy._lib._array_api import xp_capabilities_table as table

    from edgewise.compat.originals import MARK

    for place in active.replaced:
        module, _, function = place.partition(":")
        replacement = getattr(importlib.import_module(module), function)
        own = getattr(replacement, MARK)
        if own in table:
            table[replacement] = table[own]
