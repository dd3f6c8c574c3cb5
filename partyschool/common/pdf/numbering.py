"""Numbers as official Chinese writes them."""

from datetime import date

_DIGITS = "零一二三四五六七八九"


def chinese_number(number: int) -> str:
    """1 to 99 in Chinese numerals: 十, 十一, 二十, 二十一.

    Raises ValueError outside that range.
    """
    if not 1 <= number <= 99:
        raise ValueError(f"cannot number {number}")
    tens, ones = divmod(number, 10)
    return ("" if not tens else "十" if tens == 1 else _DIGITS[tens] + "十") + (_DIGITS[ones] if ones else "")


def heading_number(level: int, number: int) -> str:
    """The mark before a heading: 一、 (一) 1. (1) for levels 1 to 4, with full-width brackets."""
    match level:
        case 1:
            return f"{chinese_number(number)}、"
        case 2:
            return f"（{chinese_number(number)}）"
        case 3:
            return f"{number}."
        case 4:
            return f"（{number}）"
    raise ValueError(f"official documents have four levels of headings, not {level}")


def chinese_date(day: date) -> str:
    """2025年3月1日: Arabic digits without leading zeros."""
    return f"{day.year}年{day.month}月{day.day}日"


def document_number(code: str, year: int, serial: int) -> str:
    """江委校〔2025〕12号: six-corner brackets, no 第, no leading zeros."""
    return f"{code}〔{year}〕{serial}号"
