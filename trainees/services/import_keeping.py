"""What is kept of imports, and for how long: files of people are not left lying about."""

import logging
from datetime import datetime, timedelta

from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.locking import lock_row, locking_transaction
from partyschool.jobs.enums import LIVE_STATES
from partyschool.jobs.models import Job
from trainees.enums import ImportState
from trainees.models import CadreImport, ImportContent
from trainees.selectors.imports import JOB_KINDS

log = logging.getLogger(__name__)

KEEP_UNCOMMITTED = timedelta(days=7)
"""A file that nobody took over: long enough for an office to mend it and look at it again."""
KEEP_UNDO = timedelta(days=30)
"""How long an import can be undone, and its preview looked at."""
OPEN_STATES = (ImportState.CHECKING, ImportState.UNREADABLE, ImportState.FAULTY, ImportState.READY)


def clear_imports(*, now: datetime | None = None) -> int:
    """Remove the content of imports whose time is over; returns how many were cleared. The rows themselves stay.

    Concurrency: each import's row, and not while a job is at it.
    """
    now = now or clock.now()
    imports = CadreImport.objects.unscoped("the sweeper looks at all imports")
    old = imports.filter(state__in=OPEN_STATES, created_at__lt=now - KEEP_UNCOMMITTED)
    done = imports.filter(
        state__in=(ImportState.COMMITTED, ImportState.UNDONE),
        committed_at__lt=now - KEEP_UNDO,
        contents__isnull=False,
    )
    keys = sorted({*old.values_list("pk", flat=True), *done.values_list("pk", flat=True)})
    return sum(_clear(key, now) for key in keys)


def _clear(key: int, now: datetime) -> bool:
    live = Job.objects.filter(kind__in=JOB_KINDS, key=str(key), state__in=LIVE_STATES).unscoped(
        "is anybody at it?"
    )
    with locking_transaction():
        found = lock_row(CadreImport, key)
        if live.exists():
            return False
        contents = ImportContent.objects.filter(cadre_import=found).unscoped("their time is over")
        removed, _by_model = contents.delete()
        if found.state in OPEN_STATES:
            found.state = ImportState.EXPIRED
            found.save(update_fields=["state"])
        record_event(action="cadreimport.clear", subject=found, by=None, data={"parts": removed}, now=now)
    return True
