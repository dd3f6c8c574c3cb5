"""Whatever is done to a year in whatever order, the stored results are those of a plain model, and what was sealed never changes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from partyschool.accounts.enums import Role
from partyschool.common.errors import DomainError
from partyschool.common.integrity import all_checks
from tests.concurrency.electives_world import undone
from tests.factories.accounts import City, make_user
from tests.factories.trainees import make_scheme, make_trainee
from tests.factories.years import OVER, YEAR, earn, result_of, versions_of
from trainees.models import AssessmentExemption, YearlyAssessment
from trainees.selectors.year_states import year_of
from trainees.services.corrections import NothingToCorrect, NotSealed, Stated, correct_result
from trainees.services.objections import (
    NothingCorrected,
    NotOpenToObjections,
    ObjectionAnswered,
    ObjectionStands,
    answer_objection,
    raise_objection,
    withdraw_objection,
)
from trainees.services.year_locks import YearSealed
from trainees.services.year_states import (
    AlreadyOpened,
    NotOpened,
    ObjectionsOpen,
    PeriodRuns,
    open_objections,
    seal_year,
)
from trainees.services.years import close_year

pytestmark = pytest.mark.django_db
NEEDED = 50
PERSON = st.integers(0, 2)
CHECKS = ("trainees.assessments", "trainees.assessed_credits", "trainees.sealed_years")


@dataclass
class Person:
    """What the ledger holds, whether exempt, and the results so far: (earned, result), the last one in force."""

    cadre: Any
    officer: Any
    earned: int = 0
    exempt: bool = False
    posted_at: datetime | None = None
    written_at: datetime | None = None
    versions: list[tuple[int, str]] = field(default_factory=list)

    @property
    def judged(self) -> tuple[int, str]:
        result = "exempt" if self.exempt else "pass" if self.earned >= NEEDED else "fail"
        return self.earned, result


@dataclass
class Objection:
    pk: int
    person: Person
    by_unit: bool
    raised_at: datetime
    open: bool = True


class Year(RuleBasedStateMachine):
    """Three cadres, two units and one year."""

    def __init__(self) -> None:
        super().__init__()
        self.whole = undone()
        self.whole.__enter__()
        city = City()
        self.scheme = make_scheme(township_section=NEEDED)
        self.staff = make_user(Role.STAFF)
        units = (city.finance_bureau, city.finance_bureau, city.cousin_bureau)
        self.people = [Person(make_trainee(unit=unit), make_user(Role.OFFICER, unit=unit)) for unit in units]
        self.now, self.until = OVER, None
        self.state = "preview"
        self.objections: list[Objection] = []
        self.frozen: dict[int, dict[str, Any]] = {}

    def teardown(self) -> None:
        try:
            checks = all_checks()
            assert [fault for name in CHECKS for fault in checks[name]()] == []
        finally:
            self.whole.__exit__(None, None, None)

    def _try(self, deed: Callable[..., Any], expected: type[DomainError] | None, **fields: Any) -> Any:
        """What the deed returned, None if it was refused; that it was refused as expected, or not at all, is checked."""
        self.now += timedelta(minutes=1)
        outcome: type[DomainError] | None = None
        made = None
        try:
            made = deed(now=self.now, **fields)
        except DomainError as refusal:
            outcome = type(refusal)
        assert outcome is expected
        return made

    def _write(self, person: Person) -> None:
        if not person.versions:
            person.versions.append(person.judged)
            person.written_at = self.now
        elif person.versions[-1] != person.judged:
            person.versions[-1] = person.judged
            person.written_at = self.now

    @rule(person=PERSON, amount=st.sampled_from([20, 30, 50]))
    def post(self, person: int, amount: int) -> None:
        one = self.people[person]
        self.now += timedelta(minutes=1)
        earn(one.cadre, self.scheme, amount, posted_at=self.now, posted_by=self.staff)
        one.earned += amount
        one.posted_at = self.now

    @rule(person=PERSON)
    def exempt(self, person: int) -> None:
        one = self.people[person]
        if self.state == "sealed" or one.exempt:
            return
        AssessmentExemption.objects.create(cadre=one.cadre, year=YEAR, ground="other")
        one.exempt = True

    @rule(days=st.integers(1, 6))
    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule()
    def close(self) -> None:
        expected = YearSealed if self.state == "sealed" else None
        self._try(close_year, expected, year=YEAR, by=self.staff)
        if expected is None:
            for one in self.people:
                self._write(one)

    @rule()
    def open(self) -> None:
        expected = {"preview": None, "objection": AlreadyOpened, "sealed": YearSealed}[self.state]
        held = self._try(open_objections, expected, year=YEAR, by=self.staff)
        if held:
            self.state, self.until = "objection", held.objections_until
            for one in self.people:
                self._write(one)

    @rule(person=PERSON, by_unit=st.booleans())
    def object(self, person: int, by_unit: bool) -> None:
        one = self.people[person]
        if not one.versions:
            return
        expected: type[DomainError] | None = None
        if self.state != "objection" or self.now + timedelta(minutes=1) > self.until:
            expected = NotOpenToObjections
        elif any(o.open and o.person is one and o.by_unit is by_unit for o in self.objections):
            expected = ObjectionStands
        made = self._try(
            raise_objection,
            expected,
            assessment_id=result_of(one.cadre).pk,
            text="少算了",
            by=one.officer if by_unit else one.cadre.user,
        )
        if made:
            self.objections.append(Objection(made.pk, one, by_unit, self.now))

    @rule(number=st.integers(0, 9))
    def withdraw(self, number: int) -> None:
        if not self.objections:
            return
        one = self.objections[number % len(self.objections)]
        by = one.person.officer if one.by_unit else one.person.cadre.user
        expected = None if one.open else ObjectionAnswered
        if self._try(withdraw_objection, expected, objection_id=one.pk, by=by):
            one.open = False

    @rule(number=st.integers(0, 9), upheld=st.booleans())
    def answer(self, number: int, upheld: bool) -> None:
        if not self.objections:
            return
        one = self.objections[number % len(self.objections)]
        person = one.person
        expected: type[DomainError] | None = None
        if self.state == "sealed":
            expected = YearSealed
        elif not one.open:
            expected = ObjectionAnswered
        elif upheld and not (
            person.versions[-1] != person.judged
            or person.written_at > one.raised_at
            or (person.posted_at and person.posted_at > one.raised_at)
        ):
            expected = NothingCorrected
        deed = partial(answer_objection, objection_id=one.pk, upheld=upheld, answer="答复", by=self.staff)
        if self._try(deed, expected):
            one.open = False
            if upheld:
                self._write(person)

    @rule()
    def seal(self) -> None:
        expected: type[DomainError] | None = None
        if self.state == "sealed":
            expected = YearSealed
        elif self.state == "preview":
            expected = NotOpened
        elif self.now + timedelta(minutes=1) <= self.until:
            expected = PeriodRuns
        elif any(one.open for one in self.objections):
            expected = ObjectionsOpen
        if self._try(seal_year, expected, year=YEAR, by=self.staff):
            self.state = "sealed"
            for one in self.people:
                self._write(one)

    @rule(person=PERSON)
    def correct(self, person: int) -> None:
        one = self.people[person]
        if not one.versions:
            return
        expected: type[DomainError] | None = None
        if self.state != "sealed":
            expected = NotSealed
        elif one.versions[-1] == one.judged:
            expected = NothingToCorrect
        deed = partial(correct_result, stated=Stated(), reason="更正", by=self.staff)
        if self._try(deed, expected, assessment_id=result_of(one.cadre).pk):
            one.versions.append(one.judged)

    @invariant()
    def stored_results_are_those_of_the_model(self) -> None:
        assert year_of(YEAR).state == self.state
        for one in self.people:
            rows = versions_of(one.cadre)
            assert [(int(row.earned), row.result) for row in rows] == one.versions
            assert [row.superseded for row in rows] == [True] * (len(rows) - 1) + [False] * bool(rows)

    @invariant()
    def what_was_sealed_stands(self) -> None:
        if self.state != "sealed":
            return
        rows = YearlyAssessment.versions.filter(year=YEAR).unscoped("test")
        stored = {row["id"]: row for row in rows.values()}
        assert all(row["sealed"] for row in stored.values())
        for pk, row in self.frozen.items():
            assert stored[pk] | {"superseded": None} == row | {"superseded": None}
            assert stored[pk]["superseded"] or not row["superseded"]
        self.frozen = stored


def test_a_year_lives_as_the_model_says():
    run_state_machine_as_test(
        Year,
        settings=settings(
            max_examples=20,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
