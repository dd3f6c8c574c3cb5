"""One vocabulary of denials, told with the same parts wherever it is told, and written down in docs/denials.md.

Run with WRITE_DENIALS=1 after adding a denial, then review the difference.
"""

import os
import re
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from django.urls import get_resolver
from django.utils import translation

from partyschool.accounts.enums import Role
from partyschool.accounts.services.administrators import LoginNameTaken
from partyschool.common.admin import refusal_text
from partyschool.common.errors import Denial, Full
from partyschool.common.middleware import refusal_response
from tests.admin.clients import logged_in
from tests.factories.accounts import make_user
from tests.factories.courses import OfferingFactory, SelectionRoundFactory
from tests.factories.trainees import CadreFactory, EnrolmentFactory, make_trainee
from trainees.rules.denials import REFUSAL_CODES, refusal_reason

PAGE = Path(settings.BASE_DIR, "docs", "denials.md")
BEGIN, END = "<!-- table: tests/trainees/test_denials.py -->\n", "<!-- end of table -->"
RETRY_AT = datetime(2026, 11, 24, 9, 30, tzinfo=ZoneInfo("Asia/Shanghai"))


def _vocabulary(kind: type[Denial] = Denial) -> list[type[Denial]]:
    """Every kind of denial the portal has."""
    own = [one for one in kind.__subclasses__() if not one.__module__.startswith("tests")]
    return [found for one in own for found in (one, *_vocabulary(one))]


# With the addresses come all views, and with them all services and what they refuse; one is for a command alone.
assert get_resolver().url_patterns
assert LoginNameTaken
KINDS = sorted(_vocabulary(), key=lambda kind: (kind.__module__, kind.code, kind.__name__))


def _table() -> str:
    with translation.override("en"):
        rows = [
            f"| `{one.code}` | {one.title} | {one.remedy} | `{one.__module__}.{one.__name__}` |"
            for one in KINDS
        ]
    return "\n".join(
        ["| code | what the person reads | what to do | class |", "| --- | --- | --- | --- |", *rows, ""]
    )


def test_the_page_lists_every_denial():
    written = PAGE.read_text()
    head, _begin, rest = written.partition(BEGIN)
    _old, _end, tail = rest.partition(END)
    wanted = head + BEGIN + _table() + END + tail
    if os.environ.get("WRITE_DENIALS"):
        PAGE.write_text(wanted)
    assert PAGE.read_text() == wanted


@pytest.mark.parametrize("kind", KINDS)
def test_every_denial_has_code_title_and_remedy_of_its_own_language(kind):
    assert re.fullmatch("[a-z_]{2,20}", kind.code)
    for text in (kind.title, kind.remedy):
        with translation.override("en"):
            english = str(text)
        with translation.override("zh-hans"):
            assert str(text) != english


@pytest.mark.django_db
@pytest.mark.parametrize("htmx", [False, True], ids=["page", "in place"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_denial_is_answered_with_all_its_parts(kind, htmx):
    request = RequestFactory().get("/")
    request.htmx, request.user = htmx, AnonymousUser()
    answer = refusal_response(request, kind("The facts.", retry_at=RETRY_AT))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert f'data-denial="{kind.code}"' in page
    assert "The facts." in page
    assert str(kind.remedy) in page
    assert 'datetime="2026-11-24T09:30:00+08:00"' in page


@pytest.mark.parametrize("kind", KINDS)
def test_every_denial_reads_as_sentences_in_messages(kind):
    with translation.override("en"):
        text = refusal_text(kind("The facts", retry_at=RETRY_AT))
        assert text.startswith(f"{kind.title}: The facts.")
        assert str(kind.remedy) in text
    assert "2026" in text
    assert "09:30" in text


def _full_topic() -> Any:
    topic = OfferingFactory(selection_round=SelectionRoundFactory(), capacity=1)
    EnrolmentFactory(offering=topic)
    return topic


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("who", ["trainee", "trainee in place", "staff"])
def test_a_denial_is_told_alike_to_trainees_and_staff(who):
    topic = _full_topic()
    if who == "staff":
        client = logged_in(make_user(Role.STAFF))
        address = f"/admin/trainees/offeringroster/{topic.pk}/enrol/"
        answer = client.post(address, {"cadre": CadreFactory().pk})
    else:
        client = logged_in(make_trainee().user)
        headers = {"HX-Request": "true"} if who.endswith("place") else {}
        answer = client.post(f"/electives/{topic.pk}/select/", headers=headers)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert 'data-denial="full"' in page
    assert topic.title in page
    with translation.override("zh-hans"):
        assert str(Full.title) in page
        assert str(Full.remedy) in page


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("who", ["trainee", "trainee in place"])
def test_a_round_that_opens_later_says_when(who):
    later = SelectionRoundFactory(opens_at=RETRY_AT.replace(year=2099), closes_at=RETRY_AT.replace(year=2100))
    topic = OfferingFactory(selection_round=later)
    headers = {"HX-Request": "true"} if who.endswith("place") else {}
    answer = logged_in(make_trainee().user).post(f"/electives/{topic.pk}/select/", headers=headers)
    page = answer.content.decode()
    assert 'data-denial="window_closed"' in page
    assert 'datetime="2099-11-24T09:30:00+08:00"' in page


def test_what_is_kept_of_refusals_has_words():
    assert set(REFUSAL_CODES) <= {kind.code for kind in KINDS}
    for code in REFUSAL_CODES:
        with translation.override("zh-hans"):
            assert refusal_reason(code) != code
