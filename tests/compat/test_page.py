"""The imports that the page of drop-ins recommends are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edgewise.errors import MissingExtraError

PAGE = Path(__file__).parents[2] / "docs" / "drop-ins.md"
IMPORTS = re.findall(r"\| `([^`]*edgewise\.compat[^`]*)` \|", PAGE.read_text())


@pytest.mark.parametrize("line", IMPORTS)
def test_an_import_of_the_page(line):
    try:
        exec(line, {})
    except MissingExtraError as error:
        pytest.skip(str(error))
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        pytest.skip(str(error))


def test_the_page_names_every_library():
    from edgewise.compat.catalogue import NAMES

    text = " ".join(IMPORTS)
    assert len(IMPORTS) >= 11
    assert all(name in text for name in NAMES)
