"""Where every number of a cadre's year comes from: entries, categories, caps, requirements, attendance."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Subquery, Sum, Value

from partyschool.common import clock
from trainees.enums import (
    AssessmentResult,
    ConductGrade,
    ConductState,
    CreditCategory,
    FigureCode,
    SchemeState,
)
from trainees.models import (
    AssessmentExemption,
    Cadre,
    ConductScore,
    ConductWeights,
    CreditEntry,
    CreditScheme,
    CycleRequirement,
    Posting,
    YearlyAssessment,
)
from trainees.models.dated import valid_on
from trainees.rules.credits import CategoryLine, ConductOfYear, Reckoning, SchemeFigures, reckon
from trainees.rules.records import Cycle

from .figures import figure
from .reasons import reason_text

NOTHING = Decimal(0)


@dataclass(frozen=True)
class EntryLine:
    """One entry with what a reader asks of it."""

    entry: CreditEntry
    taken_back: bool

    @property
    def is_reversal(self) -> bool:
        return self.entry.reverses_id is not None

    @property
    def is_penalty(self) -> bool:
        return self.entry.source_kind == "penalty" and not self.is_reversal

    @property
    def is_carried(self) -> bool:
        return self.entry.source_kind == "carry" and not self.is_reversal

    @property
    def is_carry_corrected(self) -> bool:
        """Whether it brings what was carried over into step with a corrected result: its note says what it was and is."""
        return self.is_carried and self.entry.source_ref.count(":") > 1

    @property
    def rate(self) -> Decimal | None:
        """Credits per class-hour, where the entry rests on class-hours."""
        return self.entry.amount / self.entry.hours if self.entry.hours else None


@dataclass(frozen=True)
class ShareLine:
    """A share that the scheme asks for, as a fraction of the counted credits."""

    line: CategoryLine
    total: Decimal

    @property
    def share(self) -> Decimal | None:
        """What it is now, None while nothing counts."""
        return self.line.counted / self.total if self.total > 0 else None

    @property
    def missed(self) -> bool:
        return self.line.share_missed(self.total)


@dataclass(frozen=True)
class YearAccount:
    """A cadre's year as the ledger and the scheme give it now, beside the stored result if the year was closed.

    `scheme` and `needed` are None while no scheme is in force; a sealed result is explained under the scheme it was made under.
    """

    year: int
    scheme: CreditScheme | None
    rank: str
    conduct: ConductOfYear
    entries: list[EntryLine]
    assessment: YearlyAssessment | None
    reckoning: Reckoning

    @property
    def needed(self) -> Decimal | None:
        return self.reckoning.needed if self.scheme else None

    @property
    def categories(self) -> Sequence[CategoryLine]:
        return self.reckoning.categories

    @property
    def shares(self) -> list[ShareLine]:
        """The shares that the scheme asks for, with how they stand."""
        return [ShareLine(line, self.counted) for line in self.reckoning.categories if line.share is not None]

    @property
    def earned(self) -> Decimal:
        return self.reckoning.earned

    @property
    def counted(self) -> Decimal:
        return self.reckoning.counted

    @property
    def beyond_caps(self) -> Decimal:
        return self.earned - self.counted

    @property
    def missing(self) -> Decimal:
        """What is lacking to the total, 0 when it is reached."""
        return max(NOTHING, (self.needed or NOTHING) - self.counted)

    @property
    def taken_off(self) -> Decimal:
        """Credits taken off for attendance that were not given back, not below 0."""
        return -sum(
            (line.entry.amount for line in self.entries if line.entry.source_kind == "penalty"), NOTHING
        )

    @property
    def carried(self) -> Decimal:
        """Credits carried over from the year before."""
        return sum((line.entry.amount for line in self.entries if line.entry.source_kind == "carry"), NOTHING)

    @property
    def on_course(self) -> bool:
        """Whether everything that the year asks for is met as things stand."""
        return self.scheme is not None and self.reckoning.result != AssessmentResult.FAIL

    @property
    def category_short(self) -> bool:
        """Whether a category lacks what it needs itself."""
        return any(line.short for line in self.categories)

    @property
    def further(self) -> bool:
        """Whether the scheme asks for more than credits, or knows an excellent year."""
        return bool(
            self.shares
            or self.excellent_from
            or (self.scheme is not None and self.scheme.conduct_least is not None)
        )

    @property
    def excellent_from(self) -> Decimal | None:
        """The credits from which the year is excellent, None where the scheme has no such grade or the rank needs nothing."""
        if self.scheme is None or self.scheme.excellent_factor is None or not self.needed:
            return None
        return self.scheme.excellent_factor * self.needed

    @property
    def conduct_low(self) -> bool:
        """Whether a class's conduct lies below what the scheme asks for."""
        return any(reason["code"] == "conduct" for reason in self.reckoning.reasons)

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
            or (made.scheme_id, made.earned, made.counted, made.grade)
            != (self.scheme.pk, self.earned, self.counted, self.reckoning.grade)
        )


def years_of(cadre: Cadre) -> list[int]:
    """The years in which `cadre` has entries or a result, newest first. One query."""
    entries = CreditEntry.objects.of_cadre(cadre).order_by().values_list("year")
    results = YearlyAssessment.objects.of_cadre(cadre).order_by().values_list("year")
    return sorted((year for (year,) in entries.union(results)), reverse=True)


def explain_year(cadre: Cadre, year: int) -> YearAccount:
    """Everything behind the credits of `cadre` in `year`; `cadre` was read in the caller's scope. At most 5 queries.

    Rank is that of the posting on the last day of the year, of today's while it runs; of a sealed result its own.
    """
    results = YearlyAssessment.objects.of_cadre(cadre).filter(year=year).select_related("scheme", "unit")
    assessment = results.first()
    entries = list(
        CreditEntry.objects.of_cadre(cadre)
        .filter(year=year)
        .select_related("offering", "scheme")
        .order_by("-earned_on", "-pk")
    )
    sealed = assessment if assessment is not None and assessment.sealed else None
    scheme = (
        sealed.scheme
        if sealed
        else CreditScheme.objects.filter(year=year, state=SchemeState.IN_FORCE).first()
    )
    figures = stored_figures(scheme) if scheme else SchemeFigures()
    standing = _standing(cadre, year)
    rank = sealed.rank if sealed else standing["rank_then"] or cadre.rank
    taken_back = {entry.reverses_id for entry in entries}
    conduct = ConductOfYear(
        lowest=standing["lowest"],
        good=not standing["conduct_used"] or (standing["lowest"] is not None and not standing["any_low"]),
    )
    return YearAccount(
        year=year,
        scheme=scheme,
        rank=rank,
        conduct=conduct,
        entries=[EntryLine(entry, entry.pk in taken_back) for entry in entries],
        assessment=assessment,
        reckoning=reckon(
            figures=figures,
            rank=rank,
            entries=[(entry.category, entry.amount) for entry in entries],
            conduct=conduct,
            ground=standing["ground"] or "",
        ),
    )


def stored_figures(scheme: CreditScheme) -> SchemeFigures:
    """The figures of `scheme` in one query."""
    caps = scheme.caps.values_list(Value("cap"), Value(""), "category", "most")
    needs = scheme.requirements.values_list(Value("need"), "rank", "category", "least")
    shares = scheme.shares.values_list(Value("share"), Value(""), "category", "least")
    found: dict[str, dict[tuple[str, str], Decimal]] = {"cap": {}, "need": {}, "share": {}}
    for kind, rank, category, value in caps.union(needs, shares, all=True):
        found[kind][rank, category] = value
    return SchemeFigures(
        caps={category: most for (_rank, category), most in found["cap"].items()},
        least=found["need"],
        shares={category: least for (_rank, category), least in found["share"].items()},
        excellent_factor=scheme.excellent_factor,
        conduct_least=scheme.conduct_least,
    )


def _standing(cadre: Cadre, year: int) -> dict[str, Any]:
    """What else decides on the year, in one query: rank, exemption, released conduct."""
    why = "the cadre itself was read in scope"
    day = min(date(year, 12, 31), clock.school_date())
    postings = Posting.objects.filter(cadre=OuterRef("pk"), starts_on__lte=day).unscoped(why)
    exemptions = AssessmentExemption.objects.filter(cadre=OuterRef("pk"), year=year).unscoped(why)
    scores = ConductScore.objects.filter(
        enrolment__cadre=OuterRef("pk"),
        sheet__state=ConductState.RELEASED,
        sheet__weights__year=year,
        total__isnull=False,
    ).unscoped(why)
    good = [ConductGrade.EXCELLENT, ConductGrade.GOOD]
    return dict(
        Cadre.objects.filter(pk=cadre.pk)
        .unscoped(why)
        .values(
            rank_then=Subquery(postings.order_by("-starts_on").values("rank")[:1]),
            ground=Subquery(exemptions.values("ground")[:1]),
            lowest=Subquery(scores.order_by("total").values("total")[:1]),
            any_low=Exists(scores.exclude(grade__in=good)),
            conduct_used=Exists(ConductWeights.objects.filter(year=year)),
        )
        .get()
    )


def cycle_of(cadre: Cadre) -> Cycle | None:
    """The concentrated training of the present cycle, None where there is no requirement for the rank. 3 queries."""
    year = clock.school_year()
    held = CycleRequirement.objects.filter(valid_on(clock.school_date()), rank=cadre.rank)
    found = held.filter(first_year__lte=year, last_year__gte=year).order_by("-first_year").first()
    if found is None:
        return None
    entries = CreditEntry.objects.of_cadre(cadre).filter(
        category=CreditCategory.CONCENTRATED, year__gte=found.first_year, year__lte=found.last_year
    )
    return Cycle(
        first_year=found.first_year,
        last_year=found.last_year,
        needed=found.hours,
        hours=entries.aggregate(hours=Sum("hours"))["hours"] or NOTHING,
        now=year,
        hours_a_day=figure(FigureCode.HOURS_A_DAY),
        source=found.source,
    )


@dataclass(frozen=True)
class YearsChart:
    """Credits counted and needed of the years with a result and of the one that is explained, oldest first."""

    years: list[int]
    counted: list[Decimal]
    needed: list[Decimal]


def chart_of(cadre: Cadre, account: YearAccount) -> YearsChart:
    """The years of `cadre` beside the year of `account`. One query."""
    results = YearlyAssessment.objects.of_cadre(cadre).values_list("year", "counted", "needed")
    found = {year: (year, counted, needed) for year, counted, needed in results}
    if account.needed is not None:
        found.setdefault(account.year, (account.year, account.counted, account.needed))
    rows = [found[year] for year in sorted(found)]
    return YearsChart([row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows])
