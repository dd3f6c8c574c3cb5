"""Files of cadres as people hand them in."""

import io
from datetime import date, datetime
from typing import Any

import xlsxwriter

HEADINGS = {
    "code": "干部编号",
    "name": "姓名",
    "unit": "单位",
    "rank": "职务层次",
    "category": "类别",
    "post": "职务",
    "posted_on": "任现职时间",
    "term_until": "任期届满日期",
    "citizen_no": "公民身份号码",
    "joined_on": "入册日期",
    "left_on": "出册日期",
}


def citizen_number(index: int) -> str:
    """A valid number of a person who does not exist; each index another."""
    digits = f"110101{1960 + index // 20_000}{index // 2000 % 10 + 1:02d}{index // 1000 % 2 + 10}{index % 1000:03d}"
    return digits + "10X98765432"[int(digits, 13) * 2 % 11]


def person(index: int, unit: str, **fields: Any) -> dict[str, Any]:
    """The cells of one good row."""
    cells = {
        "code": f"N{index:06d}",
        "name": "张晓明",
        "unit": unit,
        "rank": "乡科级",
        "category": "公务员",
        "post": "科长",
        "posted_on": "2024-03-01",
        "citizen_no": citizen_number(index),
        "joined_on": "2024-03-01",
    }
    return cells | fields


def workbook(
    rows: list[dict[str, Any]],
    *,
    headings: dict[str, str] | None = None,
    sheet: str = "干部",
    above: tuple[tuple[Any, ...], ...] = (),
    merges: tuple[tuple[int, int, int, int, str], ...] = (),
    hidden: tuple[str, ...] = (),
) -> bytes:
    """An .xlsx of one sheet: rows `above`, the headings, the people. Text, numbers and dates are cells of their kind.

    `merges` are (first row, first column, last row, last column, text) from 0; `hidden` names further, hidden sheets.
    """
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"strings_to_formulas": False, "strings_to_numbers": False})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    page = book.add_worksheet(sheet)
    columns = headings or HEADINGS
    lines = [
        *above,
        tuple(columns.values()),
        *(tuple(row.get(field, "") for field in columns) for row in rows),
    ]
    for number, cells in enumerate(lines):
        for column, cell in enumerate(cells):
            if isinstance(cell, date):
                page.write_datetime(number, column, datetime(cell.year, cell.month, cell.day), day)
            elif cell not in ("", None):
                page.write(number, column, cell)
    for merge in merges:
        page.merge_range(*merge)
    for name in hidden:
        other = book.add_worksheet(name)
        other.write_row(0, 0, list(columns.values()))
        other.hide()
    book.close()
    return made.getvalue()


def text_file(rows: list[dict[str, Any]], *, encoding: str = "utf-8", separator: str = ",") -> bytes:
    """The same as a text file."""
    lines = [list(HEADINGS.values()), *([str(row.get(field, "")) for field in HEADINGS] for row in rows)]
    return "\r\n".join(separator.join(line) for line in lines).encode(encoding)
