"""Certificates of completed classes: issued for everybody who completed, printed for a whole class, revoked with a reason.

Numbers have no gaps because they are drawn in the transaction that writes the certificates, under the lock of the year's counter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from courses.enums import OfferingKind, OfferingState
from courses.models import Offering
from partyschool.accounts.models import User
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import InvalidInput, WrongState
from partyschool.common.locking import lock_row, locking_transaction
from partyschool.jobs.models import Job, StoredFile
from partyschool.jobs.services.files import store_file
from partyschool.jobs.services.jobs import start_job
from partyschool.jobs.services.progress import Progress
from partyschool.notices.services.notices import send_notice
from trainees.enums import CertificateState, EnrolmentState
from trainees.exporters.certificates import PDF, build_certificates, certificates_file_name
from trainees.exporters.wording import document_language
from trainees.models import Certificate, CertificateCounter, Enrolment
from trainees.rules.certificates import KINDS, certificate_number
from trainees.selectors.certificates import hours_of
from trainees.selectors.glyphs import missing_characters

from .codes import new_code

REASON_MOST = 200


class NotCertified(WrongState):
    """This kind of offering ends without a certificate."""

    code = "not_certified"
    title = gettext_lazy("There are no certificates for this kind of offering")
    remedy = gettext_lazy("Certificates are issued for classes and trainings; credits speak for the others.")


class ClassNotClosed(WrongState):
    """Who completed is known only once the offering is closed."""

    code = "class_not_closed"
    title = gettext_lazy("The class is not closed yet")
    remedy = gettext_lazy("Close it on its roster page; then it is known who has completed it.")


class TitleNotPrintable(WrongState):
    """The title of the class has a character that no font at hand can print."""

    code = "title_not_printable"
    title = gettext_lazy("The title of the class cannot be printed")
    remedy = gettext_lazy("Have a font with the character installed, or correct the title.")


class NothingToPrint(WrongState):
    """The class has no valid certificate."""

    code = "nothing_to_print"
    title = gettext_lazy("No certificate of this class is valid")
    remedy = gettext_lazy("Issue the certificates first.")


class AlreadyRevoked(WrongState):
    """The certificate was revoked before."""

    code = "already_revoked"
    title = gettext_lazy("This certificate has been revoked already")
    remedy = gettext_lazy("Its page tells by whom, when and why.")


@dataclass(frozen=True)
class Issued:
    """What one call issued; `left_out` are places whose holder's name cannot be printed, with the characters."""

    certificates: Sequence[Certificate]
    left_out: Sequence[tuple[Enrolment, str]]


def issue_certificates(*, offering_id: int, by: User, now: datetime | None = None) -> Issued:
    """Issue a certificate to everybody who completed the class and has no valid one; called again, it issues what is missing.

    Whoever's name no font can print is left out and told: a certificate with a stand-in for the name would be none. Holders with an
    account are told. Raises `NotCertified`, `ClassNotClosed`, `TitleNotPrintable`, `FontsMissing`, `Busy`.
    Concurrency: locks the year's counter first, so that two callers follow each other; one valid certificate per enrolment is unique
    in the database besides.
    """
    at = now or clock.now()
    year = clock.school_year(at)
    offering = _certified(offering_id)
    CertificateCounter.objects.get_or_create(year=year)
    with locking_transaction():
        counter = lock_row(CertificateCounter, year)
        places = Enrolment.objects.filter(offering=offering, state=EnrolmentState.COMPLETED).exclude(
            certificates__state=CertificateState.VALID
        )
        waiting = list(
            places.unscoped("staff certify a whole class")
            .select_related("cadre")
            .order_by("cadre__unit__path", "cadre__name", "pk")
        )
        lacking = {place.pk: missing_characters(place.cadre.name) for place in waiting}
        hours = hours_of(offering)
        made = Certificate.objects.bulk_create(
            Certificate(
                enrolment=place,
                kind=KINDS[OfferingKind(offering.kind)],
                number=number,
                number_year=year,
                code=new_code(),
                name=place.cadre.name,
                title=offering.title,
                starts_on=offering.starts_on,
                ends_on=offering.ends_on,
                hours=hours,
                issued_at=at,
                issued_by=by,
            )
            for number, place in enumerate(
                [place for place in waiting if not lacking[place.pk]], counter.last_number + 1
            )
        )
        left_out = [(place, lacking[place.pk]) for place in waiting if lacking[place.pk]]
        if made:
            counter.last_number = made[-1].number
            counter.save(update_fields=["last_number"])
            _tell_holders(offering, made)
            data = {
                "first": made[0].number,
                "last": made[-1].number,
                "year": year,
                "left_out": [place.cadre_id for place, _characters in left_out],
            }
            record_event(action="certificate.issue", subject=offering, by=by, data=data, now=at)
    return Issued(made, left_out)


def _certified(offering_id: int) -> Offering:
    """The closed class with this id. Raises `Offering.DoesNotExist`, `NotCertified`, `ClassNotClosed`, `TitleNotPrintable`."""
    offering = Offering.objects.get(pk=offering_id)
    if offering.kind not in KINDS:
        raise NotCertified(offering.get_kind_display())
    if offering.state != OfferingState.CLOSED:
        raise ClassNotClosed(offering.title)
    if lacking := missing_characters(offering.title):
        raise TitleNotPrintable(f"{offering.title}: {lacking}")
    return offering


def _tell_holders(offering: Offering, made: Sequence[Certificate]) -> None:
    """One notice to each holder with an account."""
    enrolments = [one.enrolment_id for one in made]
    holders = User.objects.filter(cadre__enrolments__in=enrolments, is_active=True)
    with document_language():
        send_notice(
            recipients=holders,
            event=f"certificate.issue:{offering.pk}:{made[0].number_year}:{made[0].number}",
            title=_("Your certificate is ready: %(offering)s") % {"offering": offering.title[:80]},
            body=_("Download it in the portal; whoever holds it can check it by its code."),
            url=reverse("trainees:certificates"),
        )


def revoke_certificate(
    *, certificate_id: int, reason: str, by: User, now: datetime | None = None
) -> Certificate:
    """Revoke a certificate; the check of its code says so from now on, and its holder is told why.

    Raises `AlreadyRevoked`, `InvalidInput` for a missing reason, `Busy`. Concurrency: locks the certificate.
    """
    at, why = now or clock.now(), reason.strip()
    if not why or len(why) > REASON_MOST:
        raise InvalidInput(_("A reason of at most %(most)s characters is needed.") % {"most": REASON_MOST})
    with locking_transaction():
        certificate = lock_row(Certificate, certificate_id)
        number = certificate_number(settings.DOCUMENT_CODE, certificate.number_year, certificate.number)
        if certificate.state == CertificateState.REVOKED:
            raise AlreadyRevoked(number)
        certificate.state, certificate.revoked_at = CertificateState.REVOKED, at
        certificate.revoked_by, certificate.revocation_reason = by, why
        certificate.save(update_fields=["state", "revoked_at", "revoked_by", "revocation_reason"])
        with document_language():
            send_notice(
                recipients=User.objects.filter(cadre__enrolments=certificate.enrolment_id, is_active=True),
                event=f"certificate.revoke:{certificate.pk}",
                title=_("Your certificate %(number)s was revoked") % {"number": number},
                body=_("Reason: %(reason)s") % {"reason": why},
                url=reverse("trainees:certificates"),
            )
        data = {"number": number, "reason": why}
        record_event(action="certificate.revoke", subject=certificate, by=by, data=data, now=at)
    return certificate


def print_certificates(*, offering_id: int, by: User, now: datetime | None = None) -> Job:
    """Start printing all valid certificates of a class into one PDF; while it is being printed, the same job is returned.

    Raises `NotCertified`, `ClassNotClosed`, `TitleNotPrintable`, `NothingToPrint`. Concurrency: as `start_job`.
    """
    offering = _certified(offering_id)
    if not _valid_of(offering):
        raise NothingToPrint(offering.title)
    with translation.override(settings.LANGUAGE_CODE):
        title = _("Certificates of %(title)s") % {"title": offering.title[:80]}
    return start_job(
        kind="print_certificates",
        key=f"{offering.pk}:{by.pk}",
        title=title,
        params={"offering": offering.pk},
        by=by,
        now=now,
    )


def _valid_of(offering: Offering) -> list[Certificate]:
    valid = Certificate.objects.filter(enrolment__offering=offering, state=CertificateState.VALID)
    found = valid.unscoped("staff print a whole class").select_related("enrolment__cadre")
    return list(found.order_by("number_year", "number"))


def make_certificates_file(*, job: Job, progress: Progress, by: User) -> StoredFile | None:
    """The PDF of the class that `job.params` names, as the job's file; None if nothing is valid any more.

    Raises what `Progress` raises, `FontsMissing`. Concurrency: content is made without locks, stored inside `progress.finishing()`.
    """
    offering = Offering.objects.get(pk=job.params["offering"])
    certificates = _valid_of(offering)
    if not certificates:
        return None
    document = build_certificates(offering.title, certificates, progress=progress.report)
    with progress.finishing():
        file = store_file(
            job=job,
            name=certificates_file_name(offering.title),
            content_type=PDF,
            content=document.content,
        )
        data = {"certificates": len(certificates)}
        record_event(action="certificate.print", subject=offering, by=by, data=data)
    return file
