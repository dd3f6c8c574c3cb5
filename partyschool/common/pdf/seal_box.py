"""The place of the seal. The seal itself is never drawn: a document leaves a box of its size for the real one."""

from .builder import GREY, Pen
from .check_code import SMALL
from .fonts import FontRole
from .paper import MM
from .text import Typesetter

SEAL_SIDE = 42 * MM
"""Side of the box: the diameter of a municipal body's seal."""


def paint_seal_box(setter: Typesetter, pen: Pen, centre: float, middle: float) -> None:
    """Draw the box around the point (`centre`, `middle`)."""
    left, right = centre - SEAL_SIDE / 2, centre + SEAL_SIDE / 2
    bottom, top = middle - SEAL_SIDE / 2, middle + SEAL_SIDE / 2
    edges = [(left, bottom, right, bottom), (right, bottom, right, top), (right, top, left, top)]
    pen.rules([*edges, (left, top, left, bottom)], 0.5, color=GREY, dash=(3, 3))
    label = setter.line("印章", FontRole.SONG, SMALL, "印章")
    pen.line(left + 4, top - 4 - 0.88 * SMALL, label, SMALL, color=GREY)
