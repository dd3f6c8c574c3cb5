"""What a check-in rests on: the figures of the day, the lessons of one sitting, and where a trainee stands with them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from courses.enums import OfferingState, RollBy
from courses.models import Lesson
from partyschool.common import clock
from partyschool.common.errors import NotFound
from trainees.enums import AttendanceStatus, EnrolmentState, FigureCode
from trainees.models import AttendanceMark, CheckIn, Enrolment
from trainees.rules.check_ins import CheckInFigures, opens_at, over_at, status_of
from trainees.rules.check_ins_denials import CheckInNotOpen, CheckInOver, NotEnrolledHere, RollShut
from trainees.rules.half_days import half_day_of

from .figures import figures_on

_FIGURES = {
    FigureCode.CHECK_IN_OPENS_MINUTES: "opens_minutes",
    FigureCode.LATE_MINUTES: "late_minutes",
    FigureCode.LATE_ABSENT_MINUTES: "late_absent_minutes",
    FigureCode.EARLY_MINUTES: "early_minutes",
    FigureCode.CODE_SECONDS: "code_seconds",
    FigureCode.OFFLINE_HOURS: "offline_hours",
}


@dataclass(frozen=True)
class Arrival:
    """A trainee at the door of a sitting: what a check-in now would be. `earlier` is the first check-in there is, or None."""

    enrolment: Enrolment
    sitting: list[Lesson]
    status: AttendanceStatus
    earlier: CheckIn | None


@dataclass(frozen=True)
class SittingToday:
    """One sitting of the day as its trainee sees it; `mark` is what is in force for its first lesson."""

    sitting: list[Lesson]
    opens_at: datetime
    over_at: datetime
    check_in: CheckIn | None
    mark: AttendanceMark | None
    now: datetime

    @property
    def lesson(self) -> Lesson:
        return self.sitting[0]

    @property
    def open(self) -> bool:
        return self.opens_at <= self.now < self.over_at

    @property
    def over(self) -> bool:
        return self.now >= self.over_at


def check_in_figures(at: datetime) -> CheckInFigures:
    """The figures of check-in that hold on the day of `at`. One query. Raises `NoFigure`."""
    found = figures_on(*_FIGURES, on=clock.school_date(at))
    return CheckInFigures(**{name: int(found[code]) for code, name in _FIGURES.items()})


def sittings_of(lessons: Iterable[Lesson]) -> list[list[Lesson]]:
    """`lessons` (with their offerings), in order, put together as one is seen at them: each alone, or all of a half-day."""
    sittings: dict[Any, list[Lesson]] = {}
    for lesson in sorted(lessons, key=lambda one: (one.starts_at, one.pk)):
        whole = lesson.offering.roll_by == RollBy.HALF_DAY
        key = (lesson.offering_id, half_day_of(lesson.starts_at)) if whole else (lesson.pk,)
        sittings.setdefault(key, []).append(lesson)
    return list(sittings.values())


def sitting_of(lesson: Lesson) -> list[Lesson]:
    """The lessons that one check-in at `lesson` (with its offering) counts for, in order. At most one query."""
    if lesson.offering.roll_by != RollBy.HALF_DAY:
        return [lesson]
    near = Lesson.objects.filter(
        offering=lesson.offering_id,
        cancelled_at=None,
        starts_at__gt=lesson.starts_at - timedelta(days=1),
        starts_at__lt=lesson.starts_at + timedelta(days=1),
    ).select_related("offering", "room", "teacher")
    return next(one for one in sittings_of({*near, lesson}) if lesson in one)


def first_check_ins(
    enrolment_ids: Iterable[int], lesson_ids: Iterable[int]
) -> dict[tuple[int, int], CheckIn]:
    """(enrolment, lesson) → the check-in that was seen first, of records read in scope. One query."""
    found = CheckIn.objects.filter(enrolment__in=list(enrolment_ids), lesson__in=list(lesson_ids))
    rows = found.order_by("-seen_at", "-pk").unscoped("check-ins of enrolments read in scope")
    return {(row.enrolment_id, row.lesson_id): row for row in rows}


def arrival_of(*, user: Any, lesson_id: int, seen_at: datetime, figures: CheckInFigures) -> Arrival:
    """What a check-in of `user` at a lesson would be, seen at `seen_at`.

    Raises `NotFound`, `NotEnrolledHere`, `RollShut`, `CheckInNotOpen`, `CheckInOver`.
    """
    lesson = Lesson.objects.select_related("offering", "room", "teacher").filter(pk=lesson_id).first()
    if lesson is None:
        raise NotFound(_("There is no such lesson."))
    places = Enrolment.objects.visible_to(user).filter(cadre__user=user.pk, offering=lesson.offering_id)
    place = places.filter(state=EnrolmentState.ENROLLED).first()
    if place is None and not places.exclude(state=EnrolmentState.WITHDRAWN).exists():
        raise NotEnrolledHere(lesson.title)
    if lesson.cancelled_at is not None:
        raise RollShut(_("The lesson “%(lesson)s” has been cancelled.") % {"lesson": lesson.title})
    if place is None or lesson.offering.state != OfferingState.PUBLISHED:
        raise RollShut(
            _("%(offering)s is in state “%(state)s”.")
            % {"offering": lesson.offering.title, "state": lesson.offering.get_state_display()}
        )
    sitting = sitting_of(lesson)
    refuse_outside_window(sitting, seen_at, figures)
    earlier = first_check_ins([place.pk], [sitting[0].pk]).get((place.pk, sitting[0].pk))
    return Arrival(place, sitting, status_of(sitting[0], seen_at, figures), earlier)


def refuse_outside_window(sitting: list[Lesson], seen_at: datetime, figures: CheckInFigures) -> None:
    """Raises `CheckInNotOpen` or `CheckInOver` where `seen_at` is no time at which a check-in counts."""
    words = {"lesson": sitting[0].title}
    if seen_at < (opens := opens_at(sitting, figures)):
        facts = _("“%(lesson)s”: check-in opens at %(time)s.") % {**words, "time": clock.in_words(opens)}
        raise CheckInNotOpen(facts, retry_at=opens)
    if seen_at >= (over := over_at(sitting, figures)):
        raise CheckInOver(
            _("“%(lesson)s”: since %(time)s a check-in does not count any more.")
            % {**words, "time": clock.in_words(over)}
        )


def lessons_on_day(user: Any, at: datetime) -> list[Lesson]:
    """The lessons of the day of `at` in what `user` is enrolled in, in order. One query."""
    day = clock.school_date(at)
    mine = Enrolment.objects.visible_to(user).filter(cadre__user=user.pk, state=EnrolmentState.ENROLLED)
    lessons = Lesson.objects.filter(
        offering__in=mine.values("offering"),
        offering__state=OfferingState.PUBLISHED,
        cancelled_at=None,
        starts_at__date=day,
    )
    return list(lessons.select_related("offering", "room", "teacher").order_by("starts_at", "pk"))


def sittings_today(user: Any, *, now: datetime, figures: CheckInFigures) -> list[SittingToday]:
    """What `user` can check in to today, could, or has. Three queries, however many lessons."""
    sittings = sittings_of(lessons_on_day(user, now))
    if not sittings:
        return []
    first = [sitting[0].pk for sitting in sittings]
    own = CheckIn.objects.visible_to(user).filter(enrolment__cadre__user=user.pk, lesson__in=first)
    seen = {row.lesson_id: row for row in own.order_by("-seen_at", "-pk")}
    marks = AttendanceMark.objects.visible_to(user).filter(enrolment__cadre__user=user.pk, lesson__in=first)
    in_force = {mark.lesson_id: mark for mark in marks.order_by("pk")}
    return [
        SittingToday(
            sitting=sitting,
            opens_at=opens_at(sitting, figures),
            over_at=over_at(sitting, figures),
            check_in=seen.get(sitting[0].pk),
            mark=in_force.get(sitting[0].pk),
            now=now,
        )
        for sitting in sittings
    ]
