"""Sources that define metrics of more than one family."""

from __future__ import annotations

from typing import Final

__all__ = ["RELOADED", "TAHA"]

RELOADED: Final = "Maier-Hein, Reinke et al., Metrics reloaded, Nature Methods 21, 2024"
TAHA: Final = "Taha and Hanbury, BMC Medical Imaging 15:29, 2015"
