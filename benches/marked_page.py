"""Put a table into a page of the docs, between two marks that the page has."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Marks", "add_page"]


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

    def put(self, table: str, page: Path) -> None:
        """Replace what stands between them."""
        before, _, rest = page.read_text().partition(self.first)
        _, _, after = rest.partition(self.last)
        page.write_text(f"{before}{self.first}\n{table}\n{self.last}{after}")


def add_page(parser: argparse.ArgumentParser) -> None:
    """Add the flag that names the page."""
    parser.add_argument("--page", type=Path, metavar="FILE", help="put the table between its marks")
