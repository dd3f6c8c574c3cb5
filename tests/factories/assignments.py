"""An organised assignment of three bureaux: two siblings under one organisation department, their cousin under another."""

from datetime import datetime, timedelta
from typing import Any

from courses.enums import OfferingKind
from courses.models import Offering
from partyschool.accounts.enums import Role
from partyschool.accounts.models import Unit
from partyschool.common import clock
from tests.factories.accounts import City, make_user
from tests.factories.courses import LessonFactory, OfferingFactory
from tests.factories.trainees import CadreFactory, make_trainee
from trainees.models import Assignment, AssignmentQuota, Cadre, Nomination
from trainees.services.assignments import issue_assignment, make_assignment, set_quotas
from trainees.services.assignments_decisions import confirm_nomination
from trainees.services.assignments_nominations import nominate_cadre

ALL_WARNINGS = [
    "called_often",
    "away_often",
    "long_class",
    "same_topic",
    "clash",
    "exempt",
    "on_leave",
    "leaving",
    "wrong_rank",
    "wrong_category",
]


def make_class(*, capacity: int = 10, days_ahead: int = 30, **fields: Any) -> Offering:
    """A published main class of three days that begins in a month, with a lesson on the first."""
    starts = clock.school_date() + timedelta(days=days_ahead)
    fields = {
        "kind": OfferingKind.MAIN_CLASS,
        "starts_on": starts,
        "ends_on": starts + timedelta(days=2),
        "year": starts.year,
        **fields,
    }
    made = OfferingFactory(capacity=capacity, **fields)
    at = clock.now() + timedelta(days=days_ahead)
    LessonFactory(offering=made, starts_at=at, ends_at=at + timedelta(hours=3))
    return made


class Calling:
    """The assignment, issued; `quotas`, `officers` and `orgdepts` by unit: nominations for ten days, decisions and substitutes for twenty."""

    def __init__(self, *, seats: int = 2, capacity: int = 10, issued: bool = True, **fields: Any) -> None:
        self.city = City()
        self.staff = make_user(Role.STAFF, full_name="教务")
        self.offering = make_class(capacity=capacity, **fields)
        self.units = [self.city.finance_bureau, self.city.culture_bureau, self.city.cousin_bureau]
        self.officers = {unit.pk: make_user(Role.OFFICER, unit=unit) for unit in self.units}
        self.orgdepts = {
            unit.pk: make_user(Role.ORGDEPT, unit=unit) for unit in (self.city.east, self.city.west)
        }
        self.made_at = clock.now()
        self.assignment = self.assign(self.offering)
        self.quotas = {
            quota.unit_id: quota
            for quota in set_quotas(
                assignment_id=self.assignment.pk, seats={unit.pk: seats for unit in self.units}, by=self.staff
            )
        }
        if issued:
            issue_assignment(assignment_id=self.assignment.pk, by=self.staff)

    def assign(self, offering: Offering, **fields: Any) -> Assignment:
        """A draft for another class, with the same dates."""
        dates = {
            "nominate_by": self.made_at + timedelta(days=10),
            "confirm_by": self.made_at + timedelta(days=15),
            "substitutes_until": self.made_at + timedelta(days=20),
        }
        return make_assignment(offering_id=offering.pk, by=self.staff, **{**dates, **fields})

    def after(self, days: float) -> datetime:
        """So many days after the assignment was made."""
        return self.made_at + timedelta(days=days)

    @property
    def officer(self) -> Any:
        return self.officers[self.city.finance_bureau.pk]

    @property
    def orgdept(self) -> Any:
        return self.orgdepts[self.city.east.pk]

    @property
    def quota(self) -> AssignmentQuota:
        """The finance bureau's, as it is stored now."""
        return AssignmentQuota.objects.get(pk=self.quotas[self.city.finance_bureau.pk].pk)

    def cadre(self, unit: Unit | None = None, *, log_in: bool = False, **fields: Any) -> Cadre:
        """Somebody of a unit, the finance bureau's by default."""
        make = make_trainee if log_in else CadreFactory
        return make(unit=unit or self.city.finance_bureau, **fields)

    def nominate(self, cadre: Cadre | None = None, *, unit: Unit | None = None, **fields: Any) -> Nomination:
        """A nomination by the unit's officer, who saw every warning."""
        unit = unit or self.city.finance_bureau
        pk = nominate_cadre(
            quota_id=self.quotas[unit.pk].pk,
            cadre_id=(cadre or self.cadre(unit)).pk,
            **{"by": self.officers[unit.pk], "seen": ALL_WARNINGS, **fields},
        )
        return fresh(pk)

    def confirm(self, nomination: Nomination, **fields: Any) -> Nomination:
        """Confirmed by the organisation department of the nomination's unit."""
        confirm_nomination(nomination_id=nomination.pk, **{"by": self.orgdept, **fields})
        return fresh(nomination.pk)

    def confirmed(self, cadre: Cadre | None = None) -> Nomination:
        """Somebody of the finance bureau, nominated and confirmed."""
        return self.confirm(self.nominate(cadre))


def fresh(pk: int) -> Nomination:
    """The nomination as it is stored now."""
    return Nomination.objects.unscoped("tests").select_related("enrolment", "cadre").get(pk=pk)
