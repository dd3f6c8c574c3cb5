"""What is understood of a table of cadres, and what is told of every cell that is not."""

from datetime import date

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.cn import ric

from partyschool.common.sheets import SheetReader
from partyschool.common.sheets.cells import cell_name, day, masked, person_name
from tests.factories.imports import HEADINGS, citizen_number, person, text_file, workbook
from trainees.rules.imports.citizen_numbers import citizen_fault
from trainees.rules.imports.columns import COLUMNS
from trainees.rules.imports.faults import WORDS, Fault
from trainees.rules.imports.rows import Table, read_table

TODAY = date(2026, 11, 24)


def wide(text: str) -> str:
    """`text` as an input method in full-width mode writes it."""
    return "".join(chr(ord(char) + 0xFEE0) if char > " " else "\u3000" for char in text)


def read(content: bytes) -> Table:
    with SheetReader(content) as reader:
        return read_table(reader.sheets(), today=TODAY)


def told(table: Table) -> list[tuple[str, str]]:
    """Cell and code of each fault."""
    return [(f"{one.sheet}!{cell_name(one.row, one.column)}", one.code) for one in table.faults]


def one(**fields):
    return person(1, "U0001") | fields


def test_a_good_row_is_read_as_it_is():
    table = read(workbook([one(term_until=date(2029, 2, 28), left_on="")]))
    assert table.faults == []
    row = table.rows[0]
    assert row[2:13] == (
        "N000001", "张晓明", "u0001", "township_section", "civil_servant", "科长", date(2024, 3, 1), date(2029, 2, 28),
        citizen_number(1), date(2024, 3, 1), None,
    )  # fmt: skip
    assert (table.read, table.cell(0, row.number, "name")) == (1, "干部!B2")


@pytest.mark.parametrize(
    ("fields", "cell", "code"),
    [
        ({"code": 20250001}, "A2", "number_cell"),
        ({"code": "1.23E+17"}, "A2", "powers_of_ten"),
        ({"code": "X" * 21}, "A2", "too_long"),
        ({"code": "", "citizen_no": ""}, "A2", "empty"),
        ({"name": ""}, "B2", "empty"),
        ({"name": 123}, "B2", "not_text"),
        ({"name": "张" * 61}, "B2", "too_long"),
        ({"unit": " \u3000"}, "C2", "empty"),
        ({"rank": "省部级"}, "D2", "unknown_choice"),
        ({"rank": ""}, "D2", "empty"),
        ({"category": "外星人"}, "E2", "unknown_choice"),
        ({"post": date(2024, 1, 1)}, "F2", "not_text"),
        ({"post": "长" * 61}, "F2", "too_long"),
        ({"posted_on": "2024年3月"}, "G2", "not_a_day"),
        ({"posted_on": "2024-02-30"}, "G2", "not_a_day"),
        ({"posted_on": 45352}, "G2", "not_a_day"),
        ({"posted_on": date(2026, 11, 25)}, "G2", "unlikely_day"),
        ({"joined_on": date(2042, 1, 1)}, "J2", "unlikely_day"),
        ({"term_until": "1930-01-01"}, "H2", "unlikely_day"),
        ({"citizen_no": 110101199003070000}, "I2", "number_cell"),
        ({"citizen_no": True}, "I2", "number_cell"),
        ({"citizen_no": "1.10101E+17"}, "I2", "powers_of_ten"),
        ({"citizen_no": "110101900307001"}, "I2", "bad_length"),
        ({"citizen_no": "11010119900307O01X"}, "I2", "bad_characters"),
        ({"citizen_no": "110101199013070012"}, "I2", "bad_birth"),
        ({"citizen_no": "999999199003070013"}, "I2", "bad_check"),
    ],
)
def test_a_bad_cell_is_told_with_place_reason_and_remedy(fields, cell, code):
    table = read(workbook([one(**fields)]))
    assert told(table) == [(f"干部!{cell}", code)]
    assert table.rows == []
    fault = table.faults[0]
    assert fault.reason
    assert fault.remedy
    assert "%(" not in fault.reason + fault.remedy


def test_every_fault_of_a_row_is_told_at_once():
    table = read(workbook([one(name="", rank="?", posted_on="?", citizen_no=1)]))
    assert [code for _cell, code in told(table)] == ["empty", "unknown_choice", "number_cell", "not_a_day"]


def test_citizen_numbers_are_masked_wherever_they_stand():
    number = citizen_number(7)
    table = read(workbook([one(rank=number, citizen_no="110101199003070012")]))
    assert [fault.value for fault in table.faults] == [f"11{'*' * 14}{number[-2:]}", f"11{'*' * 14}12"]


@pytest.mark.parametrize(
    ("shown", "hidden"),
    [
        ("2024-03-01", "2024-03-01"),
        ("张三 110101199003070012", "张三 11**************12"),
        (wide("110101199003070012"), "11**************12"),
        ("110101 19900307 0012", "11****************12"),
        ("13812345678", "13*******78"),
        ("N000001", "N000001"),
        ("11010119900307O012", "11**************12"),
    ],
)
def test_masking(shown, hidden):
    assert masked(shown) == hidden


def test_full_width_digits_blanks_and_invisible_signs_are_no_fault():
    table = read(
        workbook(
            [
                one(
                    code=wide(" N000001 "),
                    name="张\u3000晓 明",
                    citizen_no=f" {wide(citizen_number(1))}\u200b",
                    posted_on=wide("2024-03-01"),
                    rank=" 乡科级 ",
                )
            ]
        )
    )
    assert table.faults == []
    assert table.rows[0][2:4] == ("N000001", "张晓明")
    assert table.rows[0].citizen_no == citizen_number(1)


@pytest.mark.parametrize(
    ("written", "name"),
    [("买买提 • 艾力", "买买提·艾力"), ("张 三", "张三"), ("John  Smith", "John Smith"), ("𠮷 野", "𠮷野")],
)
def test_names(written, name):
    assert person_name(written) == name


@pytest.mark.parametrize(
    "written",
    [
        "2024-3-1",
        "2024/03/01",
        "2024.3.1",
        "2024年3月1日",
        "20240301",
        "2024-03-01 00:00:00",
        "\x002024-03-01",
    ],
)
def test_days(written):
    assert day(written) == date(2024, 3, 1)


@pytest.mark.parametrize(
    "written", ["2024.03", "3-1-2024", "01/03/2024", "\x002024-03-01T08:00:00", "\x0008:00:00", ""]
)
def test_no_day_is_guessed(written):
    assert day(written) is None


@pytest.mark.parametrize("language", ["zh-hans", "zh-hant", "en"])
def test_headings_of_every_language_are_understood(language):
    with translation.override(language):
        headings = {column.field: str(column.title) for column in COLUMNS}
    assert read(workbook([one()], headings=headings)).faults == []


def test_headings_are_found_under_a_title_and_in_two_rows():
    above = (("两江市干部花名册",), ("基本信息", "", "任职信息", "", "", "", "", "", "其他"))
    table = read(workbook([one()], above=above, merges=((0, 0, 0, 10, "两江市干部花名册"),)))
    assert (told(table), table.read) == ([], 1)


def test_headings_merged_over_two_rows_are_found():
    columns = list(HEADINGS)
    headings = {field: "" if field in ("code", "name") else HEADINGS[field] for field in columns}
    table = read(
        workbook(
            [one()],
            above=(("", "", "任职信息"),),
            headings=headings,
            merges=((0, 0, 1, 0, HEADINGS["code"]), (0, 1, 1, 1, HEADINGS["name"])),
        )
    )
    assert (told(table), table.read) == ([], 1)


def test_remarks_in_headings_and_other_columns_are_no_fault():
    headings = {"number": "序号"} | {field: f"*{title}（必填）" for field, title in HEADINGS.items()}
    table = read(workbook([one(number=1), {"number": 2}, {"number": 3}], headings=headings))
    assert (told(table), table.read, table.unread_columns) == ([], 1, ["序号"])


def test_missing_and_repeated_columns_are_told():
    table = read(
        workbook([one()], headings={field: HEADINGS[field] for field in ("code", "name", "rank", "category")})
    )
    assert told(table) == [("干部!A1", "column_missing")]
    table = read(workbook([one(again="x")], headings={**HEADINGS, "again": "姓名"}))
    assert told(table) == [("干部!L1", "column_twice")]


def test_a_file_without_headings_or_people_is_told():
    assert [fault.code for fault in read(workbook([], headings={"a": "甲"})).faults] == ["no_headings"]
    assert told(read(workbook([]))) == [("干部!A1", "no_rows")]


def test_hidden_sheets_are_not_read_and_told():
    table = read(workbook([one()], hidden=("旧数据",)))
    assert (table.hidden, table.read, table.faults) == (["旧数据"], 1, [])


def test_a_unit_merged_over_people_counts_for_each_of_them():
    rows = [one(), person(2, "", citizen_no=""), person(3, "")]
    table = read(workbook(rows, merges=((1, 2, 3, 2, "U0001"),)))
    assert (told(table), [row.unit for row in table.rows]) == ([], ["u0001"] * 3)


def test_merged_names_and_cells_merged_across_are_told():
    rows = [one(), person(2, "U0001", name="")]
    table = read(workbook(rows, merges=((1, 1, 2, 1, "张晓明"),)))
    assert ("干部!B2", "merged_person") in told(table)
    table = read(workbook([one()], merges=((1, 4, 1, 5, "公务员"),)))
    assert ("干部!E2", "merged_across") in told(table)


def test_a_remark_below_the_table_is_told_as_such():
    table = read(workbook([one(), {"code": "填表人：李四"}]))
    assert told(table) == [("干部!A3", "stray")]


def test_the_same_person_twice_is_told_in_both_rows():
    table = read(
        workbook([one(), one(citizen_no=citizen_number(2)), person(3, "U0001", citizen_no=citizen_number(1))])
    )
    assert told(table) == [
        ("干部!A3", "code_twice"),
        ("干部!A2", "code_twice"),
        ("干部!I4", "citizen_twice"),
        ("干部!I2", "citizen_twice"),
    ]
    assert "干部!A2" in table.faults[0].reason
    assert table.faults[2].value == ""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gbk", "gb18030"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_text_files_of_every_office_are_read(encoding, separator):
    table = read(text_file([one(), person(2, "U0002")], encoding=encoding, separator=separator))
    assert (told(table), [row.name for row in table.rows], table.sheets) == ([], ["张晓明"] * 2, ["CSV"])


def test_rare_characters_of_gb_18030_are_read():
    assert read(text_file([one(name="䶮㛃𬭚")], encoding="gb18030")).rows[0].name == "䶮㛃𬭚"


def test_in_a_text_file_a_number_cut_to_fifteen_digits_is_refused_even_if_it_fits():
    number = next(found for found in map(_ending_in_zeros, range(1, 13)) if found)
    assert citizen_fault(number) == ""
    assert told(read(text_file([one(citizen_no=number)]))) == [("CSV!I2", "ends_in_zeros")]
    assert told(read(workbook([one(citizen_no=number)]))) == []


def _ending_in_zeros(month: int) -> str:
    for year in range(1960, 2000):
        for order in "123456789":
            number = f"110101{year}{month:02d}10{order}00"
            if ric.is_valid(number + "0"):
                return number + "0"
    return ""


def test_a_text_that_keeps_its_zeros_by_a_formula_is_read():
    assert read(text_file([one(code='="0001"')])).rows[0].code == "0001"


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["110101", "320102", "500101", "999999", "350100"]),
    st.dates(date(1940, 1, 1), date(2006, 12, 31)),
    st.integers(0, 999),
    st.sampled_from("0123456789X"),
)
def test_exactly_those_citizen_numbers_are_taken_that_the_register_takes(region, birth, order, check):
    number = f"{region}{birth:%Y%m%d}{order:03d}{check}"
    assert (citizen_fault(number) == "") == ric.is_valid(number)


@given(st.text(max_size=20))
def test_no_text_is_taken_for_a_citizen_number_that_the_register_refuses(text):
    assert citizen_fault(text) or ric.is_valid(text)


def test_every_fault_has_words_in_chinese():
    for code, (reason, remedy) in WORDS.items():
        fault = Fault("表", 1, 1, code, "name")
        assert fault.code == code
        for text in (reason, remedy):
            with translation.override("en"):
                english = str(text)
            with translation.override("zh-hans"):
                assert str(text) != english
