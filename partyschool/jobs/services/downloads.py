"""Giving a stored file to a reader, on record."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import FileResponse
from django.utils.translation import gettext_lazy as _

from partyschool.audit.services.events import record_event
from partyschool.common.downloads import download_response
from partyschool.common.errors import NotFound
from partyschool.jobs.models import StoredFile

Guard = Callable[[StoredFile], None]
_guards: list[Guard] = []


def refuses_files(guard: Guard) -> Guard:
    """Register a rule of a higher floor on files: it raises a `DomainError` for one that must not be handed out."""
    _guards.append(guard)
    return guard


class FileLost(NotFound):
    """The row of a file is there, its bytes are not."""

    code = "file_lost"
    title = _("The record of this file is there, its content is not.")
    remedy = _("Tell the system administrator: the file has to be restored from the backup.")


def hand_out(*, file: StoredFile, by: Any, now: datetime | None = None) -> FileResponse:
    """The download of `file`, with its audit event `file.download`. The caller has checked that `by` may have it.

    Raises `FileLost` if the storage has lost the bytes, and what guards raise (`refuses_files`); then nothing is recorded.
    """
    for guard in _guards:
        guard(file)
    try:
        content = file.open()
    except FileNotFoundError as error:
        raise FileLost from error
    record_event(
        action="file.download", subject=file, by=by, data={"name": file.name, "sha256": file.sha256}, now=now
    )
    return download_response(content, name=file.name, content_type=file.content_type, size=file.size)
