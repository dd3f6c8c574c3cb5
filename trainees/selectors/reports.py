"""What a report says: the closed year of one jurisdiction, read once, in a fixed order, with a digest of what is shown."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from partyschool.accounts.models import Unit
from partyschool.accounts.selectors.unit_history import tree_on
from partyschool.common import clock
from trainees.enums import AssessmentResult, CreditCategory
from trainees.models import CreditScheme, YearlyAssessment


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


@dataclass(frozen=True)
class Report:
    """The results of `year` for `recipient`: lines in the order of the unit tree. `provisional` while the year still ran at closing."""

    year: int
    recipient: Unit
    scheme: CreditScheme
    closed_at: datetime
    provisional: bool
    lines: Sequence[ReportLine]

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
            "provisional": self.provisional and clock.school_date(self.closed_at).isoformat(),
        }
        digest = hashlib.sha256(_canonical(facts))
        for line in self.lines:
            digest.update(b"\n")
            digest.update(
                _canonical(
                    [
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
                )
            )
        return digest.hexdigest()


def _canonical(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _tally(lines: Sequence[ReportLine]) -> Tally:
    tally = Tally()
    for line in lines:
        tally.add(line.result)
    return tally


def recipients_of(year: int) -> list[Unit]:
    """The organisation departments that have cadres with a result in `year`, in the order of the tree."""
    results = YearlyAssessment.objects.filter(year=year, jurisdiction__isnull=False)
    ids = results.unscoped("who gets a report").values("jurisdiction")
    return list(Unit.objects.filter(pk__in=ids))


def read_report(*, year: int, recipient_id: int) -> Report | None:
    """The report of `year` for one organisation department, or None if it has no cadre with a result.

    Rows go by the jurisdiction at the closing, not by where a cadre is today; units are named and placed as at the year's end, and stand in
    the order in which they were made.
    """
    recipient = Unit.objects.get(pk=recipient_id)
    results = YearlyAssessment.objects.filter(year=year, jurisdiction=recipient)
    rows = list(
        results.unscoped("the report of one jurisdiction")
        .select_related("cadre")
        .only(
            "earned", "counted", "needed", "figures", "reasons", "result", "rank", "closed_at", "scheme_id",
            "cadre__code", "cadre__name", "unit_id",
        )
        .order_by("cadre__code")
    )  # fmt: skip
    if not rows:
        return None
    closed_at = max(row.closed_at for row in rows)
    tree = tree_on(date(year, 12, 31))
    ways = {unit: tree.way_down(recipient.pk, unit) for unit in {row.unit_id for row in rows}}
    rows.sort(key=lambda row: ways[row.unit_id])
    lines = [_line(row, tree.names[ways[row.unit_id][0]], tree.names[row.unit_id]) for row in rows]
    newest = max(rows, key=lambda row: (row.closed_at, row.pk))
    return Report(
        year=year,
        recipient=recipient,
        scheme=CreditScheme.objects.get(pk=newest.scheme_id),
        closed_at=closed_at,
        provisional=closed_at < clock.year_end(year),
        lines=lines,
    )


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
