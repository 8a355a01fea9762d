"""Times beside other libraries: the same work in one process, values compared before any clock.

`edgewise bench` and the project's own benches use it. Nothing here is needed to measure a
segmentation, and no other library is imported before it is raced.
"""

from .agreement import disagreement
from .contender import Contender, Outcome, optional
from .machine import machine, set_threads
from .race import race

__all__ = ["Contender", "Outcome", "disagreement", "machine", "optional", "race", "set_threads"]
