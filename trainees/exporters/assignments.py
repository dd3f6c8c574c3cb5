"""Assignment rates and people never called as Excel workbooks."""

import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from partyschool.common import clock
from partyschool.common.excel import Column, ColumnKind, Workbook
from partyschool.common.filenames import safe_filename
from trainees.selectors.assignments_rates import Rate, Rates

from .wording import document_language


def rates_file_name(year: int) -> str:
    """The workbook's display name."""
    with document_language():
        return safe_filename(_("Assignment rates %(year)s") % {"year": year}, "xlsx")


def never_called_file_name() -> str:
    """The workbook's display name."""
    with document_language():
        return safe_filename(_("Cadres never called"), "xlsx")


def build_rates(figures: Rates, *, year: int, now: datetime) -> bytes:
    """One row per unit, and one for all of them last. Equal arguments give equal bytes."""
    buffer = io.BytesIO()
    with document_language():
        title = _("Assignment rates %(year)s") % {"year": year}
        note = _("As of %(now)s") % {"now": clock.in_words(now)}
        lines = [[line.unit.name, *_cells(line.rate)] for line in figures.units]
        lines.append([_("In total"), *_cells(figures.whole)])
        with Workbook(buffer, created=now, title=title, author=settings.SCHOOL_NAME) as book:
            book.add_sheet(title, _rate_columns(), lines, title=title, note=note)
    return buffer.getvalue()


def _rate_columns() -> list[Column]:
    return [
        Column(_("Unit"), width=36),
        Column(_("Cadres on the register"), ColumnKind.INT),
        Column(_("Quota"), ColumnKind.INT),
        Column(_("Called"), ColumnKind.INT),
        Column(pgettext("nomination", "Confirmed"), ColumnKind.INT),
        Column(_("Attended"), ColumnKind.INT),
        Column(_("Quota filled"), ColumnKind.PERCENT),
        Column(_("Attendance of the confirmed"), ColumnKind.PERCENT),
        Column(_("Cadres reached"), ColumnKind.PERCENT),
    ]


def _cells(rate: Rate) -> list[object]:
    shares = (rate.fill_rate, rate.attend_rate, rate.reach)
    return [
        rate.people,
        rate.seats,
        rate.called,
        rate.confirmed,
        rate.attended,
        *(None if share is None else share / 100 for share in shares),
    ]


def build_never_called(people: Iterable[Any], *, ever: bool, now: datetime) -> tuple[bytes, int]:
    """One row per cadre, in the order given, and how many there are."""
    buffer = io.BytesIO()
    with document_language():
        title = _("Cadres never called")
        kind = (
            _("Never called to a class")
            if ever
            else _("Not called to a class in %(year)s") % {"year": clock.school_year(now)}
        )
        note = _("%(what)s. As of %(now)s") % {"what": kind, "now": clock.in_words(now)}
        with Workbook(buffer, created=now, title=title, author=settings.SCHOOL_NAME) as book:
            number = book.add_sheet(title, _people_columns(), _people_lines(people), title=title, note=note)
    return buffer.getvalue(), number


def _people_columns() -> list[Column]:
    return [
        Column(_("Cadre number")),
        Column(pgettext("person", "name")),
        Column(_("Unit"), width=36),
        Column(_("Rank")),
        Column(_("Category")),
        Column(_("Post"), width=24),
        Column(_("Last class began on"), ColumnKind.DATE),
    ]


def _people_lines(people: Iterable[Any]) -> Iterator[list[object]]:
    for cadre in people:
        yield [
            cadre.code,
            cadre.name,
            cadre.unit.name,
            cadre.get_rank_display(),
            cadre.get_category_display(),
            cadre.post,
            cadre.last_on,
        ]
