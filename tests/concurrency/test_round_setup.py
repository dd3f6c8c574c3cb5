"""A round is edited while it is opened, and seats are planned while they are claimed: either comes before the other, never between."""

from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError

from courses.enums import RoundState
from courses.models import Offering, SeatCount, SeatReservation, SelectionRound
from courses.services import setup
from courses.services.rounds import open_round
from courses.services.setup import Rows, SeatPlan, arrange_seats, save_round
from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.common.errors import DomainError, WrongState
from partyschool.common.locking import locking_transaction, violated_constraint
from partyschool.jobs.models import Job
from tests.concurrency.rivals import Gate, compete
from tests.factories.accounts import make_unit, make_user
from tests.factories.courses import OfferingFactory, SelectionRoundFactory
from tests.factories.trainees import make_trainee
from trainees.services.electives import select_topic

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def staff() -> Any:
    return make_user(Role.STAFF)


@pytest.fixture
def draft() -> SelectionRound:
    found = SelectionRoundFactory(state=RoundState.DRAFT, max_picks=2)
    OfferingFactory(selection_round=found, capacity=10)
    return found


def edit(found: SelectionRound, by: Any) -> str:
    """Allow more picks, as the page does: read under the lock, then written."""
    with locking_transaction():
        setup.lock_setup(found.pk)
        entered = SelectionRound.objects.get(pk=found.pk)
        entered.max_picks = 9
        save_round(found=entered, units=None, topics=None, by=by)
    return "edited"


def outcome(found: SelectionRound) -> tuple[str, int]:
    return SelectionRound.objects.values_list("state", "max_picks").get(pk=found.pk)


@pytest.mark.parametrize("_attempt", range(5))
def test_edit_comes_before_the_opening_or_is_refused(draft, staff, _attempt):
    edited, _opened = compete([partial(edit, draft, staff), partial(open_round, round_id=draft.pk, by=staff)])
    if isinstance(edited, DomainError):
        assert isinstance(edited, WrongState)
        assert outcome(draft) == (RoundState.OPEN, 2)
    else:
        assert outcome(draft) == (RoundState.OPEN, 9)


def test_twin_without_the_lock_an_open_round_gets_a_draft_s_edit(draft, staff, monkeypatch):
    """What the lock prevents: the edit reads a draft, the round opens and people are told, then the edit is written."""
    read, opened = Gate(2), Gate(2)
    unlocked = opened.wrap(read.wrap(lambda round_id: SelectionRound.objects.get(pk=round_id)))
    monkeypatch.setattr(setup, "locked_round", unlocked)
    monkeypatch.setattr(setup, "lock_setup", lambda _round_id: None)

    def opening() -> Any:
        read.wrap(lambda: None)()
        return opened.wrap(open_round)(round_id=draft.pk, by=staff)

    compete([partial(edit, draft, staff), opening])
    assert outcome(draft) == (RoundState.OPEN, 9)


def reserve(found: SelectionRound, by: Any, seats: int) -> str:
    with locking_transaction():
        topic = found.offerings.get()
        row = SeatReservation(offering=topic, name="kept", unit=make_unit(), seats=seats)
        arrange_seats(round_id=found.pk, plan=SeatPlan(reservations=Rows([row])), by=by)
    return "reserved"


@pytest.mark.parametrize("_attempt", range(3))
def test_no_seat_is_both_claimed_and_reserved(draft, staff, _attempt):
    open_round(round_id=draft.pk, by=staff)
    topic = draft.offerings.get()
    unit = make_unit()
    cadres = [make_trainee(unit=unit) for _each in range(8)]
    claims = [partial(select_topic, offering_id=topic.pk, by=cadre.user) for cadre in cadres]
    outcomes = compete([*claims[:4], partial(reserve, draft, staff, 5), *claims[4:]])
    seats = SeatCount.objects.get(pk=topic.pk)
    claimed = sum(isinstance(one, int) for one in outcomes)
    reserved = 5 if "reserved" in outcomes else 0
    assert (seats.taken, seats.reserved, seats.reserved_taken) == (claimed, reserved, 0)
    assert claimed + reserved <= 10
    assert claimed == (5 if reserved else 8)


def test_two_openings_of_one_round_tell_once(draft, staff):
    outcomes = compete([partial(open_round, round_id=draft.pk, by=staff) for _each in range(4)])
    assert sum(isinstance(one, SelectionRound) for one in outcomes) == 1
    assert Job.objects.unscoped("test").filter(kind="tell_round").count() == 1


def take_out(topic: Offering) -> str:
    """Take a topic out of its round as no page does: by a bare statement."""
    try:
        Offering.objects.filter(pk=topic.pk).update(selection_round=None)
    except IntegrityError as error:
        return violated_constraint(error)
    return "out"


@pytest.mark.parametrize("_attempt", range(5))
def test_topic_leaves_before_the_opening_or_stays(draft, staff, _attempt):
    topic = OfferingFactory(selection_round=draft, capacity=10)
    taken, _opened = compete([partial(take_out, topic), partial(open_round, round_id=draft.pk, by=staff)])
    topic.refresh_from_db()
    told = AuditEvent.objects.unscoped("test").get(action="round.open").data["topics"]
    if taken == "courses_offering_topics_stand_tg":
        assert (topic.selection_round, told) == (draft, 2)
    else:
        assert (topic.selection_round, told) == (None, 1)
