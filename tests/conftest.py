"""What all tests share: hypothesis profiles, the import path of oracles and strategies, where real
data lies.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

TESTS = Path(__file__).resolve().parent
if str(TESTS) not in sys.path:
    sys.path.insert(0, str(TESTS))

_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
settings.register_profile(
    "ci", derandomize=True, deadline=None, max_examples=100, suppress_health_check=_QUIET
)
settings.register_profile("nightly", deadline=None, max_examples=2000, suppress_health_check=_QUIET)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_configure(config):
    """Leave full-size checks to `-m slow`."""
    if not config.option.markexpr:
        config.option.markexpr = "not slow"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder beside the project with data that is not part of it; skips when it is absent."""
    folder = TESTS.parent.parent / "shared"
    if not folder.is_dir():
        pytest.skip(f"no data folder at {folder.name}/ beside the project")
    return folder


@pytest.fixture(scope="session")
def zoo_arrays(shared):
    """Return a function: name of a file of stored answers of networks -> its arrays by name."""
    import numpy as np

    def read(name):
        path = shared / "fixtures" / "zoo" / f"{name}.npz"
        if not path.is_file():
            pytest.skip(f"no stored answers {name} beside the project")
        with np.load(path, allow_pickle=False) as archive:
            return dict(archive)

    return read


@pytest.fixture(scope="session")
def surface_distance_library():
    """DeepMind's surface-distance, which still writes `np.Inf`: the shim lives here, in tests
    only.
    """
    import numpy as np

    library = pytest.importorskip("surface_distance")
    if not hasattr(np, "Inf"):
        vars(np)["Inf"] = np.inf
    return library.metrics
