"""Summarize the results of an earlier run under other policies; nothing is measured again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .options import add_format, add_policies, merged, policies
from .tables import print_summary

if TYPE_CHECKING:
    import argparse

__all__ = ["HELP", "NAME", "add_arguments", "execute"]

NAME: Final = "summarize"
HELP: Final = "means, intervals and worst cases of an earlier run"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of this command."""
    parser.add_argument("run", metavar="RUN", help="folder that evaluate wrote")
    add_policies(parser)
    add_format(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from edgewise.evaluation import Evaluation

    result = Evaluation.load(arguments.run)
    print_summary(result, policies(merged(arguments)), arguments)
    return 0
