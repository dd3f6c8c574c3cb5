"""The forum's sessions in the administration: only they, with the year's target and the way to the announcement."""

from datetime import date

import pytest
from django.urls import reverse

from courses.enums import OfferingKind, OfferingState
from courses.models import ForumSession, Offering
from partyschool.accounts.enums import Role
from partyschool.common import clock
from partyschool.standards.models import StandardTarget
from partyschool.standards.selectors.forum import forum_year
from tests.admin.clients import logged_in
from tests.factories.accounts import make_user
from tests.factories.courses import OfferingFactory, SelectionRoundFactory

pytestmark = pytest.mark.django_db(transaction=True)

TODAY = date(2025, 6, 10)
LIST = "admin:courses_forumsession_changelist"


@pytest.fixture
def staff_client():
    return logged_in(make_user(Role.STAFF))


def session(day: date = TODAY, **fields):
    return OfferingFactory(kind=OfferingKind.FORUM, year=day.year, starts_on=day, ends_on=day, **fields)


def test_year_counts_what_was_held_and_what_stands():
    assert forum_year(2025, TODAY).target is None
    StandardTarget.objects.create(year=2025, indicator="forum_sessions", target=4)
    session()
    session(date(2025, 9, 26))
    session(date(2025, 11, 28), state=OfferingState.PLANNED)
    session(date(2025, 3, 28), state=OfferingState.CANCELLED)
    session(date(2024, 3, 28))
    OfferingFactory(year=2025)
    found = forum_year(2025, TODAY)
    assert (found.held, found.ahead, found.target, found.short) == (1, 2, 4, 1)


def test_list_shows_sessions_alone_with_the_target_and_their_pages(staff_client):
    year = clock.school_year()
    StandardTarget.objects.create(year=year, indicator="forum_sessions", target=4)
    published = session(date(year, 1, 1), title="已发布的一场", selection_round=SelectionRoundFactory())
    planned = session(date(year, 12, 31), title="计划中的一场", state=OfferingState.PLANNED)
    OfferingFactory(title="一堂选学专题")
    shown = staff_client.get(reverse(LIST)).content.decode()
    assert "一堂选学专题" not in shown
    assert "还需安排2场：全年要求4场" in shown
    assert reverse("trainees:forum_session", args=[published.pk]) in shown
    assert reverse("trainees:forum_session", args=[planned.pk]) not in shown
    assert reverse("admin:trainees_offeringroster_change", args=[published.pk]) in shown


def test_other_offerings_are_no_sessions(staff_client):
    topic = OfferingFactory()
    assert staff_client.get(reverse("admin:courses_forumsession_change", args=[topic.pk])).status_code == 404


def test_new_session_is_of_the_forum_and_published_from_here(staff_client):
    page = reverse("admin:courses_forumsession_add")
    assert 'value="liangjiang-forum"' in staff_client.get(page).content.decode()
    form = {
        "code": "JT-9",
        "title": "新的一场",
        "series": "liangjiang-forum",
        "year": 2025,
        "signboard": "party_school",
    }
    form |= {"starts_on": "2025-06-27", "ends_on": "2025-06-27", "capacity": 300}
    form |= {"lessons-TOTAL_FORMS": 0, "lessons-INITIAL_FORMS": 0}
    answer = staff_client.post(page, form)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    made = ForumSession.objects.get(code="JT-9")
    assert (made.kind, made.series, made.seats.capacity) == (OfferingKind.FORUM, "liangjiang-forum", 300)
    publish = reverse("admin:courses_forumsession_publish", args=[made.pk])
    assert (
        reverse("admin:courses_forumsession_change", args=[made.pk])
        in staff_client.get(publish).content.decode()
    )
    answer = staff_client.post(publish)
    assert answer["Location"] == reverse("admin:courses_forumsession_change", args=[made.pk])
    assert Offering.objects.get(pk=made.pk).state == OfferingState.PUBLISHED
    poster = staff_client.get(reverse("admin:courses_forumsession_poster", args=[made.pk]))
    assert poster["Location"] == reverse("trainees:forum_session", args=[made.pk])
