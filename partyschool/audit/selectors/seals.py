"""Checking the chain of seals."""

import hmac
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from partyschool.audit.models import AuditEvent, AuditSeal
from partyschool.audit.rules import GENESIS, seal_digest
from partyschool.common import clock

OVERDUE = timedelta(minutes=30)
"""Events are sealed every minute; one that stayed unsealed so long means that nobody seals."""


def verify_chain(*, now: datetime | None = None) -> list[str]:
    """The faults of the audit log, one finished sentence each; empty if every sealed event stands as it was sealed.

    Finds changed, removed, added and swapped events, changed, removed and forged seals, and events that nobody sealed. The end
    of the chain cut off together with its events (or all seals removed) shows only in a comparison with the heads in the
    machine's log.
    """
    return list(_faults(now or clock.now()))


def _faults(now: datetime) -> Iterator[str]:
    previous, expected_first = GENESIS, 1
    for seal in AuditSeal.objects.order_by("first_event").iterator(chunk_size=500):
        run = {"first": seal.first_event, "last": seal.last_event}
        if seal.first_event != expected_first:
            yield _(
                "Audit log: a seal is missing before event %(first)s (expected one from event %(expected)s)."
            ) % {
                **run,
                "expected": expected_first,
            }
        events = list(
            AuditEvent.objects.unscoped("checking the seals")
            .filter(id__gte=seal.first_event, id__lte=seal.last_event)
            .order_by("id")
        )
        if len(events) != seal.event_count:
            yield _("Audit log: events %(first)s to %(last)s are %(found)s, but %(sealed)s were sealed.") % {
                **run,
                "found": len(events),
                "sealed": seal.event_count,
            }
        else:
            digest = seal_digest(
                previous=previous,
                first=seal.first_event,
                last=seal.last_event,
                sealed_at=seal.sealed_at,
                events=events,
            )
            if not hmac.compare_digest(digest, seal.digest):
                yield (
                    _("Audit log: events %(first)s to %(last)s, or their seal, are not as they were sealed.")
                    % run
                )
        # From here on the chain is judged by the stored seal, so that one fault is told once.
        previous, expected_first = seal.digest, seal.last_event + 1
    # Judged by the newest seal as well: events may carry an earlier time than that of their writing.
    sealed_at = AuditSeal.objects.order_by("-last_event").values_list("sealed_at", flat=True).first()
    unsealed = AuditEvent.objects.unscoped("checking the seals").filter(
        id__gte=expected_first, at__lt=now - OVERDUE
    )
    if sealed_at and sealed_at < now - OVERDUE and (oldest := unsealed.order_by("id").first()) is not None:
        yield _(
            "Audit log: event %(first)s and those after it have not been sealed for more than %(minutes)s minutes."
        ) % {
            "first": oldest.pk,
            "minutes": OVERDUE.seconds // 60,
        }
    if AuditEvent.objects.unscoped("checking the seals").filter(id__lt=1).exists():
        yield _("Audit log: there are events before the first number.")
