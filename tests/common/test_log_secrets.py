"""Secret addresses are hidden in lines of the log, and nothing else is."""

import logging

import pytest

from partyschool.common.log_secrets import HideSecretAddresses


@pytest.mark.parametrize(
    ("message", "arguments", "shown"),
    [
        ("%s: %s", ("Not Found", "/calendar/s3cr-et_T.ics"), "Not Found: /calendar/…"),
        ("GET http://a.b/calendar/x.ics?y=1 200", (), "GET http://a.b/calendar/… 200"),
        ('"GET /calendar/x.ics" "/calendar/y.ics"', (), '"GET /calendar/…" "/calendar/…"'),
        ("%s: %s", ("Not Found", "/calendar/"), "Not Found: /calendar/"),
        ("%d of %d", (1, 2), "1 of 2"),
        ("100%", (), "100%"),
    ],
)
def test_line_is_shown_without_secrets(message, arguments, shown):
    record = logging.LogRecord("x", logging.WARNING, __file__, 1, message, arguments, None)
    assert HideSecretAddresses(["/calendar/"]).filter(record) is True
    assert record.getMessage() == shown
