"""Writes down what the floors below the audit trail announce."""

from typing import Any

from django.dispatch import receiver

from partyschool.common.deeds import deed_done

from .events import record_event


@receiver(deed_done, dispatch_uid="audit.deeds")
def record_deed(*, action: str, subject: Any, by: Any, data: dict[str, Any], **kwargs: Any) -> None:
    """One event per announced deed."""
    record_event(action=action, subject=subject, by=by, data=data)
