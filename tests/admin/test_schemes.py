"""Schemes and figures in the administration: one page, simulation, carry-over, a new value."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse

from partyschool.accounts.enums import Role
from partyschool.common import clock
from partyschool.jobs.models import Job, StoredFile
from tests.admin.clients import logged_in
from tests.factories.accounts import City, make_user
from tests.factories.trainees import CadreFactory, CreditEntryFactory, make_scheme
from tests.factories.years import sealed_year
from trainees.enums import CreditCategory, FigureCode, PenaltyCause, SchemeState
from trainees.models import CreditEntry, CycleRequirement, LeaveTier
from trainees.selectors.figures import figure
from trainees.selectors.simulation import KIND, RESULT_FILE, SimulatedChange, SimulatedTally, Simulation
from trainees.services.years import close_year

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return make_user(Role.STAFF)


@pytest.fixture
def client(staff):
    return logged_in(staff)


def page(name, *args):
    return reverse(f"admin:trainees_creditscheme_{name}", args=args)


def test_a_scheme_is_read_on_one_page(client):
    def change(draft):
        draft.shares.create(category=CreditCategory.CONCENTRATED, least=Decimal("0.7"))
        draft.penalties.create(cause=PenaltyCause.ABSENT, credits=4)
        draft.requirements.filter(rank="staff").delete()

    scheme = make_scheme(state=SchemeState.DRAFT, change=change, fields={"excellent_factor": Decimal("1.2")})
    text = client.get(page("one_page", scheme.pk)).content.decode()
    for words in ("学分标准", "70%", "旷课（每半天）", "1.2 倍", "下列职级未规定总学分要求", "计算顺序"):
        assert words in text
    assert "施行前须更正" not in client.get(page("one_page", make_scheme(2024).pk)).content.decode()


def test_shares_and_penalties_are_edited_with_a_draft_alone(client):
    def share(draft):
        draft.shares.create(category=CreditCategory.CONCENTRATED, least=Decimal("0.5"))

    draft, stands = make_scheme(state=SchemeState.DRAFT, change=share), make_scheme(2024, change=share)
    edited = [client.get(page("change", one.pk)).content.decode() for one in (draft, stands)]
    assert ['name="shares-0-least"' in text for text in edited] == [True, False]


def test_trying_a_year_starts_one_job_and_shows_its_result(client, staff):
    cadre = CadreFactory(unit=City().finance_bureau)
    scheme, draft = make_scheme(township_section=50), make_scheme(version=2, state=SchemeState.DRAFT)
    CreditEntryFactory(cadre=cadre, scheme=scheme, amount=60, posted_by=staff)
    asked = page("try_on_a_year", draft.pk)
    assert "尚无已结算的年度" in client.get(asked).content.decode()
    close_year(year=2025, by=staff)
    answers = [client.post(asked, {"year": "2025", "ledger": "rated"}) for _each in range(2)]
    job = Job.objects.unscoped("test").get(kind=KIND)
    shown = page("simulation", draft.pk, job.pk)
    assert [answer["Location"] for answer in answers] == [shown] * 2
    assert job.params == {"scheme": draft.pk, "year": 2025, "as_posted": False}
    assert "simulation-progress" in client.get(shown).content.decode()
    tally = SimulatedTally(1, 1, 0, 0, 0, 0, 1, 1, 0)
    reason = {"code": "short", "category": "", "needed": 90, "counted": 60}
    change = SimulatedChange(
        cadre.pk, cadre.unit_id, cadre.rank, "pass", "fail", Decimal(60), Decimal(60), Decimal(90), [reason]
    )
    keep(job, Simulation(tally, {cadre.unit_id: tally}, {cadre.rank: tally}, [change]))
    text = client.get(shown).content.decode()
    for words in (cadre.name, cadre.unit.name, "1 → 0"):
        assert words in text
    assert cadre.name in client.get(shown, {"kind": "worse", "unit": cadre.unit_id}).content.decode()
    for strange in ({"kind": "better"}, {"kind": "grade"}, {"rank": "staff"}):
        assert cadre.name not in client.get(shown, strange).content.decode()
    for page_number in ("0", "99", "x", "-1"):
        assert client.get(shown, {"page": page_number}).status_code == 200
    other = make_scheme(2024, state=SchemeState.DRAFT)
    assert client.get(page("simulation", other.pk, job.pk)).status_code == 404


def keep(job, found):
    content = json.dumps(found.as_json()).encode()
    name = default_storage.save(f"jobs/test/{job.pk}", ContentFile(content))
    StoredFile.objects.create(
        job=job,
        name=RESULT_FILE,
        content_type="application/json",
        storage_name=name,
        sha256="0" * 64,
        size=len(content),
    )
    Job.objects.filter(pk=job.pk).unscoped("test").update(state="done")


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.FINANCE, Role.ADMIN])
def test_only_staff_try_and_carry_over(role):
    scheme = make_scheme(fields={"carry_category": "elective", "carry_most": Decimal(9)})
    other = logged_in(make_user(role))
    for name in ("try_on_a_year", "carry_surplus", "new_version"):
        assert other.post(page(name, scheme.pk)).status_code == 403
    assert other.get(page("one_page", scheme.pk)).status_code == (200 if role == Role.AUDITOR else 403)


def test_a_surplus_is_carried_over_on_its_page(client, staff):
    before = make_scheme(township_section=10)
    CreditEntryFactory(cadre=CadreFactory(), scheme=before, amount=15, posted_by=staff)
    scheme = make_scheme(2026, fields={"carry_category": "elective", "carry_most": Decimal(9)})
    assert client.post(page("carry_surplus", scheme.pk)).status_code == 409
    sealed_year(staff)
    assert client.post(page("carry_surplus", scheme.pk)).status_code == 302
    assert CreditEntry.objects.unscoped("test").get(source_kind="carry").amount == 5


def test_a_figure_is_changed_from_a_day_on(client):
    url = reverse("admin:trainees_trainingfigure_set_value")
    tomorrow = clock.school_date() + timedelta(days=1)
    form = {
        "code": FigureCode.CALLS_A_YEAR,
        "value": "3",
        "valid_from": tomorrow.isoformat(),
        "source": "通知",
    }
    assert client.get(url).status_code == 200
    assert client.post(url, form | {"source": ""}).status_code == 200
    assert client.post(url, form | {"valid_from": "2020-01-01"}).status_code == 409
    assert client.post(url, form).status_code == 302
    assert (figure(FigureCode.CALLS_A_YEAR), figure(FigureCode.CALLS_A_YEAR, on=tomorrow)) == (2, 3)
    assert logged_in(make_user(Role.AUDITOR)).post(url, form).status_code == 403


def test_who_decides_on_leave_is_changed_and_ended_from_a_day_on(client):
    tomorrow = clock.school_date() + timedelta(days=1)
    url = reverse("admin:trainees_leavetier_set_value")
    form = {"most_half_days": 2, "approver": "leader", "valid_from": tomorrow, "source": "校务会"}
    assert client.get(url).status_code == 200
    assert client.post(url, form | {"valid_from": tomorrow - timedelta(days=9)}).status_code == 409
    assert client.post(url, form).status_code == 302
    coming = LeaveTier.objects.get(most_half_days=2, valid_from=tomorrow)
    end = reverse("admin:trainees_leavetier_end", args=[coming.pk])
    assert client.get(end).status_code == 200
    assert client.post(end, {"last_day": clock.school_date()}).status_code == 409
    assert client.post(end, {"last_day": tomorrow}).status_code == 302
    coming.refresh_from_db()
    assert (coming.approver, coming.valid_until) == ("leader", tomorrow)


def test_what_a_cycle_asks_for_is_changed_from_a_day_on(client):
    tomorrow = clock.school_date() + timedelta(days=1)
    url = reverse("admin:trainees_cyclerequirement_set_value")
    form = {"rank": "staff", "first_year": 2023, "last_year": 2027, "hours": "480", "source": "条例"}
    assert client.post(url, form | {"valid_from": tomorrow, "last_year": 2020}).status_code == 409
    assert client.post(url, form | {"valid_from": tomorrow}).status_code == 302
    rows = CycleRequirement.objects.filter(rank="staff", first_year=2023).order_by("valid_from")
    assert [row.hours for row in rows] == [450, 480]
