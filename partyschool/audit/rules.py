"""How a record is named in the trail, and how a seal is computed."""

import hashlib
import hmac
import json
from collections.abc import Iterable
from datetime import UTC, datetime

from django.conf import settings
from django.db import models

from partyschool.audit.models import AuditEvent

GENESIS = "0" * 64


def subject_of(obj: models.Model) -> str:
    """How audit events name a row: `app.model:pk`, whichever proxy it is seen through."""
    concrete = obj._meta.concrete_model or type(obj)
    return f"{concrete._meta.label_lower}:{obj.pk}"


def seal_digest(
    *, previous: str, first: int, last: int, sealed_at: datetime, events: Iterable[AuditEvent]
) -> str:
    """The HMAC-SHA-256 (64 hex digits, key `settings.AUDIT_KEY`) over the seal before, the range of numbers and each event in full."""
    mac = hmac.new(settings.AUDIT_KEY, digestmod=hashlib.sha256)
    mac.update(_line([previous, first, last, _instant(sealed_at)]))
    for event in events:
        mac.update(
            _line([event.pk, _instant(event.at), event.actor_id, event.action, event.subject, event.data])
        )
    return mac.hexdigest()


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def _line(values: list[object]) -> bytes:
    return json.dumps(values, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
