"""Evidence is what its bytes say, stands whole, and is opened by those who decide on it alone."""

import hashlib
import os
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from partyschool.accounts.enums import Role
from partyschool.accounts.models import RoleGrant
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.common.integrity import all_checks
from partyschool.jobs.services.downloads import FileLost
from tests.factories.accounts import make_user
from tests.factories.courses import OfferingFactory
from tests.factories.faculty import TeacherFactory
from tests.factories.trainees import EnrolmentFactory, make_scheme, make_trainee
from tests.factories.years import YEAR, open_year, result_of
from trainees.enums import LeaveApprover, LeaveKind, RecognisedActivity
from trainees.models import CreditClaim, Evidence, LeaveRequest
from trainees.services.evidence import (
    ORPHAN_AFTER,
    EvidenceRefused,
    OutsideTransaction,
    add_evidence,
    hand_out_evidence,
    remove_orphaned_evidence,
)
from trainees.services.objections import raise_objection
from trainees.services.years import close_year

from .evidence_samples import HTML, JPEG, PDF, PNG, swollen_png, upload, zip_bomb

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_files")]


@pytest.fixture
def trainee(city):
    return make_trainee(unit=city.finance_bureau)


def claim_of(cadre) -> CreditClaim:
    return CreditClaim.objects.create(
        cadre=cadre,
        activity=RecognisedActivity.PAPER_CITY,
        title="论文",
        quantity=1,
        earned_on=date(2025, 5, 1),
        submitted_by=cadre.user,
    )


def leave_of(cadre, offering=None) -> LeaveRequest:
    begins = clock.now()
    return LeaveRequest.objects.create(
        enrolment=EnrolmentFactory(cadre=cadre, offering=offering or OfferingFactory()),
        kind=LeaveKind.SICK,
        starts_at=begins,
        ends_at=begins + timedelta(hours=4),
        reason="病假",
        half_days=1,
        hours=Decimal(4),
        approver=LeaveApprover.CLASS_TEACHER,
        asked_by=cadre.user,
    )


def add(owner, cadre, *files):
    return add_evidence(owner=owner, files=files or (upload(),), by=cadre.user)


def on_disk(root):
    return sorted(path.relative_to(root).as_posix() for path in Path(root).rglob("*") if path.is_file())


# --- taking in ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "name", "kept_as", "content_type"),
    [
        (PDF, "证明.pdf", "证明.pdf", "application/pdf"),
        (JPEG, "IMG_1.JPEG", "IMG_1.jpg", "image/jpeg"),
        (JPEG + zip_bomb(), "film.jpg", "film.jpg", "image/jpeg"),
        (PNG, "图.png", "图.png", "image/png"),
        (swollen_png(), "large.png", "large.png", "image/png"),
        (PDF, "page.html", "page.pdf", "application/pdf"),
        (PDF, "../../etc/passwd", "passwd.pdf", "application/pdf"),
        (PDF, r"C:\temp\sick note.pdf", "sick note.pdf", "application/pdf"),
        (PDF, "con.pdf", "_con.pdf", "application/pdf"),
        (PDF, "\u202efdp.exe", "fdp.pdf", "application/pdf"),
        (PDF, "a\r\nb\x00.pdf", "a b.pdf", "application/pdf"),
    ],
)
def test_kept_by_what_it_is(trainee, tmp_path, content, name, kept_as, content_type):
    file = upload(content, content_type="text/html")
    file._name = name  # Django's own class cuts paths off; another handler might not
    (kept,) = add(claim_of(trainee), trainee, file)
    assert (kept.name, kept.content_type, kept.cadre) == (kept_as, content_type, trainee)
    assert (kept.sha256, kept.size) == (hashlib.sha256(content).hexdigest(), len(content))
    assert (tmp_path / kept.storage_name).read_bytes() == content
    assert on_disk(tmp_path) == [kept.storage_name]


def test_long_names_are_cut_at_whole_characters(trainee):
    (kept,) = add(claim_of(trainee), trainee, upload(name="证" * 200 + ".pdf"))
    assert kept.name == "证" * 48 + ".pdf"
    (kept,) = add(claim_of(trainee), trainee, upload(name="a" * 240 + ".pdf"))
    assert len(kept.name) == 150


@pytest.mark.parametrize(
    "content",
    [
        b"",
        HTML,
        HTML + PDF,
        b"\n" + PDF,
        b"%PDF-1.4\n" + HTML,
        PNG + HTML,
        b"GIF89a" + JPEG,
        b"\xff\xd8\xff" + HTML,
        zip_bomb(),
        zip_bomb() + PDF,
        b"\x00\x00\x00\x18ftypheic" + bytes(64),
        b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"MZ" + bytes(100),
    ],
    ids=range(13),
)
def test_what_is_no_evidence_is_refused_by_its_bytes(trainee, tmp_path, content):
    claim = claim_of(trainee)
    with pytest.raises(EvidenceRefused):
        add(claim, trainee, upload(content))
    assert not Evidence.objects.unscoped("tests").exists()
    assert on_disk(tmp_path) == []


def test_size_is_looked_at_before_the_content(trainee, settings):
    settings.EVIDENCE_FILE_MOST = len(PDF) - 1

    class Unread:
        name, size = "证明.pdf", len(PDF)

    with pytest.raises(EvidenceRefused, match="证明"):
        add(claim_of(trainee), trainee, Unread())


def test_number_of_files_counts_those_kept_before(trainee, settings):
    settings.EVIDENCE_FILES_MOST = 2
    claim = claim_of(trainee)
    add(claim, trainee, upload(), upload(JPEG))
    with pytest.raises(EvidenceRefused):
        add(claim, trainee, upload(PNG))
    assert add(claim, trainee, upload()) == []
    assert claim.evidence.unscoped("tests").count() == 2


def test_one_bad_file_keeps_all_out(trainee, tmp_path):
    with pytest.raises(EvidenceRefused):
        add(claim_of(trainee), trainee, upload(), upload(HTML))
    assert on_disk(tmp_path) == []


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_it_is_refused(trainee, tmp_path):
    claim = claim_of(trainee)
    with pytest.raises(OutsideTransaction):
        add(claim, trainee)
    assert on_disk(tmp_path) == []


def test_full_disk_leaves_no_row(trainee, tmp_path):
    (tmp_path / "evidence").write_text("a file where the folder should be")
    with pytest.raises(OSError, match="evidence"):
        add(claim_of(trainee), trainee)
    assert not Evidence.objects.unscoped("tests").exists()


def test_evidence_stands(trainee):
    (kept,) = add(claim_of(trainee), trainee)
    for deed in (
        lambda: Evidence.objects.filter(pk=kept.pk).unscoped("tests").update(name="x"),
        lambda: Evidence.objects.filter(pk=kept.pk).unscoped("tests").delete(),
    ):
        with pytest.raises(IntegrityError, match="is refused"), transaction.atomic():
            deed()


def test_orphans_are_swept_and_nothing_else(trainee, tmp_path):
    (kept,) = add(claim_of(trainee), trainee)
    folder = (tmp_path / kept.storage_name).parent
    old, young = folder / "old", folder / "young"
    long_ago = (clock.now() - ORPHAN_AFTER - timedelta(minutes=1)).timestamp()
    for path in (old, young):
        path.write_bytes(b"x")
    for path in (old, tmp_path / kept.storage_name):
        os.utime(path, (long_ago, long_ago))
    assert remove_orphaned_evidence() == 1
    assert on_disk(tmp_path) == sorted([kept.storage_name, young.relative_to(tmp_path).as_posix()])


# --- handing out -------------------------------------------------------------------------------------------------------------------------


def test_download_is_harmless_and_reading_anothers_is_on_record(client, trainee):
    (kept,) = add(claim_of(trainee), trainee)
    staff = make_user(Role.STAFF)
    for reader in (trainee.user, staff):
        client.force_login(reader)
        answer = client.get(reverse("trainees:evidence", args=[kept.pk]))
        assert b"".join(answer) == PDF
        assert answer["Content-Type"] == "application/pdf"
        assert answer["Content-Disposition"].startswith("attachment; ")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert "no-store" in answer["Cache-Control"]
    events = AuditEvent.objects.filter(action="evidence.read").unscoped("tests")
    assert list(events.values_list("actor", "subject")) == [(staff.pk, f"trainees.evidence:{kept.pk}")]


def test_lost_bytes_are_told_and_not_recorded(trainee, tmp_path):
    (kept,) = add(claim_of(trainee), trainee)
    (tmp_path / kept.storage_name).unlink()
    with pytest.raises(FileLost):
        hand_out_evidence(evidence=kept, by=make_user(Role.STAFF))
    assert not AuditEvent.objects.filter(action="evidence.read").unscoped("tests").exists()


def answers(client, evidence, readers) -> dict[str, int]:
    found = {}
    for name, reader in readers.items():
        client.force_login(reader)
        answer = client.get(reverse("trainees:evidence", args=[evidence.pk]))
        b"".join(answer)
        found[name] = answer.status_code
    return found


def test_who_may_open_a_claims_file(client, city, trainee):
    (kept,) = add(claim_of(trainee), trainee)
    readers = {
        "own": trainee.user,
        "colleague": make_trainee(unit=city.finance_bureau).user,
        "staff": make_user(Role.STAFF),
        "leader": make_user(Role.LEADER),
        "auditor": make_user(Role.AUDITOR),
        "officer": make_user(Role.OFFICER, unit=city.finance_bureau),
        "sibling": make_user(Role.OFFICER, unit=city.culture_bureau),
        "cousin": make_user(Role.OFFICER, unit=city.cousin_bureau),
        "orgdept": make_user(Role.ORGDEPT, unit=city.east),
        "teacher": make_user(Role.TEACHER),
    }
    assert answers(client, kept, readers) == {
        "own": 200,
        "colleague": 404,
        "staff": 200,
        "leader": 403,
        "auditor": 403,
        "officer": 403,
        "sibling": 404,
        "cousin": 404,
        "orgdept": 403,
        "teacher": 404,
    }


def test_who_may_open_a_leaves_file(client, city, trainee):
    lead = TeacherFactory(user=make_user(Role.TEACHER))
    offering = OfferingFactory(lead_teacher=lead)
    (kept,) = add(leave_of(trainee, offering), trainee)
    other = TeacherFactory(user=make_user(Role.TEACHER))
    OfferingFactory(lead_teacher=other)
    readers = {
        "own": trainee.user,
        "class teacher": lead.user,
        "other teacher": other.user,
        "staff": make_user(Role.STAFF),
        "leader": make_user(Role.LEADER),
        "auditor": make_user(Role.AUDITOR),
        "officer": make_user(Role.OFFICER, unit=city.finance_bureau),
        "orgdept": make_user(Role.ORGDEPT, unit=city.east),
        "cousin": make_user(Role.ORGDEPT, unit=city.west),
    }
    assert answers(client, kept, readers) == {
        "own": 200,
        "class teacher": 200,
        "other teacher": 404,
        "staff": 200,
        "leader": 200,
        "auditor": 403,
        "officer": 403,
        "orgdept": 200,
        "cousin": 404,
    }


def test_who_may_open_an_objections_file(client, city, trainee):
    """The unit of that year has a part in it, wherever the cadre is now; the unit of today has none."""
    make_scheme()
    staff = make_user(Role.STAFF)
    close_year(year=YEAR, by=staff)
    open_year(staff)
    objection = raise_objection(
        assessment_id=result_of(trainee).pk, text="少计一次", files=[upload()], by=trainee.user
    )
    kept = Evidence.objects.unscoped("tests").get(objection=objection)
    readers = {
        "own": trainee.user,
        "colleague": make_trainee(unit=city.finance_bureau).user,
        "staff": staff,
        "leader": make_user(Role.LEADER),
        "auditor": make_user(Role.AUDITOR),
        "officer": make_user(Role.OFFICER, unit=city.finance_bureau),
        "officer above": make_user(Role.OFFICER, unit=city.east),
        "sibling": make_user(Role.OFFICER, unit=city.culture_bureau),
        "cousin": make_user(Role.OFFICER, unit=city.cousin_bureau),
        "orgdept": make_user(Role.ORGDEPT, unit=city.east),
        "other orgdept": make_user(Role.ORGDEPT, unit=city.west),
        "teacher": make_user(Role.TEACHER),
    }
    expected = {
        "own": 200,
        "colleague": 404,
        "staff": 200,
        "leader": 200,
        "auditor": 403,
        "officer": 200,
        "officer above": 200,
        "sibling": 404,
        "cousin": 404,
        "orgdept": 200,
        "other orgdept": 404,
        "teacher": 404,
    }
    assert answers(client, kept, readers) == expected
    read = AuditEvent.objects.filter(action="evidence.read").unscoped("tests")
    others = {readers[name].pk for name, status in expected.items() if status == 200 and name != "own"}
    assert sorted(read.values_list("actor", flat=True)) == sorted(others)

    trainee.unit = city.cousin_bureau
    trainee.save()
    assert answers(client, kept, readers) == {**expected, "cousin": 403, "other orgdept": 403}


def grant(user, unit):
    """Make `user` decide for a jurisdiction as well."""
    RoleGrant.objects.create(user=user, role=Role.ORGDEPT, unit=unit, valid_from=date(2020, 1, 1))


def test_a_role_counts_where_it_is_held(client, city, trainee):
    """Who fills the quotas of one unit and decides in another jurisdiction opens no sick note here."""
    (kept,) = add(leave_of(trainee), trainee)
    both = make_user(Role.OFFICER, unit=city.finance_bureau)
    grant(both, city.west)
    assert answers(client, kept, {"both": both}) == {"both": 403}
    grant(both, city.east)
    both = type(both).objects.get(pk=both.pk)
    assert answers(client, kept, {"both": both}) == {"both": 200}


def test_check_finds_lost_and_changed_bytes(trainee, tmp_path):
    first, second = add(claim_of(trainee), trainee, upload(), upload(JPEG))
    assert list(all_checks()["trainees.evidence"]()) == []
    (tmp_path / first.storage_name).unlink()
    (tmp_path / second.storage_name).write_bytes(PNG)
    found = list(all_checks()["trainees.evidence"]())
    assert len(found) == 2
    assert any("missing" in fault for fault in found)
    assert any("bytes stored" in fault for fault in found)
