"""Sign-in sheets in PDF: who takes part in an offering, or in each topic of a round, with room for signatures."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from courses.models import Offering
from partyschool.common.filenames import safe_filename
from partyschool.common.pdf import BuiltDocument, MissingGlyph, Part, Table, TableColumn, build_parts
from trainees.models import Enrolment

from .wording import document_language

_MM = 72 / 25.4
_MISSING_MOST = 12
_ROOMS_MOST = 3


class Sheet(NamedTuple):
    """One offering with the people who take part, in the order of the list; `when` and `where` in words, '' where not set yet."""

    offering: Offering
    places: Sequence[Enrolment]
    when: str
    where: str


def sheet_file_name(title: str) -> str:
    """The file's display name for an offering or a round."""
    with document_language():
        return safe_filename(_("Sign-in sheet of %(title)s") % {"title": title}, "pdf")


def build_sheets(title: str, sheets: Sequence[Sheet], *, now: datetime) -> BuiltDocument:
    """One part per sheet, each on pages of its own. Equal arguments give equal bytes.

    Characters that no font has are printed as 〓, named under the table that they stand in, and returned in `missing`.
    """
    with document_language():
        document = _built(title, sheets, now, ())
        # Whoever holds the paper must know which 〓 is which person: the second setting names them.
        return _built(title, sheets, now, document.missing) if document.missing else document


def _built(
    title: str, sheets: Sequence[Sheet], now: datetime, missing: Sequence[MissingGlyph]
) -> BuiltDocument:
    parts = [
        Part(
            _("Sign-in sheet of %(title)s") % {"title": sheet.offering.title},
            [_table(sheet, missing)],
            _about(sheet),
        )
        for sheet in sheets
    ]
    return build_parts(
        _("Sign-in sheet of %(title)s") % {"title": title}, parts, created=now, author=settings.SCHOOL_NAME
    )


def _about(sheet: Sheet) -> str:
    number = _("%(number)s people") % {"number": len(sheet.places)}
    return "\u3000".join(text for text in (sheet.offering.code, sheet.when, sheet.where, number) if text)


def _table(sheet: Sheet, missing: Sequence[MissingGlyph]) -> Table:
    columns = [
        TableColumn(_("No."), width=13 * _MM),
        TableColumn(pgettext("person", "name"), width=25 * _MM),
        TableColumn(_("Unit"), align="left"),
        TableColumn(_("post"), align="left", width=34 * _MM),
        TableColumn(_("Signature"), width=32 * _MM),
    ]
    rows = [
        [number, place.cadre.name, place.cadre.unit.name, place.cadre.post, None]
        for number, place in enumerate(sheet.places, 1)
    ]
    names = [f"{place.cadre.name}（{place.cadre.code}）" for place in sheet.places]
    numbers = {name: number for number, name in enumerate(names, 1)}
    lacking = [f"{numbers[one.where]}: {one.code}" for one in missing if one.where in numbers]
    return Table(columns, rows, note=_missing_note(lacking), where=names.__getitem__)


def _missing_note(lacking: Sequence[str]) -> str:
    if not lacking:
        return ""
    named = "; ".join(lacking[:_MISSING_MOST])
    return _("Printed as 〓 for want of a font (number: character): %(characters)s") % {"characters": named}


def sheets_for(
    offerings: Sequence[Offering], people: dict[int, list[Enrolment]], rooms: dict[int, list[str]]
) -> list[Sheet]:
    """One sheet per offering, from what `trainees.selectors.rosters` reads."""
    return [
        Sheet(one, people[one.pk], _days(one), "、".join(rooms[one.pk][:_ROOMS_MOST])) for one in offerings
    ]


def _days(offering: Offering) -> str:
    first, last = offering.starts_on.isoformat(), offering.ends_on.isoformat()
    with document_language():
        return first if first == last else _("%(first)s to %(last)s") % {"first": first, "last": last}
