"""What the roster pages show: who takes part in an offering, what was seen of them, and what a closing would find."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from courses.enums import OfferingState
from courses.models import Lesson, Offering
from partyschool.common import clock
from trainees.enums import ATTENDED_STATUSES, ROSTER_STATES, AttendanceStatus, EnrolmentState
from trainees.models import AttendanceMark, Enrolment, OfferingRoster, YearlyAssessment

from .check_ins_leaves import leaves_at


@dataclass(frozen=True)
class LessonRow:
    """A lesson with how much of its roll is called."""

    lesson: Lesson
    wanted: int
    marked: int
    begun: bool

    @property
    def complete(self) -> bool:
        return self.marked >= self.wanted

    @property
    def missing(self) -> int:
        return max(self.wanted - self.marked, 0)


@dataclass(frozen=True)
class RosterRow:
    """A person on the roster; `attended` and `missed` are class-hours of the lessons marked so far."""

    enrolment: Enrolment
    attended: Decimal
    missed: Decimal


def roster_list() -> QuerySet:
    """Offerings that have or had people in them, each with `lesson_count` (not cancelled) and `called_count` (with any mark)."""
    lessons = Lesson.objects.filter(offering=OuterRef("pk"), cancelled_at=None).order_by().values("offering")
    counted = lessons.annotate(number=Count("pk"))
    called = lessons.filter(marks__isnull=False).annotate(number=Count("pk", distinct=True))
    return OfferingRoster.objects.filter(state__in=[OfferingState.PUBLISHED, OfferingState.CLOSED]).annotate(
        lesson_count=Coalesce(Subquery(counted.values("number")), 0),
        called_count=Coalesce(Subquery(called.values("number")), 0),
    )


def roster_rows(offering: Offering, user: Any) -> list[RosterRow]:
    """Everybody with a place in `offering` whom `user` may see, by unit and name. Three queries, whatever the number of people."""
    places = Enrolment.objects.visible_to(user).filter(offering=offering, state__in=ROSTER_STATES)
    places = places.select_related("cadre__unit").order_by("cadre__unit__path", "cadre__name", "pk")
    in_force = AttendanceMark.objects.filter(
        enrolment__offering=offering, lesson__cancelled_at=None
    ).in_force()
    marks = in_force.unscoped("marks of people read in scope").values_list(
        "enrolment_id", "status", "lesson__hours"
    )
    attended: dict[int, Decimal] = {}
    missed: dict[int, Decimal] = {}
    for enrolment_id, status, hours in marks:
        side = attended if status in ATTENDED_STATUSES else missed
        side[enrolment_id] = side.get(enrolment_id, Decimal(0)) + hours
    return [
        RosterRow(place, attended.get(place.pk, Decimal(0)), missed.get(place.pk, Decimal(0)))
        for place in places
    ]


def people_of(offerings: Iterable[Offering], user: Any) -> dict[int, list[Enrolment]]:
    """Who takes part in each offering, of those whom `user` may see, by unit and name. One query."""
    found: dict[int, list[Enrolment]] = {offering.pk: [] for offering in offerings}
    places = Enrolment.objects.visible_to(user).filter(offering__in=list(found), state__in=ROSTER_STATES)
    for place in places.select_related("cadre__unit").order_by("cadre__unit__path", "cadre__name", "pk"):
        found[place.offering_id].append(place)
    return found


def rooms_of(offerings: Iterable[Offering]) -> dict[int, list[str]]:
    """In which rooms each offering has its lessons, in the order of the lessons. One query."""
    found: dict[int, list[str]] = {offering.pk: [] for offering in offerings}
    lessons = Lesson.objects.filter(offering__in=list(found), cancelled_at=None, room__isnull=False)
    for offering, room in lessons.order_by("starts_at", "pk").values_list("offering_id", "room__name"):
        if room not in found[offering]:
            found[offering].append(room)
    return found


def lesson_rows(offering: Offering) -> list[LessonRow]:
    """The lessons of `offering` in order, each with how many of the enrolled have a mark."""
    wanted = (
        Enrolment.objects.filter(offering=offering, state__in=ROSTER_STATES)
        .unscoped("a number, not people")
        .count()
    )
    seated = Q(marks__enrolment__state__in=ROSTER_STATES)
    lessons = (
        offering.lessons.filter(cancelled_at=None)
        .select_related("teacher", "room")
        .order_by("starts_at", "pk")
    )
    now = clock.now()
    return [
        LessonRow(lesson, wanted, lesson.marked_count, lesson.starts_at <= now)
        for lesson in lessons.annotate(marked_count=Count("marks__enrolment", filter=seated, distinct=True))
    ]


@dataclass(frozen=True)
class RollRow:
    """A person on the roll of one lesson; `status` is the mark in force, '' before the first; `on_leave` tells of an approved leave."""

    enrolment: Enrolment
    status: str
    on_leave: bool = False

    @property
    def proposed(self) -> str:
        """What is chosen beforehand."""
        return self.status or (AttendanceStatus.ON_LEAVE if self.on_leave else AttendanceStatus.PRESENT)


@dataclass(frozen=True)
class Roll:
    """The roll of one lesson. `version` rises with every mark: a form made from an older one is stale."""

    rows: list[RollRow]
    version: int


def roll_of(lesson: Lesson, user: Any) -> Roll:
    """Everybody enrolled in the lesson's offering whom `user` may see, with the marks in force."""
    places = Enrolment.objects.visible_to(user).filter(offering=lesson.offering_id, state__in=ROSTER_STATES)
    if lesson.offering.state == OfferingState.PUBLISHED:
        places = places.filter(state=EnrolmentState.ENROLLED)
    places = places.select_related("cadre__unit").order_by("cadre__unit__path", "cadre__name", "pk")
    marks = AttendanceMark.objects.filter(lesson=lesson)
    in_force = dict(
        marks.in_force().unscoped("marks of people read in scope").values_list("enrolment_id", "status")
    )
    version = marks.unscoped("a number, not people").aggregate(last=Max("pk"))["last"] or 0
    leaves = leaves_at(lesson, [place.pk for place in places])
    rows = [RollRow(place, in_force.get(place.pk, ""), place.pk in leaves) for place in places]
    return Roll(rows, version)


@dataclass(frozen=True)
class ClosingPreview:
    """What a closing would find now."""

    people: int
    lessons: int
    hours: Decimal
    taught_lessons: int
    taught_hours: Decimal
    unmarked: list[LessonRow]
    statuses: dict[str, int]


def closing_preview(offering: Offering) -> ClosingPreview:
    """How many people, lessons and class-hours a closing of `offering` would turn into entries, and which rolls are not complete."""
    rows = lesson_rows(offering)
    lessons = [row.lesson for row in rows]
    taught = [lesson for lesson in lessons if lesson.teacher_id is not None]
    in_force = AttendanceMark.objects.filter(
        lesson__in=lessons, enrolment__state=EnrolmentState.ENROLLED
    ).in_force()
    statuses = dict.fromkeys(AttendanceStatus.values, 0)
    for status in in_force.unscoped("numbers, not people").values_list("status", flat=True):
        statuses[status] += 1
    return ClosingPreview(
        people=rows[0].wanted if rows else 0,
        lessons=len(lessons),
        hours=sum((lesson.hours for lesson in lessons), Decimal(0)),
        taught_lessons=len(taught),
        taught_hours=sum((lesson.hours for lesson in taught), Decimal(0)),
        unmarked=[row for row in rows if not row.complete],
        statuses=statuses,
    )


def open_offerings(year: int) -> int:
    """How many published offerings with lessons in `year` are not closed: their credits are not in yet."""
    held = Offering.objects.filter(
        state=OfferingState.PUBLISHED, lessons__starts_at__year=year, lessons__cancelled_at=None
    )
    return held.distinct().count()


def year_overview(year: int) -> dict[str, int]:
    """Before a year is closed: its offerings still open, and the results that stand now by kind."""
    results = YearlyAssessment.objects.filter(year=year).unscoped("numbers, not people")
    counts = dict(results.order_by().values_list("result").annotate(Count("pk")))
    return {"open_offerings": open_offerings(year), **counts}
