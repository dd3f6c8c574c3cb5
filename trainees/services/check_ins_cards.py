"""Attendance from card readers: looked at row by row first, then taken over; the same rows again change nothing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from courses.enums import OfferingState
from courses.models import Lesson, Offering
from partyschool.accounts.models import User
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import InvalidInput
from partyschool.common.locking import lock_row, locking_transaction
from partyschool.common.sheets import Limits, SheetReader
from trainees.enums import CheckInSource, EnrolmentState
from trainees.models import CheckIn, Enrolment
from trainees.rules.check_ins import CLOCK_SKEW, CheckInFigures, opens_at, over_at
from trainees.rules.check_ins_cards import Swipe, key_of, swipes_of
from trainees.selectors.check_ins import check_in_figures, first_check_ins, sittings_of

from .attendance import RollClosed
from .check_ins import Sighting, note_sighting

ROWS_MOST = 5000
LIMITS = Limits(size=4 << 20, rows=ROWS_MOST + 20, columns=40, sheets=5)


class TooManySwipes(InvalidInput):
    """More rows than one file may have."""

    code = "too_many_swipes"
    title = gettext_lazy("This file has too many rows")
    remedy = gettext_lazy("Export the days of this class alone, or split the file.")


class Outcome(TextChoices):
    """What becomes of a swipe."""

    COUNTS = "counts", gettext_lazy("counts")
    KNOWN = "known", gettext_lazy("taken over before")
    AGAIN = "again", gettext_lazy("seen before that")
    OUTSIDE = "outside", gettext_lazy("at no time when check-in is open")
    FAULT = "fault", gettext_lazy("cannot be taken over")


@dataclass(frozen=True)
class JudgedSwipe:
    """A swipe and what becomes of it; `fault` says why it cannot be taken over."""

    swipe: Swipe
    outcome: Outcome
    fault: str = ""
    name: str = ""
    sitting: tuple[Lesson, ...] = ()
    enrolment: Enrolment | None = None

    @property
    def lesson(self) -> Lesson | None:
        return self.sitting[0] if self.sitting else None


@dataclass(frozen=True)
class CardPlan:
    """All rows of a file, judged."""

    rows: list[JudgedSwipe]

    @property
    def counts(self) -> dict[str, int]:
        """Outcome → rows."""
        found = Counter(row.outcome for row in self.rows)
        return {outcome: found[outcome] for outcome in Outcome}

    @property
    def faults(self) -> list[JudgedSwipe]:
        return [row for row in self.rows if row.outcome == Outcome.FAULT]


def read_cards(content: bytes) -> list[Swipe]:
    """The swipes of a CSV or Excel file, its first sheet that has any. Raises `UnreadableFile` and its kinds, `TooManySwipes`."""
    with SheetReader(content, LIMITS) as reader:
        for sheet in reader.sheets():
            if sheet.hidden:
                continue
            rows = [row for chunk in sheet.chunks() for row in chunk]
            if found := swipes_of(enumerate(rows, sheet.row + 1)):
                if len(found) > ROWS_MOST:
                    raise TooManySwipes(
                        _("%(number)s rows; at most %(most)s are read.")
                        % {"number": len(found), "most": ROWS_MOST}
                    )
                return found
    return []


def judge_cards(
    *, offering_id: int, swipes: Sequence[Swipe], by: User, now: datetime | None = None
) -> CardPlan:
    """What taking `swipes` over would do, row by row; nothing is written. Raises `RollClosed`."""
    now = now or clock.now()
    offering = Offering.objects.get(pk=offering_id)
    _refuse_closed(offering)
    return _judge(offering, swipes, check_in_figures(now), now)


def take_cards(
    *, offering_id: int, swipes: Sequence[Swipe], by: User, now: datetime | None = None
) -> CardPlan:
    """Take over what counts of `swipes`, and the marks that follow; rows at fault are left out. Returns what was done.

    A row that was taken over before, from this file or another, changes nothing. Raises `RollClosed`, `Busy`.
    Concurrency: locks the offering row, as a roll call does: check-ins, roll calls and closing come before or after.
    """
    now = now or clock.now()
    with locking_transaction():
        offering = lock_row(Offering, offering_id)
        _refuse_closed(offering)
        figures = check_in_figures(now)
        plan = _judge(offering, swipes, figures, now)
        counting = [row for row in plan.rows if row.outcome == Outcome.COUNTS]
        for row in counting:
            assert row.enrolment is not None  # noqa: S101 -- a row that counts has one
            assert row.swipe.at is not None  # noqa: S101 -- as above
            key = key_of(offering.pk, row.swipe.code, row.swipe.at)
            sighting = Sighting(CheckInSource.CARD, row.swipe.at, key)
            note_sighting(row.enrolment, list(row.sitting), sighting, figures=figures, by=by, now=now)
        if counting:
            data = {
                outcome.value: number for outcome, number in Counter(r.outcome for r in plan.rows).items()
            }
            record_event(action="attendance.cards", subject=offering, by=by, data=data, now=now)
    return plan


def _refuse_closed(offering: Offering) -> None:
    if offering.state != OfferingState.PUBLISHED:
        raise RollClosed(
            _("%(offering)s is in state “%(state)s”.")
            % {"offering": offering.title, "state": offering.get_state_display()}
        )


def _judge(offering: Offering, swipes: Sequence[Swipe], figures: CheckInFigures, now: datetime) -> CardPlan:
    lessons = offering.lessons.filter(cancelled_at=None).select_related("offering")
    sittings = sittings_of(lessons)
    places = Enrolment.objects.filter(offering=offering, state=EnrolmentState.ENROLLED)
    roll = {
        place.cadre.code.upper(): place
        for place in places.select_related("cadre").unscoped("cards of the people on one roll")
    }
    keys = {key_of(offering.pk, one.code, one.at) for one in swipes if one.at}
    known = set(
        CheckIn.objects.filter(key__in=keys).unscoped("keys, not people").values_list("key", flat=True)
    )
    earliest = {
        pair: check_in.seen_at
        for pair, check_in in first_check_ins(
            [place.pk for place in roll.values()], [sitting[0].pk for sitting in sittings]
        ).items()
    }
    judged = {}
    for swipe in sorted(swipes, key=lambda one: (one.at or now, one.row)):
        place = roll.get(swipe.code)
        row = _judge_one(offering, swipe, place, sittings, figures, known=known, now=now)
        if row.outcome == Outcome.COUNTS and place is not None and swipe.at is not None:
            pair = (place.pk, row.sitting[0].pk)
            if pair in earliest and earliest[pair] <= swipe.at:
                row = JudgedSwipe(swipe, Outcome.AGAIN, name=row.name, sitting=row.sitting)
            else:
                earliest[pair] = swipe.at
        judged[swipe] = row
    return CardPlan([judged[swipe] for swipe in swipes])


def _judge_one(
    offering: Offering,
    swipe: Swipe,
    place: Enrolment | None,
    sittings: list[list[Lesson]],
    figures: CheckInFigures,
    *,
    known: set[UUID],
    now: datetime,
) -> JudgedSwipe:
    if swipe.at is None:
        return JudgedSwipe(swipe, Outcome.FAULT, swipe.fault)
    if place is None:
        return JudgedSwipe(swipe, Outcome.FAULT, _("Nobody on the roll of this offering has this code."))
    name = place.cadre.name
    if swipe.at > now + CLOCK_SKEW:
        return JudgedSwipe(swipe, Outcome.FAULT, _("This time has not come yet."), name)
    if key_of(offering.pk, swipe.code, swipe.at) in known:
        return JudgedSwipe(swipe, Outcome.KNOWN, name=name)
    for sitting in sittings:
        if opens_at(sitting, figures) <= swipe.at < over_at(sitting, figures):
            return JudgedSwipe(swipe, Outcome.COUNTS, name=name, sitting=tuple(sitting), enrolment=place)
    return JudgedSwipe(swipe, Outcome.OUTSIDE, name=name)
