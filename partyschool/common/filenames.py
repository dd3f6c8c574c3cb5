"""File names that are safe on every desk: Chinese kept, paths, devices and tricks removed."""

import re
import unicodedata

from .plaintext import single_line

MAX_BYTES = 200
"""UTF-8 bytes of a name with its extension: file systems allow 255, archives and mail programs add to it."""

_FORBIDDEN = str.maketrans(
    {
        "/": "-",
        "\\": "-",
        ":": "\uff1a",
        "*": "_",
        "?": "\uff1f",
        '"': "_",
        "<": "_",
        ">": "_",
        "|": "_",
        "%": "\uff05",
    }
)
_RESERVED = re.compile(
    r"^(con|prn|aux|nul|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3]|conin\$|conout\$)(\.|$)",
    re.IGNORECASE,
)
_EXTENSION = re.compile(r"[a-z0-9]{1,10}")


def safe_filename(stem: object, extension: str, *, fallback: str = "文件", max_bytes: int = MAX_BYTES) -> str:
    """`stem` as a file name with `extension` (without the dot), usable on Windows, macOS and Linux.

    Path separators, wild cards, control and direction characters are replaced or removed, reserved device names get a
    leading underscore, the stem is cut at a whole character so that the name fits in `max_bytes` of UTF-8.

    Raises:
        ValueError: `extension` is not 1 to 10 lower-case letters or digits.
    """
    if not _EXTENSION.fullmatch(extension):
        raise ValueError(f"not a file extension: {extension!r}")
    name = unicodedata.normalize("NFC", single_line(stem)).translate(_FORBIDDEN)
    name = re.sub(r"\s+", " ", name).strip(" .")
    name = name or fallback
    if _RESERVED.match(name):
        name = f"_{name}"
    room = max_bytes - len(extension) - 1
    name = name.encode()[:room].decode(errors="ignore").strip(" .")
    return f"{name or fallback}.{extension}"
