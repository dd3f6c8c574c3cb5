"""The training record of cadres across the years: postings, classes, credits, results, claims, the cycle and what would close it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import F, Q, QuerySet, Sum

from courses.enums import OfferingKind, OfferingState
from courses.models import Offering
from partyschool.common import clock
from trainees.enums import (
    ROSTER_STATES,
    ClaimState,
    ConductState,
    CreditCategory,
    FigureCode,
    Rank,
    SchemeState,
)
from trainees.models import (
    Cadre,
    ConductScore,
    CreditClaim,
    CreditEntry,
    CreditRule,
    CycleRequirement,
    Enrolment,
    Posting,
    YearlyAssessment,
)
from trainees.models.dated import valid_on
from trainees.rules.records import NOTHING, Cycle, Promotion, judge_promotion, rises

from .figures import figures_on
from .record_lines import CategorySum, ClassLine, Coming, TrainingRecord, YearLine

COMPARED_MOST = 4
COMING_MOST = 8
FOUND_ORDER = ("name", "pk")
READ_IN_SCOPE = "the cadres themselves were read in scope"


def found_cadres(user: Any, query: str) -> QuerySet[Cadre]:
    """The cadres whom `user` is responsible for with `query` in the name, or as their number written in full."""
    cadres = Cadre.objects.visible_to(user).filter(user.scope.unit_condition("unit__path"))
    return cadres.filter(Q(name__icontains=query) | Q(code__iexact=query)).select_related("unit")


def training_record(cadre: Cadre) -> TrainingRecord:
    """The record of `cadre`, who was read in the caller's scope. As many queries as `training_records`."""
    (record,) = training_records([cadre])
    return record


def training_records(cadres: Sequence[Cadre]) -> list[TrainingRecord]:
    """The records of `cadres`, who were read in the caller's scope, in the order given. 10 queries, whatever their number."""
    return _Reader(cadres).records()


class _Reader:
    """Reads what the records are made of for all cadres together."""

    def __init__(self, cadres: Sequence[Cadre]) -> None:
        self.cadres = cadres
        self.today = clock.school_date()
        self.figures = figures_on(
            FigureCode.LONG_CLASS_DAYS,
            FigureCode.HOURS_A_DAY,
            FigureCode.PROMOTED_WITHIN_YEARS,
            on=self.today,
        )
        self.requirements = list(
            CycleRequirement.objects.filter(valid_on(self.today)).order_by("-first_year")
        )
        self.entries = _by_cadre(
            CreditEntry.objects.filter(cadre__in=cadres)
            .unscoped(READ_IN_SCOPE)
            .values_list("cadre_id", "year", "category", "earned_on", "offering_id", "hours", "amount")
        )
        self.coming = self._coming()

    def records(self) -> list[TrainingRecord]:
        postings = _grouped(
            Posting.objects.filter(cadre__in=self.cadres)
            .unscoped(READ_IN_SCOPE)
            .select_related("unit")
            .order_by("-starts_on"),
            "cadre_id",
        )
        places = _grouped(
            Enrolment.objects.filter(cadre__in=self.cadres, state__in=ROSTER_STATES)
            .unscoped(READ_IN_SCOPE)
            .select_related("offering")
            .order_by("-offering__starts_on", "-pk"),
            "cadre_id",
        )
        conduct = {
            score.enrolment_id: score
            for score in ConductScore.objects.filter(
                enrolment__cadre__in=self.cadres, sheet__state=ConductState.RELEASED, total__isnull=False
            )
            .unscoped(READ_IN_SCOPE)
            .select_related("sheet__weights")
        }
        results = _grouped(
            YearlyAssessment.objects.filter(cadre__in=self.cadres)
            .unscoped(READ_IN_SCOPE)
            .select_related("unit"),
            "cadre_id",
        )
        claims = _grouped(
            CreditClaim.objects.filter(cadre__in=self.cadres, state=ClaimState.APPROVED)
            .unscoped(READ_IN_SCOPE)
            .select_related("entry")
            .order_by("-earned_on", "-pk"),
            "cadre_id",
        )
        return [
            TrainingRecord(
                cadre=cadre,
                today=self.today,
                postings=postings[cadre.pk],
                classes=self._classes(cadre, places[cadre.pk], conduct),
                years=self._years(cadre, results[cadre.pk]),
                claims=claims[cadre.pk],
                cycle=self._cycle(cadre),
                promotion=self._promotion(cadre, postings[cadre.pk]),
                coming=self._coming_for(cadre, places[cadre.pk]),
            )
            for cadre in self.cadres
        ]

    def _classes(
        self, cadre: Cadre, places: Iterable[Enrolment], conduct: dict[int, ConductScore]
    ) -> list[ClassLine]:
        sums: dict[int, list[Decimal]] = {}
        for entry in self.entries[cadre.pk]:
            if entry.offering is not None:
                both = sums.setdefault(entry.offering, [NOTHING, NOTHING])
                both[0] += entry.hours
                both[1] += entry.credits
        long_days = self.figures[FigureCode.LONG_CLASS_DAYS]
        lines = []
        for place in places:
            offering = place.offering
            days = (offering.ends_on - offering.starts_on).days + 1
            posted = sums.get(offering.pk)
            closed = offering.state == OfferingState.CLOSED
            hours, earned = posted or ((NOTHING, NOTHING) if closed else (None, None))
            lines.append(
                ClassLine(
                    enrolment=place,
                    hours=hours,
                    credits=earned,
                    conduct=conduct.get(place.pk),
                    noted=offering.off_job and days >= long_days,
                )
            )
        return lines

    def _years(self, cadre: Cadre, results: Iterable[YearlyAssessment]) -> list[YearLine]:
        by_year = {one.year: one for one in results}
        sums: dict[int, dict[str, CategorySum]] = {year: {} for year in by_year}
        for entry in self.entries[cadre.pk]:
            year = sums.setdefault(entry.year, {})
            so_far = year.get(entry.category, CategorySum(NOTHING, NOTHING))
            year[entry.category] = CategorySum(so_far.hours + entry.hours, so_far.credits + entry.credits)
        nothing = CategorySum(NOTHING, NOTHING)
        return [
            YearLine(
                year, [sums[year].get(name, nothing) for name in CreditCategory.values], by_year.get(year)
            )
            for year in sorted(sums, reverse=True)
        ]

    # -- the cycle

    def _requirement(self, rank: str, year: int) -> CycleRequirement | None:
        fitting = (one for one in self.requirements if one.rank == rank and one.first_year <= year)
        return next((one for one in fitting if year <= one.last_year), None)

    def _concentrated(self, cadre: Cadre) -> list[tuple[date, Decimal]]:
        return [
            (entry.earned_on, entry.hours)
            for entry in self.entries[cadre.pk]
            if entry.category == CreditCategory.CONCENTRATED
        ]

    def _cycle(self, cadre: Cadre) -> Cycle | None:
        found = self._requirement(cadre.rank, self.today.year)
        if found is None:
            return None
        hours = sum(
            (
                entry.hours
                for entry in self.entries[cadre.pk]
                if entry.category == CreditCategory.CONCENTRATED
                and found.first_year <= entry.year <= found.last_year
            ),
            NOTHING,
        )
        return Cycle(
            first_year=found.first_year,
            last_year=found.last_year,
            needed=found.hours,
            hours=hours,
            now=self.today.year,
            hours_a_day=self.figures[FigureCode.HOURS_A_DAY],
            source=found.source,
        )

    def _promotion(self, cadre: Cadre, postings: Sequence[Posting]) -> Promotion | None:
        """The last rise in rank for which a requirement is known."""
        course = [(one.starts_on, Rank(one.rank)) for one in reversed(postings)]
        for on, rank in reversed(rises(course)):
            found = self._requirement(rank, on.year)
            if found is not None:
                return judge_promotion(
                    on=on,
                    rank=rank,
                    needed=found.hours,
                    cycle_years=found.last_year - found.first_year + 1,
                    within_years=int(self.figures[FigureCode.PROMOTED_WITHIN_YEARS]),
                    earned=self._concentrated(cadre),
                    today=self.today,
                )
        return None

    # -- what would close the gap

    def _coming(self) -> list[Coming]:
        """Published classes that have not begun and count as concentrated training by the scheme in force of their year. 2 queries."""
        rules = CreditRule.objects.filter(
            scheme__state=SchemeState.IN_FORCE,
            scheme__year__gte=self.today.year,
            category=CreditCategory.CONCENTRATED,
            activity__in=OfferingKind.values,
        )
        counting = set(rules.values_list("scheme__year", "activity"))
        offerings = Offering.objects.filter(
            state=OfferingState.PUBLISHED,
            starts_on__gt=self.today,
            kind__in={kind for _year, kind in counting},
            seats__taken__lt=F("seats__capacity"),
        )
        hours = Sum("lessons__hours", filter=Q(lessons__cancelled_at=None))
        found = offerings.annotate(class_hours=hours).select_related("seats").order_by("starts_on", "pk")
        return [
            Coming(one, one.class_hours or NOTHING, one.seats.capacity - one.seats.taken)
            for one in found[: COMING_MOST * 8]
            if (one.year, one.kind) in counting
        ]

    def _coming_for(self, cadre: Cadre, places: Iterable[Enrolment]) -> list[Coming]:
        taken = {place.offering_id for place in places}
        return [one for one in self.coming if one.offering.pk not in taken][:COMING_MOST]


class _Entry(NamedTuple):
    cadre: int
    year: int
    category: str
    earned_on: date
    offering: int | None
    hours: Decimal
    credits: Decimal


def _by_cadre(rows: Iterable[tuple[Any, ...]]) -> dict[int, list[_Entry]]:
    found: dict[int, list[_Entry]] = defaultdict(list)
    for row in rows:
        entry = _Entry(*row)
        found[entry.cadre].append(entry)
    return found


def _grouped(rows: Iterable[Any], key: str) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[getattr(row, key)].append(row)
    return found
