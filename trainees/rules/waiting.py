"""When a line lives: pure functions from what is known of an offering's line.

A line is joined while topics are picked (first come, or in a change window). It goes on living when the round is closed, and ends
`freeze_days` before the offering starts, at midnight at the school: from then on nobody joins and nobody is given a seat, so that
everybody knows by then where they are going. A held offer never outlasts that instant.
"""

from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from django.utils.translation import gettext as _

from courses.enums import OfferingState, RoundState, WaitingMode
from partyschool.common import clock
from partyschool.common.errors import WindowClosed


class Line(NamedTuple):
    """What is known of an offering's line at one moment. `mode` and what follows are None outside any round."""

    offering_id: int
    title: str
    starts_on: date
    offering_state: str
    frozen: bool
    capacity: int
    taken: int
    mode: str | None
    offer_hours: int | None
    freeze_days: int | None
    round_state: str | None

    @property
    def freezes_at(self) -> datetime:
        """From this instant on the line is over."""
        return freeze_instant(self.starts_on, self.freeze_days or 0)

    def offer_ends(self, now: datetime) -> datetime:
        """Until when a seat offered `now` is held."""
        return min(now + timedelta(hours=self.offer_hours or 0), self.freezes_at)


def freeze_instant(starts_on: date, freeze_days: int) -> datetime:
    """Midnight at the school, `freeze_days` before the day on which the offering starts."""
    return clock.school_instant(starts_on - timedelta(days=freeze_days), time.min)


def line_denial(line: Line, now: datetime) -> WindowClosed | None:
    """Why nobody gets in line for the offering (any more), or None."""
    if line.mode is None or line.mode == WaitingMode.NONE:
        return WindowClosed(
            _("“%(title)s” has no waiting list.") % {"title": line.title},
            remedy=_("Look again later: a seat is free again as soon as somebody gives one up."),
        )
    if now >= line.freezes_at:
        return WindowClosed(
            _("The waiting list of “%(title)s” ended on %(time)s.")
            % {"title": line.title, "time": clock.in_words(line.freezes_at)},
            remedy=_("Choose another topic, or ask the academic affairs office."),
        )
    return None


def has_seat_to_give(line: Line, now: datetime) -> bool:
    """Whether somebody in line is to be asked now."""
    return (
        line_denial(line, now) is None
        and line.round_state != RoundState.DRAFT
        and line.offering_state == OfferingState.PUBLISHED
        and not line.frozen
        and line.taken < line.capacity
    )
