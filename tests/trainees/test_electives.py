"""Picking and giving up electives, through the services and through the pages."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import translation

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
from tests.factories.courses import LessonFactory, OfferingFactory, RoomFactory, SelectionRoundFactory
from tests.factories.faculty import TeacherFactory
from tests.factories.trainees import CadreFactory, EnrolmentFactory, make_trainee
from trainees.enums import EnrolmentState, Rank
from trainees.models import Enrolment
from trainees.services.electives import select_topic, withdraw_from_topic
from trainees.services.enrolments import enrol_cadre

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def cadre() -> Any:
    return make_trainee()


@pytest.fixture
def topic() -> Any:
    return OfferingFactory(selection_round=SelectionRoundFactory(), capacity=2, title="Rural revival")


def places(**conditions: Any) -> list[Enrolment]:
    return list(Enrolment.objects.filter(**conditions).unscoped("test").order_by("pk"))


def taken(offering: Any) -> int:
    return SeatCount.objects.get(pk=offering.pk).taken


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


# --- pages -------------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def as_cadre(client, cadre):
    client.force_login(cadre.user)
    client.cookies["django_language"] = "en"
    return client


def test_select_page_redirects_to_the_list_which_confirms(as_cadre, cadre, topic):
    answer = as_cadre.post(reverse("trainees:select", args=[topic.pk]))
    assert (answer.status_code, answer["Location"]) == (303, "/electives/")
    page = as_cadre.get(answer["Location"]).content.decode()
    assert "The topic is yours. Your place is kept." in page
    assert "offer-chosen" in page
    assert places()[0].cadre == cadre


def test_select_second_press_is_told_the_place_is_kept(as_cadre, topic):
    as_cadre.post(reverse("trainees:select", args=[topic.pk]))
    answer = as_cadre.post(reverse("trainees:select", args=[topic.pk]))
    assert answer.status_code == 409
    page = answer.content.decode()
    assert 'data-denial="duplicate"' in page
    assert 'href="/electives/"' in page
    assert taken(topic) == 1


def test_select_refusal_for_htmx_is_a_fragment(as_cadre, topic):
    EnrolmentFactory.create_batch(2, offering=topic)
    answer = as_cadre.post(reverse("trainees:select", args=[topic.pk]), headers={"HX-Request": "true"})
    assert answer.status_code == 409
    assert answer.content.decode().lstrip().startswith('<section class="denial"')


def test_withdraw_page_redirects(as_cadre, topic):
    as_cadre.post(reverse("trainees:select", args=[topic.pk]))
    answer = as_cadre.post(reverse("trainees:withdraw", args=[topic.pk]))
    assert (answer.status_code, answer["Location"]) == (303, "/electives/")
    assert as_cadre.post(reverse("trainees:withdraw", args=[topic.pk])).status_code == 409


@pytest.mark.parametrize("name", ["select", "withdraw"])
def test_post_pages_refuse_get_strangers_and_unknown_topics(as_cadre, client, topic, name):
    url = reverse(f"trainees:{name}", args=[topic.pk])
    assert as_cadre.get(url).status_code == 405
    assert as_cadre.post(reverse(f"trainees:{name}", args=[topic.pk + 1000])).status_code == 404
    client.force_login(make_user(Role.STAFF))
    assert client.post(url).status_code == 403
    client.logout()
    assert client.post(url).status_code == 302


def test_list_without_a_round_says_so(as_cadre):
    page = as_cadre.get(reverse("trainees:electives")).content.decode()
    assert "No selection is open now" in page


def test_list_shows_the_state_of_each_topic(as_cadre, cadre, topic):
    chosen = OfferingFactory(selection_round=topic.selection_round, title="Chosen")
    EnrolmentFactory(cadre=cadre, offering=chosen)
    OfferingFactory(selection_round=topic.selection_round, title="Gone", capacity=0)
    OfferingFactory(selection_round=topic.selection_round, title="Secret", state=OfferingState.PLANNED)
    OfferingFactory(selection_round=SelectionRoundFactory(state=RoundState.DRAFT), title="Draft")
    (found,) = as_cadre.get(reverse("trainees:electives")).context["rounds"]
    assert (found.picks, found.max_picks) == (1, 2)
    assert [(one.offering.title, one.picked, one.denial and one.denial.code) for one in found.topics] == [
        ("Rural revival", False, None),
        ("Chosen", True, "duplicate"),
        ("Gone", False, "full"),
    ]


def test_list_escapes_what_people_typed(as_cadre, topic):
    topic.title = "<b>R&D</b>"
    topic.save()
    page = as_cadre.get(reverse("trainees:electives")).content.decode()
    assert "&lt;b&gt;R&amp;D&lt;/b&gt;" in page
    assert "<b>R&D" not in page


def test_list_shows_own_picks_of_earlier_rounds(as_cadre, cadre):
    over = SelectionRoundFactory(state=RoundState.CLOSED, name="Last year")
    EnrolmentFactory(cadre=cadre, offering=OfferingFactory(selection_round=over, title="Before"))
    EnrolmentFactory(offering=OfferingFactory(selection_round=over, title="Of another cadre"))
    assert [
        place.offering.title for place in as_cadre.get(reverse("trainees:electives")).context["past"]
    ] == ["Before"]


def test_list_for_htmx_is_the_changing_part(as_cadre, topic):
    answer = as_cadre.get(reverse("trainees:electives"), headers={"HX-Request": "true"})
    assert answer["HX-Retarget"] == "#electives"
    assert "<html" not in answer.content.decode()


def test_topic_page_shows_lessons_and_hides_what_is_not_on_show(as_cadre, topic):
    LessonFactory(offering=topic, room=RoomFactory(name="Hall A"))
    assert "Hall A" in as_cadre.get(reverse("trainees:topic", args=[topic.pk])).content.decode()
    planned = OfferingFactory(selection_round=topic.selection_round, state=OfferingState.PLANNED)
    assert as_cadre.get(reverse("trainees:topic", args=[planned.pk])).status_code == 404


@pytest.mark.parametrize("rows", [1, 3])
def test_list_costs_the_same_queries_for_any_number_of_rows(
    as_cadre, cadre, topic, rows, django_assert_num_queries
):
    over = SelectionRoundFactory(state=RoundState.CLOSED)
    for number in range(rows):
        if number:
            OfferingFactory(selection_round=topic.selection_round, lead_teacher=TeacherFactory())
        LessonFactory(offering=topic, room=RoomFactory(), teacher=TeacherFactory())
        EnrolmentFactory(cadre=cadre, offering=OfferingFactory(selection_round=over))
    # Session, user with grants, facts, own entries in line, offerings, lessons, numbers in line, results of
    # draws, earlier picks, unread notices.
    with django_assert_num_queries(10):
        as_cadre.get(reverse("trainees:electives"))


def test_select_costs_two_statements_beside_log_in_and_transaction(
    as_cadre, topic, django_assert_num_queries
):
    # Session, user with grants, SAVEPOINT, facts behind the locks, claim with its record, RELEASE.
    with django_assert_num_queries(6):
        as_cadre.post(reverse("trainees:select", args=[topic.pk]))


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
