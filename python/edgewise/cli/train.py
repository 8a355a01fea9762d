"""Train a network on a folder of images and a folder of label maps.

Images are NAME.nii.gz or NAME_0000.nii.gz, NAME_0001.nii.gz, ... (channels), label maps
NAME.nii.gz, in any format that edgewise reads. The run's folder gets model.json and
weights.safetensors for `edgewise predict --run`, log.csv, progress.svg and checkpoints. A run that
was stopped goes on with the same command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .network_sizes import read_sizes
from .printer import complain, put, say

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from edgewise.models.training import FitResult, FolderOptions, FolderRun

__all__ = ["HELP", "NAME", "add_arguments", "execute"]

NAME: Final = "train"
HELP: Final = "train a network on images and label maps"

_LARGEST_CACHE: Final = 1e9  # GiB
_SCHEMES: Final = ("zscore", "ct", "window", "minmax", "none")


def _whole_numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.replace("x", ",").split(","))


def _spacing(text: str) -> str | tuple[float, ...] | None:
    if text in ("median", "keep"):
        return text
    return tuple(float(part) for part in text.replace("x", ",").split(","))


_whole_numbers.__name__ = "sizes"
_spacing.__name__ = "spacing"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of this command."""
    parser.add_argument("images", metavar="IMAGES", help="folder of images")
    parser.add_argument("labels_folder", metavar="LABELS", help="folder of label maps")
    parser.add_argument("-o", "--out", required=True, metavar="RUN", help="folder of the run")
    _add_network(parser)
    _add_data(parser)
    _add_training(parser)
    _add_measuring(parser)
    _add_running(parser)


def _add_network(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("network")
    group.add_argument("--model", default="unet3d", metavar="NAME", help="of `edgewise models`")
    group.add_argument("--sizes", metavar="S", help="such as base=16,depth=3, or a JSON object")
    group.add_argument(
        "--patch", type=_whole_numbers, metavar="A,B,C", help="voxels (median shape, at most 128)"
    )


def _add_data(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("data")
    group.add_argument("--labels", metavar="L", help="1,2 or 1:liver,2:tumour (all that occur)")
    group.add_argument("--ignore-label", type=int, metavar="N", help="counts nowhere")
    group.add_argument(
        "--spacing", type=_spacing, default="median", metavar="MM",
        help="of prepared images: A,B,C, median or keep (median)",
    )  # fmt: skip
    group.add_argument(
        "--normalization", choices=_SCHEMES, default="zscore", help="of intensities (zscore)"
    )
    group.add_argument("--no-crop", action="store_true", help="keep borders of zeros")
    group.add_argument(
        "--validation", default="0.2", metavar="SHARE|DIR",
        help="held out (0.2); or a folder with folders of the same names as IMAGES and LABELS",
    )  # fmt: skip


def _add_training(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("training")
    group.add_argument("--epochs", type=int, default=1000, metavar="N", help="(1000)")
    group.add_argument("--iterations", type=int, default=250, metavar="N", help="per epoch (250)")
    group.add_argument("--batch-size", type=int, default=2, metavar="N", help="patches (2)")
    group.add_argument("--loss", default="dice_ce", metavar="NAME", help="(dice_ce)")
    group.add_argument(
        "--optimizer", choices=("sgd_nesterov", "sgd", "adamw", "adam"), default="sgd_nesterov"
    )
    group.add_argument("--lr", type=float, default=1e-2, metavar="R", help="learning rate (0.01)")
    group.add_argument("--momentum", type=float, default=0.99, metavar="M", help="of SGD (0.99)")
    group.add_argument("--weight-decay", type=float, default=3e-5, metavar="W", help="(3e-5)")
    group.add_argument(
        "--schedule", choices=("poly", "cosine", "one_cycle", "constant"), default="poly"
    )
    group.add_argument("--warmup", type=int, default=0, metavar="N", help="steps (0)")
    group.add_argument(
        "--oversample", type=float, default=0.33, metavar="P", help="of foreground (0.33)"
    )
    group.add_argument("--grad-clip", type=float, default=12.0, metavar="G", help="0 is none (12)")
    group.add_argument("--ema", type=float, metavar="D", help="average of the weights, as 0.999")
    group.add_argument("--augmentation", choices=("full", "light", "none"), default="full")
    group.add_argument("--amp", choices=("auto", "off", "bfloat16", "float16"), default="auto")
    group.add_argument("--seed", type=int, default=0, metavar="N", help="(0)")


def _add_measuring(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("held-out cases")
    group.add_argument(
        "--metrics", default="dice", metavar="IDS", help="the first chooses the best epoch (dice)"
    )
    group.add_argument("--validate-every", type=int, default=1, metavar="N", help="epochs (1)")
    group.add_argument(
        "--patience", type=int, metavar="N", help="stop after so many without a gain"
    )


def _add_running(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how it is run")
    group.add_argument("-j", "--workers", type=int, default=2, metavar="N", help="threads (2)")
    group.add_argument("--device", metavar="D", help="such as cuda (cuda if there is one)")
    group.add_argument("--deterministic", action="store_true", help="only repeatable algorithms")
    group.add_argument("--cache", type=float, default=2.0, metavar="GIB", help="of cases (2)")
    group.add_argument("--stop-after", type=int, metavar="N", help="pause after epoch N")
    group.add_argument("--restart", action="store_true", help="forget an earlier run in RUN")
    group.add_argument("--json", action="store_true", help="stdout is exactly one JSON document")


def execute(arguments: argparse.Namespace) -> int:
    """Run the command."""
    from edgewise._extras import require
    from edgewise.errors import ConfigError

    require("torch", extra="models")
    from edgewise.models.training import open_folders, run_lock

    if not 0 <= arguments.cache < _LARGEST_CACHE:
        message = f"--cache must be a number of GiB of at least 0, got {arguments.cache:g}"
        raise ConfigError(message)
    options = _options(arguments)
    with run_lock(arguments.out):
        run = open_folders(
            arguments.images,
            arguments.labels_folder,
            arguments.out,
            options,
            resume=not arguments.restart,
            cache_bytes=int(arguments.cache * 2**30),
            workers=arguments.workers,
        )
        if not arguments.quiet:
            _tell_plan(run, arguments)
        result = _fit(run, arguments)
    _report(result, arguments)
    return 0


def _options(arguments: argparse.Namespace) -> FolderOptions:
    from edgewise.models.training import Augmentation, FolderOptions

    spacing = arguments.spacing
    return FolderOptions(
        model=arguments.model,
        sizes=read_sizes(arguments.sizes),
        labels=_labels(arguments.labels),
        ignore_label=arguments.ignore_label,
        patch_size=arguments.patch,
        spacing=None if spacing == "keep" else spacing,
        normalization=arguments.normalization,
        crop=not arguments.no_crop,
        validation=_share_or_folder(arguments.validation),
        flips=Augmentation.named(arguments.augmentation).flip,
        seed=arguments.seed,
    )


def _share_or_folder(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _labels(text: str | None) -> dict[int, str] | None:
    from edgewise.errors import ConfigError
    from edgewise.evaluation.labels import read_labels

    if text is None or text == "auto":
        return None
    chosen = read_labels(text)
    if isinstance(chosen.labels, str) or chosen.regions:
        message = f"--labels must name labels, such as 1:liver,2:tumour, got {text!r}"
        raise ConfigError(message)
    return dict(chosen.labels)


def _tell_plan(run: FolderRun, arguments: argparse.Namespace) -> None:
    described = run.description
    held = "none" if run.held_out is None else str(len(run.held_out))
    channels = f"{run.cases.channels} channel{'s' * (run.cases.channels != 1)}"
    parameters = sum(p.numel() for p in run.network.parameters())
    labels = [f"{label} {name}".strip() for label, name in _named(run).items()]
    say(f"network    {described.name}, {parameters:,} parameters")
    say(f"cases      {len(run.cases)} to train on, {held} held out, {channels}")
    say(f"labels     {', '.join(labels)}")
    say(f"patch      {' x '.join(map(str, described.patch_size))} voxels")
    spacing = (described.preprocessing or {}).get("spacing")
    if spacing is not None:
        say(f"spacing    {' x '.join(f'{s:g}' for s in spacing)} mm")
    say(f"run        {arguments.out}")


def _named(run: FolderRun) -> dict[int, str]:
    labels = run.description.labels or ()
    return {labels[k]: name for k, name in run.label_names.items()}


def _fit(run: FolderRun, arguments: argparse.Namespace) -> FitResult:
    import torch

    from edgewise.models.training import fit

    return fit(
        run.network,
        run.cases,
        patch_size=run.description.patch_size,
        batch_size=arguments.batch_size,
        iterations_per_epoch=arguments.iterations,
        epochs=arguments.epochs,
        loss=arguments.loss,
        optimizer=arguments.optimizer,
        lr=arguments.lr,
        momentum=arguments.momentum,
        weight_decay=arguments.weight_decay,
        schedule=arguments.schedule,
        warmup=arguments.warmup,
        oversample_foreground=arguments.oversample,
        grad_clip=arguments.grad_clip or None,
        amp=arguments.amp,
        ema=arguments.ema,
        seed=arguments.seed,
        augmentation=arguments.augmentation,
        ignore_label=run.ignore_label,
        validation=run.held_out,
        metrics=[part for part in arguments.metrics.split(",") if part],
        validate_every=arguments.validate_every,
        patience=arguments.patience,
        checkpoint_dir=arguments.out,
        resume=not arguments.restart,
        stop_after=arguments.stop_after,
        look_first=True,
        workers=arguments.workers,
        device=arguments.device or ("cuda" if torch.cuda.is_available() else "cpu"),
        deterministic=arguments.deterministic,
        tell=_teller(arguments),
    )


def _teller(arguments: argparse.Namespace) -> Callable[[str], None]:
    def tell(line: str) -> None:
        if "case set aside: " in line:
            complain("warning", line, arguments.color)
        elif not arguments.quiet:
            say(line)

    return tell


def _report(result: FitResult, arguments: argparse.Namespace) -> None:
    if arguments.json:
        from edgewise.evaluation.strict_json import json_text

        document = {
            "schema": "edgewise.trained/1",
            "stopped": result.stopped,
            "epochs": len(result.history),
            "best_epoch": result.best_epoch,
            "best_score": result.best_score,
            "weights": None if result.weights is None else str(result.weights),
            "set_aside": dict(result.problems),
            "history": [dict(row) for row in result.history],
        }
        put(json_text(document))
    if arguments.quiet:
        return
    if result.stopped == "paused":
        say(f"paused after epoch {len(result.history)}; the same command goes on")
        return
    say(f"best epoch {result.best_epoch}   weights {result.weights}")
    say(f"next: edgewise predict IMAGES --run {arguments.out} -o LABELS")
