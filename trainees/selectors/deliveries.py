"""To whom a packet was delivered, who has received it, and to whom else it may go."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, QuerySet

from partyschool.accounts.enums import Role, UnitChangeKind
from partyschool.accounts.models import RoleGrant, Unit, UnitChange, User
from partyschool.common import clock
from trainees.models import PacketDelivery, PacketReceipt, ReportPacket

RECEIVERS = (Role.ORGDEPT, Role.OFFICER)


def people_of(unit: Unit) -> QuerySet[User]:
    """The active users who hold an office for this very unit today: its officers, or those of the organisation department."""
    grants = RoleGrant.objects.valid_on(clock.school_date()).filter(role__in=RECEIVERS, unit=unit)
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
