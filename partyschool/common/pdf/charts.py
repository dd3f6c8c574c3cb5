"""Bar charts drawn as vectors: a label, a bar and its value per row, so that a chart breaks over pages as a table does."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from .builder import Item, Pen
from .fonts import FontRole
from .paper import SIZE_SMALL_4, PageFrame
from .text import Line, Typesetter

_LABEL_SHARE = 0.36
_VALUE_SHARE = 0.16
_SIZE = SIZE_SMALL_4 - 1.5
_GAP = 6.0
_WHOLE_MOST = 12
"""A chart with no more bars is not broken over two pages."""
BAR = (0.29, 0.39, 0.53)
"""A muted blue-grey that prints well in black and white."""
_FULL_PER_CENT = 100.0


@dataclass(frozen=True)
class Chart:
    """Horizontal bars in the order given, `(label, value)`, values not negative; with unit "%" the scale ends at 100."""

    caption: str
    bars: Sequence[tuple[str, float]]
    unit: str = ""


def chart_items(chart: Chart, setter: Typesetter, frame: PageFrame) -> list[Item]:
    """The chart as items for `DocumentBuilder.flow`; a small one stays whole, of a larger one the caption stays with the first bar."""
    name = f"图“{chart.caption}”"
    size = SIZE_SMALL_4
    caption = setter.line(chart.caption, FontRole.HEITI, size, name)
    items = [Item(frame.pitch, partial(_paint_caption, caption, size, frame), keep=True)]
    most = (
        _FULL_PER_CENT
        if chart.unit == "%"
        else max([value for _label, value in chart.bars], default=0) or 1.0
    )
    room = frame.area_width * _LABEL_SHARE - _GAP
    for label, value in chart.bars:
        lines = setter.lines(label, FontRole.FANGSONG, _SIZE, room, name, justify=False)
        figure = setter.line(f"{value:.1f}{chart.unit}", FontRole.FANGSONG, _SIZE, name)
        height = max(len(lines), 1) * _SIZE * 1.3 + 5
        bar = _Bar(lines, figure, value / most, height, frame)
        items.append(Item(height, bar.paint))
    if len(chart.bars) <= _WHOLE_MOST:
        for item in items[:-1]:
            item.keep = True
    return items


def _paint_caption(line: Line, size: float, frame: PageFrame, pen: Pen, top: float) -> None:
    pen.line(
        frame.left + (frame.area_width - line.width) / 2,
        top - (frame.pitch - size) / 2 - 0.88 * size,
        line,
        size,
    )


@dataclass(frozen=True)
class _Bar:
    """One set row: its label, its value and the share of the longest bar it takes."""

    lines: Sequence[Line]
    figure: Line
    share: float
    height: float
    frame: PageFrame

    def paint(self, pen: Pen, top: float) -> None:
        axis = self.frame.left + self.frame.area_width * _LABEL_SHARE
        longest = self.frame.area_width * (1 - _LABEL_SHARE - _VALUE_SHARE)
        baseline = top - (self.height - len(self.lines) * _SIZE * 1.3) / 2 - 0.15 * _SIZE - 0.88 * _SIZE
        for line in self.lines:
            pen.line(axis - _GAP - line.width, baseline, line, _SIZE)
            baseline -= _SIZE * 1.3
        length = longest * min(self.share, 1.0)
        thick = _SIZE * 0.8
        if length > 0:
            pen.boxes([(axis, top - (self.height + thick) / 2, length, thick)], color=BAR)
        pen.rules([(axis, top, axis, top - self.height)], 0.5)
        pen.line(axis + length + _GAP, top - self.height / 2 - 0.36 * _SIZE, self.figure, _SIZE)
