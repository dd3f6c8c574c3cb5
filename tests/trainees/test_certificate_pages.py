"""The pages of certificates: each reader sees the own people's, staff act, and a code tells the state and no name."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.jobs.models import Job
from tests.common.pdf_reading import sound_reader, texts
from tests.factories.accounts import make_user
from tests.factories.certificates import Certified, closed_class
from tests.factories.trainees import CadreFactory, make_trainee
from trainees.models import Certificate
from trainees.services.certificates import issue_certificates, revoke_certificate

pytestmark = [pytest.mark.django_db, pytest.mark.needs("fonts")]
CLASSES = "/certificates/classes/"


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def world():
    made = Certified()
    issue_certificates(offering_id=made.offering.pk, by=made.staff)
    return made


def log_in(user):
    client = Client()
    client.force_login(user)
    return client


def certificate_of(cadre):
    return Certificate.objects.unscoped("tests").get(enrolment__cadre=cadre)


def class_url(world, step=""):
    return f"{CLASSES}{world.offering.pk}/{step}"


def file_url(cadre):
    return reverse("trainees:certificate_file", args=[certificate_of(cadre).pk])


def readers(world):
    city = world.city
    return {
        "officer": make_user(Role.OFFICER, unit=city.finance_bureau),
        "orgdept": make_user(Role.ORGDEPT, unit=city.east),
        "cousin": make_user(Role.ORGDEPT, unit=city.west),
        "staff": world.staff,
        "leader": make_user(Role.LEADER),
        "auditor": make_user(Role.AUDITOR),
    }


SEEN = {
    "officer": {"王䶮"},
    "orgdept": {"王䶮", "同级"},
    "cousin": {"旁系"},
    "staff": {"王䶮", "同级", "旁系"},
    "leader": {"王䶮", "同级", "旁系"},
    "auditor": {"王䶮", "同级", "旁系"},
}


@pytest.mark.parametrize("who", sorted(SEEN))
def test_each_reader_sees_the_own_people_on_the_class_page(world, who):
    shown = log_in(readers(world)[who]).get(class_url(world)).content.decode()
    assert {name for name in ("王䶮", "同级", "旁系") if name in shown} == SEEN[who]


@pytest.mark.parametrize("who", sorted(SEEN))
def test_numbers_of_the_list_count_the_own_people_alone(world, who):
    (offering,) = log_in(readers(world)[who]).get(CLASSES).context["page"].rows
    assert (offering.completed, offering.certified) == (len(SEEN[who]), len(SEEN[who]))


@pytest.mark.parametrize("who", sorted(SEEN))
def test_files_of_others_do_not_exist(world, who, tmp_path):
    client = log_in(readers(world)[who])
    for cadre in (world.own, world.sibling, world.cousin):
        answer = client.get(file_url(cadre))
        assert answer.status_code == (200 if cadre.name in SEEN[who] else 404)
        if cadre.name in SEEN[who]:
            (text,) = texts(sound_reader(answer.getvalue(), tmp_path))
            assert cadre.name in text


def test_class_without_people_in_scope_does_not_exist(world):
    other = closed_class([CadreFactory(unit=world.city.cousin_bureau)], by=world.staff, title="外班")
    client = log_in(readers(world)["orgdept"])
    assert "外班" not in client.get(CLASSES).content.decode()
    assert client.get(f"{CLASSES}{other.pk}/").status_code == 404


def test_cadre_sees_and_downloads_the_own_alone(world):
    client = log_in(world.trainee)
    shown = client.get("/certificates/").content.decode()
    assert "2025年春季县处级干部进修班" in shown
    assert client.get(file_url(world.own)).status_code == 200
    assert client.get(file_url(world.sibling)).status_code == 404
    assert client.get(class_url(world)).status_code == 403
    downloads = AuditEvent.objects.unscoped("tests").filter(action="certificate.download")
    assert [event.actor for event in downloads] == [world.trainee]


def test_cadre_without_certificates_is_told_when_one_comes(world):
    shown = log_in(make_trainee().user).get("/certificates/").content.decode()
    assert "还没有证书" in shown


@pytest.mark.parametrize("step", ["issue/", "print/"])
@pytest.mark.parametrize("who", ["officer", "orgdept", "leader", "auditor"])
def test_readers_do_not_act(world, who, step):
    assert log_in(readers(world)[who]).post(class_url(world, step)).status_code == 403
    revoke = reverse("trainees:certificate_revoke", args=[certificate_of(world.own).pk])
    assert log_in(readers(world)[who]).post(revoke, {"reason": "x"}).status_code == 403


def test_staff_issue_what_is_missing_and_are_told_whom_no_font_can_print(world):
    lacking = CadreFactory(unit=world.city.finance_bureau, name="赵\ue000")
    offering = closed_class([lacking, CadreFactory(name="钱一")], by=world.staff, title="第二班")
    client = log_in(world.staff)
    url = f"{CLASSES}{offering.pk}/"

    before = client.get(url).content.decode()
    assert f"赵\ue000 ({lacking.code}: \ue000)" in before

    answer = client.post(f"{url}issue/", follow=True)
    shown = answer.content.decode()
    assert "已签发1份证书。" in shown
    assert "以下人员的姓名缺少可用字体，暂未发证：赵\ue000。" in shown
    assert "姓名缺字" in shown


def test_staff_print_a_class_through_a_job(world):
    answer = log_in(world.staff).post(class_url(world, "print/"))
    job = Job.objects.unscoped("tests").get(kind="print_certificates")
    assert (answer.status_code, answer["Location"]) == (303, f"/jobs/{job.pk}/")


def test_staff_revoke_with_a_reason(world):
    client, one = log_in(world.staff), certificate_of(world.own)
    url = reverse("trainees:certificate_revoke", args=[one.pk])
    assert one.name in client.get(url).content.decode()
    assert client.post(url, {"reason": ""}).status_code == 200
    answer = client.post(url, {"reason": "姓名有误"}, follow=True)
    assert "证书已撤销，并已通知持证人。" in answer.content.decode()
    assert "姓名有误" in client.get(class_url(world)).content.decode()
    assert client.get(url).status_code == 409
    assert client.get(file_url(world.own)).status_code == 409
    own = log_in(world.trainee).get("/certificates/").content.decode()
    assert "姓名有误" in own
    assert file_url(world.own) not in own


def test_code_tells_state_and_class_and_no_name(world, client):
    one = certificate_of(world.own)
    url = reverse("trainees:verify", args=[one.code])
    shown = client.get(url).content.decode()
    assert "该证书由学校签发，有效。" in shown
    assert "2025年春季县处级干部进修班" in shown
    assert "两江委校证字〔" in shown
    assert [name for name in ("王䶮", world.own.code, "东区财政局") if name in shown] == []

    revoke_certificate(certificate_id=one.pk, reason="冒名顶替", by=world.staff)
    shown = client.get(url).content.decode()
    assert "该证书已被学校撤销。" in shown
    assert [name for name in ("王䶮", "冒名顶替") if name in shown] == []
    assert client.post(url).status_code == 405


def test_code_is_found_as_people_type_it(world, client):
    code = certificate_of(world.own).code
    answer = client.get(reverse("trainees:verify", args=[code.lower().replace("-", " ")]))
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("url", "number"), [("/certificates/", 4), (CLASSES, 5), ("class", 6)], ids=["own", "classes", "class"]
)
@pytest.mark.parametrize("rows", [1, 3])
def test_queries_do_not_grow_with_the_rows(world, url, number, rows):
    people = [world.own, *(CadreFactory(unit=world.city.finance_bureau) for _one in range(rows - 1))]
    for title in range(rows):
        offering = closed_class(people, by=world.staff, title=f"班{title}")
        issue_certificates(offering_id=offering.pk, by=world.staff)
    client = log_in(world.trainee if url == "/certificates/" else world.staff)
    address = f"{CLASSES}{offering.pk}/" if url == "class" else url
    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    assert len(asked) == number, [query["sql"][:120] for query in asked]
