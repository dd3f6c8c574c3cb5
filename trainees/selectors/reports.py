"""What a report says: one recipient's year, read once, in a fixed order, with a digest of what is shown."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import Count, Q

from partyschool.accounts.models import Unit
from partyschool.accounts.selectors.unit_history import TreeOn
from trainees.enums import AssessmentResult, CreditCategory
from trainees.models import CreditScheme, YearlyAssessment

from .report_recipients import houses_of

TREND_YEARS = 5
"""How many years the trend shows at most."""


def place_name(above: str, name: str) -> str:
    """The full name of a unit inside `above`: units that carry the name of the one above already are not named twice."""
    return name if name.startswith(above) else f"{above}{name}"


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One cadre of a report. `unit` is the unit directly below the recipient, `office` the place inside it or ''.

    `by_category` holds the counted credits in the order of `CreditCategory`.
    """

    code: str
    name: str
    rank: str
    unit: str
    office: str
    by_category: tuple[Decimal, ...]
    earned: Decimal
    counted: Decimal
    needed: Decimal
    result: str
    reasons: Sequence[Mapping[str, Any]]

    @property
    def place(self) -> str:
        return place_name(self.unit, self.office)


@dataclass(slots=True)
class Tally:
    """How many cadres had which result."""

    total: int = 0
    passed: int = 0
    failed: int = 0
    exempt: int = 0

    @property
    def assessed(self) -> int:
        return self.total - self.exempt

    @property
    def pass_rate(self) -> Decimal | None:
        """Per cent of the assessed (without the exempt) who passed, one digit; None where nobody was assessed."""
        return round(Decimal(100 * self.passed) / self.assessed, 1) if self.assessed else None

    def add(self, result: str, number: int = 1) -> None:
        self.total += number
        match result:
            case AssessmentResult.PASS:
                self.passed += number
            case AssessmentResult.FAIL:
                self.failed += number
            case AssessmentResult.EXEMPT:
                self.exempt += number


@dataclass(frozen=True, slots=True)
class Difference:
    """One result that was corrected since a packet reported it; None where it left or entered the recipient's jurisdiction."""

    before: ReportLine | None
    after: ReportLine | None
    reason: str

    @property
    def line(self) -> ReportLine:
        """Who it is about, as of now if possible."""
        line = self.after or self.before
        if line is None:
            raise ValueError("a difference without a line")
        return line


@dataclass(frozen=True)
class Report:
    """The results of `year` for `recipient`: lines in the order of the unit tree.

    `quarter` is set in an interim report on a year that is not sealed. `results` are the ids of the versions reported, ascending;
    `trend` the sealed years with results of the recipient, oldest first. In a correction `corrects` is the number of the document
    corrected, `differences` is all it tells, and `lines` are empty.
    """

    year: int
    recipient: Unit
    scheme: CreditScheme
    closed_at: datetime
    quarter: int | None
    lines: Sequence[ReportLine]
    results: Sequence[int]
    trend: Sequence[tuple[int, Tally]] = ()
    corrects: str = ""
    differences: Sequence[Difference] = ()

    @property
    def provisional(self) -> bool:
        return self.quarter is not None

    @property
    def row_count(self) -> int:
        return len(self.differences) if self.corrects else len(self.lines)

    @cached_property
    def by_category(self) -> list[tuple[str, Decimal]]:
        """Name of the category and the credits counted in it, over all lines."""
        sums = [
            sum(column, Decimal(0)) for column in zip(*[line.by_category for line in self.lines], strict=True)
        ]
        return list(zip([str(category.label) for category in CreditCategory], sums, strict=False))

    @cached_property
    def whole(self) -> Tally:
        return _tally(self.lines)

    @cached_property
    def by_unit(self) -> dict[str, Tally]:
        """Unit name → tally, in the order of the tree."""
        units: dict[str, Tally] = {}
        for line in self.lines:
            units.setdefault(line.unit, Tally()).add(line.result)
        return units

    @cached_property
    def failed(self) -> list[ReportLine]:
        """Those who cannot be rated excellent."""
        return [line for line in self.lines if line.result == AssessmentResult.FAIL]

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) over everything that the report shows of its data; equal data give an equal digest."""
        facts: dict[str, Any] = {
            "year": self.year,
            "recipient": self.recipient.name,
            "scheme": [self.scheme.pk, self.scheme.name, self.scheme.version],
            "quarter": self.quarter,
        }
        if self.corrects:
            facts["corrects"] = self.corrects
        digest = hashlib.sha256(_canonical(facts))
        for line in self.lines:
            digest.update(b"\n" + _canonical(_shown(line)))
        for change in self.differences:
            shown = [
                change.before and _shown(change.before),
                change.after and _shown(change.after),
                change.reason,
            ]
            digest.update(b"\n" + _canonical(shown))
        return digest.hexdigest()


def _shown(line: ReportLine) -> list[Any]:
    return [
        line.code,
        line.name,
        line.rank,
        line.unit,
        line.office,
        [str(one) for one in line.by_category],
        str(line.earned),
        str(line.counted),
        str(line.needed),
        line.result,
        list(line.reasons),
    ]


def _canonical(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _tally(lines: Sequence[ReportLine]) -> Tally:
    tally = Tally()
    for line in lines:
        tally.add(line.result)
    return tally


def read_report(*, year: int, recipient_id: int, quarter: int | None = None) -> Report | None:
    """The report of `year` for one organisation department or unit, or None if it has no cadre with a result.

    A department's rows go by the jurisdiction at the closing, a unit's by the unit and its divisions, not by where a cadre is today; units
    are named and placed as at the year's end, and stand in the order in which they were made.
    """
    recipient, houses = Unit.objects.get(pk=recipient_id), houses_of(year)
    mine = houses.reported_to(recipient)
    rows = _rows(YearlyAssessment.objects.filter(mine, year=year))
    if not rows:
        return None
    newest = max(rows, key=lambda row: (row.closed_at, row.pk))
    return Report(
        year=year,
        recipient=recipient,
        scheme=CreditScheme.objects.get(pk=newest.scheme_id),
        closed_at=newest.closed_at,
        quarter=quarter,
        lines=list(_lines(rows, recipient, houses.tree).values()),
        results=sorted(row.pk for row in rows),
        trend=_trend(mine, year),
    )


def read_correction(report: Report, *, reported: Sequence[int], corrects: str) -> Report | None:
    """What changed since the versions `reported` were reported by the document with the number `corrects`; None if nothing did.

    Only differences are told: who was corrected, from what, to what, and why.
    """
    gone, new = set(reported) - set(report.results), set(report.results) - set(reported)
    if not gone and not new:
        return None
    rows = _rows(YearlyAssessment.versions.filter(pk__in=gone | new))
    old = [row for row in rows if row.pk in gone]
    now = [row for row in rows if row.pk in new]
    tree = houses_of(report.year).tree
    before = _lines(old, report.recipient, tree)
    after = _lines(now, report.recipient, tree)
    reasons = {row.cadre_id: row.correction_reason for row in now}
    return replace(
        report,
        corrects=corrects,
        lines=[],
        trend=(),
        differences=[
            Difference(before.get(cadre), after.get(cadre), reasons.get(cadre, ""))
            for cadre in dict.fromkeys([*after, *before])
        ],
    )


def _rows(results: Any) -> list[YearlyAssessment]:
    rows = results.unscoped("the report of one recipient").select_related("cadre")
    return list(
        rows.only(
            "earned", "counted", "needed", "figures", "reasons", "result", "rank", "closed_at", "scheme_id",
            "correction_reason", "cadre__code", "cadre__name", "unit_id",
        ).order_by("cadre__code")
    )  # fmt: skip


def _lines(rows: Sequence[YearlyAssessment], recipient: Unit, tree: TreeOn) -> dict[int, ReportLine]:
    """Cadre id → line, in the order of the tree, then of the codes."""
    ways = {unit: tree.way_down(recipient.pk, unit) for unit in {row.unit_id for row in rows}}
    ordered = sorted(rows, key=lambda row: ways[row.unit_id])
    names = tree.names
    return {row.cadre_id: _line(row, names[ways[row.unit_id][0]], names[row.unit_id]) for row in ordered}


def _trend(mine: Q, year: int) -> list[tuple[int, Tally]]:
    """The last sealed years up to `year`."""
    results = YearlyAssessment.objects.filter(mine, sealed=True, year__gt=year - TREND_YEARS, year__lte=year)
    counts = results.unscoped("sums alone").values_list("year", "result").annotate(number=Count("pk"))
    years: dict[int, Tally] = {}
    for one, result, number in counts.order_by("year", "result"):
        years.setdefault(one, Tally()).add(result, number)
    return list(years.items())


def _line(row: YearlyAssessment, unit: str, office: str) -> ReportLine:
    return ReportLine(
        code=row.cadre.code,
        name=row.cadre.name,
        rank=row.rank,
        unit=unit,
        office=office if office != unit else "",
        by_category=tuple(
            Decimal(str(row.breakdown.get(category, {}).get("counted", 0)))
            for category in CreditCategory.values
        ),
        earned=row.earned,
        counted=row.counted,
        needed=row.needed,
        result=row.result,
        reasons=row.reasons,
    )
