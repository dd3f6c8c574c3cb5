"""Where every number of a cadre's year comes from: entries, categories, caps, requirements, attendance."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from courses.models import Lesson
from partyschool.common import clock
from trainees.enums import ATTENDED_STATUSES, AttendanceStatus, CreditCategory, SchemeState
from trainees.models import (
    AttendanceMark,
    Cadre,
    CreditEntry,
    CreditScheme,
    Enrolment,
    YearlyAssessment,
)

from .reasons import reason_text

NOTHING = Decimal(0)


@dataclass(frozen=True)
class CategoryLine:
    """One category of a year, in credits. `cap` and `needed` are None where the scheme sets none."""

    category: CreditCategory
    earned: Decimal
    cap: Decimal | None
    needed: Decimal | None

    @property
    def counted(self) -> Decimal:
        return self.earned if self.cap is None else min(self.earned, self.cap)

    @property
    def beyond_cap(self) -> Decimal:
        return self.earned - self.counted

    @property
    def short(self) -> Decimal:
        """What is lacking to the category's own requirement, 0 when it is met or there is none."""
        return max(NOTHING, (self.needed or NOTHING) - self.counted)


@dataclass(frozen=True)
class EntryLine:
    """One entry with what a reader asks of it."""

    entry: CreditEntry
    taken_back: bool

    @property
    def is_reversal(self) -> bool:
        return self.entry.reverses_id is not None

    @property
    def rate(self) -> Decimal | None:
        """Credits per class-hour, where the entry rests on class-hours."""
        return self.entry.amount / self.entry.hours if self.entry.hours else None


@dataclass(frozen=True)
class YearAccount:
    """A cadre's year as the ledger and the scheme in force give it now, beside the stored result if the year was closed.

    `scheme` and `needed` are None while no scheme is in force.
    """

    year: int
    scheme: CreditScheme | None
    needed: Decimal | None
    categories: list[CategoryLine]
    entries: list[EntryLine]
    assessment: YearlyAssessment | None

    @cached_property
    def earned(self) -> Decimal:
        return sum((line.earned for line in self.categories), NOTHING)

    @cached_property
    def counted(self) -> Decimal:
        return sum((line.counted for line in self.categories), NOTHING)

    @property
    def beyond_caps(self) -> Decimal:
        return self.earned - self.counted

    @property
    def missing(self) -> Decimal:
        """What is lacking to the total, 0 when it is reached."""
        return max(NOTHING, (self.needed or NOTHING) - self.counted)

    @property
    def on_course(self) -> bool:
        """Whether the total and every category requirement are met as things stand."""
        return (
            self.scheme is not None and not self.missing and not any(line.short for line in self.categories)
        )

    @property
    def provisional(self) -> bool:
        """Whether the result was made while the year was still running."""
        return self.assessment is not None and self.assessment.closed_at < clock.year_end(self.year)

    @property
    def reasons(self) -> list[str]:
        """The reasons of the stored result, as sentences."""
        return [reason_text(reason) for reason in self.assessment.reasons] if self.assessment else []

    @property
    def outdated(self) -> bool:
        """Whether ledger or scheme have moved on since the result was made; the next closing of the year takes it up."""
        made = self.assessment
        return made is not None and (
            self.scheme is None
            or (made.scheme_id, made.earned, made.counted) != (self.scheme.pk, self.earned, self.counted)
        )


def years_of(cadre: Cadre) -> list[int]:
    """The years in which `cadre` has entries or a result, newest first. One query."""
    entries = CreditEntry.objects.of_cadre(cadre).order_by().values_list("year")
    results = YearlyAssessment.objects.of_cadre(cadre).order_by().values_list("year")
    return sorted((year for (year,) in entries.union(results)), reverse=True)


def explain_year(cadre: Cadre, year: int) -> YearAccount:
    """Everything behind the credits of `cadre` in `year`; `cadre` was read in the caller's scope. At most 5 queries."""
    results = YearlyAssessment.objects.of_cadre(cadre).filter(year=year).select_related("scheme", "unit")
    assessment = results.first()
    entries = list(
        CreditEntry.objects.of_cadre(cadre)
        .filter(year=year)
        .select_related("offering", "scheme")
        .order_by("-earned_on", "-pk")
    )
    scheme = CreditScheme.objects.filter(year=year, state=SchemeState.IN_FORCE).first()
    caps = dict(scheme.caps.values_list("category", "most")) if scheme else {}
    # The result of a year that is over keeps the rank of its closing; a promotion since then does not change that year.
    settled = assessment if assessment is not None and assessment.closed_at >= clock.year_end(year) else None
    rank = settled.rank if settled else cadre.rank
    least = dict(scheme.requirements.filter(rank=rank).values_list("category", "least")) if scheme else {}
    earned = dict.fromkeys(CreditCategory.values, NOTHING)
    for entry in entries:
        earned[entry.category] += entry.amount
    taken_back = {entry.reverses_id for entry in entries}
    return YearAccount(
        year=year,
        scheme=scheme,
        needed=least.get("", NOTHING) if scheme else None,
        categories=[
            CategoryLine(CreditCategory(category), earned[category], caps.get(category), least.get(category))
            for category in CreditCategory.values
        ],
        entries=[EntryLine(entry, entry.pk in taken_back) for entry in entries],
        assessment=assessment,
    )


@dataclass(frozen=True)
class LessonLine:
    """One lesson held and what was seen there; `marks` newest first, so the first is in force."""

    lesson: Lesson
    marks: list[AttendanceMark]

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
    """The marks behind the credits of `enrolment`, which was read in the caller's scope. 3 queries."""
    marks: dict[int, list[AttendanceMark]] = {}
    seen = AttendanceMark.objects.filter(enrolment=enrolment).unscoped(
        "the enrolment itself was read in scope"
    )
    for mark in seen.order_by("-pk"):
        marks.setdefault(mark.lesson_id, []).append(mark)
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
            LessonLine(lesson, marks.get(lesson.pk, [])) for lesson in lessons.order_by("starts_at", "pk")
        ],
        entries=[EntryLine(entry, entry.pk in taken_back) for entry in entries],
    )
