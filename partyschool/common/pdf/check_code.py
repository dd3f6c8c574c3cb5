"""The check code of a document: a QR code that leads to its page, and the letters to be typed."""

from collections.abc import Sequence

import segno

from .builder import Pen
from .fonts import FontRole
from .paper import MM
from .text import Line, Typesetter

QR_SIDE = 22 * MM
SMALL = 9.0
"""Type size of what stands below the QR code."""


class CheckCode:
    """The check code as a block; nothing where both are empty. `height` and `width` in points."""

    def __init__(self, setter: Typesetter, *, url: str, code: str) -> None:
        self._url = url
        texts = [f"核验码：{code}"] if code else []
        if url:
            texts.append("扫描二维码可核验本件真伪")
        self._lines: Sequence[Line] = [setter.line(text, FontRole.SONG, SMALL, "核验码") for text in texts]
        self.width = max([QR_SIDE, *(line.width for line in self._lines)]) if self._lines else 0.0
        self.height = (QR_SIDE + 3 if url else 0.0) + len(self._lines) * SMALL * 1.4

    def __bool__(self) -> bool:
        return bool(self._lines)

    def paint(self, pen: Pen, left: float, top: float) -> None:
        """Draw the block with its upper left corner at (`left`, `top`)."""
        y = top
        if self._url:
            pen.boxes(_qr_boxes(self._url, left, top - QR_SIDE, QR_SIDE))
            y -= QR_SIDE + 3
        for line in self._lines:
            pen.line(left, y - 0.88 * SMALL - 0.2 * SMALL, line, SMALL)
            y -= SMALL * 1.4


def _qr_boxes(url: str, x: float, y: float, side: float) -> list[tuple[float, float, float, float]]:
    """The dark runs of a QR code as rectangles; medium error correction survives stamps and folds."""
    matrix = segno.make(url, error="m", micro=False).matrix
    unit = side / len(matrix)
    boxes = []
    for row_number, row in enumerate(matrix):
        bottom = y + side - (row_number + 1) * unit
        start = None
        for column, dark in enumerate([*row, 0]):
            if dark and start is None:
                start = column
            elif not dark and start is not None:
                # The overlap hides hairlines that viewers draw between touching rectangles.
                boxes.append((x + start * unit, bottom, (column - start) * unit, unit * 1.02))
                start = None
    return boxes
