"""A closed year with results of every kind, made through the services."""

from datetime import date, time
from decimal import Decimal
from typing import Any

import trainees.tasks  # noqa: F401 -- registers the handlers, as a worker does
from partyschool.common import clock
from partyschool.jobs.models import Job
from partyschool.jobs.services.running import run_job
from tests.factories.accounts import City, make_user
from tests.factories.trainees import CadreFactory, CreditEntryFactory, make_scheme
from tests.factories.years import sealed_year
from trainees.enums import Edition, ExemptionGround, YearState
from trainees.models import AssessmentExemption, AssessmentYear, Cadre, ReportPacket
from trainees.services.reports import build_reports
from trainees.services.years import close_year


class ClosedYear:
    """The year 2025 of `City`, closed: in each of three bureaux one cadre passed and one failed, in one of them one is exempt."""

    year = 2025

    def __init__(self, *, staff: Any = None, close: bool = True) -> None:
        self.city = City()
        self.staff = staff or make_user("staff")
        self.scheme = make_scheme(self.year)
        self.passed, self.failed = {}, {}
        for bureau in (self.city.finance_bureau, self.city.culture_bureau, self.city.cousin_bureau):
            self.passed[bureau.pk] = self.cadre(bureau, 96)
            self.failed[bureau.pk] = self.cadre(bureau, 40)
        self.exempt = self.cadre(self.city.finance_bureau, 0)
        AssessmentExemption.objects.create(
            cadre=self.exempt, year=self.year, ground=ExemptionGround.RETIREMENT
        )
        if close:
            self.close()

    def cadre(self, unit: Any, earned: float, **fields: Any) -> Cadre:
        """A cadre of `unit` with so many credits in the year."""
        cadre = CadreFactory(unit=unit, **fields)
        if earned:
            CreditEntryFactory(
                cadre=cadre,
                scheme=self.scheme,
                year=self.year,
                amount=Decimal(earned),
                hours=Decimal(earned),
                posted_by=self.staff,
            )
        return cadre

    def close(self) -> None:
        """Close the year, after its end."""
        close_year(
            year=self.year, by=self.staff, now=clock.school_instant(date(self.year + 1, 1, 5), time(12))
        )

    def report_to(self, unit: Any) -> ReportPacket | None:
        """Seal the year if it is not, order the reports, do all of them here as a worker would, and return the packet in force for `unit`."""
        self.seal()
        return self._all(build_reports(year=self.year, by=self.staff), unit, Edition.FINAL)

    def preview_to(self, unit: Any, *, quarter: int = 4) -> ReportPacket | None:
        """As `report_to`, an interim report of the year as it was closed."""
        parent = build_reports(year=self.year, quarter=quarter, by=self.staff)
        return self._all(parent, unit, Edition.PREVIEW)

    def seal(self) -> None:
        """Open the year to objections and seal it when their period is over, unless that was done."""
        if not AssessmentYear.objects.filter(year=self.year, state=YearState.SEALED).exists():
            sealed_year(self.staff, year=self.year)

    def _all(self, parent: Job, unit: Any, edition: str) -> ReportPacket | None:
        for job in Job.objects.unscoped("tests").filter(parent=parent).order_by("created_at", "key"):
            run_job(job_id=job.pk)
        parent.refresh_from_db()
        assert (parent.state, parent.error) == ("done", "")
        return self.packet_of(unit, edition)

    def order(self, unit: Any) -> Job:
        """Order the reports and return the job of the one for `unit`, left to be done."""
        self.seal()
        parent = build_reports(year=self.year, by=self.staff)
        return Job.objects.unscoped("tests").get(parent=parent, params__unit=unit.pk)

    def packet_of(self, unit: Any, edition: str = Edition.FINAL) -> ReportPacket | None:
        """The packet in force."""
        return (
            ReportPacket.objects.unscoped("tests")
            .filter(recipient=unit, year=self.year, state="valid", edition=edition)
            .first()
        )
