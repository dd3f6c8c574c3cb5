from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from courses.enums import OfferingKind, OfferingState
from faculty.enums import Background, Employment, Honour
from faculty.models import TeachingEntry
from partyschool.accounts.enums import Role
from partyschool.common.errors import NotFound
from partyschool.common.ledger import reverse_entry
from partyschool.standards.models import StandardTarget
from partyschool.standards.selectors.board import INDICATORS, indicator_of, standings
from tests.factories.accounts import make_user
from tests.factories.budget import BudgetLineFactory
from tests.factories.courses import OfferingFactory
from tests.factories.faculty import TeacherFactory

pytestmark = pytest.mark.django_db

TODAY = date(2025, 10, 1)


@pytest.fixture
def leader():
    return make_user(Role.LEADER)


def target(indicator: str, amount: int = 2, year: int = 2025) -> None:
    StandardTarget.objects.create(year=year, indicator=indicator, target=amount, source="方案")


def actual(indicator: str, user, year: int = 2025) -> Decimal:
    return indicator_of(indicator).count((year,), user, TODAY).get(year, Decimal(0))


def listed(indicator: str, user, year: int = 2025) -> list[str]:
    return [record.name for record in indicator_of(indicator).records(year, user, TODAY)]


def teach(teacher, ref: str, *, year: int = 2025) -> TeachingEntry:
    return TeachingEntry.objects.create(
        year=year,
        amount=4,
        source_kind="lesson",
        source_ref=ref,
        teacher=teacher,
        taught_on=date(year, 5, 6),
        subject=f"课程{ref}",
        posted_by=make_user(Role.STAFF),
    )


def test_teachers_are_counted_while_they_are_in_the_pool(leader):
    stays = TeacherFactory(name="在职")
    TeacherFactory(name="离职", left_on=date(2025, 6, 30))
    TeacherFactory(name="未到", joined_on=date(2025, 11, 1))
    TeacherFactory(name="兼职", employment=Employment.PART_TIME)
    assert actual("full_time_teachers", leader) == 1
    assert listed("full_time_teachers", leader) == [stays.name]
    assert actual("full_time_teachers", leader, 2024) == 2
    assert actual("part_time_teachers", leader) == 1


def test_famous_teachers_hold_a_title(leader):
    TeacherFactory()
    famous = [TeacherFactory(honour=Honour.MUNICIPAL), TeacherFactory(honour=Honour.PROVINCIAL)]
    assert actual("famous_teachers", leader) == 2
    assert listed("famous_teachers", leader) == [one.name for one in famous]


def test_leaders_lectures_come_from_the_ledger_without_what_was_taken_back(leader):
    official = TeacherFactory(employment=Employment.PART_TIME, background=Background.LEADER)
    teach(official, "1")
    taken_back = teach(official, "2")
    teach(official, "3", year=2024)
    teach(TeacherFactory(employment=Employment.PART_TIME, background=Background.EXPERT), "4")
    reverse_entry(taken_back, by=leader, reason="not held")
    assert actual("leader_lectures", leader) == 1
    assert listed("leader_lectures", leader) == ["课程1"]


def test_topics_count_when_put_on_and_forum_sessions_when_held(leader):
    for state in (OfferingState.PLANNED, OfferingState.PUBLISHED, OfferingState.CANCELLED):
        OfferingFactory(state=state)
    held = OfferingFactory(kind=OfferingKind.FORUM)
    OfferingFactory(kind=OfferingKind.FORUM, starts_on=date(2025, 11, 1), ends_on=date(2025, 11, 1))
    assert actual("elective_topics", leader) == 1
    assert actual("forum_sessions", leader) == 1
    assert listed("forum_sessions", leader) == [held.title]


def test_business_money_is_the_approved_money_of_its_purposes(leader):
    library = BudgetLineFactory(purpose="library", approved=Decimal(300_000))
    BudgetLineFactory(purpose="exchange", approved=Decimal(200_000))
    BudgetLineFactory(purpose="training", approved=Decimal(900_000))
    assert actual("business_money", leader) == 500_000
    assert listed("business_money", leader)[0] == library.name


def test_standing_tells_what_is_short_and_the_year_before(leader):
    target("full_time_teachers", 4)
    TeacherFactory(joined_on=date(2025, 2, 1))
    TeacherFactory()
    (standing,) = standings(year=2025, user=leader, today=TODAY)
    assert (standing.actual, standing.before, standing.short, standing.percent) == (2, 1, 2, 50)
    assert not standing.reached


def test_every_indicator_counts_what_it_lists(leader, django_assert_num_queries):
    official = TeacherFactory(
        employment=Employment.PART_TIME, background=Background.LEADER, honour=Honour.MUNICIPAL
    )
    TeacherFactory()
    teach(official, "1")
    OfferingFactory()
    OfferingFactory(kind=OfferingKind.FORUM)
    for indicator in INDICATORS:
        target(indicator.code, 1)
        if indicator.code != "business_money":
            assert len(listed(indicator.code, leader)) == actual(indicator.code, leader) == 1
    with django_assert_num_queries(1 + len(INDICATORS)):
        assert len(standings(year=2025, user=leader, today=TODAY)) == len(INDICATORS)


def test_unknown_indicator_is_not_found():
    with pytest.raises(NotFound):
        indicator_of("nonsense")


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.LEADER, 200),
        (Role.STAFF, 200),
        (Role.AUDITOR, 200),
        (Role.TRAINEE, 403),
        (Role.TEACHER, 403),
        (Role.FINANCE, 403),
        (Role.ADMIN, 403),
    ],
)
def test_board_opens_to_its_readers_only(client, role, status):
    target("forum_sessions")
    client.force_login(make_user(role))
    assert client.get(reverse("standards:board")).status_code == status
    for indicator in INDICATORS:
        assert (
            client.get(reverse("standards:records", args=[indicator.code]), {"year": 2025}).status_code
            == status
        )


def test_board_shows_target_actual_and_the_way_to_the_records(client, leader):
    target("full_time_teachers", 3)
    TeacherFactory()
    client.force_login(leader)
    page = client.get(reverse("standards:board"), {"year": 2025}).content.decode()
    assert "专职教师" in page
    assert "≥ 3 人" in page
    assert "差 2 人" in page
    assert f"{reverse('standards:records', args=['full_time_teachers'])}?year=2025" in page
    assert 'id="attainment-data"' in page


def test_records_are_shown_literally(client, leader):
    target("full_time_teachers")
    TeacherFactory(name="<b>张&三</b>")
    client.force_login(leader)
    page = client.get(
        reverse("standards:records", args=["full_time_teachers"]), {"year": 2025}
    ).content.decode()
    assert "&lt;b&gt;张&amp;三&lt;/b&gt;" in page


def test_board_without_targets_says_so(client, leader):
    client.force_login(leader)
    assert "尚未设置指标" in client.get(reverse("standards:board")).content.decode()


@pytest.mark.parametrize("year", ["1999", "abc", "-1", "２０２５年", "9" * 40])
def test_unknown_year_is_not_found(client, leader, year):
    target("forum_sessions")
    client.force_login(leader)
    assert client.get(reverse("standards:board"), {"year": year}).status_code == 404


def test_unknown_indicator_page_is_not_found(client, leader):
    client.force_login(leader)
    assert client.get(reverse("standards:records", args=["nonsense"])).status_code == 404
