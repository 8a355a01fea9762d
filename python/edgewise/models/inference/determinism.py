"""Runs that can be repeated: seeds and algorithms fixed for a while, and put back afterwards."""

from __future__ import annotations

import os
import random
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from edgewise.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["NotDeterministicWarning", "Seeds", "deterministic"]

_WORKSPACE: Final = "CUBLAS_WORKSPACE_CONFIG"
_LARGEST: Final = 2**32 - 1  # of NumPy's global generator


class NotDeterministicWarning(UserWarning):
    """Something in this process keeps a run from being repeatable; the message names it."""


@dataclass(frozen=True, slots=True)
class Seeds:
    """What a data loader needs to be repeatable as well.

    Attributes
    ----------
    seed : int
        That everything was seeded with.
    generator : torch.Generator
        For ``DataLoader(generator=...)``: the order, and the seeds of workers.
    """

    seed: int
    generator: torch.Generator = field(default_factory=torch.Generator)

    @staticmethod
    def worker(_: int) -> None:
        """Seed Python and NumPy in a worker, for ``DataLoader(worker_init_fn=...)``.

        torch has seeded itself there already, differently in each worker.
        """
        _seed_python(torch.initial_seed() % (_LARGEST + 1))


def _seed_python(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - libraries that we do not control draw from it


@contextmanager
def deterministic(seed: int | None) -> Iterator[Seeds | None]:
    """Fix seeds and algorithms: the same work gives the same bits, on the same machine.

    Inside, torch uses deterministic algorithms, cuDNN does not choose by timing, and Python,
    NumPy and torch are seeded; afterwards all is as before. It is a setting of the process, not
    of a thread.

    Parameters
    ----------
    seed : int or None
        In [0, 2^32). None leaves the random numbers alone and fixes the algorithms only.

    Yields
    ------
    Seeds or None
        A generator and a worker function for data loaders; None without a seed.

    Raises
    ------
    ConfigError
        If the seed is out of range.

    Notes
    -----
    An operation without a deterministic algorithm (on CUDA: the gradients of bilinear up-sampling
    and of adaptive pooling, ``max_unpool``, some scattered sums) runs all the same, and torch
    warns and names it. cuBLAS is deterministic only if CUBLAS_WORKSPACE_CONFIG was set before CUDA
    started: entering later warns with `NotDeterministicWarning`.

    Examples
    --------
    >>> import torch
    >>> def draw():
    ...     with deterministic(7):
    ...         return torch.rand(2)
    >>> bool((draw() == draw()).all())
    True
    """
    if seed is not None and not (hasattr(seed, "__index__") and 0 <= seed <= _LARGEST):
        message = f"seed must lie in [0, 2^32), got {seed!r}"
        raise ConfigError(message)
    if torch.cuda.is_initialized() and _WORKSPACE not in os.environ:
        text = (
            f"CUDA started before deterministic(): cuBLAS may not repeat its sums; set {_WORKSPACE}"
        )
        warnings.warn(f"{text}=:4096:8 before", NotDeterministicWarning, stacklevel=3)
    algorithms, cudnn = _algorithms(), _cudnn()
    workspace = os.environ.get(_WORKSPACE)
    states = None if seed is None else _random_states()
    os.environ.setdefault(_WORKSPACE, ":4096:8")
    try:
        torch.use_deterministic_algorithms(mode=True, warn_only=True)
        torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic = False, True
        if seed is None:
            yield None
        else:
            _seed_python(seed)
            torch.manual_seed(seed)
            seeds = Seeds(seed)
            seeds.generator.manual_seed(seed)
            yield seeds
    finally:
        torch.use_deterministic_algorithms(mode=algorithms[0], warn_only=algorithms[1])
        torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic = cudnn
        if workspace is None:
            os.environ.pop(_WORKSPACE, None)
        if states is not None:
            _put_back(states)


def _algorithms() -> tuple[bool, bool]:
    return (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )


def _cudnn() -> tuple[bool, bool]:
    return torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic


@dataclass(frozen=True, slots=True)
class _RandomStates:
    python: tuple[object, ...]
    numpy: dict[str, object]
    torch: torch.Tensor
    cuda: list[torch.Tensor]


def _random_states() -> _RandomStates:
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []
    numpy = np.random.get_state(legacy=False)  # noqa: NPY002
    return _RandomStates(random.getstate(), dict(numpy), torch.get_rng_state(), cuda)


def _put_back(states: _RandomStates) -> None:
    random.setstate(states.python)
    np.random.set_state(states.numpy)  # noqa: NPY002
    torch.set_rng_state(states.torch)
    if states.cuda:
        torch.cuda.set_rng_state_all(states.cuda)
