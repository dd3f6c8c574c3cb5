"""What an official document says, as plain data; how it looks is the standard's business (`official.py`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from .charts import Chart
from .tables import Table


class DocType(StrEnum):
    """Kinds of document; the value is the word used in titles."""

    CIRCULAR = "通报"
    REPORT = "报告"
    LETTER = "函"


@dataclass(frozen=True)
class Paragraph:
    """Body text, first line indented by two characters; LF starts a new paragraph. `where` names it in reports of missing
    characters (default: 正文第 n 段)."""

    text: str
    where: str = ""


@dataclass(frozen=True)
class Heading:
    """A heading of level 1 to 4; its number (一、（一）1.（1）) is counted by the document unless `numbered` is False."""

    text: str
    level: int = 1
    numbered: bool = True


Block = Paragraph | Heading | Table | Chart


@dataclass(frozen=True)
class Attachment:
    """One line of the attachment note. With `blocks` it is also bound into the document on pages of its own; without, it is
    a separate file."""

    name: str
    blocks: Sequence[Block] = ()


@dataclass(frozen=True)
class OfficialNotice:
    """An official document.

    Attributes:
        issuer: body whose name stands in the red head, without 文件.
        number: complete document number such as 江委校〔2025〕12号 (`numbering.document_number`).
        title: without line ends it is broken into a trapezoid; LF forces a break.
        recipients: main recipients, joined with 、 unless one string.
        issued_on: the date under the text and, by default, of printing.
        signatory: body that signs; the issuer when empty.
        approved_by: 签发人, shown by a 报告 (upward document).
        cc: bodies that get a copy; printed_by: body that prints; both empty = no imprint.
        verify_url, verify_code: where a reader can check the copy; the address becomes a QR code.
        seal_box: leave an empty box for the seal.
    """

    doc_type: DocType
    issuer: str
    number: str
    title: str
    recipients: Sequence[str]
    blocks: Sequence[Block]
    issued_on: date
    attachments: Sequence[Attachment] = ()
    signatory: str = ""
    approved_by: str = ""
    cc: Sequence[str] = ()
    printed_by: str = ""
    printed_on: date | None = None
    verify_url: str = ""
    verify_code: str = ""
    seal_box: bool = True
