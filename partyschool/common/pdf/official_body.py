"""The middle of an official document: paragraphs, headings, tables, attachment note and annexes."""

from collections.abc import Sequence
from functools import partial

from .builder import Item, Pen
from .charts import Chart, chart_items
from .fonts import FontRole
from .notice import Block, Heading, Paragraph
from .numbering import heading_number
from .paper import SIZE_2, SIZE_3, PageFrame
from .tables import Table, table_items
from .text import Line, Typesetter
from .titles import title_lines

_HEADING_ROLES = {1: FontRole.HEITI, 2: FontRole.KAITI, 3: FontRole.FANGSONG, 4: FontRole.FANGSONG}


class BodySetter:
    """Makes the items between recipients and signature."""

    def __init__(self, setter: Typesetter, frame: PageFrame) -> None:
        self.setter = setter
        self.frame = frame
        self.spacing = frame.advance - SIZE_3

    def blocks(self, blocks: Sequence[Block], where: str) -> list[Item]:
        """Paragraphs, headings (numbered per level) and tables, in order. `where` starts the default place names."""
        items: list[Item] = []
        counters = [0, 0, 0, 0]
        paragraphs = 0
        for block in blocks:
            match block:
                case Heading():
                    text = block.text
                    if block.level not in _HEADING_ROLES:
                        raise ValueError(
                            f"official documents have four levels of headings, not {block.level}"
                        )
                    if block.numbered:
                        counters[block.level - 1] += 1
                        counters[block.level :] = [0] * (4 - block.level)
                        text = heading_number(block.level, counters[block.level - 1]) + text
                    lines = self._indented(text, _HEADING_ROLES[block.level], f"标题“{block.text}”")
                    items += [self._text_item(line, keep=True) for line in lines]
                case Paragraph():
                    paragraphs += 1
                    lines = self._indented(
                        block.text, FontRole.FANGSONG, block.where or f"{where}第 {paragraphs} 段"
                    )
                    items += [self._text_item(line) for line in lines]
                case Table():
                    items.append(self._gap_before())
                    items += table_items(block, self.setter, self.frame)
                    items.append(Item(self.frame.pitch * 0.35, None))
                case Chart():
                    items.append(self._gap_before())
                    items += chart_items(block, self.setter, self.frame)
        return items

    def attachment_note(self, names: Sequence[str]) -> list[Item]:
        """附件：… after one empty line; several are numbered, further lines stand under the name."""
        if not names:
            return []
        frame = self.frame
        items = [Item(frame.pitch, None, snap=True)]
        label = self.setter.line("附件：", FontRole.FANGSONG, SIZE_3, "附件说明", spacing=self.spacing)
        label_x = frame.left + 2 * frame.advance
        for number, name in enumerate(names, 1):
            mark = self.setter.line(
                f"{number}. " if len(names) > 1 else "", FontRole.FANGSONG, SIZE_3, "附件说明"
            )
            mark_x = label_x + label.width
            name_x = mark_x + mark.width
            lines = self.setter.lines(
                name,
                FontRole.FANGSONG,
                SIZE_3,
                frame.right - name_x,
                "附件说明",
                spacing=self.spacing,
                justify=False,
            )
            for i, line in enumerate(lines):
                pieces = [(name_x, line)]
                if i == 0:
                    pieces.insert(0, (mark_x, mark))
                if i == 0 and number == 1:
                    pieces.insert(0, (label_x, label))
                items.append(Item(frame.pitch, partial(self._paint_pieces, pieces)))
        return items

    def annex_head(self, label: str, name: str) -> list[Item]:
        """附件 flush left in HeiTi on the first line, the annex's title centred on the third."""
        frame = self.frame
        head = self.setter.line(label, FontRole.HEITI, SIZE_3, label)
        items = [Item(frame.pitch, partial(self._paint_pieces, [(frame.left, head)]), keep=True)]
        items.append(Item(frame.pitch, None, keep=True))

        def width_of(text: str) -> float:
            return self.setter.line(text, FontRole.XIAOBIAOSONG, SIZE_2, label).width

        for text in title_lines(name, width_of, frame.area_width):
            line = self.setter.line(text, FontRole.XIAOBIAOSONG, SIZE_2, label)
            items.append(Item(SIZE_2 * 1.55, partial(self._paint_title, line), keep=True))
        items.append(Item(frame.pitch * 0.5, None, keep=True))
        return items

    def keep_last_lines(self, items: list[Item], count: int) -> None:
        """Hold the last `count` lines together with what follows, so that no signature stands alone on a page."""
        for item in items[-count:]:
            item.keep = True

    def _gap_before(self) -> Item:
        """The space above a table or chart. It belongs to what follows, so that a heading above it is never left alone at the foot of a page."""
        return Item(self.frame.pitch * 0.35, None, keep=True)

    def _indented(self, text: str, role: FontRole, where: str) -> list[Line]:
        frame = self.frame
        lines: list[Line] = []
        for paragraph in text.splitlines() or [""]:
            broken = self.setter.lines(
                "\u3000\u3000" + paragraph.strip(),
                role,
                SIZE_3,
                frame.area_width,
                where,
                spacing=self.spacing,
            )
            lines += broken
        return lines

    def _text_item(self, line: Line, *, keep: bool = False) -> Item:
        return Item(
            self.frame.pitch, partial(self._paint_pieces, [(self.frame.left, line)]), keep=keep, snap=True
        )

    def _paint_pieces(self, pieces: Sequence[tuple[float, Line]], pen: Pen, top: float) -> None:
        baseline = top - (self.frame.pitch - SIZE_3) / 2 - 0.88 * SIZE_3
        for x, line in pieces:
            pen.line(x, baseline, line, SIZE_3)

    def _paint_title(self, line: Line, pen: Pen, top: float) -> None:
        x = self.frame.left + (self.frame.area_width - line.width) / 2
        pen.line(x, top - 0.25 * SIZE_2 - 0.88 * SIZE_2, line, SIZE_2)
