"""The administration's pages on organised assignment: made, shared out, issued, followed, ended."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from courses.enums import OfferingKind
from partyschool.accounts.enums import Role
from partyschool.common import clock
from tests.admin.clients import logged_in
from tests.factories.accounts import make_user
from tests.factories.assignments import Calling, fresh, make_class
from tests.factories.trainees import CadreFactory
from trainees.models import Assignment
from trainees.rules.assignments import apportion
from trainees.selectors.assignments_quotas import quota_rows

pytestmark = pytest.mark.django_db


def at(name: str, *arguments: int) -> str:
    return reverse(f"admin:trainees_assignment_{name}", args=arguments)


def dates(*days: int) -> dict[str, str]:
    values = {}
    for name, number in zip(("nominate_by", "confirm_by", "substitutes_until"), days, strict=True):
        instant = timezone.localtime(clock.now() + timedelta(days=number))
        values |= {f"{name}_0": f"{instant:%Y-%m-%d}", f"{name}_1": "18:00:00"}
    return values


@pytest.fixture
def staff():
    return make_user(Role.STAFF)


def test_staff_walk_from_the_draft_to_the_end(staff):
    calling = Calling(issued=False)
    client, offering = logged_in(staff), make_class(days_ahead=50, title="中青班")
    assert "中青班" in client.get(at("add")).content.decode()
    answer = client.post(at("add"), {"offering": offering.pk, **dates(5, 6, 7), "ranks": ["staff"]})
    made = Assignment.objects.get(offering=offering)
    assert (answer.url, made.state, made.ranks) == (at("quotas", made.pk), "draft", ["staff"])

    for number in range(3):
        CadreFactory(unit=calling.units[number % 2], rank="staff")
    shown = client.get(at("quotas", made.pk), {"people": 3}).context["form"]
    proposed = {row.unit: row.proposed for row in shown.rows}
    assert (proposed[calling.units[0]], proposed[calling.units[1]]) == (2, 1)
    entered = {f"unit_{unit.pk}": number for unit, number in proposed.items()}
    assert client.post(at("quotas", made.pk), entered).status_code == 302
    assert dict(made.quotas.values_list("unit", "seats")) == {calling.units[0].pk: 2, calling.units[1].pk: 1}

    assert client.post(at("dates", made.pk), {**dates(6, 7, 9), "instructions": "带证件"}).status_code == 302
    assert client.post(at("dates", made.pk), dates(6, 5, 9)).status_code == 200
    assert client.post(at("issue", made.pk)).status_code == 302
    assert client.post(at("issue", made.pk)).status_code == 409
    board = client.get(at("change", made.pk)).content.decode()
    assert "带证件" in board
    assert calling.units[0].name in board
    assert client.post(at("close", made.pk)).status_code == 409
    assert client.post(at("cancel", made.pk), {"reason": ""}).status_code == 200
    assert client.post(at("cancel", made.pk), {"reason": "不办了"}).status_code == 302
    made.refresh_from_db()
    assert made.state == "cancelled"


def test_a_second_assignment_of_a_class_is_refused_on_the_page(staff):
    calling = Calling()
    answer = logged_in(staff).post(at("add"), {"offering": calling.offering.pk, **dates(5, 6, 7)})
    assert answer.status_code == 200
    assert Assignment.objects.count() == 1


def test_the_board_counts_what_became_of_each_quota(staff):
    calling = Calling(seats=3)
    calling.confirmed()
    calling.nominate()
    line = logged_in(staff).get(at("change", calling.assignment.pk)).context["lines"][0]
    assert (line.quota.seats, line.undecided, line.confirmed, line.returned, line.missing, line.officers) == (
        3,
        1,
        1,
        0,
        1,
        1,
    )


@pytest.mark.parametrize(("days", "told"), [(5, False), (6, True)])
def test_the_board_of_a_class_on_one_topic_tells_that_it_is_too_long(staff, days, told):
    begins = clock.school_date() + timedelta(days=30)
    topic = {"kind": OfferingKind.SPECIAL_CLASS, "ends_on": begins + timedelta(days=days - 1)}
    calling = Calling(issued=False, **topic)
    board = logged_in(staff).get(at("change", calling.assignment.pk)).content.decode()
    assert ("work-warning" in board) is told


def test_auditors_look_and_do_not_act():
    calling = Calling()
    client = logged_in(make_user(Role.AUDITOR))
    assert client.get(at("change", calling.assignment.pk)).status_code == 200
    for name in ("quotas", "dates", "issue", "close", "cancel"):
        assert client.get(at(name, calling.assignment.pk)).status_code == 403
        assert client.post(at(name, calling.assignment.pk)).status_code == 403
    assert client.get(at("add")).status_code == 403
    assert fresh(calling.nominate().pk).state == "nominated"


@pytest.mark.parametrize(
    ("total", "people", "shares"),
    [
        (0, [1, 2], [0, 0]),
        (3, [], []),
        (3, [0, 0], [0, 0]),
        (10, [50, 30, 20], [5, 3, 2]),
        (10, [3, 3, 3], [3, 3, 3]),
        (4, [5, 5, 5], [2, 1, 1]),
        (1, [2, 3], [0, 1]),
        (100, [2, 3], [2, 3]),
    ],
)
def test_places_are_shared_out_by_headcount(total, people, shares):
    assert apportion(total, people) == shares


@pytest.mark.parametrize("seats", [1, 3])
def test_the_proposal_costs_three_queries(django_assert_num_queries, seats):
    calling = Calling(seats=seats)
    with django_assert_num_queries(3):
        assert len(quota_rows(calling.assignment)) == 3
