"""The document under construction: pages that fill with items, and the bytes at the end.

Same input, same bytes: dates come from the caller, identifiers from the content, so a file can be built again and compared
by its hash.
"""

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from reportlab import rl_config
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from partyschool.common.plaintext import single_line

from .fonts import FONT_NAMES, FontMap, FontRole, font_map
from .paper import MM, OFFICIAL_PORTRAIT, SIZE_3, SIZE_4, PageFrame
from .text import Line, MissingGlyph, Typesetter

Progress = Callable[[int, int], None]
"""Called with (items set, items in all); the calls come in order and the last one has both equal."""

# Page contents as plain compressed bytes: the printable encoding on top is a quarter larger and much slower.
rl_config.useA85 = 0

Color = tuple[float, float, float]
BLACK: Color = (0.0, 0.0, 0.0)
RED = (0.86, 0.08, 0.08)
GREY = (0.62, 0.62, 0.62)


@dataclass(frozen=True)
class BuiltDocument:
    """A finished PDF. `missing` must be shown to whoever ordered it; `substituted` maps a face (仿宋, 小标宋 …) to the font
    used instead."""

    content: bytes
    pages: int
    missing: tuple[MissingGlyph, ...]
    substituted: Mapping[str, str]


class Pen:
    """Draws on the current page; the only code that talks to ReportLab's canvas.

    Operators are written directly: the canvas's own text objects spend most of a long table on formatting numbers.
    """

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self._document = canvas._doc  # noqa: SLF001 - splitting text into font subsets asks for it, and has no other door
        self._shapes: list[str] = []
        self._text: list[str] = []
        self._spacing, self._color, self._scale = 0.0, BLACK, 100.0
        self._face: tuple[str, float] | None = None

    def line(
        self,
        x: float,
        baseline: float,
        line: Line,
        size: float,
        *,
        color: Color = BLACK,
        scale: float = 100.0,
    ) -> None:
        """Write a set line from `x` on; `scale` is the horizontal scale in per cent."""
        add, document = self._text.append, self._document
        if line.spacing != self._spacing:
            self._spacing = line.spacing
            add(f"{line.spacing:.3f} Tc")
        if color != self._color:
            self._color = color
            add(f"{_numbers(color)} rg")
        if scale != self._scale:
            self._scale = scale
            add(f"{scale:.2f} Tz")
        add(f"1 0 0 1 {x:.2f} {baseline:.2f} Tm")
        for name, piece in line.runs:
            font = pdfmetrics.getFont(name)
            for subset, codes in font.splitString(piece, document):
                face = (font.getSubsetInternalName(subset, document), size)
                if face != self._face:
                    self._face = face
                    add(f"{face[0]} {size:.2f} Tf")
                add(f"<{codes.hex()}> Tj")

    def rules(
        self,
        segments: Iterable[tuple[float, float, float, float]],
        thickness: float,
        *,
        color: Color = BLACK,
        dash: tuple[float, float] | None = None,
    ) -> None:
        """Straight lines (x1, y1, x2, y2) of one thickness in points."""
        path = " ".join([f"{x1:.2f} {y1:.2f} m {x2:.2f} {y2:.2f} l" for x1, y1, x2, y2 in segments])
        pattern = f"[{_numbers(dash)}] 0 d " if dash else ""
        self._shapes.append(f"q {thickness:.2f} w {_numbers(color)} RG {pattern}{path} S Q")

    def boxes(self, boxes: Iterable[tuple[float, float, float, float]], *, color: Color = BLACK) -> None:
        """Filled rectangles (x, y, width, height)."""
        shape = " ".join([f"{x:.2f} {y:.2f} {w:.2f} {h:.2f} re" for x, y, w, h in boxes]) + " f"
        self._shapes.append(shape if color == BLACK else f"q {_numbers(color)} rg {shape} Q")

    def end_page(self) -> None:
        """Finish the page: shapes first, the text over them."""
        self.canvas.addLiteral("\n".join([*self._shapes, "BT", *self._text, "ET"]))
        self.canvas.showPage()
        self._shapes, self._text = [], []
        self._spacing, self._color, self._scale, self._face = 0.0, BLACK, 100.0, None


def _numbers(values: Iterable[float]) -> str:
    return " ".join([f"{value:.2f}" for value in values])


Paint = Callable[[Pen, float], None]
"""Draws an item whose upper edge is at the given y."""


@dataclass(slots=True)
class Item:
    """Something with a height that stands in the text area.

    `keep` holds it on one page with the next item; `header` is repeated above it where it opens a page; an item without
    `paint` is white space and vanishes at the top of a page; `snap` ends on a line of the grid.
    """

    height: float
    paint: Paint | None = None
    keep: bool = False
    header: Sequence["Item"] = ()
    snap: bool = False


class DocumentBuilder:
    """Fills pages from top to bottom.

    Args:
        title, author: shown by viewers and search engines.
        created: aware or naive instant written as the file's date.
        page_numbers: `— 1 —` below the text area, odd pages right, even pages left.
        number_first_page: False for letters (函).
    """

    def __init__(
        self,
        *,
        title: str,
        author: str,
        created: datetime,
        frame: PageFrame = OFFICIAL_PORTRAIT,
        fonts: FontMap | None = None,
        page_numbers: bool = True,
        number_first_page: bool = True,
        progress: Progress | None = None,
    ) -> None:
        self.frame = frame
        self.setter = Typesetter(fonts or font_map())
        self.page = 1
        self.used = 0.0
        self._numbers = page_numbers
        self._number_first = number_first_page
        self._progress = progress
        self._buffer = io.BytesIO()
        canvas = Canvas(
            self._buffer,
            pagesize=(frame.width, frame.height),
            pageCompression=1,
            invariant=1,
            initialFontName=self.setter.fonts.first_font,  # without it every page would name Helvetica, which is not embedded
            lang="zh-CN",
        )
        canvas.setTitle(single_line(title))
        canvas.setAuthor(single_line(author))
        canvas.setSubject("")
        canvas.setCreator("")
        canvas.setProducer("")
        _set_instant(canvas, created)
        canvas.setViewerPreference("DisplayDocTitle", "true")
        self.pen = Pen(canvas)

    @property
    def missing(self) -> tuple[MissingGlyph, ...]:
        """Characters that no font could show so far, with their places."""
        return self.setter.missing

    @property
    def room(self) -> float:
        """Points left on this page."""
        return self.frame.area_height - self.used

    def flow(self, items: Sequence[Item]) -> None:
        """Set items one below the other, opening pages as needed."""
        group: list[Item] = []
        for number, item in enumerate(items, 1):
            group.append(item)
            if item.keep and number < len(items):
                continue
            self._place(group)
            group = []
            if self._progress and number % 50 == 0 and number < len(items):
                self._progress(number, len(items))
        if self._progress:
            self._progress(len(items), len(items))

    def set_at_bottom(self, items: Sequence[Item]) -> None:
        """Set items so that the last one ends on the lower edge of the text area, on a new page where they do not fit."""
        height = sum(item.height for item in items)
        if height > self.room + 0.01:
            self.new_page()
        self.used = self.frame.area_height - height
        for item in items:
            self._paint(item)

    def new_page(self) -> None:
        """Close this page and open the next."""
        self._close_page()
        self.page += 1
        self.used = 0.0

    def finish(self) -> BuiltDocument:
        """Close the document."""
        self._close_page()
        self.pen.canvas.save()
        substituted = {FONT_NAMES[role]: font for role, font in self.setter.fonts.substituted.items()}
        return BuiltDocument(self._buffer.getvalue(), self.page, self.missing, substituted)

    def _place(self, group: list[Item]) -> None:
        height = sum(item.height for item in group)
        if height > self.room + 0.01 and self.used > 0:
            self.new_page()
            for item in group[0].header:
                self._paint(item)
        for item in group:
            if item.paint is not None and item.height > self.room + 0.01 and self.used > 0:
                self.new_page()
            self._paint(item)

    def _paint(self, item: Item) -> None:
        if item.snap:
            pitch = self.frame.pitch
            self.used = -(-(self.used - 0.01) // pitch) * pitch
        if item.paint is None:
            if self.used > 0:
                self.used = min(self.used + item.height, self.frame.area_height)
            return
        item.paint(self.pen, self.frame.area_top - self.used)
        self.used += item.height

    def _close_page(self) -> None:
        if self._numbers and (self.page > 1 or self._number_first):
            frame = self.frame
            line = self.setter.line(f"— {self.page} —", FontRole.SONG, SIZE_4, "页码")
            baseline = frame.area_bottom - 7 * MM - 0.88 * SIZE_4
            odd = self.page % 2 == 1
            x = frame.right - SIZE_3 - line.width if odd else frame.left + SIZE_3
            self.pen.line(x, baseline, line, SIZE_4)
        self.pen.end_page()


@dataclass(frozen=True)
class _Instant:
    """What ReportLab asks of a time stamp."""

    t: float
    lt: tuple[int, ...]
    YMDhms: tuple[int, ...]
    dhh: int
    dmm: int


def _set_instant(canvas: Canvas, created: datetime) -> None:
    offset = created.utcoffset() or timedelta()
    hours, minutes = divmod(int(offset.total_seconds()) // 60, 60)
    fields = tuple(created.timetuple())
    # ReportLab knows only two dates: now, and one in the year 2000.
    canvas._doc._timeStamp = _Instant(0.0, fields, fields[:6], hours, minutes)  # noqa: SLF001 - no public setter
