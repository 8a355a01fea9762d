"""Parsing the command line and turning errors into exit codes.

Nothing heavy is imported here: help and version answer without numpy.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edgewise.errors import EdgewiseError

from . import (
    bench,
    check,
    compat,
    demo,
    evaluate,
    info,
    metrics,
    models,
    pair,
    predict,
    summarize,
    train,
)
from .options import add_general
from .printer import complain, flush, put, say, with_code

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["build_parser", "main"]

_COMMANDS: Final = (
    evaluate,
    check,
    pair,
    summarize,
    metrics,
    info,
    demo,
    bench,
    compat,
    models,
    train,
    predict,
)
_ALIASES: Final = {"evaluate": ["eval"]}
_EPILOG: Final = """\
exit codes: 0 done; 1 cannot write, internal error; 2 wrong usage; 3 nothing to evaluate;
4 finished, but a case failed or is missing; 5 a gate is not met; 130, 143 interrupted
"""


class _Version(argparse.Action):
    """Print the version; the compiled module is loaded only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from edgewise import __version__

        put(f"edgewise {__version__}")
        parser.exit()


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = argparse.ArgumentParser(
        prog="edgewise",
        description="Measure how good segmentations are.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    for command in _COMMANDS:
        sub = commands.add_parser(
            command.NAME,
            help=command.HELP,
            description=command.__doc__,
            aliases=_ALIASES.get(command.NAME, []),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        command.add_arguments(sub)
        add_general(sub)
        sub.set_defaults(execute=command.execute)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments without the program's name. Default: those of the process.

    Returns
    -------
    int
        The exit code.
    """
    _settle_streams()
    parser = build_parser()
    try:
        arguments = parser.parse_args(argv)
    except SystemExit:
        flush()  # the help, which may meet a closed pipe
        raise
    if arguments.command is None:
        parser.print_help(sys.stderr)
        return 2
    return _guarded(arguments)


def _settle_streams() -> None:
    """Arrange that neither a closed stream nor a file name can stop a report."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # started with >&-
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
        stream = getattr(sys, name)
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _guarded(arguments: argparse.Namespace) -> int:
    """Run the command; what went wrong on purpose is one sentence, never a traceback."""
    try:
        code: int = arguments.execute(arguments)
    except EdgewiseError as error:
        complain("error", with_code(error), arguments.color)
        return error.exit_code
    except OSError as error:
        complain(
            "error", f"{error.filename or 'output'}: {error.strerror or error}", arguments.color
        )
        return 1
    except KeyboardInterrupt:
        complain("error", "interrupted", arguments.color)
        return 130
    except Exception as error:  # noqa: BLE001
        _report_bug(error, arguments)
        return 1
    return code


def _report_bug(error: Exception, arguments: argparse.Namespace) -> None:
    """Say what nobody foresaw in one sentence; -vv shows where it happened."""
    text = " ".join(str(error).split())
    more = "" if arguments.verbose > 1 else "; -vv shows where"
    complain("error", f"internal error: {type(error).__name__}: {text}{more}", arguments.color)
    if arguments.verbose > 1:
        import traceback

        say("".join(traceback.format_exception(error)))
