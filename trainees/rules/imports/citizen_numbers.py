"""Whether a citizen number can be one (GB 11643), told part by part. Accepts exactly what the form of the register accepts."""

from functools import lru_cache

from stdnum.cn import ric
from stdnum.exceptions import ValidationError as InvalidNumber


def citizen_fault(number: str) -> str:
    """The code of the first thing wrong with `number` (plain characters, no blanks, upper case), or ''."""
    if len(number) != 18:
        return "bad_length"
    digits, last = number[:17], number[17]
    if not (digits.isascii() and digits.isdigit()) or last not in "0123456789X":
        return "bad_characters"
    if not _is_birth(number[6:14]):
        return "bad_birth"
    # The weights of the standard are the powers of two modulo eleven, and two is thirteen: the digits read as a number to that base.
    if "10X98765432"[int(digits, 13) * 2 % 11] != last:
        return "bad_check"
    return "" if _is_place(number[:10]) else "bad_place"


@lru_cache(65_536)
def _is_birth(day: str) -> bool:
    try:
        ric.get_birth_date(f"000000{day}")
    except InvalidNumber:
        return False
    return True


@lru_cache(65_536)
def _is_place(region_and_year: str) -> bool:
    """Whether the region was one in the year of birth."""
    try:
        ric.get_birth_place(f"{region_and_year}0101")
    except InvalidNumber:
        return False
    return True
