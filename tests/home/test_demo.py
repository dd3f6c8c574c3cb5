"""The demo school as the command leaves it, and the whole year walked on it through the services."""

from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from stdnum.cn import ric

from budget.selectors.execution import business_money
from courses.enums import OfferingState, RoundState
from courses.models import ForumSession, Lesson, Offering, SelectionRound
from courses.services.rounds import open_round
from faculty.models import Teacher
from partyschool.accounts.enums import Role, UnitKind
from partyschool.accounts.models import RoleGrant, Unit, User
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.common.integrity import all_checks
from partyschool.home.demo import school
from partyschool.home.demo.accounts import NAMES, PASSWORD
from partyschool.home.demo.plans import present_year
from partyschool.jobs.models import Job
from partyschool.standards.selectors.board import standings
from tests.factories.accounts import make_unit
from trainees.enums import AssessmentResult
from trainees.models import (
    Cadre,
    CreditEntry,
    Enrolment,
    PacketReceipt,
    ReportPacket,
    ReportSchedule,
    YearlyAssessment,
)
from trainees.selectors.report_recipients import recipients_of
from trainees.services.attendance import mark_attendance
from trainees.services.closing import close_offering
from trainees.services.electives import select_topic
from trainees.services.years import close_year

pytestmark = pytest.mark.django_db

EVERYBODY = "looking at the demo school"


def run() -> str:
    out = StringIO()
    call_command("demo", stdout=out)
    return out.getvalue()


def counts() -> dict[str, int]:
    models = (Unit, User, Teacher, Offering, Lesson, SelectionRound)
    scoped = (Cadre, Enrolment, CreditEntry, YearlyAssessment, AuditEvent, Job)
    return {
        **{model.__name__: model.objects.count() for model in models},
        **{model.__name__: model.objects.unscoped(EVERYBODY).count() for model in scoped},
    }


@pytest.fixture
def demo(settings) -> str:
    settings.DEBUG = True
    return run()


def test_refused_when_debug_is_off(settings):
    settings.DEBUG = False
    with pytest.raises(CommandError, match="DEBUG"):
        run()
    assert not User.objects.exists()


def test_refused_over_another_school(settings):
    settings.DEBUG = True
    make_unit()
    with pytest.raises(CommandError, match="not the demo school"):
        run()
    assert not User.objects.exists()


def test_school_of_the_reform_plan(demo):
    year = clock.school_year()
    assert Unit.objects.jurisdictions().count() == 3
    assert 55 <= Unit.objects.count() <= 65
    cadres = list(Cadre.objects.unscoped(EVERYBODY))
    assert len(cadres) == 300
    assert all(ric.is_valid(cadre.reveal_citizen_no()) for cadre in cadres)
    assert len({cadre.citizen_no_digest for cadre in cadres}) == 300
    assert {
        standing.indicator.code
        for standing in standings(year=year - 1, user=User.objects.get(username="leader"))
    } == {
        "full_time_teachers",
        "part_time_teachers",
        "famous_teachers",
        "leader_lectures",
        "elective_topics",
        "forum_sessions",
        "business_money",
    }
    assert all(
        standing.reached for standing in standings(year=year - 1, user=User.objects.get(username="leader"))
    )
    assert business_money((year,))[year] >= 500_000
    drafted = SelectionRound.objects.get(state=RoundState.DRAFT)
    topics = drafted.offerings.filter(state=OfferingState.PUBLISHED)
    assert (topics.count(), topics.filter(lessons__ends_at__lt=clock.now()).count()) == (8, 8)
    # Off-job classes, on which limits of leave and the record can be seen: past ones attended, present ones enrolled in.
    off_job = Enrolment.objects.filter(offering__off_job=True).unscoped(EVERYBODY)
    assert {one.offering.year for one in off_job.select_related("offering")} >= {year - 1, year}
    results = YearlyAssessment.objects.filter(year=year - 1).unscoped(EVERYBODY)
    assert {result: results.filter(result=result).exists() for result in AssessmentResult} == dict.fromkeys(
        AssessmentResult, True
    )
    ordered = Job.objects.filter(parent__isnull=False).unscoped(EVERYBODY)
    assert {job.params["unit"] for job in ordered} == {unit.pk for unit in recipients_of(year - 1)}
    assert {unit.kind for unit in recipients_of(year - 1)}.isdisjoint({UnitKind.CITY, UnitKind.DIVISION})
    assert len(ordered) == len(recipients_of(year - 1))


def test_documents_of_the_demo_have_a_life_behind_them(demo):
    packets = ReportPacket.objects.unscoped(EVERYBODY).order_by("number")
    facts = [(one.recipient.name, one.edition, one.doc_type, one.state) for one in packets]
    assert facts == [
        ("市委组织部", "final", "report", "valid"),
        ("澜山区委组织部", "final", "circular", "valid"),
        ("市财政局", "final", "circular", "valid"),
        ("市教育局", "final", "letter", "withdrawn"),
        ("市委组织部", "erratum", "report", "valid"),
        ("市财政局", "erratum", "circular", "valid"),
    ]
    received = PacketReceipt.objects.unscoped(EVERYBODY).values_list("delivery__packet__number", flat=True)
    assert set(received) == {1, 2, 3, 5}
    assert [plan.active for plan in ReportSchedule.objects.all()] == [True, True]


def test_data_of_the_demo_keep_every_rule(demo):
    assert {name: list(check()) for name, check in all_checks().items()} == {
        name: [] for name in all_checks()
    }


def test_accounts_log_in_with_their_role(demo, client):
    assert PASSWORD in demo
    assert len(PASSWORD) >= 12
    for name in NAMES:
        assert name in demo
        assert client.login(username=name, password=PASSWORD)
        assert client.get("/").status_code == 200
        assert User.objects.get(username=name).scope.roles == {Role(name)}
    assert set(RoleGrant.objects.filter(unit__isnull=False).values_list("role", flat=True)) == {
        Role.OFFICER,
        Role.ORGDEPT,
    }
    assert Cadre.objects.filter(user__username__startswith="trainee").unscoped(EVERYBODY).count() == 9
    trainee = Cadre.objects.unscoped(EVERYBODY).get(user__username="trainee")
    assert [trainee] == list(
        Cadre.objects.visible_to(User.objects.get(username="officer")).filter(pk=trainee.pk)
    )
    assert [trainee] == list(
        Cadre.objects.visible_to(User.objects.get(username="orgdept")).filter(pk=trainee.pk)
    )
    assert User.objects.get(username="teacher").teacher.lessons.filter(starts_at__gt=clock.now()).exists()


def test_a_trainee_can_enrol_in_the_coming_forum_session(demo, client):
    now = clock.now()
    ahead = [
        one
        for one in ForumSession.objects.filter(state=OfferingState.PUBLISHED).order_by("starts_on")
        if one.ends_on > clock.school_date(now)
    ]
    assert ForumSession.objects.filter(series="liangjiang-forum", year=present_year(now)).count() == 4
    # In the last days of December the year's sessions are all held.
    for coming in ahead[:1]:
        assert client.get("/forum/").context["programme"].coming.session == coming
        place = select_topic(offering_id=coming.pk, by=User.objects.get(username="trainee"))
        assert Enrolment.objects.unscoped(EVERYBODY).get(pk=place).offering_id == coming.pk


def test_running_again_changes_nothing(demo):
    before = counts()
    assert PASSWORD in run()
    assert counts() == before


def test_another_size_is_refused(demo):
    with pytest.raises(CommandError, match="size small is already here"):
        call_command("demo", "--size", "city")


def test_interrupted_filling_goes_on(settings, monkeypatch):
    settings.DEBUG = True

    def fail(**_facts):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(school, "close_year", fail)
        with pytest.raises(KeyboardInterrupt):
            run()
    begun = counts()
    assert begun["YearlyAssessment"] == 0
    run()
    assert counts()["Cadre"] == begun["Cadre"]
    assert SelectionRound.objects.filter(state=RoundState.DRAFT).count() == 1
    assert {name: list(check()) for name, check in all_checks().items()} == {
        name: [] for name in all_checks()
    }


def test_the_year_can_be_walked_today(demo):
    staff = User.objects.get(username="staff")
    trainee = User.objects.get(username="trainee")
    year = clock.school_year()
    drafted = SelectionRound.objects.get(state=RoundState.DRAFT)
    open_round(round_id=drafted.pk, by=staff)
    first, _clashing, third = drafted.offerings.order_by("code")[:3]
    for topic in (first, third):
        place = select_topic(offering_id=topic.pk, by=trainee)
        mark_attendance(lesson_id=topic.lessons.get().pk, marks={place: "present"}, by=staff)
        assert close_offering(offering_id=topic.pk, by=staff).credits == 4
    closing = close_year(year=year, by=staff)
    assert (
        closing.total == Cadre.objects.filter(joined_on__lte=date(year, 12, 31)).unscoped(EVERYBODY).count()
    )
    result = YearlyAssessment.objects.unscoped(EVERYBODY).get(year=year, cadre__user=trainee)
    colleague = YearlyAssessment.objects.unscoped(EVERYBODY).get(year=year, cadre__user__username="trainee2")
    assert result.breakdown["elective"]["counted"] >= 8
    carried = CreditEntry.objects.unscoped(EVERYBODY).get(cadre=colleague.cadre, source_kind="carry")
    assert colleague.breakdown["elective"]["earned"] == 4 + carried.amount
