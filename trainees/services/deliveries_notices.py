"""What people are told of reports and their deliveries, each thing once, by a notice and a mail that is nothing but a link to it."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from partyschool.accounts.enums import Role
from partyschool.accounts.models import RoleGrant, User
from partyschool.common import clock
from partyschool.common.pdf import MissingGlyph
from partyschool.notices.services.notices import send_notice
from trainees.exporters.wording import document_language
from trainees.models import PacketDelivery, ReportPacket
from trainees.selectors.deliveries import people_of
from trainees.selectors.packets import packet_number
from trainees.selectors.reports import Report


def _send(people: Iterable[Any], event: str, title: str, body: str, packet: ReportPacket) -> int:
    url = reverse("trainees:packet", args=[packet.pk])
    return send_notice(recipients=people, event=event, title=title, body=body, url=url, by_mail=True)


def tell_issued(packet: ReportPacket, report: Report) -> int:
    """The people of the recipient learn that there is a report for them. Returns how many."""
    with document_language():
        return _send(
            people_of(packet.recipient),
            f"report.issue:{packet.pk}",
            _("Report on the assessment of %(year)s: %(number)s")
            % {"year": packet.year, "number": packet_number(packet)},
            _issued_text(report),
            packet,
        )


def _issued_text(report: Report) -> str:
    if report.corrects:
        text = ngettext(
            "%(number)s result of the document %(corrects)s was corrected. Notice and annex are ready for download.",
            "%(number)s results of the document %(corrects)s were corrected. Notice and annex are ready for download.",
            report.row_count,
        )
        return text % {"number": report.row_count, "corrects": report.corrects}
    text = ngettext(
        "%(total)s cadre, %(failed)s failed. Notice and annex are ready for download.",
        "%(total)s cadres, %(failed)s failed. Notice and annex are ready for download.",
        report.whole.total,
    )
    return text % {"total": report.whole.total, "failed": report.whole.failed}


def tell_missing(missing: Sequence[MissingGlyph], packet: ReportPacket, *, by: Any) -> None:
    """Name each character that is printed as 〓, with the person, to whoever ordered the report."""
    if not missing:
        return
    with document_language():
        places = pgettext("between clauses", "; ").join(
            [f"{glyph.where}: {glyph.char} ({glyph.code})" for glyph in missing]
        )
        send_notice(
            recipients=[by],
            event=f"report.glyphs:{packet.pk}",
            title=_("Characters are missing in the report to %(recipient)s")
            % {"recipient": packet.recipient.name},
            body=_(
                "No font at hand can show these characters, so 〓 stands in their place: %(places)s. "
                "Have a font with them installed, take the document back, then make the reports again."
            )
            % {"places": places},
            url=reverse("trainees:packet", args=[packet.pk]),
        )


def tell_delivered(delivery: PacketDelivery) -> int:
    """The people of a unit that gets a packet because its recipient changed. Returns how many."""
    packet = delivery.packet
    with document_language():
        return _send(
            people_of(delivery.unit),
            f"report.deliver:{delivery.pk}",
            _("Delivered to you: %(number)s") % {"number": packet_number(packet)},
            _("The report to %(recipient)s now goes to %(unit)s as well. Reason: %(reason)s")
            % {"recipient": packet.recipient, "unit": delivery.unit, "reason": delivery.reason},
            packet,
        )


def tell_withdrawn(packet: ReportPacket) -> int:
    """The people of all units that have the packet learn that it was taken back, and why. Returns how many."""
    deliveries = PacketDelivery.objects.unscoped("everybody who has it is told").filter(packet=packet)
    units = {delivery.unit_id: delivery.unit for delivery in deliveries.select_related("unit")}
    people = {user.pk: user for unit in [packet.recipient, *units.values()] for user in people_of(unit)}
    with document_language():
        return _send(
            people.values(),
            f"report.withdraw:{packet.pk}",
            _("Taken back: %(number)s") % {"number": packet_number(packet)},
            _("The school has taken the report back; please do not use copies of it. Reason: %(reason)s")
            % {"reason": packet.withdrawal_reason},
            packet,
        )


def tell_unread(delivery: PacketDelivery, days: int) -> int:
    """Remind the people of a unit of a packet that none of them has opened. Returns how many."""
    packet = delivery.packet
    with document_language():
        return _send(
            people_of(delivery.unit),
            f"report.remind:{delivery.pk}",
            _("Not received yet: %(number)s") % {"number": packet_number(packet)},
            ngettext(
                "The report was delivered to %(unit)s %(days)s day ago and nobody has opened it. Opening it is the receipt.",
                "The report was delivered to %(unit)s %(days)s days ago and nobody has opened it. Opening it is the receipt.",
                days,
            )
            % {"unit": delivery.unit, "days": days},
            packet,
        )


def tell_still_unread(delivery: PacketDelivery) -> int:
    """Staff, and the organisation department above the unit, learn that the reminder did not help. Returns how many."""
    packet, unit = delivery.packet, delivery.unit
    staff = RoleGrant.objects.valid_on(clock.school_date()).filter(role=Role.STAFF).values("user")
    people = {user.pk: user for user in User.objects.filter(pk__in=staff, is_active=True)}
    above = unit.jurisdiction
    if above is not None and above != unit:
        people |= {user.pk: user for user in people_of(above)}
    with document_language():
        return _send(
            people.values(),
            f"report.escalate:{delivery.pk}",
            _("Nobody has received %(number)s") % {"number": packet_number(packet)},
            _("%(unit)s was reminded and has still not opened the report. Please call them.")
            % {"unit": unit},
            packet,
        )
