import base64
import json
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from partyschool.accounts.enums import Role
from partyschool.common.errors import InvalidInput
from partyschool.common.paging import capped_count, keyset_page
from partyschool.notices.models import Notice
from tests.factories.accounts import make_user
from tests.factories.trainees import CadreFactory, CreditEntryFactory, make_scheme
from trainees.models import Cadre, CreditEntry

ORDER = ("-earned_on", "-id")


class Walk(TestCase):
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(days=st.lists(st.integers(0, 3), max_size=12), size=st.integers(1, 5))
    def test_walking_forth_and_back_sees_each_row_once_in_order(self, days, size):
        scheme, cadre, staff = make_scheme(), CadreFactory(), make_user(Role.STAFF)
        for number, day in enumerate(days):
            CreditEntryFactory(
                cadre=cadre,
                scheme=scheme,
                posted_by=staff,
                earned_on=date(2025, 1, 1) + timedelta(days=day),
                source_ref=f"w{number}",
            )
        rows = CreditEntry.objects.visible_to(staff)
        expected = [entry.pk for entry in rows.order_by(*ORDER)]

        seen, pages, page = [], [], keyset_page(rows, order=ORDER, size=size)
        while True:
            pages.append([entry.pk for entry in page])
            seen += pages[-1]
            if not page.next_cursor:
                break
            page = keyset_page(rows, order=ORDER, size=size, after=page.next_cursor)
        assert seen == expected

        back = [pages[-1]]
        while page.previous_cursor:
            page = keyset_page(rows, order=ORDER, size=size, before=page.previous_cursor)
            back.append([entry.pk for entry in page])
        assert back[::-1] == pages


DAMAGED = [
    *(["2025-01-01", bad] for bad in (None, "\0", "x", [1], {}, 1e999, "9" * 5000)),
    *([bad, 1] for bad in (None, "2025-02-30", "\0", [], 7)),
]


@pytest.mark.django_db
@pytest.mark.parametrize("values", DAMAGED, ids=repr)
def test_a_cursor_of_values_no_column_holds_is_told_and_no_fault(values):
    cursor = base64.urlsafe_b64encode(json.dumps(values).encode()).decode()
    with pytest.raises(InvalidInput):
        keyset_page(CreditEntry.objects.visible_to(make_user(Role.STAFF)), order=ORDER, after=cursor)


@pytest.mark.django_db
@pytest.mark.parametrize("values", [["\0", 1], ["a", float("inf")], [None, 1]], ids=repr)
def test_a_cursor_with_a_text_no_column_holds_is_told_and_no_fault(values):
    cursor = base64.urlsafe_b64encode(json.dumps(values).encode()).decode()
    with pytest.raises(InvalidInput):
        keyset_page(Cadre.objects.visible_to(make_user(Role.STAFF)), order=("name", "id"), after=cursor)


@pytest.mark.django_db
@pytest.mark.parametrize("values", [["2025-01-01T00:00", 1], ["2025-01-01T99:00Z", 1]], ids=repr)
def test_a_cursor_with_no_instant_is_told_and_no_fault(values):
    cursor = base64.urlsafe_b64encode(json.dumps(values).encode()).decode()
    with pytest.raises(InvalidInput):
        keyset_page(Notice.objects.visible_to(make_user()), order=("-created_at", "-id"), after=cursor)


def test_a_cursor_nested_without_end_is_told_and_no_fault():
    cursor = base64.urlsafe_b64encode(b"[" * 100_000).decode()
    with pytest.raises(InvalidInput):
        keyset_page(Cadre.objects.unscoped("a test"), order=("name", "id"), after=cursor)


@pytest.mark.django_db
@pytest.mark.parametrize("number", [-1, 10**18, 10**40])
def test_a_cursor_beyond_the_numbers_of_the_table_gives_a_page(number):
    entry = CreditEntryFactory(posted_by=make_user(Role.STAFF), scheme=make_scheme(), cadre=CadreFactory())
    cursor = base64.urlsafe_b64encode(json.dumps(["2000-01-01", number]).encode()).decode()
    page = keyset_page(CreditEntry.objects.visible_to(entry.posted_by), order=ORDER, before=cursor)
    assert [row.pk for row in page] == [entry.pk]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "cursor", ["%", "AAAA", "W10", "WzFd", "bnVsbA", "WyJ4IiwgMV0", "你好", "eyJhIjoxfQ"]
)
def test_a_damaged_cursor_is_told_and_no_fault(cursor):
    with pytest.raises(InvalidInput):
        keyset_page(CreditEntry.objects.visible_to(make_user(Role.STAFF)), order=ORDER, after=cursor)


@pytest.mark.django_db
def test_pages_by_text_and_relation():
    for name in ("乙", "甲", "甲"):
        CadreFactory(name=name)
    rows = Cadre.objects.visible_to(make_user(Role.STAFF)).select_related("unit")
    order = ("unit__code", "name", "id")
    first = keyset_page(rows, order=order, size=2)
    second = keyset_page(rows, order=order, size=2, after=first.next_cursor)
    assert [c.pk for c in first] + [c.pk for c in second] == [c.pk for c in rows.order_by(*order)]


@pytest.mark.django_db
def test_count_is_exact_below_the_cap():
    CadreFactory.create_batch(3)
    assert capped_count(Cadre.objects.visible_to(make_user(Role.STAFF))) == "3"
