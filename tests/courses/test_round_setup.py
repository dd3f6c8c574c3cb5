"""Writing a round and the seats of its topics: what each state takes, in which order, and what the database says of the rest."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from courses.enums import OfferingState, RoundMode, RoundState
from courses.models import RoundOpening, SeatCount, SeatReservation, SelectionRound, UnitQuota
from courses.rules import writable_fields
from courses.services.offerings import set_capacity
from courses.services.setup import FIELDS, Rows, SeatPlan, arrange_seats, save_round, set_openings
from partyschool.accounts.enums import Role
from partyschool.common.errors import Duplicate, InvalidInput, NotFound, WrongState
from tests.factories.accounts import City, make_user
from tests.factories.courses import OfferingFactory, SelectionRoundFactory
from tests.factories.trainees import CadreFactory, EnrolmentFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def staff() -> Any:
    return make_user(Role.STAFF)


@pytest.fixture
def city() -> City:
    return City()


@pytest.fixture
def draft() -> SelectionRound:
    return SelectionRoundFactory(state=RoundState.DRAFT, name="Spring")


@pytest.fixture
def topic(draft) -> Any:
    return OfferingFactory(selection_round=draft, title="Topic", capacity=10)


def put(found: SelectionRound, by: Any, units: Any = None, topics: Any = None) -> None:
    save_round(found=found, units=units, topics=topics, by=by)


def change(found: SelectionRound, by: Any, **values: Any) -> None:
    copy = SelectionRound.objects.get(pk=found.pk)
    for name, value in values.items():
        setattr(copy, name, value)
    put(copy, by)


def to_state(found: SelectionRound, state: str, mode: str = RoundMode.FIRST_COME) -> None:
    marks = {"seed_hash": "0" * 64} if mode == RoundMode.DRAW else {}
    if state not in {RoundState.DRAFT, RoundState.OPEN} and mode == RoundMode.DRAW:
        marks["preferences_hash"] = "1" * 64
    SelectionRound.objects.filter(pk=found.pk).update(mode=mode, state=state, **marks)


VALUES = {
    "year": 2027,
    "name": "Autumn",
    "mode": "draw",
    "mechanism": "best_total",
    "place_non_voters": True,
    "min_picks": 1,
    "max_picks": 5,
    "repeats_allowed": True,
    "ranks": ["staff"],
    "categories": ["non_party"],
    "waiting": "none",
    "offer_hours": 3,
    "freeze_days": 4,
}


def value_for(found: SelectionRound, name: str) -> Any:
    later = {
        "opens_at": found.opens_at - timedelta(hours=1),
        "closes_at": found.closes_at + timedelta(hours=1),
        "change_closes_at": found.closes_at + timedelta(days=3),
    }
    return later.get(name, VALUES.get(name))


@pytest.mark.parametrize("mode", list(RoundMode))
@pytest.mark.parametrize("state", list(RoundState))
def test_each_state_takes_what_the_rules_say_and_no_more(draft, staff, mode, state):
    drawn = {RoundState.SEALED, RoundState.RUN, RoundState.REVIEW, RoundState.PUBLISHED}
    if mode == RoundMode.FIRST_COME and state in drawn:
        with pytest.raises(IntegrityError), transaction.atomic():
            to_state(draft, state, mode)
        return
    to_state(draft, state, mode)
    writable = writable_fields(mode, state)
    for name in FIELDS:
        found = SelectionRound.objects.get(pk=draft.pk)
        wanted = value_for(found, name)
        if name == "mode":
            wanted = next(other for other in RoundMode if other != mode)
        if writable is None or name in writable:
            change(found, staff, **{name: wanted})
            assert getattr(SelectionRound.objects.get(pk=draft.pk), name) == wanted
            if name == "mode":
                change(found, staff, mode=mode)
        else:
            label = str(SelectionRound._meta.get_field(name).verbose_name)
            with pytest.raises(WrongState, match="this is fixed now") as refused:
                change(found, staff, **{name: wanted})
            assert label in str(refused.value)


def test_open_round_closes_no_sooner(draft, staff):
    to_state(draft, RoundState.OPEN)
    with pytest.raises(WrongState, match="can only be put off"):
        change(draft, staff, closes_at=draft.closes_at - timedelta(minutes=1))


def test_who_may_pick_and_what_is_for_drafts(draft, staff, city, topic):
    put(draft, staff, units=[city.east], topics=[])
    assert (list(draft.units.all()), draft.offerings.count()) == ([city.east], 0)
    put(draft, staff, topics=[topic])
    to_state(draft, RoundState.OPEN)
    found = SelectionRound.objects.get(pk=draft.pk)
    for given in ({"units": []}, {"topics": []}):
        with pytest.raises(WrongState, match="is fixed once the round has been opened"):
            put(found, staff, **given)


def test_topics_are_electives_of_no_other_round(draft, staff):
    for stranger in (
        OfferingFactory(kind="main_class"),
        OfferingFactory(selection_round=SelectionRoundFactory()),
    ):
        with pytest.raises(InvalidInput, match="in no other round"):
            put(draft, staff, topics=[stranger])


def test_name_is_told_when_it_is_taken(draft, staff):
    SelectionRoundFactory(year=draft.year, name="Autumn")
    with pytest.raises(Duplicate, match="has this name"):
        change(draft, staff, name="Autumn")


def test_unknown_rounds_are_not_found(draft, staff, topic):
    missing = SelectionRound.objects.get(pk=draft.pk)
    missing.pk = 99
    with pytest.raises(NotFound):
        put(missing, staff)
    with pytest.raises(NotFound):
        arrange_seats(round_id=99, plan=SeatPlan(capacities={topic.pk: 1}), by=staff)


def test_openings_come_and_go_while_it_is_a_draft(draft, staff, city):
    row = RoundOpening(unit=city.east, opens_at=draft.opens_at)
    set_openings(round_id=draft.pk, rows=Rows([row]), by=staff)
    late = RoundOpening(unit=city.west, opens_at=draft.closes_at)
    with pytest.raises(InvalidInput, match="before the round closes"):
        set_openings(round_id=draft.pk, rows=Rows([late]), by=staff)
    to_state(draft, RoundState.OPEN)
    with pytest.raises(WrongState, match="people were told them"):
        set_openings(round_id=draft.pk, rows=Rows((), [row]), by=staff)
    to_state(draft, RoundState.DRAFT)
    set_openings(round_id=draft.pk, rows=Rows((), [row]), by=staff)
    assert not draft.openings.exists()


def arrange(found: SelectionRound, by: Any, **plan: Any) -> None:
    arrange_seats(round_id=found.pk, plan=SeatPlan(**plan), by=by)


def test_seats_and_reservations_move_together_in_both_directions(draft, staff, topic):
    one, two = (
        SeatReservation(offering=topic, name=name, seats=seats) for name, seats in (("A", 6), ("B", 4))
    )
    arrange(draft, staff, reservations=Rows([one, two]))
    one.seats, two.seats = 2, 18
    arrange(draft, staff, capacities={topic.pk: 20}, reservations=Rows([two, one]))
    one.seats = 1
    arrange(draft, staff, capacities={topic.pk: 1}, reservations=Rows([one], [two]))
    seats = SeatCount.objects.get(pk=topic.pk)
    assert (seats.capacity, seats.reserved) == (1, 1)


def test_no_more_is_reserved_than_is_free(draft, staff, topic, city):
    EnrolmentFactory.create_batch(3, offering=topic, cadre__unit=city.east)
    with pytest.raises(InvalidInput, match="Only seats that nobody has taken"):
        arrange(draft, staff, reservations=Rows([SeatReservation(offering=topic, name="A", seats=8)]))
    arrange(draft, staff, reservations=Rows([SeatReservation(offering=topic, name="A", seats=7)]))
    with pytest.raises(
        InvalidInput, match="3 seats of “Topic” are taken and 7 more reserved; 9 seats are too few"
    ):
        set_capacity(offering_id=topic.pk, capacity=9, by=staff)
    assert SeatCount.objects.get(pk=topic.pk).reserved == 7


def test_reservation_in_use_keeps_its_group(draft, staff, topic, city):
    row = SeatReservation(offering=topic, name="A", unit=city.east, seats=2)
    arrange(draft, staff, reservations=Rows([row]))
    place = EnrolmentFactory(offering=topic, cadre=CadreFactory(unit=city.finance_bureau))
    row.refresh_from_db()
    row.unit = city.west
    with pytest.raises(WrongState, match="whom they are kept for stands"):
        arrange(draft, staff, reservations=Rows([row]))
    with pytest.raises(WrongState, match="the record of it keeps the row"):
        arrange(draft, staff, reservations=Rows((), [SeatReservation.objects.get()]))
    row = SeatReservation.objects.get()
    row.seats = 0
    with pytest.raises(InvalidInput, match="More of the reserved seats are taken"):
        arrange(draft, staff, reservations=Rows([row]))
    assert place.pk


def test_quotas_come_and_go_before_the_first_seat(draft, staff, topic, city):
    row = UnitQuota(offering=topic, unit=city.east, most=3)
    arrange(draft, staff, quotas=Rows([row]))
    moved = UnitQuota.objects.get()
    moved.unit = city.west
    with pytest.raises(InvalidInput, match="a quota its unit"):
        arrange(draft, staff, quotas=Rows([moved]))
    EnrolmentFactory(offering=topic, cadre=CadreFactory(unit=city.finance_bureau))
    late = UnitQuota(offering=topic, unit=city.west, most=3)
    with pytest.raises(WrongState, match="only while no seat of the topic is taken"):
        arrange(draft, staff, quotas=Rows([late]))
    row = UnitQuota.objects.get()
    row.most = 0
    with pytest.raises(InvalidInput, match="More people of the unit have a seat"):
        arrange(draft, staff, quotas=Rows([row]))
    row.most = 1
    arrange(draft, staff, quotas=Rows([row]))
    assert UnitQuota.objects.get().most == 1


def test_rows_of_other_topics_and_of_finished_ones_are_refused(draft, staff, topic):
    stranger = OfferingFactory()
    with pytest.raises(InvalidInput, match="not in this round"):
        arrange(draft, staff, capacities={stranger.pk: 4})
    done = OfferingFactory(selection_round=draft, state=OfferingState.CANCELLED, title="Gone")
    with pytest.raises(WrongState, match="“Gone” has been closed"):
        arrange(draft, staff, least={done.pk: 4})
    row = SeatReservation(offering=topic, name="A", seats=1)
    arrange(draft, staff, reservations=Rows([row]))
    row.offering = done
    with pytest.raises((InvalidInput, WrongState)):
        arrange(draft, staff, reservations=Rows([row]))


@pytest.mark.parametrize("state", [RoundState.SEALED, RoundState.RUN, RoundState.REVIEW])
def test_seats_of_a_sealed_draw_stand(draft, staff, topic, state):
    to_state(draft, state, RoundMode.DRAW)
    with pytest.raises(WrongState, match="The draw is sealed, and its seats with it"):
        arrange(draft, staff, capacities={topic.pk: 20})


def test_what_a_draw_announced_is_kept_by_the_database_too(draft, staff, monkeypatch):
    to_state(draft, RoundState.OPEN, RoundMode.DRAW)
    monkeypatch.setattr("courses.services.setup.writable_fields", lambda mode, state: set(FIELDS))
    with pytest.raises(WrongState, match="A draw keeps what it has announced"):
        change(draft, staff, mechanism="by_time")
