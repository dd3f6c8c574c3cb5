"""The life of an assessment year: preview, open to objections, sealed; what each state refuses, and what the database refuses beside."""

from datetime import date, time, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.jobs.models import Job
from partyschool.jobs.services.progress import Progress
from partyschool.notices.models import Notice
from tests.factories.accounts import make_user
from tests.factories.courses import LessonFactory, OfferingFactory
from tests.factories.trainees import CadreFactory, make_scheme, make_trainee
from tests.factories.years import OVER, YEAR, after, earn, open_year, result_of, sealed_year
from trainees.enums import ExemptionGround, YearState
from trainees.models import AssessmentExemption, CreditEntry, TrainingFigure, YearlyAssessment
from trainees.selectors.year_states import takes_objections, year_numbers, year_of
from trainees.services.objections import answer_objection, raise_objection
from trainees.services.year_locks import YearSealed
from trainees.services.year_notices import tell_year_state
from trainees.services.year_states import (
    AlreadyOpened,
    NobodyAssessed,
    NotOpened,
    ObjectionsOpen,
    OfferingsOpen,
    PeriodRuns,
    YearNotOver,
    open_objections,
    seal_year,
)
from trainees.services.years import close_year

pytestmark = pytest.mark.django_db


@pytest.fixture
def scheme():
    return make_scheme()


def refused(statement, *parameters):
    def run():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(IntegrityError) as refusal:
        run()
    return refusal.value.__cause__.diag.constraint_name


def test_a_year_nobody_has_touched_is_in_preview():
    held = year_of(1999)
    assert (held.state, held.pk, takes_objections(held)) == (YearState.PREVIEW, None, False)


def test_closing_any_number_of_times_leaves_the_year_in_preview(staff, city, scheme):
    CadreFactory(unit=city.finance_bureau)
    assert [close_year(year=YEAR, by=staff).state for _time in range(3)] == [YearState.PREVIEW] * 3
    assert year_of(YEAR).state == YearState.PREVIEW


def test_opening_closes_the_year_and_counts_the_days_of_the_figure(staff, city, scheme):
    cadre = CadreFactory(unit=city.finance_bureau)
    held = open_objections(year=YEAR, by=staff, now=OVER)
    assert result_of(cadre).result == "fail"
    days = int(TrainingFigure.objects.get(code="objection_days").value)
    last_day = clock.school_date(OVER) + timedelta(days=days)
    assert held.objections_until == clock.school_instant(last_day, time(23, 59))
    assert (held.state, held.opened_by, held.opened_at) == (YearState.OBJECTION, staff, OVER)
    job = Job.objects.unscoped("test").get(kind="tell_year")
    assert job.params == {"year": YEAR, "state": "objection"}
    assert AuditEvent.objects.unscoped("test").filter(action="year.open_objections").count() == 1


def test_opening_is_refused_before_the_year_is_over_twice_and_for_nobody(staff, city):
    make_scheme(2026)
    with pytest.raises(YearNotOver) as early:
        open_objections(year=2026, by=staff, now=clock.year_end(2026) - timedelta(seconds=1))
    assert early.value.retry_at == clock.year_end(2026)
    make_scheme()
    with pytest.raises(NobodyAssessed):
        open_objections(year=YEAR, by=staff)
    assert year_of(YEAR).pk is None
    CadreFactory(unit=city.finance_bureau)
    open_year(staff)
    with pytest.raises(AlreadyOpened):
        open_objections(year=YEAR, by=staff)


def test_results_still_move_while_objections_are_taken(staff, city, scheme):
    cadre = CadreFactory(unit=city.finance_bureau)
    open_year(staff)
    earn(cadre, scheme, 95)
    assert close_year(year=YEAR, by=staff).state == YearState.OBJECTION
    assert result_of(cadre).result == "pass"


def test_sealing_needs_the_period_to_be_over(staff, city, scheme):
    CadreFactory(unit=city.finance_bureau)
    with pytest.raises(NotOpened):
        seal_year(year=YEAR, by=staff)
    held = open_year(staff)
    with pytest.raises(PeriodRuns) as refusal:
        seal_year(year=YEAR, by=staff, now=held.objections_until)
    assert refusal.value.retry_at == held.objections_until
    seal_year(year=YEAR, by=staff, now=after(held))


def test_sealing_names_who_waits_for_an_answer(staff, city, scheme):
    cadre = make_trainee(unit=city.finance_bureau, name="等待答复的人")
    held = open_year(staff)
    objection = raise_objection(assessment_id=result_of(cadre).pk, text="少算一门", by=cadre.user)
    with pytest.raises(ObjectionsOpen, match="等待答复的人"):
        seal_year(year=YEAR, by=staff, now=after(held))
    answer_objection(objection_id=objection.pk, upheld=False, answer="已核对", by=staff)
    seal_year(year=YEAR, by=staff, now=after(held))


def test_sealing_wants_each_open_offering_confirmed(staff, city, scheme):
    CadreFactory(unit=city.finance_bureau)
    offerings = [OfferingFactory(title=f"未结班次{number}") for number in (1, 2)]
    for offering in offerings:
        LessonFactory(
            offering=offering,
            starts_at=clock.school_instant(date(YEAR, 5, 6 + offering.pk % 9), time(9)),
            ends_at=clock.school_instant(date(YEAR, 5, 6 + offering.pk % 9), time(11)),
        )
    held = open_year(staff)
    with pytest.raises(OfferingsOpen, match=r"未结班次1.*未结班次2"):
        seal_year(year=YEAR, by=staff, now=after(held))
    with pytest.raises(OfferingsOpen, match="未结班次2"):
        seal_year(year=YEAR, confirmed=[offerings[0].pk], by=staff, now=after(held))
    seal_year(year=YEAR, confirmed=[one.pk for one in offerings], by=staff, now=after(held))
    event = AuditEvent.objects.unscoped("test").get(action="year.seal")
    assert sorted(event.data["left_open"]) == sorted(one.pk for one in offerings)


def test_a_sealed_year_has_its_last_closing_in_it_and_takes_no_other(staff, city, scheme):
    cadre = CadreFactory(unit=city.finance_bureau)
    held = open_year(staff)
    earn(cadre, scheme, 95)
    closing = seal_year(year=YEAR, by=staff, now=after(held))
    row = result_of(cadre)
    assert (closing.passed, row.result, row.sealed) == (1, "pass", True)
    for deed in (close_year, seal_year, open_objections):
        with pytest.raises(YearSealed):
            deed(year=YEAR, by=staff)
    assert year_of(YEAR).sealed_by == staff


def test_sealing_carries_the_surplus_over_where_the_next_year_has_a_scheme(staff, city, scheme):
    following = make_scheme(2026, state="draft")
    following.carry_category, following.carry_most = "elective", 20
    following.save()
    following.state = "in_force"
    following.save()
    cadre = CadreFactory(unit=city.finance_bureau)
    earn(cadre, scheme, 105)
    sealed_year(staff)
    entry = CreditEntry.objects.unscoped("test").get(source_kind="carry")
    assert (entry.cadre, entry.year, entry.amount, entry.category) == (cadre, 2026, 15, "elective")


def test_credits_posted_after_sealing_change_nothing(staff, city, scheme):
    cadre = CadreFactory(unit=city.finance_bureau)
    sealed_year(staff)
    before = YearlyAssessment.versions.filter(pk=result_of(cadre).pk).unscoped("test").values().get()
    earn(cadre, scheme, 95)
    with pytest.raises(YearSealed):
        close_year(year=YEAR, by=staff)
    assert YearlyAssessment.versions.filter(pk=before["id"]).unscoped("test").values().get() == before


def test_the_database_refuses_what_would_move_a_sealed_year(staff, city, scheme):
    cadre = CadreFactory(unit=city.finance_bureau)
    other = CadreFactory(unit=city.finance_bureau, joined_on=date(2026, 3, 1))
    exemption = AssessmentExemption.objects.create(cadre=cadre, year=YEAR, ground=ExemptionGround.OTHER)
    sealed_year(staff)
    row = result_of(cadre)
    table = "trainees_yearlyassessment"
    assert refused(f"UPDATE {table} SET counted = 99 WHERE id = %s", row.pk) == f"{table}_sealed_tg"
    assert refused(f"UPDATE {table} SET sealed = false WHERE id = %s", row.pk) == f"{table}_sealed_tg"
    assert refused(f"UPDATE {table} SET superseded = true WHERE id = %s", row.pk) == f"{table}_superseded_tg"
    assert refused(f"DELETE FROM {table} WHERE id = %s", row.pk)
    copy = [field.column for field in YearlyAssessment._meta.concrete_fields if not field.primary_key]
    values = ", ".join("%s" if column == "cadre_id" else column for column in copy)
    insert = f"INSERT INTO {table} ({', '.join(copy)}) SELECT {values} FROM {table} WHERE id = %s"
    assert refused(insert, other.pk, row.pk) == f"{table}_year_sealed_tg"
    exempted = "trainees_assessmentexemption"
    assert refused(f"UPDATE {exempted} SET note = 'x' WHERE id = %s", exemption.pk) == f"{exempted}_sealed_tg"
    assert refused(f"DELETE FROM {exempted} WHERE id = %s", exemption.pk) == f"{exempted}_sealed_tg"
    fresh = f"INSERT INTO {exempted} (cadre_id, year, ground, note) VALUES (%s, %s, 'other', '')"
    assert refused(fresh, other.pk, YEAR) == f"{exempted}_sealed_tg"
    assert (
        refused(
            "INSERT INTO trainees_assessmentobjection (assessment_id, text, by_unit, state, raised_at, raised_by_id, answer)"
            " VALUES (%s, 'x', false, 'raised', now(), %s, '')",
            row.pk,
            staff.pk,
        )
        == "trainees_assessmentobjection_year_tg"
    )
    assert refused(
        "UPDATE trainees_assessmentyear SET state = 'objection', sealed_at = NULL, sealed_by_id = NULL"
    )
    assert refused("DELETE FROM trainees_assessmentyear")


def test_a_result_is_led_into_no_sealed_year(staff, city, scheme):
    cadre = CadreFactory(unit=city.finance_bureau)
    make_scheme(2024)
    close_year(year=2024, by=staff)
    sealed_year(staff)
    moved = "UPDATE trainees_yearlyassessment SET year = 2025, cadre_id = %s WHERE year = 2024"
    assert refused(moved, CadreFactory().pk)
    assert result_of(cadre, 2024).year == 2024


def test_the_database_seals_no_year_with_loose_ends(staff, city, scheme):
    cadre = make_trainee(unit=city.finance_bureau)
    open_year(staff)
    seal = "UPDATE trainees_assessmentyear SET state = 'sealed', sealed_at = now(), sealed_by_id = %s"
    assert refused(seal, staff.pk) == "trainees_assessmentyear_whole_tg"
    raise_objection(assessment_id=result_of(cadre).pk, text="x", by=cadre.user)
    both = f"UPDATE trainees_yearlyassessment SET sealed = true; {seal}"
    assert refused(both, staff.pk) == "trainees_assessmentyear_whole_tg"


def test_everybody_concerned_is_told_once(staff, city, scheme):
    cadre = make_trainee(unit=city.finance_bureau)
    officer = make_user(Role.OFFICER, unit=city.finance_bureau)
    department, leader = make_user(Role.ORGDEPT, unit=city.east), make_user(Role.LEADER)
    CadreFactory(unit=city.finance_bureau)
    held = open_year(staff)
    job = Job.objects.unscoped("test").get(kind="tell_year")
    for _twice in range(2):
        tell_year_state(year=YEAR, state=YearState.OBJECTION, progress=_SilentProgress(job))
    told = {one.recipient_id: one for one in Notice.objects.unscoped("test")}
    assert set(told) == {cadre.user_id, officer.pk, department.pk, leader.pk}
    assert "不合格" in told[cadre.user_id].body
    assert clock.in_words(held.objections_until) in told[officer.pk].body
    assert told[cadre.user_id].url == f"/credits/?year={YEAR}"


class _SilentProgress(Progress):
    def __init__(self, job):
        self.job = job

    def report(self, *_numbers, **_words):
        pass


def test_numbers_of_a_year(staff, city, scheme):
    passed, failed = (CadreFactory(unit=city.finance_bureau) for _each in range(2))
    earn(passed, scheme, 95)
    AssessmentExemption.objects.create(
        cadre=CadreFactory(unit=city.cousin_bureau), year=YEAR, ground=ExemptionGround.OTHER
    )
    sealed_year(staff)
    numbers = year_numbers(YEAR)
    assert numbers.results == {"pass": 1, "fail": 1, "exempt": 1}
    assert (numbers.total, numbers.corrections, numbers.objections["raised"]) == (3, 0, 0)
    assert result_of(failed).bars_excellent is True


def test_the_command_prints_the_state_and_refuses_a_sealed_year(staff, city, scheme, capsys):
    CadreFactory(unit=city.finance_bureau)
    call_command("close_year", str(YEAR), by=staff.username)
    assert "预览" in capsys.readouterr().out
    sealed_year(staff)
    with pytest.raises(CommandError, match=str(YEAR)):
        call_command("close_year", str(YEAR), by=staff.username)
