"""Opening, changing and closing a round, looking at who can choose what, copying it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from courses.enums import RoundState
from courses.models import Offering, SelectionRound
from partyschool.accounts.enums import Role
from partyschool.common import clock
from tests.admin.clients import logged_in
from tests.admin.round_forms import address, deeds, drafted, split, topic_of
from tests.factories.accounts import make_user
from tests.factories.courses import LessonFactory, OfferingFactory, SelectionRoundFactory
from tests.factories.trainees import CadreFactory, EnrolmentFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def draft(city) -> SelectionRound:
    return drafted()


@pytest.fixture
def topic(draft) -> Offering:
    return topic_of(draft)


# -- moves


def moves(client: Any, found: SelectionRound) -> set[str]:
    page = client.get(address("change", found)).content.decode()
    names = ("open_the_round", "open_the_change_window", "close_the_round")
    return {name for name in names if address(name, found) in page}


@pytest.mark.parametrize(
    ("mode", "state", "offered"),
    [
        ("first_come", "draft", {"open_the_round"}),
        ("first_come", "open", {"open_the_change_window", "close_the_round"}),
        ("first_come", "change", {"close_the_round"}),
        ("first_come", "closed", {"open_the_round", "open_the_change_window"}),
        ("draw", "draft", {"open_the_round"}),
        ("draw", "open", set()),
        ("draw", "sealed", set()),
        ("draw", "published", {"open_the_change_window", "close_the_round"}),
        ("draw", "closed", {"open_the_change_window"}),
    ],
)
def test_buttons_are_the_moves_of_the_state(staff_client, city, mode, state, offered):
    committed = {"seed_hash": "0" * 64} if mode == "draw" and state != "draft" else {}
    found = SelectionRoundFactory(mode=mode, state=state, **committed)
    assert moves(staff_client, found) == offered


def test_change_window_asks_for_its_end(staff_client, city):
    found = SelectionRoundFactory()
    page = address("open_the_change_window", found)
    assert staff_client.get(page).status_code == 200
    assert staff_client.post(page, {"seen": "open"}).status_code == 200
    early = staff_client.post(page, {"seen": "open", **split("until", found.closes_at - timedelta(hours=1))})
    assert early.status_code == 409
    until = found.closes_at + timedelta(days=2)
    assert staff_client.post(page, {"seen": "open", **split("until", until)}).status_code == 302
    found.refresh_from_db()
    assert (found.state, found.change_closes_at) == (RoundState.CHANGE, until.replace(microsecond=0))


def test_new_round_leads_to_its_page(staff_client, city):
    opens = clock.now() + timedelta(days=3)
    data = {"year": 2026, "name": "新轮", "mode": "draw", "mechanism": "best_total", "place_non_voters": "on"}
    data |= {"min_picks": 0, "max_picks": 2, "waiting": "none", "offer_hours": 24, "freeze_days": 0}
    data |= split("opens_at", opens) | split("closes_at", opens + timedelta(days=5))
    answer = staff_client.post(reverse("admin:courses_selectionround_add"), data)
    made = SelectionRound.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, address("change", made))
    assert (made.state, made.mode, made.mechanism, made.place_non_voters) == (
        "draft",
        "draw",
        "best_total",
        True,
    )
    assert deeds() == ["selectionround.add"]
    again = staff_client.post(reverse("admin:courses_selectionround_add"), data)
    assert again.status_code == 200
    assert again.context["adminform"].form.errors.keys() == {"name"}


# -- who can choose what


@pytest.mark.parametrize("rows", [1, 3])
def test_preview_asks_the_same_number_of_queries(staff_client, draft, city, rows):
    for number in range(rows):
        lesson = LessonFactory(offering=OfferingFactory(selection_round=draft, title=f"专题{number}"))
        EnrolmentFactory(offering=lesson.offering, cadre__unit=city.finance_bureau)
    for by in ("rank", "category", "unit"):
        staff_client.get(address("preview", draft), {"by": by})
        with CaptureQueriesContext(connection) as asked:
            page = staff_client.get(address("preview", draft), {"by": by})
        assert page.status_code == 200
        assert len(asked) == PREVIEW_QUERIES + (by == "unit"), [query["sql"][:160] for query in asked]


# Session and user, the round, its topics, two counts; topics, lessons and times of the warnings, target of the year; notes of a copy.
PREVIEW_QUERIES = 11


def test_preview_looks_up_one_cadre(staff_client, draft, topic, city):
    cadre = CadreFactory(unit=city.finance_bureau, name="甲某")
    EnrolmentFactory(offering=topic, cadre=cadre)
    page = staff_client.get(address("preview", draft), {"cadre": cadre.pk})
    assert "甲某" in page.content.decode()
    assert [(one.offering, one.denial.code) for one in page.context_data["sights"]] == [(topic, "duplicate")]


@pytest.mark.parametrize(
    "sent", ["cadre=999999", "cadre=x", "cadre=%00", "unit=9", "unit=x", "by=x", "unit=", "cadre=" + "9" * 30]
)
def test_preview_answers_damaged_addresses(staff_client, draft, sent):
    answer = staff_client.get(f"{address('preview', draft)}?{sent}")
    assert answer.status_code in ({200} if sent == "by=x" else {400, 404})


def test_preview_is_for_readers_of_cadres(auditor_client, draft):
    assert auditor_client.get(address("preview", draft)).status_code == 200
    finance = logged_in(make_user(Role.FINANCE))
    assert finance.get(address("preview", draft)).status_code in {403, 404}


def test_copy_makes_one_draft_and_shows_what_is_left(staff_client, draft, topic):
    page = address("copy_to_next_year", draft)
    assert staff_client.get(page).status_code == 200
    answer = staff_client.post(page)
    made = SelectionRound.objects.get(year=draft.year + 1)
    assert (answer.status_code, answer["Location"]) == (302, address("preview", made))
    assert "未发布" in staff_client.get(answer["Location"]).content.decode()
    again = staff_client.post(page)
    assert (again.status_code, SelectionRound.objects.count()) == (409, 2)
