"""Files that jobs make: written whole before anybody learns of them, once per job and name."""

import hashlib
import os
import uuid
from datetime import datetime, timedelta
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import transaction

from partyschool.common import clock
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
    storage_name = _write(f"{FOLDER}/{day:%Y/%m/%d}/{file_id}", content)
    return StoredFile.objects.create(
        id=file_id,
        job=job,
        name=name,
        content_type=content_type,
        storage_name=storage_name,
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
    )


def _write(name: str, content: bytes) -> str:
    """Store `content` under `name`, all of it or nothing; returns the name it got."""
    if isinstance(default_storage, FileSystemStorage):
        _write_to_disk(Path(default_storage.path(name)), content)
        return name
    # Object stores show a file only once it is whole.
    return default_storage.save(name, ContentFile(content))


def _write_to_disk(path: Path, content: bytes) -> None:
    """Survives a power cut: the bytes are on the disk before the name is, and the name before the caller goes on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".tmp-{path.name}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "wb") as file:  # noqa: PTH123 -- Path.open sets no mode
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def remove_orphans(*, now: datetime | None = None) -> int:
    """Remove bytes of the last days that no row names: left by attempts that died. Returns how many."""
    now = now or clock.now()
    removed = 0
    for days in range(ORPHAN_DAYS):
        folder = f"{FOLDER}/{clock.school_date(now - timedelta(days=days)):%Y/%m/%d}"
        try:
            names = [f"{folder}/{name}" for name in default_storage.listdir(folder)[1]]
        except FileNotFoundError:
            continue
        kept = set(StoredFile.objects.filter(storage_name__in=names).values_list("storage_name", flat=True))
        for name in names:
            if name not in kept and default_storage.get_modified_time(name) < now - ORPHAN_AFTER:
                default_storage.delete(name)
                removed += 1
    return removed
