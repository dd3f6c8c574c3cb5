"""What a check found, as one text: kept (encrypted) for the pages, and fingerprinted so that a commit does what was promised."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from partyschool.common.plaintext import single_line

from .comparison import ChangedCadre, NewCadre, Plan, mask
from .faults import Fault
from .rows import Table

ABSENT_KEPT = 5000
"""So many of those who are not in the file are listed; all of them are counted and are part of the fingerprint."""
NEW_FIELDS = (
    "place", "code", "name", "unit", "rank", "category", "post", "posted_on", "term_until", "joined_on", "left_on", "citizen_no",
)  # fmt: skip
"""What is told of new people."""


def preview_text(plan: Plan, table: Table) -> bytes:
    """The preview as JSON: equal bytes mean that the same file would do the same to the register.

    Units are told by key, citizen numbers masked; a part of their keyed hash stands beside, since two numbers can look alike.
    """
    everybody_absent = ",".join([str(one.pk) for one in plan.absent])
    content = {
        "new": ["\n".join(column) for column in _new_columns(plan.new, table)],
        "changed": [_changed(one, table) for one in plan.changed],
        "unchanged": plan.unchanged,
        "absent": [(one.pk, one.code, one.name, one.unit, one.post) for one in plan.absent[:ABSENT_KEPT]],
        "absent_sha256": hashlib.sha256(everybody_absent.encode()).hexdigest(),
        "faults": [
            (one.sheet, one.row, one.column, one.code, one.name, one.value, one.facts) for one in plan.faults
        ],
        "hidden": table.hidden,
        "unread_sheets": table.unread_sheets,
        "unread_columns": table.unread_columns,
    }
    text = json.dumps(content, ensure_ascii=False, check_circular=False, separators=(",", ":"), default=_day)
    return text.encode()


@lru_cache(4096)
def _day(day: date | None) -> str:
    """A day as JSON tells it: a file has few different ones."""
    return day.isoformat() if day else ""


def _new_columns(people: list[NewCadre], table: Table) -> list[Sequence[str]]:
    """The columns of `NEW_FIELDS`, and part of the keyed hash. Each becomes one text with a line per person: no value holds a line end."""
    if not people:
        return [[]]
    rows, units, posted, joined = zip(*people, strict=True)
    (
        sheet,
        number,
        code,
        name,
        _unit,
        rank,
        category,
        post,
        _posted,
        term,
        citizen_no,
        _joined,
        left,
        digest,
    ) = zip(*rows, strict=True)
    sheets = [single_line(title) for title in table.sheets]
    return [
        [f"{sheets[index]}!{line + 1}" for index, line in zip(sheet, number, strict=True)],
        code,
        name,
        list(map(str, units)),
        rank,
        category,
        [text or "" for text in post],
        *([_day(day) for day in days] for days in (posted, term, joined, left)),
        [text and mask(text) for text in citizen_no],
        [text[:16] for text in digest],
    ]


def read_preview(text: bytes) -> dict[str, Any]:
    """A preview that was kept, its new people as rows: the values of `NEW_FIELDS`, then part of the keyed hash."""
    content: dict[str, Any] = json.loads(text)
    columns = [column.split("\n") for column in content["new"]]
    content["new"] = list(zip(*columns, strict=True)) if any(content["new"]) else []
    return content


def _changed(one: ChangedCadre, table: Table) -> tuple[Any, ...]:
    before, row = one.before, one.row
    place = f"{table.sheets[row.sheet]}!{row.number + 1}"
    changes = [(name, old, new) for name, (old, new) in one.changes.items()]
    digest = row.digest[:16] if "citizen_no" in one.changes else ""
    return (place, before.pk, before.code, before.name, before.unit, changes, digest)


def fingerprint(text: bytes) -> str:
    """The SHA-256 of a preview."""
    return hashlib.sha256(text).hexdigest()


def faults_of(content: dict[str, Any]) -> Iterable[Fault]:
    """The faults of a preview that was read back."""
    return (Fault(*fields) for fields in content["faults"])
