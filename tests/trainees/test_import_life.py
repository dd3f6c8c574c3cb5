"""What becomes of an import: undoing it, who may, what is recorded, how long it is kept, its jobs."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

import trainees.tasks
from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.common.errors import InvalidInput, NotFound
from partyschool.jobs.enums import JobState
from partyschool.jobs.services.running import run_job
from tests.factories.accounts import make_unit, make_user
from tests.factories.courses import OfferingFactory
from tests.factories.imports import citizen_number, person, workbook
from tests.factories.jobs import fresh
from tests.factories.trainees import EnrolmentFactory
from tests.trainees.imported import DAY, cadres, check, filed, register
from trainees.data_checks import imports_keep_what_they_need
from trainees.enums import ImportPart, ImportState
from trainees.models import ImportContent
from trainees.services.import_commits import (
    NotCommittable,
    NotUndoable,
    RegisterChanged,
    commit_import,
    start_commit,
    start_undo,
    undo_import,
)
from trainees.services.import_keeping import KEEP_UNCOMMITTED, KEEP_UNDO, clear_imports
from trainees.services.imports import FileGone, hand_in_file, start_check

assert trainees.tasks  # with it come the handlers of the jobs

pytestmark = pytest.mark.django_db


@pytest.fixture
def unit():
    return make_unit(code="U0001", name="市财政局")


# -- undoing


def test_an_undo_leaves_the_register_as_it_was(staff, unit):
    make_unit(code="U0002")
    filed(unit, post="")
    corrected = filed(unit, code="N000003", post="办事员")
    rows = [
        person(1, "U0002", rank="县处级", posted_on=DAY, citizen_no=citizen_number(1)),
        person(2, "U0001"),
        person(3, "U0001", citizen_no="", post="科员", posted_on="2024-03-01"),
    ]
    before = register()
    found = check(rows, staff)
    commit_import(import_id=found.pk, by=staff)
    assert register() != before
    done = undo_import(import_id=found.pk, by=staff)
    assert register() == before
    assert (done.state, done.undone_by) == (ImportState.UNDONE, staff)
    corrected.refresh_from_db()
    assert corrected.citizen_no_digest is None
    with pytest.raises(NotUndoable):
        undo_import(import_id=found.pk, by=staff)


@pytest.mark.parametrize("what", ["changed record", "new record", "enrolment", "deleted"])
def test_an_import_that_something_depends_on_is_not_undone(staff, unit, what):
    known = filed(unit, post="")
    found = check([person(1, "U0001", citizen_no="", posted_on=DAY), person(2, "U0001")], staff)
    commit_import(import_id=found.pk, by=staff)
    new = cadres().get(code="N000002")
    match what:
        case "changed record":
            cadres().filter(pk=known.pk).update(post="局长")
        case "new record":
            cadres().filter(pk=new.pk).update(name="张小明")
        case "enrolment":
            EnrolmentFactory(cadre=new, offering=OfferingFactory())
        case "deleted":
            cadres().filter(pk=new.pk).delete()
    before = register()
    with pytest.raises(NotUndoable) as caught:
        undo_import(import_id=found.pk, by=staff)
    assert str(caught.value.facts)
    assert register() == before


# -- who may, what is recorded, how long it is kept


@pytest.mark.parametrize(
    "role",
    [
        Role.OFFICER,
        Role.ORGDEPT,
        Role.TRAINEE,
        Role.TEACHER,
        Role.FINANCE,
        Role.LEADER,
        Role.AUDITOR,
        Role.ADMIN,
    ],
)
def test_only_staff_import(role, unit, staff):
    by = make_user(role, unit=unit)
    with pytest.raises(PermissionDenied):
        hand_in_file(name="a.xlsx", content=workbook([]), unit_id=None, effective_on=DAY, by=by)
    found = check([person(1, "U0001")], staff)
    with pytest.raises((PermissionDenied, NotFound)):
        commit_import(import_id=found.pk, by=by)
    assert cadres().count() == 0


def test_a_unit_that_is_not_there_and_a_day_to_come_are_refused(staff):
    with pytest.raises(NotFound):
        hand_in_file(name="a.xlsx", content=b"x", unit_id=999_999, effective_on=DAY, by=staff)
    tomorrow = clock.school_date() + timedelta(days=1)
    with pytest.raises(InvalidInput):
        hand_in_file(name="a.xlsx", content=b"x", unit_id=None, effective_on=tomorrow, by=staff)


def test_the_trail_keeps_counts_and_no_person(staff, unit):
    found = check([person(1, "U0001")], staff)
    commit_import(import_id=found.pk, by=staff)
    undo_import(import_id=found.pk, by=staff)
    events = (
        AuditEvent.objects.filter(subject=f"trainees.cadreimport:{found.pk}").unscoped("tests").order_by("pk")
    )
    assert [event.action for event in events] == [
        "cadreimport.hand_in", "cadreimport.check", "cadreimport.commit", "cadreimport.undo",
    ]  # fmt: skip
    told = str([event.data for event in events])
    assert "'new': 1" in told
    for secret in ("张晓明", "N000001", citizen_number(1), "110101"):
        assert secret not in told


def test_nothing_readable_lies_in_the_database(staff, unit):
    check([person(1, "U0001"), person(2, "U0001", rank="?")], staff)
    stored = ImportContent.objects.unscoped("tests").values_list("token", flat=True)
    for token in stored:
        assert "张晓明".encode() not in bytes(token)
        assert b"PK\x03\x04" not in bytes(token)[:16]
    assert len(stored) == 3


def test_bytes_put_in_another_place_do_not_open(staff, unit):
    first, second = (check([person(index, "U0001")], staff) for index in (1, 2))
    contents = ImportContent.objects.unscoped("tests")
    token = contents.get(cadre_import=first, part=ImportPart.UPLOAD).token
    contents.filter(cadre_import=second, part=ImportPart.UPLOAD).delete()
    ImportContent.objects.bulk_create(
        [ImportContent(cadre_import=second, part=ImportPart.UPLOAD, token=token)]
    )
    with pytest.raises(FileGone):
        commit_import(import_id=second.pk, by=staff)


def test_what_nobody_took_over_is_cleared_away(staff, unit):
    found = check([person(1, "U0001")], staff)
    later = timezone.now() + KEEP_UNCOMMITTED
    assert clear_imports(now=later - timedelta(hours=1)) == 0
    assert clear_imports(now=later + timedelta(hours=1)) == 1
    found.refresh_from_db()
    assert (found.state, found.contents.all().unscoped("tests").count()) == (ImportState.EXPIRED, 0)
    assert clear_imports(now=later + timedelta(days=1)) == 0
    with pytest.raises(NotCommittable):
        commit_import(import_id=found.pk, by=staff)


def test_an_undo_is_possible_for_a_time(staff, unit):
    found = check([person(1, "U0001")], staff)
    commit_import(import_id=found.pk, by=staff)
    later = timezone.now() + KEEP_UNDO
    assert clear_imports(now=later - timedelta(hours=1)) == 0
    assert clear_imports(now=later + timedelta(hours=1)) == 1
    with pytest.raises(FileGone):
        undo_import(import_id=found.pk, by=staff)
    found.refresh_from_db()
    assert found.state == ImportState.COMMITTED


def test_the_check_of_the_data_finds_a_file_that_is_gone_or_left_behind(staff, unit):
    kept, done = (check([person(index, "U0001")], staff) for index in (1, 1))
    commit_import(import_id=done.pk, by=staff)
    assert list(imports_keep_what_they_need()) == []
    contents = ImportContent.objects.unscoped("tests")
    contents.filter(cadre_import=kept, part=ImportPart.PREVIEW).delete()
    ImportContent.sealed(import_id=done.pk, part=ImportPart.UPLOAD, content=b"x").save()
    assert list(imports_keep_what_they_need()) == [
        f"trainees.CadreImport {kept.pk}: is ready and keeps upload",
        f"trainees.CadreImport {done.pk}: is committed and keeps preview, undo, upload",
    ]


# -- as jobs


def test_the_three_jobs_do_what_the_services_do(staff, unit):
    found = hand_in_file(
        name="花名册.xlsx", content=workbook([person(1, "U0001")]), unit_id=None, effective_on=DAY, by=staff
    )
    job = start_check(import_id=found.pk, by=staff)
    assert start_check(import_id=found.pk, by=staff).pk == job.pk
    assert (run_job(job_id=job.pk), fresh(job).percent) == (JobState.DONE, 100)
    job = start_commit(import_id=found.pk, sha256=found.sha256, by=staff)
    assert run_job(job_id=job.pk) == JobState.DONE
    assert cadres().count() == 1
    job = start_undo(import_id=found.pk, by=staff)
    assert run_job(job_id=job.pk) == JobState.DONE
    assert cadres().count() == 0


def test_a_commit_that_is_refused_ends_its_job_with_the_reason(staff, unit):
    found = check([person(1, "U0001")], staff)
    job = start_commit(import_id=found.pk, sha256=found.sha256, by=staff)
    filed(unit, code="N000001")
    assert run_job(job_id=job.pk) == JobState.FAILED
    assert str(RegisterChanged.title) in fresh(job).error
