"""Some seconds of everything at once: seats, lines and rules hold under people and staff who do as they please, each on a connection of their own."""

import random
import threading
import time
from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection

from courses.services.offerings import set_capacity
from partyschool.accounts.enums import Role
from partyschool.common import clock
from partyschool.common.errors import DomainError
from partyschool.common.integrity import all_checks, faults_of
from tests.concurrency.rivals import compete
from tests.factories.accounts import make_unit, make_user
from tests.factories.courses import OfferingFactory, SelectionRoundFactory
from tests.factories.trainees import make_trainee
from trainees.models import Enrolment, WaitingEntry
from trainees.rules.electives import promotion_denial
from trainees.selectors.electives import facts_for_cadre
from trainees.services.electives import select_topic, withdraw_from_topic
from trainees.services.moving import move_cadre
from trainees.services.offers import accept_offer, decline_offer
from trainees.services.promotion import promote_waiting, sweep_lines
from trainees.services.swapping import swap_topics
from trainees.services.waiting import join_waiting_list, leave_waiting_list

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

SECONDS, THREADS, PEOPLE, SEATS = 10, 12, 30, (3, 4, 5, 6)
OVERSOLD = """
SELECT count(*) FROM courses_seatcount s WHERE s.taken > s.capacity
   OR s.taken <> (SELECT count(*) FROM trainees_enrolment e WHERE e.offering_id = s.offering_id AND e.state IN ('enrolled', 'held'))
"""


class Storm:
    """Four topics of few seats, more people than seats, and threads that do random things to both until the time is over."""

    def __init__(self, **fields: Any) -> None:
        unit = make_unit()
        self.staff = make_user(Role.STAFF)
        self.round = SelectionRoundFactory(max_picks=2, **fields)
        starts_on = clock.school_date() + timedelta(days=30)
        self.topics = [
            OfferingFactory(
                selection_round=self.round, capacity=seats, starts_on=starts_on, ends_on=starts_on
            ).pk
            for seats in SEATS
        ]
        self.people = [make_trainee(unit=unit) for _each in range(PEOPLE)]
        for topic, holder in zip(self.topics, self.people, strict=False):
            select_topic(offering_id=topic, by=holder.user)
        self.outcomes: Counter[str] = Counter()
        self.over = time.monotonic() + SECONDS
        self.guard = threading.Lock()

    def whirl(self, seed: int) -> None:
        """One thread: random deeds until the time is over; what is refused is refused by a typed error, or the thread fails."""
        dice = random.Random(seed)
        deeds = [self._select] * 4 + [
            self._withdraw,
            self._join,
            self._join,
            self._join,
            self._leave,
            self._swap,
        ]
        deeds += [self._answer, self._answer, self._move, self._capacity, self._walk]
        while time.monotonic() < self.over:
            deed = dice.choice(deeds)
            try:
                deed(dice)
                outcome = "done"
            except DomainError as refusal:
                outcome = type(refusal).__name__
            with self.guard:
                self.outcomes[f"{deed.__name__.strip('_')} {outcome}"] += 1

    def watch(self) -> list[int]:
        """What a reader of the seats sees meanwhile: how many seat rows do not agree with their places."""
        sampled = []
        while time.monotonic() < self.over:
            sampled.append(answer_of(OVERSOLD)[0][0])
            time.sleep(0.02)
        return sampled

    def _one(self, dice: random.Random) -> dict[str, Any]:
        return {"offering_id": dice.choice(self.topics), "by": dice.choice(self.people).user}

    def _select(self, dice: random.Random) -> None:
        select_topic(**self._one(dice))

    def _held(self, dice: random.Random) -> Enrolment:
        """One of the places that are held just now, or were a moment ago."""
        places = Enrolment.objects.filter(state="enrolled").unscoped("test").select_related("cadre__user")
        return dice.choice(list(places))

    def _withdraw(self, dice: random.Random) -> None:
        place = self._held(dice)
        withdraw_from_topic(offering_id=place.offering_id, by=place.cadre.user)

    def _join(self, dice: random.Random) -> None:
        wish = dice.choice([None, None, *self.topics])
        join_waiting_list(gives_up=wish, **self._one(dice))

    def _leave(self, dice: random.Random) -> None:
        for entry in self._entries("waiting")[-1:]:
            leave_waiting_list(offering_id=entry.offering_id, by=entry.cadre.user)

    def _swap(self, dice: random.Random) -> None:
        place = self._held(dice)
        swap_topics(
            give_up_offering_id=place.offering_id, offering_id=dice.choice(self.topics), by=place.cadre.user
        )

    def _move(self, dice: random.Random) -> None:
        place, topic = self._held(dice), dice.choice(self.topics)
        move_cadre(enrolment_id=place.pk, to_offering_id=topic, reason="r", by=self.staff)

    def _answer(self, dice: random.Random) -> None:
        for entry in self._entries("offered")[:1]:
            answer = dice.choice([accept_offer, accept_offer, decline_offer])
            answer(offering_id=entry.offering_id, by=entry.cadre.user)

    def _entries(self, state: str) -> list[WaitingEntry]:
        entries = WaitingEntry.objects.filter(state=state).unscoped("test").select_related("cadre__user")
        return list(entries.order_by("pk"))

    def _capacity(self, dice: random.Random) -> None:
        number = dice.randrange(len(SEATS))
        seats = SEATS[number] + dice.randint(-1, 1)
        set_capacity(offering_id=self.topics[number], capacity=seats, by=self.staff)

    def _walk(self, dice: random.Random) -> None:
        promote_waiting(offering_id=dice.choice(self.topics))

    # --- afterwards -----------------------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Until a sweep finds nothing more to give."""
        for _sweep in range(20):
            before = self.seated()
            sweep_lines()
            if before == self.seated():
                return
        pytest.fail("the lines do not come to rest")

    def seated(self) -> list[int]:
        places = Enrolment.objects.filter(state__in=["enrolled", "held"]).unscoped("test")
        return list(places.order_by("pk").values_list("pk", flat=True))

    def stranded(self) -> list[tuple[int, int]]:
        """Who stands in line beside a free seat that no rule keeps from them."""
        line = WaitingEntry.objects.filter(state__in=["waiting", "skipped"]).unscoped("test")
        found = []
        for entry in line.select_related("gives_up"):
            wish = entry.gives_up_id if entry.gives_up and entry.gives_up.state != "withdrawn" else 0
            facts = facts_for_cadre(cadre_id=entry.cadre_id, offering_id=entry.offering_id, without=wish)
            if promotion_denial(facts, clock.now()) is None:
                found.append((entry.cadre_id, entry.offering_id))
        return found


# Who came first, was never told of being skipped, and was still there when the portal gave the seat to the other one.
OVERTAKEN = """
WITH entry AS (
    SELECT w.*, coalesce(place.created_at, w.ended_at, 'infinity') AS gone_at FROM trainees_waitingentry w
    LEFT JOIN trainees_enrolment place ON place.id = w.enrolment_id
)
SELECT first.id, second.id FROM entry first JOIN entry second USING (offering_id)
WHERE (first.queued_at, first.id) < (second.queued_at, second.id) AND first.gone_at > second.gone_at
  AND EXISTS (SELECT FROM notices_notice n
              WHERE n.event IN ('waiting.obtained:' || second.id, 'waiting.offered:' || second.id))
  AND NOT EXISTS (SELECT FROM notices_notice n WHERE n.event = 'waiting.skipped:' || first.id)
"""
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


def answer_of(sql: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


@pytest.mark.parametrize("mode", ["automatic", "offer"])
def test_storm_leaves_every_seat_and_line_in_order(mode):
    storm = Storm(waiting=mode, offer_hours=24)
    calls: list[Any] = [partial(storm.whirl, seed) for seed in range(THREADS)]
    sampled = compete([*calls, storm.watch])[-1]
    assert len(sampled) > 10
    assert set(sampled) == {0}
    # Who loses a deadlock is told that the portal is busy; the order of locks leaves nobody to lose one.
    assert answer_of(DEADLOCKS) == [(0,)]
    done = {name.split()[0] for name in storm.outcomes if name.endswith(" done")}
    assert done >= {"select", "withdraw", "join", "leave", "answer", "capacity", "walk"}
    refused = {name.split()[1] for name in storm.outcomes}
    assert refused >= {"Full", "LimitReached", "Duplicate", "WrongState"}
    assert answer_of(OVERTAKEN) == []
    storm.settle()
    assert storm.stranded() == []
    assert answer_of(OVERSOLD) == [(0,)]
    assert answer_of(OVERTAKEN) == []
    checks = [check for name, check in all_checks().items() if name.startswith("trainees.")]
    assert [fault for check in checks for fault in faults_of(check)] == []
