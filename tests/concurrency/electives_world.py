"""A small school in the database, and its model: the ground of the machines that compare the two."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, time, timedelta
from typing import Any

from django.db import transaction

from courses.enums import WaitingMode
from courses.models import Offering, SeatCount, SeatReservation, UnitQuota
from partyschool.accounts.enums import Role
from partyschool.common import clock
from partyschool.common.integrity import all_checks
from tests.concurrency.model import School
from tests.concurrency.model_rows import Person, Topic
from tests.factories.accounts import make_unit, make_user
from tests.factories.courses import LessonFactory, OfferingFactory, SelectionRoundFactory
from tests.factories.trainees import EnrolmentFactory, make_scheme, make_trainee
from trainees.enums import Rank

OFFER_HOURS = 2
EAST, WEST = "east", "west"
# The checks that speak of seats and lines; the others have a look when all is over.
SEATS_AND_LINES = {"trainees.seats", "trainees.reserved_seats", "trainees.waiting"}


def faults(*, every: bool = False) -> Iterator[str]:
    """What the data checks of trainees have to say."""
    for name, check in all_checks().items():
        if name in SEATS_AND_LINES or (every and name.startswith("trainees.")):
            yield from check()


@contextmanager
def undone() -> Iterator[None]:
    """Everything done inside is undone. Services may open their durable transactions in it, as they may in any test case."""
    whole = transaction.atomic()
    whole._from_testcase = True  # type: ignore[attr-defined]  # what Django's own test cases say of theirs
    with whole:
        try:
            yield
        finally:
            transaction.set_rollback(True)


class World:
    """Six people of two units and four topics: a plain one, two that clash, and one with a reserved seat and a unit's quota."""

    START = time(9)

    def __init__(self, waiting_mode: str) -> None:
        self.offer_hours = OFFER_HOURS if waiting_mode == WaitingMode.OFFER else None
        self.today = clock.school_date()
        self.begin = clock.school_instant(self.today, self.START)
        self.staff = make_user(Role.STAFF)
        self.units = {name: make_unit(name=name) for name in (EAST, WEST)}
        self.round = SelectionRoundFactory(
            opens_at=self.begin - timedelta(days=1),
            closes_at=self.begin + timedelta(days=2),
            max_picks=2,
            ranks=[Rank.TOWNSHIP_SECTION],
            waiting=waiting_mode,
            offer_hours=OFFER_HOURS,
            freeze_days=1,
        )
        # The last topic begins before the round is over, so that its line ends while topics are picked.
        days, seats = (20, 10, 10, 3), (1, 2, 1, 3)
        self.offerings = [self._topic(day, capacity) for day, capacity in zip(days, seats, strict=True)]
        self.kept = SeatReservation.objects.create(
            offering=self.offerings[3], name=EAST, unit=self.units[EAST], seats=1
        )
        UnitQuota.objects.create(offering=self.offerings[3], unit=self.units[WEST], most=1)
        self.cadres = [make_trainee(unit=self.units[self.unit_of(number)]) for number in range(6)]
        self.cadres[5].rank = Rank.STAFF
        self.cadres[5].save(update_fields=["rank"])
        self.numbers = {cadre.pk: number for number, cadre in enumerate(self.cadres)}
        self._attended_before(self.cadres[0], self.offerings[2])
        for year in sorted({self._day(day).year for day in days}):
            make_scheme(year)

    @staticmethod
    def unit_of(number: int) -> str:
        return EAST if number % 2 == 0 else WEST

    def _day(self, number: int) -> date:
        return self.today + timedelta(days=number)

    def _topic(self, day: int, capacity: int) -> Offering:
        on = self._day(day)
        topic: Offering = OfferingFactory(
            selection_round=self.round, capacity=capacity, starts_on=on, ends_on=on
        )
        begins = clock.school_instant(on, self.START)
        LessonFactory(offering=topic, starts_at=begins, ends_at=begins + timedelta(hours=3))
        return topic

    def _attended_before(self, cadre: Any, offering: Offering) -> None:
        """Every topic of few seats has been held in an earlier year as well."""
        offering.series = "series of years"
        offering.save(update_fields=["series"])
        past = OfferingFactory(series=offering.series, capacity=1, year=2020)
        EnrolmentFactory(
            cadre=cadre, offering=past, state="completed", ended_at=self.begin, ended_by=self.staff
        )
        SeatCount.objects.filter(pk=past.pk).update(frozen=True)
        Offering.objects.filter(pk=past.pk).update(state="closed", closed_at=self.begin)

    def model(self) -> School:
        """The model of the untouched world."""
        people = [Person(number, self.unit_of(number)) for number in range(6)]
        people[0].attended, people[5].admitted = frozenset({2}), False
        freezes = [
            clock.school_instant(one.starts_on - timedelta(days=1), time.min) for one in self.offerings
        ]
        topics = [
            Topic(0, 1, freezes[0]),
            Topic(1, 2, freezes[1], clashes=frozenset({2})),
            Topic(2, 1, freezes[2], clashes=frozenset({1})),
            Topic(3, 3, freezes[3], reserved=1, kept_for=EAST, limited=WEST, most=1),
        ]
        return School(people, topics, self.begin, self.round.closes_at, 2, self.offer_hours)
