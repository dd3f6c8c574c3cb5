from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from partyschool.accounts.models import Unit
from partyschool.common import clock
from partyschool.common.scoping import ScopedModel
from trainees.querysets import DeliveryQuerySet, ReceiptQuerySet

from .packets import ReportPacket


class PacketDelivery(ScopedModel):
    """A packet handed to a unit's people in the portal: first to its recipient, again where the recipient has changed (with the reason)."""

    packet = models.ForeignKey(
        ReportPacket, verbose_name=_("report packet"), on_delete=models.PROTECT, related_name="deliveries"
    )
    unit = models.ForeignKey(Unit, verbose_name=_("delivered to"), on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(_("reason of the new delivery"), max_length=200, blank=True)
    delivered_at = models.DateTimeField(_("delivered at"), default=clock.now)
    delivered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("delivered by"), on_delete=models.PROTECT, related_name="+"
    )
    reminded_at = models.DateTimeField(_("reminded at"), null=True, blank=True)
    reminders = models.PositiveSmallIntegerField(_("reminders"), default=0)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(fields=["packet", "unit"], name="trainees_packetdelivery_once_uq"),
        ]

    def __str__(self) -> str:
        return f"{self.packet} → {self.unit}"


class PacketReceipt(ScopedModel):
    """Who received a delivered packet, and when: the first look of each person. Append-only; `name` is the person's name at that time."""

    delivery = models.ForeignKey(
        PacketDelivery, verbose_name=_("delivery"), on_delete=models.PROTECT, related_name="receipts"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("received by"), on_delete=models.PROTECT, related_name="+"
    )
    name = models.CharField(_("name"), max_length=60)
    received_at = models.DateTimeField(_("received at"), default=clock.now)

    objects = ReceiptQuerySet.as_manager()

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        constraints = [
            models.UniqueConstraint(fields=["delivery", "user"], name="trainees_packetreceipt_once_uq"),
        ]

    def __str__(self) -> str:
        return self.name
