"""``python -m partyschool.embedded missing|stop``."""

import sys

from . import missing, stop

match sys.argv[1:]:
    case ["missing"]:
        sys.exit("\n".join(missing()) or None)
    case ["stop"]:
        stop()
    case _:
        sys.exit("usage: python -m partyschool.embedded missing|stop")
