"""Sample documents and a reader for the tests of PDFs."""

import io
from datetime import date

import pypdf

from partyschool.common.pdf import (
    BuiltDocument,
    DocType,
    Heading,
    OfficialNotice,
    Paragraph,
    Table,
    TableColumn,
    document_number,
)

HOSTILE = (
    "王<b>强</b>",
    "李&赵",
    "=1+1",
    '<img src="/etc/passwd">',
    "&lt;&#65;",
    "%s{0}\\n",
    '<a href="javascript:x">张</a>',
    "</para>",
    "(陈)\\(",
)
COLUMNS = (TableColumn("序号"), TableColumn("姓名", align="left"), TableColumn("学分", align="right"))


def table(names: tuple[str, ...] | list[str], **changes: object) -> Table:
    rows = [(number, name, "12.5") for number, name in enumerate(names, 1)]
    return Table(COLUMNS, rows, **{"where": lambda i: names[i], **changes})


def notice(**changes: object) -> OfficialNotice:
    fields = {
        "doc_type": DocType.CIRCULAR,
        "issuer": "中共临江市委党校",
        "number": document_number("临委校", 2025, 12),
        "title": "中共临江市委党校关于2025年度干部教育培训年度考核情况的通报",
        "recipients": ["中共临江市委组织部"],
        "blocks": [
            Paragraph("现将有关情况通报如下："),
            Heading("总体情况"),
            Paragraph("应参加考核干部300人，其中考核合格276人，占92.0%。"),
        ],
        "issued_on": date(2025, 3, 1),
        "cc": ["市委办公室", "市政府办公室"],
        "printed_by": "中共临江市委党校教务科",
        "verify_url": "https://school.example/verify/7K3M-9QPD/",
        "verify_code": "7K3M-9QPD",
    }
    return OfficialNotice(**{**fields, **changes})


def reader(document: BuiltDocument) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(document.content), strict=True)


def page_texts(document: BuiltDocument) -> list[str]:
    """The text of each page without white space, as a search finds it."""
    return ["".join(page.extract_text().split()) for page in reader(document).pages]


def text_of(document: BuiltDocument) -> str:
    return "".join(page_texts(document))


def fonts_of(document: BuiltDocument) -> dict[str, bool]:
    """Base font name → whether its outlines are in the file."""
    found = {}
    for page in reader(document).pages:
        for entry in page["/Resources"]["/Font"].values():
            font = entry.get_object()
            found[font["/BaseFont"].lstrip("/")] = "/FontFile2" in font.get("/FontDescriptor", {})
    return found
