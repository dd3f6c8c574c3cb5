"""Paper: pages, text areas and lengths, in points unless said otherwise."""

from dataclasses import dataclass

MM = 72 / 25.4

SIZE_2 = 22.0
SIZE_3 = 16.0
SIZE_4 = 14.0
SIZE_SMALL_4 = 12.0
SIZE_5 = 10.5
"""Chinese type sizes 二号, 三号, 四号, 小四, 五号."""


@dataclass(frozen=True)
class PageFrame:
    """A page and its text area. `lines` and `columns` are the character grid that fills the area."""

    width: float
    height: float
    left: float
    top: float
    area_width: float
    area_height: float
    lines: int
    columns: int

    @property
    def pitch(self) -> float:
        """Distance between the baselines of two lines."""
        return self.area_height / self.lines

    @property
    def advance(self) -> float:
        """Distance between two characters of the grid."""
        return self.area_width / self.columns

    @property
    def right(self) -> float:
        return self.left + self.area_width

    @property
    def area_top(self) -> float:
        """y of the text area's upper edge (PDF's y grows upwards)."""
        return self.height - self.top

    @property
    def area_bottom(self) -> float:
        return self.area_top - self.area_height


# GB/T 9704-2012: A4, head margin 37 mm, binding margin 28 mm, text area 156 × 225 mm, 22 lines of 28 characters.
OFFICIAL_PORTRAIT = PageFrame(210 * MM, 297 * MM, 28 * MM, 37 * MM, 156 * MM, 225 * MM, 22, 28)
# A turned A4 page for wide tables; the binding edge is the long upper one.
LANDSCAPE = PageFrame(297 * MM, 210 * MM, 20 * MM, 28 * MM, 257 * MM, 160 * MM, 16, 46)
