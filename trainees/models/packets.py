from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from partyschool.accounts.models import Unit
from partyschool.common import clock
from partyschool.common.scoping import ScopedModel
from partyschool.jobs.models import Job, StoredFile
from trainees.enums import Edition, NoticeType, PacketState
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
    """A report for one recipient (an organisation department or a unit): an official notice (PDF) and its annex (Excel), verifiable by `code`.

    What was issued stands (trigger). `final` is built from a sealed year and never replaced: what changes later is told by an `erratum`
    that names the packet it `corrects`. A `preview` tells how a running year stands at the end of `quarter`; a newer one supersedes it.
    `data_digest` is the SHA-256 over the rows it shows, `queried_at` the instant at which they were read; `manifest` (JSON) lists
    scheme version, query time, row count and the SHA-256 of both files.
    """

    recipient = models.ForeignKey(
        Unit, verbose_name=_("recipient"), on_delete=models.PROTECT, related_name="packets"
    )
    year = models.PositiveSmallIntegerField(_("year"))
    edition = models.CharField(_("kind of report"), max_length=7, choices=Edition, default=Edition.FINAL)
    quarter = models.PositiveSmallIntegerField(_("quarter"), null=True, blank=True)
    doc_type = models.CharField(
        _("kind of document"), max_length=8, choices=NoticeType, default=NoticeType.CIRCULAR
    )
    corrects = models.ForeignKey(
        "self",
        verbose_name=_("corrects"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="errata",
    )
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
    manifest = models.OneToOneField(
        StoredFile,
        verbose_name=_("manifest"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    queried_at = models.DateTimeField(_("data read at"), null=True, blank=True)
    job = models.ForeignKey(Job, verbose_name=_("job"), on_delete=models.PROTECT, related_name="+")
    issued_at = models.DateTimeField(_("issued at"), default=clock.now)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("issued by"), on_delete=models.PROTECT, related_name="+"
    )

    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("withdrawn by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    withdrawal_reason = models.CharField(_("reason of the withdrawal"), max_length=200, blank=True)

    objects = PacketQuerySet.as_manager()

    class Meta:
        verbose_name = _("report packet")
        verbose_name_plural = _("report packets")
        constraints = [
            models.UniqueConstraint(fields=["number_year", "number"], name="trainees_reportpacket_number_uq"),
            models.UniqueConstraint(
                fields=["year", "recipient", "edition", "quarter"],
                condition=Q(state=PacketState.VALID) & ~Q(edition=Edition.ERRATUM),
                nulls_distinct=False,
                name="trainees_reportpacket_valid_uq",
            ),
            models.CheckConstraint(
                condition=Q(edition=Edition.PREVIEW, quarter__gte=1, quarter__lte=4)
                | (Q(edition__in=[Edition.FINAL, Edition.ERRATUM]) & Q(quarter__isnull=True)),
                name="trainees_reportpacket_edition_ck",
            ),
            models.CheckConstraint(
                condition=Q(edition=Edition.ERRATUM, corrects__isnull=False)
                | (~Q(edition=Edition.ERRATUM) & Q(corrects__isnull=True)),
                name="trainees_reportpacket_corrects_ck",
            ),
            models.CheckConstraint(
                condition=Q(doc_type__in=NoticeType.values), name="trainees_reportpacket_doc_type_ck"
            ),
            models.CheckConstraint(
                condition=(
                    Q(state=PacketState.WITHDRAWN, withdrawn_at__isnull=False, withdrawn_by__isnull=False)
                    & ~Q(withdrawal_reason="")
                )
                | (~Q(state=PacketState.WITHDRAWN) & Q(withdrawn_at__isnull=True)),
                name="trainees_reportpacket_withdrawn_ck",
            ),
            models.CheckConstraint(
                condition=Q(state__in=PacketState.values), name="trainees_reportpacket_state_ck"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recipient} {self.year}"
