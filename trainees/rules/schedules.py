"""When a report schedule is due, and what it reports then: the school's own days, whatever the clock of the machine shows."""

from dataclasses import dataclass
from datetime import date, datetime, time

from partyschool.common import clock
from trainees.enums import Frequency

QUARTER_MONTHS = (1, 4, 7, 10)
"""Quarterly reports are made in the month after each quarter."""


@dataclass(frozen=True)
class Period:
    """What a report is about: a year, or how it stands at the end of a quarter."""

    year: int
    quarter: int | None = None


def due_instants(*, frequency: str, month: int, day: int, at: time, year: int) -> list[datetime]:
    """The due instants of `year` (of the school), in order; `day` is at most 28, so that every month has it."""
    months = QUARTER_MONTHS if frequency == Frequency.QUARTERLY else (month,)
    return [clock.school_instant(date(year, one, day), at) for one in months]


def next_due(*, frequency: str, month: int, day: int, at: time, after: datetime) -> datetime:
    """The first due instant later than `after`."""
    year = clock.school_year(after)
    instants = [
        instant
        for one in (year, year + 1)
        for instant in due_instants(frequency=frequency, month=month, day=day, at=at, year=one)
    ]
    return next(instant for instant in instants if instant > after)


def last_due(*, frequency: str, month: int, day: int, at: time, until: datetime) -> datetime:
    """The last due instant not later than `until`."""
    year = clock.school_year(until)
    instants = [
        instant
        for one in (year - 1, year)
        for instant in due_instants(frequency=frequency, month=month, day=day, at=at, year=one)
    ]
    return next(instant for instant in reversed(instants) if instant <= until)


def period_of(*, frequency: str, due: datetime) -> Period:
    """What is reported at a due instant: the year before, or the quarter before."""
    day = clock.school_date(due)
    if frequency == Frequency.YEARLY:
        return Period(day.year - 1)
    before = (day.month - 1) // 3
    return Period(day.year, before) if before else Period(day.year - 1, 4)
