"""Evidence files: taken in whole, kept outside every web root, handed out on record."""

import hashlib
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePath

from django.conf import settings
from django.core.files.base import File
from django.db import transaction
from django.http import FileResponse
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partyschool.accounts.models import User
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.downloads import download_response
from partyschool.common.errors import InvalidInput
from partyschool.common.filenames import safe_filename
from partyschool.common.plaintext import single_line
from partyschool.common.storage import remove_unnamed, write_whole
from partyschool.jobs.services.downloads import FileLost
from trainees.models import AssessmentObjection, CreditClaim, Evidence, LeaveRequest
from trainees.rules.evidence import FileKind, kind_of

FOLDER = "evidence"
SHOWN_MOST = 60
NAME_MOST = Evidence._meta.get_field("name").max_length or 0
ORPHAN_AFTER = timedelta(hours=6)
"""Much longer than any request lasts, so that no file on its way is taken for left over."""
ORPHAN_DAYS = 3

Owner = CreditClaim | LeaveRequest | AssessmentObjection


class EvidenceRefused(InvalidInput):
    """A file cannot be evidence: its kind, its size, or there are too many."""

    code = "evidence_refused"
    title = gettext_lazy("This file cannot be taken as evidence")
    remedy = gettext_lazy(
        "Hand in PDF files or pictures (JPEG, PNG): scan it, photograph it, or save it as PDF."
    )


class OutsideTransaction(RuntimeError):
    """`add_evidence` was called outside a transaction: its files could outlive a failed deed."""


@dataclass(frozen=True)
class _Upload:
    name: str
    kind: FileKind
    content: bytes
    sha256: str


def add_evidence(
    *, owner: Owner, files: Sequence[File], by: User, now: datetime | None = None
) -> list[Evidence]:
    """Keep `files` as evidence of a claim, a leave or an objection; returns the rows, which become visible with the caller's commit.

    Kind by content (PDF, JPEG, PNG), at most `EVIDENCE_FILE_MOST` bytes each and `EVIDENCE_FILES_MOST` files an owner; names are made
    safe and get the extension of the content. A file that the owner has already (same bytes) is not kept twice. All or nothing: bytes
    stand whole before their row is written, and what a failed deed leaves is swept away.
    The caller has checked that `by` may add to `owner`. Raises `EvidenceRefused`; `OSError` from the storage.
    Concurrency: runs in the caller's transaction, which holds the owner's row (or has just made it), so that the number is kept to.
    """
    if not transaction.get_connection().in_atomic_block:
        raise OutsideTransaction
    uploads = [_read(file) for file in files]
    kept = Evidence.objects.filter(**{_column(owner): owner}).unscoped("adding to the owner itself")
    digests = set(kept.values_list("sha256", flat=True))
    fresh = {upload.sha256: upload for upload in uploads if upload.sha256 not in digests}
    if len(digests) + len(fresh) > settings.EVIDENCE_FILES_MOST:
        raise EvidenceRefused(
            _("There would be %(number)s files; at most %(most)s are taken.")
            % {"number": len(digests) + len(fresh), "most": settings.EVIDENCE_FILES_MOST},
            remedy=_("Put several pages into one PDF."),
        )
    return [_keep(upload, owner, by, now or clock.now()) for upload in fresh.values()]


def _read(file: File) -> _Upload:
    """The whole of one upload, its kind told by its bytes. Raises `EvidenceRefused`."""
    # The last part of the name, whatever system's separators it came with.
    given = single_line(re.split(r"[\\/]", file.name or "")[-1])
    shown = given[:SHOWN_MOST]
    if file.size > settings.EVIDENCE_FILE_MOST:
        raise EvidenceRefused(
            _("“%(name)s” has %(size)s; at most %(most)s are taken.")
            % {
                "name": shown,
                "size": filesizeformat(file.size),
                "most": filesizeformat(settings.EVIDENCE_FILE_MOST),
            },
            remedy=_("Make the pictures smaller, or scan with fewer dots per inch."),
        )
    file.seek(0)
    content = file.read()
    if not content:
        raise EvidenceRefused(_("“%(name)s” is empty.") % {"name": shown})
    kind = kind_of(content)
    if kind is None:
        raise EvidenceRefused(_("“%(name)s” is neither a PDF nor a JPEG or PNG picture.") % {"name": shown})
    name = safe_filename(PurePath(given).stem, kind.extension, max_bytes=NAME_MOST)
    return _Upload(name, kind, content, hashlib.sha256(content).hexdigest())


def _column(owner: Owner) -> str:
    if isinstance(owner, CreditClaim):
        return "claim"
    return "leave" if isinstance(owner, LeaveRequest) else "objection"


def _cadre_id(owner: Owner) -> int:
    if isinstance(owner, CreditClaim):
        return owner.cadre_id
    return owner.enrolment.cadre_id if isinstance(owner, LeaveRequest) else owner.assessment.cadre_id


def _keep(upload: _Upload, owner: Owner, by: User, now: datetime) -> Evidence:
    number = uuid.uuid4()
    storage_name = write_whole(f"{FOLDER}/{clock.school_date(now):%Y/%m/%d}/{number}", upload.content)
    evidence = Evidence.objects.create(
        id=number,
        cadre_id=_cadre_id(owner),
        name=upload.name,
        content_type=upload.kind.content_type,
        storage_name=storage_name,
        sha256=upload.sha256,
        size=len(upload.content),
        added_at=now,
        added_by=by,
        **{_column(owner): owner},
    )
    record_event(
        action="evidence.add",
        subject=evidence,
        by=by,
        data={_column(owner): owner.pk, "sha256": upload.sha256, "size": len(upload.content)},
        now=now,
    )
    return evidence


def hand_out_evidence(*, evidence: Evidence, by: User, now: datetime | None = None) -> FileResponse:
    """The download of `evidence`; reading another's file is kept in the trail. The caller has checked that `by` may have it.

    Raises `FileLost` if the storage has lost the bytes; then nothing is recorded.
    """
    try:
        content = evidence.open()
    except FileNotFoundError as error:
        raise FileLost from error
    if evidence.cadre.user_id != by.pk:
        record_event(
            action="evidence.read",
            subject=evidence,
            by=by,
            data={"cadre": evidence.cadre_id, "sha256": evidence.sha256},
            now=now,
        )
    return download_response(
        content, name=evidence.name, content_type=evidence.content_type, size=evidence.size
    )


def remove_orphaned_evidence(*, now: datetime | None = None) -> int:
    """Remove bytes of the last days that no row names: left by deeds that failed. Returns how many."""
    now = now or clock.now()
    days = (clock.school_date(now - timedelta(days=number)) for number in range(ORPHAN_DAYS))
    return remove_unnamed(
        folders=[f"{FOLDER}/{day:%Y/%m/%d}" for day in days], named=_named, older_than=now - ORPHAN_AFTER
    )


def _named(names: list[str]) -> set[str]:
    rows = Evidence.objects.filter(storage_name__in=names).unscoped("sweeping the folder")
    return set(rows.values_list("storage_name", flat=True))
