"""Seats, enrolments, marks, yearly assessments and report packets agree with each other."""

import json
from collections.abc import Iterator

from partyschool.common.integrity import data_check, rows
from partyschool.common.storage import fault_of
from trainees.models import Evidence, ReportPacket


@data_check("trainees.seats")
def seats_are_enrolments() -> Iterator[str]:
    """A seat count is the number of enrolments that take a seat, and never above the capacity."""
    sql = """SELECT o.id, o.code, s.capacity, s.taken, coalesce(e.seated, 0)
             FROM courses_offering o LEFT JOIN courses_seatcount s ON s.offering_id = o.id
             LEFT JOIN (SELECT offering_id, count(*) AS seated FROM trainees_enrolment
                        WHERE state IN ('enrolled', 'held', 'completed', 'not_completed') GROUP BY 1) e ON e.offering_id = o.id
             WHERE (s.offering_id IS NULL AND (e.seated > 0 OR o.state <> 'planned'))
                OR s.taken <> coalesce(e.seated, 0) OR s.taken > s.capacity ORDER BY o.id"""
    for pk, code, capacity, taken, seated in rows(sql):
        if capacity is None:
            yield f"courses.Offering {pk} ({code}): has no seat count, {seated} enrolments"
        elif taken != seated:
            yield f"courses.Offering {pk} ({code}): {taken} seats taken, {seated} enrolments"
        else:
            yield f"courses.Offering {pk} ({code}): {taken} seats taken of {capacity}"


@data_check("trainees.reserved_seats")
def reserved_seats_are_enrolments() -> Iterator[str]:
    """Reserved seats and unit quotas count the enrolments that sit on them, and the seat row sums the reservations."""
    seated = "state IN ('enrolled', 'held', 'completed', 'not_completed')"
    sql = """SELECT s.offering_id, s.reserved, coalesce(k.seats, 0), s.reserved_taken, coalesce(k.taken, 0), s.quotas, coalesce(q.number, 0)
              FROM courses_seatcount s
              LEFT JOIN (SELECT offering_id, sum(seats) AS seats, sum(taken) AS taken FROM courses_seatreservation GROUP BY 1) k
                   USING (offering_id)
              LEFT JOIN (SELECT offering_id, count(*) AS number FROM courses_unitquota GROUP BY 1) q USING (offering_id)
              WHERE (s.reserved, s.reserved_taken, s.quotas)
                    IS DISTINCT FROM (coalesce(k.seats, 0), coalesce(k.taken, 0), coalesce(q.number, 0)) ORDER BY 1"""
    for offering, reserved, kept, taken, sitting, quotas, number in rows(sql):
        yield (
            f"courses.SeatCount {offering}: {reserved} seats reserved, {taken} of them taken, {quotas} quotas;"
            f" its reservations have {kept}, {sitting}, its quotas are {number}"
        )
    for table, column in (("courses_seatreservation", "reservation_id"), ("courses_unitquota", "quota_id")):
        sql = f"""SELECT k.id, k.taken, count(e.id) FROM {table} k
                  LEFT JOIN trainees_enrolment e ON e.{column} = k.id AND e.{seated}
                  GROUP BY k.id HAVING k.taken <> count(e.id) ORDER BY k.id"""  # noqa: S608 -- names of this file
        for pk, taken, number in rows(sql):
            yield f"{table} {pk}: {taken} taken, {number} enrolments"


@data_check("trainees.waiting")
def offers_hold_their_seats() -> Iterator[str]:
    """A held seat belongs to one live offer and the other way round; nobody waits for what is closed."""
    sql = """SELECT e.id FROM trainees_enrolment e WHERE e.state = 'held'
             AND NOT EXISTS (SELECT FROM trainees_waitingentry w WHERE w.enrolment_id = e.id AND w.state = 'offered') ORDER BY 1"""
    for (pk,) in rows(sql):
        yield f"trainees.Enrolment {pk}: a seat is held without an offer"
    sql = """SELECT w.id, e.state FROM trainees_waitingentry w JOIN trainees_enrolment e ON e.id = w.enrolment_id
             WHERE (w.state = 'offered' AND e.state <> 'held') OR (w.state IN ('declined', 'expired') AND e.state <> 'withdrawn')
                OR e.cadre_id <> w.cadre_id OR e.offering_id <> w.offering_id ORDER BY 1"""
    for pk, state in rows(sql):
        yield f"trainees.WaitingEntry {pk}: its place is {state}"
    sql = """SELECT w.id, o.state FROM trainees_waitingentry w JOIN courses_offering o ON o.id = w.offering_id
             WHERE w.state IN ('waiting', 'skipped', 'offered') AND o.state IN ('closed', 'cancelled') ORDER BY 1"""
    for pk, state in rows(sql):
        yield f"trainees.WaitingEntry {pk}: waits for an offering that is {state}"
    sql = """SELECT w.id FROM trainees_waitingentry w JOIN trainees_enrolment e USING (cadre_id, offering_id)
             WHERE w.state IN ('waiting', 'skipped') AND e.state IN ('enrolled', 'held', 'completed', 'not_completed') ORDER BY 1"""
    for (pk,) in rows(sql):
        yield f"trainees.WaitingEntry {pk}: waits for a seat that its cadre has"


@data_check("trainees.draws")
def draws_are_what_they_announced() -> Iterator[str]:
    """The sealed text of a draw is the one whose hash the round announced, and a published round shows its seed."""
    sql = """SELECT r.id FROM courses_selectionround r LEFT JOIN trainees_sealeddraw s ON s.selection_round_id = r.id
             WHERE r.preferences_hash <> coalesce(s.sha256, '') ORDER BY 1"""
    for (pk,) in rows(sql):
        yield f"courses.SelectionRound {pk}: its announced preferences are not the sealed ones"
    sql = """SELECT r.id FROM courses_selectionround r LEFT JOIN trainees_drawpublication p ON p.selection_round_id = r.id
             WHERE r.mode = 'draw' AND ((r.seed <> '') <> (p.outcome_id IS NOT NULL)) ORDER BY 1"""
    for (pk,) in rows(sql):
        yield f"courses.SelectionRound {pk}: seed and result were not published together"


@data_check("trainees.closed_offerings")
def closed_offerings_are_frozen() -> Iterator[str]:
    """Seats are frozen if and only if the offering is closed (or cancelled), and nobody is still enrolled in a closed one."""
    sql = """SELECT o.id, o.code, o.state, s.frozen FROM courses_offering o JOIN courses_seatcount s ON s.offering_id = o.id
             WHERE (o.state = 'closed' AND NOT s.frozen) OR (s.frozen AND o.state NOT IN ('closed', 'cancelled')) ORDER BY o.id"""
    for pk, code, state, frozen in rows(sql):
        yield f"courses.Offering {pk} ({code}): is {state}, its seats are {'frozen' if frozen else 'not frozen'}"
    sql = """SELECT o.id, o.code, count(*) FROM courses_offering o JOIN trainees_enrolment e ON e.offering_id = o.id
             WHERE o.state = 'closed' AND e.state = 'enrolled' GROUP BY 1, 2 ORDER BY 1"""
    for pk, code, number in rows(sql):
        yield f"courses.Offering {pk} ({code}): is closed with {number} enrolments not concluded"


@data_check("trainees.marks")
def marks_belong_to_their_offering() -> Iterator[str]:
    """An attendance mark joins an enrolment and a lesson of one offering."""
    sql = """SELECT m.id, e.offering_id, l.offering_id FROM trainees_attendancemark m
             JOIN trainees_enrolment e ON e.id = m.enrolment_id JOIN courses_lesson l ON l.id = m.lesson_id
             WHERE e.offering_id <> l.offering_id ORDER BY m.id"""
    for pk, enrolled, taught in rows(sql):
        yield f"trainees.AttendanceMark {pk}: enrolment of offering {enrolled}, lesson of offering {taught}"


@data_check("trainees.check_ins")
def check_ins_belong_to_their_marks() -> Iterator[str]:
    """A check-in joins an enrolment and a lesson of one offering, and the marks that follow are the same person's, of one offering."""
    sql = """SELECT c.id, e.offering_id, l.offering_id FROM trainees_checkin c
             JOIN trainees_enrolment e ON e.id = c.enrolment_id JOIN courses_lesson l ON l.id = c.lesson_id
             WHERE e.offering_id <> l.offering_id ORDER BY c.id"""
    for pk, enrolled, taught in rows(sql):
        yield f"trainees.CheckIn {pk}: enrolment of offering {enrolled}, lesson of offering {taught}"
    sql = """SELECT m.id, m.enrolment_id, c.id, c.enrolment_id FROM trainees_attendancemark m
             JOIN trainees_checkin c ON c.id = m.check_in_id
             WHERE m.enrolment_id <> c.enrolment_id OR m.source NOT IN ('check_in', 'card') ORDER BY m.id"""
    for pk, marked, check_in, seen in rows(sql):
        yield f"trainees.AttendanceMark {pk}: of enrolment {marked}, follows from check-in {check_in} of enrolment {seen}"


@data_check("trainees.assessments")
def assessments_are_their_breakdown() -> Iterator[str]:
    """What counts in a yearly assessment is the sum of its breakdown, no category above its cap, and the result follows."""
    sql = """SELECT a.id, a.year, a.cadre_id, a.earned, b.earned, a.counted, b.counted, b.over, a.needed, a.result
             FROM trainees_yearlyassessment a
             CROSS JOIN LATERAL (
                 SELECT sum(a.figures[i]) AS earned, sum(a.figures[i + 2]) AS counted,
                        coalesce(bool_or(a.figures[i + 2] > a.figures[i + 1]), false) AS over
                 FROM generate_series(1, cardinality(a.figures), 3) i
             ) b
             WHERE a.counted <> b.counted OR a.earned <> b.earned OR b.over
                OR (a.result = 'pass' AND (a.counted < a.needed OR jsonb_array_length(a.reasons) > 0))
                OR (a.result <> 'pass' AND jsonb_array_length(a.reasons) = 0) ORDER BY a.id"""
    for pk, year, cadre, earned, parts_earned, counted, parts_counted, over, needed, result in rows(sql):
        name = f"trainees.YearlyAssessment {pk} ({year}, cadre {cadre})"
        if counted != parts_counted:
            yield f"{name}: counts {counted} credits, its breakdown {parts_counted}"
        elif earned != parts_earned:
            yield f"{name}: earned {earned} credits, its breakdown {parts_earned}"
        elif over:
            yield f"{name}: a category counts above its cap"
        else:
            yield f"{name}: result {result} with {counted} of {needed} credits does not follow from its reasons"


@data_check("trainees.assessed_credits")
def assessments_are_the_ledger() -> Iterator[str]:
    """What a cadre earned in a closed year is what the ledger held when the year was closed."""
    sql = """SELECT a.id, a.year, a.cadre_id, a.earned, coalesce(sum(e.amount), 0)
             FROM trainees_yearlyassessment a
             LEFT JOIN trainees_creditentry e ON e.year = a.year AND e.cadre_id = a.cadre_id AND e.posted_at <= a.closed_at
             GROUP BY a.id HAVING a.earned <> coalesce(sum(e.amount), 0) ORDER BY a.id"""
    for pk, year, cadre, earned, total in rows(sql):
        yield f"trainees.YearlyAssessment {pk} ({year}, cadre {cadre}): earned {earned} credits, the ledger had {total}"


@data_check("trainees.packets")
def packets_are_numbered_without_gaps() -> Iterator[str]:
    """Document numbers of a year run from 1 without a gap, and a superseded packet names the one that took its place."""
    sql = """SELECT coalesce(c.year, p.year), coalesce(c.last_number, 0), coalesce(p.number, 0), coalesce(p.highest, 0)
             FROM trainees_documentcounter c
             FULL JOIN (SELECT number_year AS year, count(*) AS number, max(number) AS highest FROM trainees_reportpacket GROUP BY 1) p
                  ON p.year = c.year
             WHERE coalesce(c.last_number, 0) <> coalesce(p.number, 0) OR coalesce(p.number, 0) <> coalesce(p.highest, 0) ORDER BY 1"""
    for year, last, number, highest in rows(sql):
        yield f"trainees.DocumentCounter {year}: last number {last}, {number} packets up to number {highest}"
    sql = """SELECT id FROM trainees_reportpacket
             WHERE (state = 'superseded' AND superseded_by_id IS NULL) OR (state = 'valid' AND superseded_by_id IS NOT NULL)
                OR superseded_by_id = id ORDER BY id"""
    for (pk,) in rows(sql):
        yield f"trainees.ReportPacket {pk}: state and successor do not agree"
    sql = """SELECT p.id, p.corrects_id FROM trainees_reportpacket p JOIN trainees_reportpacket old ON old.id = p.corrects_id
             WHERE old.edition <> 'final' OR (old.year, old.recipient_id) <> (p.year, p.recipient_id) ORDER BY p.id"""
    for pk, corrected in rows(sql):
        yield f"trainees.ReportPacket {pk}: cannot correct packet {corrected}"


@data_check("trainees.manifests")
def manifests_say_what_was_issued() -> Iterator[str]:
    """The manifest of a packet says of it and of its files what the portal holds. (Whether the files are whole, `jobs.files` tells.)"""
    packets = ReportPacket.objects.unscoped("checking all packets").filter(manifest__isnull=False)
    for packet in packets.select_related("notice", "annex", "manifest").order_by("pk").iterator():
        held: dict[str, object] = {
            "code": packet.code,
            "year": packet.year,
            "edition": packet.edition,
            "quarter": packet.quarter,
            "rows": packet.row_count,
            "data_digest": packet.data_digest,
            "files": [packet.notice.sha256, packet.annex.sha256],
        }
        try:
            with packet.manifest.open() as content:
                said = json.loads(content.read())
            said["files"] = [file["sha256"] for file in said["files"]]
        except FileNotFoundError:
            continue
        except (ValueError, KeyError, TypeError):
            yield f"trainees.ReportPacket {packet.pk}: its manifest cannot be read"
            continue
        if wrong := [name for name, value in held.items() if said.get(name) != value]:
            yield f"trainees.ReportPacket {packet.pk}: its manifest says otherwise of {', '.join(wrong)}"


@data_check("trainees.deliveries")
def packets_are_delivered() -> Iterator[str]:
    """Every packet with a manifest was delivered to its recipient; deliveries, reminders and receipts follow each other in time."""
    sql = """SELECT p.id FROM trainees_reportpacket p WHERE p.manifest_id IS NOT NULL
             AND NOT EXISTS (SELECT FROM trainees_packetdelivery d WHERE d.packet_id = p.id AND d.unit_id = p.recipient_id) ORDER BY 1"""
    for (pk,) in rows(sql):
        yield f"trainees.ReportPacket {pk}: was never delivered to its recipient"
    sql = """SELECT d.id FROM trainees_packetdelivery d JOIN trainees_reportpacket p ON p.id = d.packet_id
             WHERE d.delivered_at < p.issued_at OR (d.reminders > 0) <> (d.reminded_at IS NOT NULL) OR d.reminded_at < d.delivered_at
                OR (d.unit_id <> p.recipient_id AND d.reason = '') ORDER BY 1"""
    for (pk,) in rows(sql):
        yield f"trainees.PacketDelivery {pk}: its times, reminders or reason do not agree"
    sql = """SELECT r.id FROM trainees_packetreceipt r JOIN trainees_packetdelivery d ON d.id = r.delivery_id
             JOIN trainees_reportpacket p ON p.id = d.packet_id
             WHERE r.received_at < d.delivered_at OR r.received_at > p.withdrawn_at ORDER BY 1"""
    for (pk,) in rows(sql):
        yield f"trainees.PacketReceipt {pk}: was given before the delivery or after the document was taken back"


@data_check("trainees.sealed_years")
def sealed_years_stand() -> Iterator[str]:
    """A sealed year has sealed results alone and no open objection, and only there are results sealed, superseded and corrected."""
    sql = """SELECT y.year, count(*) FROM trainees_assessmentyear y JOIN trainees_yearlyassessment a ON a.year = y.year
             WHERE y.state = 'sealed' AND NOT a.sealed GROUP BY 1 ORDER BY 1"""
    for year, number in rows(sql):
        yield f"trainees.AssessmentYear {year}: is sealed with {number} results that are not"
    sql = """SELECT a.year, count(*) FROM trainees_yearlyassessment a LEFT JOIN trainees_assessmentyear y ON y.year = a.year
             WHERE a.sealed AND y.state IS DISTINCT FROM 'sealed' GROUP BY 1 ORDER BY 1"""
    for year, number in rows(sql):
        yield f"trainees.AssessmentYear {year}: is not sealed, but {number} of its results are"
    sql = """SELECT a.id, a.year, a.cadre_id, a.superseded FROM trainees_yearlyassessment a
             LEFT JOIN trainees_yearlyassessment later ON later.corrects_id = a.id
             WHERE a.superseded <> (later.id IS NOT NULL) ORDER BY 1"""
    for pk, year, cadre, superseded in rows(sql):
        state = "is superseded by nothing" if superseded else "is corrected and still in force"
        yield f"trainees.YearlyAssessment {pk} ({year}, cadre {cadre}): {state}"
    sql = """SELECT a.id FROM trainees_yearlyassessment a JOIN trainees_yearlyassessment old ON old.id = a.corrects_id
             WHERE NOT a.sealed OR NOT old.sealed OR (a.year, a.cadre_id) <> (old.year, old.cadre_id) ORDER BY 1"""
    for (pk,) in rows(sql):
        yield f"trainees.YearlyAssessment {pk}: corrects a result that it cannot correct"
    sql = """SELECT year, cadre_id, count(*) FROM trainees_yearlyassessment WHERE NOT superseded
             GROUP BY 1, 2 HAVING count(*) > 1 ORDER BY 1, 2"""
    for year, cadre, number in rows(sql):
        yield f"trainees.YearlyAssessment {year}, cadre {cadre}: {number} results in force"
    sql = """SELECT o.id, y.state FROM trainees_assessmentobjection o JOIN trainees_yearlyassessment a ON a.id = o.assessment_id
             LEFT JOIN trainees_assessmentyear y ON y.year = a.year
             WHERE o.state = 'raised' AND y.state IS DISTINCT FROM 'objection' ORDER BY 1"""
    for pk, state in rows(sql):
        yield f"trainees.AssessmentObjection {pk}: waits for an answer, its year is {state or 'in preview'}"


@data_check("trainees.assignments")
def calls_are_places() -> Iterator[str]:
    """A quota counts its live nominations; whoever is confirmed has a place in the class, and an assigned place is confirmed."""
    sql = """SELECT q.id, q.nominated, q.seats, count(n.id) FROM trainees_assignmentquota q
             LEFT JOIN trainees_nomination n ON n.quota_id = q.id AND n.state IN ('nominated', 'confirmed')
             GROUP BY q.id HAVING q.nominated <> count(n.id) OR q.nominated > q.seats ORDER BY q.id"""
    for pk, nominated, seats, number in rows(sql):
        yield f"trainees.AssignmentQuota {pk}: {nominated} of {seats} nominated, {number} nominations"
    sql = """SELECT n.id FROM trainees_nomination n JOIN trainees_assignment a ON a.id = n.assignment_id
             LEFT JOIN trainees_enrolment e ON e.id = n.enrolment_id
             WHERE n.state = 'confirmed' AND (e.id IS NULL OR e.state IN ('withdrawn', 'held') OR e.origin <> 'assigned'
                OR e.cadre_id <> n.cadre_id OR e.offering_id <> a.offering_id) ORDER BY 1"""
    for (pk,) in rows(sql):
        yield f"trainees.Nomination {pk}: is confirmed without a place"
    sql = """SELECT e.id FROM trainees_enrolment e WHERE e.origin = 'assigned' AND e.state <> 'withdrawn'
             AND NOT EXISTS (SELECT FROM trainees_nomination n WHERE n.enrolment_id = e.id AND n.state = 'confirmed') ORDER BY 1"""
    for (pk,) in rows(sql):
        yield f"trainees.Enrolment {pk}: is assigned, and nobody confirmed it"


@data_check("trainees.imports")
def imports_keep_what_they_need() -> Iterator[str]:
    """A file that waits to be taken over is there, with its preview; one that was taken over, undone or cleared away is not."""
    sql = """SELECT i.id, i.state, coalesce(array_agg(c.part::text ORDER BY c.part) FILTER (WHERE c.part IS NOT NULL), '{}')
             FROM trainees_cadreimport i LEFT JOIN trainees_importcontent c ON c.cadre_import_id = i.id
             GROUP BY i.id
             HAVING (i.state IN ('checking', 'unreadable', 'faulty', 'ready')) <> coalesce(bool_or(c.part = 'upload'), false)
                 OR (i.state IN ('faulty', 'ready') AND NOT coalesce(bool_or(c.part = 'preview'), false))
                 OR (i.state <> 'committed' AND coalesce(bool_or(c.part = 'undo'), false))
                 OR (i.state = 'expired' AND count(c.id) > 0) ORDER BY i.id"""
    for pk, state, parts in rows(sql):
        yield f"trainees.CadreImport {pk}: is {state} and keeps {', '.join(parts) or 'nothing'}"


@data_check("trainees.evidence")
def evidence_is_whole() -> Iterator[str]:
    """Each piece of evidence exists with its size and SHA-256, and is of the cadre whose claim, leave or objection it backs."""
    for file in Evidence.objects.unscoped("checking all files").order_by("pk").iterator():
        if fault := fault_of(file.storage_name, size=file.size, sha256=file.sha256):
            yield f"trainees.Evidence {file.pk}: {fault}"
    sql = """SELECT e.id FROM trainees_evidence e
             LEFT JOIN trainees_creditclaim c ON c.id = e.claim_id
             LEFT JOIN trainees_leaverequest l ON l.id = e.leave_id LEFT JOIN trainees_enrolment p ON p.id = l.enrolment_id
             LEFT JOIN trainees_assessmentobjection o ON o.id = e.objection_id LEFT JOIN trainees_yearlyassessment a ON a.id = o.assessment_id
             WHERE e.cadre_id <> coalesce(c.cadre_id, p.cadre_id, a.cadre_id) ORDER BY e.id"""
    for (pk,) in rows(sql):
        yield f"trainees.Evidence {pk}: it backs something of another cadre"


@data_check("trainees.claims")
def claims_are_entries() -> Iterator[str]:
    """A recognised claim is one entry of its cadre and year, and every entry of a claim belongs to a recognised one."""
    sql = """SELECT c.id FROM trainees_creditclaim c JOIN trainees_creditentry e ON e.id = c.entry_id
             WHERE (e.cadre_id, e.source_kind, e.source_ref, e.year) <>
                   (c.cadre_id, 'claim', c.id::text, extract(year FROM c.earned_on)::int) ORDER BY c.id"""
    for (pk,) in rows(sql):
        yield f"trainees.CreditClaim {pk}: its entry is not its own"
    sql = """SELECT e.id FROM trainees_creditentry e WHERE e.source_kind = 'claim' AND e.reverses_id IS NULL
             AND NOT EXISTS (SELECT FROM trainees_creditclaim c WHERE c.entry_id = e.id) ORDER BY e.id"""
    for (pk,) in rows(sql):
        yield f"trainees.CreditEntry {pk}: no claim stands behind it"


@data_check("trainees.postings")
def cadres_are_as_their_postings_say() -> Iterator[str]:
    """The last posting of a cadre is the present one, ended if and when the cadre left; nobody belongs to a closed unit."""
    sql = """SELECT c.id, c.code FROM trainees_cadre c
             LEFT JOIN LATERAL (SELECT * FROM trainees_posting WHERE cadre_id = c.id ORDER BY starts_on DESC LIMIT 1) p ON true
             WHERE (p.unit_id, p.rank, p.post, p.category, p.starts_on, p.ends_on) IS DISTINCT FROM
                   (c.unit_id, c.rank, c.post, c.category, c.posted_on, CASE WHEN c.left_on >= c.posted_on THEN c.left_on END)
             ORDER BY c.id"""
    for pk, code in rows(sql):
        yield f"trainees.Cadre {pk} ({code}): the present posting says otherwise, or there is none"
    sql = """SELECT c.id, c.code, u.code, u.closed_on FROM trainees_cadre c JOIN accounts_unit u ON u.id = c.unit_id
             WHERE c.left_on IS NULL AND u.closed_on IS NOT NULL OR c.left_on > u.closed_on ORDER BY c.id"""
    for pk, code, unit, closed_on in rows(sql):
        yield f"trainees.Cadre {pk} ({code}): belongs to a unit that was closed on {closed_on} ({unit})"


@data_check("trainees.certificates")
def certificates_are_numbered_and_earned() -> Iterator[str]:
    """The numbers of a year run from 1 to the counter without a gap, and every certificate is of a completed place."""
    sql = """SELECT c.year, c.last_number, count(t.id), coalesce(max(t.number), 0) FROM trainees_certificatecounter c
             LEFT JOIN trainees_certificate t ON t.number_year = c.year GROUP BY 1, 2
             HAVING count(t.id) <> c.last_number OR coalesce(max(t.number), 0) <> c.last_number ORDER BY 1"""
    for year, last, number, highest in rows(sql):
        yield f"trainees.CertificateCounter {year}: {last} drawn, {number} certificates up to {highest}"
    sql = """SELECT t.id, e.state FROM trainees_certificate t JOIN trainees_enrolment e ON e.id = t.enrolment_id
             WHERE e.state <> 'completed' ORDER BY 1"""
    for pk, state in rows(sql):
        yield f"trainees.Certificate {pk}: its place is {state}"
