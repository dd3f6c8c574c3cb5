"""Who is in a unit: asked of the floors above, which alone know the people."""

from collections.abc import Callable
from datetime import date

from .models import Unit

# The number of people who belong to a unit beyond a day; the second argument asks for those of all units under it as well.
Census = Callable[[Unit, bool, date], int]
_censuses: list[Census] = []


def counts_people(census: Census) -> Census:
    """Register who counts the people of a unit."""
    _censuses.append(census)
    return census


def people_in(unit: Unit, *, after: date, below: bool = False) -> int:
    """How many people belong to `unit` beyond the day `after`; with `below`, to it and everything under it."""
    return sum(census(unit, below, after) for census in _censuses)
