"""How a lower floor tells the audit trail what was done: it sends `deed_done`, the audit app listens and writes.

The listener runs inside the sender's transaction, so deed and record stand or fall together.
"""

from typing import Any

from django.db import models
from django.dispatch import Signal

deed_done = Signal()


def tell(*, action: str, subject: models.Model, by: Any, data: dict[str, Any] | None = None) -> None:
    """Announce that `by` did `action` to `subject`; `data` is JSON-ready and free of citizen numbers."""
    deed_done.send(sender=type(subject), action=action, subject=subject, by=by, data=data or {})
