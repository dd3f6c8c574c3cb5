"""Workbooks read back as a spreadsheet program would read them."""

import io
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from partyschool.common.excel import Column, ColumnKind, ExcelLimit, Workbook

CREATED = datetime(2025, 12, 31, 8, 0, tzinfo=UTC)
NAME = [Column("姓名")]
HOSTILE = (
    "=1+1",
    "+1",
    "-1+cmd|' /C calc'!A0",
    "@SUM(A1)",
    "\t=1+1",
    "'=1",
    "{=1}",
    "https://evil.example/",
    "王<b>强</b>",
    "李&赵",
    "䶮㛃𬭚龑𠮷",
    "0012",
    "110101199001011234",
    "TRUE",
    " 前后空格 ",
)


def book_bytes(*sheets: tuple[Any, ...], **options: Any) -> bytes:
    target = io.BytesIO()
    with Workbook(target, created=CREATED, title="考核结果", author="中共临江市委党校") as book:
        for name, columns, rows in sheets:
            book.add_sheet(name, columns, rows, **options)
    return target.getvalue()


def read(content: bytes) -> Any:
    import openpyxl

    return openpyxl.load_workbook(io.BytesIO(content))


def cells(content: bytes, column: int = 1) -> list[Any]:
    return [
        row[0].value
        for row in read(content).worksheets[0].iter_rows(min_row=2, min_col=column, max_col=column)
    ]


def test_hostile_text_stays_text() -> None:
    content = book_bytes(("名单", NAME, [(text,) for text in HOSTILE]))

    column = read(content).worksheets[0]["A"][1:]
    assert [cell.value for cell in column] == list(HOSTILE)
    assert {cell.data_type for cell in column} == {"s"}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml").decode()
        names = archive.namelist()
    assert "<f>" not in xml
    assert "<f " not in xml
    assert "hyperlink" not in xml
    assert [name for name in names if "external" in name.lower() or "vba" in name.lower()] == []


def test_text_that_looks_like_an_escape_is_not_decoded() -> None:
    content = book_bytes(("名单", NAME, [("_x0041_",)]))

    # In the file format _x0041_ would mean "A"; the underscore itself is escaped so that it does not.
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert "<t>_x005F_x0041_</t>" in archive.read("xl/worksheets/sheet1.xml").decode()


def test_text_that_looks_like_a_formula_survives_editing_the_cell() -> None:
    content = book_bytes(("名单", NAME, [("=1+1",), ("@a",), ("张三",)]))

    column = read(content).worksheets[0]["A"][1:]
    assert [cell.quotePrefix for cell in column] == [True, True, False]
    assert [cell.number_format for cell in column] == ["@", "@", "@"]


def test_control_characters_are_removed_and_line_ends_kept() -> None:
    content = book_bytes(("名单", NAME, [("张\x00\x1b三\ud800",), ("甲\r\n乙\r丙",), ("李\u202e四",)]))

    assert cells(content) == ["张三", "甲\n乙\n丙", "李四"]


def test_kinds_come_back_as_their_types() -> None:
    columns = [
        Column("人数", ColumnKind.INT),
        Column("学分", ColumnKind.DECIMAL),
        Column("合格率", ColumnKind.PERCENT),
        Column("日期", ColumnKind.DATE),
        Column("时间", ColumnKind.DATETIME),
        Column("身份证号"),
    ]
    at = datetime(2025, 3, 1, 16, 30, tzinfo=UTC)
    row = (300, Decimal("49.5"), 0.925, date(2025, 3, 1), at, "110101199001011234")
    sheet = read(book_bytes(("表", columns, [row, (None,) * 6]))).worksheets[0]

    first, second = ([cell.value for cell in cells] for cells in sheet.iter_rows(min_row=2))
    assert first == [
        300,
        49.5,
        0.925,
        datetime(2025, 3, 1),
        datetime(2025, 3, 2, 0, 30),  # the school's wall clock
        "110101199001011234",
    ]
    assert second == [None] * 6
    assert [cell.number_format for cell in sheet[2]] == [
        "0",
        "0.0",
        "0.0%",
        "yyyy-mm-dd",
        "yyyy-mm-dd hh:mm",
        "@",
    ]


def test_number_that_a_spreadsheet_would_round_is_written_as_text() -> None:
    columns = [Column("号", ColumnKind.INT), Column("值", ColumnKind.DECIMAL)]
    content = book_bytes(("表", columns, [(110101199001011234, Decimal("1234567890123456.78"))]))

    assert [cell.value for cell in read(content).worksheets[0][2]] == [
        "110101199001011234",
        "1234567890123456.78",
    ]


def test_date_before_the_calendar_of_spreadsheets_is_written_as_text() -> None:
    content = book_bytes(
        ("表", [Column("日期", ColumnKind.DATE)], [(date(1899, 5, 4),), (date(1949, 10, 1),)])
    )

    assert cells(content) == ["1899-05-04", datetime(1949, 10, 1)]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (ColumnKind.INT, "3"),
        (ColumnKind.INT, True),
        (ColumnKind.INT, 1.5),
        (ColumnKind.DECIMAL, "3.5"),
        (ColumnKind.DECIMAL, float("nan")),
        (ColumnKind.DECIMAL, Decimal("Infinity")),
        (ColumnKind.PERCENT, "92%"),
        (ColumnKind.DATE, "2025-03-01"),
        (ColumnKind.DATETIME, date(2025, 3, 1)),
    ],
)
def test_value_of_another_kind_is_refused_with_its_place(kind: ColumnKind, value: object) -> None:
    with pytest.raises(ValueError, match=r"row 2, column 1: .* is not of kind"):
        book_bytes(("表", [Column("值", kind)], [(value,)]))


def test_text_longer_than_a_cell_is_refused_rather_than_cut() -> None:
    with pytest.raises(ExcelLimit, match="row 3, column 1"):
        book_bytes(("表", NAME, [("甲" * 32_767,), ("甲" * 32_768,)]))


def test_sheet_is_ready_to_read_and_to_print() -> None:
    columns = [Column("序号", ColumnKind.INT), Column("姓名"), Column("原因", width=40)]
    rows = [(1, "欧阳明", "学分不足"), (2, "张三", "缺勤")]
    sheet = read(
        book_bytes(("考核结果", columns, rows), title="2025年度考核结果", note="注：截至12月31日")
    ).worksheets[0]

    assert sheet.title == "考核结果"
    assert sheet["A1"].value == "2025年度考核结果"
    assert [str(merged) for merged in sheet.merged_cells.ranges] == ["A1:C1"]
    assert [cell.value for cell in sheet[2]] == ["序号", "姓名", "原因"]
    assert sheet.freeze_panes == "A3"
    assert sheet.auto_filter.ref == "A2:C4"
    assert sheet["A5"].value == "注：截至12月31日"
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert (sheet.sheet_properties.pageSetUpPr.fitToPage, sheet.page_setup.fitToHeight) == (True, 0)
    assert sheet.print_title_rows == "$1:$2"
    assert sheet.oddFooter.center.text == "第 &P 页，共 &N 页"
    assert sheet.column_dimensions["C"].width == pytest.approx(40, abs=1)


def test_empty_sheet_has_its_header() -> None:
    sheet = read(book_bytes(("空", NAME, []))).worksheets[0]

    assert [cell.value for cell in sheet[1]] == ["姓名"]
    assert sheet.max_row == 1


def test_sheet_names_are_made_valid_and_unlike() -> None:
    long = "临江市" * 20
    names = ["名单", "名单", "A/B:C*[1]", "'", "history", long, long, "𠮷" * 20]

    titles = read(book_bytes(*[(name, NAME, [("张三",)]) for name in names])).sheetnames

    assert titles[:6] == ["名单", "名单 (2)", "A_B_C__1_", "Sheet", "history_", long[:31]]
    assert titles[6].endswith(" (2)")
    assert all(len(title.encode("utf-16-le")) <= 62 for title in titles)


@pytest.mark.parametrize("row", [("张三", "多余"), ()])
def test_row_with_another_number_of_cells_is_refused(row: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="row 2 has"):
        book_bytes(("表", NAME, [row]))


def test_same_data_gives_the_same_bytes_at_any_time_and_in_any_thread(tmp_path: Path) -> None:
    rows = [(text,) for text in HOSTILE]
    first = book_bytes(("名单", NAME, rows))
    time.sleep(1.1)

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda _: book_bytes(("名单", NAME, rows)), range(8)))
    with Workbook(tmp_path / "a.xlsx", created=CREATED, title="考核结果", author="中共临江市委党校") as book:
        book.add_sheet("名单", NAME, rows)

    assert together == [first] * 8
    assert (tmp_path / "a.xlsx").read_bytes() == first


def test_rows_are_taken_one_by_one_and_progress_is_told() -> None:
    waiting = 0

    def stream() -> Iterator[tuple[str]]:
        nonlocal waiting
        for number in range(2500):
            waiting = number
            yield (f"学员{number}",)

    seen: list[tuple[int, int]] = []
    content = book_bytes(("名单", NAME, stream()), progress=lambda done: seen.append((done, waiting)))

    assert seen == [(1000, 999), (2000, 1999), (2500, 2499)]
    assert len(cells(content)) == 2500


def test_error_in_the_middle_leaves_no_file_and_no_scratch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()

    def broken() -> Iterator[tuple[str]]:
        yield ("张三",)
        raise RuntimeError("the database went away")

    with (
        pytest.raises(RuntimeError, match="went away"),
        Workbook(tmp_path / "a.xlsx", created=CREATED) as book,
    ):
        book.add_sheet("名单", NAME, broken())

    assert [path.name for path in tmp_path.iterdir()] == ["scratch"]
    assert list((tmp_path / "scratch").iterdir()) == []
