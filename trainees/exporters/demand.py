"""The demand report of a round as an Excel workbook: the topics, and what could be done."""

import io
from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from courses.models import SelectionRound
from partyschool.common import clock
from partyschool.common.excel import Column, ColumnKind, Workbook
from partyschool.common.filenames import safe_filename
from trainees.selectors.demand import DemandReport

from .wording import document_language


def demand_file_name(found: SelectionRound) -> str:
    """The workbook's display name."""
    with document_language():
        return safe_filename(_("Demand for %(title)s") % {"title": found.name}, "xlsx")


def build_demand(found: SelectionRound, report: DemandReport, *, now: datetime) -> bytes:
    """Numbers per topic on the first sheet, suggestions on the second; names nobody. Equal arguments give equal bytes."""
    buffer = io.BytesIO()
    with document_language():
        title = _("Demand for %(title)s") % {"title": found.name}
        note = _("As of %(now)s") % {"now": clock.in_words(now)}
        with Workbook(buffer, created=now, title=title, author=settings.SCHOOL_NAME) as book:
            book.add_sheet(_("Demand"), _columns(), _lines(report), title=title, note=note)
            book.add_sheet(
                _("Suggestions"),
                [Column(_("suggestion"), width=20), Column(_("what"), width=80)],
                suggestions(report),
                title=title,
                note=note,
            )
    return buffer.getvalue()


def _columns() -> list[Column]:
    return [
        Column(_("code")),
        Column(_("topic")),
        Column(_("seats"), ColumnKind.INT),
        Column(_("taken"), ColumnKind.INT),
        Column(_("cadres who wanted it"), ColumnKind.INT),
        Column(_("of them without a place"), ColumnKind.INT),
        Column(_("could take a seat now"), ColumnKind.INT),
        Column(_("rooms")),
        Column(_("seats of the room"), ColumnKind.INT),
    ]


def _lines(report: DemandReport) -> Iterator[list[object]]:
    for line in report.lines:
        yield [
            line.offering.code,
            line.offering.title,
            line.seats,
            line.taken,
            line.wanted,
            line.unmet,
            line.takers,
            "、".join(line.room.rooms),
            line.room.seats,
        ]


def suggestions(report: DemandReport) -> list[tuple[str, str]]:
    """What could be done, as (kind, sentence), in the language of the moment."""
    swaps = [
        (
            _("Change rooms"),
            _(
                "“%(crowded)s” and “%(roomy)s” are held at the same times: with their rooms changed, the first can seat %(gain)s more."
            )
            % {
                "crowded": swap.crowded.offering.title,
                "roomy": swap.roomy.offering.title,
                "gain": swap.gain,
            },
        )
        for swap in report.swaps
    ]
    runs = [
        (
            _("Second run"),
            _("“%(title)s” could be held once more: %(takers)s cadres could take a seat now.")
            % {"title": line.offering.title, "takers": line.takers},
        )
        for line in report.second_runs
    ]
    return swaps + runs
