"""The waiting lists in the administration: scoped, and one entry moved with a reason."""

import pytest
from django.urls import reverse

from partyschool.accounts.enums import Role
from tests.admin.clients import logged_in
from tests.factories.accounts import make_user
from tests.trainees.lines import Line
from trainees.models import WaitingEntry

pytestmark = pytest.mark.django_db(transaction=True)
LIST = reverse("admin:trainees_waitingentry_changelist")


def _priority_url(entry) -> str:
    return reverse("admin:trainees_waitingentry_move", args=[entry.pk])


@pytest.fixture
def line():
    return Line(people=2)


def test_list_is_in_the_order_of_the_line_and_filters(line):
    first, second = line.join()
    other = Line(people=1)
    other.join()
    staff = logged_in(make_user(Role.STAFF))
    first.__class__.objects.unscoped("test").filter(pk=second.pk).update(
        priority=3, priority_reason="因岗位需要"
    )
    page = staff.get(LIST, {"offering": line.topic.pk}).content.decode()
    assert page.index(line.people[1].name) < page.index(line.people[0].name)
    assert other.people[0].name not in page
    moved = staff.get(LIST, {"moved": "1"}).content.decode()
    assert "因岗位需要" in moved
    assert line.people[0].name not in moved
    assert other.people[0].name in staff.get(LIST, {"round": other.round.pk}).content.decode()


def test_priority_is_changed_with_a_reason(line):
    _first, second = line.join()
    staff = logged_in(make_user(Role.STAFF))
    assert "第 2 位，共 2 人" in staff.get(_priority_url(second)).content.decode()
    answer = staff.post(_priority_url(second), {"priority": "2", "reason": ""})
    assert answer.status_code == 200
    assert WaitingEntry.objects.unscoped("test").get(pk=second.pk).priority == 0
    answer = staff.post(_priority_url(second), {"priority": "2", "reason": "因岗位需要"})
    assert answer.status_code == 302
    entry = WaitingEntry.objects.unscoped("test").get(pk=second.pk)
    assert (entry.priority, entry.priority_reason) == (2, "因岗位需要")
    page = staff.get(reverse("admin:trainees_waitingentry_change", args=[second.pk])).content.decode()
    assert "第 1 位，共 2 人" in page
    assert _priority_url(second) in page


def test_priority_of_an_ended_entry_is_refused(line):
    (entry, _second) = line.join()
    line.free()
    line.promote()
    staff = logged_in(make_user(Role.STAFF))
    assert staff.post(_priority_url(entry), {"priority": "2", "reason": "x"}).status_code == 409
    page = staff.get(reverse("admin:trainees_waitingentry_change", args=[entry.pk])).content.decode()
    assert _priority_url(entry) not in page


def test_priority_is_for_staff_alone(line):
    (entry, _second) = line.join()
    assert logged_in(make_user(Role.AUDITOR)).get(_priority_url(entry)).status_code == 403
    assert logged_in(make_user(Role.AUDITOR)).get(LIST).status_code == 200
    assert logged_in(make_user(Role.TRAINEE)).get(LIST).status_code in {302, 403}
