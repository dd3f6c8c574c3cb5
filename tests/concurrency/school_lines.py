"""A school with topics and lines, for races about them."""

from datetime import timedelta
from functools import partial
from typing import Any

from partyschool.accounts.enums import Role
from partyschool.common import clock
from partyschool.common.errors import DomainError
from partyschool.common.integrity import all_checks, faults_of
from tests.factories.accounts import make_unit, make_user
from tests.factories.courses import OfferingFactory, SelectionRoundFactory
from tests.factories.trainees import make_trainee
from trainees.models import Enrolment, WaitingEntry
from trainees.services.electives import select_topic
from trainees.services.line_locks import CADRE, OFFERINGS, ROUNDS
from trainees.services.promotion import promote_waiting
from trainees.services.waiting import join_waiting_list

# The lock of the line is the seat row; without it the twins run.
WITHOUT_SEATS = (CADRE, ROUNDS, OFFERINGS)


class School:
    """A round with topics of few seats, and people who hold them or stand in line."""

    def __init__(self, **fields: Any) -> None:
        self.unit = make_unit()
        self.staff = make_user(Role.STAFF)
        self.round = SelectionRoundFactory(**fields)

    def topic(self, seats: int = 1) -> Any:
        starts_on = clock.school_date() + timedelta(days=30)
        return OfferingFactory(
            selection_round=self.round, capacity=seats, starts_on=starts_on, ends_on=starts_on
        )

    def people(self, number: int) -> list[Any]:
        return [make_trainee(unit=self.unit) for _each in range(number)]

    def holding(self, topic: Any, number: int = 1) -> list[Any]:
        holders = self.people(number)
        for holder in holders:
            select_topic(offering_id=topic.pk, by=holder.user)
        return holders

    def in_line(self, topic: Any, number: int) -> list[Any]:
        people = self.people(number)
        for one in people:
            join_waiting_list(offering_id=topic.pk, by=one.user)
        return people


def sitting(topic: Any) -> list[int]:
    places = Enrolment.objects.filter(offering=topic, state__in=["enrolled", "held"]).unscoped("test")
    return list(places.order_by("pk").values_list("cadre", flat=True))


def states(topic: Any) -> list[str]:
    entries = WaitingEntry.objects.filter(offering=topic).unscoped("test").order_by("queued_at", "pk")
    return list(entries.values_list("state", flat=True))


def assert_books_agree() -> None:
    for name in ("trainees.seats", "trainees.reserved_seats", "trainees.waiting"):
        assert list(faults_of(all_checks()[name])) == []


def refused(outcomes: list[Any]) -> list[type]:
    return [type(one) for one in outcomes if isinstance(one, DomainError)]


def promoters(topic: Any, number: int) -> list[Any]:
    return [partial(promote_waiting, offering_id=topic.pk)] * number
