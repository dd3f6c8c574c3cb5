"""The lower part of an official document: signature, date, seal box, check code, imprint."""

from collections.abc import Sequence
from datetime import date
from functools import partial

from .builder import Item, Paint, Pen
from .check_code import CheckCode
from .fonts import FontRole
from .numbering import chinese_date
from .paper import MM, SIZE_3, SIZE_4, PageFrame
from .seal_box import SEAL_SIDE, paint_seal_box
from .text import Line, Typesetter

_THICK, _THIN = 0.35 * MM, 0.25 * MM


class EndSetter:
    """Makes the items below the body."""

    def __init__(self, setter: Typesetter, frame: PageFrame) -> None:
        self.setter = setter
        self.frame = frame

    def signature(
        self, signatory: str, issued_on: date, *, seal_box: bool, verify_url: str, verify_code: str
    ) -> list[Item]:
        """Signature over the date, the date four characters from the right, the box for the seal around both.

        The check code stands to the left, or below where a long signature needs the room.
        """
        frame, setter = self.frame, self.setter
        spacing = frame.advance - SIZE_3
        day = setter.line(chinese_date(issued_on), FontRole.FANGSONG, SIZE_3, "成文日期", spacing=spacing)
        day_x = frame.right - 4 * frame.advance - day.width
        centre = day_x + day.width / 2
        names = setter.lines(
            signatory,
            FontRole.FANGSONG,
            SIZE_3,
            frame.area_width,
            "发文机关署名",
            spacing=spacing,
            justify=False,
        )
        name_xs = [min(centre - line.width / 2, frame.right - line.width) for line in names]
        before, after = (2, 2) if seal_box else (1, 0)
        count = before + len(names) + 1 + after
        height = count * frame.pitch
        code = CheckCode(setter, url=verify_url, code=verify_code)
        left_end = min([*name_xs, centre - SEAL_SIDE / 2 if seal_box else day_x])
        code_left = frame.left + frame.advance
        beside = bool(code) and code_left + code.width + SIZE_3 < left_end
        if beside:
            height = max(height, frame.pitch + code.height)

        def paint(pen: Pen, top: float) -> None:
            base = top - (frame.pitch - SIZE_3) / 2 - 0.88 * SIZE_3
            for i, (x, line) in enumerate(zip(name_xs, names, strict=True)):
                pen.line(x, base - (before + i) * frame.pitch, line, SIZE_3)
            pen.line(day_x, base - (before + len(names)) * frame.pitch, day, SIZE_3)
            if seal_box:
                middle = top - (before + (len(names) + 1) / 2) * frame.pitch
                paint_seal_box(setter, pen, min(centre, frame.right - SEAL_SIDE / 2), middle)
            if beside:
                code.paint(pen, code_left, top - frame.pitch)

        items = [Item(height, paint)]
        if code and not beside:
            items[0].keep = True
            items.append(Item(code.height + SIZE_3, lambda pen, top: code.paint(pen, code_left, top)))
        return items

    def imprint(self, cc: Sequence[str], printed_by: str, printed_on: date) -> list[Item]:
        """Copies and printing body between rules at the foot of the last page; nothing when both are empty."""
        frame, setter = self.frame, self.setter
        items: list[Item] = []
        if cc:
            items += self._cc(cc)
        if printed_by:
            day = setter.line(f"{chinese_date(printed_on)}印发", FontRole.FANGSONG, SIZE_4, "版记")
            room = frame.area_width - 2 * SIZE_4 - day.width - SIZE_4
            names = setter.lines(printed_by, FontRole.FANGSONG, SIZE_4, room, "版记", justify=False)
            for i, line in enumerate(names):
                pieces = [(frame.left + SIZE_4, line)]
                if i == len(names) - 1:
                    pieces.append((frame.right - SIZE_4 - day.width, day))
                items.append(self._imprint_item(pieces, _THIN if cc and i == 0 else 0.0))
        if not items:
            return []
        first, last = items[0], items[-1]
        first.paint = partial(self._ruled, first.paint, first.height, above=_THICK)
        last.paint = partial(self._ruled, last.paint, last.height, below=_THICK)
        return items

    def letter_imprint(self, cc: Sequence[str]) -> list[Item]:
        """A letter's imprint names the copies only, without rules, printing body and date."""
        return self._cc(cc) if cc else []

    def _cc(self, cc: Sequence[str]) -> list[Item]:
        frame = self.frame
        label = self.setter.line("抄送：", FontRole.FANGSONG, SIZE_4, "抄送")
        x = frame.left + SIZE_4
        room = frame.area_width - 2 * SIZE_4 - label.width
        lines = self.setter.lines(
            "，".join(cc) + "。", FontRole.FANGSONG, SIZE_4, room, "抄送", justify=False
        )
        items = []
        for i, line in enumerate(lines):
            pieces = [(x + label.width, line)]
            if i == 0:
                pieces.insert(0, (x, label))
            items.append(self._imprint_item(pieces, 0.0))
        return items

    def _imprint_item(self, pieces: Sequence[tuple[float, Line]], rule_above: float) -> Item:
        height = SIZE_4 * 1.7

        def paint(pen: Pen, top: float) -> None:
            for x, line in pieces:
                pen.line(x, top - (height - SIZE_4) / 2 - 0.88 * SIZE_4, line, SIZE_4)

        item = Item(height, paint)
        if rule_above:
            item.paint = partial(self._ruled, paint, height, above=rule_above)
        return item

    def _ruled(
        self,
        paint: Paint | None,
        height: float,
        pen: Pen,
        top: float,
        *,
        above: float = 0.0,
        below: float = 0.0,
    ) -> None:
        frame = self.frame
        if above:
            pen.rules([(frame.left, top, frame.right, top)], above)
        if below:
            pen.rules([(frame.left, top - height, frame.right, top - height)], below)
        if paint is not None:
            paint(pen, top)
