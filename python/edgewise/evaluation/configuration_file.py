"""Options from a TOML file, checked for unknown keys and for values of the wrong kind."""

from __future__ import annotations

import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from edgewise.errors import ConfigError

from .labels import LABEL_FILES

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["read_toml"]

_Kinds: TypeAlias = tuple[type, ...]

_TEXT: Final[_Kinds] = (str,)
_WHOLE: Final[_Kinds] = (int,)
_REAL: Final[_Kinds] = (int, float)
_TEXTS: Final[_Kinds] = (list, str)  # one text is a list of one
_POLICY: Final[_Kinds] = (str, int, float)
_KEYS: Final[Mapping[str, Mapping[str, _Kinds]]] = {
    "input": {
        "reference": _TEXT, "prediction": _TEXT, "ref_template": _TEXT, "pred_template": _TEXT,
        "manifest": _TEXT, "labels": (str, list, dict), "regions": (str, dict),
        "ignore_label": _WHOLE, "binary": (bool,), "threshold": _REAL, "geometry": _TEXT,
        "spacing": (int, float, list), "volume": _WHOLE, "nan": _TEXT, "max_bytes": _WHOLE,
        "include": _TEXTS, "exclude": _TEXTS, "limit": _WHOLE, "recursive": (bool,),
        "allow_outside": (bool,),
    },
    "metrics": {"names": (str, list), "preset": _TEXT, "nsd_tolerance": _REAL},
    "run": {
        "out": _TEXT, "workers": (int, str), "threads": (int, str), "timeout": _REAL,
        "retries": _WHOLE, "max_failures": _WHOLE, "allow_failures": (int, str),
    },
    "summary": {"missing": _POLICY, "both_empty": _POLICY, "one_empty": _POLICY},
    "gates": {"fail_under": _TEXTS},
}  # fmt: skip
_PATHS: Final = ("reference", "prediction", "ref_template", "pred_template", "manifest", "out")
_OF_TEXT: Final = ("include", "exclude", "names", "fail_under")  # what their lists hold
_WORDS: Final[Mapping[type, str]] = {
    str: "text", int: "a whole number", float: "a number", bool: "true or false", list: "a list",
    dict: "a table",
}  # fmt: skip


def read_toml(path: str | Path) -> dict[str, Any]:
    """Read options from a TOML file.

    Parameters
    ----------
    path : path
        Tables ``[input]``, ``[metrics]``, ``[run]``, ``[summary]``, ``[gates]``; keys are the flags
        with ``_``.

    Returns
    -------
    dict
        Option name to value; ``names`` of ``[metrics]`` is called ``metrics``. Relative paths are
        made relative to the file.

    Raises
    ------
    ConfigError
        If it cannot be read, a key is unknown (names the nearest one), or a value is of the wrong
        kind.
    """
    file = Path(path)
    options: dict[str, Any] = {}
    for table, entries in _content(file).items():
        _check_key(file, table, set(_KEYS), "table")
        if not isinstance(entries, dict):
            message = f"{file}: {table} must be a table: [{table}]"
            raise ConfigError(message)
        for key, value in entries.items():
            _check_key(file, key, set(_KEYS[table]), f"key in [{table}]")
            _check_kind(file, table, key, value)
            options["metrics" if key == "names" else key] = _option(file, table, key, value)
    return options


def _content(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        message = f"{file}: cannot read the configuration ({error})"
        raise ConfigError(message) from error
    except tomllib.TOMLDecodeError as error:
        message = f"{file}: {error}"
        raise ConfigError(message) from error


def _check_key(file: Path, key: str, known: set[str], what: str) -> None:
    if key not in known:
        near = get_close_matches(key, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(known))}"
        message = f"{file}: unknown {what} {key!r}; {hint}"
        raise ConfigError(message)


def _check_kind(file: Path, table: str, key: str, value: object) -> None:
    kinds = _KEYS[table][key]
    fits = isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))
    if key in _OF_TEXT and isinstance(value, list):
        fits = all(isinstance(item, str) for item in value)
    if not fits:
        wanted = " or ".join(_WORDS[k] for k in kinds if k is not int or float not in kinds)
        message = f"{file}: {key} in [{table}] must be {wanted}, got {value!r}"
        raise ConfigError(message)


def _option(file: Path, table: str, key: str, value: Any) -> Any:  # noqa: ANN401
    is_label_file = key == "labels" and isinstance(value, str) and value.endswith(LABEL_FILES)
    if key in _PATHS or is_label_file:
        return (file.parent / value).as_posix()
    if _KEYS[table][key] is _TEXTS and isinstance(value, str):
        return [value]
    if key == "labels" and isinstance(value, dict):
        return {_label(file, k): v for k, v in value.items()}
    return value


def _label(file: Path, key: str) -> int:
    if not key.isdecimal():
        message = f"{file}: labels: {key!r} is no label number"
        raise ConfigError(message)
    return int(key)
