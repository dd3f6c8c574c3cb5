"""Each role lands on its own work, in its own scope, by few queries."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from courses.enums import OfferingState, RoundState
from courses.models import SelectionRound
from faculty.models import TeachingEntry
from partyschool.accounts.enums import Role
from partyschool.accounts.models import RoleGrant
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.home.selectors.academic import academic_desk, teaching_desk
from partyschool.home.selectors.oversight import accounts_desk, jurisdiction_desk
from partyschool.home.selectors.study import study_desk
from tests.factories.accounts import City, UserFactory, make_user
from tests.factories.budget import BudgetLineFactory
from tests.factories.courses import LessonFactory, OfferingFactory, SelectionRoundFactory
from tests.factories.faculty import TeacherFactory
from tests.factories.trainees import (
    CadreFactory,
    CreditEntryFactory,
    EnrolmentFactory,
    make_scheme,
    make_trainee,
)
from trainees.enums import Rank
from trainees.models import AttendanceMark, YearlyAssessment

pytestmark = pytest.mark.django_db

YEAR = clock.school_year()


def assess(cadre, scheme, *, passed: bool, by) -> YearlyAssessment:
    counted = 100 if passed else 30
    return YearlyAssessment.objects.create(
        cadre=cadre,
        year=scheme.year,
        unit=cadre.unit,
        rank=cadre.rank,
        scheme=scheme,
        earned=counted,
        counted=counted,
        needed=90,
        breakdown={},
        reasons=[] if passed else [{"code": "short", "category": "", "needed": 90, "counted": counted}],
        result="pass" if passed else "fail",
        grade="pass" if passed else "fail",
        bars_excellent=not passed,
        closed_by=by,
    )


def test_trainee_sees_open_rounds_places_and_what_is_short(client):
    cadre = make_trainee(name="林可")
    scheme = make_scheme(YEAR)
    CreditEntryFactory(cadre=cadre, scheme=scheme, year=YEAR, amount=Decimal(50))
    opened = SelectionRoundFactory(year=YEAR)
    draft = SelectionRoundFactory(year=YEAR, state=RoundState.DRAFT)
    over = SelectionRoundFactory(year=YEAR, closes_at=clock.now() - timedelta(minutes=1))
    foreign = SelectionRoundFactory(year=YEAR, ranks=[Rank.COUNTY_DIVISION])
    for found in (opened, draft, over, foreign):
        OfferingFactory(selection_round=found)
    offering = OfferingFactory()
    EnrolmentFactory(cadre=cadre, offering=offering)
    lesson = LessonFactory(offering=offering, starts_at=clock.now() + timedelta(days=3))
    desk = study_desk(cadre.user)
    assert ([one.round_id for one in desk.rounds], desk.lessons) == ([opened.pk], [lesson])
    assert [place.offering for place in desk.places] == [offering]
    client.force_login(cadre.user)
    page = client.get("/").content.decode()
    assert "应达 90 学分，还差 40 学分" in page
    assert opened.name in page
    assert foreign.name not in page


def test_trainee_without_a_record_is_told_whom_to_ask(client):
    client.force_login(make_user(Role.TRAINEE))
    assert "尚未关联干部档案" in client.get("/").content.decode()


def test_staff_sees_rounds_rolls_and_offerings_to_close(client):
    staff = make_user(Role.STAFF)
    draft = SelectionRoundFactory(year=YEAR, state=RoundState.DRAFT)
    SelectionRoundFactory(year=YEAR, state=RoundState.CLOSED)
    to_call, to_close, ahead = (OfferingFactory(title=title) for title in ("待考勤班", "待结班", "未开始班"))
    for offering in (to_call, to_close, ahead):
        place = EnrolmentFactory(offering=offering)
        days = 5 if offering is ahead else -5
        lesson = LessonFactory(offering=offering, starts_at=clock.now() + timedelta(days=days))
        if offering is to_close:
            AttendanceMark.objects.create(enrolment=place, lesson=lesson, status="present", marked_by=staff)
    OfferingFactory(title="无人班").lessons.add()
    desk = academic_desk(staff)
    assert desk.rounds == [draft]
    assert [one.title for one in desk.rolls] == ["待考勤班"]
    assert [one.title for one in desk.closable] == ["待结班"]
    assert [(one.year, one.results) for one in desk.years] == [(YEAR, 0), (YEAR - 1, 0)]
    client.force_login(staff)
    page = client.get("/").content.decode()
    assert reverse("admin:courses_selectionround_open_the_round", args=[draft.pk]) in page
    assert reverse("admin:trainees_offeringroster_close", args=[to_close.pk]) in page
    assert "未开始班" not in page.split("近期安排")[0]


@pytest.mark.parametrize("role", [Role.ORGDEPT, Role.OFFICER])
def test_organisation_department_and_officer_see_their_own_people_only(client, role):
    city = City()
    staff = make_user(Role.STAFF)
    scheme = make_scheme(YEAR - 1)
    unit = city.east if role == Role.ORGDEPT else city.finance_bureau
    reader = make_user(role, unit=unit)
    assess(CadreFactory(unit=city.finance_bureau, name="本局甲"), scheme, passed=False, by=staff)
    assess(CadreFactory(unit=city.finance_bureau, name="本局乙"), scheme, passed=True, by=staff)
    assess(CadreFactory(unit=city.culture_bureau, name="邻局丙"), scheme, passed=False, by=staff)
    assess(CadreFactory(unit=city.cousin_bureau, name="外区丁"), scheme, passed=False, by=staff)
    desk = jurisdiction_desk(reader)
    assert (desk.passed, desk.failed) == ((1, 2) if role == Role.ORGDEPT else (1, 1))
    client.force_login(reader)
    page = client.get("/").content.decode()
    assert "本局甲" in page
    assert ("邻局丙" in page) is (role == Role.ORGDEPT)
    assert "外区丁" not in page


def test_before_any_closing_the_desk_says_so(client):
    city = City()
    client.force_login(make_user(Role.ORGDEPT, unit=city.east))
    assert "尚无年度考核结果" in client.get("/").content.decode()


def test_teacher_sees_own_lessons_and_hours_only(client):
    user = make_user(Role.TEACHER)
    own, other = TeacherFactory(user=user), TeacherFactory()
    mine = LessonFactory(teacher=own, title="我的课", starts_at=clock.now() + timedelta(days=2))
    LessonFactory(teacher=other, title="别人的课", starts_at=clock.now() + timedelta(days=3))
    LessonFactory(
        teacher=own, title="取消的课", starts_at=clock.now() + timedelta(days=4), cancelled_at=clock.now()
    )
    for teacher, amount in ((own, 4), (other, 8)):
        TeachingEntry.objects.create(
            year=YEAR, amount=amount, source_kind="lesson", source_ref=str(teacher.pk), teacher=teacher,
            taught_on=date(YEAR, 1, 4), subject="课", posted_by=user,
        )  # fmt: skip
    desk = teaching_desk(user)
    assert (desk.lessons, desk.hours) == ([mine], Decimal(4))
    client.force_login(user)
    page = client.get("/").content.decode()
    assert "我的课" in page
    assert "别人的课" not in page


def test_leader_sees_results_and_standards(client):
    client.force_login(make_user(Role.LEADER))
    page = client.get("/").content.decode()
    assert "达标看板" in page
    assert "尚无年度考核结果" in page


def test_finance_sees_the_lines_of_the_year(client):
    line = BudgetLineFactory(year=YEAR, name="图书资料经费")
    BudgetLineFactory(year=YEAR - 1, name="去年经费")
    client.force_login(make_user(Role.FINANCE))
    page = client.get("/").content.decode()
    assert line.name in page
    assert "去年经费" not in page


def test_auditor_sees_the_latest_events(client):
    auditor = make_user(Role.AUDITOR)
    record_event(action="round.open", subject="courses.selectionround:1", by=auditor)
    client.force_login(auditor)
    assert "courses.selectionround:1" in client.get("/").content.decode()


def test_administrator_sees_accounts_and_no_cadres(client):
    admin = make_user(Role.ADMIN)
    UserFactory()
    leaving = make_user(Role.LEADER)
    RoleGrant.objects.filter(user=leaving).update(valid_until=clock.school_date() + timedelta(days=3))
    CadreFactory(name="某干部")
    desk = accounts_desk()
    assert (desk.active, desk.without_role) == (3, 1)
    assert [grant.user for grant in desk.expiring] == [leaving]
    client.force_login(admin)
    assert "某干部" not in client.get("/").content.decode()


def test_account_without_a_role_is_told_whom_to_ask(client):
    client.force_login(UserFactory())
    assert "尚未分配角色" in client.get("/").content.decode()


def test_person_of_two_roles_sees_both_and_each_once(client):
    cadre = make_trainee()
    RoleGrant.objects.create(user=cadre.user, role=Role.TEACHER, valid_from=date(2000, 1, 1))
    RoleGrant.objects.create(user=cadre.user, role=Role.LEADER, valid_from=date(2000, 1, 1))
    client.force_login(cadre.user)
    response = client.get("/")
    templates = [section["template"] for section in response.context["sections"]]
    assert templates == [
        "home/_requests.html",
        "home/_study.html",
        "home/_teaching.html",
        "home/_standards.html",
        "home/_jurisdiction.html",
    ]


def test_visitor_is_sent_to_the_log_in(client):
    assert client.get("/").url.startswith(reverse("accounts:login"))


def test_names_are_shown_literally(client):
    city = City()
    scheme = make_scheme(YEAR - 1)
    assess(
        CadreFactory(unit=city.finance_bureau, name="<b>=1+1&"),
        scheme,
        passed=False,
        by=make_user(Role.STAFF),
    )
    client.force_login(make_user(Role.OFFICER, unit=city.finance_bureau))
    assert "&lt;b&gt;=1+1&amp;" in client.get("/").content.decode()


@pytest.mark.parametrize("people", [1, 3])
def test_desks_take_the_same_queries_for_one_and_for_many(people, django_assert_num_queries):
    city = City()
    staff = make_user(Role.STAFF)
    scheme = make_scheme(YEAR - 1)
    for _number in range(people):
        offering = OfferingFactory(state=OfferingState.PUBLISHED)
        cadre = CadreFactory(unit=city.finance_bureau)
        EnrolmentFactory(offering=offering, cadre=cadre)
        LessonFactory(offering=offering)
        assess(cadre, scheme, passed=False, by=staff)
        SelectionRoundFactory(year=YEAR)
    assert SelectionRound.objects.count() == people
    reader = make_user(Role.ORGDEPT, unit=city.east)
    assert reader.scope.unit_paths
    with django_assert_num_queries(5):
        jurisdiction_desk(reader)
    assert staff.scope.roles
    with django_assert_num_queries(5):
        academic_desk(staff)
