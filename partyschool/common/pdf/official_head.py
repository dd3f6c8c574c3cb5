"""The upper part of an official document: head, number, red line, title, main recipients."""

from collections.abc import Sequence
from functools import partial

from .builder import RED, Item, Pen
from .fonts import FontRole
from .paper import MM, SIZE_2, SIZE_3, PageFrame
from .text import Line, Typesetter
from .titles import title_lines

_HEAD_SIZE = 50.0
_HEAD_NARROWEST = 62.0
"""Horizontal scale in per cent below which the head gets smaller instead of narrower."""
_THICK, _THIN = 2.2, 0.8


class HeadSetter:
    """Makes the items above the body."""

    def __init__(self, setter: Typesetter, frame: PageFrame) -> None:
        self.setter = setter
        self.frame = frame

    def red_head(self, issuer: str, number: str, approved_by: str, *, upward: bool) -> list[Item]:
        """Issuer + 文件 in red, 35 mm below the upper edge of the text area, then number and red line.

        An upward document has its number on the left and 签发人 on the right.
        """
        frame = self.frame
        line, size, scale = self._fitted(f"{issuer}文件", frame.area_width, "发文机关标志")
        number_line = self._line(number, FontRole.FANGSONG, "发文字号")
        approved = []
        if approved_by:
            approved = [
                self._line("签发人：", FontRole.FANGSONG, "签发人"),
                self._line(approved_by, FontRole.KAITI, "签发人"),
            ]
        head_bottom = 35 * MM + size
        number_top = head_bottom + 2 * frame.pitch
        rule = number_top + (frame.pitch + SIZE_3) / 2 + 4 * MM

        def paint(pen: Pen, top: float) -> None:
            width = line.width * scale / 100
            x = frame.left + (frame.area_width - width) / 2
            pen.line(x, top - 35 * MM - 0.86 * size, line, size, color=RED, scale=scale)
            baseline = top - number_top - (frame.pitch - SIZE_3) / 2 - 0.88 * SIZE_3
            if upward:
                pen.line(frame.left + SIZE_3, baseline, number_line, SIZE_3)
                x = frame.right - SIZE_3 - sum(piece.width for piece in approved)
                for piece in approved:
                    pen.line(x, baseline, piece, SIZE_3)
                    x += piece.width
            else:
                x = frame.left + (frame.area_width - number_line.width) / 2
                pen.line(x, baseline, number_line, SIZE_3)
            pen.rules([(frame.left, top - rule, frame.right, top - rule)], 1.6, color=RED)

        return [Item(rule, paint), Item(2 * frame.pitch, None)]

    def letter_head(self, issuer: str, number: str) -> list[Item]:
        """Letter format: issuer 30 mm below the page's edge, double red line, number on the right, line above the foot."""
        frame = self.frame
        line, size, scale = self._fitted(issuer, frame.area_width, "发文机关标志")
        number_line = self._line(number, FontRole.FANGSONG, "发文字号")
        rule = frame.height - 30 * MM - size - 4 * MM
        number_top = rule - SIZE_3 * 7 / 8
        height = frame.area_top - number_top + SIZE_3

        def paint(pen: Pen, top: float) -> None:
            width = line.width * scale / 100
            pen.line(
                (frame.width - width) / 2, rule + 4 * MM + 0.14 * size, line, size, color=RED, scale=scale
            )
            left, right = (frame.width - 170 * MM) / 2, (frame.width + 170 * MM) / 2
            foot = 20 * MM
            pen.rules([(left, rule, right, rule), (left, foot, right, foot)], _THICK, color=RED)
            pen.rules(
                [(left, rule - 3, right, rule - 3), (left, foot + 3, right, foot + 3)], _THIN, color=RED
            )
            pen.line(frame.right - number_line.width, number_top - 0.88 * SIZE_3, number_line, SIZE_3)

        return [Item(height, paint), Item(2 * frame.pitch, None)]

    def title(self, title: str) -> list[Item]:
        """The title in size 2, centred, in a trapezoid; one empty line after it."""
        frame, setter = self.frame, self.setter

        def width_of(text: str) -> float:
            return setter.line(text, FontRole.XIAOBIAOSONG, SIZE_2, "标题").width

        height = SIZE_2 * 1.55
        items = []
        for text in title_lines(title, width_of, frame.area_width):
            line = setter.line(text, FontRole.XIAOBIAOSONG, SIZE_2, "标题")
            items.append(Item(height, partial(self._paint_title, line, height), keep=True))
        items.append(Item(frame.pitch, None, keep=True))
        return items

    def recipients(self, recipients: Sequence[str]) -> list[Item]:
        """Main recipients flush left with a full-width colon."""
        frame = self.frame
        text = "、".join(recipients)
        if not text:
            return []
        lines = self.setter.lines(
            f"{text}：",
            FontRole.FANGSONG,
            SIZE_3,
            frame.area_width,
            "主送机关",
            spacing=frame.advance - SIZE_3,
        )
        items = [Item(frame.pitch, partial(self._paint_left, line), keep=True) for line in lines]
        items[0].snap = True
        return items

    def _fitted(self, text: str, room: float, where: str) -> tuple[Line, float, float]:
        """The head as tall as it can be: narrowed first, as red heads are, then smaller. Returns line, size, scale in %."""
        size, scale = _HEAD_SIZE, 100.0
        line = self.setter.line(text, FontRole.XIAOBIAOSONG, size, where)
        if line.width > room:
            scale = max(_HEAD_NARROWEST, room / line.width * 100)
        if line.width * scale / 100 > room:
            size = size * room / (line.width * scale / 100)
            line = self.setter.line(text, FontRole.XIAOBIAOSONG, size, where)
        return line, size, scale

    def _line(self, text: str, role: FontRole, where: str) -> Line:
        return self.setter.line(text, role, SIZE_3, where)

    def _paint_title(self, line: Line, height: float, pen: Pen, top: float) -> None:
        x = self.frame.left + (self.frame.area_width - line.width) / 2
        pen.line(x, top - (height - SIZE_2) / 2 - 0.88 * SIZE_2, line, SIZE_2)

    def _paint_left(self, line: Line, pen: Pen, top: float) -> None:
        pen.line(self.frame.left, top - (self.frame.pitch - SIZE_3) / 2 - 0.88 * SIZE_3, line, SIZE_3)
