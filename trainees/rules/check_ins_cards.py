"""What a card reader wrote down, row by row: whose card, and when. Pure; who that is and whether it counts is decided elsewhere."""

import re
import uuid
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _

from partyschool.common import clock
from partyschool.common.sheets.cells import compact, is_date, plain, shown

CODE_HEADINGS = frozenset(
    {
        "干部编号",
        "学员编号",
        "编号",
        "卡号",
        "工号",
        "学号",
        "CODE",
        "CARD",
        "CARDNO",
        "CARDNUMBER",
        "CADRECODE",
    }
)
TIME_HEADINGS = frozenset({"时间", "刷卡时间", "打卡时间", "签到时间", "TIME", "DATETIME", "TIMESTAMP"})
HEADINGS_WITHIN = 10
_MOMENT = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?"
)
_NAMESPACE = uuid.UUID("5d0f2f0e-6a0b-4f7e-9f52-0c1a8e3b7d11")


class Swipe(NamedTuple):
    """One row: its number in the file from 1 on, the code on the card, and when (None with the `fault` that tells why)."""

    row: int
    code: str
    at: datetime | None
    fault: str = ""


def swipes_of(rows: Iterable[tuple[int, Sequence[Any]]]) -> list[Swipe]:
    """The swipes in `rows` (number from 1 on, cells), empty rows left out.

    The columns are those under known headings in one of the first rows; without headings the first two: code, time.
    """
    code_at, time_at, looked = 0, 1, 0
    found: list[Swipe] = []
    for number, cells in rows:
        if not any(shown(cell) for cell in cells):
            continue
        looked += 1
        places = _headings(cells) if looked <= HEADINGS_WITHIN else None
        if places is not None:
            code_at, time_at = places
            found.clear()
            continue
        found.append(_swipe(number, _cell(cells, code_at), _cell(cells, time_at)))
    return found


def key_of(offering_id: int, code: str, at: datetime) -> uuid.UUID:
    """The key of a swipe: the same row makes the same key, in whatever file it comes."""
    return uuid.uuid5(_NAMESPACE, f"{offering_id}:{code}:{at.timestamp():.0f}")


def _headings(cells: Sequence[Any]) -> tuple[int, int] | None:
    names = [compact(shown(cell)).replace("_", "") for cell in cells]
    code = next((place for place, name in enumerate(names) if name in CODE_HEADINGS), None)
    time = next((place for place, name in enumerate(names) if name in TIME_HEADINGS), None)
    return None if code is None or time is None else (code, time)


def _cell(cells: Sequence[Any], place: int) -> Any:
    return cells[place] if place < len(cells) else ""


def _swipe(number: int, code_cell: Any, time_cell: Any) -> Swipe:
    code = compact(shown(code_cell))[:40]
    if not code:
        return Swipe(number, "", None, _("There is no code."))
    at = moment_of(time_cell)
    if at is None:
        return Swipe(number, code, None, _("There is no day with a time of day."))
    return Swipe(number, code, at)


def moment_of(cell: Any) -> datetime | None:
    """The instant that a cell means, at the school: a date with a time of the file, or a text that names both; else None."""
    try:
        if is_date(cell):
            found = datetime.fromisoformat(cell[1:])
            return timezone.make_aware(found) if found.tzinfo is None else found
        match = _MOMENT.fullmatch(plain(cell)) if isinstance(cell, str) else None
        if match is None:
            return None
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
        return clock.school_instant(date(year, month, day), time(hour, minute, second))
    except ValueError:
        return None
