"""The school in the database and its model, moved together: every deed is done to both, and whatever can be seen of both is compared."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import connection

from courses.models import Lesson, SeatCount, SeatReservation, SelectionRound, UnitQuota
from courses.services.offerings import set_capacity
from courses.services.rounds import close_round, open_change_window, open_round
from courses.services.setup import Rows, SeatPlan, arrange_seats
from partyschool.common.errors import DomainError
from partyschool.common.locking import locking_transaction
from tests.concurrency.electives_world import World, faults
from tests.concurrency.model_rows import ASIDE, RULES, Entry, Person, Place, Refused, Topic
from trainees.enums import LIVE_WAITING_STATES, AttendanceStatus, OverrideRule
from trainees.models import Enrolment, WaitingEntry
from trainees.rules import electives
from trainees.selectors.electives import facts_of_candidates
from trainees.selectors.waiting import positions_of
from trainees.services import offers, promotion, swapping, waiting
from trainees.services.attendance import mark_attendance
from trainees.services.cancelling import cancel_offering
from trainees.services.closing import close_offering
from trainees.services.electives import select_topic, withdraw_from_topic
from trainees.services.enrolments import enrol_cadre
from trainees.services.moving import move_cadre, withdraw_cadre

# How the model calls what staff may set aside.
OVERRIDES = dict(
    zip(
        ASIDE,
        (
            OverrideRule.ELIGIBILITY,
            OverrideRule.REPEAT,
            OverrideRule.LIMIT,
            OverrideRule.QUOTA,
            OverrideRule.CLASH,
            OverrideRule.QUEUE,
        ),
        strict=True,
    )
)
KINDS: dict[str, Any] = {
    kind.__name__: kind
    for kind in vars(electives).values()
    if isinstance(kind, type) and issubclass(kind, DomainError)
}


class Pair:
    """The world and its model, moved together. `seen` counts which deed had which outcome, and what people were told."""

    def __init__(self, world: World, seen: Counter[tuple[str, str]]) -> None:
        self.world, self.model, self.seen = world, world.model(), seen

    # --- both do it -----------------------------------------------------------------------------------------------------------------

    def both(self, deed: str, model: Callable[[], Any], portal: Callable[[], Any]) -> None:
        """Do one deed to both; both do it, or refuse it with the same words."""
        outcome = expected = "done"
        try:
            model()
        except Refused as refusal:
            expected = refusal.kind
        try:
            portal()
        except DomainError as error:
            outcome = type(error).__name__
        assert (deed, outcome) == (deed, expected)
        self.seen[deed, outcome] += 1

    def _ids(self, person: Person, topic: Topic) -> dict[str, Any]:
        return {
            "offering_id": self.world.offerings[topic.number].pk,
            "by": self.world.cadres[person.number].user,
            "now": self.model.now,
        }

    def own(self, deed: str, person: Person, topic: Topic) -> None:
        """What a person does to one topic: the deed has one name in the model and one in the portal."""
        service = {
            "select": select_topic,
            "withdraw": withdraw_from_topic,
            "leave_line": waiting.leave_waiting_list,
            "accept": offers.accept_offer,
            "decline": offers.decline_offer,
        }[deed]
        ids = self._ids(person, topic)
        self.both(deed, lambda: getattr(self.model, deed)(person, topic), lambda: service(**ids))

    def join(self, person: Person, topic: Topic, wish: Topic | None) -> None:
        gives_up = self.world.offerings[wish.number].pk if wish is not None else None
        self.both(
            "join" if wish is None else "join to swap",
            lambda: self.model.join(person, topic, wish),
            lambda: waiting.join_waiting_list(gives_up=gives_up, **self._ids(person, topic)),
        )

    def swap(self, person: Person, old: Topic, new: Topic) -> None:
        self.both(
            "swap",
            lambda: self.model.swap(person, old, new),
            lambda: swapping.swap_topics(
                give_up_offering_id=self.world.offerings[old.number].pk, **self._ids(person, new)
            ),
        )

    def prefer(self, entry: Entry, priority: int) -> None:
        found = self._entries()[self.model.entries.index(entry)]
        self.both(
            "prefer",
            lambda: self.model.prefer(entry, priority),
            lambda: waiting.set_priority(
                entry_id=found.pk, priority=priority, reason="r", by=self.world.staff, now=self.model.now
            ),
        )

    def set_capacity(self, topic: Topic, seats: int) -> None:
        self.both(
            "capacity",
            lambda: self.model.set_capacity(topic, seats),
            lambda: set_capacity(
                offering_id=self.world.offerings[topic.number].pk, capacity=seats, **self._by_staff()
            ),
        )

    def reserve(self, seats: int) -> None:
        def portal() -> None:
            kept = SeatReservation.objects.get(pk=self.world.kept.pk)
            kept.seats = seats
            with locking_transaction():
                plan = SeatPlan(reservations=Rows([kept]))
                arrange_seats(round_id=self.world.round.pk, plan=plan, **self._by_staff())

        self.both("reserve", lambda: self.model.reserve(self.model.topics[3], seats), portal)

    def enrol(self, person: Person, topic: Topic, aside: str | None) -> None:
        rule = self._set_aside(aside)
        self.both(
            "enrol" if aside is None else f"enrol aside {aside}",
            lambda: self.model.enrol(person, topic, aside),
            lambda: enrol_cadre(
                cadre_id=self.world.cadres[person.number].pk,
                offering_id=self.world.offerings[topic.number].pk,
                **rule,
                **self._by_staff(),
            ),
        )
        self._forget_aside()

    def move(self, place: Place, topic: Topic, aside: str | None) -> None:
        rule = {"reason": "r", **self._set_aside(aside)}
        found = self._places()[self.model.places.index(place)]
        self.both(
            "move" if aside is None else "move aside",
            lambda: self.model.move(place, topic, aside),
            lambda: move_cadre(
                enrolment_id=found.pk,
                to_offering_id=self.world.offerings[topic.number].pk,
                **rule,
                **self._by_staff(),
            ),
        )
        self._forget_aside()

    def take_back(self, place: Place) -> None:
        found = self._places()[self.model.places.index(place)]
        self.both(
            "take back",
            lambda: self.model.take_back(place),
            lambda: withdraw_cadre(enrolment_id=found.pk, reason="r", **self._by_staff()),
        )

    @staticmethod
    def _set_aside(aside: str | None) -> dict[str, Any]:
        return {} if aside is None else {"aside": OVERRIDES[aside], "reason": "r"}

    @staticmethod
    def _forget_aside() -> None:
        """What a service says for its own transaction outlives it here, where all of them are parts of one."""
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL partyschool.aside = ''")

    def _by_staff(self) -> dict[str, Any]:
        return {"by": self.world.staff, "now": self.model.now}

    def close_round(self) -> None:
        self.both(
            "close round",
            self.model.close_round,
            lambda: close_round(round_id=self.world.round.pk, **self._by_staff()),
        )

    def open_round(self) -> None:
        self.both(
            "open round",
            self.model.open_round,
            lambda: open_round(round_id=self.world.round.pk, **self._by_staff()),
        )

    def open_change_window(self, until: datetime) -> None:
        self.both(
            "change window",
            lambda: self.model.open_change_window(until),
            lambda: open_change_window(round_id=self.world.round.pk, until=until, **self._by_staff()),
        )

    def cancel(self, topic: Topic) -> None:
        offering_id = self.world.offerings[topic.number].pk
        self.both(
            "cancel",
            lambda: self.model.cancel(topic),
            lambda: cancel_offering(offering_id=offering_id, reason="r", **self._by_staff()),
        )

    def close(self, topic: Topic) -> None:
        """Everybody was there; then the books of the topic are closed."""
        offering = self.world.offerings[topic.number]
        by = self._by_staff()
        there = Enrolment.objects.filter(offering=offering, state="enrolled").unscoped("test")
        marks = dict.fromkeys(there.values_list("pk", flat=True), AttendanceStatus.PRESENT)
        lesson = Lesson.objects.get(offering=offering)
        mark_attendance(lesson_id=lesson.pk, marks=marks, **by)
        self.both(
            "close", lambda: self.model.close(topic), lambda: close_offering(offering_id=offering.pk, **by)
        )

    def walk(self, topic: Topic) -> None:
        """What the task does that is rung for when a seat is freed."""
        offering_id = self.world.offerings[topic.number].pk
        self.both(
            "walk",
            lambda: self.model.walk(topic),
            lambda: promotion.promote_waiting(offering_id=offering_id, now=self.model.now),
        )

    def sweep(self) -> None:
        """What beat has done each minute."""
        self.both("sweep", self.model.sweep, lambda: promotion.sweep_lines(now=self.model.now))

    # --- both are looked at ---------------------------------------------------------------------------------------------------------

    def _places(self) -> list[Enrolment]:
        places = Enrolment.objects.filter(offering__in=self.world.offerings).unscoped("test")
        return list(places.order_by("pk"))

    def _entries(self) -> list[WaitingEntry]:
        entries = WaitingEntry.objects.unscoped("test").select_related("gives_up")
        return list(entries.order_by("pk"))

    def assert_alike(self, step: int) -> None:
        """Whoever looks finds the same in both, and nobody who checks the data has anything to say."""
        assert self.seats() == [self.model.counts(topic) for topic in self.model.topics]
        places, entries = self._places(), self._entries()
        assert self.places(places) == [
            (one.person.number, one.topic.number, one.state, one.on_reserved, one.counted)
            for one in self.model.places
        ]
        assert self.entries(entries) == [
            (
                one.person.number,
                one.topic.number,
                one.state,
                KINDS[one.reason].code if one.reason else "",
                one.priority,
                one.wish.topic.number if one.wish else None,
                one.until,
            )
            for one in self.model.entries
        ]
        assert self.positions(entries) == {
            (entry.person.number, topic.number): position
            for topic in self.model.topics
            for position, entry in enumerate(self.model.line(topic), 1)
        }
        assert self.round() == (
            self.model.round_state,
            self.model.change_closes_at,
            [topic.state for topic in self.model.topics],
        )
        # One topic after the other: what its page tells each person.
        topic = self.model.topics[step % len(self.model.topics)]
        told = self.answers(topic)
        assert told == {
            person.number: self.model.refusal(RULES, person, topic) for person in self.model.people
        }
        self.seen.update(("told", kind or "nothing") for kind in told.values())
        assert list(faults()) == []

    def seats(self) -> list[dict[str, int]]:
        columns = ("capacity", "taken", "reserved", "reserved_taken")
        rows = list(
            SeatCount.objects.filter(offering__in=self.world.offerings).order_by("pk").values(*columns)
        )
        quotas = dict(UnitQuota.objects.values_list("offering", "taken"))
        return [
            {**row, "quota_taken": quotas.get(one.pk, 0)}
            for one, row in zip(self.world.offerings, rows, strict=True)
        ]

    def _number(self, offering_id: int) -> int:
        return [one.pk for one in self.world.offerings].index(offering_id)

    def places(self, places: list[Enrolment]) -> list[tuple[Any, ...]]:
        return [
            (
                self.world.numbers[one.cadre_id],
                self._number(one.offering_id),
                one.state,
                one.reservation_id is not None,
                one.quota_id is not None,
            )
            for one in places
        ]

    def entries(self, entries: list[WaitingEntry]) -> list[tuple[Any, ...]]:
        return [
            (
                self.world.numbers[one.cadre_id],
                self._number(one.offering_id),
                one.state,
                one.skipped_code,
                one.priority,
                self._number(one.gives_up.offering_id) if one.gives_up else None,
                one.offered_until,
            )
            for one in entries
        ]

    def positions(self, entries: list[WaitingEntry]) -> dict[tuple[int, int], int]:
        found = positions_of([one for one in entries if one.state in LIVE_WAITING_STATES])
        return {
            (self.world.numbers[one.cadre_id], self._number(one.offering_id)): found[one.pk][0]
            for one in entries
            if one.pk in found
        }

    def round(self) -> tuple[Any, ...]:
        rows = SelectionRound.objects.filter(pk=self.world.round.pk).order_by("offerings__pk")
        found = list(rows.values_list("state", "change_closes_at", "offerings__state"))
        return *found[0][:2], [state for _round, _end, state in found]

    def answers(self, topic: Topic) -> dict[int, str | None]:
        """What the portal tells each person of a topic: why it cannot be picked now."""
        told: dict[int, str | None] = {}
        offering_id = self.world.offerings[topic.number].pk
        for facts in facts_of_candidates(offering_id=offering_id, cadre_ids=list(self.world.numbers)):
            denial = electives.selection_denial(facts, self.model.now)
            told[self.world.numbers[facts.cadre_id]] = type(denial).__name__ if denial else None
        return told
