"""Official documents read back: order of the parts, pages, tables, repeatability, speed of many threads."""

import hashlib
import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta, timezone
from typing import NoReturn

import pytest

from partyschool.common.pdf import (
    LANDSCAPE,
    Attachment,
    BuiltDocument,
    Chart,
    DocType,
    Heading,
    Paragraph,
    Table,
    TableColumn,
    build_notice,
    build_plain,
)

from .pdf_samples import COLUMNS, HOSTILE, notice, page_texts, reader, table, text_of

pytestmark = pytest.mark.needs("fonts")


def positions(document: BuiltDocument, *parts: str) -> list[int]:
    text = text_of(document)
    return [text.index(part) for part in parts]


def test_circular_has_its_parts_in_the_order_of_the_standard() -> None:
    document = build_notice(notice(attachments=[Attachment("考核结果明细表")]))

    order = positions(
        document,
        "中共临江市委党校文件",
        "临委校〔2025〕12号",
        "中共临江市委党校关于2025年度",
        "中共临江市委组织部：",
        "现将有关情况通报如下：",
        "一、总体情况",
        "附件：考核结果明细表",
        "2025年3月1日",
        "抄送：市委办公室，市政府办公室。",
        "2025年3月1日印发",
    )
    assert order == sorted(order)


def test_page_is_a4_and_dates_come_from_the_caller() -> None:
    instant = datetime(2025, 3, 2, 9, 30, tzinfo=timezone(timedelta(hours=8)))
    document = build_notice(notice(), created=instant)

    pdf = reader(document)
    box = pdf.pages[0].mediabox
    assert (round(float(box.width), 1), round(float(box.height), 1)) == (595.3, 841.9)
    assert pdf.metadata is not None
    assert pdf.metadata.creation_date == instant
    assert pdf.metadata.title == "中共临江市委党校关于2025年度干部教育培训年度考核情况的通报"
    assert pdf.trailer["/Root"]["/Lang"] == "zh-CN"


def test_text_stands_inside_the_frame_of_22_lines() -> None:
    document = build_notice(notice(blocks=[Paragraph("字" * 2000)]))

    seen: list[tuple[float, float]] = []
    page = reader(document).pages[1]
    page.extract_text(
        visitor_text=lambda text, _cm, tm, _font, _size: seen.append((tm[4], tm[5])) if text.strip() else None
    )
    body = sorted({round(y, 1) for _, y in seen}, reverse=True)[:-1]  # the last is the page number
    assert len(body) == 22
    assert body[0] - body[1] == pytest.approx(28.99, abs=0.1)
    assert min(x for x, _ in seen) >= 79.3


def test_page_numbers_stand_between_dashes_odd_right_even_left() -> None:
    document = build_notice(notice(blocks=[Paragraph("字" * 900)]))

    found = []
    for page in reader(document).pages:
        marks: list[float] = []
        page.extract_text(
            visitor_text=lambda text, _cm, tm, _font, _size, into=marks: (
                into.append(tm[4]) if text.strip().startswith("—") else None
            )
        )
        found.append(marks[-1])
    assert document.pages == 3
    assert [x > 300 for x in found] == [True, False, True]
    assert [f"—{n}—" in text for n, text in enumerate(page_texts(document), 1)] == [True, True, True]


def test_report_has_its_number_on_the_left_and_who_approved_it() -> None:
    document = build_notice(notice(doc_type=DocType.REPORT, approved_by="欧阳建国"))

    assert "签发人：欧阳建国" in text_of(document)
    assert "签发人" not in text_of(build_notice(notice(approved_by="欧阳建国")))


def test_letter_has_no_file_mark_no_first_page_number_and_a_short_imprint() -> None:
    document = build_notice(notice(doc_type=DocType.LETTER, blocks=[Paragraph("专此函复。")]))

    text = text_of(document)
    assert document.pages == 1
    assert "文件" not in text
    assert "—1—" not in text
    assert "抄送：市委办公室，市政府办公室。" in text
    assert "印发" not in text


def test_headings_count_per_level_and_start_again_below_a_new_one() -> None:
    blocks = [
        Heading("甲"),
        Heading("乙", 2),
        Heading("丙", 3),
        Heading("丁", 4),
        Heading("戊", 2),
        Heading("己"),
        Heading("庚", 2),
        Heading("辛", numbered=False),
    ]
    text = text_of(build_notice(notice(blocks=blocks)))

    assert "一、甲（一）乙1.丙（1）丁（二）戊二、己（一）庚辛" in text


def test_heading_of_a_fifth_level_is_refused() -> None:
    with pytest.raises(ValueError, match="four levels"):
        build_notice(notice(blocks=[Heading("甲", 5)]))


def test_long_table_repeats_its_header_and_loses_no_row() -> None:
    names = [f"学员{number:03d}" for number in range(500)]
    document = build_notice(notice(blocks=[table(names, total=("合计", "", "6250.0"))]))

    pages = page_texts(document)
    text = "".join(pages)
    with_rows = [page for page in pages if "学员" in page]
    assert [name for name in names if text.count(name) != 1] == []
    assert all("序号姓名学分" in page for page in with_rows)
    assert text.count("合计6250.0") == 1


def test_cell_taller_than_a_page_continues_and_is_whole() -> None:
    long = "".join(chr(0x4E00 + number) for number in range(3000))
    document = build_notice(notice(blocks=[Table(COLUMNS, [(1, long, "1")])]))

    assert document.pages > 3
    text = text_of(document)
    assert [char for char in long if char not in text] == []


def test_table_with_many_columns_stays_inside_the_frame() -> None:
    columns = [TableColumn(f"第{number}项指标名称") for number in range(12)]
    document = build_notice(notice(blocks=[Table(columns, [["内容较长的单元格"] * 12])]))

    xs: list[float] = []
    for page in reader(document).pages:
        page.extract_text(
            visitor_text=lambda text, _cm, tm, _f, _s: xs.append(tm[4]) if text.strip() else None
        )
    assert min(xs) >= 79.0
    assert max(xs) <= 522.0


@pytest.mark.parametrize("rows", [[(1, "张三")], [(1, "张三", "2", "3")]])
def test_row_with_another_number_of_cells_is_refused(rows: list[tuple[object, ...]]) -> None:
    with pytest.raises(ValueError, match="row 1 has"):
        build_notice(notice(blocks=[Table(COLUMNS, rows)]))


@pytest.mark.parametrize("what", ["table", "chart"])
@pytest.mark.parametrize("lines", range(12))
def test_heading_is_never_left_alone_at_the_foot_of_a_page(what: str, lines: int) -> None:
    below: Table | Chart = (
        table(["王小明", "李大海"]) if what == "table" else Chart("合格率", [("王小明", 80.0)])
    )
    blocks = [Paragraph("应参加考核。") for _ in range(lines)] + [Heading("逐个看"), below]

    pages = page_texts(build_notice(notice(blocks=blocks)))

    (page,) = [page for page in pages if "一、逐个看" in page]
    assert "王小明" in page.partition("一、逐个看")[2]


def test_empty_table_shows_its_header() -> None:
    assert "序号姓名学分" in text_of(build_notice(notice(blocks=[Table(COLUMNS, [])])))


def test_bound_attachment_begins_a_page_and_the_imprint_closes_the_document() -> None:
    document = build_notice(
        notice(attachments=[Attachment("不合格人员名单", [table(["张三"])]), Attachment("学分明细表")])
    )

    pages = page_texts(document)
    assert "附件：1.不合格人员名单2.学分明细表" in pages[0] + pages[1]
    assert pages[-1].startswith("附件1不合格人员名单")
    assert "张三" in pages[-1]
    assert "抄送" in pages[-1]


@pytest.mark.parametrize("length", range(0, 700, 29))
def test_signature_never_stands_alone_on_a_page(length: int) -> None:
    document = build_notice(notice(blocks=[Paragraph("首" + "字" * length)], cc=(), printed_by=""))

    page = next(text for text in page_texts(document) if "2025年3月1日" in text)
    assert "字" in page or "首" in page


def test_long_signature_and_many_copies_stay_whole() -> None:
    name = "中共临江市委党校（临江市行政学校、临江市社会主义学校）"
    cc = [f"临江市第{number}局办公室" for number in range(30)]
    document = build_notice(notice(signatory=name, cc=cc))

    text = text_of(document)
    assert name in text
    assert [body for body in cc if body not in text] == []


def test_nothing_in_a_document_opens_the_network_or_draws_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> NoReturn:
        raise AssertionError("a document opened a connection")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    evil = '<img src="http://127.0.0.1:9/x.png"><img src="file:///etc/passwd"><img src="/etc/passwd">'
    document = build_notice(
        notice(
            title=evil,
            issuer=evil,
            number=evil,
            recipients=[evil],
            blocks=[Paragraph(evil), Heading(evil), table([evil, *HOSTILE])],
            attachments=[Attachment(evil)],
            signatory=evil,
            cc=[evil],
            printed_by=evil,
            verify_code=evil,
        )
    )

    pdf = reader(document)
    assert [page["/Resources"].get("/XObject") for page in pdf.pages] == [None] * document.pages
    assert b"root:" not in b"".join(page.get_contents().get_data() for page in pdf.pages)  # type: ignore[union-attr] - every page has contents


def test_same_input_gives_the_same_bytes_and_other_input_others() -> None:
    first, second = build_notice(notice()), build_notice(notice())

    assert first.content == second.content
    assert build_notice(notice(issued_on=date(2025, 3, 2))).content != first.content


def test_threads_at_once_give_the_bytes_of_one_thread() -> None:
    samples = [
        notice(blocks=[table([f"学员{chr(0x4E00 + 97 * n + i)}" for i in range(40)]), Paragraph("考核" * n)])
        for n in range(6)
    ]
    alone = [hashlib.sha256(build_notice(sample).content).hexdigest() for sample in samples]

    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda s: hashlib.sha256(build_notice(s).content).hexdigest(), samples * 4))

    assert together == alone * 4


def test_progress_grows_to_the_end() -> None:
    seen: list[tuple[int, int]] = []
    build_notice(
        notice(blocks=[table(["张三"] * 200)]), progress=lambda done, total: seen.append((done, total))
    )

    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] == seen[-1][1] > 200


def test_plain_landscape_roster_has_title_table_and_page_numbers() -> None:
    names = [f"学员{number:02d}" for number in range(60)]
    created = datetime(2025, 3, 1, 8, 0)
    document = build_plain(
        "2025年春季主体班学员花名册",
        [table(names)],
        created=created,
        author="中共临江市委党校",
        subtitle="2025年3月1日至3月31日",
        frame=LANDSCAPE,
    )

    pages = page_texts(document)
    box = reader(document).pages[0].mediabox
    assert (round(float(box.width)), round(float(box.height))) == (842, 595)
    assert pages[0].startswith("2025年春季主体班学员花名册2025年3月1日至3月31日序号姓名学分")
    assert [name for name in names if name not in "".join(pages)] == []
    assert all(f"—{number}—" in page for number, page in enumerate(pages, 1))
