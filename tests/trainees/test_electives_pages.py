"""Electives as a trainee sees and uses them: the list, a topic, and what a press of a button answers."""

from typing import Any

import pytest
from django.urls import reverse

from courses.enums import OfferingState, RoundState
from partyschool.accounts.enums import Role
from tests.factories.accounts import make_user
from tests.factories.courses import LessonFactory, OfferingFactory, RoomFactory, SelectionRoundFactory
from tests.factories.faculty import TeacherFactory
from tests.factories.trainees import EnrolmentFactory, make_trainee
from tests.trainees.picks import places, taken

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


@pytest.fixture
def cadre() -> Any:
    return make_trainee()


@pytest.fixture
def topic() -> Any:
    return OfferingFactory(selection_round=SelectionRoundFactory(), capacity=2, title="Rural revival")


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
