"""The annex to the yearly assessment notice: an Excel workbook with one row per cadre."""

import io
from collections.abc import Callable, Iterator

from django.conf import settings
from django.utils.translation import gettext as _

from partyschool.common.excel import Column, ColumnKind, Workbook
from trainees.enums import AssessmentResult, CreditCategory, Rank
from trainees.selectors.reasons import reasons_text
from trainees.selectors.reports import Report

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
            book.add_sheet(
                _("Results"),
                _columns(),
                _rows(report),
                title=f"{title}（{report.recipient.name}）",
                note=_("Check code: %(code)s, to be checked at %(url)s")
                % {"code": facts.code, "url": facts.verify_url},
                progress=progress,
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


def _rows(report: Report) -> Iterator[list[object]]:
    ranks = {rank.value: str(rank.label) for rank in Rank}
    results = {result.value: str(result.label) for result in AssessmentResult}
    for number, line in enumerate(report.lines, 1):
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
