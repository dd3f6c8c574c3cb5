"""The desk of a round: what the board counts, what the demand report says, which topics are too small."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from courses.enums import OfferingState, RoundMode
from courses.models import Offering, SeatReservation
from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.common.errors import InvalidInput, WrongState
from tests.factories.accounts import City, make_user
from tests.factories.courses import LessonFactory, OfferingFactory, RoomFactory, SelectionRoundFactory
from tests.factories.trainees import CadreFactory, EnrolmentFactory
from trainees.enums import Rank, WaitingState
from trainees.models import Ranking, SeatOverride, SeatRefusal, WaitingEntry
from trainees.selectors.board import MINUTES, board_of, undecided_cadres
from trainees.selectors.demand import demand_of
from trainees.selectors.merging import merge_preview
from trainees.services.keeping import keep_topic

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def found() -> Any:
    return SelectionRoundFactory(max_picks=2, min_picks=2)


def topic(found: Any, capacity: int = 2, **fields: Any) -> Any:
    return OfferingFactory(selection_round=found, capacity=capacity, **fields)


def refuse(cadre: Any, offering: Any, code: str = "full", **fields: Any) -> None:
    SeatRefusal.objects.create(cadre=cadre, offering=offering, code=code, **fields)


# --- board -------------------------------------------------------------------------------------------------------------------------------


def test_board_counts_seats_lines_and_refusals(found, city, staff):
    one, other = topic(found, 3, least=2), topic(found, 5)
    SeatReservation.objects.create(offering=one, name="west", unit=city.west, seats=1)
    EnrolmentFactory(cadre=CadreFactory(unit=city.east), offering=one, created_by=staff)
    cadres = CadreFactory.create_batch(3, unit=city.east)
    WaitingEntry.objects.create(cadre=cadres[0], offering=one)
    WaitingEntry.objects.create(
        cadre=cadres[1], offering=one, state=WaitingState.SKIPPED, skipped_code="clash", skipped_facts="x"
    )
    WaitingEntry.objects.create(
        cadre=cadres[2], offering=one, state=WaitingState.WITHDRAWN, ended_at=clock.now(), ended_by=staff
    )
    for cadre in cadres[:2]:
        refuse(cadre, one)
    refuse(cadres[0], one)
    refuse(cadres[0], other, "limit")
    board = board_of(found, staff)
    assert [
        (
            line.offering.pk,
            line.taken,
            line.capacity,
            line.open_free,
            line.kept_free,
            line.waiting,
            line.refused,
        )
        for line in board.topics
    ] == [(one.pk, 1, 3, 1, 1, 2, 3), (other.pk, 0, 5, 5, 0, 0, 1)]
    assert [(line.too_small, line.lacking) for line in board.topics] == [(True, 1), (False, 0)]
    assert [(line.code, line.times, line.cadres) for line in board.refusals] == [
        ("full", 3, 2),
        ("limit", 1, 1),
    ]
    assert (board.taken, board.capacity, board.waiting, board.refused) == (1, 8, 2, 4)


def test_board_paces_the_last_minutes(found, city, staff):
    one = topic(found, 9)
    now = clock.now()
    for minutes in (0, 0, 3, MINUTES - 1, MINUTES + 1):
        EnrolmentFactory(
            cadre=CadreFactory(unit=city.east),
            offering=one,
            created_by=staff,
            created_at=now - timedelta(minutes=minutes),
        )
    refuse(CadreFactory(unit=city.east), one, at=now - timedelta(minutes=3))
    minutes = board_of(found, staff, now=now).minutes
    assert len(minutes) == MINUTES
    assert [numbers for _minute, *numbers in minutes if numbers != [0, 0]] == [[1, 0], [1, 1], [2, 0]]
    assert minutes[-1][0] == now.replace(second=0, microsecond=0)


def test_undecided_are_those_who_could_pick_and_did_nothing(found, city, staff):
    found.ranks = [Rank.TOWNSHIP_SECTION]
    found.save()
    found.units.add(city.east)
    one = topic(found, 9)
    none, picked, waiting, gave_up = CadreFactory.create_batch(4, unit=city.finance_bureau)
    CadreFactory(unit=city.finance_bureau, rank=Rank.STAFF)
    CadreFactory(unit=city.cousin_bureau)
    CadreFactory(unit=city.finance_bureau, left_on=clock.school_date())
    EnrolmentFactory(cadre=picked, offering=one, created_by=staff)
    WaitingEntry.objects.create(cadre=waiting, offering=one)
    EnrolmentFactory(
        cadre=gave_up, offering=one, created_by=staff, state="withdrawn", ended_at=clock.now(), ended_by=staff
    )
    board = board_of(found, staff)
    # One has picked a topic where two are expected.
    assert (board.eligible, board.undecided, board.too_few) == (4, 2, 1)
    assert set(undecided_cadres(found, staff, clock.now())) == {none, gave_up}


def test_who_has_ranked_has_decided(city, staff):
    found = SelectionRoundFactory(mode=RoundMode.DRAW, seed_hash="0" * 64)
    one = topic(found)
    ranked, empty = CadreFactory.create_batch(2, unit=city.east)
    for cadre, wishes in ((ranked, [one.pk]), (empty, [])):
        Ranking.objects.create(cadre=cadre, selection_round=found, offerings=wishes, ranked_by=staff)
    assert list(undecided_cadres(found, staff, clock.now())) == [empty]


def test_a_reader_sees_people_of_the_own_scope_alone(found, city, staff):
    one = topic(found, 9)
    near, far = CadreFactory(unit=city.finance_bureau), CadreFactory(unit=city.cousin_bureau)
    for cadre in (near, far):
        place = EnrolmentFactory(cadre=cadre, offering=one, created_by=staff)
        SeatOverride.objects.create(enrolment=place, rule="limit", facts="f", reason="r", by=staff)
        other = CadreFactory(unit=cadre.unit)
        WaitingEntry.objects.create(cadre=other, offering=one, priority=1, priority_reason="r")
        CadreFactory(unit=cadre.unit)
    reader = make_user(Role.ORGDEPT, unit=city.east)
    board = board_of(found, reader)
    seen = {one.enrolment.cadre.unit_id for one in board.overrides} | {
        one.cadre.unit_id for one in board.priorities
    }
    assert seen == {city.finance_bureau.pk}
    assert {one.unit_id for one in undecided_cadres(found, reader, clock.now())} == {city.finance_bureau.pk}
    assert [place.cadre for place in merge_preview(one, topic(found, 9), reader).moving] == [near]


@pytest.mark.parametrize("size", [1, 3])
def test_board_asks_as_often_whatever_the_size(found, city, staff, size):
    found.units.add(city.east)
    for _each in range(size):
        one = topic(found, 9)
        for cadre in CadreFactory.create_batch(size, unit=city.east):
            place = EnrolmentFactory(cadre=cadre, offering=one, created_by=staff)
            SeatOverride.objects.create(enrolment=place, rule="limit", facts="f", reason="r", by=staff)
            refuse(cadre, one)
    with CaptureQueriesContext(connection) as asked:
        board_of(found, staff)
    # Units of the round, cadres, topics, minutes, refusals, overrides, priorities.
    assert len(asked) == 7


# --- demand ------------------------------------------------------------------------------------------------------------------------------


def test_demand_counts_every_wish_once(found, city, staff):
    one = topic(found, 1)
    cadres = CadreFactory.create_batch(4, unit=city.east)
    EnrolmentFactory(cadre=cadres[0], offering=one, created_by=staff)
    refuse(cadres[0], one)  # came back later and got it
    WaitingEntry.objects.create(cadre=cadres[1], offering=one)
    refuse(cadres[1], one)
    refuse(cadres[2], one)
    refuse(cadres[2], one)
    refuse(cadres[3], one, "not_eligible")
    (line,) = demand_of(found).lines
    assert (line.seats, line.taken, line.wanted, line.unmet, line.takers) == (1, 1, 3, 2, 2)


def test_demand_of_one_more_seat_is_who_could_take_it_by_every_other_rule(found, city, staff):
    start = clock.now() + timedelta(days=30)
    one, other, third = topic(found, 0), topic(found, 9), topic(found, 9)
    for each in (one, other):
        LessonFactory(offering=each, starts_at=start, ends_at=start + timedelta(hours=3))
    able, clashing, sated, left = CadreFactory.create_batch(4, unit=city.east)
    for cadre in (able, clashing, sated, left):
        refuse(cadre, one)
    EnrolmentFactory(cadre=clashing, offering=other, created_by=staff)
    for each in (third, topic(found, 9)):
        EnrolmentFactory(cadre=sated, offering=each, created_by=staff)
    left.left_on = clock.school_date()
    left.save()
    line = next(line for line in demand_of(found).lines if line.offering == one)
    assert (line.unmet, line.takers) == (4, 1)


def test_demand_does_not_end_with_the_round(found, city, staff):
    one = topic(found, 0)
    refuse(CadreFactory(unit=city.east), one)
    found.state = "closed"
    found.save()
    assert demand_of(found).lines[0].takers == 1


def _crowded_and_roomy(
    found: Any, city: City, staff: Any, *, shift: int = 0, people: int = 1
) -> tuple[Any, Any]:
    small, large = RoomFactory(seats=2), RoomFactory(seats=10)
    start = clock.now() + timedelta(days=30)
    crowded, roomy = topic(found, 2, title="crowded"), topic(found, 10, title="roomy")
    for offering, room, later in ((crowded, small, 0), (roomy, large, shift)):
        begin = start + timedelta(hours=later)
        LessonFactory(offering=offering, room=room, starts_at=begin, ends_at=begin + timedelta(hours=3))
    for offering, number in ((crowded, 2), (roomy, people)):
        for cadre in CadreFactory.create_batch(number, unit=city.west):
            EnrolmentFactory(cadre=cadre, offering=offering, created_by=staff)
    for cadre in CadreFactory.create_batch(5, unit=city.east):
        refuse(cadre, crowded)
    return crowded, roomy


def test_rooms_are_exchanged_where_that_seats_more(found, city, staff):
    crowded, roomy = _crowded_and_roomy(found, city, staff)
    (swap,) = demand_of(found).swaps
    assert (swap.crowded.offering, swap.roomy.offering, swap.gain) == (crowded, roomy, 5)


@pytest.mark.parametrize("against", ["another time", "its people would not fit"])
def test_rooms_are_not_exchanged_in_vain(found, city, staff, against):
    _crowded_and_roomy(
        found,
        city,
        staff,
        shift=1 if against == "another time" else 0,
        people=1 if against == "another time" else 3,
    )
    assert list(demand_of(found).swaps) == []


@pytest.mark.parametrize(("least", "expected"), [(0, True), (5, True), (6, False)])
def test_a_second_run_takes_enough_people(found, city, staff, least, expected):
    one = topic(found, 3, least=least)
    for cadre in CadreFactory.create_batch(3, unit=city.west):
        EnrolmentFactory(cadre=cadre, offering=one, created_by=staff)
    for cadre in CadreFactory.create_batch(5, unit=city.east):
        refuse(cadre, one)
    assert [line.offering for line in demand_of(found).second_runs] == ([one] if expected else [])


def test_free_seats_come_before_a_second_run(found, city, staff):
    one = topic(found, 5)
    for cadre in CadreFactory.create_batch(5, unit=city.east):
        refuse(cadre, one)
    assert demand_of(found).second_runs == []


@pytest.mark.parametrize("size", [1, 4])
def test_demand_asks_once_for_all_who_missed_a_topic(found, city, staff, size):
    one = topic(found, 0)
    for cadre in CadreFactory.create_batch(size, unit=city.east):
        refuse(cadre, one)
    demand_of(found)
    with CaptureQueriesContext(connection) as asked:
        demand_of(found)
    # Topics, wishes, lessons, and the facts of those who missed the one topic.
    assert len(asked) == 4


# --- topics that are too small -----------------------------------------------------------------------------------------------------------


def test_preview_of_a_merging_gives_the_last_seats_to_the_first(found, city, staff):
    small, into = topic(found, 9, least=5), topic(found, 2)
    start = clock.now() + timedelta(days=30)
    for each in (small, into):  # at the same time: no clash, the old place goes
        LessonFactory(offering=each, starts_at=start, ends_at=start + timedelta(hours=3))
    cadres = CadreFactory.create_batch(4, unit=city.east)
    for cadre in cadres:
        EnrolmentFactory(cadre=cadre, offering=small, created_by=staff)
    EnrolmentFactory(cadre=cadres[1], offering=into, created_by=staff)
    preview = merge_preview(small, into, staff)
    assert [place.cadre for place in preview.moving] == [cadres[0]]
    assert [(place.cadre, denial.code) for place, denial in preview.staying] == [
        (cadres[1], "duplicate"),
        (cadres[2], "full"),
        (cadres[3], "full"),
    ]


@pytest.mark.parametrize("size", [1, 3])
def test_preview_asks_twice_for_any_number(found, city, staff, size):
    small, into = topic(found, 9), topic(found, 9)
    for cadre in CadreFactory.create_batch(size, unit=city.east):
        EnrolmentFactory(cadre=cadre, offering=small, created_by=staff)
    merge_preview(small, into, staff)
    with CaptureQueriesContext(connection) as asked:
        merge_preview(small, into, staff)
    assert len(asked) == 2


def test_keeping_a_small_topic_lowers_its_minimum_on_record(found, city, staff):
    one = topic(found, 9, least=5)
    EnrolmentFactory(cadre=CadreFactory(unit=city.east), offering=one, created_by=staff)
    assert keep_topic(offering_id=one.pk, reason=" guests come ", by=staff) == 1
    assert Offering.objects.get(pk=one.pk).least == 1
    event = AuditEvent.objects.unscoped("tests").get()
    assert (event.action, event.data) == (
        "offering.keep",
        {"reason": "guests come", "least_before": 5, "least": 1},
    )
    with pytest.raises(WrongState):
        keep_topic(offering_id=one.pk, reason="again", by=staff)


def test_keeping_takes_a_reason_and_a_topic_that_is_held(found, staff):
    one = topic(found, 9, least=5)
    with pytest.raises(InvalidInput):
        keep_topic(offering_id=one.pk, reason=" ", by=staff)
    Offering.objects.filter(pk=one.pk).update(state=OfferingState.PLANNED)
    with pytest.raises(WrongState):
        keep_topic(offering_id=one.pk, reason="r", by=staff)
