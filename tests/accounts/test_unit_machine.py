"""Whatever is done to units one after the other, the stored tree is that of a plain model, and its history tells how it came about."""

from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from partyschool.accounts.enums import Role, UnitChangeKind, UnitKind
from partyschool.accounts.models import Unit, UnitChange, User
from partyschool.accounts.services import units
from partyschool.accounts.services.unit_merging import merge_denial, take_over
from partyschool.accounts.services.units import (
    UnitBelowItself,
    UnitIsClosed,
    UnitIsOpen,
    UnitOccupied,
    UnitStaysWhereItIs,
)
from partyschool.common import clock
from partyschool.common.errors import DomainError
from partyschool.common.integrity import all_checks
from tests.concurrency.electives_world import undone
from tests.factories.accounts import make_unit, make_user

pytestmark = pytest.mark.django_db

CHOICE = st.integers(0, 30)


class Node:
    """A unit as the model has it."""

    def __init__(self, pk: int, above: "Node | None", kind: str) -> None:
        self.pk, self.above, self.kind, self.closed = pk, above, kind, False

    def under(self, other: "Node") -> bool:
        """Whether it is `other` or below it."""
        return self is other or (self.above is not None and self.above.under(other))


class Tree(RuleBasedStateMachine):
    """A small tree; every deed goes to the portal and to the model, which says what is refused."""

    def __init__(self, by: User) -> None:
        super().__init__()
        self.by, self.made = by, 0
        self.whole = undone()
        self.whole.__enter__()
        self.nodes: list[Node] = []
        root = self._node(None, UnitKind.CITY)
        for department in (
            self._node(root, UnitKind.ORG_DEPARTMENT),
            self._node(root, UnitKind.ORG_DEPARTMENT),
        ):
            for _each in range(2):
                self._node(self._node(department, UnitKind.BUREAU), UnitKind.DIVISION)

    def teardown(self) -> None:
        self.whole.__exit__(None, None, None)

    def _node(self, above: Node | None, kind: str) -> Node:
        self.made += 1
        parent = Unit.objects.get(pk=above.pk) if above else None
        node = Node(make_unit(parent, kind=kind, code=f"M{self.made}").pk, above, kind)
        self.nodes.append(node)
        return node

    def _at(self, number: int) -> Node:
        return self.nodes[number % len(self.nodes)]

    def _open_below(self, node: Node) -> list[Node]:
        return [one for one in self.nodes if one is not node and one.under(node) and not one.closed]

    def _try(self, deed: Any, expected: type[DomainError] | None) -> bool:
        """Whether it was done; that it was refused as expected, or not at all, is checked."""
        outcome: type[DomainError] | None = None
        try:
            deed()
        except DomainError as refusal:
            outcome = type(refusal)
        assert outcome is expected
        return outcome is None

    @rule(unit=CHOICE, to=CHOICE)
    def move(self, unit: int, to: int) -> None:
        one, home = self._at(unit), self._at(to)
        expected: type[DomainError] | None = None
        if one.closed or home.closed:
            expected = UnitIsClosed
        elif home.under(one):
            expected = UnitBelowItself
        elif one.above is home:
            expected = UnitStaysWhereItIs
        deed = partial(units.move_unit, unit_id=one.pk, to_id=home.pk, reason="r", by=self.by)
        if self._try(deed, expected):
            one.above = home

    @rule(above=CHOICE, kind=st.sampled_from([UnitKind.BUREAU, UnitKind.DIVISION, UnitKind.ORG_DEPARTMENT]))
    def create(self, above: int, kind: str) -> None:
        parent = self._at(above)
        if len(self.nodes) >= 20:
            return
        self.made += 1
        made: list[Unit] = []

        def deed() -> None:
            made.append(
                units.create_unit(code=f"M{self.made}", name="新", kind=kind, parent_id=parent.pk, by=self.by)
            )

        if self._try(deed, UnitIsClosed if parent.closed else None):
            self.nodes.append(Node(made[0].pk, parent, kind))

    @rule(unit=CHOICE)
    def close(self, unit: int) -> None:
        one = self._at(unit)
        expected = UnitIsClosed if one.closed else UnitOccupied if self._open_below(one) else None
        if self._try(partial(units.close_unit, unit_id=one.pk, reason="r", by=self.by), expected):
            one.closed = True

    @rule(unit=CHOICE)
    def reopen(self, unit: int) -> None:
        one = self._at(unit)
        expected: type[DomainError] | None = None
        if not one.closed:
            expected = UnitIsOpen
        elif one.above is not None and one.above.closed:
            expected = UnitIsClosed
        if self._try(partial(units.reopen_unit, unit_id=one.pk, reason="r", by=self.by), expected):
            one.closed = False

    @rule(unit=CHOICE, to=CHOICE)
    def merge(self, unit: int, to: int) -> None:
        one, into = self._at(unit), self._at(to)
        if one.closed or into.closed:
            return
        with units.tree_transaction():
            mine, theirs = (Unit.objects.get(pk=node.pk) for node in (one, into))
            refused = merge_denial(mine, theirs)
            departments = (
                one.kind == UnitKind.ORG_DEPARTMENT != into.kind and into.kind != UnitKind.ORG_DEPARTMENT
            )
            assert (refused is not None) == (into.under(one) or departments)
            if refused:
                return
            now = clock.now()
            take_over(unit=mine, into=theirs, day=clock.school_date(now), reason="r", by=self.by, now=now)
        for child in self.nodes:
            if child.above is one and not child.closed:
                child.above = into
        one.above, one.closed = into, True

    @invariant()
    def the_tree_is_the_models(self) -> None:
        assert list(all_checks()["accounts.tree"]()) == []
        stored = {unit.pk: unit for unit in Unit.objects.filter(pk__in=[node.pk for node in self.nodes])}
        for node in self.nodes:
            unit = stored[node.pk]
            above = stored[node.above.pk].path if node.above else ""
            assert (unit.path[: -Unit.steplen], bool(unit.closed_on)) == (above, node.closed)

    @invariant()
    def the_last_place_in_the_history_is_where_it_stands(self) -> None:
        places = [UnitChangeKind.CREATED, UnitChangeKind.MOVED, UnitChangeKind.MERGED]
        for node in self.nodes:
            last = UnitChange.objects.filter(unit=node.pk, kind__in=places).order_by("-pk").first()
            if last is not None:
                assert last.to_parent_id == (node.above.pk if node.above else None)


def test_the_tree_does_what_the_model_does():
    with undone():
        run_state_machine_as_test(
            partial(Tree, make_user(Role.STAFF)),
            settings=settings(
                max_examples=40,
                stateful_step_count=25,
                deadline=None,
                derandomize=True,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
