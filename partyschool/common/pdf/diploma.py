"""Certificates on landscape paper: a double frame, a large title, what is certified, signature and date over the place of the seal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from partyschool.common.plaintext import single_line

from .builder import RED, BuiltDocument, Color, DocumentBuilder, Item, Pen, Progress
from .check_code import CheckCode
from .fonts import FontMap, FontRole
from .numbering import chinese_date
from .paper import LANDSCAPE, MM, SIZE_4
from .seal_box import SEAL_SIDE, paint_seal_box
from .text import Line, Typesetter

GOLD: Color = (0.66, 0.50, 0.20)
_TITLE = 44.0
_BODY = (22.0, 20.0, 18.0, 16.0)
"""Type sizes of the text, the largest that fits is taken."""
_LEADING = 1.75
_INSET = 24 * MM
"""From the paper's edge to the text."""


@dataclass(frozen=True)
class Diploma:
    """One certificate. `text` is one paragraph; `where` names the person in the report of missing characters."""

    title: str
    text: str
    number: str
    signatory: str
    issued_on: date
    verify_url: str
    verify_code: str
    where: str


def build_diplomas(
    title: str,
    diplomas: Sequence[Diploma],
    *,
    created: datetime,
    author: str,
    fonts: FontMap | None = None,
    progress: Progress | None = None,
) -> BuiltDocument:
    """One landscape page per certificate, without page numbers; `title` names the file. Equal arguments give equal bytes.

    Raises:
        FontsMissing: the font folder is empty.
        ValueError: no certificates.

    Concurrency: any number of threads may build at the same time.
    """
    if not diplomas:
        raise ValueError("nothing to certify")
    builder = DocumentBuilder(
        title=single_line(title),
        author=author,
        created=created,
        frame=LANDSCAPE,
        fonts=fonts,
        page_numbers=False,
        progress=progress,
    )
    height = LANDSCAPE.area_height
    builder.flow([Item(height, _Page(builder.setter, one).paint) for one in diplomas])
    return builder.finish()


class _Page:
    """One certificate, measured and ready to be drawn."""

    def __init__(self, setter: Typesetter, diploma: Diploma) -> None:
        self.setter = setter
        where = diploma.where
        self.title = setter.line(diploma.title, FontRole.XIAOBIAOSONG, _TITLE, where, spacing=_TITLE * 0.5)
        self.number = setter.line(f"编号：{diploma.number}", FontRole.FANGSONG, SIZE_4, where)
        self.signatory = setter.lines(
            diploma.signatory, FontRole.FANGSONG, 18.0, 110 * MM, where, justify=False
        )
        self.day = setter.line(chinese_date(diploma.issued_on), FontRole.FANGSONG, 18.0, where)
        self.code = CheckCode(setter, url=diploma.verify_url, code=diploma.verify_code)
        self.size, self.body = self._body(diploma.text, where)

    def _body(self, text: str, where: str) -> tuple[float, list[Line]]:
        """The largest type in which the text leaves room for signature and seal."""
        room = LANDSCAPE.height - 2 * _INSET - 88 * MM
        width = LANDSCAPE.width - 2 * _INSET - 16 * MM
        for size in _BODY:
            lines = self.setter.lines(text, FontRole.FANGSONG, size, width, where, indent=2 * size)
            if len(lines) * size * _LEADING <= room:
                break
        return size, lines

    def paint(self, pen: Pen, _top: float) -> None:
        width, top = LANDSCAPE.width, LANDSCAPE.height - _INSET
        self._frame(pen)
        gap = _TITLE * 0.5  # the spacing after the last character of the title is no part of its width
        pen.line((width - self.title.width + gap) / 2, top - _TITLE * 0.95, self.title, _TITLE, color=RED)
        right = width - _INSET - 8 * MM
        pen.line(right - self.number.width, top - _TITLE - 13 * MM, self.number, SIZE_4)
        left, baseline = _INSET + 8 * MM, top - _TITLE - 13 * MM - self.size * 2
        for number, line in enumerate(self.body):
            pen.line(left + (2 * self.size if number == 0 else 0.0), baseline, line, self.size)
            baseline -= self.size * _LEADING
        self._foot(pen, left, right)

    def _foot(self, pen: Pen, left: float, right: float) -> None:
        """Check code on the left; signature over the date on the right, with the place of the seal around both."""
        bottom = _INSET + 4 * MM
        self.code.paint(pen, left, bottom + self.code.height)
        centre = right - max(self.day.width, SEAL_SIDE, *(line.width for line in self.signatory)) / 2
        middle = bottom + SEAL_SIDE / 2
        paint_seal_box(self.setter, pen, centre, middle)
        baseline = middle + 3 + (len(self.signatory) - 1) * 26
        for line in self.signatory:
            pen.line(centre - line.width / 2, baseline, line, 18.0)
            baseline -= 26
        pen.line(centre - self.day.width / 2, baseline, self.day, 18.0)

    def _frame(self, pen: Pen) -> None:
        """A thick and a thin line with cut corners."""
        for inset, thickness in ((10 * MM, 2.4), (13 * MM, 0.8)):
            right, top = LANDSCAPE.width - inset, LANDSCAPE.height - inset
            pen.rules(_cut_box(inset, inset, right, top, 6 * MM), thickness, color=GOLD)


def _cut_box(
    left: float, bottom: float, right: float, top: float, cut: float
) -> list[tuple[float, float, float, float]]:
    """A rectangle whose corners step inwards by `cut`."""
    points = [
        (left + cut, bottom), (right - cut, bottom), (right - cut, bottom + cut), (right, bottom + cut),
        (right, top - cut), (right - cut, top - cut), (right - cut, top), (left + cut, top),
        (left + cut, top - cut), (left, top - cut), (left, bottom + cut), (left + cut, bottom + cut),
    ]  # fmt: skip
    return [(*a, *b) for a, b in zip(points, [*points[1:], points[0]], strict=True)]
