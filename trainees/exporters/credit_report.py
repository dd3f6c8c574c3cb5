"""The credit report as an Excel workbook: exactly the rows, the order and the columns that the page shows."""

import io
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from partyschool.common import clock
from partyschool.common.excel import Column, ColumnKind, Workbook
from partyschool.common.filenames import safe_filename
from trainees.models import AssessmentYear
from trainees.selectors.credit_report import ReportQuery
from trainees.selectors.credit_report_columns import COLUMNS, values_of
from trainees.selectors.organisation import ResultLine

DIGITS = 2


def credit_report_title(year: int) -> str:
    """The workbook's heading, in the active language."""
    return _("Credit report %(year)s") % {"year": year}


def credit_report_file_name(year: int) -> str:
    """The workbook's display name, in the active language."""
    return safe_filename(credit_report_title(year), "xlsx")


def build_credit_report(
    held: AssessmentYear,
    asked: ReportQuery,
    batches: Iterable[list[ResultLine]],
    *,
    whose: str,
    now: datetime,
    progress: Callable[[int], None],
) -> tuple[bytes, int]:
    """The workbook in the active language, and how many rows it has. `whose`: the units whose people the reader is responsible for.

    `progress` is told the rows written. Equal arguments give equal bytes. Raises `ExcelLimit`.
    """
    buffer = io.BytesIO()
    title = credit_report_title(held.year)
    with Workbook(buffer, created=now, title=title, author=settings.SCHOOL_NAME) as book:
        rows = book.add_sheet(
            title,
            [Column(pgettext("person", "name")), *(_column(key) for key in asked.columns)],
            _rows(batches, asked.columns, progress),
            title=title,
            note=_note(held, asked, whose=whose, now=now),
        )
    return buffer.getvalue(), rows


def _column(key: str) -> Column:
    column = COLUMNS[key]
    digits = DIGITS if column.kind == ColumnKind.DECIMAL else 0
    return Column(str(column.label), column.kind, width=column.width, digits=digits)


def _rows(
    batches: Iterable[list[ResultLine]], columns: tuple[str, ...], progress: Callable[[int], None]
) -> Iterator[list[object]]:
    written = 0
    for lines in batches:
        for line in lines:
            yield [line.assessment.cadre.name, *values_of(line, columns)]
        written += len(lines)
        progress(written)


def _note(held: AssessmentYear, asked: ReportQuery, *, whose: str, now: datetime) -> str:
    """What the list is of, so that a print-out can be understood alone."""
    facts = [
        (_("People of"), whose),
        *asked.in_words(),
        (_("State of the year"), held.get_state_display()),
        (_("As of"), clock.in_words(now)),
    ]
    return pgettext("between clauses", "; ").join(
        _("%(label)s: %(value)s") % {"label": label, "value": value} for label, value in facts
    )
