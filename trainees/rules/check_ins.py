"""Check-in codes and windows: pure functions of a lesson, an instant and the figures.

The classroom screen shows, for each slot of `code_seconds`, a token (in the QR code) and six digits to type. Both are keyed hashes of
lesson and slot under the portal's secret: nothing is stored, and nobody can work out the next one. The code of the present slot and of
the one before is accepted, so that what was on the screen when somebody raised the phone still holds.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from django.utils.crypto import constant_time_compare, salted_hmac

from trainees.enums import ATTENDED_STATUSES, AttendanceStatus, MarkSource

DIGITS = 6
# What a phone's clock may be ahead of the portal's before what it says was seen counts as the future.
CLOCK_SKEW = timedelta(minutes=2)
_SALT = "trainees.check_in"
_MAC_BYTES = 16
_NUMBER_LENGTH = 12
_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class CheckInFigures:
    """The figures of the day, in minutes, seconds and hours as their codes say."""

    opens_minutes: int
    late_minutes: int
    late_absent_minutes: int
    early_minutes: int
    code_seconds: int
    offline_hours: int


@dataclass(frozen=True)
class Scanned:
    """What a token says, once its hash was found right."""

    lesson_id: int
    slot: int


class Held(Protocol):
    """A lesson, as far as a check-in looks at it."""

    starts_at: datetime
    ends_at: datetime


# --- codes -------------------------------------------------------------------------------------------------------------------------------


def slot_of(instant: datetime, seconds: int) -> int:
    """The number of the slot of `seconds` seconds in which `instant` lies."""
    return int(instant.timestamp()) // max(seconds, 1)


def slot_ends(instant: datetime, seconds: int) -> float:
    """How many seconds of the slot of `instant` are left."""
    length = max(seconds, 1)
    return length - instant.timestamp() % length


def token_for(lesson_id: int, slot: int) -> str:
    """What the QR code of `lesson_id` carries in `slot`: lesson, slot and hash, fit for an address."""
    mac = base64.urlsafe_b64encode(_hash("token", lesson_id, slot)[:_MAC_BYTES]).decode().rstrip("=")
    return f"{_in_36(lesson_id)}.{_in_36(slot)}.{mac}"


def code_for(lesson_id: int, slot: int) -> str:
    """The six digits of `lesson_id` in `slot`, for those who type."""
    number = int.from_bytes(_hash("digits", lesson_id, slot)[:8], "big") % 10**DIGITS
    return f"{number:0{DIGITS}}"


def read_token(token: str) -> Scanned | None:
    """What `token` says, or None where it was not made by the portal. Compared in constant time; says nothing of its age."""
    parts = token.split(".")
    if len(parts) != 3 or not token.isascii():
        return None
    lesson_id, slot = _from_36(parts[0]), _from_36(parts[1])
    if lesson_id is None or slot is None:
        return None
    try:
        mac = base64.urlsafe_b64decode(parts[2] + "==")
    except (binascii.Error, ValueError):
        return None
    genuine = constant_time_compare(mac, _hash("token", lesson_id, slot)[:_MAC_BYTES])
    # One spelling only: of others that decode to the same, none was on a screen.
    return Scanned(lesson_id, slot) if genuine and token == token_for(lesson_id, slot) else None


def slot_holds(slot: int, instant: datetime, seconds: int) -> bool:
    """Whether what was shown in `slot` is accepted at `instant`: in that slot and in the next one."""
    return slot_of(instant, seconds) - slot in (0, 1)


def code_holds(code: str, lesson_id: int, instant: datetime, seconds: int) -> bool:
    """Whether the six digits are those of the lesson at `instant` or one slot before. Compared in constant time."""
    slot = slot_of(instant, seconds)
    now, before = (constant_time_compare(code, code_for(lesson_id, one)) for one in (slot, slot - 1))
    return now or before


# --- windows and marks -------------------------------------------------------------------------------------------------------------------


def opens_at(sitting: Sequence[Held], figures: CheckInFigures) -> datetime:
    """From when on one can check in to the lessons of a sitting (one lesson, or those of a half-day, in order)."""
    return sitting[0].starts_at - timedelta(minutes=figures.opens_minutes)


def over_at(sitting: Sequence[Held], figures: CheckInFigures) -> datetime:
    """From when on a check-in does not count any more."""
    late = sitting[0].starts_at + timedelta(minutes=figures.late_absent_minutes)
    return min(late, sitting[-1].ends_at)


def status_of(lesson: Held, seen_at: datetime, figures: CheckInFigures) -> AttendanceStatus:
    """Present or late at a lesson, for somebody who was seen at `seen_at` within the window of its sitting."""
    late_from = lesson.starts_at + timedelta(minutes=figures.late_minutes)
    return AttendanceStatus.LATE if seen_at >= late_from else AttendanceStatus.PRESENT


def early_before(lesson: Held, figures: CheckInFigures) -> datetime:
    """Who goes before this instant leaves early."""
    return lesson.ends_at - timedelta(minutes=figures.early_minutes)


def mark_follows(source: str, status: str, seen: AttendanceStatus) -> bool:
    """Whether a check-in with status `seen` makes a new mark where one of `source` and `status` is in force.

    What a person wrote down stands. A check-in takes the place of a leave that was not taken, and of another check-in that saw the
    same person later: so it does not matter in which order check-ins arrive.
    """
    if source == MarkSource.ROLL:
        return False
    if source == MarkSource.LEAVE:
        return True
    return status == AttendanceStatus.LATE and seen == AttendanceStatus.PRESENT


def beside(status: str, other: str) -> str:
    """What a roll mark `status` means for another lesson of the same half-day, where `other` is in force ('' for none).

    Who was away was away all the time. Who was there was there all the time; whether late, or gone early, each lesson keeps for itself.
    """
    if status not in ATTENDED_STATUSES:
        return status
    return other if other in ATTENDED_STATUSES else AttendanceStatus.PRESENT


def _hash(kind: str, lesson_id: int, slot: int) -> bytes:
    return salted_hmac(_SALT, f"{kind}:{lesson_id}:{slot}", algorithm="sha256").digest()


def _in_36(number: int) -> str:
    digits = ""
    while True:
        number, rest = divmod(number, 36)
        digits = _ALPHABET[rest] + digits
        if not number:
            return digits


def _from_36(text: str) -> int | None:
    if not 0 < len(text) <= _NUMBER_LENGTH or not set(text) <= set(_ALPHABET):
        return None
    return int(text, 36)
