"""Many cases at a time."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from .files import is_own

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["over_cases"]


def over_cases(
    measure: Callable[..., dict[str, Any]], cases: Sequence[tuple[Any, ...]], workers: int
) -> list[dict[str, Any]]:
    """Call a function with the arguments of each case, in their order.

    Files that are read here release Python's lock, so that threads do; a reader of another kind
    runs in processes, as nnU-Net runs it.

    Parameters
    ----------
    measure : callable
        Of a case.
    cases : sequence of tuple
        Its arguments; the same reader in all.
    workers : int
        Cases at a time.

    Raises
    ------
    ValueError
        If there is no worker.
    """
    if workers < 1:
        message = f"num_processes must be at least 1, got {workers}"
        raise ValueError(message)
    readers = [value for case in cases[:1] for value in case if hasattr(value, "read_seg")]
    workers = min(workers, len(cases))
    if workers < 2:
        return [measure(*case) for case in cases]
    if all(is_own(reader) for reader in readers):
        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(lambda case: measure(*case), cases))
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        return pool.starmap(measure, cases)
