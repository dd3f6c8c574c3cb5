"""What notice and annex share: the facts of one packet, its file names, and the language documents are written in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from partyschool.common.filenames import safe_filename
from partyschool.common.pdf import DocType, document_number
from trainees.enums import NoticeType
from trainees.selectors.reports import Report


@dataclass(frozen=True)
class PacketFacts:
    """What tells one packet from another besides its data. The same facts and data give the same bytes."""

    number: int
    number_year: int
    code: str
    issued_at: datetime
    doc_type: str = NoticeType.CIRCULAR

    @property
    def set_as(self) -> DocType:
        """How the document is laid out."""
        return DocType[NoticeType(self.doc_type).name]

    @property
    def document_number(self) -> str:
        return document_number(settings.DOCUMENT_CODE, self.number_year, self.number)

    @property
    def verify_url(self) -> str:
        return settings.SITE_URL.rstrip("/") + reverse("trainees:verify", args=[self.code])


@contextmanager
def document_language() -> Iterator[None]:
    """Official documents are written in the portal's first language, whatever the reader of the moment has chosen."""
    with translation.override(settings.LANGUAGE_CODE):
        yield


def subject_of(report: Report) -> str:
    """What the report is about, without issuer and kind of document."""
    if report.corrects:
        text = _("correction of the assessment of cadre education and training in %(year)s")
    elif report.provisional:
        text = _("interim assessment of cadre education and training in %(year)s (quarter %(quarter)s)")
    else:
        text = _("assessment of cadre education and training in %(year)s")
    return text % {"year": report.year, "quarter": report.quarter}


def file_name(report: Report, title: str, extension: str) -> str:
    """A file name that says what it is and for whom."""
    return safe_filename(
        _("%(title)s (%(recipient)s)") % {"title": title, "recipient": report.recipient.name}, extension
    )
