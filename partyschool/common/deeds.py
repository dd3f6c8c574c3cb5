"""How a lower floor tells the audit trail what was done: it sends `deed_done`, the audit app listens and writes.

The listener runs inside the sender's transaction, so deed and record stand or fall together. The other way round, `history_of`
asks whoever keeps records what was done to one thing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.dispatch import Signal

deed_done = Signal()


@dataclass(frozen=True)
class Deed:
    """One line of a history: when, by whom (a user, or None for the portal itself), what in words, and the event where it may be read."""

    at: datetime
    by: Any
    text: str
    event_id: int | None = None


Historian = Callable[[models.Model, Any], list[Deed]]
_historians: list[Historian] = []


def tell(*, action: str, subject: models.Model, by: Any, data: dict[str, Any] | None = None) -> None:
    """Announce that `by` did `action` to `subject`; `data` is JSON-ready and free of citizen numbers."""
    deed_done.send(sender=type(subject), action=action, subject=subject, by=by, data=data or {})


def tells_history(historian: Historian) -> Historian:
    """Register who answers `history_of(subject, reader)`."""
    _historians.append(historian)
    return historian


def history_of(subject: models.Model, reader: Any) -> list[Deed]:
    """What was done to `subject`, as far as `reader` may know it."""
    return [deed for historian in _historians for deed in historian(subject, reader)]
