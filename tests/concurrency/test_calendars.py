"""One live calendar link per person, whoever presses when; and the twin that shows what the unique index is for."""

from functools import partial
from typing import Any

import pytest
from django.db import connection

from partyschool.common.errors import WrongState
from tests.concurrency.rivals import Gate, compete
from tests.factories.trainees import make_trainee
from trainees.models import CalendarFeed
from trainees.selectors.calendars import feed_by_token, live_feed
from trainees.services import calendars
from trainees.services.calendars import MadeFeed, make_feed, revoke_feed

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def _live(user: Any) -> int:
    return CalendarFeed.objects.visible_to(user).filter(revoked_at=None).count()


def _make_at_once(monkeypatch: Any, user: Any, rivals: int, replaces: int | None = None) -> list[Any]:
    """All have decided what to replace before any writes its own."""
    monkeypatch.setattr(calendars, "digest_of", Gate(rivals).wrap(calendars.digest_of))
    make = partial(make_feed, replaces=replaces, language="en", by=user)
    return compete([make] * rivals, at_once=rivals)


def test_of_two_first_links_one_lives_and_the_other_is_told(monkeypatch):
    user = make_trainee().user
    outcomes = _make_at_once(monkeypatch, user, 2)
    (made,) = [one for one in outcomes if isinstance(one, MadeFeed)]
    assert [type(one) for one in outcomes].count(WrongState) == 1
    assert feed_by_token(made.token)[0] == live_feed(user) == made.feed


def test_twin_without_the_index_leaves_two_links(monkeypatch):
    user = make_trainee().user
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX trainees_calendarfeed_live_uq")
    outcomes = _make_at_once(monkeypatch, user, 2)
    assert [type(one) for one in outcomes] == [MadeFeed, MadeFeed]
    assert _live(user) == 2


def test_of_four_who_replace_the_same_link_one_does(monkeypatch):
    user = make_trainee().user
    old = make_feed(replaces=None, language="en", by=user)
    make = partial(make_feed, replaces=old.feed.pk, language="en", by=user)
    outcomes = compete([make] * 4, at_once=4)
    (made,) = [one for one in outcomes if isinstance(one, MadeFeed)]
    assert [type(one) for one in outcomes].count(WrongState) == 3
    assert (live_feed(user), _live(user)) == (made.feed, 1)


def test_switching_off_twice_at_once_does_it_once():
    user = make_trainee().user
    make_feed(replaces=None, language="en", by=user)
    assert sorted(compete([partial(revoke_feed, by=user)] * 2, at_once=2)) == [False, True]
    assert _live(user) == 0
