"""Segment images with a trained network, onto their own grids.

IMAGES is a folder, a file, or a manifest with the columns case and image (several channels:
case_0000, case_0001, ... or image_0, image_1, ...). The network is the folder of a training
(--run), a name with weights (--model), or one that nnU-Net trained (--checkpoint, with --plans).
A run that was stopped goes on with the same command.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING, Any, Final

from .network_sizes import read_sizes
from .printer import complain, put, say
from .progress import ProgressLine

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from edgewise.models.inference import CaseOutcome, FolderEvent

__all__ = ["HELP", "NAME", "add_arguments", "execute"]

NAME: Final = "predict"
HELP: Final = "segment images with a trained network"

_SCHEMES: Final = ("zscore", "minmax", "rgb", "none")
_BELONGING: Final = {  # what else describes the network, by the flag that names it
    "run": (),
    "model": ("weights", "sizes", "tile", "spacing", "normalization", "labels"),
    "checkpoint": ("plans", "dataset", "configuration"),
}


def _whole_numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.replace("x", ",").split(","))


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.replace("x", ",").split(","))


_whole_numbers.__name__ = "sizes"
_numbers.__name__ = "spacing"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of this command."""
    parser.add_argument("images", metavar="IMAGES", help="folder, file or manifest")
    parser.add_argument(
        "-o", "--out", required=True, metavar="DIR", help="folder of the label maps"
    )
    _add_network(parser)
    group = parser.add_argument_group("how it is run")
    group.add_argument(
        "--step", type=float, default=0.5, metavar="S", help="tiles this far apart (0.5)"
    )
    group.add_argument("--mirror", action="store_true", help="average over mirrored runs")
    group.add_argument("--batch-size", type=int, default=1, metavar="N", help="tiles at once (1)")
    group.add_argument("--device", metavar="D", help="such as cuda (cuda if there is one)")
    group.add_argument("--precision", choices=("float32", "bfloat16", "float16"), default="float32")
    group.add_argument("--deterministic", action="store_true", help="only repeatable algorithms")
    group.add_argument("--memory-limit", type=float, metavar="GIB", help="refuse cases beyond it")
    group.add_argument(
        "--image-spacing", type=_numbers, metavar="A,B,C", help="mm, instead of the files'"
    )
    group.add_argument("--overwrite", action="store_true", help="make label maps anew")
    group.add_argument("--json", action="store_true", help="stdout is exactly one JSON document")
    group.add_argument(
        "--progress", choices=("auto", "bar", "plain", "json", "none"), default="auto"
    )


def _add_network(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("network")
    group.add_argument("--run", metavar="DIR", help="folder of a training, with model.json")
    group.add_argument("--model", metavar="NAME", help="of `edgewise models`")
    group.add_argument("--weights", metavar="FILE", help="for --model")
    group.add_argument(
        "--sizes", metavar="S", help="for --model, such as base=16,classes=3, or a JSON object"
    )
    group.add_argument("--tile", type=_whole_numbers, metavar="A,B,C", help="for --model: voxels")
    group.add_argument(
        "--spacing", type=_numbers, metavar="A,B,C", help="for --model: mm that it was trained at"
    )
    group.add_argument("--normalization", choices=_SCHEMES, help="for --model (none)")
    group.add_argument("--plans", metavar="FILE", help="plans.json of nnU-Net")
    group.add_argument("--dataset", metavar="FILE", help="dataset.json of nnU-Net")
    group.add_argument(
        "--checkpoint", nargs="+", metavar="FILE", help="of nnU-Net; several folds are averaged"
    )
    group.add_argument("--configuration", metavar="NAME", help="of the plans, such as 3d_fullres")
    group.add_argument(
        "--labels", type=_whole_numbers, metavar="L", help="for --model: of each class"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from edgewise._extras import require
    from edgewise.errors import ConfigError

    require("torch", extra="models")
    from edgewise.models.inference import deterministic, predict_cases
    from edgewise.models.inference.forward import as_device

    if not arguments.out:
        message = "--out must name a folder, got ''"
        raise ConfigError(message)
    predictor = _predictor(arguments)
    told = _Told(arguments)
    mode = "none" if arguments.quiet else arguments.progress
    spacing = arguments.image_spacing
    if spacing is not None and len(spacing) == 1:
        spacing = spacing[0]
    with contextlib.ExitStack() as stack:
        if arguments.deterministic:  # before CUDA starts
            stack.enter_context(deterministic(None))
        predictor.network.to(as_device(predictor.execution.device))  # once, not for every case
        stack.enter_context(_terminations())
        told.line = stack.enter_context(ProgressLine(mode))
        try:
            outcomes = predict_cases(
                arguments.images, arguments.out, predictor,
                spacing=spacing, overwrite=arguments.overwrite, progress=told,
            )  # fmt: skip
        except _TerminatedError:
            complain("error", "terminated; the same command goes on from here", arguments.color)
            return 143
    _report(outcomes, arguments)
    return 4 if any(one.status == "failed" for one in outcomes) else 0


class _TerminatedError(KeyboardInterrupt):
    """SIGTERM: like Ctrl-C, with another exit code."""


@contextlib.contextmanager
def _terminations() -> Iterator[None]:
    """Let SIGTERM end the run between two instructions, so that nothing half is left."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise _TerminatedError

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _Told:
    """What is said while cases come: each failure once, and memory when it grows."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._arguments = arguments
        self._most = 0
        self.line: ProgressLine | None = None

    def __call__(self, event: FolderEvent) -> None:
        if self.line is not None:
            self.line(event)  # type: ignore[arg-type]  # the same fields
        memory = None if event.tile is None else event.tile.memory
        if memory is not None and memory.total > self._most:
            self._most = memory.total
            if not self._arguments.quiet:
                say(f"{event.case}: {memory}")
        outcome = event.outcome
        if outcome is not None and outcome.status == "failed":
            named = outcome.error_message.startswith(f"{outcome.case}:")
            text = outcome.error_message if named else f"{outcome.case}: {outcome.error_message}"
            complain("failed", f"{text}  [{outcome.error_code}]", self._arguments.color)


def _predictor(arguments: argparse.Namespace) -> Any:  # noqa: ANN401
    """Return the network that the flags name."""
    from edgewise.errors import ConfigError

    given = [flag for flag in _BELONGING if getattr(arguments, flag) is not None]
    if len(given) != 1:
        message = "name the network by one of --run, --model (with --weights and --tile), "
        message += f"--checkpoint; got {', '.join('--' + f for f in given) or 'none'}"
        raise ConfigError(message)
    for owner, flags in _BELONGING.items():
        odd = next((f for f in flags if getattr(arguments, f) is not None), None)
        if owner != given[0] and odd is not None:
            message = f"--{odd} goes with --{owner}; --{given[0]} says it already, leave it out"
            raise ConfigError(message)
    if given == ["run"]:
        return _of_run(arguments)
    return _of_model(arguments) if given == ["model"] else _of_plans(arguments)


def _execution(arguments: argparse.Namespace, mirror_axes: Sequence[int] = ()) -> Any:  # noqa: ANN401
    import torch

    from edgewise.errors import ConfigError
    from edgewise.models.inference import Execution

    limit = arguments.memory_limit
    if limit is not None and not 0 < limit < float("inf"):
        message = f"--memory-limit must be a positive number of GiB, got {limit:g}"
        raise ConfigError(message)
    return Execution(
        mirror_axes=tuple(mirror_axes) if arguments.mirror else (),
        batch_size=arguments.batch_size,
        device=arguments.device or ("cuda" if torch.cuda.is_available() else "cpu"),
        precision=arguments.precision,
        deterministic=arguments.deterministic,
        memory_limit=None if limit is None else max(int(limit * 2**30), 1),
    )


def _of_run(arguments: argparse.Namespace) -> Any:  # noqa: ANN401
    from edgewise.models.inference import Predictor, read_description

    axes = read_description(arguments.run).mirror_axes
    return Predictor.from_run(
        arguments.run, step=arguments.step, execution=_execution(arguments, axes)
    )


def _of_model(arguments: argparse.Namespace) -> Any:  # noqa: ANN401
    from edgewise.errors import ConfigError
    from edgewise.models import create_model
    from edgewise.models.inference import Predictor, Tiling
    from edgewise.models.preprocessing import Normalization, Preprocessing

    if arguments.weights is None or arguments.tile is None:
        message = "--model needs --weights FILE and --tile A,B,C"
        raise ConfigError(message)
    sizes = read_sizes(arguments.sizes)
    network = create_model(arguments.model, weights=arguments.weights, **sizes)
    spacing = arguments.spacing
    return Predictor(
        network=network,
        tiling=Tiling(tile=arguments.tile, step=arguments.step),
        preprocessing=Preprocessing(
            spacing=spacing,
            normalization=(Normalization(scheme=arguments.normalization or "none"),),
            crop_to_nonzero=False,
        ),
        execution=_execution(arguments, range(len(arguments.tile))),
        labels=arguments.labels,
    )


def _of_plans(arguments: argparse.Namespace) -> Any:  # noqa: ANN401
    from edgewise.models.inference import Predictor

    return Predictor.from_plans(
        arguments.plans,
        arguments.checkpoint,
        dataset=arguments.dataset,
        configuration=arguments.configuration,
        step=arguments.step,
        mirror=arguments.mirror,
        execution=_execution(arguments),
    )


def _report(outcomes: Sequence[CaseOutcome], arguments: argparse.Namespace) -> None:
    counts = {word: sum(o.status == word for o in outcomes) for word in ("ok", "kept", "failed")}
    if arguments.json:
        from dataclasses import asdict

        from edgewise.evaluation.strict_json import json_text

        put(json_text({"schema": "edgewise.predictions/1", "cases": [asdict(o) for o in outcomes]}))
    if arguments.quiet:
        return
    kept = f", {counts['kept']} kept from an earlier run" if counts["kept"] else ""
    failed = f", {counts['failed']} failed (see predictions.csv)" if counts["failed"] else ""
    say(f"written {arguments.out.rstrip('/')}/   {counts['ok']} label maps{kept}{failed}")
