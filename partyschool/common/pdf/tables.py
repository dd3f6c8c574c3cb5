"""Tables that flow over pages: measured once, header repeated, cells wrapped, nothing cut off."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Literal

from .builder import Item, Pen
from .fonts import FontRole
from .paper import SIZE_SMALL_4, PageFrame
from .text import Line, Typesetter

Align = Literal["left", "center", "right"]

_PADDING = 4.0
_RULE = 0.5
_MAX_LINES = 12
"""Lines of one row piece: a cell with more continues in a further row, so that a row always fits on a page."""


@dataclass(frozen=True)
class TableColumn:
    """`width` in points, or None to take what the contents ask for."""

    title: str
    align: Align = "center"
    width: float | None = None


@dataclass(frozen=True)
class Table:
    """Rows of plain values: text, numbers, dates; None is an empty cell.

    `where(i)` names row i (from 0) in the report of missing characters, best by the person; default "表格第 n 行".
    `total` is a last row in the heading face.
    """

    columns: Sequence[TableColumn]
    rows: Sequence[Sequence[object]]
    caption: str = ""
    note: str = ""
    size: float = SIZE_SMALL_4
    total: Sequence[object] | None = None
    where: Callable[[int], str] | None = None


def cell_text(value: object) -> str:
    """How a value reads in a table: dates as 2025-03-01, instants to the minute, everything else as it prints."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def table_items(table: Table, setter: Typesetter, frame: PageFrame) -> list[Item]:
    """The table as items for `DocumentBuilder.flow`.

    Raises:
        ValueError: no columns, or a row with another number of cells than there are columns.
    """
    return _TableSetter(table, setter, frame).items()


class _TableSetter:
    def __init__(self, table: Table, setter: Typesetter, frame: PageFrame) -> None:
        if not table.columns:
            raise ValueError("a table needs columns")
        self.table = table
        self.setter = setter
        self.frame = frame
        self.name = f"表格“{table.caption}”" if table.caption else "表格"
        self.leading = table.size * 1.35
        self.pad_y = table.size * 0.35
        self.edges: list[float] = []

    def items(self) -> list[Item]:
        table = self.table
        count = len(table.columns)
        heads = self._set_cells(
            [column.title for column in table.columns], FontRole.HEITI, f"{self.name}表头"
        )
        body = []
        for number, row in enumerate(table.rows):
            if len(row) != count:
                raise ValueError(f"row {number + 1} has {len(row)} cells, the table {count} columns")
            where = table.where(number) if table.where else f"{self.name}第 {number + 1} 行"
            body.append((self._set_cells([cell_text(cell) for cell in row], FontRole.FANGSONG, where), where))
        total = None
        if table.total is not None:
            if len(table.total) != count:
                raise ValueError("the total row has another number of cells than the table has columns")
            total = self._set_cells(
                [cell_text(cell) for cell in table.total], FontRole.HEITI, f"{self.name}合计行"
            )
        widths = self._widths([heads, *(cells for cells, _ in body), *([total] if total else [])])
        self.edges = [self.frame.left]
        for width in widths:
            self.edges.append(self.edges[-1] + width)

        header = self._rows(
            [column.title for column in table.columns], heads, FontRole.HEITI, self.name, header=None
        )
        for item in header:
            item.keep = True
        items = self._caption()
        items += header
        for number, (cells, where) in enumerate(body):
            texts = table.rows[number]
            items += self._rows(texts, cells, FontRole.FANGSONG, where, header=header)
        if total is not None and table.total is not None:
            if body:
                items[-1].keep = True
            items += self._rows(table.total, total, FontRole.HEITI, self.name, header=header)
        elif not body:
            items[-1].keep = False
        if table.note:
            items[-1].keep = True
            items += self._note()
        return items

    def _set_cells(self, texts: Sequence[str], role: FontRole, where: str) -> list[Line]:
        line, size = self.setter.line, self.table.size
        return [line(text, role, size, where) for text in texts]

    def _widths(self, rows: list[list[Line]]) -> list[float]:
        """Fixed widths as asked; the rest shared after the longest content, never less than two characters."""
        table, area = self.table, self.frame.area_width
        least = 2 * table.size + 2 * _PADDING
        natural = [
            max(least, max(row[i].width for row in rows) + 2 * _PADDING + 1)
            for i in range(len(table.columns))
        ]
        fixed = {i: column.width for i, column in enumerate(table.columns) if column.width is not None}
        free = [i for i in range(len(table.columns)) if i not in fixed]
        room = area - sum(fixed.values())
        if not free or room < least * len(free):
            scale = area / sum(fixed.get(i, natural[i]) for i in range(len(natural)))
            return [fixed.get(i, natural[i]) * scale for i in range(len(natural))]
        wanted = sum(natural[i] for i in free)
        if wanted <= room:
            spare = (room - wanted) / len(free)
            return [fixed.get(i, natural[i] + spare) for i in range(len(natural))]
        # Too wide: narrow columns keep their width, the widest share what is left.
        share, open_columns = room, sorted(free, key=lambda i: natural[i])
        shared: dict[int, float] = {}
        while open_columns:
            even = share / len(open_columns)
            i = open_columns.pop(0)
            shared[i] = min(natural[i], even)
            share -= shared[i]
        return [fixed[i] if i in fixed else shared[i] for i in range(len(natural))]

    def _rows(
        self,
        texts: Sequence[object],
        cells: list[Line],
        role: FontRole,
        where: str,
        *,
        header: Sequence[Item] | None,
    ) -> list[Item]:
        size = self.table.size
        broken: list[list[Line]] = []
        for i, line in enumerate(cells):
            width = self.edges[i + 1] - self.edges[i] - 2 * _PADDING
            text = cell_text(texts[i])
            if line.width <= width + 0.01 and "\n" not in text:
                broken.append([line])
            else:
                broken.append(self.setter.lines(text, role, size, width, where, justify=False))
        tallest = max(len(lines) for lines in broken)
        items = []
        for start in range(0, tallest, _MAX_LINES):
            piece = [lines[start : start + _MAX_LINES] for lines in broken]
            count = max(len(lines) for lines in piece)
            height = count * self.leading + 2 * self.pad_y
            items.append(
                Item(height, partial(self._paint_row, piece, height, header is None), header=header or ())
            )
        return items

    def _paint_row(
        self, cells: list[list[Line]], height: float, is_header: bool, pen: Pen, top: float
    ) -> None:
        size, edges = self.table.size, self.edges
        bottom = top - height
        rules = [(x, top, x, bottom) for x in edges]
        rules += [(edges[0], top, edges[-1], top), (edges[0], bottom, edges[-1], bottom)]
        pen.rules(rules, _RULE)
        for i, lines in enumerate(cells):
            align: Align = "center" if is_header else self.table.columns[i].align
            left, right = edges[i], edges[i + 1]
            baseline = (
                top - (height - len(lines) * self.leading) / 2 - (self.leading - size) / 2 - 0.88 * size
            )
            for line in lines:
                if not line.count:
                    continue
                if align == "center":
                    x = (left + right - line.width) / 2
                elif align == "right":
                    x = right - _PADDING - line.width
                else:
                    x = left + _PADDING
                pen.line(x, baseline, line, size)
                baseline -= self.leading

    def _caption(self) -> list[Item]:
        if not self.table.caption:
            return []
        frame, size = self.frame, self.table.size + 2
        lines = self.setter.lines(
            self.table.caption, FontRole.HEITI, size, frame.area_width, self.name, justify=False
        )
        return [Item(frame.pitch, partial(_paint_centred, line, size, frame), keep=True) for line in lines]

    def _note(self) -> list[Item]:
        frame, size = self.frame, self.table.size - 1.5
        lines = self.setter.lines(
            self.table.note, FontRole.FANGSONG, size, frame.area_width, f"{self.name}附注"
        )
        return [Item(size * 1.5, partial(_paint_left, line, size, frame)) for line in lines]


def _paint_centred(line: Line, size: float, frame: PageFrame, pen: Pen, top: float) -> None:
    baseline = top - (frame.pitch - size) / 2 - 0.88 * size
    pen.line(frame.left + (frame.area_width - line.width) / 2, baseline, line, size)


def _paint_left(line: Line, size: float, frame: PageFrame, pen: Pen, top: float) -> None:
    pen.line(frame.left, top - 0.25 * size - 0.88 * size, line, size)
