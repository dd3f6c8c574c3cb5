"""Report packets as pages show them, and the check of a code that anybody may make."""

import unicodedata
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from partyschool.accounts.enums import UnitKind
from partyschool.common.errors import NotFound
from partyschool.common.pdf import document_number
from trainees.enums import Edition, PacketState
from trainees.models import ReportPacket

CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No 0 and O, 1, I and L, U: nothing that is misread on paper."""
GROUP = 4
TONES = {
    PacketState.VALID: "success",
    PacketState.SUPERSEDED: "neutral",
    PacketState.WITHDRAWN: "danger",
}


class UnknownCode(NotFound):
    """No document of the school bears this code."""

    code = "unknown_code"
    title = _("No document with this code")
    remedy = _(
        "Compare the code with the one printed beside the signature, group by group. If it is the same, do not trust the "
        "document and ask the school."
    )


def group_code(letters: str) -> str:
    """A code as it is printed: groups of four with hyphens."""
    return "-".join([letters[start : start + GROUP] for start in range(0, len(letters), GROUP)])


def normalised_code(typed: str) -> str:
    """A code as somebody typed it, in its printed form: spaces, hyphens, case and full-width letters do not matter."""
    letters = "".join([char for char in unicodedata.normalize("NFKC", typed).upper() if char.isalnum()])
    return group_code(letters)


def packet_number(packet: ReportPacket) -> str:
    """The document number, complete: code, year in six-corner brackets, serial."""
    return document_number(settings.DOCUMENT_CODE, packet.number_year, packet.number)


def packet_by_code(typed: str) -> ReportPacket:
    """The packet that bears a code, with recipient, files and successor, for anybody: the code is the permission.

    Raises `UnknownCode`.
    """
    packets = ReportPacket.objects.unscoped("whoever holds the paper may check it")
    packet = (
        packets.filter(code=normalised_code(typed)[:20])
        .select_related("recipient", "notice", "annex", "manifest", "superseded_by", "corrects")
        .first()
    )
    if packet is None:
        raise UnknownCode
    return packet


def errata_of(packet: ReportPacket) -> list[ReportPacket]:
    """The corrections of a packet that are in force, oldest first, for anybody who holds its code."""
    errata = ReportPacket.objects.unscoped("whoever holds the paper learns what corrects it")
    return list(errata.filter(corrects=packet, state=PacketState.VALID).order_by("issued_at", "pk"))


def final_after(packet: ReportPacket) -> ReportPacket | None:
    """The yearly report in force that an interim one was a step to, for anybody who holds the code of that; None for other packets."""
    if packet.edition != Edition.PREVIEW:
        return None
    packets = ReportPacket.objects.unscoped("whoever holds an interim report learns of the final one")
    return packets.filter(
        recipient=packet.recipient_id, year=packet.year, edition=Edition.FINAL, state=PacketState.VALID
    ).first()


@dataclass(frozen=True)
class PacketLine:
    """A packet as lists and the check show it."""

    packet: ReportPacket

    @property
    def number(self) -> str:
        return packet_number(self.packet)

    @property
    def state_label(self) -> str:
        return str(PacketState(self.packet.state).label)

    @property
    def tone(self) -> str:
        return TONES[PacketState(self.packet.state)]


@dataclass(frozen=True)
class PacketLists:
    """The packets of a year as their readers look for them: those addressed to their own units (for the whole school: to organisation
    departments), and all others."""

    own: list[PacketLine]
    others: list[PacketLine]


def packets_of_year(user: Any, *, year: int) -> PacketLists:
    """The packets of `year` whose recipient `user` may see, in the order of the tree, newest first. One query."""
    packets = ReportPacket.objects.visible_to(user).filter(year=year)
    rows = packets.select_related("recipient").order_by("recipient__path", "-issued_at", "-pk")
    lists = PacketLists([], [])
    for packet in rows:
        recipient = packet.recipient
        mine = (
            recipient.kind == UnitKind.ORG_DEPARTMENT
            if user.scope.whole_school
            else recipient.path in user.scope.unit_paths
        )
        (lists.own if mine else lists.others).append(PacketLine(packet))
    return lists
