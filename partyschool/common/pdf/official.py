"""Official documents after GB/T 9704-2012: 通报 and 报告 with a red head, 函 in the letter format.

The seal is never drawn: the document leaves a box of the seal's size over signature and date for the real one.
"""

from datetime import datetime, time

from partyschool.common.plaintext import single_line

from .builder import BuiltDocument, DocumentBuilder, Item, Progress
from .fonts import FontMap
from .notice import DocType, OfficialNotice
from .official_body import BodySetter
from .official_end import EndSetter
from .official_head import HeadSetter


def build_notice(
    notice: OfficialNotice,
    *,
    created: datetime | None = None,
    fonts: FontMap | None = None,
    progress: Progress | None = None,
) -> BuiltDocument:
    """Set an official document.

    Args:
        created: instant written as the file's date; default 00:00 of `issued_on`, so equal input gives equal bytes.
        fonts: another font map than the configured one.
        progress: called with (items set, items in all) while pages fill.

    Raises:
        FontsMissing: the font folder is empty.
        ValueError: heading level outside 1 to 4, table rows of unequal length.

    Concurrency: any number of threads may build at the same time.
    """
    letter = notice.doc_type is DocType.LETTER
    builder = DocumentBuilder(
        title=single_line(notice.title.replace("\n", "")),
        author=notice.signatory or notice.issuer,
        created=created or datetime.combine(notice.issued_on, time.min),
        fonts=fonts,
        number_first_page=not letter,
        progress=progress,
    )
    head = HeadSetter(builder.setter, builder.frame)
    body = BodySetter(builder.setter, builder.frame)
    end = EndSetter(builder.setter, builder.frame)

    items: list[Item] = []
    if letter:
        items += head.letter_head(notice.issuer, notice.number)
    else:
        upward = notice.doc_type is DocType.REPORT
        items += head.red_head(
            notice.issuer, notice.number, notice.approved_by if upward else "", upward=upward
        )
    items += head.title(notice.title)
    items += head.recipients(notice.recipients)
    items += body.blocks(notice.blocks, "正文")
    note = body.attachment_note([attachment.name for attachment in notice.attachments])
    items += note
    # No page bears signature and seal without a line of the text.
    body.keep_last_lines(items, len(note) + 2)
    items += end.signature(
        notice.signatory or notice.issuer,
        notice.issued_on,
        seal_box=notice.seal_box,
        verify_url=notice.verify_url,
        verify_code=notice.verify_code,
    )
    bound = [(number, a) for number, a in enumerate(notice.attachments, 1) if a.blocks]
    annexes = []
    for number, attachment in bound:
        label = f"附件{number}" if len(notice.attachments) > 1 else "附件"
        annexes.append(body.annex_head(label, attachment.name) + body.blocks(attachment.blocks, label))
    builder.flow(items)
    for annex in annexes:
        builder.new_page()
        builder.flow(annex)
    if letter:
        builder.set_at_bottom(end.letter_imprint(notice.cc))
    else:
        builder.set_at_bottom(
            end.imprint(notice.cc, notice.printed_by, notice.printed_on or notice.issued_on)
        )
    return builder.finish()
