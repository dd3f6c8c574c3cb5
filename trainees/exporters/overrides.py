"""The list of rules set aside as an Excel workbook, for audits."""

import io
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from partyschool.common import clock
from partyschool.common.excel import Column, ColumnKind, Workbook
from partyschool.common.filenames import safe_filename
from trainees.models import SeatOverride

from .wording import document_language


def overrides_file_name() -> str:
    """The workbook's display name."""
    with document_language():
        return safe_filename(_("Rules set aside"), "xlsx")


def build_overrides(rows: Iterable[SeatOverride], *, now: datetime) -> bytes:
    """One row per rule set aside, in the order given. Equal arguments give equal bytes."""
    buffer = io.BytesIO()
    with document_language():
        title = _("Rules set aside")
        note = _("As of %(now)s") % {"now": clock.in_words(now)}
        with Workbook(buffer, created=now, title=title, author=settings.SCHOOL_NAME) as book:
            book.add_sheet(title, _columns(), _lines(rows), title=title, note=note)
    return buffer.getvalue()


def _columns() -> list[Column]:
    return [
        Column(_("at"), ColumnKind.DATETIME),
        Column(_("Cadre number")),
        Column(pgettext("person", "name")),
        Column(_("Unit")),
        Column(_("selection round")),
        Column(_("topic")),
        Column(_("rule set aside")),
        Column(_("what the rule said"), width=50),
        Column(_("reason"), width=40),
        Column(_("by")),
        Column(_("state of the place")),
    ]


def _lines(rows: Iterable[SeatOverride]) -> Iterator[list[object]]:
    for row in rows:
        cadre, offering = row.enrolment.cadre, row.enrolment.offering
        yield [
            row.at,
            cadre.code,
            cadre.name,
            cadre.unit.name,
            offering.selection_round.name if offering.selection_round else None,
            offering.title,
            row.get_rule_display(),
            row.facts,
            row.reason,
            str(row.by),
            row.enrolment.get_state_display(),
        ]
