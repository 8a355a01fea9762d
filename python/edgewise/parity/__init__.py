"""Whether a drop-in gives what the installed library gives: the same random calls to both.

`verify` draws arguments (shapes, types, memory layouts, empty and full masks, spacings, bad
arguments), calls the library and the drop-in with equal copies, and compares what comes back: the
value with its type, shape and dtype, changed arguments, or the type of the exception. Each entry
of a library's ``declared`` module is held to its own tier; one module per library draws its calls.
"""

from __future__ import annotations

from .run import Outcome, verify

__all__ = ["Outcome", "verify"]
