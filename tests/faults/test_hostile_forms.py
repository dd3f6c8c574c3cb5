"""Every form with hostile content in each of its fields, and every address with bodies that are no form: an answer, never a fault."""

from collections.abc import Iterator
from html.parser import HTMLParser
from time import process_time
from typing import Any
from urllib.parse import urlencode
from zlib import crc32

import pytest
from django.test import Client

from tests.access.addresses import every_address, undone
from tests.access.committed import committed
from tests.access.world import READERS, World, build_world

pytestmark = [pytest.mark.django_db, pytest.mark.faults]

SECONDS = 2  # of computing: other tests run beside this one
VALUES = ("\0", "²", "9" * 25, "-1", "x" * 100_000, "9999-99-99", "<b>王</b>=1+1", "𠮷😀")
NO_FORMS = (
    ("application/x-www-form-urlencoded", b"\xff\xfe=%ff&name=%00&year=%00&seen=%00&action=%00&reason=%00"),
    ("application/x-www-form-urlencoded", b"a=1&" * 2000),
    ("application/json", b'{"name": ["'),
    ("multipart/form-data", b"no boundary"),
    (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="../../a\0\r\n"\r\n\r\n',
    ),
    ("text/plain; charset=nonsense", b"\0"),
)


class Form(HTMLParser):
    """The fields of the forms on a page, as a browser would send them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, list[str]] = {}
        self._select = self._area = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attributes}
        name = found.get("name", "")
        if tag == "input" and name and found.get("type") not in {"submit", "button", "file"}:
            ticked = "checked" in found or found.get("type") not in {"checkbox", "radio"}
            values = self.fields.setdefault(name, [])
            if ticked:
                values.append(found.get("value", "on"))
        elif tag == "select":
            self._select = name
            self.fields.setdefault(name, [])
        elif tag == "option" and self._select and "selected" in found:
            self.fields[self._select].append(found.get("value", ""))
        elif tag == "textarea" and name:
            self._area = name
            self.fields[name] = [""]

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.fields[self._area][0] += data.removeprefix("\n")


@pytest.fixture(autouse=True)
def own_storage(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


PARTS = 4
TAKEN = {200, 302, 303, 409}


def writable(world: World, part: int) -> Iterator[tuple[str, str, Client, dict[str, list[str]]]]:
    """(label, address, client, fields) of one of `PARTS` of all that takes a POST, once, by the first reader from whom it takes one."""
    seen: set[str] = set()
    for reader in READERS:
        client = Client(raise_request_exception=False)
        if (user := world.users[reader]) is not None:
            client.force_login(user)
        for label, address in every_address(world):
            name = label.partition("[")[0]
            if (
                crc32(name.encode()) % PARTS != part
                or name in seen
                or name.endswith(("_changelist", "_history", "logout"))
                or committed("POST", label, reader) not in {*TAKEN, None}
            ):
                continue
            with undone():
                status = client.post(address, {}).status_code
            if status in TAKEN and (status != 302 or user):
                seen.add(name)
                with undone():
                    page = client.get(address)
                    shown = page.getvalue().decode(errors="replace")
                yield name, address, client, Form(shown).fields if page.status_code == 200 else {}


def _spoilt(fields: dict[str, list[str]]) -> Iterator[dict[str, list[str]]]:
    """The form as shown but for one field, for each field and value in turn; then lists where one value is meant, and holes."""
    for number, name in enumerate(fields):
        yield {**fields, name: [VALUES[number % len(VALUES)]]}
        yield {**fields, name: ["1", "2", "\0"]}
        if number % 2:
            yield {other: values for other, values in fields.items() if other != name}
            yield {**fields, name: [VALUES[0]]}


@pytest.mark.parametrize("part", range(PARTS))
def test_hostile_forms_are_answered(part):
    faults = []
    for name, address, client, fields in writable(build_world(), part):
        bodies = [({"data": body, "content_type": kind}, f"{kind} {body[:20]!r}") for kind, body in NO_FORMS]
        forms = [(_encoded(form), str(_difference(fields, form))[:80]) for form in _spoilt(fields)]
        for sent, what in [*bodies, *forms]:
            start = process_time()
            with undone():
                answer = client.generic("POST", address, **sent)
                answer.getvalue()
            spent = process_time() - start
            if answer.status_code >= 500 or spent > SECONDS:
                faults.append(f"{name} {what}: {answer.status_code} in {spent:.1f} s")
    assert faults == []


def _encoded(form: dict[str, list[str]]) -> dict[str, Any]:
    return {"data": urlencode(form, doseq=True), "content_type": "application/x-www-form-urlencoded"}


def _difference(fields: dict[str, list[str]], form: dict[str, list[str]]) -> dict[str, list[str] | None]:
    return {name: form.get(name) for name, values in fields.items() if form.get(name) != values}
