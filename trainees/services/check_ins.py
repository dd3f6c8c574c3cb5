"""Checking in: a trainee is seen at a lesson, and the mark that follows, in one transaction."""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from courses.models import Lesson
from partyschool.accounts.models import User
from partyschool.common import clock
from partyschool.common.crypto import lookup_digest
from partyschool.common.errors import InvalidInput, NotFound
from partyschool.common.locking import locking_transaction
from trainees.enums import AttendanceStatus, CheckInSource, MarkSource
from trainees.models import AttendanceMark, Cadre, CheckIn, Enrolment
from trainees.rules.check_ins import (
    CLOCK_SKEW,
    CheckInFigures,
    code_holds,
    mark_follows,
    read_token,
    slot_holds,
    status_of,
)
from trainees.rules.check_ins_denials import (
    ArrivedTooLate,
    BeforeContact,
    CheckedInAlready,
    CodeExpired,
    NotEnrolledHere,
    TooManyTries,
    WrongCode,
)
from trainees.selectors.check_ins import arrival_of, check_in_figures, lessons_on_day

# Who scanned in time may log in, read and confirm at leisure.
SCAN_KEPT = timedelta(minutes=10)
# Six digits, two of which are right at a time: with so many tries nobody guesses one.
TRIES_MOST, TRIES_SPAN = 20, timedelta(minutes=10)
# Closing and roll calls of the offering wait for check-ins under way, and these for them; check-ins do not wait for each other.
OFFERING_LOCK = "SELECT FROM courses_offering WHERE id = %(offering)s FOR SHARE"
ENROLMENT_LOCK = (
    "SELECT FROM trainees_enrolment WHERE offering_id = %(offering)s AND cadre_id = %(cadre)s"
    " ORDER BY id FOR NO KEY UPDATE"
)
CHECK_IN_LOCKS = (OFFERING_LOCK, ENROLMENT_LOCK)

_COUNT_TRY = """
INSERT INTO trainees_codetries AS kept (user_id, since, number) VALUES (%(user)s, %(now)s, 1)
ON CONFLICT (user_id) DO UPDATE SET
    since = CASE WHEN kept.since <= %(horizon)s THEN excluded.since ELSE kept.since END,
    number = CASE WHEN kept.since <= %(horizon)s THEN 1 ELSE kept.number + 1 END
RETURNING since, number
"""


class FromTheFuture(InvalidInput):
    """Something was seen after now, says its sender."""

    code = "from_the_future"


@dataclass(frozen=True)
class Sighting:
    """How somebody was seen: `key` makes sending again harmless, `device` is what the browser calls itself ('' for none)."""

    source: str
    seen_at: datetime
    key: uuid.UUID
    device: str = ""
    place: tuple[Decimal, Decimal] | None = None


@dataclass(frozen=True)
class CheckedIn:
    """A check-in that stands, the lessons it counts for, and the status in force at each after it."""

    check_in: CheckIn
    lessons: list[Lesson]
    statuses: dict[int, str]
    again: bool = False

    @property
    def status(self) -> AttendanceStatus:
        """The status at the first lesson."""
        return AttendanceStatus(self.statuses[self.lessons[0].pk])


def check_in_scanned(
    *,
    token: str,
    scanned_at: datetime,
    sighting_key: uuid.UUID,
    by: User,
    device: str = "",
    place: tuple[Decimal, Decimal] | None = None,
    now: datetime | None = None,
) -> CheckedIn:
    """Check `by` in at the lesson whose code was scanned at `scanned_at` (the portal's own time, not the phone's).

    Sending the same key again changes nothing and returns the same. Raises `NotFound` for a token that the portal did not make,
    `CodeExpired`, `CheckedInAlready`, and what `arrival_of` raises; `Busy`.
    Concurrency: see `_write`.
    """
    now = now or clock.now()
    figures = check_in_figures(now)
    scanned = read_token(token)
    if scanned is None:
        raise NotFound(_("This is no check-in code of the portal."))
    if not slot_holds(scanned.slot, scanned_at, figures.code_seconds) or now - scanned_at > SCAN_KEPT:
        raise CodeExpired
    sighting = Sighting(CheckInSource.QR, scanned_at, sighting_key, device, place)
    return _write(scanned.lesson_id, sighting, figures, by, now)


def check_in_typed(
    *,
    code: str,
    sighting_key: uuid.UUID,
    by: User,
    device: str = "",
    place: tuple[Decimal, Decimal] | None = None,
    seen_at: datetime | None = None,
    contact_at: datetime | None = None,
    now: datetime | None = None,
) -> CheckedIn:
    """Check `by` in at the lesson of the day that shows `code`: now, or at `seen_at` for one that waited for the network.

    `contact_at` is when the sender was last in contact with the portal before (None: not known). What is claimed lies inside the
    validity of the code, not before that contact and not in the future.
    Sending the same key again changes nothing, and is no new try. Raises `TooManyTries`, `WrongCode`, `FromTheFuture`,
    `BeforeContact`, `ArrivedTooLate`, `CheckedInAlready`, and what `arrival_of` raises; `Busy`.
    Concurrency: tries are counted in a transaction of their own, before the code is looked at; then see `_write`.
    """
    now = now or clock.now()
    at = _believed(seen_at, now)
    figures = check_in_figures(at)
    source = CheckInSource.TYPED if seen_at is None else CheckInSource.OFFLINE
    sighting = Sighting(source, at, sighting_key, device, place)
    if (known := _known(sighting, by)) is not None:
        return known
    if seen_at is not None and contact_at is not None and at < contact_at:
        raise BeforeContact(
            _("It says %(said)s, but the phone was connected at %(contact)s.")
            % {"said": clock.in_words(at), "contact": clock.in_words(contact_at)}
        )
    if now - at > timedelta(hours=figures.offline_hours):
        raise ArrivedTooLate(
            _("A check-in made without network must arrive within %(hours)s hours.")
            % {"hours": figures.offline_hours}
        )
    _count_try(by, now)
    digits = "".join(code.split())
    lessons = lessons_on_day(by, at)
    # Every lesson is compared: how long it takes must not tell which digits are nearly right.
    matching = [one for one in lessons if code_holds(digits, one.pk, at, figures.code_seconds)]
    if not matching:
        raise WrongCode("" if lessons else _("You have no lesson today."))
    return _write(matching[0].pk, sighting, figures, by, now)


def _believed(seen_at: datetime | None, now: datetime) -> datetime:
    """When it was seen: what a phone says, as far as its clock can be right."""
    if seen_at is None:
        return now
    if seen_at > now + CLOCK_SKEW:
        raise FromTheFuture(_("The clock of this device is ahead. Set it, then check in again."))
    return min(seen_at, now)


def own_key(sighting_key: uuid.UUID, cadre_id: int) -> uuid.UUID:
    """The key that is stored: the sender's, made the person's own, so that nobody else's key can be met or guessed."""
    return uuid.uuid5(sighting_key, str(cadre_id))


def device_digest(name: str) -> str:
    """What is stored of a browser's name; '' stays ''."""
    return lookup_digest(f"check-in device {name}") if name else ""


def _known(sighting: Sighting, by: User) -> CheckedIn | None:
    """The check-in that the same key made before."""
    cadre_id = Cadre.objects.visible_to(by).filter(user=by.pk).values_list("pk", flat=True).first()
    if cadre_id is None:
        raise NotEnrolledHere(_("This log-in is not linked to a cadre's record."))
    check_in = (
        CheckIn.objects.visible_to(by)
        .filter(key=own_key(sighting.key, cadre_id))
        .select_related("lesson")
        .first()
    )
    return None if check_in is None else _standing(check_in)


def _standing(check_in: CheckIn) -> CheckedIn:
    marks = AttendanceMark.objects.filter(check_in=check_in).unscoped("marks of a check-in read in scope")
    lessons = [mark.lesson for mark in marks.select_related("lesson").order_by("lesson__starts_at")]
    lessons = lessons or [check_in.lesson]
    in_force = marks_in_force([check_in.enrolment_id], [one.pk for one in lessons])
    statuses = {one.pk: in_force[check_in.enrolment_id, one.pk].status for one in lessons}
    return CheckedIn(check_in, lessons, statuses, again=True)


def _count_try(by: User, now: datetime) -> None:
    """Raises `TooManyTries` for more than `TRIES_MOST` in `TRIES_SPAN`. Whatever comes of this one, it is counted."""
    with locking_transaction(), connection.cursor() as cursor:
        cursor.execute(_COUNT_TRY, {"user": by.pk, "now": now, "horizon": now - TRIES_SPAN})
        since, number = cursor.fetchone()
    if number > TRIES_MOST:
        raise TooManyTries(
            _("%(number)s codes in a few minutes.") % {"number": TRIES_MOST}, retry_at=since + TRIES_SPAN
        )


def _write(lesson_id: int, sighting: Sighting, figures: CheckInFigures, by: User, now: datetime) -> CheckedIn:
    """Check-in and marks, or nothing.

    Concurrency: shares the offering row (roll calls and closing take it alone, so that neither comes in between), locks the
    enrolment (two check-ins of one person follow each other), then reads and decides.
    """
    offering_id = Lesson.objects.filter(pk=lesson_id).values_list("offering_id", flat=True).first()
    cadre_id = Cadre.objects.visible_to(by).filter(user=by.pk).values_list("pk", flat=True).first()
    if cadre_id is None:
        raise NotEnrolledHere(_("This log-in is not linked to a cadre's record."))
    with locking_transaction():
        if CHECK_IN_LOCKS:
            with connection.cursor() as cursor:
                cursor.execute("; ".join(CHECK_IN_LOCKS), {"offering": offering_id, "cadre": cadre_id})
        known = _known(sighting, by)
        if known is not None:
            return known
        arrival = arrival_of(user=by, lesson_id=lesson_id, seen_at=sighting.seen_at, figures=figures)
        if arrival.earlier is not None and arrival.earlier.seen_at <= sighting.seen_at:
            raise CheckedInAlready(
                _("“%(lesson)s”: seen at %(time)s.")
                % {"lesson": arrival.sitting[0].title, "time": clock.in_words(arrival.earlier.seen_at)}
            )
        stored = replace(sighting, key=own_key(sighting.key, cadre_id), device=device_digest(sighting.device))
        return note_sighting(arrival.enrolment, arrival.sitting, stored, figures=figures, by=by, now=now)


def note_sighting(
    enrolment: Enrolment,
    sitting: list[Lesson],
    sighting: Sighting,
    *,
    figures: CheckInFigures,
    by: User,
    now: datetime,
) -> CheckedIn:
    """Store a sighting whose right was looked at, with its key and device as they are, and the marks that follow from it.

    Concurrency: call it inside a transaction that shares or owns the offering and owns the enrolment.
    """
    latitude, longitude = sighting.place or (None, None)
    check_in = CheckIn.objects.create(
        enrolment=enrolment,
        lesson=sitting[0],
        source=sighting.source,
        seen_at=sighting.seen_at,
        received_at=now,
        key=sighting.key,
        device=sighting.device,
        latitude=latitude,
        longitude=longitude,
    )
    in_force = marks_in_force([enrolment.pk], [one.pk for one in sitting])
    source = MarkSource.CARD if sighting.source == CheckInSource.CARD else MarkSource.CHECK_IN
    statuses: dict[int, str] = {}
    fresh = []
    for lesson in sitting:
        mark = in_force.get((enrolment.pk, lesson.pk))
        seen = status_of(lesson, sighting.seen_at, figures)
        if mark is None or mark_follows(mark.source, mark.status, seen):
            mark = AttendanceMark(
                enrolment=enrolment,
                lesson=lesson,
                status=seen,
                marked_at=now,
                marked_by=by,
                source=source,
                check_in=check_in,
            )
            fresh.append(mark)
        statuses[lesson.pk] = mark.status
    AttendanceMark.objects.bulk_create(fresh)
    return CheckedIn(check_in, sitting, statuses)


def marks_in_force(enrolment_ids: list[int], lesson_ids: list[int]) -> dict[Any, AttendanceMark]:
    """(enrolment, lesson) → the mark in force, of enrolments looked at before. One query."""
    marks = AttendanceMark.objects.filter(enrolment__in=enrolment_ids, lesson__in=lesson_ids).in_force()
    return {
        (mark.enrolment_id, mark.lesson_id): mark for mark in marks.unscoped("marks of one lesson's people")
    }
