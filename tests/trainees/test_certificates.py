"""Certificates: issued once per completed place, numbered without gaps, frozen, revoked with a reason, printed whole."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

import trainees.tasks
from courses.enums import OfferingKind, OfferingState
from partyschool.audit.models import AuditEvent
from partyschool.common.errors import InvalidInput
from partyschool.common.integrity import all_checks
from partyschool.jobs.models import StoredFile
from partyschool.jobs.services.running import run_job
from partyschool.notices.models import Notice
from tests.common.pdf_reading import assert_fonts_are_subsets, sound_reader, texts
from tests.factories.certificates import ENDED, Certified, closed_class
from tests.factories.courses import OfferingFactory
from tests.factories.trainees import CadreFactory, EnrolmentFactory
from trainees.enums import CertificateKind, CertificateState, EnrolmentState
from trainees.exporters.certificates import build_certificate, build_certificates, certificate_file_name
from trainees.models import Certificate, CertificateCounter
from trainees.selectors.certificates import CertificateLine
from trainees.services.certificates import (
    AlreadyRevoked,
    ClassNotClosed,
    NotCertified,
    NothingToPrint,
    TitleNotPrintable,
    issue_certificates,
    print_certificates,
    revoke_certificate,
)

pytestmark = [pytest.mark.django_db, pytest.mark.needs("fonts")]
assert trainees.tasks  # with it come the handlers of the jobs
LATER = ENDED + timedelta(days=2)
PRIVATE = "\ue000"


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def world():
    return Certified()


def issue(world, now=LATER):
    return issue_certificates(offering_id=world.offering.pk, by=world.staff, now=now).certificates


def stored():
    return Certificate.objects.unscoped("tests")


def test_everybody_who_completed_gets_one_with_the_next_number(world):
    made = issue(world)

    assert [(one.name, one.number, one.number_year) for one in made] == [
        ("王䶮", 1, 2025), ("同级", 2, 2025), ("旁系", 3, 2025),
    ]  # fmt: skip
    assert {(one.kind, one.title, one.hours) for one in made} == {
        (CertificateKind.COMPLETION, world.offering.title, 8)
    }
    assert CertificateCounter.objects.get(year=2025).last_number == 3
    assert len({one.code for one in made}) == 3


def test_issuing_again_issues_what_is_missing_alone(world):
    issue(world)

    assert issue(world) == []
    assert stored().count() == 3


def test_whoever_did_not_complete_gets_none(world):
    offering = closed_class(
        [CadreFactory()], by=world.staff, state=EnrolmentState.NOT_COMPLETED, title="另一个班"
    )

    assert issue_certificates(offering_id=offering.pk, by=world.staff, now=LATER).certificates == []


def test_numbers_begin_anew_each_year_of_the_school(world):
    issue(world)
    other = closed_class([CadreFactory()], by=world.staff, title="另一个班")
    turn = datetime(2025, 12, 31, 16, 30, tzinfo=UTC)  # New Year's Day in Shanghai

    (one,) = issue_certificates(offering_id=other.pk, by=world.staff, now=turn).certificates

    assert (one.number_year, one.number) == (2026, 1)


def test_name_that_no_font_has_is_left_out_and_told(world):
    world.sibling.name = f"李{PRIVATE}"
    world.sibling.save()

    issued = issue_certificates(offering_id=world.offering.pk, by=world.staff, now=LATER)

    assert [one.name for one in issued.certificates] == ["王䶮", "旁系"]
    assert [one.number for one in issued.certificates] == [1, 2]
    assert [(place.cadre, characters) for place, characters in issued.left_out] == [(world.sibling, PRIVATE)]


def test_title_that_no_font_has_refuses_the_class(world):
    offering = closed_class([CadreFactory()], by=world.staff, title=f"进修{PRIVATE}班")

    with pytest.raises(TitleNotPrintable, match=PRIVATE):
        issue_certificates(offering_id=offering.pk, by=world.staff)


def test_topics_and_open_classes_have_none(world):
    topic = closed_class([CadreFactory()], by=world.staff, kind=OfferingKind.ELECTIVE, title="专题")
    with pytest.raises(NotCertified):
        issue_certificates(offering_id=topic.pk, by=world.staff)
    with pytest.raises(ClassNotClosed):
        issue_certificates(
            offering_id=OfferingFactory(kind=OfferingKind.MAIN_CLASS, state=OfferingState.PUBLISHED).pk,
            by=world.staff,
        )


def test_holders_are_told_and_the_trail_knows(world):
    issue(world)

    notice = Notice.objects.unscoped("tests").get(event__startswith="certificate.issue:")
    assert (notice.recipient, notice.url) == (world.trainee, "/certificates/")
    event = AuditEvent.objects.unscoped("tests").get(action="certificate.issue")
    assert event.data == {"first": 1, "last": 3, "year": 2025, "left_out": []}


def test_revoked_one_says_why_and_another_may_follow(world):
    first = issue(world)[0]
    revoked = revoke_certificate(certificate_id=first.pk, reason=" 姓名有误 ", by=world.staff, now=LATER)

    assert (revoked.state, revoked.revocation_reason, revoked.revoked_by) == (
        CertificateState.REVOKED,
        "姓名有误",
        world.staff,
    )
    assert Notice.objects.unscoped("tests").filter(event=f"certificate.revoke:{first.pk}").count() == 1
    (again,) = issue(world)
    assert (again.number, again.enrolment_id) == (4, first.enrolment_id)
    with pytest.raises(AlreadyRevoked):
        revoke_certificate(certificate_id=first.pk, reason="x", by=world.staff)


@pytest.mark.parametrize("reason", ["", "  ", "长" * 201])
def test_revoking_needs_a_reason(world, reason):
    first = issue(world)[0]
    with pytest.raises(InvalidInput):
        revoke_certificate(certificate_id=first.pk, reason=reason, by=world.staff)


@pytest.mark.parametrize("change", [{"name": "别人"}, {"number": 99}, {"hours": 1}, {"code": "X"}])
def test_what_it_says_stands_in_the_database(world, change):
    first = issue(world)[0]
    with pytest.raises(IntegrityError), transaction.atomic():
        stored().filter(pk=first.pk).update(**change)


def test_database_refuses_one_of_a_place_not_completed(world):
    place = EnrolmentFactory(offering=OfferingFactory(kind=OfferingKind.MAIN_CLASS))
    first = issue(world)[0]
    first.pk, first.enrolment, first.number, first.code = None, place, 50, "OTHER"
    with pytest.raises(IntegrityError, match="not completed"), transaction.atomic():
        first.save(force_insert=True)


def test_database_refuses_to_delete_or_revive_one(world):
    first = revoke_certificate(certificate_id=issue(world)[0].pk, reason="x", by=world.staff)
    with pytest.raises(IntegrityError), transaction.atomic():
        stored().filter(pk=first.pk).delete()
    revived = {"state": "valid", "revoked_at": None, "revoked_by": None, "revocation_reason": ""}
    with pytest.raises(IntegrityError), transaction.atomic():
        stored().filter(pk=first.pk).update(**revived)


# --- on paper ------------------------------------------------------------------------------------------------------------------------------


def test_one_certificate_reads_back_whole(world, tmp_path):
    issue(world)
    one = stored().get(number=1)
    document = build_certificate(one)

    reader = sound_reader(document.content, tmp_path)
    (text,) = texts(reader)
    for said in (
        "结业证书", "王䶮同志于2025年6月2日至6月27日参加我校“2025年春季县处级干部进修班”学习，共8学时", "准予结业",
        "两江委校证字〔2025〕第00001号", "中共两江市委党校", "2025年6月29日", one.code,
    ):  # fmt: skip
        assert said in text
    assert_fonts_are_subsets(reader)
    assert document.missing == ()
    assert (reader.pages[0].mediabox.width > reader.pages[0].mediabox.height) is True


def test_training_of_one_day_has_its_own_words(world, tmp_path):
    day = world.offering.starts_on
    offering = closed_class(
        [CadreFactory(name="买买提·阿不都热合曼")],
        by=world.staff,
        kind=OfferingKind.DEPARTMENT_TRAINING,
        title="财务人员培训",
        ends_on=day,
    )
    (one,) = issue_certificates(offering_id=offering.pk, by=world.staff, now=LATER).certificates

    (text,) = texts(sound_reader(build_certificate(one).content, tmp_path))
    assert "培训证书" in text
    assert "买买提·阿不都热合曼同志于2025年6月2日参加我校举办的“财务人员培训”培训" in text
    assert certificate_file_name(one) == "买买提·阿不都热合曼培训证书（财务人员培训）.pdf"


def test_same_certificate_is_the_same_bytes_whatever_became_of_person_and_class(world):
    first = issue(world)[0]
    before = build_certificate(stored().get(pk=first.pk)).content
    world.own.name = "改名"
    world.own.save()

    assert build_certificate(stored().get(pk=first.pk)).content == before


def test_class_of_two_hundred_is_a_page_each(world, tmp_path):
    unit = world.city.finance_bureau
    people = [CadreFactory(unit=unit, name=f"学员{number:03}") for number in range(200)]
    offering = closed_class(people, by=world.staff, title="大班")
    made = issue_certificates(offering_id=offering.pk, by=world.staff, now=LATER).certificates

    reader = sound_reader(build_certificates("大班", made).content, tmp_path)
    pages = texts(reader)
    assert len(pages) == 200
    assert [number for number, text in enumerate(pages) if f"学员{number:03}同志" not in text] == []
    assert_fonts_are_subsets(reader)


def test_long_title_and_name_stay_on_their_page(world, tmp_path):
    title = "学习贯彻习近平新时代中国特色社会主义思想专题研讨班" * 4
    offering = closed_class([CadreFactory(name="阿" * 60)], by=world.staff, title=title[:120])
    (one,) = issue_certificates(offering_id=offering.pk, by=world.staff, now=LATER).certificates

    (text,) = texts(sound_reader(build_certificate(one).content, tmp_path))
    assert "阿" * 60 in text
    assert title[:120] in text
    assert "准予结业" in text


def test_print_of_a_class_is_a_stored_file_of_its_job(world, tmp_path):
    issue(world)
    revoke_certificate(certificate_id=stored().get(number=2).pk, reason="x", by=world.staff, now=LATER)
    job = print_certificates(offering_id=world.offering.pk, by=world.staff)
    assert print_certificates(offering_id=world.offering.pk, by=world.staff) == job

    assert run_job(job_id=job.pk) == "done"

    file = StoredFile.objects.get(job=job)
    with file.open() as content:
        pages = texts(sound_reader(content.read(), tmp_path))
    assert [("王䶮" in text, "旁系" in text) for text in pages] == [(True, False), (False, True)]
    assert file.name == "2025年春季县处级干部进修班证书.pdf"


def test_class_without_valid_certificates_is_not_printed(world):
    with pytest.raises(NothingToPrint):
        print_certificates(offering_id=world.offering.pk, by=world.staff)


def test_empty_file_is_refused():
    with pytest.raises(ValueError, match=r".+"):
        build_certificates("x", [])


def test_number_reads_as_it_is_printed(world):
    assert CertificateLine(issue(world)[2]).number == "两江委校证字〔2025〕第00003号"


def faults():
    return list(all_checks()["trainees.certificates"]())


def test_check_data_finds_a_gap_and_a_place_that_is_not_completed(world):
    issue(world)
    assert faults() == []

    CertificateCounter.objects.update(last_number=5)
    assert faults() == ["trainees.CertificateCounter 2025: 5 drawn, 3 certificates up to 3"]

    CertificateCounter.objects.update(last_number=3)
    first = stored().get(number=1)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE trainees_enrolment SET state = 'not_completed' WHERE id = %s", [first.enrolment_id]
        )
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert faults() == [f"trainees.Certificate {first.pk}: its place is not_completed"]
