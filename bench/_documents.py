"""What is drawn: notices and lists as the packets make them, of invented results, and the same as plain data for the other engines.

No database: results are made of thin air, so that every engine's process can begin at once.
"""

from collections.abc import Sequence
from datetime import date, time
from decimal import Decimal
from itertools import pairwise
from typing import Any

from partyschool.common import clock
from partyschool.common.pdf import (
    OFFICIAL_PORTRAIT,
    Chart,
    Heading,
    OfficialNotice,
    Paragraph,
    Part,
    Table,
    chinese_date,
    font_map,
)
from partyschool.common.pdf.numbering import heading_number
from partyschool.common.pdf.official_head import HeadSetter
from partyschool.common.pdf.tables import _TableSetter, cell_text
from partyschool.common.pdf.text import Typesetter
from partyschool.common.pdf.titles import title_lines

YEAR = 2025
UNITS = 18
FAILED = 40
"""Units of a notice, and how many of its 360 cadres failed."""
LIST_ROWS = 500
GIVEN = [bytes([row, cell]).decode("gb2312") for row in range(0xB0, 0xD7, 4) for cell in range(0xA1, 0xFF)]
"""940 of the usual characters, for given names."""
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"


def report(index: int, *, cadres: int, failed: int) -> Any:
    """A year of `cadres` invented cadres in a department of its own, of whom `failed` failed."""
    from partyschool.accounts.models import Unit
    from trainees.enums import CreditCategory
    from trainees.models import CreditScheme
    from trainees.selectors.reports import Report, ReportLine, Tally

    def reasons(counted: Decimal) -> list[dict[str, str]]:
        part = {"code": "least", "category": "elective", "counted": str(counted // 3), "needed": "40"}
        return [
            {"code": "total", "category": "", "counted": str(counted), "needed": "90"},
            *([part] if counted % 2 else []),
        ]

    def line(number: int) -> ReportLine:
        fails = number * 13 % cadres < failed  # 13 divides no number of cadres, so all are met once
        dice = (number * 7919 + index * 104_729) % 3000
        counted = Decimal(20 + dice % 60) if fails else Decimal(90 + dice % 40)
        share = counted / len(CreditCategory.values)
        return ReportLine(
            code=f"G{index:03}{number:06}",
            name=SURNAMES[dice % len(SURNAMES)] + GIVEN[dice * 3 % len(GIVEN)] + GIVEN[dice * 7 % len(GIVEN)],
            rank="township_section" if dice % 3 else "staff",
            unit=f"{index % 12 + 1}区第{number % UNITS + 1}局",
            office=f"第{dice % 9 + 1}科" if dice % 2 else "",
            by_category=(share,) * len(CreditCategory.values),
            earned=counted,
            counted=counted,
            needed=Decimal(90),
            result="fail" if fails else "pass",
            reasons=reasons(counted) if fails else [],
        )

    trend = [
        (YEAR - back, Tally(cadres, cadres - failed - back, failed + back, 0)) for back in range(4, -1, -1)
    ]
    return Report(
        year=YEAR,
        recipient=Unit(name=f"两江市第{index + 1}区委组织部", code=f"D{index}"),
        scheme=CreditScheme(name="干部教育培训学分制管理办法", version=2, year=YEAR),
        closed_at=clock.school_instant(date(YEAR + 1, 1, 5), time(9)),
        quarter=None,
        lines=sorted([line(number) for number in range(cadres)], key=lambda one: one.unit),
        results=[],
        trend=trend,
    )


def notice(index: int, *, small: bool = False) -> OfficialNotice:
    """The notice of a packet; no two are alike."""
    from trainees.exporters.assessment_notice import assessment_notice
    from trainees.exporters.wording import PacketFacts

    facts = PacketFacts(
        number=index + 1,
        number_year=YEAR + 1,
        code=f"BENC-H{index:03}-2026-TEST",
        issued_at=clock.school_instant(date(YEAR + 1, 3, 2), time(9)),
    )
    return assessment_notice(report(index, cadres=20 if small else 360, failed=4 if small else FAILED), facts)


def annex(index: int, *, small: bool = False) -> Part:
    """The table of all who failed, of 500 rows, on pages of its own; no two are alike."""
    rows = 10 if small else LIST_ROWS
    from trainees.exporters.assessment_notice import _failed

    table = _failed(report(index, cadres=rows * 2, failed=rows))[-1]
    return Part(f"{YEAR}年度考核不合格人员名单", [table])


def plain_notice(document: OfficialNotice) -> dict[str, Any]:
    """`document` as data for the other engines: titles broken, headings numbered, columns measured."""
    setter, frame = Typesetter(font_map()), OFFICIAL_PORTRAIT
    _line, size, scale = HeadSetter(setter, frame)._fitted(f"{document.issuer}文件", frame.area_width, "")
    return {
        "kind": "notice",
        "issuer": document.issuer,
        "head_size": size * scale / 100,
        "number": document.number,
        "title": broken(document.title, setter),
        "recipients": "、".join(document.recipients),
        "blocks": plain_blocks(document.blocks, setter),
        "attachment": document.attachments[0].name,
        "date": chinese_date(document.issued_on),
        "printed_by": document.printed_by,
        "verify_url": document.verify_url,
        "verify": [f"核验码：{document.verify_code}", "扫描二维码可核验本件真伪"],
    }


def plain_list(part: Part) -> dict[str, Any]:
    """`part` as data for the other engines."""
    setter = Typesetter(font_map())
    title = broken(part.title, setter)
    return {"kind": "list", "issuer": "", "title": title, "blocks": plain_blocks(part.blocks, setter)}


def broken(title: str, setter: Typesetter) -> list[str]:
    from partyschool.common.pdf import FontRole
    from partyschool.common.pdf.paper import SIZE_2

    return title_lines(
        title,
        lambda text: setter.line(text, FontRole.XIAOBIAOSONG, SIZE_2, "").width,
        OFFICIAL_PORTRAIT.area_width,
    )


def plain_blocks(blocks: Sequence[Any], setter: Typesetter) -> list[dict[str, Any]]:
    plain: list[dict[str, Any]] = []
    headings = 0
    for block in blocks:
        match block:
            case Heading():
                headings += 1
                plain.append({"is": "heading", "text": heading_number(1, headings) + block.text})
            case Paragraph():
                plain.append({"is": "paragraph", "text": block.text})
            case Table():
                plain.append({"is": "table", **plain_table(block, setter)})
            case Chart():
                most = 100 if block.unit == "%" else max(value for _label, value in block.bars)
                bars = [(label, value / most, f"{value:.1f}{block.unit}") for label, value in block.bars]
                plain.append({"is": "chart", "caption": block.caption, "bars": bars})
    return plain


def plain_table(table: Table, setter: Typesetter) -> dict[str, Any]:
    measured = _TableSetter(table, setter, OFFICIAL_PORTRAIT)
    measured.items()
    edges = measured.edges
    return {
        "caption": table.caption,
        "note": table.note,
        "size": table.size,
        "head": [column.title for column in table.columns],
        "align": [column.align for column in table.columns],
        "widths": [right - left for left, right in pairwise(edges)],
        "rows": [[cell_text(cell) for cell in row] for row in table.rows],
        "total": table.total and [cell_text(cell) for cell in table.total],
    }
