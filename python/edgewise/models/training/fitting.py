"""`fit`: train a network on patches of volumes."""

from __future__ import annotations

import contextlib
import operator
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import torch

import edgewise
from edgewise.errors import ConfigError, ReadError, ShapeError
from edgewise.models.inference import deterministic as deterministic_algorithms
from edgewise.models.inference import segment
from edgewise.models.inference.forward import as_device
from edgewise.models.weights import read_state

from . import checkpoint
from .answers import answered_size
from .augmentation import Augmentation, AugmentationName
from .checkpoint import Progress
from .ema import ExponentialAverage
from .interrupts import remembered
from .loader import ahead
from .log import to_stderr
from .loop import Training
from .objective import LossFunction, Objective, loss_name, wants_deep_supervision
from .optimizers import make_optimizer
from .pool import CasePool, Needs
from .run_folder import RunFolder
from .run_lock import run_lock
from .settings import AmpMode, OptimizerName, Settings, check_count
from .step import Stepper, chosen_precision, seeded_devices
from .validation import Validation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from .data import Cases
    from .schedule import ScheduleName

__all__ = ["FitResult", "fit"]

_AXES: Final = (2, 3)


@dataclass(frozen=True, slots=True)
class FitResult:
    """What a training reached.

    Attributes
    ----------
    history : tuple of mapping
        One row per complete epoch, as in ``log.csv``: epoch (from 1), step, lr, loss and its
        parts, grad_norm, seconds, and for measured epochs the metrics (``dice``, ``dice[1]``, ...).
    best_epoch : int
        Whose weights are kept, counted from 1; 0 if none is yet. Without validation the last.
    best_score : float
        The first metric of that epoch; NaN without validation.
    stopped : {"done", "early", "paused"}
        Whether all epochs were trained, the metric did not get better any more, or `stop_after`
        was reached.
    weights : Path or None
        The file of the best weights; None without a folder.
    problems : mapping of str to str
        Cases that were set aside, and why.
    """

    history: tuple[Mapping[str, float], ...]
    best_epoch: int
    best_score: float
    stopped: str
    weights: Path | None
    problems: Mapping[str, str]


def fit(
    model: torch.nn.Module,
    dataset: Cases,
    *,
    patch_size: Sequence[int],
    batch_size: int = 2,
    iterations_per_epoch: int = 250,
    epochs: int = 1000,
    loss: str | LossFunction = "dice_ce",
    optimizer: OptimizerName = "sgd_nesterov",
    lr: float = 1e-2,
    momentum: float = 0.99,
    weight_decay: float = 3e-5,
    schedule: ScheduleName = "poly",
    power: float = 0.9,
    warmup: int = 0,
    oversample_foreground: float = 0.33,
    grad_clip: float | None = 12.0,
    amp: AmpMode = "auto",
    deep_supervision: bool | str = "auto",
    ema: float | None = None,
    seed: int = 0,
    augmentation: Augmentation | AugmentationName = "full",
    ignore_label: int | None = None,
    validation: Cases | None = None,
    metrics: Sequence[str] = ("dice",),
    validate_every: int = 1,
    patience: int | None = None,
    checkpoint_dir: str | Path | None = None,
    resume: bool = True,
    stop_after: int | None = None,
    look_first: bool = False,
    workers: int = 2,
    device: Any = None,  # noqa: ANN401
    deterministic: bool = False,
    tell: Callable[[str], None] | None = to_stderr,
) -> FitResult:
    """Train a network; called again with the same arguments, go on where it stopped.

    The defaults are nnU-Net's (Isensee et al. 2021, Nature Methods 18), with the learning rate
    falling per step instead of per epoch.

    Parameters
    ----------
    model : torch.nn.Module
        With ``spatial_dims``, ``in_channels`` and ``classes``, as all of `create_model`. Trained in
        place; afterwards it holds the weights of the best epoch (when it was paused: of the last),
        in evaluation mode.
    dataset : sequence
        Training cases, such as `FolderCases` or `ArrayCases`: items with ``image`` (C, ...),
        ``labels`` (...), ``spacing`` and ``name``. One that cannot be used is set aside with a line
        and its reason.
    patch_size : sequence of int
        Voxels of a patch per axis; a size that the network takes. Of an unpadded network the
        middle of a patch is answered: that part lies inside a case, zeros lie around the case.
    batch_size : int, default 2
        Patches per step.
    iterations_per_epoch, epochs : int, default 250 and 1000
        Steps of an epoch, epochs of the training.
    loss : str or callable, default "dice_ce"
        Name for `make_loss`, or ``loss(logits (N, C, ...), labels (N, ...)) -> Tensor``.
    optimizer : {"sgd_nesterov", "sgd", "adamw", "adam"}
        For transformers use "adamw" with ``lr=1e-4`` and ``weight_decay=0.05``.
    lr : float, default 0.01
        Largest learning rate.
    momentum : float, default 0.99
        Of SGD.
    weight_decay : float, default 3e-5
        Of all parameters.
    schedule : {"poly", "cosine", "one_cycle", "constant"}
        How the rate falls; see `Schedule`.
    power : float, default 0.9
        Of "poly".
    warmup : int, default 0
        Steps on which the rate rises first.
    oversample_foreground : float, default 0.33
        Sample j of a batch of B is centred on a voxel of a class that its case contains unless
        ``j < round(B * (1 - oversample_foreground))``: with B = 2 one of the two. Where that gives
        none or all, as with B = 1, each with this probability.
    grad_clip : float or None, default 12
        Largest norm of the gradient; None does not clip.
    amp : {"auto", "off", "bfloat16", "float16"}
        Mixed precision. "auto": bfloat16 on CUDA where it is native, else float16 (scaled); off on
        the CPU, where bfloat16 is faster only on processors with instructions for it.
    deep_supervision : {"auto", True, False}
        Whether auxiliary outputs count; "auto": if the network has them.
    ema : float, optional
        Decay of a moving average of the weights, such as 0.999; if given, the average is what is
        measured and kept.
    seed : int, default 0
        Of patches, changes and dropout. The initial weights are those of `model`.
    augmentation : Augmentation or {"full", "light", "none"}
        Random changes of the patches.
    ignore_label : int, optional
        Voxels with this label count nowhere.
    validation : sequence, optional
        Held-out cases. After every `validate_every` epochs they are predicted (sliding window of
        the patch size) and measured in the background while the next epoch trains.
    metrics : sequence of str, default ("dice",)
        Ids as in `edgewise.evaluate`; the first decides which epoch is the best.
    validate_every : int, default 1
        Epochs between two measurements; the last epoch is always measured.
    patience : int, optional
        Stop after so many measured epochs without a better one.
    checkpoint_dir : path, optional
        Folder of the run: ``run.json``, ``log.csv``, ``progress.svg``, ``cases.csv``,
        ``weights.safetensors`` (best epoch), ``checkpoint/``. Default: nothing is written.
    resume : bool, default True
        Whether to go on with the run in that folder; else it is begun anew.
    stop_after : int, optional
        Pause when this epoch is complete, as for a time limit.
    look_first : bool, default False
        Read all cases before the first step, so that bad ones are known at once.
    workers : int, default 2
        Threads that make batches; 0 makes them between the steps. The values are the same.
    device : device or str, optional
        Where to train. Default: where the model is.
    deterministic : bool, default False
        Only deterministic algorithms, which CUDA needs to repeat a run bit by bit; the CPU repeats
        it anyway.
    tell : callable or None
        Takes a line per epoch and per case that is set aside. Default: stderr.

    Returns
    -------
    FitResult
        History, best epoch, path of the weights.

    Raises
    ------
    ConfigError
        If an option is out of range, the folder holds a run with other settings (the sentence
        names them) or another process trains in it, or fewer than half of the cases can be used.
    ShapeError
        If the network does not take the patch size, or answers with no map of its classes.
    ReadError
        If the checkpoint or the weights of the folder's run are damaged or removed.
    OSError
        If the folder cannot be written to; the last complete checkpoint stays.
    EdgewiseError
        If loss or gradient are not finite, with epoch, step and what to try. The last checkpoint
        stays.
    KeyboardInterrupt
        After Ctrl-C; a checkpoint is written first (SIGTERM: SystemExit).

    Notes
    -----
    Every random number follows from (seed, epoch, step), so an interrupted run goes on to exactly
    the weights it would have reached: bit by bit on the CPU with the same number of torch's
    threads.

    References
    ----------
    .. [1] Isensee, F. et al., "nnU-Net: a self-configuring method for deep learning-based
       biomedical image segmentation", Nature Methods 18, 2021.
    """
    _check_model(model)
    settings = Settings(
        patch_size=_as_patch(patch_size, model.spatial_dims), batch_size=batch_size,
        iterations_per_epoch=iterations_per_epoch, epochs=epochs, loss=loss_name(loss),
        optimizer=optimizer, lr=lr, momentum=momentum, weight_decay=weight_decay,
        schedule=schedule, power=power, warmup=warmup,
        oversample_foreground=oversample_foreground, grad_clip=grad_clip, amp=amp,
        deep_supervision=wants_deep_supervision(model, deep_supervision), ema=ema, seed=seed,
        augmentation=_as_augmentation(augmentation), ignore_label=ignore_label,
        metrics=(metrics,) if isinstance(metrics, str) else tuple(metrics),
        validate_every=validate_every, patience=patience,
    )  # fmt: skip
    until = settings.epochs if stop_after is None else check_count("stop_after", stop_after)
    check_count("workers", workers, least=0)
    if patience is not None and validation is None:
        message = "patience needs validation cases to measure"
        raise ConfigError(message)
    objective = Objective(
        loss, deep_supervision=settings.deep_supervision, ignore_label=ignore_label
    )
    if device is not None:
        model.to(as_device(device))
    chosen_precision(amp, next(model.parameters()).device)
    answered = answered_size(model, settings.patch_size)
    say = tell or _silent
    needs = Needs(model.in_channels, model.spatial_dims, model.classes, ignore_label)
    pool = CasePool(dataset, needs, role="training", seed=seed, tell=say)
    held_out = None
    if validation is not None:
        held_out = CasePool(validation, needs, role="validation", seed=seed, tell=say)
    folder = None if checkpoint_dir is None else RunFolder(Path(checkpoint_dir))
    with (
        contextlib.nullcontext() if folder is None else run_lock(folder.path),
        _repeatable(deterministic=deterministic),
    ):
        if folder is not None:
            folder.open(_description(model, settings, pool, held_out), resume=resume)
        if look_first:
            for role in (pool, held_out):
                _look(role, workers)
        training = _assembled(
            model, objective, settings, folder, pool, held_out, answered, workers, say
        )
        try:
            with remembered() as interrupts:
                training.run(interrupts, until=until)
        finally:
            training.close()
        return _result(training, model, folder, [p for p in (pool, held_out) if p is not None])


def _look(pool: CasePool | None, workers: int) -> None:
    """Ask for every case once; the bad ones are set aside."""
    if pool is not None:
        deque(ahead(pool.get, range(len(pool)), workers=workers), maxlen=0)


def _silent(_: str) -> None:
    """Say nothing."""


def _check_model(model: torch.nn.Module) -> None:
    for name in ("spatial_dims", "in_channels", "classes"):
        if not hasattr(model, name):
            message = f"model needs the attribute {name}, {type(model).__name__} has none"
            raise ConfigError(message)
    if model.spatial_dims not in _AXES:
        message = f"model must have 2 or 3 spatial_dims, {type(model).__name__} has "
        message += f"{model.spatial_dims}"
        raise ShapeError(message)
    if not any(p.requires_grad for p in model.parameters()):
        message = f"model has no weights to train: no parameter of {type(model).__name__} has "
        message += "requires_grad"
        raise ConfigError(message)


def _as_patch(patch_size: Sequence[int], axes: int) -> tuple[int, ...]:
    try:
        sizes = tuple(operator.index(n) for n in patch_size)
    except TypeError:
        sizes = ()
    if sizes and min(sizes) < 1:
        message = f"patch_size must be positive, got {patch_size!r}"
        raise ConfigError(message)
    if len(sizes) != axes:
        message = f"patch_size must have one size per axis of the network ({axes}), "
        message += f"got {patch_size!r}"
        raise ShapeError(message)
    return sizes


def _as_augmentation(given: Augmentation | AugmentationName) -> Augmentation:
    return given if isinstance(given, Augmentation) else Augmentation.named(given)


def _description(
    model: torch.nn.Module, settings: Settings, pool: CasePool, held_out: CasePool | None
) -> dict[str, Any]:
    """Return what decides the result of a training, for ``run.json``."""
    return {
        "network": {
            "class": type(model).__name__,
            "parameters": sum(p.numel() for p in model.parameters()),
            "in_channels": model.in_channels,
            "classes": model.classes,
        },
        "settings": settings.to_dict(),
        "training_cases": list(pool.names),
        "validation_cases": [] if held_out is None else list(held_out.names),
        "versions": {"edgewise": edgewise.__version__, "torch": str(torch.__version__)},
    }


@contextlib.contextmanager
def _repeatable(*, deterministic: bool) -> Any:  # noqa: ANN401
    """Leave torch's random generators as they were, and choose its algorithms."""
    chosen = deterministic_algorithms(None) if deterministic else contextlib.nullcontext()
    with torch.random.fork_rng(devices=seeded_devices()), chosen:
        yield


def _assembled(
    model: torch.nn.Module,
    objective: Objective,
    settings: Settings,
    folder: RunFolder | None,
    pool: CasePool,
    held_out: CasePool | None,
    answered: tuple[int, ...],
    workers: int,
    tell: Callable[[str], None],
) -> Training:
    """Put the parts together, at the place where the last checkpoint left them."""
    device = next(model.parameters()).device
    optimizer = make_optimizer(model, settings)
    stepper = Stepper(model, objective, optimizer, settings, device)
    average = None if settings.ema is None else ExponentialAverage(model, settings.ema)
    progress = Progress()
    saved = None if folder is None else checkpoint.latest(folder.checkpoints)
    if saved is not None:
        progress = checkpoint.load_state(
            saved, model=model, optimizer=optimizer, scaler=stepper.scaler, average=average
        )
        tell(f"goes on after epoch {progress.epoch}, step {progress.step} of the next ({saved})")
    network = model if average is None else average.model
    labels = [k for k in range(1, model.classes) if k != settings.ignore_label]
    measured = None
    if held_out is not None:
        measured = Validation(
            held_out,
            lambda image: _label_map(network, image, settings, stepper.precision),
            metrics=settings.metrics,
            labels=labels,
            ignore_label=settings.ignore_label,
        )
    return Training(
        model=model, stepper=stepper, optimizer=optimizer, average=average, pool=pool,
        held_out=held_out, validation=measured, settings=settings, folder=folder,
        progress=progress, labels=labels, answered=answered, workers=workers, tell=tell,
    )  # fmt: skip


def _label_map(
    network: torch.nn.Module,
    image: NDArray[np.float32],
    settings: Settings,
    precision: torch.dtype | None,
) -> NDArray[Any]:
    if hasattr(network, "deep_supervision"):
        network.deep_supervision = False
    name: Any = "float32" if precision is None else str(precision).removeprefix("torch.")
    return segment(image, network, tile=settings.patch_size, precision=name)


def _result(
    training: Training, model: torch.nn.Module, folder: RunFolder | None, pools: Sequence[CasePool]
) -> FitResult:
    """Give the model the best weights, and say what was reached."""
    progress = training.progress
    weights = folder.weights if folder is not None and folder.weights.exists() else None
    if progress.finished:
        if folder is not None and weights is None:
            message = f"{folder.weights}: the run is finished and its weights are not there any "
            message += "more; train anew with resume=False, or in another folder"
            raise ReadError(message, code="no_such_file")
        best = training.best if weights is None else read_state(weights)
        model.load_state_dict(best)
    if hasattr(model, "deep_supervision"):
        model.deep_supervision = False
    model.eval()
    problems = {
        pool.names[k]: problem.message for pool in pools for k, problem in pool.problems.items()
    }
    return FitResult(
        tuple(progress.history), progress.best_epoch, progress.best_score,
        progress.finished or "paused", weights, problems,
    )  # fmt: skip
