"""What a cadre was seen at in one offering: lessons, marks, check-ins, and the entries that came of them."""

from dataclasses import dataclass
from decimal import Decimal

from courses.models import Lesson
from trainees.enums import ATTENDED_STATUSES, AttendanceStatus
from trainees.models import AttendanceMark, CheckIn, CreditEntry, Enrolment

from .credits import NOTHING, EntryLine


@dataclass(frozen=True)
class LessonLine:
    """One lesson held and what was seen there; `marks` newest first, so the first is in force.

    `other_check_ins` are those that no mark follows from: somebody's word stood above them.
    """

    lesson: Lesson
    marks: list[AttendanceMark]
    other_check_ins: list[CheckIn]

    @property
    def in_force(self) -> AttendanceMark | None:
        return self.marks[0] if self.marks else None

    @property
    def attended(self) -> bool:
        return self.in_force is not None and AttendanceStatus(self.in_force.status) in ATTENDED_STATUSES


@dataclass(frozen=True)
class AttendanceAccount:
    """A cadre's lessons in one offering, in class-hours, and the entries that came of them."""

    enrolment: Enrolment
    lessons: list[LessonLine]
    entries: list[EntryLine]

    @property
    def held(self) -> Decimal:
        return sum((line.lesson.hours for line in self.lessons), NOTHING)

    @property
    def attended(self) -> Decimal:
        return sum((line.lesson.hours for line in self.lessons if line.attended), NOTHING)


def explain_attendance(enrolment: Enrolment) -> AttendanceAccount:
    """The marks behind the credits of `enrolment`, which was read in the caller's scope, and the check-ins behind the marks. 4 queries."""
    marks: dict[int, list[AttendanceMark]] = {}
    seen = AttendanceMark.objects.filter(enrolment=enrolment).unscoped(
        "the enrolment itself was read in scope"
    )
    followed: set[int] = set()
    for mark in seen.select_related("check_in").order_by("-pk"):
        marks.setdefault(mark.lesson_id, []).append(mark)
        if mark.check_in_id is not None:
            followed.add(mark.check_in_id)
    check_ins: dict[int, list[CheckIn]] = {}
    sightings = CheckIn.objects.filter(enrolment=enrolment).unscoped("the enrolment itself was read in scope")
    for check_in in sightings.exclude(pk__in=followed).order_by("seen_at", "pk"):
        check_ins.setdefault(check_in.lesson_id, []).append(check_in)
    lessons = Lesson.objects.filter(offering=enrolment.offering_id, cancelled_at=None).select_related(
        "teacher", "room"
    )
    entries = list(
        CreditEntry.objects.of_cadre(enrolment.cadre_id)
        .filter(offering=enrolment.offering_id)
        .select_related("offering", "scheme")
        .order_by("-earned_on", "-pk")
    )
    taken_back = {entry.reverses_id for entry in entries}
    return AttendanceAccount(
        enrolment=enrolment,
        lessons=[
            LessonLine(lesson, marks.get(lesson.pk, []), check_ins.get(lesson.pk, []))
            for lesson in lessons.order_by("starts_at", "pk")
        ],
        entries=[EntryLine(entry, entry.pk in taken_back) for entry in entries],
    )
