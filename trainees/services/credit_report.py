"""Taking the credit report along as a workbook: ordered on the page, made by a worker in the scope of that moment."""

import hashlib
import json
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partyschool.accounts.enums import Role
from partyschool.accounts.models import Unit, User
from partyschool.accounts.scope import Scope
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.crypto import decrypt, encrypt
from partyschool.common.errors import DomainError, WrongState
from partyschool.jobs.models import Job, StoredFile
from partyschool.jobs.services.downloads import refuses_files
from partyschool.jobs.services.files import store_file
from partyschool.jobs.services.jobs import start_job
from partyschool.jobs.services.progress import Progress
from trainees.exporters.assessment_annex import XLSX
from trainees.exporters.credit_report import (
    build_credit_report,
    credit_report_file_name,
    credit_report_title,
)
from trainees.selectors.credit_report import ReportQuery, read_query, report_lines, report_rows
from trainees.selectors.exports import KIND
from trainees.selectors.organisation import closed_years
from trainees.selectors.year_states import year_of

READERS = (Role.ORGDEPT, Role.OFFICER, Role.STAFF, Role.LEADER, Role.AUDITOR)
"""Who reads the credit report and takes it along."""


class NothingToExport(WrongState):
    """No year has results yet."""

    code = "nothing_to_export"
    title = gettext_lazy("There are no results to take along")
    remedy = gettext_lazy("The results of a year appear once the school has closed it.")


class OutOfOffice(DomainError):
    """Whoever ordered the list does not read credit reports any more, or reads those of other units by now."""

    code = "out_of_office"
    title = gettext_lazy("This list is not handed out any more")
    remedy = gettext_lazy(
        "Your responsibilities have changed since. Open the credit report and order it again."
    )


def start_export(*, asked: ReportQuery, by: User, now: datetime | None = None) -> Job:
    """Order the workbook of what is `asked`; the live job of the same question is returned. Raises `NothingToExport`."""
    years = closed_years()
    if not years:
        raise NothingToExport
    params = asked.as_params() | {"year": asked.year or years[0]}
    # A name that was searched for is personal data: parameters of jobs are read by others.
    name = params.pop("name", "")
    digest = hashlib.sha256(json.dumps([params, name], sort_keys=True).encode()).hexdigest()
    if name:
        params["sealed_name"] = encrypt(name, place=_place(by)).hex()
    with translation.override(settings.LANGUAGE_CODE):
        title = credit_report_title(params["year"])
    return start_job(kind=KIND, key=f"{by.pk}:{digest[:40]}", title=title, params=params, by=by, now=now)


def run_export(*, job: Job, progress: Progress, now: datetime | None = None) -> None:
    """Write the workbook: the rows that whoever ordered it may see now, not when it was ordered. Safe to run twice.

    Raises `OutOfOffice`, `UnitOutOfScope`, `ExcelLimit`, and what `Progress` raises.
    Concurrency: all rows are read through one cursor, as of one moment; locks nothing but the job at its end.
    """
    now = now or clock.now()
    by = _owner(job)
    if not by.scope.has(*READERS):
        raise OutOfOffice
    params = dict(job.params)
    if sealed := params.pop("sealed_name", ""):
        params["name"] = decrypt(bytes.fromhex(sealed), place=_place(by))
    with translation.override(settings.LANGUAGE_CODE):
        asked = read_query(by, params, years=closed_years())
        year = params["year"]
        rows = report_rows(by, asked, year=year)
        total = rows.count()
        message = _("Writing the list")
        progress.report(0, total, message)
        content, written = build_credit_report(
            year_of(year),
            asked,
            report_lines(rows, sort=asked.sort),
            whose=_whose(by.scope),
            now=now,
            progress=lambda done: progress.report(done, total, message),
        )
        name = credit_report_file_name(year)
    with progress.finishing():
        store_file(job=job, name=name, content_type=XLSX, content=content)
        Job.objects.unscoped("the scope its file was made in").filter(pk=job.pk).update(
            params=job.params | {"scope": _fingerprint(by.scope)}
        )
        data = {"year": year, "rows": written, "columns": list(asked.columns)}
        record_event(action="result.export_report", subject=job, by=by, data=data, now=now)


@refuses_files
def refuse_outdated_scope(file: StoredFile) -> None:
    """A list made in another scope than its owner has today is handed out no more. Raises `OutOfOffice`."""
    job = Job.objects.unscoped("whose list is it?").get(pk=file.job_id)
    if job.kind == KIND and job.params.get("scope") != _fingerprint(_owner(job).scope):
        raise OutOfOffice


def _owner(job: Job) -> User:
    """Whoever ordered it, with the rights of this moment."""
    owner: User = User.objects.with_grants().get(pk=job.owner_id)
    return owner


def _place(by: User) -> str:
    return f"{KIND}:{by.pk}"


def _fingerprint(scope: Scope) -> str:
    """Tells one scope from another without naming it."""
    facts: list[Any] = [scope.whole_school or list(scope.unit_paths), scope.has(*READERS)]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


def _whose(scope: Scope) -> str:
    """The units whose people `scope` takes in, in words."""
    if scope.whole_school:
        return _("the whole school")
    names = Unit.objects.filter(path__in=scope.unit_paths).values_list("name", flat=True)
    return _(", ").join(names)
