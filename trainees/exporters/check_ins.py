"""The code on the classroom screen as a picture."""

import io

import segno
from django.utils.safestring import SafeString, mark_safe


def qr_picture(text: str) -> SafeString:
    """`text` as a QR code, in SVG that fills whatever room it is given."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", border=4, light="#fff", xmldecl=False, svgclass="qr", lineclass="", omitsize=True
    )
    return mark_safe(out.getvalue().decode())  # noqa: S308 -- drawn here; of the text only black and white squares are left
