"""Making batches ahead of time, in threads.

Threads, not processes: cutting, interpolating and unpacking release the interpreter's lock, the
cases in memory are shared, and nothing is left behind when a run is killed. The order is that of
the steps whatever the number of workers, and so are the values, since a batch depends on nothing
but its number.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, TypeVar

from edgewise.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["ahead"]

_EXTRA: Final = 2  # batches that wait, besides one per worker

Item = TypeVar("Item")


def ahead(make: Callable[[int], Item], steps: Iterable[int], *, workers: int) -> Iterator[Item]:
    """Yield ``make(step)`` for each step, in order, made by `workers` threads beforehand.

    Parameters
    ----------
    make : callable
        From the number of a step to what it needs; called from several threads.
    steps : iterable of int
        The steps.
    workers : int
        Threads; 0 makes each item when it is asked for.

    Yields
    ------
    object
        At most ``workers + 2`` are held at a time. An exception of `make` is raised in its turn.

    Raises
    ------
    ConfigError
        If `workers` is negative.
    """
    if workers < 0:
        message = f"workers must be 0 or more, got {workers}"
        raise ConfigError(message)
    if workers == 0:
        yield from map(make, steps)
        return
    waiting: deque[Future[Item]] = deque()
    executor = ThreadPoolExecutor(workers, thread_name_prefix="edgewise-batch")
    try:
        for step in steps:
            waiting.append(executor.submit(make, step))
            if len(waiting) >= workers + _EXTRA:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:  # also when the one who asks has left
        executor.shutdown(wait=True, cancel_futures=True)
