"""Every exception that edgewise raises on purpose.

::

    EdgewiseError                 exit code 1
      ShapeError    + ValueError  shapes differ, too many axes, an axis of length 0
      SpacingError  + ValueError  spacing not finite and positive, or one value too few
      LabelError    + ValueError  a value that is no label or no mask value
      GeometryError + ValueError  two grids differ
      ReadError     + OSError     a file cannot be read (exit code 3)
      ConfigError   + ValueError  an unknown name or an invalid option (exit code 2)
      InputError    + ValueError  nothing paired, duplicate cases, no such folder (exit code 3)
      CaseError                   one case failed (exit code 4)
      GateError                   a required number is not met (exit code 5)
      MissingExtraError + ImportError   an optional package is not installed

Each message is one sentence that names the argument or the file and says what to do. A metric that
is undefined is not an error: it is NaN or inf with a state.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "CaseError",
    "ConfigError",
    "EdgewiseError",
    "GateError",
    "GeometryError",
    "InputError",
    "LabelError",
    "MissingExtraError",
    "ReadError",
    "ShapeError",
    "SpacingError",
]


class EdgewiseError(Exception):
    """Root of the tree; `exit_code` is what the command line returns."""

    exit_code: ClassVar[int] = 1


class ShapeError(EdgewiseError, ValueError):
    """Shapes differ, an axis has length 0, or there are too many axes."""


class SpacingError(EdgewiseError, ValueError):
    """A spacing is not finite and positive, or their number is not that of the axes."""


class LabelError(EdgewiseError, ValueError):
    """A value is no label, or no mask value."""


class _CodedError(EdgewiseError):
    """An error about a file or a case, with the code that tables carry."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), str(self), self.code)


def _rebuild(cls: type[_CodedError], message: str, code: str) -> _CodedError:
    return cls(message, code=code)


class GeometryError(_CodedError, ValueError):
    """Two grids differ; the message says by how much and which option permits it."""

    exit_code = 4

    def __init__(self, message: str, *, code: str = "geometry_mismatch") -> None:
        super().__init__(message, code=code)


class ReadError(_CodedError, OSError):
    """A file cannot be read; the message names it and the reason."""

    exit_code = 3

    def __init__(self, message: str, *, code: str = "not_an_image") -> None:
        super().__init__(message, code=code)

    def __str__(self) -> str:  # OSError would print a one-element tuple
        return str(self.args[0])


class ConfigError(EdgewiseError, ValueError):
    """An unknown name or an invalid option; the message lists the valid ones."""

    exit_code = 2


class InputError(_CodedError, ValueError):
    """The inputs as a whole cannot be used: nothing paired, duplicates, no such folder."""

    exit_code = 3

    def __init__(self, message: str, *, code: str = "nothing_paired") -> None:
        super().__init__(message, code=code)


class CaseError(_CodedError):
    """One case failed; `case` names it, `code` says why."""

    exit_code = 4

    def __init__(self, message: str, *, case: str = "", code: str = "failed") -> None:
        super().__init__(message, code=code)
        self.case = case

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild_case, (str(self), self.case, self.code)


def _rebuild_case(message: str, case: str, code: str) -> CaseError:
    return CaseError(message, case=case, code=code)


class GateError(EdgewiseError):
    """A run does not reach a number that was required; the message lists all such numbers."""

    exit_code = 5


class MissingExtraError(EdgewiseError, ImportError):
    """An optional package is not installed; the message holds the pip line."""
