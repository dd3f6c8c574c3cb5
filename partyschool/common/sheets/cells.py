"""What stands in a cell, made comparable without guessing: width of letters, blanks, dates, and what must not be shown."""

import re
import unicodedata
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from partyschool.common.plaintext import single_line

# Full-width letters, digits and a few signs as the narrow ones that people mean by them; Chinese punctuation stays as it is.
_NARROW = {
    0xFF00 + offset: 0x20 + offset for offset in (*range(0x10, 0x1A), *range(0x21, 0x3B), *range(0x41, 0x5B))
}
_NARROW |= {0x3000: 0x20, 0xA0: 0x20, 0xFF0D: 0x2D, 0xFF0F: 0x2F, 0xFF0E: 0x2E}
_BLANKS = re.compile(r"\s+")
_CHINESE_GAP = re.compile(
    r"(?<=[\u3400-\u9fff\U00020000-\U0003ffff])\s+(?=[\u3400-\u9fff\U00020000-\U0003ffff])"
)
_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]00:00(?::00)?)?")
_DAY_IN_EIGHT = re.compile(r"(\d{4})(\d\d)(\d\d)")
# Eleven digits in a row (blanks between them or not), or a long token that is mostly digits: a citizen number with a slip in it.
_LONG_DIGITS = re.compile(r"(?=(?:[A-Za-z]*\d){9})[0-9A-Za-z]{15,}|\d(?: ?\d){9,} ?[\dXx]")
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[Ee]\+?\d\d?")


def column_letters(index: int) -> str:
    """The letters of column `index` (from 0): A, B, …, Z, AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def cell_name(row: int, column: int) -> str:
    """The name of a cell, both counted from 0: (6, 1) is B7."""
    return f"{column_letters(column)}{row + 1}"


def is_date(cell: Any) -> bool:
    """Whether the file itself says that the cell is a date or time."""
    return isinstance(cell, str) and cell[:1] == "\0"


def shown(cell: Any) -> str:
    """A cell as its author saw it, more or less: for reports and marked-up copies."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if is_date(cell):
        return cell[1:].removesuffix("T00:00:00")
    return single_line(cell)


def plain(cell: str) -> str:
    """A text with narrow letters and digits, single blanks, nothing invisible. Chinese punctuation stays."""
    if cell.isalnum() and cell.isascii():
        return cell
    return _BLANKS.sub(" ", single_line(cell).translate(_NARROW)).strip()


def without_blanks(cell: str) -> str:
    """A number-like text: every character in its plainest form, no blanks."""
    if cell.isalnum() and cell.isascii():
        return cell
    return _BLANKS.sub("", unicodedata.normalize("NFKC", single_line(cell)))


def compact(cell: str) -> str:
    """`without_blanks`, in upper case."""
    return without_blanks(cell).upper()


def person_name(cell: str) -> str:
    """A person's name: the blanks that line up Chinese names go, those between the parts of a foreign name stay; one kind of dot."""
    if cell.isalpha():
        return cell if not cell.isascii() else plain(cell)
    name = _CHINESE_GAP.sub("", plain(cell))
    return re.sub(r"\s*[•・‧\uff0e]\s*", "·", name)


@lru_cache(4096)
def day(cell: str) -> date | None:
    """The day that a cell means: a date of the file, or a text that names year, month and day; else None.

    No day is guessed: a bare number (Excel counts days from 1900), a month without its day and a time of day are none.
    """
    if is_date(cell):
        try:
            found = datetime.fromisoformat(cell[1:])
        except ValueError:
            return None
        return found.date() if (found.hour, found.minute, found.second) == (0, 0, 0) else None
    text = plain(cell)
    match = _DAY.fullmatch(text) or _DAY_IN_EIGHT.fullmatch(text)
    if not match:
        return None
    try:
        return date(*(int(part) for part in match.groups()))
    except ValueError:
        return None


def is_scientific(text: str) -> bool:
    """Whether a text is a long number that a spreadsheet shortened to powers of ten."""
    return bool(_SCIENTIFIC.fullmatch(text))


def masked(text: str, *, secret: bool = False) -> str:
    """`text` fit for reports and screens: of whatever looks like a citizen number only the ends are shown, wherever it stands.

    A row that slipped by one column puts citizen numbers where nobody looks for them. With `secret` the whole text is taken for one.
    """
    if len(text) < 9 and not secret:
        return text
    narrow = text if text.isascii() else unicodedata.normalize("NFKC", text)
    if secret:
        return _hidden(narrow) if len(narrow) > 4 else "*" * len(narrow)
    return _LONG_DIGITS.sub(_hide, narrow) if _LONG_DIGITS.search(narrow) else text


def _hide(match: re.Match[str]) -> str:
    return _hidden(match.group())


def _hidden(text: str) -> str:
    return text[:2] + "*" * (len(text) - 4) + text[-2:]
