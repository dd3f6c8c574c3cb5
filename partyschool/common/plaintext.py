"""What a name or note may carry into a document, a sheet or a file name: visible characters, nothing that steers a program."""

import re
import unicodedata

# C0/C1 controls (but not TAB and LF, which callers decide about), lone surrogates and non-characters: illegal in XML and PDF text.
_ILLEGAL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
# Direction overrides can make "cod.exe" read "exe.doc"; zero-width marks make two equal-looking names differ.
_INVISIBLE = re.compile("[\u061c\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
_LINE_ENDS = re.compile("\r\n|[\r\u0085\u2028\u2029\v\f]")


def visible_text(value: object) -> str:
    """`value` as text without control, direction and zero-width characters; line ends become LF, TAB stays.

    None becomes the empty string. Nothing else is changed: markup, formula signs and rare characters stay as they are.
    """
    if value is None:
        return ""
    text = str(value)
    if text.isalnum():
        return text
    return _INVISIBLE.sub("", _ILLEGAL.sub("", _LINE_ENDS.sub("\n", text)))


def single_line(value: object) -> str:
    """`visible_text` with line ends and TABs turned into spaces, trimmed."""
    return " ".join(visible_text(value).split("\n")).replace("\t", " ").strip()


def is_default_ignorable(char: str) -> bool:
    """Whether a character has no shape of its own (variation selectors, format characters), so that its loss is no loss."""
    return (
        unicodedata.category(char) == "Cf"
        or "\ufe00" <= char <= "\ufe0f"
        or "\U000e0100" <= char <= "\U000e01ef"
    )
