"""Whoever sees a link on a page of the demo school may follow it, and gets a page."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin

import pytest
from django.core.management import call_command
from django.test import Client

from partyschool.accounts.models import User
from partyschool.home.demo.accounts import NAMES

pytestmark = pytest.mark.django_db

# One object of a kind stands for all of its kind: numbers, keys and check codes are the same address.
OBJECT = re.compile(
    r"/(?:\d+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[A-Z0-9]{4}(?:-[A-Z0-9]{4}){3})(?=/|$)"
)


class Links(HTMLParser):
    """Collects where the links of a page lead, and what its parts load by htmx."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        for link in ((values.get("href") if tag == "a" else None), values.get("hx-get")):
            if link and not link.startswith("#"):
                self.found.append(urldefrag(urljoin(self.base, link)).url)


def pages_of(client: Client) -> Iterator[tuple[str, str, int]]:
    """(page with the link, address, status) of each kind of address that can be reached from the first page."""
    seen: set[str] = set()
    waiting = [("", "/")]
    while waiting:
        source, address = waiting.pop(0)
        path = address.partition("?")[0]
        kind = OBJECT.sub("/#", path)
        if not address.startswith("/") or kind in seen or path.startswith(("/static/", "/accounts/logout/")):
            continue
        seen.add(kind)
        response = client.get(address)
        yield source, address, response.status_code
        if response.status_code in {301, 302, 303}:
            waiting.append((address, response["Location"]))
        elif response.streaming:
            b"".join(response.streaming_content)
        elif response["Content-Type"].startswith("text/html"):
            links = Links(address)
            links.feed(response.content.decode())
            waiting += [(address, link) for link in links.found]


def test_every_link_leads_to_a_page(settings, tmp_path):
    settings.DEBUG = True
    settings.MEDIA_ROOT = tmp_path
    call_command("demo", verbosity=0)
    settings.DEBUG = False
    broken = []
    for name in NAMES:
        client = Client()
        client.force_login(User.objects.get(username=name))
        tried = list(pages_of(client))
        assert len(tried) > 5, name
        broken += [
            f"{name}: {source} -> {address}: {status}" for source, address, status in tried if status >= 400
        ]
    assert not broken, "\n".join(broken)
