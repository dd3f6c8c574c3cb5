"""Reading the rows of a table: each cell made comparable, judged by itself and beside the other rows. Nothing is guessed or repaired."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import repeat
from operator import itemgetter
from typing import Any, NamedTuple

from partyschool.common.crypto import lookup_hasher
from partyschool.common.sheets import Sheet
from partyschool.common.sheets.cells import cell_name, masked, shown

from .cells import DAYS, CellJudge, Wrong
from .columns import FIELDS, helping_sheets
from .faults import Fault
from .headings import SEARCHED_ROWS, Headings, find_headings

BLANK = ("",) * len(FIELDS)
CODE, CITIZEN_NO = FIELDS.index("code"), FIELDS.index("citizen_no")
PERSON_FIELDS = frozenset({"code", "name", "citizen_no"})
TOLD = sorted(FIELDS, key=lambda name: name in DAYS)
"""The faults of a row are told in the order of its columns, those of days last."""

Tell = Callable[[int, int], None]
"""Called with the rows read so far and those expected in all, some hundred rows at a time."""


class Row(NamedTuple):
    """One person of the file, without a fault of its own. Empty cells are None (`code`: ''); `number` is the row's index in its sheet."""

    sheet: int
    number: int
    code: str
    name: str
    unit: str
    rank: str
    category: str
    post: str | None
    posted_on: date | None
    term_until: date | None
    citizen_no: str
    joined_on: date | None
    left_on: date | None
    digest: str


@dataclass
class Table:
    """What a file says, before the register is asked.

    `rows` are people without a fault of their own, `codes` and `digests` name everybody whom the file mentions, `read` counts the rows
    with somebody in them, `expected` all rows of the sheets opened so far. `places` gives each read sheet its columns; `hidden`, `unread_sheets` and `unread_columns` are told as remarks.
    """

    rows: list[Row] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    sheets: list[str] = field(default_factory=list)
    places: list[dict[str, int]] = field(default_factory=list)
    codes: dict[str, tuple[int, int]] = field(default_factory=dict)
    digests: dict[str, tuple[int, int]] = field(default_factory=dict)
    read: int = 0
    expected: int = 0
    hidden: list[str] = field(default_factory=list)
    unread_sheets: list[str] = field(default_factory=list)
    unread_columns: list[str] = field(default_factory=list)

    def cell(self, sheet: int, number: int, name: str) -> str:
        """`sheet!cell` of a field in a row; where the sheet has no such column, of the row's first cell."""
        return f"{self.sheets[sheet]}!{cell_name(number, self.places[sheet].get(name, 0))}"

    def fault(self, sheet: int, number: int, name: str, code: str, value: str = "", /, **facts: Any) -> None:
        """Note a fault in the field `name` of a row."""
        column = self.places[sheet].get(name, 0)
        self.faults.append(Fault(self.sheets[sheet], number, column, code, name, value, facts))


def read_table(sheets: Iterator[Sheet], *, today: date, tell: Tell = lambda _done, _all: None) -> Table:
    """Read all visible sheets that have the headings; `tell` learns how far it is.

    Raises what the reading of the file raises (`UnreadableFile`).
    """
    table = Table()
    for sheet in sheets:
        if sheet.hidden:
            table.hidden.append(sheet.name)
            continue
        chunks = sheet.chunks()
        first = next(chunks, [])
        headings = find_headings(_filled(first[:SEARCHED_ROWS], sheet))
        if headings is None:
            if sheet.name not in helping_sheets() and any(any(row) for row in first):
                table.unread_sheets.append(sheet.name)
            continue
        table.expected += sheet.height
        _SheetReader(table, sheet, headings, today).read(first, chunks, tell)
    if not table.sheets:
        table.faults.append(Fault("", 0, 0, "no_headings"))
    elif not table.read and not table.faults:
        table.faults.append(Fault(table.sheets[0], 0, 0, "no_rows"))
    return table


def _filled(rows: list[list[Any]], sheet: Sheet) -> list[list[Any]]:
    """The first rows with merged headings written into each of their cells, so that a group and its columns are found."""
    copy = [list(row) for row in rows]
    for (top, left), (bottom, right) in sheet.merges:
        row, column = top - sheet.row, left - sheet.column
        if not (0 <= row < len(copy) and 0 <= column < len(copy[row])) or top == bottom:
            continue
        for below in range(row, min(bottom - sheet.row, len(copy) - 1) + 1):
            for right_of in range(column, min(right - sheet.column, len(copy[below]) - 1) + 1):
                copy[below][right_of] = copy[row][column]
    return copy


class _SheetReader:
    """The rows of one sheet."""

    def __init__(self, table: Table, sheet: Sheet, headings: Headings, today: date) -> None:
        self.table, self.sheet, self.headings = table, sheet, headings
        self.index = len(table.sheets)
        table.sheets.append(sheet.name)
        table.places.append({name: column + sheet.column for name, column in headings.places.items()})
        table.unread_columns += headings.unread
        self.width = max(headings.places.values()) + 1
        self.pick = itemgetter(*(headings.places.get(name, self.width) for name in FIELDS))
        self.number = sheet.row + headings.heading_row
        self.hashed = lookup_hasher()
        self.judge = CellJudge(today=today, text=sheet.text)
        self._fault_headings()
        self._plan_merges()

    def _fault_headings(self) -> None:
        for name in self.headings.missing:
            self.table.fault(self.index, self.number, name, "column_missing")
        for name, column in self.headings.twice:
            self.table.faults.append(
                Fault(self.sheet.name, self.number, column + self.sheet.column, "column_twice", name)
            )

    def _plan_merges(self) -> None:
        """Cells merged down over a field that people share (a unit) count for each row; merged otherwise they are faults."""
        self.merged: dict[int, list[tuple[int, int, int]]] = {}
        self.lasting: dict[int, tuple[Any, int]] = {}
        by_column = {column: name for name, column in self.table.places[self.index].items()}
        for (top, left), (bottom, right) in self.sheet.merges:
            if top <= self.number:
                continue
            name = by_column.get(left, "")
            if right > left:
                if any(column in by_column for column in range(left, min(right, left + 60) + 1)):
                    self.table.faults.append(Fault(self.sheet.name, top, left, "merged_across", name))
            elif name in PERSON_FIELDS:
                self.table.faults.append(Fault(self.sheet.name, top, left, "merged_person", name))
            elif name:
                self.merged.setdefault(top, []).append((left - self.sheet.column, bottom, left))

    def read(self, first: list[list[Any]], chunks: Iterator[list[list[Any]]], tell: Tell) -> None:
        self._chunk(first[self.headings.first_row :])
        tell(self.table.read, self.table.expected)
        for chunk in chunks:
            self._chunk(chunk)
            tell(self.table.read, self.table.expected)

    def _chunk(self, chunk: list[list[Any]]) -> None:
        """Judge some rows: column by column, and row by row only where something is wrong or stands twice."""
        numbers, lines = self._picked(chunk)
        if not lines or self.headings.missing:
            return
        wrong = self.judge.wrong
        values = self.judge.columns(list(zip(*lines, strict=True)))
        digests = [self.hashed(number) if number else "" for number in values[CITIZEN_NO]]
        people = list(map(Row._make, zip(repeat(self.index), numbers, *values, digests)))
        if self.judge.wrong > wrong or not self._add(people, numbers, values[CODE], digests):
            for line, person in zip(lines, people, strict=True):
                self._add_one(line, person)

    def _picked(self, chunk: list[list[Any]]) -> tuple[list[int], list[tuple[Any, ...]]]:
        """The cells of `FIELDS` in each row with anything in them, and where those rows stand."""
        width, pick, missing = self.width, self.pick, not self.table.places[self.index].keys() >= set(FIELDS)
        numbers, lines = [], []
        for number, cells in enumerate(chunk, self.number + 1):
            if len(cells) < width:
                cells.extend([""] * (width - len(cells)))
            if missing:
                cells.insert(width, "")
            if self.merged or self.lasting:
                self._fill(number, cells)
            picked = pick(cells)
            if picked != BLANK:
                numbers.append(number)
                lines.append(picked)
        self.number += len(chunk)
        return numbers, lines

    def _fill(self, number: int, cells: list[Any]) -> None:
        for column, bottom, _left in self.merged.pop(number, ()):
            self.lasting[column] = (cells[column], bottom)
        for column, (value, bottom) in list(self.lasting.items()):
            cells[column] = value
            if bottom <= number:
                del self.lasting[column]

    def _add(self, people: list[Row], numbers: list[int], codes: list[str], digests: list[str]) -> bool:
        """Take over rows without a fault all at once, unless one of them needs a closer look: it has no code, or stands twice."""
        table, given = self.table, [digest for digest in digests if digest]
        for keys, known in ((codes, table.codes), (given, table.digests)):
            if "" in keys or len(set(keys)) < len(keys) or not known.keys().isdisjoint(keys):
                return False
        here = [(self.index, number) for number in numbers]
        table.read += len(people)
        table.rows += people
        table.codes.update(zip(codes, here, strict=True))
        table.digests.update(zip(digests, here, strict=True))
        table.digests.pop("", None)
        return True

    # -- one row

    def _add_one(self, line: tuple[Any, ...], person: Row) -> None:
        """Take over one row, or note all its faults. `line` are its cells as they stand, in the order of `FIELDS`."""
        table, (raw_code, raw_name, *_others) = self.table, line
        if (raw_code == "" or raw_name == "") and (line.count("") >= len(FIELDS) - 1 or self._is_blank(line)):
            self._stray(person.number, line)
            return
        table.read += 1
        before = len(table.faults)
        for name in TOLD:
            value = getattr(person, name)
            if isinstance(value, Wrong):
                cell = line[FIELDS.index(name)]
                shown_cell = masked(shown(cell), secret=name == "citizen_no")[:60]
                table.fault(self.index, person.number, name, value.code, shown_cell, **value.facts)
        code, digest = person.code, person.digest
        if not code and not digest and len(table.faults) == before:
            table.fault(self.index, person.number, "code", "empty")
        here = (self.index, person.number)
        if code and table.codes.setdefault(code, here) is not here:
            self._twice(here, table.codes[code], "code", "code_twice", code)
        if digest and table.digests.setdefault(digest, here) is not here:
            self._twice(here, table.digests[digest], "citizen_no", "citizen_twice")
        if len(table.faults) == before:
            table.rows.append(person)

    @staticmethod
    def _is_blank(line: tuple[Any, ...]) -> bool:
        return all(isinstance(cell, str) and not cell.strip() for cell in line)

    def _stray(self, number: int, line: tuple[Any, ...]) -> None:
        for name, cell in zip(FIELDS, line, strict=True):
            if not self._is_blank((cell,)):
                self.table.fault(self.index, number, name, "stray", masked(shown(cell))[:60])

    def _twice(
        self, here: tuple[int, int], there: tuple[int, int], name: str, fault: str, key: str = ""
    ) -> None:
        """What may stand in the file once stands `here` and `there`: a fault of both rows."""
        self.table.fault(*here, name, fault, masked(key), other=self.table.cell(*there, name))
        self.table.fault(*there, name, fault, masked(key), other=self.table.cell(*here, name))
