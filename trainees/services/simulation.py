"""Working a scheme on a past year as a job: the result is two files of the job and nothing else."""

import json
from datetime import datetime

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partyschool.accounts.models import User
from partyschool.common import clock
from partyschool.common.errors import NotFound, WrongState
from partyschool.jobs.models import Job
from partyschool.jobs.services.files import store_file
from partyschool.jobs.services.jobs import start_job
from partyschool.jobs.services.progress import Progress
from trainees.exporters.assessment_annex import XLSX
from trainees.exporters.simulation import build_simulation
from trainees.models import CreditScheme, YearlyAssessment
from trainees.selectors.simulation import KIND, RESULT_FILE, simulate

STEPS = 3


class NothingToCompare(WrongState):
    """The year has no results yet."""

    code = "nothing_to_compare"
    title = gettext_lazy("That year has no results to compare with")
    remedy = gettext_lazy("Close the year first; while it runs the results are provisional.")


def start_simulation(
    *, scheme_id: int, year: int, as_posted: bool, by: User, now: datetime | None = None
) -> Job:
    """Start working scheme on `year`; the live job of the same question is returned. `as_posted`: the ledger as it stands.

    Raises `NotFound`, `NothingToCompare`.
    """
    scheme = CreditScheme.objects.filter(pk=scheme_id).first()
    if scheme is None:
        raise NotFound(_("There is no such credit scheme."))
    if not YearlyAssessment.objects.filter(year=year).unscoped("is there something to compare?").exists():
        raise NothingToCompare(_("There is not one result of %(year)s.") % {"year": year})
    with translation.override(settings.LANGUAGE_CODE):
        title = _("%(year)s under “%(scheme)s”") % {"year": year, "scheme": scheme}
    return start_job(
        kind=KIND,
        key=f"{scheme.pk}:{year}:{int(as_posted)}:{by.pk}",
        title=title,
        params={"scheme": scheme.pk, "year": year, "as_posted": as_posted},
        by=by,
        now=now,
    )


def run_simulation(*, job: Job, progress: Progress) -> None:
    """Judge the year again and keep who changes, as a workbook for people and as data for the page. Safe to run twice.

    Raises what `Progress` raises, and `ExcelLimit`. Concurrency: reads one snapshot per statement; locks nothing but the job at its end.
    """
    scheme = CreditScheme.objects.get(pk=job.params["scheme"])
    year = job.params["year"]
    with translation.override(settings.LANGUAGE_CODE):
        progress.report(0, STEPS, _("Rating the ledger and judging everybody"))
        found = simulate(scheme, year=year, as_posted=job.params["as_posted"])
        progress.report(1, STEPS, _("Writing the list"))
        book = build_simulation(found, scheme=scheme, year=year, created=clock.now())
        progress.report(2, STEPS, _("Keeping the result"))
        name = _("%(year)s under %(scheme)s.xlsx") % {"year": year, "scheme": scheme}
        data = json.dumps(found.as_json(), separators=(",", ":")).encode()
        with progress.finishing():
            store_file(job=job, name=name, content_type=XLSX, content=book)
            store_file(job=job, name=RESULT_FILE, content_type="application/json", content=data)
