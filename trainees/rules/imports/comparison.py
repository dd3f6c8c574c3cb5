"""The rows of a file beside the register: who is new, what changes from old to new, who stays as he is, who is not in the file."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from .faults import Fault
from .rows import Row, Table

POSTING_FIELDS = ("unit", "rank", "category", "post")
VALUE_FIELDS = ("name", "unit", "rank", "category", "post", "posted_on", "term_until", "joined_on", "left_on")


class Registered(NamedTuple):
    """One cadre of the register. `inside`: in the part of the register that the file is for."""

    pk: int
    code: str
    name: str
    unit: int
    rank: str
    category: str
    post: str
    posted_on: date
    term_until: date | None
    joined_on: date
    left_on: date | None
    digest: str | None
    masked: str
    inside: bool


class FoundUnit(NamedTuple):
    """A unit that a name or code leads to; `pk` is 0 where several have the name."""

    pk: int
    open: bool


@dataclass(frozen=True)
class Register:
    """What the register says about the people and units of one file. `units` by `unit_key`; only those inside are in it.

    `absent` are those inside whom the file does not mention. `earlier` is, for cadres whose present posting the file lets begin on
    another day, the day on which the one before began.
    """

    units: dict[str, FoundUnit]
    by_code: dict[str, Registered]
    by_digest: dict[str, Registered]
    absent: list[Registered]
    earlier: dict[int, date]


class NewCadre(NamedTuple):
    """Somebody who comes on the register."""

    row: Row
    unit: int
    posted_on: date
    joined_on: date


class ChangedCadre(NamedTuple):
    """Somebody whose record changes: field → old and new value (units by key; for citizen numbers, masked ones)."""

    row: Row
    before: Registered
    changes: dict[str, tuple[Any, Any]]


@dataclass
class Plan:
    """What the file would do. With faults nothing may be done at all."""

    new: list[NewCadre] = field(default_factory=list)
    changed: list[ChangedCadre] = field(default_factory=list)
    unchanged: int = 0
    absent: list[Registered] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def compare(table: Table, register: Register, *, effective_on: date, today: date) -> Plan:
    """Set the rows of `table` beside `register`. New facts without a day of their own hold from `effective_on`.

    The faults of the table come first in those of the plan, all in the order of sheets and rows.
    """
    comparison = _Comparison(table, register, effective_on, today)
    for row in table.rows:
        if _stands(row, register):
            comparison.plan.unchanged += 1
        else:
            comparison.add(row)
    plan = comparison.plan
    plan.absent = register.absent
    order = {name: index for index, name in enumerate(table.sheets)}
    plan.faults = sorted(
        [*table.faults, *plan.faults], key=lambda fault: (order.get(fault.sheet, 0), fault.row, fault.column)
    )
    return plan


def _told(row: Row, unit: int) -> tuple[Any, ...]:
    """What a row says, in the order of `VALUE_FIELDS` and of `Registered`."""
    return (
        row.name, unit, row.rank, row.category, row.post, row.posted_on, row.term_until, row.joined_on, row.left_on,
    )  # fmt: skip


def _stands(row: Row, register: Register) -> bool:
    """Whether the register says of this person the very same, cell by cell: most rows of a yearly file need no further look."""
    before, unit = register.by_code.get(row.code), register.units.get(row.unit)
    if before is None or unit is None or not before.inside:
        return False
    return row.digest == (before.digest or "") and _told(row, unit.pk) == before[2:11]


class _Comparison:
    def __init__(self, table: Table, register: Register, effective_on: date, today: date) -> None:
        self.table, self.register, self.effective_on, self.today = table, register, effective_on, today
        self.plan = Plan()

    def _fault(self, row: Row, name: str, code: str, value: str = "", /, **facts: Any) -> None:
        column = self.table.places[row.sheet].get(name, 0)
        self.plan.faults.append(
            Fault(self.table.sheets[row.sheet], row.number, column, code, name, value, facts)
        )

    def add(self, row: Row) -> None:
        unit = self.register.units.get(row.unit)
        before, refused = self._person(row)
        if refused:
            return
        if unit is None or not unit.pk:
            self._fault(row, "unit", "unknown_unit" if unit is None else "many_units", row.unit[:60])
        elif not unit.open and (before is None or before.unit != unit.pk):
            self._fault(row, "unit", "unknown_unit", row.unit[:60])
        elif before is None:
            self._new(row, unit.pk)
        else:
            self._changed(row, unit.pk, before)

    def _person(self, row: Row) -> tuple[Registered | None, bool]:
        """Whom the row is about (None: somebody new), and whether it was refused."""
        named = self.register.by_code.get(row.code) if row.code else None
        numbered = self.register.by_digest.get(row.digest) if row.digest else None
        if named is None and numbered is None and row.code:
            return None, False
        if (named and not named.inside) or (numbered and not numbered.inside):
            self._fault(row, "code" if named and not named.inside else "citizen_no", "elsewhere", row.code)
            return None, True
        if not row.code and numbered is None:
            self._fault(row, "code", "no_code")
            return None, True
        if numbered is not None and row.code and numbered is not named:
            self._fault(row, "citizen_no", "other_person", other=numbered.code)
            return None, True
        found = named or numbered
        if found is not None and row.digest and found.digest and found.digest != row.digest:
            self._fault(row, "citizen_no", "other_number")
            return None, True
        return found, False

    def _new(self, row: Row, unit: int) -> None:
        joined_on = row.joined_on or self.effective_on
        if row.left_on and row.left_on < joined_on:
            self._fault(row, "left_on", "left_before", row.left_on.isoformat())
            return
        self.plan.new.append(NewCadre(row, unit, row.posted_on or joined_on, joined_on))

    def _changed(self, row: Row, unit: int, before: Registered) -> None:
        # An empty cell changes nothing.
        changes = {
            name: (old, new)
            for name, old, new in zip(VALUE_FIELDS, before[2:11], _told(row, unit), strict=True)
            if new is not None and new != old
        }
        changes.pop("posted_on", None)
        if row.digest and not before.digest:
            changes["citizen_no"] = ("", mask(row.citizen_no))
        moved = any(name in changes for name in POSTING_FIELDS)
        since = row.posted_on or (self.effective_on if moved else before.posted_on)
        if fault := self._posting_fault(row, before, since, moved=moved):
            self._fault(row, *fault[:3], **fault[3])
            return
        if since != before.posted_on:
            changes["posted_on"] = (before.posted_on, since)
        left_on, joined_on = row.left_on or before.left_on, row.joined_on or before.joined_on
        if left_on and left_on < joined_on:
            self._fault(row, "left_on", "left_before", left_on.isoformat())
        elif changes:
            self.plan.changed.append(ChangedCadre(row, before, changes))
        else:
            self.plan.unchanged += 1

    def _posting_fault(
        self, row: Row, before: Registered, since: date, *, moved: bool
    ) -> tuple[str, str, str, dict[str, Any]] | None:
        """Field, code, value and facts of what keeps a posting from beginning on `since`; new facts begin no earlier than the present ones."""
        if moved and before.left_on and before.left_on <= self.today:
            return "code", "has_left", row.code, {"day": before.left_on.isoformat()}
        if moved and since < before.posted_on:
            return "posted_on", "posted_before", since.isoformat(), {"since": before.posted_on.isoformat()}
        earlier = self.register.earlier.get(before.pk)
        if not moved and since != before.posted_on and earlier and since <= earlier:
            return "posted_on", "posted_before", since.isoformat(), {"since": earlier.isoformat()}
        return None


def mask(number: str) -> str:
    """A citizen number as lists show it."""
    return f"{number[:6]}********{number[-4:]}"
