"""What a time depends on: the processor, the versions, the number of threads."""

from __future__ import annotations

import contextlib
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import numpy as np

from edgewise._arguments import as_threads
from edgewise._core import __version__, simd_level  # noqa: TID251

from .contender import DISTRIBUTIONS

__all__ = ["machine", "set_threads"]

_VARIABLES: Final = (
    "EDGEWISE_NUM_THREADS",
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
    "OMP_NUM_THREADS",
    "OPENCV_FOR_THREADS_NUM",
    "RAYON_NUM_THREADS",
)
_SETTINGS: Final = {
    "SimpleITK": "ProcessObject.SetGlobalDefaultNumberOfThreads",
    "cv2": "setNumThreads",
    "torch": "set_num_threads",
}


def machine() -> dict[str, object]:
    """Return processor, cores, system, our instruction set, the versions of all that may be raced.

    The instruction set is the one that the kernels use; ``EDGEWISE_SIMD`` limits it.

    Examples
    --------
    >>> sorted(machine())
    ['cores', 'cpu', 'instructions', 'system', 'versions']
    """
    versions = {"edgewise": __version__, "Python": platform.python_version()}
    for distribution in sorted({"numpy", *DISTRIBUTIONS.values()}, key=str.lower):
        with contextlib.suppress(PackageNotFoundError):
            versions[distribution] = version(distribution)
    versions["numpy"] = np.__version__
    return {
        "cpu": _cpu(),
        "cores": _cores(),
        "instructions": simd_level(),
        "system": f"{platform.system()} {platform.machine()}",
        "versions": versions,
    }


def set_threads(threads: int) -> None:
    """Give every library that has a global setting the same number of threads.

    Libraries that are already loaded are told, others read the environment when they load. Those
    whose pool never changes again (rayon) keep what they found first: one process, one number.
    """
    for name in _VARIABLES:
        os.environ[name] = str(as_threads(threads))
    for name, setting in _SETTINGS.items():
        if name in sys.modules:
            target: Any = sys.modules[name]
            for part in setting.split("."):
                target = getattr(target, part)
            target(threads)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
