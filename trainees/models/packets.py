from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from partyschool.accounts.models import Unit
from partyschool.common import clock
from partyschool.common.scoping import ScopedModel
from partyschool.jobs.models import Job, StoredFile
from trainees.enums import PacketState
from trainees.querysets import PacketQuerySet

from .credits import CreditScheme


class DocumentCounter(models.Model):
    """The last document number drawn in a year. Numbers are drawn under the lock of this row, in the transaction that uses them: no gaps."""

    year = models.PositiveSmallIntegerField(_("year"), primary_key=True)
    last_number = models.PositiveIntegerField(_("last number"), default=0)

    class Meta:
        verbose_name = _("document counter")
        verbose_name_plural = _("document counters")

    def __str__(self) -> str:
        return f"{self.year}: {self.last_number}"


class ReportPacket(ScopedModel):
    """The yearly assessment report for one recipient: an official notice (PDF) and its annex (Excel), verifiable by `code`.

    Built once from the closed year; a rebuild from changed results supersedes it by a new packet with a new number.
    `data_digest` is the SHA-256 over the assessment rows it shows.
    """

    recipient = models.ForeignKey(
        Unit, verbose_name=_("recipient"), on_delete=models.PROTECT, related_name="packets"
    )
    year = models.PositiveSmallIntegerField(_("year"))
    number = models.PositiveIntegerField(_("document number"))
    number_year = models.PositiveSmallIntegerField(_("year of the document number"))
    code = models.CharField(_("verification code"), max_length=20, unique=True)
    state = models.CharField(_("state"), max_length=10, choices=PacketState, default=PacketState.VALID)
    superseded_by = models.OneToOneField(
        "self",
        verbose_name=_("superseded by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="supersedes",
    )
    scheme = models.ForeignKey(
        CreditScheme, verbose_name=_("scheme"), on_delete=models.PROTECT, related_name="+"
    )
    row_count = models.PositiveIntegerField(_("cadres"))
    data_digest = models.CharField(_("data digest"), max_length=64)
    notice = models.OneToOneField(
        StoredFile, verbose_name=_("notice"), on_delete=models.PROTECT, related_name="+"
    )
    annex = models.OneToOneField(
        StoredFile, verbose_name=_("annex"), on_delete=models.PROTECT, related_name="+"
    )
    job = models.ForeignKey(Job, verbose_name=_("job"), on_delete=models.PROTECT, related_name="+")
    issued_at = models.DateTimeField(_("issued at"), default=clock.now)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("issued by"), on_delete=models.PROTECT, related_name="+"
    )

    objects = PacketQuerySet.as_manager()

    class Meta:
        verbose_name = _("report packet")
        verbose_name_plural = _("report packets")
        constraints = [
            models.UniqueConstraint(fields=["number_year", "number"], name="trainees_reportpacket_number_uq"),
            models.UniqueConstraint(
                fields=["year", "recipient"],
                condition=Q(state=PacketState.VALID),
                name="trainees_reportpacket_valid_uq",
            ),
            models.CheckConstraint(
                condition=Q(state__in=PacketState.values), name="trainees_reportpacket_state_ck"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recipient} {self.year}"
