"""Results open to objections on the portal: the cadre, the unit of that year, and nobody else; the list of those who failed."""

import io
from datetime import date
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from tests.factories.accounts import make_user
from tests.factories.trainees import CadreFactory, make_scheme, make_trainee
from tests.factories.years import YEAR, earn, open_year, result_of, sealed_year
from trainees.models import AssessmentObjection, Evidence
from trainees.services.corrections import Stated, correct_result
from trainees.services.make_up import PlanLine, plan_make_up
from trainees.services.objections import answer_objection, raise_objection
from trainees.services.years import close_year

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_files")]
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture
def scheme():
    return make_scheme()


@pytest.fixture
def cadre(city, scheme):
    return make_trainee(unit=city.finance_bureau, name="本部干部")


def logged_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def cells_of(content: bytes) -> set[str]:
    """Every filled cell of a workbook's first sheet."""
    import openpyxl

    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    return {str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value}


def object_url(cadre) -> str:
    return reverse("trainees:object_to", args=[result_of(cadre).pk])


def test_a_cadre_objects_on_the_own_page(staff, cadre):
    open_year(staff)
    client = logged_in(cadre.user)
    page = client.get(f"/credits/?year={YEAR}").content.decode()
    assert object_url(cadre) in page
    assert "异议期" in page
    data = {"text": "漏记一门课", "files": SimpleUploadedFile("证明.pdf", PDF)}
    answer = client.post(object_url(cadre), data)
    assert (answer.status_code, answer["Location"]) == (303, f"/credits/?year={YEAR}")
    page = client.get(f"/credits/?year={YEAR}").content.decode()
    assert "漏记一门课" in page
    assert "证明.pdf" in page
    assert object_url(cadre) not in page
    again = client.post(object_url(cadre), {"text": "再提一次"})
    assert again.status_code == 409
    assert "再提一次" in again.content.decode()
    made = AssessmentObjection.objects.unscoped("test").get()
    answer_objection(objection_id=made.pk, upheld=False, answer="与签到记录不符", by=staff)
    assert "与签到记录不符" in client.get(f"/credits/?year={YEAR}").content.decode()


def test_an_objection_is_withdrawn_by_its_author_alone(staff, city, cadre):
    open_year(staff)
    made = raise_objection(assessment_id=result_of(cadre).pk, text="x", by=cadre.user)
    url = reverse("trainees:objection_withdraw", args=[made.pk])
    assert logged_in(make_user(Role.OFFICER, unit=city.finance_bureau)).post(url).status_code == 404
    client = logged_in(cadre.user)
    assert client.post(url).status_code == 303
    assert client.post(url).status_code == 409


def test_an_officer_objects_on_the_page_of_the_person(staff, city, cadre):
    open_year(staff)
    client = logged_in(make_user(Role.OFFICER, unit=city.finance_bureau))
    person = reverse("trainees:organisation_cadre", args=[cadre.pk]) + f"?year={YEAR}"
    assert object_url(cadre) in client.get(person).content.decode()
    answer = client.post(object_url(cadre), {"text": "单位认为有误"})
    assert (answer.status_code, answer["Location"]) == (303, person)
    assert "单位认为有误" in client.get(person).content.decode()
    assert "单位认为有误" in client.get(reverse("trainees:objections")).content.decode()


@pytest.mark.parametrize(
    ("role", "place", "status"),
    [
        (Role.OFFICER, "culture_bureau", 404),
        (Role.OFFICER, "cousin_bureau", 404),
        (Role.TRAINEE, "finance_bureau", 404),
        (Role.ORGDEPT, "east", 403),
        (Role.STAFF, "east", 403),
    ],
)
def test_others_do_not_object(staff, city, cadre, role, place, status):
    open_year(staff)
    client = logged_in(make_user(role, unit=getattr(city, place)))
    assert client.get(object_url(cadre)).status_code == status
    assert client.post(object_url(cadre), {"text": "x"}).status_code == status
    assert not AssessmentObjection.objects.unscoped("test").exists()


def test_objections_and_evidence_stay_within_the_unit(staff, city, cadre):
    open_year(staff)
    files = [SimpleUploadedFile("机密.pdf", PDF)]
    raise_objection(assessment_id=result_of(cadre).pk, text="金丝雀异议", files=files, by=cadre.user)
    file = reverse("trainees:evidence", args=[Evidence.objects.unscoped("test").get().pk])
    for role, place, sees in (
        (Role.OFFICER, "finance_bureau", True),
        (Role.ORGDEPT, "east", True),
        (Role.LEADER, "east", True),
        (Role.OFFICER, "east", True),
        (Role.OFFICER, "culture_bureau", False),
        (Role.OFFICER, "cousin_bureau", False),
        (Role.ORGDEPT, "west", False),
    ):
        client = logged_in(make_user(role, unit=getattr(city, place)))
        page = client.get(reverse("trainees:objections"), {"year": YEAR}).content.decode()
        assert ("金丝雀异议" in page) is sees, (role, place)
        answer = client.get(file)
        answer.getvalue()
        assert answer.status_code == (200 if sees else 404)
        assert (file in page) is sees


def test_before_and_after_the_period_there_is_no_button(staff, cadre):
    client = logged_in(cadre.user)
    close_year(year=YEAR, by=staff)
    assert object_url(cadre) not in client.get(f"/credits/?year={YEAR}").content.decode()
    refused = client.post(object_url(cadre), {"text": "x"})
    assert refused.status_code == 409
    sealed_year(staff)
    assert object_url(cadre) not in client.get(f"/credits/?year={YEAR}").content.decode()


def test_the_own_page_tells_what_a_sealed_result_does_not_take_up(staff, cadre, scheme):
    sealed_year(staff)
    client = logged_in(cadre.user)
    assert "已封存" in client.get(f"/credits/?year={YEAR}").content.decode()
    earn(cadre, scheme, 95)
    assert "封存的结果不变" in client.get(f"/credits/?year={YEAR}").content.decode()
    correct_result(assessment_id=result_of(cadre).pk, stated=Stated(), reason="补记论文学分", by=staff)
    page = client.get(f"/credits/?year={YEAR}").content.decode()
    assert "补记论文学分" in page
    assert "封存的结果不变" not in page


def test_make_up_training_is_seen_by_the_cadre_and_the_unit(staff, city, cadre):
    sealed_year(staff)
    plans = [PlanLine(result_of(cadre).pk, "补修集中培训", Decimal(90))]
    plan_make_up(year=YEAR, plans=plans, due_on=date(2099, 1, 1), by=staff)
    officer = logged_in(make_user(Role.OFFICER, unit=city.finance_bureau))
    pages = (
        logged_in(cadre.user).get(f"/credits/?year={YEAR}"),
        officer.get(reverse("trainees:organisation_cadre", args=[cadre.pk]), {"year": YEAR}),
        officer.get(reverse("trainees:barred"), {"year": YEAR}),
    )
    assert all("补修集中培训" in page.content.decode() for page in pages)


def test_the_list_of_those_who_failed_is_the_scopes_own(staff, city, cadre, scheme):
    for unit in (city.culture_bureau, city.cousin_bureau):
        CadreFactory(unit=unit, name=f"{unit.name}干部")
    passed = CadreFactory(unit=city.finance_bureau, name="合格干部")
    earn(passed, scheme, 95)
    sealed_year(staff)
    expected = {
        (Role.OFFICER, "finance_bureau"): {"本部干部"},
        (Role.ORGDEPT, "east"): {"本部干部", "东区文化局干部"},
        (Role.ORGDEPT, "west"): {"西区财政局干部"},
        (Role.STAFF, "west"): {"本部干部", "东区文化局干部", "西区财政局干部"},
    }
    for (role, place), names in expected.items():
        client = logged_in(make_user(role, unit=getattr(city, place)))
        page = client.get(reverse("trainees:barred"), {"year": YEAR})
        assert {line.result.assessment.cadre.name for line in page.context["lines"]} == names
        book = client.get(reverse("trainees:barred_file"), {"year": YEAR})
        cells = cells_of(b"".join(book.streaming_content))
        everybody = {"本部干部", "东区文化局干部", "西区财政局干部", "合格干部"}
        assert cells & everybody == names
    officer = logged_in(make_user(Role.OFFICER, unit=city.finance_bureau))
    assert officer.get(reverse("trainees:barred"), {"unit": city.cousin_bureau.pk}).status_code == 404
    assert officer.get(reverse("trainees:barred"), {"year": "x"}).status_code == 404
    exported = AuditEvent.objects.unscoped("test").filter(action="result.export_barred")
    assert sorted(event.data["rows"] for event in exported) == [1, 1, 2, 3]


@pytest.mark.parametrize("page", ["barred", "objections"])
def test_lists_ask_the_same_number_of_queries(staff, city, scheme, page, django_assert_num_queries):
    officer = logged_in(make_user(Role.OFFICER, unit=city.finance_bureau))
    people = [make_trainee(unit=city.finance_bureau) for _each in range(3)]
    open_year(staff)
    raise_objection(assessment_id=result_of(people[0]).pk, text="x", by=people[0].user)
    url = reverse(f"trainees:{page}") + f"?year={YEAR}"
    officer.get(url)
    with django_assert_num_queries(QUERIES[page]):
        officer.get(url)
    for cadre in people[1:]:
        raise_objection(assessment_id=result_of(cadre).pk, text="x", by=cadre.user)
    with django_assert_num_queries(QUERIES[page]):
        officer.get(url)


QUERIES = {"barred": 10, "objections": 8}
