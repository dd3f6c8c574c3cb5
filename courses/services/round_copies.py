"""Last year's round as the draft of this one."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError
from django.db.models import Q
from django.utils.text import slugify
from django.utils.translation import gettext as _

from courses.enums import OfferingState, RoundState
from courses.models import (
    Lesson,
    Offering,
    RoundOpening,
    SeatCount,
    SeatReservation,
    SelectionRound,
    UnitQuota,
)
from partyschool.audit.services.events import record_event
from partyschool.common.errors import Duplicate, WrongState
from partyschool.common.locking import locking_transaction

from .rounds import locked_round
from .setup import FIELDS

SHIFT = timedelta(weeks=52)
"""A year on, on the same day of the week."""
CODE_MOST = Offering._meta.get_field("code").max_length or 0
SERIES_MOST = Offering._meta.get_field("series").max_length or 0
LESSON_FIELDS = ("title", "hours", "module", "method")


@dataclass
class RoundCopy:
    """The new draft, and what could not be taken along as it was; notes are JSON-ready, `code` says what kind each is.

    `room_taken`, `teacher_busy`: a lesson stands without its room or teacher, for the `other` lesson has it at that time.
    `lesson_cancelled`: a lesson that was cancelled last year has no copy. `topic_cancelled`: a topic was not held last year.
    """

    found: SelectionRound
    notes: list[dict[str, Any]] = field(default_factory=list)


def copy_round(*, round_id: int, by: Any, now: datetime | None = None) -> RoundCopy:
    """Draft next year's round from this one: the same rules, times 52 weeks later, and a planned copy of every topic.

    A copy of a topic keeps seats, least size, reservations, quotas and series; where there was no series, both get one, so that who
    attended last year's is known to repeat it. Lessons keep room and teacher unless those are taken at the new time. All or nothing.
    Raises `Duplicate` (next year has a round of that name), `WrongState` (somebody booked the same at the same moment), `NotFound`, `Busy`.
    Concurrency: holds the source round alone, so that two copies of it come one after the other.
    """
    try:
        with locking_transaction():
            source = locked_round(round_id)
            copy = RoundCopy(_copy_round_itself(source))
            topics = _copy_topics(source, copy)
            _copy_seats(topics)
            _copy_lessons(topics, copy)
            data = {"source": source.pk, "topics": len(topics), "notes": copy.notes}
            record_event(action="round.copy", subject=copy.found, by=by, data=data, now=now)
    except IntegrityError as error:
        raise WrongState(
            _("Somebody entered the same code, room or teacher just now; nothing was copied."),
            remedy=_("Copy the round again."),
        ) from error
    return copy


def _copy_round_itself(source: SelectionRound) -> SelectionRound:
    year = source.year + 1
    name = source.name.replace(str(source.year), str(year))
    if SelectionRound.objects.filter(year=year, name=name).exists():
        raise Duplicate(
            _("There is a round “%(name)s” in %(year)s already.") % {"name": name, "year": year},
            remedy=_("Go on with that one, or give it another name and copy again."),
        )
    values = {name: getattr(source, name) for name in FIELDS}
    times = {name: _later(values[name]) for name in ("opens_at", "closes_at", "change_closes_at")}
    found = SelectionRound.objects.create(
        **{**values, **times, "year": year, "name": name}, state=RoundState.DRAFT
    )
    found.units.set(source.units.all())
    RoundOpening.objects.bulk_create(
        RoundOpening(selection_round=found, unit_id=one.unit_id, opens_at=_later(one.opens_at))
        for one in source.openings.order_by("pk")
    )
    return found


def _later(moment: Any) -> Any:
    return moment + SHIFT if moment is not None else None


def _copy_topics(source: SelectionRound, copy: RoundCopy) -> dict[Offering, Offering]:
    """The copies by their originals, in the originals' order."""
    originals = list(source.offerings.select_related("seats").order_by("starts_on", "pk"))
    codes = _new_codes(originals, source.year)
    topics: dict[Offering, Offering] = {}
    for original in originals:
        if not original.series:
            original.series = slugify(original.code)[:SERIES_MOST] or f"topic-{original.pk}"
            original.save(update_fields=["series"])
        topics[original] = Offering.objects.create(
            code=codes[original.pk],
            kind=original.kind,
            title=original.title.replace(str(source.year), str(source.year + 1)),
            summary=original.summary,
            year=original.year + 1,
            signboard=original.signboard,
            state=OfferingState.PLANNED,
            starts_on=original.starts_on + SHIFT,
            ends_on=original.ends_on + SHIFT,
            lead_teacher_id=original.lead_teacher_id,
            selection_round=copy.found,
            series=original.series,
            least=original.least,
        )
        if original.state == OfferingState.CANCELLED:
            copy.notes.append({"code": "topic_cancelled", "topic": topics[original].pk})
    return topics


def _new_codes(originals: Iterable[Offering], year: int) -> dict[int, str]:
    """A code for the copy of each: the year in it moved on, or the new year behind it, and a number where that is taken."""
    wanted = {}
    for original in originals:
        moved = original.code.replace(str(year), str(year + 1))
        wanted[original.pk] = (
            moved if moved != original.code else f"{original.code[: CODE_MOST - 5]}-{year + 1}"
        )
    starts = Q(pk__in=[])
    for code in wanted.values():
        starts |= Q(code__startswith=code[: CODE_MOST - 3])
    taken = set(Offering.objects.filter(starts).values_list("code", flat=True))
    for key, code in wanted.items():
        number, free = 1, code
        while free in taken:
            number += 1
            free = f"{code[: CODE_MOST - 3]}-{number}"
        taken.add(free)
        wanted[key] = free
    return wanted


def _copy_seats(topics: dict[Offering, Offering]) -> None:
    copies = {original.pk: copy for original, copy in topics.items()}
    SeatCount.objects.bulk_create(
        SeatCount(offering=copy, capacity=original.seats.capacity)
        for original, copy in topics.items()
        if hasattr(original, "seats")
    )
    SeatReservation.objects.bulk_create(
        SeatReservation(
            offering=copies[row.offering_id],
            name=row.name,
            unit_id=row.unit_id,
            ranks=row.ranks,
            categories=row.categories,
            seats=row.seats,
        )
        for row in SeatReservation.objects.filter(offering__in=copies).order_by("pk")
    )
    UnitQuota.objects.bulk_create(
        UnitQuota(offering=copies[row.offering_id], unit_id=row.unit_id, most=row.most)
        for row in UnitQuota.objects.filter(offering__in=copies).order_by("pk")
    )


def _copy_lessons(topics: dict[Offering, Offering], copy: RoundCopy) -> None:
    copies = {original.pk: new for original, new in topics.items()}
    originals = list(Lesson.objects.filter(offering__in=copies).order_by("starts_at", "pk"))
    held = [lesson for lesson in originals if lesson.cancelled_at is None]
    booked = _Booked(held)
    for lesson in originals:
        topic = copies[lesson.offering_id]
        if lesson.cancelled_at is not None:
            copy.notes.append({"code": "lesson_cancelled", "topic": topic.pk, "lesson": lesson.pk})
            continue
        new = Lesson(
            offering=topic,
            starts_at=lesson.starts_at + SHIFT,
            ends_at=lesson.ends_at + SHIFT,
            room_id=lesson.room_id,
            teacher_id=lesson.teacher_id,
            **{name: getattr(lesson, name) for name in LESSON_FIELDS},
        )
        taken = {}
        for code, column in (("room_taken", "room_id"), ("teacher_busy", "teacher_id")):
            if other := booked.other(new, column):
                taken[code] = {"other": other.pk, column: getattr(new, column)}
                setattr(new, column, None)
        new.save()
        for code, facts in taken.items():
            copy.notes.append({"code": code, "topic": topic.pk, "lesson": new.pk, **facts})


class _Booked:
    """What stands in the timetable already at the times to which lessons would be moved."""

    def __init__(self, lessons: list[Lesson]) -> None:
        self._by: dict[tuple[str, int], list[Lesson]] = {}
        if not lessons:
            return
        standing = Lesson.objects.filter(
            Q(room__in={one.room_id for one in lessons}) | Q(teacher__in={one.teacher_id for one in lessons}),
            cancelled_at=None,
            starts_at__lt=max(one.ends_at for one in lessons) + SHIFT,
            ends_at__gt=min(one.starts_at for one in lessons) + SHIFT,
        )
        for one in standing.order_by("starts_at", "pk"):
            for column in ("room_id", "teacher_id"):
                if (key := getattr(one, column)) is not None:
                    self._by.setdefault((column, key), []).append(one)

    def other(self, lesson: Lesson, column: str) -> Lesson | None:
        """The first lesson that has the same room or teacher at an overlapping time."""
        for one in self._by.get((column, getattr(lesson, column)), ()):
            if one.starts_at < lesson.ends_at and lesson.starts_at < one.ends_at:
                return one
        return None
