"""How a file leaves the portal."""

import io

import pytest

from partyschool.common.downloads import download_response


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ("report.pdf", "attachment; filename=\"report.pdf\"; filename*=UTF-8''report.pdf"),
        ("通报 1.pdf", "attachment; filename=\"1.pdf\"; filename*=UTF-8''%E9%80%9A%E6%8A%A5%201.pdf"),
        ("通报.pdf", "attachment; filename=\"file.pdf\"; filename*=UTF-8''%E9%80%9A%E6%8A%A5.pdf"),
        ('a"; filename=x.exe\r\nX: y.pdf', None),
        ("../../etc/passwd", "attachment; filename=\"passwd.bin\"; filename*=UTF-8''passwd.bin"),
    ],
)
def test_name_is_carried_whole_and_harmless(name, disposition):
    header = download_response(io.BytesIO(b"x"), name=name, content_type="application/pdf")[
        "Content-Disposition"
    ]
    if disposition:
        assert header == disposition
    assert header.startswith('attachment; filename="')
    assert header.count('"') == 2
    assert "\r" not in header
    assert "\n" not in header


def test_browser_may_neither_guess_run_nor_keep_it():
    response = download_response(io.BytesIO(b"<script>"), name="a.html", content_type="text/html", size=8)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["Cache-Control"] == "private, no-store"
    assert response["Content-Length"] == "8"
    assert b"".join(response) == b"<script>"
