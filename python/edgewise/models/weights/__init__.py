"""Weights from files: read without running anything, fitted to a network, saved."""

from __future__ import annotations

from .files import read_state, save_weights
from .fitting import LoadReport, load_weights
from .lookup import weights_path

__all__ = ["LoadReport", "load_weights", "read_state", "save_weights", "weights_path"]
