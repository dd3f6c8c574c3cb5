"""Teaching done becomes entries of the teaching ledger."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from faculty.models import TeachingEntry
from partyschool.accounts.models import User
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import InvalidInput, NotFound
from partyschool.common.ledger import reverse_entry
from partyschool.common.locking import locking_transaction


class InvalidReversal(InvalidInput):
    """An entry cannot be taken back without saying why."""


@dataclass(frozen=True)
class LessonTaught:
    """One lesson that one teacher held: `hours` class-hours on the school day `taught_on`."""

    lesson_id: int
    teacher_id: int
    taught_on: date
    hours: Decimal
    subject: str


def post_lessons(*, lessons: Iterable[LessonTaught], by: User, now: datetime | None = None) -> int:
    """Post the class-hours of `lessons`, one entry each, under the year of the day they were held; returns how many.

    Runs inside the transaction of whoever closes the offering. Raises IntegrityError if a lesson was posted before: the closing
    offering decides that once, under its lock.
    """
    entries = [
        TeachingEntry(
            year=lesson.taught_on.year,
            amount=lesson.hours,
            source_kind="lesson",
            source_ref=str(lesson.lesson_id),
            teacher_id=lesson.teacher_id,
            taught_on=lesson.taught_on,
            subject=lesson.subject,
            posted_by=by,
            posted_at=now or clock.now(),
        )
        for lesson in lessons
    ]
    return len(TeachingEntry.objects.bulk_create(entries))


def reverse_teaching(*, entry_id: int, reason: str, by: User, now: datetime | None = None) -> TeachingEntry:
    """Take one teaching entry back, whole, by a new entry that names it.

    Raises `NotFound`, `InvalidReversal` without a reason, `AlreadyReversed`, `Busy`.
    Concurrency: no lock; the unique `reverses` column decides between rivals.
    """
    now = now or clock.now()
    if not reason.strip():
        raise InvalidReversal(_("Say why the entry is taken back."))
    entry = TeachingEntry.objects.filter(pk=entry_id).unscoped("reversing one named entry").first()
    if entry is None:
        raise NotFound(_("There is no such entry."))
    with locking_transaction():
        reversal = reverse_entry(entry, by=by, reason=reason.strip(), now=now)
        record_event(
            action="teaching.reverse", subject=entry, by=by, data={"reason": reason.strip()}, now=now
        )
    return reversal
