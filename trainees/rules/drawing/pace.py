"""Large draws in a time that grows with their size."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_cycle_search() -> Iterator[None]:
    """Keep the search for cyclic garbage away from work that makes none.

    A draw builds a million small values that refer to each other in one direction. Python would go through all of them again and again
    while they are made, the more of them there are the longer: a third of the time of a draw of 100,000 people.
    """
    searching = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searching:
            gc.enable()
