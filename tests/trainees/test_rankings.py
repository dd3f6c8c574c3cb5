"""Ranking the topics of a draw: when, what, by whom, and what the page shows."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from courses.enums import RoundState
from courses.models import RoundOpening, SelectionRound
from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.common.errors import InvalidInput, NotEligible, NotFound, WindowClosed
from tests.factories.accounts import make_unit, make_user
from tests.factories.courses import LessonFactory, OfferingFactory, SelectionRoundFactory
from tests.factories.draws import Draw
from tests.factories.trainees import EnrolmentFactory, make_trainee
from trainees.models import Ranking
from trainees.services.rankings import rank_topics

pytestmark = pytest.mark.django_db


@pytest.fixture
def draw():
    return Draw(people=1)


def stored(draw, cadre):
    return Ranking.objects.filter(selection_round=draw.pk, cadre=cadre).unscoped("test").get()


def test_ranking_is_replaced_and_taken_back(draw):
    (cadre,) = draw.cadres
    first = draw.rank(cadre, 2, 0)
    assert first.offerings == [draw.topics[2].pk, draw.topics[0].pk]
    later = clock.now() + timedelta(hours=1)
    draw.rank(cadre, 1, now=later)
    ranking = stored(draw, cadre)
    assert (ranking.offerings, ranking.ranked_at, ranking.ranked_by, ranking.ticket) == (
        [draw.topics[1].pk],
        later,
        cadre.user,
        first.ticket,
    )
    draw.rank(cadre)
    assert stored(draw, cadre).offerings == []


def test_ranking_saved_again_unchanged_keeps_its_time(draw):
    (cadre,) = draw.cadres
    first = draw.rank(cadre, 0, 1)
    draw.rank(cadre, 0, 1, now=clock.now() + timedelta(hours=1))
    assert stored(draw, cadre).ranked_at == first.ranked_at


def test_ranking_is_on_record_without_its_content(draw):
    (cadre,) = draw.cadres
    ranking = draw.rank(cadre, 0, 1)
    event = AuditEvent.objects.unscoped("test").get(action="ranking.save")
    assert (event.actor, event.subject, event.data) == (
        cadre.user,
        f"trainees.ranking:{ranking.pk}",
        {"round": draw.pk, "topics": 2},
    )


@pytest.mark.parametrize("numbers", [(0, 0), (0, 1, 0)])
def test_ranking_with_a_doubled_topic_is_refused(draw, numbers):
    with pytest.raises(InvalidInput):
        draw.rank(draw.cadres[0], *numbers)


def test_ranking_with_a_topic_of_another_round_is_refused(draw):
    other = OfferingFactory(selection_round=SelectionRoundFactory())
    planned = OfferingFactory(selection_round=draw.found, state="planned")
    for topic in (other, planned):
        with pytest.raises(InvalidInput):
            rank_topics(round_id=draw.pk, offerings=[topic.pk], by=draw.cadres[0].user)
    assert not Ranking.objects.unscoped("test").exists()


def test_ranking_outside_the_window_is_refused(draw):
    (cadre,) = draw.cadres
    with pytest.raises(WindowClosed) as early:
        draw.rank(cadre, 0, now=draw.opened - timedelta(seconds=1))
    assert early.value.retry_at == draw.opened
    with pytest.raises(WindowClosed):
        draw.rank(cadre, 0, now=draw.closes)
    draw.rank(cadre, 0, now=draw.closes - timedelta(seconds=1))


def test_ranking_waits_for_the_opening_of_the_own_unit(draw):
    (cadre,) = draw.cadres
    later = clock.now() + timedelta(hours=1)
    RoundOpening.objects.create(selection_round=draw.found, unit=draw.unit, opens_at=later)
    with pytest.raises(WindowClosed) as early:
        draw.rank(cadre, 0)
    assert early.value.retry_at == later


def test_ranking_in_a_first_come_round_is_refused():
    cadre, topic = make_trainee(), OfferingFactory(selection_round=SelectionRoundFactory())
    with pytest.raises(WindowClosed):
        rank_topics(round_id=topic.selection_round_id, offerings=[topic.pk], by=cadre.user)


def test_ranking_of_somebody_not_admitted_is_refused():
    draw = Draw(people=1)
    draw.found.units.add(make_unit())
    with pytest.raises(NotEligible):
        draw.rank(draw.cadres[0], 0)


def test_ranking_of_an_unknown_or_drafted_round_is_not_found(draw):
    (cadre,) = draw.cadres
    drafted = OfferingFactory(selection_round=SelectionRoundFactory(mode="draw", state="draft"))
    for round_id in (drafted.selection_round_id, 999_999):
        with pytest.raises(NotFound):
            rank_topics(round_id=round_id, offerings=[], by=cadre.user)
    with pytest.raises(NotEligible):
        rank_topics(round_id=draw.pk, offerings=[], by=make_user(Role.TRAINEE))


def test_ranking_is_refused_by_the_database_once_the_round_is_sealed(draw):
    (cadre,) = draw.cadres
    ranking = draw.rank(cadre, 0)
    draw.seal()
    insert = f"""INSERT INTO trainees_ranking (cadre_id, selection_round_id, offerings, ticket, ranked_at)
                 SELECT {make_trainee().pk}, selection_round_id, '{{}}', 'aaaaaaaaaaaa', now() FROM trainees_ranking WHERE id = %s"""
    statements = [
        "UPDATE trainees_ranking SET offerings = '{}' WHERE id = %s",
        "UPDATE trainees_ranking SET ranked_at = now() WHERE id = %s",
        "DELETE FROM trainees_ranking WHERE id = %s",
        insert,
    ]
    for statement in statements:
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [ranking.pk])
    with pytest.raises(WindowClosed):
        draw.rank(cadre, 1)


def test_rankings_are_seen_by_the_school_and_oneself_alone(draw):
    (cadre,) = draw.cadres
    draw.rank(cadre, 0)
    readers = {
        "own": cadre.user,
        "staff": draw.staff,
        "orgdept": make_user(Role.ORGDEPT, unit=draw.unit),
        "officer": make_user(Role.OFFICER, unit=draw.unit),
        "other": make_trainee(unit=draw.unit).user,
    }
    assert {name: Ranking.objects.visible_to(user).count() for name, user in readers.items()} == {
        "own": 1,
        "staff": 1,
        "orgdept": 0,
        "officer": 0,
        "other": 0,
    }


# -- the page


def post(client, draw, **data):
    return client.post(f"/electives/rounds/{draw.pk}/rank/", data)


def place(draw, number):
    return f"place-{draw.topics[number].pk}"


def test_page_saves_the_numbered_places_and_shows_them_first(client, draw):
    (cadre,) = draw.cadres
    client.force_login(cadre.user)
    answer = post(client, draw, **{place(draw, 0): "", place(draw, 1): "3", place(draw, 2): "1"})
    assert (answer.status_code, answer["Location"]) == (303, f"/electives/#draw-{draw.pk}")
    assert stored(draw, cadre).offerings == [draw.topics[2].pk, draw.topics[1].pk]
    page = client.get("/electives/").content.decode()
    assert stored(draw, cadre).ticket in page
    assert draw.found.seed_hash in page
    order = [page.index(f'id="place-{draw.topics[number].pk}"') for number in (2, 1, 0)]
    assert order == sorted(order)
    assert post(client, draw, clear="1", **{place(draw, 2): "1"}).status_code == 303
    assert stored(draw, cadre).offerings == []


def test_page_gives_back_what_was_entered_when_a_place_is_doubled(client, draw):
    client.force_login(draw.cadres[0].user)
    answer = post(client, draw, **{place(draw, 0): "2", place(draw, 1): "2", place(draw, 2): "x"})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert page.count("selected") == 2
    assert 'data-denial="invalid"' in page
    assert not Ranking.objects.unscoped("test").exists()


def test_page_marks_what_the_draw_would_refuse(client, draw):
    (cadre,) = draw.cadres
    busy, wanted = LessonFactory(), LessonFactory(offering=draw.topics[0])
    busy.starts_at, busy.ends_at = wanted.starts_at, wanted.ends_at
    busy.save()
    EnrolmentFactory(cadre=cadre, offering=busy.offering)
    client.force_login(cadre.user)
    page = client.get("/electives/").content.decode()
    assert f'id="bar-{draw.topics[0].pk}"' in page
    assert f'id="bar-{draw.topics[1].pk}"' not in page
    assert busy.title in page


def test_page_of_a_sealed_draw_takes_no_ranking(client, draw):
    draw.rank(draw.cadres[0], 0)
    draw.seal()
    client.force_login(draw.cadres[0].user)
    page = client.get("/electives/").content.decode()
    assert draw.found.preferences_hash in page
    assert f'action="/electives/rounds/{draw.pk}/rank/"' in page
    assert post(client, draw, **{place(draw, 0): "1"}).status_code == 409


@pytest.mark.parametrize("topics", [1, 6])
def test_page_asks_the_same_number_of_queries_for_any_number_of_topics(
    client, topics, django_assert_num_queries
):
    draw = Draw(seats=(2,) * topics, people=1)
    draw.rank(draw.cadres[0], 0)
    client.force_login(draw.cadres[0].user)
    client.get("/electives/")
    with django_assert_num_queries(10):
        client.get("/electives/")


def test_change_window_of_a_draw_is_first_come(client, draw):
    SelectionRound.objects.filter(pk=draw.pk).update(
        state=RoundState.CHANGE, change_closes_at=draw.closes + timedelta(days=1)
    )
    client.force_login(draw.cadres[0].user)
    page = client.get("/electives/").content.decode()
    assert f"/electives/{draw.topics[0].pk}/select/" in page
