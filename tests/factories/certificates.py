"""A closed class whose people completed it."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from courses.enums import OfferingKind, OfferingState
from courses.models import Offering, SeatCount
from partyschool.accounts.enums import Role
from partyschool.common import clock
from tests.factories.accounts import City, make_user
from tests.factories.courses import LessonFactory, OfferingFactory
from tests.factories.trainees import CadreFactory, EnrolmentFactory
from trainees.enums import EnrolmentState
from trainees.models import Cadre, Enrolment

ENDED = clock.school_instant(date(2025, 6, 27), time(17))


def closed_class(
    cadres: Sequence[Cadre], *, by: Any, state: str = EnrolmentState.COMPLETED, **fields: Any
) -> Offering:
    """A class of 2 to 27 June 2025 with 8 class-hours, closed; `cadres` left it in `state`."""
    given = {
        "kind": OfferingKind.MAIN_CLASS,
        "title": "2025年春季县处级干部进修班",
        "starts_on": date(2025, 6, 2),
        "ends_on": date(2025, 6, 27),
        "capacity": max(30, len(cadres)),
        **fields,
    }
    offering = OfferingFactory(**given)
    for day in range(2):
        starts = clock.school_instant(offering.starts_on + timedelta(days=day), time(9))
        LessonFactory(
            offering=offering, starts_at=starts, ends_at=starts + timedelta(hours=3), hours=Decimal(4)
        )
    for cadre in cadres:
        EnrolmentFactory(cadre=cadre, offering=offering, created_by=by)
    places = Enrolment.objects.filter(offering=offering).unscoped("tests")
    places.update(state=state, ended_at=ENDED, ended_by=by)
    close(offering, ENDED)
    return offering


def close(offering: Offering, at: datetime) -> None:
    """What closing an offering does to its own row and that of its seats."""
    SeatCount.objects.filter(pk=offering.pk).update(frozen=True)
    Offering.objects.filter(pk=offering.pk).update(state=OfferingState.CLOSED, closed_at=at)
    offering.refresh_from_db()


class Certified:
    """A closed class with one person of the finance bureau (with a log-in), one of its sibling and one of a cousin."""

    def __init__(self) -> None:
        self.city = City()
        self.staff = make_user(Role.STAFF)
        self.trainee = make_user(Role.TRAINEE)
        self.own = CadreFactory(unit=self.city.finance_bureau, name="王䶮", user=self.trainee)
        self.sibling = CadreFactory(unit=self.city.culture_bureau, name="同级")
        self.cousin = CadreFactory(unit=self.city.cousin_bureau, name="旁系")
        self.offering = closed_class([self.own, self.sibling, self.cousin], by=self.staff)
