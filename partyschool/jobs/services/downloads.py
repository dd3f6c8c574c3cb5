"""Giving a stored file to a reader, on record."""

from datetime import datetime
from typing import Any

from django.http import FileResponse

from partyschool.audit.services.events import record_event
from partyschool.common.downloads import download_response
from partyschool.jobs.models import StoredFile


def hand_out(*, file: StoredFile, by: Any, now: datetime | None = None) -> FileResponse:
    """The download of `file`, with its audit event `file.download`. The caller has checked that `by` may have it.

    Raises `OSError` if the storage has lost the bytes; then nothing is recorded.
    """
    content = file.open()
    record_event(
        action="file.download", subject=file, by=by, data={"name": file.name, "sha256": file.sha256}, now=now
    )
    return download_response(content, name=file.name, content_type=file.content_type, size=file.size)
