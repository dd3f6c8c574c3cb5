"""Numbers of documents: one sequence without gaps, whoever competes, whatever is made again or fails."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from partyschool.accounts.enums import UnitKind
from partyschool.jobs.models import StoredFile
from partyschool.jobs.services.running import run_job
from tests.factories.accounts import make_unit
from tests.factories.reports import ClosedYear
from tests.factories.trainees import CreditEntryFactory
from tests.trainees.packets_read import packets, pdf_text
from trainees.models import DocumentCounter


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def closed(db):
    return ClosedYear()


def test_same_data_again_changes_nothing(closed):
    packet = closed.report_to(closed.city.east)
    assert closed.report_to(closed.city.east) == packet
    assert (packets().count(), StoredFile.objects.count()) == (5, 15)
    assert DocumentCounter.objects.get().last_number == 5


def test_running_a_finished_job_again_changes_nothing(closed):
    job = closed.order(closed.city.east)
    assert [run_job(job_id=job.pk), run_job(job_id=job.pk)] == ["done", None]
    assert packets().count() == 1


def test_changed_results_supersede_the_interim_packet(closed):
    old = closed.preview_to(closed.city.east)
    failed = closed.failed[closed.city.finance_bureau.pk]
    CreditEntryFactory(cadre=failed, scheme=closed.scheme, amount=60, hours=60, posted_by=closed.staff)
    closed.close()
    new = closed.preview_to(closed.city.east)
    old.refresh_from_db()
    assert (old.state, old.superseded_by) == ("superseded", new)
    assert new.number > 5
    assert failed.name not in pdf_text(new.notice)


def test_one_recipient_s_change_leaves_the_other_s_packet(closed):
    east = closed.preview_to(closed.city.east)
    CreditEntryFactory(
        cadre=closed.failed[closed.city.cousin_bureau.pk],
        scheme=closed.scheme,
        amount=60,
        hours=60,
        posted_by=closed.staff,
    )
    closed.close()
    assert closed.preview_to(closed.city.east) == east


def test_attempt_that_cannot_store_draws_no_number(closed, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "no-folder"
    settings.MEDIA_ROOT.write_text("a file where the folder should be")
    job = closed.order(closed.city.east)
    run_job(job_id=job.pk)
    assert not packets().exists()
    assert not StoredFile.objects.exists()
    assert DocumentCounter.objects.get().last_number == 0
    settings.MEDIA_ROOT = tmp_path / "files"
    run_job(job_id=closed.order(closed.city.west).pk)
    assert closed.packet_of(closed.city.west).number == 1


def test_number_drawn_by_a_rival_meanwhile_stands_in_neither_twice(closed, monkeypatch):
    """Another packet is committed between the setting of the notice and the drawing of the number."""
    import trainees.services.reports as service

    job, rival = closed.order(closed.city.east), closed.order(closed.city.west)
    build = service.build_assessment_notice

    def build_then_lose_the_number(report, facts, **more):
        monkeypatch.setattr(service, "build_assessment_notice", build)
        built = build(report, facts, **more)
        run_job(job_id=rival.pk)
        return built

    monkeypatch.setattr(service, "build_assessment_notice", build_then_lose_the_number)
    run_job(job_id=job.pk)
    east, west = closed.packet_of(closed.city.east), closed.packet_of(closed.city.west)
    assert (west.number, east.number) == (1, 2)
    assert f"〔{east.number_year}〕2号" in pdf_text(east.notice)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_rivals_for_numbers_and_recipients_leave_no_gap():
    closed = ClosedYear()
    units = [closed.city.east, closed.city.west]
    for number in range(6):
        unit = make_unit(closed.city.root, kind=UnitKind.ORG_DEPARTMENT, name=f"第{number}组织部")
        closed.cadre(make_unit(unit), 96)
        units.append(unit)
    closed.close()
    jobs = [closed.order(unit) for unit in units]

    def work(job):
        try:
            return run_job(job_id=job.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:  # each job is offered to two workers
        assert sorted(str(end) for end in pool.map(work, jobs + jobs)) == sorted(["done"] * 8 + ["None"] * 8)
    numbers = sorted(packets().values_list("number", flat=True))
    assert numbers == list(range(1, 9))
    for packet in packets():
        assert f"〔{packet.number_year}〕{packet.number}号" in pdf_text(packet.notice)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_counter_s_lock_two_rivals_draw_one_number(monkeypatch):
    """The twin of the test above: with the lock off, the database's own rule is all that is left, and one report fails."""
    import trainees.services.reports as service

    closed = ClosedYear()
    jobs = [closed.order(unit) for unit in (closed.city.east, closed.city.west)]
    both_read = Barrier(2, timeout=30)

    def read_without_lock(model, pk):
        counter = model.objects.get(pk=pk)
        both_read.wait()
        return counter

    monkeypatch.setattr(service, "lock_row", read_without_lock)

    def work(job):
        try:
            return run_job(job_id=job.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(work, jobs)) == ["done", "failed"]
    assert list(packets().values_list("number", flat=True)) == [1]


def test_departments_share_one_sequence(closed):
    closed.report_to(closed.city.east)
    assert sorted(packets().values_list("number", flat=True)) == [1, 2, 3, 4, 5]
