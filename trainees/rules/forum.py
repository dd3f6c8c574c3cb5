"""Where a forum session stands for somebody who reads its announcement, whoever that is."""

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from courses.enums import OfferingState, RoundState
from courses.models import ForumSession, SeatCount, SelectionRound
from partyschool.common import clock


class ForumPhase(models.TextChoices):
    """What the public can do about a session."""

    HELD = "held", pgettext_lazy("forum session", "Held")
    CANCELLED = "cancelled", pgettext_lazy("forum session", "Called off")
    LATER = "later", _("Enrolment to be announced")
    SOON = "soon", _("Enrolment opens soon")
    OPEN = "open", _("Enrolment is open")
    FULL = "full", pgettext_lazy("forum session", "Fully booked")
    OVER = "over", _("Enrolment has ended")


def is_over(session: ForumSession, now: datetime) -> bool:
    """Whether a session lies behind: concluded, or its last lesson has ended. Its lessons must be at hand, the standing ones alone."""
    if session.state == OfferingState.CLOSED:
        return True
    ends = [lesson.ends_at for lesson in session.lessons.all()]
    return max(ends) <= now if ends else session.ends_on < clock.school_date(now)


def phase_of(session: ForumSession, seats: SeatCount | None, now: datetime) -> ForumPhase:
    """Where `session` stands at `now`, by the same instants that decide a claim: `trainees.rules.electives`."""
    if session.state == OfferingState.CANCELLED:
        return ForumPhase.CANCELLED
    if is_over(session, now):
        return ForumPhase.HELD
    found = session.selection_round
    if found is None or found.state == RoundState.DRAFT:
        return ForumPhase.LATER
    if now < found.opens_at:
        return ForumPhase.SOON
    if now >= enrolment_end(session, found) or not _takes_people(found):
        return ForumPhase.OVER
    return ForumPhase.OPEN if seats and seats.open_free > 0 else ForumPhase.FULL


def enrolment_end(session: ForumSession, found: SelectionRound) -> datetime:
    """Until when people are asked to come: the round's end, or the beginning of the session where that is earlier."""
    end = found.change_closes_at if found.state == RoundState.CHANGE else None
    begins = [lesson.starts_at for lesson in session.lessons.all()]
    return min([end or found.closes_at, *begins])


def _takes_people(found: SelectionRound) -> bool:
    return found.state in {RoundState.OPEN, RoundState.CHANGE}
