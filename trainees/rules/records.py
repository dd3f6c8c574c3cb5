"""What a cadre's training comes to over the years: the cycle and its gap, and what was owed after a promotion."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum
from itertools import pairwise

from trainees.enums import Rank

NOTHING = Decimal(0)
# From the lowest up.
RANKS = (Rank.STAFF, Rank.TOWNSHIP_SECTION, Rank.COUNTY_DIVISION)
Earned = Iterable[tuple[date, Decimal]]


@dataclass(frozen=True)
class Cycle:
    """The concentrated training of one rank over a cycle of years, in class-hours, as of the year `now`."""

    first_year: int
    last_year: int
    needed: Decimal
    hours: Decimal
    now: int
    hours_a_day: Decimal
    source: str = ""

    @property
    def gap(self) -> Decimal:
        """The class-hours that are still lacking, 0 when the cycle is met."""
        return max(NOTHING, self.needed - self.hours)

    @property
    def met(self) -> bool:
        return not self.gap

    @property
    def gap_days(self) -> int:
        """The full training days that would close the gap."""
        return int((self.gap / self.hours_a_day).to_integral_value(ROUND_CEILING))

    @property
    def years_left(self) -> int:
        """The years of the cycle that are left, the present one included; 0 once it is over."""
        return max(0, self.last_year - max(self.now, self.first_year) + 1)

    @property
    def a_year(self) -> Decimal | None:
        """The class-hours a year that would close the gap in time; None when nothing is lacking or the cycle is over."""
        if self.met or not self.years_left:
            return None
        return (self.gap / self.years_left).to_integral_value(ROUND_CEILING)


class PromotionState(StrEnum):
    """Whether the training that a promotion presupposes was there, or was made up for in time."""

    MET = "met"
    MADE_UP = "made_up"
    OPEN = "open"
    MISSED = "missed"


@dataclass(frozen=True)
class Promotion:
    """A rise in rank on `on`: `hours` of the `needed` class-hours were there before, the rest is due by `due_on`."""

    on: date
    rank: Rank
    needed: Decimal
    hours: Decimal
    due_on: date
    made_up_on: date | None
    state: PromotionState


def later(day: date, years: int) -> date:
    """The same day `years` later (or, negative, earlier); 29 February becomes 28 where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def rises(postings: Sequence[tuple[date, Rank]]) -> list[tuple[date, Rank]]:
    """The postings (in order of their first day) in which the rank became higher than in the one before."""
    return [
        (day, rank)
        for (_, before), (day, rank) in pairwise(postings)
        if RANKS.index(rank) > RANKS.index(before)
    ]


def hours_between(earned: Earned, first: date, last: date) -> Decimal:
    """The class-hours earned from `first` to `last`, both included."""
    return sum((hours for day, hours in earned if first <= day <= last), NOTHING)


def reached_on(earned: Earned, needed: Decimal, *, since: date, until: date) -> date | None:
    """The day on which the hours since `since` first came to `needed` for good, not after `until`; None if they did not."""
    days: dict[date, Decimal] = {}
    for day, hours in earned:
        if since <= day <= until:
            days[day] = days.get(day, NOTHING) + hours
    found, total = None, NOTHING
    for day in sorted(days):
        total += days[day]
        if total < needed:
            found = None
        elif found is None:
            found = day
    return found


def judge_promotion(
    *, on: date, rank: Rank, needed: Decimal, cycle_years: int, within_years: int, earned: Earned, today: date
) -> Promotion:
    """Whether a promotion met the training of its rank in the `cycle_years` before it; if not, it is due `within_years` later.

    Source: Regulations on Cadre Education and Training (2023): who is promoted before meeting the requirement makes up for it within
    a year of the promotion.
    """
    entries = list(earned)
    since, due_on = later(on, -cycle_years), later(on, within_years)
    before = sum((hours for day, hours in entries if since <= day < on), NOTHING)
    made_up = reached_on(entries, needed, since=since, until=due_on)
    if before >= needed:
        state = PromotionState.MET
    elif made_up is not None:
        state = PromotionState.MADE_UP
    else:
        state = PromotionState.OPEN if today <= due_on else PromotionState.MISSED
    return Promotion(
        on, rank, needed, before, due_on, made_up if state == PromotionState.MADE_UP else None, state
    )
