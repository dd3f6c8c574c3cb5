"""A copy of the file that was handed in, with every fault marked where it is: to be mended and handed in again."""

import io
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import xlsxwriter
from django.utils import timezone
from django.utils.translation import gettext as _

from partyschool.common.plaintext import visible_text
from partyschool.common.sheets import Sheet, SheetReader
from partyschool.common.sheets.cells import is_date
from trainees.rules.imports.faults import LOST, Fault

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FIRST_DATE = date(1900, 3, 1)
NOTES_MOST = 2000
"""So many cells carry a note that opens; the words stand beside every faulty row anyway."""


def copy_file_name(name: str) -> str:
    """What the marked-up copy of the file `name` is called, without the extension."""
    return _("%(file)s (faults marked)") % {"file": name.rpartition(".")[0] or name}


def build_marked_copy(content: bytes, faults: Sequence[Fault], *, created: datetime) -> bytes:
    """An .xlsx with the visible sheets of `content` as they are, faulty cells red with a note, and the faults of each row behind it.

    Texts stay texts and numbers numbers. Cells whose content is lost already (a citizen number in a number cell) are left empty, so
    that nobody hands the damage in again. Hidden sheets are not in it. Raises `UnreadableFile`.
    """
    made = io.BytesIO()
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "yyyy-mm-dd",
    }
    book = xlsxwriter.Workbook(made, options)
    book.set_properties({"created": timezone.make_naive(created)})
    by_row: dict[tuple[str, int], list[Fault]] = defaultdict(list)
    for fault in faults:
        by_row[fault.sheet, fault.row].append(fault)
    formats = _Formats(book)
    sheets = 0
    with SheetReader(content) as reader:
        for sheet in reader.sheets():
            if not sheet.hidden:
                sheets += 1
                _Copy(book, sheet, formats, by_row).write()
    if not sheets:
        book.add_worksheet()
    book.close()
    return made.getvalue()


class _Formats:
    def __init__(self, book: Any) -> None:
        font = {"font_name": "宋体", "font_size": 11, "valign": "vcenter"}
        red = {"bg_color": "#F8C9C4", "border": 1, "border_color": "#B3261E"}
        self.text = book.add_format({**font, "num_format": "@"})
        self.day = book.add_format({**font, "num_format": "yyyy-mm-dd"})
        self.wrong_text = book.add_format({**font, **red, "num_format": "@"})
        self.wrong_day = book.add_format({**font, **red, "num_format": "yyyy-mm-dd"})
        self.words = book.add_format({**font, "font_color": "#B3261E"})


class _Copy:
    """One sheet."""

    notes = 0

    def __init__(
        self, book: Any, sheet: Sheet, formats: _Formats, by_row: dict[tuple[str, int], list[Fault]]
    ) -> None:
        self.source, self.formats, self.by_row = sheet, formats, by_row
        self.sheet = book.add_worksheet(sheet.name[:31])

    def write(self) -> None:
        number, written = self.source.row, 0
        for chunk in self.source.chunks():
            for cells in chunk:
                written = max(written, self.source.column + len(cells))
                self._row(number, cells)
                number += 1
        self.sheet.set_column(0, max(written - 1, 0), 16)
        self.sheet.set_column(written, written, 80)

    def _row(self, number: int, cells: list[Any]) -> None:
        faults = self.by_row.get((self.source.name, number), [])
        wrong = {fault.column: fault for fault in reversed(faults)}
        lost = {fault.column for fault in faults if fault.code in LOST}
        width = self.source.column + len(cells)
        for column in range(self.source.column, width):
            value = "" if column in lost else cells[column - self.source.column]
            if value != "" or column in wrong:
                self._cell(number, column, value, wrong=column in wrong)
        for column, fault in wrong.items():
            if self.notes < NOTES_MOST:
                self.notes += 1
                self.sheet.write_comment(number, column, f"{fault.reason}\n{fault.remedy}")
        if faults:
            words = _("; ").join(
                f"{fault.heading or _('row')}: {fault.reason} {fault.remedy}" for fault in faults
            )
            self.sheet.write_string(number, width, words[:30_000], self.formats.words)

    def _cell(self, row: int, column: int, value: Any, *, wrong: bool) -> None:
        text, day = (
            (self.formats.wrong_text, self.formats.wrong_day)
            if wrong
            else (self.formats.text, self.formats.day)
        )
        if isinstance(value, bool):
            self.sheet.write_boolean(row, column, value, text)
        elif isinstance(value, int | float):
            self.sheet.write_number(row, column, value, text)
        elif is_date(value):
            self._date(row, column, value[1:], text, day)
        elif value == "":
            self.sheet.write_blank(row, column, None, text)
        else:
            self.sheet.write_string(row, column, visible_text(value)[:32_767], text)

    def _date(self, row: int, column: int, value: str, text: Any, day: Any) -> None:
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            found = None
        if found is None or found.date() < FIRST_DATE:
            self.sheet.write_string(row, column, value, text)
        else:
            self.sheet.write_datetime(row, column, found.replace(tzinfo=None), day)
