"""What may be handed in as evidence: told by the bytes themselves, never by the name or by what the browser says."""

from typing import NamedTuple


class FileKind(NamedTuple):
    """`extension` without the dot; `content_type` is what the file is served as, whatever it was called."""

    extension: str
    content_type: str


PDF = FileKind("pdf", "application/pdf")
JPEG = FileKind("jpg", "image/jpeg")
PNG = FileKind("png", "image/png")
# What a file input offers to choose from.
ACCEPT = ".pdf,.jpg,.jpeg,.png"

_PNG_START = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"
_PNG_END = b"\x00\x00\x00\x00IEND\xae\x42\x60\x82"
_TAIL = 2048


def kind_of(content: bytes) -> FileKind | None:
    """What `content` is, by its first and last bytes; None for all that is no evidence. Nothing is unpacked or decoded.

    A picture may carry further bytes behind its end (phones put films there); a PNG may not. What a file might pretend to be besides
    does no harm: it is only ever handed out as a download of the kind found here.
    """
    if content.startswith(b"%PDF-") and b"%%EOF" in content[-_TAIL:]:
        return PDF
    if content.startswith(b"\xff\xd8\xff") and b"\xff\xd9" in content[3:]:
        return JPEG
    if content.startswith(_PNG_START) and content.endswith(_PNG_END):
        return PNG
    return None
