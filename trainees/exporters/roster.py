"""The roster of an offering as an Excel workbook, ready to print and to be signed."""

import io
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from courses.models import Offering
from partyschool.common import clock
from partyschool.common.excel import Column, ColumnKind, Workbook
from partyschool.common.filenames import safe_filename
from trainees.selectors.rosters import RosterRow

from .wording import document_language


def roster_file_name(offering: Offering) -> str:
    """The workbook's display name."""
    with document_language():
        return safe_filename(_("Roster of %(title)s") % {"title": offering.title}, "xlsx")


def build_roster(offering: Offering, rows: Sequence[RosterRow], *, now: datetime) -> bytes:
    """One row per person, in the order given, with room for a signature and without citizen numbers.

    Equal arguments give equal bytes.
    """
    buffer = io.BytesIO()
    with document_language():
        title = _("Roster of %(title)s") % {"title": offering.title}
        with Workbook(buffer, created=now, title=title, author=settings.SCHOOL_NAME) as book:
            book.add_sheet(
                _("Roster"), _columns(), _lines(rows), title=title, note=_note(offering, rows, now)
            )
    return buffer.getvalue()


def _note(offering: Offering, rows: Sequence[RosterRow], now: datetime) -> str:
    return _("%(code)s, %(starts)s to %(ends)s, %(number)s people, as of %(now)s") % {
        "code": offering.code,
        "starts": offering.starts_on.isoformat(),
        "ends": offering.ends_on.isoformat(),
        "number": len(rows),
        "now": clock.in_words(now),
    }


def _columns() -> list[Column]:
    return [
        Column(_("No."), ColumnKind.INT),
        Column(pgettext("person", "name")),
        Column(_("Cadre number")),
        Column(_("Unit")),
        Column(_("rank")),
        Column(_("post")),
        Column(_("state")),
        Column(_("hours attended"), ColumnKind.DECIMAL),
        Column(_("hours missed"), ColumnKind.DECIMAL),
        Column(_("Signature"), width=16),
    ]


def _lines(rows: Sequence[RosterRow]) -> Iterator[list[object]]:
    for number, row in enumerate(rows, 1):
        cadre = row.enrolment.cadre
        yield [
            number,
            cadre.name,
            cadre.code,
            cadre.unit.name,
            cadre.get_rank_display(),
            cadre.post,
            row.enrolment.get_state_display(),
            row.attended,
            row.missed,
            None,
        ]
