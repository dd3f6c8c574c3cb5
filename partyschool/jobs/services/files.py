"""Files that jobs make: written whole before anybody learns of them, once per job and name."""

import hashlib
import uuid
from datetime import datetime, timedelta

from django.db import transaction

from partyschool.common import clock
from partyschool.common.storage import remove_unnamed, write_whole
from partyschool.jobs.models import Job, StoredFile

from .leases import lock_leased

FOLDER = "jobs"
ORPHAN_AFTER = timedelta(hours=6)
"""Much longer than any attempt may last (`CELERY_TASK_TIME_LIMIT`), so that no file in the making is taken for left over."""
ORPHAN_DAYS = 3


class OutsideFinishing(RuntimeError):
    """`store_file` was called outside a transaction: its file could outlive a failed attempt."""


def store_file(*, job: Job, name: str, content_type: str, content: bytes) -> StoredFile:
    """Keep `content` as a file of `job` under the display name `name`; the row becomes visible with the caller's transaction.

    Call it inside `progress.finishing()`, so that file, results and the end of the job are committed together.
    The bytes stand whole under their final name before the row is written. An attempt that dies before the commit leaves bytes
    without a row, which `remove_orphans` takes away.

    Raises `OutsideFinishing`; `JobCancelled` or `LeaseLost` if the job is no longer this worker's; `OSError` from the storage.
    Concurrency: holds the job's row until the transaction ends.
    """
    if not transaction.get_connection().in_atomic_block:
        raise OutsideFinishing
    lock_leased(job)
    file_id = uuid.uuid4()
    day = clock.school_date()
    storage_name = write_whole(f"{FOLDER}/{day:%Y/%m/%d}/{file_id}", content)
    return StoredFile.objects.create(
        id=file_id,
        job=job,
        name=name,
        content_type=content_type,
        storage_name=storage_name,
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
    )


def remove_orphans(*, now: datetime | None = None) -> int:
    """Remove bytes of the last days that no row names: left by attempts that died. Returns how many."""
    now = now or clock.now()
    days = (clock.school_date(now - timedelta(days=number)) for number in range(ORPHAN_DAYS))
    return remove_unnamed(
        folders=[f"{FOLDER}/{day:%Y/%m/%d}" for day in days], named=_named, older_than=now - ORPHAN_AFTER
    )


def _named(names: list[str]) -> set[str]:
    return set(StoredFile.objects.filter(storage_name__in=names).values_list("storage_name", flat=True))
