"""Makes packets of every edition and kind from data of its own, without a database, and prints the SHA-256 of each file.

Run by test_report_bytes.py, in processes that differ in all that must not matter.
"""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import django

django.setup()

from partyschool.accounts.enums import UnitKind  # noqa: E402 -- models can be imported only now
from partyschool.accounts.models import Unit  # noqa: E402
from trainees.exporters.assessment_annex import build_assessment_annex  # noqa: E402
from trainees.exporters.assessment_manifest import PacketFile, build_manifest  # noqa: E402
from trainees.exporters.assessment_notice import build_assessment_notice  # noqa: E402
from trainees.exporters.wording import PacketFacts  # noqa: E402
from trainees.models import CreditScheme  # noqa: E402
from trainees.selectors.reports import Difference, Report, ReportLine, Tally  # noqa: E402

AT = datetime(2026, 1, 5, 17, 30, tzinfo=UTC)  # the next day at the school
SHORT = {"code": "short", "category": "", "needed": "90", "counted": "40"}


def line(number: int) -> ReportLine:
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


def final() -> Report:
    lines = [line(number) for number in range(1, 41)]
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


def erratum(whole: Report) -> Report:
    before, after = whole.lines[2], replace(whole.lines[2], counted=Decimal(95), result="pass", reasons=[])
    differences = [
        Difference(before, after, "学分补登"),
        Difference(None, whole.lines[3], "转入"),
        Difference(whole.lines[4], None, "转出"),
    ]
    return replace(whole, lines=[], trend=(), corrects="两江委校〔2026〕3号", differences=differences)


def main() -> None:
    whole = final()
    made = {"final": whole, "preview": replace(whole, quarter=4), "erratum": erratum(whole)}
    for edition, report in made.items():
        for doc_type in ("circular", "report", "letter"):
            facts = PacketFacts(12, 2026, "AB23-CD45-EF67-GH89", AT, doc_type)
            files = [
                PacketFile("notice", "a.pdf", build_assessment_notice(report, facts).content),
                PacketFile("annex", "a.xlsx", build_assessment_annex(report, facts)),
            ]
            manifest = build_manifest(report, facts, edition=edition, queried_at=AT, files=files)
            for file in [*files, PacketFile("manifest", "a.json", manifest)]:
                print(edition, doc_type, file.part, hashlib.sha256(file.content).hexdigest())


if __name__ == "__main__":
    main()
