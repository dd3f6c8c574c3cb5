"""Lines on the pages of a trainee: position, offers, swaps, and what each button answers."""

from datetime import timedelta

import pytest
from django.urls import reverse

from courses.enums import WaitingMode
from partyschool.accounts.enums import Role
from tests.factories.accounts import make_user
from tests.factories.courses import LessonFactory, OfferingFactory, SelectionRoundFactory
from tests.factories.trainees import EnrolmentFactory, make_trainee
from tests.trainees.lines import HOUR, Line, offered, place_of, sitting
from trainees.models import WaitingEntry
from trainees.services.electives import select_topic

pytestmark = pytest.mark.django_db
LIST = "/electives/"
DEEDS = ["wait", "leave", "accept", "decline", "swap"]


@pytest.fixture
def as_user(client):
    def log_in(cadre):
        client.force_login(cadre.user)
        client.cookies["django_language"] = "en"
        return client

    return log_in


def press(client, name, topic, **fields):
    return client.post(reverse(f"trainees:{name}", args=[topic.pk]), fields)


def test_full_topic_offers_the_line_and_shows_the_position(as_user):
    line = Line(people=2)
    line.join(line.people[0])
    client = as_user(line.people[1])
    page = client.get(LIST).content.decode()
    assert "1 waiting" in page
    assert reverse("trainees:wait", args=[line.topic.pk]) in page
    answer = press(client, "wait", line.topic)
    assert (answer.status_code, answer["Location"]) == (303, LIST)
    page = client.get(LIST).content.decode()
    assert "Number 2 of 2 in line" in page
    assert "You are in line." in page
    assert reverse("trainees:leave", args=[line.topic.pk]) in page
    assert (
        "Number 2 of 2 in line"
        in client.get(reverse("trainees:topic", args=[line.topic.pk])).content.decode()
    )


def test_second_press_and_leaving_twice_are_told_why_not(as_user):
    line = Line(people=1)
    client = as_user(line.people[0])
    press(client, "wait", line.topic)
    answer = press(client, "wait", line.topic)
    assert answer.status_code == 409
    assert 'data-denial="duplicate"' in answer.content.decode()
    assert press(client, "leave", line.topic).status_code == 303
    answer = press(client, "leave", line.topic)
    assert answer.status_code == 409
    assert "Your place in line ended on" in answer.content.decode()


def test_refusal_for_htmx_is_a_fragment(as_user):
    line = Line(people=1)
    line.free()
    client = as_user(line.people[0])
    answer = client.post(reverse("trainees:wait", args=[line.topic.pk]), headers={"HX-Request": "true"})
    assert answer.status_code == 409
    assert answer.content.decode().lstrip().startswith('<section class="denial"')


def test_press_on_a_topics_own_page_leads_to_the_list(as_user):
    line = Line(people=1)
    here = "http://testserver" + reverse("trainees:topic", args=[line.topic.pk])
    client = as_user(line.people[0])
    answer = client.get(LIST, headers={"HX-Request": "true", "HX-Current-URL": here})
    assert (answer.status_code, answer["HX-Redirect"]) == (200, LIST)


def test_skipped_entry_says_why_in_words(as_user):
    line = Line(people=1, max_picks=1)
    line.join()
    select_topic(offering_id=line.another().pk, by=line.people[0].user)
    line.free()
    line.promote()
    page = as_user(line.people[0]).get(LIST).content.decode()
    assert "Passed over last time; your place in line is kept." in page
    assert WaitingEntry.objects.unscoped("test").get().skipped_facts in page


def test_offered_seat_is_counted_down_and_accepted(as_user):
    line = offered()
    client = as_user(line.people[0])
    page = client.get(LIST).content.decode()
    assert "data-countdown" in page
    assert 'class="offer offer-held"' in page
    assert "Kept for you until" in page
    answer = client.post(reverse("trainees:select", args=[line.topic.pk]))
    assert "Accept the offered seat, or decline it" in answer.content.decode()
    assert press(client, "accept", line.topic).status_code == 303
    assert place_of(line.people[0], line.topic).state == "enrolled"
    assert press(client, "accept", line.topic).status_code == 409


def test_offered_seat_is_declined(as_user):
    line = offered()
    client = as_user(line.people[0])
    assert press(client, "decline", line.topic).status_code == 303
    assert sitting(line.topic) == []
    assert "My waiting lists" not in client.get(LIST).content.decode()


def test_offer_stands_on_the_list_when_the_round_is_closed(as_user):
    line = offered()
    line.round.state = "closed"
    line.round.save()
    page = as_user(line.people[0]).get(LIST).content.decode()
    assert "My waiting lists" in page
    assert reverse("trainees:accept", args=[line.topic.pk]) in page


def test_limit_reached_offers_to_give_one_up_only_for_the_seat(as_user):
    line = Line(people=1, max_picks=1)
    (cadre,), other = line.people, line.another(title="Budget")
    select_topic(offering_id=other.pk, by=cadre.user)
    client = as_user(cadre)
    for address in (LIST, reverse("trainees:topic", args=[line.topic.pk])):
        page = client.get(address).content.decode()
        assert "give up “Budget” for it" in page
    assert press(client, "wait", line.topic, gives_up="0").status_code == 303
    assert WaitingEntry.objects.unscoped("test").get().gives_up is None
    press(client, "leave", line.topic)
    assert press(client, "wait", line.topic, gives_up=other.pk).status_code == 303
    assert "“Budget” is given up only when this seat is yours." in client.get(LIST).content.decode()
    line.free()
    line.promote()
    assert (sitting(line.topic), sitting(other)) == ([cadre.pk], [])


def test_clash_offers_to_swap_for_the_clashing_topic_alone(as_user):
    line = Line(people=1, max_picks=3)
    line.free()
    (cadre,), clashing = line.people, line.another(title="At the same time")
    harmless = line.another(title="Harmless")
    for topic in (line.topic, clashing):
        start = line.round.closes_at + timedelta(days=40)
        LessonFactory(offering=topic, starts_at=start, ends_at=start + HOUR)
    for topic in (clashing, harmless):
        select_topic(offering_id=topic.pk, by=cadre.user)
    client = as_user(cadre)
    page = client.get(LIST).content.decode()
    assert "Give up “At the same time” and take this one" in page
    assert press(client, "swap", line.topic, gives_up=clashing.pk).status_code == 303
    assert (sitting(line.topic), sitting(clashing), sitting(harmless)) == ([cadre.pk], [], [cadre.pk])


def test_clash_with_a_class_that_cannot_be_given_up_offers_nothing_to_swap(as_user):
    line = Line(people=1)
    (cadre,), main_class = line.people, OfferingFactory(title="Main class", kind="main_class")
    for topic in (line.topic, main_class):
        start = line.round.closes_at + timedelta(days=40)
        LessonFactory(offering=topic, starts_at=start, ends_at=start + HOUR)
    EnrolmentFactory(cadre=cadre, offering=main_class)
    page = as_user(cadre).get(LIST).content.decode()
    assert "You are passed over as long as this stands in the way" in page
    assert "for it</option>" not in page


@pytest.mark.parametrize("entered", ["", "0", "x", "9" * 40])
def test_swap_for_no_topic_is_refused(as_user, entered):
    line = Line(people=1)
    assert press(as_user(line.people[0]), "swap", line.topic, gives_up=entered).status_code == 409


@pytest.mark.parametrize("waiting", ["none", "automatic"])
def test_no_line_is_offered_where_there_is_none(as_user, waiting):
    line = Line(people=1, waiting=waiting)
    page = as_user(line.people[0]).get(LIST).content.decode()
    assert (reverse("trainees:wait", args=[line.topic.pk]) in page) is (waiting == "automatic")


@pytest.mark.parametrize("name", DEEDS)
def test_post_pages_refuse_get_strangers_and_unknown_topics(client, as_user, name):
    line = Line(people=1)
    url = reverse(f"trainees:{name}", args=[line.topic.pk])
    mine = as_user(line.people[0])
    assert mine.get(url).status_code == 405
    held = line.another().pk if name == "swap" else ""
    if held:
        select_topic(offering_id=held, by=line.people[0].user)
    unknown = mine.post(reverse(f"trainees:{name}", args=[line.topic.pk + 1000]), {"gives_up": held})
    assert unknown.status_code == 404
    client.force_login(make_user(Role.STAFF))
    assert client.post(url).status_code == 403
    client.logout()
    assert client.post(url).status_code == 302


@pytest.mark.parametrize("rows", [1, 3])
def test_list_with_lines_costs_the_same_queries_for_any_number_of_rows(
    as_user, rows, django_assert_num_queries
):
    found = SelectionRoundFactory(max_picks=9, waiting=WaitingMode.AUTOMATIC)
    lines = []
    cadre = make_trainee()
    for _each in range(rows):
        line = Line(people=2, found=found)
        line.people.append(cadre)
        line.join()
        lines.append(line)
    client = as_user(cadre)
    # Session, user with grants, facts, offerings, lessons, own entries, their positions, numbers in line, draws, earlier
    # picks, unread notices.
    with django_assert_num_queries(11):
        page = client.get(LIST).content.decode()
    assert page.count("Number 3 of 3 in line") == 2 * rows
