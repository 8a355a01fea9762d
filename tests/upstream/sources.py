"""Where each library's own tests are: in its wheel, in its source distribution, or only in its
repository.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Source:
    """The tests of one library.

    `where` says how they are had: "wheel" (`place` is empty, paths of suites are module names),
    "sdist" (`place` is the name on the package index) or "repository" (`place` is its address,
    `revision` the tag or commit).
    """

    where: Literal["wheel", "sdist", "repository"]
    place: str = ""
    revision: str = ""
    conftest: bool = True  # False: the tests need nothing of it, and it wants packages that we lack


SOURCES: dict[str, Source] = {
    "cc3d": Source("repository", "https://github.com/seung-lab/connected-components-3d", "18a563c"),
    "edt": Source("sdist", "edt", "3.1.2"),
    "medpy": Source("repository", "https://github.com/loli/medpy", "0.5.2"),
    "metrics_reloaded": Source(
        "repository", "https://github.com/csudre/MetricsReloaded", "ca3d352"
    ),
    "monai": Source("repository", "https://github.com/Project-MONAI/MONAI", "d388d1c6f"),
    "scipy_ndimage": Source("wheel"),
    "scipy_spatial": Source("wheel"),
    "skimage": Source("sdist", "scikit-image", "0.26.0", conftest=False),
    "surface_distance": Source(
        "repository", "https://github.com/google-deepmind/surface-distance", "1f805ce"
    ),
    "torchmetrics": Source("repository", "https://github.com/Lightning-AI/torchmetrics", "v1.9.0"),
}
