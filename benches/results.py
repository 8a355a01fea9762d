"""What a bench leaves: numbers as JSON, and a table, printed or between two marks of a page."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Marks", "add_results"]


@dataclass(frozen=True)
class Marks:
    """The lines of a page between which a table stands.

    Attributes
    ----------
    name : str
        ``<!-- NAME table -->`` comes before it, ``<!-- end of NAME table -->`` after it.
    """

    name: str

    @property
    def first(self) -> str:
        """The line before the table."""
        return f"<!-- {self.name} table -->"

    @property
    def last(self) -> str:
        """The line after it."""
        return f"<!-- end of {self.name} table -->"

    def check(self, page: Path, parser: argparse.ArgumentParser) -> None:
        """End with a sentence if a page does not have them: better before hours of measuring."""
        text = page.read_text() if page.is_file() else ""
        if not (self.first in text and self.last in text.partition(self.first)[2]):
            parser.error(f"--page {page} needs the lines {self.first} and {self.last}: add them")

    def deliver(self, document: dict[str, Any], table: str, options: argparse.Namespace) -> int:
        """Write what the flags ask for; return 1 if a row of the document has a problem."""
        if options.json:
            options.json.write_text(json.dumps(document, indent=1) + "\n")
        if options.page:
            self._put(table, options.page)
        else:
            print(table)
        return 1 if any("problem" in row for row in document["rows"]) else 0

    def _put(self, table: str, page: Path) -> None:
        """Replace what stands between them."""
        before, _, rest = page.read_text().partition(self.first)
        _, _, after = rest.partition(self.last)
        page.write_text(f"{before}{self.first}\n{table}\n{self.last}{after}")


def add_results(parser: argparse.ArgumentParser) -> None:
    """Add the flags that name the files."""
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--page", type=Path, metavar="FILE", help="put the table between its marks")
