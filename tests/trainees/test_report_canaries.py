"""Nothing of a document, its notices and its mails names anybody outside its recipient's reach: looked for in every byte that is handed out."""

import io
import zipfile
from datetime import timedelta

import pypdf
import pytest

from partyschool.accounts.enums import Role, UnitKind
from partyschool.jobs.models import Job
from partyschool.jobs.services.running import run_job
from partyschool.notices.models import Notice, OutgoingMail
from partyschool.notices.services.mails import message_of
from tests.factories.accounts import make_unit, make_user
from tests.factories.reports import ClosedYear
from tests.factories.trainees import CreditEntryFactory
from trainees.models import PacketDelivery, ReportPacket, YearlyAssessment
from trainees.services.corrections import Stated, correct_result
from trainees.services.deliveries import redeliver_packet, withdraw_packet
from trainees.services.deliveries_reminders import tend_deliveries
from trainees.services.reports import build_reports

pytestmark = pytest.mark.django_db


class Canaries:
    """One who fails and one who passes in every place of the tree, each with a name that is nobody else's; documents of every edition."""

    def __init__(self) -> None:
        self.closed = ClosedYear(close=False)
        city = self.closed.city
        self.division = make_unit(city.finance_bureau, kind=UnitKind.DIVISION, name="金库科")
        self.places = {
            "root": city.root, "east": city.east, "west": city.west, "own": city.finance_bureau,
            "division": self.division, "sibling": city.culture_bureau, "cousin": city.cousin_bureau,
        }  # fmt: skip
        self.birds = {
            key: [self.closed.cadre(place, earned, name=f"雀{number}{earned}") for earned in (10, 96)]
            for number, (key, place) in enumerate(self.places.items())
        }
        self.readers = {
            key: make_user(
                Role.ORGDEPT if key in {"east", "west"} else Role.OFFICER,
                unit=self.places[key],
                email=f"{key}@example.org",
            )
            for key in ("east", "west", "own", "sibling", "cousin")
        }
        self._interim()
        self.closed.seal()
        self._run(build_reports(year=2025, by=self.closed.staff))
        for birds in self.birds.values():
            self._correct(birds[0])
        self._run(build_reports(year=2025, by=self.closed.staff))

    def _interim(self) -> None:
        self._run(build_reports(year=2025, quarter=4, by=self.closed.staff))

    def _run(self, parent: Job) -> None:
        for job in Job.objects.unscoped("tests").filter(parent=parent):
            assert run_job(job_id=job.pk) == "done"

    def _correct(self, cadre) -> None:
        CreditEntryFactory(
            cadre=cadre, scheme=self.closed.scheme, amount=90, hours=90, posted_by=self.closed.staff
        )
        row = YearlyAssessment.objects.unscoped("tests").get(cadre=cadre, year=2025)
        correct_result(assessment_id=row.pk, stated=Stated(), reason="学分补登", by=self.closed.staff)

    def packets(self, key: str) -> list[ReportPacket]:
        packets = ReportPacket.objects.unscoped("tests").filter(recipient=self.places[key])
        return list(packets.select_related("notice", "annex", "manifest").order_by("number"))

    def names(self, *keys: str) -> set[str]:
        """What would betray the people of these places."""
        return {word for key in keys for bird in self.birds[key] for word in (bird.name, bird.code)}


@pytest.fixture
def world(settings, tmp_path):
    settings.MEDIA_ROOT, settings.MAIL_ON = tmp_path / "files", True
    return Canaries()


def whole_text(packet):
    """Everything that a reader of the packet gets: pages, bookmarks and properties, all parts of the workbook, the manifest, the names."""
    with packet.notice.open() as content:
        pdf = pypdf.PdfReader(io.BytesIO(content.read()), strict=True)
        shown = "".join("".join(page.extract_text().split()) for page in pdf.pages)
        shown += str(pdf.metadata) + str(pdf.outline) + str(pdf.attachments)
    with packet.annex.open() as content, zipfile.ZipFile(io.BytesIO(content.read())) as book:
        shown += "".join(name + book.read(name).decode() for name in book.namelist())
    with packet.manifest.open() as content:
        shown += content.read().decode()
    return shown + "".join(file.name for file in (packet.notice, packet.annex, packet.manifest))


REACH = {
    "east": {"east", "own", "division", "sibling"},
    "west": {"west", "cousin"},
    "own": {"own", "division"},
    "sibling": {"sibling"},
    "cousin": {"cousin"},
}


def test_no_document_of_any_edition_names_somebody_beyond_its_recipient(world):
    for key, reach in REACH.items():
        packets = world.packets(key)
        assert [packet.edition for packet in packets] == ["preview", "final", "erratum"]
        beyond = world.names(*(world.places.keys() - reach))
        for packet in packets:
            shown = whole_text(packet)
            assert [word for word in beyond if word in shown] == [], (key, packet.edition)
            assert world.names(*reach) & {word for word in world.names(*reach) if word in shown}


def test_each_of_the_recipient_s_people_is_in_the_whole_document(world):
    """The search above would find a name that stands there."""
    for key, reach in REACH.items():
        for packet in world.packets(key)[:2]:
            shown = whole_text(packet)
            assert [word for word in world.names(*reach) if word not in shown] == []


def test_notices_and_mails_name_no_cadre_and_mails_no_unit_or_number_either(world):
    (final,) = [one for one in world.packets("own") if one.edition == "final"]
    staff = world.closed.staff
    later = PacketDelivery.objects.unscoped("tests").latest("delivered_at").delivered_at
    tend_deliveries(now=later + timedelta(days=6))
    tend_deliveries(now=later + timedelta(days=12))
    redeliver_packet(packet_id=final.pk, unit=world.places["east"], reason="改送", by=staff)
    withdraw_packet(packet_id=final.pk, reason="数据有误", by=staff)
    notices = Notice.objects.unscoped("tests").filter(event__startswith="report.")
    assert {event.split(":")[0] for event in notices.values_list("event", flat=True)} == {
        "report.issue", "report.remind", "report.escalate", "report.deliver", "report.withdraw",
    }  # fmt: skip
    everybody = world.names(*world.places)
    for notice in notices:
        shown = notice.title + notice.body + notice.url
        assert [word for word in everybody if word in shown] == []
    mails = OutgoingMail.objects.unscoped("tests").select_related("notice__recipient")
    assert {mail.notice.recipient for mail in mails} == set(world.readers.values())
    for mail in mails:
        message = message_of(mail)
        shown = f"{message.subject}{message.body}{message.extra_headers}"
        places = {place.name for place in world.places.values()}
        assert [word for word in everybody | places | {"〔", "packets"} if word in shown] == []


def test_nobody_is_told_of_another_unit_s_document(world):
    for key, reader in world.readers.items():
        mine = {packet.pk for packet in world.packets(key)}
        told = Notice.objects.unscoped("tests").filter(recipient=reader, event__startswith="report.issue:")
        assert {int(event.split(":")[1]) for event in told.values_list("event", flat=True)} == mine


def test_another_unit_s_document_is_no_address_for_a_reader(world, client):
    """Department and unit, sibling and cousin: page and files of what is not theirs do not exist."""
    seen = {"east": {"east", "own", "sibling"}, "west": {"west", "cousin"}, **{
        key: {key} for key in ("own", "sibling", "cousin")
    }}  # fmt: skip
    for key, reader in world.readers.items():
        client.force_login(reader)
        for other in REACH:
            final = world.packets(other)[1]
            wanted = 200 if other in seen[key] else 404
            for part in ("", "notice/", "annex/", "manifest/"):
                answer = client.get(f"/organisation/packets/{final.pk}/{part}")
                assert answer.status_code == wanted, (key, other, part)
                if answer.streaming:
                    assert b"".join(answer.streaming_content)
