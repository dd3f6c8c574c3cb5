"""Addresses that are secrets do not stand in the log."""

import logging
import re
from collections.abc import Iterable


class HideSecretAddresses(logging.Filter):
    """Writes `…` for what follows one of `prefixes` in a line, up to the next blank or quote: `/calendar/…`.

    Django logs the path of every request that it refuses or that fails, and such a path may be all that guards a person's data.
    """

    def __init__(self, prefixes: Iterable[str]) -> None:
        super().__init__()
        self._secret = re.compile(rf"({'|'.join(map(re.escape, prefixes))})[^\s\"']+")

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every line through, without its secrets."""
        line = record.getMessage()
        hidden = self._secret.sub(r"\1…", line)
        if hidden != line:
            record.msg, record.args = hidden, ()
        return True
