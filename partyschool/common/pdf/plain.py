"""Documents without a red head: rosters, records, statements, on portrait or landscape paper."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from partyschool.common.plaintext import single_line

from .builder import BuiltDocument, DocumentBuilder, Item, Pen, Progress
from .fonts import FontMap, FontRole
from .notice import Block
from .official_body import BodySetter
from .official_head import HeadSetter
from .paper import OFFICIAL_PORTRAIT, SIZE_4, PageFrame
from .text import Line


@dataclass(frozen=True)
class Part:
    """A part of a document that begins on a page of its own. `subtitle`: one centred line such as the class and its dates."""

    title: str
    blocks: Sequence[Block]
    subtitle: str = ""


def build_plain(
    title: str,
    blocks: Sequence[Block],
    *,
    created: datetime,
    author: str,
    subtitle: str = "",
    frame: PageFrame = OFFICIAL_PORTRAIT,
    fonts: FontMap | None = None,
    progress: Progress | None = None,
) -> BuiltDocument:
    """A titled document of paragraphs, headings and tables with page numbers.

    Args:
        created: instant written as the file's date; equal input gives equal bytes.
        subtitle: one centred line under the title, such as the class and its dates.

    Raises:
        FontsMissing: the font folder is empty.
        ValueError: heading level outside 1 to 4, table rows of unequal length.

    Concurrency: any number of threads may build at the same time.
    """
    part = Part(title, blocks, subtitle)
    return build_parts(
        title, [part], created=created, author=author, frame=frame, fonts=fonts, progress=progress
    )


def build_parts(
    title: str,
    parts: Sequence[Part],
    *,
    created: datetime,
    author: str,
    frame: PageFrame = OFFICIAL_PORTRAIT,
    fonts: FontMap | None = None,
    progress: Progress | None = None,
) -> BuiltDocument:
    """Several titled parts in one file, each on pages of its own, numbered through; `title` names the file. Otherwise as `build_plain`."""
    builder = DocumentBuilder(
        title=single_line(title), author=author, created=created, frame=frame, fonts=fonts, progress=progress
    )
    for number, part in enumerate(parts):
        if number:
            builder.new_page()
        builder.flow([*_head(part, builder), *BodySetter(builder.setter, frame).blocks(part.blocks, "正文")])
    return builder.finish()


def _head(part: Part, builder: DocumentBuilder) -> list[Item]:
    setter, frame = builder.setter, builder.frame
    items = HeadSetter(setter, frame).title(part.title)
    if part.subtitle:
        items.pop()  # the subtitle stands directly under the title, the empty line below it
        for line in setter.lines(
            part.subtitle, FontRole.KAITI, SIZE_4, frame.area_width, "副标题", justify=False
        ):
            items.append(Item(frame.pitch, partial(_paint_centred, line, frame), keep=True))
        items.append(Item(frame.pitch * 0.35, None, keep=True))
    return items


def _paint_centred(line: Line, frame: PageFrame, pen: Pen, top: float) -> None:
    x = frame.left + (frame.area_width - line.width) / 2
    pen.line(x, top - (frame.pitch - SIZE_4) / 2 - 0.88 * SIZE_4, line, SIZE_4)
