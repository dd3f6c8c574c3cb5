"""Each rule is broken by hand, with the database's own guards switched off, and the line that tells of it is seen."""

import hashlib
import json
from decimal import Decimal
from io import StringIO

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import InternalError, connection

from budget.services.ledger import commit_money, reverse
from partyschool.accounts.enums import Role
from partyschool.accounts.services.units import close_unit, move_unit, rename_unit
from partyschool.audit.services.seals import seal_events
from partyschool.common.data_checks import expected_triggers
from partyschool.common.integrity import all_checks, faults_of
from partyschool.jobs.models import Job, StoredFile
from tests.factories.accounts import City, make_user
from tests.factories.budget import BudgetLineFactory
from tests.factories.courses import LessonFactory, OfferingFactory
from tests.factories.packets import make_packet
from tests.factories.trainees import CadreFactory, CreditEntryFactory, EnrolmentFactory, make_scheme
from trainees.models import AttendanceMark, ReportPacket, YearlyAssessment
from trainees.services.deliveries import deliver_packet, record_receipt

CONTENT = b"%PDF-1.7 whole"


def sql(statement: str, *params) -> None:
    """Run a statement as somebody who can switch triggers off."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, params)
        cursor.execute("SET LOCAL session_replication_role = origin")


def faults(name: str) -> list[str]:
    return list(all_checks()[name]())


CHECK_IN = """INSERT INTO trainees_checkin (enrolment_id, lesson_id, source, seen_at, received_at, key, device)
              VALUES (%s, %s, 'qr', now(), now(), gen_random_uuid(), '')"""


class World:
    """One of everything, and all of it true."""

    def __init__(self) -> None:
        self.city = City()
        self.by = make_user(Role.STAFF)
        self.scheme = make_scheme()
        self.cadre = CadreFactory(unit=self.city.finance_bureau)
        self.offering = OfferingFactory(capacity=2)
        self.lesson = LessonFactory(offering=self.offering)
        self.enrolment = EnrolmentFactory(cadre=self.cadre, offering=self.offering)
        self.mark = AttendanceMark.objects.create(
            enrolment=self.enrolment, lesson=self.lesson, status="present", marked_by=self.by
        )
        self.credit = CreditEntryFactory(cadre=self.cadre, scheme=self.scheme)
        self.line = BudgetLineFactory(approved=Decimal(1000))
        self.money = commit_money(
            line_id=self.line.pk, amount=Decimal(100), source_kind="class", source_ref="1", by=self.by
        )
        self.back = reverse(entry_id=self.money.pk, reason="class cancelled", by=self.by)
        self.assessment = YearlyAssessment.objects.create(
            cadre=self.cadre,
            year=2025,
            unit=self.cadre.unit,
            jurisdiction=self.city.east,
            rank=self.cadre.rank,
            scheme=self.scheme,
            earned=Decimal(8),
            counted=Decimal(8),
            needed=Decimal(90),
            breakdown={"concentrated": {"earned": 8, "cap": None, "counted": 8}},
            reasons=[{"code": "short", "category": "", "needed": 90, "counted": 8}],
            result="fail",
            grade="fail",
            bars_excellent=True,
            closed_by=self.by,
        )
        self.job = Job.objects.create(kind="test", key="1", title="报告", owner=self.by)
        self.notice, self.annex = self.store("notice.pdf"), self.store("annex.xlsx")
        self.manifest = self.store(
            "manifest.json",
            json.dumps(
                {
                    "code": "CODE",
                    "year": 2025,
                    "edition": "final",
                    "quarter": None,
                    "rows": 1,
                    "data_digest": "0" * 64,
                    "files": [{"sha256": self.notice.sha256}, {"sha256": self.annex.sha256}],
                }
            ).encode(),
        )
        sql("INSERT INTO trainees_documentcounter (year, last_number) VALUES (2026, 1)")
        self.packet = ReportPacket.objects.create(
            recipient=self.city.east,
            year=2025,
            number=1,
            number_year=2026,
            code="CODE",
            scheme=self.scheme,
            row_count=1,
            data_digest="0" * 64,
            notice=self.notice,
            annex=self.annex,
            manifest=self.manifest,
            job=self.job,
            issued_by=self.by,
        )
        self.delivery = deliver_packet(packet=self.packet, by=self.by)
        reader = make_user(Role.ORGDEPT, unit=self.city.east)
        (self.receipt,) = record_receipt(packet=self.packet, by=reader)

        seal_events()

    def store(self, name: str, content: bytes = CONTENT) -> StoredFile:
        return StoredFile.objects.create(
            job=self.job,
            name=name,
            content_type="application/octet-stream",
            storage_name=default_storage.save(f"test/{name}", ContentFile(content)),
            sha256=hashlib.sha256(content).hexdigest(),
            size=len(content),
        )


@pytest.fixture
def world(db, settings, tmp_path) -> World:
    settings.MEDIA_ROOT = tmp_path
    return World()


def test_packet_superseded_and_then_taken_back_is_no_fault(world):
    sql(
        "UPDATE trainees_reportpacket SET state = 'withdrawn', superseded_by_id = %s, withdrawn_at = now(),"
        " withdrawn_by_id = issued_by_id, withdrawal_reason = 'x' WHERE id = %s",
        later_packet(world).pk,
        world.packet.pk,
    )
    assert faults("trainees.packets") == []


def later_packet(world: World) -> ReportPacket:
    sql("UPDATE trainees_documentcounter SET last_number = 2")
    sql("UPDATE trainees_reportpacket SET state = 'superseded'")
    return make_packet(world.city.east, by=world.by, scheme=world.scheme, number=2, number_year=2026)


def test_whole_data_have_no_faults(world):
    assert {name: faults(name) for name in all_checks()} == {name: [] for name in all_checks()}


def replace_file(world: World, content: bytes, file: StoredFile | None = None) -> None:
    name = (file or world.notice).storage_name
    default_storage.delete(name)
    default_storage.save(name, ContentFile(content))


def _move_behind_history(world: World) -> None:
    move_unit(unit_id=world.city.culture_bureau.pk, to_id=world.city.west.pk, reason="r", by=world.by)
    sql("UPDATE accounts_unitchange SET to_parent_id = %s", world.city.east.pk)


def _rename_behind_history(world: World) -> None:
    rename_unit(unit_id=world.city.culture_bureau.pk, name="新名", reason="r", by=world.by)
    sql("UPDATE accounts_unit SET name = '别名'")


def _open_behind_history(world: World) -> None:
    close_unit(unit_id=world.city.culture_bureau.pk, reason="r", by=world.by)
    sql("UPDATE accounts_unit SET closed_on = NULL")


BREAKS = {
    "a seat too many": (
        "trainees.seats",
        lambda w: sql("UPDATE courses_seatcount SET taken = 2"),
        "2 seats taken, 1 enrolments",
    ),
    "an enrolment past the trigger": (
        "trainees.seats",
        lambda w: sql(
            "UPDATE trainees_enrolment SET state = 'withdrawn', ended_at = now(), ended_by_id = created_by_id"
        ),
        "1 seats taken, 0 enrolments",
    ),
    "no seat count": (
        "trainees.seats",
        lambda w: sql("DELETE FROM courses_seatcount"),
        "has no seat count, 1 enrolments",
    ),
    "closed but not frozen": (
        "trainees.closed_offerings",
        lambda w: sql("UPDATE courses_offering SET state = 'closed', closed_at = now()"),
        "is closed, its seats are not frozen",
    ),
    "frozen but not closed": (
        "trainees.closed_offerings",
        lambda w: sql("UPDATE courses_seatcount SET frozen = true"),
        "is published, its seats are frozen",
    ),
    "closed with somebody still enrolled": (
        "trainees.closed_offerings",
        lambda w: sql("UPDATE courses_offering SET state = 'closed', closed_at = now()"),
        "is closed with 1 enrolments not concluded",
    ),
    "a mark of another offering": (
        "trainees.marks",
        lambda w: sql("UPDATE trainees_attendancemark SET lesson_id = %s", LessonFactory().pk),
        "lesson of offering",
    ),
    "a check-in to another offering": (
        "trainees.check_ins",
        lambda w: sql(CHECK_IN, w.enrolment.pk, LessonFactory().pk),
        "trainees.CheckIn",
    ),
    "a mark from somebody else's check-in": (
        "trainees.check_ins",
        lambda w: [
            sql(CHECK_IN, EnrolmentFactory(offering=w.offering).pk, w.lesson.pk),
            sql(
                "UPDATE trainees_attendancemark SET source = 'check_in', check_in_id = (SELECT id FROM trainees_checkin)"
            ),
        ],
        "follows from check-in",
    ),
    "a reversal of another amount": (
        "common.ledger_reversals",
        lambda w: sql("UPDATE budget_ledgerentry SET amount = -99 WHERE reverses_id IS NOT NULL"),
        "is no true reversal of entry",
    ),
    "a reversal of another owner": (
        "common.ledger_reversals",
        lambda w: sql(
            "UPDATE budget_ledgerentry SET line_id = %s WHERE reverses_id IS NOT NULL", BudgetLineFactory().pk
        ),
        "is no true reversal of entry",
    ),
    "a reversal of nothing": (
        "common.ledger_reversals",
        lambda w: sql("DELETE FROM budget_ledgerentry WHERE reverses_id IS NULL"),
        "is no true reversal of entry",
    ),
    "a source posted twice": (
        "common.ledger_sources",
        lambda w: (
            sql("DROP INDEX trainees_creditentry_source_uq"),
            CreditEntryFactory(cadre=w.cadre, scheme=w.scheme, source_ref=w.credit.source_ref),
        ),
        "was posted 2 times",
    ),
    "an entry changed in place": (
        "budget.balances",
        lambda w: sql("UPDATE budget_linebalance SET drawn = 7"),
        "drawn is 7.00, the entries sum to 0.00",
    ),
    "a line without balance": (
        "budget.balances",
        lambda w: sql("DELETE FROM budget_linebalance"),
        "has no balance",
    ),
    "money in another year": (
        "budget.balances",
        lambda w: sql("UPDATE budget_ledgerentry SET year = 2020 WHERE reverses_id IS NULL"),
        "year 2020 on a line of 2025",
    ),
    "credits counted beyond the breakdown": (
        "trainees.assessments",
        lambda w: sql("UPDATE trainees_yearlyassessment SET counted = 90"),
        "counts 90.00 credits, its breakdown 8",
    ),
    "credits earned beyond the breakdown": (
        "trainees.assessments",
        lambda w: sql("UPDATE trainees_yearlyassessment SET earned = 90"),
        "earned 90.00 credits, its breakdown 8",
    ),
    "a category above its cap": (
        "trainees.assessments",
        lambda w: sql(
            "UPDATE trainees_yearlyassessment SET figures = '{0, NULL, 0, 0, NULL, 0, 8, 4, 8, 0, NULL, 0}'"
        ),
        "a category counts above its cap",
    ),
    "a result without reason": (
        "trainees.assessments",
        lambda w: sql(
            "UPDATE trainees_yearlyassessment SET result = 'pass', grade = 'pass', bars_excellent = false, reasons = '[]'"
        ),
        "result pass with 8.00 of 90.00 credits does not follow",
    ),
    "a credit entry changed in place": (
        "trainees.assessed_credits",
        lambda w: sql("UPDATE trainees_creditentry SET amount = 80"),
        "earned 8.00 credits, the ledger had 80.00",
    ),
    "a gap in the document numbers": (
        "trainees.packets",
        lambda w: sql("UPDATE trainees_documentcounter SET last_number = 2"),
        "last number 2, 1 packets up to number 1",
    ),
    "superseded by nothing": (
        "trainees.packets",
        lambda w: sql("UPDATE trainees_reportpacket SET state = 'superseded'"),
        "state and successor do not agree",
    ),
    "in force, and superseded": (
        "trainees.packets",
        lambda w: sql("UPDATE trainees_reportpacket SET superseded_by_id = %s", w.packet.pk),
        "state and successor do not agree",
    ),
    "a correction of another year's packet": (
        "trainees.packets",
        lambda w: sql("UPDATE trainees_reportpacket SET corrects_id = id, edition = 'erratum'"),
        "cannot correct packet",
    ),
    "a packet changed behind its manifest": (
        "trainees.manifests",
        lambda w: sql("UPDATE trainees_reportpacket SET row_count = 7, year = 2024"),
        "its manifest says otherwise of year, rows",
    ),
    "an annex exchanged behind the manifest": (
        "trainees.manifests",
        lambda w: sql("UPDATE trainees_reportpacket SET annex_id = %s", w.store("other.xlsx", b"other").pk),
        "its manifest says otherwise of files",
    ),
    "a manifest that is none": (
        "trainees.manifests",
        lambda w: replace_file(w, b"[1]", w.manifest),
        "its manifest cannot be read",
    ),
    "a packet delivered to nobody": (
        "trainees.deliveries",
        lambda w: sql("DELETE FROM trainees_packetdelivery"),
        "was never delivered to its recipient",
    ),
    "a delivery before the packet": (
        "trainees.deliveries",
        lambda w: sql("UPDATE trainees_packetdelivery SET delivered_at = '2020-01-01'"),
        "its times, reminders or reason do not agree",
    ),
    "a reminder without its time": (
        "trainees.deliveries",
        lambda w: sql("UPDATE trainees_packetdelivery SET reminders = 1"),
        "its times, reminders or reason do not agree",
    ),
    "a receipt before the delivery": (
        "trainees.deliveries",
        lambda w: sql("UPDATE trainees_packetreceipt SET received_at = '2020-01-01'"),
        "was given before the delivery",
    ),
    "a receipt after the withdrawal": (
        "trainees.deliveries",
        lambda w: sql(
            "UPDATE trainees_reportpacket SET state = 'withdrawn', withdrawn_at = issued_at, withdrawn_by_id = issued_by_id,"
            " withdrawal_reason = 'x'"
        ),
        "after the document was taken back",
    ),
    "a lost file": (
        "jobs.files",
        lambda w: default_storage.delete(w.notice.storage_name),
        "is missing",
    ),
    "a cut file": ("jobs.files", lambda w: replace_file(w, CONTENT[:5]), "5 bytes stored, 14 recorded"),
    "a changed file": ("jobs.files", lambda w: replace_file(w, CONTENT.swapcase()), "another SHA-256"),
    "a job that ended without end": (
        "jobs.queue",
        lambda w: sql("UPDATE jobs_job SET state = 'done'"),
        "done, no lease, not ended",
    ),
    "a unit without parent": (
        "accounts.tree",
        lambda w: sql("UPDATE accounts_unit SET path = '0009' || substr(path, 5) WHERE depth > 1"),
        "its parent is missing",
    ),
    "children miscounted": (
        "accounts.tree",
        lambda w: sql("UPDATE accounts_unit SET numchild = 5 WHERE depth = 1"),
        "counts 5 children, has 2",
    ),
    "a unit moved behind its history": (
        "accounts.unit_history",
        _move_behind_history,
        "its history says",
    ),
    "a unit renamed behind its history": (
        "accounts.unit_history",
        _rename_behind_history,
        "is called 别名, its history says 新名",
    ),
    "a unit opened behind its history": (
        "accounts.unit_history",
        _open_behind_history,
        "its history says closed",
    ),
    "a cadre moved behind the postings": (
        "trainees.postings",
        lambda w: sql("UPDATE trainees_cadre SET post = '别的'"),
        "the present posting says otherwise",
    ),
    "a posting that did not end": (
        "trainees.postings",
        lambda w: sql("UPDATE trainees_cadre SET left_on = '2026-01-01'"),
        "the present posting says otherwise",
    ),
    "somebody in a closed unit": (
        "trainees.postings",
        lambda w: sql("UPDATE accounts_unit SET closed_on = '2026-01-01' WHERE id = %s", w.cadre.unit_id),
        "belongs to a unit that was closed",
    ),
    "a sealed event changed": (
        "audit.chain",
        lambda w: sql("UPDATE audit_auditevent SET action = 'budget.nothing'"),
        "1",  # events 1 to …, in the language of the portal
    ),
    "a trigger switched off": (
        "common.triggers",
        lambda w: sql("ALTER TABLE trainees_creditentry DISABLE TRIGGER trainees_creditentry_append_only_tg"),
        "trigger trainees_creditentry_append_only_tg is disabled",
    ),
    "a trigger dropped": (
        "common.triggers",
        lambda w: sql("DROP TRIGGER trainees_enrolment_move_seats_tg ON trainees_enrolment"),
        "trigger trainees_enrolment_move_seats_tg is missing",
    ),
    "a constraint dropped": (
        "common.constraints",
        lambda w: sql("ALTER TABLE courses_seatcount DROP CONSTRAINT courses_seatcount_taken_ck"),
        "constraint courses_seatcount_taken_ck is missing",
    ),
}


@pytest.mark.parametrize("case", BREAKS)
def test_broken_rule_is_told(world, case):
    name, break_it, line = BREAKS[case]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    break_it(world)
    assert [fault for fault in faults(name) if line in fault]


def test_every_trigger_of_the_ledgers_is_watched():
    ledgers = ("trainees_creditentry", "faculty_teachingentry", "budget_ledgerentry")
    wanted = {
        f"{table}_{rule}_tg" for table in ledgers for rule in ("append_only", "keep_whole", "true_reversal")
    }
    wanted |= {
        "audit_auditevent_append_only_tg",
        "trainees_attendancemark_append_only_tg",
        "trainees_enrolment_move_seats_tg",
    }
    assert wanted <= expected_triggers()


@pytest.mark.django_db(transaction=True)
def test_command_is_silent_when_all_is_well():
    out = StringIO()
    call_command("check_data", stdout=out)
    assert out.getvalue() == ""


@pytest.mark.django_db(transaction=True)
def test_command_prints_each_fault_up_to_the_most_and_fails():
    for _number in range(3):
        OfferingFactory()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE courses_seatcount SET taken = 3")
    out = StringIO()
    with pytest.raises(CommandError, match="3 faults"):
        call_command("check_data", "--most=2", "--only", "trainees.seats", stdout=out)
    lines = out.getvalue().splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("trainees.seats: courses.Offering ")
    assert lines[2] == "trainees.seats: 1 more"


@pytest.mark.django_db(transaction=True)
def test_checks_cannot_change_what_they_check():
    def meddle():
        BudgetLineFactory()
        yield "never reached"

    with pytest.raises(InternalError, match="read-only"):
        list(faults_of(meddle))


def test_unknown_check_is_refused(db):
    with pytest.raises(CommandError, match="No such check: nonsense"):
        call_command("check_data", "--only", "nonsense")
