"""Numbers that people type or that stand in an address."""


def whole_number(text: str) -> int | None:
    """The number that `text` writes in one to nine ASCII digits, else None.

    Python itself also takes other scripts' digits, signs and underscores, and no limit: what then reaches a year or a key is
    nonsense, or more than the database can hold.
    """
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 9 else None
