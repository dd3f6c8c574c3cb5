"""The seals over the audit log: made without making writers wait, and broken by whatever was changed."""

import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from partyschool.audit.models import AuditEvent, AuditSeal
from partyschool.audit.selectors.seals import verify_chain
from partyschool.audit.services import seals
from partyschool.audit.services.events import record_event
from partyschool.audit.services.seals import seal_events
from partyschool.common import clock

pytestmark = pytest.mark.django_db


def write(number, **fields):
    return [
        record_event(
            action="test.do",
            subject=f"tests.thing:{one}",
            by=None,
            data={"值": one, "b": [1, None]},
            **fields,
        )
        for one in range(number)
    ]


def tamper(statement, *values, table="audit_auditevent"):
    """What only the database's superuser can do: switch the guards off, and on again."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement, values)
        assert cursor.rowcount > 0
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@pytest.fixture
def sealed(monkeypatch):
    """Nine events in three seals of three."""
    monkeypatch.setattr(seals, "BATCH", 3)
    events = write(9)
    assert seal_events() == 9
    assert AuditSeal.objects.count() == 3
    assert verify_chain() == []
    return events


def test_seal_nothing(db):
    assert seal_events() == 0
    assert verify_chain() == []


def test_seal_again_goes_on_where_it_ended(sealed):
    assert seal_events() == 0
    write(2)
    assert seal_events() == 2
    last = AuditSeal.objects.latest("last_event")
    assert (last.first_event, last.event_count) == (sealed[-1].pk + 1, 2)
    assert verify_chain() == []


def test_seals_and_events_refuse_change_by_ordinary_means(sealed):
    for rows in (AuditEvent.objects.unscoped("tests"), AuditSeal.objects.all()):
        with pytest.raises(DatabaseError, match="is refused"), transaction.atomic():
            rows.delete()


@pytest.mark.parametrize(
    "column",
    [
        "action = 'test.undo'",
        "subject = 'x:1'",
        "at = at + interval '1 us'",
        "data = '{}'",
        "actor_id = NULL, action = 'x'",
    ],
)
def test_changed_event_is_found(sealed, column):
    tamper(f"UPDATE audit_auditevent SET {column} WHERE id = %s", sealed[4].pk)
    faults = verify_chain()
    assert len(faults) == 1
    assert f"事件 {sealed[3].pk} 至 {sealed[5].pk} 或其封存记录" in faults[0]


def test_removed_event_is_found(sealed):
    tamper("DELETE FROM audit_auditevent WHERE id = %s", sealed[4].pk)
    assert [f"{sealed[3].pk} 至 {sealed[5].pk} 现有 2 条" in fault for fault in verify_chain()] == [True]


def test_event_slipped_into_a_gap_is_found(sealed):
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('audit_auditevent', 'id'))")
        gap = cursor.fetchone()[0]
    write(1)
    seal_events()
    AuditEvent.objects.create(id=gap, action="test.late", subject="x:1")
    assert [f"{gap} 至 {gap + 1} 现有 2 条" in fault for fault in verify_chain()] == [True]


def test_events_that_swapped_numbers_are_found(sealed):
    one, other = sealed[0].pk, sealed[1].pk
    tamper(
        "UPDATE audit_auditevent e SET action = o.action, subject = o.subject, at = o.at, data = o.data "
        "FROM audit_auditevent o WHERE e.id IN (%s, %s) AND o.id IN (%s, %s) AND e.id <> o.id",
        one,
        other,
        one,
        other,
    )
    assert len(verify_chain()) == 1


def test_removed_seal_is_found(sealed):
    tamper("DELETE FROM audit_auditseal WHERE first_event = %s", sealed[3].pk, table="audit_auditseal")
    faults = verify_chain()
    assert "缺少封存记录" in faults[0]
    assert len(faults) == 2


def test_forged_seal_is_found_without_the_key(sealed, settings):
    key = settings.AUDIT_KEY
    tamper("DELETE FROM audit_auditseal WHERE first_event >= %s", sealed[3].pk, table="audit_auditseal")
    tamper("UPDATE audit_auditevent SET action = 'test.undo' WHERE id = %s", sealed[4].pk)
    settings.AUDIT_KEY = b"guessed"
    assert seal_events() == 6
    settings.AUDIT_KEY = key
    assert len(verify_chain()) == 2


def test_events_that_nobody_seals_are_told(sealed):
    later = clock.now() + timedelta(hours=1)
    write(1)
    assert verify_chain() == []
    assert ["未封存" in fault for fault in verify_chain(now=later)] == [True]


def _late_writer():
    """A thread that has drawn a number and commits once the event is set."""
    drawn, commit = threading.Event(), threading.Event()

    def slow_writer():
        try:
            with transaction.atomic():
                write(1)
                drawn.set()
                commit.wait(20)
        finally:
            connection.close()

    writer = threading.Thread(target=slow_writer)
    writer.start()
    drawn.wait(20)
    return writer, commit


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_number_committed_late_is_sealed_too():
    """A writer draws a lower number and commits after a higher one; sealing waits for it, other writers wait for nobody."""
    writer, commit = _late_writer()
    write(1)
    assert seal_events(patience=0.2) == 0
    threading.Timer(0.5, commit.set).start()
    assert seal_events(patience=20) == 2
    writer.join(60)
    assert verify_chain() == []


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_waiting_the_late_number_breaks_the_chain(monkeypatch):
    """The twin: it shows that the wait is needed."""
    monkeypatch.setattr(seals, "_settled", lambda patience: True)
    writer, commit = _late_writer()
    write(1)
    assert seal_events() == 1
    commit.set()
    writer.join(60)
    assert len(verify_chain()) == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_sealing_beside_busy_writers_seals_each_event_once():
    stop, sealed = threading.Event(), []

    def keep_writing():
        try:
            while not stop.is_set():
                with transaction.atomic():
                    write(3)
        finally:
            connection.close()

    def keep_sealing():
        try:
            while not stop.is_set():
                sealed.append(seal_events())
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for work in [keep_writing] * 4 + [keep_sealing] * 2]
    for thread in threads:
        thread.start()
    stop.wait(2)
    stop.set()
    for thread in threads:
        thread.join(60)
    sealed.append(seal_events())
    assert sum(sealed) == AuditEvent.objects.unscoped("tests").count() > 0
    assert verify_chain() == []
