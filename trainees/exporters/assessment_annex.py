"""The annex to the assessment notice: an Excel workbook with the results, the units, those who failed, the years, and what it is made of."""

import io
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from django.conf import settings
from django.utils.translation import gettext as _

from partyschool.common.excel import Column, ColumnKind, Workbook
from trainees.enums import AssessmentResult, CreditCategory, Rank
from trainees.selectors.reasons import reasons_text
from trainees.selectors.reports import Report, ReportLine, Tally

from .manner import is_department
from .wording import PacketFacts, document_language, file_name, subject_of

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def annex_title(report: Report) -> str:
    """The annex's name as the notice cites it."""
    return _("Detailed table of the %(subject)s") % {"subject": subject_of(report)}


def annex_file_name(report: Report) -> str:
    """The annex's display name."""
    with document_language():
        return file_name(report, annex_title(report), "xlsx")


def build_assessment_annex(
    report: Report, facts: PacketFacts, *, progress: Callable[[int], None] | None = None
) -> bytes:
    """The workbook: every cadre of the report with credits by category, result and reasons, and no citizen number.

    It bears the check code, not the document number, so it can be made before the number is drawn. Equal arguments give equal bytes.
    Raises `ExcelLimit` when the jurisdiction has more cadres than a sheet has rows.
    """
    buffer = io.BytesIO()
    with document_language():
        title = annex_title(report)
        with Workbook(buffer, created=facts.issued_at, title=title, author=settings.SCHOOL_NAME) as book:
            heading = f"{title}（{report.recipient.name}）"
            note = _("Check code: %(code)s, to be checked at %(url)s") % {
                "code": facts.code,
                "url": facts.verify_url,
            }
            if report.corrects:
                columns, rows = _difference_columns(), _difference_rows(report)
                book.add_sheet(_("Corrections"), columns, rows, title=heading, note=note, progress=progress)
            else:
                lines = report.lines
                book.add_sheet(
                    _("Results"), _columns(), _rows(lines), title=heading, note=note, progress=progress
                )
                units = _("Units") if is_department(report.recipient) else _("Divisions")
                book.add_sheet(units, _unit_columns(), _unit_rows(report))
                failed = (
                    _("Short of what is needed") if report.provisional else _("Cannot be rated excellent")
                )
                book.add_sheet(failed, _columns(), _rows(report.failed))
                if report.trend:
                    years = [[year, *_tally(tally)] for year, tally in report.trend]
                    book.add_sheet(
                        _("Results over the years"),
                        [Column(_("Year"), ColumnKind.INT), *_tally_columns()],
                        years,
                    )
            book.add_sheet(
                _("About"), [Column(_("Item")), Column(_("Value"), width=60)], _about(report, facts)
            )
    return buffer.getvalue()


def _columns() -> list[Column]:
    return [
        Column(_("No."), ColumnKind.INT),
        Column(_("Unit")),
        Column(_("Office")),
        Column(_("Cadre number")),
        Column(_("Name")),
        Column(_("Rank")),
        *[Column(str(category.label), ColumnKind.DECIMAL) for category in CreditCategory],
        Column(_("Credits earned"), ColumnKind.DECIMAL),
        Column(_("Credits counted"), ColumnKind.DECIMAL),
        Column(_("Credits needed"), ColumnKind.DECIMAL),
        Column(_("Result")),
        Column(_("Reason"), width=48),
    ]


def _rows(lines: Sequence[ReportLine]) -> Iterator[list[object]]:
    ranks = {rank.value: str(rank.label) for rank in Rank}
    results = {result.value: str(result.label) for result in AssessmentResult}
    for number, line in enumerate(lines, 1):
        yield [
            number,
            line.unit,
            line.office,
            line.code,
            line.name,
            ranks[line.rank],
            *line.by_category,
            line.earned,
            line.counted,
            line.needed,
            results[line.result],
            reasons_text(line.reasons),
        ]


def _tally_columns() -> list[Column]:
    counts = [_("Cadres"), _("Passed"), _("Failed"), _("Exempt")]
    return [*[Column(title, ColumnKind.INT) for title in counts], Column(_("Pass rate"), ColumnKind.PERCENT)]


def _tally(tally: Tally) -> list[object]:
    rate = tally.pass_rate
    return [tally.total, tally.passed, tally.failed, tally.exempt, None if rate is None else rate / 100]


def _unit_columns() -> list[Column]:
    categories = [Column(str(category.label), ColumnKind.DECIMAL) for category in CreditCategory]
    return [Column(_("Unit")), *_tally_columns(), *categories]


def _unit_rows(report: Report) -> Iterator[list[object]]:
    sums: dict[str, list[Decimal]] = {}
    for line in report.lines:
        held = sums.setdefault(line.unit, [Decimal(0)] * len(line.by_category))
        sums[line.unit] = [one + more for one, more in zip(held, line.by_category, strict=True)]
    for unit, tally in report.by_unit.items():
        yield [unit, *_tally(tally), *sums[unit]]


def _difference_columns() -> list[Column]:
    return [
        Column(_("No."), ColumnKind.INT),
        Column(_("Unit")),
        Column(_("Office")),
        Column(_("Cadre number")),
        Column(_("Name")),
        Column(_("Result before")),
        Column(_("Credits counted before"), ColumnKind.DECIMAL),
        Column(_("Result after")),
        Column(_("Credits counted after"), ColumnKind.DECIMAL),
        Column(_("Reason"), width=48),
    ]


def _difference_rows(report: Report) -> Iterator[list[object]]:
    results = {result.value: str(result.label) for result in AssessmentResult}
    for number, change in enumerate(report.differences, 1):
        line, sides = change.line, (change.before, change.after)
        figures = [(results[side.result], side.counted) if side else (None, None) for side in sides]
        told = [value for pair in figures for value in pair]
        yield [number, line.unit, line.office, line.code, line.name, *told, change.reason]


def _about(report: Report, facts: PacketFacts) -> list[list[object]]:
    rows: list[list[object]] = [
        [_("Recipient"), report.recipient.name],
        [_("Year"), str(report.year)],
        [_("Scheme"), f"{report.scheme.name} ({report.scheme.version})"],
        [_("Rows"), str(report.row_count)],
        [_("Data digest (SHA-256)"), report.digest],
        [_("Check code"), facts.code],
    ]
    if report.quarter:
        rows.append([_("Quarter"), str(report.quarter)])
    if report.corrects:
        rows.append([_("Corrects the document"), report.corrects])
    return rows
