"""The page of conformance from two measurements.

::

    edgewise compat --verify --calls 10000 --json > calls.json
    python tests/upstream/run.py --checkouts DIR --json suites.json
    python tests/upstream/page.py calls.json suites.json > docs/conformance.md
"""

from __future__ import annotations

import argparse
import json
import platform
from importlib.metadata import version
from pathlib import Path

from sources import SOURCES

from edgewise.compat.catalogue import library

INTRODUCTION = """\
# Conformance of the drop-ins

Two measurements, made by the commands below; `numpy {numpy}`, Python {python}.

## Random calls

The same random calls to the installed library and to its drop-in: values, types, shapes, dtypes,
changed arguments and types of exceptions are compared within the tier that each function declares
([reference](drop-ins-reference.md)). *Raised*: calls that the library refused. *Declared*: calls
that differ in a way that a named fault or note declares. *Undeclared* must be 0.
"""
SUITES = """\
## The libraries' own tests

Run with the library patched (`edgewise.patch`), so that every call of a replaced function reaches
the drop-in; *reached* counts those calls. Classes of MONAI and torchmetrics run through replaced
functions.
"""
COMMANDS = """\
## Commands

```
edgewise compat --verify --calls 10000 --json > calls.json
python tests/upstream/run.py --checkouts DIR --json suites.json
python tests/upstream/page.py calls.json suites.json > docs/conformance.md
```

DIR holds a checkout per library, named as in `tests/upstream/sources.py`; wheels and source
distributions need none.
"""


def of_calls(document: dict) -> list[str]:
    """One row per library, then the functions whose calls differ."""
    lines = [
        "| library | functions | calls of each | raised | declared | undeclared |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    found = document["functions"]
    for name in dict.fromkeys(row["library"] for row in found):
        rows = [row for row in found if row["library"] == name]
        one = library(name)
        sums = [sum(row[key] for row in rows) for key in ("raised", "declared", "undeclared")]
        calls = sorted({row["calls"] for row in rows})
        cells = [f"{one.distribution} {rows[0]['version']}", len(rows), f"{calls[0]:,}", *sums]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    differing = [row for row in found if row["declared"]]
    if differing:
        lines += ["", "Functions with declared differences, per cent of their calls:", ""]
        lines += [
            f"- `{row['library']}.{row['function']}` {100 * row['declared'] / row['calls']:.2g} %"
            for row in differing
        ]
    return [*lines, ""]


def of_suites(results: list[dict]) -> list[str]:
    """One row per file of tests, then every deselected test with its reason."""
    lines = [
        "| library | tests | from | passed | skipped | failed | deselected | reached |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    reasons = []
    for result in results:
        one, source = library(result["library"]), SOURCES[result["library"]]
        where = f"repository at {source.revision}" if source.where == "repository" else source.where
        label = f"{one.distribution} {result['version']}"
        if "skipped" in result:
            lines.append(f"| {label} | not run: {result['skipped']} | | | | | | |")
        for suite in result["suites"]:
            numbers = [suite["passed"], suite["skipped"], len(suite["failed"])]
            numbers += [suite["deselected"], suite["calls"]]
            cells = [label, f"`{suite['suite']}`", where, *map(str, numbers)]
            lines.append(f"| {' | '.join(cells)} |")
        reasons += [
            f"- `{one.name}` `{suite.path}::{test}`: {why}."
            for suite in one.suites
            for test, why in suite.deselected
        ]
    if reasons:
        lines += ["", "Deselected, and why:", "", *reasons]
    return [*lines, ""]


def main() -> None:
    """Print the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("calls", type=Path)
    parser.add_argument("suites", type=Path)
    options = parser.parse_args()
    head = INTRODUCTION.format(numpy=version("numpy"), python=platform.python_version())
    lines = [head, *of_calls(json.loads(options.calls.read_text()))]
    lines += [SUITES, *of_suites(json.loads(options.suites.read_text())), COMMANDS]
    print("\n".join(lines), end="")


if __name__ == "__main__":
    main()
