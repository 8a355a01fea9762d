"""An interrupt ends the CRF between two of its steps, on one thread and on several."""

import signal
import time

import numpy as np
import pytest

from edgewise.methods import dense_crf

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer's signal")


class AskedError(Exception):
    """What the handler raises: any exception of a handler must arrive as it is."""


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("method", ["lattice", "grid"])
def test_a_signal_ends_a_long_call(threads, method):
    def handler(number, frame):
        raise AskedError

    given = np.full((3, 20, 50, 60), 1 / 3, np.float32)
    before = signal.signal(signal.SIGALRM, handler)
    began = time.process_time()
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(AskedError):
            dense_crf(given, method=method, threads=threads, iterations=40_000)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert time.process_time() - began < 3  # all of it takes 20 s and more
