"""Each rule of the data, broken by hand, and the line that tells of it: case → check, deed, words of the line."""

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from partyschool.accounts.services.units import close_unit, move_unit, rename_unit
from partyschool.jobs.models import StoredFile
from tests.factories.budget import BudgetLineFactory
from tests.factories.courses import LessonFactory
from tests.factories.trainees import CreditEntryFactory, EnrolmentFactory
from tests.home.whole_world import CHECK_IN, CONTENT, World, sql


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
