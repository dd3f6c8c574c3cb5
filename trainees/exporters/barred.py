"""The list of those who cannot be rated excellent as an Excel workbook."""

import io
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from partyschool.common import clock
from partyschool.common.excel import Column, ColumnKind, Workbook
from partyschool.common.filenames import safe_filename
from trainees.models import AssessmentYear
from trainees.selectors.barred import BarredLine

from .wording import document_language


def barred_file_name(year: int) -> str:
    """The workbook's display name."""
    with document_language():
        return safe_filename(_("Cannot be rated excellent %(year)s") % {"year": year}, "xlsx")


def build_barred(held: AssessmentYear, lines: Iterable[BarredLine], *, now: datetime) -> bytes:
    """One row per person, in the order given; says in which state the year is. Equal arguments give equal bytes."""
    buffer = io.BytesIO()
    with document_language():
        title = _("Cannot be rated excellent %(year)s") % {"year": held.year}
        note = _("State of the year: %(state)s. As of %(now)s") % {
            "state": held.get_state_display(),
            "now": clock.in_words(now),
        }
        with Workbook(buffer, created=now, title=title, author=settings.SCHOOL_NAME) as book:
            book.add_sheet(_("List"), _columns(), _rows(lines), title=title, note=note)
    return buffer.getvalue()


def _columns() -> list[Column]:
    return [
        Column(_("Cadre number")),
        Column(pgettext("person", "name")),
        Column(_("Unit")),
        Column(_("Rank")),
        Column(_("Credits counted"), ColumnKind.DECIMAL),
        Column(_("Credits needed"), ColumnKind.DECIMAL),
        Column(_("Reason"), width=50),
        Column(_("what is made up"), width=40),
        Column(_("due on"), ColumnKind.DATE),
        Column(_("Make-up training")),
    ]


def _rows(lines: Iterable[BarredLine]) -> Iterator[list[object]]:
    for line in lines:
        row, plan = line.result.assessment, line.plan.plan if line.plan else None
        yield [
            row.cadre.code,
            row.cadre.name,
            line.result.place,
            row.get_rank_display(),
            row.counted,
            row.needed,
            line.result.reasons,
            plan.content if plan else None,
            plan.due_on if plan else None,
            plan.get_state_display() if plan else None,
        ]
