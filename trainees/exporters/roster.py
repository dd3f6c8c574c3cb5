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


def rosters_file_name(title: str) -> str:
    """The display name of the workbook with the rosters of a whole round."""
    with document_language():
        return safe_filename(_("Rosters of %(title)s") % {"title": title}, "xlsx")


def build_roster(offering: Offering, rows: Sequence[RosterRow], *, now: datetime) -> bytes:
    """One row per person, in the order given, with room for a signature and without citizen numbers.

    Equal arguments give equal bytes.
    """
    with document_language():
        title = _("Roster of %(title)s") % {"title": offering.title}
        return _workbook(title, [(_("Roster"), offering, rows)], now)


def build_rosters(
    title: str, rosters: Sequence[tuple[Offering, Sequence[RosterRow]]], *, now: datetime
) -> bytes:
    """The rosters of several offerings, a sheet each; otherwise as `build_roster`."""
    with document_language():
        sheets = [(offering.title, offering, rows) for offering, rows in rosters]
        return _workbook(_("Rosters of %(title)s") % {"title": title}, sheets, now)


def _workbook(
    title: str, sheets: Sequence[tuple[str, Offering, Sequence[RosterRow]]], now: datetime
) -> bytes:
    buffer = io.BytesIO()
    with Workbook(buffer, created=now, title=title, author=settings.SCHOOL_NAME) as book:
        for name, offering, rows in sheets:
            head = _("Roster of %(title)s") % {"title": offering.title}
            book.add_sheet(name, _columns(), _lines(rows), title=head, note=_note(offering, rows, now))
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
