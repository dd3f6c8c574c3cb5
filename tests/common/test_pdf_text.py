"""Line breaking, titles and numbers."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partyschool.common.pdf import FontRole, Typesetter, chinese_number, document_number, font_map
from partyschool.common.pdf.numbering import heading_number
from partyschool.common.pdf.text import NO_END, NO_START
from partyschool.common.pdf.titles import title_lines

pytestmark = pytest.mark.needs("fonts")

WIDTH = 160.0


def lines(text: str, width: float = WIDTH) -> list[str]:
    return [line.text for line in Typesetter(font_map()).lines(text, FontRole.FANGSONG, 16, width, "正文")]


def test_line_holds_as_many_characters_as_its_width() -> None:
    assert lines("一" * 25) == ["一" * 10, "一" * 10, "一" * 5]


def test_closing_mark_is_squeezed_into_the_line_it_closes() -> None:
    assert lines("字" * 20 + "。后面", 320) == ["字" * 20 + "。", "后面"]


def test_last_character_goes_along_with_its_mark_where_the_line_is_too_short_to_squeeze() -> None:
    assert lines("一二三四五六七八九十。后面") == ["一二三四五六七八九", "十。后面"]


def test_opening_mark_moves_to_the_next_line() -> None:
    assert lines("一二三四五六七八九（十）") == ["一二三四五六七八九", "（十）"]


def test_numbers_and_latin_words_are_not_torn() -> None:
    assert lines("一二三四五六七八1,280.5人") == ["一二三四五六七八", "1,280.5人"]


def test_word_longer_than_the_line_is_cut_rather_than_lost() -> None:
    word = "x" * 60

    assert "".join(lines(word)) == word


@given(st.text(alphabet="一二三四五六七八九十，。（）《》“”、abc019. %", max_size=120))
@settings(max_examples=150, deadline=None)
def test_breaking_loses_nothing_but_spaces_and_keeps_the_width(text: str) -> None:
    setter = Typesetter(font_map())
    broken = setter.lines(text, FontRole.FANGSONG, 16, WIDTH, "正文")

    assert "".join(line.text for line in broken).replace(" ", "") == text.replace(" ", "")
    assert all(line.width <= WIDTH + 9 for line in broken)


@given(st.text(alphabet="一二三四五六七八九十，。（《", min_size=30, max_size=80))
@settings(max_examples=100, deadline=None)
def test_line_starts_and_ends_follow_the_rules_where_a_rule_can_hold(text: str) -> None:
    marks = NO_START | NO_END
    if any(a in marks and b in marks for a, b in pairwise(text)):
        return  # several marks in a row can leave no good place at all
    broken = lines(text)

    assert not any(line[0] in NO_START for line in broken[1:])
    assert not any(line[-1] in NO_END for line in broken[:-1])


def width_of(text: str) -> float:
    return sum(22.0 if char > "\u2000" else 11.0 for char in text)


def test_title_breaks_between_words_in_a_trapezoid() -> None:
    title = "中共临江市委党校关于2025年度干部教育培训年度考核情况的通报"

    assert title_lines(title, width_of, 442) == [
        "中共临江市委党校关于2025年度",
        "干部教育培训年度考核情况的通报",
    ]


def test_title_keeps_breaks_of_the_author_and_short_titles_whole() -> None:
    assert title_lines("关于函复的\n函", width_of, 442) == ["关于函复的", "函"]
    assert title_lines("考核情况通报", width_of, 442) == ["考核情况通报"]


@given(st.text(alphabet="关于年度考核的《》通报2025 aB、", min_size=1, max_size=90))
@settings(max_examples=100, deadline=None)
def test_title_of_any_text_fits_and_is_whole(title: str) -> None:
    broken = title_lines(title, width_of, 442)

    assert "".join(broken).replace(" ", "") == title.replace(" ", "")
    assert all(width_of(line) <= 442 for line in broken)


@pytest.mark.parametrize(
    ("number", "word"),
    [(1, "一"), (9, "九"), (10, "十"), (11, "十一"), (20, "二十"), (21, "二十一"), (99, "九十九")],
)
def test_chinese_number(number: int, word: str) -> None:
    assert chinese_number(number) == word


@pytest.mark.parametrize("number", [0, 100, -1])
def test_chinese_number_outside_its_range_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="cannot number"):
        chinese_number(number)


def test_heading_marks_of_the_four_levels() -> None:
    assert [heading_number(level, 3) for level in (1, 2, 3, 4)] == ["三、", "（三）", "3.", "（3）"]


def test_document_number_has_six_corner_brackets_and_no_leading_zeros() -> None:
    assert document_number("临委校", 2025, 7) == "临委校〔2025〕7号"
