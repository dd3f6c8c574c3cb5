"""Setting text: glyphs with fallback, line breaking after Chinese rules, and the report of what no font could show.

Text is only ever text here. There is no markup language between data and page, so `<b>`, `&` or `<img src=…>` in a name are
printed as they stand and nothing in a document can make the server open a file or an address.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from partyschool.common.plaintext import visible_text

from .fonts import FONT_NAMES, FontMap, FontRole, Glyph

Runs = tuple[tuple[str, str], ...]
"""Pieces of one line: (registered font name, text)."""

NO_START = frozenset("，。、；：？！）》〉」』】〕｝〗”’％‰℃·—…～.,;:?!)]}%")
NO_END = frozenset("（《〈「『【〔｛〖“‘([{￥＄$#＃")
_HALF_BLANK = frozenset("，。、；：？！）》〉」』】〕｝〗”’")
_WORD_JOINERS = frozenset(".,-/:@_+&'=%#?~")
_SQUEEZE = 0.6
"""Points by which each character of a line may give way so that a closing mark stays on it."""


@dataclass(frozen=True, slots=True)
class MissingGlyph:
    """A character that no font at hand can show: printed as 〓, named here with the place (as told by the caller)."""

    char: str
    code: str
    role: str
    where: str

    def __str__(self) -> str:
        return f"{self.where}: {self.char} ({self.code}, {self.role})"


@dataclass(frozen=True, slots=True)
class Line:
    """One set line: its pieces, natural width in points at its size, and the extra space after each character."""

    runs: Runs
    width: float
    spacing: float = 0.0
    count: int = 0

    @property
    def text(self) -> str:
        return "".join(text for _, text in self.runs)


class Typesetter:
    """Turns text into lines with one font map and remembers what was missing.

    One per document; not shared between threads.
    """

    def __init__(self, fonts: FontMap) -> None:
        self.fonts = fonts
        self._missing: dict[tuple[str, str], MissingGlyph] = {}
        self._set: dict[tuple[str, FontRole, float, float], Line] = {}

    @property
    def missing(self) -> tuple[MissingGlyph, ...]:
        """Every missing character once per place, in the order met."""
        return tuple(self._missing.values())

    def shape(self, text: str, role: FontRole, where: str) -> list[Glyph]:
        """Glyphs of one line of text; what no font has is replaced by 〓 and reported under `where`."""
        look_up = self.fonts.glyph
        glyphs = []
        for char in text:
            glyph = look_up(role, char)
            if glyph is None:
                continue
            if glyph.missing:
                key = (char, where)
                if key not in self._missing:
                    self._missing[key] = MissingGlyph(char, f"U+{ord(char):04X}", FONT_NAMES[role], where)
            glyphs.append(glyph)
        return glyphs

    def line(self, text: object, role: FontRole, size: float, where: str, *, spacing: float = 0.0) -> Line:
        """`text` on one line, whatever its length; line ends and TABs become spaces."""
        text = _flat(visible_text(text))
        key = (text, role, size, spacing)
        line = self._set.get(key)
        if line is None:
            glyphs = self.shape(text, role, where)
            line = as_line(glyphs, size, spacing)
            if not any(glyph.missing for glyph in glyphs):  # what is missing must be reported for each place
                self._set[key] = line
        return line

    def lines(
        self,
        text: object,
        role: FontRole,
        size: float,
        width: float,
        where: str,
        *,
        indent: float = 0.0,
        spacing: float = 0.0,
        justify: bool = True,
    ) -> list[Line]:
        """`text` broken to `width` points; the first line of each paragraph is `indent` points shorter.

        LF in the text starts a new paragraph. `spacing` is added after every character (grid pitch less type size). Full
        lines are stretched or squeezed to `width` when `justify`.
        """
        result: list[Line] = []
        for paragraph in visible_text(text).split("\n"):
            glyphs = self.shape(paragraph.replace("\t", " "), role, where)
            breaker = _Breaker(
                glyphs, size=size, width=width, indent=indent, spacing=spacing, justify=justify
            )
            result += breaker.lines()
        return result


def as_line(glyphs: Sequence[Glyph], size: float, spacing: float = 0.0) -> Line:
    """Glyphs as one line."""
    fonts = {glyph.font for glyph in glyphs}
    if len(fonts) == 1:
        runs: Runs = ((fonts.pop(), "".join([glyph.char for glyph in glyphs])),)
    else:
        runs = tuple(
            (font, "".join([g.char for g in group])) for font, group in groupby(glyphs, key=_font_of)
        )
    width = sum([g.width for g in glyphs]) * size / 1000 + len(glyphs) * spacing
    return Line(runs, width, spacing, len(glyphs))


def may_break(before: str, after: str) -> bool:
    """Whether a line may end between two characters."""
    if after in NO_START or before in NO_END:
        return False
    if after == " ":
        return False
    return not (_in_word(before) and _in_word(after))


def _in_word(char: str) -> bool:
    return (char.isascii() and char.isalnum()) or char in _WORD_JOINERS or "\u00c0" <= char <= "\u024f"


def _font_of(glyph: Glyph) -> str:
    return glyph.font


def _flat(text: str) -> str:
    return text.replace("\n", " ").replace("\t", " ")


class _Breaker:
    """Breaks the glyphs of one paragraph into lines."""

    def __init__(
        self, glyphs: list[Glyph], *, size: float, width: float, indent: float, spacing: float, justify: bool
    ) -> None:
        self.glyphs = glyphs
        self.size = size
        self.width = width
        self.room = width - indent
        self.spacing = spacing
        self.justify = justify
        self.advances = [glyph.width * size / 1000 + spacing for glyph in glyphs]

    def lines(self) -> Iterator[Line]:
        glyphs, advances = self.glyphs, self.advances
        start = position = good = 0
        used = 0.0
        while position < len(glyphs):
            if position > start and may_break(glyphs[position - 1].char, glyphs[position].char):
                good = position
            if used + advances[position] > self.room + 0.01 and position > start:
                end = self._squeezed_end(start, position, used) or (good if good > start else position)
                yield self._full_line(start, end)
                while end < len(glyphs) and glyphs[end].char == " ":
                    end += 1
                start = position = good = end
                self.room, used = self.width, 0.0
                continue
            used += advances[position]
            position += 1
        if start < len(glyphs) or not glyphs:
            yield as_line(glyphs[start:], self.size, self.spacing)

    def _squeezed_end(self, start: int, position: int, used: float) -> int | None:
        """The end of the line after up to two closing marks, if it can be squeezed enough to hold them."""
        glyphs, end = self.glyphs, position
        while end < len(glyphs) and glyphs[end].char in NO_START and end - position < 2:
            used += self.advances[end]
            end += 1
        if end == position or glyphs[end - 1].char not in _HALF_BLANK:
            return None
        if end < len(glyphs) and not may_break(glyphs[end - 1].char, glyphs[end].char):
            return None
        over = used - self.size / 2 - self.room  # the blank half of the last mark may hang over the edge
        return end if over <= _SQUEEZE * (end - start) else None

    def _full_line(self, start: int, end: int) -> Line:
        glyphs = self.glyphs[start:end]
        while glyphs and glyphs[-1].char == " ":
            glyphs.pop()
        line = as_line(glyphs, self.size, self.spacing)
        if not self.justify or line.count < 2:
            return line
        slack = self.room - (line.width - self.spacing)
        if glyphs[-1].char in _HALF_BLANK and slack < 0:
            slack = min(0.0, slack + self.size / 2)
        if (
            slack > self.size * 6
        ):  # a long unbreakable word follows: stretched so far the line would look torn
            return line
        return Line(line.runs, line.width + slack, self.spacing + slack / (line.count - 1), line.count)
