"""Whatever people and staff do one after the other, seats, lines and refusals are those of a plain model; and a broken rule is found."""

import random
from collections import Counter
from datetime import timedelta
from functools import partial
from inspect import signature
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from courses.enums import WaitingMode
from tests.concurrency.electives_pair import Pair
from tests.concurrency.electives_world import World, faults, undone
from tests.concurrency.model_rows import ASIDE, IN_LINE, KINDS, Person, Topic
from trainees.enums import OverrideRule
from trainees.models import WaitingEntry
from trainees.rules import electives
from trainees.services import promotion

pytestmark = pytest.mark.django_db

PEOPLE, TOPICS, TURNS = st.integers(0, 5), st.integers(0, 3), st.integers(0, 99)
# What each rule chooses from; for Hypothesis, and for the dice.
DEEDS: dict[str, list[str]] = {
    "pick": ["select", "withdraw", "swap"],
    "answer": ["accept", "decline"],
    "leave_or_try_to_answer": ["leave_line", "accept", "decline"],
    "arrange": ["capacity", "capacity", "reserve", "prefer"],
    "place": ["enrol", "move"],
    "turn_round": ["close", "open", "open", "change", "cancel"],
}
HOURS = [0, 0, 1, 1, 2, 20]


class Electives(RuleBasedStateMachine):
    """One deed after the other, to the portal and to the model; `turn` chooses among whatever there is at the time."""

    def __init__(self, world: World, seen: Counter[tuple[str, str]]) -> None:
        super().__init__()
        self.pair = Pair(world, seen)
        self.school = self.pair.model
        self.sound, self.steps = True, 0
        self.whole = undone()
        self.whole.__enter__()

    def teardown(self) -> None:
        try:
            if self.sound:
                self.end()
        finally:
            self.whole.__exit__(None, None, None)

    def end(self) -> None:
        """One topic is cancelled, the others have been held and are closed, whoever still waits or is offered a seat there."""
        assert list(faults(every=True)) == []
        first, *others = self.school.topics
        if first.state == "published":
            self.pair.cancel(first)
        self.school.now += timedelta(days=30)
        for topic in others:
            if topic.state == "published":
                self.pair.close(topic)
        self.pair.assert_alike(0)
        assert list(faults(every=True)) == []

    @invariant()
    def all_is_as_the_model_says(self) -> None:
        self.sound = False
        self.steps += 1
        self.pair.assert_alike(self.steps)
        self.sound = True

    def _do(self, deed: Any, *arguments: Any) -> None:
        self.sound = False
        deed(*arguments)

    # --- people -------------------------------------------------------------------------------------------------------------------------

    @initialize(
        first=st.permutations(range(5)),
        wishes=st.lists(st.tuples(PEOPLE, TOPICS, TURNS), min_size=3, max_size=8),
    )
    def a_rush(self, first: list[int], wishes: list[tuple[int, int, int]]) -> None:
        """Topics are full soon, and people stand in line, as it is in life."""
        for turn, person in enumerate(first):
            for topic in (turn % 4, (turn + 3) % 4):
                self._do(self.pair.own, "select", *self._who(person, topic))
        for person, topic, turn in wishes:
            self._join(person, topic, turn)

    def _who(self, person: int, topic: int) -> tuple[Person, Topic]:
        return self.school.people[person], self.school.topics[topic]

    def _held(self, person: int) -> list[Topic]:
        """The topics that a person has a place in; all of them, for somebody without, so that this is tried as well."""
        who = self.school.people[person]
        return [one for one in self.school.topics if self.school.place(who, one)] or list(self.school.topics)

    def _join(self, person: int, topic: int, turn: int) -> None:
        """In line where the person is not yet, every other time with a wish to swap; now and then just anywhere."""
        who = self.school.people[person]
        news = [one for one in self.school.topics if not self.school.place(who, one)]
        news = [one for one in news if not self.school.entry(who, one)] if turn % 8 else []
        chosen = news[topic % len(news)] if news else self.school.topics[topic]
        wishes = [one for one in self._held(person) if one is not chosen]
        wish = wishes[turn % len(wishes)] if turn % 2 and wishes else None
        self._do(self.pair.join, who, chosen, wish)

    @rule(deed=st.sampled_from(DEEDS["pick"]), person=PEOPLE, topic=TOPICS, turn=TURNS)
    def pick(self, deed: str, person: int, topic: int, turn: int) -> None:
        mine = self._held(person)
        chosen = mine[turn % len(mine)]
        if deed == "swap":
            self._do(self.pair.swap, self.school.people[person], chosen, self.school.topics[topic])
        else:
            number = chosen.number if deed == "withdraw" else topic
            self._do(self.pair.own, deed, *self._who(person, number))

    @precondition(lambda self: any(map(self.school.line, self.school.topics)))
    @rule(turn=TURNS, asked=st.booleans())
    def free_a_seat(self, turn: int, asked: bool) -> None:
        """Others wait for a place that is given up, taken back or added; the worker comes at once, or later."""
        lines = [topic for topic in self.school.topics if self.school.line(topic)]
        topic = lines[turn % len(lines)]
        sitting = self.school.sitting(topic)
        if not sitting or turn % 4 == 0:
            self._do(self.pair.set_capacity, topic, topic.capacity + 1)
        elif self.school.window():
            self._do(self.pair.own, "withdraw", sitting[turn % len(sitting)].person, topic)
        else:
            self._do(self.pair.take_back, sitting[turn % len(sitting)])
        if asked:
            self._do(self.pair.walk, topic)

    @rule(person=PEOPLE, topic=TOPICS, turn=TURNS)
    def join(self, person: int, topic: int, turn: int) -> None:
        self._join(person, topic, turn)

    @precondition(lambda self: self.school.offers())
    @rule(deed=st.sampled_from(DEEDS["answer"]), turn=TURNS)
    def answer(self, deed: str, turn: int) -> None:
        offers = self.school.offers()
        self._do(self.pair.own, deed, offers[turn % len(offers)].person, offers[turn % len(offers)].topic)

    @precondition(lambda self: self.school.entries)
    @rule(deed=st.sampled_from(DEEDS["leave_or_try_to_answer"]), turn=TURNS)
    def leave_or_try_to_answer(self, deed: str, turn: int) -> None:
        entry = self.school.entries[turn % len(self.school.entries)]
        self._do(self.pair.own, deed, entry.person, entry.topic)

    # --- staff --------------------------------------------------------------------------------------------------------------------------

    @rule(
        deed=st.sampled_from(DEEDS["arrange"]),
        topic=TOPICS,
        seats=st.integers(0, 4),
        turn=TURNS,
    )
    def arrange(self, deed: str, topic: int, seats: int, turn: int) -> None:
        if deed == "capacity":
            self._do(self.pair.set_capacity, self.school.topics[topic], seats)
        elif deed == "reserve":
            self._do(self.pair.reserve, seats)
        elif self.school.entries:
            self._do(self.pair.prefer, self.school.entries[turn % len(self.school.entries)], seats - 1)

    @rule(deed=st.sampled_from(DEEDS["place"]), person=PEOPLE, topic=TOPICS, turn=TURNS)
    def place(self, deed: str, person: int, topic: int, turn: int) -> None:
        who, what = self._who(person, topic)
        mine = [place for place in self.school.places if place.seated and place.person is who]
        # Mostly a rule that speaks against it is set aside, now and then one that does not, or none.
        spoken = [rule for rule in ASIDE if self.school.speaks(rule, who, what)] or list(ASIDE)
        aside = None if turn % 3 == 0 else spoken[turn % len(spoken)]
        if deed == "move" and mine:
            self._do(self.pair.move, mine[turn % len(mine)], what, aside)
        else:
            self._do(self.pair.enrol, who, what, aside)

    @rule(
        deed=st.sampled_from(DEEDS["turn_round"]),
        topic=TOPICS,
        turn=st.integers(0, 3),
    )
    def turn_round(self, deed: str, topic: int, turn: int) -> None:
        if deed == "change":
            self._do(self.pair.open_change_window, self.school.now + timedelta(days=turn))
        elif deed == "cancel":
            # Rarely, or there would soon be nothing left to do.
            if turn == 0:
                self._do(self.pair.cancel, self.school.topics[topic])
        else:
            self._do(self.pair.close_round if deed == "close" else self.pair.open_round)

    # --- what goes by itself ------------------------------------------------------------------------------------------------------------

    @precondition(lambda self: any(map(self.school.line, self.school.topics)))
    @rule(turn=TURNS)
    def walk(self, turn: int) -> None:
        lines = [topic for topic in self.school.topics if self.school.line(topic)]
        self._do(self.pair.walk, lines[turn % len(lines)])

    @precondition(lambda self: self.school.entries)
    @rule(hours=st.sampled_from(HOURS))
    def settle(self, hours: int) -> None:
        """Some time later, when all is quiet, nobody waits beside a free seat that they might have."""
        self.school.now += timedelta(hours=hours)
        before = None
        while before != (before := self.school.standing()):
            self._do(self.pair.sweep)
        assert self.school.stranded() == []


def run(mode: str, *, examples: int, phases: tuple[Phase, ...] = tuple(Phase)) -> Counter[tuple[str, str]]:
    """Let the machine run; returns which deed had which outcome how often."""
    seen: Counter[tuple[str, str]] = Counter()
    with undone():
        run_state_machine_as_test(
            partial(Electives, World(mode), seen),
            settings=settings(
                max_examples=examples,
                stateful_step_count=25,
                deadline=None,
                derandomize=True,
                database=None,
                phases=phases,
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
            ),
        )
    return seen


each_mode = pytest.mark.parametrize("mode", [WaitingMode.AUTOMATIC, WaitingMode.OFFER])


@each_mode
def test_portal_does_what_the_model_does(mode):
    seen = run(mode, examples=25)
    assert seen.keys() >= {("select", "done"), ("join", "done"), ("withdraw", "done"), ("walk", "done")}


# Walks that never came here would prove nothing.
REACHED = {
    *{("told", kind) for kind in ("nothing", *KINDS.values())},
    *{("select", kind) for kind in ("done", "Full", "Clash", "WindowClosed")},
    *{("withdraw", kind) for kind in ("done", "WrongState", "WindowClosed")},
    *{("swap", kind) for kind in ("done", "Full", "WrongState")},
    *{("join", kind) for kind in ("done", "SeatFree", "Duplicate", "WindowClosed")},
    *{("join to swap", "done"), ("leave_line", "done"), ("leave_line", "WrongState"), ("prefer", "done")},
    *{("capacity", "done"), ("capacity", "InvalidInput"), ("reserve", "done"), ("reserve", "InvalidInput")},
    *{("enrol", "done"), ("move", "done"), ("take back", "done"), ("accept", "WrongState")},
    *{("close round", "done"), ("open round", "done"), ("change window", "done"), ("cancel", "done")},
    *{("close", "done"), ("walk", "done"), ("sweep", "done")},
}
ANSWERED = {("accept", "done"), ("decline", "done")}


@each_mode
def test_walks_by_the_dice_come_everywhere(mode):
    """Hypothesis likes to do the same again, which finds much; dice make sure that every deed is done and refused."""
    dice = random.Random(15)
    seen: Counter[tuple[str, str]] = Counter()
    with undone():
        world = World(mode)
        for _walk in range(20):
            machine = Electives(world, seen)
            try:
                walk_by_dice(machine, dice)
            finally:
                machine.teardown()
    assert (REACHED | (ANSWERED if mode == WaitingMode.OFFER else set())) - seen.keys() == set()


def walk_by_dice(machine: Electives, dice: random.Random, steps: int = 25) -> None:
    wishes = [(dice.randrange(6), dice.randrange(4), dice.randrange(100)) for _each in range(8)]
    machine.a_rush(first=dice.sample(range(5), 5), wishes=wishes)
    for _step in range(steps):
        possible = [each for each in machine.rules if all(holds(machine) for holds in each.preconditions)]
        name = dice.choice(possible).function.__name__
        thrown = {
            "deed": dice.choice(DEEDS.get(name, [""])),
            "person": dice.randrange(6),
            "topic": dice.randrange(4),
            "turn": dice.randrange(4 if name == "turn_round" else 100),
            "seats": dice.randrange(5),
            "hours": dice.choice(HOURS),
            "asked": dice.random() < 0.5,
        }
        method = getattr(machine, name)
        method(**{wanted: thrown[wanted] for wanted in signature(method).parameters})
        machine.all_is_as_the_model_says()


# --- twins: the machine sees what is broken ----------------------------------------------------------------------------------------------


def _last_first(monkeypatch: Any) -> None:
    def last_in_line(offering_id: int, leaving_out: Any = ()) -> WaitingEntry | None:
        line = WaitingEntry.objects.filter(offering=offering_id, state__in=IN_LINE).unscoped("twin")
        return line.exclude(pk__in=leaving_out).order_by("-pk").first()

    monkeypatch.setattr(promotion, "first_in_line", last_in_line)


def _line_ignored(monkeypatch: Any) -> None:
    rules = tuple(rule for rule in electives.SELECTION if rule[0] != OverrideRule.QUEUE)
    monkeypatch.setattr(electives, "SELECTION", rules)


def _limit_ignored_in_line(monkeypatch: Any) -> None:
    rules = tuple(rule for rule in electives.PROMOTION if rule[0] != OverrideRule.LIMIT)
    monkeypatch.setattr(electives, "PROMOTION", rules)


def _old_place_kept(monkeypatch: Any) -> None:
    monkeypatch.setattr(promotion, "_give_up_for", lambda *_facts, **_who: None)


def _skipped_forgotten(_monkeypatch: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute('DROP TRIGGER "courses_seatcount_reopen_line_tg" ON courses_seatcount')


@pytest.mark.parametrize(
    "broken",
    [
        _last_first,
        _line_ignored,
        _limit_ignored_in_line,
        _old_place_kept,
        _skipped_forgotten,
    ],
)
def test_machine_finds_a_broken_rule(broken, monkeypatch):
    broken(monkeypatch)
    with pytest.raises(AssertionError):
        run(WaitingMode.AUTOMATIC, examples=60, phases=(Phase.generate,))
