"""Things with known truth: phantoms with closed forms, data sets to measure and to train on."""

from .dataset import DEMO_LABELS, DemoDataset, write_demo
from .phantoms import Phantom, PhantomPair, ball, box, box_pair, concentric_balls, ellipsoid
from .training_set import TRAINING_LABELS, TrainingSet, ball_and_cube, write_training_set

__all__ = [
    "DEMO_LABELS",
    "TRAINING_LABELS",
    "DemoDataset",
    "Phantom",
    "PhantomPair",
    "TrainingSet",
    "ball",
    "ball_and_cube",
    "box",
    "box_pair",
    "concentric_balls",
    "ellipsoid",
    "write_demo",
    "write_training_set",
]
