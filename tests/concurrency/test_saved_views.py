"""Two tabs of one person keep views: as many as one may, and one that opens by itself; and what happens without the lock."""

from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError

from partyschool.accounts.enums import Role
from partyschool.accounts.models import User
from partyschool.common.locking import violated_constraint
from tests.concurrency.rivals import Gate, compete
from tests.factories.accounts import make_user
from trainees.models import SavedView
from trainees.services import saved_views
from trainees.services.saved_views import VIEWS_MOST, TooManyViews, save_view, set_default_view

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
PAGE = "organisation_cadres"


def keep(by: User, number: int) -> SavedView:
    return save_view(page=PAGE, name=f"视图{number}", query="sort=name", by=by)


def unlocked(monkeypatch: Any, method: str) -> None:
    """No lock; both tabs come as far as `method` of the views before either goes on."""
    views = type(SavedView.objects.all())
    monkeypatch.setattr(saved_views, "lock_row", lambda model, pk: model._base_manager.get(pk=pk))
    monkeypatch.setattr(views, method, Gate(2).wrap(getattr(views, method)))


def kept(by: User) -> int:
    return SavedView.objects.visible_to(by).count()


def test_the_last_view_is_kept_once():
    by = make_user(Role.STAFF)
    for number in range(VIEWS_MOST - 1):
        keep(by, number)
    outcomes = compete([partial(keep, by, number) for number in range(100, 104)])
    assert [type(one) for one in outcomes].count(TooManyViews) == 3
    assert kept(by) == VIEWS_MOST


def test_twin_without_the_lock_one_too_many_is_kept(monkeypatch):
    by = make_user(Role.STAFF)
    for number in range(VIEWS_MOST - 1):
        keep(by, number)
    unlocked(monkeypatch, "count")
    compete([partial(keep, by, number) for number in range(100, 102)])
    monkeypatch.undo()
    assert kept(by) == VIEWS_MOST + 1


def test_one_view_opens_by_itself():
    by = make_user(Role.STAFF)
    views = [keep(by, number) for number in range(4)]
    compete([partial(set_default_view, view_id=view.pk, is_default=True, by=by) for view in views])
    assert SavedView.objects.visible_to(by).filter(is_default=True).count() == 1


def test_twin_without_the_lock_the_database_alone_stops_a_second(monkeypatch):
    by = make_user(Role.STAFF)
    views = [keep(by, number) for number in range(2)]
    unlocked(monkeypatch, "update")

    def choose(view: SavedView) -> str:
        try:
            set_default_view(view_id=view.pk, is_default=True, by=by)
        except IntegrityError as error:
            return violated_constraint(error)
        return "chosen"

    outcomes = compete([partial(choose, view) for view in views])
    assert sorted(outcomes) == ["chosen", "trainees_savedview_default_uq"]
