"""The credit report that organisation departments and unit officers read: figures, lists and persons of the reader's own scope."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from partyschool.accounts.enums import UnitKind
from partyschool.accounts.models import Unit
from trainees.enums import AssessmentResult, CreditCategory
from trainees.models import Cadre, CreditScheme, YearlyAssessment

from .credits import YearAccount, explain_year
from .hours import HoursTally, hours_a_year, hours_by_unit
from .reasons import reasons_text
from .reports import Tally, place_name

DRAWN_MOST = 20
"""Units that a chart can show legibly."""


def closed_years() -> list[int]:
    """The years that have results, newest first."""
    results = YearlyAssessment._base_manager.filter(year=OuterRef("year"))
    years = CreditScheme.objects.filter(Exists(results)).order_by("-year").values_list("year", flat=True)
    return list(years.distinct())


def results_in(user: Any, *, within: Unit | None) -> QuerySet[YearlyAssessment]:
    """The results in the units that `user` is responsible for, below `within`; the own result is not added to them."""
    results = YearlyAssessment.objects.visible_to(user).filter(user.scope.unit_condition("unit__path"))
    return results.filter(unit__path__startswith=within.path) if within else results


def results_of(user: Any, *, year: int, within: Unit | None) -> QuerySet[YearlyAssessment]:
    """`results_in` of one year."""
    return results_in(user, within=within).filter(year=year)


def whole_of(user: Any) -> Unit | None:
    """The one unit whose subtree is all that `user` is responsible for, or None if there are several or the whole school."""
    if user.scope.whole_school or len(user.scope.unit_paths) != 1:
        return None
    return Unit.objects.filter(path=user.scope.unit_paths[0]).first()


@dataclass(frozen=True)
class UnitLine:
    """A unit with everything below it. `divided` if results lie in more than one unit of it, so that it can be looked into."""

    unit: Unit
    tally: Tally
    hours: HoursTally
    divided: bool


@dataclass(frozen=True)
class Overview:
    """A year in figures: everybody in scope, and unit by unit in the order of the tree."""

    whole: Tally
    hours: HoursTally
    units: Sequence[UnitLine]

    @property
    def lowest(self) -> Sequence[UnitLine]:
        """The units with the lowest pass rates, at most 20, for the chart."""
        assessed = [line for line in self.units if line.tally.pass_rate is not None]
        return sorted(assessed, key=lambda line: line.tally.pass_rate or 0)[:DRAWN_MOST]

    @cached_property
    def behind(self) -> Sequence[UnitLine]:
        """The units that have not reached the hours planned, furthest behind first."""
        late = [line for line in self.units if line.hours.behind]
        return sorted(late, key=lambda line: line.hours.percent or 0)

    @property
    def furthest_behind(self) -> Sequence[UnitLine]:
        """The first of them, at most 20, for the chart."""
        return self.behind[:DRAWN_MOST]


def overview(user: Any, *, year: int, within: Unit | None) -> Overview:
    """The results of `year` counted by the units directly below `within`, or below the top of the reader's scope. 4 queries."""
    results = results_of(user, year=year, within=within)
    counted = (
        results.values_list("unit__path", "rank")
        .annotate(
            passed=Count("pk", filter=Q(result=AssessmentResult.PASS)),
            failed=Count("pk", filter=Q(result=AssessmentResult.FAIL)),
            exempt=Count("pk", filter=Q(result=AssessmentResult.EXEMPT)),
        )
        .order_by("unit__path", "rank")
    )
    plan = hours_a_year(year)
    done = hours_by_unit(results, year=year)
    whole, hours = Tally(), HoursTally()
    tallies: dict[str, Tally] = {}
    spent: dict[str, HoursTally] = {}
    paths: dict[str, set[str]] = {}
    for path, rank, passed, failed, exempt in counted:
        group = group_of(path, user, within)
        paths.setdefault(group, set()).add(path)
        for tally in (whole, tallies.setdefault(group, Tally())):
            tally.add(AssessmentResult.PASS, passed)
            tally.add(AssessmentResult.FAIL, failed)
            tally.add(AssessmentResult.EXEMPT, exempt)
        people = passed + failed
        for one in (hours, spent.setdefault(group, HoursTally())):
            # The hours of a unit are added once, with the first of its ranks.
            one.add(people, done.get(path, Decimal(0)), people * plan.get(rank, Decimal(0)))
        done.pop(path, None)
    units = Unit.objects.filter(path__in=tallies)
    lines = [
        UnitLine(unit, tallies[unit.path], spent[unit.path], len(paths[unit.path]) > 1) for unit in units
    ]
    return Overview(whole, hours, lines)


def group_of(path: str, user: Any, within: Unit | None) -> str:
    """The path of the line that a unit is counted in."""
    if within:
        return path[: len(within.path) + Unit.steplen]
    if user.scope.whole_school:
        return path[: 2 * Unit.steplen]
    return next(top for top in user.scope.unit_paths if path.startswith(top))


TONES = {AssessmentResult.PASS: "success", AssessmentResult.FAIL: "danger", AssessmentResult.EXEMPT: "info"}


@dataclass(frozen=True)
class ResultLine:
    """One result as a list shows it. `place` names a division together with the unit it belongs to."""

    assessment: YearlyAssessment
    place: str

    @property
    def tone(self) -> str:
        return TONES[AssessmentResult(self.assessment.result)]

    @property
    def reasons(self) -> str:
        return reasons_text(self.assessment.reasons)


def result_lines(rows: Iterable[YearlyAssessment]) -> list[ResultLine]:
    """Results with their tones, places and reasons in words. 1 query for all rows."""
    found = list(rows)
    above = {_above(row.unit) for row in found if row.unit.kind == UnitKind.DIVISION}
    names = dict(Unit.objects.filter(path__in=above).values_list("path", "name"))
    return [ResultLine(row, place_name(names.get(_above(row.unit), ""), row.unit.name)) for row in found]


def _above(unit: Unit) -> str:
    """The path of the unit that a division belongs to, '' for every other unit."""
    return unit.path[: -Unit.steplen] if unit.kind == UnitKind.DIVISION else ""


def warning_list(user: Any, *, year: int, within: Unit | None, most: int = 10) -> list[ResultLine]:
    """Those who cannot be rated excellent, least credits first."""
    failed = results_of(user, year=year, within=within).filter(result=AssessmentResult.FAIL)
    return result_lines(failed.select_related("cadre", "unit").order_by("counted", "pk")[:most])


@dataclass(frozen=True)
class CategoryFigures:
    """One category of a closed year as it was stored."""

    label: str
    earned: Decimal | None
    cap: Decimal | None
    counted: Decimal | None


@dataclass(frozen=True)
class PersonRecord:
    """A cadre's years as one reader may see them.

    For a cadre in scope `account` explains the chosen year entry by entry. Of a cadre who has moved elsewhere only the results of
    the years in the reader's units are left: `account` is None, `stored` shows the chosen one.
    """

    cadre: Cadre
    results: Sequence[YearlyAssessment]
    year: int
    account: YearAccount | None
    stored: YearlyAssessment | None

    @cached_property
    def lines(self) -> list[ResultLine]:
        return result_lines(self.results)

    @property
    def stored_line(self) -> ResultLine | None:
        return next((line for line in self.lines if line.assessment == self.stored), None)

    @property
    def stored_categories(self) -> list[CategoryFigures]:
        if self.stored is None:
            return []
        figures = self.stored.breakdown
        return [
            CategoryFigures(str(category.label), **figures[category.value])
            for category in CreditCategory
            if category.value in figures
        ]


def person_record(user: Any, *, cadre_id: int, year: int | None = None) -> PersonRecord | None:
    """What `user` may see of one cadre, with `year` (default: the newest) explained; None if nothing at all."""
    cadre = Cadre.objects.visible_to(user).select_related("unit").filter(pk=cadre_id).first()
    if cadre is not None:
        found = YearlyAssessment.objects.of_cadre(cadre)
    else:
        found = YearlyAssessment.objects.visible_to(user).filter(cadre=cadre_id)
    results = list(found.select_related("cadre__unit", "unit", "scheme").order_by("-year"))
    if cadre is None and not results:
        return None
    chosen = year or (results[0].year if results else None)
    stored = next((one for one in results if one.year == chosen), None)
    if cadre is None and stored is None:
        return None
    return PersonRecord(
        cadre=cadre or results[0].cadre,
        results=results,
        year=chosen or 0,
        account=explain_year(cadre, chosen) if cadre and chosen else None,
        stored=stored,
    )
