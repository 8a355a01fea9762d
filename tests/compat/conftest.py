"""The libraries that have a drop-in, and a visible skip for those that are not installed."""

from __future__ import annotations

import warnings

import pytest

from edgewise.compat.catalogue import library
from edgewise.errors import MissingExtraError
from edgewise.parity.run import installed_version


@pytest.fixture
def installed():
    """Returns what is declared of a library; skips if another version or none is installed."""

    def find(name):
        one = library(name)
        try:
            found = installed_version(one)
        except MissingExtraError as error:
            pytest.skip(str(error))
        if found != one.version:
            pytest.skip(f"{one.distribution} is at {found}, the drop-in reproduces {one.version}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pytest.importorskip(one.module)
        return one

    return find
