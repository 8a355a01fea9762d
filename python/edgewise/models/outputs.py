"""One output from networks that may return several."""

from __future__ import annotations

from typing import Any

__all__ = ["main_output"]


def main_output(output: Any) -> Any:  # noqa: ANN401
    """Return the logits at full resolution of whatever a network returned.

    Parameters
    ----------
    output : Tensor, or tuple or list of Tensor
        With deep supervision the finest comes first; ``{"out": ...}`` of torchvision's networks
        is understood as well.

    Returns
    -------
    Tensor
        (N, classes, ...).
    """
    if isinstance(output, tuple | list):
        return output[0]
    if isinstance(output, dict):
        return output["out"]
    return output
