"""A small world in which every check finds something to look at, and nothing to tell."""

import hashlib
import json
from decimal import Decimal

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection

from budget.services.ledger import commit_money, reverse
from partyschool.accounts.enums import Role
from partyschool.audit.services.seals import seal_events
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


def later_packet(world: World) -> ReportPacket:
    sql("UPDATE trainees_documentcounter SET last_number = 2")
    sql("UPDATE trainees_reportpacket SET state = 'superseded'")
    return make_packet(world.city.east, by=world.by, scheme=world.scheme, number=2, number_year=2026)
