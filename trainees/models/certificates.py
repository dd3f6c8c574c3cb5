from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from partyschool.common import clock
from partyschool.common.scoping import ScopedModel
from trainees.enums import CertificateKind, CertificateState
from trainees.querysets import EnrolmentRecordQuerySet

from .enrolments import Enrolment


class CertificateCounter(models.Model):
    """The last certificate number drawn in a year. Numbers are drawn under the lock of this row, in the transaction that uses them: no gaps."""

    year = models.PositiveSmallIntegerField(_("year"), primary_key=True)
    last_number = models.PositiveIntegerField(_("last number"), default=0)

    class Meta:
        verbose_name = _("certificate counter")
        verbose_name_plural = _("certificate counters")

    def __str__(self) -> str:
        return f"{self.year}: {self.last_number}"


class Certificate(ScopedModel):
    """What the school certifies of a completed class, verifiable by `code`: valid until it is revoked with a reason.

    What it says (`name` of the holder, `title`, days and class-hours of the class) is written down when it is issued and stands
    (trigger), so that it is printed the same after any number of years. One is valid per enrolment; after a revocation another may follow.
    """

    enrolment = models.ForeignKey(
        Enrolment, verbose_name=_("enrolment"), on_delete=models.PROTECT, related_name="certificates"
    )
    kind = models.CharField(_("kind of certificate"), max_length=10, choices=CertificateKind)
    number = models.PositiveIntegerField(_("certificate number"))
    number_year = models.PositiveSmallIntegerField(_("year of the certificate number"))
    code = models.CharField(_("verification code"), max_length=20, unique=True)
    name = models.CharField(_("name of the holder"), max_length=60)
    title = models.CharField(_("title"), max_length=120)
    starts_on = models.DateField(_("starts on"))
    ends_on = models.DateField(_("ends on"))
    hours = models.DecimalField(_("class-hours"), max_digits=7, decimal_places=2)
    state = models.CharField(
        _("state"), max_length=8, choices=CertificateState, default=CertificateState.VALID
    )
    issued_at = models.DateTimeField(_("issued at"), default=clock.now)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("issued by"), on_delete=models.PROTECT, related_name="+"
    )
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("revoked by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    revocation_reason = models.CharField(_("reason of the revocation"), max_length=200, blank=True)

    objects = EnrolmentRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("certificate")
        verbose_name_plural = _("certificates")
        constraints = [
            models.UniqueConstraint(fields=["number_year", "number"], name="trainees_certificate_number_uq"),
            models.UniqueConstraint(
                fields=["enrolment"],
                condition=Q(state=CertificateState.VALID),
                name="trainees_certificate_valid_uq",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=CertificateKind.values), name="trainees_certificate_kind_ck"
            ),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on"), hours__gte=0), name="trainees_certificate_class_ck"
            ),
            models.CheckConstraint(
                condition=Q(
                    state=CertificateState.VALID,
                    revoked_at__isnull=True,
                    revoked_by__isnull=True,
                    revocation_reason="",
                )
                | (
                    Q(state=CertificateState.REVOKED, revoked_at__isnull=False, revoked_by__isnull=False)
                    & ~Q(revocation_reason="")
                ),
                name="trainees_certificate_revoked_ck",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} · {self.title}"
