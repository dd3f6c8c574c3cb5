"""The workbook that offices fill in: a sheet of people with text columns and lists to choose from, how to fill it in, the units."""

import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import xlsxwriter
from django.utils import timezone
from django.utils.translation import gettext as _

from trainees.enums import CadreCategory, Rank
from trainees.rules.imports.columns import COLUMNS, HELPING_SHEETS, PEOPLE_SHEET

PREPARED_ROWS = 2000
"""So many rows are prepared as text, with lists to choose from; more may be filled in."""
CHOICES: dict[str, Any] = {"rank": Rank, "category": CadreCategory}


def build_import_template(
    units: Iterable[tuple[str, str]], *, created: datetime, rows: Sequence[dict[str, str]] = ()
) -> bytes:
    """The template as .xlsx. `units` are codes and names of those that may be written; `rows` (field → text) fill it, for samples.

    All cells of people are texts, so that no citizen number and no leading zero is lost while typing.
    """
    made = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(made, options)
    book.set_properties({"created": timezone.make_naive(created), "title": _("Cadres to import")})
    font = {"font_name": "宋体", "font_size": 11, "valign": "vcenter", "border": 1}
    look = {
        "text": book.add_format({**font, "num_format": "@"}),
        "head": book.add_format({**font, "bold": True, "align": "center", "bg_color": "#E7ECF3"}),
        "needed": book.add_format({**font, "bold": True, "align": "center", "bg_color": "#F6CBC8"}),
        "wrap": book.add_format({**font, "text_wrap": True, "num_format": "@"}),
    }
    _people(book, look, rows)
    _help(book, look)
    _units(book, look, units)
    book.close()
    return made.getvalue()


def _people(book: Any, look: dict[str, Any], rows: Sequence[dict[str, str]]) -> None:
    sheet = book.add_worksheet(str(PEOPLE_SHEET))
    sheet.freeze_panes(1, 2)
    for index, column in enumerate(COLUMNS):
        sheet.set_column(index, index, column.width, look["text"])
        sheet.write_string(0, index, str(column.title), look["needed" if column.needed else "head"])
        if choices := CHOICES.get(column.field):
            rule = {
                "validate": "list",
                "source": [str(choice.label) for choice in choices],
                "error_title": str(column.title),
                "error_message": _("Choose from the list."),
            }
            sheet.data_validation(1, index, PREPARED_ROWS, index, rule)
    for number, row in enumerate(rows, 1):
        for index, column in enumerate(COLUMNS):
            sheet.write_string(number, index, row.get(column.field, ""), look["text"])


def _help(book: Any, look: dict[str, Any]) -> None:
    sheet = book.add_worksheet(str(HELPING_SHEETS[0]))
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 12)
    sheet.set_column(2, 2, 64)
    sheet.set_column(3, 3, 22)
    for index, title in enumerate((_("column"), _("must it be filled in"), _("what to write"), _("example"))):
        sheet.write_string(0, index, title, look["head"])
    for number, column in enumerate(COLUMNS, 1):
        cells = (
            str(column.title),
            _("yes") if column.needed else _("no"),
            str(column.help),
            column.example,
        )
        for index, cell in enumerate(cells):
            sheet.write_string(number, index, cell, look["wrap"])
    hints = (
        _("One row is one person. Leave no merged cells, and delete rows that are no person."),
        _("Columns may stand in any order, and further columns are passed over."),
        _(
            "All cells are texts: if a number or a day changes while you type it, give the cell the format “Text” and type it again."
        ),
        _(
            "The file is checked first: every fault is told with its cell. Nothing is taken over before there is none left."
        ),
    )
    for number, hint in enumerate(hints, len(COLUMNS) + 2):
        sheet.merge_range(number, 0, number, 3, "", look["wrap"])
        sheet.write_string(number, 0, hint, look["wrap"])
        sheet.set_row(number, 32)


def _units(book: Any, look: dict[str, Any], units: Iterable[tuple[str, str]]) -> None:
    sheet = book.add_worksheet(str(HELPING_SHEETS[1]))
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, 0, 16)
    sheet.set_column(1, 1, 44)
    for index, title in enumerate((_("unit code"), _("unit name"))):
        sheet.write_string(0, index, title, look["head"])
    for number, unit in enumerate(units, 1):
        for index, cell in enumerate(unit):
            sheet.write_string(number, index, cell, look["text"])
