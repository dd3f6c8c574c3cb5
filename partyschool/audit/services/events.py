from datetime import datetime
from typing import Any

from django.db import models

from partyschool.audit.models import AuditEvent
from partyschool.audit.rules import subject_of
from partyschool.common import clock


def record_event(
    *,
    action: str,
    subject: models.Model | str,
    by: Any,
    data: dict[str, Any] | None = None,
    now: datetime | None = None,
) -> AuditEvent:
    """Write one audit event inside the caller's transaction, so that deed and record stand or fall together.

    `data` must be JSON-ready and free of citizen numbers.
    """
    name = subject if isinstance(subject, str) else subject_of(subject)
    return AuditEvent.objects.create(
        at=now or clock.now(), actor=by, action=action, subject=name, data=data or {}
    )
