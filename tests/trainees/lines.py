"""A topic with a line, for the tests of waiting, offers and swaps."""

from datetime import timedelta
from typing import Any

from courses.enums import WaitingMode
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.notices.models import Notice
from tests.factories.accounts import make_unit
from tests.factories.courses import OfferingFactory, SelectionRoundFactory
from tests.factories.trainees import make_trainee
from trainees.models import Enrolment, WaitingEntry
from trainees.services.electives import select_topic, withdraw_from_topic
from trainees.services.promotion import Promoted, promote_waiting
from trainees.services.waiting import join_waiting_list

STARTS = 30
HOUR = timedelta(hours=1)


class Line:
    """A topic with one seat that is taken, and people to stand in line."""

    def __init__(self, people: int = 3, found: Any = None, **fields: Any) -> None:
        self.unit = make_unit()
        self.round = found or SelectionRoundFactory(**{"waiting": WaitingMode.AUTOMATIC, **fields})
        self.topic = self.another(capacity=1, title="Rural revival")
        self.holder = make_trainee(unit=self.unit)
        select_topic(offering_id=self.topic.pk, by=self.holder.user)
        self.people = [make_trainee(unit=self.unit) for _each in range(people)]

    def another(self, **fields: Any) -> Any:
        starts_on = clock.school_date() + timedelta(days=STARTS)
        return OfferingFactory(
            **{"selection_round": self.round, "starts_on": starts_on, "ends_on": starts_on, **fields}
        )

    def join(self, *people: Any, **fields: Any) -> list[WaitingEntry]:
        return [
            join_waiting_list(offering_id=self.topic.pk, by=one.user, **fields)
            for one in people or self.people
        ]

    def free(self) -> None:
        withdraw_from_topic(offering_id=self.topic.pk, by=self.holder.user)

    def promote(self, **fields: Any) -> Promoted:
        return promote_waiting(offering_id=self.topic.pk, **fields)

    def states(self) -> list[str]:
        entries = WaitingEntry.objects.filter(offering=self.topic).unscoped("test")
        return list(entries.order_by("pk").values_list("state", flat=True))


def sitting(offering: Any) -> list[int]:
    places = Enrolment.objects.filter(offering=offering, state__in=["enrolled", "held"]).unscoped("test")
    return list(places.order_by("pk").values_list("cadre", flat=True))


def place_of(cadre: Any, offering: Any) -> Enrolment:
    return Enrolment.objects.unscoped("test").filter(cadre=cadre, offering=offering).latest("pk")


def deeds() -> list[str]:
    return list(AuditEvent.objects.unscoped("test").order_by("pk").values_list("action", flat=True))


def told(cadre: Any) -> list[str]:
    notices = Notice.objects.filter(recipient=cadre.user).unscoped("test").order_by("pk")
    return list(notices.values_list("event", flat=True))


def offered(**fields: Any) -> Line:
    line = Line(people=2, waiting="offer", offer_hours=24, **fields)
    line.join()
    line.free()
    assert line.promote() == Promoted(offered=1)
    return line
