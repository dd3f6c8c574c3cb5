"""A simulation as a workbook: totals, units, and who changes with the reasons."""

import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from partyschool.accounts.models import Unit
from partyschool.common.excel import Column, ColumnKind, Workbook
from trainees.enums import Grade, Rank
from trainees.models import Cadre, CreditScheme
from trainees.selectors.reasons import reasons_text
from trainees.selectors.simulation import Simulation

BATCH = 5_000


def build_simulation(found: Simulation, *, scheme: CreditScheme, year: int, created: datetime) -> bytes:
    """The workbook, in the language that is active. Raises `ExcelLimit` when more people change than a sheet has rows."""
    buffer = io.BytesIO()
    units = dict(Unit.objects.filter(pk__in=found.units).order_by("path").values_list("pk", "name"))
    title = _("%(year)s under “%(scheme)s”") % {"year": year, "scheme": scheme}
    with Workbook(buffer, created=created, title=title, author=settings.SCHOOL_NAME) as book:
        note = _("A simulation: nothing of it is in force.")
        book.add_sheet(
            _("Totals"),
            _tally_columns(_("Group")),
            iter(
                [
                    (_("Everybody"), *_figures(found.whole)),
                    *(
                        (str(rank.label), *_figures(found.ranks[rank]))
                        for rank in Rank
                        if rank in found.ranks
                    ),
                ]
            ),
            title=title,
            note=note,
        )
        book.add_sheet(
            _("Units"),
            _tally_columns(_("Unit")),
            ((name, *_figures(found.units[unit])) for unit, name in units.items()),
            title=title,
            note=note,
        )
        book.add_sheet(
            _("Who changes"),
            [
                Column(_("Unit")),
                Column(_("Cadre number")),
                Column(_("Name")),
                Column(_("Rank")),
                Column(_("Result now")),
                Column(_("Result then")),
                Column(_("Counted now"), ColumnKind.DECIMAL, digits=2),
                Column(_("Counted then"), ColumnKind.DECIMAL, digits=2),
                Column(_("Needed then"), ColumnKind.DECIMAL, digits=2),
                Column(_("Reasons")),
            ],
            _changes(found, units),
            title=title,
            note=note,
        )
    return buffer.getvalue()


def _tally_columns(first: str) -> list[Column]:
    titles = (
        _("People"),
        _("Passed now"),
        _("Passed then"),
        _("Excellent now"),
        _("Excellent then"),
        _("Failed now"),
        _("Failed then"),
        _("Would fail anew"),
        _("Would fail no longer"),
    )
    return [Column(first), *[Column(title, ColumnKind.INT) for title in titles]]


def _figures(tally: Any) -> tuple[int, ...]:
    return (
        tally.people,
        tally.passed_before,
        tally.passed,
        tally.excellent_before,
        tally.excellent,
        tally.failed_before,
        tally.failed,
        tally.worse,
        tally.better,
    )


def _changes(found: Simulation, units: dict[int, str]) -> Iterator[tuple[Any, ...]]:
    for start in range(0, len(found.changes), BATCH):
        part = found.changes[start : start + BATCH]
        ids = [one.cadre_id for one in part]
        names = Cadre.objects.filter(pk__in=ids).unscoped("a list for the staff who asked for it")
        people = {pk: (code, name) for pk, code, name in names.values_list("pk", "code", "name")}
        for one in part:
            yield (
                units.get(one.unit_id, ""),
                *people[one.cadre_id],
                str(Rank(one.rank).label),
                str(Grade(one.grade_before).label),
                str(Grade(one.grade).label),
                one.counted_before,
                one.counted,
                one.needed,
                reasons_text(one.reasons),
            )
