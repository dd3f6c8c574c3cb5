"""Certificates in PDF: one, or those of a whole class in one file."""

from collections.abc import Sequence

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from partyschool.common import clock
from partyschool.common.filenames import safe_filename
from partyschool.common.pdf import BuiltDocument, Diploma, build_diplomas, chinese_date
from partyschool.common.pdf.builder import Progress
from trainees.enums import CertificateKind
from trainees.models import Certificate
from trainees.rules.certificates import certificate_number
from trainees.selectors.reasons import credits_text

from .wording import document_language

PDF = "application/pdf"


def certificate_file_name(certificate: Certificate) -> str:
    """The display name of one certificate."""
    with document_language():
        name = _("%(kind)s of %(name)s (%(title)s)") % {
            "kind": certificate.get_kind_display(),
            "name": certificate.name,
            "title": certificate.title,
        }
        return safe_filename(name, "pdf")


def certificates_file_name(title: str) -> str:
    """The display name of the file with the certificates of a class."""
    with document_language():
        return safe_filename(_("Certificates of %(title)s") % {"title": title}, "pdf")


def build_certificate(certificate: Certificate) -> BuiltDocument:
    """One certificate, from what was written down when it was issued alone: the same bytes for ever."""
    with document_language():
        return build_certificates(certificate.title, [certificate])


def build_certificates(
    title: str, certificates: Sequence[Certificate], *, progress: Progress | None = None
) -> BuiltDocument:
    """A page for each, in the order given. Equal certificates give equal bytes. Raises ValueError for none."""
    with document_language():
        return build_diplomas(
            _("Certificates of %(title)s") % {"title": title},
            [_diploma(one) for one in certificates],
            created=max(one.issued_at for one in certificates),
            author=settings.SCHOOL_NAME,
            progress=progress,
        )


def _diploma(certificate: Certificate) -> Diploma:
    number = certificate_number(settings.DOCUMENT_CODE, certificate.number_year, certificate.number)
    return Diploma(
        title=certificate.get_kind_display(),
        text=_text(certificate),
        number=number,
        signatory=settings.SCHOOL_NAME,
        issued_on=clock.school_date(certificate.issued_at),
        verify_url=settings.SITE_URL.rstrip("/") + reverse("trainees:verify", args=[certificate.code]),
        verify_code=certificate.code,
        where=f"{certificate.name}（{number}）",
    )


def _text(certificate: Certificate) -> str:
    facts = {
        "name": certificate.name,
        "days": _days(certificate),
        "title": certificate.title,
        "hours": credits_text(certificate.hours),
    }
    if certificate.kind == CertificateKind.TRAINING:
        text = _(
            "%(name)s took part in the training “%(title)s” held by this school %(days)s, %(hours)s class-hours in all, and has completed it. This certificate is issued in witness thereof."
        )
    else:
        text = _(
            "%(name)s attended the class “%(title)s” of this school %(days)s, %(hours)s class-hours in all, has done all work required, passed the assessment, and is granted completion."
        )
    return text % facts


def _days(certificate: Certificate) -> str:
    first, last = certificate.starts_on, certificate.ends_on
    if first == last:
        return _("on %(day)s") % {"day": chinese_date(first)}
    end = chinese_date(last)
    if first.year == last.year:
        end = end.partition("年")[2]
    return _("from %(first)s to %(last)s") % {"first": chinese_date(first), "last": end}
