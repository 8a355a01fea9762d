"""Things with known truth: phantoms with closed forms, and a small data set with planted faults."""

from .dataset import DEMO_LABELS, DemoDataset, write_demo
from .phantoms import Phantom, PhantomPair, ball, box, box_pair, concentric_balls, ellipsoid

__all__ = [
    "DEMO_LABELS",
    "DemoDataset",
    "Phantom",
    "PhantomPair",
    "ball",
    "box",
    "box_pair",
    "concentric_balls",
    "ellipsoid",
    "write_demo",
]
