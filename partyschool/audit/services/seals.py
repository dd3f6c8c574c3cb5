"""Sealing the audit log: a chain of keyed hashes over everything written so far.

Events are not chained as they are written, because then every seat claim would queue behind the log. They are sealed in batches
a little later, without making any writer wait.
"""

import logging
import time
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Max

from partyschool.audit.models import AuditEvent, AuditSeal
from partyschool.audit.rules import GENESIS, seal_digest
from partyschool.common import clock

log = logging.getLogger(__name__)

BATCH = 5000
PATIENCE_SECONDS = 10
SEAL_LOCK = 0x5EA1

WRITERS = """
SELECT virtualtransaction FROM pg_locks
WHERE locktype = 'relation' AND relation = 'audit_auditevent'::regclass AND mode = 'RowExclusiveLock' AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND pid <> pg_backend_pid()
"""


def seal_events(*, now: datetime | None = None, patience: float = PATIENCE_SECONDS) -> int:
    """Seal all settled events; returns how many. Zero if there are none, somebody else is sealing, or a writer takes too long.

    A number drawn from the sequence may be committed after a higher one, so "the newest visible event" is no safe end. Whoever
    has drawn a number holds the table's write lock until it commits. So: take the highest visible number, then wait until
    every transaction that holds that lock at this moment has ended. After that no lower number can still appear. Nobody is made to wait for
    us; when a long transaction outlasts `patience` seconds, sealing is left to the next call.

    Concurrency: an advisory lock lets one sealer work; the unique `first_event` would stop a second one. Must not be called in a
    transaction that has written much: it sees, and seals, its own uncommitted events.
    """
    now = now or clock.now()
    highest = AuditEvent.objects.unscoped("sealing").aggregate(highest=Max("id"))["highest"]
    if highest is None or not _settled(patience):
        return 0
    with transaction.atomic():
        if not _alone():
            return 0
        last = AuditSeal.objects.order_by("-last_event").first()
        first, digest, sealed = (last.last_event + 1, last.digest, 0) if last else (1, GENESIS, 0)
        while events := list(
            AuditEvent.objects.unscoped("sealing")
            .filter(id__gte=first, id__lte=highest)
            .order_by("id")[:BATCH]
        ):
            last_id = events[-1].pk
            digest = seal_digest(previous=digest, first=first, last=last_id, sealed_at=now, events=events)
            AuditSeal.objects.create(
                first_event=first, last_event=last_id, event_count=len(events), digest=digest, sealed_at=now
            )
            first, sealed = last_id + 1, sealed + len(events)
    if sealed:
        # The head of the chain, where the machine's own log keeps it too: who cuts off the end of the log shows in a comparison.
        log.info("audit log sealed up to event %s: %s", first - 1, digest)
    return sealed


def _settled(patience: float) -> bool:
    """Whether all transactions that may hold an uncommitted event now have ended within `patience` seconds."""
    end = time.monotonic() + patience
    waiting_for = _writers()
    while waiting_for:
        if time.monotonic() > end:
            log.warning(
                "audit log not sealed this time: a transaction that writes to it goes on for more than %s s",
                patience,
            )
            return False
        time.sleep(0.05)
        waiting_for &= _writers()
    return True


def _writers() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(WRITERS)
        return {row[0] for row in cursor.fetchall()}


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEAL_LOCK])
        return bool(cursor.fetchone()[0])
