"""What whoever keeps a roll sees: the lessons of a day, who has come, and the roll with what is known of each person."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet

from courses.enums import OfferingState
from courses.models import Lesson
from partyschool.accounts.enums import Role
from trainees.enums import (
    ATTENDED_STATUSES,
    ROSTER_STATES,
    AttendanceStatus,
    CheckInSource,
    EnrolmentState,
    FigureCode,
)
from trainees.models import AttendanceMark, CheckIn, Enrolment, LeaveRequest

from .check_ins import first_check_ins, sitting_of
from .check_ins_leaves import leaves_at
from .figures import figure


@dataclass(frozen=True)
class Came:
    """How many of a roll have come, `late` of them late, and how many there should be."""

    came: int
    late: int
    wanted: int


@dataclass(frozen=True)
class KeptLesson:
    """A lesson that somebody keeps the roll of, and how far it is called."""

    lesson: Lesson
    wanted: int
    marked: int

    @property
    def complete(self) -> bool:
        return self.marked >= self.wanted


@dataclass(frozen=True)
class TabletRow:
    """A person on the roll: the mark in force, the check-in seen first, an approved leave, whose phone was the same, and
    whether what was typed without network came later than usual."""

    enrolment: Enrolment
    mark: AttendanceMark | None
    check_in: CheckIn | None
    leave: LeaveRequest | None
    same_device: list[str] = field(default_factory=list)
    sent_late: bool = False

    @property
    def stored(self) -> str:
        """The status in force, '' before the first mark."""
        return self.mark.status if self.mark else ""

    @property
    def proposed(self) -> str:
        """What is chosen beforehand: the status in force, or else a leave that was approved."""
        return self.stored or (AttendanceStatus.ON_LEAVE if self.leave else "")


@dataclass(frozen=True)
class TabletRoll:
    """The roll of one lesson; `version` rises with every mark."""

    rows: list[TabletRow]
    version: int


def kept_lessons(user: Any) -> QuerySet[Lesson]:
    """The lessons whose roll `user` keeps: staff all, a teacher the own lessons and those of classes that the teacher leads."""
    lessons = Lesson.objects.filter(offering__state__in=[OfferingState.PUBLISHED, OfferingState.CLOSED])
    if user.scope.has(Role.STAFF):
        return lessons
    if not user.scope.has(Role.TEACHER):
        return lessons.none()
    return lessons.filter(Q(teacher__user=user.pk) | Q(offering__lead_teacher__user=user.pk))


def kept_on(user: Any, day: date) -> list[KeptLesson]:
    """The lessons of a day whose roll `user` keeps, in order. Two queries, however many."""
    lessons = list(
        kept_lessons(user)
        .filter(starts_at__date=day, cancelled_at=None)
        .select_related("offering", "room", "teacher")
        .annotate(
            marked_count=Count(
                "marks__enrolment", filter=Q(marks__enrolment__state__in=ROSTER_STATES), distinct=True
            )
        )
        .order_by("starts_at", "pk")
    )
    seated = Enrolment.objects.filter(
        offering__in={one.offering_id for one in lessons}, state__in=ROSTER_STATES
    ).unscoped("numbers, not people")
    wanted = dict(seated.order_by().values_list("offering").annotate(Count("pk")))
    return [KeptLesson(one, wanted.get(one.offering_id, 0), one.marked_count) for one in lessons]


def came_to(lesson: Lesson) -> Came:
    """How many of those enrolled have come to `lesson`, by the marks in force. Two queries."""
    seated = Enrolment.objects.filter(offering=lesson.offering_id, state__in=ROSTER_STATES)
    marks = AttendanceMark.objects.filter(lesson=lesson, enrolment__state__in=ROSTER_STATES).in_force()
    statuses = list(marks.unscoped("numbers, not people").values_list("status", flat=True))
    return Came(
        came=sum(AttendanceStatus(status) in ATTENDED_STATUSES for status in statuses),
        late=statuses.count(AttendanceStatus.LATE),
        wanted=seated.unscoped("a number, not people").count(),
    )


def tablet_roll(lesson: Lesson, user: Any) -> TabletRoll:
    """Everybody on the roll of `lesson` (with its offering) whom `user` may see, with all that is known. At most seven queries."""
    places = Enrolment.objects.visible_to(user).filter(offering=lesson.offering_id, state__in=ROSTER_STATES)
    if lesson.offering.state == OfferingState.PUBLISHED:
        places = places.filter(state=EnrolmentState.ENROLLED)
    people = list(places.select_related("cadre__unit").order_by("cadre__unit__path", "cadre__name", "pk"))
    marks = AttendanceMark.objects.filter(lesson=lesson).in_force()
    in_force = {mark.enrolment_id: mark for mark in marks.unscoped("marks of people read in scope")}
    anchor = sitting_of(lesson)[0]
    seen = first_check_ins([place.pk for place in people], [anchor.pk])
    check_ins = {place: check_in for (place, _lesson), check_in in seen.items()}
    shared = same_devices(people, check_ins)
    late = sent_late(check_ins)
    leaves = leaves_at(lesson, [place.pk for place in people])
    rows = [
        TabletRow(
            enrolment=place,
            mark=in_force.get(place.pk),
            check_in=check_ins.get(place.pk),
            leave=leaves.get(place.pk),
            same_device=shared.get(place.pk, []),
            sent_late=place.pk in late,
        )
        for place in people
    ]
    return TabletRoll(rows, max((mark.pk for mark in in_force.values()), default=0))


def same_devices(people: Sequence[Enrolment], check_ins: dict[int, CheckIn]) -> dict[int, list[str]]:
    """Enrolment id → the names of others who checked in with the same browser. It is told, not refused: phones are lent."""
    by_device: dict[str, list[Enrolment]] = defaultdict(list)
    for place in people:
        check_in = check_ins.get(place.pk)
        if check_in is not None and check_in.device:
            by_device[check_in.device].append(place)
    return {
        place.pk: [other.cadre.name for other in group if other.pk != place.pk]
        for group in by_device.values()
        if len(group) > 1
        for place in group
    }


def sent_late(check_ins: dict[int, CheckIn]) -> set[int]:
    """Enrolments whose check-in was typed without network and sent later than is usual. It is told, not refused: whoever keeps the roll
    decides. One query where anything waited."""
    waited = {place: one for place, one in check_ins.items() if one.source == CheckInSource.OFFLINE}
    if not waited:
        return set()
    usual = timedelta(minutes=float(figure(FigureCode.SENT_LATE_MINUTES)))
    return {place for place, one in waited.items() if one.received_at - one.seen_at > usual}
