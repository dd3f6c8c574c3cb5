"""Excel workbooks written as a stream: typed columns, no formulas, ready to print, the same bytes for the same data."""

import re
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from os import PathLike
from types import TracebackType
from typing import IO, Any, Self

import xlsxwriter
from django.utils import timezone

from partyschool.common.plaintext import visible_text

MAX_ROWS = 1_048_576
MAX_TEXT = 32_767
_EXACT_DIGITS = 15
_FIRST_DATE = date(1900, 3, 1)
"""Before that day Excel's calendar is wrong (it believes in 29 February 1900)."""
_LAST_DATE = date(9999, 12, 31)
_SHEET_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\n", "'")
_SAMPLE_ROWS = 200
_FONT = "宋体"


class ExcelLimit(Exception):
    """The data does not fit in a worksheet: too many rows, or a text longer than a cell holds. The message names the cell."""


class ColumnKind(StrEnum):
    """What a column holds and how its cells are typed."""

    TEXT = "text"
    INT = "int"
    DECIMAL = "decimal"
    DATE = "date"
    DATETIME = "datetime"
    PERCENT = "percent"


@dataclass(frozen=True)
class Column:
    """One column. `width` in characters, None to fit the first rows; `digits` after the point for decimals and per cents.

    Per cents are given as fractions: 0.925 shows as 92.5%. Identity, phone and other numbers that are names are TEXT.
    """

    title: str
    kind: ColumnKind = ColumnKind.TEXT
    width: float | None = None
    digits: int = 1


Progress = Callable[[int], None]
"""Called with the number of rows written so far, every 1,000 rows and at the end."""


class Workbook:
    """A workbook written row by row in constant memory; rows may come from an iterator of any length up to Excel's limit.

    Use as a context manager: `with Workbook(path, created=at) as book: book.add_sheet(...)`.

    Args:
        target: path or binary file that can seek.
        created: instant written as the file's date; equal data and instant give equal bytes.

    Text is always text: `=1+1`, `+`, `-`, `@` stay what they are, also after somebody edits the cell.
    """

    def __init__(
        self, target: str | PathLike[str] | IO[bytes], *, created: datetime, title: str = "", author: str = ""
    ) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="excel-")
        self._book = xlsxwriter.Workbook(
            target,
            {
                "constant_memory": True,
                "tmpdir": self._scratch.name,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "remove_timezone": False,
            },
        )
        self._book.set_properties(
            {"title": visible_text(title), "author": visible_text(author), "created": _naive(created)}
        )
        self._formats: dict[tuple[tuple[str, Any], ...], Any] = {}
        self._names: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._abandon()

    def add_sheet(
        self,
        name: str,
        columns: Sequence[Column],
        rows: Iterable[Sequence[object]],
        *,
        title: str = "",
        note: str = "",
        progress: Progress | None = None,
    ) -> int:
        """Write one sheet and return the number of its rows.

        Header frozen and filtered, A4 landscape, header repeated on every printed page. `title` stands above the header,
        `note` below it. None is an empty cell.

        Raises:
            ExcelLimit: more rows than a sheet holds, or a text longer than 32,767 characters.
            ValueError: no columns, a row with another number of cells, or a value that does not fit its column's kind.
        """
        if not columns:
            raise ValueError("a sheet needs columns")
        writer = _SheetWriter(self._book.add_worksheet(self._sheet_name(name)), self._format, columns)
        return writer.write(rows, title=visible_text(title), note=visible_text(note), progress=progress)

    def close(self) -> None:
        """Write the file. A workbook without a sheet gets an empty one."""
        try:
            self._book.close()
        finally:
            self._scratch.cleanup()

    def _abandon(self) -> None:
        """Drop what was begun: no half-written file after an error."""
        for sheet in self._book.worksheets():
            sheet._opt_close()  # noqa: SLF001 - the only way to let go of the scratch file without writing the workbook
        self._book.fileclosed = True
        self._scratch.cleanup()

    def _format(self, **properties: Any) -> Any:
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format(
                {"font_name": _FONT, "font_size": 11, "valign": "vcenter", **properties}
            )
        return self._formats[key]

    def _sheet_name(self, name: str) -> str:
        """A name that Excel accepts, unlike every other in the book."""
        clean = _SHEET_FORBIDDEN.sub("_", visible_text(name).replace("\n", " ").replace("\t", " ")).strip(
            " '"
        )
        clean = clean or "Sheet"
        if clean.casefold() == "history":  # reserved by Excel
            clean += "_"
        candidate, number = _cut(clean, 31), 1
        while candidate.casefold() in self._names:
            number += 1
            suffix = f" ({number})"
            candidate = _cut(clean, 31 - len(suffix)) + suffix
        self._names.add(candidate.casefold())
        return candidate


class _SheetWriter:
    def __init__(self, sheet: Any, make_format: Callable[..., Any], columns: Sequence[Column]) -> None:
        self.sheet = sheet
        self.columns = columns
        self.make_format = make_format
        self.widths = [_display_width(column.title) + 4.0 for column in columns]
        self.text_format = make_format(num_format="@", border=1, text_wrap=True)
        # The apostrophe mark keeps "=1+1" a text when the cell is opened and closed again.
        self.quoted_format = make_format(num_format="@", border=1, text_wrap=True, quote_prefix=True)
        self.blank_format = make_format(border=1)
        self.formats = [self._number_format(column) for column in columns]

    def write(
        self, rows: Iterable[Sequence[object]], *, title: str, note: str, progress: Progress | None
    ) -> int:
        header_row = self._write_title(title)
        header = self.make_format(bold=True, border=1, align="center", bg_color="#E7ECF3", text_wrap=True)
        for index, column in enumerate(self.columns):
            self.sheet.write_string(header_row, index, visible_text(column.title), header)
        number = header_row
        writers = [getattr(self, f"_write_{column.kind.value}") for column in self.columns]
        for row in rows:
            number += 1
            if number >= MAX_ROWS:
                raise ExcelLimit(f"more than {MAX_ROWS - header_row - 1} rows in one sheet")
            if len(row) != len(writers):
                raise ValueError(f"row {number + 1} has {len(row)} cells, the sheet {len(writers)} columns")
            for index, value in enumerate(row):
                if value is None:
                    self.sheet.write_blank(number, index, None, self.blank_format)
                else:
                    writers[index](number, index, value)
            if number - header_row <= _SAMPLE_ROWS:
                self._sample(row)
            if progress and (number - header_row) % 1000 == 0:
                progress(number - header_row)
        count = number - header_row
        if progress:
            progress(count)
        if note:
            if number + 1 >= MAX_ROWS:
                raise ExcelLimit("no row left for the note")
            self._write_plain(number + 1, 0, note, self.make_format())
        self._set_up(header_row, number)
        return count

    def _write_title(self, title: str) -> int:
        """Row index of the header."""
        if not title:
            return 0
        style = self.make_format(bold=True, font_size=16, align="center")
        style_args = (0, 0, 0, len(self.columns) - 1)
        self.sheet.set_row(0, 30)
        if len(self.columns) > 1:
            self.sheet.merge_range(*style_args, "", style)
        self._write_plain(0, 0, title, style)
        return 1

    def _set_up(self, header_row: int, last_row: int) -> None:
        sheet = self.sheet
        for index, column in enumerate(self.columns):
            width = column.width or min(max(self.widths[index], 6.0), 48.0)
            sheet.set_column(index, index, width)
        sheet.freeze_panes(header_row + 1, 0)
        sheet.autofilter(header_row, 0, last_row, len(self.columns) - 1)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.set_margins(left=0.5, right=0.5, top=0.7, bottom=0.7)
        sheet.center_horizontally()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0, header_row)
        sheet.set_footer("&C第 &P 页，共 &N 页")

    def _number_format(self, column: Column) -> Any:
        digits = f".{'0' * column.digits}" if column.digits else ""
        match column.kind:
            case ColumnKind.INT:
                return self.make_format(num_format="0", border=1)
            case ColumnKind.DECIMAL:
                return self.make_format(num_format=f"0{digits}", border=1)
            case ColumnKind.PERCENT:
                return self.make_format(num_format=f"0{digits}%", border=1)
            case ColumnKind.DATE:
                return self.make_format(num_format="yyyy-mm-dd", border=1, align="center")
            case ColumnKind.DATETIME:
                return self.make_format(num_format="yyyy-mm-dd hh:mm", border=1, align="center")
            case ColumnKind.TEXT:
                return self.text_format

    def _write_text(self, row: int, column: int, value: object) -> None:
        text = visible_text(value)
        self._write_plain(
            row, column, text, self.quoted_format if text.startswith(_FORMULA_STARTS) else self.text_format
        )

    def _write_plain(self, row: int, column: int, text: str, style: Any) -> None:
        if self.sheet.write_string(row, column, text, style):
            raise ExcelLimit(f"row {row + 1}, column {column + 1}: text longer than {MAX_TEXT} characters")

    def _write_int(self, row: int, column: int, value: object) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._wrong(row, column, value)
        if len(str(abs(value))) > _EXACT_DIGITS:  # a spreadsheet number would lose its last digits
            self._write_plain(row, column, str(value), self.text_format)
        else:
            self.sheet.write_number(row, column, value, self.formats[column])

    def _write_decimal(self, row: int, column: int, value: object) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise self._wrong(row, column, value)
        number = float(value)
        if number - number != 0:  # NaN or infinite
            raise self._wrong(row, column, value)
        if isinstance(value, Decimal) and len(value.normalize().as_tuple().digits) > _EXACT_DIGITS:
            self._write_plain(row, column, str(value), self.text_format)
        else:
            self.sheet.write_number(row, column, number, self.formats[column])

    _write_percent = _write_decimal

    def _write_date(self, row: int, column: int, value: object) -> None:
        if isinstance(value, datetime):
            value = _naive(value).date()
        if not isinstance(value, date):
            raise self._wrong(row, column, value)
        if not _FIRST_DATE <= value <= _LAST_DATE:
            self._write_plain(row, column, value.isoformat(), self.text_format)
        else:
            self.sheet.write_datetime(row, column, value, self.formats[column])

    def _write_datetime(self, row: int, column: int, value: object) -> None:
        if not isinstance(value, datetime):
            raise self._wrong(row, column, value)
        value = _naive(value)
        if value.date() < _FIRST_DATE:
            self._write_plain(row, column, value.isoformat(" ", "minutes"), self.text_format)
        else:
            self.sheet.write_datetime(row, column, value, self.formats[column])

    def _wrong(self, row: int, column: int, value: object) -> ValueError:
        kind = self.columns[column].kind.value
        return ValueError(f"row {row + 1}, column {column + 1}: {value!r} is not of kind {kind}")

    def _sample(self, row: Sequence[object]) -> None:
        for index, (column, value) in enumerate(zip(self.columns, row, strict=True)):
            if column.width is None and value is not None:
                self.widths[index] = max(self.widths[index], _shown_width(column, value))


def _shown_width(column: Column, value: object) -> float:
    match column.kind:
        case ColumnKind.TEXT:
            lines = visible_text(value).split("\n")
            return max(_display_width(line) for line in lines) + 2.0
        case ColumnKind.DATE:
            return 12.0
        case ColumnKind.DATETIME:
            return 18.0
    return len(str(value)) + 3.0


def _display_width(text: str) -> float:
    """Columns of a fixed-width font: a Chinese character takes two."""
    return sum([1.0 if char < "\u1100" else 2.0 for char in text])


def _cut(text: str, units: int) -> str:
    """At most `units` UTF-16 units, as Excel counts, without half a character and without an apostrophe at the end."""
    return text.encode("utf-16-le")[: units * 2].decode("utf-16-le", "ignore").rstrip(" '")


def _naive(value: datetime) -> datetime:
    """The wall-clock time at the school: spreadsheets know no time zones."""
    return timezone.make_naive(value) if timezone.is_aware(value) else value
