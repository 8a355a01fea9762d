"""One training at a time in the folder of a run.

The lock is the operating system's, on a file ``run.lock``: it ends with the process that holds it,
however that ends, so nothing has to be cleared away after a kill. The file says who holds it. On
file systems without locks the file itself is the lock, and the process that it names is looked for:
one that has ended holds nothing.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import platform
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edgewise.errors import ConfigError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["run_lock"]

_FILE: Final = "run.lock"
_LONGEST: Final = 4096  # bytes that say who holds it; Windows locks the one behind them
_TAKEN: Final = frozenset({errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK})
_ATTEMPTS: Final = 20

_held: dict[Path, tuple[int, int]] = {}  # folder to process and thread
_guard: Final = threading.Lock()


@contextlib.contextmanager
def run_lock(folder: str | Path) -> Iterator[None]:
    """Hold the folder of a run while the block runs; it is made if it is not there.

    The thread that holds it may enter again.

    Raises
    ------
    ConfigError
        If another training is at work in it.
    OSError
        If it cannot be made, or written to.
    """
    folder = Path(folder)
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    key, me = folder.resolve(), (os.getpid(), threading.get_ident())
    with _guard:
        holder = _held.get(key)
        if holder is None:
            _held[key] = me
    if holder == me:
        yield
        return
    if holder is not None:
        raise _refusal(folder, {"process": holder[0]})
    try:
        with _locked(folder / _FILE):
            yield
    finally:
        with _guard:
            del _held[key]
        if is_new:  # nothing was begun in it
            with contextlib.suppress(OSError):
                folder.rmdir()


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    handle = _lock(path)
    try:
        yield
    finally:
        try:
            # removed while it is locked; who has opened it meanwhile sees that it is gone
            with contextlib.suppress(OSError):  # Windows keeps files that are open
                path.unlink()
        finally:
            os.close(handle)


def _lock(path: Path) -> int:
    """Return a handle on the file, locked.

    Raises
    ------
    ConfigError
        If somebody else holds it.
    """
    for _ in range(_ATTEMPTS):
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _claim(handle, path)
            if _is_still_there(path, handle):
                _sign(handle)
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)  # its holder has removed it in between
    raise _refusal(path.parent, {})


def _claim(handle: int, path: Path) -> None:
    """Lock an open file, or believe what it says where there are no locks."""
    try:
        if sys.platform == "win32":
            os.lseek(handle, _LONGEST, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = _holder(handle)
        if error.errno in _TAKEN:
            raise _refusal(path.parent, holder) from None
        if _may_live(holder):
            raise _refusal(path.parent, holder, remedy=f"remove {path} if it has ended") from None


def _is_still_there(path: Path, handle: int) -> bool:
    try:
        return path.stat().st_ino == os.fstat(handle).st_ino
    except FileNotFoundError:
        return False


def _sign(handle: int) -> None:
    os.ftruncate(handle, 0)
    os.lseek(handle, 0, os.SEEK_SET)
    os.write(handle, json.dumps({"process": os.getpid(), "machine": platform.node()}).encode())


def _holder(handle: int) -> dict[str, Any]:
    """Return what the file says; nothing if it says nothing yet."""
    try:
        os.lseek(handle, 0, os.SEEK_SET)
        return dict(json.loads(os.read(handle, _LONGEST)))
    except (OSError, ValueError, TypeError):
        return {}


def _may_live(holder: dict[str, Any]) -> bool:
    """Whether a process may still be at work: on other machines nobody can look."""
    process = holder.get("process")
    if not isinstance(process, int) or process == os.getpid():
        return False  # ours is in `_held` if it holds anything
    if holder.get("machine") != platform.node() or sys.platform == "win32":
        return True
    try:
        os.kill(process, 0)  # asks, sends nothing
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _refusal(folder: Path, holder: dict[str, Any], remedy: str = "") -> ConfigError:
    who = f"process {holder['process']}" if "process" in holder else "another process"
    if holder.get("machine") not in (None, "", platform.node()):
        who += f" on {holder['machine']}"
    message = f"{folder}: a training is at work here ({who}); wait for it, stop it, "
    return ConfigError(message + (f"{remedy}, " if remedy else "") + "or give another folder")
