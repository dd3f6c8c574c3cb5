"""Report packets without the work of building their documents."""

import hashlib
from itertools import count
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from partyschool.accounts.enums import Role
from partyschool.jobs.models import Job, StoredFile
from tests.factories.accounts import City, make_user
from tests.factories.trainees import make_scheme
from trainees.models import PacketDelivery, ReportPacket
from trainees.services.deliveries import deliver_packet

_numbers = count(1)


def make_packet(recipient: Any, *, by: Any, scheme: Any = None, **fields: Any) -> ReportPacket:
    """A packet of 2025 for `recipient` with three small files."""
    number = next(_numbers)
    job = Job.objects.create(
        kind="report_packet", key=f"2025:{recipient.pk}:{number}", title="通报", owner=by, state="done"
    )
    files = {}
    for part, name in (("notice", "通报.pdf"), ("annex", "附件.xlsx"), ("manifest", "清单.json")):
        content = f"{part} {number}".encode()
        files[part] = StoredFile.objects.create(
            job=job,
            name=name,
            content_type="application/octet-stream",
            storage_name=default_storage.save(f"packets/{job.pk}/{part}", ContentFile(content)),
            sha256=hashlib.sha256(content).hexdigest(),
            size=len(content),
        )
    given = {
        "recipient": recipient, "year": 2025, "number": number, "number_year": 2026,
        "code": f"AAAA-BBBB-CCCC-{number:04d}", "row_count": 1, "data_digest": "0" * 64, "job": job,
        "issued_by": by, **files, **fields,
    }  # fmt: skip
    return ReportPacket.objects.create(scheme=scheme or make_scheme(2025), **given)


class Packets:
    """A packet for the eastern organisation department, which has one person; and units beside, above and below it."""

    def __init__(self) -> None:
        self.city = City()
        self.staff = make_user(Role.STAFF)
        self.scheme = make_scheme(2025)
        self.reader = make_user(
            Role.ORGDEPT, unit=self.city.east, full_name="东区组织干事", email="east@example.org"
        )
        self.packet = self.packet_for(self.city.east)

    def packet_for(self, unit: Any, **fields: Any) -> ReportPacket:
        return make_packet(unit, by=self.staff, scheme=self.scheme, **fields)

    def deliver(self) -> PacketDelivery:
        return deliver_packet(packet=self.packet, by=self.staff)

    def second_reader(self, **fields: Any) -> Any:
        return make_user(Role.ORGDEPT, unit=self.city.east, **fields)

    def somebody(self, who: str) -> Any:
        """A person who is none of the recipient's."""
        offices = {
            "cousin": (Role.ORGDEPT, self.city.west),
            "below": (Role.OFFICER, self.city.finance_bureau),
            "above": (Role.ORGDEPT, self.city.root),
        }
        if who in offices:
            role, unit = offices[who]
            return make_user(role, unit=unit)
        return make_user() if who == "stranger" else make_user(who)
