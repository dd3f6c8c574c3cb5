"""Picking and giving up electives, through the services and through the pages."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from courses.enums import OfferingState, RoundState
from courses.models import SeatCount
from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.common.errors import (
    Clash,
    Duplicate,
    Full,
    LimitReached,
    NotEligible,
    NotFound,
    WindowClosed,
    WrongState,
)
from tests.factories.accounts import City, make_user
from tests.factories.courses import LessonFactory, OfferingFactory, SelectionRoundFactory
from tests.factories.trainees import CadreFactory, EnrolmentFactory, make_trainee
from tests.trainees.picks import places, taken
from trainees.enums import EnrolmentState, Rank
from trainees.models import Enrolment
from trainees.services.electives import select_topic, withdraw_from_topic
from trainees.services.enrolments import enrol_cadre

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


@pytest.fixture
def cadre() -> Any:
    return make_trainee()


@pytest.fixture
def topic() -> Any:
    return OfferingFactory(selection_round=SelectionRoundFactory(), capacity=2, title="Rural revival")


def record() -> list[tuple[str, str, int, dict]]:
    events = AuditEvent.objects.unscoped("test").order_by("pk")
    return [(event.action, event.subject, event.actor_id, event.data) for event in events]


# --- services ----------------------------------------------------------------------------------------------------------------------------


def test_select_gives_a_seat_and_leaves_a_record(cadre, topic):
    now = clock.now()
    number = select_topic(offering_id=topic.pk, by=cadre.user, now=now)
    (place,) = places()
    assert (place.pk, place.cadre, place.offering, place.state, place.origin) == (
        number,
        cadre,
        topic,
        "enrolled",
        "selection",
    )
    assert (place.created_at, place.created_by, place.ended_at, place.reason) == (now, cadre.user, None, "")
    assert taken(topic) == 1
    facts = {"cadre": cadre.pk, "offering": topic.pk, "round": topic.selection_round_id}
    assert record() == [("enrolment.select", f"trainees.enrolment:{number}", cadre.user.pk, facts)]


def test_select_twice_keeps_the_place(cadre, topic):
    select_topic(offering_id=topic.pk, by=cadre.user)
    with pytest.raises(Duplicate):
        select_topic(offering_id=topic.pk, by=cadre.user)
    assert (len(places()), taken(topic), len(record())) == (1, 1, 1)


def test_select_full_topic_is_refused(cadre, topic):
    EnrolmentFactory.create_batch(2, offering=topic)
    with pytest.raises(Full, match="All 2 seats of “Rural revival” are taken"):
        select_topic(offering_id=topic.pk, by=cadre.user)
    assert places(cadre=cadre) == []


def test_select_third_topic_of_two_is_refused(cadre, topic):
    for _each in range(2):
        select_topic(offering_id=OfferingFactory(selection_round=topic.selection_round).pk, by=cadre.user)
    with pytest.raises(LimitReached, match="the round allows 2"):
        select_topic(offering_id=topic.pk, by=cadre.user)


def test_select_limit_counts_this_round_alone(cadre, topic):
    for _each in range(2):
        EnrolmentFactory(cadre=cadre, offering=OfferingFactory(selection_round=SelectionRoundFactory()))
    select_topic(offering_id=topic.pk, by=cadre.user)


def test_select_overlapping_lesson_is_refused_by_name(cadre, topic):
    start = clock.now() + timedelta(days=30)
    main_class = OfferingFactory(title="Main class")
    LessonFactory(offering=main_class, title="Theory", starts_at=start, ends_at=start + timedelta(hours=3))
    EnrolmentFactory(cadre=cadre, offering=main_class)
    LessonFactory(offering=topic, starts_at=start + timedelta(hours=2), ends_at=start + timedelta(hours=5))
    with pytest.raises(Clash, match="“Main class” has the lesson “Theory” at that time"):
        select_topic(offering_id=topic.pk, by=cadre.user)


@pytest.mark.parametrize("ease", ["after", "cancelled", "withdrawn"])
def test_select_lesson_that_does_not_hinder_is_no_clash(cadre, topic, ease):
    start = clock.now() + timedelta(days=30)
    other = OfferingFactory()
    LessonFactory(
        offering=other,
        starts_at=start,
        ends_at=start + timedelta(hours=3),
        cancelled_at=clock.now() if ease == "cancelled" else None,
    )
    state = (
        {"state": "withdrawn", "ended_at": clock.now(), "ended_by": cadre.user} if ease == "withdrawn" else {}
    )
    EnrolmentFactory(cadre=cadre, offering=other, **state)
    shift = timedelta(hours=3 if ease == "after" else 0)
    LessonFactory(offering=topic, starts_at=start + shift, ends_at=start + shift + timedelta(hours=3))
    select_topic(offering_id=topic.pk, by=cadre.user)


def test_select_round_open_to_units_admits_their_subtrees_alone():
    city = City()
    topic = OfferingFactory(selection_round=SelectionRoundFactory(ranks=[Rank.TOWNSHIP_SECTION]))
    topic.selection_round.units.add(city.east)
    select_topic(offering_id=topic.pk, by=make_trainee(unit=city.finance_bureau).user)
    with pytest.raises(NotEligible, match="other units"):
        select_topic(offering_id=topic.pk, by=make_trainee(unit=city.cousin_bureau).user)
    with pytest.raises(
        NotEligible, match=r"open to: Township-section level\. The register says: Staff member level"
    ):
        select_topic(offering_id=topic.pk, by=make_trainee(unit=city.culture_bureau, rank=Rank.STAFF).user)


def test_select_by_a_login_without_cadre_is_refused(topic):
    with pytest.raises(NotEligible, match="not linked"):
        select_topic(offering_id=topic.pk, by=make_user(Role.TRAINEE))


@pytest.mark.parametrize("hidden", ["no round", "draft round", "planned", "unknown"])
def test_select_what_is_not_on_show_is_not_found(cadre, topic, hidden):
    number = topic.pk
    if "round" in hidden:
        topic.selection_round.state = RoundState.DRAFT
        topic.selection_round.save()
    if hidden == "no round":
        topic.selection_round = None
    elif hidden == "planned":
        topic.state = OfferingState.PLANNED
    elif hidden == "unknown":
        number += 1000
    topic.save()
    with pytest.raises(NotFound):
        select_topic(offering_id=number, by=cadre.user)
    with pytest.raises(NotFound):
        withdraw_from_topic(offering_id=number, by=cadre.user)


def test_select_after_the_seats_were_frozen_is_refused(cadre, topic):
    SeatCount.objects.filter(pk=topic.pk).update(frozen=True)
    with pytest.raises(WindowClosed):
        select_topic(offering_id=topic.pk, by=cadre.user)


def test_withdraw_frees_the_seat_and_keeps_the_row(cadre, topic):
    number = select_topic(offering_id=topic.pk, by=cadre.user)
    now = clock.now()
    withdraw_from_topic(offering_id=topic.pk, by=cadre.user, now=now)
    (place,) = places()
    assert (place.pk, place.state, place.ended_at, place.ended_by) == (number, "withdrawn", now, cadre.user)
    assert place.reason != ""
    assert taken(topic) == 0
    assert [(action, subject) for action, subject, *_rest in record()] == [
        ("enrolment.select", f"trainees.enrolment:{number}"),
        ("enrolment.withdraw", f"trainees.enrolment:{number}"),
    ]


def test_withdraw_twice_tells_that_it_is_done(cadre, topic):
    select_topic(offering_id=topic.pk, by=cadre.user)
    withdraw_from_topic(offering_id=topic.pk, by=cadre.user)
    with pytest.raises(WrongState, match="Your place in “Rural revival” was given up on"):
        withdraw_from_topic(offering_id=topic.pk, by=cadre.user)
    assert (taken(topic), len(record())) == (0, 2)


def test_withdraw_without_a_place_is_refused(cadre, topic):
    EnrolmentFactory(offering=topic)
    with pytest.raises(WrongState, match="You hold no place in “Rural revival”"):
        withdraw_from_topic(offering_id=topic.pk, by=cadre.user)
    assert taken(topic) == 1


def test_withdraw_after_the_round_is_refused(cadre, topic):
    select_topic(offering_id=topic.pk, by=cadre.user)
    with pytest.raises(WindowClosed):
        withdraw_from_topic(offering_id=topic.pk, by=cadre.user, now=topic.selection_round.closes_at)
    assert taken(topic) == 1


def test_select_again_after_withdrawal_is_a_new_row(cadre, topic):
    first = select_topic(offering_id=topic.pk, by=cadre.user)
    withdraw_from_topic(offering_id=topic.pk, by=cadre.user)
    second = select_topic(offering_id=topic.pk, by=cadre.user)
    assert [(place.pk, place.state) for place in places()] == [(first, "withdrawn"), (second, "enrolled")]
    assert taken(topic) == 1


def test_enrol_by_staff_needs_no_window_but_a_seat(topic):
    staff = make_user(Role.STAFF)
    topic.selection_round.state = RoundState.CLOSED
    topic.selection_round.save()
    cadres = CadreFactory.create_batch(3)
    for cadre in cadres[:2]:
        enrol_cadre(cadre_id=cadre.pk, offering_id=topic.pk, by=staff)
    with pytest.raises(Full):
        enrol_cadre(cadre_id=cadres[2].pk, offering_id=topic.pk, by=staff)
    assert [(place.origin, place.created_by) for place in places()] == [("staff", staff)] * 2
    assert {action for action, *_rest in record()} == {"enrolment.enrol"}


def test_enrol_in_an_offering_outside_any_round(topic):
    main_class = OfferingFactory()
    enrol_cadre(cadre_id=CadreFactory().pk, offering_id=main_class.pk, by=make_user(Role.STAFF))
    assert taken(main_class) == 1


def test_enrol_out_of_scope_or_unknown_is_not_found(topic):
    city = City()
    officer = make_user(Role.OFFICER, unit=city.east)
    with pytest.raises(NotFound):
        enrol_cadre(cadre_id=CadreFactory(unit=city.cousin_bureau).pk, offering_id=topic.pk, by=officer)
    with pytest.raises(NotFound):
        enrol_cadre(cadre_id=CadreFactory().pk, offering_id=topic.pk + 1000, by=make_user(Role.STAFF))


def test_concluded_place_cannot_be_given_up(cadre, topic):
    staff = make_user(Role.STAFF)
    EnrolmentFactory(
        cadre=cadre, offering=topic, state=EnrolmentState.COMPLETED, ended_at=clock.now(), ended_by=staff
    )
    with pytest.raises(WrongState, match="has been concluded"):
        withdraw_from_topic(offering_id=topic.pk, by=cadre.user)


def test_raw_insert_beyond_capacity_is_refused_by_the_database(topic):
    from django.db import IntegrityError, transaction

    cadres, staff = CadreFactory.create_batch(3), make_user(Role.STAFF)
    statement = (
        "INSERT INTO trainees_enrolment (cadre_id, offering_id, state, origin, created_at, created_by_id, reason)"
        " VALUES (%s, %s, 'enrolled', 'staff', now(), %s, '')"
    )
    with connection.cursor() as cursor:
        for cadre in cadres[:2]:
            cursor.execute(statement, [cadre.pk, topic.pk, staff.pk])
        with pytest.raises(IntegrityError, match="courses_seatcount_taken_ck"), transaction.atomic():
            cursor.execute(statement, [cadres[2].pk, topic.pk, staff.pk])
    with pytest.raises(IntegrityError, match="courses_seatcount_taken_ck"), transaction.atomic():
        Enrolment(cadre=cadres[2], offering=topic, created_by=staff).save()
    assert taken(topic) == 2
