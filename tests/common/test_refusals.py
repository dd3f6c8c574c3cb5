"""With which status and in which form an expected refusal is answered."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from partyschool.common.errors import Busy, Denial, DomainError, InvalidInput, NotFound, Stale
from partyschool.common.middleware import refusal_response


class LostDrawer(NotFound):
    """A kind of its own, as an app may have."""


class LockedDrawer(Busy):
    """As above."""


STATUSES = [
    *((NotFound, 404), (LostDrawer, 404), (Busy, 503), (LockedDrawer, 503)),
    *((DomainError, 409), (Denial, 409), (InvalidInput, 409), (Stale, 409)),
]


@pytest.mark.django_db
@pytest.mark.parametrize("htmx", [False, True], ids=["page", "in place"])
@pytest.mark.parametrize(("kind", "status"), STATUSES)
def test_a_refusal_is_answered_by_its_kind(kind, status, htmx):
    request = RequestFactory().get("/")
    request.htmx, request.user = htmx, AnonymousUser()
    answer = refusal_response(request, kind("<b>Facts</b>", remedy="Look & see"))
    text = answer.content.decode()
    assert answer.status_code == status
    assert ("<!DOCTYPE" in text) is not htmx
    assert f'data-denial="{kind.code}"' in text
    assert "&lt;b&gt;Facts&lt;/b&gt;" in text
    assert "Look &amp; see" in text
