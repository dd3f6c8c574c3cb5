"""Handing a packet to a unit's people, once and again; and who of them has received it.

A delivery is to one unit. Its people are those who hold an office for that very unit: whoever stands above sees the packet too, but
their look is no receipt of the unit.
"""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partyschool.accounts.models import Unit, User
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import Duplicate, InvalidInput, WrongState
from partyschool.common.locking import lock_row, locking_transaction
from partyschool.jobs.models import StoredFile
from partyschool.jobs.services.downloads import refuses_files
from trainees.enums import PacketState
from trainees.models import PacketDelivery, PacketReceipt, ReportPacket
from trainees.selectors.deliveries import may_receive
from trainees.selectors.packets import packet_number

from .deliveries_notices import tell_delivered, tell_withdrawn

REASON_MOST = 200


class PacketWithdrawn(WrongState):
    """The school has taken the packet back: its files are handed out no more."""

    code = "packet_withdrawn"
    title = gettext_lazy("The school has taken this document back")
    remedy = gettext_lazy("Do not use copies of it. The page of the document tells why it was taken back.")


class NotDeliverable(WrongState):
    """The packet is not in force, so that nobody is to receive it any more."""

    code = "packet_not_in_force"
    title = gettext_lazy("This document is no longer in force")
    remedy = gettext_lazy("Deliver the document that has taken its place.")


class WrongRecipient(InvalidInput):
    """A unit that has no claim to the packet."""

    code = "wrong_recipient"
    title = gettext_lazy("The document cannot be delivered to this unit")
    remedy = gettext_lazy(
        "Choose a unit that stands above the recipient, or one into which the recipient was merged."
    )


class AlreadyDelivered(Duplicate):
    """The unit has the packet."""

    code = "already_delivered"
    title = gettext_lazy("The unit has this document already")
    remedy = gettext_lazy("Nothing more to do: its people see it in the portal.")


def deliver_packet(*, packet: ReportPacket, by: User, now: datetime | None = None) -> PacketDelivery:
    """Hand a packet that is being issued to its recipient, in the transaction that issues it. Called again, it changes nothing.

    Concurrency: no lock of its own; the packet is new or locked, and once per unit holds by a unique constraint.
    """
    delivery, _new = PacketDelivery.objects.unscoped("the issuer delivers").get_or_create(
        packet=packet,
        unit=packet.recipient,
        defaults={"delivered_at": now or clock.now(), "delivered_by": by},
    )
    return delivery


def redeliver_packet(
    *, packet_id: int, unit: Unit, reason: str, by: User, now: datetime | None = None
) -> PacketDelivery:
    """Hand a packet in force to another unit as well, because its recipient has changed; the unit's people are told.

    `unit` must stand above the recipient, or be what the recipient was merged into. Raises `NotDeliverable`, `WrongRecipient`,
    `AlreadyDelivered`, `InvalidInput` for a missing reason, `Busy`.
    Concurrency: locks the packet, so that it is not withdrawn or superseded meanwhile.
    """
    at, why = now or clock.now(), _reason(reason)
    with locking_transaction():
        packet = lock_row(ReportPacket, packet_id)
        if packet.state != PacketState.VALID:
            raise NotDeliverable(packet_number(packet))
        unit = Unit.objects.get(pk=unit.pk)
        if not may_receive(packet, unit):
            raise WrongRecipient(
                _("%(unit)s neither stands above %(recipient)s nor has taken it over.")
                % {"unit": unit, "recipient": packet.recipient}
            )
        delivery, new = PacketDelivery.objects.unscoped("staff deliver again").get_or_create(
            packet=packet, unit=unit, defaults={"reason": why, "delivered_at": at, "delivered_by": by}
        )
        if not new:
            raise AlreadyDelivered(unit.name)
        told = tell_delivered(delivery)
        data = {"unit": unit.code, "reason": why, "told": told}
        record_event(action="report.redeliver", subject=packet, by=by, data=data, now=at)
    return delivery


def withdraw_packet(*, packet_id: int, reason: str, by: User, now: datetime | None = None) -> ReportPacket:
    """Take a packet back: its files are handed out no more, the check of its code says so, and whoever had it delivered is told why.

    Raises `PacketWithdrawn` if it is already, `InvalidInput` for a missing reason, `Busy`. Concurrency: locks the packet.
    """
    at, why = now or clock.now(), _reason(reason)
    with locking_transaction():
        packet = lock_row(ReportPacket, packet_id)
        if packet.state == PacketState.WITHDRAWN:
            raise PacketWithdrawn(packet_number(packet))
        was = packet.state
        packet.state, packet.withdrawn_at = PacketState.WITHDRAWN, at
        packet.withdrawn_by, packet.withdrawal_reason = by, why
        packet.save(update_fields=["state", "withdrawn_at", "withdrawn_by", "withdrawal_reason"])
        told = tell_withdrawn(packet)
        data = {"reason": why, "was": was, "told": told}
        record_event(action="report.withdraw", subject=packet, by=by, data=data, now=at)
    return packet


def record_receipt(*, packet: ReportPacket, by: Any, now: datetime | None = None) -> list[PacketReceipt]:
    """Note that `by`, if an office-holder of a unit that has the packet, has received it; returns the receipts that are new.

    The first look counts, and only of a packet that was not taken back. Safe to call any number of times, at the same time too.
    Concurrency: no lock; once per person and delivery holds by a unique constraint.
    """
    if packet.state == PacketState.WITHDRAWN or not by.scope.unit_paths:
        return []
    at, new = now or clock.now(), []
    receipts = PacketReceipt.objects.unscoped("one's own receipt")
    mine = PacketDelivery.objects.unscoped("deliveries to one's own units").filter(
        packet=packet, unit__path__in=by.scope.unit_paths
    )
    for delivery in mine.exclude(receipts__user=by.pk).select_related("unit"):
        receipt, created = receipts.get_or_create(
            delivery=delivery, user=by, defaults={"name": by.get_full_name(), "received_at": at}
        )
        if created:
            record_event(
                action="report.receive", subject=packet, by=by, data={"unit": delivery.unit.code}, now=at
            )
            new.append(receipt)
    return new


@refuses_files
def refuse_withdrawn(file: StoredFile) -> None:
    """No file of a packet that was taken back leaves the portal, by whatever address. Raises `PacketWithdrawn`."""
    packets = ReportPacket.objects.unscoped("is the file of a packet that was taken back?")
    for part in ("notice", "annex", "manifest"):
        if packets.filter(state=PacketState.WITHDRAWN, **{part: file.pk}).exists():
            raise PacketWithdrawn


def _reason(entered: str) -> str:
    """Raises `InvalidInput` for none, or one that is too long."""
    reason = entered.strip()
    if not reason or len(reason) > REASON_MOST:
        raise InvalidInput(_("A reason of at most %(most)s characters is needed.") % {"most": REASON_MOST})
    return reason
