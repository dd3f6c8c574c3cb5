"""How a file leaves the portal."""

import io
from datetime import UTC, datetime

import pytest

from partyschool.common import clock
from partyschool.common.downloads import download_bytes, download_response


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ("report.pdf", "attachment; filename=\"report.pdf\"; filename*=UTF-8''report.pdf"),
        ("通报 1.pdf", "attachment; filename=\"1.pdf\"; filename*=UTF-8''%E9%80%9A%E6%8A%A5%201.pdf"),
        ("通报.pdf", "attachment; filename=\"2026-03-05.pdf\"; filename*=UTF-8''%E9%80%9A%E6%8A%A5.pdf"),
        ('a"; filename=x.exe\r\nX: y.pdf', None),
        ("../../etc/passwd", "attachment; filename=\"passwd.bin\"; filename*=UTF-8''passwd.bin"),
    ],
)
def test_name_is_carried_whole_and_harmless(name, disposition, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 3, 4, 16, 30, tzinfo=UTC))
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


@pytest.mark.parametrize(
    ("name", "code", "plain"),
    [
        ("花名册.xlsx", "ZT-2026/031", "ZT-2026_031.xlsx"),
        ("2026年春季花名册.xlsx", "ZT-031", "ZT-031_2026.xlsx"),
        ("花名册（ZT-031）.xlsx", "ZT-031", "ZT-031.xlsx"),
        ("花名册.xlsx", "临委校〔2026〕12号", "2026_12.xlsx"),
    ],
)
def test_old_programs_read_the_number_under_which_a_thing_is_known(name, code, plain):
    response = download_bytes(b"x", name=name, content_type="application/pdf", code=code)
    assert response["Content-Disposition"].startswith(f"attachment; filename=\"{plain}\"; filename*=UTF-8''")
    assert response["Content-Length"] == "1"
