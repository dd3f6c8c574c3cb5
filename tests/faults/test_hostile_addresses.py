"""Every page with damaged addresses: nonsense, numbers beyond every range, bytes that are no text. An answer, never a fault."""

import re
from collections.abc import Iterator
from time import process_time
from urllib.parse import quote_from_bytes

import pytest
from django.test import Client
from django.urls import reverse

from partyschool.accounts.enums import Role
from tests.access.addresses import every_address, undone
from tests.access.committed import committed
from tests.access.world import READERS, World, build_world
from tests.factories.accounts import make_user
from tests.factories.courses import OfferingFactory

pytestmark = [pytest.mark.django_db, pytest.mark.faults]

SECONDS = 2  # of computing: other tests run beside this one
PORTAL = (
    "after",
    "before",
    "year",
    "unit",
    "q",
    "page",
    "sort",
    "result",
    "rank",
    "name",
    "state",
    "code",
    "next",
)
LISTS = ("o", "p", "q", "all", "_popup", "_facets", "id__in", "pk", "nothing__at__all")
FORMS = ("_popup", "_changelist_filters", "year", "unit", "name", "user", "units", "starts_at", "code")
VALUES = [
    quote_from_bytes(value)
    for value in (b"\xff\xfe", b"abc", "²".encode(), b"9" * 25, b"9" * 5000, b"2025-13-45")
]


@pytest.fixture(autouse=True)
def own_storage(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def readable(world: World) -> Iterator[tuple[str, str, Client, str]]:
    """(label, address, client, page) of every page once, asked by the first reader who may open it."""
    seen: set[str] = set()
    for reader in READERS:
        client = Client(raise_request_exception=False)
        if (user := world.users[reader]) is not None:
            client.force_login(user)
        for label, address in every_address(world):
            name = label.partition("[")[0]
            if name in seen or committed("GET", label, reader) not in {200, None}:
                continue
            with undone():
                answer = client.get(address)
                page = answer.getvalue()
            if answer.status_code == 200:
                seen.add(name)
                yield name, address, client, page.decode(errors="replace")


def _queries(name: str, page: str) -> Iterator[str]:
    """The damaged queries a page is asked with: one parameter at a time, but all together for the forms of the administration."""
    asked = set(re.findall(r"[?;&]([a-z_]\w*)=", page)) | set(
        re.findall(r'<(?:input|select)[^>]* name="(\w+)"', page)
    )
    if name.startswith("admin:") and not name.endswith("_changelist"):
        for value in VALUES:
            yield "&".join(f"{parameter}={value[:2000]}" for parameter in FORMS)
        return
    names = asked.union(LISTS if name.startswith("admin:") else PORTAL)
    for number, parameter in enumerate(sorted(names)):
        for value in VALUES[number % 2 :: 2]:
            yield f"{parameter}={value}"


def test_damaged_addresses_are_answered():
    faults = []
    for name, address, client, page in readable(build_world()):
        for query in _queries(name, page):
            start = process_time()
            with undone():
                answer = client.get(f"{address}?{query}")
                answer.getvalue()
            spent = process_time() - start
            if answer.status_code >= 500 or spent > SECONDS:
                faults.append(f"{name} {query[:60]}: {answer.status_code} in {spent:.1f} s")
    assert faults == []


PAGES = (
    "home:index",
    "trainees:verify_form",
    "trainees:forum",
    "accounts:login",
    "admin:trainees_cadre_changelist",
)


@pytest.mark.parametrize("page", PAGES)
def test_nul_in_an_address_is_refused_at_the_door(client, page):
    client.force_login(make_user(Role.STAFF))
    for query in ("q=%00", "%00=1", "year=%00", "after=a%00b"):
        answer = client.get(f"{reverse(page)}?{query}")
        assert answer.status_code == 400
        assert "错误代码 400" in answer.content.decode()
    assert client.get("/%00/").status_code == 400


@pytest.mark.parametrize("query", ["year__gte=²", "id__in=abc", "nothing=1", "starts_on__year=99999999999"])
def test_list_says_that_it_left_a_damaged_filter_out(client, query):
    OfferingFactory(title="一堂选学专题")
    client.force_login(make_user(Role.STAFF))
    answer = client.get(f"{reverse('admin:courses_offering_changelist')}?{query}", follow=True)
    assert answer.status_code == 200
    assert "一堂选学专题" in answer.content.decode()
    assert "此列表没有地址所指的内容" in answer.content.decode()


def test_numbers_that_name_nothing_are_not_found():
    world, faults, seen = build_world(), [], set()
    for role in (Role.STAFF, Role.TRAINEE):
        client = Client(raise_request_exception=False)
        client.force_login(world.users[role])
        for label, address in every_address(world):
            for number in ("9" * 18, "9" * 25):
                elsewhere = re.sub(r"/\d+(?=/)", f"/{number}", address)
                if elsewhere == address or (role, elsewhere) in seen:
                    continue
                seen.add((role, elsewhere))
                for method in ("GET", "POST"):
                    with undone():
                        answer = client.generic(method, elsewhere)
                    # The administration sends old addresses on to a page of its own, which is not found then.
                    wanted = {301, 302, 403, 404, 405} if elsewhere.startswith("/admin/") else {403, 404, 405}
                    if answer.status_code not in wanted:
                        faults.append(f"{role} {method} {label} {number}: {answer.status_code}")
    assert faults == []


@pytest.mark.parametrize(
    "code", ["%ff", "²", "a" * 3000, "<b>", "..%2f..", "%0d%0aSet-Cookie:x=1", "😀", "' or 1=1"]
)
def test_unknown_code_of_any_kind_is_not_found(client, code):
    answer = client.get(f"/verify/{code}/")
    assert answer.status_code == 404
    assert "Set-Cookie" not in answer.headers
    assert b"<b>/" not in answer.content
