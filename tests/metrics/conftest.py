"""The 3 x 4 prediction against the 3 x 3 reference that the published comparisons use."""

import numpy as np
import pytest


@pytest.fixture
def rectangles() -> tuple[np.ndarray, np.ndarray]:
    """Reference, prediction: TP 6, FP 6, FN 3, TN 49."""
    prediction, reference = np.zeros((2, 8, 8), bool)
    prediction[2:5, 2:6] = True
    reference[3:6, 3:6] = True
    return reference, prediction
