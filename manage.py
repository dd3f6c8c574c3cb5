#!/usr/bin/env python
"""Django's command line, with the embedded servers started first where a command needs them."""

import os
import sys

from partyschool import embedded

WITHOUT_SERVERS = {
    "assets",
    "check",
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "findstatic",
    "help",
    "makemessages",
    "messages",
    "startapp",
    "version",
}


def main() -> None:
    """Run one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "partyschool.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command not in WITHOUT_SERVERS and not command.startswith("-"):
        try:
            embedded.ensure_running()
        except embedded.EmbeddedServerError as error:
            sys.exit(str(error))

    from django.core.management import execute_from_command_line  # noqa: PLC0415 - after the servers, whose addresses settings read

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
