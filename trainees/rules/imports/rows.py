"""Reading the rows of a table: each cell made comparable, judged by itself and beside the other rows. Nothing is guessed or repaired."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from operator import itemgetter
from typing import Any, NamedTuple

from partyschool.common.crypto import lookup_hasher
from partyschool.common.sheets import Sheet
from partyschool.common.sheets.cells import (
    cell_name,
    compact,
    day,
    is_date,
    is_scientific,
    masked,
    person_name,
    plain,
    shown,
)
from trainees.enums import CadreCategory, Rank

from .citizen_numbers import citizen_fault
from .columns import FIELDS, SPECS, helping_sheets, reduced
from .faults import Fault
from .headings import SEARCHED_ROWS, Headings, find_headings
from .words import CATEGORY_WORDS, RANK_WORDS, in_every_language

FIRST_DAY = date(1940, 1, 1)
YEARS_AHEAD = 20
BLANK = ("",) * len(FIELDS)
CODE_MOST = SPECS["code"].longest
PERSON_FIELDS = frozenset({"code", "name", "citizen_no"})


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
        self.latest = {name: date(today.year + 1, 12, 31) for name in FIELDS}
        self.latest["posted_on"] = today
        self.latest["term_until"] = date(today.year + YEARS_AHEAD, 12, 31)
        table.sheets.append(sheet.name)
        table.places.append({name: column + sheet.column for name, column in headings.places.items()})
        table.unread_columns += headings.unread
        self.width = max(headings.places.values()) + 1
        self.pick = itemgetter(*(headings.places.get(name, self.width) for name in FIELDS))
        self.number = sheet.row + headings.heading_row
        self.hashed = lookup_hasher()
        self.known: dict[str, dict[Any, Any]] = {name: {} for name in FIELDS}
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
        width, pick, missing = self.width, self.pick, not self.table.places[self.index].keys() >= set(FIELDS)
        complete = not self.headings.missing
        for cells in chunk:
            self.number += 1
            if len(cells) < width:
                cells.extend([""] * (width - len(cells)))
            if missing:
                cells.insert(width, "")
            if self.merged or self.lasting:
                self._fill(cells)
            picked = pick(cells)
            if picked != BLANK and complete:
                self._row(picked)

    def _fill(self, cells: list[Any]) -> None:
        for column, bottom, _left in self.merged.pop(self.number, ()):
            self.lasting[column] = (cells[column], bottom)
        for column, (value, bottom) in list(self.lasting.items()):
            cells[column] = value
            if bottom <= self.number:
                del self.lasting[column]

    # -- one row

    def _row(self, picked: tuple[Any, ...]) -> None:
        (
            raw_code,
            raw_name,
            raw_unit,
            raw_rank,
            raw_category,
            raw_post,
            posted,
            term,
            raw_citizen,
            joined,
            left,
        ) = picked
        table = self.table
        if (raw_code == "" or raw_name == "") and (
            picked.count("") >= len(FIELDS) - 1 or self._is_blank(picked)
        ):
            self._stray(picked)
            return
        table.read += 1
        before = len(table.faults)
        # Most cells repeat, or are plain already: what was understood once is not looked at again.
        known = self.known
        plain_code = isinstance(raw_code, str) and len(raw_code) <= CODE_MOST and raw_code.isascii()
        code = raw_code if plain_code and raw_code.isalnum() else self._code(raw_code)
        name = known["name"].get(raw_name) or self._text("name", raw_name, person_name)
        unit = known["unit"].get(raw_unit) or self._unit(raw_unit)
        rank = CHOICES["rank"].get(raw_rank) or self._choice("rank", raw_rank)
        category = CHOICES["category"].get(raw_category) or self._choice("category", raw_category)
        post = None
        if raw_post != "":
            post = known["post"].get(raw_post) or self._text("post", raw_post, plain) or None
        citizen_no = self._citizen_no(raw_citizen) if raw_citizen != "" else ""
        posted_on = (
            (known["posted_on"].get(posted) or self._day("posted_on", posted)) if posted != "" else None
        )
        term_until = (known["term_until"].get(term) or self._day("term_until", term)) if term != "" else None
        joined_on = (
            (known["joined_on"].get(joined) or self._day("joined_on", joined)) if joined != "" else None
        )
        left_on = (known["left_on"].get(left) or self._day("left_on", left)) if left != "" else None
        digest = self.hashed(citizen_no) if citizen_no else ""
        if not code and not digest and len(table.faults) == before:
            table.fault(self.index, self.number, "code", "empty")
        here = (self.index, self.number)
        if code and table.codes.setdefault(code, here) is not here:
            self._twice(table.codes[code], "code", "code_twice", code)
        if digest and table.digests.setdefault(digest, here) is not here:
            self._twice(table.digests[digest], "citizen_no", "citizen_twice")
        if len(table.faults) == before:
            table.rows.append(
                Row(
                    self.index, self.number, code, name, unit, rank, category, post,
                    posted_on, term_until, citizen_no, joined_on, left_on, digest,
                )
            )  # fmt: skip

    @staticmethod
    def _is_blank(picked: tuple[Any, ...]) -> bool:
        return all(isinstance(cell, str) and not cell.strip() for cell in picked)

    def _stray(self, picked: tuple[Any, ...]) -> None:
        for name, cell in zip(FIELDS, picked, strict=True):
            if not self._is_blank((cell,)):
                self.table.fault(self.index, self.number, name, "stray", masked(shown(cell))[:60])

    def _twice(self, there: tuple[int, int], name: str, fault: str, key: str = "") -> None:
        """What may stand in the file once stands here and `there`: a fault of both rows."""
        here = (self.index, self.number)
        self.table.fault(*here, name, fault, masked(key), other=self.table.cell(*there, name))
        self.table.fault(*there, name, fault, masked(key), other=self.table.cell(*here, name))

    # -- one cell: each returns the value, or '' (None for days) after it noted a fault

    def _fault(self, name: str, code: str, cell: Any, /, **facts: Any) -> str:
        value = masked(shown(cell), secret=name == "citizen_no")[:60]
        self.table.fault(self.index, self.number, name, code, value, **facts)
        return ""

    def _code(self, cell: Any) -> str:
        if not isinstance(cell, str) or is_date(cell):
            return self._fault("code", "number_cell", cell)
        code = compact(cell)
        if len(code) > CODE_MOST:
            return self._fault("code", "too_long", cell, most=CODE_MOST)
        return self._fault("code", "powers_of_ten", cell) if is_scientific(code) else code

    def _text(self, name: str, cell: Any, clean: Callable[[str], str]) -> str:
        if not isinstance(cell, str) or is_date(cell):
            return self._fault(name, "not_text", cell)
        text = clean(cell)
        if not text:
            return self._fault(name, "empty", cell) if SPECS[name].needed else ""
        if len(text) > SPECS[name].longest:
            return self._fault(name, "too_long", cell, most=SPECS[name].longest)
        self.known[name][cell] = text
        return text

    def _unit(self, cell: Any) -> str:
        key = unit_key(cell if isinstance(cell, str) and not is_date(cell) else shown(cell))
        if not key:
            return self._fault("unit", "empty", cell)
        if isinstance(cell, str):
            self.known["unit"][cell] = key
        return key

    def _choice(self, name: str, cell: Any) -> str:
        word = reduced(cell if isinstance(cell, str) else shown(cell))
        if not word:
            return self._fault(name, "empty", cell)
        return CHOICES[name].get(word) or self._fault(name, "unknown_choice", cell, choices=name)

    def _day(self, name: str, cell: Any) -> date | None:
        if isinstance(cell, float | int) and not isinstance(cell, bool):
            # 20240301 in a number cell can be nothing else; a bare 45352 could be a day of Excel's, and is not guessed.
            found = day(shown(cell)) if 19_000_000 < cell < 21_000_000 else None
        elif isinstance(cell, str):
            if not cell.strip(" \t\n\u3000"):
                return None
            found = day(cell)
        else:
            found = None
        if found is None:
            self._fault(name, "not_a_day", cell)
        elif FIRST_DAY <= found <= self.latest[name]:
            self.known[name][cell] = found
        else:
            span = {"first": FIRST_DAY.isoformat(), "last": self.latest[name].isoformat()}
            self._fault(name, "unlikely_day", cell, **span)
        return found

    def _citizen_no(self, cell: Any) -> str:
        if not isinstance(cell, str) or is_date(cell):
            return self._fault("citizen_no", "number_cell", cell)
        number = cell
        if not (len(cell) == 18 and cell.isascii() and cell.isalnum()):
            number = compact(cell)
            if not number:
                return ""
            if is_scientific(number):
                return self._fault("citizen_no", "powers_of_ten", cell)
        number = number.upper()
        if self.sheet.text and len(number) == 18 and number.endswith("000"):
            return self._fault("citizen_no", "ends_in_zeros", cell)
        if fault := citizen_fault(number):
            return self._fault("citizen_no", fault, cell, number=len(number))
        return number


def unit_key(text: str) -> str:
    """What units are found by: code or name without blanks and width of letters."""
    return compact(text).casefold()


class _Choices(dict[str, dict[str, str]]):
    """The words of a field's choices, in every language, and what each stands for; made when first asked for."""

    def __missing__(self, name: str) -> dict[str, str]:
        words: dict[Any, str] = {**RANK_WORDS} if name == "rank" else {**CATEGORY_WORDS}
        known: dict[str, str] = {}
        for choice in Rank if name == "rank" else CadreCategory:
            for word in (*in_every_language(choice.label), choice.value, *words[choice].split()):
                known.setdefault(word, choice.value)
                known.setdefault(reduced(word), choice.value)
        self[name] = known
        return known


CHOICES = _Choices()
