"""What a check found, as one text: kept (encrypted) for the pages, and fingerprinted so that a commit does what was promised."""

import hashlib
import json
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Any

from .comparison import ChangedCadre, NewCadre, Plan, mask
from .faults import Fault
from .rows import Table

ABSENT_KEPT = 5000
"""So many of those who are not in the file are listed; all of them are counted and are part of the fingerprint."""


def preview_text(plan: Plan, table: Table) -> bytes:
    """The preview as JSON: equal bytes mean that the same file would do the same to the register.

    Units are told by key, citizen numbers masked; a part of their keyed hash stands beside, since two numbers can look alike.
    """
    everybody_absent = ",".join([str(one.pk) for one in plan.absent])
    content = {
        "new": [_new(one, table) for one in plan.new],
        "changed": [_changed(one, table) for one in plan.changed],
        "unchanged": plan.unchanged,
        "absent": plan.absent[:ABSENT_KEPT],
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
def _day(day: date) -> str:
    """A day as JSON tells it: a file has few different ones."""
    return day.isoformat()


def _new(one: NewCadre, table: Table) -> tuple[Any, ...]:
    row = one.row
    return (
        f"{table.sheets[row.sheet]}!{row.number + 1}", row.code, row.name, one.unit, row.rank, row.category, row.post or "",
        _day(one.posted_on), row.term_until, _day(one.joined_on), row.left_on, mask(row.citizen_no) if row.citizen_no else "", row.digest[:16],
    )  # fmt: skip


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
