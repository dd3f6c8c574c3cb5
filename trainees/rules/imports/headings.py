"""Finding the columns of a sheet: under a title, in one row of headings or spread over two."""

from dataclasses import dataclass
from typing import Any

from partyschool.common.sheets.cells import shown

from .columns import COLUMNS, fields_by_heading, reduced

SEARCHED_ROWS = 10


@dataclass(frozen=True)
class Headings:
    """Where the columns are. `first_row` is the first row of people, `heading_row` the (last) row of headings, both within the sheet's rows.

    `places` maps fields to columns, `twice` lists (field, column) of repeated headings, `unread` the headings that mean nothing here.
    """

    heading_row: int
    places: dict[str, int]
    twice: list[tuple[str, int]]
    unread: list[str]

    @property
    def first_row(self) -> int:
        return self.heading_row + 1

    @property
    def missing(self) -> list[str]:
        return [column.field for column in COLUMNS if column.needed and column.field not in self.places]


def find_headings(rows: list[list[Any]]) -> Headings | None:
    """The headings of a sheet by its first rows, or None where there are none: at least two columns must be known.

    One row is preferred to two; two rows count together where the second adds to the first (a group of columns under one heading).
    """
    best: Headings | None = None
    top = rows[:SEARCHED_ROWS]
    named = [[_field(cell) for cell in row] for row in top]
    for index in range(len(top)):
        candidates = [_read(top, named, index, index)]
        if index + 1 < len(top):
            candidates.append(_read(top, named, index, index + 1))
        for found in candidates:
            if len(found.places) >= 2 and (best is None or len(found.places) > len(best.places)):
                best = found
    return best


def _field(cell: Any) -> str:
    return fields_by_heading().get(reduced(cell), "") if isinstance(cell, str) and 0 < len(cell) <= 60 else ""


def _read(rows: list[list[Any]], named: list[list[str]], upper: int, lower: int) -> Headings:
    """The headings of rows `upper` to `lower`: below counts before above, since groups stand above their columns."""
    places: dict[str, int] = {}
    twice: list[tuple[str, int]] = []
    unread: list[str] = []
    for column in range(max(len(rows[upper]), len(rows[lower]))):
        cells = [
            (rows[row][column], named[row][column])
            for row in dict.fromkeys((lower, upper))
            if column < len(rows[row])
        ]
        field = next((name for _cell, name in cells if name), "")
        title = next((shown(cell) for cell, _name in cells if cell != ""), "")
        if field and field in places:
            twice.append((field, column))
        elif field:
            places[field] = column
        elif title:
            unread.append(title[:40])
    return Headings(heading_row=lower, places=places, twice=twice, unread=unread)
