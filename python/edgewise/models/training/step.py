"""One step of a training: forward, loss, backward, clipped gradient, update."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import torch

from edgewise.errors import ConfigError, EdgewiseError

if TYPE_CHECKING:
    from .batches import Batch
    from .objective import Objective
    from .settings import AmpMode, Settings

__all__ = ["NotFiniteError", "StepValues", "Stepper", "chosen_precision", "seeded_devices"]

_SMALLEST_SCALE: Final = 2.0**-14  # 30 halvings from the first: no factor is small enough


class NotFiniteError(EdgewiseError):
    """The loss or the gradient of a step is not finite."""


class StepValues(NamedTuple):
    """What a step reports: the loss, its parts by name, the norm of the gradient before clipping.

    The norm is not finite where the scaler of float16 skipped the step.
    """

    loss: float
    parts: dict[str, float]
    grad_norm: float


def chosen_precision(amp: AmpMode, device: torch.device) -> torch.dtype | None:
    """Return the type of mixed precision, None for none.

    Raises
    ------
    ConfigError
        For float16 on the CPU, whose range is too small without a scaler.
    """
    if amp == "float16" and device.type != "cuda":
        message = f"amp='float16' needs a CUDA device, the model is on {device}; use 'bfloat16'"
        raise ConfigError(message)
    if amp == "auto":
        if device.type != "cuda":
            return None
        return torch.bfloat16 if _has_bfloat16(device) else torch.float16
    return {"off": None, "bfloat16": torch.bfloat16, "float16": torch.float16}[amp]


def seeded_devices() -> list[int]:
    """Return the CUDA devices whose generators `torch.manual_seed` changes."""
    return list(range(torch.cuda.device_count())) if torch.cuda.is_initialized() else []


def _has_bfloat16(device: torch.device) -> bool:
    """Whether the device computes in bfloat16 itself; older ones imitate it, slowly."""
    with torch.cuda.device(device):
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))


class Stepper:
    """Takes the steps.

    Parameters
    ----------
    model : torch.nn.Module
        On `device`, in training mode.
    objective : Objective
        The loss of what the network returns.
    optimizer : torch.optim.Optimizer
        Of the model.
    settings : Settings
        Precision and clipping.
    device : torch.device
        Where the batches go.

    Attributes
    ----------
    scaler : torch.amp.GradScaler
        Switched off except for float16.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        objective: Objective,
        optimizer: torch.optim.Optimizer,
        settings: Settings,
        device: torch.device,
    ) -> None:
        self._model = model
        self._objective = objective
        self._optimizer = optimizer
        self._clip = math.inf if settings.grad_clip is None else settings.grad_clip
        self._device = device
        self.precision = chosen_precision(settings.amp, device)
        self.scaler = torch.amp.GradScaler(device.type, enabled=self.precision == torch.float16)
        self._weights = [p for group in optimizer.param_groups for p in group["params"]]

    def __call__(self, batch: Batch, lr: float) -> StepValues:
        """Update the weights by one batch.

        Raises
        ------
        NotFiniteError
            If loss or gradient are not finite; the weights are then as before, except running
            statistics.
        """
        images, labels = (self._moved(array) for array in (batch.images, batch.labels))
        self._optimizer.zero_grad(set_to_none=True)
        enabled = self.precision is not None
        with torch.autocast(self._device.type, dtype=self.precision, enabled=enabled):
            output = self._model(images)
        loss, parts = self._objective(output, labels.long(), batch.spacings)
        value = float(loss.detach())
        if not math.isfinite(value):
            message = f"the loss is {value}"
            raise NotFiniteError(message)
        self.scaler.scale(loss).backward()
        norm = self._update(lr)
        return StepValues(value, {name: float(part) for name, part in parts.items()}, norm)

    def _moved(self, array: Any) -> torch.Tensor:  # noqa: ANN401
        tensor = torch.from_numpy(array)
        if self._device.type == "cuda":
            return tensor.pin_memory().to(self._device, non_blocking=True)
        return tensor.to(self._device)

    def _update(self, lr: float) -> float:
        for group in self._optimizer.param_groups:
            group["lr"] = lr
        self.scaler.unscale_(self._optimizer)
        norm = float(torch.nn.utils.clip_grad_norm_(self._weights, self._clip))
        if not math.isfinite(norm) and not self._is_searching():
            message = f"the gradient is {norm}"
            raise NotFiniteError(message)
        self.scaler.step(self._optimizer)
        self.scaler.update()
        return norm

    def _is_searching(self) -> bool:
        """Whether the scaler may yet find a smaller factor; it skips the step meanwhile."""
        return self.scaler.is_enabled() and self.scaler.get_scale() > _SMALLEST_SCALE
