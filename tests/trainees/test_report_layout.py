"""Every edition and kind of report, read back: on the paper and grid of GB/T 9704-2012, in its order, sound and with its fonts inside."""

from dataclasses import replace
from itertools import pairwise

import pytest

from tests.common.pdf_reading import assert_fonts_are_subsets, sound_reader, texts
from tests.factories.report_samples import AT, sample_correction, sample_report
from trainees.exporters.assessment_notice import build_assessment_notice
from trainees.exporters.wording import PacketFacts

pytestmark = pytest.mark.needs("fonts")
MM = 72 / 25.4
LEFT, RIGHT = 28 * MM, (210 - 26) * MM
PITCH = 225 * MM / 22
EDITIONS = ("final", "preview", "erratum")
KINDS = ("circular", "report", "letter")


def report_of(edition):
    whole = sample_report()
    return {"final": whole, "preview": replace(whole, quarter=4), "erratum": sample_correction(whole)}[
        edition
    ]


@pytest.fixture(params=[(edition, kind) for edition in EDITIONS for kind in KINDS], ids="-".join)
def case(request, tmp_path):
    """Edition, kind, and the document read by two programs."""
    edition, kind = request.param
    built = build_assessment_notice(
        report_of(edition), PacketFacts(12, 2026, "AB23-CD45-EF67-GH89", AT, kind)
    )
    assert built.missing == ()
    return edition, kind, sound_reader(built.content, tmp_path)


def pieces(page):
    """The text of a page with its places: (x, y, text), in points from the lower left corner."""
    found = []
    page.extract_text(
        visitor_text=lambda text, _cm, tm, _font, _size: (
            found.append((tm[4], tm[5], text.strip())) if text.strip() else None
        )
    )
    return found


def test_sound_on_a4_with_all_fonts_inside(case):
    _edition, _kind, reader = case
    assert_fonts_are_subsets(reader)
    assert {
        (round(float(page.mediabox.width)), round(float(page.mediabox.height))) for page in reader.pages
    } == {(595, 842)}


def test_parts_stand_in_the_order_of_the_standard(case):
    edition, kind, reader = case
    text = "".join(texts(reader))
    word = {"circular": "的通报", "report": "的报告", "letter": "的函"}[kind]
    ends = {"circular": "特此通报。", "report": "特此报告。", "letter": "特此函告。"}[kind]
    first = "两江委校〔2026〕3号文件印发后" if edition == "erratum" else "根据《市管干部学分制考核办法》"
    parts = [
        "中共两江市委党校",
        "两江委校〔2026〕12号",
        word,
        "东区委组织部：",
        first,
        ends,
        "附件：",
        "2026年1月6日",
    ]
    places, start = [], 0
    for part in parts:
        start = text.index(part, start)
        places.append(start)
    assert places == sorted(places)
    assert ("中共两江市委党校文件" in text, "2026年1月6日印发" in text) == (
        kind != "letter",
        kind != "letter",
    )


def test_text_keeps_the_margins(case):
    """28 mm on the binding side, 26 mm on the other, 37 mm above (a letter's head stands higher), 35 mm below but for the page number."""
    _edition, kind, reader = case
    for number, page in enumerate(reader.pages, 1):
        for x, y, text in pieces(page):
            assert LEFT - 1 <= x <= RIGHT, text
            head = kind == "letter" and number == 1
            assert y <= (297 - 37) * MM or head, text
            assert y >= 35 * MM - 1 or text.startswith("—"), text


def test_lines_of_the_text_are_a_grid_s_line_apart(case):
    _edition, _kind, reader = case
    found = [(y, text) for _x, y, text in pieces(reader.pages[0])]
    start = next(number for number, (_y, text) in enumerate(found) if text.startswith("东区委组织部"))
    rows = sorted({round(y, 1) for y, _text in found[start : start + 3]}, reverse=True)
    assert [a - b for a, b in pairwise(rows)] == pytest.approx([PITCH] * (len(rows) - 1), abs=0.1)
    assert len(rows) >= 2


def test_page_numbers_stand_outside_and_a_letter_begins_with_the_second(case):
    _edition, kind, reader = case
    for number, page in enumerate(reader.pages, 1):
        marks = [x for x, _y, text in pieces(page) if text.startswith("—")]
        if kind == "letter" and number == 1:
            assert marks == []
            continue
        assert [mark > 300 for mark in marks] == [number % 2 == 1]


def test_seal_never_stands_on_a_page_without_text(case):
    _edition, _kind, reader = case
    (last,) = [text for text in texts(reader) if "扫描二维码" in text]
    assert "特此" in last
    assert "2026年1月6日" in last
