"""To whom a packet was delivered, who has received it, and to whom else it may go."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from partyschool.accounts.enums import Role, UnitChangeKind, UnitKind
from partyschool.accounts.models import RoleGrant, Unit, UnitChange, User
from partyschool.common import clock
from partyschool.common.deeds import Deed
from trainees.models import PacketDelivery, PacketReceipt, ReportPacket

RECEIVERS = (Role.ORGDEPT, Role.OFFICER)


def people_of(unit: Unit) -> QuerySet[User]:
    """The active users who act for this very unit today: those of the organisation department, or a unit's officers."""
    roles = (Role.ORGDEPT,) if unit.kind == UnitKind.ORG_DEPARTMENT else RECEIVERS
    grants = RoleGrant.objects.valid_on(clock.school_date()).filter(role__in=roles, unit=unit)
    return User.objects.filter(pk__in=grants.values("user"), is_active=True).order_by("pk")


def takers_of(unit: Unit) -> set[int]:
    """The units into which `unit` was merged, directly or by further mergers; their keys."""
    found: set[int] = set()
    front = {unit.pk}
    while front:
        merged = UnitChange.objects.filter(kind=UnitChangeKind.MERGED, unit__in=front)
        front = {pk for pk in merged.values_list("into", flat=True) if pk is not None} - found
        found |= front
    return found


def eligible_units(packet: ReportPacket) -> QuerySet[Unit]:
    """The open units that stand above the recipient or above what it was merged into, and the latter themselves; delivered or not."""
    takers = takers_of(packet.recipient)
    places = [packet.recipient.path, *Unit.objects.filter(pk__in=takers).values_list("path", flat=True)]
    above = {path[:length] for path in places for length in range(Unit.steplen, len(path), Unit.steplen)}
    either = Unit.objects.filter(path__in=above) | Unit.objects.filter(pk__in=takers)
    return either.filter(closed_on=None).exclude(pk=packet.recipient_id)


def may_receive(packet: ReportPacket, unit: Unit) -> bool:
    """Whether `unit` may be given a packet that is addressed to another one."""
    return eligible_units(packet).filter(pk=unit.pk).exists()


@dataclass(frozen=True)
class DeliveryLine:
    """A delivery as the packet's page shows it, with its receipts in order."""

    delivery: PacketDelivery
    receipts: list[PacketReceipt]


def deliveries_of(user: Any, packet: ReportPacket) -> list[DeliveryLine]:
    """The deliveries of a packet that `user` may see, oldest first. Two queries."""
    receipts = PacketReceipt.objects.visible_to(user).order_by("received_at", "pk")
    rows = (
        PacketDelivery.objects.visible_to(user).filter(packet=packet).select_related("unit", "delivered_by")
    )
    shown = rows.order_by("delivered_at", "pk").prefetch_related(
        Prefetch("receipts", queryset=receipts, to_attr="shown_receipts")
    )
    return [DeliveryLine(delivery, delivery.shown_receipts) for delivery in shown]


def packet_history(packet: ReportPacket, lines: list[DeliveryLine]) -> list[Deed]:
    """What became of the packet and of those of its deliveries that the reader sees, oldest first."""
    deeds = [Deed(packet.issued_at, packet.issued_by, _("Report issued"))]
    for line in lines:
        again = line.delivery.reason
        text = _("Delivered to %(unit)s") % {"unit": line.delivery.unit}
        if again:
            text = _("Delivered to %(unit)s as well: %(reason)s") % {
                "unit": line.delivery.unit,
                "reason": again,
            }
        deeds.append(Deed(line.delivery.delivered_at, line.delivery.delivered_by, text))
        deeds += [Deed(one.received_at, one.name, _("Received")) for one in line.receipts]
        if line.delivery.reminded_at:
            told = line.delivery.reminders > 1
            reminder = _("Staff told that it is unread") if told else _("Recipient reminded")
            deeds.append(Deed(line.delivery.reminded_at, None, reminder))
    if packet.superseded_by:
        deeds.append(
            Deed(packet.superseded_by.issued_at, packet.superseded_by.issued_by, _("Replaced by a newer one"))
        )
    if packet.withdrawn_at:
        text = _("Taken back: %(reason)s") % {"reason": packet.withdrawal_reason}
        deeds.append(Deed(packet.withdrawn_at, packet.withdrawn_by, text))
    return sorted(deeds, key=lambda deed: deed.at)
