"""What the pages of the conduct assessment show: the class teacher's sheets and grid, moderation, what was released."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from courses.enums import OfferingState
from courses.models import Offering
from trainees.enums import ROSTER_STATES, ConductDimension, ConductGrade, ConductState
from trainees.models import ConductChange, ConductScore, ConductSheet, ConductWeights, Enrolment
from trainees.rules.conduct import (
    ASSESSED_KINDS,
    Marking,
    dimension_scores,
    proposed_attitude,
    version_of,
)

from .rosters import roster_rows

GRADE_TONES = {
    ConductGrade.EXCELLENT: "success",
    ConductGrade.GOOD: "info",
    ConductGrade.PASS: "neutral",
    ConductGrade.FAIL: "danger",
}
STATE_TONES = {
    ConductState.OPEN: "running",
    ConductState.SUBMITTED: "warning",
    ConductState.RELEASED: "success",
}
# Totals are shown in these bands, best first: from, below.
BANDS = ((90, 101), (80, 90), (70, 80), (60, 70), (0, 60))
RELEASED_ORDER = ("-sheet_id", "-pk")


def proposed_weights(year: int) -> ConductWeights | None:
    """The weights of the newest year before `year`: what a new year's form begins with."""
    return ConductWeights.objects.filter(year__lt=year).order_by("-year").first()


def sheet_list() -> QuerySet[ConductSheet]:
    """Sheets with `people` on the roster and `scored` people who have every score that the year uses."""
    roster = Enrolment._base_manager.filter(offering=OuterRef("offering"), state__in=ROSTER_STATES)
    people = roster.order_by().values("offering").annotate(number=Count("pk"))
    whole = Q()
    for dimension in ConductDimension:
        whole &= Q(**{f"sheet__weights__{dimension.value}": 0}) | Q(**{f"{dimension.value}__isnull": False})
    scored = ConductScore._base_manager.filter(
        whole, sheet=OuterRef("pk"), enrolment__state__in=ROSTER_STATES
    )
    counted = scored.order_by().values("sheet").annotate(number=Count("pk"))
    return ConductSheet.objects.select_related("offering__lead_teacher", "weights").annotate(
        people=Coalesce(Subquery(people.values("number")), 0),
        scored=Coalesce(Subquery(counted.values("number")), 0),
    )


def sheets_of_teacher(user: Any) -> QuerySet[ConductSheet]:
    """The sheets of the classes that `user` leads: what waits for scores first, then the newest."""
    return (
        sheet_list()
        .filter(offering__lead_teacher__user=user)
        .order_by("state", "-offering__starts_on", "-pk")
    )


def classes_to_open() -> QuerySet[Offering]:
    """Classes whose conduct can be assessed and is not yet: published or closed, with a class teacher who has an account."""
    return Offering.objects.filter(
        kind__in=ASSESSED_KINDS,
        state__in=(OfferingState.PUBLISHED, OfferingState.CLOSED),
        lead_teacher__user__isnull=False,
        conduct_sheet__isnull=True,
    ).order_by("-starts_on", "-pk")


@dataclass(frozen=True)
class Cell:
    """One dimension of one trainee."""

    dimension: ConductDimension
    score: int | None


@dataclass(frozen=True)
class SheetRow:
    """One trainee on a sheet. `total` is what the scores come to under the year's weights, None while one is missing."""

    enrolment: Enrolment
    score: ConductScore | None
    cells: Sequence[Cell]
    total: Decimal | None
    grade: ConductGrade | None
    proposed: int | None
    attended: Decimal
    held: Decimal
    changes: Sequence[ConductChange] = ()

    @property
    def comment(self) -> str:
        return self.score.comment if self.score else ""

    @property
    def version(self) -> str:
        return version_of(dimension_scores(self.score), self.comment)

    @property
    def tone(self) -> str:
        return GRADE_TONES[self.grade] if self.grade else "neutral"

    @property
    def stored_text(self) -> str:
        """The stored scores in one line, in the order of the columns."""
        return " · ".join("—" if cell.score is None else str(cell.score) for cell in self.cells)


@dataclass(frozen=True)
class Sheet:
    """A sheet with everybody on it, by unit and name."""

    sheet: ConductSheet
    marking: Marking
    rows: Sequence[SheetRow]

    @property
    def missing(self) -> int:
        """How many people still lack a score."""
        return sum(row.total is None for row in self.rows)

    @property
    def complete(self) -> bool:
        return bool(self.rows) and not self.missing

    @property
    def columns(self) -> list[tuple[ConductDimension, int]]:
        """The dimensions that the year scores, with their weights in per cent."""
        return [(dimension, self.marking.weights[dimension]) for dimension in self.marking.used]

    @property
    def grades(self) -> list[tuple[ConductGrade, int, str]]:
        """How many people each grade has, best first, with its tone."""
        return [
            (grade, sum(row.grade == grade for row in self.rows), GRADE_TONES[grade])
            for grade in ConductGrade
        ]

    @property
    def bands(self) -> list[tuple[str, int]]:
        """How many totals lie in each band of the distribution, best first."""
        totals = [row.total for row in self.rows if row.total is not None]
        return [
            (f"{low}–{high - 1}" if low else f"0–{high - 1}", sum(low <= total < high for total in totals))
            for low, high in BANDS
        ]

    @property
    def mean(self) -> Decimal | None:
        """The mean total to 0.01, None without totals."""
        totals = [row.total for row in self.rows if row.total is not None]
        return round(sum(totals, Decimal(0)) / len(totals), 2) if totals else None


def sheet_of(sheet: ConductSheet, user: Any, *, with_changes: bool = False) -> Sheet:
    """The grid of `sheet` with the people whom `user` may see. 4 queries, one more with the moderations."""
    marking = Marking.of(sheet.weights)
    scores = ConductScore.objects.filter(sheet=sheet).visible_to(user).select_related("scored_by")
    stored = {score.enrolment_id: score for score in scores}
    changes: dict[int, list[ConductChange]] = {}
    if with_changes:
        made = ConductChange.objects.visible_to(user).filter(score__sheet=sheet).select_related("made_by")
        for change in made.order_by("-pk"):
            changes.setdefault(change.score_id, []).append(change)
    rows = []
    for row in roster_rows(sheet.offering, user):
        score = stored.get(row.enrolment.pk)
        held = row.attended + row.missed
        values = dimension_scores(score)
        total = marking.total(values)
        rows.append(
            SheetRow(
                enrolment=row.enrolment,
                score=score,
                cells=[Cell(dimension, values[dimension]) for dimension in marking.used],
                total=total,
                grade=None if total is None else marking.grade(total),
                proposed=proposed_attitude(attended=row.attended, held=held),
                attended=row.attended,
                held=held,
                changes=changes.get(score.pk, ()) if score else (),
            )
        )
    return Sheet(sheet, marking, rows)


def released_scores(
    user: Any, *, year: int | None = None, grade: str = "", name: str = ""
) -> QuerySet[ConductScore]:
    """Released conduct of the cadres that `user` is responsible for; not the own one, which has its own page."""
    rows = ConductScore.objects.visible_to(user).filter(
        user.scope.unit_condition("enrolment__cadre__unit__path"),
        sheet__state=ConductState.RELEASED,
        total__isnull=False,
    )
    if year is not None:
        rows = rows.filter(sheet__weights__year=year)
    if grade:
        rows = rows.filter(grade=grade)
    if name:
        rows = rows.filter(enrolment__cadre__name__icontains=name)
    return rows.select_related("enrolment__cadre__unit", "sheet__offering", "sheet__weights")


def years_released() -> list[int]:
    """The years with released assessments, newest first."""
    years = ConductSheet.objects.filter(state=ConductState.RELEASED).values_list("weights__year", flat=True)
    return list(years.distinct().order_by("-weights__year"))
