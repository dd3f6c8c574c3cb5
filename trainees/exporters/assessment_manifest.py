"""The manifest of a packet: from what it was made, when, and what its files must be."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from partyschool import __version__
from trainees.models import ReportPacket
from trainees.selectors.reports import Report

from .wording import PacketFacts, document_language, file_name, subject_of

JSON = "application/json"


@dataclass(frozen=True)
class PacketFile:
    """A file of a packet, named by its part."""

    part: str
    name: str
    content: bytes


def manifest_file_name(report: Report) -> str:
    """The manifest's display name."""
    with document_language():
        return file_name(report, _("Manifest of the %(subject)s") % {"subject": subject_of(report)}, "json")


def build_manifest(
    report: Report, facts: PacketFacts, *, edition: str, queried_at: datetime, files: Sequence[PacketFile]
) -> bytes:
    """Canonical JSON (keys sorted, no spaces, UTF-8): equal arguments give equal bytes. `results` are ids of the versions spoken for."""
    facts_of_it = {
        "code": facts.code,
        "corrects": report.corrects,
        "data_digest": report.digest,
        "doc_type": str(facts.doc_type),
        "edition": str(edition),
        "files": [
            {
                "name": file.name,
                "part": file.part,
                "sha256": hashlib.sha256(file.content).hexdigest(),
                "size": len(file.content),
            }
            for file in files
        ],
        "issued_at": facts.issued_at.isoformat(),
        "number": facts.document_number,
        "portal_version": __version__,
        "quarter": report.quarter,
        "queried_at": queried_at.isoformat(),
        "recipient": report.recipient.code,
        "results": list(report.results),
        "rows": report.row_count,
        "scheme": {"name": report.scheme.name, "version": report.scheme.version},
        "year": report.year,
    }
    return json.dumps(facts_of_it, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def reported_results(packet: ReportPacket) -> list[int]:
    """The ids of the versions that a packet speaks for; of one made before there were manifests, none."""
    if packet.manifest is None:
        return []
    with packet.manifest.open() as content:
        return list(json.loads(content.read())["results"])
