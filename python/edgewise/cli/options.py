"""Flags that several commands share, and what a configuration file adds to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

__all__ = [
    "DEFAULTS",
    "add_format",
    "add_general",
    "add_inputs",
    "add_measuring",
    "add_policies",
    "add_running",
    "chosen_pairs",
    "measuring",
    "merged",
    "policies",
]

DEFAULTS: Final[Mapping[str, Any]] = {
    "labels": "auto", "regions": None, "ignore_label": None, "binary": False, "threshold": None,
    "metrics": None, "preset": "edgewise", "nsd_tolerance": 1.0, "geometry": "strict",
    "spacing": None, "volume": None, "nan": None, "max_bytes": None,
    "missing": "penalize", "both_empty": "skip", "one_empty": "worst",
    "workers": "auto", "threads": "auto", "timeout": 600.0, "retries": 1, "max_failures": None,
    "allow_failures": None, "out": None, "ref_template": None, "pred_template": None,
    "manifest": None, "include": None, "exclude": None, "limit": None, "fail_under": None,
    "reference": None, "prediction": None, "recursive": False, "allow_outside": False,
}  # fmt: skip


def _whole_or_auto(text: str) -> int | str:
    return text if text == "auto" else int(text)


def _word_or_number(text: str) -> str | float:
    try:
        return float(text) if text != "nan" else text
    except ValueError:
        return text


def _floats(text: str) -> list[float]:
    return [float(part) for part in text.replace("x", ",").split(",")]


_whole_or_auto.__name__ = "number or auto"
_floats.__name__ = "spacing"


def add_general(parser: argparse.ArgumentParser) -> None:
    """Add how much is said, and in which colour."""
    group = parser.add_argument_group("messages")
    group.add_argument(
        "-q", "--quiet", action="store_true", help="errors only; results still appear"
    )
    group.add_argument("-v", "--verbose", action="count", default=0, help="every warning")
    group.add_argument("--color", choices=("auto", "always", "never"), default="auto")


def add_inputs(parser: argparse.ArgumentParser) -> None:
    """Add where the pairs come from."""
    parser.add_argument("reference", nargs="?", metavar="REFERENCE", help="folder or file")
    parser.add_argument("prediction", nargs="?", metavar="PREDICTION", help="folder or file")
    group = parser.add_argument_group("inputs")
    group.add_argument("--ref-template", metavar="T", help="such as 'labels/{case}/seg.nii.gz'")
    group.add_argument(
        "--pred-template", metavar="T", help="such as 'preds/{algorithm}/{case}.mha'"
    )
    group.add_argument("--manifest", metavar="FILE", help="CSV or TSV with case, ref, pred")
    group.add_argument(
        "--allow-outside",
        action="store_true",
        default=None,
        help="manifest paths may leave its folder",
    )
    group.add_argument(
        "--recursive", action="store_true", default=None, help="look into sub-folders"
    )
    group.add_argument("--include", action="append", metavar="GLOB", help="only such cases")
    group.add_argument("--exclude", action="append", metavar="GLOB", help="no such cases")
    group.add_argument("--limit", type=int, metavar="N", help="the first N cases")
    group.add_argument("--config", metavar="FILE", help="TOML file; flags win over it")


def add_measuring(parser: argparse.ArgumentParser) -> None:
    """Add what is measured."""
    group = parser.add_argument_group("what is measured")
    group.add_argument(
        "--labels", metavar="L", help="1,2 or 1:liver,2:tumour, a label file, auto or union"
    )
    group.add_argument("--regions", metavar="R", help="whole=1+2+3,core=2+3")
    group.add_argument("--ignore-label", type=int, metavar="N", help="reference label to leave out")
    group.add_argument(
        "--binary", action="store_true", default=None, help="everything that is not 0 is one label"
    )
    group.add_argument("--threshold", type=float, metavar="P", help="p >= P is foreground")
    group.add_argument(
        "--metrics", metavar="IDS", help="such as dice,hd95,nsd@2mm,hd95:medpy or all"
    )
    group.add_argument("--preset", metavar="NAME", help="convention of all metrics")
    group.add_argument("--nsd-tolerance", type=float, metavar="MM", help="for a bare nsd (1.0)")
    group.add_argument(
        "--geometry", choices=("strict", "resample", "ignore"), help="when grids differ (strict)"
    )
    group.add_argument(
        "--spacing", type=_floats, metavar="A,B,C", help="mm per array axis, instead of the files'"
    )
    group.add_argument("--volume", type=int, metavar="K", help="of files with a series: from 0")
    group.add_argument("--nan", choices=("background",), help="what NaN counts; else it is a fault")
    group.add_argument("--max-bytes", type=int, metavar="N", help="refuse larger arrays (memory)")


def add_running(parser: argparse.ArgumentParser) -> None:
    """Add how it is run."""
    group = parser.add_argument_group("how it is run")
    group.add_argument("-j", "--workers", type=_whole_or_auto, metavar="N", help="processes (auto)")
    group.add_argument("--threads", type=_whole_or_auto, metavar="N", help="per worker (auto)")
    group.add_argument("--timeout", type=float, metavar="S", help="per case; 0 is none (600)")
    group.add_argument("--retries", type=int, metavar="N", help="after a worker's death (1)")
    group.add_argument("--fail-fast", action="store_true", help="stop at the first failed case")
    group.add_argument("--max-failures", type=int, metavar="N", help="stop after N failed cases")
    group.add_argument(
        "--allow-failures", metavar="N|P%", help="exit 0 with so many failed or missing cases"
    )
    group.add_argument(
        "--progress", choices=("auto", "bar", "plain", "json", "none"), default="auto"
    )


def add_policies(parser: argparse.ArgumentParser) -> None:
    """Add what missing and empty values count in a summary."""
    group = parser.add_argument_group("what the summary counts")
    kinds = (
        ("--missing", "penalize, skip, zero, nan, error or a number"),
        ("--both-empty", "skip, best, worst or a number"),
        ("--one-empty", "worst, keep, skip or a number"),
    )
    for flag, text in kinds:
        group.add_argument(flag, type=_word_or_number, metavar="POLICY", help=text)


def add_format(parser: argparse.ArgumentParser) -> None:
    """Add how the table is printed."""
    group = parser.add_argument_group("output")
    group.add_argument("--json", action="store_true", help="stdout is exactly one JSON document")
    group.add_argument(
        "--format",
        choices=("table", "csv", "tsv", "json", "markdown", "latex"),
        default="table",
        help="of the table on stdout",
    )


def merged(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return all options: flags win over the configuration file, the file over the defaults."""
    given = {k: v for k, v in vars(arguments).items() if v is not None}
    path = given.get("config")
    stored: dict[str, Any] = {}
    if path is not None:
        from edgewise.evaluation.configuration_file import read_toml

        stored = read_toml(path)
        if {"reference", "prediction", "ref_template", "pred_template", "manifest"} & set(given):
            for key in ("reference", "prediction", "ref_template", "pred_template", "manifest"):
                stored.pop(key, None)
    return {**DEFAULTS, **stored, **given}


def measuring(options: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """Return the validated `Config` of the options."""
    from edgewise.evaluation.config import Config
    from edgewise.metrics import DEFAULT_METRICS

    spacing = options["spacing"]
    if isinstance(spacing, list) and len(spacing) == 1:
        spacing = spacing[0]
    return Config.create(
        labels=options["labels"],
        regions=options["regions"],
        ignore_label=options["ignore_label"],
        binary=bool(options["binary"]),
        threshold=options["threshold"],
        metrics=DEFAULT_METRICS if options["metrics"] is None else options["metrics"],
        preset=options["preset"],
        nsd_tolerance=options["nsd_tolerance"],
        geometry=options["geometry"],
        spacing=spacing,
        volume=options["volume"],
        nan=options["nan"],
        max_bytes=options["max_bytes"],
    )


def policies(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the three policies of the options, checked."""
    from edgewise.evaluation.summary import Policies

    chosen = {name: options[name] for name in ("missing", "both_empty", "one_empty")}
    Policies(**chosen)
    return chosen


def chosen_pairs(options: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """Return the `Pairs` that the options ask for."""
    from edgewise.errors import ConfigError
    from edgewise.evaluation.cases import Pairs
    from edgewise.evaluation.run import as_pairs

    reference = options["ref_template"] or options["reference"]
    prediction = options["pred_template"] or options["prediction"]
    if options["manifest"] is not None:
        if reference or prediction:
            message = "--manifest names the files itself; leave REFERENCE and PREDICTION out"
            raise ConfigError(message)
        found = Pairs.from_manifest(options["manifest"], allow_outside=options["allow_outside"])
    elif reference and not prediction and str(reference).endswith((".csv", ".tsv")):
        found = Pairs.from_manifest(reference, allow_outside=options["allow_outside"])
    elif not reference or not prediction:
        message = "give REFERENCE and PREDICTION (folders or files), templates, or --manifest"
        raise ConfigError(message)
    elif options["recursive"]:
        found = Pairs.from_folders(reference, prediction, recursive=True)
    else:
        found = as_pairs(reference, prediction)
    patterns = [options[k] or [] for k in ("include", "exclude")]
    if options["include"] or options["exclude"] or options["limit"] is not None:
        found = found.select(include=patterns[0], exclude=patterns[1], limit=options["limit"])
    return found
