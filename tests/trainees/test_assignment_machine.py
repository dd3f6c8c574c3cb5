"""Whatever units, organisation departments and staff do one after the other, calls and quotas are those of a plain model.

The quota is never exceeded, nobody has a place whom nobody confirmed, each state is reached by listed moves only, and the triggers of
the database agree after every step. A broken rule is found.
"""

from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from courses.models import SeatCount
from courses.services.offerings import set_capacity
from partyschool.common.errors import (
    DomainError,
    Duplicate,
    Full,
    InvalidInput,
    NotFound,
    WindowClosed,
    WrongState,
)
from tests.concurrency.electives_world import undone
from tests.factories.assignments import ALL_WARNINGS, Calling
from trainees.enums import LIVE_NOMINATION_STATES
from trainees.models import AssignmentQuota, Deferral, Enrolment, Nomination
from trainees.rules.assignments import REPLACEABLE, QuotaFull
from trainees.rules.moves import NOMINATION_MOVES, may_move
from trainees.services import assignments_decisions, assignments_nominations
from trainees.services.assignments import set_quotas
from trainees.services.assignments_decisions import call_by_name, confirm_nomination, return_nomination
from trainees.services.assignments_deferrals import ask_deferral, decide_deferral
from trainees.services.assignments_nominations import nominate_cadre, withdraw_nomination
from trainees.services.moving import withdraw_cadre

pytestmark = pytest.mark.django_db

PEOPLE, UNITS, TURNS = st.integers(0, 5), st.integers(0, 1), st.integers(0, 99)


@dataclass
class Call:
    """One nomination as the model knows it."""

    pk: int
    person: int
    unit: int | None
    state: str = "nominated"
    replaces: "Call | None" = None
    asked: int | None = None

    @property
    def alive(self) -> bool:
        return self.state in LIVE_NOMINATION_STATES


class School:
    """Two units, four people in the first and two in the second; made once, walked many times."""

    def __init__(self) -> None:
        self.calling = Calling(seats=2, capacity=3)
        city = self.calling.city
        self.units = [city.finance_bureau, city.culture_bureau]
        self.people = [self.calling.cadre(self.units[number // 4]) for number in range(6)]


class Life(RuleBasedStateMachine):
    """One deed after the other, to the portal and to the model; `turn` chooses among the calls there are."""

    def __init__(self, school: School) -> None:
        super().__init__()
        self.school, self.calling = school, school.calling
        self.calls: list[Call] = []
        self.days, self.seats, self.capacity = 0.0, [2, 2], 3
        self.seen: dict[int, str] = {}
        self.whole = undone()
        self.whole.__enter__()

    def teardown(self) -> None:
        self.whole.__exit__(None, None, None)

    # -- the model

    @property
    def now(self) -> Any:
        return self.calling.after(self.days)

    @property
    def seated(self) -> int:
        return sum(call.state == "confirmed" for call in self.calls)

    def _alive_of(self, unit: int) -> int:
        return sum(call.alive and call.unit == unit for call in self.calls)

    def _expect(self, expected: type[DomainError] | None, deed: Any, **arguments: Any) -> Any:
        """Do it, and see that it is refused as the model says; what it returned."""
        result, refused = None, None
        try:
            result = deed(**arguments)
        except DomainError as error:
            refused = error
        assert (type(refused) if refused else None) is expected, (refused, expected)
        return result

    def _call(self, turn: int) -> Call:
        return self.calls[turn % len(self.calls)]

    def _decision_ends(self, call: Call) -> bool:
        return self.days >= (20 if call.replaces else 15)

    # -- units

    @rule(person=PEOPLE, unit=UNITS, turn=TURNS, instead=st.booleans())
    def nominate(self, person: int, unit: int, turn: int, instead: bool) -> None:
        unit = unit if turn % 5 == 0 else person // 4
        own = [call for call in self.calls if call.unit == unit]
        old = own[turn % len(own)] if instead and own else None
        expected = self._nomination_refusal(person, unit, old)
        pk = self._expect(
            expected,
            nominate_cadre,
            quota_id=self.calling.quotas[self.school.units[unit].pk].pk,
            cadre_id=self.school.people[person].pk,
            by=self.calling.officers[self.school.units[unit].pk],
            seen=ALL_WARNINGS,
            replaces_id=old.pk if old else None,
            reason="r",
            now=self.now,
        )
        if pk:
            if old and old.state == "confirmed":
                old.state, old.asked = "replaced", None
            self.calls.append(Call(pk, person, unit, replaces=old))

    def _nomination_refusal(self, person: int, unit: int, old: Call | None) -> type[DomainError] | None:
        if person // 4 != unit:
            return NotFound
        if old and old.person == person:
            return InvalidInput
        if self.days >= (20 if old else 10):
            return WindowClosed
        if old and old.state not in REPLACEABLE:
            return WrongState
        if old and any(call.replaces is old for call in self.calls):
            return Duplicate
        if any(call.alive and call.person == person for call in self.calls):
            return Duplicate
        freed = bool(old and old.state == "confirmed")
        return QuotaFull if self._alive_of(unit) - freed >= self.seats[unit] else None

    @precondition(lambda self: self.calls)
    @rule(turn=TURNS, by_unit=st.booleans())
    def withdraw(self, turn: int, by_unit: bool) -> None:
        call = self._call(turn)
        wanted = "nominated" if by_unit else "confirmed"
        by = (
            self.calling.officers[self.school.units[call.person // 4].pk] if by_unit else self.calling.orgdept
        )
        self._expect(
            None if call.state == wanted else WrongState,
            withdraw_nomination,
            nomination_id=call.pk,
            reason="r",
            by=by,
            now=self.now,
        )
        if call.state == wanted:
            call.state, call.asked = "withdrawn", None

    @precondition(lambda self: self.calls)
    @rule(turn=TURNS)
    def ask(self, turn: int) -> None:
        call = self._call(turn)
        late = WindowClosed if self.days >= 20 else None
        wrong = WrongState if call.state != "confirmed" else Duplicate if call.asked else None
        by = self.calling.officers[self.school.units[call.person // 4].pk]
        pk = self._expect(late or wrong, ask_deferral, nomination_id=call.pk, reason="r", by=by, now=self.now)
        call.asked = pk or call.asked

    # -- the organisation department

    @precondition(lambda self: self.calls)
    @rule(turn=TURNS)
    def confirm(self, turn: int) -> None:
        call = self._call(turn)
        expected = self._decision_refusal(call) or (Full if self.seated >= self.capacity else None)
        self._expect(
            expected, confirm_nomination, nomination_id=call.pk, by=self.calling.orgdept, now=self.now
        )
        if expected is None:
            call.state = "confirmed"

    @precondition(lambda self: self.calls)
    @rule(turn=TURNS)
    def send_back(self, turn: int) -> None:
        call = self._call(turn)
        expected = self._decision_refusal(call)
        by = self.calling.orgdept
        self._expect(expected, return_nomination, nomination_id=call.pk, reason="r", by=by, now=self.now)
        if expected is None:
            call.state = "returned"

    def _decision_refusal(self, call: Call) -> type[DomainError] | None:
        if self._decision_ends(call):
            return WindowClosed
        return WrongState if call.state != "nominated" else None

    @rule(person=PEOPLE)
    def call_by_name(self, person: int) -> None:
        expected: type[DomainError] | None = None
        if self.days >= 20:
            expected = WindowClosed
        elif any(call.alive and call.person == person for call in self.calls):
            expected = Duplicate
        elif self.seated >= self.capacity:
            expected = Full
        pk = self._expect(
            expected,
            call_by_name,
            assignment_id=self.calling.assignment.pk,
            cadre_id=self.school.people[person].pk,
            by=self.calling.orgdept,
            seen=ALL_WARNINGS,
            now=self.now,
        )
        if pk:
            self.calls.append(Call(pk, person, None, state="confirmed"))

    @precondition(lambda self: any(call.asked for call in self.calls))
    @rule(turn=TURNS, agree=st.booleans())
    def answer(self, turn: int, agree: bool) -> None:
        asked = [call for call in self.calls if call.asked]
        call = asked[turn % len(asked)]
        decide_deferral(
            deferral_id=call.asked, agree=agree, answer="a", by=self.calling.orgdept, now=self.now
        )
        call.asked = None
        call.state = "deferred" if agree else "confirmed"

    # -- the school, and the clock

    @precondition(lambda self: self.seated)
    @rule(turn=TURNS)
    def take_a_place_back(self, turn: int) -> None:
        """Past the assignment, as staff do with any place."""
        held = [call for call in self.calls if call.state == "confirmed"]
        call = held[turn % len(held)]
        place = Nomination.objects.unscoped("tests").get(pk=call.pk).enrolment_id
        withdraw_cadre(enrolment_id=place, reason="r", by=self.calling.staff, now=self.now)
        call.state, call.asked = "withdrawn", None

    @rule(unit=UNITS, seats=st.integers(1, 3))
    def change_quota(self, unit: int, seats: int) -> None:
        expected = InvalidInput if seats < self._alive_of(unit) else None
        self._expect(
            expected,
            set_quotas,
            assignment_id=self.calling.assignment.pk,
            seats={self.school.units[unit].pk: seats},
            by=self.calling.staff,
            now=self.now,
        )
        if expected is None:
            self.seats[unit] = seats

    @rule(capacity=st.integers(1, 5))
    def change_seats(self, capacity: int) -> None:
        """More seats confirm nobody: the model's states stay."""
        if capacity >= self.seated:
            set_capacity(offering_id=self.calling.offering.pk, capacity=capacity, by=self.calling.staff)
            self.capacity = capacity

    @rule(days=st.sampled_from([0.5, 1, 4]))
    def wait(self, days: float) -> None:
        self.days += days

    # -- what always holds

    @invariant()
    def all_is_as_the_model_says(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        stored = {
            one.pk: one
            for one in Nomination.objects.unscoped("tests").select_related("enrolment").order_by("pk")
        }
        states = {pk: one.state for pk, one in stored.items()}
        assert states == {call.pk: call.state for call in self.calls}
        for pk, state in states.items():
            before = self.seen.get(pk)
            assert before in {None, state} or may_move(NOMINATION_MOVES, before or "", state)
        self.seen = states
        quotas = AssignmentQuota.objects.filter(unit__in=self.school.units).order_by("unit__path")
        assert [one.nominated for one in quotas] == [self._alive_of(unit) for unit in range(2)]
        assert all(one.nominated <= one.seats for one in quotas)
        assert [one.seats for one in quotas] == self.seats
        for one in stored.values():
            if one.state == "confirmed":
                assert one.enrolment.state == "enrolled"
                assert one.mode == "by_name" or one.decided_by_id != one.nominated_by_id
                assert one.decided_by_id == self.calling.orgdept.pk
        places = Enrolment.objects.filter(state="enrolled").unscoped("tests").values_list("pk", flat=True)
        assert set(places) == {one.enrolment_id for one in stored.values() if one.state == "confirmed"}
        assert SeatCount.objects.get(offering=self.calling.offering).taken == self.seated
        asked = Deferral.objects.filter(state="asked").unscoped("tests").values_list("pk", flat=True)
        assert set(asked) == {call.asked for call in self.calls if call.asked}


def walk(examples: int, steps: int) -> None:
    school = School()
    run_state_machine_as_test(
        lambda: Life(school),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_calls_live_as_the_model_says():
    walk(examples=12, steps=35)


BROKEN = {
    "nominations never end": lambda patch: patch.setattr(
        assignments_nominations, "nomination_denial", lambda *_args, **_fields: None
    ),
    "decisions never end": lambda patch: patch.setattr(
        assignments_decisions, "decision_denial", lambda *_args, **_fields: None
    ),
    "places stay": lambda patch: patch.setattr(
        assignments_nominations, "take_back_place", lambda *_args, **_fields: None
    ),
}


@pytest.mark.parametrize("broken", sorted(BROKEN))
def test_a_broken_rule_is_found(monkeypatch, broken):
    BROKEN[broken](monkeypatch)
    with pytest.raises((AssertionError, DomainError)):
        walk(examples=20, steps=30)
