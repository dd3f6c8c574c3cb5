"""Certificates as pages show them: the own ones, those of a class, and the check of a code that anybody may make."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, QuerySet, Sum

from courses.enums import OfferingState
from courses.models import Lesson, Offering
from partyschool.common.pdf.fonts import FontsMissing
from trainees.enums import CertificateState, EnrolmentState
from trainees.models import Certificate, Enrolment
from trainees.rules.certificates import CERTIFIED_KINDS, certificate_number

from .glyphs import missing_characters
from .packets import normalised_code

TONES = {CertificateState.VALID: "success", CertificateState.REVOKED: "danger"}
CLASS_ORDER = ("-ends_on", "-pk")


@dataclass(frozen=True)
class CertificateLine:
    """A certificate as lists and the check show it."""

    certificate: Certificate

    @property
    def number(self) -> str:
        one = self.certificate
        return certificate_number(settings.DOCUMENT_CODE, one.number_year, one.number)

    @property
    def tone(self) -> str:
        return TONES[CertificateState(self.certificate.state)]


@dataclass(frozen=True)
class PlaceLine:
    """A completed place of a class with its certificates, newest first. `unprintable` are characters of the name that no font has."""

    enrolment: Enrolment
    certificates: Sequence[CertificateLine]
    unprintable: str

    @property
    def valid(self) -> CertificateLine | None:
        return next(
            (one for one in self.certificates if one.certificate.state == CertificateState.VALID), None
        )


def own_certificates(user: Any) -> list[CertificateLine]:
    """The certificates of the reader, newest first."""
    found = Certificate.objects.visible_to(user).filter(enrolment__cadre__user=user.pk)
    return [CertificateLine(one) for one in found.order_by("-issued_at", "-pk")]


def certified_classes(user: Any) -> QuerySet[Offering]:
    """Closed classes that people whom `user` is responsible for have completed, with `completed` and `certified` counting those
    people; page them by `CLASS_ORDER`."""
    scope = user.scope.unit_condition("enrolments__cadre__unit__path")
    completed = Q(scope, enrolments__state=EnrolmentState.COMPLETED)
    valid = Q(completed, enrolments__certificates__state=CertificateState.VALID)
    classes = Offering.objects.filter(completed, kind__in=CERTIFIED_KINDS, state=OfferingState.CLOSED)
    return classes.annotate(
        completed=Count("enrolments", distinct=True),
        certified=Count("enrolments__certificates", filter=valid, distinct=True),
    )


def completed_places(user: Any, offering: Offering) -> QuerySet[Enrolment]:
    """Who completed `offering`, of those whom `user` is responsible for, by unit and name."""
    places = Enrolment.objects.visible_to(user).filter(
        user.scope.unit_condition("cadre__unit__path"), offering=offering, state=EnrolmentState.COMPLETED
    )
    return places.select_related("cadre__unit").order_by("cadre__unit__path", "cadre__name", "pk")


def places_of(user: Any, offering: Offering) -> list[PlaceLine]:
    """The completed places of `offering` in the reader's scope with their certificates. 2 queries."""
    places = list(completed_places(user, offering))
    found: dict[int, list[CertificateLine]] = {place.pk: [] for place in places}
    certificates = Certificate.objects.filter(enrolment__in=places).unscoped("of places read in scope")
    for one in certificates.order_by("-issued_at", "-pk"):
        found[one.enrolment_id].append(CertificateLine(one))
    return [PlaceLine(place, found[place.pk], unprintable(place.cadre.name)) for place in places]


def unprintable(text: str) -> str:
    """The characters of `text` that no font can print, '' without fonts at all: their absence is told elsewhere."""
    try:
        return missing_characters(text)
    except FontsMissing:
        return ""


def hours_of(offering: Offering) -> Decimal:
    """The class-hours that were held."""
    held = Lesson.objects.filter(offering=offering, cancelled_at=None)
    return held.aggregate(hours=Sum("hours"))["hours"] or Decimal(0)


def certificate_by_code(typed: str) -> CertificateLine | None:
    """The certificate that bears a code, for anybody: the code is the permission. None if there is none."""
    certificates = Certificate.objects.unscoped("whoever holds the paper may check it")
    found = certificates.filter(code=normalised_code(typed)[:20]).first()
    return CertificateLine(found) if found else None
