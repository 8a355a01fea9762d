"""Write a small data set with planted faults, evaluate it, check that exactly those are reported.

DIR (edgewise-demo) gets the folders reference, prediction and results.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .messages import tell_inputs, tell_problems
from .options import add_format
from .printer import complain, say
from .tables import print_summary

if TYPE_CHECKING:
    import argparse

    from edgewise.evaluation import Evaluation

__all__ = ["HELP", "NAME", "add_arguments", "execute"]

NAME: Final = "demo"
HELP: Final = "see it work on twelve small cases with planted faults"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of this command."""
    parser.add_argument("directory", nargs="?", metavar="DIR", default="edgewise-demo")
    add_format(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from edgewise.evaluation import Config, Execution, Pairs, run
    from edgewise.simulate import DEMO_LABELS, write_demo

    folder = Path(arguments.directory)
    data = write_demo(folder)
    if not arguments.quiet:
        planted = ", ".join(f"{code} in {case}" for case, code in data.faults.items())
        say(f"written {folder}/: 12 cases with planted faults: {planted}")
    pairs = Pairs.from_folders(data.reference, data.prediction)
    config = Config.create(labels=DEMO_LABELS)
    if not arguments.quiet:
        tell_inputs(pairs)
    out = folder / "results"
    result = run(pairs, config, Execution(), out=out)
    tell_problems(result, arguments.color, verbose=False, quiet=arguments.quiet)
    policies: dict[str, Any] = {}
    print_summary(result, policies, arguments)
    surprises = _surprises(result, dict(data.faults))
    for text in surprises:
        complain("error", text, arguments.color)
    if surprises:
        return 1
    if not arguments.quiet:
        say(f"exactly the planted faults were reported; tables are in {out}/")
        paths = f"{data.reference} {data.prediction}"
        say(f"next: edgewise evaluate {paths} --labels 1:liver,2:tumour -o {out}")
    return 0


def _surprises(result: Evaluation, planted: dict[str, str]) -> list[str]:
    """Differences between what was planted and what was reported."""
    reported = {}
    for row in result.cases.rows():
        codes = [row["error_code"], *row["warnings"].split(";")]
        found = [code for code in codes if code]
        if found:
            reported[row["case"]] = ", ".join(found)
    names = dict.fromkeys([*planted, *reported])
    return [
        f"{name}: planted {planted.get(name, 'nothing')}, reported {reported.get(name, 'nothing')}"
        for name in names
        if planted.get(name) != reported.get(name)
    ]
