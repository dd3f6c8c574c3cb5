"""Sealed years beside each other: each with the units of its own last day, within what the reader is responsible for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum

from partyschool.accounts.models import Unit
from trainees.enums import AssessmentResult, Grade, YearState
from trainees.models import AssessmentYear

from .organisation import group_of, results_in
from .reports import Tally

COMPARED = 3
COMPARED_MOST = 6
DRAWN_MOST = 12


def sealed_years() -> list[int]:
    """The years whose results are final, newest first. One query."""
    sealed = AssessmentYear.objects.filter(state=YearState.SEALED)
    return list(sealed.order_by("-year").values_list("year", flat=True))


@dataclass
class YearFigures:
    """One group of people in one year. Credits are those of the assessed alone."""

    tally: Tally = field(default_factory=Tally)
    excellent: int = 0
    counted: Decimal = Decimal(0)
    needed: Decimal = Decimal(0)

    @property
    def rate(self) -> Decimal | None:
        return self.tally.pass_rate

    @property
    def average(self) -> Decimal | None:
        """Credits counted per head of the assessed, one digit; None where nobody was assessed."""
        return round(self.counted / self.tally.assessed, 1) if self.tally.assessed else None

    def add(self, row: Mapping[str, Any]) -> None:
        for result in AssessmentResult:
            self.tally.add(result, row[result.value])
        self.excellent += row["excellent"]
        self.counted += row["counted_sum"] or 0
        self.needed += row["needed_sum"] or 0


@dataclass(frozen=True)
class YearCell:
    """One year of a line. `change` in points against the compared year before it, None where one of them has no rate."""

    year: int
    figures: YearFigures
    change: Decimal | None

    @property
    def trend(self) -> str:
        """Up, down or level, '' where it cannot be told."""
        if self.change is None:
            return ""
        return "up" if self.change > 0 else "down" if self.change < 0 else "level"


@dataclass(frozen=True)
class UnitYears:
    """A unit with everything below it, year by year, oldest first."""

    unit: Unit
    cells: Sequence[YearCell]

    @property
    def rates(self) -> list[Decimal | None]:
        return [cell.figures.rate for cell in self.cells]


@dataclass(frozen=True)
class YearsCompared:
    """`years` oldest first; `whole` everybody in scope; `units` in the order of the tree."""

    years: Sequence[int]
    whole: Sequence[YearCell]
    units: Sequence[UnitYears]

    @property
    def people(self) -> int:
        return sum(cell.figures.tally.total for cell in self.whole)

    @property
    def drawn(self) -> Sequence[UnitYears]:
        """The units for the chart: the lowest of the newest year that has a rate, at most 12."""
        rated = [line for line in self.units if any(rate is not None for rate in line.rates)]
        return sorted(rated, key=_newest_rate)[:DRAWN_MOST]


def _newest_rate(line: UnitYears) -> Decimal:
    return next(rate for rate in reversed(line.rates) if rate is not None)


def compare_years(user: Any, *, years: Sequence[int], within: Unit | None) -> YearsCompared:
    """The sealed results in force of `years` by the units directly below `within`, or below the top of the reader's scope. 2 queries."""
    years = sorted(years)
    assessed = ~Q(result=AssessmentResult.EXEMPT)
    counted = (
        results_in(user, within=within)
        .filter(year__in=years, sealed=True)
        .values("year", "unit__path")
        .annotate(
            **{one.value: Count("pk", filter=Q(result=one)) for one in AssessmentResult},
            excellent=Count("pk", filter=Q(grade=Grade.EXCELLENT)),
            counted_sum=Sum("counted", filter=assessed),
            needed_sum=Sum("needed", filter=assessed),
        )
        .order_by("unit__path")
    )
    whole: dict[int, YearFigures] = {}
    groups: dict[str, dict[int, YearFigures]] = {}
    for row in counted:
        group = groups.setdefault(group_of(row["unit__path"], user, within), {})
        for figures in (whole, group):
            figures.setdefault(row["year"], YearFigures()).add(row)
    units = Unit.objects.filter(path__in=groups)
    return YearsCompared(
        years, _cells(years, whole), [UnitYears(unit, _cells(years, groups[unit.path])) for unit in units]
    )


def _cells(years: Sequence[int], figures: dict[int, YearFigures]) -> list[YearCell]:
    cells: list[YearCell] = []
    for year in years:
        now = figures.get(year, YearFigures())
        before = cells[-1].figures.rate if cells else None
        change = now.rate - before if now.rate is not None and before is not None else None
        cells.append(YearCell(year, now, change))
    return cells
