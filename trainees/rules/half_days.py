"""Half-days of the school: what a morning is and what an afternoon."""

from datetime import date, datetime, time
from typing import NamedTuple

from django.utils import timezone

NOON = time(12)


class HalfDay(NamedTuple):
    """One morning, or one afternoon with its evening, at the school."""

    day: date
    afternoon: bool


def half_day_of(instant: datetime) -> HalfDay:
    """The half-day in which something that begins at `instant` lies; noon begins the afternoon."""
    local = timezone.localtime(instant)
    return HalfDay(local.date(), local.time() >= NOON)
