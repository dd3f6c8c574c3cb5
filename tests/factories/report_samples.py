"""Reports as the selectors read them, made without a database: a department's year, and what was corrected of it."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from partyschool.accounts.enums import UnitKind
from partyschool.accounts.models import Unit
from trainees.models import CreditScheme
from trainees.selectors.reports import Difference, Report, ReportLine, Tally

AT = datetime(2026, 1, 5, 17, 30, tzinfo=UTC)  # the next day at the school
SHORT = {"code": "short", "category": "", "needed": "90", "counted": "40"}


def sample_line(number: int) -> ReportLine:
    passed = number % 3 != 0
    counted = Decimal(95 if passed else 40)
    return ReportLine(
        code=f"GB{number:06d}",
        name="张三䶮"[: 1 + number % 3],
        rank="county_division",
        unit=f"第{number // 10}局",
        office=f"第{number % 4}科" if number % 4 else "",
        by_category=(counted, Decimal("1.5"), Decimal(0), Decimal(0)),
        earned=counted + Decimal("1.5"),
        counted=counted,
        needed=Decimal(90),
        result="pass" if passed else "fail",
        reasons=[] if passed else [SHORT],
    )


def sample_report() -> Report:
    lines = [sample_line(number) for number in range(1, 41)]
    return Report(
        year=2025,
        recipient=Unit(pk=7, code="E", name="东区委组织部", kind=UnitKind.ORG_DEPARTMENT),
        scheme=CreditScheme(pk=3, name="市管干部学分制考核办法", version="2025", year=2025),
        closed_at=AT,
        quarter=None,
        lines=lines,
        results=[number * 3 for number in range(1, 41)],
        trend=[(year, Tally(40, 20 + year % 7, 20 - year % 7, 0)) for year in (2023, 2024, 2025)],
    )


def sample_correction(whole: Report) -> Report:
    before, after = whole.lines[2], replace(whole.lines[2], counted=Decimal(95), result="pass", reasons=[])
    differences = [
        Difference(before, after, "学分补登"),
        Difference(None, whole.lines[3], "转入"),
        Difference(whole.lines[4], None, "转出"),
    ]
    return replace(whole, lines=[], trend=(), corrects="两江委校〔2026〕3号", differences=differences)
